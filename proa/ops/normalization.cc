// Normalisations: values brought to mean 0 and variance 1 over some axes, then scaled and shifted.
// Forwards keep mean and 1 / standard deviation, so that the backward needs no second pass over x.

#include <algorithm>

#include "proa/ops/window.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;

struct Stats {
  Expr mean, rstd;
};

Expr count_over(Expr x, std::span<const int> axes) {
  Dim n = 1;
  for (int axis : axes) n = n * x.dim(axis);
  return dim_value(*x.builder, n, x.dtype());
}

// Two passes: the mean, then the mean of squared distances.
Expr mean_over(Expr x, std::span<const int> axes) {
  return sum(x, axes, true) / count_over(x, axes);
}
Expr variance_over(Expr x, Expr mean, std::span<const int> axes) {
  Expr centred = x - mean;
  return sum(centred * centred, axes, true) / count_over(x, axes);
}
Stats stats_of(Expr x, std::span<const int> axes, double epsilon) {
  Expr mean = mean_over(x, axes);
  return {mean, rsqrt(variance_over(x, mean, axes) + epsilon)};
}

// The gradient of (x - mean) * rstd, given that of the result.
Expr normalized_backward(Expr g, Expr xhat, Expr rstd, std::span<const int> axes) {
  Expr n = count_over(xhat, axes);
  return (g - sum(g, axes, true) / n - xhat * (sum(g * xhat, axes, true) / n)) * rstd;
}

std::vector<int> last_axes(int rank, size_t count) {
  std::vector<int> axes;
  for (int i = rank - static_cast<int>(count); i < rank; ++i) axes.push_back(i);
  return axes;
}

Expr wide(Expr x) { return cast(x, accumulator_of(x.dtype())); }

void check_affine(Infer& op, int operand, std::span<const Dim> dims, std::string_view what) {
  if (!op.present(operand)) return;
  std::string_view name = op.page().operands[static_cast<size_t>(operand)].name;
  auto message = [&] {
    return str("expected shape ", to_string(dims), " (", what, "), got ",
               to_string(op.dims(operand)));
  };
  if (op.rank(operand) != static_cast<int>(dims.size())) op.fail(ErrorKind::shape, name, message());
  for (size_t i = 0; i < dims.size(); ++i)
    expect_eq(op, op.dims(operand)[i], dims[i], name, message);
}

// layer_norm

size_t normalized_rank(const ir::AttrView& op) { return op.dims_attr("normalized_shape").size(); }

void layer_shape(Infer& op) {
  std::vector<Dim> normal = op.dims_attr("normalized_shape");
  auto dims = op.dims(0);
  if (normal.empty() || normal.size() > dims.size()) {
    op.fail(ErrorKind::shape, "normalized_shape",
            str("expected the last 1 to ", dims.size(), " sizes of shape ", to_string(dims),
                ", got ", to_string(normal)));
  }
  auto tail = dims.subspan(dims.size() - normal.size());
  for (size_t i = 0; i < normal.size(); ++i) {
    expect_eq(op, normal[i], tail[i], "normalized_shape", [&] {
      return str("expected the last sizes of shape ", to_string(dims), ", got ", to_string(normal));
    });
  }
  check_affine(op, 1, normal, "the normalised axes");
  check_affine(op, 2, normal, "the normalised axes");
  op.result(dims, op.dtype(0));
}

Expr affine(Expr xhat, Expr weight, Expr bias) {
  Expr y = weight ? xhat * cast(weight, xhat.dtype()) : xhat;
  return bias ? y + cast(bias, xhat.dtype()) : y;
}

Expr layer_forward(Decompose& d, Stats* keep) {
  Expr x = wide(d.in(0));
  std::vector<int> axes = last_axes(x.rank(), normalized_rank(d));
  Stats s = stats_of(x, axes, d.real("epsilon"));
  if (keep) *keep = s;
  return cast(affine((x - s.mean) * s.rstd, d.in(1), d.in(2)), d.result_type().dtype());
}

void layer_rule(Decompose& d) { d.out(layer_forward(d, nullptr)); }

