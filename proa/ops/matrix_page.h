// What the pages about matrices share: identities, singular values, and the fields they all have.
// Why: norms and factors are two families of one subject.
#pragma once

#include <string_view>
#include <vector>

#include "proa/ops/algebra.h"
#include "proa/ops/composite.h"
#include "proa/ops/prim/linalg.h"
#include "proa/ops/refusal.h"

namespace proa::ops {

inline std::vector<Dim> dims_of(std::span<const Dim> dims) { return {dims.begin(), dims.end()}; }
inline std::vector<Dim> batch_of(std::span<const Dim> dims) {
  return {dims.begin(), dims.end() - 2};
}

inline Expr eye(Builder& b, std::span<const Dim> batch, Dim rows, Dim columns, DType t) {
  std::vector<Dim> dims = dims_of(batch);
  dims.insert(dims.end(), {rows, columns});
  return broadcast_to(cast(is_diagonal(b, rows, columns), t), dims);
}
inline Expr eye_like(Expr x) {
  return eye(*x.builder, x.dims().first(x.dims().size() - 2), x.dim(-2), x.dim(-1), x.dtype());
}
inline Expr singular_values(Expr x) {
  return call(*x.builder, "prim.svd", {&x, 1}, {{"full", false}})[1];
}

inline Expr extreme(Expr x, bool greatest) {
  int axes[] = {x.rank() - 1};
  return reduce(greatest ? "max" : "min", x, axes);
}

inline double epsilon_of(DType t) { return real_of(t) == DType::f64 ? 0x1p-52 : 0x1p-23; }

struct Algebra {
  std::string_view name;
  std::vector<std::string_view> aliases = {};
  uint32_t faces = ir::kLinalg;
  std::string_view doc;
  std::vector<OperandSpec> operands;
  std::vector<ir::AttrSpec> attrs = {};
  std::string_view signature = {};
  int results = 1;
  std::vector<std::string_view> names = {};
  ir::DTypeRule dtypes = promote();
  void (*shape)(Infer&);
  void (*checks)(Infer&) = nullptr;
  VjpRule vjp = {.decomposed = true};
  DecomposeRule rule;
  void (*samples)(SampleList&);
};

inline ir::Page algebra(Algebra a) {
  return {.name = a.name,
          .aliases = std::move(a.aliases),
          .faces = a.faces,
          .doc = a.doc,
          .operands = std::move(a.operands),
          .attrs = std::move(a.attrs),
          .signature = a.signature,
          .results = a.results,
          .result_names = std::move(a.names),
          .dtypes = a.dtypes,
          .shape = a.shape,
          .checks = a.checks,
          .vjp = a.vjp,
          .decompose = a.rule,
          .sharding = "none: a matrix is whole",
          .cost = [](Cost& c) { c.flops(Cost::elements(c.operand(0)) * Dim(100)); },
          .samples = a.samples};
}

}  // namespace proa::ops
