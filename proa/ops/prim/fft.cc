// The discrete Fourier transform.

#include "proa/ops/prim/prim.h"

namespace proa::ops {

namespace {

using namespace prim;  // NOLINT: the words of the pages
using Ints = std::vector<int64_t>;

void fft_checks(Infer& op) {
  std::string_view kind = op.text("kind");
  if ((kind == "r2c") == is_complex(op.met())) {
    op.fail(ErrorKind::type, "x",
            str("kind '", kind, "' expects ", kind == "r2c" ? "floating point" : "complex numbers",
                ", got ", to_string(op.met())));
  }
}

void fft_shape(Infer& op) {
  std::string_view kind = op.text("kind");
  int rank = op.rank(0);
  std::vector<int> axes = ordered_axes(op, "axes", rank);
  if (axes.empty()) op.fail(ErrorKind::value, "axes", "expected at least one axis, got none");
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  for (int axis : axes) {
    expect_ge(op, op.dim(0, axis), 1, "x", [&] {
      return str("a transform of no points is undefined: axis ", axis, " of ",
                 to_string(op.dims(0)), " is empty");
    });
  }
  Dim& last = dims[static_cast<size_t>(axes.back())];
  DType dtype = op.met();
  if (kind == "r2c") {
    last = floordiv(last, 2) + 1;
    dtype = complex_of(dtype);
  } else if (kind == "c2r") {
    if (!op.has("length"))
      op.fail(ErrorKind::value, "length", "kind 'c2r' needs the extent of the result");
    Dim length = op.dims_attr("length")[0];
    expect_ge(op, length, 1, "length",
              [&] { return str("expected at least 1, got ", to_string(length)); });
    expect_eq(op, last, floordiv(length, 2) + 1, "length", [&] {
      return str("a result of ", to_string(length),
                 " points comes from length / 2 + 1 coefficients; x has ", to_string(last));
    });
    last = length;
    dtype = real_of(dtype);
  }
  if (kind != "c2r" && op.has("length"))
    op.fail(ErrorKind::value, "length", str("kind '", kind, "' takes no length"));
  op.result(dims, dtype);
}

// 1 at frequency 0 and at the middle one of an even length, whose conjugates are not in the half
// spectrum a second time; `pairs` at all others. Along `axis` of a tensor of this rank.
Expr pair_weight(Builder& b, DType real, Dim length, double pairs, int rank, int axis) {
  Dim count[] = {floordiv(length, 2) + 1};
  Expr k = iota(b, DType::i64, count, 0);
  Expr single = compare("eq", k, 0.0) | compare("eq", k * 2, dim_value(b, length, DType::i64));
  Expr weight = select(single, constant(b, real, 1.0), constant(b, real, pairs));
  std::vector<Dim> dims(static_cast<size_t>(rank), Dim(1));
  dims[static_cast<size_t>(axis)] = count[0];
  return reshape(weight, dims);
}

Expr weighted(Expr spectrum, Expr weight) {
  return spectrum * make_complex(weight, zeros_like(weight));
}

void fft_backward(Vjp& v) {
  std::string_view kind = v.text("kind");
  Expr x = v.in(0), g = v.cotangent();
  Ints axes = v.ints("axes");
  int last = v.axis_of("axes", axes.back(), x.rank());
  auto transform = [&](std::string_view to, Expr e) {
    return call1("prim.fft", {e}, {{"kind", to}, {"axes", axes}});
  };
  if (kind == "forward") {
    v.set(0, transform("inverse", g));
  } else if (kind == "inverse") {
    v.set(0, transform("forward", g));
  } else if (kind == "r2c") {
    Dim length = x.dim(last);
    Expr half = weighted(g, pair_weight(v.builder(), x.dtype(), length, 0.5, x.rank(), last));
    v.set(0, call1("prim.fft", {half},
                   {{"kind", "c2r"},
                    {"axes", axes},
                    {"length", ir::Attribute::dim(v.builder().context(), length)}}));
  } else {
    v.set(0, weighted(transform("r2c", g),
                      pair_weight(v.builder(), g.dtype(), g.dim(last), 2, x.rank(), last)));
  }
}

void fft_samples(SampleList& s) {
  for (const char* kind : {"forward", "inverse"}) {
    for (DType t : {DType::c64, DType::c128}) {
      s.ok({T(t, {1})}, {{"kind", kind}, {"axes", Ints{0}}});
      s.ok({T(t, {7})}, {{"kind", kind}, {"axes", Ints{0}}});
      s.ok({T(t, {0, 4})}, {{"kind", kind}, {"axes", Ints{1}}});
      s.ok({T(t, {3, 4})}, {{"kind", kind}, {"axes", Ints{0, -1}}});
      s.ok({T(t, {2, 5, 3})}, {{"kind", kind}, {"axes", Ints{1}}});
      s.ok({T(t, {2, 1, 3, 2})}, {{"kind", kind}, {"axes", Ints{3, 0}}});
    }
  }
  for (DType t : {DType::f32, DType::f64}) {
    s.ok({T(t, {1})}, {{"kind", "r2c"}, {"axes", Ints{0}}});
    s.ok({T(t, {7})}, {{"kind", "r2c"}, {"axes", Ints{0}}});
    s.ok({T(t, {3, 6})}, {{"kind", "r2c"}, {"axes", Ints{0, 1}}});
    s.ok({T(t, {4, 3, 2})}, {{"kind", "r2c"}, {"axes", Ints{2, 0}}});
  }
  for (DType t : {DType::c64, DType::c128}) {
    s.ok({T(t, {1})}, {{"kind", "c2r"}, {"axes", Ints{0}}, {"length", 1}});
    s.ok({T(t, {4})}, {{"kind", "c2r"}, {"axes", Ints{0}}, {"length", 7}});
    s.ok({T(t, {3, 4})}, {{"kind", "c2r"}, {"axes", Ints{0, 1}}, {"length", 6}});
    s.ok({T(t, {3, 2, 2})}, {{"kind", "c2r"}, {"axes", Ints{2, 0}}, {"length", 5}});
  }
  s.wrong({T(DType::c64, {4})}, {{"kind", "r2c"}, {"axes", Ints{0}}}, ErrorKind::type,
          "floating point");
  s.wrong({T(DType::f32, {4})}, {{"kind", "forward"}, {"axes", Ints{0}}}, ErrorKind::type,
          "complex");
  s.wrong({T(DType::f32, {4})}, {{"kind", "c2r"}, {"axes", Ints{0}}, {"length", 6}},
          ErrorKind::type, "complex");
  s.wrong({T(DType::c64, {4})}, {{"kind", "c2r"}, {"axes", Ints{0}}}, ErrorKind::value,
          "needs the extent");
  s.wrong({T(DType::c64, {4})}, {{"kind", "c2r"}, {"axes", Ints{0}}, {"length", 9}},
          ErrorKind::shape, "coefficients");
  s.wrong({T(DType::c64, {4})}, {{"kind", "forward"}, {"axes", Ints{0}}, {"length", 4}},
          ErrorKind::value, "takes no length");
  s.wrong({T(DType::c64, {4})}, {{"kind", "forward"}, {"axes", Ints{}}}, ErrorKind::value,
          "at least one axis");
  s.wrong({T(DType::c64, {4})}, {{"kind", "forward"}, {"axes", Ints{1}}}, ErrorKind::index,
          "out of range");
  s.wrong({T(DType::c64, {4, 4})}, {{"kind", "forward"}, {"axes", Ints{0, -2}}}, ErrorKind::value,
          "named twice");
  s.wrong({T(DType::c64, {0})}, {{"kind", "forward"}, {"axes", Ints{0}}}, ErrorKind::shape,
          "no points");
}

}  // namespace

std::vector<Page> fft_pages() {
  return {
      {.name = "fft",
       .doc = "The discrete Fourier transform over several axes, never scaled: forward sums x[j] "
              "exp(-2 pi i j k / n); inverse has the opposite sign (so inverse after forward gives "
              "n times x); r2c is forward of a real x with only frequencies 0 .. n / 2 of the last "
              "listed axis kept; c2r is inverse of such a half spectrum, completed by its "
              "conjugates (imaginary parts that a real signal cannot have are ignored). One "
              "implementation serves every device class; accuracy is that of a transform in x's "
              "own precision. Gradients are transforms too.\n"
              "Args:\n  x: complex64 or complex128; float32 or float64 for r2c.\n  kind: forward, "
              "inverse, r2c, c2r.\n  axes: at least one, none twice; the last one listed is halved "
              "or completed.\n  length: for c2r, the extent of the result at that axis; may be "
              "symbolic.\n"
              "Returns:\n  complex of the same shape; r2c: the last axis has n / 2 + 1; c2r: real, "
              "the last axis has `length`.\n"
              "Errors:\n  TypeError for a dtype that the kind does not have, ValueError and "
              "IndexError for axes and a missing or superfluous length, ShapeError for an empty "
              "axis or a length that does not go with x.\n"
              "Source:\n  Cooley and Tukey 1965; Bluestein 1970 for large prime factors.",
       .operands = {{.name = "x",
                     .dtypes =
                         static_cast<DTypeSet>(kComplexSet | bit(DType::f32) | bit(DType::f64))}},
       .attrs = {{.name = "kind",
                  .form = AttrForm::string,
                  .choices = {"forward", "inverse", "r2c", "c2r"}},
                 {.name = "axes", .form = AttrForm::ints},
                 {.name = "length", .form = AttrForm::integer, .value = kNone}},
       .dtypes = by_shape_rule(Meet::same),
       .shape = fft_shape,
       .checks = fft_checks,
       .vjp = {.backward = fft_backward},
       .decompose = primitive(),
       .sharding = "... -> ...; @axes: whole",
       .cost = [](Cost& c) { c.flops(Cost::elements(c.operand(0)) * Dim(40)); },
       .samples = fft_samples},
  };
}

}  // namespace proa::ops
