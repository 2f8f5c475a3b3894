// The pages of the primitives, by family, and the few words that many of these pages share.
// Why: the set is closed; compilers, devices, sharding and autodiff know nothing else.
//
// Sharding is said in factors: "b m k, b k n -> b m n; k: sum". `...` stands for every axis, in
// order; `@axis` for the axes that the attribute names; after the semicolon, what holds for a
// factor that is split: `sum` (`max`, ...) leaves partial results to combine so, `whole` must not
// be split, `halo` needs the neighbours' border.
#pragma once

#include <vector>

#include "proa/ir/contents.h"
#include "proa/ir/rules.h"
#include "proa/ir/samples.h"
#include "proa/ops/expr.h"

namespace proa::ops {

std::vector<ir::Page> unary_pages();
std::vector<ir::Page> binary_pages();
std::vector<ir::Page> select_complex_pages();
std::vector<ir::Page> create_pages();
std::vector<ir::Page> layout_pages();
std::vector<ir::Page> reduce_pages();
std::vector<ir::Page> scan_pages();
std::vector<ir::Page> index_pages();
std::vector<ir::Page> sort_pages();
std::vector<ir::Page> contraction_pages();
std::vector<ir::Page> fft_pages();
std::vector<ir::Page> factorization_pages();
std::vector<ir::Page> decomposition_pages();
std::vector<ir::Page> structure_pages();
std::vector<ir::Page> control_pages();
std::vector<ir::Page> calling_pages();

namespace prim {

using ir::absent;
using ir::Arg;
using ir::AttrForm;
using ir::Augment;
using ir::by_shape_rule;
using ir::Contents;
using ir::Cost;
using ir::DTypeRule;
using ir::Effects;
using ir::Fill;
using ir::I;
using ir::Infer;
using ir::kNone;
using ir::meets;
using ir::not_differentiable;
using ir::Page;
using ir::primitive;
using ir::same;
using ir::SampleList;
using ir::T;
using ir::V;
using ir::Vjp;
using ir::zero_gradient;
using Meet = DTypeRule::Meet;
using Result = DTypeRule::Result;

// Type of a list of types: the results of a call are written as one attribute.
inline constexpr std::string_view kTuple = "builtin.tuple";
// The types in the attribute "results" become the results of the operation.
void results_by_attribute(Infer& op);

inline constexpr std::string_view kEachAxis = "... -> ...";
inline constexpr std::string_view kEachAxis2 = "..., ... -> ...";
inline constexpr std::string_view kEachAxis3 = "..., ..., ... -> ...";
inline constexpr DTypeSet kStoredSet = kAnySet | kFloat8Set;
inline constexpr DTypeSet kBitsSet = kBoolSet | kIntSet;
inline constexpr DTypeSet kIndexSet = bit(DType::i64);

// Infer::require_eq and require_ge, with a message that is only written where something is unknown:
// inference stands on the path of every eager call.
template <class Message>
void expect_eq(Infer& op, Dim a, Dim b, std::string_view argument, const Message& message) {
  if (a != b) op.require_eq(a, b, argument, message());
}
template <class Message>
void expect_ge(Infer& op, Dim a, Dim b, std::string_view argument, const Message& message) {
  if (a.is_const() && b.is_const() && a.constant() >= b.constant()) return;
  op.require_ge(a, b, argument, message());
}

// Every operand has the dims of the first, and so has the result.
void same_shape(Infer& op);
// Operand `b` has the dims of operand `a`; the message names both.
void require_same_dims(Infer& op, int a, int b);
// Result dims where two extents must agree: the one that is a number, if one is.
Dim known_of(Dim a, Dim b);
// Extents must not be negative; `argument` is the attribute that holds them.
void require_extents(Infer& op, std::span<const Dim> dims, std::string_view argument);
// An attribute that lists axes in the order given: each in range (negative counts from the end),
// none twice.
std::vector<int> ordered_axes(const ir::AttrView& op, std::string_view name, int rank);
// An attribute with one entry for each of `count` axes, or a UserError.
std::vector<Dim> dims_each(const ir::AttrView& op, std::string_view name, int count);
std::vector<int64_t> ints_each(const ir::AttrView& op, std::string_view name, int count,
                               int64_t lowest);

// n elements with `interior` holes between neighbours: n + (n - 1) * interior, and 0 for 0.
Dim dilated(Dim n, int64_t interior);

void no_flops(Cost& cost);
void flops_of_operand(Cost& cost);  // one an element of the first operand

// g * conj(d): how a cotangent passes a holomorphic function of derivative d.
inline Expr times_conj(Expr g, Expr d) { return g * conj(d); }
Expr zero_like(Expr x);  // 0-d, of x's dtype
// A scan without each element's own contribution: moved by one along the axis, `start` coming in.
Expr exclusive(Expr scanned, int axis, bool reversed, double start);
inline Expr only_where(Expr condition, Expr x) { return select(condition, x, zero_like(x)); }

// Wrong cases that hold for any page of one tensor x: dtypes outside its set, no operand, arguments
// that do not exist.
void refuse_unary(SampleList& s, DTypeSet legal);
// For two tensors x, y that meet: dtypes, shapes, ranks, absence.
void refuse_binary(SampleList& s, DTypeSet legal);

// Dims that every elementwise page is tried on: 0-d, 0-size, ranks 1 to 4.
std::span<const std::vector<int64_t>> usual_dims();

template <DTypeSet kLegal, Fill kFill>
void unary_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) s.ok({T(dims, kFill)});
  if constexpr ((kLegal & ~(kFloatSet | kFloat8Set)) == 0) {
    constexpr double kInf = __builtin_inf();
    Arg special{.dims = {7},
                .fill = Fill::values,
                .values = {0.0, -0.0, 1, -1, kInf, -kInf, __builtin_nan("")}};
    auto& sample = s.ok({special});
    sample.gradient = false;
    sample.note = "signed zeros, infinities, NaN";
  }
  refuse_unary(s, kLegal);
}

template <DTypeSet kLegal, Fill kFillX, Fill kFillY>
void binary_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) s.ok({T(dims, kFillX), T(dims, kFillY)});
  refuse_binary(s, kLegal);
}

}  // namespace prim
}  // namespace proa::ops
