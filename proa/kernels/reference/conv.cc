// conv: n-d convolution. A result sums over r = (input channel, kernel positions) in lexicographic
// order; taps that fall on padding, or between the elements of a dilated input, are skipped.
// Blocks: for windows of at most 256 taps, floor(256 / taps) channels, rounded down to a multiple
// of 8 where that is at least 8; for larger windows, whole innermost rows of one channel up to 256
// taps. Each block is a chain of fused multiply-adds from +0; 16 blocks make a group; totals add
// ascending.

#include <algorithm>
#include <complex>
#include <vector>

#include "proa/base/error.h"
#include "proa/base/numeric/half.h"
#include "proa/base/small_vector.h"
#include "proa/base/thread_pool.h"
#include "proa/kernels/reference/conv.h"
#include "proa/program/kernel.h"

namespace proa::kernels::PROA_ISA {

namespace {

using program::KernelArgs;
using program::TensorRef;
using Indices = SmallVector<int64_t, 6>;

constexpr int64_t kBlocksPerGroup = 16;

struct Geometry {
  int64_t batch, channels, outs, groups, group_channels, group_outs;
  int axes;                       // spatial
  Indices input, kernel, output;  // extents
  Indices strides, low, input_dilation, kernel_dilation;
  int64_t taps = 1, pixels = 1, depth = 0;  // depth: taps of all channels of a group
  std::vector<int64_t> block_ends;          // in r

  explicit Geometry(const KernelArgs& args) {
    const TensorRef &x = args.in[0], &w = args.in[1], &y = args.out[0];
    axes = x.rank - 2;
    batch = x.dims[0];
    channels = x.dims[1];
    outs = w.dims[0];
    groups = args.attrs.integer(5);
    group_channels = w.dims[1];
    group_outs = groups > 0 ? outs / groups : 0;
    for (int i = 0; i < axes; ++i) {
      input.push_back(x.dims[i + 2]);
      kernel.push_back(w.dims[i + 2]);
      output.push_back(y.dims[i + 2]);
      taps *= kernel[static_cast<size_t>(i)];
      pixels *= output[static_cast<size_t>(i)];
    }
    strides = Indices(args.attrs.ints(0));
    low = Indices(args.attrs.ints(1));
    input_dilation = Indices(args.attrs.ints(3));
    kernel_dilation = Indices(args.attrs.ints(4));
    depth = group_channels * taps;
    make_blocks();
  }

  void make_blocks() {
    if (depth == 0) return;
    if (taps <= 256) {
      int64_t per = 256 / taps;
      if (per >= 8) per -= per % 8;
      for (int64_t c = per; c < group_channels; c += per) block_ends.push_back(c * taps);
      block_ends.push_back(depth);
      return;
    }
    int64_t row = kernel[kernel.size() - 1], rows = taps / row;
    int64_t per = std::max<int64_t>(1, 256 / row);
    for (int64_t c = 0; c < group_channels; ++c) {
      for (int64_t r = per; r < rows; r += per) block_ends.push_back(c * taps + r * row);
      block_ends.push_back((c + 1) * taps);
    }
  }
};

// Where each r reads: the offset in the input relative to a pixel whose window lies wholly inside.
struct Taps {
  std::vector<int64_t> offset;          // by r, in elements of x
  std::vector<int64_t> position;        // by tap and axis: kernel position times dilation
  std::vector<int64_t> channel_offset;  // by channel of a group

