// Comparisons and logic: results are bool.

#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

constexpr std::string_view kNoGradient = "the result is bool";
constexpr DTypeSet kOrderedSet = kRealSet | kBoolSet;

template <int kKind>
void compared(Decompose& d) {
  constexpr std::string_view kKinds[] = {"eq", "ne", "lt", "le", "gt", "ge"};
  d.out(compare(kKinds[kKind], d.in(0), d.in(1)));
}

Expr truth(Expr x) { return x.dtype() == DType::boolean ? x : compare("ne", x, 0.0); }

template <Expr (*kRule)(Expr, Expr)>
void logical(Decompose& d) {
  d.out(kRule(truth(d.in(0)), truth(d.in(1))));
}

template <Expr (*kRule)(Expr, Expr)>
void bitwise(Decompose& d) {
  d.out(kRule(d.in(0), d.in(1)));
}

void isclose_rule(Decompose& d) {
  Expr x = d.in(0), y = d.in(1);
  if (!is_inexact(x.dtype())) {
    x = cast(x, DType::f64);
    y = cast(y, DType::f64);
  }
  Expr bound = abs(y) * d.real("rtol") + d.real("atol");
  Expr near = compare("le", abs(x - y), bound) & unary("is_finite", y);
  Expr same = compare("eq", x, y);
  Expr close = near | same;
  if (d.boolean("equal_nan")) close = close | (unary("is_nan", x) & unary("is_nan", y));
  d.out(close);
}

Expr all_of(Expr x) {
  std::vector<int> axes;
  for (int i = 0; i < x.rank(); ++i) axes.push_back(i);
  return axes.empty() ? x : reduce("and", x, axes);
}

void allclose_rule(Decompose& d) {
  Expr close = call1(
      "tensor.isclose", {d.in(0), d.in(1)},
      {{"rtol", d.real("rtol")}, {"atol", d.real("atol")}, {"equal_nan", d.boolean("equal_nan")}});
  d.out(all_of(close));
}

void scalar_shape(Infer& op) {
  (void)op.broadcast(op.dims(0), op.dims(1), "y");
  op.result(std::vector<Dim>{});
}

ir::Page comparison(std::string_view name, std::vector<std::string_view> aliases,
                    std::string_view doc, DTypeSet dtypes, DecomposeRule rule,
                    void (*samples)(SampleList&)) {
  return broadcasting({.name = name,
                       .aliases = std::move(aliases),
                       .faces = kWriting,
                       .doc = doc,
                       .dtypes = dtypes,
                       .rule = predicate(),
                       .vjp = ir::not_differentiable(kNoGradient),
                       .decompose = rule,
                       .samples = samples});
}

