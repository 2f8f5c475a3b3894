// The render table for C: what text computes one element of a primitive from one element of each
// operand.
// Why one place: a primitive that stands here can be fused; one that does not keeps its prebuilt
// kernel.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "proa/ir/operation.h"

namespace proa::compiler::render {

// How an element of the dtype is held in a variable and in memory; f16 and bf16 are floats that
// hold a value of theirs. Empty: the dtype has no arithmetic.
std::string_view c_type(DType dtype);
std::string_view c_storage(DType dtype);

// The expression, or an empty text where the table has none for this primitive and dtype. Operands
// are names of variables.
std::string c_scalar(const ir::Operation& op, std::span<const std::string> operands);
bool c_renders(const ir::Operation& op);

// IEEE 754-2019 maximum and minimum of two variables: NaN wins, +0 is above -0.
std::string c_extreme(bool max, DType dtype, const std::string& a, const std::string& b);

// A constant of the dtype, exact.
std::string c_literal(DType dtype, const void* element);

// Between memory and variables: an element that was loaded, and a value about to be stored.
std::string c_widen(DType dtype, std::string_view stored);
std::string c_narrow(DType dtype, std::string_view value);

}  // namespace proa::compiler::render
