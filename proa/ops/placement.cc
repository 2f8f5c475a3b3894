// Whole slices of a tensor repeated, chosen among tensors, added or written at positions.

#include <algorithm>

#include "proa/ir/context.h"
#include "proa/ir/need_extents.h"
#include "proa/ops/casting.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;

OperandSpec index_operand() {
  return {.name = "index", .aliases = {"indices"}, .dtypes = kIntSet, .meets = false};
}

// Of gather and scatter: negative positions count from the end, others beyond it are refused.
constexpr std::string_view kFromEnd = "from_end";

// Positions as a column for gather and scatter.
Expr column(Expr index) { return unsqueeze(cast(index, DType::i64), index.rank()); }

void require_vector(Infer& op, int operand) {
  if (op.rank(operand) != 1) {
    op.fail(ErrorKind::shape, op.page().operands[static_cast<size_t>(operand)].name,
            str("expected a vector of positions, got shape ", to_string(op.dims(operand))));
  }
}

// index_add, index_fill: slices along an axis

void index_add_shape(Infer& op) {
  int axis = op.axis("axis", op.rank(0));
  require_vector(op, 1);
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  dims[static_cast<size_t>(axis)] = op.dim(1, 0);
  auto message = [&] {
    return str("expected shape ", to_string(dims), ", got ", to_string(op.dims(2)));
  };
  if (op.rank(2) != op.rank(0)) op.fail(ErrorKind::shape, "value", message());
  for (size_t i = 0; i < dims.size(); ++i) expect_eq(op, op.dims(2)[i], dims[i], "value", message);
  op.result(op.dims(0));
}

void index_add_rule(Decompose& d) {
  Expr x = d.in(0);
  int axis = d.axis("axis", x.rank());
  Expr y = scatter("add", move_axis(x, axis, 0), column(d.in(1)), move_axis(d.in(2), axis, 0), L{0},
                   0, kFromEnd);
  d.out(move_axis(y, 0, axis));
}

void index_fill_shape(Infer& op) {
  op.axis("axis", op.rank(0));
  require_vector(op, 1);
  if (op.rank(2) != 0)
    op.fail(ErrorKind::shape, "value",
            str("expected a number or a 0-d tensor, got shape ", to_string(op.dims(2))));
  require_real_unless_complex(op, 2, op.dtype(0));
  op.result(op.dims(0), op.dtype(0));
}

// A mask of the positions, so that each element's gradient has one place to go.
void index_fill_rule(Decompose& d) {
  Expr x = d.in(0);
  int axis = d.axis("axis", x.rank());
  ir::Builder& b = d.builder();
  std::vector<Dim> extent{x.dim(axis)};
  Expr hit = scatter("set", full(b, extent, DType::boolean, 0), column(d.in(1)),
                     full(b, d.in(1).dims(), DType::boolean, 1), L{0}, 0, kFromEnd);
  int axes[] = {axis};
  d.out(select(broadcast_in(hit, x.dims(), axes), cast(d.in(2), x.dtype()), x));
}

// scatter: slices along the first axis

void scatter_shape(Infer& op) {
  if (op.rank(0) == 0) op.fail(ErrorKind::shape, "x", "expected at least 1 dim, got a 0-d tensor");
  bool wide = op.rank(1) == 2;
  if (op.rank(1) > 2) require_vector(op, 1);
  if (wide)
    expect_eq(op, op.dim(1, 1), 1, "index", [&] {
      return str("expected a vector of positions, got shape ", to_string(op.dims(1)));
    });
  std::vector<Dim> dims(op.dims(0).begin() + 1, op.dims(0).end());
  if (op.rank(1) > 0) dims.insert(dims.begin(), op.dim(1, 0));
  auto message = [&] {
    return str("expected shape ", to_string(dims), ", got ", to_string(op.dims(2)));
  };
  if (op.rank(2) != static_cast<int>(dims.size())) op.fail(ErrorKind::shape, "updates", message());
  for (size_t i = 0; i < dims.size(); ++i)
    expect_eq(op, op.dims(2)[i], dims[i], "updates", message);
  op.result(op.dims(0));
}

void scatter_rule(Decompose& d) {
  Expr x = d.in(0), index = d.in(1), updates = d.in(2);
  if (index.rank() == 2) index = reshape(index, std::vector<Dim>{index.dim(0)});
  Expr at = column(index);
  if (d.boolean("overwrite")) return d.out(scatter("set", x, at, updates, L{0}, 0, kFromEnd));
  Expr cleared = scatter("set", x, at, zeros_like(updates), L{0}, 0, kFromEnd);
  d.out(scatter("add", cleared, at, updates, L{0}, 0, kFromEnd));
}

