// Picking and writing elements by integer tensors and masks.

#include <algorithm>

#include "proa/ir/need_extents.h"
#include "proa/ops/casting.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;

OperandSpec index_operand(std::string_view name = "index", bool variadic = false) {
  return {.name = name,
          .aliases = name == "index" ? std::vector<std::string_view>{"indices"}
                                     : std::vector<std::string_view>{},
          .dtypes = kIntSet,
          .variadic = variadic,
          .meets = false};
}

// Of gather and scatter: negative positions count from the end, others beyond it are refused.
constexpr std::string_view kFromEnd = "from_end";

Expr positions(Expr index) { return cast(index, DType::i64); }

// x[i, j, ...] on the axes named; the index tensors are broadcast together.
struct Advanced {
  std::vector<int> axes;        // of x, in the order of the index tensors
  std::vector<Dim> index_dims;  // broadcast
  int place = 0;                // where the index axes stand in the result
  std::vector<int> rest;        // the other axes of x
};

template <class Broadcast>
Advanced advanced_of(const ir::AttrView& op, int rank, int count, const Broadcast& broadcast) {
  Advanced a;
  std::vector<int64_t> given = op.ints("axes");
  if (given.size() != static_cast<size_t>(count))
    op.fail(ErrorKind::value, "axes",
            str("expected one axis for each of ", count, " index tensors, got ", list_str(given)));
  for (int64_t axis : given) {
    int n = op.axis_of("axes", axis, rank);
    if (std::ranges::find(a.axes, n) != a.axes.end())
      op.fail(ErrorKind::value, "axes", str("axis ", n, " is named twice"));
    a.axes.push_back(n);
  }
  a.index_dims = broadcast();
  bool adjacent = true;
  for (size_t i = 1; i < a.axes.size(); ++i) adjacent &= a.axes[i] == a.axes[i - 1] + 1;
  a.place = adjacent ? a.axes[0] : 0;
  for (int i = 0; i < rank; ++i) {
    if (std::ranges::find(a.axes, i) == a.axes.end()) a.rest.push_back(i);
  }
  return a;
}

std::vector<Dim> advanced_dims(const Advanced& a, std::span<const Dim> x) {
  std::vector<Dim> dims;
  for (int axis : a.rest) dims.push_back(x[static_cast<size_t>(axis)]);
  dims.insert(dims.begin() + a.place, a.index_dims.begin(), a.index_dims.end());
  return dims;
}

Advanced infer_advanced(Infer& op, int first) {
  int count = op.count(first);
  if (count == 0)
    op.fail(ErrorKind::value, "indices", "expected at least one index tensor, got none");
  return advanced_of(op, op.rank(0), count, [&] {
    std::vector<Dim> dims(op.dims(first, 0).begin(), op.dims(first, 0).end());
    for (int k = 1; k < count; ++k) dims = op.broadcast(dims, op.dims(first, k), "indices");
    return dims;
  });
}

void index_shape(Infer& op) {
  op.result(advanced_dims(infer_advanced(op, 1), op.dims(0)), op.dtype(0));
}

// Index tensors side by side: [broadcast dims..., count].
Expr joined_index(const ir::OperandView& d, int first, std::vector<Dim>& dims) {
  std::vector<Expr> parts = d.ins(first);
  for (Expr& part : parts) part = positions(part);
  Expr shape = parts[0];
  for (size_t i = 1; i < parts.size(); ++i) shape = shape + parts[i];  // for its dims only
  dims.assign(shape.dims().begin(), shape.dims().end());
  for (Expr& part : parts)
    part = unsqueeze(broadcast_to(part, dims), static_cast<int>(dims.size()));
  return concat(parts, static_cast<int>(dims.size()));
}

Advanced advanced_in(const ir::OperandView& d, int first, std::vector<Dim> dims) {
  return advanced_of(d, d.in(0).rank(), d.count(first), [&] { return dims; });
}

std::vector<int64_t> as_ints(const std::vector<int>& axes) { return {axes.begin(), axes.end()}; }

