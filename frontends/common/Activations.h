// The activations that ptx knows, by the names Transformers gives them.
#ifndef PTX_FRONTENDS_COMMON_ACTIVATIONS_H
#define PTX_FRONTENDS_COMMON_ACTIVATIONS_H

#include "dialects/xf/IR/XfDialect.h"
#include "frontends/common/ConfigReader.h"

namespace ptx::frontends {

/// The activation that the field names; where it is absent, `otherwise` does.
xf::ActivationKind readActivation(ConfigReader &reader, const char *key, const std::string &otherwise);

} // namespace ptx::frontends

#endif // PTX_FRONTENDS_COMMON_ACTIVATIONS_H