// scatter_nd

void scatter_nd_shape(Infer& op) {
  std::vector<Dim> dims = op.dims_attr("shape");
  require_extents(op, dims, "shape");
  if (op.rank(0) < 1)
    op.fail(ErrorKind::shape, "index", "expected at least 1 dim, got a 0-d tensor");
  Dim last = op.dim(0, -1);
  if (!last.is_const())
    throw ir::NeedExtents("scatter_nd: the number of axes is the last size of index", {last});
  if (last.constant() > static_cast<int64_t>(dims.size()))
    op.fail(ErrorKind::shape, "index",
            str("expected at most ", dims.size(), " positions in the last axis, got ",
                to_string(last)));
  std::vector<Dim> wanted(op.dims(0).begin(), op.dims(0).end() - 1);
  wanted.insert(wanted.end(), dims.begin() + last.constant(), dims.end());
  auto message = [&] {
    return str("expected shape ", to_string(wanted), ", got ", to_string(op.dims(1)));
  };
  if (op.rank(1) != static_cast<int>(wanted.size()))
    op.fail(ErrorKind::shape, "updates", message());
  for (size_t i = 0; i < wanted.size(); ++i)
    expect_eq(op, op.dims(1)[i], wanted[i], "updates", message);
  op.result(dims, op.dtype(1));
}

void scatter_nd_rule(Decompose& d) {
  d.out(call1("tensor.scatter_nd_add",
              {full(d.builder(), d.result_type().dims(), d.in(1).dtype(), 0), d.in(0), d.in(1)}));
}

// repeat_interleave

void repeat_shape(Infer& op) {
  int rank = op.rank(0), axis = op.has("axis") ? op.axis("axis", rank) : 0;
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  if (!op.has("axis")) dims = {ir::product(op.dims(0))};
  if (op.rank(1) > 1)
    op.fail(ErrorKind::shape, "repeats",
            str("expected one number or one for each element of the axis, got shape ",
                to_string(op.dims(1))));
  if (op.rank(1) == 1 && !op.dim(1, 0).is_const(1) &&
      !ir::is_widened(op.facts(), op.dim(1, 0), dims[static_cast<size_t>(axis)], "repeats")) {
    expect_eq(op, op.dim(1, 0), dims[static_cast<size_t>(axis)], "repeats", [&] {
      return str("expected one number for each of ", to_string(dims[static_cast<size_t>(axis)]),
                 " elements of the axis, got ", to_string(op.dim(1, 0)));
    });
  }
  dims[static_cast<size_t>(axis)] = op.context().symbols().fresh("u");
  op.result(dims, op.dtype(0));
}

void repeat_rule(Decompose& d) {
  ir::Builder& b = d.builder();
  Expr x = d.in(0);
  int axis = 0;
  if (d.has("axis")) axis = d.axis("axis", x.rank());
  else x = reshape(x, std::vector<Dim>{ir::product(x.dims())});
  Dim size = d.result_type().dims()[static_cast<size_t>(axis)];
  std::vector<Dim> extent{x.dim(axis)}, wide{size};
  Expr times = broadcast_to(cast(d.in(1), DType::i64), extent);
  // The sum is made in floats too, which cannot wrap around.
  int first[] = {0};
  Expr sane = reduce("and", compare("ge", times, 0.0), first) &
              compare("lt", sum(cast(times, DType::f64), 0), 0x1p60);
  (void)call(b, "prim.shape_assert", {&sane, 1},
             {{"message", "repeats: expected numbers of at least 0 with a sum below 2^60"}});
  call1("prim.as_dim", {sum(times, 0)},
        {{"symbol", ir::Attribute::dim(b.context(), size)}, {"low", 0}});
  // Element j of the result is the first whose last repetition ends after j.
  Expr at = call1("prim.search_sorted", {scan("sum", times, 0), iota(b, DType::i64, wide, 0)},
                  {{"right", true}});
  d.out(move_axis(gather(x, unsqueeze(at, 1), L{axis}, 0), 0, axis));
}

// multiplex