void layer_augment(Augment& d) {
  Stats s;
  d.out(layer_forward(d, &s));
  d.keep("mean", s.mean);
  d.keep("rstd", s.rstd);
}

void layer_backward(Vjp& v) {
  Expr x = wide(v.in(0)), g = wide(v.cotangent()), rstd = v.residual("rstd");
  Expr xhat = (x - v.residual("mean")) * rstd;
  size_t count = normalized_rank(v);
  std::vector<int> axes = last_axes(x.rank(), count), rest;
  for (int i = 0; i < x.rank() - static_cast<int>(count); ++i) rest.push_back(i);
  if (v.needs(1)) v.set(1, rest.empty() ? g * xhat : sum(g * xhat, rest));
  if (v.needs(2)) v.set(2, rest.empty() ? g : sum(g, rest));
  if (v.needs(0))
    v.set(0,
          normalized_backward(v.present(1) ? g * cast(v.in(1), g.dtype()) : g, xhat, rstd, axes));
}

// rms_norm: x / sqrt(mean(x^2) + epsilon) * weight

void rms_shape(Infer& op) {
  if (op.rank(0) == 0) op.fail(ErrorKind::shape, "x", "expected at least 1 dim, got a 0-d tensor");
  check_affine(op, 1, op.dims(0).last(1), "the last axis");
  check_affine(op, 2, op.dims(0).last(1), "the last axis");
  op.result(op.dims(0), op.dtype(0));
}

Expr rms_scale(Expr x, double epsilon) {
  std::vector<int> axis{x.rank() - 1};
  return rsqrt(mean_over(x * x, axis) + epsilon);
}

void rms_rule(Decompose& d) {
  Expr x = wide(d.in(0));
  d.out(
      cast(affine(x * rms_scale(x, d.real("epsilon")), d.in(1), d.in(2)), d.result_type().dtype()));
}

void rms_augment(Augment& d) {
  Expr x = wide(d.in(0)), scale = rms_scale(x, d.real("epsilon"));
  d.out(cast(affine(x * scale, d.in(1), d.in(2)), d.result_type().dtype()));
  d.keep("scale", scale);
}

void rms_backward(Vjp& v) {
  Expr x = wide(v.in(0)), g = wide(v.cotangent()), scale = v.residual("scale");
  Expr xhat = x * scale;
  std::vector<int> axis{x.rank() - 1}, rest;
  for (int i = 0; i + 1 < x.rank(); ++i) rest.push_back(i);
  if (v.needs(1)) v.set(1, rest.empty() ? g * xhat : sum(g * xhat, rest));
  if (v.needs(2)) v.set(2, rest.empty() ? g : sum(g, rest));
  Expr h = v.present(1) ? g * cast(v.in(1), g.dtype()) : g;
  if (v.needs(0)) v.set(0, (h - xhat * (sum(h * xhat, axis, true) / count_over(x, axis))) * scale);
}

// batch_norm: statistics over batch and space of each channel.

int channel_axis(const ir::AttrView& op, int rank) {
  return is_channels_last(op) && rank > 2 ? rank - 1 : rank > 1 ? 1 : 0;
}

std::vector<int> all_but(int rank, int axis) {
  std::vector<int> axes;
  for (int i = 0; i < rank; ++i) {
    if (i != axis) axes.push_back(i);
  }
  return axes;
}

Expr along(Expr channels, int rank, int axis) {
  std::vector<Dim> dims(static_cast<size_t>(rank), Dim(1));
  dims[static_cast<size_t>(axis)] = channels.dim(0);
  return reshape(channels, dims);
}

void batch_shape(Infer& op) {
  int rank = op.rank(0);
  if (rank < 2)
    op.fail(ErrorKind::shape, "x",
            str("expected batch and channels at least, got shape ", to_string(op.dims(0))));
  std::vector<Dim> channels{op.dim(0, channel_axis(op, rank))};
  for (int k = 1; k <= 4; ++k) check_affine(op, k, channels, "the channels");
  if (!op.boolean("training") && !op.present(1))
    op.fail(ErrorKind::value, "running_mean",
            "expected running statistics outside of training, got none");
  if (op.present(1) != op.present(2))
    op.fail(ErrorKind::value, "running_var",
            "expected running_mean and running_var together, got one of them");
  op.result(op.dims(0), op.dtype(0));
  DType kept = op.present(1) ? op.dtype(1) : accumulator_of(op.dtype(0));
  op.result(channels, kept);
  op.result(channels, kept);
}

