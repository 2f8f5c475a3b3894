// Losses.

#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;

ir::AttrSpec reduction_attr(const char* value = "mean") {
  return {.name = "reduction",
          .form = AttrForm::string,
          .value = value,
          .choices = {"mean", "sum", "none"}};
}

std::vector<int> all_axes(Expr x) {
  std::vector<int> axes;
  for (int i = 0; i < x.rank(); ++i) axes.push_back(i);
  return axes;
}

// Sums of 16-bit losses stay in f32 until they are divided: a total or a count may be beyond f16.
Expr widened(Expr x) {
  bool narrow = x.dtype() == DType::f16 || x.dtype() == DType::bf16;
  return narrow ? cast(x, DType::f32) : x;
}

Expr mean_all(Expr x) {
  Expr y = widened(x);
  return cast(sum(y, all_axes(y)) / dim_value(*y.builder, ir::product(y.dims()), y.dtype()),
              x.dtype());
}

Expr reduced(const ir::AttrView& op, Expr loss) {
  if (op.text("reduction") == "none") return loss;
  return op.text("reduction") == "sum" ? sum(loss, all_axes(loss)) : mean_all(loss);
}

void reduced_shape(Infer& op, std::vector<Dim> dims) {
  op.result(op.text("reduction") == "none" ? dims : std::vector<Dim>{});
}

// Losses of a pair of like shapes.
void pair_shape(Infer& op) {
  std::vector<Dim> dims = op.broadcast(op.dims(0), op.dims(1), op.page().operands[1].name);
  for (size_t k = 2; k < op.page().operands.size(); ++k) {
    if (op.present(static_cast<int>(k)))
      dims = op.broadcast(dims, op.dims(static_cast<int>(k)), op.page().operands[k].name);
  }
  reduced_shape(op, dims);
}

void mse_rule(Decompose& d) {
  Expr e = d.in(0) - d.in(1);
  d.out(reduced(d, e * e));
}
void l1_rule(Decompose& d) { d.out(reduced(d, abs(d.in(0) - d.in(1)))); }

// Huber 1964: e^2 / 2 within delta, and a line beyond.
Expr huber(Expr e, double delta) {
  Expr a = abs(e);
  return select(compare("le", a, delta), e * e * 0.5, (a - 0.5 * delta) * delta);
}
void huber_rule(Decompose& d) { d.out(reduced(d, huber(d.in(0) - d.in(1), d.real("delta")))); }
void smooth_l1_rule(Decompose& d) {
  double delta = d.real("delta");
  Expr loss = huber(d.in(0) - d.in(1), delta);
  d.out(reduced(d, d.boolean("is_huber") ? loss : loss / delta));
}

Expr clamped_log(Expr x) { return maximum(log(x), -100.0); }
void bce_rule(Decompose& d) {
  Expr x = d.in(0), y = d.in(1);
  Expr loss = -(y * clamped_log(x) + (1.0 - y) * clamped_log(1.0 - x));
  if (d.present(2)) loss = loss * d.in(2);
  d.out(reduced(d, loss));
}

Expr softplus_of(Expr x) { return maximum(x, 0.0) + unary("log1p", exp(-abs(x))); }
void bce_logits_rule(Decompose& d) {
  Expr x = d.in(0), y = d.in(1);
  Expr loss;
  if (d.present(3)) {
    Expr weight = (d.in(3) - 1) * y + 1;
    loss = (1.0 - y) * x + weight * softplus_of(-x);
  } else {
    loss = maximum(x, 0.0) - x * y + unary("log1p", exp(-abs(x)));
  }
  if (d.present(2)) loss = loss * d.in(2);
  d.out(reduced(d, loss));
}

