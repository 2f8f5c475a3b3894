// run_single_call: one operator on tensors, by a program that serves all sizes of such calls.
// Why apart from call.h: what a call means (numbers, dtypes, views) is one matter, which program
// runs it another.
#pragma once

#include <span>
#include <vector>

#include "proa/eager/tensor.h"
#include "proa/ir/attribute.h"
#include "proa/ir/dialect.h"

namespace proa::eager {

// `operands` flat, `segments` of them for each operand of the page. Recorded on the tape if
// recording is on. Results may be views of operands, or share memory.
std::vector<Tensor> run_single_call(const ir::OpInfo& op, const ir::AttrList& attrs,
                                    std::span<const int64_t> segments,
                                    std::span<const Tensor> operands);

}  // namespace proa::eager
