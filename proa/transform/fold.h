// Folding: primitives of constants become constants.
// Why through an evaluator: the kernels define each result; the host's own arithmetic would be
// another answer.
#pragma once

#include <cstdint>

#include "proa/ir/pass.h"

namespace proa::transform {

inline constexpr int64_t kFoldLimit = 64 * 1024;

// Computes, by `evaluator`, every pure primitive whose operands are constants, where no result is
// larger than `limit` bytes. What makes data of nothing (iota) or only looks at data in another way
// (broadcast) stays as it is. Returns how many operations were folded. Without an evaluator: none.
int64_t fold(ir::Module& module, const ir::Evaluator& evaluator, int64_t limit = kFoldLimit);

}  // namespace proa::transform
