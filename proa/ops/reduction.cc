// Reductions over axes: sums, means, extrema, logic, norms.

#include <algorithm>

#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

constexpr DTypeSet kReal = kRealSet | kBoolSet;

ir::AttrSpec axis_attr() {
  return {.name = "axis", .aliases = {"dim"}, .form = AttrForm::axes, .value = kNone};
}
ir::AttrSpec keepdim_attr() {
  return {.name = "keepdim", .aliases = {"keepdims"}, .form = AttrForm::boolean, .value = false};
}
ir::AttrSpec dtype_attr() { return {.name = "dtype", .form = AttrForm::dtype, .value = kNone}; }

// An empty list of axes means all of them, as None does (Paddle).
std::vector<int> axes_of(const ir::AttrView& op, int rank) {
  std::vector<int> axes = op.axes("axis", rank);
  if (axes.empty()) {
    for (int i = 0; i < rank; ++i) axes.push_back(i);
  }
  return axes;
}

std::vector<Dim> reduced(Infer& op) {
  std::vector<int> axes = axes_of(op, op.rank(0));
  std::vector<Dim> dims;
  for (int i = 0; i < op.rank(0); ++i) {
    if (std::ranges::find(axes, i) == axes.end()) {
      dims.push_back(op.dim(0, i));
    } else if (op.boolean("keepdim")) {
      dims.emplace_back(1);
    }
  }
  return dims;
}

void reduced_shape(Infer& op) { op.result(reduced(op)); }

// Sums of bool and small integers are int64.
DType summed_dtype(const Infer& op) {
  if (op.has("dtype")) return op.dtype_attr("dtype");
  DType t = op.dtype(0);
  return t == DType::boolean || is_int(t) ? DType::i64 : t;
}

void sum_shape(Infer& op) { op.result(reduced(op), summed_dtype(op)); }

// Compositions over many elements are computed in f32 where x has 16 bits: sums and squares would
// overflow, and axes that are no neighbours would round between their sums.
Expr widened(Expr x) {
  bool narrow = x.dtype() == DType::f16 || x.dtype() == DType::bf16;
  return narrow ? cast(x, DType::f32) : x;
}
void give(Decompose& d, Expr y) { d.out(cast(y, d.result_type().dtype())); }

template <int kKind>
void accumulated(Decompose& d) {
  constexpr std::string_view kKinds[] = {"sum", "prod"};
  Expr x = cast(d.in(0), d.result_type().dtype());
  std::vector<int> axes = axes_of(d, x.rank());
  bool one_run = axes.empty() || axes.back() - axes.front() + 1 == static_cast<int>(axes.size());
  give(d, reduce(kKinds[kKind], one_run ? x : widened(x), axes, d.boolean("keepdim")));
}

Dim count_of(Expr x, std::span<const int> axes) {
  Dim n = 1;
  for (int axis : axes) n = n * x.dim(axis);
  return n;
}

Expr mean_over(Expr x, std::span<const int> axes, bool keepdim) {
  Expr n = dim_value(*x.builder, count_of(x, axes), real_of(x.dtype()));
  return sum(x, axes, keepdim) / (is_complex(x.dtype()) ? cast(n, x.dtype()) : n);
}

void mean_rule(Decompose& d) {
  Expr x = widened(d.in(0));
  give(d, mean_over(x, axes_of(d, x.rank()), d.boolean("keepdim")));
}

template <int kKind>
void extreme(Decompose& d) {
  constexpr std::string_view kKinds[] = {"max", "min"}, kOfBool[] = {"or", "and"};
  Expr x = d.in(0);
  std::string_view kind = x.dtype() == DType::boolean ? kOfBool[kKind] : kKinds[kKind];
  d.out(reduce(kind, x, axes_of(d, x.rank()), d.boolean("keepdim")));
}

void extreme_checks(Infer& op) {
  for (int axis : axes_of(op, op.rank(0))) {
    expect_ge(op, op.dim(0, axis), 1, "x", [&] {
      return str("axis ", axis, " of shape ", to_string(op.dims(0)),
                 " has no elements, and there is no extremum of nothing");
    });
  }
}

