// Running results along an axis, differences and the trapezoidal rule.

#include <algorithm>

#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;
constexpr DTypeSet kOrdered = kRealSet | kBoolSet;

std::vector<Dim> dims_of(std::span<const Dim> dims) { return {dims.begin(), dims.end()}; }

// Without an axis, the flat tensor.
std::vector<Dim> running_dims(const ir::AttrView& op, std::string_view axis,
                              std::span<const Dim> dims) {
  if (!op.has(axis)) return {ir::product(dims)};
  (void)op.axis(axis, static_cast<int>(dims.size()));
  return dims_of(dims);
}

Expr running_operand(const ir::OperandView& d, std::string_view name, int& axis) {
  Expr x = d.in(0);
  if (d.has(name)) {
    axis = d.axis(name, x.rank());
    return x;
  }
  axis = 0;
  return reshape(x, std::vector<Dim>{ir::product(x.dims())});
}

// Sums and products of bool and integers are int64, as those of sum and prod.
DType accumulated_dtype(const Infer& op) {
  if (op.has("dtype")) return op.dtype_attr("dtype");
  DType t = op.dtype(0);
  return is_inexact(t) ? t : DType::i64;
}

constexpr std::string_view kAxisNames[] = {"axis", "dim"};

template <int kAxis>
void accumulated_shape(Infer& op) {
  op.result(running_dims(op, kAxisNames[kAxis], op.dims(0)), accumulated_dtype(op));
}

template <int kAxis, int kKind>
void accumulated_rule(Decompose& d) {
  constexpr std::string_view kKinds[] = {"sum", "prod"};
  int axis = 0;
  Expr x = running_operand(d, kAxisNames[kAxis], axis);
  d.out(scan(kKinds[kKind], cast(x, d.result_type().dtype()), axis));
}

void logcumsumexp_shape(Infer& op) {
  DType t = op.has("dtype")         ? op.dtype_attr("dtype")
            : is_float(op.dtype(0)) ? op.dtype(0)
                                    : op.default_float();
  if (!contains(kFloatSet, t))
    op.fail(ErrorKind::type, "dtype", str("expected floating point, got ", to_string(t)));
  op.result(running_dims(op, "axis", op.dims(0)), t);
}

void logcumsumexp_rule(Decompose& d) {
  int axis = 0;
  Expr x = running_operand(d, "axis", axis);
  d.out(scan("logsumexp", cast(x, d.result_type().dtype()), axis));
}

void running_extreme_shape(Infer& op) {
  DType index = op.dtype_attr("dtype");
  if (index != DType::i32 && index != DType::i64)
    op.fail(ErrorKind::type, "dtype", str("expected int32 or int64, got ", to_string(index)));
  std::vector<Dim> dims = running_dims(op, "axis", op.dims(0));
  op.result(dims, op.dtype(0));
  op.result(dims, index);
}

template <int kKind>
void running_extreme_rule(Decompose& d) {
  int axis = 0;
  Expr x = running_operand(d, "axis", axis);
  if (x.dtype() == DType::boolean) x = cast(x, DType::u8);
  std::vector<Expr> found = call(
      d.builder(), "prim.scan", {&x, 1},
      {{"kind", kKind == 0 ? "max" : "min"}, {"axis", axis}, {"reverse", false}, {"index", true}});
  d.out(cast(found[0], d.result_type(0).dtype()));
  d.out(cast(found[1], d.result_type(1).dtype()));
}

// diff

void diff_shape(Infer& op) {
  int rank = op.rank(0), axis = op.axis("axis", rank);
  auto at = static_cast<size_t>(axis);
  std::vector<Dim> dims = dims_of(op.dims(0));
  for (int k : {1, 2}) {
    if (!op.present(k)) continue;
    std::string_view name = op.page().operands[static_cast<size_t>(k)].name;
    auto message = [&] {
      return str("shape ", to_string(op.dims(k)), " does not fit beside shape ",
                 to_string(op.dims(0)), " along axis ", axis);
    };
    if (op.rank(k) != rank) op.fail(ErrorKind::shape, name, message());
    for (size_t i = 0; i < dims.size(); ++i) {
      if (i != at) expect_eq(op, op.dims(k)[i], op.dims(0)[i], name, message);
    }
    dims[at] = dims[at] + op.dims(k)[at];
  }
  dims[at] = max(Dim(0), dims[at] - Dim(op.integer("n")));
  op.result(dims);
}

