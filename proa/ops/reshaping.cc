// The same elements in other shapes: views wherever the strides allow.

#include <algorithm>

#include "proa/ir/need_extents.h"
#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

constexpr DTypeSet kAll = kStoredSet;

std::vector<ir::AliasSpec> view() { return {{.result = 0, .operand = 0, .view = true}}; }

Dim elements_of(std::span<const Dim> dims) { return ir::product(dims); }

// -1 stands for what is left; 0 keeps the dim at its place (Paddle), where x has one there.
std::vector<Dim> target_dims(const ir::AttrView& op, std::span<const Dim> from) {
  std::vector<Dim> dims = op.dims_attr("shape");
  int unknown = -1;
  Dim known = 1;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i].is_const(-1)) {
      if (unknown >= 0)
        op.fail(ErrorKind::value, "shape",
                str("expected at most one size of -1, got ", to_string(dims)));
      unknown = static_cast<int>(i);
      continue;
    }
    if (dims[i].is_const(0) && i < from.size()) dims[i] = from[i];
    if (dims[i].is_const() && dims[i].constant() < 0) {
      op.fail(ErrorKind::value, "shape",
              str("expected sizes of at least 0, or -1, got ", to_string(dims)));
    }
    known = known * dims[i];
  }
  if (unknown < 0) return dims;
  Dim total = elements_of(from);
  if (known.is_const(0)) {
    op.fail(ErrorKind::shape, "shape",
            str("-1 cannot be known beside a size of 0 in ", to_string(dims)));
  }
  dims[static_cast<size_t>(unknown)] = floordiv(total, known);
  return dims;
}

void reshape_shape(Infer& op) {
  std::vector<Dim> dims = target_dims(op, op.dims(0)), given = op.dims_attr("shape");
  bool divides = false;
  for (Dim size : given) {
    divides |= size.is_const(-1);
    if (size.is_const(-1)) continue;
    expect_ge(op, size, 0, "shape",
              [&] { return str("expected sizes of at least 0, or -1, got ", to_string(given)); });
  }
  expect_eq(op, elements_of(dims), elements_of(op.dims(0)), "shape", [&] {
    return str("shape ", to_string(op.dims(0)), " of ", to_string(elements_of(op.dims(0))),
               " elements ", divides ? "does not divide into " : "cannot become ",
               to_string(given));
  });
  op.result(dims);
}

void to_result_dims(Decompose& d) { d.out(reshape(d.in(0), d.result_type().dims())); }

std::vector<int> permutation_of(const ir::AttrView& op, int rank) {
  std::vector<int> order;
  std::vector<int64_t> given = op.ints("perm");
  if (given.size() != static_cast<size_t>(rank)) {
    op.fail(ErrorKind::value, "perm",
            str("expected a permutation of ", rank, " axes, got ", list_str(given)));
  }
  for (int64_t axis : given) {
    int a = op.axis_of("perm", axis, rank);
    if (std::ranges::find(order, a) != order.end())
      op.fail(ErrorKind::value, "perm", str("axis ", a, " is named twice"));
    order.push_back(a);
  }
  return order;
}

std::vector<Dim> permuted(std::span<const Dim> dims, std::span<const int> order) {
  std::vector<Dim> out;
  for (int axis : order) out.push_back(dims[static_cast<size_t>(axis)]);
  return out;
}

std::vector<int> swapped(const ir::AttrView& op, int rank, std::string_view first,
                         std::string_view second) {
  std::vector<int> order;
  for (int i = 0; i < rank; ++i) order.push_back(i);
  std::swap(order[static_cast<size_t>(op.axis(first, rank))],
            order[static_cast<size_t>(op.axis(second, rank))]);
  return order;
}

std::vector<int> reversed_pair(int rank) {
  return rank == 2 ? std::vector<int>{1, 0} : rank == 1 ? std::vector<int>{0} : std::vector<int>{};
}

