// reduce_window: a row of results at a time; for each position of the window, in row-major order,
// one element of x joins each result of the row. Padding is nothing: it is skipped.

#include <algorithm>
#include <concepts>
#include <limits>

#include "proa/base/error.h"
#include "proa/base/numeric/half.h"
#include "proa/base/small_vector.h"
#include "proa/base/thread_pool.h"
#include "proa/kernels/reference/elementwise.h"
#include "proa/kernels/reference/formulas.h"

// Vectors are wider than the registers of the baseline build; they stay in this file.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace proa::kernels::PROA_ISA {

namespace {

struct Window {
  Extents x_dims, x_strides, out_dims;
  Extents size, stride, low, dilation;
  int64_t rank() const { return static_cast<int64_t>(x_dims.size()); }
};

// The results [first, end) whose element lies in x, for one place in the window along an axis.
struct Reach {
  int64_t first, end, start;  // start: the position in x of the element of result `first`
};

Reach reach(const Window& w, size_t axis, int64_t place) {
  int64_t shift = place * w.dilation[axis] - w.low[axis], stride = w.stride[axis];
  int64_t first = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
  int64_t last = w.x_dims[axis] - 1 - shift;
  int64_t end = last < 0 ? 0 : last / stride + 1;
  if (end > w.out_dims[axis]) end = w.out_dims[axis];
  return {first, end, first * stride + shift};
}

// Calls line(offset, flat) for each line of the window, along the last axis, that meets x in the
// row of results at `index` (all axes but the last): where the line of x begins, and its row-major
// position over the axes from `flat_from`.
template <class Line>
void for_lines(const Window& w, const Extents& index, size_t flat_from, Line line) {
  size_t last = w.x_dims.size() - 1;
  Extents place(last, 0);
  for (;;) {
    int64_t offset = 0, flat = 0;
    bool inside = true;
    for (size_t i = 0; i < last; ++i) {
      int64_t at = index[i] * w.stride[i] + place[i] * w.dilation[i] - w.low[i];
      inside = inside && at >= 0 && at < w.x_dims[i];
      offset += at * w.x_strides[i];
      if (i >= flat_from) flat = flat * w.x_dims[i] + at;
    }
    if (inside) line(offset, flat * w.x_dims[last]);
    size_t i = last;
    while (i > 0 && ++place[i - 1] == w.size[i - 1]) place[--i] = 0;
    if (i == 0) return;
  }
}

// Calls tap(offset, flat, first, n) for the places along such a line: n results from `first` on
// take the elements from `offset` on, of which the first is at `flat`.
template <class Tap>
void for_taps(const Window& w, const Extents& index, size_t flat_from, Tap tap) {
  size_t last = w.x_dims.size() - 1;
  for_lines(w, index, flat_from, [&](int64_t offset, int64_t flat) {
    for (int64_t k = 0; k < w.size[last]; ++k) {
      Reach r = reach(w, last, k);
      if (r.first >= r.end) continue;
      tap(offset + r.start * w.x_strides[last], flat + r.start, r.first, r.end - r.first);
    }
  });
}

// Calls body(row, index) for all rows of results, in threads.
template <class Body>
void for_rows(const Window& w, Body body) {
  size_t last = w.out_dims.size() - 1;
  int64_t rows = 1, work = w.out_dims[last];
  for (size_t i = 0; i < last; ++i) rows *= w.out_dims[i];
  for (int64_t n : w.size) work *= n;
  if (rows == 0 || work == 0) return;
  parallel_for(rows, work >= 16384 ? 1 : 16384 / work, [&](int64_t begin, int64_t end) {
    Extents index(last, 0);
    for (int64_t row = begin; row < end; ++row) {
      int64_t rest = row;
      for (size_t i = last; i-- > 0;) {
        index[i] = rest % w.out_dims[i];
        rest /= w.out_dims[i];
      }
      body(row, index);
    }
  });
}

template <class T>
auto load(T x) {
  if constexpr (NarrowFloat<T>) {
    return numeric::to_f32(x);
  } else {
    return x;
  }
}
template <class T, class Value>
T store(Value x) {
  if constexpr (NarrowFloat<T>) {
    return numeric::narrow<T>(x);
  } else {
    return x;
  }
}

// The first among equals (-0 equals +0), and a NaN once there is one.
struct Greater {
  template <class T>
  auto operator()(const T& a, const T& b) const {
    return a > b;
  }
};
struct Less {
  template <class T>
  auto operator()(const T& a, const T& b) const {
    return a < b;
  }
};
template <class Before>
struct First {
  template <class T>
  T operator()(T held, T now) const {
    take(held, now);
    return held;
  }
  template <class T>
  static void take(T& held, const T& now) {
    held = Before{}(now, held) | (now != now) ? now : held;
  }
};

// What padding alone gives.
template <class T, class Op>
constexpr T neutral() {
  if constexpr (std::same_as<Op, Add>) {
    return T{};
  } else {
    using Limits = std::numeric_limits<T>;
    T most = std::floating_point<T> ? Limits::infinity() : Limits::max();
    T least = std::floating_point<T> ? -Limits::infinity() : Limits::min();
    return std::same_as<Op, First<Greater>> ? least : most;
  }
}

// Windows of three elements that lie side by side, two from one to the next: n results take their
// three at once, eight results together. The pools between the layers of image models are such.
template <class Op>
void take_threes(float* into, const float* x, int64_t n) {
  typedef float Floats __attribute__((vector_size(32)));
  typedef float Loose __attribute__((vector_size(32), aligned(4), may_alias));
  typedef int32_t Mask __attribute__((vector_size(32)));
  auto at = [](const float* p) -> Floats { return *reinterpret_cast<const Loose*>(p); };
  auto take = [](auto& held, const auto& now) {
    if constexpr (std::same_as<Op, Add>) held += now;
    else Op::take(held, now);
  };
  if (n < 8) {
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t k = 0; k < 3; ++k) take(into[i], x[2 * i + k]);
    }
    return;
  }
  for (int64_t i = 0; i < n; i += 8) {
    const int64_t first = n - i < 8 ? n - 8 : i;  // the last eight may have been begun
    const float* from = x + 2 * first;
    const Floats a = at(from), b = at(from + 8), c = at(from + 2), d = at(from + 9);
    const Floats before = at(into + first);
    Floats held = before;
    take(held, __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14));
    take(held, __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15));
    take(held, __builtin_shufflevector(c, d, 0, 2, 4, 6, 9, 11, 13, 15));
    const Mask done = Mask{0, 1, 2, 3, 4, 5, 6, 7} < static_cast<int32_t>(i - first);
    *reinterpret_cast<Loose*>(into + first) = done ? before : held;
  }
}

