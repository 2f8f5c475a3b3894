// Activations: the nonlinear functions of neural networks, softmax among them.

#include "proa/ir/need_extents.h"
#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

constexpr uint32_t kActivation = ir::kFunctional;

// Activations whose derivative is known from the result keep only that.
using Rule = void (*)(Decompose&);
using Backward = void (*)(Vjp&);

Expr logistic(Expr x) {
  // 1 / (1 + exp(-x)) of |x|, so that exp never overflows and the tails keep their digits.
  Expr e = exp(-abs(x)), one = full_like(x, 1);
  return select(compare("ge", x, 0.0), one, e) / (e + 1);
}

Expr softplus_of(Expr x, double beta, double threshold) {
  Expr scaled = x * beta;
  Expr soft = (maximum(scaled, 0.0) + unary("log1p", exp(-abs(scaled)))) / beta;
  return select(compare("gt", scaled, threshold), x, soft);
}

void relu_rule(Decompose& d) { d.out(maximum(d.in(0), 0.0)); }
void relu_backward(Vjp& v) { v.set(0, only_where(compare("gt", v.result(), 0.0), v.cotangent())); }
void relu6_rule(Decompose& d) { d.out(minimum(maximum(d.in(0), 0.0), 6.0)); }
void relu6_backward(Vjp& v) {
  Expr y = v.result();
  v.set(0, only_where(compare("gt", y, 0.0) & compare("lt", y, 6.0), v.cotangent()));
}

void sigmoid_rule(Decompose& d) {
  d.out(is_complex(d.in(0).dtype()) ? 1.0 / (exp(-d.in(0)) + 1) : logistic(d.in(0)));
}
void sigmoid_backward(Vjp& v) {
  Expr y = v.result();
  v.set(0, times_conj(v.cotangent(), y * (1.0 - y)));
}

void silu_rule(Decompose& d) { d.out(d.in(0) * logistic(d.in(0))); }
void silu_backward(Vjp& v) {
  Expr x = v.in(0), s = logistic(x);
  v.set(0, v.cotangent() * (s * (x * (1.0 - s) + 1)));
}

void tanh_gelu(Decompose& d, Expr x) {
  Expr inner = (x + x * x * x * 0.044715) * 0.79788456080286535588;
  d.out(x * 0.5 * (tanh(inner) + 1));  // x * 2 would overflow first
}
void gelu_rule(Decompose& d) {
  Expr x = d.in(0);
  if (d.boolean("approximate")) return tanh_gelu(d, x);
  d.out(x * 0.5 * (erf(x * 0.70710678118654752440) + 1));
}
void gelu_backward(Vjp& v) {
  Expr x = v.in(0), g = v.cotangent();
  if (v.boolean("approximate")) {
    Expr square = x * x;
    Expr t = tanh((x + square * x * 0.044715) * 0.79788456080286535588);
    Expr inner = (square * 0.134145 + 1) * 0.79788456080286535588;
    v.set(0, g * ((t + 1) * 0.5 + x * (1.0 - t * t) * inner * 0.5));
    return;
  }
  Expr cdf = (erf(x * 0.70710678118654752440) + 1) * 0.5;
  Expr density = exp(x * x * -0.5) * 0.39894228040143267794;
  v.set(0, g * (cdf + x * density));
}

void leaky_relu_rule(Decompose& d) {
  Expr x = d.in(0);
  d.out(select(compare("gt", x, 0.0), x, x * d.real("negative_slope")));
}
void leaky_relu_backward(Vjp& v) {
  Expr g = v.cotangent();
  v.set(0, select(compare("gt", v.in(0), 0.0), g, g * v.real("negative_slope")));
}

