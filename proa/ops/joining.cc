// Tensors joined and cut: concat, stack, split and their kin.

#include <algorithm>

#include "proa/ir/need_extents.h"
#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;

OperandSpec several(DTypeSet dtypes = kAnySet) {
  return {
      .name = "x", .aliases = {"tensors", "inputs", "input"}, .dtypes = dtypes, .variadic = true};
}

void some(Infer& op) {
  if (op.count(0) == 0) op.fail(ErrorKind::value, "x", "expected at least one tensor, got none");
}

void alike(Infer& op, int rank, int but) {
  for (int k = 1; k < op.count(0); ++k) {
    auto message = [&] {
      return str("tensor ", k, " of shape ", to_string(op.dims(0, k)),
                 " does not fit beside shape ", to_string(op.dims(0, 0)));
    };
    if (op.rank(0, k) != rank) op.fail(ErrorKind::shape, "x", message());
    for (int i = 0; i < rank; ++i) {
      auto a = static_cast<size_t>(i);
      if (i != but) expect_eq(op, op.dims(0, k)[a], op.dims(0, 0)[a], "x", message);
    }
  }
}

void concat_shape(Infer& op) {
  some(op);
  int rank = op.rank(0, 0), axis = op.axis("axis", rank);
  alike(op, rank, axis);
  std::vector<Dim> dims(op.dims(0, 0).begin(), op.dims(0, 0).end());
  for (int k = 1; k < op.count(0); ++k)
    dims[static_cast<size_t>(axis)] += op.dims(0, k)[static_cast<size_t>(axis)];
  op.result(dims);
}

void concat_rule(Decompose& d) { d.out(concat(d.ins(0), d.axis("axis", d.in(0).rank()))); }

void stack_shape(Infer& op) {
  some(op);
  int rank = op.rank(0, 0), axis = op.axis("axis", rank + 1);
  alike(op, rank, -1);
  std::vector<Dim> dims(op.dims(0, 0).begin(), op.dims(0, 0).end());
  dims.insert(dims.begin() + axis, Dim(op.count(0)));
  op.result(dims);
}

void stack_rule(Decompose& d) {
  std::vector<Expr> parts = d.ins(0);
  int axis = d.axis("axis", parts[0].rank() + 1);
  for (Expr& part : parts) part = unsqueeze(part, axis);
  d.out(concat(parts, axis));
}

// Cuts along an axis: where each piece begins and ends.
struct Cuts {
  int axis = 0;
  std::vector<Dim> starts, ends;
};

Cuts split_of(const ir::AttrView& op, std::span<const Dim> dims) {
  Cuts cuts;
  cuts.axis = op.axis("axis", static_cast<int>(dims.size()));
  Dim extent = dims[static_cast<size_t>(cuts.axis)];
  ir::Attribute given = op.raw("num_or_sections");
  if (given.is(ir::AttrKind::integer) || given.is(ir::AttrKind::dim)) {
    int64_t n = op.integer("num_or_sections");
    if (n <= 0)
      op.fail(ErrorKind::value, "num_or_sections",
              str("expected a positive number of pieces, got ", n));
    Dim piece = floordiv(extent, Dim(n));
    for (int64_t i = 0; i < n; ++i) {
      cuts.starts.push_back(piece * Dim(i));
      cuts.ends.push_back(piece * Dim(i + 1));
    }
    return cuts;
  }
  std::vector<Dim> sizes = op.dims_attr("num_or_sections");
  Dim total = 0;
  int unknown = -1;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i].is_const(-1)) {
      if (unknown >= 0)
        op.fail(ErrorKind::value, "num_or_sections",
                str("expected at most one size of -1, got ", to_string(sizes)));
      unknown = static_cast<int>(i);
    } else {
      if (sizes[i].is_const() && sizes[i].constant() < 0)
        op.fail(ErrorKind::value, "num_or_sections",
                str("expected sizes of at least 0, or -1, got ", to_string(sizes)));
      total += sizes[i];
    }
  }
  if (unknown >= 0) sizes[static_cast<size_t>(unknown)] = extent - total;
  Dim at = 0;
  for (Dim size : sizes) {
    cuts.starts.push_back(at);
    at += size;
    cuts.ends.push_back(at);
  }
  return cuts;
}

