// Quantiles, modes, counts by value, covariance, and distances between points.

#include <algorithm>

#include "proa/ir/context.h"
#include "proa/ops/algebra.h"
#include "proa/ops/composite.h"
#include "proa/ops/refusal.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;
constexpr DTypeSet kOrdered = kRealSet | kBoolSet;

std::vector<Dim> dims_of(std::span<const Dim> dims) { return {dims.begin(), dims.end()}; }
Expr flat(Expr x) { return reshape(x, std::vector<Dim>{ir::product(x.dims())}); }

std::vector<int> axes_of(const ir::AttrView& op, int rank) {
  std::vector<int> axes = op.axes("axis", rank);
  if (axes.empty()) {
    for (int i = 0; i < rank; ++i) axes.push_back(i);
  }
  return axes;
}

bool among(const std::vector<int>& axes, int axis) {
  return std::ranges::find(axes, axis) != axes.end();
}

// quantile, nanquantile (Hyndman and Fan 1996, type 7, and the four ways of not interpolating)

void quantile_shape(Infer& op) {
  if (op.rank(1) > 1)
    op.fail(ErrorKind::shape, "q",
            str("expected a number or a vector, got shape ", to_string(op.dims(1))));
  std::vector<int> axes = axes_of(op, op.rank(0));
  std::vector<Dim> dims = dims_of(op.dims(1));
  Dim count = 1;
  for (int i = 0; i < op.rank(0); ++i) {
    if (!among(axes, i)) {
      dims.push_back(op.dim(0, i));
    } else {
      count = count * op.dim(0, i);
      if (op.boolean("keepdim")) dims.emplace_back(1);
    }
  }
  expect_ge(op, count, 1, "x", [&] {
    return str("shape ", to_string(op.dims(0)),
               " has no elements there, and there is no quantile of nothing");
  });
  op.result(dims);
}

// The axes named, as one axis at the end.
Expr gathered_last(Expr x, const std::vector<int>& axes) {
  std::vector<int> order;
  std::vector<Dim> dims;
  Dim count = 1;
  for (int i = 0; i < x.rank(); ++i) {
    if (among(axes, i)) continue;
    order.push_back(i);
    dims.push_back(x.dim(i));
  }
  for (int axis : axes) {
    order.push_back(axis);
    count = count * x.dim(axis);
  }
  dims.push_back(count);
  return reshape(transpose(x, order), dims);
}

template <bool kSkipNan>
void quantile_rule(Decompose& d) {
  Builder& b = d.builder();
  DType t = d.result_type().dtype();
  Expr x = gathered_last(cast(d.in(0), t), axes_of(d, d.in(0).rank()));
  Expr q = cast(d.in(1), DType::f64);
  if (q.rank() == 0) q = unsqueeze(q, 0);
  Expr ordered = call(b, "prim.sort", {&x, 1},
                      {{"axis", x.rank() - 1}, {"keys", 1}, {"descending", false}})[0];
  Expr count = dim_value(b, x.dim(-1), DType::f64);
  if (kSkipNan) count = maximum(sum(cast(!unary("is_nan", x), DType::f64), -1, true), 1.0);
  Expr at = q * (count - 1.0), low = unary("floor", at), high = unary("ceil", at);
  std::vector<Dim> dims = dims_of(x.dims());
  dims.back() = q.dim(0);
  auto element = [&](Expr place) {
    return take_along(ordered, broadcast_to(cast(place, DType::i64), dims), -1);
  };
  std::string_view how = d.text("interpolation");
  Expr y;
  if (how == "lower") {
    y = element(low);
  } else if (how == "higher") {
    y = element(high);
  } else if (how == "nearest") {
    y = element(unary("round", at));
  } else {
    Expr a = element(low), z = element(high);
    Expr weight = how == "midpoint" ? full_like(a, 0.5) : broadcast_to(cast(at - low, t), dims);
    Expr between = a + (z - a) * weight;
    y = select(compare("eq", a, z), a, between);  // equal infinities have no difference
  }
  Expr missing = broadcast_to(compare("lt", q, 0.0) | compare("gt", q, 1.0), dims);
  if (!kSkipNan)
    missing =
        missing |
        broadcast_to(unary("is_nan", slice_axis(ordered, -1, x.dim(-1) - Dim(1), x.dim(-1))), dims);
  y = select(missing, full_like(y, __builtin_nan("")), y);
  d.out(reshape(move_axis(y, -1, 0), d.result_type().dims()));
}