// Moves `count` axes that stand first to `place`.
Expr placed(Expr x, int count, int place) {
  std::vector<int> order;
  for (int i = 0; i < place; ++i) order.push_back(count + i);
  for (int i = 0; i < count; ++i) order.push_back(i);
  for (int i = count + place; i < x.rank(); ++i) order.push_back(i);
  return transpose(x, order);
}
Expr unplaced(Expr x, int count, int place) {
  std::vector<int> order;
  for (int i = 0; i < count; ++i) order.push_back(place + i);
  for (int i = 0; i < x.rank(); ++i) {
    if (i < place || i >= place + count) order.push_back(i);
  }
  return transpose(x, order);
}

void index_rule(Decompose& d) {
  std::vector<Dim> dims;
  std::vector<int> axes;
  for (int64_t axis : d.ints("axes")) axes.push_back(d.axis_of("axes", axis, d.in(0).rank()));
  Expr at = joined_index(d, 1, dims);
  Advanced a = advanced_in(d, 1, dims);
  Expr y = gather(d.in(0), at, as_ints(a.axes), 0, kFromEnd);
  d.out(placed(y, static_cast<int>(dims.size()), a.place));
}

void index_put_shape(Infer& op) {
  require_real_unless_complex(op, 1, op.dtype(0));
  Advanced a = infer_advanced(op, 2);
  std::vector<Dim> dims = advanced_dims(a, op.dims(0)),
                   joined = op.broadcast(dims, op.dims(1), "value");
  if (joined.size() != dims.size())
    op.fail(ErrorKind::shape, "value",
            str("a value of shape ", to_string(op.dims(1)), " does not fit into the indexed shape ",
                to_string(dims)));
  for (size_t i = 0; i < dims.size(); ++i) {
    expect_eq(op, joined[i], dims[i], "value", [&] {
      return str("a value of shape ", to_string(op.dims(1)),
                 " does not fit into the indexed shape ", to_string(dims));
    });
  }
  op.result(op.dims(0), op.dtype(0));
}

// A scatter that also adds and multiplies bool, as or and and.
Expr combined(std::string_view how, Expr x, Expr at, Expr value, const L& axes) {
  if (x.dtype() != DType::boolean || how == "set")
    return scatter(how, x, at, value, axes, 0, kFromEnd);
  std::string_view of_bool = how == "add" || how == "max" ? "max" : "min";
  Expr y = scatter(of_bool, cast(x, DType::u8), at, cast(value, DType::u8), axes, 0, kFromEnd);
  return cast(y, x.dtype());
}

void index_put_rule(Decompose& d) {
  std::vector<Dim> dims;
  Expr x = d.in(0);
  std::vector<int> axes;
  for (int64_t axis : d.ints("axes")) axes.push_back(d.axis_of("axes", axis, x.rank()));
  Expr at = joined_index(d, 2, dims);
  Advanced a = advanced_in(d, 2, dims);
  Expr value = broadcast_to(cast(d.in(1), x.dtype()), advanced_dims(a, x.dims()));
  value = unplaced(value, static_cast<int>(dims.size()), a.place);
  d.out(combined(d.boolean("accumulate") ? "add" : "set", x, at, value, as_ints(a.axes)));
}

// gather and index_select: whole slices along one axis.
void along_shape(Infer& op) {
  int axis = op.axis("axis", op.rank(0));
  if (op.rank(1) > 1)
    op.fail(ErrorKind::shape, "index",
            str("expected a vector of positions, got shape ", to_string(op.dims(1))));
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  dims[static_cast<size_t>(axis)] = op.rank(1) == 0 ? Dim(1) : op.dim(1, 0);
  if (op.rank(1) == 0) dims.erase(dims.begin() + axis);
  op.result(dims, op.dtype(0));
}

void along_rule(Decompose& d) {
  Expr x = d.in(0);
  int axis = d.axis("axis", x.rank());
  Expr at = positions(d.in(1));
  L axes{axis};
  Expr y = gather(x, unsqueeze(at, at.rank()), axes, 0, kFromEnd);
  d.out(placed(y, at.rank(), axis));
}

