#include "frontends/common/Activations.h"

namespace ptx::frontends {

xf::ActivationKind readActivation(ConfigReader &reader, const char *key, const std::string &otherwise) {
  std::string name = reader.text(key, otherwise);
  static const std::pair<const char *, xf::ActivationKind> known[] = {
      {"gelu", xf::ActivationKind::Gelu},
      {"gelu_new", xf::ActivationKind::GeluTanh},
      {"gelu_pytorch_tanh", xf::ActivationKind::GeluTanh},
      {"relu", xf::ActivationKind::Relu},
      {"relu2", xf::ActivationKind::Relu2},
      {"silu", xf::ActivationKind::Silu},
      {"swish", xf::ActivationKind::Silu},
      {"tanh", xf::ActivationKind::Tanh}};
  std::string supported;
  for (const auto &[text, kind] : known) {
    if (name == text)
      return kind;
    supported += std::string(supported.empty() ? "" : ", ") + text;
  }
  reader.fail("'" + std::string(key) + "' is \"" + name + "\", supported are " + supported);
  return xf::ActivationKind::Gelu;
}

} // namespace ptx::frontends
