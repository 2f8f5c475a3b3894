// Layout primitives: where elements stand, never what they are.

#include <algorithm>

#include "proa/ir/need_extents.h"
#include "proa/ops/prim/prim.h"

namespace proa::ops {

namespace {

using namespace prim;  // NOLINT: the words of the pages
using Shape = std::vector<int64_t>;

std::vector<Dim> to_dims(std::span<const Dim> dims) { return {dims.begin(), dims.end()}; }

// reshape

void reshape_shape(Infer& op) {
  std::vector<Dim> dims = op.dims_attr("shape");
  require_extents(op, dims, "shape");
  expect_eq(op, product(dims), product(op.dims(0)), "shape", [&] {
    return str("expected as many elements as x of shape ", to_string(op.dims(0)), " has, got ",
               to_string(dims));
  });
  op.result(dims);
}

void reshape_samples(SampleList& s) {
  s.ok({T({})}, {{"shape", Shape{1, 1}}});
  s.ok({T({1})}, {{"shape", Shape{}}});
  s.ok({T({0, 3})}, {{"shape", Shape{5, 0}}});
  s.ok({T({6})}, {{"shape", Shape{2, 3}}});
  s.ok({T({2, 3, 4})}, {{"shape", Shape{4, 6}}});
  s.ok({T({2, 1, 3, 2})}, {{"shape", Shape{12}}});
  s.wrong({T({6})}, {{"shape", Shape{4}}}, ErrorKind::shape, "as many elements");
  s.wrong({T({6})}, {{"shape", Shape{0}}}, ErrorKind::shape, "as many elements");
  s.wrong({T({6})}, {{"shape", Shape{-1}}}, ErrorKind::shape, "at least 0");
  s.wrong({T({6})}, {{"shape", Shape{-2, -3}}}, ErrorKind::shape, "at least 0");
  s.wrong({T({0})}, {{"shape", Shape{}}}, ErrorKind::shape, "as many elements");
  s.wrong({T({6})}, {}, ErrorKind::value, "required");
  s.wrong({T({6})}, {{"shape", "6"}}, ErrorKind::type, "a list of sizes");
}

// transpose

std::vector<int> permutation_of(const ir::AttrView& op, int rank) {
  std::vector<int> perm = ordered_axes(op, "perm", rank);
  if (perm.size() != static_cast<size_t>(rank)) {
    op.fail(ErrorKind::value, "perm",
            str("expected each of ", rank, " axes once, got ", list_str(op.ints("perm"))));
  }
  return perm;
}

void transpose_shape(Infer& op) {
  std::vector<Dim> dims;
  for (int axis : permutation_of(op, op.rank(0))) dims.push_back(op.dim(0, axis));
  op.result(dims);
}

void transpose_backward(Vjp& v) {
  std::vector<int> perm = permutation_of(v, v.in(0).rank()), back(perm.size());
  for (size_t i = 0; i < perm.size(); ++i) back[static_cast<size_t>(perm[i])] = static_cast<int>(i);
  v.set(0, transpose(v.cotangent(), back));
}

void transpose_samples(SampleList& s) {
  s.ok({T({})}, {{"perm", Shape{}}});
  s.ok({T({4})}, {{"perm", Shape{0}}});
  s.ok({T({2, 3})}, {{"perm", Shape{1, 0}}});
  s.ok({T({2, 0, 3})}, {{"perm", Shape{2, 0, 1}}});
  s.ok({T({2, 3, 4})}, {{"perm", Shape{-1, 0, 1}}});
  s.ok({T({2, 1, 3, 2})}, {{"perm", Shape{0, 2, 3, 1}}});
  s.wrong({T({2, 3})}, {{"perm", Shape{0}}}, ErrorKind::value, "each of 2 axes");
  s.wrong({T({2, 3})}, {{"perm", Shape{0, 0}}}, ErrorKind::value, "named twice");
  s.wrong({T({2, 3})}, {{"perm", Shape{0, 2}}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 3})}, {{"perm", Shape{-3, 0}}}, ErrorKind::index, "out of range");
  s.wrong({T({})}, {{"perm", Shape{0}}}, ErrorKind::index, "0-d");
  s.wrong({T({2, 3})}, {{"perm", Shape{0, 1, -1}}}, ErrorKind::value, "named twice");
  s.wrong({T({2, 3})}, {}, ErrorKind::value, "required");
}

// broadcast

