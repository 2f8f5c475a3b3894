// Which output of a kernel may lie over which input.
// Why asked of the loops: whether memory is read before it is written, element by element, shows in
// the addresses, and nowhere else.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "proa/ir/module.h"

namespace proa::compiler::loop {

// (input, output), each by its own number: every read of the input comes before the write of the
// same element of the output, in the same unit of the parallel loops or of a contraction's results.
// `inputs` of the kernel's buffers are inputs.
std::vector<std::pair<int32_t, int32_t>> in_place(ir::Func kernel, size_t inputs);
// Which buffers of the kernel that concerns, by their numbers.
std::vector<bool> shared_buffers(ir::Func kernel);

}  // namespace proa::compiler::loop
