// DimProgram: a flat straight-line program over int64 that computes sizes and checks guards.
// Why: at call time all dims, strides and launch sizes come from the extents of the inputs in one
// sweep, with no expression tree and nothing of the compiler in sight.
#pragma once

#include <cstdint>
#include <vector>

namespace proa {

enum class DimOp : uint8_t {
  add,           // a + b
  multiply,      // a * b
  multiply_add,  // a + b * c
  floordiv,      // a / b, rounded towards minus infinity
  mod,           // a - b * floordiv(a, b)
  max,
  min,
  check_eq,         // a == b; c is the number of the guard, for this and the two below
  check_ge,         // a >= b
  check_divisible,  // b != 0 and b divides a
};
constexpr int kDimOps = 10;

struct DimInstruction {
  DimOp op = DimOp::add;
  uint32_t a = 0, b = 0, c = 0;  // registers
  bool operator==(const DimInstruction&) const = default;
};

// Registers are numbered: the inputs, the constants, then the result of each instruction that is
// not a check, in order. Plain data: a saved program holds it as it is.
struct DimProgram {
  uint32_t inputs = 0;
  std::vector<int64_t> constants;
  std::vector<DimInstruction> code;
  std::vector<uint32_t> outputs;  // a register each

  // Fills outputs.size() values. Returns -1, or the number of the first guard that fails (`out` is
  // then unfinished). Throws UserError(value) on overflow and on a division by 0. A program that
  // did not come from the compiler must have passed verify().
  int eval(const int64_t* input_values, int64_t* out) const;

  // Throws UserError(io) unless every register is written before it is read.
  void verify() const;

  bool operator==(const DimProgram&) const = default;
};

}  // namespace proa
