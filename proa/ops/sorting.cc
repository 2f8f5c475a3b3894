// Orders: sorting, the greatest few, medians, search in sorted rows.

#include <algorithm>

#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

constexpr DTypeSet kOrdered = kRealSet | kBoolSet;

std::vector<Dim> dims_of(Expr x) { return {x.dims().begin(), x.dims().end()}; }

// A 0-d tensor is sorted as one of a single element; its only axis is 0.
int sorting_axis(const ir::AttrView& op, int rank) { return op.axis("axis", std::max(rank, 1)); }

Expr at_least_1d(Expr x) { return x.rank() == 0 ? unsqueeze(x, 0) : x; }

// x in order along an axis, and where each element was.
std::vector<Expr> sorted_with_positions(Expr x, int axis, bool descending) {
  Expr operands[] = {x, iota(*x.builder, DType::i64, x.dims(), axis)};
  return call(*x.builder, "prim.sort", operands,
              {{"axis", axis}, {"keys", 1}, {"descending", descending}});
}

void sort_shape(Infer& op) {
  sorting_axis(op, op.rank(0));
  op.result(op.dims(0));
}

void sort_rule(Decompose& d) {
  Expr x = d.in(0), wide = at_least_1d(x);
  Expr y = call(d.builder(), "prim.sort", {&wide, 1},
                {{"axis", sorting_axis(d, x.rank())},
                 {"keys", 1},
                 {"descending", d.boolean("descending")}})[0];
  d.out(reshape(y, x.dims()));
}

void argsort_rule(Decompose& d) {
  Expr x = d.in(0);
  d.out(reshape(
      sorted_with_positions(at_least_1d(x), sorting_axis(d, x.rank()), d.boolean("descending"))[1],
      x.dims()));
}

// topk, kthvalue

Dim checked_k(Infer& op, int axis, int64_t lowest) {
  Dim k = op.dims_attr("k")[0];
  expect_ge(op, k, lowest, "k",
            [&] { return str("expected at least ", lowest, ", got ", to_string(k)); });
  expect_ge(op, op.dim(0, axis), k, "k", [&] {
    return str("expected at most the ", to_string(op.dim(0, axis)), " elements of axis ", axis,
               ", got ", to_string(k));
  });
  return k;
}

void topk_shape(Infer& op) {
  int axis = op.axis("axis", op.rank(0));
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  dims[static_cast<size_t>(axis)] = checked_k(op, axis, 0);
  op.result(dims, op.dtype(0));
  op.result(dims, DType::i64);
}

std::vector<Expr> chosen(Expr x, int axis, Dim k, bool largest) {
  Expr last = move_axis(x, axis, -1);
  std::vector<Expr> found =
      call(*x.builder, "prim.top_k", {&last, 1},
           {{"k", ir::Attribute::dim(x.builder->context(), k)}, {"largest", largest}});
  for (Expr& e : found) e = move_axis(e, -1, axis);
  return found;
}

void topk_rule(Decompose& d) {
  Expr x = d.in(0);
  for (Expr e : chosen(x, d.axis("axis", x.rank()), d.dims_attr("k")[0], d.boolean("largest")))
    d.out(e);
}

void kthvalue_shape(Infer& op) {
  int axis = op.axis("axis", op.rank(0));
  checked_k(op, axis, 1);
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  if (op.boolean("keepdim")) dims[static_cast<size_t>(axis)] = 1;
  else dims.erase(dims.begin() + axis);
  op.result(dims, op.dtype(0));
  op.result(dims, DType::i64);
}

void kthvalue_rule(Decompose& d) {
  Expr x = d.in(0);
  int axis = d.axis("axis", x.rank());
  Dim k = d.dims_attr("k")[0];
  for (Expr e : chosen(x, axis, k, false))
    d.out(reshape(slice_axis(e, axis, k - Dim(1), k), d.result_type().dims()));
}

// median, nanmedian

void median_shape(Infer& op) {
  int rank = op.rank(0);
  bool keep = op.boolean("keepdim");
  std::vector<Dim> dims;
  auto some = [&](Dim n) {
    expect_ge(op, n, 1, "x", [&] {
      return str("shape ", to_string(op.dims(0)),
                 " has no elements there, and there is no median of nothing");
    });
  };
  if (op.has("axis")) {
    int axis = op.axis("axis", rank);
    some(op.dim(0, axis));
    for (int i = 0; i < rank; ++i) {
      if (i != axis) dims.push_back(op.dim(0, i));
      else if (keep) dims.emplace_back(1);
    }
  } else {
    some(ir::product(op.dims(0)));
    if (keep) dims.assign(static_cast<size_t>(rank), Dim(1));
  }
  if (op.text("mode") == "avg")
    return op.result(dims, is_float(op.dtype(0)) ? op.dtype(0) : op.default_float());
  op.result(dims, op.dtype(0));
  if (op.has("axis")) op.result(dims, DType::i64);
}