void multiplex_shape(Infer& op) {
  if (op.count(0) == 0)
    op.fail(ErrorKind::value, "inputs", "expected at least one tensor, got none");
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  if (dims.empty())
    op.fail(ErrorKind::shape, "inputs", "expected at least 1 dim, got a 0-d tensor");
  for (int k = 1; k < op.count(0); ++k) {
    auto message = [&] {
      return str("tensor ", k, " of shape ", to_string(op.dims(0, k)),
                 " does not fit beside shape ", to_string(op.dims(0)));
    };
    if (op.rank(0, k) != op.rank(0)) op.fail(ErrorKind::shape, "inputs", message());
    for (size_t i = 0; i < dims.size(); ++i)
      expect_eq(op, op.dims(0, k)[i], dims[i], "inputs", message);
  }
  auto message = [&] {
    return str("expected one number for each of ", to_string(dims[0]), " rows, got shape ",
               to_string(op.dims(1)));
  };
  if (op.rank(1) < 1 || op.rank(1) > 2 ||
      (op.rank(1) == 2 && op.dim(1, 1).is_const() && !op.dim(1, 1).is_const(1)))
    op.fail(ErrorKind::shape, "index", message());
  if (op.rank(1) == 2) expect_eq(op, op.dim(1, 1), 1, "index", message);
  expect_eq(op, op.dim(1, 0), dims[0], "index", message);
  op.result(dims);
}

void multiplex_rule(Decompose& d) {
  std::vector<Expr> parts = d.ins(0);
  std::vector<Dim> rows{parts[0].dim(0)};
  for (Expr& part : parts) part = unsqueeze(part, 0);
  Expr at[] = {unsqueeze(reshape(cast(d.in(1), DType::i64), rows), 1),
               unsqueeze(iota(d.builder(), DType::i64, rows, 0), 1)};
  d.out(gather(concat(parts, 0), concat(at, 1), L{0, 1}, 0, "raise"));
}

void index_add_samples(SampleList& s) {
  s.ok({T({4, 3}), I({5}, 0, 4), T({5, 3})}, {{"axis", 0}});
  s.ok({T({4, 3}), I({2}, -3, 3), T({4, 2})}, {{"axis", 1}});
  s.ok({T({4}), I({0}, 0, 4), T({0})}, {{"axis", -1}});
  s.wrong({T({4, 3}), I({2}, 0, 4), T({3, 3})}, {{"axis", 0}}, ErrorKind::shape,
          "expected shape [2, 3]");
  s.wrong({T({4, 3}), I({2}, 0, 4), T({2})}, {{"axis", 0}}, ErrorKind::shape,
          "expected shape [2, 3]");
  s.wrong({T({4, 3}), I({2, 1}, 0, 4), T({2, 3})}, {{"axis", 0}}, ErrorKind::shape, "a vector");
  s.wrong({T({4, 3}), I({2}, 0, 4), T({2, 3})}, {{"axis", 2}}, ErrorKind::index, "out of range");
  s.wrong({T({4, 3}), I({2}, 0, 4), T({2, 3})}, {}, ErrorKind::value, "required");
  s.wrong({T({4, 3}), T(DType::f32, {2}), T({2, 3})}, {{"axis", 0}}, ErrorKind::type, "dtype");
  s.wrong({T({4, 3}), I({2}, 0, 4), absent()}, {{"axis", 0}}, ErrorKind::value, "required");
}

void index_fill_samples(SampleList& s) {
  s.ok({T({4, 3}), I({2}, 0, 4), T({})}, {{"axis", 0}});
  s.ok({T({4, 3}), V(DType::i64, {3}, {-1, 0, 0}), T({})}, {{"axis", 1}});
  s.ok({T({4}), I({2}, 0, 4), ir::number(1.5)}, {{"axis", 0}}).gradient = false;
  s.ok({T({4}), I({0}, 0, 4), T({})}, {{"axis", 0}});
  s.wrong({T({4}), I({2}, 0, 4), T({2})}, {{"axis", 0}}, ErrorKind::shape, "0-d tensor");
  s.wrong({T({4}), I({2, 1}, 0, 4), T({})}, {{"axis", 0}}, ErrorKind::shape, "a vector");
  s.wrong({T({4}), I({2}, 0, 4), T({})}, {{"axis", 1}}, ErrorKind::index, "out of range");
  s.wrong({T({4}), I({2}, 0, 4), T({})}, {}, ErrorKind::value, "required");
  s.wrong({T({4}), T(DType::f32, {2}), T({})}, {{"axis", 0}}, ErrorKind::type, "dtype");
  s.wrong({T({4}), I({2}, 0, 4), absent()}, {{"axis", 0}}, ErrorKind::value, "required");
}

