// Generation: a model is stepped until every text has ended.
#ifndef PTX_RUNTIME_GENERATE_GENERATE_H
#define PTX_RUNTIME_GENERATE_GENERATE_H

#include "runtime/generate/options.h"
#include "runtime/generate/stepper.h"

#include <functional>

namespace ptx {

/// Is told each new id of a row as it is chosen, with beams when all are known; an error ends the generation and is
/// what it returns.
using TokenChosen = std::function<Status(size_t row, int64_t id)>;

/// The new ids of each prompt: up to and with the id that ended it, else as many
/// as asked for. Options and lengths are checked already.
Result<std::vector<TokenIds>> generate(Stepper &model, const GenerateOptions &options, std::span<const Prompt> prompts,
                                       const TokenChosen &chosen);

} // namespace ptx

#endif // PTX_RUNTIME_GENERATE_GENERATE_H
