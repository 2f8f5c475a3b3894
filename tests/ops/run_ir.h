// Values for samples, and ways to run a piece of IR that must all give the same bits.
// Why: a pass, a symbol or a step of its own is checked by equality with the module as written.
#pragma once

#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proa/ir/module.h"
#include "proa/ir/samples.h"
#include "proa/runtime/array.h"
#include "proa/transform/autodiff.h"

namespace proa::test {

using runtime::Array;
using Random = std::mt19937_64;

// As the page asks for by the argument's fill; dense.
Array make_values(const ir::Arg& arg, DType dtype, Random& random);
// Standard normal, or small integers.
Array some_values(std::span<const int64_t> dims, DType dtype, Random& random);

// Eight bits are stored, never computed with: no sums of cotangents.
bool computes(DType dtype);

bool same_bits(const Array& a, const Array& b);  // NaNs are one class
// Empty, or which result differs.
std::string difference(std::span<const Array> expected, std::span<const Array> got);

// `func`, whose operations are primitives, as one program. `sizes` are the values of `symbols`.
std::vector<Array> run(const ir::Module& module, ir::Func func, std::span<const Array> inputs,
                       std::span<const ir::Dim> symbols = {}, std::span<const int64_t> sizes = {});
// The same on kernels that the compiler writes for it.
std::vector<Array> run_compiled(const ir::Module& module, ir::Func func,
                                std::span<const Array> inputs,
                                std::span<const ir::Dim> symbols = {},
                                std::span<const int64_t> sizes = {});
using Runner = decltype(&run);
// The same, each operation as a program of its own: for static dims and no regions.
std::vector<Array> run_stepwise(ir::Func func, std::span<const Array> inputs);
bool has_steps(ir::Func func);

// A copy of the module after "canonicalize,cse,..."; verified behind each pass.
ir::Module after(const ir::Module& module, std::string_view pipeline);
// Some of the passes in some order, decompose among them.
std::string random_pipeline(Random& random);

// A function with its gradient with respect to all floating-point arguments, from cotangents of all
// floating-point results.
struct WithGradient {
  ir::Module module;
  transform::Gradient gradient;
  std::vector<Array> cotangents;
};
// None where an operation on the way is not differentiable, or nothing is. Cotangents have the
// shapes of `results`.
std::optional<WithGradient> differentiate(const ir::Module& module, std::span<const Array> results,
                                          Random& random);
// Results of the forward, residuals included, then those of the backward. `transformed` is the
// module or a copy after passes.
std::vector<Array> run_both(const WithGradient& g, const ir::Module& transformed,
                            std::span<const Array> inputs, std::span<const ir::Dim> symbols = {},
                            std::span<const int64_t> sizes = {}, Runner runner = run);

}  // namespace proa::test
