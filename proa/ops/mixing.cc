// Numbers put together: interpolation, complex numbers from parts, step functions.

#include <algorithm>

#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

constexpr DTypeSet kPartSet = static_cast<DTypeSet>(bit(DType::f32) | bit(DType::f64));

// The form that is exact at both ends.
void lerp_rule(Decompose& d) {
  Expr x = d.in(0), y = d.in(1), w = d.in(2), near_y = y - (y - x) * (1.0 - w), near_x = x + w * (y - x);
  d.out(is_complex(x.dtype()) ? near_x : select(compare("lt", w, 0.5), near_x, near_y));
}

void complex_rule(Decompose& d) { d.out(make_complex(d.in(0), d.in(1))); }

void as_complex_shape(Infer& op) {
  auto message = [&] { return str("expected a last axis of size 2 (real and imaginary part), got shape ", to_string(op.dims(0))); };
  if (op.rank(0) == 0) op.fail(ErrorKind::shape, "x", message());
  expect_eq(op, op.dim(0, -1), 2, "x", message);
  op.result(op.dims(0).first(op.dims(0).size() - 1));
}

void as_complex_rule(Decompose& d) {
  Expr x = d.in(0);
  int last = x.rank() - 1;
  auto part = [&](int64_t i) { return reshape(slice_axis(x, last, i, i + 1), d.result_type().dims()); };
  d.out(make_complex(part(0), part(1)));
}

void as_real_shape(Infer& op) {
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  dims.emplace_back(2);
  op.result(dims);
}

void as_real_rule(Decompose& d) {
  Expr x = d.in(0);
  Expr parts[] = {unsqueeze(real(x), -1), unsqueeze(imag(x), -1)};
  d.out(concat(parts, x.rank()));
}

void polygamma_rule(Decompose& d) { d.out(call1("prim.polygamma", {d.in(0)}, {{"n", d.integer("n")}})); }

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
  s.wrong({T(DType::i32, {3}), T(DType::i32, {3}), T(DType::i32, {})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::boolean, {3}), T(DType::f32, {3}), T(DType::f32, {})}, {}, ErrorKind::type, "dtype");
}

void complex_samples(SampleList& s) {
  for (DType t : {DType::f32, DType::f64}) {
    s.ok({T(t, {3}), T(t, {3})});
    s.ok({T(t, {2, 1}), T(t, {3})});
    s.ok({T(t, {}), T(t, {0})});
  }
  s.wrong({T(DType::f32, {3}), T(DType::f32, {2})}, {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong({T(DType::c64, {3}), T(DType::f32, {3})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::i32, {3}), T(DType::i32, {3})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::f16, {3}), T(DType::f16, {3})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::f32, {3}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({absent(), T(DType::f32, {3})}, {}, ErrorKind::value, "required");
}

void as_complex_samples(SampleList& s) {
  s.ok({T(DType::f32, {2})});
  s.ok({T(DType::f64, {3, 2})});
  s.ok({T(DType::f32, {0, 2})});
  s.wrong({T(DType::f32, {3})}, {}, ErrorKind::shape, "size 2");
  s.wrong({T(DType::f32, {2, 1})}, {}, ErrorKind::shape, "size 2");
  s.wrong({T(DType::f32, {})}, {}, ErrorKind::shape, "size 2");
  s.wrong({T(DType::c64, {2})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::f16, {2})}, {}, ErrorKind::type, "dtype");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
}

void as_real_samples(SampleList& s) {
  for (DType t : {DType::c64, DType::c128}) {
    s.ok({T(t, {})});
    s.ok({T(t, {3, 2})});
    s.ok({T(t, {0})});
  }
  refuse_elementwise(s, kComplexSet);
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
  OperandSpec part_x = {.name = "real", .dtypes = kPartSet}, part_y = {.name = "imag", .dtypes = kPartSet};
  return {
      {.name = "lerp", .faces = kWriting, .doc = "x + weight * (y - x), exactly x at weight 0 and y at 1; all three are broadcast together.",
       .operands = {operand_x(kInexactSet), {.name = "y", .aliases = {"end", "other"}, .dtypes = kInexactSet}, {.name = "weight", .dtypes = kInexactSet, .number = true}},
       .shape = broadcast_shape, .vjp = by_decomposition(), .decompose = lerp_rule, .sharding = kEachAxis3, .samples = lerp_samples},
      {.name = "complex", .faces = ir::kTop, .doc = "real + i * imag, broadcast together.", .operands = {part_x, part_y}, .dtypes = meets(Meet::promote, Result::complex_of_met),
       .shape = broadcast_shape, .vjp = by_decomposition(), .decompose = complex_rule, .sharding = kEachAxis2, .samples = complex_samples},
      {.name = "as_complex", .faces = kOperator, .doc = "Pairs (real, imaginary) along the last axis as complex numbers.", .operands = {operand_x(kPartSet)},
       .dtypes = meets(Meet::promote, Result::complex_of_met), .shape = as_complex_shape, .vjp = by_decomposition(), .decompose = as_complex_rule, .sharding = "... p -> ...; p: whole",
       .samples = as_complex_samples},
      {.name = "as_real", .faces = kOperator, .doc = "Real and imaginary part along a new last axis.", .operands = {operand_x(kComplexSet)}, .dtypes = meets(Meet::promote, Result::real_of_met),
       .shape = as_real_shape, .vjp = by_decomposition(), .decompose = as_real_rule, .sharding = "... -> ... p", .samples = as_real_samples},
      {.name = "polygamma", .faces = kWriting, .doc = "The n-th derivative of digamma; n = 0 is digamma. Integers become the default float.", .operands = {operand_x(kRealSet)},
       .attrs = {{.name = "n", .form = AttrForm::integer, .lowest = 0}}, .dtypes = promote_float(), .shape = same_dims, .vjp = by_decomposition(), .decompose = polygamma_rule,
       .sharding = kEachAxis, .samples = polygamma_samples},
      broadcasting({.name = "heaviside", .faces = kOperator, .doc = "0 where x is negative, y where it is 0, 1 where it is positive; NaN stays.", .dtypes = kRealSet, .decompose = heaviside_rule,
                    .samples = pair_samples<Fill::normal, Fill::normal, kRealSet>}),
  };
}

}  // namespace proa::ops
