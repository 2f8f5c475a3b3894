// Regions of a tensor read by bounds and written by another tensor; elements of the flat tensor.

#include <algorithm>

#include "proa/ir/context.h"
#include "proa/ir/need_extents.h"
#include "proa/ops/algebra.h"
#include "proa/ops/composite.h"
#include "proa/ops/refusal.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;

std::vector<Dim> dims_of(std::span<const Dim> dims) { return {dims.begin(), dims.end()}; }
Expr flat(Expr x) { return reshape(x, std::vector<Dim>{ir::product(x.dims())}); }

// Bounds along some axes, as Python's slices: from start, every `step`, `count` elements.
struct Bound {
  int axis = 0;
  int64_t start = 0, step = 1, count = 0, extent = 0;
  int64_t low() const { return step > 0 ? start : start + (count - 1) * step; }
};

std::vector<Bound> bounds_of(const ir::AttrView& op, std::span<const Dim> dims, bool backward) {
  L axes = op.ints("axes"), starts = op.ints("starts"), ends = op.ints("ends"), steps;
  if (op.page().name == "slice") steps.assign(axes.size(), 1);
  else steps = op.ints("strides");
  for (auto [name, list] : {std::pair("starts", &starts), {"ends", &ends}, {"strides", &steps}}) {
    if (list->size() != axes.size())
      op.fail(ErrorKind::value, name,
              str("expected one for each of ", axes.size(), " axes, got ", list_str(*list)));
  }
  std::vector<Bound> bounds;
  for (size_t i = 0; i < axes.size(); ++i) {
    Bound b;
    b.axis = op.axis_of("axes", axes[i], static_cast<int>(dims.size()));
    for (const Bound& other : bounds) {
      if (other.axis == b.axis)
        op.fail(ErrorKind::value, "axes", str("axis ", b.axis, " is named twice"));
    }
    Dim extent = dims[static_cast<size_t>(b.axis)];
    if (!extent.is_const())
      throw ir::NeedExtents(str(op.page().name, ": the bounds depend on the extent"), {extent});
    b.extent = extent.constant();
    b.step = steps[i];
    if (b.step == 0 || (b.step < 0 && !backward))
      op.fail(ErrorKind::value, "strides",
              str("expected ", backward ? "other than 0" : "at least 1", ", got ", b.step));
    int64_t least = b.step > 0 ? 0 : -1, most = b.step > 0 ? b.extent : b.extent - 1;
    auto clamped = [&](int64_t v) {
      return std::clamp<int64_t>(v < 0 ? std::max(v, -b.extent - 1) + b.extent : v, least, most);
    };
    b.start = clamped(starts[i]);
    int64_t end = clamped(ends[i]);
    uint64_t reach = b.step > 0 ? (end > b.start ? static_cast<uint64_t>(end - b.start) : 0)
                                : (b.start > end ? static_cast<uint64_t>(b.start - end) : 0);
    uint64_t stride =
        b.step > 0 ? static_cast<uint64_t>(b.step) : uint64_t{0} - static_cast<uint64_t>(b.step);
    b.count = static_cast<int64_t>(reach / stride + (reach % stride != 0));
    if (b.count <= 1) b.step = b.step > 0 ? 1 : -1;
    bounds.push_back(b);
  }
  return bounds;
}

std::vector<Dim> bounded(std::span<const Dim> dims, const std::vector<Bound>& bounds) {
  std::vector<Dim> out = dims_of(dims);
  for (const Bound& b : bounds) out[static_cast<size_t>(b.axis)] = b.count;
  return out;
}

void slice_shape(Infer& op) { op.result(bounded(op.dims(0), bounds_of(op, op.dims(0), true))); }

void slice_rule(Decompose& d) {
  Expr x = d.in(0);
  for (const Bound& b : bounds_of(d, x.dims(), true)) {
    if (b.count == 0) {
      x = slice_axis(x, b.axis, 0, 0);
    } else {
      int64_t step = std::abs(b.step);
      x = slice_axis(x, b.axis, b.low(), b.low() + (b.count - 1) * step + 1, step);
      int axes[] = {b.axis};
      if (b.step < 0) x = reverse(x, axes);
    }
  }
  d.out(x);
}

// A value put into zeros of x's dims: `low` and `interior` say where its elements go.
struct Place {
  L low, interior;
};

Expr spread(Expr value, Expr like, const Place& place) {
  std::vector<Dim> low, high;
  for (size_t i = 0; i < place.low.size(); ++i) {
    Dim before = place.low[i];
    low.push_back(before);
    high.push_back(like.dims()[i] - before - dilated(value.dims()[i], place.interior[i]));
  }
  return pad(value, zero_like(value), low, high, place.interior);
}

// x with `value` at its place. A mask of the place, so that every gradient has one way to go.
Expr written(Expr x, Expr value, const Place& place) {
  Expr mask = spread(full(*x.builder, value.dims(), DType::boolean, 1), x, place);
  return select(mask, spread(value, x, place), x);
}