void give_pieces(Infer& op, const Cuts& cuts) {
  for (size_t i = 0; i < cuts.starts.size(); ++i) {
    std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
    dims[static_cast<size_t>(cuts.axis)] = cuts.ends[i] - cuts.starts[i];
    op.result(dims);
  }
}

void split_shape(Infer& op) {
  Cuts cuts = split_of(op, op.dims(0));
  Dim extent = op.dim(0, cuts.axis), last = cuts.ends.empty() ? Dim(0) : cuts.ends.back();
  if (op.raw("num_or_sections").is(ir::AttrKind::integer)) {
    auto pieces = static_cast<int64_t>(cuts.starts.size());
    expect_divisible(op, extent, pieces, "num_or_sections", [&] {
      return str("axis ", cuts.axis, " of size ", to_string(extent), " does not divide into ",
                 pieces, " equal pieces");
    });
    return give_pieces(op, cuts);
  }
  for (size_t i = 0; i < cuts.starts.size(); ++i) {
    expect_ge(op, cuts.ends[i], cuts.starts[i], "num_or_sections", [&] {
      return str("expected sizes that fit into axis ", cuts.axis, " of size ", to_string(extent),
                 ", got ", to_string(op.dims_attr("num_or_sections")));
    });
  }
  expect_eq(op, last, extent, "num_or_sections", [&] {
    return str("the sizes add to ", to_string(last), ", and axis ", cuts.axis, " has size ",
               to_string(extent));
  });
  give_pieces(op, cuts);
}

void take_pieces(Decompose& d, const Cuts& cuts) {
  for (size_t i = 0; i < cuts.starts.size(); ++i)
    d.out(slice_axis(d.in(0), cuts.axis, cuts.starts[i], cuts.ends[i]));
}

void split_rule(Decompose& d) { take_pieces(d, split_of(d, d.in(0).dims())); }

// The gradients of the pieces side by side, zeros where there is none. Each element is written
// once; the sum of what the pieces' slices have would write and add all of x for each of them.
void join_gradients(Vjp& v, const Cuts& cuts, bool unbound = false) {
  auto axis = static_cast<size_t>(cuts.axis);
  Expr x = v.in(0);
  auto piece = [&](size_t k) {
    Expr g = v.cotangent(static_cast<int>(k));
    return unbound ? unsqueeze(g, cuts.axis) : g;
  };
  std::vector<size_t> given;
  for (size_t k = 0; k < cuts.starts.size(); ++k) {
    if (v.has_cotangent(static_cast<int>(k))) given.push_back(k);
  }
  if (given.empty()) return;
  if (given.size() == 1) {
    std::vector<Dim> low(x.dims().size(), Dim(0)), high = low;
    low[axis] = cuts.starts[given[0]];
    high[axis] = x.dims()[axis] - cuts.ends[given[0]];
    Expr g = piece(given[0]);
    return v.set(0, pad(g, zero_like(g), low, high, {}));
  }
  std::vector<Expr> parts;
  Dim done = 0;
  auto fill_to = [&](Dim start) {
    if (start == done) return;
    std::vector<Dim> dims(x.dims().begin(), x.dims().end());
    dims[axis] = start - done;
    parts.push_back(full(v.builder(), dims, x.dtype(), 0));
  };
  for (size_t k : given) {
    fill_to(cuts.starts[k]);
    parts.push_back(piece(k));
    done = cuts.ends[k];
  }
  fill_to(x.dims()[axis]);
  v.set(0, concat(parts, cuts.axis));
}

void split_backward(Vjp& v) { join_gradients(v, split_of(v, v.in(0).dims())); }

// chunk: pieces of ceil(size / chunks), the last one smaller; perhaps fewer than asked for.
Cuts chunks_of(const ir::AttrView& op, std::span<const Dim> dims) {
  Cuts cuts;
  cuts.axis = op.axis("axis", static_cast<int>(dims.size()));
  Dim extent = dims[static_cast<size_t>(cuts.axis)];
  if (!extent.is_const())
    throw ir::NeedExtents("chunk: the number of pieces depends on the size", {extent});
  int64_t size = extent.constant(), n = op.integer("chunks"),
          piece = std::max<int64_t>(1, (size + n - 1) / n);
  for (int64_t at = 0; at < std::max<int64_t>(size, 1); at += piece) {
    cuts.starts.emplace_back(at);
    cuts.ends.emplace_back(std::min(size, at + piece));
  }
  return cuts;
}

