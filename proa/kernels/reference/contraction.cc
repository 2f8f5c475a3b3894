// dot: the batched contraction. Each result is, over the contracted index k in row-major order of
// the contracted axes: an ascending chain of fused multiply-adds from +0 within 256 k, the block
// totals added ascending within 4096 k, the group totals added ascending (docs/design/numerics.md).

#include <algorithm>
#include <complex>
#include <vector>

#include "proa/base/error.h"
#include "proa/base/numeric/half.h"
#include "proa/base/small_vector.h"
#include "proa/base/thread_pool.h"
#include "proa/kernels/reference/fma_vector.h"
#include "proa/program/kernel.h"

namespace proa::kernels::PROA_ISA {

namespace {

using program::KernelArgs;
using program::TensorRef;
using Indices = SmallVector<int64_t, 6>;

constexpr int64_t kBlock = 256;
constexpr int64_t kGroup = 4096;

// Offsets in elements of every combination of some axes of a tensor, in row-major order of the
// list.
struct Axes {
  Indices dims, strides;
  int64_t count = 1;

  void add(const TensorRef& t, int64_t axis) {
    dims.push_back(t.dims[axis]);
    strides.push_back(t.strides[axis]);
    count *= t.dims[axis];
  }
  int64_t offset(int64_t index) const {
    int64_t sum = 0;
    for (size_t i = dims.size(); i-- > 0;) {
      sum += index % dims[i] * strides[i];
      index /= dims[i];
    }
    return sum;
  }
  // Of `n` indices from `first` on.
  void offsets(int64_t first, int64_t n, int64_t* out) const {
    if (dims.size() == 1) {
      for (int64_t i = 0; i < n; ++i) out[i] = (first + i) * strides[0];
      return;
    }
    for (int64_t i = 0; i < n; ++i) out[i] = offset(first + i);
  }
};

struct Plan {
  Axes batch_x, batch_y, free_x, free_y, depth_x, depth_y;
};

Plan make_plan(const KernelArgs& args) {
  const TensorRef &x = args.in[0], &y = args.in[1];
  Plan plan;
  auto used = [](const auto& a, const auto& b, int64_t axis) {
    return std::ranges::find(a, axis) != a.end() || std::ranges::find(b, axis) != b.end();
  };
  auto axes = [&](int attr, const TensorRef& of) {  // from the front
    Indices list(args.attrs.ints(attr));
    for (int64_t& axis : list) axis += axis < 0 ? of.rank : 0;
    return list;
  };
  auto batch_x = axes(0, x), batch_y = axes(1, y), contract_x = axes(2, x), contract_y = axes(3, y);
  for (int64_t axis : batch_x) plan.batch_x.add(x, axis);
  for (int64_t axis : batch_y) plan.batch_y.add(y, axis);
  for (int64_t axis : contract_x) plan.depth_x.add(x, axis);
  for (int64_t axis : contract_y) plan.depth_y.add(y, axis);
  for (int64_t axis = 0; axis < x.rank; ++axis) {
    if (!used(batch_x, contract_x, axis)) plan.free_x.add(x, axis);
  }
  for (int64_t axis = 0; axis < y.rank; ++axis) {
    if (!used(batch_y, contract_y, axis)) plan.free_y.add(y, axis);
  }
  return plan;
}

inline float widen(float x) { return x; }
inline double widen(double x) { return x; }
inline float widen(Float16 x) { return numeric::to_f32(x); }
inline float widen(BFloat16 x) { return numeric::to_f32(x); }
template <class E, class T>
inline E narrow(T x) {
  if constexpr (std::is_same_v<E, T>) {
    return x;
  } else {
    return numeric::narrow<E>(x);
  }
}

constexpr int64_t kTileRows = 96;
constexpr int64_t kTileColumns = 128;

// One tile of the result, of at most kTileRows x kTileColumns: packs blocks of both operands and
// runs the panel product over them.
template <class E, class T>
class Tile {
 public:
  Tile()
      : a_(kTileRows * kBlock),
        b_(kTileColumns * kBlock),
        total_(kTileRows * kTileColumns),
        group_(kTileRows * kTileColumns) {}