void kl_shape(Infer& op) {
  std::vector<Dim> dims = op.broadcast(op.dims(0), op.dims(1), "label");
  op.result(op.text("reduction") == "none" ? dims : std::vector<Dim>{});
}
void kl_rule(Decompose& d) {
  Expr x = d.in(0), y = d.in(1), loss;
  if (d.boolean("log_target")) {
    loss = exp(y) * (y - x);
  } else {
    Expr positive = compare("gt", y, 0.0), safe = select(positive, y, full_like(y, 1));
    loss = only_where(positive, y * log(safe)) - y * x;
  }
  if (d.text("reduction") == "batchmean") {
    Expr total = sum(loss, all_axes(loss));
    d.out(loss.rank() == 0 ? total : total / dim_value(d.builder(), loss.dim(0), loss.dtype()));
    return;
  }
  d.out(reduced(d, loss));
}

// cross_entropy: labels are class numbers, or probabilities of x's shape.
struct Classes {
  int axis;
  bool soft;
};

Classes classes_of(const ir::AttrView& op, int rank) {
  return {op.axis("axis", rank), op.boolean("soft_label")};
}

std::vector<Dim> without(std::span<const Dim> dims, int axis) {
  std::vector<Dim> rest(dims.begin(), dims.end());
  rest.erase(rest.begin() + axis);
  return rest;
}

void cross_entropy_shape(Infer& op) {
  if (op.rank(0) == 0)
    op.fail(ErrorKind::shape, "input", "expected classes along an axis, got a 0-d tensor");
  Classes c = classes_of(op, op.rank(0));
  Dim classes = op.dim(0, c.axis);
  expect_ge(op, classes, 1, "input", [&] {
    return str("there are no classes along axis ", c.axis, " of shape ", to_string(op.dims(0)));
  });
  std::vector<Dim> rest = without(op.dims(0), c.axis), kept(op.dims(0).begin(), op.dims(0).end());
  kept[static_cast<size_t>(c.axis)] = 1;
  bool column = op.rank(1) == op.rank(0);
  std::vector<Dim> expected = c.soft   ? std::vector<Dim>(op.dims(0).begin(), op.dims(0).end())
                              : column ? kept
                                       : rest;
  auto message = [&] {
    return str("expected shape ", to_string(expected), " for input of shape ",
               to_string(op.dims(0)), ", got ", to_string(op.dims(1)));
  };
  if (op.rank(1) != static_cast<int>(expected.size()))
    op.fail(ErrorKind::shape, "label", message());
  for (size_t i = 0; i < expected.size(); ++i)
    expect_eq(op, op.dims(1)[i], expected[i], "label", message);
  bool floats = is_float(op.dtype(1));
  if (floats != c.soft) {
    op.fail(ErrorKind::type, "label",
            c.soft ? str("expected probabilities (a float dtype) with soft_label=True, got ",
                         to_string(op.dtype(1)))
                   : str("expected class numbers (integers), got ", to_string(op.dtype(1)),
                         "; say soft_label=True for probabilities"));
  }
  if (op.present(2)) {
    if (op.rank(2) != 1)
      op.fail(ErrorKind::shape, "weight",
              str("expected one weight for each of ", to_string(classes), " classes, got shape ",
                  to_string(op.dims(2))));
    expect_eq(op, op.dim(2, 0), classes, "weight", [&] {
      return str("expected one weight for each of ", to_string(classes), " classes, got ",
                 to_string(op.dim(2, 0)));
    });
  }
  DType dtype = op.dtype(0);
  if (op.text("reduction") == "none") {
    op.result(c.soft || column ? kept : rest, dtype);
  } else {
    op.result(std::vector<Dim>{}, dtype);
  }
}

// What the loss and its gradient are made of; classes are moved to the last axis.
struct Entropy {
  Expr log_p;   // log-probabilities, [rest..., classes]
  Expr target;  // soft: probabilities like log_p
  Expr label;   // hard: class numbers, [rest...], 0 where ignored
  Expr counts;  // hard: bool [rest...], True where not ignored
  Expr weight;  // hard: the weight of each label, or null
  int axis;
};