void broadcast_shape(Infer& op) {
  std::vector<Dim> dims = op.dims_attr("shape");
  require_extents(op, dims, "shape");
  std::vector<int> axes = ordered_axes(op, "axes", static_cast<int>(dims.size()));
  if (axes.size() != static_cast<size_t>(op.rank(0))) {
    op.fail(ErrorKind::value, "axes",
            str("expected one axis of the result for each of ", op.rank(0), " axes of x, got ",
                list_str(op.ints("axes"))));
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    Dim from = op.dims(0)[i], to = dims[static_cast<size_t>(axes[i])];
    if (from.is_const(1) || ir::is_widened(op.facts(), from, to, "broadcasting")) continue;
    expect_eq(op, from, to, "shape", [&] {
      return str("expected ", to_string(from), " or an axis of extent 1 in x of shape ",
                 to_string(op.dims(0)), ", got ", to_string(to), " at axis ", axes[i], " of ",
                 to_string(dims));
    });
  }
  op.result(dims);
}

void broadcast_contents(Contents& c) {
  const auto* x = c.of(0);
  if (x == nullptr) return;
  ir::Type result = c.result_type();
  if (x->size() == 1) {
    c.result(std::vector<Dim>(static_cast<size_t>(product(result.dims()).constant()), x->front()));
  } else if (result.rank() == 1) {
    c.result(*x);
  }
}

void broadcast_backward(Vjp& v) {
  Expr x = v.in(0), g = v.cotangent();
  std::vector<int> axes = ordered_axes(v, "axes", g.rank()), added, widened,
                   order(static_cast<size_t>(x.rank()));
  for (int i = 0; i < g.rank(); ++i) {
    auto from = std::ranges::find(axes, i);
    if (from == axes.end()) added.push_back(i);
    else if (x.dim(static_cast<int>(from - axes.begin())).is_const(1)) widened.push_back(i);
  }
  // The axes that stay keep the result's order; x may name them in another one.
  g = sum_copies(g, added, widened);
  std::vector<int> sorted = axes;
  std::ranges::sort(sorted);
  std::vector<Dim> kept;
  for (int axis : sorted) kept.push_back(g.dim(axis));
  for (size_t i = 0; i < axes.size(); ++i) {
    order[i] = static_cast<int>(std::ranges::find(sorted, axes[i]) - sorted.begin());
  }
  v.set(0, reshape(transpose(reshape(g, kept), order), x.dims()));
}

void broadcast_samples(SampleList& s) {
  s.ok({T({})}, {{"shape", Shape{3}}, {"axes", Shape{}}});
  s.ok({T({})}, {{"shape", Shape{}}, {"axes", Shape{}}});
  s.ok({T({1})}, {{"shape", Shape{0}}, {"axes", Shape{0}}});
  s.ok({T({3})}, {{"shape", Shape{2, 3}}, {"axes", Shape{1}}});
  s.ok({T({3})}, {{"shape", Shape{3, 2}}, {"axes", Shape{0}}});
  s.ok({T({2, 1})}, {{"shape", Shape{2, 3, 4}}, {"axes", Shape{0, 2}}});
  s.ok({T({2, 3})}, {{"shape", Shape{3, 4, 2}}, {"axes", Shape{2, 0}}}).note =
      "axes change their order";
  s.ok({T({2, 1, 3, 1})}, {{"shape", Shape{2, 2, 3, 2}}, {"axes", Shape{0, 1, 2, 3}}});
  s.wrong({T({3})}, {{"shape", Shape{4}}, {"axes", Shape{0}}}, ErrorKind::shape, "expected 3");
  s.wrong({T({3})}, {{"shape", Shape{3, 1}}, {"axes", Shape{1}}}, ErrorKind::shape, "expected 3");
  s.wrong({T({3})}, {{"shape", Shape{3}}, {"axes", Shape{}}}, ErrorKind::value,
          "for each of 1 axes");
  s.wrong({T({3})}, {{"shape", Shape{3}}, {"axes", Shape{1}}}, ErrorKind::index, "out of range");
  s.wrong({T({3, 3})}, {{"shape", Shape{3, 3}}, {"axes", Shape{0, 0}}}, ErrorKind::value,
          "named twice");
  s.wrong({T({1})}, {{"shape", Shape{-1}}, {"axes", Shape{0}}}, ErrorKind::shape, "at least 0");
  s.wrong({T({1})}, {{"axes", Shape{0}}}, ErrorKind::value, "required");
}

// slice

