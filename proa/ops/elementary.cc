// Elementary functions of one tensor.

#include "proa/ops/casting.h"

namespace proa::ops {

namespace {

constexpr double kLn2 = 0.69314718055994530942, kLn10 = 2.30258509299404568402;
constexpr double kPi = 3.14159265358979323846;

struct Name {
  char text[16];
  constexpr Name(const char* from) : text{} {
    for (int i = 0; from[i] != 0; ++i) text[i] = from[i];
  }
};
template <Name kName>
void by(Decompose& d) {
  d.out(unary(kName.text, d.in(0)));
}

template <Fill kFill, DTypeSet kLegal>
ir::Page function(std::string_view name, std::vector<std::string_view> aliases, DTypeSet,
                  std::string_view doc, DecomposeRule rule) {
  return elementwise({.name = name,
                      .aliases = std::move(aliases),
                      .faces = kWriting,
                      .doc = doc,
                      .dtypes = kLegal,
                      .rule = promote_float(),
                      .decompose = rule,
                      .samples = single_samples<kFill, kLegal>});
}

// Steps: exact on integers, which they leave alone.
template <Name kName>
void step(Decompose& d) {
  Expr x = d.in(0);
  d.out(is_float(x.dtype()) ? unary(kName.text, x) : x);
}

ir::Page stepped(std::string_view name, std::vector<std::string_view> aliases, std::string_view doc,
                 DecomposeRule rule) {
  return elementwise({.name = name,
                      .aliases = std::move(aliases),
                      .doc = doc,
                      .dtypes = kRealSet,
                      .vjp = ir::zero_gradient("constant between its steps"),
                      .decompose = rule,
                      .samples = single_samples<Fill::distinct, kRealSet>});
}

Expr truncated(Expr x) {
  return select(compare("lt", x, 0.0), unary("ceil", x), unary("floor", x));
}

// log(x) / base, part by part: a complex quotient would make NaN of the infinity at 0.
Expr logarithm(Expr x, double base) {
  Expr y = log(x);
  if (!is_complex(y.dtype())) return y / base;
  return make_complex(real(y) / base, imag(y) / base);
}

// Integers and bool are never infinite or NaN.
Expr always(Expr x, bool value) { return compare(value ? "eq" : "ne", x, x); }
void finite_rule(Decompose& d) {
  Expr x = d.in(0);
  d.out(is_inexact(x.dtype()) ? unary("is_finite", x) : always(x, true));
}
void nan_rule(Decompose& d) {
  Expr x = d.in(0);
  d.out(is_inexact(x.dtype()) ? unary("is_nan", x) : always(x, false));
}
Expr infinite(Expr x) { return compare("eq", abs(x), __builtin_inf()); }
// A complex number is infinite where one of its parts is, NaN or not the other.
void infinite_rule(Decompose& d) {
  Expr x = d.in(0);
  if (is_complex(x.dtype())) {
    d.out(infinite(real(x)) | infinite(imag(x)));
  } else {
    d.out(is_inexact(x.dtype()) ? infinite(x) : always(x, false));
  }
}

void reciprocal_rule(Decompose& d) { d.out(1.0 / d.in(0)); }
void square_rule(Decompose& d) { d.out(d.in(0) * d.in(0)); }

void logit_rule(Decompose& d) {
  Expr x = d.in(0);
  if (d.has("eps")) {
    double eps = d.real("eps");
    x = minimum(maximum(x, eps), 1 - eps);
  }
  d.out(log(x / (1.0 - x)));
}

void nan_to_num_rule(Decompose& d) {
  Expr x = d.in(0);
  DType part = real_of(x.dtype());
  double highest = part == DType::f16    ? 65504
                   : part == DType::bf16 ? 3.3895313892515355e38
                   : part == DType::f32  ? 3.4028234663852886e38
                                         : 1.7976931348623157e308;
  double positive = d.has("posinf") ? d.real("posinf") : highest,
         negative = d.has("neginf") ? d.real("neginf") : -highest;
  if (!is_inexact(x.dtype())) {
    d.out(x);
    return;
  }
  auto replaced = [&](Expr p) {
    Expr y = select(compare("eq", p, __builtin_inf()), full_like(p, positive), p);
    y = select(compare("eq", p, -__builtin_inf()), full_like(p, negative), y);
    return select(unary("is_nan", p), full_like(p, d.real("nan")), y);
  };
  d.out(is_complex(x.dtype()) ? make_complex(replaced(real(x)), replaced(imag(x))) : replaced(x));
}

void scale_rule(Decompose& d) {
  Expr x = d.in(0), factor = cast(d.in(1), x.dtype());
  double bias = d.real("bias");
  Expr y = d.boolean("bias_after_scale") ? (bias == 0 ? x * factor : x * factor + bias)
                                         : (x + bias) * factor;
  if (y.dtype() != d.result_type().dtype()) y = cast(y, d.result_type().dtype());
  std::string_view act = d.has("act") ? d.text("act") : "";
  if (act == "relu") y = maximum(y, 0.0);
  if (act == "sigmoid") y = 1.0 / (exp(-y) + 1);
  if (act == "tanh") y = tanh(y);
  d.out(y);
}

void scale_checks(Infer& op) {
  require_real_unless_complex(op, 1, op.met());
  if (op.has("act") && !is_float(op.met())) {
    op.fail(ErrorKind::type, "act", str("expected a floating point x, got ", to_string(op.met())));
  }
}

void clip_rule(Decompose& d) {
  Expr x = d.in(0);
  if (d.present(1)) x = maximum(x, d.in(1));
  if (d.present(2)) x = minimum(x, d.in(2));
  d.out(x);
}

void clip_shape(Infer& op) {
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  for (int k : {1, 2}) {
    if (op.present(k))
      dims = op.broadcast(dims, op.dims(k), op.page().operands[static_cast<size_t>(k)].name);
  }
  op.result(dims);
}

// The gradient reaches x where it is inside, ends included.
void clip_backward(Vjp& v) {
  Expr x = v.in(0), g = v.cotangent();
  Expr inside, below, above;
  if (v.present(1)) below = compare("lt", x, cast(v.in(1), x.dtype()));
  if (v.present(2)) above = compare("gt", x, cast(v.in(2), x.dtype()));
  if (below && above) inside = !(below | above);
  else if (below) inside = !below;
  else if (above) inside = !above;
  if (v.needs(0)) v.set(0, inside ? only_where(inside, g) : g);
  if (v.needs(1)) v.set(1, only_where(above ? below & !above : below, g));
  if (v.needs(2)) v.set(2, only_where(above, g));
}

void cast_rule(Decompose& d) { d.out(cast(d.in(0), d.result_type().dtype())); }
void cast_shape(Infer& op) { op.result(op.dims(0), op.dtype_attr("dtype")); }

void attr_samples(SampleList& s, std::string_view attr) {
  s.wrong({T({2})}, {{attr, "x"}}, ErrorKind::type, "a number");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({2})}, {{"axis", 0}}, ErrorKind::key, "no such argument");
  s.wrong({T({2})}, {{"out", 1}}, ErrorKind::key, "no such argument");
  s.wrong({T({2})}, {{"inplace", true}}, ErrorKind::key, "no such argument");
  s.wrong({T(DType::f8e4m3, {2}, Fill::zeros)}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::f8e5m2, {2}, Fill::zeros)}, {}, ErrorKind::type, "dtype");
}

}  // namespace

