// scan. The order of a scan is part of its result: a chain inside blocks of 512 elements, joined to
// the chain of the blocks' results, so that a longer line has the same prefix. linear is one chain:
// its steps are fma, and a block of them would need products of the factors, which round
// differently.

#include <limits>
#include <type_traits>

#include "proa/base/numeric/numeric.h"
#include "proa/kernels/reference/formulas.h"
#include "proa/kernels/reference/lines.h"

namespace proa::kernels::PROA_ISA {

namespace {

constexpr int64_t kScanBlock = 512;
constexpr int64_t kTile = Lines::kTile;

// Results of a piece on their way out: rounded to f16 or bf16 where that is the dtype.
class Writer {
 public:
  explicit Writer(const TensorRef& out)
      : data_(out.as<char>()),
        size_(static_cast<int64_t>(size_of(out.dtype))),
        narrow_(narrow_loop(out.dtype)) {}
  // Where to put the results of a piece before write().
  template <class T>
  T* place(int64_t index) {
    return narrow_ ? reinterpret_cast<T*>(wide_) : reinterpret_cast<T*>(data_ + index * size_);
  }
  void write(int64_t index, int64_t n) {
    const void* from = wide_;
    if (narrow_) narrow_(data_ + index * size_, &from, n, 0);
  }

