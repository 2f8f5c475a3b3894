// Scatters: rows of a result that an index fills, made in one go with what leads to the updates.
// Why apart from arithmetic: a group around one is a kernel of its own form (loop/scatter.h).
#pragma once

#include "proa/compiler/sizes.h"
#include "proa/ir/module.h"

namespace proa::compiler {

// Into a number that is the same everywhere, as gradients are: what lies in memory already is
// better changed there, row by row of the index. And whole rows: for a few elements each, lists of
// who writes them would be most of the work.
bool fills_rows(const ir::Operation& op, const Sizes& sizes);

}  // namespace proa::compiler
