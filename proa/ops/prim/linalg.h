// What the pages of factorisations share: shapes of matrices, gradients of triangles, wrong cases.
// Why: seven primitives refuse the same things in the same words.
#pragma once

#include "proa/ops/prim/prim.h"

namespace proa::ops::prim {

inline constexpr DTypeSet kMatrixSet =
    static_cast<DTypeSet>(kComplexSet | bit(DType::f32) | bit(DType::f64));

void require_matrix(Infer& op, int operand, std::string_view argument);
void require_square(Infer& op, int operand, std::string_view argument);
// Whether there are more rows than columns; NeedStatic where the facts cannot tell.
bool is_tall(Vjp& v, Dim rows, Dim columns);
// The lower triangle with its diagonal halved: from a Hermitian gradient (doubled) to that of the
// one triangle which is read.
Expr lower_with_half_diagonal(Expr x);
// 1 / (d[j] - d[i]), and 0 where the two are equal.
Expr inverse_gaps(Expr d);
void refuse_matrix(SampleList& s, const ir::SampleAttrs& attrs);
void refuse_square(SampleList& s, const ir::SampleAttrs& attrs);

// kFactor * (elements of x) * (its last extent) operations.
template <int kFactor>
void cubic(Cost& c) {
  c.flops(Cost::elements(c.operand(0)) * c.operand(0).dims().back() * Dim(kFactor));
}

}  // namespace proa::ops::prim