std::vector<int> moved(const ir::AttrView& op, int rank) {
  std::vector<int64_t> from = op.ints("source"), to = op.ints("destination");
  if (from.size() != to.size()) {
    op.fail(ErrorKind::value, "destination",
            str("expected as many axes as of source (", from.size(), "), got ", to.size()));
  }
  std::vector<int> order(static_cast<size_t>(rank), -1);
  std::vector<bool> taken(static_cast<size_t>(rank));
  for (size_t i = 0; i < from.size(); ++i) {
    auto f = static_cast<size_t>(op.axis_of("source", from[i], rank)),
         t = static_cast<size_t>(op.axis_of("destination", to[i], rank));
    if (taken[f]) op.fail(ErrorKind::value, "source", str("axis ", f, " is named twice"));
    if (order[t] >= 0) op.fail(ErrorKind::value, "destination", str("axis ", t, " is named twice"));
    order[t] = static_cast<int>(f);
    taken[f] = true;
  }
  int next = 0;
  for (int& slot : order) {
    if (slot >= 0) continue;
    while (taken[static_cast<size_t>(next)]) ++next;
    slot = next++;
  }
  return order;
}

// One page for every way of saying a permutation.
template <std::vector<int> (*kOrder)(const ir::AttrView&, int)>
void permuted_shape(Infer& op) {
  op.result(permuted(op.dims(0), kOrder(op, op.rank(0))));
}
template <std::vector<int> (*kOrder)(const ir::AttrView&, int)>
void permuted_rule(Decompose& d) {
  d.out(transpose(d.in(0), kOrder(d, d.in(0).rank())));
}
std::vector<int> by_axes(const ir::AttrView& op, int rank) {
  return swapped(op, rank, "axis0", "axis1");
}
std::vector<int> as_matrix(const ir::AttrView& op, int rank) {
  if (rank > 2) op.fail(ErrorKind::shape, "x", str("expected at most 2 dims, got ", rank));
  return reversed_pair(rank);
}

void squeeze_shape(Infer& op) {
  auto from = op.dims(0);
  std::vector<Dim> dims;
  std::vector<int> axes = op.axes("axis", op.rank(0));
  bool named = op.has("axis");
  for (int i = 0; i < op.rank(0); ++i) {
    Dim d = from[static_cast<size_t>(i)];
    bool listed = !named || std::ranges::find(axes, i) != axes.end();
    if (!(listed && ir::is_one(op.facts(), d, "squeeze"))) dims.push_back(d);
  }
  op.result(dims);
}

std::vector<int> new_axes(const ir::AttrView& op, int rank) {
  std::vector<int64_t> given = op.ints("axis");
  int result = rank + static_cast<int>(given.size());
  std::vector<int> axes;
  for (int64_t axis : given) axes.push_back(op.axis_of("axis", axis, result));
  std::ranges::sort(axes);
  if (std::ranges::adjacent_find(axes) != axes.end())
    op.fail(ErrorKind::value, "axis",
            str("expected different axes, got one that is named twice in ", list_str(given)));
  return axes;
}

void unsqueeze_shape(Infer& op) {
  std::vector<int> axes = new_axes(op, op.rank(0));
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  for (int axis : axes) dims.insert(dims.begin() + axis, Dim(1));
  op.result(dims);
}

void flatten_shape(Infer& op) {
  auto from = op.dims(0);
  if (from.empty()) {
    op.result(std::vector<Dim>{1});
    return;
  }
  int first = op.axis("start_axis", op.rank(0)), last = op.axis("stop_axis", op.rank(0));
  if (first > last)
    op.fail(ErrorKind::value, "stop_axis",
            str("expected an axis not before start_axis ", first, ", got ", last));
  std::vector<Dim> dims(from.begin(), from.begin() + first);
  dims.push_back(
      elements_of(from.subspan(static_cast<size_t>(first), static_cast<size_t>(last - first + 1))));
  dims.insert(dims.end(), from.begin() + last + 1, from.end());
  op.result(dims);
}