void quantile_samples(SampleList& s) {
  for (const char* how : {"linear", "lower", "higher", "midpoint", "nearest"}) {
    s.ok({T({7}, Fill::distinct), ir::number(0.4)}, {{"interpolation", how}});
    s.ok({T({3, 4}, Fill::distinct), V(DType::f64, {3}, {0.1, 0.55, 1})},
         {{"axis", 1}, {"interpolation", how}})
        .gradient = false;
  }
  s.ok({T({2, 3, 2}, Fill::distinct), ir::number(0.3)}, {{"axis", L{0, 2}}, {"keepdim", true}});
  s.ok({T({}, Fill::distinct), ir::number(0.5)});
  s.ok({V(DType::f32, {4}, {1, __builtin_nan(""), 3, 2}), ir::number(0.5)}).gradient = false;
  s.wrong({T({3}), T(DType::f64, {2, 2})}, {}, ErrorKind::shape, "a number or a vector");
  s.wrong({T({0}), ir::number(0.5)}, {}, ErrorKind::shape, "no quantile of nothing");
  s.wrong({T({3}), ir::number(0.5)}, {{"interpolation", "cubic"}}, ErrorKind::value,
          "expected one of");
  s.wrong({T(DType::c64, {3}), ir::number(0.5)}, {}, ErrorKind::type, "dtype");
  s.wrong({T({3}), absent()}, {}, ErrorKind::value, "required");
  refuse_axis(s, {T({3}), ir::number(0.5)}, {});
  refuse_strangers(s, {T({3}), ir::number(0.5)}, {});
}

// mode

void mode_shape(Infer& op) {
  int axis = op.axis("axis", op.rank(0));
  expect_ge(op, op.dim(0, axis), 1, "x",
            [&] { return str("axis ", axis, " has no elements, and nothing is most frequent"); });
  std::vector<Dim> dims = dims_of(op.dims(0));
  if (op.boolean("keepdim")) dims[static_cast<size_t>(axis)] = 1;
  else dims.erase(dims.begin() + axis);
  op.result(dims, op.dtype(0));
  op.result(dims, DType::i64);
}

// In sorted order equal elements are neighbours; a run counts up to its last element, which of
// equals is the last in x.
void mode_rule(Decompose& d) {
  Expr x = d.in(0);
  int axis = d.axis("axis", x.rank());
  x = move_axis(x, axis, -1);
  int last = x.rank() - 1;
  Expr position = iota(d.builder(), DType::i64, x.dims(), last);
  Expr operands[] = {x, position};
  std::vector<Expr> ordered = call(d.builder(), "prim.sort", operands,
                                   {{"axis", last}, {"keys", 1}, {"descending", false}});
  std::vector<Dim> low(x.dims().size(), Dim(0)), high = low;
  low.back() = 1;
  high.back() = -1;
  Expr before = pad(ordered[0], zero_like(x), low, high, {});
  Expr starts = compare("ne", ordered[0], before) | compare("eq", position, 0.0);
  Expr run = position - scan("max", only_where(starts, position), last);
  Expr best = call1("prim.arg_reduce", {run}, {{"kind", "max"}, {"axis", last}});
  best = unsqueeze(best, -1);
  d.out(reshape(take_along(ordered[0], best, -1), d.result_type(0).dims()));
  d.out(reshape(take_along(ordered[1], best, -1), d.result_type(1).dims()));
}

void mode_samples(SampleList& s) {
  s.ok({I({9}, 0, 4)});
  s.ok({T({5}, Fill::distinct)});
  s.ok({V(DType::f32, {2, 4}, {1, 3, 3, 1, 5, 4, 4, 4})}, {{"axis", 1}}).gradient = false;
  s.ok({T({3, 2}, Fill::distinct)}, {{"axis", 0}, {"keepdim", true}});
  s.ok({T({0, 2})}, {{"axis", 1}});
  s.wrong({T({0})}, {}, ErrorKind::shape, "no elements");
  s.wrong({T({})}, {}, ErrorKind::index, "0-d");
  s.wrong({T(DType::c64, {3})}, {}, ErrorKind::type, "dtype");
  refuse_axis(s, {T({3})}, {});
  refuse_flag(s, {T({3})}, {}, "keepdim");
  refuse_strangers(s, {T({3})}, {});
}

// bincount

void bincount_shape(Infer& op) {
  if (op.rank(0) != 1)
    op.fail(ErrorKind::shape, "x", str("expected a vector, got shape ", to_string(op.dims(0))));
  if (op.present(1)) {
    auto message = [&] {
      return str("expected shape ", to_string(op.dims(0)), ", got ", to_string(op.dims(1)));
    };
    if (op.rank(1) != 1) op.fail(ErrorKind::shape, "weights", message());
    expect_eq(op, op.dim(1, 0), op.dim(0, 0), "weights", message);
  }
  op.result(std::vector<Dim>{op.context().symbols().fresh("u")},
            op.present(1) ? op.dtype(1) : DType::i64);
}

