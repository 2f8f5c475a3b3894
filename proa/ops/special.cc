// Special functions: modified Bessel functions, incomplete gamma functions, and what reads the bits
// of a number.

#include <cmath>

#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

constexpr double kInf = __builtin_inf();
constexpr double kLogPi = 1.14472988584940017414;

// Sums of Chebyshev polynomials, whose coefficients were computed to 50 digits from the integrals
// of their definition (Clenshaw 1962): exp(-x) I0(x) and exp(-x) I1(x) / x on [0, 8] in x / 4 - 1,
// and sqrt(x) exp(-x) I(x) on [8, inf) in 16 / x - 1.
constexpr double kSmall0[] = {
    0.338397637204738042,     -0.304682672343198399,    0.171620901522208775,
    -0.0949010970480476444,   0.0493052842396707085,    -0.0237374148058994688,
    0.0105464603945949983,    -0.00432430999505057594,  0.0016394756169413358,
    -0.000576375574538582366, 0.000188502885095841656,  -0.000057541950100821037,
    0.0000164484480707288971, -4.41673835845875056e-6,  1.11738753912010372e-6,
    -2.67079385394061173e-7,  6.04699502254191895e-8,   -1.30002500998624804e-8,
    2.65982372468238665e-9,   -5.18979560163526291e-10, 9.67580903537323691e-11,
    -1.72682629144155571e-11, 2.95505266312963983e-12,  -4.85644678311192946e-13,
    7.67618549860493562e-14,  -1.16853328779934517e-14, 1.71539128555513303e-15,
    -2.43127984654795469e-16, 3.3307945188222381e-17,   -4.41534164647933938e-18};
constexpr double kLarge0[] = {
    0.402245205507054416,     0.00336911647825569409,   0.0000688975834691682398,
    2.89137052083475648e-6,   2.04891858946906374e-7,   2.26666899049817806e-8,
    3.39623202570838635e-9,   4.94060238822496959e-10,  1.18891471078464383e-11,
    -3.14991652796324136e-11, -1.32158118404477131e-11, -1.79417853150680612e-12,
    7.18012445138366623e-13,  3.8527783827421427e-13,   1.54008621752140983e-14,
    -4.15056934728722209e-14, -9.55484669882830765e-15, 3.81168066935262242e-15,
    1.77256013305652638e-15,  -3.42548561967721913e-16, -2.82762398051658348e-16,
    3.46122286769746109e-17,  4.46562142029676e-17,     -4.83050448594418207e-18,
    -7.23318048787475395e-18, 9.9214754121736986e-19,   1.19365089084598209e-18};
constexpr double kSmall1[] = {
    0.126293593221816827,     -0.176416518357834055,    0.102643658689847095,
    -0.0529459812080949914,   0.0247264490306265168,    -0.0105640848946261982,
    0.00415642294431288816,   -0.00151357245063125315,  0.000512285956168575773,
    -0.000161760815825896746, 0.0000478156510755005423, -0.0000132731636560394358,
    3.47025130813767848e-6,   -8.56872026469545474e-7,  2.00329475355213526e-7,
    -4.44505912879632808e-8,  9.38153738649577178e-9,   -1.88724975172282929e-9,
    3.62559028155211704e-10,  -6.66348972350202774e-11, 1.17361862988909016e-11,
    -1.98397439776494372e-12, 3.22379336594557471e-13,  -5.04218550472791169e-14,
    7.60068429473540693e-15,  -1.10559694773538631e-15, 1.55363195773620047e-16,
    -2.11142121435816608e-17, 2.77791411276104637e-18};
constexpr double kLarge1[] = {
    0.38928811750914006,      -0.00976109749136146841,  -0.000110588938762623716,
    -3.88256480887769039e-6,  -2.51223623787020893e-7,  -2.63146884688951951e-8,
    -3.83538038596423702e-9,  -5.58974346219658381e-10, -1.89749581235054123e-11,
    3.25260358301548824e-11,  1.41258074366137813e-11,  2.03562854414708951e-12,
    -7.19855177624590851e-13, -4.08355111109219732e-13, -2.10154184277266431e-14,
    4.27244001671195135e-14,  1.04202769841288028e-14,  -3.8144030724370078e-15,
    -1.88035477551078245e-15, 3.30820231092092828e-16,  2.96262899764595014e-16,
    -3.20952592199342396e-17, -4.65030536848935833e-17, 4.41434832307170795e-18,
    7.51729631084210481e-18,  -9.31417886732688338e-19, -1.24219327519489096e-18};

