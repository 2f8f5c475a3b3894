// Tensors turned, windowed, cut at positions, lifted to more axes and put side by side.

#include <algorithm>

#include "proa/ir/need_extents.h"
#include "proa/ops/composite.h"
#include "proa/ops/refusal.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;

std::vector<Dim> dims_of(std::span<const Dim> dims) { return {dims.begin(), dims.end()}; }

int64_t known(const ir::AttrView& op, Dim extent) {
  if (!extent.is_const())
    throw ir::NeedExtents(str(op.page().name, ": the positions depend on the extent"), {extent});
  return extent.constant();
}

void to_result_dims(Decompose& d) { d.out(reshape(d.in(0), d.result_type().dims())); }

// rot90

struct Turn {
  int from = 0, to = 0;
  int64_t quarters = 0;
};

Turn turn_of(const ir::AttrView& op, int rank) {
  L axes = op.ints("axes");
  if (axes.size() != 2)
    op.fail(ErrorKind::value, "axes", str("expected two axes, got ", list_str(axes)));
  Turn t{op.axis_of("axes", axes[0], rank), op.axis_of("axes", axes[1], rank),
         ((op.integer("k") % 4) + 4) % 4};
  if (t.from == t.to)
    op.fail(ErrorKind::value, "axes",
            str("expected two different axes, got axis ", t.to, " twice"));
  return t;
}

void rot90_shape(Infer& op) {
  Turn t = turn_of(op, op.rank(0));
  std::vector<Dim> dims = dims_of(op.dims(0));
  if (t.quarters % 2 == 1)
    std::swap(dims[static_cast<size_t>(t.from)], dims[static_cast<size_t>(t.to)]);
  op.result(dims);
}

void rot90_rule(Decompose& d) {
  Expr x = d.in(0);
  Turn t = turn_of(d, x.rank());
  int both[] = {std::min(t.from, t.to), std::max(t.from, t.to)}, last[] = {t.to};
  if (t.quarters == 1) x = swap_axes(reverse(x, last), t.from, t.to);
  if (t.quarters == 2) x = reverse(x, both);
  if (t.quarters == 3) x = reverse(swap_axes(x, t.from, t.to), last);
  d.out(x);
}

void rot90_samples(SampleList& s) {
  for (int k : {-1, 0, 1, 2, 3, 5}) s.ok({T({2, 3})}, {{"k", k}});
  s.ok({T({2, 3, 2})}, {{"axes", L{2, 0}}});
  s.ok({T({0, 3})});
  s.wrong({T({2, 3})}, {{"axes", L{0, 0}}}, ErrorKind::value, "different axes");
  s.wrong({T({2, 3})}, {{"axes", L{0, -2}}}, ErrorKind::value, "different axes");
  s.wrong({T({2, 3})}, {{"axes", L{0}}}, ErrorKind::value, "two axes");
  s.wrong({T({2, 3})}, {{"axes", L{0, 2}}}, ErrorKind::index, "out of range");
  s.wrong({T({3})}, {}, ErrorKind::index, "out of range");
  refuse_integer(s, {T({2, 3})}, {}, "k");
  refuse_strangers(s, {T({2, 3})}, {});
}

// unfold: windows along an axis

Dim windows(Infer& op, int axis) {
  int64_t size = op.integer("size"), step = op.integer("step");
  expect_ge(op, op.dim(0, axis), Dim(size), "size", [&] {
    return str("expected at most the ", to_string(op.dim(0, axis)), " elements of axis ", axis,
               ", got ", size);
  });
  return floordiv(op.dim(0, axis) - Dim(size), Dim(step)) + Dim(1);
}

void unfold_shape(Infer& op) {
  int axis = op.axis("axis", op.rank(0));
  std::vector<Dim> dims = dims_of(op.dims(0));
  dims[static_cast<size_t>(axis)] = windows(op, axis);
  dims.emplace_back(op.integer("size"));
  op.result(dims);
}

void unfold_rule(Decompose& d) {
  Expr x = d.in(0);
  int axis = d.axis("axis", x.rank());
  std::vector<Dim> dims{d.result_type().dims()[static_cast<size_t>(axis)], Dim(d.integer("size"))};
  Expr at = iota(d.builder(), DType::i64, dims, 0) * static_cast<double>(d.integer("step")) +
            iota(d.builder(), DType::i64, dims, 1);
  Expr y = gather(x, unsqueeze(at, 2), L{axis}, 0);  // [windows, size, other axes...]
  d.out(move_axis(move_axis(y, 1, -1), 0, axis));
}

