// Whether two functions are called alike.
#ifndef PTX_TEST_RUNTIME_CUDA_SAME_CALL_H
#define PTX_TEST_RUNTIME_CUDA_SAME_CALL_H

#include <type_traits>

namespace ptx::cuda {

/// Passed alike: pointers as pointers, numbers and enumerations of one size.
template <typename Ours, typename Theirs>
constexpr bool sameValue = sizeof(Ours) == sizeof(Theirs) && std::is_pointer_v<Ours> == std::is_pointer_v<Theirs>;

template <typename Ours, typename Theirs> constexpr bool sameCall = false;
template <typename R, typename... A, typename S, typename... B>
  requires(sizeof...(A) == sizeof...(B))
constexpr bool sameCall<R (*)(A...), S (*)(B...)> = sameValue<R, S> && (sameValue<A, B> && ...);

} // namespace ptx::cuda

#endif // PTX_TEST_RUNTIME_CUDA_SAME_CALL_H