template <bool kSkipNan>
void median_rule(Decompose& d) {
  Expr x = d.in(0);
  bool average = d.text("mode") == "avg";
  if (average) x = cast(x, d.result_type().dtype());
  int axis = 0;
  if (d.has("axis")) axis = d.axis("axis", x.rank());
  else x = reshape(x, std::vector<Dim>{ir::product(x.dims())});
  std::vector<Dim> one = dims_of(x);
  one[static_cast<size_t>(axis)] = 1;
  std::vector<Expr> ordered = sorted_with_positions(x, axis, false);
  bool nans = is_float(x.dtype());
  Expr count = broadcast_to(dim_value(d.builder(), x.dim(axis), DType::i64), one);
  if (kSkipNan && nans) count = sum(cast(!unary("is_nan", x), DType::i64), axis, true);
  Expr low = maximum((count - 1.0) / constant(d.builder(), DType::i64, 2.0), 0.0),
       high = count / constant(d.builder(), DType::i64, 2.0);
  Expr y = take_along(ordered[0], low, axis), at = take_along(ordered[1], low, axis);
  // Half of each, so that the sum of two great numbers does not overflow; exact where they are
  // equal.
  if (average)
    y = select(compare("eq", low, high), y, y * 0.5 + take_along(ordered[0], high, axis) * 0.5);
  if (!kSkipNan && nans) {
    Expr last = slice_axis(ordered[0], axis, x.dim(axis) - Dim(1), x.dim(axis)),
         missing = unary("is_nan", last);
    y = select(missing, last, y);
    Expr first = reshape(call1("prim.arg_reduce", {x}, {{"kind", "max"}, {"axis", axis}}), one);
    at = select(missing, first, at);
  }
  d.out(reshape(y, d.result_type().dims()));
  if (d.result_count() > 1) d.out(reshape(at, d.result_type().dims()));
}

// searchsorted, bucketize

DType position_dtype(const ir::AttrView& op) {
  return op.boolean("out_int32") ? DType::i32 : DType::i64;
}

template <int kRow, int kValues>
void searched_shape(Infer& op) {
  std::string_view row = op.page().operands[kRow].name, values = op.page().operands[kValues].name;
  if (op.rank(kRow) == 0)
    op.fail(ErrorKind::shape, row, "expected at least 1 dim, got a 0-d tensor");
  if (op.rank(kRow) > 1) {
    auto message = [&] {
      return str("expected the leading axes of ", row, ", of shape ", to_string(op.dims(kRow)),
                 ", got ", to_string(op.dims(kValues)));
    };
    if (op.rank(kValues) != op.rank(kRow)) op.fail(ErrorKind::shape, values, message());
    for (int i = 0; i + 1 < op.rank(kRow); ++i)
      expect_eq(op, op.dim(kValues, i), op.dim(kRow, i), values, message);
  }
  op.result(op.dims(kValues), position_dtype(op));
}

void bucketize_checks(Infer& op) {
  if (op.rank(1) != 1)
    op.fail(ErrorKind::shape, "sorted_sequence",
            str("expected one axis, got shape ", to_string(op.dims(1))));
}

template <int kRow, int kValues>
void searched_rule(Decompose& d) {
  Expr row = d.in(kRow), values = d.in(kValues), wanted = values;
  if (row.rank() == 1) wanted = reshape(values, std::vector<Dim>{ir::product(values.dims())});
  Expr at = call1("prim.search_sorted", {row, wanted}, {{"right", d.boolean("right")}});
  d.out(cast(reshape(at, values.dims()), position_dtype(d)));
}

