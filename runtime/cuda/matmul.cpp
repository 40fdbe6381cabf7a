// Row-major y = x W^T is column-major y^T = W x^T, with W and x as they lie: the
// bias then runs along the rows of the library's result, as it wants it, and
// the transposition is the one its routines are made for. The residual is its C.
#include "runtime/cuda/matmul.h"

#include <algorithm>

using namespace ptx;
using namespace ptx::cuda;

namespace {

constexpr size_t workspaceBytes = 32u << 20; // NVIDIA's advice for Hopper; the library's default is none
constexpr size_t mostRoutines = 512;         // shapes remembered

/// The power of two that an address is a multiple of, as far as the library asks.
uint32_t alignmentOf(uint64_t address) {
  return static_cast<uint32_t>(std::min<uint64_t>(address & (~address + 1), 256));
}

/// Where the library reads what it adds: its result, times zero, where there is no residual.
uint64_t addedMatrix(const LibraryCall &call) { return call.residual ? call.residual : call.y; }

std::array<uint32_t, 4> alignments(const LibraryCall &call) {
  return {alignmentOf(call.weight), alignmentOf(call.x), alignmentOf(addedMatrix(call)), alignmentOf(call.y)};
}

const void *pointer(uint64_t address) { return reinterpret_cast<const void *>(address); }

} // namespace

class ptx::cuda::MatmulRoutine {
public:
  explicit MatmulRoutine(const BlasFunctions &blas) : blas(blas) {}
  MatmulRoutine(const MatmulRoutine &) = delete;
  MatmulRoutine &operator=(const MatmulRoutine &) = delete;
  ~MatmulRoutine() {
    for (MatrixDesc matrix : {a, b, c, d})
      if (matrix)
        blas.matrixDestroy(matrix);
    if (matmul)
      blas.matmulDestroy(matmul);
  }

  /// The descriptors of a call's matrices and epilogue.
  BlasStatus describe(const LibraryCall &call) {
    auto size = [](int64_t value) { return static_cast<uint64_t>(value); };
    uint32_t epilogue = (call.relu ? epilogueRelu : 0) + (call.bias ? epilogueBias : 0);
    epilogue = epilogue ? epilogue : epilogueNone;
    BlasStatus status = blas.matmulCreate(&matmul, computeF32, typeF32);
    if (!status)
      status = blas.matmulSet(matmul, transposeA, &transposed, sizeof transposed);
    if (!status)
      status = blas.matmulSet(matmul, epilogueKind, &epilogue, sizeof epilogue);
    if (!status)
      status = setBias(call);
    if (!status)
      status = blas.matrixCreate(&a, typeF32, size(call.depth), size(call.width), call.weightPitch);
    if (!status)
      status = blas.matrixCreate(&b, typeF32, size(call.depth), size(call.rows), call.xPitch);
    if (!status)
      status = blas.matrixCreate(&c, typeF32, size(call.width), size(call.rows),
                                 call.residual ? call.residualPitch : call.yPitch);
    if (!status)
      status = blas.matrixCreate(&d, typeF32, size(call.width), size(call.rows), call.yPitch);
    return status;
  }

  /// The bias is an address of the descriptor, not of the call.
  BlasStatus setBias(const LibraryCall &call) const {
    return call.bias ? blas.matmulSet(matmul, biasPointer, &call.bias, sizeof call.bias) : blasSuccess;
  }

  /// The library's best for it. `found` is false where it has none.
  BlasStatus choose(BlasHandle handle, const LibraryCall &call, bool &found) {
    BlasPreference preference = nullptr;
    BlasStatus status = blas.preferenceCreate(&preference);
    if (status)
      return status;
    status = blas.preferenceSet(preference, preferWorkspace, &workspaceBytes, sizeof workspaceBytes);
    std::array<uint32_t, 4> bytes = alignments(call);
    for (int i = 0; i < 4 && !status; ++i)
      status = blas.preferenceSet(preference, preferAlignmentOfA + i, &bytes[i], sizeof bytes[i]);
    BlasHeuristic best = {};
    int count = 0;
    if (!status)
      status = blas.heuristic(handle, matmul, a, b, c, d, preference, 1, &best, &count);
    blas.preferenceDestroy(preference);
    found = !status && count == 1 && best.status == blasSuccess;
    algorithm = best.algorithm;
    return status == blasNotSupported ? blasSuccess : status;
  }

  BlasStatus run(BlasHandle handle, const LibraryCall &call, Address workspace, Stream stream) const {
    const float one = 1, zero = 0;
    if (BlasStatus status = setBias(call))
      return status;
    return blas.matmul(handle, matmul, &one, pointer(call.weight), a, pointer(call.x), b, call.residual ? &one : &zero,
                       pointer(addedMatrix(call)), c, reinterpret_cast<void *>(call.y), d, &algorithm,
                       reinterpret_cast<void *>(workspace), workspaceBytes, stream);
  }

private:
  const BlasFunctions &blas;
  MatmulDesc matmul = nullptr;
  MatrixDesc a = nullptr, b = nullptr, c = nullptr, d = nullptr;
  BlasAlgorithm algorithm = {};
};

Result<std::unique_ptr<Matmul>> Matmul::open(CudaDevice &device, const Blas &blas) {
  std::unique_ptr<Matmul> made(new Matmul(device, blas));
  if (BlasStatus status = blas.functions.create(&made->handle))
    return Error{blas.name + " does not start on '" + device.gpu.name + "': " + describe(blas, status) +
                 "; with PTX_CUBLASLT=none ptx's own kernels do its work"};
  if (Code code = device.driver.memAlloc(&made->workspace, workspaceBytes))
    return device.failure(code,
                          "no memory for the " + std::to_string(workspaceBytes) + " bytes that cuBLASLt works in");
  return made;
}

Matmul::~Matmul() {
  routines.clear();
  if (workspace)
    device.driver.memFree(workspace);
  if (handle)
    blas.functions.destroy(handle);
}

Matmul::Shape Matmul::shapeOf(const LibraryCall &call) {
  std::array<uint32_t, 4> bytes = alignments(call);
  return {call.rows,         call.width, call.depth, call.xPitch, call.weightPitch, call.yPitch, call.residualPitch,
          call.bias ? 1 : 0, call.relu,  bytes[0],   bytes[1],    bytes[2],         bytes[3]};
}

Result<std::shared_ptr<const MatmulRoutine>> Matmul::choose(const LibraryCall &call) {
  auto made = std::make_shared<MatmulRoutine>(blas.functions);
  bool found = false;
  BlasStatus status = made->describe(call);
  if (!status)
    status = made->choose(handle, call, found);
  if (status)
    return Error{blas.name + " cannot plan " + std::to_string(call.rows) + " x " + std::to_string(call.width) + " x " +
                 std::to_string(call.depth) + ": " + describe(blas, status)};
  return std::shared_ptr<const MatmulRoutine>(found ? made : nullptr);
}

Result<std::shared_ptr<const MatmulRoutine>> Matmul::find(const LibraryCall &call) {
  Shape shape = shapeOf(call);
  if (auto known = routines.find(shape); known != routines.end())
    return known->second;
  Result<std::shared_ptr<const MatmulRoutine>> routine = choose(call);
  if (!routine)
    return routine;
  if (routines.size() >= mostRoutines)
    routines.clear();
  routines.emplace(shape, *routine);
  return routine;
}

BlasStatus Matmul::run(const MatmulRoutine &routine, const LibraryCall &call, Stream stream) {
  return routine.run(handle, call, workspace, stream);
}