Entropy entropy_of(Expr input, Expr label, Expr weight, const ir::AttrView& op) {
  Entropy e;
  Classes c = classes_of(op, input.rank());
  e.axis = c.axis;
  Expr x = move_axis(cast(input, accumulator_of(input.dtype())), c.axis, -1);
  int last = x.rank() - 1;
  if (op.boolean("use_softmax")) {
    Expr shifted = x - max(x, last, true);
    e.log_p = shifted - log(sum(exp(shifted), last, true));
  } else {
    e.log_p = log(x);
  }
  double smoothing = op.real("label_smoothing");
  if (c.soft) {
    e.target = move_axis(cast(label, x.dtype()), c.axis, -1);
    if (smoothing > 0)
      e.target = e.target * (1 - smoothing) +
                 smoothing * (1.0 / dim_value(*x.builder, x.dim(last), x.dtype()));
    if (weight) e.weight = sum(e.target * cast(weight, x.dtype()), last);
    return e;
  }
  Expr at = cast(label.rank() == input.rank() ? squeeze(label, c.axis) : label, DType::i64);
  e.counts = compare("ne", at, static_cast<double>(op.integer("ignore_index")));
  e.label = only_where(e.counts, at);
  if (weight) {
    L axis{0};
    Expr each = cast(weight, x.dtype());
    Expr own = gather(each, unsqueeze(e.label, e.label.rank()), axis, 0);
    // A smoothed label weighs as a soft one does: by its mean class weight (Paddle).
    if (smoothing > 0) {
      Expr mean = sum(each, 0) / dim_value(*x.builder, each.dim(0), x.dtype());
      own = own * (1 - smoothing) + mean * smoothing;
    }
    e.weight = only_where(e.counts, own);
  }
  return e;
}

// Smoothing of hard labels: (1 - s) * one-hot + s / classes.
Expr each_loss(const Entropy& e, const ir::AttrView& op) {
  int last = e.log_p.rank() - 1;
  if (e.target) {
    Expr loss = -sum(e.target * e.log_p, last);
    return e.weight ? loss * e.weight : loss;
  }
  Expr picked = -squeeze(take_along(e.log_p, unsqueeze(e.label, last), last, "raise"), last);
  double smoothing = op.real("label_smoothing");
  if (smoothing > 0) {
    Expr spread =
        -(sum(e.log_p, last) / dim_value(*picked.builder, e.log_p.dim(last), picked.dtype()));
    picked = picked * (1 - smoothing) + spread * smoothing;
  }
  if (e.weight) picked = picked * e.weight;
  return only_where(e.counts, picked);
}

Expr divisor(const Entropy& e, Expr loss) {
  if (e.weight) return sum(e.weight, all_axes(e.weight));
  if (e.target) return dim_value(*loss.builder, ir::product(loss.dims()), loss.dtype());
  Expr n = sum(cast(e.counts, loss.dtype()), all_axes(e.counts));
  return n;
}

// A mean over nothing but ignored labels is 0.
Expr safe_divide(Expr total, Expr n) {
  return total / select(compare("eq", n, 0.0), full_like(n, 1), n);
}

Expr finished(const Entropy& e, Expr loss, Decompose& d) {
  std::string_view reduction = d.text("reduction");
  Expr y;
  if (reduction == "none") {
    y = reshape(loss, d.result_type().dims());
  } else {
    y = sum(loss, all_axes(loss));
    if (reduction == "mean") y = safe_divide(y, divisor(e, loss));
  }
  return cast(y, d.result_type().dtype());
}

void cross_entropy_rule(Decompose& d) {
  Entropy e = entropy_of(d.in(0), d.in(1), d.in(2), d);
  d.out(finished(e, each_loss(e, d), d));
}

void cross_entropy_augment(Augment& d) {
  Entropy e = entropy_of(d.in(0), d.in(1), d.in(2), d);
  d.out(finished(e, each_loss(e, d), d));
  d.keep("log_p", e.log_p);
}