  void run(const Plan& plan, const E* x, const E* y, int64_t row, int64_t rows, int64_t column,
           int64_t columns, E* out, int64_t out_stride) {
    int64_t depth = plan.depth_x.count;
    int64_t row_offsets[kTileRows], column_offsets[kTileColumns], kx[kBlock], ky[kBlock];
    plan.free_x.offsets(row, rows, row_offsets);
    plan.free_y.offsets(column, columns, column_offsets);
    if (depth == 0) std::fill(total_.begin(), total_.end(), T(0));
    for (int64_t group = 0; group < depth; group += kGroup) {
      int64_t group_end = std::min(depth, group + kGroup);
      T* sums = group == 0 ? total_.data() : group_.data();
      for (int64_t k = group; k < group_end; k += kBlock) {
        int64_t n = std::min(kBlock, group_end - k);
        plan.depth_x.offsets(k, n, kx);
        plan.depth_y.offsets(k, n, ky);
        pack(x, row_offsets, rows, kx, n, kRows, a_.data());
        pack(y, column_offsets, columns, ky, n, kPanel<T>, b_.data());
        block(rows, columns, n, sums, k == group);
      }
      if (group != 0) {
        for (int64_t i = 0; i < kTileRows * kTileColumns; ++i) total_[i] += group_[i];
      }
    }
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < columns; ++j) {
        out[i * out_stride + j] = narrow<E>(total_[static_cast<size_t>(i * kTileColumns + j)]);
      }
    }
  }

 private:
  // Panels of `width` lines: for each k, one value of each line; missing lines are zeros, whose
  // results nobody reads.
  static void pack(const E* from, const int64_t* lines, int64_t count, const int64_t* depth,
                   int64_t n, int64_t width, T* to) {
    for (int64_t first = 0; first < count; first += width, to += n * width) {
      int64_t here = std::min(width, count - first);
      if (here < width) std::fill(to, to + n * width, T(0));
      for (int64_t i = 0; i < here; ++i) {
        const E* line = from + lines[first + i];
        for (int64_t k = 0; k < n; ++k) to[k * width + i] = widen(line[depth[k]]);
      }
    }
  }

  void block(int64_t rows, int64_t columns, int64_t n, T* sums, bool first) {
    T part[kRows * kPanel<T>];
    for (int64_t j = 0; j < columns; j += kPanel<T>) {
      const T* b = b_.data() + j * n;
      int64_t width = std::min<int64_t>(kPanel<T>, columns - j);
      for (int64_t i = 0; i < rows; i += kRows) {
        multiply_panel<T>(n, a_.data() + i * n, b, part);
        int64_t height = std::min<int64_t>(kRows, rows - i);
        for (int64_t r = 0; r < height; ++r) {
          T* to = sums + (i + r) * kTileColumns + j;
          const T* from = part + r * kPanel<T>;
          if (first) {
            for (int64_t c = 0; c < width; ++c) to[c] = from[c];
          } else {
            for (int64_t c = 0; c < width; ++c) to[c] += from[c];
          }
        }
      }
    }
  }

  std::vector<T> a_, b_, total_, group_;
};

template <class E, class T>
void dot_floats(const KernelArgs& args) {
  Plan plan = make_plan(args);
  int64_t rows = plan.free_x.count, columns = plan.free_y.count, batches = plan.batch_x.count;
  if (rows * columns * batches == 0) return;
  int64_t row_tiles = (rows - 1) / kTileRows + 1, column_tiles = (columns - 1) / kTileColumns + 1;
  int64_t tiles = row_tiles * column_tiles;
  int64_t work = std::min(rows, kTileRows) * std::min(columns, kTileColumns) *
                 std::max<int64_t>(plan.depth_x.count, 1);
  int64_t grain = std::max<int64_t>(1, 65536 / std::max<int64_t>(work, 1));
  const E *x = args.in[0].as<const E>(), *y = args.in[1].as<const E>();
  E* out = args.out[0].as<E>();
  parallel_for(tiles * batches, grain, [&](int64_t begin, int64_t end) {
    Tile<E, T> tile;
    for (int64_t t = begin; t < end; ++t) {
      int64_t batch = t / tiles, rest = t % tiles;
      int64_t row = rest / column_tiles * kTileRows, column = rest % column_tiles * kTileColumns;
      tile.run(plan, x + plan.batch_x.offset(batch), y + plan.batch_y.offset(batch), row,
               std::min(kTileRows, rows - row), column, std::min(kTileColumns, columns - column),
               out + (batch * rows + row) * columns + column, columns);
    }
  });
}