void unfold_samples(SampleList& s) {
  s.ok({T({7})}, {{"axis", 0}, {"size", 3}, {"step", 2}});
  s.ok({T({2, 6})}, {{"axis", 1}, {"size", 2}, {"step", 2}});
  s.ok({T({5, 2})}, {{"axis", -2}, {"size", 3}, {"step", 1}});
  s.ok({T({4})}, {{"axis", 0}, {"size", 0}, {"step", 1}});
  ir::SampleAttrs a{{"axis", 0}, {"size", 3}, {"step", 2}};
  s.wrong({T({2})}, a, ErrorKind::shape, "at most the 2 elements");
  s.wrong({T({})}, a, ErrorKind::index, "0-d");
  s.wrong({T({7})}, with(a, "size", -1), ErrorKind::value, "at least 0");
  s.wrong({T({7})}, with(a, "step", 0), ErrorKind::value, "at least 1");
  refuse_axis(s, {T({7})}, a);
  refuse_strangers(s, {T({7})}, a);
}

// tensor_split and its kin for the first three axes

struct Cuts {
  int axis = 0;
  L borders;  // the first is 0, the last the extent; each piece is cut to what is there
};

int cut_axis(const ir::AttrView& op, int rank) {
  std::string_view name = op.page().name;
  if (name == "tensor_split") return op.axis("axis", rank);
  int axis = name == "vsplit" ? 0 : name == "dsplit" ? 2 : rank == 1 ? 0 : 1;
  int least = name == "hsplit" ? 1 : name == "vsplit" ? 2 : 3;
  if (rank < least)
    op.fail(ErrorKind::shape, "x", str("expected at least ", least, " dims, got ", rank));
  return axis;
}

Cuts cuts_of(const ir::AttrView& op, std::span<const Dim> dims) {
  Cuts cuts;
  cuts.axis = cut_axis(op, static_cast<int>(dims.size()));
  int64_t extent = known(op, dims[static_cast<size_t>(cuts.axis)]);
  ir::Attribute given = op.raw("num_or_indices");
  cuts.borders.push_back(0);
  if (given.is(ir::AttrKind::integer) || given.is(ir::AttrKind::dim)) {
    int64_t n = op.integer("num_or_indices");
    if (n <= 0)
      op.fail(ErrorKind::value, "num_or_indices",
              str("expected a positive number of pieces, got ", n));
    if (op.page().name != "tensor_split" && extent % n != 0)
      op.fail(ErrorKind::shape, "num_or_indices",
              str("axis ", cuts.axis, " of size ", extent, " does not divide into ", n,
                  " equal pieces"));
    // The first pieces are one longer where the extent does not divide.
    for (int64_t i = 1; i < n; ++i)
      cuts.borders.push_back(extent / n * i + std::min(i, extent % n));
  } else {
    for (int64_t at : op.ints("num_or_indices")) {
      if (at < 0) at += extent;
      cuts.borders.push_back(std::clamp<int64_t>(at, 0, extent));
    }
  }
  cuts.borders.push_back(extent);
  return cuts;
}

void cut_shape(Infer& op) {
  Cuts cuts = cuts_of(op, op.dims(0));
  for (size_t i = 0; i + 1 < cuts.borders.size(); ++i) {
    std::vector<Dim> dims = dims_of(op.dims(0));
    dims[static_cast<size_t>(cuts.axis)] =
        std::max<int64_t>(0, cuts.borders[i + 1] - cuts.borders[i]);
    op.result(dims);
  }
}

void cut_rule(Decompose& d) {
  Cuts cuts = cuts_of(d, d.in(0).dims());
  for (size_t i = 0; i + 1 < cuts.borders.size(); ++i)
    d.out(slice_axis(d.in(0), cuts.axis, cuts.borders[i],
                     std::max(cuts.borders[i], cuts.borders[i + 1])));
}