void bincount_rule(Decompose& d) {
  Builder& b = d.builder();
  Expr x = cast(d.in(0), DType::i64);
  Dim size = d.result_type().dims()[0];
  auto least = static_cast<double>(d.integer("minlength"));
  Expr ends[] = {x + 1.0, full(b, std::vector<Dim>{Dim(1)}, DType::i64, least)};
  int axes[] = {0};
  Expr lowest[] = {x, full(b, std::vector<Dim>{Dim(1)}, DType::i64, 0)};
  Expr legal = compare("ge", reduce("min", concat(lowest, 0), axes), 0.0);
  call(b, "prim.shape_assert", {&legal, 1},
       {{"message", "x: expected numbers of at least 0, got a negative one"}});
  call1("prim.as_dim", {reduce("max", concat(ends, 0), axes)},
        {{"symbol", ir::Attribute::dim(b.context(), size)}, {"low", 0}});
  DType t = d.result_type().dtype();
  Expr value = d.present(1) ? d.in(1) : full(b, x.dims(), t, 1);
  std::vector<Dim> dims{size};
  d.out(scatter("add", full(b, dims, t, 0), unsqueeze(x, 1), value, L{0}, 0));
}

void bincount_samples(SampleList& s) {
  s.ok({I({9}, 0, 5), absent()});
  s.ok({I({9}, 0, 5), T(DType::f32, {9})});
  s.ok({I({4}, 0, 3, DType::i32), T(DType::f64, {4})}, {{"minlength", 7}});
  s.ok({I({0}, 0, 3), absent()}, {{"minlength", 2}});
  s.wrong({V(DType::i64, {2}, {1, -1}), absent()}, {}, ErrorKind::shape, "numbers of at least 0");
  s.wrong({I({2, 2}, 0, 3), absent()}, {}, ErrorKind::shape, "a vector");
  s.wrong({I({3}, 0, 3), T(DType::f32, {2})}, {}, ErrorKind::shape, "expected shape [3]");
  s.wrong({T(DType::f32, {3}), absent()}, {}, ErrorKind::type, "dtype");
  s.wrong({I({3}, 0, 3), absent()}, {{"minlength", -1}}, ErrorKind::value, "at least 0");
  refuse_strangers(s, {I({3}, 0, 3), absent()}, {});
}

// histogram, histogram_bin_edges

void bins_checks(Infer& op) {
  if (op.real("min") > op.real("max"))
    op.fail(ErrorKind::value, "max",
            str("expected at least min = ", op.real("min"), ", got ", op.real("max")));
}

DType edges_dtype(const Infer& op) {
  return is_float(op.dtype(0)) ? op.dtype(0) : op.default_float();
}

void edges_shape(Infer& op) {
  op.result(std::vector<Dim>{Dim(op.integer("bins") + 1)}, edges_dtype(op));
}

// The borders of equal bins from min to max; min = max = 0 stands for the range of the data, and a
// range of one point is widened by 1 on both sides.
Expr edges_of(const ir::AttrView& d, Expr x) {
  Builder& b = *x.builder;
  Expr low = constant(b, DType::f64, d.real("min")), high = constant(b, DType::f64, d.real("max"));
  if (d.real("min") == 0 && d.real("max") == 0) {
    int axes[] = {0};
    auto and_also = [&](double value) {
      Expr parts[] = {x, full(b, std::vector<Dim>{Dim(1)}, DType::f64, value)};
      return concat(parts, 0);
    };
    low = reduce("min", and_also(__builtin_inf()), axes);
    high = reduce("max", and_also(-__builtin_inf()), axes);
    Expr empty = compare("gt", low, high);
    low = select(empty, full_like(low, 0), low);
    high = select(empty, full_like(high, 1), high);
  }
  Expr point = cast(compare("eq", low, high), DType::f64);
  low = low - point;
  high = high + point;
  std::vector<Dim> dims{Dim(d.integer("bins") + 1)};
  Expr i = iota(b, DType::f64, dims, 0) / static_cast<double>(d.integer("bins"));
  return select(compare("eq", i, 1.0), high, low + (high - low) * i);
}

void edges_rule(Decompose& d) {
  d.out(cast(edges_of(d, flat(cast(d.in(0), DType::f64))), d.result_type().dtype()));
}

void histogram_shape(Infer& op) {
  DType t = DType::i64;
  if (op.boolean("density")) t = edges_dtype(op);
  if (op.present(1)) {
    auto message = [&] {
      return str("expected shape ", to_string(op.dims(0)), ", got ", to_string(op.dims(1)));
    };
    if (op.rank(1) != op.rank(0)) op.fail(ErrorKind::shape, "weight", message());
    for (int i = 0; i < op.rank(0); ++i)
      expect_eq(op, op.dim(1, i), op.dim(0, i), "weight", message);
    t = op.dtype(1);
  }
  op.result(std::vector<Dim>{Dim(op.integer("bins"))}, t);
}