void elu_rule(Decompose& d) {
  Expr x = d.in(0);
  d.out(select(compare("gt", x, 0.0), x, unary("expm1", minimum(x, 0.0)) * d.real("alpha")));
}
void celu_rule(Decompose& d) {
  Expr x = d.in(0);
  double alpha = d.real("alpha");
  d.out(maximum(x, 0.0) + minimum(unary("expm1", minimum(x, 0.0) / alpha) * alpha, 0.0));
}
void selu_rule(Decompose& d) {
  Expr x = d.in(0);
  d.out(select(compare("gt", x, 0.0), x, unary("expm1", minimum(x, 0.0)) * d.real("alpha")) *
        d.real("scale"));
}
void softplus_rule(Decompose& d) {
  d.out(softplus_of(d.in(0), d.real("beta"), d.real("threshold")));
}
void softplus_backward(Vjp& v) {
  Expr x = v.in(0), g = v.cotangent(), scaled = x * v.real("beta");
  v.set(0, select(compare("gt", scaled, v.real("threshold")), g, g * logistic(scaled)));
}
void softsign_rule(Decompose& d) { d.out(d.in(0) / (abs(d.in(0)) + 1)); }
void mish_rule(Decompose& d) { d.out(d.in(0) * tanh(softplus_of(d.in(0), 1, 20))); }
void log_sigmoid_rule(Decompose& d) { d.out(-softplus_of(-d.in(0), 1, 1e30)); }
void hardtanh_rule(Decompose& d) { d.out(minimum(maximum(d.in(0), d.real("min")), d.real("max"))); }
void hardsigmoid_rule(Decompose& d) {
  d.out(minimum(maximum(d.in(0) * d.real("slope") + d.real("offset"), 0.0), 1.0));
}
void hardsigmoid_backward(Vjp& v) {
  Expr y = v.result();
  v.set(0,
        only_where(compare("gt", y, 0.0) & compare("lt", y, 1.0), v.cotangent() * v.real("slope")));
}
void hardswish_rule(Decompose& d) {
  Expr x = d.in(0);
  d.out(x * (minimum(maximum(x + 3, 0.0), 6.0) / 6.0));  // x * 6 would overflow first
}
void hardswish_backward(Vjp& v) {
  Expr x = v.in(0), g = v.cotangent();
  Expr middle = g * (x / 3.0 + 0.5);
  v.set(0, select(compare("ge", x, 3.0), g, only_where(compare("gt", x, -3.0), middle)));
}
void hardshrink_rule(Decompose& d) {
  d.out(only_where(!compare("le", abs(d.in(0)), d.real("threshold")), d.in(0)));  // NaN stays
}
void softshrink_rule(Decompose& d) {
  Expr x = d.in(0);
  double t = d.real("threshold");
  d.out(select(compare("gt", x, t), x - t, only_where(!compare("ge", x, -t), x + t)));
}
void tanhshrink_rule(Decompose& d) { d.out(d.in(0) - tanh(d.in(0))); }
void thresholded_rule(Decompose& d) {
  Expr x = d.in(0);
  d.out(select(compare("le", x, d.real("threshold")), full_like(x, d.real("value")), x));
}
void stanh_rule(Decompose& d) { d.out(tanh(d.in(0) * d.real("scale_a")) * d.real("scale_b")); }

// softmax along an axis: max, exp(x - max), sum, divide (docs/design/numerics.md).
int softmax_axis(const ir::AttrView& op, int rank) { return rank == 0 ? 0 : op.axis("axis", rank); }

void softmax_shape(Infer& op) {
  if (op.rank(0) > 0) {
    (void)op.axis("axis", op.rank(0));
  } else if (op.integer("axis") != -1 && op.integer("axis") != 0) {
    (void)op.axis("axis", 0);
  }
  op.result(op.dims(0), op.has("dtype") ? op.dtype_attr("dtype") : op.met());
}

Expr prepared(Decompose& d) { return cast(d.in(0), d.result_type().dtype()); }