Expr chebyshev(Expr t, std::span<const double> coefficients) {
  Expr twice = t * 2.0, b = full_like(t, 0), before = b;
  for (size_t i = coefficients.size() - 1; i > 0; --i) {
    Expr next = twice * b - before + coefficients[i];
    before = b;
    b = next;
  }
  return t * b - before + coefficients[0];
}

DType working(DType t) { return t == DType::f64 ? DType::f64 : DType::f32; }

// exp(-|x|) I(x), of order 0 or 1.
template <int kOrder>
Expr scaled_bessel(Expr x) {
  DType t = x.dtype();
  x = cast(x, working(t));
  Expr a = abs(x), far = maximum(a, 8.0), near = minimum(a, 8.0);
  Expr large = chebyshev(16.0 / far - 1.0, kOrder == 0 ? std::span<const double>(kLarge0)
                                                       : std::span<const double>(kLarge1)) /
               sqrt(far);
  Expr small = chebyshev(near * 0.25 - 1.0, kOrder == 0 ? std::span<const double>(kSmall0)
                                                        : std::span<const double>(kSmall1));
  if (kOrder == 1) {
    small = small * x;
    large = large * sign(x);
  }
  return cast(select(compare("le", a, 8.0), small, large), t);
}

// In two halves, so that the exponential does not overflow before the product does.
template <int kOrder>
Expr bessel(Expr x) {
  DType t = x.dtype();
  x = cast(x, working(t));
  Expr half = exp(abs(x) * 0.5), y = scaled_bessel<kOrder>(x) * half * half;
  Expr limit = kOrder == 0 ? abs(x) : x;
  return cast(select(compare("eq", abs(x), kInf), limit, y), t);
}

void i0_backward(Vjp& v) { v.set(0, v.cotangent() * call1("tensor.i1", {v.in(0)})); }
void i0e_backward(Vjp& v) {
  Expr x = v.in(0);
  v.set(0, v.cotangent() * (call1("tensor.i1e", {x}) - sign(x) * v.result()));
}
// I1' = I0 - I1 / x, which is 1/2 at 0.
Expr over(Expr y, Expr x) {
  Expr zero = compare("eq", x, 0.0);
  return select(zero, full_like(x, 0.5), y / select(zero, full_like(x, 1), x));
}
void i1_backward(Vjp& v) {
  Expr x = v.in(0);
  v.set(0, v.cotangent() * (call1("tensor.i0", {x}) - over(v.result(), x)));
}
void i1e_backward(Vjp& v) {
  Expr x = v.in(0), y = v.result();
  v.set(0, v.cotangent() * (call1("tensor.i0e", {x}) - over(y, x) - sign(x) * y));
}

// The incomplete gamma functions as integrals over (0, inf), by the double exponential rule
// t = exp(u - exp(-u)) (Takahasi and Mori 1974): 100 points give 12 digits for x up to 3000.
// Below x + 1, with t = x exp(-s):  P = x^a e^-x / gamma(a) * int exp(-a s + x (1 - e^-s)) ds.
// Above, with t -> x + t:           Q = x^(a-1) e^-x / gamma(a) * int e^-t (1 + t / x)^(a-1) dt.
struct Points {
  Expr at, weight;
};

Points double_exponential(Builder& b) {
  constexpr int kPoints = 100;
  constexpr double kFirst = -3.5, kStep = 10.5 / (kPoints - 1);
  std::vector<double> at, weight;
  for (int i = 0; i < kPoints; ++i) {
    double u = kFirst + kStep * i, e = std::exp(-u), t = std::exp(u - e);
    at.push_back(t);
    weight.push_back(kStep * t * (1 + e));
  }
  return {constant(b, dense_data(DType::f64, {kPoints}, at)),
          constant(b, dense_data(DType::f64, {kPoints}, weight))};
}

// P or Q for a > 0, x > 0, both finite.
Expr incomplete(Expr a, Expr x, bool upper) {
  Points points = double_exponential(*a.builder);
  Expr low = minimum(x, a + 1.0), high = maximum(x, a + 1.0);
  auto wide = [](Expr e) { return unsqueeze(e, e.rank()); };
  auto gamma = [&](Expr e, Expr power) { return exp(power * log(e) - e - unary("lgamma", a)); };

  Expr scale = 1.0 / (maximum(a - low, 0.0) + sqrt(a)), s = points.at * wide(scale);
  Expr value = exp(-(wide(a) * s) - wide(low) * unary("expm1", -s));
  Expr p = gamma(low, a) * scale * sum(value * points.weight, -1);

  Expr power = a - 1.0;
  scale = 1.0 / (maximum(1.0 - power / high, 0.0) + rsqrt(high));
  s = points.at * wide(scale);
  value = exp(wide(power) * unary("log1p", s / wide(high)) - s);
  Expr q = gamma(high, power) * scale * sum(value * points.weight, -1);

  Expr below = compare("lt", x, a + 1.0);
  return upper ? select(below, 1.0 - p, q) : select(below, p, 1.0 - q);
}

