// Distinct elements and slices, membership, equality of whole tensors.

#include <algorithm>

#include "proa/ir/context.h"
#include "proa/ops/composite.h"
#include "proa/ops/refusal.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;
constexpr DTypeSet kOrdered = kRealSet | kBoolSet;

Expr flat(Expr x) { return reshape(x, std::vector<Dim>{ir::product(x.dims())}); }
bool consecutive(const ir::AttrView& op) { return op.page().name == "unique_consecutive"; }

// unique, unique_consecutive: of the elements of the flat tensor, or of slices along an axis.

void unique_shape(Infer& op) {
  DType index = op.dtype_attr("dtype");
  if (index != DType::i32 && index != DType::i64)
    op.fail(ErrorKind::type, "dtype", str("expected int32 or int64, got ", to_string(index)));
  Dim found = op.context().symbols().fresh("u"), all = ir::product(op.dims(0));
  std::vector<Dim> dims{found};
  if (op.has("axis")) {
    int axis = op.axis("axis", op.rank(0));
    dims.assign(op.dims(0).begin(), op.dims(0).end());
    all = dims[static_cast<size_t>(axis)];
    dims[static_cast<size_t>(axis)] = found;
  }
  op.result(dims, op.dtype(0));
  if (!consecutive(op) && op.boolean("return_index")) op.result(std::vector<Dim>{found}, index);
  if (op.boolean("return_inverse")) op.result(std::vector<Dim>{all}, index);
  if (op.boolean("return_counts")) op.result(std::vector<Dim>{found}, index);
}

// The permutation that sorts rows by their first element, then the second, and so on.
Expr sorted_order(Expr rows) {
  Builder& b = *rows.builder;
  std::vector<Dim> n{rows.dim(0)};
  std::vector<Expr> operands;
  int64_t columns = static_dim(rows, 1);
  for (int64_t k = 0; k < columns; ++k)
    operands.push_back(reshape(slice_axis(rows, 1, k, k + 1), n));
  Expr position = iota(b, DType::i64, n, 0);
  if (columns == 0) return position;
  operands.push_back(position);
  return call(b, "prim.sort", operands, {{"axis", 0}, {"keys", columns}, {"descending", false}})
      .back();
}

void unique_rule(Decompose& d) {
  Builder& b = d.builder();
  Expr x = d.in(0);
  int axis = d.has("axis") ? d.axis("axis", x.rank()) : -1;
  Expr turned = axis < 0 ? unsqueeze(flat(x), 1) : move_axis(x, axis, 0);
  Dim width = ir::product(turned.dims().subspan(1));
  Expr rows = reshape(turned, std::vector<Dim>{turned.dim(0), width});
  std::vector<Dim> n{rows.dim(0)}, one{Dim(1)}, minus{Dim(-1)};
  Expr position = iota(b, DType::i64, n, 0), order = position;
  if (!consecutive(d)) {
    order = sorted_order(rows);
    rows = gather(rows, unsqueeze(order, 1), L{0}, 0);
  }
  std::vector<Dim> low{Dim(1), Dim(0)}, high{Dim(-1), Dim(0)};
  Expr before = pad(rows, zero_like(rows), low, high, {});
  int columns[] = {1};
  Expr differs = compare("ne", rows, before);
  // NaNs, which stand last, are one value; in whole slices and in runs they differ, as in NumPy.
  if (axis < 0 && !consecutive(d) && is_float(x.dtype()))
    differs = differs & !(unary("is_nan", rows) & unary("is_nan", before));
  Expr starts = reduce("or", differs, columns) | compare("eq", position, 0.0);
  std::vector<Expr> packed = call(b, "prim.compact", {&starts, 1});
  auto result = d.result_type().dims();
  Dim size = result[static_cast<size_t>(std::max(axis, 0))];
  call1("prim.as_dim", {packed[1]},
        {{"symbol", ir::Attribute::dim(b.context(), size)}, {"low", 0}});
  Expr at = slice_axis(packed[0], 0, 0, size), index = unsqueeze(at, 1);
  DType dtype = d.dtype_attr("dtype");
  Expr found = gather(rows, index, L{0}, 0);
  std::vector<Dim> dims{size};
  if (axis >= 0) dims.insert(dims.end(), turned.dims().begin() + 1, turned.dims().end());
  found = reshape(found, dims);
  d.out(axis < 0 ? found : move_axis(found, 0, axis));
  if (!consecutive(d) && d.boolean("return_index"))
    d.out(cast(gather(order, index, L{0}, 0), dtype));
  if (d.boolean("return_inverse")) {
    Expr group = scan("sum", cast(starts, DType::i64), 0) - 1.0;
    if (!consecutive(d))
      group = scatter("set", full(b, n, DType::i64, 0), unsqueeze(order, 1), group, L{0}, 0);
    d.out(cast(group, dtype));
  }
  if (d.boolean("return_counts"))
    d.out(cast(pad(at, dim_value(b, n[0], DType::i64), minus, one, {}) - at, dtype));
}