void expand_shape(Infer& op) {
  std::vector<Dim> dims = op.dims_attr("shape");
  auto from = op.dims(0);
  if (dims.size() < from.size()) {
    op.fail(ErrorKind::shape, "shape",
            str("expected at least ", from.size(), " sizes for a tensor of shape ", to_string(from),
                ", got ", to_string(dims)));
  }
  size_t shift = dims.size() - from.size();
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i].is_const(-1)) {
      if (i < shift)
        op.fail(ErrorKind::value, "shape",
                "expected an existing size in the place of -1, got a new axis in front");
      dims[i] = from[i - shift];
    } else if (i >= shift && !from[i - shift].is_const(1) &&
               !ir::is_widened(op.facts(), from[i - shift], dims[i], "expand")) {
      expect_eq(op, dims[i], from[i - shift], "shape", [&] {
        return str("shape ", to_string(from), " cannot be expanded to ", to_string(dims));
      });
    }
  }
  require_extents(op, dims, "shape");
  op.result(dims);
}

void expand_rule(Decompose& d) { d.out(broadcast_to(d.in(0), d.result_type().dims())); }

void expand_as_shape(Infer& op) {
  auto from = op.dims(0), to = op.dims(1);
  std::vector<Dim> dims = op.broadcast(from, to, "y");
  if (dims.size() != to.size() || !std::equal(dims.begin(), dims.end(), to.begin())) {
    for (size_t i = 0; i < dims.size() && dims.size() == to.size(); ++i) {
      expect_eq(op, dims[i], to[i], "y", [&] {
        return str("shape ", to_string(from), " cannot be expanded to ", to_string(to));
      });
    }
    if (dims.size() != to.size())
      op.fail(ErrorKind::shape, "y",
              str("shape ", to_string(from), " cannot be expanded to ", to_string(to)));
  }
  op.result(to);
}

void flip_shape(Infer& op) {
  (void)op.axes("axis", op.rank(0));
  op.result(op.dims(0));
}

// as_strided looks at the memory of a dense tensor; here it is a gather from the flat elements.
struct Strided {
  std::vector<int64_t> dims, strides;
  int64_t offset;
};

Strided strided_of(const ir::AttrView& op) {
  Strided s{op.ints("shape"), op.ints("stride"), op.integer("offset")};
  if (s.dims.size() != s.strides.size()) {
    op.fail(ErrorKind::value, "stride",
            str("expected ", s.dims.size(), " strides, one for each size, got ", s.strides.size()));
  }
  return s;
}

void check_strided(Infer& op, const Strided& s) {
  int64_t low = s.offset, high = s.offset;
  for (size_t i = 0; i < s.dims.size(); ++i) {
    if (s.dims[i] < 0)
      op.fail(ErrorKind::value, "shape",
              str("expected sizes of at least 0, got ", list_str(s.dims)));
    if (s.dims[i] == 0) return;
    int64_t reach, &end = s.strides[i] < 0 ? low : high;
    if (__builtin_mul_overflow(s.dims[i] - 1, s.strides[i], &reach) ||
        __builtin_add_overflow(end, reach, &end)) {
      op.fail(ErrorKind::value, "stride", "the reach of the strides overflows");
    }
  }
  Dim total = elements_of(op.dims(0));
  if (low < 0)
    op.fail(ErrorKind::value, "offset",
            str("expected a first element of at least 0, got number ", low));
  expect_ge(op, total, Dim(high + 1), "shape", [&] {
    return str("element ", high, " is outside of a tensor of ", to_string(total), " elements");
  });
}

void as_strided_shape(Infer& op) {
  Strided s = strided_of(op);
  check_strided(op, s);
  op.result(std::vector<Dim>(s.dims.begin(), s.dims.end()));
}

Expr positions(Builder& b, const Strided& s) {
  std::vector<Dim> dims(s.dims.begin(), s.dims.end());
  Expr at = full(b, dims, DType::i64, static_cast<double>(s.offset));
  for (size_t i = 0; i < dims.size(); ++i) {
    at = at + iota(b, DType::i64, dims, static_cast<int>(i)) * static_cast<double>(s.strides[i]);
  }
  return unsqueeze(at, at.rank());
}

