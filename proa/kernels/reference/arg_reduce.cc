// arg_reduce: where along an axis the greatest or least element is; the first among equals (-0
// equals +0), the first NaN where there is one.

#include "proa/kernels/reference/lines.h"

namespace proa::kernels::PROA_ISA {

namespace {

struct Greater {
  template <class T>
  bool operator()(T a, T b) const {
    return a > b;
  }
};
struct Less {
  template <class T>
  bool operator()(T a, T b) const {
    return a < b;
  }
};

// A line by pieces: the best value of a piece in sixteen lanes, and its place only where it is
// better than all before.
template <class T, class Before>
int64_t find_in_line(const Lines& lines, int64_t outer, int64_t offset) {
  constexpr int64_t kLanes = 16;
  Lines::Buffer buffer;
  T best{};
  int64_t place = -1;
  bool found_nan = false;
  lines.for_pieces(1, [&](int64_t row, int64_t n) {
    if (found_nan) return;
    auto* x = static_cast<const T*>(lines.read(outer, row, offset, n, 1, buffer));
    T lane[kLanes];
    bool nan = false;
    for (int64_t l = 0; l < kLanes; ++l) lane[l] = x[0];
    for (int64_t i = 0; i + kLanes <= n; i += kLanes) {
      for (int64_t l = 0; l < kLanes; ++l) {
        T v = x[i + l];
        lane[l] = Before{}(v, lane[l]) ? v : lane[l];
      }
    }
    for (int64_t i = 0; i < n; ++i) nan |= x[i] != x[i];
    for (int64_t i = n - n % kLanes; i < n; ++i) lane[0] = Before{}(x[i], lane[0]) ? x[i] : lane[0];
    for (int64_t l = 1; l < kLanes; ++l) lane[0] = Before{}(lane[l], lane[0]) ? lane[l] : lane[0];
    if (!nan && place >= 0 && !Before{}(lane[0], best)) return;
    int64_t i = 0;
    while (nan ? x[i] == x[i] : x[i] != lane[0]) ++i;
    best = lane[0];
    place = row + i;
    found_nan = nan;
  });
  return place;
}

template <class T, class Before>
void find(const KernelArgs& args, int64_t axis) {
  Lines lines(args.in[0], axis, false);
  auto* out = args.out[0].as<int64_t>();
  lines.for_tiles([&](int64_t outer, int64_t offset, int64_t width) {
    if (width == 1) {
      out[outer * lines.inner() + offset] = find_in_line<T, Before>(lines, outer, offset);
      return;
    }
    Lines::Buffer buffer;
    T best[Lines::kTile] = {};
    int64_t place[Lines::kTile] = {};
    lines.for_pieces(width, [&](int64_t row, int64_t n) {
      auto* x = static_cast<const T*>(lines.read(outer, row, offset, n, width, buffer));
      for (int64_t r = row; r < row + n; ++r, x += width) {
        for (int64_t w = 0; w < width; ++w) {
          bool nan = (x[w] != x[w]) & (best[w] == best[w]);
          bool better = (r == 0) | Before{}(x[w], best[w]) | nan;
          best[w] = better ? x[w] : best[w];
          place[w] = better ? r : place[w];
        }
      }
    });
    for (int64_t w = 0; w < width; ++w) out[outer * lines.inner() + offset + w] = place[w];
  });
}

template <class Before>
void find_as(const KernelArgs& args, int64_t axis) {
  switch (args.in[0].dtype) {
    case DType::boolean:
    case DType::u8: return find<uint8_t, Before>(args, axis);
    case DType::i8: return find<int8_t, Before>(args, axis);
    case DType::i16: return find<int16_t, Before>(args, axis);
    case DType::i32: return find<int32_t, Before>(args, axis);
    case DType::i64: return find<int64_t, Before>(args, axis);
    case DType::f64: return find<double, Before>(args, axis);
    default: return find<float, Before>(args, axis);
  }
}

void arg_reduce(const KernelArgs& args) {
  int64_t axis = args.attrs.integer(1);
  if (axis < 0) axis += args.in[0].rank;
  return args.attrs.integer(0) == 0 ? find_as<Greater>(args, axis) : find_as<Less>(args, axis);
}

constexpr KernelEntry kKernels[] = {{"prim.arg_reduce", arg_reduce}};

}  // namespace

std::span<const KernelEntry> arg_reduce_kernels() { return kKernels; }

}  // namespace proa::kernels::PROA_ISA
