#include "runtime/io/failure.h"

#include "runtime/io/temporary.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <system_error>
#include <unistd.h>

namespace ptx {

namespace {

const char *toolName = "ptx";
char task[1024]; // there may be no memory for a string

void onTerminate() {
  try {
    if (std::exception_ptr failure = std::current_exception())
      std::rethrow_exception(failure);
  } catch (const std::bad_alloc &) {
    endWith("no memory is left");
  } catch (const std::length_error &) {
    endWith("no memory is large enough");
  } catch (const std::system_error &error) {
    endWith(error.code() == std::errc::resource_unavailable_try_again ? "no thread can be started" : error.what());
  } catch (const std::exception &error) {
    endWith(error.what());
  } catch (...) {
    endWith("an unknown exception; please report this");
  }
  endWith("ended for no reason given; please report this");
}

} // namespace

void endOnFailures(const char *tool) {
  toolName = tool;
  std::set_terminate(onTerminate);
}

void nowAt(const std::string &what) {
  size_t size = std::min(what.size(), sizeof task - 1);
  std::memcpy(task, what.data(), size);
  task[size] = '\0';
}

const char *taskOf() { return task; }

void endWith(const char *why) {
  char text[2048];
  int size = std::snprintf(text, sizeof text, "%s: error: %s%s%s\n", toolName, why, *task ? ", " : "", task);
  if (size > 0)
    (void)!::write(STDERR_FILENO, text, std::min<size_t>(static_cast<size_t>(size), sizeof text - 1));
  removeTemporaries();
  ::_exit(1);
}

} // namespace ptx
