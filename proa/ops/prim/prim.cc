#include "proa/ops/prim/prim.h"

#include <algorithm>

namespace proa::ops::prim {

Dim known_of(Dim a, Dim b) { return a.is_const() ? a : b; }

void require_same_dims(Infer& op, int a, int b) {
  std::string_view name_a = op.page().operands[static_cast<size_t>(a)].name;
  std::string_view name_b = op.page().operands[static_cast<size_t>(b)].name;
  auto message = [&] {
    return str("expected shape ", to_string(op.dims(a)), " as of ", name_a, ", got ",
               to_string(op.dims(b)));
  };
  if (op.rank(a) != op.rank(b)) op.fail(ErrorKind::shape, name_b, message());
  for (int i = 0; i < op.rank(a); ++i) expect_eq(op, op.dim(b, i), op.dim(a, i), name_b, message);
}

void same_shape(Infer& op) {
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  for (size_t i = 1; i < op.page().operands.size(); ++i) {
    int k = static_cast<int>(i);
    require_same_dims(op, 0, k);
    for (size_t axis = 0; axis < dims.size(); ++axis) {
      dims[axis] = known_of(dims[axis], op.dims(k)[axis]);
    }
  }
  op.result(dims);
}

void require_extents(Infer& op, std::span<const Dim> dims, std::string_view argument) {
  for (size_t i = 0; i < dims.size(); ++i) {
    expect_ge(op, dims[i], 0, argument, [&] {
      return str("expected extents of at least 0, got ", to_string(dims[i]), " at axis ", i);
    });
  }
}

std::vector<int> ordered_axes(const ir::AttrView& op, std::string_view name, int rank) {
  std::vector<int> axes;
  for (int64_t value : op.ints(name)) {
    int axis = op.axis_of(name, value, rank);
    if (std::ranges::find(axes, axis) != axes.end()) {
      op.fail(ErrorKind::value, name, str("axis ", axis, " is named twice"));
    }
    axes.push_back(axis);
  }
  return axes;
}

std::vector<Dim> dims_each(const ir::AttrView& op, std::string_view name, int count) {
  std::vector<Dim> dims = op.dims_attr(name);
  if (dims.size() != static_cast<size_t>(count)) {
    op.fail(ErrorKind::value, name,
            str("expected one entry for each of ", count, " axes, got ", to_string(dims)));
  }
  return dims;
}

std::vector<int64_t> ints_each(const ir::AttrView& op, std::string_view name, int count,
                               int64_t lowest) {
  std::vector<int64_t> values = op.ints(name);
  if (values.size() != static_cast<size_t>(count)) {
    op.fail(ErrorKind::value, name,
            str("expected one entry for each of ", count, " axes, got ", list_str(values)));
  }
  for (int64_t value : values) {
    if (value < lowest) {
      op.fail(ErrorKind::value, name,
              str("expected integers of at least ", lowest, ", got ", list_str(values)));
    }
  }
  return values;
}

Dim dilated(Dim n, int64_t interior) {
  if (interior == 0) return n;
  return max(Dim(0), n + (n - 1) * Dim(interior));
}

void results_by_attribute(Infer& op) {
  ir::Type types = op.raw("results").as_type();
  if (types.kind() != ir::TypeKind::custom || types.name() != kTuple) {
    op.fail(ErrorKind::type, "results",
            str("expected !", kTuple, "<types...>, got ", to_string(types)));
  }
  for (ir::Attribute type : types.parameters()) {
    if (!type.is(ir::AttrKind::type))
      op.fail(ErrorKind::type, "results", str("expected types, got ", to_string(type)));
    op.result(type.as_type());
  }
}

void no_flops(Cost& cost) { cost.flops(0); }
void flops_of_operand(Cost& cost) { cost.flops(Cost::elements(cost.operand(0))); }

Expr zero_like(Expr x) { return constant(*x.builder, x.dtype(), 0.0); }

Expr exclusive(Expr scanned, int axis, bool reversed, double start) {
  auto at = static_cast<size_t>(axis), rank = static_cast<size_t>(scanned.rank());
  std::vector<Dim> low(rank, Dim(0)), high(rank, Dim(0));
  low[at] = reversed ? -1 : 1;
  high[at] = reversed ? 1 : -1;
  return pad(scanned, constant(*scanned.builder, scanned.dtype(), start), low, high, {});
}

void refuse_unary(SampleList& s, DTypeSet legal) {
  for (int i = 0; i < kDTypeCount; ++i) {
    auto dtype = static_cast<DType>(i);
    if (!contains(legal, dtype))
      s.wrong({T(dtype, {2}, Fill::zeros)}, {}, ErrorKind::type, "dtype");
  }
  s.wrong({absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({2})}, {{"axis", 0}}, ErrorKind::key, "no such argument");
  s.wrong({T({2})}, {{"out", 1}}, ErrorKind::key, "no such argument");
  s.wrong({T({2})}, {{"dtype", DType::f32}}, ErrorKind::key, "no such argument");
}

void refuse_binary(SampleList& s, DTypeSet legal) {
  DType first = DType::boolean, second = DType::boolean;
  for (int i = kDTypeCount; i-- > 0;) {
    auto dtype = static_cast<DType>(i);
    if (!contains(legal, dtype)) {
      s.wrong({T(dtype, {2}, Fill::zeros), T(dtype, {2}, Fill::zeros)}, {}, ErrorKind::type,
              "dtype");
    } else {
      second = first;
      first = dtype;
    }
  }
  s.wrong({T(first, {2}, Fill::ones), T(second, {2}, Fill::ones)}, {}, ErrorKind::type, "as of");
  s.wrong({T({2, 3}), T({3})}, {}, ErrorKind::shape, "expected shape [2, 3]");
  s.wrong({T({2, 3}), T({2, 1})}, {}, ErrorKind::shape, "got [2, 1]");
  s.wrong({T({4}), T({5})}, {}, ErrorKind::shape, "expected shape [4]");
  s.wrong({T({}), T({1})}, {}, ErrorKind::shape, "expected shape []");
  s.wrong({T({2}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({2}), T({2})}, {{"axis", 0}}, ErrorKind::key, "no such argument");
}

std::span<const std::vector<int64_t>> usual_dims() {
  static const std::vector<std::vector<int64_t>> dims = {{},        {0},       {5},         {3, 4},
                                                         {2, 0, 3}, {2, 3, 2}, {2, 1, 3, 2}};
  return dims;
}

}  // namespace proa::ops::prim