void scatter_samples(SampleList& s) {
  s.ok({T({4, 3}), V(DType::i64, {2}, {3, 1}), T({2, 3})});
  s.ok({T({4, 3}), V(DType::i64, {2, 1}, {3, 1}), T({2, 3})});
  s.ok({T({4, 3}), V(DType::i64, {3}, {3, 1, 3}), T({3, 3})}, {{"overwrite", false}});
  s.ok({T({4, 3}), V(DType::i64, {}, {2}), T({3})});
  s.ok({T({4}), I({0}, 0, 4), T({0})});
  s.wrong({T({}), I({2}, 0, 4), T({2})}, {}, ErrorKind::shape, "at least 1 dim");
  s.wrong({T({4, 3}), I({2, 2}, 0, 4), T({2, 3})}, {}, ErrorKind::shape, "a vector");
  s.wrong({T({4, 3}), I({2, 1, 1}, 0, 4), T({2, 3})}, {}, ErrorKind::shape, "a vector");
  s.wrong({T({4, 3}), I({2}, 0, 4), T({3, 3})}, {}, ErrorKind::shape, "expected shape [2, 3]");
  s.wrong({T({4, 3}), I({2}, 0, 4), T({2})}, {}, ErrorKind::shape, "expected shape [2, 3]");
  s.wrong({T({4, 3}), T(DType::f32, {2}), T({2, 3})}, {}, ErrorKind::type, "dtype");
  s.wrong({T({4, 3}), I({2}, 0, 4), T({2, 3})}, {{"overwrite", 1}}, ErrorKind::type,
          "True or False");
}

void scatter_nd_samples(SampleList& s) {
  s.ok({I({3, 1}, 0, 4), T({3, 2})}, {{"shape", L{4, 2}}});
  s.ok({I({3, 2}, 0, 2), T({3})}, {{"shape", L{4, 2}}});
  s.wrong({I({3, 3}, 0, 2), T({3})}, {{"shape", L{4, 2}}}, ErrorKind::shape, "at most 2");
  s.wrong({I({3, 1}, 0, 2), T({3})}, {{"shape", L{4, 2}}}, ErrorKind::shape,
          "expected shape [3, 2]");
  s.wrong({I({3, 1}, 0, 2), T({2, 2})}, {{"shape", L{4, 2}}}, ErrorKind::shape,
          "expected shape [3, 2]");
  s.wrong({I({}, 0, 2), T({})}, {{"shape", L{4}}}, ErrorKind::shape, "at least 1 dim");
  s.wrong({I({3, 1}, 0, 2), T({3})}, {}, ErrorKind::value, "required");
  s.wrong({I({3, 1}, 0, 2), T({3})}, {{"shape", L{-4}}}, ErrorKind::shape, "at least 0");
  s.wrong({T(DType::f32, {3, 1}), T({3})}, {{"shape", L{4}}}, ErrorKind::type, "dtype");
}

void repeat_samples(SampleList& s) {
  s.ok({T({3}), V(DType::i64, {}, {2})});
  s.ok({T({2, 3}), V(DType::i64, {3}, {1, 0, 2})}, {{"axis", 1}});
  s.ok({T({2, 3}), V(DType::i64, {1}, {2})}, {{"axis", -2}});
  s.ok({T({2, 3}), V(DType::i64, {}, {0})});
  s.wrong({T({3}), V(DType::i64, {2}, {1, 2})}, {}, ErrorKind::shape, "one number for each of 3");
  s.wrong({T({3}), V(DType::i64, {1, 3}, {1, 2, 3})}, {}, ErrorKind::shape,
          "one number or one for each");
  s.wrong({T({3}), V(DType::i64, {}, {2})}, {{"axis", 1}}, ErrorKind::index, "out of range");
  s.wrong({T({}), V(DType::i64, {}, {2})}, {{"axis", 0}}, ErrorKind::index, "0-d");
  s.wrong({T({3}), T(DType::f32, {3})}, {}, ErrorKind::type, "dtype");
  s.wrong({T({3}), absent()}, {}, ErrorKind::value, "required");
}