struct Batch {
  Expr y, mean, variance, rstd;  // mean and variance as the page gives them back
  Expr centre;                   // the mean that was subtracted
};

Batch batch_forward(Decompose& d) {
  Expr x = wide(d.in(0));
  int rank = x.rank(), axis = channel_axis(d, rank);
  std::vector<int> axes = all_but(rank, axis);
  Batch b;
  Expr mean, variance;
  if (d.boolean("training")) {
    mean = mean_over(x, axes);
    variance = variance_over(x, mean, axes);
    std::vector<Dim> flat{x.dim(axis)};
    Expr m = reshape(mean, flat), v = reshape(variance, flat);
    if (d.present(1)) {
      double keep = d.real("momentum");
      b.mean = cast(d.in(1), m.dtype()) * keep + m * (1 - keep);
      b.variance = cast(d.in(2), v.dtype()) * keep + v * (1 - keep);
    } else {
      b.mean = m;
      b.variance = v;
    }
  } else {
    b.mean = d.in(1);
    b.variance = d.in(2);
    mean = along(cast(d.in(1), x.dtype()), rank, axis);
    variance = along(cast(d.in(2), x.dtype()), rank, axis);
  }
  b.rstd = rsqrt(variance + d.real("epsilon"));
  b.centre = mean;
  Expr weight = d.present(3) ? along(d.in(3), rank, axis) : Expr(),
       bias = d.present(4) ? along(d.in(4), rank, axis) : Expr();
  b.y = cast(affine((x - mean) * b.rstd, weight, bias), d.result_type(0).dtype());
  b.mean = cast(b.mean, d.result_type(1).dtype());
  b.variance = cast(b.variance, d.result_type(2).dtype());
  return b;
}

void batch_rule(Decompose& d) {
  Batch b = batch_forward(d);
  d.out(b.y);
  d.out(b.mean);
  d.out(b.variance);
}

void batch_augment(Augment& d) {
  Batch b = batch_forward(d);
  d.out(b.y);
  d.out(b.mean);
  d.out(b.variance);
  if (d.boolean("training")) d.keep("mean", b.centre);
  d.keep("rstd", b.rstd);
}

// Cotangents of the running statistics count too, where somebody gives them.
void batch_backward(Vjp& v) {
  Expr x = wide(v.in(0)), rstd = v.residual("rstd"), dx, dmean, dvariance;
  int rank = x.rank(), axis = channel_axis(v, rank);
  std::vector<int> axes = all_but(rank, axis);
  bool training = v.boolean("training");
  Expr mean = training ? v.residual("mean") : along(cast(v.in(1), x.dtype()), rank, axis);
  auto add = [](Expr& total, Expr more) { total = total ? total + more : more; };
  if (v.has_cotangent(0)) {
    Expr g = wide(v.cotangent(0)), xhat = (x - mean) * rstd;
    if (v.needs(3)) v.set(3, sum(g * xhat, axes));
    if (v.needs(4)) v.set(4, sum(g, axes));
    Expr h = v.present(3) ? g * along(cast(v.in(3), g.dtype()), rank, axis) : g;
    if (training) {
      add(dx, normalized_backward(h, xhat, rstd, axes));
    } else {
      add(dx, h * rstd);
      add(dmean, -sum(h * rstd, axes));
      add(dvariance, sum(h * xhat * rstd * rstd, axes) * -0.5);
    }
  }
  double keep = training && v.present(1) ? v.real("momentum") : training ? 0.0 : 1.0;
  if (v.has_cotangent(1)) {
    Expr g = cast(v.cotangent(1), x.dtype());
    if (training)
      add(dx, broadcast_to(along(g * (1 - keep), rank, axis) / count_over(x, axes), x.dims()));
    add(dmean, g * keep);
  }
  if (v.has_cotangent(2)) {
    Expr g = cast(v.cotangent(2), x.dtype());
    if (training)
      add(dx, (x - mean) * (along(g * (2 * (1 - keep)), rank, axis) / count_over(x, axes)));
    add(dvariance, g * keep);
  }
  if (dx) v.set(0, dx);
  if (dmean) v.set(1, dmean);
  if (dvariance) v.set(2, dvariance);
}

