#include "proa/ops/prim/linalg.h"

#include "proa/ir/need_extents.h"
#include "proa/ops/algebra.h"

namespace proa::ops::prim {

void require_matrix(Infer& op, int operand, std::string_view argument) {
  if (op.rank(operand) < 2) {
    op.fail(ErrorKind::shape, argument,
            str("expected a matrix [..., m, n], got shape ", to_string(op.dims(operand))));
  }
}

void require_square(Infer& op, int operand, std::string_view argument) {
  auto message = [&] {
    return str("expected a square matrix [..., n, n], got shape ", to_string(op.dims(operand)));
  };
  if (op.rank(operand) < 2) op.fail(ErrorKind::shape, argument, message());
  expect_eq(op, op.dim(operand, -2), op.dim(operand, -1), argument, message);
}

bool is_tall(Vjp& v, Dim rows, Dim columns) {
  ir::Facts& facts = v.builder().facts();
  if (facts.prove_ge(rows, columns) == ir::Truth::yes) return true;
  if (facts.prove_ge(columns, rows) == ir::Truth::yes) return false;
  throw ir::NeedExtents(str("the gradient of ", v.page().name, " needs to know whether ",
                            to_string(rows), " or ", to_string(columns), " is greater"),
                        {rows, columns});
}

Expr lower_with_half_diagonal(Expr x) { return tril(x, -1) + diagonal_matrix(diagonal(x) * 0.5); }

Expr inverse_gaps(Expr d) {
  Expr gaps = unsqueeze(d, -2) - unsqueeze(d, -1);
  Expr equal = compare("eq", gaps, 0.0);
  return only_where(!equal, 1 / select(equal, full_like(gaps, 1), gaps));
}

void refuse_matrix(SampleList& s, const ir::SampleAttrs& attrs) {
  s.wrong({T(DType::f64, {})}, attrs, ErrorKind::shape, "matrix");
  s.wrong({T(DType::f64, {3})}, attrs, ErrorKind::shape, "matrix");
  s.wrong({T(DType::i32, {3, 3})}, attrs, ErrorKind::type, "dtype");
  s.wrong({T(DType::f16, {3, 3})}, attrs, ErrorKind::type, "dtype");
  s.wrong({T(DType::bf16, {3, 3})}, attrs, ErrorKind::type, "dtype");
  s.wrong({T(DType::boolean, {3, 3})}, attrs, ErrorKind::type, "dtype");
  s.wrong({absent()}, attrs, ErrorKind::value, "required");
  ir::SampleAttrs more = attrs;
  more.emplace_back("check", true);
  s.wrong({T(DType::f64, {3, 3})}, more, ErrorKind::key, "no such argument");
}

void refuse_square(SampleList& s, const ir::SampleAttrs& attrs) {
  refuse_matrix(s, attrs);
  s.wrong({T(DType::f64, {3, 2})}, attrs, ErrorKind::shape, "square");
  s.wrong({T(DType::f64, {2, 2, 3})}, attrs, ErrorKind::shape, "square");
}

}  // namespace proa::ops::prim