Expr flat(Expr x) {
  Dim total = elements_of(x.dims());
  return reshape(x, std::vector<Dim>{total});
}

void as_strided_rule(Decompose& d) {
  std::vector<int64_t> axis{0};
  d.out(gather(flat(d.in(0)), positions(d.builder(), strided_of(d)), axis, 0));
}

void as_strided_scatter_shape(Infer& op) {
  Strided s = strided_of(op);
  check_strided(op, s);
  std::vector<Dim> dims(s.dims.begin(), s.dims.end());
  if (op.rank(1) != static_cast<int>(dims.size())) {
    op.fail(ErrorKind::shape, "src",
            str("expected shape ", to_string(dims), ", got ", to_string(op.dims(1))));
  }
  for (size_t i = 0; i < dims.size(); ++i) {
    expect_eq(op, op.dims(1)[i], dims[i], "src", [&] {
      return str("expected shape ", to_string(dims), ", got ", to_string(op.dims(1)));
    });
  }
  op.result(op.dims(0));
}

void as_strided_scatter_rule(Decompose& d) {
  std::vector<int64_t> axis{0};
  Expr written =
      scatter("set", flat(d.in(0)), positions(d.builder(), strided_of(d)), d.in(1), axis, 0);
  d.out(reshape(written, d.in(0).dims()));
}

void reshape_samples(SampleList& s) {
  using L = std::vector<int64_t>;
  s.ok({T({2, 6})}, {{"shape", L{3, 4}}});
  s.ok({T({2, 3, 4})}, {{"shape", L{-1, 4}}});
  s.ok({T({2, 3, 4})}, {{"shape", L{0, -1}}});
  s.ok({T({})}, {{"shape", L{1, 1}}});
  s.ok({T({1})}, {{"shape", L{}}});
  s.ok({T({0, 3})}, {{"shape", L{0, 3, 1}}});
  s.wrong({T({2, 3})}, {{"shape", L{4}}}, ErrorKind::shape, "cannot become");
  s.wrong({T({2, 3})}, {{"shape", L{-1, 4}}}, ErrorKind::shape, "does not divide");
  s.wrong({T({2, 3})}, {{"shape", L{-1, -1}}}, ErrorKind::value, "at most one size");
  s.wrong({T({2, 3})}, {{"shape", L{-2, 3}}}, ErrorKind::value, "at least 0");
  s.wrong({T({2, 3})}, {}, ErrorKind::value, "required");
  s.wrong({T({2, 3})}, {{"shape", "x"}}, ErrorKind::type, "expected integers");
}

void transpose_samples(SampleList& s) {
  using L = std::vector<int64_t>;
  s.ok({T({2, 3})}, {{"perm", L{1, 0}}});
  s.ok({T({2, 3, 4})}, {{"perm", L{2, 0, 1}}});
  s.ok({T({2, 3, 4})}, {{"perm", L{-1, 0, 1}}});
  s.ok({T({})}, {{"perm", L{}}});
  s.ok({T({0, 3})}, {{"perm", L{1, 0}}});
  s.wrong({T({2, 3})}, {{"perm", L{0}}}, ErrorKind::value, "a permutation of 2 axes");
  s.wrong({T({2, 3})}, {{"perm", L{0, 0}}}, ErrorKind::value, "named twice");
  s.wrong({T({2, 3})}, {{"perm", L{0, 2}}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 3})}, {{"perm", L{0, -3}}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 3})}, {}, ErrorKind::value, "required");
  s.wrong({T({2, 3})}, {{"perm", 1.5}}, ErrorKind::type, "integer");
}

