// Changes of dtype: cast, bitcast, and the parts of complex numbers.

#include <cstring>

#include "proa/base/error.h"
#include "proa/base/numeric/integer.h"
#include "proa/kernels/reference/elementwise.h"
#include "proa/kernels/reference/formulas.h"

namespace proa::kernels::PROA_ISA {

namespace {

template <class From, class To>
struct Cast {
  To operator()(From x) const { return numeric::cast<To>(x); }
};

template <class From>
Loop cast_loop_from(DType to) {
  switch (to) {
    case DType::boolean: return loop1<From, bool, Cast<From, bool>>;
    case DType::u8: return loop1<From, uint8_t, Cast<From, uint8_t>>;
    case DType::i8: return loop1<From, int8_t, Cast<From, int8_t>>;
    case DType::i16: return loop1<From, int16_t, Cast<From, int16_t>>;
    case DType::i32: return loop1<From, int32_t, Cast<From, int32_t>>;
    case DType::i64: return loop1<From, int64_t, Cast<From, int64_t>>;
    case DType::f16: return loop1<From, Float16, Cast<From, Float16>>;
    case DType::bf16: return loop1<From, BFloat16, Cast<From, BFloat16>>;
    case DType::f8e4m3: return loop1<From, Float8E4M3, Cast<From, Float8E4M3>>;
    case DType::f8e5m2: return loop1<From, Float8E5M2, Cast<From, Float8E5M2>>;
    case DType::f32: return loop1<From, float, Cast<From, float>>;
    case DType::f64: return loop1<From, double, Cast<From, double>>;
    default: return nullptr;
  }
}

// Between real dtypes; narrow floats come widened to f32, which loses nothing.
Loop cast_loop(DType from, DType to) {
  switch (from) {
    case DType::boolean:
    case DType::u8: return cast_loop_from<uint8_t>(to);
    case DType::i8: return cast_loop_from<int8_t>(to);
    case DType::i16: return cast_loop_from<int16_t>(to);
    case DType::i32: return cast_loop_from<int32_t>(to);
    case DType::i64: return cast_loop_from<int64_t>(to);
    case DType::f64: return cast_loop_from<double>(to);
    default: return cast_loop_from<float>(to);
  }
}

template <class T>
struct FromReal {
  Complex<T> operator()(T x) const { return {x, T(0)}; }
};
template <class T>
struct NotZero {
  bool operator()(Complex<T> x) const { return (x.re != 0) | (x.im != 0); }
};
struct Widen {
  Complex<double> operator()(Complex<float> x) const { return {x.re, x.im}; }
};
struct Shorten {
  Complex<float> operator()(Complex<double> x) const {
    return {static_cast<float>(x.re), static_cast<float>(x.im)};
  }
};
template <class T>
struct Same {
  T operator()(T x) const { return x; }
};

Loop copy_loop(size_t size) {
  switch (size) {
    case 1: return loop1<uint8_t, uint8_t, Same<uint8_t>>;
    case 2: return loop1<uint16_t, uint16_t, Same<uint16_t>>;
    case 4: return loop1<uint32_t, uint32_t, Same<uint32_t>>;
    case 8: return loop1<uint64_t, uint64_t, Same<uint64_t>>;
    default: return loop1<Complex<double>, Complex<double>, Same<Complex<double>>>;
  }
}

void run_one(const KernelArgs& args, const Elementwise& job, Operand x) {
  x.put_in_order();
  const TensorRef& out = args.out[0];
  run_elementwise(job, {&x, 1}, out.data, size_of(out.dtype), out.elements());
}

// A part of complex numbers as an operand of its own: it lies between the other part's elements.
Operand part_of(const TensorRef& x, int part) {
  Extents strides;
  for (int i = 0; i < x.rank; ++i) strides.push_back(2 * x.strides[i]);
  size_t size = size_of(x.dtype) / 2;
  Extents dims(std::span<const int64_t>(x.dims, static_cast<size_t>(x.rank)));
  dims.push_back(1);
  strides.push_back(1);
  return Operand(x.as<const char>() + static_cast<size_t>(part) * size, size, dims, strides);
}

template <int kPart>
void part(const KernelArgs& args) {
  run_one(args, {.loop = copy_loop(size_of(args.out[0].dtype))}, part_of(args.in[0], kPart));
}

void cast(const KernelArgs& args) {
  const TensorRef& x = args.in[0];
  DType from = x.dtype, to = args.out[0].dtype;
  if (from == to) return run_one(args, {.loop = copy_loop(size_of(to))}, Operand(x));
  if (is_complex(from)) {
    bool single = from == DType::c64;
    Loop loop = nullptr;
    if (is_complex(to)) {
      loop = single ? loop1<Complex<float>, Complex<double>, Widen>
                    : loop1<Complex<double>, Complex<float>, Shorten>;
    } else if (to == DType::boolean) {
      loop = single ? loop1<Complex<float>, bool, NotZero<float>>
                    : loop1<Complex<double>, bool, NotZero<double>>;
    }
    if (loop) return run_one(args, {.loop = loop}, Operand(x));
    return run_one(args, {.loop = cast_loop(real_of(from), to)}, part_of(x, 0));
  }
  Elementwise job{.widen = {widen_loop(from)}};
  if (is_complex(to)) {
    job.loop = cast_loop(from, real_of(to));
    job.narrow = to == DType::c64 ? loop1<float, Complex<float>, FromReal<float>>
                                  : loop1<double, Complex<double>, FromReal<double>>;
  } else {
    job.loop = cast_loop(from, to);
  }
  run_one(args, job, Operand(x));
}

void bitcast(const KernelArgs& args) {
  run_one(args, {.loop = copy_loop(size_of(args.out[0].dtype))}, Operand(args.in[0]));
}

template <class T>
struct Join {
  Complex<T> operator()(T re, T im) const { return {re, im}; }
};
constexpr LoopSet kJoin = LoopSet()
                              .with(bit(DType::f32), loop2<float, Complex<float>, Join<float>>)
                              .with(bit(DType::f64), loop2<double, Complex<double>, Join<double>>);

void complex(const KernelArgs& args) { run_loops(args, kJoin); }

constexpr KernelEntry kKernels[] = {
    {"prim.cast", cast},    {"prim.bitcast", bitcast}, {"prim.complex", complex},
    {"prim.real", part<0>}, {"prim.imag", part<1>},
};

}  // namespace

std::span<const KernelEntry> cast_kernels() { return kKernels; }

}  // namespace proa::kernels::PROA_ISA
