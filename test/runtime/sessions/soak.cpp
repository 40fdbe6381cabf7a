// Random operations on the rows of a session beside a plain model of what
// should happen: a list of texts, with their sources where the model reads
// some, and an adapter each where calls may mix them. What a row answers must be what `forward` answers for its whole
// text: on the CPU in f32 the same bytes, elsewhere within a tolerance. Misuse must be refused and change nothing.
//
// usage: session_soak ARTIFACT DEVICE SEED OPERATIONS VOCABULARY [TOLERANCE]
#include "runtime/ptx.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace {

using Text = std::vector<int64_t>;
using Numbers = std::vector<float>;

[[noreturn]] void fail(const std::string &why) {
  std::fprintf(stderr, "session_soak: %s\n", why.c_str());
  std::exit(1);
}

void must(ptx_status *status, const char *what) {
  if (!status)
    return;
  fail(std::string(what) + ": " + ptx_status_message(status));
}

/// The operation is refused, with one of these messages.
void mustNot(ptx_status *status, const char *expected) {
  if (!status)
    fail(std::string("was not refused: ") + expected);
  if (!std::strstr(ptx_status_message(status), expected))
    fail(std::string("'") + ptx_status_message(status) + "' does not say '" + expected + "'");
  ptx_status_free(status);
}

ptx_tensor tensor(const char *name, std::vector<uint64_t> dims, Text &values) {
  ptx_tensor made = {name, PTX_I64, static_cast<uint32_t>(dims.size()), {}, values.data()};
  std::copy(dims.begin(), dims.end(), made.dims);
  return made;
}

/// Calls of the allocating functions, by any thread.
std::atomic<int> allocations{0};

class Soak {
public:
  Soak(const char *path, const char *device, unsigned seed, int64_t vocabulary, double tolerance)
      : engine(seed), vocabulary(vocabulary), tolerance(tolerance) {
    ptx_program_options options = {};
    options.struct_size = sizeof options;
    options.device = device;
    must(ptx_program_open(path, &options, &program), "open");
    must(ptx_binding_create(program, nullptr, &binding), "bind");
    must(ptx_session_open(binding, &session), "session");
    must(ptx_session_open(binding, &uncached), "session");
    Text one = {1};
    ptx_tensor ids = tensor("input_ids", {1}, one);
    mustNot(callDecode({ids}), "which has none: ptx_session_reserve");
    mustNot(ptx_session_truncate(session, 0, 0), "the session has no rows");
    mustNot(ptx_session_reserve(session, 0, 4), "at least one row");
    mustNot(ptx_session_reserve(session, 1, UINT32_MAX), "the model takes");
    must(ptx_session_reserve(session, rowCount, room), "reserve");
    rows.resize(rowCount);
    hasSource = std::strstr(ptx_program_signature(program, "prefill"), "decoder_input_ids");
    if (hasSource)
      mustNot(callDecode({ids}), "holds nothing of 'source'");
    mixesAdapters = std::strstr(ptx_program_signature(program, "decode"), "adapter_ids");
    adapterCount = static_cast<uint32_t>(ptx_program_adapter_count(program));
    for (uint32_t adapter = 0; !mixesAdapters && adapter < adapterCount; ++adapter)
      must(ptx_binding_create(program, ptx_program_adapter(program, adapter), &adapted.emplace_back()), "bind");
  }
  ~Soak() {
    ptx_session_close(session);
    ptx_session_close(uncached);
    for (ptx_binding *other : adapted)
      ptx_binding_release(other);
    ptx_binding_release(binding);
    ptx_program_close(program);
  }

  void run(int operations) {
    for (int i = 0; i < operations; ++i) {
      switch (pick(9)) {
      case 0:
      case 1:
        begin();
        break;
      case 2:
        fork();
        break;
      case 3:
        truncate();
        break;
      case 4:
        reorder();
        break;
      case 5:
        misuse();
        break;
      case 6:
        race();
        break;
      default:
        proceed();
      }
      checkLengths();
    }
    std::printf("%d operations, %d answers compared, largest difference %g\n", operations, compared, largest);
    if (compared == 0)
      fail("nothing was compared");
  }

private:
  static constexpr uint32_t rowCount = 5, room = 24;