void slice_shape(Infer& op) {
  int rank = op.rank(0);
  std::vector<Dim> starts = dims_each(op, "starts", rank), limits = dims_each(op, "limits", rank),
                   dims;
  std::vector<int64_t> strides = ints_each(op, "strides", rank, 1);
  for (int i = 0; i < rank; ++i) {
    auto k = static_cast<size_t>(i);
    auto message = [&] {
      return str("expected 0 <= start <= limit <= ", to_string(op.dim(0, i)), " at axis ", i,
                 ", got start ", to_string(starts[k]), " and limit ", to_string(limits[k]));
    };
    expect_ge(op, starts[k], 0, "starts", message);
    expect_ge(op, limits[k], starts[k], "limits", message);
    expect_ge(op, op.dim(0, i), limits[k], "limits", message);
    dims.push_back(ceildiv(limits[k] - starts[k], strides[k]));
  }
  op.result(dims);
}

void slice_contents(Contents& c) {
  const auto* x = c.of(0);
  if (x == nullptr || c.type(0).rank() > 1) return;
  if (c.type(0).rank() == 0) return c.result(*x);
  Dim start = c.dims_attr("starts")[0], limit = c.dims_attr("limits")[0];
  if (!start.is_const() || !limit.is_const()) return;
  std::vector<Dim> dims;
  for (int64_t i = start.constant(); i < limit.constant(); i += c.ints("strides")[0]) {
    dims.push_back(x->at(static_cast<size_t>(i)));
  }
  c.result(std::move(dims));
}

void slice_backward(Vjp& v) {
  Expr x = v.in(0), g = v.cotangent();
  std::vector<Dim> low = v.dims_attr("starts"), high;
  std::vector<int64_t> interior = v.ints("strides");
  for (size_t i = 0; i < interior.size(); ++i) {
    --interior[i];
    high.push_back(x.dims()[i] - low[i] - dilated(g.dims()[i], interior[i]));
  }
  v.set(0, pad(g, zero_like(g), low, high, interior));
}

void slice_samples(SampleList& s) {
  auto attrs = [](Shape starts, Shape limits, Shape strides) {
    return ir::SampleAttrs{{"starts", std::move(starts)},
                           {"limits", std::move(limits)},
                           {"strides", std::move(strides)}};
  };
  s.ok({T({})}, attrs({}, {}, {}));
  s.ok({T({0})}, attrs({0}, {0}, {1}));
  s.ok({T({5})}, attrs({1}, {4}, {1}));
  s.ok({T({5})}, attrs({2}, {2}, {3})).note = "nothing is left";
  s.ok({T({7})}, attrs({1}, {7}, {4}));
  s.ok({T({3, 4})}, attrs({0, 1}, {3, 4}, {2, 2}));
  s.ok({T({2, 3, 4})}, attrs({1, 0, 0}, {2, 3, 4}, {1, 1, 3}));
  s.ok({T({2, 1, 3, 2})}, attrs({0, 0, 1, 0}, {1, 1, 3, 2}, {1, 1, 1, 1}));
  s.wrong({T({5})}, attrs({-1}, {3}, {1}), ErrorKind::shape, "0 <= start");
  s.wrong({T({5})}, attrs({3}, {2}, {1}), ErrorKind::shape, "0 <= start");
  s.wrong({T({5})}, attrs({0}, {6}, {1}), ErrorKind::shape, "<= 5");
  s.wrong({T({5})}, attrs({0}, {5}, {0}), ErrorKind::value, "at least 1");
  s.wrong({T({5})}, attrs({0}, {5}, {-1}), ErrorKind::value, "at least 1");
  s.wrong({T({5})}, attrs({0, 0}, {5}, {1}), ErrorKind::value, "each of 1 axes");
  s.wrong({T({5, 5})}, attrs({0, 0}, {5}, {1, 1}), ErrorKind::value, "each of 2 axes");
  s.wrong({T({5, 5})}, attrs({0, 0}, {5, 5}, {1}), ErrorKind::value, "each of 2 axes");
  s.wrong({T({5})}, {{"starts", Shape{0}}}, ErrorKind::value, "required");
}

// pad

void pad_shape(Infer& op) {
  int rank = op.rank(0);
  if (op.rank(1) != 0)
    op.fail(ErrorKind::shape, "value", str("expected a 0-d tensor, got ", to_string(op.dims(1))));
  std::vector<Dim> low = dims_each(op, "low", rank), high = dims_each(op, "high", rank), dims;
  std::vector<int64_t> interior = ints_each(op, "interior", rank, 0);
  for (int i = 0; i < rank; ++i) {
    auto k = static_cast<size_t>(i);
    dims.push_back(dilated(op.dim(0, i), interior[k]) + low[k] + high[k]);
    expect_ge(op, dims[k], 0, "low", [&] {
      return str("low ", to_string(low[k]), " and high ", to_string(high[k]),
                 " crop more than the ", to_string(op.dim(0, i)), " elements of axis ", i);
    });
  }
  op.result(dims);
}