void softmax_rule(Decompose& d) {
  Expr x = prepared(d);
  if (x.rank() == 0) {
    d.out(full_like(x, 1) + (x - x));
    return;
  }
  int axis = softmax_axis(d, x.rank());
  Expr e = exp(x - max(x, axis, true));
  d.out(e / sum(e, axis, true));
}

void softmax_backward(Vjp& v) {
  Expr y = v.result(), g = v.cotangent();
  if (y.rank() == 0) {
    v.set(0, zeros_like(y));
    return;
  }
  int axis = softmax_axis(v, y.rank());
  v.set(0, y * (g - sum(g * y, axis, true)));
}

void log_softmax_rule(Decompose& d) {
  Expr x = prepared(d);
  if (x.rank() == 0) {
    d.out(x - x);
    return;
  }
  int axis = softmax_axis(d, x.rank());
  Expr shifted = x - max(x, axis, true);
  d.out(shifted - log(sum(exp(shifted), axis, true)));
}

void log_softmax_backward(Vjp& v) {
  Expr y = v.result(), g = v.cotangent();
  if (y.rank() == 0) {
    v.set(0, zeros_like(y));
    return;
  }
  int axis = softmax_axis(v, y.rank());
  v.set(0, g - exp(y) * sum(g, axis, true));
}

void halves_shape(Infer& op) {
  int axis = op.axis("axis", op.rank(0));
  Dim extent = op.dim(0, axis);
  expect_divisible(op, extent, 2, "x", [&] {
    return str("expected an even size at axis ", axis, ", got ", to_string(extent));
  });
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  dims[static_cast<size_t>(axis)] = floordiv(extent, 2);
  op.result(dims);
}

void glu_rule(Decompose& d) {
  Expr x = d.in(0);
  int axis = d.axis("axis", x.rank());
  Dim half = floordiv(x.dim(axis), 2);
  d.out(slice_axis(x, axis, 0, half) * logistic(slice_axis(x, axis, half, half + half)));
}

void swiglu_shape(Infer& op) {
  if (op.rank(0) == 0) op.fail(ErrorKind::shape, "x", "expected at least 1 dim, got a 0-d tensor");
  if (op.present(1)) {
    require_same_dims(op, 0, 1);
    op.result(op.dims(0));
    return;
  }
  Dim extent = op.dim(0, -1);
  expect_divisible(op, extent, 2, "x", [&] {
    return str("expected an even size at the last axis, got ", to_string(extent));
  });
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  dims.back() = floordiv(extent, 2);
  op.result(dims);
}

void swiglu_rule(Decompose& d) {
  Expr x = d.in(0), y = d.in(1);
  if (!y.value) {
    int axis = x.rank() - 1;
    Dim half = floordiv(x.dim(axis), 2);
    y = slice_axis(x, axis, half, half + half);
    x = slice_axis(x, axis, 0, half);
  }
  d.out(x * logistic(x) * y);
}

void prelu_shape(Infer& op) {
  Dim n = ir::product(op.dims(1));
  bool last = op.text("data_format").ends_with("C");
  if (!ir::is_one(op.facts(), n, "prelu: one slope for all")) {
    if (op.rank(0) < 2)
      op.fail(ErrorKind::shape, "weight",
              str("expected one slope for a tensor of shape ", to_string(op.dims(0)), ", got ",
                  to_string(n)));
    expect_eq(op, n, op.dim(0, last ? -1 : 1), "weight", [&] {
      return str("expected one slope for each of ", to_string(op.dim(0, last ? -1 : 1)),
                 " channels, got ", to_string(n));
    });
  }
  op.result(op.dims(0));
}

void prelu_rule(Decompose& d) {
  Expr x = d.in(0), w = d.in(1);
  Dim n = ir::product(w.dims());
  std::vector<Dim> dims(static_cast<size_t>(x.rank()), Dim(1));
  bool last = d.text("data_format").ends_with("C");
  if (!n.is_const(1)) dims[last ? dims.size() - 1 : 1] = n;
  w = reshape(w, dims);
  d.out(select(compare("gt", x, 0.0), x, x * w));
}