void pair_axis_samples(SampleList& s) {
  s.ok({T({2, 3, 4})}, {{"axis0", 0}, {"axis1", 2}});
  s.ok({T({2, 3})}, {{"axis0", -1}, {"axis1", 0}});
  s.ok({T({0, 3})}, {{"axis0", 1}, {"axis1", 0}});
  s.wrong({T({2, 3})}, {{"axis0", 2}, {"axis1", 0}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 3})}, {{"axis0", 0}, {"axis1", -3}}, ErrorKind::index, "out of range");
  s.wrong({T({})}, {{"axis0", 0}, {"axis1", 0}}, ErrorKind::index, "0-d");
  s.wrong({T({2, 3})}, {{"axis0", 0}}, ErrorKind::value, "required");
  s.wrong({T({2, 3})}, {{"axis0", 0}, {"axis1", "x"}}, ErrorKind::type, "an integer");
  s.wrong({absent()}, {{"axis0", 0}, {"axis1", 0}}, ErrorKind::value, "required");
}

void move_samples(SampleList& s) {
  using L = std::vector<int64_t>;
  s.ok({T({2, 3, 4})}, {{"source", 0}, {"destination", -1}});
  s.ok({T({2, 3, 4})}, {{"source", L{0, 1}}, {"destination", L{2, 0}}});
  s.wrong({T({2, 3})}, {{"source", 3}, {"destination", 0}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 3})}, {{"source", 0}, {"destination", 5}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 3})}, {{"source", L{0, 1}}, {"destination", L{0}}}, ErrorKind::value,
          "as many axes");
  s.wrong({T({2, 3})}, {{"source", L{0, 0}}, {"destination", L{0, 1}}}, ErrorKind::value,
          "named twice");
  s.wrong({T({2, 3})}, {{"source", L{0, 1}}, {"destination", L{1, 1}}}, ErrorKind::value,
          "named twice");
  s.wrong({T({2, 3})}, {{"source", 0}}, ErrorKind::value, "required");
}

void matrix_samples(SampleList& s) {
  for (std::vector<int64_t> dims : {std::vector<int64_t>{}, {3}, {2, 3}, {0, 2}}) s.ok({T(dims)});
  s.wrong({T({2, 3, 4})}, {}, ErrorKind::shape, "at most 2 dims");
  s.wrong({T({1, 1, 1, 1})}, {}, ErrorKind::shape, "at most 2 dims");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({2, 3})}, {{"perm", 1}}, ErrorKind::key, "no such argument");
  s.wrong({T({2, 3})}, {{"xs", 1}}, ErrorKind::key, "did you mean 'x'?");
  s.wrong({absent()}, {{"x", "matrix"}}, ErrorKind::type, "expected a Tensor or a number, got str");
  s.wrong({T({0, 3, 1})}, {}, ErrorKind::shape, "got 3");
}

void squeeze_samples(SampleList& s) {
  using L = std::vector<int64_t>;
  s.ok({T({1, 3, 1})});
  s.ok({T({1, 3, 1})}, {{"axis", 0}});
  s.ok({T({1, 3, 1})}, {{"axis", L{-1, 1}}});
  s.ok({T({})});
  s.ok({T({0, 1})});
  s.wrong({T({1, 3})}, {{"axis", 2}}, ErrorKind::index, "out of range");
  s.wrong({T({1, 3})}, {{"axis", -3}}, ErrorKind::index, "out of range");
  s.wrong({T({})}, {{"axis", 0}}, ErrorKind::index, "0-d");
  s.wrong({T({1, 3})}, {{"axis", L{0, 0}}}, ErrorKind::value, "named twice");
  s.wrong({T({1, 3})}, {{"axis", "x"}}, ErrorKind::type, "integer");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
}

void unsqueeze_samples(SampleList& s) {
  using L = std::vector<int64_t>;
  s.ok({T({2, 3})}, {{"axis", 0}});
  s.ok({T({2, 3})}, {{"axis", -1}});
  s.ok({T({2, 3})}, {{"axis", L{0, 2}}});
  s.ok({T({})}, {{"axis", 0}});
  s.ok({T({0})}, {{"axis", 1}});
  s.wrong({T({2, 3})}, {{"axis", 3}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 3})}, {{"axis", -4}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 3})}, {{"axis", L{0, 0}}}, ErrorKind::value, "named twice");
  s.wrong({T({2, 3})}, {}, ErrorKind::value, "required");
  s.wrong({T({2, 3})}, {{"axis", 0.5}}, ErrorKind::type, "integer");
  s.wrong({absent()}, {{"axis", 0}}, ErrorKind::value, "required");
}