void chunk_shape(Infer& op) { give_pieces(op, chunks_of(op, op.dims(0))); }
void chunk_rule(Decompose& d) { take_pieces(d, chunks_of(d, d.in(0).dims())); }

void chunk_backward(Vjp& v) { join_gradients(v, chunks_of(v, v.in(0).dims())); }

int64_t extent_of(const ir::AttrView& op, std::span<const Dim> dims, int axis) {
  Dim extent = dims[static_cast<size_t>(axis)];
  if (!extent.is_const())
    throw ir::NeedExtents(str(op.page().name, ": the number of results is the size of axis ", axis),
                          {extent});
  return extent.constant();
}

void unbind_shape(Infer& op) {
  int axis = op.axis("axis", op.rank(0));
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  int64_t n = extent_of(op, dims, axis);
  dims.erase(dims.begin() + axis);
  for (int64_t i = 0; i < n; ++i) op.result(dims);
}

void unbind_rule(Decompose& d) {
  Expr x = d.in(0);
  int axis = d.axis("axis", x.rank());
  for (int64_t i = 0; i < extent_of(d, x.dims(), axis); ++i)
    d.out(squeeze(slice_axis(x, axis, i, i + 1), axis));
}

void unbind_backward(Vjp& v) {
  Expr x = v.in(0);
  Cuts cuts;
  cuts.axis = v.axis("axis", x.rank());
  for (int64_t i = 0; i < extent_of(v, x.dims(), cuts.axis); ++i) {
    cuts.starts.emplace_back(i);
    cuts.ends.emplace_back(i + 1);
  }
  join_gradients(v, cuts, true);
}

void tile_shape(Infer& op) {
  std::vector<Dim> times = op.dims_attr("repeat_times"), dims(op.dims(0).begin(), op.dims(0).end());
  require_extents(op, times, "repeat_times");
  while (dims.size() < times.size()) dims.insert(dims.begin(), Dim(1));
  while (times.size() < dims.size()) times.insert(times.begin(), Dim(1));
  for (size_t i = 0; i < dims.size(); ++i) dims[i] = dims[i] * times[i];
  op.result(dims);
}

void tile_rule(Decompose& d) {
  std::vector<Dim> times = d.dims_attr("repeat_times");
  Expr x = d.in(0);
  std::vector<Dim> dims(x.dims().begin(), x.dims().end());
  while (dims.size() < times.size()) dims.insert(dims.begin(), Dim(1));
  while (times.size() < dims.size()) times.insert(times.begin(), Dim(1));
  std::vector<Dim> paired, repeated;
  for (size_t i = 0; i < dims.size(); ++i) {
    paired.insert(paired.end(), {Dim(1), dims[i]});
    repeated.insert(repeated.end(), {times[i], dims[i]});
  }
  d.out(reshape(broadcast_to(reshape(x, paired), repeated), d.result_type().dims()));
}

void add_n_shape(Infer& op) {
  some(op);
  alike(op, op.rank(0, 0), -1);
  op.result(op.dims(0, 0));
}

void add_n_rule(Decompose& d) {
  Expr total = d.in(0);
  for (int k = 1; k < d.count(0); ++k) total = total + d.in(0, k);
  d.out(total);
}

void roll_shape(Infer& op) {
  size_t shifts = op.ints("shifts").size();
  if (op.has("axis") && op.ints("axis").size() != shifts) {
    op.fail(ErrorKind::value, "shifts",
            str("expected one shift for each of ", op.ints("axis").size(), " axes, got ", shifts));
  }
  if (!op.has("axis") && shifts != 1)
    op.fail(ErrorKind::value, "shifts",
            str("expected one shift for the flat tensor, got ", shifts));
  if (op.has("axis")) {
    for (int64_t axis : op.ints("axis")) (void)op.axis_of("axis", axis, op.rank(0));
  }
  op.result(op.dims(0));
}

Expr rolled(Expr x, int axis, int64_t shift) {
  Dim extent = x.dim(axis);
  if (extent.is_const(0)) return x;
  Dim cut = mod(Dim(-shift), max(extent, Dim(1)));
  std::vector<Expr> parts{slice_axis(x, axis, cut, extent), slice_axis(x, axis, 0, cut)};
  return concat(parts, axis);
}

