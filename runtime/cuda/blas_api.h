// What the runtime needs of cuBLASLt, declared here so that it builds where no
// CUDA is. test/runtime/cuda holds every line against <cublasLt.h>.
#ifndef PTX_RUNTIME_CUDA_BLAS_API_H
#define PTX_RUNTIME_CUDA_BLAS_API_H

#include "runtime/cuda/driver_api.h"

#include <cstdint>

namespace ptx::cuda {

using BlasStatus = int;                        // cublasStatus_t
using BlasHandle = struct BlasHandleTag *;     // cublasLtHandle_t
using MatmulDesc = struct MatmulDescTag *;     // cublasLtMatmulDesc_t
using MatrixDesc = struct MatrixDescTag *;     // cublasLtMatrixLayout_t
using BlasPreference = struct PreferenceTag *; // cublasLtMatmulPreference_t

struct BlasAlgorithm { // cublasLtMatmulAlgo_t
  uint64_t data[8];
};
struct BlasHeuristic { // cublasLtMatmulHeuristicResult_t
  BlasAlgorithm algorithm;
  size_t workspaceBytes;
  BlasStatus status;
  float waves;
  int reserved[4];
};

constexpr BlasStatus blasSuccess = 0, blasNotSupported = 15;
constexpr int computeF32 = 68, typeF32 = 0;                              // cublasComputeType_t, cudaDataType_t
constexpr int32_t plain = 0, transposed = 1;                             // cublasOperation_t
constexpr int transposeA = 3, epilogueKind = 7, biasPointer = 8;         // cublasLtMatmulDescAttributes_t
constexpr uint32_t epilogueNone = 1, epilogueRelu = 2, epilogueBias = 4; // cublasLtEpilogue_t: none, else a sum
constexpr int preferWorkspace = 1, preferAlignmentOfA = 5; // cublasLtMatmulPreferenceAttributes_t; then B, C, D

/// member, exported name, result, parameters.
#define PTX_CUBLASLT_FUNCTIONS(X)                                                                                      \
  X(version, cublasLtGetVersion, size_t, ())                                                                           \
  X(create, cublasLtCreate, BlasStatus, (BlasHandle * handle))                                                         \
  X(destroy, cublasLtDestroy, BlasStatus, (BlasHandle handle))                                                         \
  X(statusName, cublasLtGetStatusName, const char *, (BlasStatus status))                                              \
  X(matmulCreate, cublasLtMatmulDescCreate, BlasStatus, (MatmulDesc * made, int compute, int scale))                   \
  X(matmulDestroy, cublasLtMatmulDescDestroy, BlasStatus, (MatmulDesc matmul))                                         \
  X(matmulSet, cublasLtMatmulDescSetAttribute, BlasStatus,                                                             \
    (MatmulDesc matmul, int attribute, const void *value, size_t bytes))                                               \
  X(matrixCreate, cublasLtMatrixLayoutCreate, BlasStatus,                                                              \
    (MatrixDesc * made, int type, uint64_t rows, uint64_t columns, int64_t pitch))                                     \
  X(matrixDestroy, cublasLtMatrixLayoutDestroy, BlasStatus, (MatrixDesc matrix))                                       \
  X(preferenceCreate, cublasLtMatmulPreferenceCreate, BlasStatus, (BlasPreference * made))                             \
  X(preferenceDestroy, cublasLtMatmulPreferenceDestroy, BlasStatus, (BlasPreference preference))                       \
  X(preferenceSet, cublasLtMatmulPreferenceSetAttribute, BlasStatus,                                                   \
    (BlasPreference preference, int attribute, const void *value, size_t bytes))                                       \
  X(heuristic, cublasLtMatmulAlgoGetHeuristic, BlasStatus,                                                             \
    (BlasHandle handle, MatmulDesc matmul, MatrixDesc a, MatrixDesc b, MatrixDesc c, MatrixDesc d,                     \
     BlasPreference preference, int wanted, BlasHeuristic *found, int *count))                                         \
  X(matmul, cublasLtMatmul, BlasStatus,                                                                                \
    (BlasHandle handle, MatmulDesc matmul, const void *alpha, const void *a, MatrixDesc aDesc, const void *b,          \
     MatrixDesc bDesc, const void *beta, const void *c, MatrixDesc cDesc, void *d, MatrixDesc dDesc,                   \
     const BlasAlgorithm *algorithm, void *workspace, size_t workspaceBytes, Stream stream))

struct BlasFunctions {
#define PTX_CUBLASLT_MEMBER(member, name, result, parameters) result(*member) parameters = nullptr;
  PTX_CUBLASLT_FUNCTIONS(PTX_CUBLASLT_MEMBER)
#undef PTX_CUBLASLT_MEMBER
};

} // namespace ptx::cuda

#endif // PTX_RUNTIME_CUDA_BLAS_API_H