// Of hard labels, in the shape of log_p.
Expr one_hot(const Entropy& e, DType dtype) {
  int last = e.log_p.rank() - 1;
  Expr classes = iota(*e.log_p.builder, DType::i64, e.log_p.dims(), last);
  return cast(compare("eq", classes, unsqueeze(e.label, last)), dtype);
}

// Class numbers as probabilities, smoothed where label_smoothing says so: [rest..., classes].
Expr as_probabilities(const Entropy& e, DType dtype, const ir::AttrView& op) {
  Expr target = one_hot(e, dtype);
  double smoothing = op.real("label_smoothing");
  if (smoothing == 0) return target;
  Dim classes = e.log_p.dim(e.log_p.rank() - 1);
  return target * (1 - smoothing) + smoothing * (1.0 / dim_value(*target.builder, classes, dtype));
}

// The weight w of a position is a factor of its loss and, in a mean, a part of the divisor:
// dL/dw = g * (loss without w - mean). Sets the cotangent of the weights by class; returns what
// goes on to probabilities that chose w (soft labels), null for class numbers.
Expr weight_backward(Vjp& v, const Entropy& e, Expr g) {
  Entropy plain = e;
  plain.weight = {};
  Expr change = each_loss(plain, v);
  if (v.text("reduction") == "mean") {
    Expr loss = each_loss(e, v);
    change = change - safe_divide(sum(loss, all_axes(loss)), divisor(e, loss));
  }
  Expr by_position = g * change;
  if (e.counts) by_position = only_where(e.counts, by_position);
  by_position = unsqueeze(by_position, by_position.rank());
  if (v.needs(2)) {
    Expr chosen = e.target ? e.target : as_probabilities(e, g.dtype(), v);
    v.set(2, sum_to(by_position * chosen, v.in(2).dims()));
  }
  return e.target ? by_position * cast(v.in(2), g.dtype()) : Expr{};
}

// With softmax: (p * total target - target) * g, for each position.
void cross_entropy_backward(Vjp& v) {
  Expr log_p = v.residual("log_p");
  Entropy e = entropy_of(v.in(0), v.in(1), v.in(2), v);
  int last = log_p.rank() - 1;
  e.log_p = log_p;
  Expr target = e.target;
  double smoothing = v.real("label_smoothing");
  if (!target.value) target = as_probabilities(e, log_p.dtype(), v);
  Expr g = cast(v.cotangent(), log_p.dtype());
  std::vector<Dim> rest(log_p.dims().begin(), log_p.dims().end() - 1);
  std::string_view reduction = v.text("reduction");
  if (reduction == "none") {
    g = reshape(g, rest);
  } else {
    if (reduction == "mean") {
      Expr some = squeeze(slice_axis(log_p, last, 0, 1), last);
      g = safe_divide(g, divisor(e, some));
    }
    g = broadcast_to(g, rest);
  }
  Expr through_weight;  // soft: to the probabilities, by the weights that they choose
  if (e.weight) {
    if (v.needs(1) || v.needs(2)) through_weight = weight_backward(v, e, g);
    g = g * e.weight;
  }
  if (e.counts) g = only_where(e.counts, g);
  g = unsqueeze(g, last);
  auto back = [&](Expr x) { return move_axis(x, -1, e.axis); };
  if (v.needs(0)) {
    Expr dx = v.boolean("use_softmax") ? exp(log_p) * sum(target, last, true) - target
                                       : -(target * exp(-log_p));
    v.set(0, back(dx * g));
  }
  if (v.needs(1)) {
    Expr by_label = -(log_p * g);
    if (e.weight) by_label = by_label + through_weight;
    v.set(1, back(by_label * (1 - smoothing)));
  }
}