template <bool kConsecutive>
void unique_samples(SampleList& s) {
  auto all = [](ir::SampleAttrs attrs) {
    if (!kConsecutive) attrs.emplace_back("return_index", true);
    attrs.emplace_back("return_inverse", true);
    attrs.emplace_back("return_counts", true);
    return attrs;
  };
  s.ok({I({9}, 0, 4)});
  s.ok({I({3, 4}, 0, 5)}, all({}));
  s.ok({V(DType::f32, {5}, {2, 2, 1, -1, 1})}, {{"return_counts", true}}).gradient = false;
  s.ok({T(DType::boolean, {4})}, {{"return_inverse", true}, {"dtype", DType::i32}});
  s.ok({I({0}, 0, 2)}, all({}));
  s.ok({I({5, 2}, 0, 2)}, all({{"axis", 0}}));
  s.ok({I({2, 6}, 0, 2)}, all({{"axis", -1}}));
  s.ok({I({3, 2, 2}, 0, 1)}, all({{"axis", 1}}));
  s.wrong({T({3})}, {{"dtype", DType::f32}}, ErrorKind::type, "int32 or int64");
  s.wrong({T({3})}, {{"dtype", 64}}, ErrorKind::type, "a dtype");
  s.wrong({T(DType::c64, {3})}, {}, ErrorKind::type, "dtype");
  refuse_axis(s, {T({3})}, {});
  refuse_flag(s, {T({3})}, {}, "return_counts");
  refuse_strangers(s, {T({3})}, {});
}

// isin: by search among the sorted candidates.

void isin_rule(Decompose& d) {
  Expr x = d.in(0), all = flat(d.in(1)), y;
  if (x.dtype() == DType::boolean) {  // numbers have an order
    x = cast(x, DType::u8);
    all = cast(all, DType::u8);
  }
  Dim n = all.dim(0);
  Expr ordered = call(d.builder(), "prim.sort", {&all, 1},
                      {{"axis", 0}, {"keys", 1}, {"descending", false}})[0];
  Expr wanted = flat(x);
  Expr at = call1("prim.search_sorted", {ordered, wanted}, {{"right", false}});
  // One element more, so that the place after the last exists, in an empty row too.
  std::vector<Dim> none{Dim(0)}, one{Dim(1)};
  Expr row = pad(ordered, zero_like(ordered), none, one, {});
  Expr found = compare("eq", gather(row, unsqueeze(at, 1), L{0}, 0), wanted) &
               compare("lt", at, dim_value(d.builder(), n, DType::i64));
  y = reshape(found, x.dims());
  d.out(d.boolean("invert") ? Expr(!y) : y);
}

void isin_samples(SampleList& s) {
  s.ok({I({2, 5}, 0, 6), I({3}, 0, 6)});
  s.ok({T({4}), T({2, 2})}, {{"invert", true}});
  s.ok({I({3}, 0, 2), I({0}, 0, 2)});
  s.ok({T({}), T({})});
  s.ok({T(DType::boolean, {2, 3}), T(DType::boolean, {2})});
  s.ok({V(DType::f32, {2}, {__builtin_nan(""), 1}), V(DType::f32, {2}, {__builtin_nan(""), 1})});
  s.wrong({T({3}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::c64, {3}), T({3})}, {}, ErrorKind::type, "dtype");
  refuse_flag(s, {T({3}), T({3})}, {}, "invert");
  refuse_strangers(s, {T({3}), T({3})}, {});
}

// equal_all: other shapes are not equal, which is no error.

void equal_all_shape(Infer& op) {
  for (int i = 0; i < op.rank(0) && op.rank(0) == op.rank(1); ++i) {
    if (op.dim(0, i) != op.dim(1, i) && !(op.dim(0, i).is_const() && op.dim(1, i).is_const()))
      throw ir::NeedStatic{"equal_all: whether the shapes are equal decides"};
  }
  op.result(std::vector<Dim>{});
}