void expect_dims(Infer& op, int operand, std::span<const Dim> wanted, std::string_view name) {
  auto message = [&] {
    return str("expected shape ", to_string(wanted), ", got ", to_string(op.dims(operand)));
  };
  if (op.dims(operand).size() != wanted.size()) op.fail(ErrorKind::shape, name, message());
  for (size_t i = 0; i < wanted.size(); ++i)
    expect_eq(op, op.dims(operand)[i], wanted[i], name, message);
}

void slice_scatter_shape(Infer& op) {
  expect_dims(op, 1, bounded(op.dims(0), bounds_of(op, op.dims(0), false)), "value");
  op.result(op.dims(0), op.dtype(0));
}

void slice_scatter_rule(Decompose& d) {
  Expr x = d.in(0);
  Place place{L(x.dims().size(), 0), L(x.dims().size(), 0)};
  for (const Bound& b : bounds_of(d, x.dims(), false)) {
    place.low[static_cast<size_t>(b.axis)] = b.start;
    place.interior[static_cast<size_t>(b.axis)] = b.step - 1;
  }
  d.out(written(x, cast(d.in(1), x.dtype()), place));
}

int64_t selected(const ir::AttrView& op, std::span<const Dim> dims, int axis) {
  int64_t at = op.integer("index");
  Dim extent = dims[static_cast<size_t>(axis)];
  if (!extent.is_const())
    throw ir::NeedExtents("select_scatter: the index depends on the extent", {extent});
  int64_t n = extent.constant();
  if (at < -n || at >= n)
    op.fail(ErrorKind::index, "index", str(at, " is out of range for axis ", axis, " of size ", n));
  return at < 0 ? at + n : at;
}

void select_scatter_shape(Infer& op) {
  int axis = op.axis("axis", op.rank(0));
  (void)selected(op, op.dims(0), axis);
  std::vector<Dim> wanted = dims_of(op.dims(0));
  wanted.erase(wanted.begin() + axis);
  expect_dims(op, 1, wanted, "values");
  op.result(op.dims(0), op.dtype(0));
}

void select_scatter_rule(Decompose& d) {
  Expr x = d.in(0);
  int axis = d.axis("axis", x.rank());
  Place place{L(x.dims().size(), 0), L(x.dims().size(), 0)};
  place.low[static_cast<size_t>(axis)] = selected(d, x.dims(), axis);
  d.out(written(x, unsqueeze(cast(d.in(1), x.dtype()), axis), place));
}

// diagonal_scatter, fill_diagonal

struct Plane {
  int rows = 0, columns = 0;
  int64_t offset = 0;
  int64_t first_row() const { return std::max<int64_t>(0, -offset); }
  int64_t first_column() const { return std::max<int64_t>(0, offset); }
};

Plane plane_of(const ir::AttrView& op, int rank, std::string_view first, std::string_view second) {
  Plane p{op.axis(first, rank), op.axis(second, rank), op.integer("offset")};
  if (p.rows == p.columns)
    op.fail(ErrorKind::value, second,
            str("expected two different axes, got axis ", p.rows, " twice"));
  return p;
}

Plane scattered_plane(const ir::AttrView& op, int rank) {
  bool other = op.page().name == "fill_diagonal_tensor";
  return plane_of(op, rank, other ? "dim1" : "axis1", other ? "dim2" : "axis2");
}

void diagonal_scatter_shape(Infer& op) {
  Plane p = scattered_plane(op, op.rank(0));
  std::vector<Dim> wanted;
  for (int i = 0; i < op.rank(0); ++i) {
    if (i != p.rows && i != p.columns) wanted.push_back(op.dim(0, i));
  }
  wanted.push_back(max(Dim(0), min(op.dim(0, p.rows) - Dim(p.first_row()),
                                   op.dim(0, p.columns) - Dim(p.first_column()))));
  expect_dims(op, 1, wanted, "y");
  op.result(op.dims(0), op.dtype(0));
}

void diagonal_scatter_rule(Decompose& d) {
  Expr x = d.in(0), y = cast(d.in(1), x.dtype());
  Plane p = scattered_plane(d, x.rank());
  Dim rows = x.dim(p.rows), columns = x.dim(p.columns);
  // Row r of the plane takes element r - first_row, where its column lies on the diagonal.
  std::vector<Dim> low(y.dims().size(), Dim(0)), high = low;
  low.back() = p.first_row();
  high.back() = rows - Dim(p.first_row()) - y.dim(-1);
  Expr each = unsqueeze(pad(y, zero_like(y), low, high, {}), -1);
  std::vector<Dim> plane{rows, columns}, dims = dims_of(y.dims());
  dims.back() = rows;
  dims.push_back(columns);
  Expr on = compare("eq", iota(d.builder(), DType::i64, plane, 1),
                    iota(d.builder(), DType::i64, plane, 0) + static_cast<double>(p.offset));
  std::vector<int> order(static_cast<size_t>(x.rank()));
  int next = 0;
  for (int i = 0; i < x.rank(); ++i)
    order[static_cast<size_t>(i)] = i == p.rows      ? x.rank() - 2
                                    : i == p.columns ? x.rank() - 1
                                                     : next++;
  d.out(select(transpose(broadcast_to(on, dims), order), transpose(broadcast_to(each, dims), order),
               x));
}