void pad_backward(Vjp& v) {
  Expr x = v.in(0), g = v.cotangent();
  std::vector<Dim> low, high, starts, limits;
  std::vector<int64_t> strides = v.ints("interior");
  for (Dim d : v.dims_attr("low")) low.push_back(-d);
  for (Dim d : v.dims_attr("high")) high.push_back(-d);
  for (size_t i = 0; i < strides.size(); ++i) {
    starts.emplace_back(0);
    limits.push_back(dilated(x.dims()[i], strides[i]));
    ++strides[i];
  }
  if (v.needs(0)) v.set(0, slice(pad(g, zero_like(g), low, high, {}), starts, limits, strides));
  if (v.needs(1)) {
    Builder& b = v.builder();
    Expr inside = pad(full(b, x.dims(), DType::boolean, 0), constant(b, DType::boolean, 1.0),
                      v.dims_attr("low"), v.dims_attr("high"), v.ints("interior"));
    std::vector<int> axes;
    for (int i = 0; i < g.rank(); ++i) axes.push_back(i);
    // Without padding `inside` is all False, and nothing comes from the value.
    v.set(1, sum(only_where(inside, g), axes));
  }
}

void pad_samples(SampleList& s) {
  auto attrs = [](Shape low, Shape high, Shape interior) {
    return ir::SampleAttrs{
        {"low", std::move(low)}, {"high", std::move(high)}, {"interior", std::move(interior)}};
  };
  s.ok({T({}), T({})}, attrs({}, {}, {}));
  s.ok({T({0}), T({})}, attrs({2}, {1}, {3})).note = "no holes without neighbours";
  s.ok({T({4}), T({})}, attrs({1}, {2}, {0}));
  s.ok({T({4}), T({})}, attrs({-1}, {-2}, {0})).note = "crops";
  s.ok({T({4}), T({})}, attrs({-1}, {2}, {2})).note = "holes, then a crop";
  s.ok({T({2, 3}), T({})}, attrs({0, 1}, {1, 0}, {1, 0}));
  s.ok({T({2, 3, 2}), T({})}, attrs({0, 0, -1}, {0, 2, 1}, {0, 0, 0}));
  s.ok({T({2, 1, 3, 2}), T({})}, attrs({0, 0, 1, 1}, {0, 0, 1, 1}, {0, 0, 0, 0}));
  s.wrong({T({4}), T({1})}, attrs({1}, {1}, {0}), ErrorKind::shape, "0-d");
  s.wrong({T({4}), T({})}, attrs({-3}, {-2}, {0}), ErrorKind::shape, "crop more");
  s.wrong({T({4}), T({})}, attrs({1}, {1}, {-1}), ErrorKind::value, "at least 0");
  s.wrong({T({4}), T({})}, attrs({1, 1}, {1}, {0}), ErrorKind::value, "each of 1 axes");
  s.wrong({T({4}), T({})}, attrs({1}, {}, {0}), ErrorKind::value, "each of 1 axes");
  s.wrong({T(DType::f32, {4}), T(DType::f64, {})}, attrs({1}, {1}, {0}), ErrorKind::type,
          "as of x");
  s.wrong({T({4}), absent()}, attrs({1}, {1}, {0}), ErrorKind::value, "required");
  s.wrong({T({4}), T({})}, {{"low", Shape{1}}}, ErrorKind::value, "required");
}

// concat

void concat_shape(Infer& op) {
  if (op.count(0) == 0) op.fail(ErrorKind::value, "xs", "expected at least one tensor, got none");
  int rank = op.rank(0), axis = op.axis("axis", rank);
  std::vector<Dim> dims = to_dims(op.dims(0));
  for (int k = 1; k < op.count(0); ++k) {
    std::span<const Dim> other = op.dims(0, k);
    auto message = [&] {
      return str("expected shapes that differ at axis ", axis, " only, got ", to_string(op.dims(0)),
                 " and ", to_string(other));
    };
    if (other.size() != dims.size()) op.fail(ErrorKind::shape, "xs", message());
    for (size_t i = 0; i < dims.size(); ++i) {
      if (static_cast<int>(i) == axis) {
        dims[i] += other[i];
      } else {
        expect_eq(op, other[i], dims[i], "xs", message);
        dims[i] = known_of(dims[i], other[i]);
      }
    }
  }
  op.result(dims);
}

void concat_contents(Contents& c) {
  if (c.result_type().rank() != 1) return;
  std::vector<Dim> dims;
  for (int k = 0; k < c.count(0); ++k) {
    const auto* part = c.of(0, k);
    if (part == nullptr) return;
    dims.insert(dims.end(), part->begin(), part->end());
  }
  c.result(std::move(dims));
}

