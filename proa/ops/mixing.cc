// Interpolation, step functions and derivatives of digamma.

#include <algorithm>

#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

// The form that is exact at both ends.
void lerp_rule(Decompose& d) {
  Expr x = d.in(0), y = d.in(1), w = d.in(2), near_y = y - (y - x) * (1.0 - w),
       near_x = x + w * (y - x);
  d.out(is_complex(x.dtype()) ? near_x : select(compare("lt", w, 0.5), near_x, near_y));
}

void polygamma_rule(Decompose& d) {
  d.out(call1("prim.polygamma", {d.in(0)}, {{"n", d.integer("n")}}));
}

void same_dims(Infer& op) { op.result(op.dims(0)); }

void heaviside_rule(Decompose& d) {
  Expr x = d.in(0), step = cast(compare("gt", x, 0.0), x.dtype());
  Expr y = select(compare("eq", x, 0.0), d.in(1), step);
  if (is_float(x.dtype())) y = select(unary("is_nan", x), x, y);
  d.out(y);
}

void lerp_samples(SampleList& s) {
  s.ok({T({3}), T({3}), T({3}, Fill::unit)});
  s.ok({T({2, 3}), T({3}), ir::number(0.25)});
  s.ok({T({2, 1}), T({1, 3}), T({})});
  s.ok({T({0}), T({0}), ir::number(1)});
  s.wrong({T({3}), T({4}), T({})}, {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong({T({3}), T({3}), T({2})}, {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong({T({3}), T({3}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({3}), absent(), T({})}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::i32, {3}), T(DType::i32, {3}), T(DType::i32, {})}, {}, ErrorKind::type,
          "dtype");
  s.wrong({T(DType::boolean, {3}), T(DType::f32, {3}), T(DType::f32, {})}, {}, ErrorKind::type,
          "dtype");
}

void polygamma_samples(SampleList& s) {
  for (int n : {0, 1, 3}) s.ok({T({4}, Fill::positive)}, {{"n", n}});
  s.ok({T({2, 0}, Fill::positive)}, {{"n", 1}});
  s.wrong({T({2})}, {}, ErrorKind::value, "required");
  s.wrong({T({2})}, {{"n", -1}}, ErrorKind::value, "at least 0");
  s.wrong({T({2})}, {{"n", 1.5}}, ErrorKind::type, "an integer");
  s.wrong({T({2})}, {{"n", "1"}}, ErrorKind::type, "an integer");
  s.wrong({T({2})}, {{"order", 1}}, ErrorKind::key, "no such argument");
  s.wrong({T(DType::c64, {2})}, {{"n", 1}}, ErrorKind::type, "dtype");
}

}  // namespace

std::vector<ir::Page> mixing_pages() {
  ir::Page heaviside = broadcasting(
      {.name = "heaviside",
       .faces = kOperator,
       .doc = "0 where x is negative, y where it is 0, 1 where it is positive; NaN stays.",
       .dtypes = kRealSet,
       .decompose = heaviside_rule,
       .samples = pair_samples<Fill::normal, Fill::normal, kRealSet>});
  heaviside.operands[1].aliases.emplace_back("values");
  return {
      {.name = "lerp",
       .faces = kWriting,
       .doc = "x + weight * (y - x), exactly x at weight 0 and y at 1; all three are broadcast "
              "together.",
       .operands = {operand_x(kInexactSet),
                    {.name = "y", .aliases = {"end", "other"}, .dtypes = kInexactSet},
                    {.name = "weight", .dtypes = kInexactSet, .number = true}},
       .shape = broadcast_shape,
       .vjp = by_decomposition(),
       .decompose = lerp_rule,
       .sharding = kEachAxis3,
       .samples = lerp_samples},
      {.name = "polygamma",
       .faces = kWriting,
       .doc =
           "The n-th derivative of digamma; n = 0 is digamma. Integers become the default float.",
       .operands = {operand_x(kRealSet)},
       .attrs = {{.name = "n", .form = AttrForm::integer, .lowest = 0}},
       .dtypes = promote_float(),
       .shape = same_dims,
       .vjp = by_decomposition(),
       .decompose = polygamma_rule,
       .sharding = kEachAxis,
       .samples = polygamma_samples},
      heaviside,
  };
}

}  // namespace proa::ops
