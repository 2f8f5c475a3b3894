// Recomputation: values that wait long for their last readers are computed again just before them.
// Why on PIR: a training step is one function, and what its backward keeps of the forward is what
// fills memory; the same operations on the same operands have the same bits.
#pragma once

#include <cstdint>

#include "proa/ir/module.h"

namespace proa::transform {

struct Recomputation {
  int64_t before = 0, after = 0;  // most bytes alive at once, results of single operations counted
  int64_t copies = 0;             // operations that are done again
};

// Until no more than `budget` bytes are alive at once or nothing is left to win. Sizes are the
// likely ones of the symbols; arguments and results are not counted. Cheap operations are done
// again first, products of matrices and the like only where these do not suffice. Runs behind cse,
// which would merge what it makes.
Recomputation recompute(ir::Module& module, ir::Func func, int64_t budget);

}  // namespace proa::transform