// group_norm and instance_norm: the channels in groups, each normalised over its space.

Expr grouped_forward(Decompose& d, Dim groups, Expr weight, Expr bias, double epsilon) {
  bool last = is_channels_last(d);
  Expr x = wide(d.in(0));
  if (last && x.rank() > 2) x = move_axis(x, -1, 1);
  std::vector<Dim> whole(x.dims().begin(), x.dims().end()),
      cut{x.dim(0), groups, floordiv(x.dim(1), groups)};
  cut.insert(cut.end(), whole.begin() + 2, whole.end());
  Expr split = reshape(x, cut);
  std::vector<int> axes;
  for (int i = 2; i < split.rank(); ++i) axes.push_back(i);
  Stats s = stats_of(split, axes, epsilon);
  Expr y = reshape((split - s.mean) * s.rstd, whole);
  y = affine(y, weight ? along(weight, x.rank(), 1) : Expr(),
             bias ? along(bias, x.rank(), 1) : Expr());
  if (last && x.rank() > 2) y = move_axis(y, 1, -1);
  return cast(y, d.result_type().dtype());
}

void group_shape(Infer& op) {
  int rank = op.rank(0);
  if (rank < 2)
    op.fail(ErrorKind::shape, "x",
            str("expected batch and channels at least, got shape ", to_string(op.dims(0))));
  Dim channels = op.dim(0, channel_axis(op, rank));
  int64_t groups = op.integer("num_groups");
  expect_divisible(op, channels, groups, "num_groups", [&] {
    return str(to_string(channels), " channels do not divide into ", groups, " groups");
  });
  std::vector<Dim> dims{channels};
  check_affine(op, 1, dims, "the channels");
  check_affine(op, 2, dims, "the channels");
  op.result(op.dims(0), op.dtype(0));
}

void group_rule(Decompose& d) {
  d.out(grouped_forward(d, d.integer("num_groups"), d.in(1), d.in(2), d.real("epsilon")));
}

void instance_shape(Infer& op) {
  int rank = op.rank(0);
  if (rank < 3)
    op.fail(ErrorKind::shape, "x",
            str("expected batch, channels and space, got shape ", to_string(op.dims(0))));
  std::vector<Dim> dims{op.dim(0, channel_axis(op, rank))};
  for (int k = 1; k <= 4; ++k) check_affine(op, k, dims, "the channels");
  if (!op.boolean("use_input_stats") && (!op.present(1) || !op.present(2)))
    op.fail(ErrorKind::value, "running_mean",
            "expected running statistics where use_input_stats is False, got none");
  op.result(op.dims(0), op.dtype(0));
}

void instance_rule(Decompose& d) {
  Expr x = d.in(0);
  int rank = x.rank(), axis = channel_axis(d, rank);
  if (d.boolean("use_input_stats")) {
    d.out(grouped_forward(d, x.dim(axis), d.in(3), d.in(4), d.real("eps")));
    return;
  }
  x = wide(x);
  Expr mean = along(cast(d.in(1), x.dtype()), rank, axis),
       rstd = rsqrt(along(cast(d.in(2), x.dtype()), rank, axis) + d.real("eps"));
  Expr y = affine((x - mean) * rstd, d.present(3) ? along(d.in(3), rank, axis) : Expr(),
                  d.present(4) ? along(d.in(4), rank, axis) : Expr());
  d.out(cast(y, d.result_type().dtype()));
}

// x / max(||x||_p, epsilon) along an axis
void normalize_shape(Infer& op) {
  (void)op.axis("axis", op.rank(0));
  op.result(op.dims(0));
}

