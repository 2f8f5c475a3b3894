// dot: the batched contraction. Each result is, over the contracted index k in row-major order of
// the contracted axes: an ascending chain of fused multiply-adds from +0 within 256 k, the block
// totals added ascending within 4096 k, the group totals added ascending (docs/design/numerics.md).

#include <algorithm>
#include <complex>
#include <vector>

#include "proa/base/error.h"
#include "proa/base/small_vector.h"
#include "proa/base/thread_pool.h"
#include "proa/kernels/reference/dot_unit.h"
#include "proa/program/kernel.h"

namespace proa::kernels::PROA_ISA {

namespace {

using program::KernelArgs;
using program::TensorRef;
using Indices = SmallVector<int64_t, 6>;

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

// The offsets of some axes' elements, and their distance where it is one.
struct Offsets {
  std::vector<int64_t> list;
  int64_t stride = 0;

  explicit Offsets(const Axes& axes) : list(static_cast<size_t>(axes.count)) {
    axes.offsets(0, axes.count, list.data());
    if (axes.dims.size() == 1) stride = axes.strides[0];
    if (list.empty()) list.push_back(0);
  }
};

// Units of work: as many columns that packing the rows does not count, rows such that packing the
// columns does not; at least eight of them where there is enough to do.
struct Cut {
  int64_t row_blocks, column_blocks;

  Cut(int64_t rows, int64_t columns, int64_t depth) {
    constexpr int64_t kLeastRows = 256, kMostRows = 512, kUnits = 8, kTerms = 1 << 20;
    const int64_t wide = rows == 1 ? 1024 : 192;
    auto ceil = [](int64_t a, int64_t b) { return (a + b - 1) / b; };
    int64_t worth = std::min<int64_t>(rows, 128) * columns * std::max<int64_t>(depth, 1) / kTerms;
    column_blocks = std::max<int64_t>(1, std::min(ceil(columns, wide), worth));
    row_blocks = std::max(ceil(rows, kMostRows),
                          std::min(ceil(rows, kLeastRows), ceil(kUnits, column_blocks)));
  }
};

template <class E, class T>
void dot_floats(const KernelArgs& args) {
  Plan plan = make_plan(args);
  const E *x = args.in[0].as<const E>(), *y = args.in[1].as<const E>();
  if (plan.free_y.count == 1 && plan.free_x.count > 1) {  // a column: a row of the transpose
    std::swap(x, y);
    std::swap(plan.batch_x, plan.batch_y);
    std::swap(plan.free_x, plan.free_y);
    std::swap(plan.depth_x, plan.depth_y);
  }
  int64_t rows = plan.free_x.count, columns = plan.free_y.count, batches = plan.batch_x.count,
          depth = plan.depth_x.count;
  if (rows * columns * batches == 0) return;
  Offsets row(plan.free_x), column(plan.free_y), term_x(plan.depth_x), term_y(plan.depth_y);
  Cut cut(rows, columns, depth);
  int64_t units = cut.row_blocks * cut.column_blocks;
  int64_t work = rows * columns / units * std::max<int64_t>(depth, 1);
  int64_t grain = std::max<int64_t>(1, 262144 / std::max<int64_t>(work, 1));
  constexpr int64_t panel = kPanel<T>;
  int64_t strips = (columns - 1) / panel + 1;
  E* out = args.out[0].as<E>();
  parallel_for(units * batches, grain, [&](int64_t begin, int64_t end) {
    thread_local DotUnit<E, T> unit;  // keeps its memory
    for (int64_t i = begin; i < end; ++i) {
      int64_t batch = i / units, block = i % units / cut.column_blocks,
              part = i % cut.column_blocks;
      int64_t top = block * rows / cut.row_blocks, end_row = (block + 1) * rows / cut.row_blocks;
      int64_t left = part * strips / cut.column_blocks * panel,
              end_column = std::min(columns, (part + 1) * strips / cut.column_blocks * panel);
      if (left >= end_column) continue;
      unit.run(x + plan.batch_x.offset(batch),
               {&row.list[static_cast<size_t>(top)], term_x.list.data(), row.stride, term_x.stride},
               end_row - top, y + plan.batch_y.offset(batch),
               {&column.list[static_cast<size_t>(left)], term_y.list.data(), column.stride,
                term_y.stride},
               end_column - left, depth, out + (batch * rows + top) * columns + left, columns);
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