void histogram_rule(Decompose& d) {
  Builder& b = d.builder();
  Expr x = flat(cast(d.in(0), DType::f64)), edges = edges_of(d, x);
  auto bins = static_cast<double>(d.integer("bins"));
  Expr high = slice_axis(edges, 0, d.integer("bins"), d.integer("bins") + 1);
  Expr at = call1("prim.search_sorted", {edges, x}, {{"right", true}}) - 1.0;
  at = select(compare("eq", x, high), full_like(at, bins - 1), at);
  at = select(compare("lt", at, 0.0) | unary("is_nan", x), full_like(at, bins), at);
  DType t = d.result_type().dtype(), work = d.present(1) || t != DType::i64 ? DType::f64 : t;
  Expr value = d.present(1) ? flat(cast(d.in(1), work)) : full(b, x.dims(), work, 1);
  std::vector<Dim> dims{Dim(d.integer("bins"))};
  Expr y = scatter("add", full(b, dims, work, 0), unsqueeze(at, 1), value, L{0}, 0);
  if (d.boolean("density")) {
    Expr width =
        slice_axis(edges, 0, 1, d.integer("bins") + 1) - slice_axis(edges, 0, 0, d.integer("bins"));
    y = y / cast(sum(y, 0), work) / cast(width, work);
  }
  d.out(cast(y, t));
}

template <bool kCounts>
void bins_samples(SampleList& s) {
  auto args = [](Arg x) { return kCounts ? Operands{x, absent()} : Operands{x}; };
  s.ok(args(T({9}))).gradient = false;
  s.ok(args(T({3, 4})), {{"bins", 4}, {"min", -1.0}, {"max", 2.0}}).gradient = false;
  s.ok(args(I({8}, 0, 5)), {{"bins", 5}}).gradient = false;
  s.ok(args(T({3}, Fill::ones)), {{"bins", 3}}).gradient = false;
  s.ok(args(T({0})), {{"bins", 2}}).gradient = false;
  if (kCounts) {
    s.ok({T({5}), T(DType::f32, {5})}, {{"bins", 3}}).gradient = false;
    s.ok({T({5}), absent()}, {{"bins", 3}, {"density", true}}).gradient = false;
    s.wrong({T({5}), T(DType::f32, {4})}, {}, ErrorKind::shape, "expected shape [5]");
    refuse_flag(s, args(T({3})), {}, "density");
  }
  s.wrong(args(T({3})), {{"bins", 0}}, ErrorKind::value, "at least 1");
  s.wrong(args(T({3})), {{"min", 2.0}, {"max", 1.0}}, ErrorKind::value, "at least min");
  s.wrong(args(T(DType::c64, {3})), {}, ErrorKind::type, "dtype");
  refuse_number(s, args(T({3})), {}, "min");
  refuse_integer(s, args(T({3})), {}, "bins");
  refuse_strangers(s, args(T({3})), {});
}

// cov, corrcoef

void cov_shape(Infer& op) {
  if (op.rank(0) == 0 || op.rank(0) > 2)
    op.fail(ErrorKind::shape, "x",
            str("expected a vector or a matrix, got shape ", to_string(op.dims(0))));
  bool rows = op.boolean("rowvar") || op.rank(0) == 1;
  Dim points = op.dim(0, rows ? -1 : 0);
  for (int k = 1; k < static_cast<int>(op.page().operands.size()); ++k) {
    if (!op.present(k)) continue;
    std::string_view name = op.page().operands[static_cast<size_t>(k)].name;
    auto message = [&] {
      return str("expected one for each of ", to_string(points), " points, got shape ",
                 to_string(op.dims(k)));
    };
    if (op.rank(k) != 1) op.fail(ErrorKind::shape, name, message());
    expect_eq(op, op.dim(k, 0), points, name, message);
  }
  if (op.rank(0) == 1) return op.result(std::vector<Dim>{});
  Dim m = op.dim(0, rows ? 0 : 1);
  op.result(std::vector<Dim>{m, m});
}

// One variable a row.
Expr variables(const ir::OperandView& d) {
  Expr x = d.in(0);
  if (x.rank() == 1) return unsqueeze(x, 0);
  return d.boolean("rowvar") ? x : transposed(x);
}

