// Builders of control flow and calls: if_, while_loop, scan_loop, call_function, custom_vjp,
// custom_call. Why: regions are written as C++ functions over expressions, so that rules, passes
// and tests build loops as they build sums.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "proa/base/function_ref.h"
#include "proa/ops/expr.h"

namespace proa::ops {

// Fills a region: from its arguments to what it returns. Regions are isolated: whatever they read
// comes in as an argument.
using RegionRule = FunctionRef<std::vector<Expr>(Builder&, std::span<const Expr>)>;

// The first or second region, by a 0-d truth value. Both take the inputs and give the same types.
std::vector<Expr> if_(Expr condition, std::span<const Expr> inputs, RegionRule then,
                      RegionRule otherwise);

// As long as `condition(carries, constants)` holds: carries = body(carries, constants).
std::vector<Expr> while_loop(Builder& b, std::span<const Expr> carries,
                             std::span<const Expr> constants, RegionRule condition,
                             RegionRule body);

// `length` times: carries, outputs = body(step, carries, slices of scanned, constants). Gives the
// last carries, then the outputs of all steps, stacked along a new first axis.
std::vector<Expr> scan_loop(Builder& b, Dim length, std::span<const Expr> carries,
                            std::span<const Expr> scanned, std::span<const Expr> constants,
                            RegionRule body, bool reverse = false);

// `origin`: what is differentiated instead; see prim.call.
std::vector<Expr> call_function(Builder& b, ir::Func callee, std::span<const Expr> inputs,
                                ir::Func origin = {});

// The first `results` results of `forward`, differentiated by `backward`; see prim.custom_vjp.
std::vector<Expr> custom_vjp(Builder& b, ir::Func forward, ir::Func backward, size_t results,
                             std::span<const Expr> inputs, Ints without = {});

// A kernel that somebody registered under the name `target`.
std::vector<Expr> custom_call(Builder& b, std::string_view target, std::span<const Expr> inputs,
                              std::span<const ir::Type> results, Ints numbers = {});

// The operations of `func` in the place of a call; what it returns.
std::vector<ir::Value> inline_function(Builder& b, ir::Func func,
                                       std::span<const ir::Value> arguments);

}  // namespace proa::ops