void gather_nd_shape(Infer& op) {
  if (op.rank(1) < 1)
    op.fail(ErrorKind::shape, "index", "expected at least 1 dim, got a 0-d tensor");
  Dim last = op.dim(1, -1);
  if (!last.is_const())
    throw ir::NeedExtents("gather_nd: the number of axes is the last size of index", {last});
  if (last.constant() > op.rank(0))
    op.fail(
        ErrorKind::shape, "index",
        str("expected at most ", op.rank(0), " positions in the last axis, got ", to_string(last)));
  std::vector<Dim> dims(op.dims(1).begin(), op.dims(1).end() - 1);
  dims.insert(dims.end(), op.dims(0).begin() + last.constant(), op.dims(0).end());
  op.result(dims, op.dtype(0));
}

L first_axes(int64_t count) {
  L axes;
  for (int64_t i = 0; i < count; ++i) axes.push_back(i);
  return axes;
}

void gather_nd_rule(Decompose& d) {
  int64_t count = static_dim(d.in(1), -1);
  d.out(gather(d.in(0), positions(d.in(1)), first_axes(count), 0, kFromEnd));
}

void scatter_nd_add_shape(Infer& op) {
  if (op.rank(1) < 1)
    op.fail(ErrorKind::shape, "index", "expected at least 1 dim, got a 0-d tensor");
  Dim last = op.dim(1, -1);
  if (!last.is_const())
    throw ir::NeedExtents("scatter_nd_add: the number of axes is the last size of index", {last});
  if (last.constant() > op.rank(0))
    op.fail(
        ErrorKind::shape, "index",
        str("expected at most ", op.rank(0), " positions in the last axis, got ", to_string(last)));
  std::vector<Dim> dims(op.dims(1).begin(), op.dims(1).end() - 1);
  dims.insert(dims.end(), op.dims(0).begin() + last.constant(), op.dims(0).end());
  auto message = [&] {
    return str("expected shape ", to_string(dims), ", got ", to_string(op.dims(2)));
  };
  if (op.rank(2) != static_cast<int>(dims.size())) op.fail(ErrorKind::shape, "updates", message());
  for (size_t i = 0; i < dims.size(); ++i)
    expect_eq(op, op.dims(2)[i], dims[i], "updates", message);
  op.result(op.dims(0));
}

void scatter_nd_add_rule(Decompose& d) {
  int64_t count = static_dim(d.in(1), -1);
  d.out(scatter("add", d.in(0), positions(d.in(1)), d.in(2), first_axes(count), 0, kFromEnd));
}

// take_along_axis: the index has x's rank; other axes are broadcast.
void take_along_shape(Infer& op) {
  int rank = op.rank(0), axis = op.axis("axis", rank);
  if (op.rank(1) != rank)
    op.fail(ErrorKind::shape, "indices",
            str("expected ", rank, " dims as x has, got shape ", to_string(op.dims(1))));
  std::vector<Dim> dims;
  for (int i = 0; i < rank; ++i) {
    Dim a = op.dim(0, i), b = op.dim(1, i);
    if (i == axis || a.is_const(1) || ir::is_widened(op.facts(), a, b, "take_along_axis")) {
      dims.push_back(b);
    } else {
      if (!b.is_const(1) && !ir::is_widened(op.facts(), b, a, "take_along_axis"))
        expect_eq(op, b, a, "indices", [&] {
          return str("size ", to_string(b), " does not match ", to_string(a), " at axis ", i);
        });
      dims.push_back(a);
    }
  }
  op.result(dims, op.dtype(0));
}

Expr both_broadcast(Expr x, int axis, std::span<const Dim> dims, Dim extent) {
  std::vector<Dim> wide(dims.begin(), dims.end());
  wide[static_cast<size_t>(axis)] = extent;
  return broadcast_to(x, wide);
}

void take_along_rule(Decompose& d) {
  Expr x = d.in(0), index = d.in(1);
  int axis = d.axis("axis", x.rank());
  auto dims = d.result_type().dims();
  Expr at = positions(index);
  d.out(take_along(both_broadcast(x, axis, dims, x.dim(axis)),
                   both_broadcast(at, axis, dims, index.dim(axis)), axis, kFromEnd));
}

