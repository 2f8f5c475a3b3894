// How much of a long test a sanitised build does: a twentieth, for it is that much slower.
// Why: silent faults show in few cases already; wrong values are what the plain run looks for.
#pragma once

namespace proa::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int kShare = 20;
#else
inline constexpr int kShare = 1;
#endif

}  // namespace proa::test