void maxout_shape(Infer& op) {
  int axis = op.axis("axis", op.rank(0));
  int64_t groups = op.integer("groups");
  Dim extent = op.dim(0, axis);
  expect_divisible(op, extent, groups, "groups", [&] {
    return str("axis ", axis, " of size ", to_string(extent), " does not divide into groups of ",
               groups);
  });
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  dims[static_cast<size_t>(axis)] = floordiv(extent, groups);
  op.result(dims);
}

void maxout_rule(Decompose& d) {
  Expr x = d.in(0);
  int axis = d.axis("axis", x.rank());
  std::vector<Dim> dims(x.dims().begin(), x.dims().end());
  dims[static_cast<size_t>(axis)] = floordiv(x.dim(axis), d.integer("groups"));
  dims.insert(dims.begin() + axis + 1, Dim(d.integer("groups")));
  d.out(max(reshape(x, dims), axis + 1));
}

void common_wrong(SampleList& s) {
  s.wrong({T(DType::boolean, {2})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::i32, {2})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::c64, {2})}, {}, ErrorKind::type, "dtype");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({2})}, {{"inplace", true}}, ErrorKind::key, "no such argument");
  s.wrong({absent()}, {{"x", "relu"}}, ErrorKind::type, "expected a Tensor or a number, got str");
  s.wrong({T({2})}, {{"input", 1.0}}, ErrorKind::type, "given twice");
}

void usual(SampleList& s) {
  for (const auto& dims : usual_dims()) s.ok({T(dims, Fill::distinct)});
  common_wrong(s);
}

void sigmoid_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) s.ok({T(dims)});
  s.ok({V(DType::f32, {4}, {-1000, 1000, 0, -88})}).gradient = false;
  refuse_elementwise(s, kAnySet);
}

void axis_samples(SampleList& s) {
  for (std::vector<int64_t> dims : {std::vector<int64_t>{5}, {3, 4}, {2, 3, 4}, {0, 3}})
    s.ok({T(dims)});
  s.ok({T({})});
  s.ok({T({3, 4})}, {{"axis", 0}});
  s.ok({V(DType::f32, {3}, {1000, 0, -1000})}).gradient = false;
  s.ok({T(DType::f16, {3, 4})}, {{"dtype", DType::f32}});
  s.wrong({T({3, 4})}, {{"axis", 2}}, ErrorKind::index, "expected -2..1");
  s.wrong({T({3, 4})}, {{"axis", "x"}}, ErrorKind::type, "an integer");
  s.wrong({T({3, 4})}, {{"dtype", 3}}, ErrorKind::type, "a dtype");
  common_wrong(s);
}

template <int kWhich>
void named_samples(SampleList& s) {
  constexpr std::string_view kNames[] = {"negative_slope", "alpha",  "threshold", "beta", "min",
                                         "slope",          "scale_a"};
  std::string_view name = kNames[kWhich];
  for (const auto& dims : usual_dims()) s.ok({T(dims, Fill::distinct)});
  s.ok({T({3, 4}, Fill::distinct)}, {{name, 0.25}});
  s.wrong({T({2})}, {{name, "x"}}, ErrorKind::type, "a number");
  common_wrong(s);
}

// Version 1 named the formula, as PyTorch does: approximate was "none" or "tanh".
void gelu_from_1(ir::AttrList& attrs, ir::Context& context) {
  ir::Attribute formula = attrs.get("approximate");
  if (!formula.is(ir::AttrKind::string)) return;
  attrs.set(context.name("approximate"),
            ir::Attribute::boolean(context, formula.as_string() == "tanh"));
}

void gelu_samples(SampleList& s) {
  usual(s);
  s.ok({T({3, 4}, Fill::distinct)}, {{"approximate", true}});
  s.wrong({T({2})}, {{"approximate", 3}}, ErrorKind::type, "True or False");
}

