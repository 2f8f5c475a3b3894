// Elementwise kernels of two and three operands.

#include "proa/base/numeric/complex.h"
#include "proa/kernels/reference/elementwise.h"
#include "proa/kernels/reference/formulas.h"

namespace proa::kernels::PROA_ISA {

namespace {

constexpr int64_t kSlow = 2048;  // elements worth a thread where one takes tens of nanoseconds

struct Sub {
  template <std::integral T>
  T operator()(T a, T b) const {
    return static_cast<T>(static_cast<Wide<T>>(a) - static_cast<Wide<T>>(b));
  }
  template <std::floating_point T>
  T operator()(T a, T b) const {
    return a - b;
  }
  template <class T>
  Complex<T> operator()(Complex<T> a, Complex<T> b) const {
    return {a.re - b.re, a.im - b.im};
  }
};

struct Div {
  template <std::integral T>
  T operator()(T a, T b) const {
    return numeric::div_floor<T>(a, b);
  }
  template <std::floating_point T>
  T operator()(T a, T b) const {
    return a / b;
  }
  template <class T>
  Complex<T> operator()(Complex<T> a, Complex<T> b) const {
    return of(numeric::div(of(a), of(b)));
  }
};

struct Rem {
  template <std::integral T>
  T operator()(T a, T b) const {
    return numeric::rem_floor<T>(a, b);
  }
  template <std::floating_point T>
  T operator()(T a, T b) const {
    return numeric::rem(a, b);
  }
};

struct Pow {
  template <std::integral T>
  T operator()(T a, T b) const {
    return numeric::integer_pow<T>(a, b);
  }
  template <std::floating_point T>
  T operator()(T a, T b) const {
    return numeric::pow(a, b);
  }
  template <class T>
  Complex<T> operator()(Complex<T> a, Complex<T> b) const {
    return of(numeric::pow(of(a), of(b)));
  }
};
struct PowToF16 {
  float operator()(float a, float b) const { return numeric::pow_to_f16(a, b); }
};

struct Atan2 {
  template <class T>
  T operator()(T a, T b) const {
    return numeric::atan2(a, b);
  }
};
struct Atan2ToF16 {
  float operator()(float a, float b) const { return numeric::atan2_to_f16(a, b); }
};

struct Shl {
  template <class T>
  T operator()(T a, T b) const {
    return numeric::shl<T>(a, b);
  }
};
struct Shr {
  template <class T>
  T operator()(T a, T b) const {
    return numeric::shr<T>(a, b);
  }
};
struct ShrLogical {
  template <class T>
  T operator()(T a, T b) const {
    using Bits = std::make_unsigned_t<T>;
    constexpr Wide<T> width = 8 * sizeof(T);
    auto count = static_cast<Wide<T>>(b);  // negative: huge
    Wide<T> moved = static_cast<Wide<T>>(static_cast<Bits>(a)) >> (count & (width - 1));
    return static_cast<T>(count < width ? moved : 0);
  }
};

struct Equal {
  template <class T>
  bool operator()(T a, T b) const {
    return a == b;
  }
  template <class T>
  bool operator()(Complex<T> a, Complex<T> b) const {
    return (a.re == b.re) & (a.im == b.im);
  }
};
struct NotEqual {
  template <class T>
  bool operator()(T a, T b) const {
    return !Equal{}(a, b);
  }
};
struct Less {
  template <class T>
  bool operator()(T a, T b) const {
    return a < b;
  }
};
struct LessEqual {
  template <class T>
  bool operator()(T a, T b) const {
    return a <= b;
  }
};

struct Fma {
  template <class T>
  T operator()(T a, T b, T c) const {
    return numeric::fma(a, b, c);
  }
};

template <class F>
constexpr LoopSet float_loops() {
  return LoopSet()
      .with(bit(DType::f32), loop2<float, float, F>)
      .with(bit(DType::f64), loop2<double, double, F>);
}
template <class F>
constexpr LoopSet complex_loops(LoopSet loops) {
  return loops.with(bit(DType::c64), loop2<C64, C64, F>)
      .with(bit(DType::c128), loop2<C128, C128, F>);
}
// Where the sign does not matter, by width.
template <class F>
constexpr LoopSet width_loops(LoopSet loops) {
  return loops.with(kOneByte, loop2<uint8_t, uint8_t, F>)
      .with(kTwoBytes, loop2<uint16_t, uint16_t, F>)
      .with(kFourBytes, loop2<uint32_t, uint32_t, F>)
      .with(kEightBytes, loop2<uint64_t, uint64_t, F>);
}
template <class F>
constexpr LoopSet int_loops(LoopSet loops) {
  return loops.with(bit(DType::u8), loop2<uint8_t, uint8_t, F>)
      .with(bit(DType::i8), loop2<int8_t, int8_t, F>)
      .with(kTwoBytes, loop2<int16_t, int16_t, F>)
      .with(kFourBytes, loop2<int32_t, int32_t, F>)
      .with(kEightBytes, loop2<int64_t, int64_t, F>);
}
constexpr LoopSet to_f16(LoopSet loops, Loop loop) {
  loops.to_f16 = loop;
  return loops;
}

constexpr LoopSet kAdd = width_loops<Add>(complex_loops<Add>(float_loops<Add>()));
constexpr LoopSet kSub = width_loops<Sub>(complex_loops<Sub>(float_loops<Sub>()));
constexpr LoopSet kMul = width_loops<Mul>(complex_loops<Mul>(float_loops<Mul>()));
constexpr LoopSet kDiv = int_loops<Div>(complex_loops<Div>(float_loops<Div>()));
constexpr LoopSet kRem = int_loops<Rem>(float_loops<Rem>());
constexpr LoopSet kPow =
    to_f16(int_loops<Pow>(complex_loops<Pow>(float_loops<Pow>())), loop2<float, float, PowToF16>);
constexpr LoopSet kMax = int_loops<Max>(float_loops<Max>());
constexpr LoopSet kMin = int_loops<Min>(float_loops<Min>());
constexpr LoopSet kAtan2 = to_f16(float_loops<Atan2>(), loop2<float, float, Atan2ToF16>);
template <class F>
constexpr LoopSet kBits = width_loops<F>(LoopSet()).with(kBoolSet, loop2<uint8_t, uint8_t, F>);
constexpr LoopSet kShl = int_loops<Shl>(LoopSet());
constexpr LoopSet kShr = int_loops<Shr>(LoopSet());
constexpr LoopSet kShrLogical = int_loops<ShrLogical>(LoopSet());
constexpr LoopSet kFma =
    LoopSet().with(bit(DType::f32), loop3<float, Fma>).with(bit(DType::f64), loop3<double, Fma>);

template <class F>
constexpr LoopSet same_loops() {
  return LoopSet()
      .with(kOneByte | kBoolSet | kFloat8Set, loop2<uint8_t, bool, F>)
      .with(kTwoBytes, loop2<uint16_t, bool, F>)
      .with(kFourBytes, loop2<uint32_t, bool, F>)
      .with(kEightBytes, loop2<uint64_t, bool, F>)
      .with(bit(DType::f32), loop2<float, bool, F>)
      .with(bit(DType::f64), loop2<double, bool, F>)
      .with(bit(DType::c64), loop2<C64, bool, F>)
      .with(bit(DType::c128), loop2<C128, bool, F>);
}
template <class F>
constexpr LoopSet order_loops() {
  return LoopSet()
      .with(bit(DType::u8) | kBoolSet, loop2<uint8_t, bool, F>)
      .with(bit(DType::i8), loop2<int8_t, bool, F>)
      .with(kTwoBytes, loop2<int16_t, bool, F>)
      .with(kFourBytes, loop2<int32_t, bool, F>)
      .with(kEightBytes, loop2<int64_t, bool, F>)
      .with(bit(DType::f32), loop2<float, bool, F>)
      .with(bit(DType::f64), loop2<double, bool, F>);
}
constexpr LoopSet kEqual = same_loops<Equal>(), kNotEqual = same_loops<NotEqual>();
constexpr LoopSet kLess = order_loops<Less>(), kLessEqual = order_loops<LessEqual>();

template <const LoopSet& kLoops, int64_t kGrain = 32768>
void run(const KernelArgs& args) {
  run_loops(args, kLoops, kGrain);
}

void shr(const KernelArgs& args) { run_loops(args, args.attrs.boolean(0) ? kShrLogical : kShr); }

void compare(const KernelArgs& args) {
  enum { eq, ne, lt, le, gt, ge };
  TensorRef swapped[2] = {args.in[1], args.in[0]};
  KernelArgs turned = args;
  turned.in = swapped;
  switch (args.attrs.integer(0)) {
    case eq: return run_loops(args, kEqual);
    case ne: return run_loops(args, kNotEqual);
    case lt: return run_loops(args, kLess);
    case le: return run_loops(args, kLessEqual);
    case gt: return run_loops(turned, kLess);
    default: return run_loops(turned, kLessEqual);
  }
}

template <class T>
void select_loop(void* out, const void* const* in, int64_t n, int64_t) {
  auto* z = static_cast<T*>(out);
  auto* c = static_cast<const uint8_t*>(in[0]);
  auto* x = static_cast<const T*>(in[1]);
  auto* y = static_cast<const T*>(in[2]);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) {
    T yes = x[i], no = y[i];
    z[i] = c[i] != 0 ? yes : no;
  }
}
constexpr LoopSet kSelect =
    LoopSet()
        .with(kOneByte | kBoolSet | kFloat8Set, select_loop<uint8_t>)
        .with(kTwoBytes | bit(DType::f16) | bit(DType::bf16), select_loop<uint16_t>)
        .with(kFourBytes | bit(DType::f32), select_loop<uint32_t>)
        .with(kEightBytes | bit(DType::f64) | bit(DType::c64), select_loop<uint64_t>)
        .with(bit(DType::c128), select_loop<C128>);

void select(const KernelArgs& args) { run_loops(args, kSelect, 32768, 0, 1); }

constexpr KernelEntry kKernels[] = {
    {"prim.fma", run<kFma>},
    {"prim.add", run<kAdd>},
    {"prim.sub", run<kSub>},
    {"prim.mul", run<kMul>},
    {"prim.div", run<kDiv>},
    {"prim.rem", run<kRem, kSlow>},
    {"prim.pow", run<kPow, kSlow>},
    {"prim.max", run<kMax>},
    {"prim.min", run<kMin>},
    {"prim.atan2", run<kAtan2, kSlow>},
    {"prim.and", run<kBits<And>>},
    {"prim.or", run<kBits<Or>>},
    {"prim.xor", run<kBits<Xor>>},
    {"prim.shl", run<kShl>},
    {"prim.shr", shr},
    {"prim.compare", compare},
    {"prim.select", select},
};

}  // namespace

std::span<const KernelEntry> binary_kernels() { return kKernels; }

}  // namespace proa::kernels::PROA_ISA
