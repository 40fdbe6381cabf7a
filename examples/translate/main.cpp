// translate: text in, text out, adapters one after the other or side by side.
#include "examples/translate/Bleu.h"
#include "examples/translate/Translator.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>

namespace {

using namespace translate;

struct Options {
  std::string program, model, file, reference, expected, device;
  std::vector<std::string> sentences, adapters = {"none"};
  unsigned threads = 0;
  Search search;
  bool byCharacter = false, mixed = false;
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::vector<std::string> readLines(const std::string &path) {
  std::ifstream file(path);
  if (!file)
    throw std::runtime_error("'" + path + "' cannot be read");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    lines.push_back(line);
  return lines;
}

/// Whether the logits are, byte by byte, those of the adapter's first turn.
void compareBytes(const std::string &adapter, const std::vector<float> &logits,
                  std::map<std::string, std::vector<float>> &first) {
  auto [known, fresh] = first.try_emplace(adapter, logits);
  if (fresh)
    return;
  bool same = std::memcmp(known->second.data(), logits.data(), logits.size() * sizeof(float)) == 0;
  std::fprintf(stderr, "%s again: the logits are %s\n", adapter.c_str(),
               same ? "the same bytes as the first time" : "NOT the same bytes as the first time");
  if (!same)
    throw std::runtime_error("going back to '" + adapter + "' changed the result");
}

/// Token by token against what PyTorch computed from the same files.
void compareTokens(const Options &options, const std::string &adapter, Translator &translator) {
  std::ifstream file(options.expected);
  if (!file)
    throw std::runtime_error("'" + options.expected + "' cannot be read");
  nlohmann::json exact = nlohmann::json::parse(file).at("models").at(adapter == "none" ? "base" : adapter).at("exact");
  std::vector<Ids> sources;
  for (const auto &entry : exact)
    sources.push_back(entry.at("source_ids"));
  std::vector<Ids> found = translator.translate(sources, options.search);
  size_t equal = 0, tokens = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    equal += found[i] == exact[i].at("tokens").get<Ids>();
    tokens += found[i].size();
  }
  std::printf("%s: %zu of %zu sentences equal PyTorch's in all of their %zu tokens\n", adapter.c_str(), equal,
              found.size(), tokens);
  if (equal != found.size())
    throw std::runtime_error("the translations differ from " + options.expected);
}

void sayRate(const std::string &what, size_t sentences, double seconds) {
  std::fprintf(stderr, "%s: %zu sentences in %.2f s (%.1f a second)\n", what.c_str(), sentences, seconds,
               static_cast<double>(sentences) / seconds);
}

/// Every sentence by every adapter, in the same batches.
void runMixed(const Options &options, ptx_program *program, const TextRules &rules, const Text &text,
              const std::vector<Ids> &sources) {
  std::vector<Ids> all;
  Ids adapters;
  for (const Ids &source : sources)
    for (const std::string &adapter : options.adapters) {
      all.push_back(source);
      check(ptx_program_adapter_id(program, adapter.c_str(), &adapters.emplace_back()));
    }
  Translator translator(program, "none", rules);
  double start = now();
  std::vector<Ids> found = translator.translate(all, options.search, adapters);
  sayRate("mixed", found.size(), now() - start);
  for (size_t i = 0; i < found.size(); ++i)
    std::printf("%s: %s\n", options.adapters[i % options.adapters.size()].c_str(), text.decode(found[i]).c_str());
}

void run(const Options &options, ptx_program *program) {
  TextRules rules = readTextRules(options.model);
  Text text(options.model, rules);
  std::vector<std::string> sentences = options.file.empty() ? options.sentences : readLines(options.file);
  std::vector<Ids> sources;
  for (const std::string &sentence : sentences)
    sources.push_back(text.encode(sentence));
  if (options.mixed)
    return runMixed(options, program, rules, text, sources);
  std::map<std::string, std::vector<float>> firstLogits;
  for (const std::string &adapter : options.adapters) {
    double start = now();
    Translator translator(program, adapter, rules);
    double bound = now();
    if (!options.expected.empty())
      compareTokens(options, adapter, translator);
    if (sources.empty())
      continue;
    std::vector<std::string> translations;
    for (const Ids &tokens : translator.translate(sources, options.search))
      translations.push_back(text.decode(tokens));
    double done = now();
    std::fprintf(stderr, "%s: bound in %.0f ms\n", adapter.c_str(), (bound - start) * 1e3);
    sayRate(adapter, sources.size(), done - bound);
    if (options.reference.empty()) {
      for (const std::string &translation : translations)
        std::printf("%s\n", translation.c_str());
    } else {
      std::vector<std::string> references = readLines(options.reference);
      references.resize(std::min(references.size(), translations.size()));
      std::printf("%s: BLEU %.2f\n", adapter.c_str(), corpusBleu(translations, references, options.byCharacter));
    }
    compareBytes(adapter, translator.firstLogits(sources[0]), firstLogits);
  }
}

} // namespace

int main(int argc, char **argv) {
  Options options;
  CLI::App app("Translates with a program that ptx-compile made.", "translate");
  app.add_option("PROGRAM", options.program, "model.ptxm")->required();
  app.add_option("--model", options.model, "model directory, for config.json and the tokenizer")->required();
  app.add_option("SENTENCE", options.sentences, "what to translate");
  app.add_option("--file", options.file, "one sentence a line");
  app.add_option("--adapter", options.adapters, "adapters, one after the other; none is the base")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--reference", options.reference, "print BLEU against this file instead of the translations");
  app.add_flag("--by-character", options.byCharacter, "BLEU over characters");
  app.add_option("--expected", options.expected, "expected.json: compare tokens with PyTorch's");
  app.add_option("--device", options.device, "what to run on; default what the program was compiled for");
  app.add_option("--threads", options.threads, "worker threads");
  app.add_option("--max-new-tokens", options.search.limit, "longest translation");
  app.add_option("--batch", options.search.batch, "sentences at a time")->check(CLI::PositiveNumber);
  app.add_option("--beams", options.search.beams,
                 "translations that each sentence tries at once; 1 takes the greatest");
  app.add_flag("--mixed", options.mixed,
               "every sentence by every adapter in the same batches, of a program compiled with --adapters=separate");
  CLI11_PARSE(app, argc, argv);
  try {
    ptx_program_options open = {};
    open.struct_size = sizeof open;
    open.threads = options.threads;
    open.device = options.device.empty() ? nullptr : options.device.c_str();
    ptx_program *program = nullptr;
    check(ptx_program_open(options.program.c_str(), &open, &program));
    run(options, program);
    ptx_program_close(program);
    return 0;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "translate: error: %s\n", error.what());
    return 1;
  }
}