void diff_rule(Decompose& d) {
  int axis = d.axis("axis", d.in(0).rank());
  std::vector<Expr> parts;
  if (d.present(1)) parts.push_back(d.in(1));
  parts.push_back(d.in(0));
  if (d.present(2)) parts.push_back(d.in(2));
  Expr x = concat(parts, axis);
  for (int64_t i = 0; i < d.integer("n"); ++i) {
    // n elements have max(0, n - 1) differences, whether or not n is known.
    Dim n = x.dim(axis), left = max(Dim(0), n - Dim(1)), from = n - left;
    Expr later = slice_axis(x, axis, from, n), earlier = slice_axis(x, axis, 0, left);
    x = x.dtype() == DType::boolean ? later ^ earlier : later - earlier;
  }
  d.out(x);
}

// trapezoid, cumulative_trapezoid

void trapezoid_checks(Infer& op) {
  int rank = op.rank(0), axis = op.axis("axis", rank);
  if (!op.present(1)) return;
  if (op.has("dx")) op.fail(ErrorKind::value, "dx", "expected either x or dx, got both");
  auto message = [&] {
    return str("expected shape ", to_string(op.dims(0)), " or one axis of ",
               to_string(op.dim(0, axis)), " points, got ", to_string(op.dims(1)));
  };
  if (op.rank(1) == 1) return expect_eq(op, op.dim(1, 0), op.dim(0, axis), "x", message);
  if (op.rank(1) != rank) op.fail(ErrorKind::shape, "x", message());
  for (int i = 0; i < rank; ++i) expect_eq(op, op.dim(1, i), op.dim(0, i), "x", message);
}

template <bool kRunning>
void trapezoid_shape(Infer& op) {
  int axis = op.axis("axis", op.rank(0));
  std::vector<Dim> dims = dims_of(op.dims(0));
  if (kRunning) dims[static_cast<size_t>(axis)] = max(Dim(0), op.dim(0, axis) - Dim(1));
  else dims.erase(dims.begin() + axis);
  op.result(dims);
}

template <bool kRunning>
void trapezoid_rule(Decompose& d) {
  Expr y = d.in(0);
  int axis = d.axis("axis", y.rank());
  auto later = [](Expr e, int a) {
    return slice_axis(e, a, e.dim(a) - max(Dim(0), e.dim(a) - Dim(1)), e.dim(a));
  };
  auto earlier = [](Expr e, int a) { return slice_axis(e, a, 0, max(Dim(0), e.dim(a) - Dim(1))); };
  Expr area = (later(y, axis) + earlier(y, axis)) * 0.5;
  if (d.present(1)) {
    Expr x = d.in(1);
    int along = x.rank() == 1 ? 0 : axis;
    Expr width = later(x, along) - earlier(x, along);
    if (x.rank() == 1) {
      int axes[] = {axis};
      width = broadcast_in(width, area.dims(), axes);
    }
    area = area * width;
  } else {
    area = area * (d.has("dx") ? d.real("dx") : 1.0);
  }
  d.out(kRunning ? scan("sum", area, axis) : sum(area, axis));
}

template <int kAxis>
void refuse_running(SampleList& s) {
  constexpr std::string_view axis = kAxisNames[kAxis];
  s.wrong({T({2, 3})}, {{axis, 2}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 3})}, {{axis, -3}}, ErrorKind::index, "out of range");
  s.wrong({T({})}, {{axis, 0}}, ErrorKind::index, "0-d");
  s.wrong({T({3})}, {{axis, "x"}}, ErrorKind::type, "an integer");
  s.wrong({T({3})}, {{"dtype", 3}}, ErrorKind::type, "a dtype");
  s.wrong({T({3})}, {{"reverse", true}}, ErrorKind::key, "no such argument");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
}

template <int kAxis, Fill kFill>
void running_samples(SampleList& s) {
  constexpr std::string_view axis = kAxisNames[kAxis];
  s.ok({T({5}, kFill)}, {{axis, 0}});
  s.ok({T({3, 4}, kFill)}, {{axis, -1}});
  s.ok({T({2, 3, 2}, kFill)}, {{axis, 1}});
  s.ok({T({2, 3}, kFill)});
  s.ok({T({}, kFill)});
  s.ok({T({0, 3}, kFill)}, {{axis, 1}});
  refuse_running<kAxis>(s);
}

template <int kAxis>
void accumulated_samples(SampleList& s) {
  running_samples<kAxis, Fill::normal>(s);
  s.ok({T(DType::boolean, {5})}, {{kAxisNames[kAxis], 0}});
  s.ok({T(DType::i32, {5})}, {{kAxisNames[kAxis], 0}, {"dtype", DType::f64}});
  s.ok({V(DType::f64, {4}, {2, 0, 3, 4})}, {{kAxisNames[kAxis], 0}});
}