Expr truth(Expr x) { return x.dtype() == DType::boolean ? x : compare("ne", x, 0.0); }

template <int kKind>
void quantified(Decompose& d) {
  constexpr std::string_view kKinds[] = {"and", "or"};
  Expr x = truth(d.in(0));
  d.out(reduce(kKinds[kKind], x, axes_of(d, x.rank()), d.boolean("keepdim")));
}

void arg_shape(Infer& op) {
  std::vector<Dim> dims;
  DType dtype = op.dtype_attr("dtype");
  if (!op.has("axis")) {
    expect_ge(op, ir::product(op.dims(0)), 1, "x", [] { return str("there are no elements"); });
    if (op.boolean("keepdim")) dims.assign(static_cast<size_t>(op.rank(0)), Dim(1));
  } else {
    int axis = op.axis("axis", op.rank(0));
    expect_ge(op, op.dim(0, axis), 1, "x", [&] {
      return str("expected at least 1 element along axis ", axis, ", got no elements");
    });
    for (int i = 0; i < op.rank(0); ++i) {
      if (i != axis) {
        dims.push_back(op.dim(0, i));
      } else if (op.boolean("keepdim")) {
        dims.emplace_back(1);
      }
    }
  }
  op.result(dims, dtype);
}

template <int kKind>
void arg_rule(Decompose& d) {
  Expr x = d.in(0);
  int axis = 0;
  if (!d.has("axis")) {
    x = reshape(x, std::vector<Dim>{ir::product(x.dims())});
  } else {
    axis = d.axis("axis", x.rank());
  }
  Expr at = call1("prim.arg_reduce", {x}, {{"kind", kKind == 0 ? "max" : "min"}, {"axis", axis}});
  d.out(cast(reshape(at, d.result_type().dims()), d.result_type().dtype()));
}

// max + log(sum(exp(x - max))); an infinite maximum is subtracted as 0.
void logsumexp_rule(Decompose& d) {
  Expr x = d.in(0);
  std::vector<int> axes = axes_of(d, x.rank());
  if (count_of(x, axes).is_const(0)) {  // the logarithm of 0, as of a sum of nothing
    return d.out(full(d.builder(), d.result_type().dims(), x.dtype(), -__builtin_inf()));
  }
  Expr m = reduce("max", x, axes, true);
  m = only_where(unary("is_finite", m), m);
  Expr y = log(sum(exp(x - m), axes, true)) + m;
  d.out(reshape(y, d.result_type().dims()));
}

void logsumexp_backward(Vjp& v) {
  Expr x = v.in(0);
  std::vector<int> axes = axes_of(v, x.rank());
  std::vector<Dim> kept(x.dims().begin(), x.dims().end());
  for (int axis : axes) kept[static_cast<size_t>(axis)] = 1;
  Expr y = reshape(v.result(), kept), g = reshape(v.cotangent(), kept);
  Expr finite = only_where(unary("is_finite", y), y);
  v.set(0, g * exp(x - finite));
}

Expr variance(Decompose& d) {
  Expr x = widened(d.in(0));
  std::vector<int> axes = axes_of(d, x.rank());
  Expr centred = x - mean_over(x, axes, true);
  Expr square = is_complex(x.dtype()) ? real(centred * conj(centred)) : centred * centred;
  Expr total = sum(square, axes, d.boolean("keepdim"));
  Dim n = count_of(x, axes);
  int64_t correction = d.integer("correction");
  if (!d.boolean("unbiased")) correction = 0;
  return total / dim_value(d.builder(), max(Dim(0), n - Dim(correction)), total.dtype());
}

void var_rule(Decompose& d) { give(d, variance(d)); }
void std_rule(Decompose& d) { give(d, sqrt(variance(d))); }