template <bool kGradient>
void sort_samples(SampleList& s) {
  auto ok = [&](std::vector<Arg> operands, ir::SampleAttrs attrs) {
    s.ok(std::move(operands), std::move(attrs)).gradient = kGradient;
  };
  for (bool descending : {false, true}) {
    ok({T({5}, Fill::distinct)}, {{"descending", descending}});
    ok({T({3, 4}, Fill::distinct)}, {{"axis", 0}, {"descending", descending}});
    ok({T({2, 3, 2}, Fill::distinct)}, {{"axis", 1}, {"descending", descending}});
    ok({T({}, Fill::distinct)}, {{"descending", descending}});
    ok({T({0, 3})}, {{"descending", descending}});
    s.ok({V(DType::f32, {5}, {2, __builtin_nan(""), 1, 2, -0.0})}, {{"descending", descending}})
        .gradient = false;
  }
  s.wrong({T({3})}, {{"axis", 1}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 3})}, {{"axis", -3}}, ErrorKind::index, "out of range");
  s.wrong({T({})}, {{"axis", 1}}, ErrorKind::index, "out of range");
  s.wrong({T({3})}, {{"axis", "x"}}, ErrorKind::type, "an integer");
  s.wrong({T({3})}, {{"descending", 1}}, ErrorKind::type, "True or False");
  s.wrong({T(DType::c64, {3})}, {}, ErrorKind::type, "dtype");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
}

void topk_samples(SampleList& s) {
  for (bool largest : {true, false}) {
    s.ok({T({6}, Fill::distinct)}, {{"k", 3}, {"largest", largest}});
    s.ok({T({5, 3}, Fill::distinct)}, {{"k", 2}, {"axis", 0}, {"largest", largest}});
    s.ok({T({2, 4, 3}, Fill::distinct)}, {{"k", 4}, {"axis", 1}, {"largest", largest}});
    s.ok({T({3})}, {{"k", 0}, {"largest", largest}});
  }
  s.wrong({T({3})}, {{"k", 4}}, ErrorKind::shape, "at most the 3");
  s.wrong({T({3})}, {{"k", -1}}, ErrorKind::shape, "at least 0");
  s.wrong({T({3})}, {}, ErrorKind::value, "required");
  s.wrong({T({3})}, {{"k", 1.5}}, ErrorKind::type, "an integer");
  s.wrong({T({3})}, {{"k", 1}, {"axis", 1}}, ErrorKind::index, "out of range");
  s.wrong({T({})}, {{"k", 1}}, ErrorKind::index, "0-d");
  s.wrong({T(DType::c64, {3})}, {{"k", 1}}, ErrorKind::type, "dtype");
}

void kthvalue_samples(SampleList& s) {
  s.ok({T({5}, Fill::distinct)}, {{"k", 2}});
  s.ok({T({3, 4}, Fill::distinct)}, {{"k", 3}, {"axis", 0}});
  s.ok({T({3, 4}, Fill::distinct)}, {{"k", 1}, {"keepdim", true}});
  s.ok({T({0, 4})}, {{"k", 4}});
  s.wrong({T({3})}, {{"k", 4}}, ErrorKind::shape, "at most the 3");
  s.wrong({T({3})}, {{"k", 0}}, ErrorKind::shape, "at least 1");
  s.wrong({T({3})}, {}, ErrorKind::value, "required");
  s.wrong({T({3})}, {{"k", 1}, {"axis", -2}}, ErrorKind::index, "out of range");
  s.wrong({T({})}, {{"k", 1}}, ErrorKind::index, "0-d");
  s.wrong({T({3})}, {{"k", 1}, {"keepdim", 1}}, ErrorKind::type, "True or False");
  s.wrong({T(DType::c64, {3})}, {{"k", 1}}, ErrorKind::type, "dtype");
}

void median_samples(SampleList& s) {
  for (const char* mode : {"avg", "min"}) {
    s.ok({T({5}, Fill::distinct)}, {{"mode", mode}});
    s.ok({T({4}, Fill::distinct)}, {{"mode", mode}});
    s.ok({T({3, 4}, Fill::distinct)}, {{"axis", 1}, {"mode", mode}});
    s.ok({T({2, 3, 2}, Fill::distinct)}, {{"axis", -2}, {"keepdim", true}, {"mode", mode}});
    s.ok({T({}, Fill::distinct)}, {{"mode", mode}});
    s.ok({V(DType::f32, {2, 3}, {1, __builtin_nan(""), 3, 6, 5, 4})}, {{"axis", 1}, {"mode", mode}})
        .gradient = false;
  }
  s.ok({T(DType::i32, {4})}).gradient = false;
  s.wrong({T({0})}, {}, ErrorKind::shape, "no median of nothing");
  s.wrong({T({2, 0})}, {{"axis", 1}}, ErrorKind::shape, "no median of nothing");
  s.wrong({T({3})}, {{"axis", 1}}, ErrorKind::index, "out of range");
  s.wrong({T({})}, {{"axis", 0}}, ErrorKind::index, "0-d");
  s.wrong({T({3})}, {{"mode", "max"}}, ErrorKind::value, "expected one of");
  s.wrong({T({3})}, {{"keepdim", 2}}, ErrorKind::type, "True or False");
  s.wrong({T(DType::c64, {3})}, {}, ErrorKind::type, "dtype");
}

