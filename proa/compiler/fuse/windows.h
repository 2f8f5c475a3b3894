// Windows: a reduction over small windows becomes elementwise operations on strided slices.
// Why: pooling is a few loads and comparisons for each result, which then join what follows; the
// prebuilt kernel pays for each row of results, and the rows of small images are short.
#pragma once

#include <cstdint>

#include "proa/ir/module.h"

namespace proa::compiler {

// In every function: prim.reduce_window of a few taps without padding, positions or symbols where
// the window moves. Padding is skipped by windows and not by slices. Returns how many there were.
int64_t unroll_windows(ir::Module& module);

}  // namespace proa::compiler