void count_rule(Decompose& d) {
  Expr x = cast(truth(d.in(0)), DType::i64);
  d.out(sum(x, axes_of(d, x.rank()), d.boolean("keepdim")));
}

// NaNs count as the neutral element.
void nansum_rule(Decompose& d) {
  Expr x = d.in(0);
  if (is_inexact(x.dtype())) x = select(unary("is_nan", x), full_like(x, 0), x);
  x = widened(cast(x, d.result_type().dtype()));
  give(d, sum(x, axes_of(d, x.rank()), d.boolean("keepdim")));
}

void nanmean_rule(Decompose& d) {
  Expr x = widened(d.in(0));
  std::vector<int> axes = axes_of(d, x.rank());
  Expr missing = unary("is_nan", x);
  Expr n = sum(cast(!missing, real_of(x.dtype())), axes, d.boolean("keepdim"));
  Expr total = sum(select(missing, full_like(x, 0), x), axes, d.boolean("keepdim"));
  give(d, total / cast(n, x.dtype()));
}

// (sum |x|^p)^(1/p), and its limits.
void p_norm_rule(Decompose& d) {
  Expr x = widened(abs(d.in(0)));
  double p = d.real("p");
  std::vector<int> axes = axes_of(d, x.rank());
  bool keep = d.boolean("keepdim");
  if (p == __builtin_inf()) {
    give(d, reduce("max", x, axes, keep));
  } else if (p == -__builtin_inf()) {
    give(d, reduce("min", x, axes, keep));
  } else if (p == 0) {
    give(d, sum(cast(compare("ne", x, 0.0), x.dtype()), axes, keep));
  } else if (p == 1) {
    give(d, sum(x, axes, keep));
  } else if (p == 2) {
    give(d, sqrt(sum(x * x, axes, keep)));
  } else {
    give(d, pow(sum(pow(x, full_like(x, p)), axes, keep),
                full(d.builder(), d.result_type().dims(), x.dtype(), 1 / p)));
  }
}

// For p = 2: x / norm, and 0 at 0.
void p_norm_backward(Vjp& v) {
  Expr x = v.in(0);
  double p = v.real("p");
  std::vector<int> axes = axes_of(v, x.rank());
  std::vector<Dim> kept(x.dims().begin(), x.dims().end());
  for (int axis : axes) kept[static_cast<size_t>(axis)] = 1;
  Expr y = reshape(v.result(), kept), g = reshape(v.cotangent(), kept);
  if (is_complex(x.dtype())) {
    y = cast(y, x.dtype());
    g = cast(g, x.dtype());
  }
  Expr zero = compare("eq", y, 0.0), safe = select(zero, full_like(y, 1), y);
  Expr direction = unary("sign", x);
  if (p == 1) {
    v.set(0, g * direction);
  } else if (p == 2) {
    v.set(0, only_where(broadcast_to(!zero, x.dims()), g * (x / safe)));
  } else if (p == 0) {
    v.set(0, zeros_like(x));
  } else if (p == __builtin_inf() || p == -__builtin_inf()) {
    Expr magnitude = is_complex(x.dtype()) ? cast(abs(x), x.dtype()) : abs(x);
    Expr hit = cast(compare("eq", magnitude, y), x.dtype());
    v.set(0, g * direction * hit / sum(hit, axes, true));
  } else {
    Expr magnitude = is_complex(x.dtype()) ? cast(abs(x), x.dtype()) : abs(x);
    Expr at_zero = compare("eq", magnitude, 0.0),
         m = select(at_zero, full_like(magnitude, 1), magnitude);
    Expr slope = pow(m / safe, full_like(x, p - 1));
    v.set(0, only_where(!at_zero, g * direction * slope));
  }
}