void multiplex_samples(SampleList& s) {
  s.ok_list({{T({3, 2}), T({3, 2})}, {I({3, 1}, 0, 2)}});
  s.ok_list({{T({3}), T({3}), T({3})}, {I({3}, 0, 3)}});
  s.ok_list({{T({2, 2, 2})}, {I({2, 1}, 0, 1)}});
  s.wrong_list({{}, {I({3}, 0, 1)}}, {}, ErrorKind::value, "at least one");
  s.wrong_list({{T({3}), T({4})}, {I({3}, 0, 2)}}, {}, ErrorKind::shape, "does not fit");
  s.wrong_list({{T({3}), T({3, 1})}, {I({3}, 0, 2)}}, {}, ErrorKind::shape, "does not fit");
  s.wrong_list({{T({3}), T({3})}, {I({2}, 0, 2)}}, {}, ErrorKind::shape,
               "one number for each of 3");
  s.wrong_list({{T({3}), T({3})}, {I({3, 2}, 0, 2)}}, {}, ErrorKind::shape,
               "one number for each of 3");
  s.wrong_list({{T({})}, {I({1}, 0, 1)}}, {}, ErrorKind::shape, "at least 1 dim");
  s.wrong_list({{T({3}), T({3})}, {T(DType::f32, {3})}}, {}, ErrorKind::type, "dtype");
}

}  // namespace

std::vector<ir::Page> placement_pages() {
  constexpr std::string_view kAnywhere = "none: positions are anywhere";
  ir::AttrSpec axis{.name = "axis", .aliases = {"dim"}, .form = AttrForm::axis};
  ir::AttrSpec any_axis{.name = "axis", .aliases = {"dim"}, .form = AttrForm::axis, .value = kNone};
  return {
      {.name = "index_add",
       .faces = kWriting,
       .doc = "x with the slices of value added along axis at the positions of index, in ascending "
              "order of value.",
       .operands = {operand_x(kNumberSet),
                    index_operand(),
                    {.name = "value", .aliases = {"source"}, .dtypes = kNumberSet}},
       .attrs = {axis},
       .signature = "x, index, axis, value",
       .shape = index_add_shape,
       .vjp = by_decomposition(),
       .decompose = index_add_rule,
       .sharding = kAnywhere,
       .samples = index_add_samples},
      {.name = "index_fill",
       .faces = kWriting,
       .doc = "x with one number in the slices along axis at the positions of index.",
       .operands = {operand_x(kAnySet),
                    index_operand(),
                    {.name = "value", .dtypes = kAnySet, .meets = false, .number = true}},
       .attrs = {axis},
       .signature = "x, index, axis, value",
       .dtypes = by_shape_rule(),
       .shape = index_fill_shape,
       .vjp = by_decomposition(),
       .decompose = index_fill_rule,
       .sharding = kAnywhere,
       .samples = index_fill_samples},
      {.name = "scatter",
       .faces = kWriting,
       .doc = "x with the slices at the positions of index along the first axis replaced by "
              "updates; without overwrite they are set to 0 and updates are added, so "
              "that those of one position add up.",
       .operands = {operand_x(kNumberSet),
                    index_operand(),
                    {.name = "updates", .dtypes = kNumberSet}},
       .attrs = {{.name = "overwrite", .form = AttrForm::boolean, .value = true}},
       .shape = scatter_shape,
       .vjp = by_decomposition(),
       .decompose = scatter_rule,
       .sharding = kAnywhere,
       .samples = scatter_samples},
      {.name = "scatter_nd",
       .faces = kOperator,
       .doc = "Zeros of a shape with updates added at the positions of index (see gather_nd).",
       .operands = {index_operand(), {.name = "updates", .dtypes = kNumberSet}},
       .attrs = {{.name = "shape", .form = AttrForm::shape}},
       .dtypes = by_shape_rule(),
       .shape = scatter_nd_shape,
       .vjp = by_decomposition(),
       .decompose = scatter_nd_rule,
       .sharding = kAnywhere,
       .samples = scatter_nd_samples},
      {.name = "repeat_interleave",
       .faces = kOperator,
       .doc = "Each slice of x along axis (each element of the flat x without axis) repeated as "
              "often as repeats says: one number, or one for each; a "
              "negative number counts as 0.",
       .operands = {operand_x(kAnySet),
                    {.name = "repeats", .dtypes = kIntSet, .meets = false, .number = true}},
       .attrs = {any_axis},
       .dtypes = by_shape_rule(),
       .shape = repeat_shape,
       .vjp = by_decomposition(),
       .decompose = repeat_rule,
       .sharding = "none: the number of elements depends on the data",
       .cost = no_flops,
       .samples = repeat_samples},
      {.name = "multiplex",
       .faces = kOperator,
       .doc = "Row i of the result is row i of the tensor that index[i] says.",
       .operands = {{.name = "inputs", .aliases = {"x"}, .dtypes = kAnySet, .variadic = true},
                    index_operand()},
       .shape = multiplex_shape,
       .vjp = by_decomposition(),
       .decompose = multiplex_rule,
       .sharding = kAnywhere,
       .cost = no_flops,
       .samples = multiplex_samples},
  };
}

}  // namespace proa::ops