void extreme_samples(SampleList& s) {
  running_samples<0, Fill::distinct>(s);
  s.ok({V(DType::f32, {5}, {1, 3, 3, __builtin_nan(""), 4})}, {{"axis", 0}}).gradient = false;
  s.ok({T({4}, Fill::distinct)}, {{"axis", 0}, {"dtype", DType::i32}});
  s.wrong({T({3})}, {{"dtype", DType::f32}}, ErrorKind::type, "int32 or int64");
  s.wrong({T(DType::c64, {3})}, {}, ErrorKind::type, "dtype");
}

void logcumsumexp_samples(SampleList& s) {
  running_samples<0, Fill::normal>(s);
  s.wrong({T({3})}, {{"dtype", DType::i32}}, ErrorKind::type, "floating point");
  s.wrong({T(DType::c64, {3})}, {}, ErrorKind::type, "dtype");
}

void diff_samples(SampleList& s) {
  s.ok({T({5}), absent(), absent()});
  s.ok({T({3, 5}), absent(), absent()}, {{"n", 2}});
  s.ok({T({3, 5}), T({1, 5}), absent()}, {{"axis", 0}});
  s.ok({T({3, 5}), T({3, 2}), T({3, 1})}, {{"axis", 1}});
  s.ok({T({2}), absent(), absent()}, {{"n", 3}});
  s.ok({T({2}), absent(), absent()}, {{"n", 0}});
  s.ok({T(DType::boolean, {4}), absent(), absent()});
  s.wrong({T({}), absent(), absent()}, {}, ErrorKind::index, "0-d");
  s.wrong({T({3}), absent(), absent()}, {{"axis", 1}}, ErrorKind::index, "out of range");
  s.wrong({T({3}), absent(), absent()}, {{"n", -1}}, ErrorKind::value, "at least 0");
  s.wrong({T({3, 5}), T({2, 1}), absent()}, {}, ErrorKind::shape, "does not fit");
  s.wrong({T({3, 5}), absent(), T({1})}, {}, ErrorKind::shape, "does not fit");
  s.wrong({T({3}), absent(), absent()}, {{"n", 1.5}}, ErrorKind::type, "an integer");
  s.wrong({absent(), absent(), absent()}, {}, ErrorKind::value, "required");
}

void trapezoid_samples(SampleList& s) {
  s.ok({T({5}), absent()});
  s.ok({T({5}), absent()}, {{"dx", 0.5}});
  s.ok({T({3, 4}), T({4})});
  s.ok({T({3, 4}), T({3})}, {{"axis", 0}});
  s.ok({T({3, 4}), T({3, 4})}, {{"axis", 0}});
  s.ok({T({1}), absent()});
  s.ok({T({0}), absent()});
  s.wrong({T({}), absent()}, {}, ErrorKind::index, "0-d");
  s.wrong({T({3}), absent()}, {{"axis", 1}}, ErrorKind::index, "out of range");
  s.wrong({T({3}), T({3})}, {{"dx", 1.0}}, ErrorKind::value, "got both");
  s.wrong({T({3}), T({4})}, {}, ErrorKind::shape, "points");
  s.wrong({T({2, 3}), T({3, 3})}, {}, ErrorKind::shape, "points");
  s.wrong({T({2, 3}), T({1, 2, 3})}, {}, ErrorKind::shape, "points");
  s.wrong({T({3}), absent()}, {{"dx", "x"}}, ErrorKind::type, "a number");
}

}  // namespace

