// Binary and ternary elementwise primitives. Nothing is broadcast and nothing is promoted here.

#include "proa/ops/prim/prim.h"

namespace proa::ops {

namespace {

using namespace prim;  // NOLINT: the words of the pages

// The chosen operand takes the cotangent; where both are equal each takes half.
void extremum_backward(Vjp& v, std::string_view lost_x, std::string_view lost_y) {
  Expr x = v.in(0), y = v.in(1), g = v.cotangent();
  Expr shared = select(compare("eq", x, y), g * 0.5, g);
  if (v.needs(0)) v.set(0, only_where(!compare(lost_x, x, y), shared));
  if (v.needs(1)) v.set(1, only_where(!compare(lost_y, x, y), shared));
}

void pow_backward(Vjp& v) {
  Expr x = v.in(0), y = v.in(1), g = v.cotangent();
  Expr x_zero = compare("eq", x, 0.0);
  // Where the formula has 0 * inf the base is replaced by 1, which makes it the limit, and keeps
  // higher derivatives finite too.
  if (v.needs(0)) {
    Expr safe = select(x_zero & compare("eq", y, 0.0), full_like(x, 1), x);
    v.set(0, times_conj(g, y * pow(safe, y - 1)));
  }
  if (v.needs(1)) {
    Expr safe = select(x_zero & compare("ge", real(y), 0.0), full_like(x, 1), x);
    v.set(1, times_conj(g, v.result() * log(safe)));
  }
}

void atan2_backward(Vjp& v) {
  Expr y = v.in(0), x = v.in(1), g = v.cotangent();
  Expr square = x * x + y * y;
  if (v.needs(0)) v.set(0, g * (x / square));
  if (v.needs(1)) v.set(1, g * (-y / square));
}

void compare_checks(Infer& op) {
  std::string_view kind = op.text("kind");
  if (is_complex(op.met()) && kind != "eq" && kind != "ne") {
    op.fail(ErrorKind::type, "kind",
            str("complex numbers have no order; expected 'eq' or 'ne', got '", kind, "'"));
  }
}

void fma_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) s.ok({T(dims), T(dims), T(dims)});
  s.wrong({T({2}), T({2}), T({3})}, {}, ErrorKind::shape, "expected shape [2]");
  s.wrong({T({2}), T({1}), T({2})}, {}, ErrorKind::shape, "got [1]");
  s.wrong({T({2, 2}), T({2, 2}), T({2})}, {}, ErrorKind::shape, "expected shape [2, 2]");
  s.wrong({T({2}), T({2}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::f32, {2}), T(DType::f64, {2}), T(DType::f32, {2})}, {}, ErrorKind::type,
          "as of");
  s.wrong({T(DType::i32, {2}), T(DType::i32, {2}), T(DType::i32, {2})}, {}, ErrorKind::type,
          "dtype");
  s.wrong({T(DType::c64, {2}), T(DType::c64, {2}), T(DType::c64, {2})}, {}, ErrorKind::type,
          "dtype");
  s.wrong({T({2}), T({2}), T({2})}, {{"alpha", 2.0}}, ErrorKind::key, "no such argument");
}

void shift_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) {
    s.ok({T(dims), {.dims = dims, .fill = Fill::index, .low = 0, .high = 7}});
  }
  s.ok({T({4}), {.dims = {4}, .fill = Fill::values, .values = {0, 1, 63, 100}}}).note =
      "by more than the bits";
  refuse_binary(s, kIntSet);
}

void shr_samples(SampleList& s) {
  shift_samples(s);
  for (bool logical : {false, true}) {
    s.ok({T({3, 4}), {.dims = {3, 4}, .fill = Fill::index, .low = 0, .high = 7}},
         {{"logical", logical}});
  }
  s.wrong({T({2}), T({2})}, {{"logical", 2}}, ErrorKind::type, "True or False");
}