void refuse(SampleList& s) {
  using L = std::vector<int64_t>;
  s.wrong({T({2, 3})}, {{"axis", 2}}, ErrorKind::index, "expected -2..1");
  s.wrong({T({2, 3})}, {{"axis", L{0, -3}}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 3})}, {{"axis", L{0, -2}}}, ErrorKind::value, "named twice");
  s.wrong({T({})}, {{"axis", 0}}, ErrorKind::index, "0-d");
  s.wrong({T({2, 3})}, {{"axis", "x"}}, ErrorKind::type, "integer");
  s.wrong({T({2, 3})}, {{"keepdim", 3}}, ErrorKind::type, "True or False");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
}

template <Fill kFill, bool kEmpty>
void samples(SampleList& s) {
  using L = std::vector<int64_t>;
  for (std::vector<int64_t> dims : {L{}, L{5}, L{3, 4}, L{2, 3, 4}}) s.ok({T(dims, kFill)});
  s.ok({T({2, 3, 4}, kFill)}, {{"axis", 1}});
  s.ok({T({2, 3, 4}, kFill)}, {{"axis", -1}, {"keepdim", true}});
  s.ok({T({2, 3, 4}, kFill)}, {{"axis", L{0, 2}}});
  s.ok({T({2, 3, 4}, kFill)}, {{"axis", L{}}});
  if (kEmpty) s.ok({T({0, 3}, kFill)});
  s.ok({T({0, 3}, kFill)}, {{"axis", 1}});
  refuse(s);
  if (!kEmpty) s.wrong({T({0, 3})}, {{"axis", 0}}, ErrorKind::shape, "no elements");
}

void arg_samples(SampleList& s) {
  s.ok({T({5}, Fill::distinct)});
  s.ok({T({3, 4}, Fill::distinct)}, {{"axis", 1}});
  s.ok({T({3, 4}, Fill::distinct)}, {{"axis", 0}, {"keepdim", true}});
  s.ok({T({}, Fill::distinct)});
  s.ok({V(DType::f32, {4}, {1, 3, 3, 0})}).note = "the first of equals";
  s.wrong({T({2, 3})}, {{"axis", 2}}, ErrorKind::index, "expected -2..1");
  s.wrong({T({2, 3})}, {{"axis", "x"}}, ErrorKind::type, "an integer");
  s.wrong({T({2, 3})}, {{"dtype", 3}}, ErrorKind::type, "a dtype");
  s.wrong({T({0, 3})}, {{"axis", 0}}, ErrorKind::shape, "no elements");
  s.wrong({T(DType::c64, {3})}, {}, ErrorKind::type, "dtype");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
}

void spread_samples(SampleList& s) {
  samples<Fill::normal, true>(s);
  s.ok({T({3, 4})}, {{"axis", 1}, {"unbiased", false}});
  s.ok({T({3, 4})}, {{"correction", 0}});
  s.wrong({T({3})}, {{"unbiased", 5}}, ErrorKind::type, "True or False");
}

void norm_samples(SampleList& s) {
  samples<Fill::positive, true>(s);
  for (double p : {0.0, 1.0, 2.0, 3.0, __builtin_inf(), -__builtin_inf()})
    s.ok({T({3, 4}, Fill::distinct)}, {{"p", p}, {"axis", 1}}).gradient = p > 0;
  s.wrong({T({3})}, {{"p", "two"}}, ErrorKind::type, "a number");
}

struct Reduction {
  std::string_view name;
  std::vector<std::string_view> aliases = {};
  std::string_view doc;
  DTypeSet dtypes = kAnySet;
  DTypeRule rule = ir::promote();
  std::vector<ir::AttrSpec> more = {};
  std::string_view signature = {};
  void (*shape)(Infer&) = reduced_shape;
  void (*checks)(Infer&) = nullptr;
  VjpRule vjp = {.decomposed = true};
  DecomposeRule decompose;
  std::string_view sharding;
  void (*samples)(SampleList&);
  uint32_t faces = kOperator;
};