  uint32_t pick(uint32_t below) { return static_cast<uint32_t>(engine() % below); }
  int64_t token() { return static_cast<int64_t>(engine() % static_cast<uint64_t>(vocabulary)); }

  ptx_status *callDecode(std::vector<ptx_tensor> inputs) {
    return ptx_session_call(session, "decode", inputs.data(), inputs.size(), &outputs, &outputCount);
  }

  /// The logits of a function, with the ids of the greatest ones or without.
  void ask(const char *function, const std::vector<ptx_tensor> &inputs, size_t count) {
    if (pick(2)) {
      must(ptx_session_call(session, function, inputs.data(), inputs.size(), &outputs, &outputCount), function);
      return;
    }
    logits.resize(count * static_cast<size_t>(vocabulary));
    greatest.resize(count);
    asked[0] = {"greatest_ids", PTX_I32, 1, {count, 0, 0}, greatest.data()};
    asked[1] = {"logits", PTX_F32, 2, {count, static_cast<uint64_t>(vocabulary), 0}, logits.data()};
    must(ptx_session_call_into(session, function, inputs.data(), inputs.size(), asked, 2), function);
    for (size_t i = 0; i < count; ++i) {
      auto row = logits.begin() + static_cast<ptrdiff_t>(i) * vocabulary;
      if (std::max_element(row, row + vocabulary) - row != greatest[i])
        fail("another logit is greater than that of 'greatest_ids'");
    }
    outputs = asked + 1;
    outputCount = 1;
  }

  struct Row {
    Text source, text;
    int64_t adapter = -1;
    bool operator<(const Row &other) const {
      return std::tie(source, text, adapter) < std::tie(other.source, other.text, other.adapter);
    }
  };

  /// Sessions of a program that mixes no adapters are bound to that of the call's rows.
  void bindTo(ptx_session *which, int64_t adapter) {
    if (!adapted.empty())
      must(ptx_session_bind(which, adapter < 0 ? binding : adapted[static_cast<size_t>(adapter)]), "bind");
  }

  /// Some rows of the session that a call may have together, in any order.
  std::vector<uint32_t> someRows(bool mustContinue) {
    std::vector<uint32_t> some;
    for (uint32_t row = 0; row < rowCount; ++row) {
      bool canContinue = rows[row].text.size() < room && !(hasSource && rows[row].source.empty());
      if (pick(2) && (canContinue || !mustContinue))
        some.push_back(row);
    }
    std::shuffle(some.begin(), some.end(), engine);
    if (mustContinue && !adapted.empty() && !some.empty()) {
      int64_t adapter = rows[some[0]].adapter;
      std::erase_if(some, [&](uint32_t row) { return rows[row].adapter != adapter; });
      bindTo(session, adapter);
    }
    return some;
  }

  /// Texts at random places of rows of so many columns, each in one row of the session.
  struct Padded {
    uint64_t columns;
    Text ids, mask;
  };
  Padded draw(const std::vector<uint32_t> &some, Text Row::*which) {
    Padded padded = {1 + pick(room), {}, {}};
    padded.ids.resize(some.size() * padded.columns);
    padded.mask.resize(padded.ids.size());
    for (size_t r = 0; r < some.size(); ++r) {
      Text &text = rows[some[r]].*which;
      text.clear();
      for (uint64_t c = 0; c < padded.columns; ++c) {
        size_t at = r * padded.columns + c;
        padded.ids[at] = token();
        padded.mask[at] = pick(3) != 0 || (c + 1 == padded.columns && text.empty());
        if (padded.mask[at])
          text.push_back(padded.ids[at]);
      }
    }
    return padded;
  }

