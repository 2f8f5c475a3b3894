// Elementwise kernels of one operand that are exact or rounded once, and predicates.

#include <limits>

#include "proa/base/numeric/complex.h"
#include "proa/kernels/reference/elementwise.h"
#include "proa/kernels/reference/formulas.h"

namespace proa::kernels::PROA_ISA {

namespace {

struct Neg {
  template <std::integral T>
  T operator()(T x) const {
    return static_cast<T>(Wide<T>{0} - static_cast<Wide<T>>(x));
  }
  template <std::floating_point T>
  T operator()(T x) const {
    return -x;
  }
  template <class T>
  Complex<T> operator()(Complex<T> x) const {
    return {-x.re, -x.im};
  }
};

struct Abs {
  template <std::integral T>
  T operator()(T x) const {
    return x < 0 ? Neg{}(x) : x;
  }
  template <std::floating_point T>
  T operator()(T x) const {
    return numeric::abs(x);
  }
  template <class T>
  T operator()(Complex<T> x) const {
    return numeric::abs(of(x));
  }
};

struct Sign {
  template <std::integral T>
  T operator()(T x) const {
    return static_cast<T>((x > 0) - (x < 0));
  }
  template <std::floating_point T>
  T operator()(T x) const {
    return numeric::sign(x);
  }
  C128 operator()(C128 z) const {
    double size = numeric::abs(of(z));
    return size == 0 ? z : C128{z.re / size, z.im / size};
  }
  C64 operator()(C64 z) const {
    C128 wide = Sign{}(C128{z.re, z.im});
    return {static_cast<float>(wide.re), static_cast<float>(wide.im)};
  }
};

struct Floor {
  template <class T>
  T operator()(T x) const {
    return numeric::floor(x);
  }
};
struct Ceil {
  template <class T>
  T operator()(T x) const {
    return numeric::ceil(x);
  }
};
struct Round {
  template <class T>
  T operator()(T x) const {
    return numeric::round(x);
  }
};
struct Sqrt {
  template <std::floating_point T>
  T operator()(T x) const {
    return numeric::sqrt(x);
  }
  template <class T>
  Complex<T> operator()(Complex<T> z) const {
    return of(numeric::sqrt(of(z)));
  }
};
struct Rsqrt {
  template <std::floating_point T>
  T operator()(T x) const {
    return numeric::rsqrt(x);
  }
  template <class T>
  Complex<T> operator()(Complex<T> z) const {
    return of(numeric::div(std::complex<T>(1, 0), numeric::sqrt(of(z))));
  }
};
struct Conj {
  template <class T>
  Complex<T> operator()(Complex<T> z) const {
    return {z.re, -z.im};
  }
};
struct Not {
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(~x);
  }
};
struct NotBool {
  uint8_t operator()(uint8_t x) const { return x == 0; }
};
struct Popcount {
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(std::popcount(x));
  }
};
struct IsFinite {
  template <std::floating_point T>
  bool operator()(T x) const {
    return numeric::abs(x) < std::numeric_limits<T>::infinity();
  }
  template <class T>
  bool operator()(Complex<T> z) const {
    return IsFinite{}(z.re) & IsFinite{}(z.im);
  }
};
struct IsNan {
  template <std::floating_point T>
  bool operator()(T x) const {
    return x != x;
  }
  template <class T>
  bool operator()(Complex<T> z) const {
    return (z.re != z.re) | (z.im != z.im);
  }
};

template <class F>
constexpr LoopSet float_loops() {
  return LoopSet()
      .with(bit(DType::f32), loop1<float, float, F>)
      .with(bit(DType::f64), loop1<double, double, F>);
}
template <class F>
constexpr LoopSet complex_loops(LoopSet loops) {
  return loops.with(bit(DType::c64), loop1<C64, C64, F>)
      .with(bit(DType::c128), loop1<C128, C128, F>);
}
template <class F>
constexpr LoopSet width_loops(LoopSet loops) {
  return loops.with(kOneByte, loop1<uint8_t, uint8_t, F>)
      .with(kTwoBytes, loop1<uint16_t, uint16_t, F>)
      .with(kFourBytes, loop1<uint32_t, uint32_t, F>)
      .with(kEightBytes, loop1<uint64_t, uint64_t, F>);
}
template <class F>
constexpr LoopSet int_loops(LoopSet loops) {
  return loops.with(bit(DType::u8), loop1<uint8_t, uint8_t, F>)
      .with(bit(DType::i8), loop1<int8_t, int8_t, F>)
      .with(kTwoBytes, loop1<int16_t, int16_t, F>)
      .with(kFourBytes, loop1<int32_t, int32_t, F>)
      .with(kEightBytes, loop1<int64_t, int64_t, F>);
}
template <class F>
constexpr LoopSet predicate_loops() {
  return LoopSet()
      .with(bit(DType::f32), loop1<float, bool, F>)
      .with(bit(DType::f64), loop1<double, bool, F>)
      .with(bit(DType::c64), loop1<C64, bool, F>)
      .with(bit(DType::c128), loop1<C128, bool, F>);
}

constexpr LoopSet kNeg = width_loops<Neg>(complex_loops<Neg>(float_loops<Neg>()));
constexpr LoopSet kAbs = int_loops<Abs>(float_loops<Abs>()
                                            .with(bit(DType::c64), loop1<C64, float, Abs>)
                                            .with(bit(DType::c128), loop1<C128, double, Abs>));
constexpr LoopSet kSign = int_loops<Sign>(complex_loops<Sign>(float_loops<Sign>()));
constexpr LoopSet kFloor = float_loops<Floor>(), kCeil = float_loops<Ceil>();
constexpr LoopSet kRound = float_loops<Round>();
constexpr LoopSet kSqrt = complex_loops<Sqrt>(float_loops<Sqrt>());
constexpr LoopSet kRsqrt = complex_loops<Rsqrt>(float_loops<Rsqrt>());
constexpr LoopSet kConj = complex_loops<Conj>(LoopSet());
constexpr LoopSet kNot =
    width_loops<Not>(LoopSet()).with(kBoolSet, loop1<uint8_t, uint8_t, NotBool>);
constexpr LoopSet kPopcount = width_loops<Popcount>(LoopSet());
constexpr LoopSet kIsFinite = predicate_loops<IsFinite>(), kIsNan = predicate_loops<IsNan>();

template <const LoopSet& kLoops>
void run(const KernelArgs& args) {
  run_loops(args, kLoops);
}

constexpr KernelEntry kKernels[] = {
    {"prim.neg", run<kNeg>},           {"prim.abs", run<kAbs>},
    {"prim.sign", run<kSign>},         {"prim.floor", run<kFloor>},
    {"prim.ceil", run<kCeil>},         {"prim.round", run<kRound>},
    {"prim.sqrt", run<kSqrt>},         {"prim.rsqrt", run<kRsqrt>},
    {"prim.conj", run<kConj>},         {"prim.not", run<kNot>},
    {"prim.popcount", run<kPopcount>}, {"prim.is_finite", run<kIsFinite>},
    {"prim.is_nan", run<kIsNan>},
};

}  // namespace

std::span<const KernelEntry> unary_kernels() { return kKernels; }

}  // namespace proa::kernels::PROA_ISA
