// The graph of a sentence-transformers directory behind the transformer.
#ifndef PTX_FRONTENDS_COMMON_SENTENCEGRAPH_H
#define PTX_FRONTENDS_COMMON_SENTENCEGRAPH_H

#include "frontends/common/GraphBuilder.h"
#include "frontends/common/SentenceModules.h"

namespace ptx::frontends {

/// Rows [B,S,D] to one row a sequence: the pooling, then what follows it.
/// Widths that do not fit are errors of the graph.
mlir::Value embedSentence(GraphBuilder &graph, const SentenceModules &modules, mlir::Value x, mlir::Value mask);

} // namespace ptx::frontends

#endif // PTX_FRONTENDS_COMMON_SENTENCEGRAPH_H