template <int kLeast>
void cut_samples(SampleList& s) {
  constexpr std::string_view given = "num_or_indices";
  L dims = kLeast == 3 ? L{2, 3, 4} : L{4, 4};
  s.ok({T(dims)}, {{given, 2}});
  s.ok({T(dims)}, {{given, L{1, 3}}});
  s.ok({T(dims)}, {{given, L{-1}}});
  s.ok({T(dims)}, {{given, L{3, 1, 9}}});
  if (kLeast == 0) {
    s.ok({T({7, 2})}, {{given, 3}});
    s.ok({T({2, 5})}, {{given, 3}, {"axis", 1}});
    refuse_axis(s, {T(dims)}, {{given, 2}});
  }
  if (kLeast == 1) s.ok({T({6})}, {{given, 3}});
  s.wrong({T(dims)}, {{given, 0}}, ErrorKind::value, "a positive number");
  s.wrong({T(dims)}, {{given, -2}}, ErrorKind::value, "a positive number");
  s.wrong({T(dims)}, {}, ErrorKind::value, "required");
  s.wrong({T({})}, {{given, 2}}, kLeast == 0 ? ErrorKind::index : ErrorKind::shape,
          kLeast == 0 ? "0-d" : "at least");
  if (kLeast > 0) s.wrong({T(dims)}, {{given, 3}}, ErrorKind::shape, "does not divide");
  if (kLeast > 1) s.wrong({T({4})}, {{given, 2}}, ErrorKind::shape, "dims, got 1");
  refuse_strangers(s, {T(dims)}, {{given, 2}});
}

// atleast_1d, atleast_2d, atleast_3d, and what is stacked after such a lift

// Where NumPy puts new axes: in front, and for three dims also one at the end.
std::vector<Dim> lifted(std::span<const Dim> dims, int least) {
  std::vector<Dim> out = dims_of(dims);
  if (out.empty()) out.emplace_back(1);
  if (out.size() == 1 && least >= 2) out.insert(out.begin(), Dim(1));
  if (out.size() == 2 && least >= 3) out.emplace_back(1);
  return out;
}

template <int kLeast>
void lifted_shape(Infer& op) {
  op.result(lifted(op.dims(0), kLeast));
}

void lifted_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) s.ok({T(dims)});
  refuse_strangers(s, {T({2})}, {});
  s.wrong({T({2})}, {{"axis", 0}}, ErrorKind::key, "no such argument");
  s.wrong({T({2})}, {{"dim", 0}}, ErrorKind::key, "no such argument");
  s.wrong({T({2})}, {{"shape", 2}}, ErrorKind::key, "no such argument");
}

// How a stacking operator sees one tensor, and the axis along which it joins them.
std::vector<Dim> stacked_dims(std::string_view name, std::span<const Dim> dims) {
  if (name == "hstack") return lifted(dims, 1);
  if (name == "dstack") return lifted(dims, 3);
  if (name == "vstack") return lifted(dims, 2);
  std::vector<Dim> out = lifted(dims, 1);  // column_stack: vectors are columns
  if (out.size() == 1) out.emplace_back(1);
  return out;
}

size_t stacking_axis(std::string_view name, size_t rank) {
  return name == "vstack" ? 0 : name == "dstack" ? 2 : rank == 1 ? 0 : 1;
}

void stacked_shape(Infer& op) {
  std::string_view name = op.page().name;
  if (op.count(0) == 0) op.fail(ErrorKind::value, "x", "expected at least one tensor, got none");
  std::vector<Dim> dims = stacked_dims(name, op.dims(0, 0));
  size_t axis = stacking_axis(name, dims.size());
  for (int k = 1; k < op.count(0); ++k) {
    std::vector<Dim> next = stacked_dims(name, op.dims(0, k));
    auto message = [&] {
      return str("tensor ", k, " of shape ", to_string(op.dims(0, k)),
                 " does not fit beside shape ", to_string(op.dims(0, 0)));
    };
    if (next.size() != dims.size()) op.fail(ErrorKind::shape, "x", message());
    for (size_t i = 0; i < dims.size(); ++i) {
      if (i != axis) expect_eq(op, next[i], dims[i], "x", message);
    }
    dims[axis] += next[axis];
  }
  op.result(dims);
}

void stacked_rule(Decompose& d) {
  std::string_view name = d.page().name;
  std::vector<Expr> parts = d.ins(0);
  for (Expr& part : parts) part = reshape(part, stacked_dims(name, part.dims()));
  d.out(concat(parts, static_cast<int>(stacking_axis(name, parts[0].dims().size()))));
}

void refuse_lists(SampleList& s) {
  s.wrong_list({{}}, {}, ErrorKind::value, "at least one");
  s.wrong_list({{T({2})}}, {{"axis", 0}}, ErrorKind::key, "no such argument");
  s.wrong_list({{T({2})}}, {{"dim", 0}}, ErrorKind::key, "no such argument");
  s.wrong_list({{T({2})}}, {{"out", 0}}, ErrorKind::key, "no such argument");
}