void refuse_tolerance(SampleList& s) {
  s.ok({T({3, 4}), T({4})});
  s.ok({T({}), T({})});
  s.ok({V(DType::f32, {4}, {1, __builtin_inf(), __builtin_nan(""), -0.0}),
        V(DType::f32, {4}, {1, __builtin_inf(), __builtin_nan(""), 0.0})},
       {{"equal_nan", true}});
  s.ok({T(DType::i32, {5}), T(DType::i32, {5})}, {{"atol", 2.0}});
  s.wrong({T({2}), T({3})}, {}, ErrorKind::shape, "size 2 does not match 3");
  s.wrong({T({2, 3}), T({2})}, {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong({T({2}), T({2})}, {{"rtol", -1.0}}, ErrorKind::value, "at least 0");
  s.wrong({T({2}), T({2})}, {{"atol", -1.0}}, ErrorKind::value, "at least 0");
  s.wrong({T({2}), T({2})}, {{"rtol", "small"}}, ErrorKind::type, "a number");
  s.wrong({T({2}), T({2})}, {{"equal_nan", 3}}, ErrorKind::type, "True or False");
  s.wrong({T({2}), absent()}, {}, ErrorKind::value, "required");
}

std::vector<ir::AttrSpec> tolerances() {
  return {{.name = "rtol", .form = AttrForm::real, .value = 1e-5, .lowest = 0},
          {.name = "atol", .form = AttrForm::real, .value = 1e-8, .lowest = 0},
          {.name = "equal_nan", .form = AttrForm::boolean, .value = false}};
}

ir::Page closeness(std::string_view name, std::string_view doc, void (*shape)(Infer&),
                   DecomposeRule rule) {
  ir::Page page = comparison(name, {}, doc, kAnySet, rule, refuse_tolerance);
  page.faces = kOperator;
  page.attrs = tolerances();
  page.shape = shape;
  return page;
}

}  // namespace

std::vector<ir::Page> comparison_pages() {
  auto any = pair_samples<Fill::normal, Fill::normal, kAnySet>;
  auto ordered = pair_samples<Fill::normal, Fill::normal, kOrderedSet>;
  auto bits = pair_samples<Fill::normal, Fill::normal, kBitsSet>;
  auto bit_page = [&](std::string_view name, std::string_view doc, DecomposeRule rule,
                      void (*samples)(SampleList&)) {
    return broadcasting({.name = name,
                         .doc = doc,
                         .dtypes = kBitsSet,
                         .vjp = ir::not_differentiable("integers have no gradient"),
                         .decompose = rule,
                         .samples = samples});
  };
  return {
      comparison("equal", {"eq"}, "x == y, elementwise. NaN equals nothing.", kAnySet, compared<0>,
                 any),
      comparison("not_equal", {"ne"}, "x != y, elementwise. NaN differs from everything.", kAnySet,
                 compared<1>, any),
      comparison("less_than", {"lt", "less"}, "x < y, elementwise.", kOrderedSet, compared<2>,
                 ordered),
      comparison("less_equal", {"le"}, "x <= y, elementwise.", kOrderedSet, compared<3>, ordered),
      comparison("greater_than", {"gt", "greater"}, "x > y, elementwise.", kOrderedSet, compared<4>,
                 ordered),
      comparison("greater_equal", {"ge"}, "x >= y, elementwise.", kOrderedSet, compared<5>,
                 ordered),
      comparison("logical_and", {}, "x and y, elementwise; a number is true where it is not zero.",
                 kAnySet, logical<operator&>, any),
      comparison("logical_or", {}, "x or y, elementwise; a number is true where it is not zero.",
                 kAnySet, logical<operator| >, any),
      comparison("logical_xor", {},
                 "Exactly one of x and y, elementwise; a number is true where it is not zero.",
                 kAnySet, logical<operator^ >, any),
      closeness("isclose",
                "|x - y| <= atol + rtol * |y|, elementwise; equal infinities are close, and NaNs "
                "where equal_nan says so.",
                broadcast_shape, isclose_rule),
      closeness("allclose", "True if isclose holds for every element: a 0-d bool tensor.",
                scalar_shape, allclose_rule),
      bit_page("bitwise_and", "x & y, elementwise.", bitwise<operator&>, bits),
      bit_page("bitwise_or", "x | y, elementwise.", bitwise<operator| >, bits),
      bit_page("bitwise_xor", "x ^ y, elementwise.", bitwise<operator^ >, bits),
      broadcasting({.name = "bitwise_left_shift",
                    .aliases = {"bitwise_shift_left"},
                    .doc = "x << y, elementwise. A shift by the width or more gives 0.",
                    .dtypes = kIntSet,
                    .vjp = ir::not_differentiable("integers have no gradient"),
                    .decompose = [](Decompose& d) { d.out(binary("shl", d.in(0), d.in(1))); },
                    .samples = pair_samples<Fill::normal, Fill::positive, kIntSet>}),
      broadcasting(
          {.name = "bitwise_right_shift",
           .aliases = {"bitwise_shift_right"},
           .doc =
               "x >> y, elementwise, keeping the sign. A shift by the width or more gives 0 or -1.",
           .dtypes = kIntSet,
           .vjp = ir::not_differentiable("integers have no gradient"),
           .decompose = [](Decompose& d) { d.out(binary("shr", d.in(0), d.in(1))); },
           .samples = pair_samples<Fill::normal, Fill::positive, kIntSet>}),
      elementwise({.name = "logical_not",
                   .doc = "not x, elementwise; a number is true where it is not zero.",
                   .dtypes = kAnySet,
                   .rule = predicate(),
                   .vjp = ir::not_differentiable(kNoGradient),
                   .decompose = [](Decompose& d) { d.out(!truth(d.in(0))); },
                   .samples = single_samples<Fill::normal, kAnySet>}),
      elementwise({.name = "bitwise_not",
                   .aliases = {"bitwise_invert"},
                   .doc = "~x, bit by bit; of bool: not.",
                   .dtypes = kBitsSet,
                   .vjp = ir::not_differentiable("integers have no gradient"),
                   .decompose = [](Decompose& d) { d.out(!d.in(0)); },
                   .samples = single_samples<Fill::normal, kBitsSet>}),
  };
}

}  // namespace proa::ops
