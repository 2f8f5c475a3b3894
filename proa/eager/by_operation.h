// A function run one operation at a time, each as a program of its own on prebuilt kernels.
// Why: whoever looks for the first operation that went wrong must see every value on the way.
#pragma once

#include <span>
#include <vector>

#include "proa/base/function_ref.h"
#include "proa/ir/module.h"
#include "proa/runtime/array.h"

namespace proa::eager {

// The operation as a function of its operands, added to a module.
ir::Func alone(const ir::Operation& op, const ir::Module& from, ir::Module& to);

using OperationVisitor =
    FunctionRef<void(const ir::Operation& op, std::span<const runtime::Array> in,
                     std::span<const runtime::Array> out)>;

// `sizes` are the values of `symbols`. Returns the function's results.
std::vector<runtime::Array> run_by_operation(const ir::Module& module, ir::Func func,
                                             std::span<const runtime::Array> inputs,
                                             std::span<const ir::Dim> symbols,
                                             std::span<const int64_t> sizes,
                                             OperationVisitor visit);

// Throws UserError(value) naming the first operation that makes what is not finite of finite
// operands, and the user's line.
void require_finite(const ir::Module& module, ir::Func func, std::span<const runtime::Array> inputs,
                    std::span<const ir::Dim> symbols, std::span<const int64_t> sizes);

// The same for one call that has run.
void require_finite(std::string_view name, std::span<const runtime::Array> inputs,
                    std::span<const runtime::Array> outputs, std::string_view location);

}  // namespace proa::eager