void normalize_rule(Decompose& d) {
  // In f32 for 16 bits, where the usual epsilon would be 0.
  Expr x = d.in(0);
  if (x.dtype() == DType::f16 || x.dtype() == DType::bf16) x = cast(x, DType::f32);
  int64_t axis = d.axis("axis", x.rank());
  Expr norm = call1("tensor.p_norm", {x},
                    {{"p", d.real("p")}, {"axis", std::vector<int64_t>{axis}}, {"keepdim", true}});
  d.out(cast(x / maximum(norm, d.real("epsilon")), d.result_type().dtype()));
}

// x / (k + alpha * mean of squares over neighbouring channels)^beta
void local_response_rule(Decompose& d) {
  bool last = is_channels_last(d);
  Expr x = last ? move_axis(d.in(0), -1, 1) : d.in(0);
  int64_t size = d.integer("size");
  auto n = static_cast<size_t>(x.rank());
  std::vector<int64_t> window(n, 1), ones(n, 1);
  std::vector<Dim> low(n, Dim(0)), high(n, Dim(0));
  window[1] = size;
  low[1] = size / 2;
  high[1] = (size - 1) / 2;
  std::vector<Expr> operands{x * x};
  Expr total = call(d.builder(), "prim.reduce_window", operands,
                    {{"kind", "sum"},
                     {"window", window},
                     {"strides", ones},
                     {"padding_low", low},
                     {"padding_high", high},
                     {"dilation", ones},
                     {"index", false}})[0];
  Expr base = total * (d.real("alpha") / static_cast<double>(size)) + d.real("k");
  Expr y = x / pow(base, full_like(base, d.real("beta")));
  d.out(last ? move_axis(y, 1, -1) : y);
}

void local_response_shape(Infer& op) {
  if (op.rank(0) < 3)
    op.fail(ErrorKind::shape, "x",
            str("expected batch, channels and space, got shape ", to_string(op.dims(0))));
  op.result(op.dims(0));
}

void layer_samples(SampleList& s) {
  s.ok({T({3, 4}), T({4}), T({4})}, {{"normalized_shape", 4}});
  s.ok({T({2, 3, 4}), T({3, 4}), absent()}, {{"normalized_shape", L{3, 4}}});
  s.ok({T({5}), absent(), absent()}, {{"normalized_shape", 5}});
  s.ok({T({0, 4}), T({4}), T({4})}, {{"normalized_shape", 4}});
  s.wrong({T({3, 4}), absent(), absent()}, {{"normalized_shape", 3}}, ErrorKind::shape,
          "the last sizes");
  s.wrong({T({4}), absent(), absent()}, {{"normalized_shape", L{3, 4}}}, ErrorKind::shape,
          "the last 1 to 1");
  s.wrong({T({3, 4}), T({3}), absent()}, {{"normalized_shape", 4}}, ErrorKind::shape,
          "expected shape [4]");
  s.wrong({T({3, 4}), absent(), T({1, 4})}, {{"normalized_shape", 4}}, ErrorKind::shape,
          "expected shape [4]");
  s.wrong({T({3, 4}), absent(), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::i32, {3, 4}), absent(), absent()}, {{"normalized_shape", 4}}, ErrorKind::type,
          "dtype");
  s.wrong({T({3, 4}), absent(), absent()}, {{"normalized_shape", 4}, {"epsilon", -1.0}},
          ErrorKind::value, "at least 0");
}

void rms_samples(SampleList& s) {
  s.ok({T({3, 4}), T({4}), absent()});
  s.ok({T({2, 3, 4}), T({4}), T({4})});
  s.ok({T({0, 4}), absent(), absent()});
  s.wrong({T({3, 4}), T({3}), absent()}, {}, ErrorKind::shape, "expected shape [4]");
  s.wrong({T({3, 4}), T({4}), T({3})}, {}, ErrorKind::shape, "expected shape [4]");
  s.wrong({T({}), absent(), absent()}, {}, ErrorKind::shape, "at least 1 dim");
  s.wrong({T({3, 4}), absent(), absent()}, {{"epsilon", -1.0}}, ErrorKind::value, "at least 0");
  s.wrong({T(DType::i32, {3, 4}), absent(), absent()}, {}, ErrorKind::type, "dtype");
  s.wrong({absent(), absent(), absent()}, {}, ErrorKind::value, "required");
}