ir::Page reduction(Reduction parts) {
  std::vector<ir::AttrSpec> attrs = {axis_attr(), keepdim_attr()};
  attrs.insert(attrs.end(), parts.more.begin(), parts.more.end());
  return {.name = parts.name,
          .aliases = std::move(parts.aliases),
          .faces = parts.faces,
          .doc = parts.doc,
          .operands = {operand_x(parts.dtypes)},
          .attrs = std::move(attrs),
          .signature = parts.signature,
          .dtypes = parts.rule,
          .shape = parts.shape,
          .checks = parts.checks,
          .vjp = parts.vjp,
          .decompose = parts.decompose,
          .sharding = parts.sharding,
          .cost = flops_of_operand,
          .samples = parts.samples};
}

ir::Page arg_page(std::string_view name, std::string_view doc, DecomposeRule rule) {
  return {.name = name,
          .faces = kOperator,
          .doc = doc,
          .operands = {operand_x(kReal)},
          .attrs = {{.name = "axis", .aliases = {"dim"}, .form = AttrForm::axis, .value = kNone},
                    keepdim_attr(),
                    {.name = "dtype", .form = AttrForm::dtype, .value = DType::i64}},
          .dtypes = by_shape_rule(),
          .shape = arg_shape,
          .vjp = ir::not_differentiable("positions are integers"),
          .decompose = rule,
          .sharding = "... -> kept; @axis: whole",
          .cost = flops_of_operand,
          .samples = arg_samples};
}

}  // namespace

