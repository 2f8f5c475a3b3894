// Choice between values, changes of dtype, and the parts of complex numbers.

#include "proa/ops/prim/prim.h"

namespace proa::ops {

namespace {

using namespace prim;  // NOLINT: the words of the pages

constexpr DTypeSet kPartSet = bit(DType::f32) | bit(DType::f64);

void select_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) s.ok({T(DType::boolean, dims), T(dims), T(dims)});
  s.ok({T(DType::boolean, {3}), T(DType::boolean, {3}), T(DType::boolean, {3})}).gradient = false;
  s.wrong({T(DType::f32, {2}), T({2}), T({2})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::i32, {2}), T({2}), T({2})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::boolean, {2}), T(DType::f32, {2}), T(DType::i32, {2})}, {}, ErrorKind::type,
          "as of x");
  s.wrong({T(DType::boolean, {}), T({2}), T({2})}, {}, ErrorKind::shape, "expected shape []");
  s.wrong({T(DType::boolean, {2}), T({2}), T({})}, {}, ErrorKind::shape, "got []");
  s.wrong({T(DType::boolean, {2}), T({3}), T({2})}, {}, ErrorKind::shape, "got [3]");
  s.wrong({T(DType::boolean, {2}), T({2}), absent()}, {}, ErrorKind::value, "required");
}

void cast_backward(Vjp& v) {
  DType to = v.in(0).dtype();
  v.set(0, cast(is_complex(to) ? v.cotangent() : real(v.cotangent()), to));
}

void cast_samples(SampleList& s) {
  for (DType to : {DType::boolean, DType::u8, DType::i8, DType::i16, DType::i32, DType::i64,
                   DType::f16, DType::bf16, DType::f32, DType::f64, DType::c64, DType::c128}) {
    s.ok({T({2, 3})}, {{"dtype", to}}).gradient = is_inexact(to) && size_of(real_of(to)) == 8;
  }
  for (DType to : {DType::f8e4m3, DType::f8e5m2}) {
    s.ok({T(DType::f32, {5})}, {{"dtype", to}}).gradient = false;
    s.ok({T(to, {5})}, {{"dtype", DType::f32}}).gradient = false;
  }
  for (const auto& dims : usual_dims()) s.ok({T(dims)}, {{"dtype", DType::f64}}).gradient = false;
  s.ok({V(DType::f64, {6}, {1e300, -1e300, 3.99, -3.99, __builtin_nan(""), __builtin_inf()})},
       {{"dtype", DType::i32}})
      .note = "saturates, NaN gives 0";
  s.wrong({T({2})}, {}, ErrorKind::value, "required");
  s.wrong({T({2})}, {{"dtype", "float32"}}, ErrorKind::type, "a dtype");
  s.wrong({T({2})}, {{"dtype", 1}}, ErrorKind::type, "a dtype");
  s.wrong({T({2})}, {{"to", DType::f32}}, ErrorKind::key, "no such argument");
  s.wrong({T({2})}, {{"dtype", 2.5}}, ErrorKind::type, "a dtype");
  s.wrong({absent()}, {{"dtype", DType::f32}}, ErrorKind::value, "required");
}

void bitcast_checks(Infer& op) {
  DType from = op.dtype(0), to = op.dtype_attr("dtype");
  if (to == DType::boolean || size_of(from) != size_of(to)) {
    op.fail(ErrorKind::type, "dtype",
            str("expected a dtype of ", size_of(from), " bytes other than bool, as x has ",
                to_string(from), ", got ", to_string(to)));
  }
}

void bitcast_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) {
    s.ok({T(DType::f32, dims)}, {{"dtype", DType::i32}});
    s.ok({T(DType::i64, dims)}, {{"dtype", DType::f64}});
  }
  s.ok({T(DType::bf16, {4})}, {{"dtype", DType::i16}});
  s.ok({T(DType::c64, {4})}, {{"dtype", DType::i64}});
  s.wrong({T(DType::f32, {2})}, {{"dtype", DType::f64}}, ErrorKind::type, "of 4 bytes");
  s.wrong({T(DType::f64, {2})}, {{"dtype", DType::i32}}, ErrorKind::type, "of 8 bytes");
  s.wrong({T(DType::u8, {2})}, {{"dtype", DType::boolean}}, ErrorKind::type, "other than bool");
  s.wrong({T(DType::boolean, {2})}, {{"dtype", DType::u8}}, ErrorKind::type, "not supported");
  s.wrong({T(DType::f32, {2})}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::f32, {2})}, {{"dtype", "int32"}}, ErrorKind::type, "a dtype");
}

void complex_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) s.ok({T(dims), T(dims)});
  refuse_binary(s, kPartSet);
}

}  // namespace