// nll_loss: -x[label], classes along axis 1.
void nll_shape(Infer& op) {
  if (op.rank(0) != 1 && op.rank(0) < 2)
    op.fail(ErrorKind::shape, "input", "expected [batch, classes, ...]");
  int axis = op.rank(0) == 1 ? 0 : 1;
  std::vector<Dim> rest = without(op.dims(0), axis);
  auto message = [&] {
    return str("expected shape ", to_string(rest), " for input of shape ", to_string(op.dims(0)),
               ", got ", to_string(op.dims(1)));
  };
  if (op.rank(1) != static_cast<int>(rest.size())) op.fail(ErrorKind::shape, "label", message());
  for (size_t i = 0; i < rest.size(); ++i) expect_eq(op, op.dims(1)[i], rest[i], "label", message);
  if (op.present(2)) {
    if (op.rank(2) != 1)
      op.fail(ErrorKind::shape, "weight",
              str("expected one weight for each class, got shape ", to_string(op.dims(2))));
    expect_eq(op, op.dim(2, 0), op.dim(0, axis), "weight", [&] {
      return str("expected one weight for each of ", to_string(op.dim(0, axis)), " classes, got ",
                 to_string(op.dim(2, 0)));
    });
  }
  op.result(op.text("reduction") == "none" ? rest : std::vector<Dim>{}, op.dtype(0));
}

void nll_rule(Decompose& d) {
  Expr x = d.in(0), at = cast(d.in(1), DType::i64);
  int axis = x.rank() == 1 ? 0 : 1;
  Expr counts = compare("ne", at, static_cast<double>(d.integer("ignore_index")));
  at = only_where(counts, at);
  Expr loss = -squeeze(take_along(x, unsqueeze(at, axis), axis, "raise"), axis), weight;
  if (d.present(2)) {
    L first{0};
    weight =
        only_where(counts, gather(cast(d.in(2), x.dtype()), unsqueeze(at, at.rank()), first, 0));
    loss = loss * weight;
  }
  loss = only_where(counts, loss);
  if (d.text("reduction") == "none") {
    d.out(loss);
    return;
  }
  Expr total = sum(widened(loss), all_axes(loss));
  if (d.text("reduction") == "mean")
    total = safe_divide(total, weight ? sum(widened(weight), all_axes(weight))
                                      : sum(cast(counts, total.dtype()), all_axes(counts)));
  d.out(cast(total, x.dtype()));
}

void cosine_shape(Infer& op) {
  std::vector<Dim> dims = op.broadcast(op.dims(0), op.dims(1), "x2");
  if (dims.empty()) op.fail(ErrorKind::shape, "x1", "expected at least 1 dim, got 0-d tensors");
  dims.erase(dims.begin() + op.axis("axis", static_cast<int>(dims.size())));
  op.result(dims);
}

void cosine_rule(Decompose& d) {
  // In f32 for 16 bits, where eps would be 0 and squares infinite.
  Expr a = widened(d.in(0)), b = widened(d.in(1)), product = a * b;
  int axis = d.axis("axis", product.rank());
  auto squared = [&](Expr x) { return sum(broadcast_to(x * x, product.dims()), axis); };
  double eps = d.real("eps");
  Expr norm = sqrt(maximum(squared(a) * squared(b), eps * eps));
  d.out(cast(sum(product, axis) / norm, d.result_type().dtype()));
}

