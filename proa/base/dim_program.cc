#include "proa/base/dim_program.h"

#include <algorithm>

#include "proa/base/error.h"

namespace proa {
namespace {

constexpr uint32_t kInlineRegisters = 256;

bool is_check(DimOp op) { return op >= DimOp::check_eq; }

[[noreturn]] void fail(const char* what) { throw UserError(ErrorKind::value, "dim", "", what); }
[[noreturn]] void fail_overflow() { fail("64-bit overflow in the size of a tensor"); }
[[noreturn]] void fail_division() { fail("division by 0 in the size of a tensor"); }

int64_t add(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_add_overflow(a, b, &result)) [[unlikely]]
    fail_overflow();
  return result;
}
int64_t multiply(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_mul_overflow(a, b, &result)) [[unlikely]]
    fail_overflow();
  return result;
}
int64_t floordiv(int64_t a, int64_t b) {
  if (b == 0) [[unlikely]]
    fail_division();
  if (b == -1) return a == INT64_MIN ? multiply(a, b) : -a;
  int64_t q = a / b;
  return (a % b != 0 && ((a < 0) != (b < 0))) ? q - 1 : q;
}
int64_t mod(int64_t a, int64_t b) {
  if (b == 0) [[unlikely]]
    fail_division();
  if (b == -1) return 0;
  int64_t r = a % b;
  return (r != 0 && ((r < 0) != (b < 0))) ? r + b : r;
}

}  // namespace

int DimProgram::eval(const int64_t* input_values, int64_t* out) const {
  int64_t few[kInlineRegisters];
  std::vector<int64_t> many;
  int64_t* registers = few;
  size_t most = inputs + constants.size() + code.size();
  if (most > kInlineRegisters) {
    many.resize(most);
    registers = many.data();
  }
  std::copy_n(input_values, inputs, registers);
  std::copy(constants.begin(), constants.end(), registers + inputs);
  int64_t* next = registers + inputs + constants.size();
  for (const DimInstruction& i : code) {
    int64_t a = registers[i.a], b = registers[i.b];
    switch (i.op) {
      case DimOp::add: *next++ = add(a, b); break;
      case DimOp::multiply: *next++ = multiply(a, b); break;
      case DimOp::multiply_add: *next++ = add(a, multiply(b, registers[i.c])); break;
      case DimOp::floordiv: *next++ = floordiv(a, b); break;
      case DimOp::mod: *next++ = mod(a, b); break;
      case DimOp::max: *next++ = std::max(a, b); break;
      case DimOp::min: *next++ = std::min(a, b); break;
      case DimOp::check_eq:
        if (a != b) [[unlikely]]
          return static_cast<int>(i.c);
        break;
      case DimOp::check_ge:
        if (a < b) [[unlikely]]
          return static_cast<int>(i.c);
        break;
      case DimOp::check_divisible:
        if (b == 0 || mod(a, b) != 0) [[unlikely]]
          return static_cast<int>(i.c);
        break;
    }
  }
  for (size_t i = 0; i < outputs.size(); ++i) out[i] = registers[outputs[i]];
  return -1;
}

void DimProgram::verify() const {
  auto bad = [](const char* what) { throw UserError(ErrorKind::io, "dim program", "", what); };
  size_t written = size_t{inputs} + constants.size();
  if (written + code.size() > UINT32_MAX) bad("too many registers");
  for (const DimInstruction& i : code) {
    if (static_cast<int>(i.op) >= kDimOps) bad("an unknown instruction");
    if (i.a >= written || i.b >= written) bad("a register read before it is written");
    if (i.op == DimOp::multiply_add && i.c >= written) bad("a register read before it is written");
    if (is_check(i.op)) {
      if (i.c > INT32_MAX) bad("a guard with a number beyond int32");
    } else {
      ++written;
    }
  }
  for (uint32_t output : outputs) {
    if (output >= written) bad("an output that is not written");
  }
}

}  // namespace proa