void roll_rule(Decompose& d) {
  Expr x = d.in(0);
  std::vector<int64_t> shifts = d.ints("shifts");
  if (!d.has("axis")) {
    Expr flat = reshape(x, std::vector<Dim>{ir::product(x.dims())});
    d.out(reshape(rolled(flat, 0, shifts[0]), x.dims()));
    return;
  }
  std::vector<int64_t> axes = d.ints("axis");
  for (size_t i = 0; i < axes.size(); ++i)
    x = rolled(x, d.axis_of("axis", axes[i], x.rank()), shifts[i]);
  d.out(x);
}

void join_samples(SampleList& s) {
  s.ok_list({{T({2, 3}), T({4, 3})}}, {{"axis", 0}});
  s.ok_list({{T({2, 3}), T({2, 1}), T({2, 0})}}, {{"axis", -1}});
  s.ok_list({{T({3})}});
  s.ok_list({{T(DType::f32, {2}), T(DType::i32, {3})}}).gradient = false;
  s.wrong_list({{}}, {}, ErrorKind::value, "at least one");
  s.wrong_list({{T({2, 3}), T({2, 4})}}, {}, ErrorKind::shape, "does not fit");
  s.wrong_list({{T({2, 3}), T({2})}}, {}, ErrorKind::shape, "does not fit");
  s.wrong_list({{T({2, 3}), T({2, 3})}}, {{"axis", 2}}, ErrorKind::index, "out of range");
  s.wrong_list({{T({}), T({})}}, {}, ErrorKind::index, "0-d");
  s.wrong_list({{T({2}), T({2})}}, {{"axis", "x"}}, ErrorKind::type, "an integer");
}

void stack_samples(SampleList& s) {
  s.ok_list({{T({2, 3}), T({2, 3})}});
  s.ok_list({{T({2}), T({2}), T({2})}}, {{"axis", -1}});
  s.ok_list({{T({}), T({})}});
  s.ok_list({{T({0, 2}), T({0, 2})}}, {{"axis", 1}});
  s.wrong_list({{}}, {}, ErrorKind::value, "at least one");
  s.wrong_list({{T({2}), T({3})}}, {}, ErrorKind::shape, "does not fit");
  s.wrong_list({{T({2}), T({2, 1})}}, {}, ErrorKind::shape, "does not fit");
  s.wrong_list({{T({2}), T({2})}}, {{"axis", 2}}, ErrorKind::index, "out of range");
  s.wrong_list({{T({2}), T({2})}}, {{"axis", -3}}, ErrorKind::index, "out of range");
  s.wrong_list({{}}, {{"x", 2}}, ErrorKind::type, "expected a list or tuple of tensors, got int");
  s.wrong_list({{T({2}), T({2})}}, {{"axis", 0.5}}, ErrorKind::type, "an integer");
}

void split_samples(SampleList& s) {
  s.ok({T({6, 2})}, {{"num_or_sections", 3}});
  s.ok({T({2, 5})}, {{"num_or_sections", L{2, 3}}, {"axis", 1}});
  s.ok({T({2, 5})}, {{"num_or_sections", L{1, -1, 2}}, {"axis", -1}});
  s.ok({T({0, 5})}, {{"num_or_sections", 2}});
  s.wrong({T({5})}, {{"num_or_sections", 2}}, ErrorKind::shape, "does not divide");
  s.wrong({T({5})}, {{"num_or_sections", 0}}, ErrorKind::value, "a positive number");
  s.wrong({T({5})}, {{"num_or_sections", L{2, 2}}}, ErrorKind::shape, "add to 4");
  s.wrong({T({5})}, {{"num_or_sections", L{-1, -1}}}, ErrorKind::value, "at most one size");
  s.wrong({T({5})}, {{"num_or_sections", L{-2, 7}}}, ErrorKind::value, "at least 0");
  s.wrong({T({5})}, {{"num_or_sections", 1}, {"axis", 1}}, ErrorKind::index, "out of range");
  s.wrong({T({5})}, {}, ErrorKind::value, "required");
}