  /// prefill, padded at random places.
  void begin() {
    std::vector<uint32_t> some = someRows(false);
    if (some.empty())
      return;
    Text numbers(some.begin(), some.end());
    Padded source = hasSource ? draw(some, &Row::source) : Padded(), text = draw(some, &Row::text);
    Padded &first = hasSource ? source : text;
    std::vector<ptx_tensor> inputs = {tensor("input_ids", {some.size(), first.columns}, first.ids),
                                      tensor("attention_mask", {some.size(), first.columns}, first.mask),
                                      tensor("session_rows", {some.size()}, numbers)};
    if (hasSource) {
      inputs.push_back(tensor("decoder_input_ids", {some.size(), text.columns}, text.ids));
      inputs.push_back(tensor("decoder_attention_mask", {some.size(), text.columns}, text.mask));
    }
    auto pickAdapter = [&] { return static_cast<int64_t>(pick(adapterCount + 1)) - 1; };
    int64_t adapter = pickAdapter();
    bindTo(session, adapter);
    for (uint32_t row : some)
      rows[row].adapter = mixesAdapters ? pickAdapter() : adapter;
    Text adapters = adaptersOf(some);
    if (mixesAdapters)
      inputs.push_back(tensor("adapter_ids", {some.size()}, adapters));
    ask("prefill", inputs, some.size());
    compare(some);
  }

  /// decode, one token for each.
  void proceed() {
    std::vector<uint32_t> some = someRows(true);
    if (some.empty())
      return;
    Text ids, numbers(some.begin(), some.end());
    for (uint32_t row : some) {
      ids.push_back(token());
      rows[row].text.push_back(ids.back());
    }
    std::vector<ptx_tensor> inputs = {tensor("input_ids", {some.size()}, ids),
                                      tensor("session_rows", {some.size()}, numbers)};
    Text adapters = adaptersOf(some);
    if (mixesAdapters)
      inputs.push_back(tensor("adapter_ids", {some.size()}, adapters));
    ask("decode", inputs, some.size());
    compare(some);
  }

  Text adaptersOf(const std::vector<uint32_t> &some) const {
    Text adapters;
    for (uint32_t row : some)
      adapters.push_back(rows[row].adapter);
    return adapters;
  }

  void fork() {
    uint32_t from = pick(rowCount), to = pick(rowCount);
    must(ptx_session_fork(session, from, to), "fork");
    rows[to] = Row(rows[from]);
  }

  void truncate() {
    uint32_t row = pick(rowCount), length = pick(static_cast<uint32_t>(rows[row].text.size()) + 1);
    must(ptx_session_truncate(session, row, length), "truncate");
    rows[row].text.resize(length);
  }

  void reorder() {
    std::vector<uint32_t> parents(pick(rowCount + 1));
    for (uint32_t &parent : parents)
      parent = pick(static_cast<uint32_t>(parents.size()));
    must(ptx_session_reorder(session, parents.data(), parents.size()), "reorder");
    std::vector<Row> before = rows;
    for (size_t i = 0; i < parents.size(); ++i)
      rows[i] = before[parents[i]];
  }