void fill_diagonal_shape(Infer& op) {
  if (op.rank(0) < 2)
    op.fail(ErrorKind::shape, "x",
            str("expected at least 2 dims, got shape ", to_string(op.dims(0))));
  if (op.rank(0) > 2) {
    for (int i = 1; i < op.rank(0); ++i)
      expect_eq(op, op.dim(0, i), op.dim(0, 0), "x", [&] {
        return str("expected equal sizes where there are more than 2 dims, got shape ",
                   to_string(op.dims(0)));
      });
    if (op.integer("offset") != 0)
      op.fail(ErrorKind::value, "offset",
              str("expected 0 for a tensor with more than 2 dims, got ", op.integer("offset")));
  }
  if (op.rank(1) != 0)
    op.fail(ErrorKind::shape, "value",
            str("expected a number or a 0-d tensor, got shape ", to_string(op.dims(1))));
  op.result(op.dims(0), op.dtype(0));
}

void fill_diagonal_rule(Decompose& d) {
  Expr x = d.in(0), on;
  auto at = [&](int axis) { return iota(d.builder(), DType::i64, x.dims(), axis); };
  if (x.rank() == 2) {
    Expr row = at(0);
    // With wrap the diagonal of a tall matrix begins again after one row left free.
    if (d.boolean("wrap"))
      row = binary("rem", row, dim_value(d.builder(), x.dim(1) + Dim(1), DType::i64));
    on = compare("eq", at(1), row + static_cast<double>(d.integer("offset")));
  } else {
    for (int i = 1; i < x.rank(); ++i) {
      Expr same = compare("eq", at(i), at(0));
      on = on ? on & same : same;
    }
  }
  d.out(select(on, cast(d.in(1), x.dtype()), x));
}

// masked_scatter: element j of value goes where the mask is true for the j-th time.
void masked_scatter_shape(Infer& op) {
  std::vector<Dim> dims = op.broadcast(op.dims(0), op.dims(1), "mask");
  expect_dims(op, 0, dims, "mask");
  op.result(op.dims(0), op.dtype(0));
}

void masked_scatter_rule(Decompose& d) {
  Expr x = d.in(0), value = flat(cast(d.in(2), x.dtype()));
  Expr mask = flat(broadcast_to(d.in(1), x.dims())), count = cast(mask, DType::i64);
  Expr enough = compare("le", sum(count, 0), dim_value(d.builder(), value.dim(0), DType::i64));
  call(d.builder(), "prim.shape_assert", {&enough, 1},
       {{"message", "value: expected an element for each place of the mask, got fewer"}});
  // One element more, so that there is something to read where nothing is taken.
  std::vector<Dim> none{Dim(0)}, one{Dim(1)};
  value = pad(value, zero_like(value), none, one, {});
  Expr at = maximum(scan("sum", count, 0) - 1.0, 0.0);
  Expr taken = gather(value, unsqueeze(at, 1), L{0}, 0);
  d.out(reshape(select(mask, taken, flat(x)), x.dims()));
}

// crop

struct Crop {
  std::vector<Dim> starts, sizes;
};

Crop crop_of(const ir::AttrView& op, std::span<const Dim> dims) {
  Crop crop{std::vector<Dim>(dims.size(), Dim(0)), dims_of(dims)};
  if (op.has("offsets")) crop.starts = dims_each(op, "offsets", static_cast<int>(dims.size()));
  if (op.has("shape")) crop.sizes = dims_each(op, "shape", static_cast<int>(dims.size()));
  for (size_t i = 0; i < dims.size(); ++i) {
    if (crop.sizes[i].is_const(-1) || !op.has("shape")) crop.sizes[i] = dims[i] - crop.starts[i];
  }
  return crop;
}

void crop_shape(Infer& op) {
  Crop crop = crop_of(op, op.dims(0));
  for (size_t i = 0; i < crop.sizes.size(); ++i) {
    auto message = [&] {
      return str("expected a part of shape ", to_string(op.dims(0)), ", got offsets ",
                 to_string(crop.starts), " and sizes ", to_string(crop.sizes));
    };
    expect_ge(op, crop.starts[i], 0, "offsets", message);
    expect_ge(op, crop.sizes[i], 0, "shape", message);
    expect_ge(op, op.dims(0)[i], crop.starts[i] + crop.sizes[i], "shape", message);
  }
  op.result(crop.sizes);
}

void crop_rule(Decompose& d) {
  Crop crop = crop_of(d, d.in(0).dims());
  std::vector<Dim> limits;
  for (size_t i = 0; i < crop.sizes.size(); ++i) limits.push_back(crop.starts[i] + crop.sizes[i]);
  d.out(slice(d.in(0), crop.starts, limits));
}

// take, index_sample, shard_index

void take_shape(Infer& op) { op.result(op.dims(1), op.dtype(0)); }