void stacked_samples(SampleList& s) {
  s.ok_list({{T({3}), T({3})}});
  s.ok_list({{T({}), T({}), T({})}});
  s.ok_list({{T({2, 2}), T({2, 2})}});
  s.ok_list({{T({2, 2, 2}), T({2, 2, 2})}});
  s.ok_list({{T({0, 2})}});
  refuse_lists(s);
  s.wrong_list({{T({2, 3, 2}), T({3, 2, 3})}}, {}, ErrorKind::shape, "does not fit");
  s.wrong_list({{T({2, 2, 2, 2}), T({2, 2, 2})}}, {}, ErrorKind::shape, "does not fit");
}

// broadcast_tensors

void together_shape(Infer& op) {
  if (op.count(0) == 0)
    op.fail(ErrorKind::value, "input", "expected at least one tensor, got none");
  std::vector<Dim> dims = dims_of(op.dims(0, 0));
  for (int k = 1; k < op.count(0); ++k) dims = op.broadcast(dims, op.dims(0, k), "input");
  for (int k = 0; k < op.count(0); ++k) op.result(dims, op.dtype(0, k));
}

void together_rule(Decompose& d) {
  for (int k = 0; k < d.count(0); ++k)
    d.out(broadcast_to(d.in(0, k), d.result_type(static_cast<int>(k)).dims()));
}

