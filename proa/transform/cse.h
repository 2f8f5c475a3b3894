// Common subexpressions: of equal pure operations in a block, the first serves all.
// Why: rules and their derivatives compute the same thing again, since each is written alone.
#pragma once

#include <cstdint>

#include "proa/ir/module.h"

namespace proa::transform {

// Equal means: the same operation on the same values (in either order where it commutes to the bit)
// with equal attributes and result types. Results keep their bits, since a pure operation is a
// function of these. A barrier is never merged: what stands behind it is computed again on purpose.
// Returns how many operations went.
int64_t merge_equal(ir::Module& module);

}  // namespace proa::transform