void batch_samples(SampleList& s) {
  s.ok({T({4, 3, 2}), absent(), absent(), T({3}), T({3})}, {{"training", true}});
  s.ok({T({4, 3}), T({3}), T({3}, Fill::positive), T({3}), T({3})}, {{"training", true}});
  s.ok({T({2, 3, 2, 2}), T({3}), T({3}, Fill::positive), T({3}), absent()});
  s.ok({T({2, 2, 2, 3}), T({3}), T({3}, Fill::positive), absent(), absent()},
       {{"data_format", "NHWC"}});
  s.wrong({T({4, 3}), absent(), absent(), absent(), absent()}, {}, ErrorKind::value,
          "expected running statistics");
  s.wrong({T({4, 3}), T({3}), absent(), absent(), absent()}, {{"training", true}}, ErrorKind::value,
          "together");
  s.wrong({T({4, 3}), T({4}), T({3}), absent(), absent()}, {}, ErrorKind::shape,
          "expected shape [3]");
  s.wrong({T({3}), absent(), absent(), absent(), absent()}, {{"training", true}}, ErrorKind::shape,
          "batch and channels");
  s.wrong({T({4, 3}), absent(), absent(), T({2}), absent()}, {{"training", true}}, ErrorKind::shape,
          "expected shape [3]");
  s.wrong({T(DType::i32, {4, 3}), absent(), absent(), absent(), absent()}, {{"training", true}},
          ErrorKind::type, "dtype");
  s.wrong({T({4, 3}), absent(), absent(), absent(), absent()}, {{"training", 5}}, ErrorKind::type,
          "True or False");
}

void group_samples(SampleList& s) {
  s.ok({T({2, 4, 3}), T({4}), T({4})}, {{"num_groups", 2}});
  s.ok({T({2, 4}), absent(), absent()}, {{"num_groups", 2}});
  s.ok({T({2, 3, 3, 4}), T({4}), absent()}, {{"num_groups", 4}, {"data_format", "NHWC"}});
  s.wrong({T({2, 5, 3}), absent(), absent()}, {{"num_groups", 2}}, ErrorKind::shape,
          "do not divide");
  s.wrong({T({2, 4}), absent(), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({2, 4}), absent(), absent()}, {{"num_groups", 0}}, ErrorKind::value, "at least 1");
  s.wrong({T({4}), absent(), absent()}, {{"num_groups", 2}}, ErrorKind::shape,
          "batch and channels");
  s.wrong({T({2, 4}), T({3}), absent()}, {{"num_groups", 2}}, ErrorKind::shape,
          "expected shape [4]");
  s.wrong({T({2, 4}), absent(), T({1})}, {{"num_groups", 2}}, ErrorKind::shape,
          "expected shape [4]");
}

void instance_samples(SampleList& s) {
  s.ok({T({2, 3, 4}), absent(), absent(), T({3}), T({3})});
  s.ok({T({2, 3, 2, 2}), absent(), absent(), absent(), absent()});
  s.ok({T({2, 3, 4}), T({3}), T({3}, Fill::positive), absent(), absent()},
       {{"use_input_stats", false}});
  s.wrong({T({2, 3}), absent(), absent(), absent(), absent()}, {}, ErrorKind::shape, "and space");
  s.wrong({T({2, 3, 4}), absent(), absent(), T({4}), absent()}, {}, ErrorKind::shape,
          "expected shape [3]");
  s.wrong({T({2, 3, 4}), absent(), absent(), absent(), T({4})}, {}, ErrorKind::shape,
          "expected shape [3]");
  s.wrong({T({2, 3, 4}), absent(), absent(), absent(), absent()}, {{"use_input_stats", false}},
          ErrorKind::value, "expected running statistics");
  s.wrong({T(DType::i32, {2, 3, 4}), absent(), absent(), absent(), absent()}, {}, ErrorKind::type,
          "dtype");
  s.wrong({T({2, 3, 4}), absent(), absent(), absent(), absent()}, {{"eps", -1.0}}, ErrorKind::value,
          "at least 0");
}