void put_along_shape(Infer& op) {
  int rank = op.rank(0);
  (void)op.axis("axis", rank);
  if (op.rank(1) != rank)
    op.fail(ErrorKind::shape, "indices",
            str("expected ", rank, " dims as arr has, got shape ", to_string(op.dims(1))));
  (void)op.broadcast(op.dims(1), op.dims(2), "values");
  std::string_view reduce = op.text("reduce");
  if (is_complex(op.dtype(0)) && (reduce == "amax" || reduce == "amin")) {
    op.fail(ErrorKind::type, "reduce",
            str("expected 'assign', 'add', 'mul' or 'mean' for ", to_string(op.dtype(0)),
                ", which has no order, got '", reduce, "'"));
  }
  require_real_unless_complex(op, 2, op.dtype(0));
  op.result(op.dims(0), op.dtype(0));
}

// At least 1; complex numbers have no order.
Expr maximum_count(Expr n) { return select(compare("eq", n, 0.0), full_like(n, 1), n); }

void put_along_rule(Decompose& d) {
  Expr x = d.in(0), index = d.in(1);
  int axis = d.axis("axis", x.rank());
  std::vector<Dim> dims(index.dims().begin(), index.dims().end());
  std::vector<int> order;
  if (d.boolean("broadcast")) {
    for (int i = 0; i < x.rank(); ++i) {
      if (i != axis) dims[static_cast<size_t>(i)] = x.dim(i);
    }
  }
  Expr at = broadcast_to(positions(index), dims),
       value = broadcast_to(cast(d.in(2), x.dtype()), dims);
  // Full positions: the place along each axis, with `at` along the chosen one.
  std::vector<Expr> parts;
  L axes;
  for (int i = 0; i < x.rank(); ++i) {
    parts.push_back(unsqueeze(i == axis ? at : iota(d.builder(), DType::i64, dims, i), x.rank()));
    axes.push_back(i);
  }
  std::string_view kind = d.text("reduce");
  std::string_view how = kind == "assign"                      ? "set"
                         : kind == "add" || kind == "sum"      ? "add"
                         : kind == "mul" || kind == "multiply" ? "mul"
                         : kind == "mean"                      ? "add"
                         : kind == "amax"                      ? "max"
                                                               : "min";
  Expr places = concat(parts, x.rank());
  bool whole = x.dtype() == DType::boolean;
  // Without the element itself its place starts from what changes nothing; of extrema any one of
  // the values does.
  Expr start = x;
  if (!d.boolean("include_self") && how != "set") {
    Expr neutral = how == "add" ? zeros_like(value) : full_like(value, 1);
    if (how == "max" || how == "min" || whole) neutral = value;
    start = scatter("set", x, places, neutral, axes, 0, kFromEnd);
  }
  Expr y = combined(how, start, places, value, axes);
  if (kind == "mean" && !whole) {
    DType counted = is_inexact(x.dtype()) ? x.dtype() : DType::i64;
    if (counted == DType::f16 || counted == DType::bf16) counted = DType::f32;
    Expr one = cast(full_like(value, 1), counted), none = cast(zeros_like(x), counted);
    Expr n = scatter("add", none, places, one, axes, 0, kFromEnd);
    n = d.boolean("include_self") ? n + 1 : maximum_count(n);
    y = cast(cast(y, counted) / n, x.dtype());
  }
  d.out(y);
}

void embedding_shape(Infer& op) {
  if (op.rank(1) != 2)
    op.fail(ErrorKind::shape, "weight",
            str("expected a matrix [num_embeddings, embedding_dim], got shape ",
                to_string(op.dims(1))));
  if (op.has("padding_idx")) {
    Dim rows = op.dim(1, 0);
    int64_t at = op.integer("padding_idx");
    if (!rows.is_const())
      throw ir::NeedExtents("embedding: padding_idx is a row of weight", {rows});
    if (at >= rows.constant() || at < -rows.constant())
      op.fail(ErrorKind::index, "padding_idx",
              str("row ", at, " is out of range for ", to_string(rows), " rows"));
  }
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  dims.push_back(op.dim(1, 1));
  op.result(dims, op.dtype(1));
}

Expr padding_row(const ir::AttrView& d, Expr index, Expr weight) {
  int64_t at = d.integer("padding_idx");
  Expr i = cast(index, DType::i64);
  if (at >= 0) return compare("eq", i, static_cast<double>(at));
  return compare("eq", i, dim_value(*weight.builder, weight.dim(0) + Dim(at), DType::i64));
}