void glu_samples(SampleList& s) {
  s.ok({T({4})});
  s.ok({T({3, 6})});
  s.ok({T({4, 3})}, {{"axis", 0}});
  s.wrong({T({3})}, {}, ErrorKind::shape, "an even size");
  s.wrong({T({4})}, {{"axis", 1}}, ErrorKind::index, "out of range");
  common_wrong(s);
}

void swiglu_samples(SampleList& s) {
  s.ok({T({3, 4}), T({3, 4})});
  s.ok({T({3, 4}), absent()});
  s.wrong({T({3, 5}), absent()}, {}, ErrorKind::shape, "an even size");
  s.wrong({T({3, 4}), T({3, 2})}, {}, ErrorKind::shape, "expected shape [3, 4]");
  s.wrong({T({}), absent()}, {}, ErrorKind::shape, "at least 1 dim");
  s.wrong({absent(), T({2})}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::i32, {4}), absent()}, {}, ErrorKind::type, "dtype");
  s.wrong({T({4}), absent()}, {{"axis", 0}}, ErrorKind::key, "no such argument");
}

void prelu_samples(SampleList& s) {
  s.ok({T({2, 3, 4}, Fill::distinct), T({3})});
  s.ok({T({2, 3}, Fill::distinct), T({1})});
  s.ok({T({2, 4, 3}, Fill::distinct), T({3})}, {{"data_format", "NLC"}});
  s.ok({T({4}, Fill::distinct), T({1})});
  s.wrong({T({2, 3}), T({4})}, {}, ErrorKind::shape, "one slope for each of 3");
  s.wrong({T({3}), T({3})}, {}, ErrorKind::shape, "expected one slope");
  s.wrong({T({2, 3}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({2, 3}), T({3})}, {{"data_format", "XY"}}, ErrorKind::value, "expected one of");
  s.wrong({T(DType::i32, {2, 3}), T({3})}, {}, ErrorKind::type, "dtype");
  s.wrong({T({2, 3}), T({3})}, {{"axis", 1}}, ErrorKind::key, "no such argument");
}

void maxout_samples(SampleList& s) {
  s.ok({T({2, 6, 3}, Fill::distinct)}, {{"groups", 2}});
  s.ok({T({2, 6}, Fill::distinct)}, {{"groups", 3}, {"axis", -1}});
  s.wrong({T({2, 5})}, {{"groups", 2}}, ErrorKind::shape, "does not divide");
  s.wrong({T({2, 4})}, {}, ErrorKind::value, "required");
  s.wrong({T({2, 4})}, {{"groups", 0}}, ErrorKind::value, "at least 1");
  s.wrong({T({4})}, {{"groups", 2}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 4})}, {{"groups", 2}, {"axis", 5}}, ErrorKind::index, "out of range");
  s.wrong({T(DType::i32, {2, 4})}, {{"groups", 2}}, ErrorKind::type, "dtype");
}

ir::AttrSpec real(std::string_view name, double value, std::vector<std::string_view> aliases = {}) {
  return {.name = name, .aliases = std::move(aliases), .form = AttrForm::real, .value = value};
}

ir::Page activation(std::string_view name, std::vector<std::string_view> aliases,
                    std::string_view doc, std::vector<ir::AttrSpec> attrs, Rule rule,
                    Backward backward = nullptr, void (*samples)(SampleList&) = usual,
                    uint32_t faces = kActivation) {
  ir::Page page = elementwise({.name = name,
                               .aliases = std::move(aliases),
                               .faces = faces,
                               .doc = doc,
                               .dtypes = kFloatSet,
                               .vjp = backward ? VjpRule{.backward = backward} : by_decomposition(),
                               .decompose = rule,
                               .samples = samples});
  page.attrs = std::move(attrs);
  return page;
}

