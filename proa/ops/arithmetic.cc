// Arithmetic of tensors and numbers: the operators behind + - * / // % ** and their kin.

#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

template <Expr (*kRule)(Expr, Expr)>
void pairwise(Decompose& d) {
  d.out(kRule(d.in(0), d.in(1)));
}

Expr sum_of(Expr x, Expr y) { return x.dtype() == DType::boolean ? x | y : x + y; }
Expr product_of(Expr x, Expr y) { return x.dtype() == DType::boolean ? x & y : x * y; }

// floor(x / y) for floats is by the remainder, so that x == y * floor_divide + remainder holds as
// in Python (Python's float_divmod).
Expr floored(Expr x, Expr y) {
  if (!is_float(x.dtype())) return x / y;
  Expr rem = binary("rem", x, y);
  Expr whole = x - rem;  // beyond the largest number where the signs differ and both are huge
  Expr quotient = unary("round", select(unary("is_finite", whole), whole / y, x / y - rem / y));
  // An infinite y leaves x as the remainder, or y itself where the signs differ: the quotient is 0
  // or -1, and not (x - y) / y.
  Expr beyond = compare("eq", abs(y), __builtin_inf()) & unary("is_finite", x);
  quotient =
      select(beyond, select(compare("eq", rem, x), zero_like(x), zero_like(x) - 1.0), quotient);
  return select(compare("eq", y, 0.0), x / y, quotient);
}

// Where the larger is chosen, NaN loses against a number; two NaNs stay NaN.
template <Expr (*kRule)(Expr, Expr)>
Expr ignoring_nan(Expr x, Expr y) {
  if (!is_inexact(x.dtype())) return kRule(x, y);
  return select(unary("is_nan", x), y, select(unary("is_nan", y), x, kRule(x, y)));
}

Expr larger(Expr x, Expr y) { return x.dtype() == DType::boolean ? x | y : maximum(x, y); }
Expr smaller(Expr x, Expr y) { return x.dtype() == DType::boolean ? x & y : minimum(x, y); }

Expr exponentials_added(Expr x, Expr y) {
  // max + log1p(exp(-|x - y|)); equal infinities would give inf - inf.
  Expr m = maximum(x, y);
  Expr gap = select(compare("eq", x, y), full_like(x, 0) + zeros_like(y), abs(x - y));
  return m + unary("log1p", exp(-gap));
}

Expr hypotenuse(Expr x, Expr y) {
  Expr a = abs(x), b = abs(y);
  Expr large = maximum(a, b), small = minimum(a, b);
  Expr safe = select(compare("eq", large, 0.0), full_like(large, 1), large);
  Expr ratio = select(compare("eq", small, large), full_like(large, 1), small / safe);
  Expr length = large * sqrt(ratio * ratio + 1);
  // An infinite leg makes the length infinite even beside NaN (C99, F.10.4.3).
  Expr infinite = compare("eq", a, __builtin_inf()) | compare("eq", b, __builtin_inf());
  return select(infinite, full_like(length, __builtin_inf()), length);
}

Expr signed_like(Expr x, Expr y) {
  Expr negative = compare("lt", y, 0.0) | compare("lt", full_like(y, 1) / y, 0.0);
  Expr a = abs(x);
  return select(negative, -a, a);
}

void copysign_rule(Decompose& d) { d.out(signed_like(d.in(0), d.in(1))); }

Expr scaled_by_power(Expr x, Expr y) { return x * pow(full_like(y, 2), y); }

void power_rule(Decompose& d) {
  Expr x = d.in(0), y = d.in(1);
  d.out(x.dtype() == DType::boolean ? x | !y : pow(x, y));
}

constexpr DTypeSet kOrderedSet = kRealSet | kBoolSet;

void integer_pair(SampleList& s) {
  for (const auto& dims : usual_dims()) s.ok({T(dims), T(dims, Fill::positive)});
  s.ok({T({3, 1}), T({4}, Fill::positive)});
  s.ok({T(DType::i64, {5}), V(DType::i64, {5}, {-3, -2, 0, 2, 3})}).note = "division by zero";
  broadcast_samples(s, Fill::normal, Fill::positive, kRealSet);
}

void power_samples(SampleList& s) {
  broadcast_samples(s, Fill::positive, Fill::positive, kAnySet);
  s.ok({T({4}, Fill::positive), number(2)});
  s.ok({T({4}, Fill::positive), number(0.5)});
  s.ok({V(DType::f32, {4}, {0, 0, 1, -2}), V(DType::f32, {4}, {0, 2, -1, 3})}).gradient = false;
}

}  // namespace