// A scalar result at a time, for complex numbers and integers.
template <class E, class F>
void dot_scalars(const KernelArgs& args, F one) {
  Plan plan = make_plan(args);
  int64_t rows = plan.free_x.count, columns = plan.free_y.count, depth = plan.depth_x.count;
  const E *x = args.in[0].as<const E>(), *y = args.in[1].as<const E>();
  E* out = args.out[0].as<E>();
  std::vector<int64_t> kx(static_cast<size_t>(depth)), ky(static_cast<size_t>(depth));
  plan.depth_x.offsets(0, depth, kx.data());
  plan.depth_y.offsets(0, depth, ky.data());
  int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(depth, 1));
  parallel_for(plan.batch_x.count * rows * columns, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t batch = i / (rows * columns), row = i / columns % rows, column = i % columns;
      out[i] = one(x + plan.batch_x.offset(batch) + plan.free_x.offset(row),
                   y + plan.batch_y.offset(batch) + plan.free_y.offset(column), kx, ky);
    }
  });
}

template <class T>
T fused(T a, T b, T c) {
  if constexpr (std::is_same_v<T, float>) return __builtin_fmaf(a, b, c);
  else return __builtin_fma(a, b, c);
}

// Per k: re += ar*br; re -= ai*bi; im += ar*bi; im += ai*br, each one fused multiply-add.
template <class T>
void dot_complex(const KernelArgs& args) {
  using C = std::complex<T>;
  dot_scalars<C>(args, [](const C* x, const C* y, const std::vector<int64_t>& kx,
                          const std::vector<int64_t>& ky) {
    auto depth = static_cast<int64_t>(kx.size());
    T re = 0, im = 0;
    for (int64_t group = 0; group < depth; group += kGroup) {
      int64_t end = std::min(depth, group + kGroup);
      T group_re = 0, group_im = 0;
      for (int64_t k0 = group; k0 < end; k0 += kBlock) {
        T block_re = 0, block_im = 0;
        for (int64_t k = k0; k < std::min(end, k0 + kBlock); ++k) {
          C a = x[kx[static_cast<size_t>(k)]], b = y[ky[static_cast<size_t>(k)]];
          block_re = fused(a.real(), b.real(), block_re);
          block_re = fused(-a.imag(), b.imag(), block_re);
          block_im = fused(a.real(), b.imag(), block_im);
          block_im = fused(a.imag(), b.real(), block_im);
        }
        group_re = k0 == group ? block_re : group_re + block_re;
        group_im = k0 == group ? block_im : group_im + block_im;
      }
      re = group == 0 ? group_re : re + group_re;
      im = group == 0 ? group_im : im + group_im;
    }
    return C(re, im);
  });
}

template <class E>
void dot_integers(const KernelArgs& args) {
  dot_scalars<E>(args, [](const E* x, const E* y, const std::vector<int64_t>& kx,
                          const std::vector<int64_t>& ky) {
    uint64_t sum = 0;  // wraps
    for (size_t k = 0; k < kx.size(); ++k) {
      sum += static_cast<uint64_t>(x[kx[k]]) * static_cast<uint64_t>(y[ky[k]]);
    }
    return static_cast<E>(sum);
  });
}

void dot_booleans(const KernelArgs& args) {
  dot_scalars<uint8_t>(args, [](const uint8_t* x, const uint8_t* y, const std::vector<int64_t>& kx,
                                const std::vector<int64_t>& ky) {
    uint8_t any = 0;
    for (size_t k = 0; k < kx.size(); ++k) any |= static_cast<uint8_t>(x[kx[k]] & y[ky[k]]);
    return any;
  });
}

void dot(const KernelArgs& args) {
  switch (args.in[0].dtype) {
    case DType::f16: return dot_floats<Float16, float>(args);
    case DType::bf16: return dot_floats<BFloat16, float>(args);
    case DType::f32: return dot_floats<float, float>(args);
    case DType::f64: return dot_floats<double, double>(args);
    case DType::c64: return dot_complex<float>(args);
    case DType::c128: return dot_complex<double>(args);
    case DType::boolean: return dot_booleans(args);
    case DType::u8: return dot_integers<uint8_t>(args);
    case DType::i8: return dot_integers<int8_t>(args);
    case DType::i16: return dot_integers<int16_t>(args);
    case DType::i32: return dot_integers<int32_t>(args);
    case DType::i64: return dot_integers<int64_t>(args);
    default: throw InternalError(str("prim.dot has no kernel for ", to_string(args.in[0].dtype)));
  }
}

constexpr program::KernelEntry kEntries[] = {{"prim.dot", dot}};

}  // namespace

std::span<const program::KernelEntry> contraction_kernels() { return kEntries; }

}  // namespace proa::kernels::PROA_ISA