ir::Page softmax_page(std::string_view name, std::string_view doc, Rule rule, Backward backward) {
  ir::Page page =
      activation(name, {}, doc,
                 {{.name = "axis", .aliases = {"dim"}, .form = AttrForm::axis, .value = -1},
                  {.name = "dtype", .form = AttrForm::dtype, .value = kNone}},
                 rule, backward, axis_samples, ir::kFunctional | ir::kInplace | ir::kMethod);
  page.dtypes = by_shape_rule(Meet::promote);
  page.shape = softmax_shape;
  page.sharding = "... -> ...; @axis: whole";
  return page;
}

}  // namespace

std::vector<ir::Page> activation_pages() {
  constexpr uint32_t kWritten = kActivation | ir::kInplace;
  ir::Page sigmoid = activation("sigmoid", {}, "1 / (1 + exp(-x)).", {}, sigmoid_rule,
                                sigmoid_backward, sigmoid_samples, kWritten | kOperator);
  sigmoid.operands = {operand_x(kAnySet)};
  sigmoid.dtypes = promote_float();
  ir::AttrSpec axis{.name = "axis", .aliases = {"dim"}, .form = AttrForm::axis, .value = -1};
  ir::Page glu = activation(
      "glu", {}, "The first half along axis times the sigmoid of the second (Dauphin et al. 2017).",
      {axis}, glu_rule, nullptr, glu_samples);
  glu.shape = halves_shape;
  glu.sharding = "... -> ...; @axis: whole";
  ir::AttrSpec groups_axis{.name = "axis", .form = AttrForm::axis, .value = 1};
  ir::Page maxout = activation(
      "maxout", {},
      "The largest of each group of `groups` channels along axis (Goodfellow et al. 2013).",
      {{.name = "groups", .form = AttrForm::integer, .lowest = 1}, groups_axis}, maxout_rule,
      nullptr, maxout_samples);
  maxout.shape = maxout_shape;
  maxout.sharding = "... -> ...; @axis: whole";
  Page gelu = activation("gelu", {},
                         "x * P(X <= x) for a standard normal X (Hendrycks and Gimpel 2016); "
                         "approximate=True uses their tanh formula.",
                         {{.name = "approximate", .form = AttrForm::boolean, .value = false}},
                         gelu_rule, gelu_backward, gelu_samples);
  gelu.version = 2;
  gelu.upgrades = {{1, gelu_from_1}};
  return {
      activation("relu", {}, "max(x, 0).", {}, relu_rule, relu_backward, usual,
                 kWritten | ir::kMethod),
      activation("relu6", {}, "min(max(x, 0), 6).", {}, relu6_rule, relu6_backward),
      std::move(sigmoid),
      activation("silu", {}, "x * sigmoid(x), also called swish (Elfwing et al. 2018).", {},
                 silu_rule, silu_backward),
      activation("swish", {}, "x * sigmoid(x).", {}, silu_rule, silu_backward),
      std::move(gelu),
      activation("leaky_relu", {}, "x where it is positive, negative_slope * x elsewhere.",
                 {real("negative_slope", 0.01)}, leaky_relu_rule, leaky_relu_backward,
                 named_samples<0>, kWritten),
      activation("elu", {},
                 "x where it is positive, alpha * (exp(x) - 1) elsewhere (Clevert et al. 2016).",
                 {real("alpha", 1.0)}, elu_rule, nullptr, named_samples<1>, kWritten),
      activation("celu", {}, "max(x, 0) + min(0, alpha * (exp(x / alpha) - 1)) (Barron 2017).",
                 {real("alpha", 1.0)}, celu_rule, nullptr, named_samples<1>),
      activation("selu", {}, "scale * elu(x, alpha) with the constants of Klambauer et al. 2017.",
                 {real("scale", 1.0507009873554804934193349852946),
                  real("alpha", 1.6732632423543772848170429916717)},
                 selu_rule, nullptr, named_samples<1>),
      activation("softplus", {},
                 "log(1 + exp(beta * x)) / beta; x itself where beta * x is above threshold.",
                 {real("beta", 1.0), real("threshold", 20.0)}, softplus_rule, softplus_backward,
                 named_samples<3>),
      activation("softsign", {}, "x / (1 + |x|).", {}, softsign_rule),
      activation("mish", {}, "x * tanh(softplus(x)) (Misra 2019).", {}, mish_rule),
      activation("log_sigmoid", {"logsigmoid"}, "log(sigmoid(x)).", {}, log_sigmoid_rule),
      activation("hardtanh", {}, "x held between min and max.",
                 {real("min", -1.0, {"min_val"}), real("max", 1.0, {"max_val"})}, hardtanh_rule,
                 nullptr, named_samples<4>, kWritten),
      activation("hardsigmoid", {}, "slope * x + offset, held between 0 and 1.",
                 {real("slope", 1.0 / 6), real("offset", 0.5)}, hardsigmoid_rule,
                 hardsigmoid_backward, named_samples<5>),
      activation("hardswish", {}, "x * min(max(x + 3, 0), 6) / 6 (Howard et al. 2019).", {},
                 hardswish_rule, hardswish_backward),
      activation("hardshrink", {}, "x where |x| is above threshold, 0 elsewhere.",
                 {real("threshold", 0.5, {"lambd"})}, hardshrink_rule, nullptr, named_samples<2>),
      activation("softshrink", {}, "x moved towards 0 by threshold; 0 where |x| is at most that.",
                 {real("threshold", 0.5, {"lambd"})}, softshrink_rule, nullptr, named_samples<2>),
      activation("tanhshrink", {}, "x - tanh(x).", {}, tanhshrink_rule),
      activation("thresholded_relu", {}, "x where it is above threshold, value elsewhere.",
                 {real("threshold", 1.0), real("value", 0.0)}, thresholded_rule, nullptr,
                 named_samples<2>, kWritten),
      activation("stanh", {}, "scale_b * tanh(scale_a * x).",
                 {real("scale_a", 0.67), real("scale_b", 1.7159)}, stanh_rule, nullptr,
                 named_samples<6>, kOperator),
      softmax_page("softmax",
                   "exp(x) / sum(exp(x)) along axis, without overflow. With dtype the computation "
                   "is in that dtype.",
                   softmax_rule, softmax_backward),
      softmax_page("log_softmax",
                   "log(softmax(x)) along axis, without overflow. With dtype the computation is in "
                   "that dtype.",
                   log_softmax_rule, log_softmax_backward),
      std::move(glu),
      std::move(maxout),
      {.name = "swiglu",
       .faces = kActivation,
       .doc = "silu(x) * y; without y the last axis of x is cut in two halves (Shazeer 2020).",
       .operands = {operand_x(kFloatSet), {.name = "y", .dtypes = kFloatSet, .optional = true}},
       .shape = swiglu_shape,
       .vjp = by_decomposition(),
       .decompose = swiglu_rule,
       .sharding = kEachAxis2,
       .samples = swiglu_samples},
      {.name = "prelu",
       .faces = kActivation,
       .doc = "x where it is positive, weight * x elsewhere, with one slope or one for each "
              "channel (He et al. 2015).",
       .operands = {operand_x(kFloatSet), {.name = "weight", .dtypes = kFloatSet}},
       .attrs = {{.name = "data_format",
                  .form = AttrForm::string,
                  .value = "NCHW",
                  .choices = {"NC", "NCL", "NCHW", "NCDHW", "NLC", "NHWC", "NDHWC"}}},
       .shape = prelu_shape,
       .vjp = by_decomposition(),
       .decompose = prelu_rule,
       .sharding = "n c ..., c -> n c ...",
       .samples = prelu_samples},
  };
}

}  // namespace proa::ops