void embedding_rule(Decompose& d) {
  Expr x = d.in(0), weight = d.in(1);
  L axis{0};
  Expr y = gather(weight, unsqueeze(positions(x), x.rank()), axis, 0, "raise");
  if (d.has("padding_idx")) {
    Expr hit = unsqueeze(padding_row(d, x, weight), x.rank());
    y = select(broadcast_to(hit, y.dims()), zeros_like(y), y);
  }
  d.out(y);
}

void fill_samples(SampleList& s) {
  s.ok({T({5, 3}), I({4}, 0, 5)}, {{"axis", 0}});
  s.ok({T({5, 3}), I({2}, -3, 3)}, {{"axis", 1}});
  s.ok({T({5, 3}), I({0}, 0, 5)}, {{"axis", 0}});
  s.wrong({T({5, 3}), I({2}, 0, 3)}, {{"axis", 2}}, ErrorKind::index, "out of range");
  s.wrong({T({5, 3}), I({2, 2}, 0, 3)}, {{"axis", 0}}, ErrorKind::shape, "a vector");
  s.wrong({T({5, 3}), T(DType::f32, {2})}, {{"axis", 0}}, ErrorKind::type, "dtype");
  s.wrong({T({}), I({2}, 0, 1)}, {{"axis", 0}}, ErrorKind::index, "0-d");
  s.wrong({T({5}), absent()}, {{"axis", 0}}, ErrorKind::value, "required");
  s.wrong({T({5}), I({2}, 0, 5)}, {{"axis", "x"}}, ErrorKind::type, "an integer");
}

void index_samples(SampleList& s) {
  s.ok_list({{T({4, 5, 3})}, {I({2, 3}, 0, 4)}}, {{"axes", L{0}}});
  s.ok_list({{T({4, 5, 3})}, {I({2}, 0, 4), I({2}, -5, 5)}}, {{"axes", L{0, 1}}});
  s.ok_list({{T({4, 5, 3})}, {I({2, 1}, 0, 5), I({3}, 0, 3)}}, {{"axes", L{1, 2}}});
  s.ok_list({{T({4, 5, 3})}, {I({2}, 0, 4), I({2}, 0, 3)}}, {{"axes", L{0, 2}}});
  s.wrong_list({{T({4})}, {}}, {{"axes", L{}}}, ErrorKind::value, "at least one");
  s.wrong_list({{T({4, 5})}, {I({2}, 0, 4)}}, {{"axes", L{2}}}, ErrorKind::index, "out of range");
  s.wrong_list({{T({4, 5})}, {I({2}, 0, 4), I({3}, 0, 4)}}, {{"axes", L{0, 1}}}, ErrorKind::shape,
               "cannot be broadcast");
  s.wrong_list({{T({4, 5})}, {I({2}, 0, 4), I({2}, 0, 4)}}, {{"axes", L{0, 0}}}, ErrorKind::value,
               "named twice");
  s.wrong_list({{T({4, 5})}, {I({2}, 0, 4)}}, {{"axes", L{0, 1}}}, ErrorKind::value,
               "one axis for each");
  s.wrong_list({{T({4, 5})}, {T(DType::f32, {2})}}, {{"axes", L{0}}}, ErrorKind::type, "dtype");
}