  Taps(const Geometry& g, const TensorRef& x) {
    for (int64_t t = 0; t < g.taps; ++t) {
      int64_t rest = t;
      Indices at(static_cast<size_t>(g.axes), 0);
      for (size_t i = static_cast<size_t>(g.axes); i-- > 0;) {
        at[i] = rest % g.kernel[i] * g.kernel_dilation[i];
        rest /= g.kernel[i];
      }
      for (int64_t p : at) position.push_back(p);
    }
    for (int64_t c = 0; c < g.group_channels; ++c) {
      channel_offset.push_back(c * x.strides[1]);
      for (int64_t t = 0; t < g.taps; ++t) {
        int64_t sum = c * x.strides[1];
        for (int i = 0; i < g.axes; ++i)
          sum += position[static_cast<size_t>(t * g.axes + i)] * x.strides[i + 2];
        offset.push_back(sum);
      }
    }
  }
};

// One pixel of the output: where its window begins, and whether all of it is inside the input.
struct Pixel {
  int64_t n = 0;
  Indices origin;    // in the (dilated) input; may be negative
  int64_t base = 0;  // offset of the origin in x, where inside
  bool inside = true;

  Pixel(const Geometry& g, const TensorRef& x, int64_t index)
      : origin(static_cast<size_t>(g.axes), 0) {
    n = index / g.pixels;
    int64_t rest = index % g.pixels;
    base = n * x.strides[0];
    for (size_t i = static_cast<size_t>(g.axes); i-- > 0;) {
      int64_t at = rest % g.output[i];
      rest /= g.output[i];
      origin[i] = at * g.strides[i] - g.low[i];
      int64_t last = origin[i] + (g.kernel[i] - 1) * g.kernel_dilation[i];
      inside &= origin[i] >= 0 && last < g.input[i] && g.input_dilation[i] == 1;
      base += origin[i] * x.strides[i + 2];
    }
  }