void flatten_samples(SampleList& s) {
  s.ok({T({2, 3, 4})});
  s.ok({T({2, 3, 4})}, {{"start_axis", 1}});
  s.ok({T({2, 3, 4})}, {{"start_axis", 0}, {"stop_axis", 1}});
  s.ok({T({})});
  s.ok({T({0, 3})});
  s.wrong({T({2, 3})}, {{"start_axis", 2}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 3})}, {{"stop_axis", -3}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 3})}, {{"start_axis", 1}, {"stop_axis", 0}}, ErrorKind::value, "not before");
  s.wrong({T({2, 3})}, {{"start_axis", "a"}}, ErrorKind::type, "an integer");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({2, 3})}, {{"axis", 1}}, ErrorKind::key, "no such argument");
}

void expand_samples(SampleList& s) {
  using L = std::vector<int64_t>;
  s.ok({T({3, 1})}, {{"shape", L{3, 4}}});
  s.ok({T({3, 1})}, {{"shape", L{2, -1, 4}}});
  s.ok({T({})}, {{"shape", L{2}}});
  s.ok({T({1})}, {{"shape", L{0}}});
  s.wrong({T({3})}, {{"shape", L{4}}}, ErrorKind::shape, "cannot be expanded");
  s.wrong({T({2, 3})}, {{"shape", L{3}}}, ErrorKind::shape, "at least 2 sizes");
  s.wrong({T({3})}, {{"shape", L{-1, 3}}}, ErrorKind::value, "a new axis in front");
  s.wrong({T({1})}, {{"shape", L{-2}}}, ErrorKind::shape, "at least 0");
  s.wrong({T({3})}, {}, ErrorKind::value, "required");
  s.wrong({T({3})}, {{"shape", "x"}}, ErrorKind::type, "expected integers");
}