void concat_backward(Vjp& v) {
  Expr g = v.cotangent();
  int axis = v.axis("axis", g.rank());
  Dim start = 0;
  for (int k = 0; k < v.count(0); ++k) {
    Dim limit = start + v.in(0, k).dim(axis);
    if (v.needs(0, k)) v.set(0, k, slice_axis(g, axis, start, limit));
    start = limit;
  }
}

void concat_samples(SampleList& s) {
  s.ok_list({{T({2})}}, {{"axis", 0}});
  s.ok_list({{T({2}), T({0}), T({3})}}, {{"axis", 0}});
  s.ok_list({{T({2, 3}), T({2, 1})}}, {{"axis", 1}});
  s.ok_list({{T({2, 3}), T({1, 3}), T({4, 3})}}, {{"axis", -2}});
  s.ok_list({{T({2, 0, 3}), T({2, 0, 2})}}, {{"axis", 2}});
  s.ok_list({{T({2, 1, 3, 2}), T({2, 2, 3, 2})}}, {{"axis", 1}});
  s.wrong_list({{}}, {{"axis", 0}}, ErrorKind::value, "at least one tensor");
  s.wrong_list({{T({}), T({})}}, {{"axis", 0}}, ErrorKind::index, "0-d");
  s.wrong_list({{T({2}), T({3})}}, {{"axis", 1}}, ErrorKind::index, "out of range");
  s.wrong_list({{T({2, 3}), T({2, 4})}}, {{"axis", 0}}, ErrorKind::shape, "at axis 0 only");
  s.wrong_list({{T({2, 3}), T({2})}}, {{"axis", 0}}, ErrorKind::shape, "at axis 0 only");
  s.wrong_list({{T(DType::f32, {2}), T(DType::f64, {2})}}, {{"axis", 0}}, ErrorKind::type,
               "as of xs");
  s.wrong_list({{T({2})}}, {}, ErrorKind::value, "required");
}

// reverse

std::vector<int> reversed_axes(const ir::AttrView& op, int rank) {
  return ordered_axes(op, "axes", rank);
}

void reverse_shape(Infer& op) {
  reversed_axes(op, op.rank(0));
  op.result(op.dims(0));
}

void reverse_contents(Contents& c) {
  const auto* x = c.of(0);
  if (x == nullptr || c.type(0).rank() != 1) return;
  std::vector<Dim> dims = *x;
  if (!c.ints("axes").empty()) std::ranges::reverse(dims);
  c.result(std::move(dims));
}

void reverse_samples(SampleList& s) {
  s.ok({T({})}, {{"axes", Shape{}}});
  s.ok({T({0})}, {{"axes", Shape{0}}});
  s.ok({T({5})}, {{"axes", Shape{0}}});
  s.ok({T({3, 4})}, {{"axes", Shape{-1}}});
  s.ok({T({2, 3, 2})}, {{"axes", Shape{0, 2}}});
  s.ok({T({2, 1, 3, 2})}, {{"axes", Shape{3, 1}}});
  s.wrong({T({3})}, {{"axes", Shape{1}}}, ErrorKind::index, "out of range");
  s.wrong({T({3})}, {{"axes", Shape{-2}}}, ErrorKind::index, "out of range");
  s.wrong({T({3})}, {{"axes", Shape{0, -1}}}, ErrorKind::value, "named twice");
  s.wrong({T({})}, {{"axes", Shape{0}}}, ErrorKind::index, "0-d");
  s.wrong({T({3})}, {}, ErrorKind::value, "required");
  s.wrong({T({3})}, {{"axes", "0"}}, ErrorKind::type, "list of integers");
}

// dynamic_slice, dynamic_update_slice

void require_starts(Infer& op, int operand) {
  auto message = [&] {
    return str("expected int64 of shape [", op.rank(0), "], one start for each axis of x, got ",
               to_string(op.dims(operand)));
  };
  if (op.rank(operand) != 1) op.fail(ErrorKind::shape, "starts", message());
  expect_eq(op, op.dim(operand, 0), op.rank(0), "starts", message);
}

void dynamic_slice_shape(Infer& op) {
  require_starts(op, 1);
  std::vector<Dim> sizes = dims_each(op, "sizes", op.rank(0));
  require_extents(op, sizes, "sizes");
  for (int i = 0; i < op.rank(0); ++i) {
    Dim size = sizes[static_cast<size_t>(i)];
    expect_ge(op, op.dim(0, i), size, "sizes", [&] {
      return str("expected at most ", to_string(op.dim(0, i)), " at axis ", i, ", got ",
                 to_string(size));
    });
  }
  op.result(sizes);
}

