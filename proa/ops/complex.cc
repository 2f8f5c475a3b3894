// Complex tensors from real ones and back.

#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

constexpr DTypeSet kPartSet = bit(DType::f32) | bit(DType::f64);

void as_real_shape(Infer& op) {
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  dims.push_back(2);
  op.result(dims);
}

void as_real_rule(Decompose& d) {
  Expr x = d.in(0);
  Expr parts[] = {unsqueeze(real(x), x.rank()), unsqueeze(imag(x), x.rank())};
  d.out(concat(parts, x.rank()));
}

void as_complex_shape(Infer& op) {
  if (op.rank(0) == 0) {
    op.fail(ErrorKind::shape, "x", "expected pairs along the last axis, got a 0-d tensor");
  }
  expect_eq(op, op.dim(0, -1), 2, "x", [&] {
    return str("expected pairs along the last axis, got shape ", to_string(op.dims(0)));
  });
  op.result(op.dims(0).first(op.dims(0).size() - 1));
}

void as_complex_rule(Decompose& d) {
  Expr x = d.in(0);
  int last = x.rank() - 1;
  auto part = [&](int64_t at) { return squeeze(slice_axis(x, last, at, at + 1), last); };
  d.out(make_complex(part(0), part(1)));
}

void complex_rule(Decompose& d) {
  std::span<const Dim> dims = d.result_type().dims();
  d.out(make_complex(broadcast_to(d.in(0), dims), broadcast_to(d.in(1), dims)));
}

void as_real_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) s.ok({T(DType::c64, dims)});
  s.ok({T(DType::c128, {2, 3})});
  for (DType dtype : {DType::f32, DType::f16, DType::i64, DType::boolean}) {
    s.wrong({T(dtype, {2, 2}, Fill::ones)}, {}, ErrorKind::type, "dtype");
  }
  s.wrong({absent()}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::c64, {2})}, {{"axis", 0}}, ErrorKind::key, "no such argument");
  s.wrong({T(DType::c64, {2})}, {{"xs", 0}}, ErrorKind::key, "did you mean 'x'?");
  s.wrong({absent()}, {{"x", "1+2j"}}, ErrorKind::type, "expected a Tensor or a number, got str");
}

void as_complex_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) {
    std::vector<int64_t> pairs = dims;
    pairs.push_back(2);
    s.ok({T(DType::f32, pairs)});
  }
  s.ok({T(DType::f64, {3, 2})});
  s.wrong({T(DType::f32, {})}, {}, ErrorKind::shape, "0-d");
  s.wrong({T(DType::f32, {2, 3})}, {}, ErrorKind::shape, "pairs");
  s.wrong({T(DType::f32, {1})}, {}, ErrorKind::shape, "pairs");
  s.wrong({T(DType::i32, {3, 2})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::c64, {3, 2})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::f16, {3, 2})}, {}, ErrorKind::type, "dtype");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
  s.wrong({absent()}, {{"x", "1+2j"}}, ErrorKind::type, "expected a Tensor or a number, got str");
}

template <bool kPolar>
void parts_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) s.ok({T(DType::f32, dims), T(DType::f32, dims)});
  s.ok({T(DType::f64, {3, 1}), T(DType::f64, {4})});
  s.ok({T(DType::f32, {2}), T(DType::f64, {2})});
  s.wrong({T(DType::f32, {2}), T(DType::f32, {3})}, {}, ErrorKind::shape, "does not match");
  s.wrong({T(DType::c64, {2}), T(DType::f32, {2})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::f32, {2}), T(DType::c64, {2})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::i32, {2}), T(DType::f32, {2})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::f16, {2}), T(DType::f16, {2})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::f32, {2}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::f32, {2}), absent()}, {{kPolar ? "angle" : "imag", "j"}}, ErrorKind::type,
          "got str");
  s.wrong({T(DType::f32, {2}), T(DType::f32, {2})}, {{"dtype", DType::c64}}, ErrorKind::key,
          "no such argument");
}

}  // namespace

std::vector<ir::Page> complex_pages() {
  std::vector<ir::Page> pages;
  pages.push_back({
      .name = "as_real",
      .aliases = {"view_as_real"},
      .faces = kOperator,
      .doc = "Real and imaginary parts side by side along a new last axis of 2.\n"
             "Args:\n  x: complex.\n"
             "Returns:\n  real, [..., 2].",
      .operands = {operand_x(kComplexSet)},
      .dtypes = meets(Meet::promote, Result::real_of_met),
      .shape = as_real_shape,
      .vjp = by_decomposition(),
      .decompose = as_real_rule,
      .sharding = "... -> ... two; two: whole",
      .samples = as_real_samples,
  });
  pages.push_back({
      .name = "as_complex",
      .aliases = {"view_as_complex"},
      .faces = kOperator,
      .doc = "Pairs along the last axis as complex numbers: the inverse of as_real.\n"
             "Args:\n  x: f32 or f64, [..., 2].\n"
             "Returns:\n  complex, [...].\n"
             "Errors:\n  ShapeError where the last axis is not of size 2.",
      .operands = {operand_x(kPartSet)},
      .dtypes = meets(Meet::promote, Result::complex_of_met),
      .shape = as_complex_shape,
      .vjp = by_decomposition(),
      .decompose = as_complex_rule,
      .sharding = "... two -> ...; two: whole",
      .samples = as_complex_samples,
  });
  pages.push_back({
      .name = "complex",
      .faces = ir::kTop,
      .doc = "The complex tensor of real and imaginary parts, which are broadcast together.\n"
             "Args:\n  real, imag: f32 or f64.\n"
             "Errors:\n  ShapeError where the shapes do not broadcast.",
      .operands = {{.name = "real", .dtypes = kPartSet}, {.name = "imag", .dtypes = kPartSet}},
      .dtypes = meets(Meet::promote, Result::complex_of_met),
      .shape = broadcast_shape,
      .vjp = by_decomposition(),
      .decompose = complex_rule,
      .sharding = kEachAxis2,
      .samples = parts_samples<false>,
  });
  pages.push_back({
      .name = "polar",
      .faces = kOperator,
      .doc = "abs * exp(i angle): the complex tensor of moduli and angles in radians, which are "
             "broadcast together.",
      .operands = {{.name = "abs", .dtypes = kPartSet}, {.name = "angle", .dtypes = kPartSet}},
      .dtypes = meets(Meet::promote, Result::complex_of_met),
      .shape = broadcast_shape,
      .vjp = by_decomposition(),
      .decompose =
          [](Decompose& d) {
            std::span<const Dim> dims = d.result_type().dims();
            Expr r = broadcast_to(d.in(0), dims), angle = broadcast_to(d.in(1), dims);
            d.out(make_complex(r * cos(angle), r * sin(angle)));
          },
      .sharding = kEachAxis2,
      .samples = parts_samples<true>,
  });
  return pages;
}

}  // namespace proa::ops