template <int kOperands, bool kProbability>
void pair_samples(SampleList& s) {
  auto args = [](Arg a, Arg b) {
    std::vector<Arg> list{a, b};
    for (int i = 2; i < kOperands; ++i) list.push_back(absent());
    return list;
  };
  Fill x = kProbability ? Fill::probability : Fill::distinct,
       y = kProbability ? Fill::probability : Fill::normal;
  for (std::vector<int64_t> dims : {L{3, 4}, L{5}, L{}}) s.ok(args(T(dims, x), T(dims, y)));
  s.ok(args(T({3, 4}, x), T({3, 4}, y)), {{"reduction", "sum"}});
  s.ok(args(T({3, 4}, x), T({3, 4}, y)), {{"reduction", "none"}});
  s.wrong(args(T({3, 4}), T({3, 5})), {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong(args(T({3, 4}), T({3})), {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong(args(T({3}), T({3})), {{"reduction", "average"}}, ErrorKind::value, "expected one of");
  s.wrong(args(T({3}), T({3})), {{"reduction", 1}}, ErrorKind::type, "a string");
  s.wrong(args(T({3}), absent()), {}, ErrorKind::value, "required");
  s.wrong(args(T(DType::i32, {3}), T(DType::i32, {3})), {}, ErrorKind::type, "dtype");
}

void cross_entropy_samples(SampleList& s) {
  s.ok({T({4, 3}), I({4}, 0, 3), absent()});
  s.ok({T({4, 3}), I({4, 1}, 0, 3), T({3}, Fill::positive)});
  s.ok({T({4, 3}), V(DType::i64, {4}, {0, -100, 2, 1}), T({3}, Fill::positive)},
       {{"reduction", "none"}, {"label_smoothing", 0.1}});
  s.ok({T({4, 3}), T({4, 3}, Fill::probability), T({3}, Fill::positive)},
       {{"soft_label", true}, {"label_smoothing", 0.2}});
  s.ok({T({2, 3, 2}), T({2, 3, 2}, Fill::probability), T({3}, Fill::positive)},
       {{"soft_label", true}, {"reduction", "sum"}, {"axis", 1}});
  s.ok({T({2, 3}, Fill::probability), I({2}, 0, 3), T({3}, Fill::positive)},
       {{"use_softmax", false}});
  s.ok({T({4, 3}), V(DType::i64, {4}, {0, -100, 2, 1}), absent()}, {{"reduction", "sum"}});
  s.ok({T({4, 3}), I({4}, 0, 3), absent()}, {{"reduction", "none"}, {"label_smoothing", 0.1}});
  s.ok({T({2, 3, 5}), I({2, 5}, 0, 3), absent()}, {{"axis", 1}});
  s.ok({T({4, 3}), T({4, 3}, Fill::probability), absent()}, {{"soft_label", true}});
  s.wrong({T({4, 3}), I({5}, 0, 3), absent()}, {}, ErrorKind::shape, "expected shape [4]");
  s.wrong({T({4, 3}), I({4, 3}, 0, 3), absent()}, {}, ErrorKind::shape, "expected shape [4, 1]");
  s.wrong({T({4, 3}), T(DType::f32, {4}), absent()}, {}, ErrorKind::type, "class numbers");
  s.wrong({T({4, 3}), T(DType::f32, {4}), absent()}, {{"soft_label", true}}, ErrorKind::shape,
          "expected shape [4, 3]");
  s.wrong({T({4, 3}), I({4}, 0, 3), T({4})}, {}, ErrorKind::shape, "one weight for each of 3");
  s.wrong({T({4, 3}), I({4}, 0, 3), absent()}, {{"axis", 2}}, ErrorKind::index, "out of range");
  s.wrong({T({4, 3}), I({4}, 0, 3), absent()}, {{"label_smoothing", 2.0}}, ErrorKind::value,
          "[0, 1]");
  s.wrong({T({}), I({}, 0, 1), absent()}, {}, ErrorKind::shape, "0-d");
}

void nll_samples(SampleList& s) {
  s.ok({T({4, 3}), I({4}, 0, 3), absent()});
  s.ok({T({2, 3, 5}), I({2, 5}, 0, 3), T({3}, Fill::positive)});
  s.ok({T({4, 3}), V(DType::i64, {4}, {0, -100, 2, 1}), absent()}, {{"reduction", "none"}});
  s.ok({T({5, 3}), I({5}, 0, 3), T({3}, Fill::positive)}, {{"reduction", "none"}});
  s.wrong({T({4, 3}), I({5}, 0, 3), absent()}, {}, ErrorKind::shape, "expected shape [4]");
  s.wrong({T({4, 3}), I({4, 1}, 0, 3), absent()}, {}, ErrorKind::shape, "expected shape [4]");
  s.wrong({T({4, 3}), T(DType::f32, {4}), absent()}, {}, ErrorKind::type, "dtype");
  s.wrong({T({4, 3}), I({4}, 0, 3), T({4})}, {}, ErrorKind::shape, "one weight for each");
  s.wrong({T({4, 3}), I({4}, 0, 3), absent()}, {{"reduction", "avg"}}, ErrorKind::value,
          "expected one of");
  s.wrong({T({4, 3}), absent(), absent()}, {}, ErrorKind::value, "required");
}

void cosine_samples(SampleList& s) {
  s.ok({T({3, 4}), T({3, 4})});
  s.ok({T({3, 4}), T({4})});
  s.ok({T({3, 4}), T({3, 4})}, {{"axis", 0}});
  s.wrong({T({3, 4}), T({3, 5})}, {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong({T({}), T({})}, {}, ErrorKind::shape, "0-d");
  s.wrong({T({3, 4}), T({3, 4})}, {{"axis", 2}}, ErrorKind::index, "out of range");
  s.wrong({T({3, 4}), T({3, 4})}, {{"eps", -1.0}}, ErrorKind::value, "at least 0");
  s.wrong({T({3, 4}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::i32, {3, 4}), T(DType::i32, {3, 4})}, {}, ErrorKind::type, "dtype");
}

OperandSpec input() { return {.name = "input", .aliases = {"x"}, .dtypes = kFloatSet}; }
OperandSpec label(std::string_view alias = "target") {
  return {.name = "label", .aliases = {alias}, .dtypes = kFloatSet};
}
OperandSpec weights(std::string_view name = "weight") {
  return {.name = name, .dtypes = kFloatSet, .optional = true};
}

ir::Page pair_loss(std::string_view name, std::string_view doc, std::vector<OperandSpec> more,
                   std::vector<ir::AttrSpec> attrs, DecomposeRule rule,
                   void (*samples)(SampleList&), std::string_view signature = {}) {
  std::vector<OperandSpec> operands{input(), label()};
  operands.insert(operands.end(), more.begin(), more.end());
  return {.name = name,
          .faces = ir::kFunctional,
          .doc = doc,
          .operands = std::move(operands),
          .attrs = std::move(attrs),
          .signature = signature,
          .shape = pair_shape,
          .vjp = by_decomposition(),
          .decompose = rule,
          .sharding = "..., ... -> reduced; ...: sum",
          .samples = samples};
}

}  // namespace

std::vector<ir::Page> loss_pages() {
  ir::AttrSpec delta{.name = "delta", .form = AttrForm::real, .value = 1.0, .lowest = 0},
      ignore{.name = "ignore_index", .form = AttrForm::integer, .value = -100};
  ir::AttrSpec kl_reduction{.name = "reduction",
                            .form = AttrForm::string,
                            .value = "mean",
                            .choices = {"mean", "sum", "none", "batchmean"}};
  OperandSpec classes{
      .name = "label", .aliases = {"target"}, .dtypes = kIntSet | kFloatSet, .meets = false};
  ir::Page kl = pair_loss(
      "kl_div",
      "The Kullback-Leibler divergence: label * (log(label) - input), where input is "
      "log-probabilities (and label too, with log_target).",
      {}, {kl_reduction, {.name = "log_target", .form = AttrForm::boolean, .value = false}},
      kl_rule, pair_samples<2, true>);
  kl.shape = kl_shape;
  ir::Page with_logits =
      pair_loss("binary_cross_entropy_with_logits",
                "binary_cross_entropy of sigmoid(logit), without overflow; pos_weight multiplies "
                "the positive term.",
                {weights(), weights("pos_weight")}, {reduction_attr()}, bce_logits_rule,
                pair_samples<4, true>, "input, label, weight, reduction, pos_weight");
  with_logits.operands[0].aliases.push_back("logit");
  return {
      pair_loss("mse_loss", "(input - label)^2.", {}, {reduction_attr()}, mse_rule,
                pair_samples<2, false>),
      pair_loss("l1_loss", "|input - label|.", {}, {reduction_attr()}, l1_rule,
                pair_samples<2, false>),
      pair_loss(
          "huber_loss",
          "Half the squared error within delta, delta * (error - delta / 2) beyond (Huber 1964).",
          {}, {reduction_attr(), delta}, huber_rule, pair_samples<2, false>),
      pair_loss(
          "smooth_l1_loss",
          "The Huber loss, divided by delta where is_huber is False (PyTorch's form).", {},
          {reduction_attr(), delta, {.name = "is_huber", .form = AttrForm::boolean, .value = true}},
          smooth_l1_rule, pair_samples<2, false>),
      pair_loss("binary_cross_entropy",
                "-(label * log(input) + (1 - label) * log(1 - input)) * weight, with logarithms "
                "held above -100.",
                {weights()}, {reduction_attr()}, bce_rule, pair_samples<3, true>),
      std::move(with_logits),
      std::move(kl),
      {.name = "cross_entropy",
       .faces = ir::kFunctional,
       .doc = "-sum(target * log(softmax(input))) along axis. label holds class numbers (in the "
              "shape of input without the axis, or with size 1 there) or, with soft_label, "
              "probabilities in the "
              "shape of input. ignore_index marks labels that do not count; weight is by class; "
              "the mean is over the weights that count. "
              "use_softmax=False takes input as probabilities.",
       .operands = {input(),
                    classes,
                    {.name = "weight", .dtypes = kFloatSet, .optional = true, .meets = false}},
       .attrs = {ignore,
                 reduction_attr(),
                 {.name = "soft_label", .form = AttrForm::boolean, .value = false},
                 {.name = "axis", .form = AttrForm::axis, .value = -1},
                 {.name = "use_softmax", .form = AttrForm::boolean, .value = true},
                 {.name = "label_smoothing",
                  .form = AttrForm::real,
                  .value = 0.0,
                  .lowest = 0,
                  .highest = 1}},
       .signature = "input, label, weight, ignore_index, reduction, soft_label, axis, use_softmax, "
                    "label_smoothing",
       .dtypes = by_shape_rule(),
       .shape = cross_entropy_shape,
       .vjp = {.augment = cross_entropy_augment, .backward = cross_entropy_backward},
       .decompose = cross_entropy_rule,
       .sharding = "... c, ..., c -> reduced; c: whole, ...: sum",
       .samples = cross_entropy_samples},
      {.name = "nll_loss",
       .faces = ir::kFunctional,
       .doc = "-input[label] * weight[label], with log-probabilities along axis 1; labels of "
              "ignore_index do not count.",
       .operands = {input(),
                    {.name = "label", .aliases = {"target"}, .dtypes = kIntSet, .meets = false},
                    {.name = "weight", .dtypes = kFloatSet, .optional = true, .meets = false}},
       .attrs = {ignore, reduction_attr()},
       .dtypes = by_shape_rule(),
       .shape = nll_shape,
       .vjp = by_decomposition(),
       .decompose = nll_rule,
       .sharding = "n c ..., n ..., c -> reduced; ...: sum",
       .samples = nll_samples},
      {.name = "cosine_similarity",
       .faces = ir::kFunctional,
       .doc = "x1 . x2 / max(|x1| |x2|, eps) along axis.",
       .operands = {{.name = "x1", .dtypes = kFloatSet}, {.name = "x2", .dtypes = kFloatSet}},
       .attrs = {{.name = "axis", .aliases = {"dim"}, .form = AttrForm::axis, .value = 1},
                 {.name = "eps", .form = AttrForm::real, .value = 1e-8, .lowest = 0}},
       .shape = cosine_shape,
       .vjp = by_decomposition(),
       .decompose = cosine_rule,
       .sharding = "..., ... -> ...; @axis: whole",
       .samples = cosine_samples},
  };
}

}  // namespace proa::ops