// Results that wait in memory: a row, or part of one.
constexpr int64_t kPart = 512;

template <class T, class Op>
void combine(const Window& w, const TensorRef& x, const KernelArgs& args) {
  using Value = decltype(load(T{}));
  auto* data = x.as<const T>();
  auto* out = args.out[0].as<T>();
  size_t last = w.out_dims.size() - 1;
  int64_t width = w.out_dims[last], step = w.stride[last] * w.x_strides[last];
  bool threes = std::same_as<T, float> && w.size[last] == 3 && w.stride[last] == 2 &&
                w.dilation[last] == 1 && w.x_strides[last] == 1;
  SmallVector<Reach, 8> reaches;
  for (int64_t k = 0; k < w.size[last]; ++k) reaches.push_back(reach(w, last, k));
  // The results that take all three.
  int64_t full = threes ? reaches[0].first : 0, full_end = threes ? reaches[2].end : 0;
  for_rows(w, [&](int64_t row, const Extents& index) {
    alignas(64) Value total[kPart];
    for (int64_t begin = 0; begin < width; begin += kPart) {
      int64_t end = width - begin < kPart ? width : begin + kPart;
      int64_t all = std::clamp(full, begin, end), all_end = std::clamp(full_end, all, end);
      // Results [from, to) take those of a line's elements that are theirs, one place at a time.
      auto some = [&](int64_t line, int64_t from, int64_t to) {
        if (from >= to) return;
        for (const Reach& r : reaches) {
          int64_t first = std::max(r.first, from), n = std::min(r.end, to) - first;
          if (n <= 0) continue;
          const T* source = data + line + r.start * w.x_strides[last] + (first - r.first) * step;
          Value* into = total + (first - begin);
          if (step == 1) {
            for (int64_t i = 0; i < n; ++i) into[i] = Op{}(into[i], load(source[i]));
          } else {
            for (int64_t i = 0; i < n; ++i) into[i] = Op{}(into[i], load(source[i * step]));
          }
        }
      };
      for (int64_t i = 0; i < end - begin; ++i) total[i] = neutral<Value, Op>();
      for_lines(w, index, 0, [&](int64_t line, int64_t) {
        some(line, begin, all);
        if constexpr (std::same_as<T, float>) {
          if (all < all_end) {
            const float* from = data + line + 2 * all - w.low[last];
            take_threes<Op>(total + (all - begin), from, all_end - all);
          }
        }
        some(line, all_end, end);
      });
      for (int64_t i = begin; i < end; ++i) out[row * width + i] = store<T>(total[i - begin]);
    }
  });
}