void compare_samples(SampleList& s) {
  for (const char* kind : {"eq", "ne"}) {
    for (const auto& dims : usual_dims()) s.ok({T(dims), T(dims)}, {{"kind", kind}});
  }
  for (const char* kind : {"lt", "le", "gt", "ge"}) {
    for (DType t : {DType::f32, DType::f64, DType::bf16, DType::i32, DType::u8, DType::boolean}) {
      s.ok({T(t, {3, 4}), T(t, {3, 4})}, {{"kind", kind}});
    }
    s.wrong({T(DType::c64, {2}), T(DType::c64, {2})}, {{"kind", kind}}, ErrorKind::type,
            "no order");
  }
  s.wrong({T({2}), T({2})}, {}, ErrorKind::value, "required");
  s.wrong({T({2}), T({2})}, {{"kind", "equal"}}, ErrorKind::value, "expected one of");
  s.wrong({T({2}), T({2})}, {{"kind", 0}}, ErrorKind::type, "a string");
  s.wrong({T({2}), T({3})}, {{"kind", "eq"}}, ErrorKind::shape, "expected shape [2]");
  s.wrong({T({2}), T({})}, {{"kind", "eq"}}, ErrorKind::shape, "got []");
  s.wrong({T(DType::f32, {2}), T(DType::i32, {2})}, {{"kind", "lt"}}, ErrorKind::type, "as of");
}

// Contents of elementwise integer arithmetic, where the contents of both operands are known.
template <Dim (*kFunction)(Dim, Dim)>
void each_content(Contents& c) {
  const auto *x = c.of(0), *y = c.of(1);
  if (x == nullptr || y == nullptr) return;
  std::vector<Dim> dims;
  for (size_t i = 0; i < x->size(); ++i) dims.push_back(kFunction((*x)[i], (*y)[i]));
  c.result(std::move(dims));
}

// Division by what may be 0 has no meaning among dims.
template <Dim (*kFunction)(Dim, Dim)>
void each_quotient(Contents& c) {
  const auto *x = c.of(0), *y = c.of(1);
  if (x == nullptr || y == nullptr) return;
  std::vector<Dim> dims;
  for (size_t i = 0; i < x->size(); ++i) {
    if (y->at(i).bounds().contains(0)) return;
    dims.push_back(kFunction((*x)[i], (*y)[i]));
  }
  c.result(std::move(dims));
}

}  // namespace