void together_samples(SampleList& s) {
  s.ok_list({{T({2, 1}), T({3})}});
  s.ok_list({{T({}), T({2, 3}), T({1, 3})}});
  s.ok_list({{T({4})}});
  s.ok_list({{T({0, 1}), T({3})}});
  refuse_lists(s);
  s.wrong_list({{T({2}), T({3})}}, {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong_list({{T({2, 2}), T({3, 2})}}, {}, ErrorKind::shape, "cannot be broadcast");
}

// block_diag

std::pair<Dim, Dim> block_size(std::span<const Dim> dims) {
  if (dims.empty()) return {Dim(1), Dim(1)};
  if (dims.size() == 1) return {Dim(1), dims[0]};
  return {dims[0], dims[1]};
}

void block_diag_shape(Infer& op) {
  if (op.count(0) == 0)
    op.fail(ErrorKind::value, "inputs", "expected at least one tensor, got none");
  Dim rows = 0, columns = 0;
  for (int k = 0; k < op.count(0); ++k) {
    if (op.rank(0, k) > 2)
      op.fail(ErrorKind::shape, "inputs",
              str("expected at most 2 dims, tensor ", k, " has shape ", to_string(op.dims(0, k))));
    auto [r, c] = block_size(op.dims(0, k));
    rows += r;
    columns += c;
  }
  op.result(std::vector<Dim>{rows, columns});
}

void block_diag_rule(Decompose& d) {
  Dim columns = d.result_type().dims()[1], before = 0;
  std::vector<Expr> parts;
  for (Expr x : d.ins(0)) {
    auto [r, c] = block_size(x.dims());
    std::vector<Dim> low{Dim(0), before}, high{Dim(0), columns - before - c};
    parts.push_back(pad(reshape(x, std::vector<Dim>{r, c}), zero_like(x), low, high, {}));
    before += c;
  }
  d.out(concat(parts, 0));
}

void block_diag_samples(SampleList& s) {
  s.ok_list({{T({2, 3}), T({1, 2})}});
  s.ok_list({{T({}), T({3}), T({2, 2})}});
  s.ok_list({{T({0, 2}), T({2, 1})}});
  s.ok_list({{T({2})}});
  refuse_lists(s);
  s.wrong_list({{T({2, 2, 2})}}, {}, ErrorKind::shape, "at most 2 dims");
  s.wrong_list({{T({2}), T({1, 1, 1})}}, {}, ErrorKind::shape, "tensor 1");
}

// cartesian_prod, combinations, vander

void cartesian_shape(Infer& op) {
  if (op.count(0) == 0) op.fail(ErrorKind::value, "x", "expected at least one tensor, got none");
  Dim rows = 1;
  for (int k = 0; k < op.count(0); ++k) {
    if (op.rank(0, k) != 1)
      op.fail(ErrorKind::shape, "x",
              str("expected vectors, tensor ", k, " has shape ", to_string(op.dims(0, k))));
    rows = rows * op.dims(0, k)[0];
  }
  if (op.count(0) == 1) return op.result(std::vector<Dim>{rows});
  op.result(std::vector<Dim>{rows, Dim(op.count(0))});
}

void cartesian_rule(Decompose& d) {
  std::vector<Expr> parts = d.ins(0);
  if (parts.size() == 1) return d.out(parts[0]);
  std::vector<Dim> grid, rows{d.result_type().dims()[0]};
  for (Expr part : parts) grid.push_back(part.dim(0));
  for (size_t k = 0; k < parts.size(); ++k) {
    int axes[] = {static_cast<int>(k)};
    parts[k] = unsqueeze(reshape(broadcast_in(parts[k], grid, axes), rows), 1);
  }
  d.out(concat(parts, 1));
}

void cartesian_samples(SampleList& s) {
  s.ok_list({{T({2}), T({3})}});
  s.ok_list({{T({2}), T({1}), T({3})}});
  s.ok_list({{T({4})}});
  s.ok_list({{T({2}), T({0})}});
  refuse_lists(s);
  s.wrong_list({{T({}), T({2})}}, {}, ErrorKind::shape, "expected vectors");
  s.wrong_list({{T({2}), T({2, 2})}}, {}, ErrorKind::shape, "tensor 1");
}

// Positions in lexicographic order: each row rises, strictly so without replacement.
std::vector<double> choices_of(int64_t n, int64_t r, bool repeated) {
  std::vector<double> out;
  L row(static_cast<size_t>(r));
  auto fill = [&](auto& self, size_t at, int64_t from) -> void {
    if (at == row.size()) {
      out.insert(out.end(), row.begin(), row.end());
      return;
    }
    for (int64_t v = from; v < n; ++v) {
      row[at] = v;
      self(self, at + 1, repeated ? v : v + 1);
    }
  };
  fill(fill, 0, 0);
  return out;
}

// n choose r, kept below what fits into memory.
int64_t count_of(const ir::AttrView& op, int64_t n, int64_t r, bool repeated) {
  if (repeated) n = n == 0 ? 0 : n + r - 1;
  double count = n < r ? 0 : 1;
  for (int64_t i = 1; i <= r && count > 0; ++i)
    count = count * static_cast<double>(n - r + i) / static_cast<double>(i);
  if (count * static_cast<double>(r) > 1e8)
    op.fail(ErrorKind::value, "r",
            str("expected combinations of at most 1e+08 elements together, got ",
                count * static_cast<double>(r)));
  return static_cast<int64_t>(count + 0.5);
}

void combinations_shape(Infer& op) {
  if (op.rank(0) != 1)
    op.fail(ErrorKind::shape, "x", str("expected a vector, got shape ", to_string(op.dims(0))));
  int64_t r = op.integer("r"),
          n = count_of(op, known(op, op.dim(0, 0)), r, op.boolean("with_replacement"));
  op.result(r == 0 ? std::vector<Dim>{Dim(0)} : std::vector<Dim>{Dim(n), Dim(r)});
}

void combinations_rule(Decompose& d) {
  Expr x = d.in(0);
  int64_t r = d.integer("r");
  if (r == 0) return d.out(slice_axis(x, 0, 0, 0));
  std::vector<double> at = choices_of(static_dim(x, 0), r, d.boolean("with_replacement"));
  auto rows = static_cast<int64_t>(at.size()) / r;
  Expr index = constant(d.builder(), dense_data(DType::i64, {rows, r, 1}, at));
  d.out(gather(x, index, L{0}, 0));
}

void combinations_samples(SampleList& s) {
  s.ok({T({4})});
  s.ok({T({4})}, {{"r", 3}});
  s.ok({T({3})}, {{"r", 2}, {"with_replacement", true}});
  s.ok({T({2})}, {{"r", 3}});
  s.ok({T({3})}, {{"r", 0}});
  s.wrong({T({2, 2})}, {}, ErrorKind::shape, "a vector");
  s.wrong({T({})}, {}, ErrorKind::shape, "a vector");
  s.wrong({T({3})}, {{"r", -1}}, ErrorKind::value, "at least 0");
  s.wrong({T({90})}, {{"r", 45}}, ErrorKind::value, "at most 1e+08 elements");
  refuse_flag(s, {T({3})}, {}, "with_replacement");
  refuse_strangers(s, {T({3})}, {});
}

void vander_shape(Infer& op) {
  if (op.rank(0) != 1)
    op.fail(ErrorKind::shape, "x", str("expected a vector, got shape ", to_string(op.dims(0))));
  op.result(std::vector<Dim>{op.dim(0, 0), op.has("n") ? Dim(op.integer("n")) : op.dim(0, 0)});
}

void vander_rule(Decompose& d) {
  Expr x = unsqueeze(d.in(0), 1);
  std::vector<Dim> dims = dims_of(d.result_type().dims());
  Expr first = compare("eq", iota(d.builder(), DType::i64, dims, 1), 0.0);
  Expr powers = scan("prod", select(first, full_like(x, 1), x), 1);
  int axes[] = {1};
  d.out(d.boolean("increasing") ? powers : reverse(powers, axes));
}

void vander_samples(SampleList& s) {
  s.ok({T({3})});
  s.ok({T({3})}, {{"n", 5}});
  s.ok({T({4})}, {{"n", 2}, {"increasing", true}});
  s.ok({T({2})}, {{"n", 0}});
  s.ok({T({0})}, {{"n", 2}});
  s.wrong({T({2, 2})}, {}, ErrorKind::shape, "a vector");
  s.wrong({T({})}, {}, ErrorKind::shape, "a vector");
  s.wrong({T({3})}, {{"n", -1}}, ErrorKind::value, "at least 0");
  refuse_flag(s, {T({3})}, {}, "increasing");
  refuse_strangers(s, {T({3})}, {});
}

// unflatten, matrix_transpose

void unflatten_shape(Infer& op) {
  int axis = op.axis("axis", op.rank(0));
  std::vector<Dim> parts = op.dims_attr("shape");
  Dim extent = op.dim(0, axis), total = 1;
  int unknown = -1;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].is_const(-1)) {
      if (unknown >= 0)
        op.fail(ErrorKind::value, "shape",
                str("expected at most one size of -1, got ", to_string(parts)));
      unknown = static_cast<int>(i);
    } else {
      total = total * parts[i];
    }
  }
  if (unknown >= 0) {
    if (total.is_const(0))
      op.fail(ErrorKind::shape, "shape",
              str("expected no size of 0 beside -1, got ", to_string(parts)));
    parts[static_cast<size_t>(unknown)] = floordiv(extent, total);
    total = total * parts[static_cast<size_t>(unknown)];
  }
  require_extents(op, parts, "shape");
  expect_eq(op, total, extent, "shape", [&] {
    return str("axis ", axis, " of size ", to_string(extent), " cannot become ", to_string(parts));
  });
  std::vector<Dim> dims = dims_of(op.dims(0));
  dims.erase(dims.begin() + axis);
  dims.insert(dims.begin() + axis, parts.begin(), parts.end());
  op.result(dims);
}