void normalize_samples(SampleList& s) {
  s.ok({T({3, 4})});
  s.ok({T({3, 4})}, {{"axis", 0}, {"p", 1.0}});
  s.ok({T({2, 3, 4})}, {{"p", 3.0}});
  s.wrong({T({3})}, {}, ErrorKind::index, "out of range");
  s.wrong({T({3, 4})}, {{"axis", 2}}, ErrorKind::index, "out of range");
  s.wrong({T({3, 4})}, {{"p", "x"}}, ErrorKind::type, "a number");
  s.wrong({T({3, 4})}, {{"epsilon", -1.0}}, ErrorKind::value, "at least 0");
  s.wrong({T(DType::i32, {3, 4})}, {}, ErrorKind::type, "dtype");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
}

void local_response_samples(SampleList& s) {
  s.ok({T({2, 5, 4})}, {{"size", 3}});
  s.ok({T({2, 4, 3, 5})}, {{"size", 2}, {"data_format", "NHWC"}});
  s.wrong({T({2, 3})}, {{"size", 3}}, ErrorKind::shape, "and space");
  s.wrong({T({2, 3, 4})}, {}, ErrorKind::value, "required");
  s.wrong({T({2, 3, 4})}, {{"size", 0}}, ErrorKind::value, "at least 1");
  s.wrong({T({2, 3, 4})}, {{"size", 1.5}}, ErrorKind::type, "an integer");
  s.wrong({T({2, 3, 4})}, {{"size", 3}, {"k", "x"}}, ErrorKind::type, "a number");
  s.wrong({T(DType::i32, {2, 3, 4})}, {{"size", 3}}, ErrorKind::type, "dtype");
}

OperandSpec maybe(std::string_view name, std::vector<std::string_view> aliases = {}) {
  return {.name = name,
          .aliases = std::move(aliases),
          .dtypes = kFloatSet,
          .optional = true,
          .meets = false};
}
OperandSpec tensor_x() { return {.name = "x", .aliases = {"input"}, .dtypes = kFloatSet}; }
ir::AttrSpec epsilon(double value, std::string_view name = "epsilon",
                     std::string_view alias = "eps") {
  return {.name = name, .aliases = {alias}, .form = AttrForm::real, .value = value, .lowest = 0};
}
ir::AttrSpec any_format() {
  return {.name = "data_format",
          .form = AttrForm::string,
          .value = "NCHW",
          .choices = {"NC", "NCL", "NCHW", "NCDHW", "NLC", "NHWC", "NDHWC"}};
}

}  // namespace

