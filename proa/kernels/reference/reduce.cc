// reduce. The order of accumulation is part of the result: the elements, numbered by the axes as
// listed, go in blocks of 4096; in a block to 16 lanes (number mod 16) in ascending order; lanes
// fold 8, 4, 2, 1; blocks join as adjacent pairs. Where the elements lie only chooses the path.

#include <cstring>
#include <limits>
#include <memory>

#include "proa/base/error.h"
#include "proa/base/thread_pool.h"
#include "proa/kernels/reference/elementwise.h"
#include "proa/kernels/reference/formulas.h"

namespace proa::kernels::PROA_ISA {

namespace {

constexpr int64_t kBlock = 4096;
constexpr int kLanes = 16;
constexpr int64_t kGrain = 32768;
constexpr size_t kTile = 1024;  // bytes of results that are reduced side by side
constexpr int kLevels = 52;     // of the tree of blocks: more than an int64 of elements needs

// What a kind does to dense memory of one dtype. Elements of size `size`; where lanes are pairs of
// numbers that do not touch each other (a sum of complex numbers) `parts` is 2.
struct Reducer {
  size_t size = 0;
  void (*fill)(void* lanes, int64_t n) = nullptr;                      // with the neutral element
  void (*combine)(void* into, const void* from, int64_t n) = nullptr;  // into = into op from
  void (*block)(const void* x, int64_t n, void* result) = nullptr;     // n <= kBlock elements
};

template <class T, class Op>
struct Neutral;
template <class T>
struct Neutral<T, Add> {
  static constexpr T value{};
};
template <class T>
struct Neutral<T, Mul> {
  static constexpr T value = 1;
};
template <class T>
struct Neutral<Complex<T>, Mul> {
  static constexpr Complex<T> value = {1, 0};
};
template <std::integral T>
struct Neutral<T, Max> {
  static constexpr T value = std::numeric_limits<T>::min();
};
template <std::floating_point T>
struct Neutral<T, Max> {
  static constexpr T value = -std::numeric_limits<T>::infinity();
};
template <std::integral T>
struct Neutral<T, Min> {
  static constexpr T value = std::numeric_limits<T>::max();
};
template <std::floating_point T>
struct Neutral<T, Min> {
  static constexpr T value = std::numeric_limits<T>::infinity();
};
template <class T>
struct Neutral<T, And> {
  static constexpr T value = static_cast<T>(~T{0});
};
struct AndBool : And {};
template <class T>
struct Neutral<T, AndBool> {
  static constexpr T value = 1;
};
template <class T>
struct Neutral<T, Or> {
  static constexpr T value = 0;
};
template <class T>
struct Neutral<T, Xor> {
  static constexpr T value = 0;
};

template <class T, class Op, int kParts>
void fill(void* lanes, int64_t n) {
  auto* x = static_cast<T*>(lanes);
  for (int64_t i = 0; i < n * kParts; ++i) x[i] = Neutral<T, Op>::value;
}

template <class T, class Op, int kParts>
void combine(void* into, const void* from, int64_t n) {
  auto* a = static_cast<T*>(into);
  auto* b = static_cast<const T*>(from);
#pragma GCC ivdep
  for (int64_t i = 0; i < n * kParts; ++i) a[i] = Op{}(a[i], b[i]);
}

// Lanes fold kHalf, kHalf / 2, ... kLast.
template <class T, class Op, int kHalf, int kLast>
inline void fold(T* lane) {
  for (int l = 0; l < kHalf; ++l) lane[l] = Op{}(lane[l], lane[l + kHalf]);
  if constexpr (kHalf > kLast) fold<T, Op, kHalf / 2, kLast>(lane);
}

template <class T, class Op, int kParts>
void block(const void* from, int64_t n, void* result) {
  constexpr int kWidth = kLanes * kParts;
  auto* x = static_cast<const T*>(from);
  T lane[kWidth];
  for (T& l : lane) l = Neutral<T, Op>::value;
  n *= kParts;
  int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth) {
    for (int l = 0; l < kWidth; ++l) lane[l] = Op{}(lane[l], x[i + l]);
  }
  for (int l = 0; i < n; ++i, ++l) lane[l] = Op{}(lane[l], x[i]);
  fold<T, Op, kWidth / 2, kParts>(lane);
  std::memcpy(result, lane, sizeof(T) * kParts);
}

template <class T, class Op, int kParts = 1>
constexpr Reducer reducer() {
  return {sizeof(T) * kParts, fill<T, Op, kParts>, combine<T, Op, kParts>, block<T, Op, kParts>};
}

template <class Op>
Reducer by_width(size_t size) {
  switch (size) {
    case 1: return reducer<uint8_t, Op>();
    case 2: return reducer<uint16_t, Op>();
    case 4: return reducer<uint32_t, Op>();
    default: return reducer<uint64_t, Op>();
  }
}

template <class Op>
Reducer of_float(DType dtype) {
  return dtype == DType::f64 ? reducer<double, Op>() : reducer<float, Op>();
}

template <class Op>
Reducer by_order(DType dtype) {
  switch (dtype) {
    case DType::u8: return reducer<uint8_t, Op>();
    case DType::i8: return reducer<int8_t, Op>();
    case DType::i16: return reducer<int16_t, Op>();
    case DType::i32: return reducer<int32_t, Op>();
    case DType::i64: return reducer<int64_t, Op>();
    default: return of_float<Op>(dtype);
  }
}

Reducer choose(int64_t kind, DType dtype) {
  enum { sum, prod, max, min, and_, or_, xor_ };
  switch (kind) {
    case sum:
      if (dtype == DType::c64) return reducer<float, Add, 2>();
      if (dtype == DType::c128) return reducer<double, Add, 2>();
      return is_float(dtype) ? of_float<Add>(dtype) : by_width<Add>(size_of(dtype));
    case prod:
      if (dtype == DType::c64) return reducer<Complex<float>, Mul>();
      if (dtype == DType::c128) return reducer<Complex<double>, Mul>();
      return is_float(dtype) ? of_float<Mul>(dtype) : by_width<Mul>(size_of(dtype));
    case max: return by_order<Max>(dtype);
    case min: return by_order<Min>(dtype);
    case and_:
      return dtype == DType::boolean ? reducer<uint8_t, AndBool>() : by_width<And>(size_of(dtype));
    case or_: return by_width<Or>(size_of(dtype));
    default: return by_width<Xor>(size_of(dtype));
  }
}

// Totals of blocks as they come, joined as adjacent pairs: level k holds the total of 2^k blocks.
class Tree {
 public:
  Tree(const Reducer& reducer, int64_t width, char* memory)
      : reducer_(reducer), width_(width), memory_(memory) {}
  static size_t bytes(size_t width_bytes) { return (kLevels + 1) * width_bytes; }

