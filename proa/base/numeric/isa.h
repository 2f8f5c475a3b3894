// The name of the build of a numeric text, and the ground on which the texts stand.
// Why: the same text compiled for two instruction sets must not meet under one name; PROA_ISA keeps
// them apart.
#pragma once

#ifndef PROA_ISA
#define PROA_ISA baseline
#endif

namespace proa::numeric {
inline namespace PROA_ISA {

// clang-format off
#include "proa/base/numeric/prelude_c.inc"
#include "proa/base/numeric/common.inc"
// clang-format on

}  // namespace PROA_ISA
}  // namespace proa::numeric