std::vector<ir::Page> arithmetic_pages() {
  return {
      broadcasting({.name = "add",
                    .faces = kWriting,
                    .doc = "x + y, elementwise. bool: or. Integers wrap.",
                    .dtypes = kAnySet,
                    .decompose = pairwise<sum_of>,
                    .samples = pair_samples<Fill::normal, Fill::normal, kAnySet>}),
      broadcasting({.name = "subtract",
                    .aliases = {"sub"},
                    .doc = "x - y, elementwise. Integers wrap.",
                    .dtypes = kNumberSet,
                    .decompose = pairwise<(operator-)>,
                    .samples = pair_samples<Fill::normal, Fill::normal, kNumberSet>}),
      broadcasting({.name = "multiply",
                    .aliases = {"mul"},
                    .doc = "x * y, elementwise. bool: and. Integers wrap.",
                    .dtypes = kAnySet,
                    .decompose = pairwise<product_of>,
                    .samples = pair_samples<Fill::normal, Fill::normal, kAnySet>}),
      broadcasting({.name = "divide",
                    .aliases = {"div", "true_divide"},
                    .doc = "x / y, elementwise. Integers and bool become the default float first. "
                           "Division by zero gives an infinity or NaN, as in IEEE 754.",
                    .dtypes = kAnySet,
                    .rule = promote_float(),
                    .decompose = pairwise<operator/ >,
                    .samples = pair_samples<Fill::normal, Fill::positive, kAnySet>}),
      broadcasting({.name = "floor_divide",
                    .doc = "The largest integer not above x / y, elementwise, as Python's //. "
                           "Integers: division by zero gives 0.",
                    .dtypes = kRealSet,
                    .vjp = ir::zero_gradient("constant between its steps"),
                    .decompose = pairwise<floored>,
                    .samples = integer_pair}),
      broadcasting({.name = "remainder",
                    .aliases = {"mod", "floor_mod"},
                    .doc = "x - y * floor(x / y), elementwise, with the sign of y, as Python's %. "
                           "Integers: the remainder by zero is 0; floats: NaN.",
                    .dtypes = kRealSet,
                    .decompose = [](Decompose& d) { d.out(binary("rem", d.in(0), d.in(1))); },
                    .samples = integer_pair}),
      broadcasting({.name = "pow",
                    .aliases = {"elementwise_pow"},
                    .doc = "x to the power of y, elementwise. 0 ** 0 is 1. Integers wrap; a "
                           "negative power of an "
                           "integer is 0, but for bases 1 and -1.",
                    .dtypes = kAnySet,
                    .decompose = power_rule,
                    .samples = power_samples}),
      broadcasting({.name = "maximum",
                    .doc = "The larger of x and y, elementwise. NaN wins. Where both are equal, "
                           "each takes half of the gradient.",
                    .dtypes = kOrderedSet,
                    .decompose = pairwise<larger>,
                    .samples = pair_samples<Fill::distinct, Fill::distinct, kOrderedSet>}),
      broadcasting({.name = "minimum",
                    .doc = "The smaller of x and y, elementwise. NaN wins. Where both are equal, "
                           "each takes half of the gradient.",
                    .dtypes = kOrderedSet,
                    .decompose = pairwise<smaller>,
                    .samples = pair_samples<Fill::distinct, Fill::distinct, kOrderedSet>}),
      broadcasting({.name = "fmax",
                    .doc = "The larger of x and y, elementwise. A number wins against NaN.",
                    .dtypes = kOrderedSet,
                    .decompose = pairwise<ignoring_nan<larger>>,
                    .samples = pair_samples<Fill::distinct, Fill::distinct, kOrderedSet>}),
      broadcasting({.name = "fmin",
                    .doc = "The smaller of x and y, elementwise. A number wins against NaN.",
                    .dtypes = kOrderedSet,
                    .decompose = pairwise<ignoring_nan<smaller>>,
                    .samples = pair_samples<Fill::distinct, Fill::distinct, kOrderedSet>}),
      broadcasting({.name = "atan2",
                    .aliases = {"arctan2"},
                    .doc = "The angle of the point (y, x), elementwise: arctan of x / y in the "
                           "right quadrant, in radians. "
                           "Note the order: the first argument is the ordinate.",
                    .dtypes = kRealSet | kBoolSet,
                    .rule = promote_float(),
                    .decompose = [](Decompose& d) { d.out(binary("atan2", d.in(0), d.in(1))); },
                    .samples = pair_samples<Fill::positive, Fill::positive, kRealSet | kBoolSet>}),
      broadcasting({.name = "logaddexp",
                    .doc = "log(exp(x) + exp(y)), elementwise, without overflow.",
                    .dtypes = kRealSet,
                    .rule = promote_float(),
                    .decompose = pairwise<exponentials_added>,
                    .samples = pair_samples<Fill::normal, Fill::distinct, kRealSet>}),
      broadcasting({.name = "hypot",
                    .doc = "sqrt(x * x + y * y), elementwise, without overflow.",
                    .dtypes = kRealSet,
                    .rule = promote_float(),
                    .decompose = pairwise<hypotenuse>,
                    .samples = pair_samples<Fill::positive, Fill::distinct, kRealSet>}),
      broadcasting(
          {.name = "copysign",
           .doc = "The magnitude of x with the sign of y, elementwise; -0.0 counts as negative.",
           .dtypes = kRealSet,
           .rule = promote_float(),
           .decompose = copysign_rule,
           .samples = pair_samples<Fill::positive, Fill::positive, kRealSet>}),
      broadcasting({.name = "ldexp",
                    .doc = "x * 2 ** y, elementwise.",
                    .dtypes = kRealSet,
                    .rule = promote_float(),
                    .decompose = pairwise<scaled_by_power>,
                    .samples = pair_samples<Fill::normal, Fill::positive, kRealSet>}),
  };
}

}  // namespace proa::ops