void take_rule(Decompose& d) {
  Expr x = flat(d.in(0)), index = cast(d.in(1), DType::i64);
  Expr n = dim_value(d.builder(), x.dim(0), DType::i64);
  std::string_view mode = d.text("mode");
  if (mode == "wrap") index = binary("rem", index, n);
  else if (mode == "clip") index = maximum(minimum(index, n - 1.0), 0.0);
  d.out(gather(x, unsqueeze(index, index.rank()), L{0}, 0, "from_end"));
}

void index_sample_shape(Infer& op) {
  for (int k : {0, 1}) {
    if (op.rank(k) != 2)
      op.fail(ErrorKind::shape, k == 0 ? "x" : "index",
              str("expected a matrix, got shape ", to_string(op.dims(k))));
  }
  expect_eq(op, op.dim(1, 0), op.dim(0, 0), "index", [&] {
    return str("expected ", to_string(op.dim(0, 0)), " rows as x has, got shape ",
               to_string(op.dims(1)));
  });
  op.result(op.dims(1), op.dtype(0));
}

void index_sample_rule(Decompose& d) {
  d.out(call1("tensor.take_along_axis", {d.in(0), d.in(1)}, {{"axis", 1}}));
}

void shard_index_shape(Infer& op) {
  int64_t count = op.integer("nshards"), id = op.integer("shard_id");
  if (id >= count)
    op.fail(ErrorKind::value, "shard_id", str("expected 0..", count - 1, ", got ", id));
  op.result(op.dims(0));
}

void shard_index_rule(Decompose& d) {
  Expr x = d.in(0);
  int64_t count = d.integer("nshards"), total = d.integer("index_num");
  auto size = static_cast<double>((total + count - 1) / count);
  Expr shard = x / size;
  d.out(select(compare("eq", shard, static_cast<double>(d.integer("shard_id"))), x - shard * size,
               full_like(x, static_cast<double>(d.integer("ignore_value")))));
}

// reduce_as

void reduce_as_shape(Infer& op) {
  if (op.rank(1) > op.rank(0))
    op.fail(ErrorKind::shape, "target",
            str("expected at most ", op.rank(0), " dims, got shape ", to_string(op.dims(1))));
  int shift = op.rank(0) - op.rank(1);
  for (int i = 0; i < op.rank(1); ++i) {
    if (op.dim(1, i).is_const(1) ||
        ir::is_widened(op.facts(), op.dim(1, i), op.dim(0, i + shift), "reduce_as"))
      continue;
    expect_eq(op, op.dim(1, i), op.dim(0, i + shift), "target", [&] {
      return str("expected what shape ", to_string(op.dims(0)), " can be summed to, got shape ",
                 to_string(op.dims(1)));
    });
  }
  op.result(op.dims(1), op.dtype(0));
}

// view_dtype

void view_dtype_shape(Infer& op) {
  DType to = op.dtype_attr("dtype");
  if (size_of(to) != size_of(op.dtype(0)) || to == DType::boolean)
    op.fail(ErrorKind::type, "dtype",
            str("expected a dtype of ", size_of(op.dtype(0)), " bytes as ", to_string(op.dtype(0)),
                " has, got ", to_string(to)));
  op.result(op.dims(0), to);
}

// Samples.

void bound_samples(SampleList& s, const Operands& x, const ir::SampleAttrs& a) {
  s.wrong(x, with(a, "starts", L{1, 2}), ErrorKind::value, "one for each of 1 axes");
  s.wrong(x, with(a, "ends", L{}), ErrorKind::value, "one for each of 1 axes");
  s.wrong(x, with(a, "axes", L{5}), ErrorKind::index, "out of range");
  s.wrong(x, with(a, "starts", "x"), ErrorKind::type, "integers");
  refuse_strangers(s, x, a);
}

void slice_samples(SampleList& s) {
  auto a = [](L axes, L starts, L ends) {
    return ir::SampleAttrs{{"axes", axes}, {"starts", starts}, {"ends", ends}};
  };
  s.ok({T({5, 3})}, a({0}, {1}, {4}));
  s.ok({T({5, 3})}, a({0, 1}, {-3, 0}, {-1, 2}));
  s.ok({T({5, 3})}, a({-1}, {1}, {100}));
  s.ok({T({5, 3})}, a({0}, {4}, {1}));
  s.ok({T({5})}, a({}, {}, {}));
  s.wrong({T({5, 3})}, a({0, -2}, {1, 1}, {2, 2}), ErrorKind::value, "named twice");
  bound_samples(s, {T({5, 3})}, a({0}, {1}, {4}));
}