void unflatten_samples(SampleList& s) {
  s.ok({T({6, 2})}, {{"axis", 0}, {"shape", L{2, 3}}});
  s.ok({T({2, 6})}, {{"axis", -1}, {"shape", L{-1, 3}}});
  s.ok({T({0, 2})}, {{"axis", 0}, {"shape", L{0, 4}}});
  ir::SampleAttrs a{{"axis", 0}, {"shape", L{2, 3}}};
  s.wrong({T({5})}, a, ErrorKind::shape, "cannot become");
  s.wrong({T({6})}, with(a, "shape", L{-1, -1}), ErrorKind::value, "at most one");
  s.wrong({T({6})}, with(a, "shape", L{-1, 4}), ErrorKind::shape, "cannot become");
  s.wrong({T({6})}, with(a, "shape", L{-1, 0}), ErrorKind::shape, "no size of 0");
  s.wrong({T({6})}, {{"axis", 0}}, ErrorKind::value, "required");
  refuse_axis(s, {T({6})}, a);
  refuse_strangers(s, {T({6})}, a);
}

void matrix_transpose_shape(Infer& op) {
  if (op.rank(0) < 2)
    op.fail(ErrorKind::shape, "x",
            str("expected at least 2 dims, got shape ", to_string(op.dims(0))));
  std::vector<Dim> dims = dims_of(op.dims(0));
  std::swap(dims[dims.size() - 1], dims[dims.size() - 2]);
  op.result(dims);
}

void matrix_transpose_samples(SampleList& s) {
  s.ok({T({2, 3})});
  s.ok({T({2, 1, 3})});
  s.ok({T({0, 3})});
  s.wrong({T({3})}, {}, ErrorKind::shape, "at least 2 dims");
  s.wrong({T({})}, {}, ErrorKind::shape, "at least 2 dims");
  s.wrong({T({2, 3})}, {{"perm", 0}}, ErrorKind::key, "no such argument");
  refuse_strangers(s, {T({2, 3})}, {});
}