void cov_rule(Decompose& d) {
  Expr x = variables(d), frequency, weight, w;
  DType t = x.dtype(), r = real_of(t);
  if (d.present(1)) w = frequency = cast(d.in(1), r);
  if (d.present(2)) {
    weight = cast(d.in(2), r);
    w = frequency ? frequency * weight : weight;
  }
  Expr total = w ? sum(w, 0) : dim_value(d.builder(), x.dim(1), r);
  Expr scaled = w ? x * cast(w, t) : x;
  Expr mean = sum(scaled, 1, true) / cast(total, t);
  Expr centred = x - mean;
  Expr left = w ? centred * cast(w, t) : centred;
  Expr over = total;
  if (d.boolean("ddof")) over = weight ? total - sum(w * weight, 0) / total : total - 1.0;
  over = maximum(over, 0.0);
  d.out(reshape(matmul(left, adjoint(centred)) / cast(over, t), d.result_type().dims()));
}

void corrcoef_rule(Decompose& d) {
  Expr x = variables(d);
  Expr c = call1("tensor.cov", {x, Expr(), Expr()}, {});
  Expr deviation = sqrt(real(diagonal(c)));
  Expr y = scale_rows(scale_columns(c, 1.0 / deviation), 1.0 / deviation);
  if (!is_complex(y.dtype())) y = minimum(maximum(y, -1.0), 1.0);
  d.out(reshape(y, d.result_type().dims()));
}

template <bool kWeights>
void cov_samples(SampleList& s) {
  auto args = [](Arg x) { return kWeights ? Operands{x, absent(), absent()} : Operands{x}; };
  for (DType t : {DType::f32, DType::f64, DType::c128}) {
    s.ok(args(T(t, {3, 5}))).gradient = kWeights || !is_complex(t);
    s.ok(args(T(t, {5, 3})), {{"rowvar", false}}).gradient = kWeights || !is_complex(t);
  }
  if (kWeights) {
    s.ok(args(T(DType::f64, {6})));
    s.ok(args(T(DType::f64, {2, 6})), {{"ddof", false}});
    s.ok({T(DType::f64, {2, 4}), I({4}, 1, 4), T(DType::f64, {4}, Fill::positive)});
    s.wrong({T(DType::f32, {2, 4}), I({3}, 1, 4), absent()}, {}, ErrorKind::shape, "4 points");
    s.wrong({T(DType::f32, {2, 4}), absent(), T(DType::f32, {4, 1})}, {}, ErrorKind::shape,
            "4 points");
    refuse_flag(s, args(T(DType::f32, {2, 3})), {}, "ddof");
  }
  s.wrong(args(T(DType::f32, {})), {}, ErrorKind::shape, "a vector or a matrix");
  s.wrong(args(T(DType::f32, {2, 2, 2})), {}, ErrorKind::shape, "a vector or a matrix");
  s.wrong(args(T(DType::i32, {2, 3})), {}, ErrorKind::type, "dtype");
  refuse_flag(s, args(T(DType::f32, {2, 3})), {}, "rowvar");
  refuse_strangers(s, args(T(DType::f32, {2, 3})), {});
}

// cdist, pdist, dist, renorm

Expr norm_of(Expr x, double p, std::vector<int64_t> axes, bool keepdim = false) {
  return call1("tensor.p_norm", {x}, {{"p", p}, {"axis", std::move(axes)}, {"keepdim", keepdim}});
}

void cdist_shape(Infer& op) {
  for (int k : {0, 1}) {
    if (op.rank(k) < 2)
      op.fail(ErrorKind::shape, k == 0 ? "x" : "y",
              str("expected points as rows of matrices, got shape ", to_string(op.dims(k))));
  }
  expect_eq(op, op.dim(1, -1), op.dim(0, -1), "y", [&] {
    return str("expected points with ", to_string(op.dim(0, -1)), " coordinates, got shape ",
               to_string(op.dims(1)));
  });
  auto batch = [&](int k) { return op.dims(k).first(op.dims(k).size() - 2); };
  std::vector<Dim> dims = op.broadcast(batch(0), batch(1), "y");
  dims.insert(dims.end(), {op.dim(0, -2), op.dim(1, -2)});
  op.result(dims);
}

// By differences: sums of squares would cancel for points that are near.
void cdist_rule(Decompose& d) {
  Expr gap = unsqueeze(d.in(0), -2) - unsqueeze(d.in(1), -3);
  d.out(norm_of(gap, d.real("p"), {-1}));
}

void pdist_shape(Infer& op) {
  if (op.rank(0) != 2)
    op.fail(ErrorKind::shape, "x",
            str("expected points as rows of a matrix, got shape ", to_string(op.dims(0))));
  if (!op.dim(0, 0).is_const())
    throw ir::NeedStatic{"pdist: the number of pairs depends on the number of points"};
  int64_t n = op.dim(0, 0).constant();
  op.result(std::vector<Dim>{Dim(n * std::max<int64_t>(n - 1, 0) / 2)});
}

