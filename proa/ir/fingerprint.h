// Fingerprint and structural equality of operations.
// Why: the pass manager asks "did this pass change anything", tests ask "is this the same IR"; both
// without printing.
#pragma once

#include <cstdint>

#include "proa/ir/module.h"

namespace proa::ir {

// Of names, attributes, types and which value goes where; locations left out. Within one process
// only.
uint64_t fingerprint(const Operation& op);

// Values defined outside must be the same ones. Tensor constants are compared by their bytes.
bool same_structure(const Operation& a, const Operation& b, bool locations);

}  // namespace proa::ir