std::vector<ir::Page> reduction_pages() {
  constexpr std::string_view kSum = "... -> kept; @axis: sum", kMax = "... -> kept; @axis: max",
                             kMin = "... -> kept; @axis: min", kWhole = "... -> kept; @axis: whole";
  std::vector<ir::AttrSpec> spread = {
      {.name = "unbiased", .form = AttrForm::boolean, .value = true},
      {.name = "correction", .form = AttrForm::integer, .value = 1, .lowest = 0}};
  auto logic = ir::not_differentiable("the result is bool");
  return {
      reduction({.name = "sum",
                 .doc = "The sum over the named axes (all of them without axis), in the order of "
                        "docs/design/numerics.md. bool and integers add in int64.",
                 .rule = by_shape_rule(),
                 .more = {dtype_attr()},
                 .signature = "x, axis, dtype, keepdim",
                 .shape = sum_shape,
                 .decompose = accumulated<0>,
                 .sharding = kSum,
                 .samples = samples<Fill::normal, true>}),
      reduction({.name = "prod",
                 .doc = "The product over the named axes. bool and integers multiply in int64.",
                 .rule = by_shape_rule(),
                 .more = {dtype_attr()},
                 .shape = sum_shape,
                 .decompose = accumulated<1>,
                 .sharding = kWhole,
                 .samples = samples<Fill::positive, true>}),
      reduction(
          {.name = "mean",
           .doc =
               "The mean over the named axes: the sum divided by the count. Of nothing it is NaN.",
           .rule = promote_float(),
           .decompose = mean_rule,
           .sharding = kSum,
           .samples = samples<Fill::normal, true>}),
      reduction(
          {.name = "max",
           .doc =
               "The largest value over the named axes; NaN wins. Equal values share the gradient.",
           .dtypes = kReal,
           .checks = extreme_checks,
           .decompose = extreme<0>,
           .sharding = kMax,
           .samples = samples<Fill::distinct, false>}),
      reduction(
          {.name = "min",
           .doc =
               "The smallest value over the named axes; NaN wins. Equal values share the gradient.",
           .dtypes = kReal,
           .checks = extreme_checks,
           .decompose = extreme<1>,
           .sharding = kMin,
           .samples = samples<Fill::distinct, false>}),
      reduction({.name = "amax",
                 .doc = "The largest value over the named axes; equal values share the gradient.",
                 .dtypes = kReal,
                 .checks = extreme_checks,
                 .decompose = extreme<0>,
                 .sharding = kMax,
                 .samples = samples<Fill::distinct, false>}),
      reduction({.name = "amin",
                 .doc = "The smallest value over the named axes; equal values share the gradient.",
                 .dtypes = kReal,
                 .checks = extreme_checks,
                 .decompose = extreme<1>,
                 .sharding = kMin,
                 .samples = samples<Fill::distinct, false>}),
      reduction(
          {.name = "all",
           .doc =
               "True where every element over the named axes is true (not zero). Of nothing: True.",
           .rule = predicate(),
           .vjp = logic,
           .decompose = quantified<0>,
           .sharding = kWhole,
           .samples = samples<Fill::normal, true>}),
      reduction(
          {.name = "any",
           .doc =
               "True where some element over the named axes is true (not zero). Of nothing: False.",
           .rule = predicate(),
           .vjp = logic,
           .decompose = quantified<1>,
           .sharding = kWhole,
           .samples = samples<Fill::normal, true>}),
      reduction({.name = "count_nonzero",
                 .doc = "How many elements are not zero, as int64.",
                 .rule = meets(Meet::none, Result::i64),
                 .vjp = ir::not_differentiable("a count is an integer"),
                 .decompose = count_rule,
                 .sharding = kSum,
                 .samples = samples<Fill::normal, true>}),
      reduction({.name = "logsumexp",
                 .doc = "log(sum(exp(x))) over the named axes, without overflow; of nothing, -inf.",
                 .dtypes = kReal,
                 .rule = promote_float(),
                 .vjp = {.backward = logsumexp_backward},
                 .decompose = logsumexp_rule,
                 .sharding = kWhole,
                 .samples = samples<Fill::normal, true>}),
      reduction({.name = "nansum",
                 .doc = "The sum over the named axes with NaNs as zeros.",
                 .rule = by_shape_rule(),
                 .more = {dtype_attr()},
                 .signature = "x, axis, dtype, keepdim",
                 .shape = sum_shape,
                 .decompose = nansum_rule,
                 .sharding = kSum,
                 .samples = samples<Fill::normal, true>}),
      reduction({.name = "nanmean",
                 .doc = "The mean over the named axes of what is not NaN.",
                 .rule = promote_float(),
                 .decompose = nanmean_rule,
                 .sharding = kSum,
                 .samples = samples<Fill::normal, true>}),
      reduction({.name = "var",
                 .doc = "The variance over the named axes: squared distances from the mean (two "
                        "passes), divided by n - correction; unbiased=False divides by n.",
                 .dtypes = kAnySet,
                 .rule = meets(Meet::promote_float, Result::real_of_met),
                 .more = spread,
                 .signature = "x, axis, unbiased, keepdim, correction",
                 .decompose = var_rule,
                 .sharding = kWhole,
                 .samples = spread_samples}),
      reduction({.name = "std",
                 .doc = "The standard deviation: the square root of var.",
                 .dtypes = kAnySet,
                 .rule = meets(Meet::promote_float, Result::real_of_met),
                 .more = spread,
                 .signature = "x, axis, unbiased, keepdim, correction",
                 .decompose = std_rule,
                 .sharding = kWhole,
                 .samples = spread_samples}),
      reduction(
          {.name = "p_norm",
           .doc = "The p-norm of the elements over the named axes: (sum |x|^p)^(1/p); inf: the "
                  "largest modulus, -inf: the smallest, 0: the count of non-zeros.",
           .dtypes = kAnySet,
           .rule = meets(Meet::promote_float, Result::real_of_met),
           .more = {{.name = "p", .aliases = {"porder"}, .form = AttrForm::real, .value = 2.0}},
           .signature = "x, p, axis, keepdim",
           .vjp = {.backward = p_norm_backward},
           .decompose = p_norm_rule,
           .sharding = kWhole,
           .samples = norm_samples,
           .faces = ir::kHidden}),
      arg_page("argmax",
               "The position of the largest value along axis (of the flat tensor without axis); "
               "the first of equals, and NaN counts as largest.",
               arg_rule<0>),
      arg_page("argmin",
               "The position of the smallest value along axis (of the flat tensor without axis); "
               "the first of equals, and NaN counts as smallest.",
               arg_rule<1>),
  };
}

}  // namespace proa::ops
