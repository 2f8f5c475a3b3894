// The dialect "signal": one operator, written as a page, and one pass. See README.md beside it.
//
// signal.blend mixes neighbours along an axis:
//
//   y[i] = (1 - weight) * x[i] + weight * x[i + 1]

#include "proa/ir/dialect.h"
#include "proa/ir/rewriter.h"
#include "proa/ir/rules.h"
#include "proa/ir/samples.h"
#include "proa/ops/expr.h"

namespace {

using namespace proa;       // NOLINT: a tutorial
using namespace proa::ir;   // NOLINT
using namespace proa::ops;  // NOLINT

// The shape rule. The axis is one element shorter, and must have one to lose: a symbolic size that
// may be 0 becomes a check when the program is called.
void blend_shape(Infer& op) {
  int axis = op.axis("axis", op.rank(0));
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  Dim& size = dims[static_cast<size_t>(axis)];
  op.require_ge(size, 1, "x",
                str("axis ", axis, " of ", to_string(op.dims(0)), " has no neighbours to blend"));
  size = size - 1;
  op.result(dims);
}

// What it means in primitives. Gradients, kernels and sharding follow from these two lines.
void blend_decompose(Decompose& op) {
  Expr x = op.in(0);
  int axis = op.axis("axis", x.rank());
  double weight = op.real("weight");
  Expr here = slice_axis(x, axis, 0, x.dim(axis) - 1);
  Expr next = slice_axis(x, axis, 1, x.dim(axis));
  op.out(here * (1 - weight) + next * weight);
}

// Legal and wrong uses, from which tests draw their cases.
void blend_samples(SampleList& samples) {
  samples.ok({T({5})}, {{"axis", 0}});
  samples.ok({T({3, 4})}, {{"axis", -1}, {"weight", 0.25}});
  samples.ok({T({1, 2})}, {{"axis", 0}});
  samples.wrong({T({3})}, {{"axis", 1}}, ErrorKind::index, "out of range");
  samples.wrong({T({3})}, {{"axis", 0}, {"weight", 2.0}}, ErrorKind::value, "in [0, 1]");
}

Page blend_page() {
  return {.name = "blend",
          .doc = "Mixes neighbours along an axis: y[i] = (1 - weight) * x[i] + weight * x[i + 1].",
          .operands = {{.name = "x", .dtypes = kFloatSet}},
          .attrs =
              {{.name = "axis", .form = AttrForm::axis, .value = -1},
               {.name = "weight", .form = AttrForm::real, .value = 0.5, .lowest = 0, .highest = 1}},
          .shape = blend_shape,
          .vjp = by_decomposition(),
          .decompose = blend_decompose,
          .samples = blend_samples};
}

// blend(neg(x)) -> neg(blend(x)): rounding is symmetric in sign, so not a bit changes, and signs
// that meet further down cancel.
bool sink_sign(Operation& op, Rewriter& rewriter) {
  Operation* negation = op.operand(0).definer();
  if (negation == nullptr || !negation->is("prim.neg")) return false;
  Operation* parts[] = {negation, &op};
  rewriter.fuse_locations(parts);
  Value x = negation->operand(0);
  Value blended = rewriter.create("signal.blend", std::span(&x, 1), op.attrs())->result();
  rewriter.replace(op, rewriter.create("prim.neg", std::span(&blended, 1))->result());
  return true;
}

bool cancel_signs(Operation& op, Rewriter& rewriter) {
  Operation* inner = op.operand(0).definer();
  if (inner == nullptr || !inner->is("prim.neg")) return false;
  rewriter.replace(op, inner->operand(0));
  return true;
}

void sink_signs(Module& module, PassContext& context) {
  PatternSet patterns;
  patterns.add({"sink-sign", "signal.blend", 1, sink_sign, {"signal.blend", "prim.neg"}});
  patterns.add({"cancel-signs", "prim.neg", 1, cancel_signs, {}});
  rewrite_greedily(module, patterns, context);
}

const PassRegistration kSinkSigns({"signal-sink-signs",
                                   "moves negations behind signal.blend, where they may cancel",
                                   sink_signs});

}  // namespace

// The entry by which a program takes the dialect in.
extern "C" __attribute__((visibility("default"))) void proa_register_dialect(Context* context) {
  auto dialect = std::make_unique<Dialect>(*context, "signal");
  dialect->add_page(std::make_shared<const Page>(blend_page()), Trait::pure | Trait::composite);
  context->add_dialect(std::move(dialect));
}