template <bool kUpper>
void incomplete_rule(Decompose& d) {
  std::span<const Dim> dims = d.result_type().dims();
  Expr a = broadcast_to(cast(d.in(0), DType::f64), dims),
       x = broadcast_to(cast(d.in(1), DType::f64), dims);
  Expr inside =
      compare("gt", a, 0.0) & compare("gt", x, 0.0) & unary("is_finite", a) & unary("is_finite", x);
  Expr one = full_like(a, 1), zero = full_like(a, 0);
  Expr y = incomplete(select(inside, a, one), select(inside, x, one), kUpper);
  // The borders: P(a, 0) = 0, P(a, inf) = P(0, x) = 1, P(inf, x) = 0.
  Expr none = compare("eq", x, 0.0) | compare("eq", a, kInf),
       all = compare("eq", x, kInf) | compare("eq", a, 0.0);
  Expr outside = compare("lt", a, 0.0) | compare("lt", x, 0.0) | unary("is_nan", a) |
                 unary("is_nan", x) | (none & all);
  Expr border = select(none, kUpper ? one : zero, kUpper ? zero : one);
  y = select(inside, y, select(outside, full_like(a, __builtin_nan("")), border));
  d.out(cast(y, d.result_type().dtype()));
}

// log gamma_p(x) = p (p - 1) / 4 log(pi) + sum of lgamma(x - i / 2) (Muirhead 1982, 2.1.12).
void multigammaln_rule(Decompose& d) {
  Expr x = d.in(0), y;
  int64_t p = d.integer("p");
  for (int64_t i = 0; i < p; ++i) {
    Expr term = unary("lgamma", x - 0.5 * static_cast<double>(i));
    y = y ? y + term : term;
  }
  d.out(y + static_cast<double>(p * (p - 1)) * 0.25 * kLogPi);
}

void same_dims(Infer& op) { op.result(op.dims(0)); }

// Bits.

DType bits_of(DType t) {
  return t == DType::f64 ? DType::i64 : t == DType::f32 ? DType::i32 : DType::i16;
}
Expr bitcast(Expr x, DType t) { return call1("prim.bitcast", {x}, {{"dtype", t}}); }
Expr integer(Builder& b, int64_t v) {
  auto held = std::make_shared<int64_t>(v);
  return constant(b, ir::TensorData{DType::i64, {}, held, held.get(), sizeof(int64_t)});
}

// Floats of one sign are ordered as their bits are.
void nextafter_rule(Decompose& d) {
  std::span<const Dim> dims = d.result_type().dims();
  Expr x = broadcast_to(d.in(0), dims), y = broadcast_to(d.in(1), dims);
  DType t = x.dtype(), whole = bits_of(t);
  Expr bits = bitcast(x, whole), one = full_like(bits, 1);
  Expr away = compare("eq", compare("gt", y, x), compare("gt", x, 0.0));
  Expr step = bitcast(select(away, bits + one, bits - one), t);
  Expr tiny = bitcast(one, t);
  step = select(compare("eq", x, 0.0), select(compare("gt", y, 0.0), tiny, -tiny), step);
  Expr missing = unary("is_nan", x) | unary("is_nan", y);
  d.out(select(missing, full_like(x, __builtin_nan("")), select(compare("eq", x, y), y, step)));
}

void signbit_rule(Decompose& d) {
  Expr x = d.in(0);
  if (x.dtype() == DType::boolean) return d.out(full_like(x, 0));
  d.out(compare("lt", is_float(x.dtype()) ? bitcast(x, bits_of(x.dtype())) : x, 0.0));
}

// float64 holds every other float as a normal number; what is subnormal there is scaled first.
void frexp_rule(Decompose& d) {
  Expr x = cast(d.in(0), DType::f64);
  Builder& b = d.builder();
  Expr small = compare("lt", abs(x), 0x1p-1022);
  Expr bits = bitcast(select(small, x * 0x1p54, x), DType::i64);
  Expr exponent =
      call1("prim.shr", {bits, full_like(bits, 52)}, {{"logical", true}}) & full_like(bits, 0x7ff);
  Expr mantissa = bitcast((bits & integer(b, static_cast<int64_t>(0x800fffffffffffff))) |
                              integer(b, 0x3fe0000000000000),
                          DType::f64);
  Expr power = cast(exponent, DType::f64) - select(small, full_like(x, 1076), full_like(x, 1022));
  Expr left = compare("eq", x, 0.0) | !unary("is_finite", x);
  DType t = d.result_type().dtype();
  d.out(cast(select(left, x, mantissa), t));
  d.out(cast(select(left, full_like(x, 0), power), t));
}