  void misuse() {
    Text two = {1, 2}, twice = {3, 3}, absent = {0, rowCount}, outside = {vocabulary, 0}, both = {0, 1};
    auto ids = tensor("input_ids", {2}, two);
    mustNot(callDecode({ids, tensor("session_rows", {2}, twice)}), "stands twice");
    mustNot(callDecode({ids, tensor("session_rows", {2}, absent)}), "the session has");
    mustNot(callDecode({ids, tensor("session_rows", {1}, both)}), "expected I64 [2]");
    mustNot(callDecode({tensor("input_ids", {2}, outside)}), "expected 0 to");
    mustNot(ptx_session_fork(session, 0, rowCount), "the session has");
    if (std::vector<uint32_t> some = someRows(true); !some.empty()) {
      // Results that the caller has no memory for: the row stays as it was.
      Text one = {1}, number = {some[0]};
      std::vector<ptx_tensor> inputs = {tensor("input_ids", {1}, one), tensor("session_rows", {1}, number)};
      Numbers small(1);
      ptx_tensor logits = {"logits", PTX_F32, 2, {1, 1}, small.data()};
      mustNot(ptx_session_call_into(session, "decode", inputs.data(), inputs.size(), &logits, 1),
              "the memory given is");
    }
    mustNot(ptx_session_bind(session, nullptr), "must not be NULL");
    uint32_t row = pick(rowCount), parent = 2;
    mustNot(ptx_session_truncate(session, row, static_cast<uint32_t>(rows[row].text.size()) + 1), "cannot keep");
    mustNot(ptx_session_reorder(session, &parent, 1), "none of the 1");
    for (uint32_t r = 0; r < rowCount; ++r)
      if (rows[r].text.size() == room) {
        Text full = {r}, one = {1};
        mustNot(callDecode({tensor("input_ids", {1}, one), tensor("session_rows", {1}, full)}), "has room for");
      }
    Text tooLong(room + 1, 1), first = {row};
    std::vector<ptx_tensor> inputs = {tensor("input_ids", {1, room + 1}, tooLong), tensor("session_rows", {1}, first)};
    if (hasSource)
      inputs.push_back(tensor("decoder_input_ids", {1, room + 1}, tooLong));
    mustNot(ptx_session_call(session, "prefill", inputs.data(), inputs.size(), &outputs, &outputCount), "has room for");
  }

  /// Two threads continue a row each on the one session: one of them may be told
  /// that it is busy, and tries again.
  void race() {
    std::vector<uint32_t> some = someRows(true);
    if (some.size() < 2)
      return;
    some.resize(2);
    std::vector<Numbers> found(2, Numbers(vocabulary));
    auto proceedAlone = [&](size_t which) {
      Text ids = {rows[some[which]].text.back()}, number = {some[which]}, adapter = {rows[some[which]].adapter};
      std::vector<ptx_tensor> inputs = {tensor("input_ids", {1}, ids), tensor("session_rows", {1}, number)};
      if (mixesAdapters)
        inputs.push_back(tensor("adapter_ids", {1}, adapter));
      ptx_tensor logits = {"logits", PTX_F32, 2, {1, static_cast<uint64_t>(vocabulary)}, found[which].data()};
      while (ptx_status *status = ptx_session_call_into(session, "decode", inputs.data(), inputs.size(), &logits, 1)) {
        if (ptx_status_code(status) != PTX_BUSY)
          must(status, "decode");
        ptx_status_free(status);
        std::this_thread::yield();
      }
    };
    for (uint32_t row : some)
      rows[row].text.push_back(token());
    std::thread other([&] { proceedAlone(1); });
    proceedAlone(0);
    other.join();
    for (size_t which : {0, 1})
      compareRow(some[which], found[which].data());
  }

public:
  /// A step after steps of its size allocates nothing. What the session held is gone.
  void checkAllocations() {
    must(ptx_session_reserve(session, rowCount, room), "reserve");
    Text ids(2, 1);
    std::vector<ptx_tensor> inputs = {tensor("input_ids", {2, 1}, ids)};
    if (hasSource)
      inputs.push_back(tensor("decoder_input_ids", {2, 1}, ids));
    must(ptx_session_call(session, "prefill", inputs.data(), inputs.size(), &outputs, &outputCount), "prefill");
    inputs = {tensor("input_ids", {2}, ids)};
    greatest.resize(2);
    ptx_tensor wanted = {"greatest_ids", PTX_I32, 1, {2, 0, 0}, greatest.data()};
    for (int step = 0; step < 6; ++step) {
      int before = allocations;
      must(ptx_session_call_into(session, "decode", inputs.data(), inputs.size(), &wanted, 1), "decode");
      if (int made = allocations - before; step >= 3 && made > 0)
        fail("a step of the text allocates " + std::to_string(made) + " times");
    }
  }

private:
  void checkLengths() {
    for (uint32_t row = 0; row < rowCount; ++row) {
      uint32_t length = 0;
      must(ptx_session_length(session, row, &length), "length");
      if (length != rows[row].text.size())
        fail("row " + std::to_string(row) + " holds " + std::to_string(length) + " tokens, expected " +
             std::to_string(rows[row].text.size()));
    }
  }