void index_put_samples(SampleList& s) {
  s.ok_list({{T({4, 5})}, {T({2, 5})}, {V(DType::i64, {2}, {0, 3})}}, {{"axes", L{0}}});
  s.ok_list({{T({4, 5})}, {T({})}, {V(DType::i64, {2}, {0, 3}), V(DType::i64, {2}, {1, 1})}},
            {{"axes", L{0, 1}}});
  s.ok_list({{T({4, 5})}, {T({3, 5})}, {I({3}, 0, 4)}}, {{"axes", L{0}}, {"accumulate", true}});
  s.wrong_list({{T({4, 5})}, {T({3, 5})}, {I({2}, 0, 4)}}, {{"axes", L{0}}}, ErrorKind::shape,
               "does not match");
  s.wrong_list({{T({4, 5})}, {T({1, 2, 5})}, {I({2}, 0, 4)}}, {{"axes", L{0}}}, ErrorKind::shape,
               "does not fit");
  s.wrong_list({{T({4, 5})}, {T({5})}, {}}, {{"axes", L{}}}, ErrorKind::value, "at least one");
  s.wrong_list({{T({4, 5})}, {T({5})}, {I({2}, 0, 4)}}, {{"axes", L{2}}}, ErrorKind::index,
               "out of range");
  s.wrong_list({{T({4, 5})}, {T({5})}, {I({2}, 0, 4)}}, {{"axes", L{0}}, {"accumulate", 2}},
               ErrorKind::type, "True or False");
  s.wrong_list({{T({4, 5})}, {T({5})}, {T(DType::f32, {2})}}, {{"axes", L{0}}}, ErrorKind::type,
               "dtype");
}

