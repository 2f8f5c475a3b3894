// What may be written into a tensor of another dtype.
// Why apart: the pages that write ask it, all the others need not know.
#pragma once

#include "proa/ops/composite.h"

namespace proa::ops {

// Of an operand that takes another dtype than its own: an imaginary part is not dropped unasked.
void require_real_unless_complex(Infer& op, int operand, DType into);

}  // namespace proa::ops