void strided_slice_samples(SampleList& s) {
  auto a = [](L axes, L starts, L ends, L strides) {
    return ir::SampleAttrs{
        {"axes", axes}, {"starts", starts}, {"ends", ends}, {"strides", strides}};
  };
  s.ok({T({7, 3})}, a({0}, {1}, {6}, {2}));
  s.ok({T({7, 3})}, a({0, 1}, {5, 0}, {0, 3}, {-2, 1}));
  s.ok({T({7})}, a({0}, {-1}, {-8}, {-1}));
  s.ok({T({7})}, a({0}, {2}, {2}, {3}));
  s.wrong({T({7})}, a({0}, {2}, {2}, {0}), ErrorKind::value, "other than 0");
  s.wrong({T({7})}, a({0}, {2}, {2}, {1, 1}), ErrorKind::value, "one for each");
  bound_samples(s, {T({7})}, a({0}, {1}, {4}, {1}));
}

void slice_scatter_samples(SampleList& s) {
  auto a = [](L axes, L starts, L ends, L strides) {
    return ir::SampleAttrs{
        {"axes", axes}, {"starts", starts}, {"ends", ends}, {"strides", strides}};
  };
  s.ok({T({7, 3}), T({3, 3})}, a({0}, {1}, {6}, {2}));
  s.ok({T({4, 5}), T({2, 2})}, a({0, 1}, {1, -2}, {3, 5}, {1, 1}));
  s.ok({T({4}), T({0})}, a({0}, {2}, {2}, {1}));
  s.wrong({T({7}), T({2})}, a({0}, {1}, {6}, {2}), ErrorKind::shape, "expected shape [3]");
  s.wrong({T({7}), T({1, 3})}, a({0}, {1}, {6}, {2}), ErrorKind::shape, "expected shape [3]");
  s.wrong({T({7}), T({3})}, a({0}, {6}, {0}, {-2}), ErrorKind::value, "at least 1");
  bound_samples(s, {T({7}), T({3})}, a({0}, {1}, {4}, {1}));
}

void select_scatter_samples(SampleList& s) {
  ir::SampleAttrs a{{"axis", 0}, {"index", 1}};
  s.ok({T({4, 3}), T({3})}, a);
  s.ok({T({4, 3}), T({4})}, {{"axis", -1}, {"index", -1}});
  s.ok({T({2}), T({})}, a);
  s.wrong({T({4, 3}), T({4})}, a, ErrorKind::shape, "expected shape [3]");
  s.wrong({T({4, 3}), T({3})}, with(a, "index", 4), ErrorKind::index, "out of range");
  s.wrong({T({4, 3}), T({3})}, with(a, "index", -5), ErrorKind::index, "out of range");
  s.wrong({T({}), T({})}, a, ErrorKind::index, "0-d");
  refuse_axis(s, {T({4, 3}), T({3})}, a);
  refuse_strangers(s, {T({4, 3}), T({3})}, a);
}

template <bool kTensor>
void diagonal_samples(SampleList& s) {
  constexpr std::string_view first = kTensor ? "dim1" : "axis1",
                             second = kTensor ? "dim2" : "axis2";
  s.ok({T({3, 4}), T({3})});
  s.ok({T({3, 4}), T({2})}, {{"offset", 2}});
  s.ok({T({3, 4}), T({1})}, {{"offset", -2}});
  s.ok({T({2, 3, 4}), T({3, 2})}, {{first, 0}, {second, 2}});
  s.ok({T({3, 4}), T({0})}, {{"offset", 7}});
  s.wrong({T({3, 4}), T({4})}, {}, ErrorKind::shape, "expected shape [3]");
  s.wrong({T({3, 4}), T({3, 1})}, {}, ErrorKind::shape, "expected shape [3]");
  s.wrong({T({3, 4}), T({3})}, {{second, 0}}, ErrorKind::value, "different axes");
  s.wrong({T({3}), T({3})}, {}, ErrorKind::index, "out of range");
  refuse_axis(s, {T({3, 4}), T({3})}, {}, first);
  refuse_integer(s, {T({3, 4}), T({3})}, {}, "offset");
  refuse_strangers(s, {T({3, 4}), T({3})}, {});
}

void fill_diagonal_samples(SampleList& s) {
  s.ok({T({3, 4}), ir::number(2)}).gradient = false;
  s.ok({T({3, 4}), T({})}, {{"offset", 1}});
  s.ok({T({7, 3}), T({})}, {{"wrap", true}});
  s.ok({T({2, 2, 2}), T({})});
  s.wrong({T({3}), T({})}, {}, ErrorKind::shape, "at least 2 dims");
  s.wrong({T({2, 2, 3}), T({})}, {}, ErrorKind::shape, "equal sizes");
  s.wrong({T({2, 2, 2}), T({})}, {{"offset", 1}}, ErrorKind::value, "expected 0");
  s.wrong({T({2, 2}), T({2})}, {}, ErrorKind::shape, "0-d tensor");
  refuse_flag(s, {T({2, 2}), T({})}, {}, "wrap");
  refuse_strangers(s, {T({2, 2}), T({})}, {});
}