  // Where the next block's total is to be written, before add().
  char* next() { return level(kLevels); }
  void add() {
    int k = 0;
    for (; count_ >> k & 1; ++k) join(level(k), next());
    std::memcpy(level(k), next(), row_bytes());
    ++count_;
  }
  // The total of all; at least one block was added.
  const char* finish() {
    int k = 0;
    while (!(count_ >> k & 1)) ++k;
    if (count_ >> k == 1) return level(k);
    std::memcpy(next(), level(k), row_bytes());
    for (++k; count_ >> k; ++k) {
      if (count_ >> k & 1) join(level(k), next());
    }
    return next();
  }

 private:
  size_t row_bytes() const { return static_cast<size_t>(width_) * reducer_.size; }
  char* level(int k) { return memory_ + static_cast<size_t>(k) * row_bytes(); }
  // right = left op right
  void join(char* left, char* right) {
    reducer_.combine(left, right, width_);
    std::memcpy(right, left, row_bytes());
  }

  const Reducer& reducer_;
  int64_t width_;
  char* memory_;
  int64_t count_ = 0;
};

struct Plan {
  Reducer reducer;
  Loop widen = nullptr, narrow = nullptr;
  size_t in_size = 0, out_size = 0;
  int64_t outputs = 1, length = 1;  // results, and elements of each
  char* out = nullptr;
  int64_t blocks() const { return length <= kBlock ? 1 : (length - 1) / kBlock + 1; }
  int64_t block_length(int64_t b) const {
    return length - b * kBlock < kBlock ? length - b * kBlock : kBlock;
  }
  void store(int64_t first, const void* totals, int64_t n) const {
    char* to = out + first * static_cast<int64_t>(out_size);
    if (narrow) {
      narrow(to, &totals, n, 0);
    } else {
      std::memcpy(to, totals, static_cast<size_t>(n) * out_size);
    }
  }
};

// The results in portions that are reduced together: runs of `run` results in tiles of `tile`.
struct Units {
  int64_t run = 1, tile = 1, per_run = 1, count = 0;
  Units(int64_t results, int64_t run_length, int64_t tile_length)
      : run(run_length),
        tile(tile_length),
        per_run((run - 1) / tile + 1),
        count(results / run * per_run) {}
  int64_t offset(int64_t u) const { return u % per_run * tile; }  // within its run
  int64_t first(int64_t u) const { return u / per_run * run + offset(u); }
  int64_t width(int64_t u) const { return run - offset(u) < tile ? run - offset(u) : tile; }
};

// Calls body(unit, block, total) for each block of each unit and joins the totals. Threads take
// whole units where these are many, else blocks, whose totals wait in memory.
template <class Body>
void run_units(const Plan& plan, const Units& units, Body body) {
  int64_t work = units.tile * plan.length + 1, blocks = plan.blocks();
  size_t row = static_cast<size_t>(units.tile) * plan.reducer.size;
  auto finish = [&](int64_t u, Tree& tree) {
    plan.store(units.first(u), tree.finish(), units.width(u));
  };
  if (units.count < 16 && blocks > 1 && units.count * work > 2 * kGrain) {
    auto totals =
        std::make_unique_for_overwrite<char[]>(static_cast<size_t>(units.count * blocks) * row);
    int64_t block_work = units.tile * kBlock;
    parallel_for(units.count * blocks, block_work >= kGrain ? 1 : kGrain / block_work,
                 [&](int64_t begin, int64_t end) {
                   for (int64_t i = begin; i < end; ++i) {
                     body(i / blocks, i % blocks, totals.get() + static_cast<size_t>(i) * row);
                   }
                 });
    alignas(64) char memory[(kLevels + 1) * kTile];
    for (int64_t u = 0; u < units.count; ++u) {
      Tree tree(plan.reducer, units.width(u), memory);
      for (int64_t b = 0; b < blocks; ++b) {
        const char* total = totals.get() + static_cast<size_t>(u * blocks + b) * row;
        std::memcpy(tree.next(), total, static_cast<size_t>(units.width(u)) * plan.reducer.size);
        tree.add();
      }
      finish(u, tree);
    }
    return;
  }
  auto range = [&](int64_t begin, int64_t end) {
    alignas(64) char memory[(kLevels + 1) * kTile];
    for (int64_t u = begin; u < end; ++u) {
      if (blocks == 1) {
        body(u, 0, memory);
        plan.store(units.first(u), memory, units.width(u));
        continue;
      }
      Tree tree(plan.reducer, units.width(u), memory);
      for (int64_t b = 0; b < blocks; ++b) {
        body(u, b, tree.next());
        tree.add();
      }
      finish(u, tree);
    }
  };
  if (units.count * work <= kGrain) {
    range(0, units.count);
  } else {
    parallel_for(units.count, work >= kGrain ? 1 : kGrain / work, range);
  }
}

// One result after the other, each from elements in a row (or gathered into one).
void reduce_rows(const Plan& plan, const Operand& x) {
  run_units(plan, Units(plan.outputs, 1, 1), [&](int64_t output, int64_t b, char* total) {
    int64_t n = plan.block_length(b), first = output * plan.length + b * kBlock;
    if (n == 0) return plan.reducer.block(nullptr, 0, total);
    if (x.dense() && !plan.widen) {
      return plan.reducer.block(x.take(first, n, nullptr), n, total);
    }
    alignas(64) char taken[kBlock * 16], wide[kBlock * sizeof(float)];
    const void* from = x.take(first, n, taken);
    if (plan.widen) {
      plan.widen(wide, &from, n, 0);
      from = wide;
    }
    plan.reducer.block(from, n, total);
  });
}

// Results side by side: `width` of them lie in a row of memory, and the elements of each one row
// after the other at the offsets of `steps` (dims and strides of the reduced axes).
struct Columns {
  const char* data = nullptr;
  Extents outer_dims, outer_strides;  // of the results' axes but the last
  Extents dims, strides;              // of the reduced axes, in order, merged
  int64_t width = 1;                  // of the results' last axis
};

// Offset of the element `index`, counting over dims.
int64_t offset_of(const Extents& dims, const Extents& strides, int64_t index) {
  int64_t offset = 0;
  for (size_t i = dims.size(); i-- > 0;) {
    offset += index % dims[i] * strides[i];
    index /= dims[i];
  }
  return offset;
}

void reduce_tile(const Plan& plan, const Columns& c, const char* from, int64_t n, int64_t b,
                 char* total) {
  alignas(64) char lanes[kLanes * kTile];
  alignas(64) char wide[kLanes * kTile];
  const Reducer& r = plan.reducer;
  size_t row = static_cast<size_t>(n) * r.size;
  int64_t length = plan.block_length(b);
  int used = length < kLanes ? static_cast<int>(length) : kLanes;
  r.fill(lanes, used * n);
  auto add = [&](const char* x, int64_t count, int lane) {
    const void* source = x;
    if (plan.widen) {
      plan.widen(wide, &source, count, 0);
      source = wide;
    }
    r.combine(lanes + static_cast<size_t>(lane) * row, source, count);
  };
  auto step = static_cast<int64_t>(plan.in_size);
  int64_t i = 0, at = b * kBlock;
  if (c.dims.size() == 1) {
    const char* x = from + at * c.strides[0] * step;
    if (c.strides[0] == n) {  // sixteen rows are one piece of memory
      for (; i + kLanes <= length; i += kLanes) add(x + i * n * step, kLanes * n, 0);
    }
    int64_t apart = c.strides[0] * step, row_bytes = n * step;
    constexpr int64_t kAhead = 4;  // rows; the processor itself looks no further than a page
    for (; i < length; ++i) {
      for (int64_t k = 0; k < row_bytes && i + kAhead < length; k += 64) {
        __builtin_prefetch(x + (i + kAhead) * apart + k);
      }
      add(x + i * apart, n, static_cast<int>(i % kLanes));
    }
  } else {
    for (; i < length; ++i) {
      add(from + offset_of(c.dims, c.strides, at + i) * step, n, static_cast<int>(i % kLanes));
    }
  }
  // Lanes that saw nothing hold the neutral element, which changes nothing: they are left out.
  for (int half = kLanes / 2; half >= 1; half /= 2) {
    for (int l = 0; l < half && l + half < used; ++l) {
      r.combine(lanes + static_cast<size_t>(l) * row, lanes + static_cast<size_t>(l + half) * row,
                n);
    }
    if (used > half) used = half;
  }
  std::memcpy(total, lanes, row);
}

void reduce_columns(const Plan& plan, const Columns& c) {
  auto tile = static_cast<int64_t>(kTile / plan.reducer.size);
  Units units(plan.outputs, c.width, c.width < tile ? c.width : tile);
  auto step = static_cast<int64_t>(plan.in_size);
  run_units(plan, units, [&](int64_t u, int64_t b, char* total) {
    int64_t offset = offset_of(c.outer_dims, c.outer_strides, u / units.per_run) + units.offset(u);
    reduce_tile(plan, c, c.data + offset * step, units.width(u), b, total);
  });
}

void push_axis(Extents& dims, Extents& strides, int64_t dim, int64_t stride) {
  if (dim == 1) return;
  size_t n = dims.size();
  if (n > 0 && strides[n - 1] == stride * dim) {
    dims[n - 1] *= dim;
    strides[n - 1] = stride;
  } else {
    dims.push_back(dim);
    strides.push_back(stride);
  }
}

void reduce(const KernelArgs& args) {
  const TensorRef &x = args.in[0], &out = args.out[0];
  Extents axes(args.attrs.ints(1));
  Extents dims, strides, kept_dims, kept_strides;
  uint64_t reduced = 0;
  Columns columns;
  Plan plan;
  for (int64_t& axis : axes) {
    if (axis < 0) axis += x.rank;
    reduced |= uint64_t{1} << axis;
    plan.length *= x.dims[axis];
    push_axis(columns.dims, columns.strides, x.dims[axis], x.strides[axis]);
  }
  for (int i = 0; i < x.rank; ++i) {
    if (reduced >> i & 1) continue;
    plan.outputs *= x.dims[i];
    dims.push_back(x.dims[i]);
    strides.push_back(x.strides[i]);
    push_axis(kept_dims, kept_strides, x.dims[i], x.strides[i]);
  }
  if (plan.outputs == 0) return;
  plan.reducer = choose(args.attrs.integer(0), x.dtype);
  plan.widen = widen_loop(x.dtype);
  plan.narrow = narrow_loop(x.dtype);
  plan.in_size = plan.out_size = size_of(x.dtype);
  plan.out = out.as<char>();
  bool in_rows = !columns.strides.empty() && columns.strides[columns.strides.size() - 1] == 1;
  size_t kept = kept_dims.size();
  if (plan.length > 0 && !in_rows && kept > 0 && kept_strides[kept - 1] == 1) {
    columns.data = x.as<const char>();
    columns.width = kept_dims[kept - 1];
    for (size_t i = 0; i + 1 < kept; ++i) {
      columns.outer_dims.push_back(kept_dims[i]);
      columns.outer_strides.push_back(kept_strides[i]);
    }
    return reduce_columns(plan, columns);
  }
  for (int64_t axis : axes) {
    dims.push_back(x.dims[axis]);
    strides.push_back(x.strides[axis]);
  }
  Operand rows(x.data, plan.in_size, dims, strides);
  rows.put_in_order();
  reduce_rows(plan, rows);
}

constexpr KernelEntry kKernels[] = {{"prim.reduce", reduce}};

}  // namespace

std::span<const KernelEntry> reduce_kernels() { return kKernels; }

}  // namespace proa::kernels::PROA_ISA