void pdist_rule(Decompose& d) {
  Expr x = d.in(0);
  int64_t n = static_dim(x, 0);
  std::vector<double> first, second;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = i + 1; j < n; ++j) {
      first.push_back(static_cast<double>(i));
      second.push_back(static_cast<double>(j));
    }
  }
  auto rows = [&](const std::vector<double>& at) {
    Expr index =
        constant(d.builder(), dense_data(DType::i64, {static_cast<int64_t>(at.size()), 1}, at));
    return gather(x, index, L{0}, 0);
  };
  d.out(norm_of(rows(first) - rows(second), d.real("p"), {-1}));
}

void dist_shape(Infer& op) {
  (void)op.broadcast(op.dims(0), op.dims(1), "y");
  op.result(std::vector<Dim>{}, real_of(op.met()));
}

void renorm_shape(Infer& op) {
  (void)op.axis("axis", op.rank(0));
  if (!(op.real("p") > 0))
    op.fail(ErrorKind::value, "p", str("expected a positive order, got ", op.real("p")));
  op.result(op.dims(0));
}

void renorm_rule(Decompose& d) {
  Expr x = d.in(0);
  int axis = d.axis("axis", x.rank());
  L others;
  for (int i = 0; i < x.rank(); ++i) {
    if (i != axis) others.push_back(i);
  }
  double most = d.real("max_norm");
  Expr n = others.empty() ? abs(x) : norm_of(x, d.real("p"), others, true);
  Expr above = compare("gt", n, most);
  Expr factor = select(above, most / (select(above, n, full_like(n, 1)) + 1e-7), full_like(n, 1));
  d.out(x * cast(factor, x.dtype()));
}

template <bool kPairs>
void distance_samples(SampleList& s) {
  auto args = [](Arg x, Arg y) { return kPairs ? Operands{x, y} : Operands{x}; };
  for (double p : {0.0, 1.0, 2.0, 3.0, __builtin_inf()})
    s.ok(args(T({3, 2}, Fill::distinct), T({4, 2})), {{"p", p}}).gradient = p >= 1 && p < 10;
  s.ok(args(T({1, 2}), T({0, 2})));
  if (kPairs) {
    s.ok({T({2, 3, 2}), T({1, 4, 2})});
    s.wrong({T({3, 2}), T({4, 3})}, {}, ErrorKind::shape, "2 coordinates");
    s.wrong({T({2, 3, 2}), T({3, 4, 2})}, {}, ErrorKind::shape, "cannot be broadcast");
  }
  s.wrong(args(T({3}), T({3})), {}, ErrorKind::shape, "points as rows");
  s.wrong(args(T({}), T({})), {}, ErrorKind::shape, "points as rows");
  s.wrong(args(T(DType::i32, {3, 2}), T(DType::i32, {3, 2})), {}, ErrorKind::type, "dtype");
  s.wrong(args(T({3, 2}), T({3, 2})), {{"p", -1.0}}, ErrorKind::value, "at least 0");
  refuse_number(s, args(T({3, 2}), T({3, 2})), {}, "p");
  refuse_strangers(s, args(T({3, 2}), T({3, 2})), {});
}