void masked_scatter_samples(SampleList& s) {
  Arg mask = V(DType::boolean, {2, 3}, {1, 0, 1, 0, 0, 1});
  s.ok({T({2, 3}), mask, T({3})});
  s.ok({T({2, 3}), mask, T({2, 4})});
  s.ok({T({2, 3}), V(DType::boolean, {3}, {0, 1, 0}), T({6})});
  s.ok({T({2}), V(DType::boolean, {2}, {0, 0}), T({0})});
  s.wrong({T({2, 3}), mask, T({2})}, {}, ErrorKind::shape, "an element for each place");
  s.wrong({T({3}), mask, T({6})}, {}, ErrorKind::shape, "expected shape");
  s.wrong({T({2, 2}), mask, T({6})}, {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong({T({2, 3}), T(DType::i32, {2, 3}), T({6})}, {}, ErrorKind::type, "dtype");
  s.wrong({T({2, 3}), mask, absent()}, {}, ErrorKind::value, "required");
  refuse_strangers(s, {T({2, 3}), mask, T({3})}, {});
}

void crop_samples(SampleList& s) {
  s.ok({T({4, 5})}, {{"shape", L{2, 3}}, {"offsets", L{1, 2}}});
  s.ok({T({4, 5})}, {{"shape", L{2, -1}}, {"offsets", L{0, 3}}});
  s.ok({T({4, 5})}, {{"shape", L{4, 2}}});
  s.ok({T({4, 5})}, {{"shape", L{-1, 2}}, {"offsets", L{0, 2}}});
  s.ok({T({4})}, {{"offsets", L{1}}});
  s.wrong({T({4, 5})}, {{"shape", L{2, 6}}}, ErrorKind::shape, "a part of shape");
  s.wrong({T({4, 5})}, {{"shape", L{2, 3}}, {"offsets", L{3, 0}}}, ErrorKind::shape,
          "a part of shape");
  s.wrong({T({4, 5})}, {{"offsets", L{-1, 0}}}, ErrorKind::shape, "a part of shape");
  s.wrong({T({4, 5})}, {{"shape", L{2}}}, ErrorKind::value, "one entry for each");
  refuse_strangers(s, {T({4, 5})}, {});
}

void take_samples(SampleList& s) {
  s.ok({T({2, 3}), I({4}, -6, 6)});
  s.ok({T({2, 3}), I({2, 2}, -20, 20)}, {{"mode", "wrap"}});
  s.ok({T({2, 3}), I({2, 2}, -20, 20)}, {{"mode", "clip"}});
  s.ok({T({3}), I({}, 0, 3)});
  s.ok({T({3}), I({0}, 0, 3)});
  s.wrong({T({3}), T(DType::f32, {2})}, {}, ErrorKind::type, "dtype");
  s.wrong({T({3}), I({2}, 0, 3)}, {{"mode", "fill"}}, ErrorKind::value, "expected one of");
  s.wrong({T({3}), I({2}, 0, 3)}, {{"mode", 1}}, ErrorKind::type, "a string");
  s.wrong({T({3}), absent()}, {}, ErrorKind::value, "required");
  refuse_strangers(s, {T({3}), I({2}, 0, 3)}, {});
}

void index_sample_samples(SampleList& s) {
  s.ok({T({3, 4}), I({3, 2}, 0, 4)});
  s.ok({T({2, 3}), I({2, 5}, 0, 3)});
  s.wrong({T({3, 4}), I({2, 2}, 0, 4)}, {}, ErrorKind::shape, "3 rows");
  s.wrong({T({3}), I({3, 2}, 0, 3)}, {}, ErrorKind::shape, "a matrix");
  s.wrong({T({3, 4}), I({3}, 0, 3)}, {}, ErrorKind::shape, "a matrix");
  s.wrong({T({3, 4}), T(DType::f32, {3, 2})}, {}, ErrorKind::type, "dtype");
  refuse_strangers(s, {T({3, 4}), I({3, 2}, 0, 4)}, {});
}

void shard_index_samples(SampleList& s) {
  ir::SampleAttrs a{{"index_num", 20}, {"nshards", 2}, {"shard_id", 1}};
  s.ok({I({4, 1}, 0, 20)}, a);
  s.ok({I({5}, 0, 20, DType::i32)}, with(a, "ignore_value", -7));
  s.wrong({I({4}, 0, 20)}, with(a, "shard_id", 2), ErrorKind::value, "expected 0..1");
  s.wrong({I({4}, 0, 20)}, with(a, "shard_id", -1), ErrorKind::value, "at least 0");
  s.wrong({I({4}, 0, 20)}, with(a, "nshards", 0), ErrorKind::value, "at least 1");
  s.wrong({I({4}, 0, 20)}, with(a, "index_num", -3), ErrorKind::value, "at least 1");
  s.wrong({T(DType::f32, {4})}, a, ErrorKind::type, "dtype");
  refuse_strangers(s, {I({4}, 0, 20)}, a);
}

void reduce_as_samples(SampleList& s) {
  s.ok({T({3, 4}), T({4})});
  s.ok({T({3, 4}), T({3, 1})});
  s.ok({T({3, 4}), T({})});
  s.ok({T({2}), T({2})});
  s.wrong({T({3, 4}), T({3})}, {}, ErrorKind::shape, "can be summed to");
  s.wrong({T({4}), T({3, 4})}, {}, ErrorKind::shape, "at most 1 dims");
  s.wrong({T({3, 4}), T({2, 4})}, {}, ErrorKind::shape, "can be summed to");
  s.wrong({T({3, 4}), absent()}, {}, ErrorKind::value, "required");
  refuse_strangers(s, {T({3, 4}), T({4})}, {});
}

void view_dtype_samples(SampleList& s) {
  s.ok({T(DType::f32, {2, 3})}, {{"dtype", DType::i32}});
  s.ok({T(DType::f64, {})}, {{"dtype", DType::i64}});
  s.ok({T(DType::f16, {0})}, {{"dtype", DType::bf16}});
  s.wrong({T(DType::f32, {2})}, {{"dtype", DType::f64}}, ErrorKind::type, "4 bytes");
  s.wrong({T(DType::u8, {2})}, {{"dtype", DType::boolean}}, ErrorKind::type, "1 bytes");
  s.wrong({T(DType::f32, {2})}, {{"dtype", 3}}, ErrorKind::type, "a dtype");
  s.wrong({T(DType::f32, {2})}, {}, ErrorKind::value, "required");
  refuse_strangers(s, {T(DType::f32, {2})}, {{"dtype", DType::i32}});
}

ir::AttrSpec ints(std::string_view name, ir::Literal value = {}) {
  return {.name = name, .form = AttrForm::ints, .value = std::move(value)};
}
ir::AttrSpec whole(std::string_view name, ir::Literal value = {},
                   std::optional<double> lowest = std::nullopt) {
  return {.name = name, .form = AttrForm::integer, .value = std::move(value), .lowest = lowest};
}
ir::AttrSpec axis(std::string_view name, ir::Literal value,
                  std::vector<std::string_view> aliases = {}) {
  return {.name = name,
          .aliases = std::move(aliases),
          .form = AttrForm::axis,
          .value = std::move(value)};
}

struct Region {
  std::string_view name;
  uint32_t faces = kOperator;
  std::string_view doc;
  std::vector<OperandSpec> operands;
  std::vector<ir::AttrSpec> attrs = {};
  ir::DTypeRule dtypes = by_shape_rule();
  void (*shape)(Infer&);
  VjpRule vjp = {.decomposed = true};
  DecomposeRule rule;
  std::string_view sharding = "none: a region is anywhere";
  void (*samples)(SampleList&);
};

ir::Page region(Region r) {
  return {.name = r.name,
          .faces = r.faces,
          .doc = r.doc,
          .operands = std::move(r.operands),
          .attrs = std::move(r.attrs),
          .dtypes = r.dtypes,
          .shape = r.shape,
          .vjp = r.vjp,
          .decompose = r.rule,
          .sharding = r.sharding,
          .cost = no_flops,
          .samples = r.samples};
}

}  // namespace

std::vector<ir::Page> region_pages() {
  auto written = [](std::string_view name, std::vector<std::string_view> aliases = {}) {
    return OperandSpec{
        .name = name, .aliases = std::move(aliases), .dtypes = kAnySet, .meets = false};
  };
  OperandSpec index{.name = "index", .aliases = {"indices"}, .dtypes = kIntSet, .meets = false};
  OperandSpec number = written("value", {"fill_value"});
  number.number = true;
  return {
      region({.name = "slice",
              .faces = kOperator,
              .doc = "x from starts to ends (not included) along axes, as Python's slices: "
                     "negative positions count from the end, and what is beyond is cut.",
              .operands = {{.name = "input", .aliases = {"x"}, .dtypes = kAnySet}},
              .attrs = {ints("axes"), ints("starts"), ints("ends")},
              .dtypes = promote(),
              .shape = slice_shape,
              .rule = slice_rule,
              .samples = slice_samples}),
      region({.name = "strided_slice",
              .doc = "x from starts to ends (not included) along axes, every strides-th element; "
                     "negative strides go backwards, as in Python.",
              .operands = {operand_x(kAnySet)},
              .attrs = {ints("axes"), ints("starts"), ints("ends"), ints("strides")},
              .dtypes = promote(),
              .shape = slice_shape,
              .rule = slice_rule,
              .samples = strided_slice_samples}),
      region({.name = "slice_scatter",
              .doc = "x with value in place of what strided_slice would read; strides are at "
                     "least 1.",
              .operands = {operand_x(kAnySet), written("value", {"src"})},
              .attrs = {ints("axes"), ints("starts"), ints("ends"), ints("strides")},
              .shape = slice_scatter_shape,
              .rule = slice_scatter_rule,
              .samples = slice_scatter_samples}),
      region({.name = "select_scatter",
              .doc = "x with values in place of the slice at a position along axis.",
              .operands = {operand_x(kAnySet), written("values", {"src"})},
              .attrs = {axis("axis", {}, {"dim"}), whole("index")},
              .shape = select_scatter_shape,
              .rule = select_scatter_rule,
              .samples = select_scatter_samples}),
      region({.name = "diagonal_scatter",
              .doc = "x with y in place of a diagonal (see diagonal).",
              .operands = {operand_x(kAnySet), written("y", {"src"})},
              .attrs = {whole("offset", 0), axis("axis1", 0, {"dim1"}), axis("axis2", 1, {"dim2"})},
              .shape = diagonal_scatter_shape,
              .rule = diagonal_scatter_rule,
              .samples = diagonal_samples<false>}),
      region({.name = "fill_diagonal_tensor",
              .faces = ir::kMethod | ir::kInplace,
              .doc = "x with y in place of a diagonal (see diagonal).",
              .operands = {operand_x(kAnySet), written("y")},
              .attrs = {whole("offset", 0), axis("dim1", 0), axis("dim2", 1)},
              .shape = diagonal_scatter_shape,
              .rule = diagonal_scatter_rule,
              .samples = diagonal_samples<true>}),
      region({.name = "fill_diagonal",
              .faces = ir::kMethod | ir::kInplace,
              .doc = "x with a number on its main diagonal, moved by offset; of more than 2 dims "
                     "where all positions are equal. With wrap the diagonal of a tall matrix "
                     "begins again after each block.",
              .operands = {operand_x(kAnySet), number},
              .attrs = {whole("offset", 0),
                        {.name = "wrap", .form = AttrForm::boolean, .value = false}},
              .shape = fill_diagonal_shape,
              .rule = fill_diagonal_rule,
              .samples = fill_diagonal_samples}),
      region({.name = "masked_scatter",
              .faces = kWriting,
              .doc = "x with the elements of value, in row-major order, where the mask is true; "
                     "the mask is broadcast to x. A value with fewer elements than that is a "
                     "ShapeError at run time.",
              .operands = {operand_x(kAnySet),
                           {.name = "mask", .dtypes = kBoolSet, .meets = false},
                           written("value", {"source"})},
              .shape = masked_scatter_shape,
              .rule = masked_scatter_rule,
              .samples = masked_scatter_samples}),
      region({.name = "crop",
              .doc = "The block of x of a shape (-1: to the end) that begins at offsets (the "
                     "origin without).",
              .operands = {operand_x(kAnySet)},
              .attrs = {{.name = "shape", .form = AttrForm::shape, .value = kNone},
                        {.name = "offsets", .form = AttrForm::shape, .value = kNone}},
              .dtypes = promote(),
              .shape = crop_shape,
              .rule = crop_rule,
              .samples = crop_samples}),
      region({.name = "take",
              .doc = "Elements of the flat x at positions: mode raise counts negative ones from "
                     "the end, wrap takes the remainder, clip the nearest in range.",
              .operands = {operand_x(kAnySet), index},
              .attrs = {{.name = "mode",
                         .form = AttrForm::string,
                         .value = "raise",
                         .choices = {"raise", "wrap", "clip"}}},
              .shape = take_shape,
              .rule = take_rule,
              .sharding = "none: positions are anywhere",
              .samples = take_samples}),
      region({.name = "index_sample",
              .doc = "Row i of the result is row i of x at the positions of row i of index.",
              .operands = {operand_x(kAnySet), index},
              .shape = index_sample_shape,
              .rule = index_sample_rule,
              .sharding = "b n, b k -> b k; n: whole",
              .samples = index_sample_samples}),
      region({.name = "shard_index",
              .doc = "Positions among index_num as positions within shard shard_id of nshards "
                     "equal ones; ignore_value for those of other shards.",
              .operands = {{.name = "input",
                            .aliases = {"x"},
                            .dtypes = bit(DType::i32) | bit(DType::i64)}},
              .attrs = {whole("index_num", {}, 1), whole("nshards", {}, 1),
                        whole("shard_id", {}, 0), whole("ignore_value", -1)},
              .dtypes = promote(),
              .shape = shard_index_shape,
              .vjp = ir::not_differentiable("positions are integers"),
              .rule = shard_index_rule,
              .sharding = kEachAxis,
              .samples = shard_index_samples}),
      region({.name = "reduce_as",
              .doc = "x summed over the axes along which target would be broadcast to it.",
              .operands = {operand_x(kNumberSet), written("target")},
              .shape = reduce_as_shape,
              .rule = [](Decompose& d) { d.out(sum_to(d.in(0), d.result_type().dims())); },
              .sharding = "none: which axes are summed depends on the shapes",
              .samples = reduce_as_samples}),
      region({.name = "view_dtype",
              .faces = ir::kHidden,
              .doc = "The bits of each element read as another dtype of the same size.",
              .operands = {operand_x(kNumberSet)},
              .attrs = {{.name = "dtype", .form = AttrForm::dtype}},
              .shape = view_dtype_shape,
              .vjp = ir::not_differentiable("bits have no derivative"),
              .rule =
                  [](Decompose& d) {
                    d.out(call1("prim.bitcast", {d.in(0)}, {{"dtype", d.dtype_attr("dtype")}}));
                  },
              .sharding = kEachAxis,
              .samples = view_dtype_samples}),
  };
}

}  // namespace proa::ops