void dynamic_slice_samples(SampleList& s) {
  auto at = [](std::vector<double> starts) {
    auto rank = static_cast<int64_t>(starts.size());
    return V(DType::i64, {rank}, std::move(starts));
  };
  s.ok({T({}), at({})}, {{"sizes", Shape{}}});
  s.ok({T({0}), at({0})}, {{"sizes", Shape{0}}});
  s.ok({T({5}), at({2})}, {{"sizes", Shape{2}}});
  s.ok({T({5}), at({4})}, {{"sizes", Shape{3}}}).note = "the start is clamped to 2";
  s.ok({T({3, 4}), at({-7, 1})}, {{"sizes", Shape{2, 2}}}).note = "the start is clamped to 0";
  s.ok({T({2, 3, 4}), at({1, 0, 2})}, {{"sizes", Shape{1, 3, 1}}});
  s.wrong({T({5}), at({0})}, {{"sizes", Shape{6}}}, ErrorKind::shape, "at most 5");
  s.wrong({T({5}), at({0})}, {{"sizes", Shape{-1}}}, ErrorKind::shape, "at least 0");
  s.wrong({T({5}), at({0, 0})}, {{"sizes", Shape{1}}}, ErrorKind::shape, "one start for each axis");
  s.wrong({T({5}), V(DType::i64, {}, {0})}, {{"sizes", Shape{1}}}, ErrorKind::shape,
          "one start for each axis");
  s.wrong({T({5}), V(DType::i32, {1}, {0})}, {{"sizes", Shape{1}}}, ErrorKind::type, "dtype");
  s.wrong({T({5}), at({0})}, {{"sizes", Shape{1, 1}}}, ErrorKind::value, "each of 1 axes");
  s.wrong({T({5}), at({0})}, {}, ErrorKind::value, "required");
}

void dynamic_update_slice_shape(Infer& op) {
  require_starts(op, 2);
  auto message = [&] {
    return str("expected a part of x of shape ", to_string(op.dims(0)), ", got ",
               to_string(op.dims(1)));
  };
  if (op.rank(1) != op.rank(0)) op.fail(ErrorKind::shape, "update", message());
  for (int i = 0; i < op.rank(0); ++i) expect_ge(op, op.dim(0, i), op.dim(1, i), "update", message);
  op.result(op.dims(0));
}

void dynamic_update_slice_backward(Vjp& v) {
  Expr update = v.in(1), starts = v.in(2), g = v.cotangent();
  if (v.needs(0)) v.set(0, call1("prim.dynamic_update_slice", {g, zeros_like(update), starts}));
  if (v.needs(1))
    v.set(1, call1("prim.dynamic_slice", {g, starts}, {{"sizes", to_dims(update.dims())}}));
}

void dynamic_update_slice_samples(SampleList& s) {
  auto at = [](std::vector<double> starts) {
    auto rank = static_cast<int64_t>(starts.size());
    return V(DType::i64, {rank}, std::move(starts));
  };
  s.ok({T({}), T({}), at({})});
  s.ok({T({4}), T({0}), at({1})});
  s.ok({T({5}), T({2}), at({1})});
  s.ok({T({5}), T({3}), at({9})}).note = "the start is clamped to 2";
  s.ok({T({3, 4}), T({2, 2}), at({-1, 1})});
  s.ok({T({2, 3, 4}), T({1, 3, 2}), at({1, 0, 2})});
  s.wrong({T({5}), T({6}), at({0})}, {}, ErrorKind::shape, "a part of x");
  s.wrong({T({5}), T({1, 2}), at({0})}, {}, ErrorKind::shape, "a part of x");
  s.wrong({T({5}), T({2}), at({0, 1})}, {}, ErrorKind::shape, "one start for each axis");
  s.wrong({T({5}), T({2}), V(DType::i32, {1}, {0})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::f32, {5}), T(DType::f64, {2}), at({0})}, {}, ErrorKind::type, "as of x");
  s.wrong({T({5}), T({2}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({5}), T({2}), at({0})}, {{"sizes", Shape{2}}}, ErrorKind::key, "no such argument");
}

}  // namespace