std::vector<ir::Page> elementary_pages() {
  constexpr DTypeSet kAll = kAnySet, kReal = kRealSet | kBoolSet;
  std::vector<ir::Page> pages = {
      function<Fill::unit, kAll>("exp", {}, kAll, "e to the power of x.", by<"exp">),
      function<Fill::unit, kAll>("expm1", {}, kAll, "exp(x) - 1, accurate near 0.", by<"expm1">),
      function<Fill::positive, kAll>("log", {}, kAll, "The natural logarithm.", by<"log">),
      function<Fill::positive, kAll>("log1p", {}, kAll, "log(1 + x), accurate near 0.",
                                     by<"log1p">),
      function<Fill::positive, kAll>("log2", {}, kAll, "The logarithm to base 2.",
                                     [](Decompose& d) { d.out(logarithm(d.in(0), kLn2)); }),
      function<Fill::positive, kAll>("log10", {}, kAll, "The logarithm to base 10.",
                                     [](Decompose& d) { d.out(logarithm(d.in(0), kLn10)); }),
      function<Fill::positive, kAll>("sqrt", {}, kAll, "The square root; NaN for negative reals.",
                                     by<"sqrt">),
      function<Fill::positive, kAll>("rsqrt", {}, kAll, "1 / sqrt(x).", by<"rsqrt">),
      function<Fill::positive, kAll>("reciprocal", {}, kAll, "1 / x.", reciprocal_rule),
      function<Fill::normal, kAll>("sin", {}, kAll, "The sine of x in radians.", by<"sin">),
      function<Fill::normal, kAll>("cos", {}, kAll, "The cosine of x in radians.", by<"cos">),
      function<Fill::unit, kAll>("tan", {}, kAll, "The tangent of x in radians.", by<"tan">),
      function<Fill::unit, kAll>("asin", {"arcsin"}, kAll, "The inverse sine, in radians.",
                                 by<"asin">),
      function<Fill::unit, kAll>("acos", {"arccos"}, kAll, "The inverse cosine, in radians.",
                                 by<"acos">),
      function<Fill::normal, kAll>("atan", {"arctan"}, kAll, "The inverse tangent, in radians.",
                                   by<"atan">),
      function<Fill::unit, kAll>("sinh", {}, kAll, "The hyperbolic sine.", by<"sinh">),
      function<Fill::unit, kAll>("cosh", {}, kAll, "The hyperbolic cosine.", by<"cosh">),
      function<Fill::normal, kAll>("tanh", {}, kAll, "The hyperbolic tangent.", by<"tanh">),
      function<Fill::normal, kAll>("asinh", {"arcsinh"}, kAll, "The inverse hyperbolic sine.",
                                   by<"asinh">),
      function<Fill::above_one, kAll>("acosh", {"arccosh"}, kAll, "The inverse hyperbolic cosine.",
                                      by<"acosh">),
      function<Fill::unit, kAll>("atanh", {"arctanh"}, kAll, "The inverse hyperbolic tangent.",
                                 by<"atanh">),
      function<Fill::normal, kReal>("erf", {}, kReal, "The error function.", by<"erf">),
      function<Fill::normal, kReal>("erfc", {}, kReal, "1 - erf(x), accurate where erf is near 1.",
                                    by<"erfc">),
      function<Fill::unit, kReal>("erfinv", {}, kReal,
                                  "The inverse of the error function on (-1, 1).", by<"erfinv">),
      function<Fill::positive, kReal>("lgamma", {"gammaln"}, kReal, "The logarithm of |gamma(x)|.",
                                      by<"lgamma">),
      function<Fill::positive, kReal>(
          "digamma", {"psi"}, kReal, "The derivative of lgamma.",
          [](Decompose& d) { d.out(call1("prim.polygamma", {d.in(0)}, {{"n", 0}})); }),
      function<Fill::normal, kReal>("rad2deg", {}, kReal, "Radians to degrees.",
                                    [](Decompose& d) { d.out(d.in(0) * (180.0 / kPi)); }),
      function<Fill::normal, kReal>("deg2rad", {}, kReal, "Degrees to radians.",
                                    [](Decompose& d) { d.out(d.in(0) * (kPi / 180.0)); }),
      function<Fill::normal, kReal>("sinc", {}, kReal, "sin(pi x) / (pi x), and 1 at 0.",
                                    [](Decompose& d) {
                                      Expr zero = compare("eq", d.in(0), 0.0);
                                      Expr safe =
                                          select(zero, full_like(d.in(0), 1), d.in(0)) * kPi;
                                      d.out(select(zero, full_like(d.in(0), 1), sin(safe) / safe));
                                    }),
      stepped("floor", {}, "The largest integer not above x.", step<"floor">),
      stepped("ceil", {}, "The smallest integer not below x.", step<"ceil">),
      stepped("round", {}, "The nearest integer; halves go to the even one.", step<"round">),
      stepped(
          "trunc", {"fix"}, "The integer part: x without its fraction.",
          [](Decompose& d) { d.out(is_float(d.in(0).dtype()) ? truncated(d.in(0)) : d.in(0)); }),
      elementwise({.name = "frac",
                   .doc = "The fraction: x - trunc(x), with the sign of x.",
                   .dtypes = kRealSet,
                   .decompose =
                       [](Decompose& d) {
                         d.out(is_float(d.in(0).dtype()) ? d.in(0) - truncated(d.in(0))
                                                         : full_like(d.in(0), 0));
                       },
                   .samples = single_samples<Fill::distinct, kRealSet>}),
      elementwise({.name = "square",
                   .doc = "x * x.",
                   .dtypes = kNumberSet,
                   .decompose = square_rule,
                   .samples = single_samples<Fill::normal, kNumberSet>}),
      elementwise({.name = "neg",
                   .aliases = {"negative"},
                   .doc = "-x.",
                   .dtypes = kNumberSet,
                   .decompose = by<"neg">,
                   .samples = single_samples<Fill::normal, kNumberSet>}),
      elementwise({.name = "abs",
                   .aliases = {"absolute"},
                   .doc = "The absolute value; of complex numbers the modulus, without overflow.",
                   .dtypes = kNumberSet,
                   .rule = meets(Meet::promote, Result::real_of_met),
                   .decompose = by<"abs">,
                   .samples = single_samples<Fill::distinct, kNumberSet>}),
      elementwise({.name = "sign",
                   .aliases = {"sgn"},
                   .doc = "-1, 0 or 1; of complex numbers x / |x|, and 0 at 0.",
                   .dtypes = kNumberSet,
                   .decompose = by<"sign">,
                   .samples = single_samples<Fill::distinct, kNumberSet>}),
      elementwise({.name = "isfinite",
                   .doc = "True where x is neither infinite nor NaN.",
                   .dtypes = kAll,
                   .rule = predicate(),
                   .vjp = ir::not_differentiable("the result is bool"),
                   .decompose = finite_rule,
                   .samples = single_samples<Fill::normal, kAll>}),
      elementwise({.name = "isnan",
                   .doc = "True where x is NaN.",
                   .dtypes = kAll,
                   .rule = predicate(),
                   .vjp = ir::not_differentiable("the result is bool"),
                   .decompose = nan_rule,
                   .samples = single_samples<Fill::normal, kAll>}),
      elementwise({.name = "isinf",
                   .doc = "True where x is infinite.",
                   .dtypes = kAll,
                   .rule = predicate(),
                   .vjp = ir::not_differentiable("the result is bool"),
                   .decompose = infinite_rule,
                   .samples = single_samples<Fill::normal, kAll>}),
      elementwise({.name = "conj",
                   .faces = kOperator,
                   .doc = "The complex conjugate; real tensors are returned as they are.",
                   .dtypes = kNumberSet,
                   .decompose = [](Decompose& d) { d.out(conj(d.in(0))); },
                   .samples = single_samples<Fill::normal, kNumberSet>}),
      elementwise({.name = "real",
                   .faces = kOperator,
                   .doc = "The real part.",
                   .dtypes = kNumberSet,
                   .rule = meets(Meet::promote, Result::real_of_met),
                   .decompose = [](Decompose& d) { d.out(real(d.in(0))); },
                   .samples = single_samples<Fill::normal, kNumberSet>}),
      elementwise({.name = "imag",
                   .faces = kOperator,
                   .doc = "The imaginary part; zeros of a real tensor.",
                   .dtypes = kNumberSet,
                   .rule = meets(Meet::promote, Result::real_of_met),
                   .decompose = [](Decompose& d) { d.out(imag(d.in(0))); },
                   .samples = single_samples<Fill::normal, kNumberSet>}),
      elementwise({.name = "angle",
                   .faces = kOperator,
                   .doc = "The argument in radians: atan2(imag, real); of reals 0 or pi.",
                   .dtypes = kNumberSet,
                   .rule = meets(Meet::promote_float, Result::real_of_met),
                   .decompose =
                       [](Decompose& d) {
                         if (is_complex(d.in(0).dtype())) {
                           d.out(binary("atan2", imag(d.in(0)), real(d.in(0))));
                         } else {
                           Expr x = d.in(0), at_zero = only_where(unary("is_nan", x), x);
                           d.out(select(compare("lt", x, 0.0), full_like(x, kPi), at_zero));
                         }
                       },
                   .samples = single_samples<Fill::positive, kNumberSet>}),
      elementwise({.name = "clone",
                   .aliases = {"assign"},
                   .faces = kOperator,
                   .doc = "A copy, on the tape.",
                   .dtypes = kAnySet | kFloat8Set,
                   .decompose = [](Decompose& d) { d.out(d.in(0)); },
                   .samples = single_samples<Fill::normal, kAnySet | kFloat8Set>}),
      elementwise({.name = "stop_gradient",
                   .faces = ir::kHidden,
                   .doc = "The same values, through which no gradient flows.",
                   .dtypes = kAnySet | kFloat8Set,
                   .vjp = ir::zero_gradient("that is what it is for"),
                   .decompose = [](Decompose& d) { d.out(d.in(0)); },
                   .samples = single_samples<Fill::normal, kAnySet | kFloat8Set>}),
  };
  ir::Page cast_page =
      elementwise({.name = "cast",
                   .aliases = {"astype"},
                   .faces = kWriting,
                   .doc = "The values in another dtype. Floats to integers saturate and NaN "
                          "becomes 0; integers wrap; complex to real keeps the real part.",
                   .dtypes = kAnySet | kFloat8Set,
                   .decompose = cast_rule,
                   .samples = [](SampleList& s) {
                     for (DType t : {DType::f32, DType::f64, DType::i32, DType::boolean, DType::c64,
                                     DType::bf16}) {
                       s.ok({T({3, 4}, Fill::positive)}, {{"dtype", t}}).gradient = t == DType::f64;
                     }
                     s.ok({T({})}, {{"dtype", DType::f16}}).gradient = false;
                     s.ok({T({0, 2})}, {{"dtype", DType::u8}});
                     s.wrong({T({2})}, {}, ErrorKind::value, "required");
                     s.wrong({T({2})}, {{"dtype", 3}}, ErrorKind::type, "a dtype");
                     s.wrong({T({2})}, {{"dtype", 1.5}}, ErrorKind::type, "a dtype");
                     s.wrong({T({2})}, {{"dtype", true}}, ErrorKind::type, "a dtype");
                     s.wrong({absent()}, {{"dtype", DType::f32}}, ErrorKind::value, "required");
                     s.wrong({T({2})}, {{"dtype", DType::f32}, {"axis", 1}}, ErrorKind::key,
                             "no such argument");
                   }});
  cast_page.attrs = {{.name = "dtype", .form = AttrForm::dtype}};
  cast_page.dtypes = by_shape_rule();
  cast_page.shape = cast_shape;
  pages.push_back(std::move(cast_page));

  ir::Page logit = function<Fill::probability, kReal>(
      "logit", {}, kReal, "log(x / (1 - x)), with x held in [eps, 1 - eps] where eps is given.",
      logit_rule);
  logit.faces |= ir::kFunctional;
  logit.attrs = {
      {.name = "eps", .form = AttrForm::real, .value = kNone, .lowest = 0, .highest = 0.5}};
  logit.samples = [](SampleList& s) {
    for (const auto& dims : usual_dims()) s.ok({T(dims, Fill::probability)});
    s.ok({T({3}, Fill::probability)}, {{"eps", 0.01}});
    s.wrong({T({2})}, {{"eps", 0.7}}, ErrorKind::value, "[0, 0.5]");
    attr_samples(s, "eps");
  };
  pages.push_back(std::move(logit));

  ir::Page nan = elementwise({.name = "nan_to_num",
                              .doc = "NaN becomes `nan`, infinities become `posinf` and `neginf` "
                                     "(by default the largest finite values).",
                              .dtypes = kAnySet,
                              .decompose = nan_to_num_rule});
  nan.attrs = {{.name = "nan", .form = AttrForm::real, .value = 0.0},
               {.name = "posinf", .form = AttrForm::real, .value = kNone},
               {.name = "neginf", .form = AttrForm::real, .value = kNone}};
  nan.samples = [](SampleList& s) {
    for (const auto& dims : usual_dims()) s.ok({T(dims)});
    s.ok({V(DType::f32, {4}, {1, __builtin_nan(""), __builtin_inf(), -__builtin_inf()})},
         {{"nan", 2.0}, {"posinf", 9.0}})
        .gradient = false;
    s.wrong({T({2})}, {{"posinf", "big"}}, ErrorKind::type, "a number");
    attr_samples(s, "nan");
  };
  pages.push_back(std::move(nan));

  pages.push_back(
      {.name = "scale",
       .faces = kWriting,
       .doc = "x * scale + bias, or (x + bias) * scale where bias_after_scale is False; then act, "
              "if it is given.",
       .operands = {operand_x(kNumberSet),
                    {.name = "scale",
                     .dtypes = kNumberSet | kBoolSet,
                     .optional = false,
                     .meets = false,
                     .number = true}},
       .attrs = {{.name = "bias", .form = AttrForm::real, .value = 0.0},
                 {.name = "bias_after_scale", .form = AttrForm::boolean, .value = true},
                 {.name = "act",
                  .form = AttrForm::string,
                  .value = kNone,
                  .choices = {"relu", "sigmoid", "tanh"}}},
       .shape = broadcast_shape,
       .checks = scale_checks,
       .vjp = by_decomposition(),
       .decompose = scale_rule,
       .sharding = kEachAxis2,
       .samples = [](SampleList& s) {
         for (const auto& dims : usual_dims()) s.ok({T(dims), number(2)}, {{"bias", 1.0}});
         s.ok({T({3}), number(0.5)}, {{"bias", 2.0}, {"bias_after_scale", false}});
         for (const char* act : {"relu", "sigmoid", "tanh"}) {
           s.ok({T({4}, Fill::distinct), number(0.5)}, {{"bias", 0.25}, {"act", act}});
         }
         s.wrong({T({2}), number(2)}, {{"act", "cube"}}, ErrorKind::value, "expected one of");
         s.wrong({T(DType::i32, {2}), number(2)}, {{"act", "relu"}}, ErrorKind::type,
                 "a floating point x");
         s.wrong({T({2}), number(2)}, {{"bias_after_scale", 7}}, ErrorKind::type, "True or False");
         s.wrong({T({2}), T({3})}, {}, ErrorKind::shape, "cannot be broadcast");
         s.wrong({T({2}), number(2)}, {{"bias", "x"}}, ErrorKind::type, "a number");
         s.wrong({absent(), number(2)}, {}, ErrorKind::value, "required");
         s.wrong({T({2}), absent()}, {}, ErrorKind::value, "required");
         s.wrong({T({2}), absent()}, {{"scale", "2"}}, ErrorKind::type, "got str");
         s.wrong({T({2}), number(2)}, {{"axis", 0}}, ErrorKind::key, "no such argument");
         s.wrong({T(DType::f8e4m3, {2}, Fill::zeros), number(2)}, {}, ErrorKind::type, "dtype");
       }});
  pages.push_back(
      {.name = "clip",
       .aliases = {"clamp"},
       .faces = kWriting,
       .doc = "x held between min and max (numbers or tensors; either may be left out). NaN stays "
              "NaN. The gradient passes where min <= x <= max.",
       .operands = {operand_x(kRealSet),
                    {.name = "min", .dtypes = kRealSet, .optional = true, .number = true},
                    {.name = "max", .dtypes = kRealSet, .optional = true, .number = true}},
       .shape = clip_shape,
       .vjp = {.backward = clip_backward},
       .decompose = clip_rule,
       .sharding = kEachAxis3,
       .samples = [](SampleList& s) {
         for (const auto& dims : usual_dims())
           s.ok({T(dims, Fill::distinct), number(-1), number(1)});
         s.ok({T({3, 4}, Fill::distinct), T({4}, Fill::zeros), absent()});
         s.ok({T({3, 4}, Fill::distinct), absent(), number(0.5)});
         s.wrong({T({2}), T({3}), absent()}, {}, ErrorKind::shape, "cannot be broadcast");
         s.wrong({T({2}), absent(), T({5})}, {}, ErrorKind::shape, "cannot be broadcast");
         s.wrong({absent(), absent(), absent()}, {}, ErrorKind::value, "required");
         s.wrong({T(DType::c64, {2}), absent(), absent()}, {}, ErrorKind::type, "dtype");
         s.wrong({T(DType::boolean, {2}), absent(), absent()}, {}, ErrorKind::type, "dtype");
         s.wrong({T({2}), T(DType::c64, {2}), absent()}, {}, ErrorKind::type, "min");
         s.wrong({T({2}), absent(), absent()}, {{"low", 1.0}}, ErrorKind::key, "no such argument");
       }});
  return pages;
}

}  // namespace proa::ops
