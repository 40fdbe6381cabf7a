#include "runtime/generate/beams.h"

#include "runtime/generate/logits.h"
#include "runtime/generate/processors.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <queue>
#include <utility>

namespace ptx {

namespace {

/// What stands for a score of a beam that is none yet, and is taken off one that
/// has ended where it would go on. In f32 nothing is left of a score beside it.
constexpr float far = 1e9f;

/// A text that goes on. Its score is the sum of the logarithms of its new ids' probabilities.
struct Beam {
  size_t text; // at the model
  TokenIds added;
  float score;
};

/// A beam, and an id behind it.
struct Candidate {
  float score;
  size_t beam, id;
};

/// A text that has ended; its score is divided by its length to the length penalty.
struct Ended {
  TokenIds added;
  float score = -far;
  bool is = false; // else there is none yet
};

float power(size_t length, double penalty) {
  return static_cast<float>(std::pow(static_cast<double>(length), penalty));
}

/// logits -> logarithms of probabilities, summed in f64.
void normalise(std::span<float> scores) {
  double greatest = std::ranges::max(scores), sum = 0;
  for (float score : scores)
    sum += std::exp(score - greatest);
  double whole = greatest + std::log(sum);
  for (float &score : scores)
    score = static_cast<float>(score - whole);
}

/// The candidates with the greatest scores, in falling order, of equals those that came first.
class Greatest {
public:
  explicit Greatest(size_t count) : count(count) {}

  void add(const Candidate &candidate) {
    if (heap.size() == count && !(candidate.score > heap.top().score))
      return;
    heap.push(candidate);
    if (heap.size() > count)
      heap.pop();
  }

  std::vector<Candidate> take() {
    std::vector<Candidate> list(heap.size());
    for (size_t i = list.size(); i-- > 0; heap.pop())
      list[i] = heap.top();
    return list;
  }

private:
  /// The least, of equals the one that came last, is on top.
  struct Before {
    bool operator()(const Candidate &a, const Candidate &b) const {
      return a.score != b.score ? a.score > b.score : std::pair(a.beam, a.id) < std::pair(b.beam, b.id);
    }
  };
  size_t count;
  std::priority_queue<Candidate, std::vector<Candidate>, Before> heap;
};

/// Puts an item into a list of at most `count` in falling order, behind its equals.
template <typename T> void keepBest(std::vector<T> &list, T item, size_t count) {
  auto behind = std::ranges::upper_bound(list, item.score, std::ranges::greater(), &T::score);
  list.insert(behind, std::move(item));
  if (list.size() > count)
    list.pop_back();
}

/// The search of one row.
class RowSearch {
public:
  /// All beams begin as the same text, of which the first counts.
  RowSearch(const GenerateOptions &options, const Prompt &prompt, size_t row)
      : options(options), prompt(prompt), row(row), beams(options.beams, {row, {}, -far}), ended(options.beams) {
    beams[0].score = 0;
  }

  Status advance(const Logits &logits) {
    Result<std::vector<Candidate>> found = candidates(logits);
    if (!found)
      return found.error();
    ++step;
    bool goesOn = false;
    std::vector<Candidate> running;
    for (size_t i = 0; i < found->size(); ++i) {
      Candidate candidate = (*found)[i];
      bool ends = options.isEnd(static_cast<int64_t>(candidate.id)) || step == options.maxNewTokens;
      // Only the first `beams` may be among the best ended ones; the others are there to go on.
      if (ends && i < options.beams)
        keepBest(ended, {grown(candidate), candidate.score / power(step, options.lengthPenalty), true}, options.beams);
      goesOn |= !ends;
      candidate.score -= ends ? far : 0;
      keepBest(running, candidate, options.beams);
    }
    std::vector<Beam> next;
    for (const Candidate &candidate : running)
      next.push_back({beams[candidate.beam].text, grown(candidate), candidate.score});
    beams = std::move(next);
    done = !goesOn || !canImprove() || (options.earlyStopping == EarlyStopping::Yes && allEnded());
    return {};
  }

  bool isDone() const { return done; }
  std::vector<Beam> &running() { return beams; }

  Result<TokenIds> best() const {
    if (!ended[0].is)
      return Error{"generation: row " + std::to_string(row) + ": the options leave no id to choose"};
    return ended[0].added;
  }

private:
  /// More than beams: when the best of them end others are left to go on.
  Result<std::vector<Candidate>> candidates(const Logits &logits) {
    Greatest greatest(std::max<size_t>(2, 1 + options.ids.eos.size()) * options.beams);
    TokenIds text;
    std::vector<float> scores;
    for (size_t i = 0; i < beams.size(); ++i) {
      const Beam &beam = beams[i];
      if (Status status = checkFinite(logits.of(beam.text), row); !status)
        return status.error();
      scores.assign(logits.of(beam.text).begin(), logits.of(beam.text).end());
      normalise(scores);
      text = prompt.text;
      text.insert(text.end(), beam.added.begin(), beam.added.end());
      processScores(options, text, step, scores);
      for (size_t id = 0; id < scores.size(); ++id)
        greatest.add({scores[id] + beam.score, i, id});
    }
    return greatest.take();
  }

  TokenIds grown(const Candidate &candidate) const {
    TokenIds ids = beams[candidate.beam].added;
    ids.push_back(static_cast<int64_t>(candidate.id));
    return ids;
  }

  bool allEnded() const {
    return std::ranges::all_of(ended, [](const Ended &text) { return text.is; });
  }

  /// Whether the best running text may yet come before the worst that has ended,
  /// judged at its length of now, or at the greatest where `Never` asks for it and
  /// longer texts score better.
  bool canImprove() const {
    bool longest = options.earlyStopping == EarlyStopping::Never && options.lengthPenalty > 0;
    float best = beams[0].score / power(longest ? options.maxNewTokens : step, options.lengthPenalty);
    return best > (allEnded() ? ended.back().score : -far);
  }

  const GenerateOptions &options;
  const Prompt &prompt;
  size_t row, step = 0; // new ids so far
  std::vector<Beam> beams;
  std::vector<Ended> ended; // falling
  bool done = false;
};

} // namespace

Result<std::vector<TokenIds>> searchBeams(Stepper &model, const GenerateOptions &options,
                                          std::span<const Prompt> prompts) {
  std::vector<RowSearch> rows;
  for (size_t i = 0; i < prompts.size(); ++i)
    rows.emplace_back(options, prompts[i], i);
  Status computed = model.start(prompts);
  while (true) {
    if (!computed)
      return computed.error();
    Result<Logits> logits = model.logits();
    if (!logits)
      return logits.error();
    std::vector<size_t> parents;
    TokenIds tokens;
    for (RowSearch &row : rows) {
      if (row.isDone())
        continue;
      if (Status status = row.advance(*logits); !status)
        return status.error();
      for (size_t i = 0; !row.isDone() && i < row.running().size(); ++i) {
        Beam &beam = row.running()[i];
        parents.push_back(std::exchange(beam.text, parents.size()));
        tokens.push_back(beam.added.back());
      }
    }
    if (parents.empty())
      break;
    computed = model.step(parents, tokens);
  }
  std::vector<TokenIds> best;
  for (const RowSearch &row : rows) {
    Result<TokenIds> ids = row.best();
    if (!ids)
      return ids.error();
    best.push_back(std::move(*ids));
  }
  return best;
}

} // namespace ptx