std::vector<Page> binary_pages() {
  return {
      {.name = "fma",
       .doc =
           "x * y + z with one rounding. f16 and bf16 are computed in f32 and rounded once more. "
           "Integers and complex numbers have mul and add instead.\n"
           "Args:\n  x, y, z: floating point, of one dtype and shape.\n"
           "Returns:\n  the same dtype and shape.\n"
           "Errors:\n  TypeError for other or differing dtypes, ShapeError for differing shapes.\n"
           "Source:\n  IEEE 754-2019, 5.4.1 (fusedMultiplyAdd).",
       .operands = {{.name = "x", .dtypes = kFloatSet},
                    {.name = "y", .dtypes = kFloatSet},
                    {.name = "z", .dtypes = kFloatSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0, v.cotangent() * v.in(1));
                     v.set(1, v.cotangent() * v.in(0));
                     v.set(2, v.cotangent());
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis3,
       .alias = {{0, 0}, {0, 1}, {0, 2}},
       .cost = [](Cost& c) { c.flops(Cost::elements(c.result()) * Dim(2)); },
       .samples = fma_samples},
      {.name = "add",
       .doc =
           "x + y, rounded once; integers wrap modulo 2^bits.\n"
           "Args:\n  x, y: numbers of one dtype and shape.\n"
           "Returns:\n  the same dtype and shape.\n"
           "Errors:\n  TypeError for other or differing dtypes, ShapeError for differing shapes.",
       .operands = {{.name = "x"}, {.name = "y"}},
       .dtypes = same(),
       .shape = same_shape,
       .contents = each_content<ir::operator+ >,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0, v.cotangent());
                     v.set(1, v.cotangent());
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis2,
       .alias = {{0, 0}, {0, 1}},
       .samples = binary_samples<kNumberSet, Fill::normal, Fill::normal>},
      {.name = "sub",
       .doc =
           "x - y, rounded once; integers wrap modulo 2^bits.\n"
           "Args:\n  x, y: numbers of one dtype and shape.\n"
           "Returns:\n  the same dtype and shape.\n"
           "Errors:\n  TypeError for other or differing dtypes, ShapeError for differing shapes.",
       .operands = {{.name = "x"}, {.name = "y"}},
       .dtypes = same(),
       .shape = same_shape,
       .contents = each_content<static_cast<Dim (*)(Dim, Dim)>(ir::operator-)>,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0, v.cotangent());
                     if (v.needs(1)) v.set(1, -v.cotangent());
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis2,
       .alias = {{0, 0}, {0, 1}},
       .samples = binary_samples<kNumberSet, Fill::normal, Fill::normal>},
      {.name = "mul",
       .doc =
           "x * y, rounded once; integers wrap modulo 2^bits. Complex: (ar br - ai bi) + (ar bi + "
           "ai br) i, each product and sum rounded once, infinities not recovered.\n"
           "Args:\n  x, y: numbers of one dtype and shape.\n"
           "Returns:\n  the same dtype and shape.\n"
           "Errors:\n  TypeError for other or differing dtypes, ShapeError for differing shapes.",
       .operands = {{.name = "x"}, {.name = "y"}},
       .dtypes = same(),
       .shape = same_shape,
       .contents = each_content<ir::operator*>,
       .vjp = {.backward =
                   [](Vjp& v) {
                     if (v.needs(0)) v.set(0, times_conj(v.cotangent(), v.in(1)));
                     if (v.needs(1)) v.set(1, times_conj(v.cotangent(), v.in(0)));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis2,
       .alias = {{0, 0}, {0, 1}},
       .samples = binary_samples<kNumberSet, Fill::normal, Fill::normal>},
      {.name = "div",
       .doc =
           "x / y. Floating point: IEEE division, rounded once. Integers: the quotient rounded "
           "towards minus infinity; x / 0 = 0, and INT_MIN / -1 wraps to INT_MIN. Complex: scaled "
           "so that no intermediate overflows needlessly.\n"
           "Args:\n  x, y: numbers of one dtype and shape.\n"
           "Returns:\n  the same dtype and shape.\n"
           "Errors:\n  TypeError for other or differing dtypes, ShapeError for differing shapes.\n"
           "Source:\n  IEEE 754-2019, 5.4.1; Smith 1962, Algorithm 116 (complex).",
       .operands = {{.name = "x"}, {.name = "y"}},
       .dtypes = same(),
       .shape = same_shape,
       .contents = each_quotient<ir::floordiv>,
       .vjp = {.backward =
                   [](Vjp& v) {
                     Expr share = v.cotangent() / conj(v.in(1));
                     v.set(0, share);
                     if (v.needs(1)) v.set(1, -times_conj(share, v.result()));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis2,
       .alias = {{0, 0}, {0, 1}},
       .samples = binary_samples<kNumberSet, Fill::normal, Fill::positive>},
      {.name = "rem",
       .doc =
           "The remainder x - y * floor(x / y), exact, with the sign of the divisor. y = 0 gives 0 "
           "for integers and NaN for floating point; a finite x and an infinite y of the other "
           "sign give y.\n"
           "Args:\n  x, y: integers or floating point, of one dtype and shape.\n"
           "Returns:\n  the same dtype and shape.\n"
           "Errors:\n  TypeError for other or differing dtypes, ShapeError for differing shapes.\n"
           "Source:\n  Python's operator % on integers and floats.",
       .operands = {{.name = "x", .dtypes = kRealSet}, {.name = "y", .dtypes = kRealSet}},
       .dtypes = same(),
       .shape = same_shape,
       .contents = each_quotient<ir::mod>,
       .vjp = {.backward =
                   [](Vjp& v) {
                     v.set(0, v.cotangent());
                     if (v.needs(1)) v.set(1, -(v.cotangent() * unary("floor", v.in(0) / v.in(1))));
                   }},
       .decompose = primitive(),
       .sharding = kEachAxis2,
       .alias = {{0, 0}, {0, 1}},
       .samples = binary_samples<kRealSet, Fill::normal, Fill::positive>},
      {.name = "pow",
       .doc =
           "x to the power y. Floating point: special values as C99 pow, so x^0 = 1 and 1^y = 1 "
           "for every x and y. Integers: exact modulo 2^bits; a negative exponent gives the "
           "quotient rounded towards 0 (1, -1 or 0; 0 for a base of 0). Complex: exp(y log x), 0^0 "
           "= 1. Gradient of x: g conj(y x^(y-1)), 0 at y = 0; of y: g conj(x^y log x), 0 at x = 0 "
           "with y >= 0.\n"
           "Args:\n  x, y: numbers of one dtype and shape.\n"
           "Returns:\n  the same dtype and shape.\n"
           "Errors:\n  TypeError for other or differing dtypes, ShapeError for differing shapes.\n"
           "Source:\n  ISO C99 F.9.4.4.",
       .operands = {{.name = "x"}, {.name = "y"}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward = pow_backward},
       .decompose = primitive(),
       .sharding = kEachAxis2,
       .alias = {{0, 0}, {0, 1}},
       .samples = binary_samples<kNumberSet, Fill::positive, Fill::normal>},
      {.name = "max",
       .doc =
           "The greater of x and y; NaN if either is NaN; +0 is greater than -0. Gradient: to the "
           "greater operand, half to each where they are equal.\n"
           "Args:\n  x, y: integers or floating point, of one dtype and shape.\n"
           "Returns:\n  the same dtype and shape.\n"
           "Errors:\n  TypeError for other or differing dtypes, ShapeError for differing shapes.\n"
           "Source:\n  IEEE 754-2019, 9.6 (maximum).",
       .operands = {{.name = "x", .dtypes = kRealSet}, {.name = "y", .dtypes = kRealSet}},
       .dtypes = same(),
       .shape = same_shape,
       .contents = each_content<static_cast<Dim (*)(Dim, Dim)>(ir::max)>,
       .vjp = {.backward = [](Vjp& v) { extremum_backward(v, "lt", "gt"); }},
       .decompose = primitive(),
       .sharding = kEachAxis2,
       .alias = {{0, 0}, {0, 1}},
       .samples = binary_samples<kRealSet, Fill::normal, Fill::normal>},
      {.name = "min",
       .doc =
           "The lesser of x and y; NaN if either is NaN; -0 is less than +0. Gradient: to the "
           "lesser operand, half to each where they are equal.\n"
           "Args:\n  x, y: integers or floating point, of one dtype and shape.\n"
           "Returns:\n  the same dtype and shape.\n"
           "Errors:\n  TypeError for other or differing dtypes, ShapeError for differing shapes.\n"
           "Source:\n  IEEE 754-2019, 9.6 (minimum).",
       .operands = {{.name = "x", .dtypes = kRealSet}, {.name = "y", .dtypes = kRealSet}},
       .dtypes = same(),
       .shape = same_shape,
       .contents = each_content<static_cast<Dim (*)(Dim, Dim)>(ir::min)>,
       .vjp = {.backward = [](Vjp& v) { extremum_backward(v, "gt", "lt"); }},
       .decompose = primitive(),
       .sharding = kEachAxis2,
       .alias = {{0, 0}, {0, 1}},
       .samples = binary_samples<kRealSet, Fill::normal, Fill::normal>},
      {.name = "atan2",
       .doc =
           "The angle in radians, in [-pi, pi], of the point with abscissa x and ordinate y. "
           "Signed zeros and infinities as C99. The gradient at the origin is NaN: no direction is "
           "distinguished there.\n"
           "Args:\n  y, x: floating point, of one dtype and shape.\n"
           "Returns:\n  the same dtype and shape.\n"
           "Errors:\n  TypeError for other or differing dtypes, ShapeError for differing shapes.\n"
           "Source:\n  ISO C99 F.9.1.4.",
       .operands = {{.name = "y", .dtypes = kFloatSet}, {.name = "x", .dtypes = kFloatSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = {.backward = atan2_backward},
       .decompose = primitive(),
       .sharding = kEachAxis2,
       .alias = {{0, 0}, {0, 1}},
       .samples = binary_samples<kFloatSet, Fill::normal, Fill::normal>},
      {.name = "and",
       .doc =
           "Logical and of booleans, bit by bit of integers.\n"
           "Args:\n  x, y: bool or integers, of one dtype and shape.\n"
           "Returns:\n  the same dtype and shape.\n"
           "Errors:\n  TypeError for other or differing dtypes, ShapeError for differing shapes.",
       .operands = {{.name = "x", .dtypes = kBitsSet}, {.name = "y", .dtypes = kBitsSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = not_differentiable("bits have no derivative"),
       .decompose = primitive(),
       .sharding = kEachAxis2,
       .alias = {{0, 0}, {0, 1}},
       .samples = binary_samples<kBitsSet, Fill::normal, Fill::normal>},
      {.name = "or",
       .doc =
           "Logical or of booleans, bit by bit of integers.\n"
           "Args:\n  x, y: bool or integers, of one dtype and shape.\n"
           "Returns:\n  the same dtype and shape.\n"
           "Errors:\n  TypeError for other or differing dtypes, ShapeError for differing shapes.",
       .operands = {{.name = "x", .dtypes = kBitsSet}, {.name = "y", .dtypes = kBitsSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = not_differentiable("bits have no derivative"),
       .decompose = primitive(),
       .sharding = kEachAxis2,
       .alias = {{0, 0}, {0, 1}},
       .samples = binary_samples<kBitsSet, Fill::normal, Fill::normal>},
      {.name = "xor",
       .doc =
           "Exclusive or of booleans, bit by bit of integers.\n"
           "Args:\n  x, y: bool or integers, of one dtype and shape.\n"
           "Returns:\n  the same dtype and shape.\n"
           "Errors:\n  TypeError for other or differing dtypes, ShapeError for differing shapes.",
       .operands = {{.name = "x", .dtypes = kBitsSet}, {.name = "y", .dtypes = kBitsSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = not_differentiable("bits have no derivative"),
       .decompose = primitive(),
       .sharding = kEachAxis2,
       .alias = {{0, 0}, {0, 1}},
       .samples = binary_samples<kBitsSet, Fill::normal, Fill::normal>},
      {.name = "shl",
       .doc =
           "x shifted left by y bits, modulo 2^bits. A y that is negative or at least the number "
           "of bits gives 0.\n"
           "Args:\n  x, y: integers of one dtype and shape.\n"
           "Returns:\n  the same dtype and shape.\n"
           "Errors:\n  TypeError for other or differing dtypes, ShapeError for differing shapes.",
       .operands = {{.name = "x", .dtypes = kIntSet}, {.name = "y", .dtypes = kIntSet}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = not_differentiable("bits have no derivative"),
       .decompose = primitive(),
       .sharding = kEachAxis2,
       .alias = {{0, 0}, {0, 1}},
       .samples = shift_samples},
      {.name = "shr",
       .doc =
           "x shifted right by y bits: copies of the sign bit come in from the left, or zeros if "
           "`logical`. A y that is negative or at least the number of bits leaves only what comes "
           "in.\n"
           "Args:\n  x, y: integers of one dtype and shape.\n  logical: whether zeros come in "
           "whatever the sign.\n"
           "Returns:\n  the same dtype and shape.\n"
           "Errors:\n  TypeError for other or differing dtypes, ShapeError for differing shapes.",
       .operands = {{.name = "x", .dtypes = kIntSet}, {.name = "y", .dtypes = kIntSet}},
       .attrs = {{.name = "logical", .form = AttrForm::boolean, .value = false}},
       .dtypes = same(),
       .shape = same_shape,
       .vjp = not_differentiable("bits have no derivative"),
       .decompose = primitive(),
       .sharding = kEachAxis2,
       .alias = {{0, 0}, {0, 1}},
       .samples = shr_samples},
      {.name = "compare",
       .doc = "Whether x is equal to y (eq, ne) or stands before or after it (lt, le, gt, ge). A "
              "NaN is unequal to everything and in no order; -0 equals +0; False is before True. "
              "Complex numbers have eq and ne only.\n"
              "Args:\n  x, y: of one dtype and shape.\n  kind: eq, ne, lt, le, gt or ge.\n"
              "Returns:\n  bool of the same shape.\n"
              "Errors:\n  TypeError for differing dtypes and for an order of complex numbers, "
              "ShapeError for differing shapes.\n"
              "Source:\n  IEEE 754-2019, 5.11 (quiet predicates).",
       .operands = {{.name = "x", .dtypes = kAnySet}, {.name = "y", .dtypes = kAnySet}},
       .attrs = {{.name = "kind",
                  .form = AttrForm::string,
                  .choices = {"eq", "ne", "lt", "le", "gt", "ge"}}},
       .dtypes = meets(Meet::same, Result::boolean),
       .shape = same_shape,
       .checks = compare_checks,
       .vjp = zero_gradient("a predicate is constant between its steps"),
       .decompose = primitive(),
       .sharding = kEachAxis2,
       .samples = compare_samples},
  };
}

}  // namespace proa::ops