void chunk_samples(SampleList& s) {
  s.ok({T({6, 2})}, {{"chunks", 3}});
  s.ok({T({7})}, {{"chunks", 3}});
  s.ok({T({2, 5})}, {{"chunks", 2}, {"axis", 1}});
  s.wrong({T({5})}, {{"chunks", 0}}, ErrorKind::value, "at least 1");
  s.wrong({T({5})}, {}, ErrorKind::value, "required");
  s.wrong({T({5})}, {{"chunks", 2}, {"axis", 1}}, ErrorKind::index, "out of range");
  s.wrong({T({5})}, {{"chunks", 1.5}}, ErrorKind::type, "an integer");
  s.wrong({T({})}, {{"chunks", 1}}, ErrorKind::index, "0-d");
  s.wrong({absent()}, {{"chunks", 1}}, ErrorKind::value, "required");
}

void unbind_samples(SampleList& s) {
  s.ok({T({3, 2})});
  s.ok({T({3, 2})}, {{"axis", -1}});
  s.ok({T({2})});
  s.wrong({T({})}, {}, ErrorKind::index, "0-d");
  s.wrong({T({3})}, {{"axis", 1}}, ErrorKind::index, "out of range");
  s.wrong({T({3})}, {{"axis", -2}}, ErrorKind::index, "out of range");
  s.wrong({T({3})}, {{"axis", "x"}}, ErrorKind::type, "an integer");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({3})}, {{"num", 3}}, ErrorKind::key, "no such argument");
}

void tile_samples(SampleList& s) {
  s.ok({T({2, 3})}, {{"repeat_times", L{2, 2}}});
  s.ok({T({3})}, {{"repeat_times", L{2, 1}}});
  s.ok({T({2, 3})}, {{"repeat_times", 2}});
  s.ok({T({})}, {{"repeat_times", L{3}}});
  s.ok({T({2})}, {{"repeat_times", L{0}}});
  s.wrong({T({2})}, {{"repeat_times", L{-1}}}, ErrorKind::shape, "at least 0");
  s.wrong({T({2})}, {}, ErrorKind::value, "required");
  s.wrong({T({2})}, {{"repeat_times", "x"}}, ErrorKind::type, "expected integers");
  s.wrong({T({2})}, {{"repeat_times", 1.5}}, ErrorKind::type, "expected integers");
  s.wrong({absent()}, {{"repeat_times", 2}}, ErrorKind::value, "required");
  s.wrong({T({2})}, {{"repeat_times", 2}, {"axis", 0}}, ErrorKind::key, "no such argument");
}

void add_n_samples(SampleList& s) {
  s.ok_list({{T({2, 3}), T({2, 3}), T({2, 3})}});
  s.ok_list({{T({})}});
  s.wrong_list({{}}, {}, ErrorKind::value, "at least one");
  s.wrong_list({{T({2}), T({3})}}, {}, ErrorKind::shape, "does not fit");
  s.wrong_list({{T({2}), T({1})}}, {}, ErrorKind::shape, "does not fit");
  s.wrong_list({{T({2}), T({2, 1})}}, {}, ErrorKind::shape, "does not fit");
  s.wrong_list({{T(DType::boolean, {2})}}, {}, ErrorKind::type, "dtype");
  s.wrong_list({{T({2})}}, {{"axis", 0}}, ErrorKind::key, "no such argument");
  s.wrong_list({{}}, {{"x", 2}}, ErrorKind::type, "expected a list or tuple of tensors, got int");
}

void roll_samples(SampleList& s) {
  s.ok({T({5})}, {{"shifts", 2}});
  s.ok({T({3, 4})}, {{"shifts", -1}, {"axis", 1}});
  s.ok({T({3, 4})}, {{"shifts", L{1, 2}}, {"axis", L{0, 1}}});
  s.ok({T({0})}, {{"shifts", 1}});
  s.wrong({T({3})}, {}, ErrorKind::value, "required");
  s.wrong({T({3, 4})}, {{"shifts", L{1, 2}}, {"axis", 0}}, ErrorKind::value, "one shift for each");
  s.wrong({T({3, 4})}, {{"shifts", L{1, 2}}}, ErrorKind::value, "the flat tensor");
  s.wrong({T({3})}, {{"shifts", 1}, {"axis", 1}}, ErrorKind::index, "out of range");
  s.wrong({T({3})}, {{"shifts", "a"}}, ErrorKind::type, "integer");
  s.wrong({absent()}, {{"shifts", 1}}, ErrorKind::value, "required");
}

