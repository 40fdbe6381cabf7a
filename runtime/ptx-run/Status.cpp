#include "runtime/ptx-run/Status.h"

#include "runtime/io/failure.h"

namespace ptx::run {

Status toStatus(ptx_status *status) {
  if (!status)
    return {};
  Error error{ptx_status_message(status)};
  if (ptx_status_code(status) == PTX_OUT_OF_MEMORY)
    error.message += std::string(", ") + taskOf();
  ptx_status_free(status);
  return error;
}

} // namespace ptx::run
