// The modules that pages of control flow and calls give as samples, and inputs for them.
// Why: gradients, passes and devices are all tried on the same modules.
#pragma once

#include <string>
#include <vector>

#include "proa/eager/tensor.h"
#include "proa/ir/context.h"
#include "proa/ir/module.h"
#include "proa/ir/samples.h"

namespace proa::test {

struct TextCase {
  std::string page;
  ir::TextSample sample;
};

// Legal ones; the kernel that custom_call's samples name is registered.
std::vector<TextCase> text_cases();

// Arguments of @main: sizes n = 3, m = 4; truth values as bits of `truths`, in their order.
std::vector<eager::Tensor> inputs_for(const ir::Module& module, unsigned truths);

// Equal to the bit, NaNs as one class.
bool same_bits(const runtime::Array& x, const runtime::Array& y);

// Runs the function as it stands, without any pass; composites and calls may not be left but calls.
std::vector<runtime::Array> run(const ir::Module& module, ir::Func func,
                                std::span<const eager::Tensor> inputs);

// A function of one i64 and three tensors [rows, 3]: sums, branches and loops in each other, at
// random; the rows are a symbol or 2. In f64 it is smooth in the tensors.
ir::Module random_module(unsigned seed, bool symbolic, DType dtype);
std::vector<eager::Tensor> random_inputs(unsigned seed, int64_t rows, DType dtype);

}  // namespace proa::test