void dist_samples(SampleList& s) {
  for (double p : {0.0, 1.0, 2.0, 3.0, __builtin_inf(), -__builtin_inf()})
    s.ok({T({3, 2}, Fill::distinct), T({3, 2})}, {{"p", p}}).gradient = p >= 1 && p < 10;
  s.ok({T({3, 1}), T({4})});
  s.wrong({T({3}), T({4})}, {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong({T(DType::i32, {3}), T(DType::i32, {3})}, {}, ErrorKind::type, "dtype");
  s.wrong({T({3}), absent()}, {}, ErrorKind::value, "required");
  refuse_number(s, {T({3}), T({3})}, {}, "p");
  refuse_strangers(s, {T({3}), T({3})}, {});
}

void renorm_samples(SampleList& s) {
  ir::SampleAttrs a{{"p", 2.0}, {"axis", 0}, {"max_norm", 1.0}};
  s.ok({T({3, 4})}, a);
  s.ok({T({2, 3, 2})}, {{"p", 1.0}, {"axis", -1}, {"max_norm", 3.0}});
  s.ok({T({4})}, a);
  s.wrong({T({3, 4})}, with(a, "p", 0.0), ErrorKind::value, "a positive order");
  s.wrong({T({3, 4})}, with(a, "max_norm", -1.0), ErrorKind::value, "at least 0");
  s.wrong({T({3, 4})}, {{"p", 2.0}, {"axis", 0}}, ErrorKind::value, "required");
  s.wrong({T(DType::i32, {3, 4})}, a, ErrorKind::type, "dtype");
  refuse_axis(s, {T({3, 4})}, a);
  refuse_strangers(s, {T({3, 4})}, a);
}

struct Measure {
  std::string_view name;
  uint32_t faces = kOperator;
  std::string_view doc;
  std::vector<OperandSpec> operands;
  std::vector<ir::AttrSpec> attrs;
  std::string_view signature = {};
  int results = 1;
  std::vector<std::string_view> result_names = {};
  ir::DTypeRule dtypes = by_shape_rule();
  void (*shape)(Infer&);
  void (*checks)(Infer&) = nullptr;
  VjpRule vjp = {.decomposed = true};
  DecomposeRule rule;
  std::string_view sharding = "none: elements meet across axes";
  void (*samples)(SampleList&);
};

ir::Page measure(Measure m) {
  return {.name = m.name,
          .faces = m.faces,
          .doc = m.doc,
          .operands = std::move(m.operands),
          .attrs = std::move(m.attrs),
          .signature = m.signature,
          .results = m.results,
          .result_names = std::move(m.result_names),
          .dtypes = m.dtypes,
          .shape = m.shape,
          .checks = m.checks,
          .vjp = m.vjp,
          .decompose = m.rule,
          .sharding = m.sharding,
          .cost = [](Cost& c) { c.flops(Cost::elements(c.operand(0)) * Dim(16)); },
          .samples = m.samples};
}

}  // namespace

std::vector<ir::Page> statistics_pages() {
  auto flag = [](std::string_view name, bool value, std::vector<std::string_view> aliases = {}) {
    return ir::AttrSpec{
        .name = name, .aliases = std::move(aliases), .form = AttrForm::boolean, .value = value};
  };
  auto real = [](std::string_view name, ir::Literal value, std::optional<double> lowest = {}) {
    return ir::AttrSpec{
        .name = name, .form = AttrForm::real, .value = std::move(value), .lowest = lowest};
  };
  ir::AttrSpec axes{.name = "axis", .aliases = {"dim"}, .form = AttrForm::axes, .value = kNone},
      axis{.name = "axis", .aliases = {"dim"}, .form = AttrForm::axis, .value = -1},
      keepdim = flag("keepdim", false, {"keepdims"}),
      how{.name = "interpolation",
          .form = AttrForm::string,
          .value = "linear",
          .choices = {"linear", "higher", "lower", "midpoint", "nearest"}},
      bins{.name = "bins", .form = AttrForm::integer, .value = 100, .lowest = 1};
  OperandSpec q{.name = "q", .dtypes = kFloatSet, .number = true};
  OperandSpec input{.name = "input", .aliases = {"x"}, .dtypes = kRealSet};
  constexpr std::string_view kCounts = "counts do not change with the elements";
  auto quantile = [&](std::string_view name, std::string_view doc, DecomposeRule rule) {
    return measure({.name = name,
                    .doc = doc,
                    .operands = {operand_x(kRealSet), q},
                    .attrs = {axes, keepdim, how},
                    .dtypes = promote_float(),
                    .shape = quantile_shape,
                    .rule = rule,
                    .samples = quantile_samples});
  };
  DTypeSet matrix = static_cast<DTypeSet>(bit(DType::f32) | bit(DType::f64) | kComplexSet);
  std::vector<std::string_view> modes = {"use_mm_for_euclid_dist_if_necessary",
                                         "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist"};
  ir::Page renorm = measure(
      {.name = "renorm",
       .doc = "x with each slice along axis whose p-norm is above max_norm scaled down to it.",
       .operands = {operand_x(kFloatSet)},
       .attrs = {real("p", {}), axis, real("max_norm", {}, 0)},
       .dtypes = promote(),
       .shape = renorm_shape,
       .rule = renorm_rule,
       .samples = renorm_samples});
  renorm.attrs[1].value = {};
  renorm.attrs[2].aliases = {"maxnorm"};
  renorm.faces = kWriting;
  return {
      quantile("quantile",
               "The q-quantiles over axis (of all elements without it), q between 0 and 1: a "
               "number, or a vector whose axis then stands first. Between two elements they are "
               "interpolated linearly, or the one that interpolation names is taken. NaN where "
               "there is one, and for a q out of range. Integers become the default float.",
               quantile_rule<false>),
      quantile("nanquantile",
               "The quantiles of what is not NaN; NaN where there is nothing else. Otherwise as "
               "quantile.",
               quantile_rule<true>),
      measure({.name = "mode",
               .doc = "The most frequent element along axis, of several the smallest, and the last "
                      "position where it stands.",
               .operands = {operand_x(kOrdered)},
               .attrs = {axis, keepdim},
               .results = 2,
               .result_names = {"values", "indices"},
               .shape = mode_shape,
               .rule = mode_rule,
               .sharding = "... -> kept, kept; @axis: whole",
               .samples = mode_samples}),
      measure({.name = "bincount",
               .doc = "How often each of 0, 1, ... occurs in a vector of integers that are not "
                      "negative (or the sums of their weights): as many as the greatest needs, at "
                      "least minlength.",
               .operands =
                   {operand_x(kIntSet),
                    {.name = "weights", .dtypes = kNumberSet, .optional = true, .meets = false}},
               .attrs = {{.name = "minlength", .form = AttrForm::integer, .value = 0, .lowest = 0}},
               .shape = bincount_shape,
               .rule = bincount_rule,
               .samples = bincount_samples}),
      measure(
          {.name = "histogram",
           .doc = "How many elements lie in each of `bins` equal bins from min to max (the "
                  "range of the data where both are 0): int64, or the sums of their weight in "
                  "its dtype, with density divided by total and width. The last bin contains "
                  "its end; what is outside or NaN is not counted.",
           .operands = {input,
                        {.name = "weight", .dtypes = kFloatSet, .optional = true, .meets = false}},
           .attrs = {bins, real("min", 0.0), real("max", 0.0), flag("density", false)},
           .signature = "input, bins, min, max, weight, density",
           .shape = histogram_shape,
           .checks = bins_checks,
           .vjp = ir::not_differentiable(kCounts),
           .rule = histogram_rule,
           .samples = bins_samples<true>}),
      measure({.name = "histogram_bin_edges",
               .doc = "The borders of the bins of histogram: bins + 1 of them.",
               .operands = {input},
               .attrs = {bins, real("min", 0.0), real("max", 0.0)},
               .shape = edges_shape,
               .checks = bins_checks,
               .vjp = ir::not_differentiable(kCounts),
               .rule = edges_rule,
               .samples = bins_samples<false>}),
      measure({.name = "cov",
               .faces = kOperator | ir::kLinalg,
               .doc =
                   "The covariance of variables, one a row (a column without rowvar): divided by "
                   "n - 1, by n without ddof; fweights count points several times, aweights "
                   "weigh them. 0-d for a vector.",
               .operands =
                   {operand_x(matrix),
                    {.name = "fweights", .dtypes = kIntSet, .optional = true, .meets = false},
                    {.name = "aweights", .dtypes = kFloatSet, .optional = true, .meets = false}},
               .attrs = {flag("rowvar", true), flag("ddof", true)},
               .signature = "x, rowvar, ddof, fweights, aweights",
               .dtypes = promote(),
               .shape = cov_shape,
               .rule = cov_rule,
               .samples = cov_samples<true>}),
      measure({.name = "corrcoef",
               .faces = kOperator | ir::kLinalg,
               .doc = "The coefficients of correlation of variables, one a row (a column without "
                      "rowvar); real ones are kept within -1 and 1.",
               .operands = {operand_x(matrix)},
               .attrs = {flag("rowvar", true)},
               .dtypes = promote(),
               .shape = cov_shape,
               .rule = corrcoef_rule,
               .samples = cov_samples<false>}),
      measure({.name = "cdist",
               .doc = "The p-norm distances of each point of x [..., n, d] from each of y [..., m, "
                      "d]. They are computed from differences in every compute_mode.",
               .operands = {{.name = "x", .aliases = {"x1"}, .dtypes = kFloatSet},
                            {.name = "y", .aliases = {"x2"}, .dtypes = kFloatSet}},
               .attrs = {real("p", 2.0, 0),
                         {.name = "compute_mode",
                          .form = AttrForm::string,
                          .value = "use_mm_for_euclid_dist_if_necessary",
                          .choices = modes}},
               .dtypes = promote(),
               .shape = cdist_shape,
               .rule = cdist_rule,
               .samples = distance_samples<true>}),
      measure({.name = "pdist",
               .faces = ir::kTop | ir::kFunctional,
               .doc =
                   "The p-norm distances of all pairs of rows of x, each pair once, in the order "
                   "of the upper triangle.",
               .operands = {operand_x(kFloatSet)},
               .attrs = {real("p", 2.0, 0)},
               .dtypes = promote(),
               .shape = pdist_shape,
               .rule = pdist_rule,
               .samples = distance_samples<false>}),
      measure({.name = "dist",
               .doc = "The p-norm of x - y over all elements, 0-d.",
               .operands = {operand_x(kInexactSet), operand_y(kInexactSet, false)},
               .attrs = {real("p", 2.0)},
               .dtypes = by_shape_rule(Meet::promote),
               .shape = dist_shape,
               .rule = [](Decompose& d) { d.out(norm_of(d.in(0) - d.in(1), d.real("p"), {})); },
               .samples = dist_samples}),
      renorm,
  };
}

}  // namespace proa::ops