void gather_nd_samples(SampleList& s) {
  s.ok({T({3, 4, 2}), I({5, 2}, 0, 3)});
  s.ok({T({3, 4}), I({2, 2, 1}, -3, 3)});
  s.wrong({T({3, 4}), I({5, 3}, 0, 3)}, {}, ErrorKind::shape, "at most 2");
  s.wrong({T({3, 4}), I({}, 0, 3)}, {}, ErrorKind::shape, "at least 1 dim");
  s.wrong({T({3, 4}), T(DType::f32, {2, 1})}, {}, ErrorKind::type, "dtype");
  s.wrong({T({3, 4}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({absent(), I({2, 1}, 0, 3)}, {}, ErrorKind::value, "required");
  s.wrong({T({3, 4}), I({2, 1}, 0, 3)}, {{"axis", 0}}, ErrorKind::key, "no such argument");
}

void scatter_nd_add_samples(SampleList& s) {
  s.ok({T({4, 3}), I({5, 1}, 0, 4), T({5, 3})});
  s.ok({T({4, 3}), I({5, 2}, 0, 3), T({5})});
  s.wrong({T({4, 3}), I({5, 3}, 0, 3), T({5})}, {}, ErrorKind::shape, "at most 2");
  s.wrong({T({4, 3}), I({5, 1}, 0, 3), T({5})}, {}, ErrorKind::shape, "expected shape [5, 3]");
  s.wrong({T({4, 3}), I({5, 1}, 0, 3), T({4, 3})}, {}, ErrorKind::shape, "expected shape [5, 3]");
  s.wrong({T({4, 3}), I({}, 0, 3), T({})}, {}, ErrorKind::shape, "at least 1 dim");
  s.wrong({T({4, 3}), I({5, 1}, 0, 3), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({4, 3}), T(DType::f32, {5, 1}), T({5, 3})}, {}, ErrorKind::type, "dtype");
}

void take_samples(SampleList& s) {
  s.ok({T({3, 4}), I({3, 2}, 0, 4)}, {{"axis", 1}});
  s.ok({T({3, 4}), I({1, 4}, -3, 3)}, {{"axis", 0}});
  s.ok({T({1, 4}), I({3, 2}, 0, 4)}, {{"axis", 1}});
  s.wrong({T({3, 4}), I({3}, 0, 4)}, {{"axis", 1}}, ErrorKind::shape, "expected 2 dims");
  s.wrong({T({3, 4}), I({2, 2}, 0, 4)}, {{"axis", 1}}, ErrorKind::shape, "does not match");
  s.wrong({T({3, 4}), I({3, 2}, 0, 4)}, {{"axis", 2}}, ErrorKind::index, "out of range");
  s.wrong({T({3, 4}), I({3, 2}, 0, 4)}, {}, ErrorKind::value, "required");
  s.wrong({T({3, 4}), T(DType::f32, {3, 2})}, {{"axis", 1}}, ErrorKind::type, "dtype");
  s.wrong({T({3, 4}), absent()}, {{"axis", 1}}, ErrorKind::value, "required");
}

void put_samples(SampleList& s) {
  s.ok({T({3, 4}), V(DType::i64, {3, 1}, {0, 2, 3}), T({3, 1})}, {{"axis", 1}});
  s.ok({T({3, 4}), I({2, 4}, 0, 3), T({2, 4})},
       {{"axis", 0}, {"reduce", "add"}, {"broadcast", false}});
  s.wrong({T({3, 4}), I({3}, 0, 3), T({3})}, {{"axis", 1}}, ErrorKind::shape, "expected 2 dims");
  s.wrong({T({3, 4}), I({3, 1}, 0, 3), T({2, 1})}, {{"axis", 1}}, ErrorKind::shape,
          "cannot be broadcast");
  s.wrong({T({3, 4}), I({3, 1}, 0, 3), T({3, 1})}, {{"axis", 2}}, ErrorKind::index, "out of range");
  s.wrong({T(DType::c64, {3, 4}), I({3, 1}, 0, 3), T(DType::c64, {3, 1})},
          {{"axis", 1}, {"reduce", "amax"}}, ErrorKind::type, "has no order");
  s.wrong({T({3, 4}), I({3, 1}, 0, 3), T({3, 1})}, {{"axis", 1}, {"reduce", "median"}},
          ErrorKind::value, "expected one of");
  s.wrong({T({3, 4}), I({3, 1}, 0, 3), T({3, 1})}, {}, ErrorKind::value, "required");
  s.wrong({T({3, 4}), T(DType::f32, {3, 1}), T({3, 1})}, {{"axis", 1}}, ErrorKind::type, "dtype");
}

void embedding_samples(SampleList& s) {
  s.ok({I({2, 3}, 0, 5), T({5, 4})});
  s.ok({I({}, 0, 5), T({5, 4})});
  s.ok({V(DType::i64, {3}, {0, 2, 4}), T({5, 4})}, {{"padding_idx", 2}});
  s.ok({V(DType::i64, {3}, {0, 2, 4}), T({5, 4})}, {{"padding_idx", -1}});
  s.wrong({I({2}, 0, 5), T({5})}, {}, ErrorKind::shape, "a matrix");
  s.wrong({I({2}, 0, 5), T({5, 4, 1})}, {}, ErrorKind::shape, "a matrix");
  s.wrong({T(DType::f32, {2}), T({5, 4})}, {}, ErrorKind::type, "dtype");
  s.wrong({I({2}, 0, 5), T({5, 4})}, {{"padding_idx", 5}}, ErrorKind::index, "out of range");
  s.wrong({I({2}, 0, 5), absent()}, {}, ErrorKind::value, "required");
  s.wrong({I({2}, 0, 5), T({5, 4})}, {{"sparse", 3}}, ErrorKind::type, "True or False");
}

ir::AttrSpec axis_attr(ir::Literal value = {}) {
  return {.name = "axis", .aliases = {"dim"}, .form = AttrForm::axis, .value = std::move(value)};
}

}  // namespace

std::vector<ir::Page> indexing_pages() {
  OperandSpec x = operand_x(kAnySet);
  auto along = [&](std::string_view name, std::string_view doc) {
    return ir::Page{.name = name,
                    .faces = kOperator,
                    .doc = doc,
                    .operands = {operand_x(kAnySet), index_operand()},
                    .attrs = {axis_attr(0)},
                    .dtypes = by_shape_rule(),
                    .shape = along_shape,
                    .vjp = by_decomposition(),
                    .decompose = along_rule,
                    .sharding = "... -> ...; @axis: whole",
                    .cost = no_flops,
                    .samples = fill_samples};
  };
  ir::AttrSpec reduce{
      .name = "reduce",
      .form = AttrForm::string,
      .value = "assign",
      .choices = {"assign", "add", "sum", "mul", "multiply", "mean", "amax", "amin"}};
  return {
      {.name = "index",
       .doc = "x indexed by integer tensors on the named axes, as NumPy's advanced indexing: they "
              "are broadcast together; the result's index axes stand where the named axes stood "
              "if those are neighbours, else first. Positions must be in range; negative ones "
              "count from the end.",
       .operands = {x, index_operand("indices", true)},
       .attrs = {{.name = "axes", .form = AttrForm::ints}},
       .dtypes = by_shape_rule(),
       .shape = index_shape,
       .vjp = by_decomposition(),
       .decompose = index_rule,
       .sharding = "none: positions are anywhere",
       .cost = no_flops,
       .samples = index_samples},
      {.name = "index_put",
       .doc = "x with value written (or added) where `index` would read.",
       .operands = {x,
                    {.name = "value", .dtypes = kAnySet, .number = true},
                    index_operand("indices", true)},
       .attrs = {{.name = "axes", .form = AttrForm::ints},
                 {.name = "accumulate", .form = AttrForm::boolean, .value = false}},
       .dtypes = by_shape_rule(),
       .shape = index_put_shape,
       .vjp = by_decomposition(),
       .decompose = index_put_rule,
       .sharding = "none: positions are anywhere",
       .cost = no_flops,
       .samples = index_put_samples},
      along("gather", "The slices of x at the positions of index, along axis."),
      along("index_select", "The slices of x at the positions of index, along axis."),
      {.name = "gather_nd",
       .faces = kOperator,
       .doc = "The last axis of index holds positions on the first axes of x; each picks an "
              "element or a slice.",
       .operands = {x, index_operand()},
       .dtypes = by_shape_rule(),
       .shape = gather_nd_shape,
       .vjp = by_decomposition(),
       .decompose = gather_nd_rule,
       .sharding = "none: positions are anywhere",
       .cost = no_flops,
       .samples = gather_nd_samples},
      {.name = "scatter_nd_add",
       .faces = kOperator,
       .doc = "x with updates added at the positions of index (see gather_nd), in ascending order "
              "of updates.",
       .operands = {operand_x(kNumberSet),
                    index_operand(),
                    {.name = "updates", .dtypes = kNumberSet}},
       .shape = scatter_nd_add_shape,
       .vjp = by_decomposition(),
       .decompose = scatter_nd_add_rule,
       .sharding = "none: positions are anywhere",
       .samples = scatter_nd_add_samples},
      {.name = "take_along_axis",
       .aliases = {"take_along_dim"},
       .faces = kOperator,
       .doc = "x at the positions of indices along axis; other axes of size 1 are broadcast.",
       .operands = {{.name = "arr", .aliases = {"x", "input"}, .dtypes = kAnySet},
                    index_operand("indices")},
       .attrs = {axis_attr(), {.name = "broadcast", .form = AttrForm::boolean, .value = true}},
       .dtypes = by_shape_rule(),
       .shape = take_along_shape,
       .vjp = by_decomposition(),
       .decompose = take_along_rule,
       .sharding = "..., ... -> ...; @axis: whole",
       .cost = no_flops,
       .samples = take_samples},
      {.name = "put_along_axis",
       .faces = kWriting,
       .doc = "arr with values written at the positions of indices along axis, or combined with "
              "what is there.",
       .operands = {{.name = "arr", .aliases = {"x", "input"}, .dtypes = kAnySet},
                    index_operand("indices"),
                    {.name = "values", .aliases = {"src"}, .dtypes = kAnySet, .number = true}},
       .attrs = {axis_attr(),
                 reduce,
                 {.name = "include_self", .form = AttrForm::boolean, .value = true},
                 {.name = "broadcast", .form = AttrForm::boolean, .value = true}},
       .dtypes = by_shape_rule(),
       .shape = put_along_shape,
       .vjp = by_decomposition(),
       .decompose = put_along_rule,
       .sharding = "none: positions are anywhere",
       .samples = put_samples},
      {.name = "embedding",
       .faces = ir::kFunctional,
       .doc = "The rows of weight at the positions of x. Rows at padding_idx read as zeros and get "
              "no gradient.",
       .operands = {{.name = "x", .aliases = {"input"}, .dtypes = kIntSet, .meets = false},
                    {.name = "weight", .dtypes = kInexactSet}},
       .attrs = {{.name = "padding_idx", .form = AttrForm::integer, .value = kNone},
                 {.name = "sparse", .form = AttrForm::boolean, .value = false}},
       .dtypes = by_shape_rule(),
       .shape = embedding_shape,
       .vjp = by_decomposition(),
       .decompose = embedding_rule,
       .sharding = "..., v d -> ... d; v: sum",
       .cost = no_flops,
       .samples = embedding_samples},
  };
}

}  // namespace proa::ops
