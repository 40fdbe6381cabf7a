// What runtime/cuda/blas_api.h says of cuBLASLt, held against <cublasLt.h>.
#include "runtime/cuda/blas_api.h"
#include "test/runtime/cuda/same_call.h"

#include <cublasLt.h>

#include <cstddef>

namespace ptx::cuda {

#define PTX_CUBLASLT_CHECK(member, name, result, parameters)                                                           \
  static_assert(sameCall<decltype(BlasFunctions::member), decltype(&::name)>, #name " has another signature");
PTX_CUBLASLT_FUNCTIONS(PTX_CUBLASLT_CHECK)
#undef PTX_CUBLASLT_CHECK

static_assert(blasSuccess == CUBLAS_STATUS_SUCCESS && blasNotSupported == CUBLAS_STATUS_NOT_SUPPORTED);
static_assert(computeF32 == CUBLAS_COMPUTE_32F && typeF32 == CUDA_R_32F && transposed == CUBLAS_OP_T);
static_assert(sizeof transposed == sizeof(cublasOperation_t) && sizeof epilogueRelu == sizeof(cublasLtEpilogue_t));
static_assert(transposeA == CUBLASLT_MATMUL_DESC_TRANSA && epilogueKind == CUBLASLT_MATMUL_DESC_EPILOGUE &&
              biasPointer == CUBLASLT_MATMUL_DESC_BIAS_POINTER);
static_assert(epilogueNone == CUBLASLT_EPILOGUE_DEFAULT && epilogueRelu == CUBLASLT_EPILOGUE_RELU &&
              epilogueBias == CUBLASLT_EPILOGUE_BIAS && epilogueRelu + epilogueBias == CUBLASLT_EPILOGUE_RELU_BIAS);
static_assert(preferWorkspace == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES &&
              preferAlignmentOfA == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES &&
              preferAlignmentOfA + 1 == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES &&
              preferAlignmentOfA + 2 == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES &&
              preferAlignmentOfA + 3 == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES);
static_assert(sizeof(BlasAlgorithm) == sizeof(cublasLtMatmulAlgo_t));
static_assert(sizeof(BlasHeuristic) == sizeof(cublasLtMatmulHeuristicResult_t) &&
              offsetof(BlasHeuristic, workspaceBytes) == offsetof(cublasLtMatmulHeuristicResult_t, workspaceSize) &&
              offsetof(BlasHeuristic, status) == offsetof(cublasLtMatmulHeuristicResult_t, state));

} // namespace ptx::cuda