 private:
  char* data_;
  int64_t size_;
  Loop narrow_;
  alignas(64) char wide_[Lines::kPiece * sizeof(float)];
};

// The state of logsumexp: greatest m so far, and the sum of exp(x - m), where m counts as 0 while
// it is infinite or NaN.
template <class T>
struct LogSum {
  T m, s;
  static LogSum of(T x) { return join({-std::numeric_limits<T>::infinity(), 0}, x); }
  static T base(T m) { return numeric::abs(m) < std::numeric_limits<T>::infinity() ? m : T(0); }
  // The sum seen from another base; nothing stays nothing, however far that is.
  T from(T b) const { return s == 0 ? T(0) : s * numeric::exp(base(m) - b); }
  static LogSum join(LogSum a, T x) {
    T m = Max{}(a.m, x), b = base(m);
    return {m, a.from(b) + numeric::exp(x - b)};
  }
  static LogSum join(LogSum a, LogSum c) {
    T m = Max{}(a.m, c.m), b = base(m);
    return {m, a.from(b) + c.from(b)};
  }
  T value() const { return base(m) + numeric::log(s); }
};

template <class T>
struct LogSumExp {
  using State = LogSum<T>;
  static State start(T x) { return State::of(x); }
  static State step(State a, T x) { return State::join(a, x); }
  static State join(State a, State b) { return State::join(a, b); }
  static T value(State a) { return a.value(); }
};
template <class T, class Op>
struct Plain {
  using State = T;
  static T start(T x) { return x; }
  static T step(T a, T x) { return Op{}(a, x); }
  static T join(T a, T b) { return Op{}(a, b); }
  static T value(T a) { return a; }
};

// One row of the chains: `width` is a constant where lines are taken one by one.
template <class T, class Rule, class Width>
void scan_row(int64_t row, const T* x, T* y, typename Rule::State* carry,
              typename Rule::State* local, Width width) {
  if (row % kScanBlock == 0) {
    for (int64_t w = 0; w < width && row > 0; ++w) {
      carry[w] = row == kScanBlock ? local[w] : Rule::join(carry[w], local[w]);
    }
    for (int64_t w = 0; w < width; ++w) local[w] = Rule::start(x[w]);
  } else {
    for (int64_t w = 0; w < width; ++w) local[w] = Rule::step(local[w], x[w]);
  }
  if (row < kScanBlock) {
    for (int64_t w = 0; w < width; ++w) y[w] = Rule::value(local[w]);
  } else {
    for (int64_t w = 0; w < width; ++w) y[w] = Rule::value(Rule::join(carry[w], local[w]));
  }
}

template <class T, class Rule>
void scan_lines(const KernelArgs& args, int64_t axis, bool backwards) {
  Lines lines(args.in[0], axis, backwards);
  lines.for_tiles([&](int64_t outer, int64_t offset, int64_t width) {
    Lines::Buffer buffer;
    Writer writer(args.out[0]);
    typename Rule::State carry[kTile], local[kTile];
    lines.for_pieces(width, [&](int64_t row, int64_t n) {
      auto* x = static_cast<const T*>(lines.read(outer, row, offset, n, width, buffer));
      int64_t index = lines.index(outer, row, n, offset);
      T* results = writer.place<T>(index);
      for (int64_t r = 0; r < n; ++r, x += width) {
        T* y = results + (backwards ? n - 1 - r : r) * width;
        if (width == 1) {
          scan_row<T, Rule>(row + r, x, y, carry, local, std::integral_constant<int64_t, 1>());
        } else {
          scan_row<T, Rule>(row + r, x, y, carry, local, width);
        }
      }
      writer.write(index, n * width);
    });
  });
}

template <std::floating_point T>
T linear_step(T a, T y, T b) {
  return numeric::fma(a, y, b);
}
template <std::integral T>
T linear_step(T a, T y, T b) {
  return Add{}(Mul{}(a, y), b);
}
template <class T>
Complex<T> linear_step(Complex<T> a, Complex<T> y, Complex<T> b) {
  return Add{}(Mul{}(a, y), b);
}

template <class T>
void scan_linear(const KernelArgs& args, int64_t axis, bool backwards) {
  Lines a_lines(args.in[0], axis, backwards), b_lines(args.in[1], axis, backwards);
  a_lines.for_tiles([&](int64_t outer, int64_t offset, int64_t width) {
    Lines::Buffer a_buffer, b_buffer;
    Writer writer(args.out[0]);
    T state[kTile] = {};
    a_lines.for_pieces(width, [&](int64_t row, int64_t n) {
      auto* a = static_cast<const T*>(a_lines.read(outer, row, offset, n, width, a_buffer));
      auto* b = static_cast<const T*>(b_lines.read(outer, row, offset, n, width, b_buffer));
      int64_t index = a_lines.index(outer, row, n, offset);
      T* results = writer.place<T>(index);
      for (int64_t r = 0; r < n; ++r, a += width, b += width) {
        T* y = results + (backwards ? n - 1 - r : r) * width;
        for (int64_t w = 0; w < width; ++w) {
          state[w] = linear_step(a[w], state[w], b[w]);
          y[w] = state[w];
        }
      }
      writer.write(index, n * width);
    });
  });
}

template <class T>
bool same_bits(T a, T b) {
  if constexpr (std::floating_point<T>) {
    return std::bit_cast<BitsOf<T>>(a) == std::bit_cast<BitsOf<T>>(b);
  } else {
    return a == b;
  }
}

// max and min with positions along the axis: the last one met among equals, as PyTorch's cummax.
template <class T, class Op>
void scan_positions(const KernelArgs& args, int64_t axis, bool backwards) {
  Lines lines(args.in[0], axis, backwards);
  auto* positions = args.out[1].as<int64_t>();
  lines.for_tiles([&](int64_t outer, int64_t offset, int64_t width) {
    Lines::Buffer buffer;
    Writer writer(args.out[0]);
    T best[kTile];
    int64_t place[kTile];
    lines.for_pieces(width, [&](int64_t row, int64_t n) {
      auto* x = static_cast<const T*>(lines.read(outer, row, offset, n, width, buffer));
      int64_t index = lines.index(outer, row, n, offset);
      T* results = writer.place<T>(index);
      for (int64_t r = 0; r < n; ++r, x += width) {
        int64_t at = (backwards ? n - 1 - r : r) * width;
        for (int64_t w = 0; w < width; ++w) {
          T now = row + r == 0 ? x[w] : Op{}(best[w], x[w]);
          if (x[w] != x[w] || same_bits(now, x[w])) place[w] = lines.position(row + r);
          best[w] = now;
          results[at + w] = now;
          positions[index + at + w] = place[w];
        }
      }
      writer.write(index, n * width);
    });
  });
}

using ScanFn = void (*)(const KernelArgs&, int64_t axis, bool backwards);

template <class Op>
ScanFn plain(DType dtype) {
  switch (dtype) {
    case DType::f64: return scan_lines<double, Plain<double, Op>>;
    case DType::c64: return scan_lines<C64, Plain<C64, Op>>;
    case DType::c128: return scan_lines<C128, Plain<C128, Op>>;
    default: break;
  }
  if (is_float(dtype)) return scan_lines<float, Plain<float, Op>>;
  switch (size_of(dtype)) {
    case 1: return scan_lines<uint8_t, Plain<uint8_t, Op>>;
    case 2: return scan_lines<uint16_t, Plain<uint16_t, Op>>;
    case 4: return scan_lines<uint32_t, Plain<uint32_t, Op>>;
    default: return scan_lines<uint64_t, Plain<uint64_t, Op>>;
  }
}

template <class T, class Op>
ScanFn extremum_of(bool positions) {
  return positions ? scan_positions<T, Op> : scan_lines<T, Plain<T, Op>>;
}

template <class Op>
ScanFn extremum(DType dtype, bool positions) {
  switch (dtype) {
    case DType::u8: return extremum_of<uint8_t, Op>(positions);
    case DType::i8: return extremum_of<int8_t, Op>(positions);
    case DType::i16: return extremum_of<int16_t, Op>(positions);
    case DType::i32: return extremum_of<int32_t, Op>(positions);
    case DType::i64: return extremum_of<int64_t, Op>(positions);
    case DType::f64: return extremum_of<double, Op>(positions);
    default: return extremum_of<float, Op>(positions);
  }
}

ScanFn linear(DType dtype) {
  switch (dtype) {
    case DType::u8: return scan_linear<uint8_t>;
    case DType::i8: return scan_linear<int8_t>;
    case DType::i16: return scan_linear<int16_t>;
    case DType::i32: return scan_linear<int32_t>;
    case DType::i64: return scan_linear<int64_t>;
    case DType::f64: return scan_linear<double>;
    case DType::c64: return scan_linear<C64>;
    case DType::c128: return scan_linear<C128>;
    default: return scan_linear<float>;
  }
}

ScanFn choose(int64_t kind, DType dtype, bool positions) {
  enum { sum, prod, max, min, logsumexp };
  switch (kind) {
    case sum: return plain<Add>(dtype);
    case prod: return plain<Mul>(dtype);
    case max: return extremum<Max>(dtype, positions);
    case min: return extremum<Min>(dtype, positions);
    case logsumexp:
      if (dtype == DType::f64) return scan_lines<double, LogSumExp<double>>;
      return scan_lines<float, LogSumExp<float>>;
    default: return linear(dtype);
  }
}

void scan(const KernelArgs& args) {
  const TensorRef& x = args.in[0];
  int64_t axis = args.attrs.integer(1);
  if (axis < 0) axis += x.rank;
  bool positions = args.attrs.has(3) && args.attrs.boolean(3);
  bool backwards = args.attrs.has(2) && args.attrs.boolean(2);
  choose(args.attrs.integer(0), x.dtype, positions)(args, axis, backwards);
}

constexpr KernelEntry kKernels[] = {{"prim.scan", scan}};

}  // namespace

std::span<const KernelEntry> scan_kernels() { return kKernels; }

}  // namespace proa::kernels::PROA_ISA