void frexp_shape(Infer& op) {
  op.result(op.dims(0));
  op.result(op.dims(0));
}

// The mantissa is x over a power of two.
void frexp_backward(Vjp& v) {
  if (!v.has_cotangent(0)) return;
  Expr x = v.in(0), zero = compare("eq", x, 0.0) | !unary("is_finite", x);
  Expr one = full_like(x, 1);
  v.set(0, v.cotangent(0) * select(zero, one, v.result(0) / select(zero, one, x)));
}

template <int kSign>
void infinite_rule(Decompose& d) {
  Expr x = d.in(0);
  d.out(is_float(x.dtype()) ? compare("eq", x, kSign * kInf)
                            : full(d.builder(), x.dims(), DType::boolean, 0));
}

void isreal_rule(Decompose& d) {
  Expr x = d.in(0);
  d.out(is_complex(x.dtype()) ? compare("eq", imag(x), 0.0)
                              : full(d.builder(), x.dims(), DType::boolean, 1));
}

// Euclid's algorithm, as many steps as Fibonacci numbers of the dtype can need.
Expr greatest_divisor(Expr x, Expr y) {
  int steps = x.dtype() == DType::i64   ? 92
              : x.dtype() == DType::i32 ? 47
              : x.dtype() == DType::i16 ? 24
                                        : 14;
  bool is_signed = x.dtype() != DType::u8;
  Expr a = is_signed ? abs(x) : x, b = is_signed ? abs(y) : y;
  for (int i = 0; i < steps; ++i) {
    Expr left = binary("rem", a, b);
    a = select(compare("ne", b, 0.0), b, a);
    b = left;
  }
  return a;
}

void gcd_rule(Decompose& d) {
  std::span<const Dim> dims = d.result_type().dims();
  d.out(greatest_divisor(broadcast_to(d.in(0), dims), broadcast_to(d.in(1), dims)));
}

void lcm_rule(Decompose& d) {
  std::span<const Dim> dims = d.result_type().dims();
  Expr x = broadcast_to(d.in(0), dims), y = broadcast_to(d.in(1), dims);
  Expr z = x / greatest_divisor(x, y) * y;
  d.out(x.dtype() == DType::u8 ? z : abs(z));
}

void multigammaln_samples(SampleList& s) {
  for (int p : {1, 2, 4}) s.ok({T({2, 3}, Fill::above_one)}, {{"p", p}}).gradient = p < 3;
  s.ok({T({0})}, {{"p", 2}});
  s.wrong({T({2})}, {}, ErrorKind::value, "required");
  s.wrong({T({2})}, {{"p", 0}}, ErrorKind::value, "at least 1");
  s.wrong({T({2})}, {{"p", -2}}, ErrorKind::value, "at least 1");
  s.wrong({T({2})}, {{"p", 1.5}}, ErrorKind::type, "an integer");
  s.wrong({T({2})}, {{"p", "x"}}, ErrorKind::type, "an integer");
  s.wrong({T(DType::c64, {2})}, {{"p", 1}}, ErrorKind::type, "dtype");
  s.wrong({T({2})}, {{"n", 1}}, ErrorKind::key, "no such argument");
}

constexpr DTypeSet kWhole = kIntSet;

ir::Page bessel_page(std::string_view name, std::string_view doc, DecomposeRule rule,
                     void (*backward)(Vjp&)) {
  return elementwise({.name = name,
                      .doc = doc,
                      .dtypes = kRealSet,
                      .rule = promote_float(),
                      .vjp = {.backward = backward},
                      .decompose = rule,
                      .samples = single_samples<Fill::distinct, kRealSet>});
}

ir::Page predicate_page(std::string_view name, std::string_view doc, DecomposeRule rule) {
  return elementwise({.name = name,
                      .faces = kOperator,
                      .doc = doc,
                      .dtypes = kRealSet,
                      .rule = predicate(),
                      .vjp = ir::not_differentiable("the result is bool"),
                      .decompose = rule,
                      .samples = single_samples<Fill::normal, kRealSet>});
}

ir::Page gamma_page(std::string_view name, std::string_view doc, DecomposeRule rule) {
  return broadcasting({.name = name,
                       .doc = doc,
                       .dtypes = kFloatSet,
                       .decompose = rule,
                       .samples = pair_samples<Fill::positive, Fill::positive, kFloatSet>});
}

