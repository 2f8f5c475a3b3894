// Elementwise kernels of one operand.

#include "proa/base/numeric/numeric.h"
#include "proa/kernels/reference/elementwise.h"
#include "proa/kernels/reference/formulas.h"

namespace proa::kernels::PROA_ISA {

namespace {

using C64 = Complex<float>;
using C128 = Complex<double>;

constexpr DTypeSet kOne = bit(DType::u8) | bit(DType::i8), kTwo = bit(DType::i16),
                   kFour = bit(DType::i32), kEight = bit(DType::i64);

struct Neg {
  template <std::integral T>
  T operator()(T x) const { return static_cast<T>(Wide<T>{0} - static_cast<Wide<T>>(x)); }
  template <std::floating_point T>
  T operator()(T x) const { return -x; }
  template <class T>
  Complex<T> operator()(Complex<T> x) const { return {-x.re, -x.im}; }
};

struct Exp {
  template <class T>
  T operator()(T x) const { return numeric::exp(x); }
};
struct ExpToF16 {
  float operator()(float x) const { return numeric::exp_to_f16(x); }
};

constexpr LoopSet kNeg = LoopSet()
                             .with(kOne, loop1<uint8_t, uint8_t, Neg>)
                             .with(kTwo, loop1<uint16_t, uint16_t, Neg>)
                             .with(kFour, loop1<uint32_t, uint32_t, Neg>)
                             .with(kEight, loop1<uint64_t, uint64_t, Neg>)
                             .with(bit(DType::f32), loop1<float, float, Neg>)
                             .with(bit(DType::f64), loop1<double, double, Neg>)
                             .with(bit(DType::c64), loop1<C64, C64, Neg>)
                             .with(bit(DType::c128), loop1<C128, C128, Neg>);
constexpr LoopSet exp_loops() {
  LoopSet loops = LoopSet()
                      .with(bit(DType::f32), loop1<float, float, Exp>)
                      .with(bit(DType::f64), loop1<double, double, Exp>);
  loops.to_f16 = loop1<float, float, ExpToF16>;
  return loops;
}
constexpr LoopSet kExp = exp_loops();

template <const LoopSet& kLoops, int64_t kGrain = 32768>
void run(const KernelArgs& args) {
  run_loops(args, kLoops, kGrain);
}

constexpr KernelEntry kKernels[] = {
    {"prim.neg", run<kNeg>},
    {"prim.exp", run<kExp, 8192>},
};

}  // namespace

std::span<const KernelEntry> unary_kernels() { return kKernels; }

}  // namespace proa::kernels::PROA_ISA
