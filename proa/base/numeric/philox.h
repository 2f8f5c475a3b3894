// Random bits by counter: Philox4x32-10 for C++.
// Why: the bits of an element depend on the seed, the call and its index only, so that fusing,
// cutting into threads or dropping dead code changes no number.
#pragma once

#include "proa/base/numeric/isa.h"

namespace proa::numeric {
inline namespace PROA_ISA {

// clang-format off
#include "proa/base/numeric/philox.inc"
// clang-format on

}  // namespace PROA_ISA
}  // namespace proa::numeric