std::vector<ir::Page> cumulative_pages() {
  constexpr std::string_view kWhole = "... -> ...; @axis: whole",
                             kPair = "... -> ..., ...; @axis: whole";
  auto axis = [](ir::Literal value) {
    return ir::AttrSpec{
        .name = "axis", .aliases = {"dim"}, .form = AttrForm::axis, .value = std::move(value)};
  };
  ir::AttrSpec dtype{.name = "dtype", .form = AttrForm::dtype, .value = kNone},
      index{.name = "dtype", .form = AttrForm::dtype, .value = DType::i64};
  ir::AttrSpec dx{.name = "dx", .form = AttrForm::real, .value = kNone};
  auto extreme = [&](std::string_view name, std::string_view doc, DecomposeRule rule) {
    return ir::Page{.name = name,
                    .faces = kOperator,
                    .doc = doc,
                    .operands = {operand_x(kOrdered)},
                    .attrs = {axis(kNone), index},
                    .results = 2,
                    .result_names = {"values", "indices"},
                    .dtypes = by_shape_rule(),
                    .shape = running_extreme_shape,
                    .vjp = by_decomposition(),
                    .decompose = rule,
                    .sharding = kPair,
                    .cost = flops_of_operand,
                    .samples = extreme_samples};
  };
  auto trapezoid = [&](std::string_view name, std::string_view doc, void (*shape)(Infer&),
                       DecomposeRule rule) {
    return ir::Page{.name = name,
                    .faces = kOperator,
                    .doc = doc,
                    .operands = {{.name = "y", .aliases = {"input"}, .dtypes = kNumberSet},
                                 {.name = "x", .dtypes = kNumberSet, .optional = true}},
                    .attrs = {dx, axis(-1)},
                    .dtypes = promote_float(),
                    .shape = shape,
                    .checks = trapezoid_checks,
                    .vjp = by_decomposition(),
                    .decompose = rule,
                    .sharding = "none: neighbours meet",
                    .cost = flops_of_operand,
                    .samples = trapezoid_samples};
  };
  return {
      {.name = "cumsum",
       .faces = kWriting,
       .doc = "The running sum along axis, of the flat tensor without axis. bool and integers add "
              "in int64.",
       .operands = {operand_x(kAnySet)},
       .attrs = {axis(kNone), dtype},
       .dtypes = by_shape_rule(),
       .shape = accumulated_shape<0>,
       .vjp = by_decomposition(),
       .decompose = accumulated_rule<0, 0>,
       .sharding = kWhole,
       .cost = flops_of_operand,
       .samples = accumulated_samples<0>},
      {.name = "cumprod",
       .faces = kWriting,
       .doc = "The running product along dim, of the flat tensor without dim. bool and integers "
              "multiply in int64. Zeros have a gradient.",
       .operands = {operand_x(kAnySet)},
       .attrs = {{.name = "dim", .aliases = {"axis"}, .form = AttrForm::axis, .value = kNone},
                 dtype},
       .dtypes = by_shape_rule(),
       .shape = accumulated_shape<1>,
       .vjp = by_decomposition(),
       .decompose = accumulated_rule<1, 1>,
       .sharding = "... -> ...; @dim: whole",
       .cost = flops_of_operand,
       .samples = accumulated_samples<1>},
      extreme("cummax",
              "The running maximum along axis (of the flat tensor without axis) and where it was "
              "met, the last of equals; NaN stays once met.",
              running_extreme_rule<0>),
      extreme("cummin",
              "The running minimum along axis (of the flat tensor without axis) and where it was "
              "met, the last of equals; NaN stays once met.",
              running_extreme_rule<1>),
      {.name = "logcumsumexp",
       .faces = kOperator,
       .doc = "log(cumsum(exp(x))) along axis (of the flat tensor without axis), without overflow.",
       .operands = {operand_x(kOrdered)},
       .attrs = {axis(kNone), dtype},
       .dtypes = by_shape_rule(),
       .shape = logcumsumexp_shape,
       .vjp = by_decomposition(),
       .decompose = logcumsumexp_rule,
       .sharding = kWhole,
       .cost = flops_of_operand,
       .samples = logcumsumexp_samples},
      {.name = "diff",
       .faces = kOperator,
       .doc = "The n-th differences of neighbours along axis, with prepend before x and append "
              "after it. Of bool: whether neighbours differ.",
       .operands = {operand_x(kAnySet),
                    {.name = "prepend", .dtypes = kAnySet, .optional = true},
                    {.name = "append", .dtypes = kAnySet, .optional = true}},
       .attrs = {{.name = "n", .form = AttrForm::integer, .value = 1, .lowest = 0}, axis(-1)},
       .signature = "x, n, axis, prepend, append",
       .shape = diff_shape,
       .vjp = by_decomposition(),
       .decompose = diff_rule,
       .sharding = "none: neighbours meet",
       .cost = flops_of_operand,
       .samples = diff_samples},
      trapezoid("trapezoid",
                "The integral of y along axis by the trapezoidal rule, over the points x or at "
                "distance dx (1 without either).",
                trapezoid_shape<false>, trapezoid_rule<false>),
      trapezoid("cumulative_trapezoid",
                "The running integral of y along axis by the trapezoidal rule, over the points x "
                "or at distance dx (1 without either).",
                trapezoid_shape<true>, trapezoid_rule<true>),
  };
}

}  // namespace proa::ops