  /// The logits of the last token of a text, by `forward`.
  const Numbers &expected(const Row &row) {
    Numbers &known = answers[row];
    if (!known.empty())
      return known;
    Text source = hasSource ? row.source : row.text, text = row.text;
    std::vector<ptx_tensor> inputs = {tensor("input_ids", {1, source.size()}, source)};
    if (hasSource)
      inputs.push_back(tensor("decoder_input_ids", {1, text.size()}, text));
    Text adapter = {row.adapter};
    if (mixesAdapters)
      inputs.push_back(tensor("adapter_ids", {1}, adapter));
    bindTo(uncached, row.adapter);
    const ptx_tensor *results = nullptr;
    size_t count = 0;
    must(ptx_session_call(uncached, "forward", inputs.data(), inputs.size(), &results, &count), "forward");
    const float *last = static_cast<const float *>(results[0].data) + (text.size() - 1) * results[0].dims[2];
    known.assign(last, last + results[0].dims[2]);
    return known;
  }

  void compare(const std::vector<uint32_t> &some) {
    if (outputCount != 1 || outputs[0].rank != 2 || outputs[0].dims[0] != some.size())
      fail("gives no logits [B,V]");
    size_t width = outputs[0].dims[1];
    for (size_t r = 0; r < some.size(); ++r)
      compareRow(some[r], static_cast<const float *>(outputs[0].data) + r * width);
  }

  void compareRow(uint32_t row, const float *found) {
    const Numbers &wanted = expected(rows[row]);
    double scale = 0, difference = 0;
    for (size_t i = 0; i < wanted.size(); ++i) {
      scale = std::max(scale, std::abs(static_cast<double>(wanted[i])));
      difference = std::max(difference, std::abs(static_cast<double>(wanted[i]) - found[i]));
    }
    bool isEqual = tolerance == 0 ? std::memcmp(found, wanted.data(), wanted.size() * sizeof(float)) == 0
                                  : difference <= tolerance * scale;
    if (!isEqual)
      fail("row " + std::to_string(row) + " of " + std::to_string(rows[row].text.size()) +
           " tokens answers otherwise than forward: " + std::to_string(difference) + " apart, largest " +
           std::to_string(scale));
    largest = std::max(largest, difference);
    ++compared;
  }

  std::mt19937 engine;
  int64_t vocabulary;
  double tolerance;
  ptx_program *program = nullptr;
  ptx_binding *binding = nullptr;
  std::vector<ptx_binding *> adapted; // of each adapter, where calls do not mix them
  ptx_session *session = nullptr, *uncached = nullptr;
  bool hasSource = false, mixesAdapters = false;
  uint32_t adapterCount = 0;
  std::vector<Row> rows; // of the session
  std::map<Row, Numbers> answers;
  const ptx_tensor *outputs = nullptr;
  size_t outputCount = 0;
  std::vector<float> logits; // of `ask`
  std::vector<int32_t> greatest;
  ptx_tensor asked[2] = {};
  int compared = 0;
  double largest = 0;
};

} // namespace

// Those of libptx.so too. Sanitizers have their own, and nothing is counted there.
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
void *operator new(size_t bytes) {
  ++allocations;
  if (void *made = std::malloc(bytes))
    return made;
  throw std::bad_alloc();
}
void operator delete(void *pointer) noexcept { std::free(pointer); }
void operator delete(void *pointer, size_t) noexcept { std::free(pointer); }
#endif

int main(int argc, char **argv) {
  if (argc < 6)
    fail("usage: session_soak ARTIFACT DEVICE SEED OPERATIONS VOCABULARY [TOLERANCE]");
  Soak soak(argv[1], argv[2], static_cast<unsigned>(std::atoi(argv[3])), std::atoll(argv[5]),
            argc > 6 ? std::atof(argv[6]) : 0);
  soak.run(std::atoi(argv[4]));
  if (std::strcmp(argv[2], "cpu") == 0)
    soak.checkAllocations();
}