void searchsorted_samples(SampleList& s) {
  for (bool right : {false, true}) {
    s.ok({T({5}, Fill::sorted), T({2, 3})}, {{"right", right}});
    s.ok({T({5}, Fill::sorted), T({})}, {{"right", right}});
    s.ok({T({2, 4}, Fill::sorted), T({2, 3})}, {{"right", right}, {"out_int32", true}});
    s.ok({T({0}), T({3})}, {{"right", right}});
  }
  s.wrong({T({}), T({3})}, {}, ErrorKind::shape, "0-d");
  s.wrong({T({2, 4}), T({3})}, {}, ErrorKind::shape, "leading axes");
  s.wrong({T({2, 4}), T({3, 3})}, {}, ErrorKind::shape, "leading axes");
  s.wrong({T({4}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({4}), T({3})}, {{"right", 1}}, ErrorKind::type, "True or False");
  s.wrong({T({4}), T({3})}, {{"side", "left"}}, ErrorKind::key, "no such argument");
  s.wrong({T(DType::c64, {4}), T({3})}, {}, ErrorKind::type, "dtype");
}

void bucketize_samples(SampleList& s) {
  for (bool right : {false, true}) {
    s.ok({T({2, 3}), T({5}, Fill::sorted)}, {{"right", right}});
    s.ok({T({}), T({5}, Fill::sorted)}, {{"right", right}, {"out_int32", true}});
    s.ok({T({0}), T({5}, Fill::sorted)}, {{"right", right}});
  }
  s.wrong({T({3}), T({2, 4})}, {}, ErrorKind::shape, "one axis");
  s.wrong({T({3}), T({})}, {}, ErrorKind::shape, "one axis");
  s.wrong({T({3}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({3}), T({4})}, {{"out_int32", 1}}, ErrorKind::type, "True or False");
  s.wrong({T({3}), T({4})}, {{"axis", 0}}, ErrorKind::key, "no such argument");
  s.wrong({T({3}), T(DType::c64, {4})}, {}, ErrorKind::type, "dtype");
}

ir::AttrSpec axis_attr(ir::Literal value) {
  return {.name = "axis", .aliases = {"dim"}, .form = AttrForm::axis, .value = std::move(value)};
}
ir::AttrSpec flag(std::string_view name, bool value = false,
                  std::vector<std::string_view> aliases = {}) {
  return {.name = name, .aliases = std::move(aliases), .form = AttrForm::boolean, .value = value};
}

}  // namespace

std::vector<ir::Page> sorting_pages() {
  constexpr std::string_view kWhole = "... -> ...; @axis: whole", kIndex = "positions are integers";
  ir::AttrSpec k{.name = "k", .form = AttrForm::integer};
  ir::AttrSpec mode{
      .name = "mode", .form = AttrForm::string, .value = "avg", .choices = {"avg", "min"}};
  auto sorting_flops = [](Cost& c) { c.flops(Cost::elements(c.operand(0)) * Dim(16)); };
  return {
      {.name = "sort",
       .faces = kOperator,
       .doc = "x in ascending (or descending) order along axis. Equal elements keep their order, "
              "stable or not; NaN counts as greatest.",
       .operands = {operand_x(kOrdered)},
       .attrs = {axis_attr(-1), flag("descending"), flag("stable")},
       .shape = sort_shape,
       .vjp = by_decomposition(),
       .decompose = sort_rule,
       .sharding = kWhole,
       .cost = sorting_flops,
       .samples = sort_samples<true>},
      {.name = "argsort",
       .faces = kOperator,
       .doc = "The positions that sort x along axis, int64. Equal elements keep their order; NaN "
              "counts as greatest.",
       .operands = {operand_x(kOrdered)},
       .attrs = {axis_attr(-1), flag("descending"), flag("stable")},
       .dtypes = meets(Meet::none, Result::i64),
       .shape = sort_shape,
       .vjp = ir::not_differentiable(kIndex),
       .decompose = argsort_rule,
       .sharding = kWhole,
       .cost = sorting_flops,
       .samples = sort_samples<false>},
      {.name = "topk",
       .faces = kOperator,
       .doc = "The k greatest (or least) elements along axis, in that order, and their positions; "
              "of equals the first ones.",
       .operands = {operand_x(kRealSet)},
       .attrs = {k, axis_attr(-1), flag("largest", true), flag("sorted", true)},
       .results = 2,
       .result_names = {"values", "indices"},
       .dtypes = by_shape_rule(),
       .shape = topk_shape,
       .vjp = by_decomposition(),
       .decompose = topk_rule,
       .sharding = "... -> ..., ...; @axis: whole",
       .cost = sorting_flops,
       .samples = topk_samples},
      {.name = "kthvalue",
       .faces = kOperator,
       .doc = "The k-th smallest element along axis (k counts from 1) and its position.",
       .operands = {operand_x(kRealSet)},
       .attrs = {k, axis_attr(-1), flag("keepdim", false, {"keepdims"})},
       .results = 2,
       .result_names = {"values", "indices"},
       .dtypes = by_shape_rule(),
       .shape = kthvalue_shape,
       .vjp = by_decomposition(),
       .decompose = kthvalue_rule,
       .sharding = "... -> kept, kept; @axis: whole",
       .cost = sorting_flops,
       .samples = kthvalue_samples},
      {.name = "median",
       .faces = kOperator,
       .doc = "The median along axis (of all elements without axis); NaN where there is one. Of an "
              "even number, mode avg gives the mean of the middle two (integers: in the default "
              "float), mode min "
              "the lower one, with its position if there is an axis.",
       .operands = {operand_x(kRealSet)},
       .attrs = {axis_attr(kNone), flag("keepdim", false, {"keepdims"}), mode},
       .results = -1,
       .result_names = {"values", "indices"},
       .dtypes = by_shape_rule(),
       .shape = median_shape,
       .vjp = by_decomposition(),
       .decompose = median_rule<false>,
       .sharding = "... -> kept, kept; @axis: whole",
       .cost = sorting_flops,
       .samples = median_samples},
      {.name = "nanmedian",
       .faces = kOperator,
       .doc =
           "The median of what is not NaN; NaN where there is nothing else. Otherwise as median.",
       .operands = {operand_x(kRealSet)},
       .attrs = {axis_attr(kNone), flag("keepdim", false, {"keepdims"}), mode},
       .results = -1,
       .result_names = {"values", "indices"},
       .dtypes = by_shape_rule(),
       .shape = median_shape,
       .vjp = by_decomposition(),
       .decompose = median_rule<true>,
       .sharding = "... -> kept, kept; @axis: whole",
       .cost = sorting_flops,
       .samples = median_samples},
      {.name = "searchsorted",
       .faces = kOperator,
       .doc = "Where each value would stand in ascending rows: the number of elements before it "
              "(right: or equal to it). One row serves values of any shape; several rows go with "
              "as many rows of values.",
       .operands = {{.name = "sorted_sequence", .dtypes = kRealSet},
                    {.name = "values", .aliases = {"input"}, .dtypes = kRealSet, .number = true}},
       .attrs = {flag("out_int32"), flag("right")},
       .dtypes = by_shape_rule(Meet::promote),
       .shape = searched_shape<0, 1>,
       .vjp = ir::not_differentiable(kIndex),
       .decompose = searched_rule<0, 1>,
       .sharding = "none: values meet whole rows",
       .samples = searchsorted_samples},
      {.name = "bucketize",
       .faces = kOperator,
       .doc = "The bucket of each element of x among ascending borders: how many borders are below "
              "it (right: or equal to it).",
       .operands = {{.name = "x", .aliases = {"input"}, .dtypes = kRealSet, .number = true},
                    {.name = "sorted_sequence", .aliases = {"boundaries"}, .dtypes = kRealSet}},
       .attrs = {flag("out_int32"), flag("right")},
       .dtypes = by_shape_rule(Meet::promote),
       .shape = searched_shape<1, 0>,
       .checks = bucketize_checks,
       .vjp = ir::not_differentiable(kIndex),
       .decompose = searched_rule<1, 0>,
       .sharding = "..., n -> ...; n: whole",
       .samples = bucketize_samples},
  };
}

}  // namespace proa::ops