ir::AttrSpec axis0() {
  return {.name = "axis", .aliases = {"dim"}, .form = AttrForm::axis, .value = 0};
}

ir::Page pieces(std::string_view name, std::vector<std::string_view> aliases, std::string_view doc,
                std::vector<ir::AttrSpec> attrs, void (*shape)(Infer&), DecomposeRule rule,
                void (*backward)(Vjp&), void (*samples)(SampleList&)) {
  return {.name = name,
          .aliases = std::move(aliases),
          .faces = kOperator,
          .doc = doc,
          .operands = {operand_x(kAnySet)},
          .attrs = std::move(attrs),
          .results = -1,
          .shape = shape,
          .vjp = {.backward = backward},
          .decompose = rule,
          .sharding = "... -> pieces; @axis: whole",
          .alias = {{.view = true}},
          .cost = no_flops,
          .samples = samples};
}

}  // namespace

std::vector<ir::Page> joining_pages() {
  return {
      {.name = "concat",
       .aliases = {"cat", "concatenate"},
       .faces = kOperator,
       .doc = "Tensors one after the other along an axis; the other sizes must be equal.",
       .operands = {several()},
       .attrs = {axis0()},
       .shape = concat_shape,
       .vjp = by_decomposition(),
       .decompose = concat_rule,
       .sharding = "parts -> ...; @axis: whole",
       .cost = no_flops,
       .samples = join_samples},
      {.name = "stack",
       .faces = kOperator,
       .doc = "Tensors of one shape along a new axis.",
       .operands = {several()},
       .attrs = {axis0()},
       .shape = stack_shape,
       .vjp = by_decomposition(),
       .decompose = stack_rule,
       .sharding = "parts -> ...; @axis: whole",
       .cost = no_flops,
       .samples = stack_samples},
      pieces("split", {},
             "Pieces along an axis: a number of equal pieces, or a list of sizes of which one may "
             "be -1 (what is left). Views.",
             {{.name = "num_or_sections",
               .aliases = {"split_size_or_sections"},
               .form = AttrForm::shape},
              axis0()},
             split_shape, split_rule, split_backward, split_samples),
      pieces("chunk", {}, "At most `chunks` pieces of ceil(size / chunks) along an axis. Views.",
             {{.name = "chunks", .form = AttrForm::integer, .lowest = 1}, axis0()}, chunk_shape,
             chunk_rule, chunk_backward, chunk_samples),
      pieces("unbind", {"unstack"}, "The slices along an axis, without it. Views.", {axis0()},
             unbind_shape, unbind_rule, unbind_backward, unbind_samples),
      {.name = "tile",
       .faces = kOperator,
       .doc = "x repeated along each axis, as NumPy's tile.",
       .operands = {operand_x(kAnySet)},
       .attrs = {{.name = "repeat_times", .aliases = {"dims", "repeats"}, .form = AttrForm::shape}},
       .shape = tile_shape,
       .vjp = by_decomposition(),
       .decompose = tile_rule,
       .sharding = "none: elements repeat",
       .cost = no_flops,
       .samples = tile_samples},
      {.name = "add_n",
       .faces = kOperator,
       .doc = "The sum of tensors of one shape, added in order.",
       .operands = {several(kNumberSet)},
       .shape = add_n_shape,
       .vjp = by_decomposition(),
       .decompose = add_n_rule,
       .sharding = "parts -> ...",
       .samples = add_n_samples},
      {.name = "roll",
       .faces = kOperator,
       .doc = "Elements moved along axes, those that fall off coming in at the other end; without "
              "axis, over the flat tensor.",
       .operands = {operand_x(kAnySet)},
       .attrs = {{.name = "shifts", .form = AttrForm::ints},
                 {.name = "axis", .aliases = {"dims"}, .form = AttrForm::ints, .value = kNone}},
       .shape = roll_shape,
       .vjp = by_decomposition(),
       .decompose = roll_rule,
       .sharding = "... -> ...; @axis: whole",
       .cost = no_flops,
       .samples = roll_samples},
  };
}

}  // namespace proa::ops
