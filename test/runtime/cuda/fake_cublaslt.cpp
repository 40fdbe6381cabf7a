// cuBLASLt on the fake driver: the functions of libcublasLt.so that the runtime
// uses. It refuses what the real library refuses or silently computes wrongly -
// matrices of other sizes, memory nobody allocated, alignments that were not
// promised, a workspace too small - records every call and does it by plain
// loops in f64 when its stream runs.
#include "test/runtime/cuda/fake_state.h"

#include <cublasLt.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <sstream>

using namespace ptx::fake;

namespace {

constexpr size_t workspaceNeeded = 1 << 20;

struct Matrix {
  uint64_t rows, columns;
  int64_t pitch; // column-major
  uint64_t bytes() const { return columns ? (static_cast<uint64_t>(pitch) * (columns - 1) + rows) * sizeof(float) : 0; }
  bool operator==(const Matrix &) const = default;
};
struct Operation {
  cublasOperation_t a = CUBLAS_OP_N, b = CUBLAS_OP_N;
  uint32_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  uint64_t bias = 0;
  bool adds() const { return epilogue & CUBLASLT_EPILOGUE_BIAS; }
  bool relu() const { return epilogue & CUBLASLT_EPILOGUE_RELU; }
};
struct Preference {
  uint64_t workspace = 0;
  uint32_t alignment[4] = {256, 256, 256, 256}; // of A, B, C, D
};
/// What the heuristic writes into an algorithm: what it is good for.
struct Routine {
  uint64_t shape;
  uint32_t alignment[4];
};
static_assert(sizeof(Routine) <= sizeof(cublasLtMatmulAlgo_t));

template <typename T, typename Opaque> T &of(Opaque *opaque) { return *reinterpret_cast<T *>(opaque); }

template <typename T, typename Opaque> cublasStatus_t make(Opaque **made, T value) {
  std::lock_guard lock(state().mutex);
  ++state().blasObjects;
  *made = reinterpret_cast<Opaque *>(new T(value));
  return CUBLAS_STATUS_SUCCESS;
}
template <typename T, typename Opaque> cublasStatus_t drop(Opaque *opaque) {
  std::lock_guard lock(state().mutex);
  --state().blasObjects;
  delete &of<T>(opaque);
  return CUBLAS_STATUS_SUCCESS;
}
template <typename T> cublasStatus_t set(T &field, const void *value, size_t bytes) {
  if (bytes != sizeof field)
    return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&field, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

/// Rows and columns as the operation reads a matrix.
Matrix read(Matrix matrix, cublasOperation_t operation) {
  if (operation == CUBLAS_OP_T)
    std::swap(matrix.rows, matrix.columns);
  return matrix;
}

struct Multiplication {
  Operation operation;
  Matrix a, b, c, d;

  bool sensible() const {
    Matrix left = read(a, operation.a), right = read(b, operation.b);
    bool epilogue = (operation.epilogue & ~uint32_t(CUBLASLT_EPILOGUE_RELU_BIAS)) == 0 ||
                    operation.epilogue == CUBLASLT_EPILOGUE_DEFAULT;
    for (const Matrix &matrix : {a, b, c, d})
      if (matrix.rows == 0 || matrix.columns == 0 || matrix.pitch < static_cast<int64_t>(matrix.rows))
        return false;
    return epilogue && left.columns == right.rows && d.rows == left.rows && d.columns == right.columns &&
           c.rows == d.rows && c.columns == d.columns;
  }
  uint64_t shape() const {
    uint64_t hash = operation.epilogue;
    for (const Matrix &matrix : {a, b, c, d})
      for (uint64_t part : {matrix.rows, matrix.columns, static_cast<uint64_t>(matrix.pitch)})
        hash = (hash ^ part) * 0x100000001b3u;
    return hash;
  }
};

struct Addresses {
  CUdeviceptr a, b, c, d;
};

void compute(const Multiplication &m, const Addresses &at, float beta) {
  auto floats = [](CUdeviceptr address) { return reinterpret_cast<float *>(address); };
  Matrix left = read(m.a, m.operation.a);
  auto element = [&](CUdeviceptr base, const Matrix &matrix, cublasOperation_t operation, uint64_t i, uint64_t j) {
    if (operation == CUBLAS_OP_T)
      std::swap(i, j);
    return static_cast<double>(floats(base)[j * static_cast<uint64_t>(matrix.pitch) + i]);
  };
  for (uint64_t j = 0; j < m.d.columns; ++j)
    for (uint64_t i = 0; i < m.d.rows; ++i) {
      double sum = m.operation.adds() ? floats(m.operation.bias)[i] : 0.0f;
      if (beta != 0)
        sum += beta * element(at.c, m.c, CUBLAS_OP_N, i, j);
      for (uint64_t k = 0; k < left.columns; ++k)
        sum += element(at.a, m.a, m.operation.a, i, k) * element(at.b, m.b, m.operation.b, k, j);
      floats(at.d)[j * static_cast<uint64_t>(m.d.pitch) + i] =
          static_cast<float>(m.operation.relu() ? std::max(sum, 0.0) : sum);
    }
}

std::string recordOf(const Multiplication &m, const Addresses &at, float beta, CUdeviceptr workspace) {
  std::ostringstream text;
  auto matrix = [&](const char *name, CUdeviceptr address, const Matrix &of) {
    text << ' ' << name << ' ' << state().nameOf(address) << ' ' << of.rows << 'x' << of.columns << '/' << of.pitch;
  };
  text << "cublasLtMatmul";
  matrix("A", at.a, m.a);
  matrix("B", at.b, m.b);
  matrix("C", at.c, m.c);
  matrix("D", at.d, m.d);
  text << " beta " << beta << " epilogue " << m.operation.epilogue;
  if (m.operation.adds())
    text << " bias " << state().nameOf(m.operation.bias);
  text << " workspace " << state().nameOf(workspace) << "\n";
  return text.str();
}

/// Where the call would read or write what is not its own, or break a promise.
bool holdsEverything(const Multiplication &m, const Addresses &at, const Routine &routine, CUdeviceptr workspace,
                     size_t workspaceBytes) {
  const CUdeviceptr addresses[] = {at.a, at.b, at.c, at.d};
  const Matrix *matrices[] = {&m.a, &m.b, &m.c, &m.d};
  for (int i = 0; i < 4; ++i)
    if (!state().holds(addresses[i], matrices[i]->bytes()) || addresses[i] % routine.alignment[i])
      return false;
  if (m.operation.adds() && !state().holds(m.operation.bias, m.d.rows * sizeof(float)))
    return false;
  return workspaceBytes >= workspaceNeeded && workspace % 256 == 0 && state().holds(workspace, workspaceBytes);
}

} // namespace

size_t cublasLtGetVersion() { return 130100; }

const char *cublasLtGetStatusName(cublasStatus_t status) {
  switch (status) {
  case CUBLAS_STATUS_NOT_INITIALIZED:
    return "CUBLAS_STATUS_NOT_INITIALIZED";
  case CUBLAS_STATUS_INVALID_VALUE:
    return "CUBLAS_STATUS_INVALID_VALUE";
  case CUBLAS_STATUS_EXECUTION_FAILED:
    return "CUBLAS_STATUS_EXECUTION_FAILED";
  default:
    return "unknown status";
  }
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle) {
  if (int error = state().machine.blasCreateError)
    return static_cast<cublasStatus_t>(error);
  return hasContext() ? make(handle, 'h') : CUBLAS_STATUS_NOT_INITIALIZED;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) { return drop<char>(handle); }

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *made, cublasComputeType_t compute, cudaDataType_t scale) {
  if (compute != CUBLAS_COMPUTE_32F || scale != CUDA_R_32F)
    return CUBLAS_STATUS_INVALID_VALUE;
  return make(made, Operation());
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t matmul) { return drop<Operation>(matmul); }
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t matmul, cublasLtMatmulDescAttributes_t attribute,
                                              const void *value, size_t bytes) {
  Operation &operation = of<Operation>(matmul);
  switch (attribute) {
  case CUBLASLT_MATMUL_DESC_TRANSA:
    return set(operation.a, value, bytes);
  case CUBLASLT_MATMUL_DESC_EPILOGUE:
    return set(operation.epilogue, value, bytes);
  case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
    return set(operation.bias, value, bytes);
  default:
    return CUBLAS_STATUS_INVALID_VALUE;
  }
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *made, cudaDataType type, uint64_t rows,
                                          uint64_t columns, int64_t pitch) {
  return type == CUDA_R_32F ? make(made, Matrix{rows, columns, pitch}) : CUBLAS_STATUS_INVALID_VALUE;
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t matrix) { return drop<Matrix>(matrix); }

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *made) { return make(made, Preference()); }
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  return drop<Preference>(preference);
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t opaque,
                                                    cublasLtMatmulPreferenceAttributes_t attribute, const void *value,
                                                    size_t bytes) {
  Preference &preference = of<Preference>(opaque);
  switch (attribute) {
  case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
    return set(preference.workspace, value, bytes);
  case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
  case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
  case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
  case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
    return set(preference.alignment[attribute - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES], value, bytes);
  default:
    return CUBLAS_STATUS_INVALID_VALUE;
  }
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t matmul, cublasLtMatrixLayout_t a,
                                              cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c,
                                              cublasLtMatrixLayout_t d, cublasLtMatmulPreference_t opaque, int wanted,
                                              cublasLtMatmulHeuristicResult_t results[], int *count) {
  const Multiplication m = {of<Operation>(matmul), of<Matrix>(a), of<Matrix>(b), of<Matrix>(c), of<Matrix>(d)};
  const Preference &preference = of<Preference>(opaque);
  std::lock_guard lock(state().mutex);
  state().calls += "cublasLtMatmulAlgoGetHeuristic\n";
  if (!m.sensible() || wanted < 1)
    return CUBLAS_STATUS_INVALID_VALUE;
  *count = 0;
  if (preference.workspace < workspaceNeeded || state().machine.blasRoutines == 0)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  Routine routine = {m.shape(), {}};
  std::copy(std::begin(preference.alignment), std::end(preference.alignment), routine.alignment);
  *results = {};
  std::memcpy(&results->algo, &routine, sizeof routine);
  results->workspaceSize = workspaceNeeded;
  *count = 1;
  return CUBLAS_STATUS_SUCCESS;
}