void expand_as_samples(SampleList& s) {
  s.ok({T({3, 1}), T({3, 4})});
  s.ok({T({}), T({2})});
  s.wrong({T({3}), T({4})}, {}, ErrorKind::shape, "does not match");
  s.wrong({T({2, 3}), T({3})}, {}, ErrorKind::shape, "cannot be expanded");
  s.wrong({T({2, 3}), T({1, 3})}, {}, ErrorKind::shape, "cannot be expanded");
  s.wrong({T({2}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({absent(), T({2})}, {}, ErrorKind::value, "required");
  s.wrong({T({2}), T({2})}, {{"shape", 2}}, ErrorKind::key, "no such argument");
}

void flip_samples(SampleList& s) {
  using L = std::vector<int64_t>;
  s.ok({T({2, 3})}, {{"axis", 0}});
  s.ok({T({2, 3, 2})}, {{"axis", L{0, -1}}});
  s.ok({T({0, 2})}, {{"axis", 1}});
  s.wrong({T({2, 3})}, {{"axis", 2}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 3})}, {{"axis", L{0, 0}}}, ErrorKind::value, "named twice");
  s.wrong({T({2, 3})}, {{"axis", L{1, -1}}}, ErrorKind::value, "named twice");
  s.wrong({T({})}, {{"axis", 0}}, ErrorKind::index, "0-d");
  s.wrong({T({2, 3})}, {}, ErrorKind::value, "required");
  s.wrong({T({2, 3})}, {{"axis", "x"}}, ErrorKind::type, "integer");
}

void strided_samples(SampleList& s) {
  using L = std::vector<int64_t>;
  s.ok({T({2, 6})}, {{"shape", L{3, 2}}, {"stride", L{2, 1}}});
  s.ok({T({8})}, {{"shape", L{3, 3}}, {"stride", L{1, 2}}, {"offset", 1}});
  s.ok({T({8})}, {{"shape", L{4}}, {"stride", L{-2}}, {"offset", 7}});
  s.ok({T({4})}, {{"shape", L{0, 3}}, {"stride", L{1, 1}}});
  s.wrong({T({4})}, {{"shape", L{5}}, {"stride", L{1}}}, ErrorKind::shape, "outside");
  s.wrong({T({4})}, {{"shape", L{2}}, {"stride", L{-1}}}, ErrorKind::value, "a first element");
  s.wrong({T({4})}, {{"shape", L{2}}, {"stride", L{1, 1}}}, ErrorKind::value, "one for each size");
  s.wrong({T({4})}, {{"shape", L{-2}}, {"stride", L{1}}}, ErrorKind::value, "at least 0");
  s.wrong({T({4})}, {{"shape", L{2}}, {"stride", L{1}}, {"offset", 3}}, ErrorKind::shape,
          "outside");
  s.wrong({T({4})}, {{"shape", L{2}}}, ErrorKind::value, "required");
}

void strided_scatter_samples(SampleList& s) {
  using L = std::vector<int64_t>;
  s.ok({T({2, 6}), T({3, 2})}, {{"shape", L{3, 2}}, {"stride", L{2, 1}}});
  s.ok({T({8}), T({4})}, {{"shape", L{4}}, {"stride", L{-2}}, {"offset", 7}});
  s.wrong({T({4}), T({5})}, {{"shape", L{5}}, {"stride", L{1}}}, ErrorKind::shape, "outside");
  s.wrong({T({4}), T({3})}, {{"shape", L{2}}, {"stride", L{1}}}, ErrorKind::shape,
          "expected shape [2]");
  s.wrong({T({4}), T({2, 1})}, {{"shape", L{2}}, {"stride", L{1}}}, ErrorKind::shape,
          "expected shape [2]");
  s.wrong({T({4}), T({2})}, {{"shape", L{2}}, {"stride", L{-1}}}, ErrorKind::value,
          "a first element");
  s.wrong({T({4}), T({2})}, {{"shape", L{2}}}, ErrorKind::value, "required");
  s.wrong({T({4}), absent()}, {{"shape", L{2}}, {"stride", L{1}}}, ErrorKind::value, "required");
}

ir::AttrSpec ints_attr(std::string_view name, std::vector<std::string_view> aliases = {},
                       ir::Literal value = {}) {
  return {.name = name,
          .aliases = std::move(aliases),
          .form = AttrForm::ints,
          .value = std::move(value)};
}

ir::Page layout(std::string_view name, std::vector<std::string_view> aliases, uint32_t faces,
                std::string_view doc, std::vector<ir::AttrSpec> attrs, void (*shape)(Infer&),
                DecomposeRule rule, std::string_view sharding, void (*samples)(SampleList&)) {
  return {.name = name,
          .aliases = std::move(aliases),
          .faces = faces,
          .doc = doc,
          .operands = {operand_x(kAll)},
          .attrs = std::move(attrs),
          .shape = shape,
          .vjp = by_decomposition(),
          .decompose = rule,
          .sharding = sharding,
          .alias = view(),
          .cost = no_flops,
          .samples = samples};
}

}  // namespace

