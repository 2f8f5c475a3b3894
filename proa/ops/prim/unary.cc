// Unary primitives: one operand, a result of the same shape.

#include "proa/ops/prim/prim.h"

namespace proa::ops {

namespace {

using namespace prim;  // NOLINT: the words of the pages

constexpr double kTwoOverSqrtPi = 1.1283791670955126;
constexpr double kHalfSqrtPi = 0.8862269254527580;

// sign(z) = z / |z| turns with z: its derivative is what is left of g / |z| across the direction of
// z.
void sign_backward(Vjp& v) {
  if (!is_complex(v.in(0).dtype())) return;
  Expr s = v.result(), g = v.cotangent(), size = abs(v.in(0));
  Expr along = real(g * conj(s));
  Expr across = g - make_complex(along, zeros_like(along)) * s;
  Expr zero = compare("eq", size, 0.0);
  Expr safe = select(zero, full_like(size, 1), size);
  v.set(0, only_where(!zero, across / make_complex(safe, zeros_like(safe))));
}

void abs_backward(Vjp& v) {
  Expr g = v.cotangent(), x = v.in(0);
  if (is_complex(x.dtype())) g = make_complex(g, zeros_like(g));
  v.set(0, g * sign(x));
}

void polygamma_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) {
    for (int n : {0, 1, 3}) s.ok({T(dims, Fill::positive)}, {{"n", n}});
  }
  s.wrong({T({2})}, {}, ErrorKind::value, "required");
  s.wrong({T({2})}, {{"n", -1}}, ErrorKind::value, "at least 0");
  s.wrong({T({2})}, {{"n", 1.5}}, ErrorKind::type, "an integer");
  s.wrong({T({2})}, {{"n", "1"}}, ErrorKind::type, "an integer");
  s.wrong({T({2})}, {{"order", 1}}, ErrorKind::key, "no such argument");
  s.wrong({T(DType::i32, {2})}, {{"n", 1}}, ErrorKind::type, "dtype");
  s.wrong({T(DType::c64, {2})}, {{"n", 1}}, ErrorKind::type, "dtype");
  s.wrong({absent()}, {{"n", 1}}, ErrorKind::value, "required");
}

}  // namespace