// Pages.

ir::AttrSpec pieces_attr() {
  return {.name = "num_or_indices",
          .aliases = {"indices_or_sections", "indices", "sections"},
          .form = AttrForm::shape};
}

ir::Page cutting(std::string_view name, std::string_view doc, std::vector<ir::AttrSpec> attrs,
                 void (*samples)(SampleList&)) {
  return {.name = name,
          .faces = kOperator,
          .doc = doc,
          .operands = {operand_x(kAnySet)},
          .attrs = std::move(attrs),
          .results = -1,
          .shape = cut_shape,
          .vjp = by_decomposition(),
          .decompose = cut_rule,
          .sharding = "none: where it is cut depends on the extent",
          .alias = {{.view = true}},
          .cost = no_flops,
          .samples = samples};
}

ir::Page lifting(std::string_view name, std::string_view doc, void (*shape)(Infer&)) {
  return {.name = name,
          .faces = ir::kMethod,
          .doc = doc,
          .operands = {operand_x(kAnySet)},
          .shape = shape,
          .vjp = by_decomposition(),
          .decompose = to_result_dims,
          .sharding = kEachAxis,
          .alias = {{.view = true}},
          .cost = no_flops,
          .samples = lifted_samples};
}

struct Listed {
  std::string_view name;
  std::vector<std::string_view> aliases = {};
  std::string_view doc, operand = "x";
  int results = 1;
  void (*shape)(Infer&);
  DecomposeRule rule;
  std::string_view sharding = "none: tensors stand side by side";
  void (*samples)(SampleList&);
};

ir::Page listed(Listed l) {
  std::vector<std::string_view> names;
  for (std::string_view name : {"x", "inputs", "input", "tensors"}) {
    if (name != l.operand) names.push_back(name);
  }
  return {.name = l.name,
          .aliases = std::move(l.aliases),
          .faces = kOperator,
          .doc = l.doc,
          .operands = {{.name = l.operand,
                        .aliases = std::move(names),
                        .dtypes = kAnySet,
                        .variadic = true,
                        .meets = l.results == 1}},
          .results = l.results,
          .dtypes = l.results == 1 ? promote() : by_shape_rule(),
          .shape = l.shape,
          .vjp = by_decomposition(),
          .decompose = l.rule,
          .sharding = l.sharding,
          .cost = no_flops,
          .samples = l.samples};
}

}  // namespace