void equal_all_rule(Decompose& d) {
  Expr x = d.in(0), y = d.in(1);
  if (!std::ranges::equal(x.dims(), y.dims()))
    return d.out(constant(d.builder(), DType::boolean, 0.0));
  std::vector<int> axes;
  for (int i = 0; i < x.rank(); ++i) axes.push_back(i);
  Expr same = compare("eq", x, y);
  d.out(axes.empty() ? same : reduce("and", same, axes));
}

void equal_all_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) s.ok({T(dims), T(dims)});
  s.ok({T({2, 3}, Fill::ones), T({2, 3}, Fill::ones)});
  s.ok({T({2, 3}), T({3})});
  s.wrong({T({3}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::f8e4m3, {3}, Fill::zeros), T({3})}, {}, ErrorKind::type, "dtype");
  s.wrong({T({3}), T({3})}, {{"axis", 0}}, ErrorKind::key, "no such argument");
  refuse_strangers(s, {T({3}), T({3})}, {});
}

}  // namespace

std::vector<ir::Page> distinct_pages() {
  auto flag = [](std::string_view name) {
    return ir::AttrSpec{.name = name, .form = AttrForm::boolean, .value = false};
  };
  ir::AttrSpec axis{.name = "axis", .aliases = {"dim"}, .form = AttrForm::axis, .value = kNone},
      dtype{.name = "dtype", .form = AttrForm::dtype, .value = DType::i64};
  auto sorting_flops = [](Cost& c) { c.flops(Cost::elements(c.operand(0)) * Dim(16)); };
  constexpr std::string_view kChanges = "which elements are equal changes without notice",
                             kData = "none: the number of elements depends on the data";
  return {
      {.name = "unique",
       .faces = kOperator,
       .doc = "The distinct elements of x, ascending, as a vector (with axis: the distinct slices, "
              "ordered by their first element, then the second); on demand the position where each "
              "stands first, for each element of the flat x (or slice) its place among them, and "
              "how often each occurs. NaNs are one value, but with axis distinct.",
       .operands = {operand_x(kOrdered)},
       .attrs = {flag("return_index"), flag("return_inverse"), flag("return_counts"), axis, dtype},
       .results = -1,
       .result_names = {"out", "index", "inverse", "counts"},
       .dtypes = by_shape_rule(),
       .shape = unique_shape,
       .vjp = ir::not_differentiable(kChanges),
       .decompose = unique_rule,
       .sharding = kData,
       .cost = sorting_flops,
       .samples = unique_samples<false>},
      {.name = "unique_consecutive",
       .faces = kOperator,
       .doc = "x as a vector (with axis: its slices) without the elements that equal the one "
              "before; on demand for each element its place in the result, and how long each run "
              "is.",
       .operands = {operand_x(kOrdered)},
       .attrs = {flag("return_inverse"), flag("return_counts"), axis, dtype},
       .results = -1,
       .result_names = {"out", "inverse", "counts"},
       .dtypes = by_shape_rule(),
       .shape = unique_shape,
       .vjp = ir::not_differentiable(kChanges),
       .decompose = unique_rule,
       .sharding = kData,
       .cost = sorting_flops,
       .samples = unique_samples<true>},
      {.name = "isin",
       .faces = kOperator,
       .doc = "True where an element of x is among those of test_x (with invert: where it is not). "
              "NaN is nowhere.",
       .operands =
           {operand_x(kOrdered),
            {.name = "test_x", .aliases = {"test_elements"}, .dtypes = kOrdered, .number = true}},
       .attrs = {flag("assume_unique"), flag("invert")},
       .dtypes = predicate(),
       .shape = [](Infer& op) { op.result(op.dims(0)); },
       .vjp = ir::not_differentiable("the result is bool"),
       .decompose = isin_rule,
       .sharding = "..., n -> ...; n: whole",
       .cost = sorting_flops,
       .samples = isin_samples},
      {.name = "equal_all",
       .faces = kOperator,
       .doc = "True if x and y have one shape and equal elements: a 0-d bool tensor. NaN equals "
              "nothing.",
       .operands = {operand_x(kAnySet), operand_y(kAnySet)},
       .dtypes = predicate(),
       .shape = equal_all_shape,
       .vjp = ir::not_differentiable("the result is bool"),
       .decompose = equal_all_rule,
       .sharding = "..., ... -> ",
       .samples = equal_all_samples},
  };
}

}  // namespace proa::ops
