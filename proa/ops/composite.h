// The words that pages of composites share: elementwise and broadcasting operators, their wrong
// cases. Why: a family should show what is particular to each operator, and say the common things
// once.
#pragma once

#include <string_view>
#include <vector>

#include "proa/ops/prim/prim.h"

namespace proa::ops {

using namespace prim;  // NOLINT: composites are written in the same words
using ir::by_decomposition;
using ir::Decompose;
using ir::DecomposeRule;
using ir::Face;
using ir::number;
using ir::OperandSpec;
using ir::predicate;
using ir::promote;
using ir::promote_float;
using ir::VjpRule;

inline constexpr uint32_t kOperator = ir::kTop | ir::kMethod;
inline constexpr uint32_t kWriting = kOperator | ir::kInplace;

// `extent` is a multiple of `n`, or a UserError(shape); where it is a symbol, a guard.
template <class Message>
void expect_divisible(Infer& op, Dim extent, int64_t n, std::string_view argument,
                      const Message& message) {
  if (extent.is_const() ? extent.constant() % n != 0
                        : !op.facts().require_divisible(extent, n, message())) {
    op.fail(ErrorKind::shape, argument, message());
  }
}

// The result has the operands' dims broadcast together (NumPy's rule).
void broadcast_shape(Infer& op);

// Operands as pages name them: Paddle's x and y, PyTorch's input and other.
OperandSpec operand_x(DTypeSet dtypes, bool number = false);
OperandSpec operand_y(DTypeSet dtypes, bool number = true);

// One tensor in, one of the same dims out.
struct Elementwise {
  std::string_view name;
  std::vector<std::string_view> aliases = {};
  uint32_t faces = kWriting;
  std::string_view doc;
  DTypeSet dtypes = kNumberSet;
  DTypeRule rule = ir::promote();
  VjpRule vjp = {.decomposed = true};
  DecomposeRule decompose = nullptr;
  void (*samples)(SampleList&) = nullptr;
};
ir::Page elementwise(Elementwise parts);

// Two tensors (or a tensor and a number) broadcast together.
ir::Page broadcasting(Elementwise parts);

// Legal cases of a broadcasting pair, and what it refuses.
void broadcast_samples(SampleList& s, Fill x, Fill y, DTypeSet dtypes);
template <Fill kX, Fill kY, DTypeSet kLegal>
void pair_samples(SampleList& s) {
  broadcast_samples(s, kX, kY, kLegal);
}
// Wrong cases for elementwise operators of one tensor that takes no attributes.
void refuse_elementwise(SampleList& s, DTypeSet legal);
template <Fill kFill, DTypeSet kLegal>
void single_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) s.ok({T(dims, kFill)});
  refuse_elementwise(s, kLegal);
}

}  // namespace proa::ops