template <class T, class Before>
void find(const Window& w, const TensorRef& x, const KernelArgs& args) {
  using Value = decltype(load(T{}));
  auto* data = x.as<const T>();
  auto* out = args.out[0].as<T>();
  auto* places = args.out[1].as<int64_t>();
  size_t last = w.out_dims.size() - 1, flat_from = w.out_dims.size() >= 3 ? 2 : 0;
  int64_t width = w.out_dims[last], step = w.stride[last] * w.x_strides[last];
  for_rows(w, [&](int64_t row, const Extents& index) {
    for (int64_t i = row * width; i < (row + 1) * width; ++i) {
      out[i] = store<T>(neutral<Value, First<Before>>());
      places[i] = -1;
    }
    for_taps(w, index, flat_from, [&](int64_t offset, int64_t flat, int64_t first, int64_t n) {
      T* best = out + row * width + first;
      int64_t* place = places + row * width + first;
      for (int64_t i = 0; i < n; ++i) {
        Value now = load(data[offset + i * step]), held = load(best[i]);
        bool nan = (now != now) & (held == held);
        if ((place[i] < 0) | Before{}(now, held) | nan) {
          best[i] = data[offset + i * step];
          place[i] = flat + i * w.stride[last];
        }
      }
    });
  });
}

using WindowFn = void (*)(const Window&, const TensorRef&, const KernelArgs&);

template <class T, class Before>
WindowFn extremum(bool index) {
  return index ? find<T, Before> : combine<T, First<Before>>;
}

template <class Before>
WindowFn choose_extremum(DType dtype, bool index) {
  switch (dtype) {
    case DType::u8: return extremum<uint8_t, Before>(index);
    case DType::i8: return extremum<int8_t, Before>(index);
    case DType::i16: return extremum<int16_t, Before>(index);
    case DType::i32: return extremum<int32_t, Before>(index);
    case DType::i64: return extremum<int64_t, Before>(index);
    case DType::f16: return extremum<Float16, Before>(index);
    case DType::bf16: return extremum<BFloat16, Before>(index);
    case DType::f64: return extremum<double, Before>(index);
    default: return extremum<float, Before>(index);
  }
}

WindowFn choose_sum(DType dtype) {
  switch (dtype) {
    case DType::u8:
    case DType::i8: return combine<uint8_t, Add>;
    case DType::i16: return combine<uint16_t, Add>;
    case DType::i32: return combine<uint32_t, Add>;
    case DType::i64: return combine<uint64_t, Add>;
    case DType::f16: return combine<Float16, Add>;
    case DType::bf16: return combine<BFloat16, Add>;
    case DType::f64: return combine<double, Add>;
    case DType::c64: return combine<C64, Add>;
    case DType::c128: return combine<C128, Add>;
    default: return combine<float, Add>;
  }
}

void reduce_window(const KernelArgs& args) {
  enum { sum, max, min };
  const TensorRef &x = args.in[0], &out = args.out[0];
  auto rank = static_cast<size_t>(x.rank);
  Window w{Extents(std::span(x.dims, rank)),   Extents(std::span(x.strides, rank)),
           Extents(std::span(out.dims, rank)), Extents(args.attrs.ints(1)),
           Extents(args.attrs.ints(2)),        Extents(args.attrs.ints(3)),
           Extents(args.attrs.ints(5))};
  if (rank == 0) {  // one result of one element: as a line of one
    w = {{1}, {1}, {1}, {1}, {1}, {0}, {1}};
  }
  bool index = args.attrs.has(6) && args.attrs.boolean(6);
  switch (args.attrs.integer(0)) {
    case sum: return choose_sum(x.dtype)(w, x, args);
    case max: return choose_extremum<Greater>(x.dtype, index)(w, x, args);
    default: return choose_extremum<Less>(x.dtype, index)(w, x, args);
  }
}

constexpr KernelEntry kKernels[] = {{"prim.reduce_window", reduce_window}};

}  // namespace

std::span<const KernelEntry> window_kernels() { return kKernels; }

}  // namespace proa::kernels::PROA_ISA