std::vector<Page> unary_pages() {
  return {
      {.name = "neg",
       .doc = "The negative of each element, exact. Integers wrap: -INT_MIN = INT_MIN, and "
              "unsigned ones are modulo 2^bits. Zeros change their sign.\n"
              "Args:\n"
              "  x: any number.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.",
       .operands = {{.name = "x", .dtypes = kNumberSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward = [](Vjp& v) { v.set(0, -v.cotangent()); }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kNumberSet, Fill::normal>},
      {.name = "abs",
       .doc = "The magnitude of each element. Exact for reals (the sign bit is cleared; "
              "integers wrap: |INT_MIN| = INT_MIN); of a complex number the hypotenuse of its "
              "parts without undue overflow, and inf where one part is infinite even beside a "
              "NaN. Gradient: g * sign(x), 0 at 0.\n"
              "Args:\n"
              "  x: any number.\n"
              "Returns:\n"
              "  the same shape; of complex x the dtype of its parts.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  ISO C99 F.9 and G.6 (special values and branch cuts).",
       .operands = {{.name = "x", .dtypes = kNumberSet}},
       .dtypes = meets(Meet::same, Result::real_of_met),
       .shape = same_shape,
       .vjp = {.backward = abs_backward},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .samples = unary_samples<kNumberSet, Fill::normal>},
      {.name = "sign",
       .doc = "-1, 0 or 1 by the sign of a real; z / |z| of a complex number, 0 at 0. "
              "sign(NaN) is NaN, sign(-0) is -0. Gradient: 0 for reals; for complex ones the "
              "part of g / |z| across the direction of z.\n"
              "Args:\n"
              "  x: any number.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.",
       .operands = {{.name = "x", .dtypes = kNumberSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward = sign_backward},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kNumberSet, Fill::normal>},
      {.name = "floor",
       .doc = "The greatest integer that is not above x, exact. Infinities, NaN and signed "
              "zeros stay.\n"
              "Args:\n"
              "  x: floating point.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  IEEE 754-2019, 5.9.",
       .operands = {{.name = "x", .dtypes = kFloatSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = zero_gradient("it is constant between its steps"),
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kFloatSet, Fill::normal>},
      {.name = "ceil",
       .doc = "The least integer that is not below x, exact. Infinities, NaN and signed zeros "
              "stay.\n"
              "Args:\n"
              "  x: floating point.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  IEEE 754-2019, 5.9.",
       .operands = {{.name = "x", .dtypes = kFloatSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = zero_gradient("it is constant between its steps"),
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kFloatSet, Fill::normal>},
      {.name = "round",
       .doc = "The nearest integer, halves to even, exact. Infinities, NaN and signed zeros "
              "stay.\n"
              "Args:\n"
              "  x: floating point.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  IEEE 754-2019, 5.9.",
       .operands = {{.name = "x", .dtypes = kFloatSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = zero_gradient("it is constant between its steps"),
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kFloatSet, Fill::normal>},
      {.name = "sqrt",
       .doc = "The square root, correctly rounded for reals: sqrt(-0) = -0, NaN below 0. "
              "Complex: the root with real part >= 0, cut along the negative real axis, "
              "continuous from above with +0i and from below with -0i. Gradient g / (2 "
              "sqrt(x)): infinite at 0.\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  ISO C99 F.9 and G.6 (special values and branch cuts).",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward = [](Vjp& v) { v.set(0, times_conj(v.cotangent(), 0.5 / v.result())); }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kInexactSet, Fill::positive>},
      {.name = "rsqrt",
       .doc = "1 / sqrt(x) in two roundings, the root first. inf at 0, NaN below 0. Gradient: "
              "-g / 2 * rsqrt(x)^3.\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     Expr y = v.result();
                     v.set(0, times_conj(v.cotangent(), y * y * y * -0.5));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kInexactSet, Fill::positive>},
      {.name = "exp",
       .doc = "e to the power x. exp(-inf) = 0; overflow gives inf.\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  ISO C99 F.9 and G.6 (special values and branch cuts).",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward = [](Vjp& v) { v.set(0, times_conj(v.cotangent(), v.result())); }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kInexactSet, Fill::normal>},
      {.name = "expm1",
       .doc = "exp(x) - 1 without cancellation near 0; expm1(-0) = -0.\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  ISO C99 F.9 and G.6 (special values and branch cuts).",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward = [](Vjp& v) { v.set(0, times_conj(v.cotangent(), v.result() + 1)); }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kInexactSet, Fill::normal>},
      {.name = "log",
       .doc = "The natural logarithm. -inf at 0, NaN below 0. Complex: log|z| + i arg z with "
              "arg in [-pi, pi], cut along the negative real axis.\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  ISO C99 F.9 and G.6 (special values and branch cuts).",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward = [](Vjp& v) { v.set(0, v.cotangent() / conj(v.in(0))); }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kInexactSet, Fill::positive>},
      {.name = "log1p",
       .doc = "log(1 + x) without cancellation near 0; -inf at -1, NaN below, log1p(-0) = -0. "
              "Complex: the cut runs along the real axis below -1.\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  ISO C99 F.9 and G.6 (special values and branch cuts).",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward = [](Vjp& v) { v.set(0, v.cotangent() / conj(v.in(0) + 1)); }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kInexactSet, Fill::unit>},
      {.name = "sin",
       .doc = "The sine of x in radians. NaN at infinities.\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  ISO C99 F.9 and G.6 (special values and branch cuts).",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward = [](Vjp& v) { v.set(0, times_conj(v.cotangent(), cos(v.in(0)))); }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kInexactSet, Fill::normal>},
      {.name = "cos",
       .doc = "The cosine of x in radians. NaN at infinities.\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  ISO C99 F.9 and G.6 (special values and branch cuts).",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward = [](Vjp& v) { v.set(0, times_conj(v.cotangent(), -sin(v.in(0)))); }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kInexactSet, Fill::normal>},
      {.name = "tan",
       .doc = "The tangent of x in radians. NaN at infinities.\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  ISO C99 F.9 and G.6 (special values and branch cuts).",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0, times_conj(v.cotangent(), v.result() * v.result() + 1));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kInexactSet, Fill::unit>},
      {.name = "tanh",
       .doc = "The hyperbolic tangent: +-1 at +-inf, -0 at -0.\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  ISO C99 F.9 and G.6 (special values and branch cuts).",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0, times_conj(v.cotangent(), 1 - v.result() * v.result()));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kInexactSet, Fill::normal>},
      {.name = "sinh",
       .doc = "The hyperbolic sine.\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  ISO C99 F.9 and G.6 (special values and branch cuts).",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) { v.set(0, times_conj(v.cotangent(), unary("cosh", v.in(0)))); }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kInexactSet, Fill::normal>},
      {.name = "cosh",
       .doc = "The hyperbolic cosine.\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  ISO C99 F.9 and G.6 (special values and branch cuts).",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) { v.set(0, times_conj(v.cotangent(), unary("sinh", v.in(0)))); }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kInexactSet, Fill::normal>},
      {.name = "asin",
       .doc = "The inverse sine in radians, in [-pi/2, pi/2]; NaN beyond [-1, 1]. Complex: "
              "cut along the real axis beyond [-1, 1].\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  ISO C99 F.9 and G.6 (special values and branch cuts).",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0, times_conj(v.cotangent(), rsqrt((1 - v.in(0)) * (v.in(0) + 1))));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kInexactSet, Fill::unit>},
      {.name = "acos",
       .doc = "The inverse cosine in radians, in [0, pi]; NaN beyond [-1, 1]. Complex: cut "
              "along the real axis beyond [-1, 1].\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  ISO C99 F.9 and G.6 (special values and branch cuts).",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0, times_conj(v.cotangent(), -rsqrt((1 - v.in(0)) * (v.in(0) + 1))));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kInexactSet, Fill::unit>},
      {.name = "atan",
       .doc = "The inverse tangent in radians, in [-pi/2, pi/2]. Complex: cut along the "
              "imaginary axis beyond [-i, i].\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  ISO C99 F.9 and G.6 (special values and branch cuts).",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0, times_conj(v.cotangent(), 1 / (v.in(0) * v.in(0) + 1)));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kInexactSet, Fill::normal>},
      {.name = "asinh",
       .doc = "The inverse hyperbolic sine; -0 at -0. Complex: cut along the imaginary axis "
              "beyond [-i, i].\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  ISO C99 F.9 and G.6 (special values and branch cuts).",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0, times_conj(v.cotangent(), rsqrt(v.in(0) * v.in(0) + 1)));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kInexactSet, Fill::normal>},
      {.name = "acosh",
       .doc = "The inverse hyperbolic cosine; NaN below 1. Complex: cut along the real axis "
              "below 1. The derivative is written with two roots, since sqrt(z^2 - 1) has the "
              "wrong sign on half of the plane.\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  ISO C99 F.9 and G.6 (special values and branch cuts).",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0,
                           times_conj(v.cotangent(), 1 / (sqrt(v.in(0) - 1) * sqrt(v.in(0) + 1))));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kInexactSet, Fill::above_one>},
      {.name = "atanh",
       .doc = "The inverse hyperbolic tangent; +-inf at +-1, NaN beyond. Complex: cut along "
              "the real axis beyond [-1, 1].\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  ISO C99 F.9 and G.6 (special values and branch cuts).",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0, times_conj(v.cotangent(), 1 / ((1 - v.in(0)) * (v.in(0) + 1))));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kInexactSet, Fill::unit>},
      {.name = "erf",
       .doc = "The error function, 2/sqrt(pi) * integral of exp(-t^2) from 0 to x.\n"
              "Args:\n"
              "  x: floating point.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  DLMF 7.2.1.",
       .operands = {{.name = "x", .dtypes = kFloatSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     Expr x = v.in(0);
                     v.set(0, v.cotangent() * (exp(-(x * x)) * kTwoOverSqrtPi));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kFloatSet, Fill::normal>},
      {.name = "erfc",
       .doc = "1 - erf(x) without cancellation for large x.\n"
              "Args:\n"
              "  x: floating point.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  DLMF 7.2.2.",
       .operands = {{.name = "x", .dtypes = kFloatSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     Expr x = v.in(0);
                     v.set(0, v.cotangent() * (exp(-(x * x)) * -kTwoOverSqrtPi));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kFloatSet, Fill::normal>},
      {.name = "erfinv",
       .doc = "The inverse of erf: +-inf at +-1, NaN beyond.\n"
              "Args:\n"
              "  x: floating point.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  Giles 2010, Approximating the erfinv function.",
       .operands = {{.name = "x", .dtypes = kFloatSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     Expr y = v.result();
                     v.set(0, v.cotangent() * (exp(y * y) * kHalfSqrtPi));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kFloatSet, Fill::unit>},
      {.name = "lgamma",
       .doc = "log|Gamma(x)|; inf at 0 and at the negative integers. Gradient: g * "
              "polygamma(0, x).\n"
              "Args:\n"
              "  x: floating point.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  DLMF 5.2.",
       .operands = {{.name = "x", .dtypes = kFloatSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0, v.cotangent() * call1("prim.polygamma", {v.in(0)}, {{"n", 0}}));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kFloatSet, Fill::positive>},
      {.name = "polygamma",
       .doc = "The derivative of order n of the digamma function: n = 0 is digamma itself. "
              "NaN at the poles 0, -1, -2, ... where the sides differ, inf where they agree "
              "(odd n). Gradient: g * polygamma(n + 1, x).\n"
              "Args:\n"
              "  x: floating point.\n"
              "  n: the order, at least 0.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.\n"
              "Source:\n"
              "  DLMF 5.15.",
       .operands = {{.name = "x", .dtypes = kFloatSet}},
       .attrs = {{.name = "n", .lowest = 0}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0, v.cotangent() *
                                  call1("prim.polygamma", {v.in(0)}, {{"n", v.integer("n") + 1}}));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = polygamma_samples},
      {.name = "not",
       .doc = "Logical negation of booleans; of integers every bit is flipped.\n"
              "Args:\n"
              "  x: bool or integer.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.",
       .operands = {{.name = "x", .dtypes = kBitsSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = not_differentiable("bits have no derivative"),
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kBitsSet, Fill::normal>},
      {.name = "is_finite",
       .doc = "True where x is neither infinite nor NaN; a complex number is finite if both "
              "parts are.\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  bool of the same shape.\n"
              "Errors:\n"
              "  TypeError for any other dtype.",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = meets(Meet::same, Result::boolean),
       .shape = same_shape,
       .vjp = zero_gradient("a predicate is constant between its steps"),
       .decompose = primitive(),
       .sharding = kEachAxis,
       .samples = unary_samples<kInexactSet, Fill::normal>},
      {.name = "is_nan",
       .doc = "True where x is NaN; a complex number is NaN if either part is.\n"
              "Args:\n"
              "  x: floating point or complex.\n"
              "Returns:\n"
              "  bool of the same shape.\n"
              "Errors:\n"
              "  TypeError for any other dtype.",
       .operands = {{.name = "x", .dtypes = kInexactSet}},
       .dtypes = meets(Meet::same, Result::boolean),
       .shape = same_shape,
       .vjp = zero_gradient("a predicate is constant between its steps"),
       .decompose = primitive(),
       .sharding = kEachAxis,
       .samples = unary_samples<kInexactSet, Fill::normal>},
      {.name = "popcount",
       .doc = "The number of bits that are 1 in each element's two's complement.\n"
              "Args:\n"
              "  x: integers.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.",
       .operands = {{.name = "x", .dtypes = kIntSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = not_differentiable("bits have no derivative"),
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kIntSet, Fill::normal>},
      {.name = "conj",
       .doc = "The complex conjugate: the imaginary part changes its sign, exactly. Gradient: "
              "conj(g).\n"
              "Args:\n"
              "  x: complex.\n"
              "Returns:\n"
              "  a tensor of the same shape and dtype.\n"
              "Errors:\n"
              "  TypeError for any other dtype.",
       .operands = {{.name = "x", .dtypes = kComplexSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward = [](Vjp& v) { v.set(0, conj(v.cotangent())); }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0}},
       .samples = unary_samples<kComplexSet, Fill::normal>},
  };
}

}  // namespace proa::ops