std::vector<ir::Page> reshaping_pages() {
  constexpr std::string_view kPermuted = "... -> permuted ...",
                             kWhole = "none: the axes are cut anew";
  ir::AttrSpec shape{.name = "shape", .aliases = {"size"}, .form = AttrForm::shape};
  ir::AttrSpec axis{.name = "axis", .aliases = {"dim"}, .form = AttrForm::axes};
  ir::AttrSpec any_axis = axis;
  any_axis.value = kNone;
  auto one_axis = [](std::string_view name, std::string_view alias) {
    return ir::AttrSpec{.name = name, .aliases = {alias}, .form = AttrForm::axis};
  };
  ir::AttrSpec offset{.name = "offset",
                      .aliases = {"storage_offset"},
                      .form = AttrForm::integer,
                      .value = 0,
                      .lowest = 0};
  auto reversal = [](Decompose& d) { d.out(reverse(d.in(0), d.axes("axis", d.in(0).rank()))); };
  return {
      layout("reshape", {}, kWriting,
             "The elements of x, in row-major order, in another shape. One size may be -1 (what is "
             "left); 0 keeps the size at that place. "
             "A view where the strides allow.",
             {shape}, reshape_shape, to_result_dims, kWhole, reshape_samples),
      layout("transpose", {"permute"}, kWriting,
             "The axes in another order: axis i of the result is axis perm[i] of x. A view.",
             {ints_attr("perm", {"dims"})}, permuted_shape<permutation_of>,
             permuted_rule<permutation_of>, kPermuted, transpose_samples),
      layout("swapaxes", {"swapdims"}, kWriting, "Two axes exchanged. A view.",
             {one_axis("axis0", "dim0"), one_axis("axis1", "dim1")}, permuted_shape<by_axes>,
             permuted_rule<by_axes>, kPermuted, pair_axis_samples),
      layout("moveaxis", {"movedim"}, kOperator,
             "Axes moved to other places; the rest keep their order. A view.",
             {ints_attr("source"), ints_attr("destination")}, permuted_shape<moved>,
             permuted_rule<moved>, kPermuted, move_samples),
      layout("t", {}, kWriting,
             "The transposed matrix; tensors of 0 and 1 dims as they are. A view.", {},
             permuted_shape<as_matrix>, permuted_rule<as_matrix>, kPermuted, matrix_samples),
      layout("squeeze", {}, kWriting,
             "Axes of size 1 taken away: all of them, or those named (a named axis of another size "
             "stays). A view.",
             {any_axis}, squeeze_shape, to_result_dims, kWhole, squeeze_samples),
      layout("unsqueeze", {}, kWriting,
             "New axes of size 1 at the named places of the result. A view.", {axis},
             unsqueeze_shape, to_result_dims, kWhole, unsqueeze_samples),
      layout("flatten", {}, kWriting,
             "The axes from start_axis to stop_axis (both included) made one. A view where the "
             "strides allow.",
             {{.name = "start_axis", .aliases = {"start_dim"}, .form = AttrForm::axis, .value = 0},
              {.name = "stop_axis", .aliases = {"end_dim"}, .form = AttrForm::axis, .value = -1}},
             flatten_shape, to_result_dims, kWhole, flatten_samples),
      layout("expand", {"broadcast_to"}, kOperator,
             "Axes of size 1 repeated to the given shape, which may have new axes in front; -1 "
             "keeps a size. A view: nothing is copied.",
             {shape}, expand_shape, expand_rule, kEachAxis, expand_samples),
      {.name = "expand_as",
       .faces = kOperator,
       .doc = "x expanded to the shape of y. A view.",
       .operands = {operand_x(kAll),
                    {.name = "y", .aliases = {"other"}, .dtypes = kAll, .meets = false}},
       .shape = expand_as_shape,
       .vjp = by_decomposition(),
       .decompose = expand_rule,
       .sharding = kEachAxis2,
       .alias = view(),
       .cost = no_flops,
       .samples = expand_as_samples},
      layout("flip", {"reverse"}, kOperator,
             "The elements in reverse order along the named axes. A view.", {axis}, flip_shape,
             reversal, kEachAxis, flip_samples),
      layout("as_strided", {}, kOperator,
             "Element (i, j, ...) is number offset + i * stride[0] + j * stride[1] + ... of the "
             "elements of x in row-major order.",
             {ints_attr("shape", {"size"}), ints_attr("stride"), offset}, as_strided_shape,
             as_strided_rule, kWhole, strided_samples),
      {.name = "as_strided_scatter",
       .faces = kOperator,
       .doc = "x with the elements that as_strided would show replaced by src.",
       .operands = {operand_x(kAnySet), {.name = "src", .dtypes = kAnySet}},
       .attrs = {ints_attr("shape", {"size"}), ints_attr("stride"), offset},
       .shape = as_strided_scatter_shape,
       .vjp = by_decomposition(),
       .decompose = as_strided_scatter_rule,
       .sharding = kWhole,
       .cost = no_flops,
       .samples = strided_scatter_samples},
  };
}

}  // namespace proa::ops