std::vector<ir::Page> normalization_pages() {
  ir::AttrSpec momentum{
      .name = "momentum", .form = AttrForm::real, .value = 0.9, .lowest = 0, .highest = 1};
  ir::AttrSpec training{.name = "training", .form = AttrForm::boolean, .value = false};
  return {
      {.name = "layer_norm",
       .faces = ir::kFunctional,
       .doc = "Each position normalised over its last axes, then weight and bias (Ba et al. 2016). "
              "float16 and bfloat16 compute in float32.",
       .operands = {tensor_x(), maybe("weight"), maybe("bias")},
       .attrs = {{.name = "normalized_shape", .form = AttrForm::shape}, epsilon(1e-5)},
       .signature = "x, normalized_shape, weight, bias, epsilon",
       .dtypes = by_shape_rule(),
       .shape = layer_shape,
       .vjp = {.augment = layer_augment, .backward = layer_backward},
       .decompose = layer_rule,
       .sharding = "b n, n, n -> b n; n: whole",
       .samples = layer_samples},
      {.name = "rms_norm",
       .faces = ir::kFunctional,
       .doc = "x / sqrt(mean(x^2) + epsilon) over the last axis, then weight and bias (Zhang and "
              "Sennrich 2019).",
       .operands = {tensor_x(), maybe("weight", {"norm_weight"}), maybe("bias", {"norm_bias"})},
       .attrs = {epsilon(1e-6)},
       .dtypes = by_shape_rule(),
       .shape = rms_shape,
       .vjp = {.augment = rms_augment, .backward = rms_backward},
       .decompose = rms_rule,
       .sharding = "b n, n, n -> b n; n: whole",
       .samples = rms_samples},
      {.name = "batch_norm",
       .faces = ir::kFunctional,
       .doc =
           "Each channel normalised over batch and space (Ioffe and Szegedy 2015): by the batch's "
           "statistics in training, else by the running ones. Gives y and the running statistics: "
           "momentum * running + (1 - momentum) * batch with the biased variance, in training.",
       .operands = {tensor_x(), maybe("running_mean"), maybe("running_var"), maybe("weight"),
                    maybe("bias")},
       .attrs = {training, momentum, epsilon(1e-5), any_format()},
       .results = 3,
       .result_names = {"y", "running_mean", "running_var"},
       .dtypes = by_shape_rule(),
       .shape = batch_shape,
       .vjp = {.augment = batch_augment, .backward = batch_backward},
       .decompose = batch_rule,
       .sharding = "n c ..., c, c, c, c -> n c ..., c, c; n: whole, ...: whole",
       .samples = batch_samples},
      {.name = "group_norm",
       .faces = ir::kFunctional,
       .doc =
           "The channels in groups, each normalised over its channels and space (Wu and He 2018).",
       .operands = {tensor_x(), maybe("weight"), maybe("bias")},
       .attrs = {{.name = "num_groups", .form = AttrForm::integer, .lowest = 1},
                 epsilon(1e-5),
                 any_format()},
       .signature = "x, num_groups, epsilon, weight, bias, data_format",
       .dtypes = by_shape_rule(),
       .shape = group_shape,
       .vjp = by_decomposition(),
       .decompose = group_rule,
       .sharding = "n c ..., c, c -> n c ...; c: whole, ...: whole",
       .samples = group_samples},
      {.name = "instance_norm",
       .faces = ir::kFunctional,
       .doc = "Each channel of each sample normalised over its space (Ulyanov et al. 2016).",
       .operands = {tensor_x(), maybe("running_mean"), maybe("running_var"), maybe("weight"),
                    maybe("bias")},
       .attrs = {{.name = "use_input_stats", .form = AttrForm::boolean, .value = true},
                 momentum,
                 epsilon(1e-5, "eps", "epsilon"),
                 any_format()},
       .dtypes = by_shape_rule(),
       .shape = instance_shape,
       .vjp = by_decomposition(),
       .decompose = instance_rule,
       .sharding = "n c ..., c, c, c, c -> n c ...; ...: whole",
       .samples = instance_samples},
      {.name = "normalize",
       .faces = ir::kFunctional,
       .doc = "x / max(p-norm of x along axis, epsilon).",
       .operands = {operand_x(kFloatSet)},
       .attrs = {{.name = "p", .form = AttrForm::real, .value = 2.0},
                 {.name = "axis", .aliases = {"dim"}, .form = AttrForm::axis, .value = 1},
                 epsilon(1e-12)},
       .shape = normalize_shape,
       .vjp = by_decomposition(),
       .decompose = normalize_rule,
       .sharding = "... -> ...; @axis: whole",
       .samples = normalize_samples},
      {.name = "local_response_norm",
       .faces = ir::kFunctional,
       .doc = "x / (k + alpha * mean of squares over `size` neighbouring channels)^beta "
              "(Krizhevsky et al. 2012).",
       .operands = {operand_x(kFloatSet)},
       .attrs = {{.name = "size", .form = AttrForm::integer, .lowest = 1},
                 {.name = "alpha", .form = AttrForm::real, .value = 1e-4},
                 {.name = "beta", .form = AttrForm::real, .value = 0.75},
                 {.name = "k", .form = AttrForm::real, .value = 1.0},
                 any_format()},
       .shape = local_response_shape,
       .vjp = by_decomposition(),
       .decompose = local_response_rule,
       .sharding = "n c ... -> n c ...; c: halo",
       .samples = local_response_samples},
  };
}

}  // namespace proa::ops