  // The taps that meet an element, as (tap, offset from the sample's first element), ascending.
  void valid_taps(const Geometry& g, const Taps& taps, const TensorRef& x,
                  std::vector<std::pair<int64_t, int64_t>>& out) const {
    out.clear();
    for (int64_t t = 0; t < g.taps; ++t) {
      int64_t offset = n * x.strides[0];
      bool valid = true;
      for (size_t i = 0; i < static_cast<size_t>(g.axes) && valid; ++i) {
        int64_t at = origin[i] + taps.position[static_cast<size_t>(t * g.axes) + i];
        int64_t step = g.input_dilation[i];
        valid = at >= 0 && at % step == 0 && at / step < g.input[i];
        offset += at / step * x.strides[i + 2];
      }
      if (valid) out.emplace_back(t, offset);
    }
  }
};

inline float widen(float x) { return x; }
inline double widen(double x) { return x; }
inline float widen(Float16 x) { return numeric::to_f32(x); }
inline float widen(BFloat16 x) { return numeric::to_f32(x); }
template <class E, class T>
E narrow(T x) {
  if constexpr (std::is_same_v<E, T>) {
    return x;
  } else {
    return numeric::narrow<E>(x);
  }
}

// Complex numbers and integers, one result at a time.
template <class E, class Sum>
void conv_scalars(const KernelArgs& args) {
  Geometry g(args);
  if (g.batch * g.pixels * g.outs == 0) return;
  const TensorRef &x = args.in[0], &w = args.in[1];
  Taps taps(g, x);
  parallel_for(g.batch * g.pixels, 16, [&](int64_t begin, int64_t end) {
    std::vector<std::pair<int64_t, int64_t>> valid;
    for (int64_t p = begin; p < end; ++p) {
      Pixel pixel(g, x, p);
      pixel.valid_taps(g, taps, x, valid);
      for (int64_t o = 0; o < g.outs; ++o) {
        int64_t group = o / g.group_outs;
        const E* from = x.as<const E>() + group * g.group_channels * x.strides[1];
        Sum whole, sums;
        int64_t start = 0;
        for (size_t b = 0; b < g.block_ends.size(); ++b) {
          int64_t stop = g.block_ends[b];
          Sum block;
          for (int64_t c = start / g.taps; c * g.taps < stop; ++c) {
            for (auto [tap, offset] : valid) {
              int64_t r = c * g.taps + tap;
              if (r < start || r >= stop) continue;
              int64_t weight = o * w.strides[0] + c * w.strides[1], rest = tap;
              for (size_t i = static_cast<size_t>(g.axes); i-- > 0;) {
                weight += rest % g.kernel[i] * w.strides[i + 2];
                rest /= g.kernel[i];
              }
              block.take(from[taps.channel_offset[static_cast<size_t>(c)] + offset],
                         w.as<const E>()[weight]);
            }
          }
          bool first_group = b < kBlocksPerGroup;
          Sum& into = first_group ? whole : sums;
          into.join(block, b % kBlocksPerGroup == 0);
          if (!first_group && (b + 1 == g.block_ends.size() || (b + 1) % kBlocksPerGroup == 0))
            whole.join(sums, false);
          start = stop;
        }
        args.out[0].as<E>()[(pixel.n * g.outs + o) * g.pixels + p % g.pixels] = whole.value();
      }
    }
  });
}

template <class T>
struct ComplexSum {
  T re = 0, im = 0;
  static T fused(T a, T b, T c) {
    if constexpr (std::is_same_v<T, float>) return __builtin_fmaf(a, b, c);
    else return __builtin_fma(a, b, c);
  }
  void take(std::complex<T> a, std::complex<T> b) {
    re = fused(a.real(), b.real(), re);
    re = fused(-a.imag(), b.imag(), re);
    im = fused(a.real(), b.imag(), im);
    im = fused(a.imag(), b.real(), im);
  }
  void join(const ComplexSum& other, bool fresh) {
    re = fresh ? other.re : re + other.re;
    im = fresh ? other.im : im + other.im;
  }
  std::complex<T> value() const { return {re, im}; }
};

template <class E>
struct IntegerSum {
  uint64_t sum = 0;  // wraps
  void take(E a, E b) { sum += static_cast<uint64_t>(a) * static_cast<uint64_t>(b); }
  void join(const IntegerSum& other, bool fresh) { sum = fresh ? other.sum : sum + other.sum; }
  E value() const { return static_cast<E>(sum); }
};

template <class E, class T>
struct FloatSum {
  T sum = 0;
  void take(E a, E b) {
    if constexpr (std::is_same_v<T, float>) sum = __builtin_fmaf(widen(a), widen(b), sum);
    else sum = __builtin_fma(widen(a), widen(b), sum);
  }
  void join(const FloatSum& other, bool fresh) { sum = fresh ? other.sum : sum + other.sum; }
  E value() const { return narrow<E>(sum); }
};

template <class E, class T>
void floats(const KernelArgs& args) {
  const TensorRef& x = args.in[0];
  if (x.rank > 5) return conv_scalars<E, FloatSum<E, T>>(args);
  conv_tiles(args);
}

void conv(const KernelArgs& args) {
  switch (args.in[0].dtype) {
    case DType::f16: return floats<Float16, float>(args);
    case DType::bf16: return floats<BFloat16, float>(args);
    case DType::f32: return floats<float, float>(args);
    case DType::f64: return floats<double, double>(args);
    case DType::c64: return conv_scalars<std::complex<float>, ComplexSum<float>>(args);
    case DType::c128: return conv_scalars<std::complex<double>, ComplexSum<double>>(args);
    case DType::u8: return conv_scalars<uint8_t, IntegerSum<uint8_t>>(args);
    case DType::i8: return conv_scalars<int8_t, IntegerSum<int8_t>>(args);
    case DType::i16: return conv_scalars<int16_t, IntegerSum<int16_t>>(args);
    case DType::i32: return conv_scalars<int32_t, IntegerSum<int32_t>>(args);
    case DType::i64: return conv_scalars<int64_t, IntegerSum<int64_t>>(args);
    default: throw InternalError(str("prim.conv has no kernel for ", to_string(args.in[0].dtype)));
  }
}

constexpr program::KernelEntry kEntries[] = {{"prim.conv", conv}};

}  // namespace

std::span<const program::KernelEntry> conv_kernels() { return kEntries; }

}  // namespace proa::kernels::PROA_ISA