#ifndef FAKE_WITHOUT_MATMUL
cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t matmul, const void *alpha, const void *a,
                              cublasLtMatrixLayout_t aMatrix, const void *b, cublasLtMatrixLayout_t bMatrix,
                              const void *beta, const void *c, cublasLtMatrixLayout_t cMatrix, void *d,
                              cublasLtMatrixLayout_t dMatrix, const cublasLtMatmulAlgo_t *algorithm, void *workspace,
                              size_t workspaceBytes, cudaStream_t stream) {
  const Multiplication m = {of<Operation>(matmul), of<Matrix>(aMatrix), of<Matrix>(bMatrix), of<Matrix>(cMatrix),
                            of<Matrix>(dMatrix)};
  auto address = [](const void *pointer) { return reinterpret_cast<CUdeviceptr>(pointer); };
  const Addresses at = {address(a), address(b), address(c), address(d)};
  const float one = *static_cast<const float *>(alpha), kept = *static_cast<const float *>(beta);
  Routine routine;
  std::memcpy(&routine, algorithm, sizeof routine);
  std::lock_guard lock(state().mutex);
  if (int error = state().machine.blasError)
    return static_cast<cublasStatus_t>(error);
  if (!hasContext() || state().sticky)
    return CUBLAS_STATUS_EXECUTION_FAILED;
  Stream *queue = state().find(stream);
  // In place only where both are the same matrix.
  bool inPlace = at.c != at.d || m.c == m.d;
  if (!queue || !m.sensible() || routine.shape != m.shape() || one != 1 || !inPlace ||
      !holdsEverything(m, at, routine, address(workspace), workspaceBytes))
    return CUBLAS_STATUS_INVALID_VALUE;
  state().calls += recordOf(m, at, kept, address(workspace));
  queue->work.push_back([=] {
    if (CUresult code = state().beginKernel())
      return code;
    state().touch([&] { compute(m, at, kept); });
    return CUDA_SUCCESS;
  });
  return CUBLAS_STATUS_SUCCESS;
}
#endif
