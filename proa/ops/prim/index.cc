// gather and scatter: each is the transpose of the other.

#include <algorithm>

#include "proa/ops/prim/prim.h"

namespace proa::ops {

namespace {

using namespace prim;  // NOLINT: the words of the pages
using Ints = std::vector<int64_t>;

// Axes of x by role, and the dims that go through gather: [batch, those of the index, the rest].
std::vector<Dim> gathered_dims(Infer& op) {
  int rank = op.rank(0), index_rank = op.rank(1);
  int64_t batch = op.integer("batch");
  std::vector<int> axes = ordered_axes(op, "axes", rank);
  if (batch > rank)
    op.fail(ErrorKind::value, "batch",
            str("expected at most the ", rank, " axes of x, got ", batch));
  for (int axis : axes) {
    if (axis < batch)
      op.fail(ErrorKind::value, "axes",
              str("axis ", axis, " is one of the ", batch, " batch axes"));
  }
  auto expected = [&] {
    return str("expected shape [batch of x..., ..., ", axes.size(), "] with x of shape ",
               to_string(op.dims(0)), " and ", batch, " batch axes, got ", to_string(op.dims(1)));
  };
  if (index_rank < batch + 1) op.fail(ErrorKind::shape, "index", expected());
  expect_eq(op, op.dim(1, -1), axes.size(), "index", expected);
  for (int i = 0; i < batch; ++i) expect_eq(op, op.dim(1, i), op.dim(0, i), "index", expected);

  std::vector<Dim> dims;
  for (int i = 0; i < batch; ++i) dims.push_back(known_of(op.dim(0, i), op.dim(1, i)));
  for (int i = static_cast<int>(batch); i + 1 < index_rank; ++i) dims.push_back(op.dim(1, i));
  for (int i = static_cast<int>(batch); i < rank; ++i) {
    if (std::ranges::find(axes, i) == axes.end()) dims.push_back(op.dim(0, i));
  }
  return dims;
}

void gather_contents(Contents& c) {
  const auto *x = c.of(0), *index = c.of(1);
  if (x == nullptr || index == nullptr || c.type(0).rank() != 1 || x->empty() ||
      c.ints("axes").size() != 1)
    return;
  std::vector<Dim> dims;
  auto last = static_cast<int64_t>(x->size()) - 1;
  for (Dim i : *index) {
    if (!i.is_const()) return;
    int64_t at = i.constant();
    if (at < 0 && c.text("mode") == "from_end") at += last + 1;
    if (at < 0 || at > last) return;
    dims.push_back(x->at(static_cast<size_t>(at)));
  }
  c.result(std::move(dims));
}

Expr gather_like(Vjp& v, Expr x, Expr index) {
  return gather(x, index, v.ints("axes"), v.integer("batch"), v.text("mode"));
}
Expr scatter_like(Vjp& v, std::string_view kind, Expr x, Expr index, Expr updates) {
  return scatter(kind, x, index, updates, v.ints("axes"), v.integer("batch"), v.text("mode"));
}

// Of several updates to one element the last one stands; it alone gets the cotangent.
void set_backward(Vjp& v) {
  Expr x = v.in(0), index = v.in(1), updates = v.in(2), g = v.cotangent();
  Builder& b = v.builder();
  if (v.needs(0)) v.set(0, scatter_like(v, "set", g, index, zeros_like(updates)));
  if (v.needs(2)) {
    Dim count[] = {product(updates.dims())};
    Expr number = reshape(iota(b, DType::i64, count, 0), updates.dims());
    Expr winner = scatter_like(v, "set", full(b, x.dims(), DType::i64, -1), index, number);
    v.set(2, only_where(compare("eq", gather_like(v, winner, index), number),
                        gather_like(v, g, index)));
  }
}

// y = x * (product of the updates there). Without an update's own factor: the product of the
// factors that are not 0, times 0 where another one is.
void mul_backward(Vjp& v) {
  Expr x = v.in(0), index = v.in(1), updates = v.in(2), g = v.cotangent();
  if (v.needs(0)) v.set(0, times_conj(g, scatter_like(v, "mul", full_like(x, 1), index, updates)));
  if (v.needs(2)) {
    Builder& b = v.builder();
    Expr zero = compare("eq", updates, 0.0), safe = select(zero, full_like(updates, 1), updates);
    Expr zeros =
        scatter_like(v, "add", full(b, x.dims(), DType::i64, 0), index, cast(zero, DType::i64));
    Expr factors = gather_like(v, scatter_like(v, "mul", full_like(x, 1), index, safe), index);
    Expr others = gather_like(v, zeros, index) - cast(zero, DType::i64);
    Expr rest = only_where(compare("eq", others, 0.0), factors / safe);
    v.set(2, times_conj(gather_like(v, g, index), gather_like(v, x, index) * rest));
  }
}

// Shared equally among x and the updates that reach the extremum.
void extremum_backward(Vjp& v) {
  Expr x = v.in(0), index = v.in(1), updates = v.in(2), g = v.cotangent(), y = v.result();
  Expr x_won = compare("eq", x, y), update_won = compare("eq", updates, gather_like(v, y, index));
  Expr count = scatter_like(v, "add", cast(x_won, x.dtype()), index, cast(update_won, x.dtype()));
  Expr share = only_where(compare("gt", count, 0.0), g / count);
  if (v.needs(0)) v.set(0, only_where(x_won, share));
  if (v.needs(2)) v.set(2, only_where(update_won, gather_like(v, share, index)));
}

void scatter_backward(Vjp& v) {
  std::string_view kind = v.text("kind");
  if (kind == "add") {
    v.set(0, v.cotangent());
    if (v.needs(2)) v.set(2, gather_like(v, v.cotangent(), v.in(1)));
  } else if (kind == "set") {
    set_backward(v);
  } else if (kind == "mul") {
    mul_backward(v);
  } else {
    extremum_backward(v);
  }
}

void scatter_shape(Infer& op) {
  std::string_view kind = op.text("kind");
  if ((kind == "min" || kind == "max") && is_complex(op.met())) {
    op.fail(ErrorKind::type, "x",
            str("kind '", kind, "' expects numbers with an order, got ", to_string(op.met())));
  }
  if (kind != "set" && !contains(kNumberSet, op.met())) {
    op.fail(ErrorKind::type, "x",
            str("kind '", kind, "' expects numbers, got ", to_string(op.met())));
  }
  std::vector<Dim> dims = gathered_dims(op);
  auto message = [&] {
    return str("expected shape ", to_string(dims), " by x, index and axes, got ",
               to_string(op.dims(2)));
  };
  if (op.dims(2).size() != dims.size()) op.fail(ErrorKind::shape, "updates", message());
  for (size_t i = 0; i < dims.size(); ++i)
    expect_eq(op, op.dims(2)[i], dims[i], "updates", message);
  op.result(op.dims(0));
}

ir::SampleAttrs at(Ints axes, int64_t batch, const char* mode) {
  return {{"axes", std::move(axes)}, {"batch", batch}, {"mode", mode}};
}

void gather_samples(SampleList& s) {
  for (const char* mode : {"clamp", "drop", "wrap"}) {
    s.ok({T({5}), I({3, 1}, -2, 8)}, at({0}, 0, mode));
    s.ok({T({5}), I({1}, 0, 5)}, at({0}, 0, mode)).note = "0-d result";
    s.ok({T({4, 3}), I({2, 2, 1}, 0, 4)}, at({0}, 0, mode));
    s.ok({T({4, 3}), I({2, 2}, 0, 3)}, at({0, 1}, 0, mode));
    s.ok({T({2, 3, 4}), I({2, 5, 1}, 0, 4)}, at({2}, 1, mode));
    s.ok({T({2, 3, 4, 2}), I({2, 3, 5, 2}, -1, 3)}, at({3, 2}, 2, mode));
    s.ok({T({0, 3}), I({2, 1}, 0, 1)}, at({0}, 0, mode)).note = "an empty axis gives 0";
    s.ok({T({4, 0}), I({3, 1}, 0, 4)}, at({0}, 0, mode));
  }
  s.ok({T({4, 3}), I({2, 2}, 0, 3)}, at({0, 1}, 0, "raise"));
  s.ok({T({4, 3}), I({2, 2}, -3, 3)}, at({0, 1}, 0, "from_end"));
  s.ok({T({2, 3, 4}), I({2, 5, 1}, -4, 4)}, at({2}, 1, "from_end"));
  s.ok({T({}), I({2, 0}, 0, 1)}, at({}, 0, "clamp")).note = "no axes: the whole, twice";
  s.wrong({T({5}), I({3, 2}, 0, 5)}, at({0}, 0, "clamp"), ErrorKind::shape, "expected shape");
  s.wrong({T({5}), I({}, 0, 5)}, at({0}, 0, "clamp"), ErrorKind::shape, "expected shape");
  s.wrong({T({2, 5}), I({3, 4, 1}, 0, 5)}, at({1}, 1, "clamp"), ErrorKind::shape, "expected shape");
  s.wrong({T({2, 5}), I({2, 4, 1}, 0, 2)}, at({0}, 1, "clamp"), ErrorKind::value, "batch axes");
  s.wrong({T({5}), I({3, 1}, 0, 5)}, at({1}, 0, "clamp"), ErrorKind::index, "out of range");
  s.wrong({T({5, 5}), I({3, 2}, 0, 5)}, at({0, 0}, 0, "clamp"), ErrorKind::value, "named twice");
  s.wrong({T({5}), I({3, 1}, 0, 5)}, at({0}, 0, "error"), ErrorKind::value, "expected one of");
  s.wrong({T({5}), I({3, 1}, 0, 5, DType::i32)}, at({0}, 0, "clamp"), ErrorKind::type, "dtype");
  s.wrong({T({5}), I({3, 1}, 0, 5)}, at({0}, -1, "clamp"), ErrorKind::value, "at least 0");
}

void scatter_samples(SampleList& s) {
  auto with = [](const char* kind, Ints axes, int64_t batch, const char* mode) {
    return ir::SampleAttrs{
        {"kind", kind}, {"axes", std::move(axes)}, {"batch", batch}, {"mode", mode}};
  };
  for (const char* kind : {"set", "add", "mul", "min", "max"}) {
    bool extremum = kind[0] == 'm' && kind[1] != 'u';
    for (const char* mode : {"clamp", "drop", "wrap"}) {
      auto add = [&](std::vector<int64_t> x, Arg index, std::vector<int64_t> updates, Ints axes,
                     int64_t batch) {
        if (!extremum) s.ok({T(x), index, T(updates)}, with(kind, axes, batch, mode));
        if (extremum)
          s.ok({T(DType::f64, x), index, T(DType::f64, updates)}, with(kind, axes, batch, mode));
      };
      add({5}, I({4, 1}, -2, 8), {4}, {0}, 0);
      add({5}, I({1}, 0, 5), {}, {0}, 0);
      add({4, 3}, I({2, 2, 1}, 0, 4), {2, 2, 3}, {0}, 0);
      add({2, 3, 4}, I({2, 5, 1}, 0, 4), {2, 5, 3}, {2}, 1);
      add({3, 2}, I({0, 1}, 0, 3), {0, 2}, {0}, 0);
      add({0, 3}, I({2, 1}, 0, 1), {2, 3}, {0}, 0);
    }
    s.ok({T(DType::f64, {5}), I({4, 1}, 0, 5), T(DType::f64, {4})}, with(kind, {0}, 0, "raise"));
    s.ok({T(DType::f64, {5}), I({4, 1}, -5, 5), T(DType::f64, {4})},
         with(kind, {0}, 0, "from_end"));
    s.wrong({T(DType::f32, {5}), I({4, 1}, 0, 5), T(DType::f32, {3})}, with(kind, {0}, 0, "drop"),
            ErrorKind::shape, "expected shape [4]");
  }
  s.ok({V(DType::f64, {2}, {2, 3}), V(DType::i64, {3, 1}, {0, 0, 1}),
        V(DType::f64, {3}, {0, 5, 0})},
       with("mul", {0}, 0, "drop"))
      .note = "zeros";
  s.wrong({T({5}), I({4, 2}, 0, 5), T({4})}, with("add", {0}, 0, "drop"), ErrorKind::shape,
          "expected shape [batch");
  s.wrong({T({5}), I({4, 1}, 0, 5), T({4, 1})}, with("add", {0}, 0, "drop"), ErrorKind::shape,
          "by x, index and axes");
  s.wrong({T({5}), I({4, 1}, 0, 5), T({4})}, with("sub", {0}, 0, "drop"), ErrorKind::value,
          "expected one of");
  s.wrong({T(DType::c64, {5}), I({4, 1}, 0, 5), T(DType::c64, {4})}, with("max", {0}, 0, "drop"),
          ErrorKind::type, "order");
  s.wrong({T(DType::boolean, {5}), I({4, 1}, 0, 5), T(DType::boolean, {4})},
          with("add", {0}, 0, "drop"), ErrorKind::type, "expects numbers");
  s.wrong({T(DType::f32, {5}), I({4, 1}, 0, 5), T(DType::f64, {4})}, with("add", {0}, 0, "drop"),
          ErrorKind::type, "as of x");
  s.wrong({T({5}), I({4, 1}, 0, 5), T({4})}, with("add", {-2}, 0, "drop"), ErrorKind::index,
          "out of range");
}

}  // namespace

std::vector<Page> index_pages() {
  return {
      {.name = "gather",
       .doc =
           "Elements, rows or blocks of x picked by position. For each batch element and each "
           "position in the index, the last axis of the index holds one coordinate for each of "
           "`axes`; the axes of x that are neither batch nor indexed come along whole. A "
           "coordinate outside 0 .. extent - 1 is clamped to it, taken modulo the extent (wrap), "
           "gives 0 (drop) or stops the run (raise); from_end counts those of -extent .. -1 from "
           "the end and stops the run at others. An empty axis gives 0, or stops the run. Gradient "
           "of x: g added up at the positions.\n"
           "Args:\n  x: any dtype.\n  index: int64 [batch..., any..., len(axes)].\n  axes: indexed "
           "axes of x, in the order of the coordinates.\n  batch: how many leading axes of x and "
           "index run together.\n  mode: clamp, drop, wrap, raise or from_end.\n"
           "Returns:\n  the dtype of x; axes: batch, those of the index but its last, the others "
           "of x in order.\n"
           "Errors:\n  ShapeError where the index does not fit x, IndexError and ValueError for "
           "axes out of range, named twice or among the batch; IndexError at run time for a "
           "coordinate that raise or from_end refuses.",
       .operands = {{.name = "x", .dtypes = kStoredSet},
                    {.name = "index", .dtypes = kIndexSet, .meets = false}},
       .attrs = {{.name = "axes", .form = AttrForm::ints},
                 {.name = "batch", .form = AttrForm::integer, .value = 0, .lowest = 0},
                 {.name = "mode",
                  .form = AttrForm::string,
                  .value = "clamp",
                  .choices = {"clamp", "drop", "wrap", "raise", "from_end"}}},
       .dtypes = same(),
       .shape = [](Infer& op) { op.result(gathered_dims(op)); },
       .contents = gather_contents,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0, scatter_like(v, "add", zeros_like(v.in(0)), v.in(1), v.cotangent()));
                   }},
       .decompose = primitive(),
       .sharding = "@batch @axes r, @batch i k -> @batch i r; @axes: whole; k: whole",
       .cost = no_flops,
       .samples = gather_samples},
      {.name = "scatter",
       .doc =
           "x with updates written (set), added, multiplied or compared (min, max) at positions; "
           "the index is read as by gather. Updates to one element are taken in ascending order of "
           "their row-major position, starting from x's element: the last one stands for set; sums "
           "and products of f16 and bf16 run in f32 and are rounded once. drop leaves out updates "
           "beyond the "
           "extent, clamp and wrap move them inside, raise and from_end are as in gather; into an "
           "empty axis nothing is written. "
           "Gradients: add gives g to x and picks it for updates; set gives nothing to what was "
           "overwritten; min and max share g equally among the winners; mul multiplies g by the "
           "other factors. Second derivatives of mul hold where no update is 0.\n"
           "Args:\n  x: any dtype for set, numbers for the others (with an order for min and "
           "max).\n  index: int64, as for gather.\n  updates: of x's dtype and of the shape that "
           "gather gives.\n  kind: set, add, mul, min or max.\n  axes, batch, mode: as for "
           "gather.\n"
           "Returns:\n  the dtype and shape of x.\n"
           "Errors:\n  ShapeError where index or updates do not fit, IndexError and ValueError for "
           "axes, TypeError for differing dtypes or one that the kind does not have.\n"
           "Source:\n  the order: numerics.md, scatter add.",
       .operands = {{.name = "x", .dtypes = kStoredSet},
                    {.name = "index", .dtypes = kIndexSet, .meets = false},
                    {.name = "updates", .dtypes = kStoredSet}},
       .attrs = {{.name = "kind",
                  .form = AttrForm::string,
                  .choices = {"set", "add", "mul", "min", "max"}},
                 {.name = "axes", .form = AttrForm::ints},
                 {.name = "batch", .form = AttrForm::integer, .value = 0, .lowest = 0},
                 {.name = "mode",
                  .form = AttrForm::string,
                  .value = "drop",
                  .choices = {"clamp", "drop", "wrap", "raise", "from_end"}}},
       .dtypes = same(),
       .shape = scatter_shape,
       .vjp = {.backward = scatter_backward},
       .decompose = primitive(),
       .sharding = "@batch @axes r, @batch i k, @batch i r -> @batch @axes r; @axes: whole; k: "
                   "whole; i: whole",
       .alias = {{0, 0}},
       .cost = [](Cost& c) { c.flops(Cost::elements(c.operand(2))); },
       .samples = scatter_samples},
  };
}

}  // namespace proa::ops
