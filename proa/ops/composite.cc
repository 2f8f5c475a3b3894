#include "proa/ops/composite.h"
#include "proa/ops/casting.h"

namespace proa::ops {

void broadcast_shape(Infer& op) {
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  for (size_t i = 1; i < op.page().operands.size(); ++i) {
    auto k = static_cast<int>(i);
    if (op.present(k)) dims = op.broadcast(dims, op.dims(k), op.page().operands[i].name);
  }
  op.result(dims);
}

void require_real_unless_complex(Infer& op, int operand, DType into) {
  if (!op.present(operand) || is_complex(into) || !is_complex(op.dtype(operand))) return;
  op.fail(ErrorKind::type, op.page().operands[static_cast<size_t>(operand)].name,
          str("a complex number does not fit into ", to_string(into),
              "; make x complex, or take the real part"));
}

OperandSpec operand_x(DTypeSet dtypes, bool number) {
  return {.name = "x", .aliases = {"input", "self"}, .dtypes = dtypes, .number = number};
}

OperandSpec operand_y(DTypeSet dtypes, bool number) {
  return {.name = "y", .aliases = {"other"}, .dtypes = dtypes, .number = number};
}

namespace {

void same_dims(Infer& op) { op.result(op.dims(0)); }

ir::Page page_of(Elementwise parts, std::vector<OperandSpec> operands, void (*shape)(Infer&),
                 std::string_view sharding) {
  return {
      .name = parts.name,
      .aliases = std::move(parts.aliases),
      .faces = parts.faces,
      .doc = parts.doc,
      .operands = std::move(operands),
      .dtypes = parts.rule,
      .shape = shape,
      .vjp = parts.vjp,
      .decompose = parts.decompose,
      .sharding = sharding,
      .alias = {{.result = 0, .operand = 0}},
      .samples = parts.samples,
  };
}

}  // namespace

ir::Page elementwise(Elementwise parts) {
  std::vector<OperandSpec> operands{operand_x(parts.dtypes, true)};
  return page_of(std::move(parts), std::move(operands), same_dims, kEachAxis);
}

ir::Page broadcasting(Elementwise parts) {
  std::vector<OperandSpec> operands{operand_x(parts.dtypes, true), operand_y(parts.dtypes)};
  return page_of(std::move(parts), std::move(operands), broadcast_shape, kEachAxis2);
}

void refuse_elementwise(SampleList& s, DTypeSet legal) {
  for (int i = 0; i < kDTypeCount; ++i) {
    auto dtype = static_cast<DType>(i);
    if (!contains(legal, dtype))
      s.wrong({T(dtype, {2}, Fill::zeros)}, {}, ErrorKind::type, "dtype");
  }
  s.wrong({absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({2})}, {{"axis", 0}}, ErrorKind::key, "no such argument");
  s.wrong({T({2})}, {{"inplace", true}}, ErrorKind::key, "no such argument");
  s.wrong({T({2})}, {{"xs", 1.0}}, ErrorKind::key, "did you mean 'x'?");
  s.wrong({T({2})}, {{"input", 1.0}}, ErrorKind::type, "given twice");
  s.wrong({absent()}, {{"x", "ln 2"}}, ErrorKind::type, "expected a Tensor or a number, got str");
}

void broadcast_samples(SampleList& s, Fill x, Fill y, DTypeSet dtypes) {
  for (const auto& dims : usual_dims()) s.ok({T(dims, x), T(dims, y)});
  s.ok({T({3, 4}, x), T({4}, y)});
  s.ok({T({3, 1}, x), T({1, 4}, y)});
  s.ok({T({2, 1, 3}, x), T({4, 1}, y)});
  s.ok({T({}, x), T({2, 3}, y)});
  s.ok({T({0, 1}, x), T({3}, y)});
  for (int i = 0; i < kDTypeCount; ++i) {
    auto dtype = static_cast<DType>(i);
    if (contains(dtypes, dtype)) continue;
    s.wrong({T(dtype, {2}, Fill::zeros), T(dtype, {2}, Fill::zeros)}, {}, ErrorKind::type, "dtype");
  }
  s.wrong({T({2, 3}), T({2})}, {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong({T({4}), T({5})}, {}, ErrorKind::shape, "size 4 does not match 5");
  s.wrong({T({2, 1, 3}), T({4, 2})}, {}, ErrorKind::shape, "at axis -1");
  s.wrong({T({0}), T({3})}, {}, ErrorKind::shape, "[0] and [3]");
  s.wrong({T({2}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({2}), T({2})}, {{"axis", 0}}, ErrorKind::key, "no such argument");
  s.wrong({T({2}), T({2})}, {{"other", 1.0}}, ErrorKind::type, "given twice");
  s.wrong({T({2}), absent()}, {{"y", "2"}}, ErrorKind::type,
          "expected a Tensor or a number, got str");
}

}  // namespace proa::ops