std::vector<ir::Page> arrangement_pages() {
  auto integer = [](std::string_view name, ir::Literal value, std::optional<double> lowest) {
    return ir::AttrSpec{
        .name = name, .form = AttrForm::integer, .value = std::move(value), .lowest = lowest};
  };
  auto flag = [](std::string_view name) {
    return ir::AttrSpec{.name = name, .form = AttrForm::boolean, .value = false};
  };
  ir::AttrSpec axis{.name = "axis", .aliases = {"dim", "dimension"}, .form = AttrForm::axis},
      axis0 = axis;
  axis0.value = 0;
  auto single = [](std::string_view name, std::string_view doc, std::vector<ir::AttrSpec> attrs,
                   void (*shape)(Infer&), DecomposeRule rule, void (*samples)(SampleList&)) {
    return ir::Page{.name = name,
                    .faces = kOperator,
                    .doc = doc,
                    .operands = {operand_x(kAnySet)},
                    .attrs = std::move(attrs),
                    .shape = shape,
                    .vjp = by_decomposition(),
                    .decompose = rule,
                    .sharding = "none: elements change their axes",
                    .cost = no_flops,
                    .samples = samples};
  };
  ir::Page matrix_transpose = single(
      "matrix_transpose", "The last two axes exchanged, as a view.", {}, matrix_transpose_shape,
      [](Decompose& d) { d.out(swap_axes(d.in(0), -1, -2)); }, matrix_transpose_samples);
  matrix_transpose.faces = kOperator | ir::kLinalg;
  matrix_transpose.sharding = "... n m -> ... m n";
  matrix_transpose.alias = {{.view = true}};
  ir::Page vander = single(
      "vander",
      "The matrix of the powers of each element, the highest first unless increasing: n of "
      "them, or as many as there are elements. The powers are products one by one.",
      {{.name = "n", .aliases = {"N"}, .form = AttrForm::integer, .value = kNone, .lowest = 0},
       flag("increasing")},
      vander_shape, vander_rule, vander_samples);
  vander.operands[0].dtypes = kNumberSet;
  return {
      single(
          "rot90", "x turned k times by a quarter, from the first of two axes to the second.",
          {integer("k", 1, std::nullopt),
           {.name = "axes", .aliases = {"dims", "axis"}, .form = AttrForm::ints, .value = L{0, 1}}},
          rot90_shape, rot90_rule, rot90_samples),
      single("unfold",
             "Windows of `size` elements along axis, one every `step`: the axis counts windows, "
             "and a new last axis the elements of each.",
             {axis, integer("size", {}, 0), integer("step", {}, 1)}, unfold_shape, unfold_rule,
             unfold_samples),
      cutting("tensor_split",
              "Pieces along axis: a number of them, the first ones longer by one where the extent "
              "does not divide, or the positions to cut at, as slices of Python. Views.",
              {pieces_attr(), axis0}, cut_samples<0>),
      cutting("hsplit",
              "Pieces along axis 1 (of a vector: axis 0): a number of equal ones, or the positions "
              "to cut at. Views.",
              {pieces_attr()}, cut_samples<1>),
      cutting("vsplit",
              "Pieces along axis 0 of at least 2 dims: a number of equal ones, or the positions to "
              "cut at. Views.",
              {pieces_attr()}, cut_samples<2>),
      cutting("dsplit",
              "Pieces along axis 2 of at least 3 dims: a number of equal ones, or the positions to "
              "cut at. Views.",
              {pieces_attr()}, cut_samples<3>),
      lifting("atleast_1d", "x, and a 0-d x as a vector of one element.", lifted_shape<1>),
      lifting("atleast_2d", "x with axes of size 1 in front until it has two.", lifted_shape<2>),
      lifting("atleast_3d",
              "x with three axes at least: a vector [n] becomes [1, n, 1], a matrix [m, n, 1].",
              lifted_shape<3>),
      listed({.name = "hstack",
              .doc = "Tensors one after the other along axis 1, vectors along axis 0.",
              .shape = stacked_shape,
              .rule = stacked_rule,
              .samples = stacked_samples}),
      listed({.name = "vstack",
              .aliases = {"row_stack"},
              .doc = "Tensors one below the other; a vector is one row.",
              .shape = stacked_shape,
              .rule = stacked_rule,
              .samples = stacked_samples}),
      listed({.name = "dstack",
              .doc = "Tensors one behind the other along axis 2, each with three axes at least.",
              .shape = stacked_shape,
              .rule = stacked_rule,
              .samples = stacked_samples}),
      listed({.name = "column_stack",
              .doc = "Tensors one after the other along axis 1; a vector is one column.",
              .shape = stacked_shape,
              .rule = stacked_rule,
              .samples = stacked_samples}),
      listed({.name = "broadcast_tensors",
              .doc = "Each tensor broadcast to the shape of all together.",
              .operand = "input",
              .results = -1,
              .shape = together_shape,
              .rule = together_rule,
              .samples = together_samples}),
      listed({.name = "block_diag",
              .doc = "A matrix with the given ones along its diagonal and zeros elsewhere; a "
                     "vector is one row.",
              .operand = "inputs",
              .shape = block_diag_shape,
              .rule = block_diag_rule,
              .samples = block_diag_samples}),
      listed({.name = "cartesian_prod",
              .doc = "All ways of taking one element of each vector, one a row, the last vector "
                     "changing fastest; of one vector the vector itself.",
              .shape = cartesian_shape,
              .rule = cartesian_rule,
              .samples = cartesian_samples}),
      single("combinations",
             "All ways of choosing r elements of a vector, one a row, in the order of their "
             "positions; with_replacement lets an element be chosen again.",
             {integer("r", 2, 0), flag("with_replacement")}, combinations_shape, combinations_rule,
             combinations_samples),
      vander,
      [&] {
        ir::Page page = single(
            "unflatten", "One axis parted into several, of sizes of which one may be -1.",
            {axis,
             {.name = "shape", .aliases = {"sizes", "unflattened_size"}, .form = AttrForm::shape}},
            unflatten_shape, to_result_dims, unflatten_samples);
        page.alias = {{.view = true}};
        return page;
      }(),
      matrix_transpose,
  };
}

}  // namespace proa::ops