ir::Page divisor_page(std::string_view name, std::string_view doc, DecomposeRule rule) {
  return broadcasting({.name = name,
                       .doc = doc,
                       .dtypes = kWhole,
                       .vjp = ir::not_differentiable("integers have no gradient"),
                       .decompose = rule,
                       .samples = pair_samples<Fill::normal, Fill::normal, kWhole>});
}

}  // namespace

std::vector<ir::Page> special_pages() {
  return {
      bessel_page(
          "i0", "The modified Bessel function of the first kind and order 0.",
          [](Decompose& d) { d.out(bessel<0>(d.in(0))); }, i0_backward),
      bessel_page(
          "i0e", "exp(-|x|) i0(x), which does not overflow.",
          [](Decompose& d) { d.out(scaled_bessel<0>(d.in(0))); }, i0e_backward),
      bessel_page(
          "i1", "The modified Bessel function of the first kind and order 1.",
          [](Decompose& d) { d.out(bessel<1>(d.in(0))); }, i1_backward),
      bessel_page(
          "i1e", "exp(-|x|) i1(x), which does not overflow.",
          [](Decompose& d) { d.out(scaled_bessel<1>(d.in(0))); }, i1e_backward),
      gamma_page("gammainc",
                 "The regularised lower incomplete gamma function P(x, y), x being the shape: the "
                 "integral of t^(x-1) e^-t from 0 to y over gamma(x). NaN for negative arguments.",
                 incomplete_rule<false>),
      gamma_page("gammaincc", "1 - gammainc(x, y), accurate where that is near 1.",
                 incomplete_rule<true>),
      {.name = "multigammaln",
       .aliases = {"mvlgamma"},
       .faces = kWriting,
       .doc = "The logarithm of the multivariate gamma function of dimension p, for x above "
              "(p - 1) / 2.",
       .operands = {operand_x(kRealSet)},
       .attrs = {{.name = "p", .form = AttrForm::integer, .lowest = 1}},
       .dtypes = promote_float(),
       .shape = same_dims,
       .vjp = by_decomposition(),
       .decompose = multigammaln_rule,
       .sharding = kEachAxis,
       .samples = multigammaln_samples},
      broadcasting({.name = "nextafter",
                    .doc = "The float next to x in the direction of y; y where both are equal, NaN "
                           "where one is.",
                    .dtypes = kFloatSet,
                    .vjp = ir::not_differentiable("neighbours are found by their bits"),
                    .decompose = nextafter_rule,
                    .samples = pair_samples<Fill::normal, Fill::normal, kFloatSet>}),
      {.name = "frexp",
       .faces = kOperator,
       .doc = "A mantissa in [0.5, 1) with x's sign and a whole exponent with x = mantissa * 2 ** "
              "exponent, both in x's dtype; zero, infinities and NaN are their own mantissa, with "
              "exponent 0. Integers become the default float.",
       .operands = {operand_x(kRealSet)},
       .results = 2,
       .result_names = {"mantissa", "exponent"},
       .dtypes = promote_float(),
       .shape = frexp_shape,
       .vjp = {.backward = frexp_backward},
       .decompose = frexp_rule,
       .sharding = "... -> ..., ...",
       .samples = single_samples<Fill::distinct, kRealSet>},
      predicate_page("signbit", "True where x has a minus sign: -0.0 has one.", signbit_rule),
      predicate_page("isposinf", "True where x is plus infinity.", infinite_rule<1>),
      predicate_page("isneginf", "True where x is minus infinity.", infinite_rule<-1>),
      elementwise({.name = "isreal",
                   .faces = kOperator,
                   .doc = "True where the imaginary part is 0.",
                   .dtypes = kAnySet,
                   .rule = predicate(),
                   .vjp = ir::not_differentiable("the result is bool"),
                   .decompose = isreal_rule,
                   .samples = single_samples<Fill::normal, kAnySet>}),
      elementwise({.name = "positive",
                   .faces = kOperator,
                   .doc = "x itself.",
                   .dtypes = kNumberSet,
                   .decompose = [](Decompose& d) { d.out(d.in(0)); },
                   .samples = single_samples<Fill::normal, kNumberSet>}),
      divisor_page("gcd",
                   "The greatest common divisor, elementwise, at least 0; of 0 and 0 it is 0.",
                   gcd_rule),
      divisor_page("lcm",
                   "The least common multiple, elementwise, at least 0; 0 where x or y is 0. "
                   "Integers wrap.",
                   lcm_rule),
  };
}

}  // namespace proa::ops