std::vector<Page> select_complex_pages() {
  return {
      {.name = "select",
       .doc = "x where the condition holds, y elsewhere, element by element and exactly. The "
              "cotangent goes where the value came from.\n"
              "Args:\n  condition: bool.\n  x, y: of any one dtype; all three of one shape.\n"
              "Returns:\n  the dtype and shape of x.\n"
              "Errors:\n  TypeError for a condition that is not bool and for differing dtypes, "
              "ShapeError for differing shapes.",
       .operands = {{.name = "condition", .dtypes = kBoolSet, .meets = false},
                    {.name = "x", .dtypes = kStoredSet},
                    {.name = "y", .dtypes = kStoredSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     Expr condition = v.in(0), g = v.cotangent();
                     if (v.needs(1)) v.set(1, only_where(condition, g));
                     if (v.needs(2)) v.set(2, only_where(!condition, g));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis3,
       .alias = {{0, 1}, {0, 2}},
       .samples = select_samples},
      {.name = "cast",
       .doc = "Each element in another dtype. To a wider one: exact. To a narrower float: rounded "
              "once to nearest even, never through a third dtype; e4m3, which has no infinities, "
              "gives NaN. Float to integer: towards 0, saturating, NaN gives 0. Integer to "
              "integer: modulo 2^bits. To bool: whether it is not 0 (NaN is True). Complex to "
              "real: the real part.\n"
              "Args:\n  x: any dtype.\n  dtype: the dtype of the result.\n"
              "Returns:\n  the same shape.\n"
              "Errors:\n  TypeError where dtype is no dtype.",
       .operands = {{.name = "x", .dtypes = kStoredSet}},
       .attrs = {{.name = "dtype", .form = AttrForm::dtype}},
       .dtypes = meets(Meet::none, Result::attr),
       .shape = same_shape,
       .contents =
           [](Contents& c) {
             if (const auto* x = c.of(0)) c.result(*x);
           },
       .vjp = {.backward = cast_backward},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .samples = cast_samples},
      {.name = "bitcast",
       .doc = "The bits of each element read as another dtype of the same size.\n"
              "Args:\n  x: any dtype but bool.\n  dtype: one of the same size, not bool.\n"
              "Returns:\n  the same shape.\n"
              "Errors:\n  TypeError where the sizes differ.",
       .operands = {{.name = "x", .dtypes = kNumberSet | kFloat8Set}},
       .attrs = {{.name = "dtype", .form = AttrForm::dtype}},
       .dtypes = meets(Meet::none, Result::attr),
       .shape = same_shape,
       .checks = bitcast_checks,
       .vjp = not_differentiable("bits have no derivative"),
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0, true}},
       .cost = no_flops,
       .samples = bitcast_samples},
      {.name = "complex",
       .doc =
           "x + iy, exactly. Gradient: the real and the imaginary part of g.\n"
           "Args:\n  x, y: float32 or float64, of one dtype and shape.\n"
           "Returns:\n  complex64 or complex128 of the same shape.\n"
           "Errors:\n  TypeError for other or differing dtypes, ShapeError for differing shapes.",
       .operands = {{.name = "x", .dtypes = kPartSet}, {.name = "y", .dtypes = kPartSet}},
       .dtypes = meets(Meet::same, Result::complex_of_met),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     if (v.needs(0)) v.set(0, real(v.cotangent()));
                     if (v.needs(1)) v.set(1, imag(v.cotangent()));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis2,
       .cost = no_flops,
       .samples = complex_samples},
      {.name = "real",
       .doc = "The real part. Gradient: g + 0i.\n"
              "Args:\n  x: complex.\n"
              "Returns:\n  the dtype of the parts, the same shape.\n"
              "Errors:\n  TypeError where x is not complex.",
       .operands = {{.name = "x", .dtypes = kComplexSet}},
       .dtypes = meets(Meet::same, Result::real_of_met),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0, make_complex(v.cotangent(), zeros_like(v.cotangent())));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0, true}},
       .cost = no_flops,
       .samples = unary_samples<kComplexSet, Fill::normal>},
      {.name = "imag",
       .doc = "The imaginary part. Gradient: ig.\n"
              "Args:\n  x: complex.\n"
              "Returns:\n  the dtype of the parts, the same shape.\n"
              "Errors:\n  TypeError where x is not complex.",
       .operands = {{.name = "x", .dtypes = kComplexSet}},
       .dtypes = meets(Meet::same, Result::real_of_met),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0, make_complex(zeros_like(v.cotangent()), v.cotangent()));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .alias = {{0, 0, true}},
       .cost = no_flops,
       .samples = unary_samples<kComplexSet, Fill::normal>},
  };
}

}  // namespace proa::ops
