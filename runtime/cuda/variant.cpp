#include "runtime/cuda/variant.h"

#include <charconv>
#include <optional>

namespace ptx::cuda {

namespace {

constexpr std::string_view textPrefix = "ptx_";

/// How good a variant is on a GPU; 0: it does not run. What was compiled ahead
/// comes before text, what is for exactly this GPU first.
int rate(std::string_view variant, const Gpu &gpu) {
  bool text = variant.starts_with(textPrefix);
  if (text)
    variant.remove_prefix(textPrefix.size());
  if (!variant.starts_with("sm_"))
    return 0;
  int number = 0;
  auto [end, error] = std::from_chars(variant.data() + 3, variant.data() + variant.size(), number);
  std::string_view suffix = variant.substr(static_cast<size_t>(end - variant.data()));
  if (error != std::errc() || number < 10 || number > 999)
    return 0;
  constexpr int aCubin = 10000;
  int base = (text ? 0 : aCubin) + 2 * number;
  if (suffix == "a")
    return number == gpu.capability() ? base + 1 : 0;
  if (!suffix.empty())
    return 0;
  bool runs = text ? number <= gpu.capability() : number / 10 == gpu.major && number % 10 <= gpu.minor;
  return runs ? base : 0;
}

} // namespace

Result<size_t> chooseVariant(std::span<const std::string> variants, const Gpu &gpu, const std::string &wanted) {
  std::string held;
  size_t best = variants.size();
  for (size_t i = 0; i < variants.size(); ++i) {
    held += (held.empty() ? "" : ", ") + variants[i];
    if (!wanted.empty() && variants[i] == wanted)
      return i;
    int here = rate(variants[i], gpu);
    if (here > 0 && (best == variants.size() || here > rate(variants[best], gpu)))
      best = i;
  }
  std::string sm = "sm_" + std::to_string(gpu.capability());
  if (held.empty())
    return Error{"the artifact holds no CUDA code; compile with --target=cuda:" + sm};
  if (!wanted.empty())
    return Error{"the artifact holds no variant '" + wanted + "', it holds " + held};
  if (best == variants.size())
    return Error{"the device '" + gpu.name + "' is " + sm + ", the artifact holds " + held +
                 "; compile with --target=cuda:" + sm};
  return best;
}

bool isText(const std::string &variant) { return variant.starts_with(textPrefix); }

} // namespace ptx::cuda
