// Exponentials, logarithms and the hyperbolic functions.

#include "proa/kernels/reference/transcendental.h"

namespace proa::kernels::PROA_ISA {

namespace {

// exp(z) - 1 = (expm1(x) cos y - 2 sin(y/2)^2) + i exp(x) sin y, where that does not cancel less.
std::complex<double> complex_expm1(std::complex<double> z) {
  double x = z.real(), y = z.imag();
  std::complex<double> e = numeric::exp(z);
  bool moderate = numeric::abs(x) < 40 && numeric::abs(y) < 1e300;
  if (!moderate) return {e.real() - 1, e.imag()};
  double half = numeric::sin(0.5 * y);
  return {numeric::fma(numeric::expm1(x), numeric::cos(y), -2 * half * half), e.imag()};
}

// log|1 + z| = log1p(2x + x^2 + y^2) / 2 near 0, where 1 + z would lose x.
std::complex<double> complex_log1p(std::complex<double> z) {
  double x = z.real(), y = z.imag();
  std::complex<double> direct = numeric::log(std::complex<double>(1 + x, y));
  bool near = x > -0.5 && x < 4 && numeric::abs(y) < 4;
  if (!near) return direct;
  numeric::pn_pair square =
      numeric::pn_pair_add(numeric::pn_two_mul(x, x), numeric::pn_two_mul(y, y));
  numeric::pn_pair sum = numeric::pn_pair_add(numeric::pn_make_pair(2 * x, 0), square);
  double real = x == 0 && y == 0 ? x : 0.5 * numeric::pn_log1p_pair(sum.hi, sum.lo);
  return {real, direct.imag()};
}

template <std::complex<double> (*kFunction)(std::complex<double>)>
C64 through_c128(C64 z) {
  std::complex<double> wide = kFunction({z.re, z.im});
  return {static_cast<float>(wide.real()), static_cast<float>(wide.imag())};
}

PROA_INEXACT_FUNCTOR(Exp, exp)
PROA_REAL_FUNCTOR(RealExpm1, expm1)
PROA_INEXACT_FUNCTOR(Log, log)
PROA_REAL_FUNCTOR(RealLog1p, log1p)
PROA_INEXACT_FUNCTOR(Tanh, tanh)
PROA_INEXACT_FUNCTOR(Sinh, sinh)
PROA_INEXACT_FUNCTOR(Cosh, cosh)
PROA_INEXACT_FUNCTOR(Asinh, asinh)
PROA_INEXACT_FUNCTOR(Acosh, acosh)
PROA_INEXACT_FUNCTOR(Atanh, atanh)

struct ComplexExpm1 {
  C64 operator()(C64 z) const { return through_c128<complex_expm1>(z); }
  C128 operator()(C128 z) const { return of(complex_expm1(of(z))); }
};
struct ComplexLog1p {
  C64 operator()(C64 z) const { return through_c128<complex_log1p>(z); }
  C128 operator()(C128 z) const { return of(complex_log1p(of(z))); }
};

template <class Real, class ToF16, class OfComplex>
constexpr LoopSet loops_of() {
  return float_loops<Real, ToF16>()
      .with(bit(DType::c64), loop1<C64, C64, OfComplex>)
      .with(bit(DType::c128), loop1<C128, C128, OfComplex>);
}

constexpr LoopSet kExp = inexact_loops<Exp, ExpToF16>();
constexpr LoopSet kExpm1 = loops_of<RealExpm1, RealExpm1ToF16, ComplexExpm1>();
constexpr LoopSet kLog = inexact_loops<Log, LogToF16>();
constexpr LoopSet kLog1p = loops_of<RealLog1p, RealLog1pToF16, ComplexLog1p>();
constexpr LoopSet kTanh = inexact_loops<Tanh, TanhToF16>();
constexpr LoopSet kSinh = inexact_loops<Sinh, SinhToF16>();
constexpr LoopSet kCosh = inexact_loops<Cosh, CoshToF16>();
constexpr LoopSet kAsinh = inexact_loops<Asinh, AsinhToF16>();
constexpr LoopSet kAcosh = inexact_loops<Acosh, AcoshToF16>();
constexpr LoopSet kAtanh = inexact_loops<Atanh, AtanhToF16>();

template <const LoopSet& kLoops, int64_t kGrain>
void run(const KernelArgs& args) {
  run_loops(args, kLoops, kGrain);
}

constexpr KernelEntry kKernels[] = {
    {"prim.exp", run<kExp, kPolynomialGrain>},   {"prim.expm1", run<kExpm1, kWideGrain>},
    {"prim.log", run<kLog, kPolynomialGrain>},   {"prim.log1p", run<kLog1p, kWideGrain>},
    {"prim.tanh", run<kTanh, kPolynomialGrain>}, {"prim.sinh", run<kSinh, kWideGrain>},
    {"prim.cosh", run<kCosh, kWideGrain>},       {"prim.asinh", run<kAsinh, kWideGrain>},
    {"prim.acosh", run<kAcosh, kWideGrain>},     {"prim.atanh", run<kAtanh, kWideGrain>},
};

}  // namespace

std::span<const KernelEntry> exponential_kernels() { return kKernels; }

}  // namespace proa::kernels::PROA_ISA
