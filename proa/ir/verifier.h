// Verifier: proves that a module is well-formed, or says which operation is not, and where.
// Why at every border: a pass may rely on what its predecessor promised, and blame is found at
// once.
#pragma once

#include <vector>

#include "proa/ir/module.h"

namespace proa::ir {

// Structure (blocks, terminators, use chains, isolation, dominance in the order of blocks unless
// the region is ordered by data), names of functions and references to them, operands, attributes
// and result types against the page of each operation, and the operation's own verifier. Costs
// about one walk. Throws an error with the operation's line of text and its location. Knows nothing
// new afterwards: the module's facts are left as they are.
void verify(const Module& module);

// How many operands each operand of the page has, by attribute "segments" or one each; a UserError
// where they do not fit the operation.
std::vector<int64_t> checked_segments(const OpInfo& info, const AttrList& attrs, size_t operands);

}  // namespace proa::ir