std::vector<Page> layout_pages() {
  return {
      {.name = "reshape",
       .doc = "The same elements in row-major order under other extents.\n"
              "Args:\n  x: any dtype.\n  shape: the new extents, each of them given (no -1).\n"
              "Returns:\n  the same dtype, the new shape.\n"
              "Errors:\n  ShapeError for another number of elements or a negative extent.",
       .operands = {{.name = "x", .dtypes = kStoredSet}},
       .attrs = {{.name = "shape", .form = AttrForm::shape}},
       .dtypes = same(),
       .shape = reshape_shape,
       .contents =
           [](Contents& c) {
             if (const auto* x = c.of(0)) c.result(*x);
           },
       .vjp = {.backward = [](Vjp& v) { v.set(0, reshape(v.cotangent(), v.in(0).dims())); }},
       .decompose = primitive(),
       .sharding = "... -> @shape",
       .alias = {{0, 0, true}},
       .cost = no_flops,
       .samples = reshape_samples},
      {.name = "transpose",
       .doc = "The axes in another order: axis i of the result is axis perm[i] of x.\n"
              "Args:\n  x: any dtype.\n  perm: each axis of x once; negative ones count from the "
              "end.\n"
              "Returns:\n  the same dtype, the extents permuted.\n"
              "Errors:\n  IndexError for an axis out of range, ValueError where an axis is missing "
              "or named twice.",
       .operands = {{.name = "x", .dtypes = kStoredSet}},
       .attrs = {{.name = "perm", .form = AttrForm::ints}},
       .dtypes = same(),
       .shape = transpose_shape,
       .contents =
           [](Contents& c) {
             const auto* x = c.of(0);
             if (x != nullptr && c.type(0).rank() <= 1) c.result(*x);
           },
       .vjp = {.backward = transpose_backward},
       .decompose = primitive(),
       .sharding = "... -> @perm",
       .alias = {{0, 0, true}},
       .cost = no_flops,
       .samples = transpose_samples},
      {.name = "broadcast",
       .doc = "Elements repeated along new axes and along axes of extent 1. Gradient: the sum over "
              "these axes.\n"
              "Args:\n  x: any dtype.\n  shape: extents of the result.\n  axes: for each axis of x "
              "the axis of the result it becomes; x has there the result's extent, or 1.\n"
              "Returns:\n  the same dtype, of that shape.\n"
              "Errors:\n  ShapeError where extents differ, IndexError and ValueError for axes out "
              "of range, missing or named twice.",
       .operands = {{.name = "x", .dtypes = kStoredSet}},
       .attrs = {{.name = "shape", .form = AttrForm::shape},
                 {.name = "axes", .form = AttrForm::ints}},
       .dtypes = same(),
       .shape = broadcast_shape,
       .contents = broadcast_contents,
       .vjp = {.backward = broadcast_backward},
       .decompose = primitive(),
       .sharding = "@axes -> ...",
       .alias = {{0, 0, true}},
       .cost = no_flops,
       .samples = broadcast_samples},
      {.name = "slice",
       .doc = "The elements start, start + stride, ... below limit along each axis. Gradient: g at "
              "these places, zeros elsewhere.\n"
              "Args:\n  x: any dtype.\n  starts, limits: for each axis 0 <= start <= limit <= "
              "extent; may be symbolic.\n  strides: for each axis at least 1.\n"
              "Returns:\n  the same dtype; extents (limit - start) / stride, rounded up.\n"
              "Errors:\n  ShapeError for bounds out of range, ValueError for a stride below 1 or "
              "lists of the wrong length.",
       .operands = {{.name = "x", .dtypes = kStoredSet}},
       .attrs = {{.name = "starts", .form = AttrForm::shape},
                 {.name = "limits", .form = AttrForm::shape},
                 {.name = "strides", .form = AttrForm::ints}},
       .dtypes = same(),
       .shape = slice_shape,
       .contents = slice_contents,
       .vjp = {.backward = slice_backward},
       .decompose = primitive(),
       .sharding = "... -> ...; @strides: whole where sliced",
       .alias = {{0, 0, true}},
       .cost = no_flops,
       .samples = slice_samples},
      {.name = "pad",
       .doc = "x with `interior` elements of the value between neighbours, then `low` of them "
              "before and `high` after; a negative low or high crops. Gradient of x: g at its "
              "places; of value: the sum of g at the others.\n"
              "Args:\n  x: any dtype.\n  value: 0-d, of the same dtype.\n  low, high: for each "
              "axis, any sign; may be symbolic.\n  interior: for each axis at least 0.\n"
              "Returns:\n  the same dtype; extents n + max(n - 1, 0) * interior + low + high.\n"
              "Errors:\n  ShapeError where more is cropped than there is or value is not 0-d, "
              "ValueError for a negative interior or lists of the wrong length.",
       .operands = {{.name = "x", .dtypes = kStoredSet}, {.name = "value", .dtypes = kStoredSet}},
       .attrs = {{.name = "low", .form = AttrForm::shape},
                 {.name = "high", .form = AttrForm::shape},
                 {.name = "interior", .form = AttrForm::ints}},
       .dtypes = same(),
       .shape = pad_shape,
       .vjp = {.backward = pad_backward},
       .decompose = primitive(),
       .sharding = "..., -> ...; ...: whole where padded",
       .cost = no_flops,
       .samples = pad_samples},
      {.name = "concat",
       .doc = "Tensors one after another along an axis. Gradient: each one's part of g.\n"
              "Args:\n  xs: at least one tensor, of one dtype, with equal extents but for the "
              "axis.\n  axis: negative counts from the end.\n"
              "Returns:\n  the same dtype; the extents at the axis are added.\n"
              "Errors:\n  ShapeError for other extents that differ, IndexError for an axis out of "
              "range (0-d has none), TypeError for differing dtypes.",
       .operands = {{.name = "xs", .dtypes = kStoredSet, .variadic = true}},
       .attrs = {{.name = "axis", .form = AttrForm::axis}},
       .dtypes = same(),
       .shape = concat_shape,
       .contents = concat_contents,
       .vjp = {.backward = concat_backward},
       .decompose = primitive(),
       .sharding = "... -> ...; @axis: whole",
       .cost = no_flops,
       .samples = concat_samples},
      {.name = "reverse",
       .doc =
           "Each of the axes from its end to its start.\n"
           "Args:\n  x: any dtype.\n  axes: which ones; negative ones count from the end.\n"
           "Returns:\n  the same dtype and shape.\n"
           "Errors:\n  IndexError for an axis out of range, ValueError where one is named twice.",
       .operands = {{.name = "x", .dtypes = kStoredSet}},
       .attrs = {{.name = "axes", .form = AttrForm::ints}},
       .dtypes = same(),
       .shape = reverse_shape,
       .contents = reverse_contents,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0, reverse(v.cotangent(), reversed_axes(v, v.in(0).rank())));
                   }},
       .decompose = primitive(),
       .sharding = "... -> ...; @axes: whole",
       .alias = {{0, 0, true}},
       .cost = no_flops,
       .samples = reverse_samples},
      {.name = "dynamic_slice",
       .doc = "A part of x of given extents that starts where a tensor says. A start is clamped to "
              "0 .. extent - size, so that the part always lies inside. Gradient: g at that place, "
              "zeros elsewhere.\n"
              "Args:\n  x: any dtype.\n  starts: int64, one for each axis.\n  sizes: extents of "
              "the part, at most those of x; may be symbolic.\n"
              "Returns:\n  the same dtype, of shape sizes.\n"
              "Errors:\n  ShapeError for sizes out of range or starts of another shape, ValueError "
              "for sizes of the wrong length.",
       .operands = {{.name = "x", .dtypes = kStoredSet},
                    {.name = "starts", .dtypes = kIndexSet, .meets = false}},
       .attrs = {{.name = "sizes", .form = AttrForm::shape}},
       .dtypes = same(),
       .shape = dynamic_slice_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0, call1("prim.dynamic_update_slice",
                                    {zeros_like(v.in(0)), v.cotangent(), v.in(1)}));
                   }},
       .decompose = primitive(),
       .sharding = "..., r -> ...; @sizes: whole where sliced",
       .cost = no_flops,
       .samples = dynamic_slice_samples},
      {.name = "dynamic_update_slice",
       .doc =
           "x with a part of it replaced, starting where a tensor says; starts are clamped as in "
           "dynamic_slice. Gradient of x: g with zeros at that place; of update: g at that place.\n"
           "Args:\n  x: any dtype.\n  update: of the same dtype, no extent above that of x.\n  "
           "starts: int64, one for each axis.\n"
           "Returns:\n  the dtype and shape of x.\n"
           "Errors:\n  ShapeError where update does not fit or starts have another shape, "
           "TypeError for differing dtypes.",
       .operands = {{.name = "x", .dtypes = kStoredSet},
                    {.name = "update", .dtypes = kStoredSet},
                    {.name = "starts", .dtypes = kIndexSet, .meets = false}},
       .dtypes = same(),
       .shape = dynamic_update_slice_shape,
       .vjp = {.backward = dynamic_update_slice_backward},
       .decompose = primitive(),
       .sharding = "..., ..., r -> ...; ...: whole where update is smaller",
       .alias = {{0, 0}},
       .cost = no_flops,
       .samples = dynamic_update_slice_samples},
  };
}

}  // namespace proa::ops
