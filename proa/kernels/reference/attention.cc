// Attention as one kernel, forward and backward: a tile of queries at a time goes over the keys in
// blocks of 64, so that scores live in the cache only (Dao et al. 2022, "FlashAttention"). Every
// sum is taken in the order that the decompositions of these operators have
// (proa/ops/attention.cc).

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "proa/base/thread_pool.h"
#include "proa/kernels/reference/fma_vector.h"
#include "proa/kernels/reference/formulas.h"
#include "proa/kernels/reference/transcendental.h"
#include "proa/program/kernel.h"

namespace proa::kernels::PROA_ISA {

namespace {

using program::KernelArgs;
using program::TensorRef;

constexpr int64_t kKeys = 64;             // of a block
constexpr int64_t kQueries = 96;          // of a tile: whole steps of kRows
constexpr int64_t kBackwardQueries = 64;  // a chain ends with a tile
constexpr int64_t kState = 1024;          // keys that share a running state
constexpr int64_t kChain = 256;           // of a contraction: one chain of fused multiply-adds
constexpr int64_t kGroup = 4096;          // of a contraction: chains that add up before others
constexpr int64_t kScores = 80;     // from one row of scores to the next: whole steps of kRows
constexpr int kSumLanes = 16;       // of a reduction
constexpr int64_t kManyHeads = 16;  // enough for every thread

// Memory that begins with a line of the cache, as each vector in it then does.
template <class T>
struct LineAllocator {
  using value_type = T;
  T* allocate(size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t{64}));
  }
  void deallocate(T* p, size_t) { ::operator delete(p, std::align_val_t{64}); }
  bool operator==(const LineAllocator&) const = default;
};
template <class T>
using Lines = std::vector<T, LineAllocator<T>>;

template <class T>
int64_t whole_vectors(int64_t n) {
  constexpr int64_t lanes = FmaVector<T>::kLanes;
  return (n + lanes - 1) / lanes * lanes;
}

// f(0) .. f(kRows - 1), each with its index as a constant, so that arrays of sums are registers.
template <class F>
__attribute__((always_inline)) inline void each_row(F f) {
  [&]<int... kRow>(std::integer_sequence<int, kRow...>) __attribute__((always_inline)) {
    (f(std::integral_constant<int, kRow>()), ...);
  }(std::make_integer_sequence<int, kRows>());
}

// kRows x kVectors vectors of results, each a chain over `depth` that goes on from begin(row,
// column); end(row, column, sum) takes them. Element (i, k) of a lies at a[i * a_row + k * a_step];
// row k of b at b[k * b_step].
template <int kVectors, class T, class Begin, class End>
void tile(int64_t depth, const T* a, int64_t a_row, int64_t a_step, const T* b, int64_t b_step,
          Begin begin, End end) {
  using V = FmaVector<T>;
  V sums[kRows][2];
  each_row([&](auto i) __attribute__((always_inline)) {
    sums[i][0] = begin(i, 0);
    if constexpr (kVectors == 2) sums[i][1] = begin(i, V::kLanes);
  });
  for (int64_t k = 0; k < depth; ++k) {
    V b0 = V::load(b), b1 = kVectors == 2 ? V::load(b + V::kLanes) : V::zero();
    each_row([&](auto i) __attribute__((always_inline)) {
      V x = V::splat(a[i * a_row]);
      sums[i][0] = fma(x, b0, sums[i][0]);
      if constexpr (kVectors == 2) sums[i][1] = fma(x, b1, sums[i][1]);
    });
    a += a_step;
    b += b_step;
  }
  each_row([&](auto i) __attribute__((always_inline)) {
    end(i, 0, sums[i][0]);
    if constexpr (kVectors == 2) end(i, V::kLanes, sums[i][1]);
  });
}

// All tiles of rows x columns, which are whole vectors. first(column): before it no row is wanted
// of this column and those behind; other rows up to the next multiple of kRows are computed too.
template <class T, class First, class Begin, class End>
void tiles(int64_t rows, int64_t columns, int64_t depth, const T* a, int64_t a_row, int64_t a_step,
           const T* b, int64_t b_step, First first, Begin begin, End end) {
  constexpr int64_t lanes = FmaVector<T>::kLanes;
  for (int64_t j = 0; j < columns; j += 2 * lanes) {
    for (int64_t i = first(j) / kRows * kRows; i < rows; i += kRows) {
      auto begin_here = [&](int64_t row, int64_t column) { return begin(i + row, j + column); };
      auto end_here = [&](int64_t row, int64_t column, FmaVector<T> sum) {
        end(i + row, j + column, sum);
      };
      if (j + lanes < columns) {
        tile<2>(depth, a + i * a_row, a_row, a_step, b + j, b_step, begin_here, end_here);
      } else {
        tile<1>(depth, a + i * a_row, a_row, a_step, b + j, b_step, begin_here, end_here);
      }
    }
  }
}

// c (rows x columns) = or += a b, of one chain.
template <bool kGoesOn, class T>
void product(int64_t rows, int64_t columns, int64_t depth, const T* a, int64_t a_row,
             int64_t a_step, const T* b, int64_t b_step, T* c, int64_t c_step) {
  using V = FmaVector<T>;
  tiles(
      rows, columns, depth, a, a_row, a_step, b, b_step, [](int64_t) { return int64_t{0}; },
      [&](int64_t i, int64_t j) { return kGoesOn ? V::load(c + i * c_step + j) : V::zero(); },
      [&](int64_t i, int64_t j, V sum) { sum.store(c + i * c_step + j); });
}

// Adds up what comes in chains: those of a group of 4096 first, then the groups.
template <class T>
class Chains {
 public:
  explicit Chains(size_t size) : part(size), group_(size), total_(size) {}

  Lines<T> part;  // the chain that is under way

  void begin() {
    chains_ = groups_ = 0;
    fresh();
  }
  void fresh() { std::fill(part.begin(), part.end(), T(0)); }
  // The chain is at its end, which is also that of its group, or of all.
  void end_chain() { join(part, group_, chains_++); }
  void end_group() {
    join(group_, total_, groups_++);
    chains_ = 0;
  }
  const T* finish() {
    if (chains_ > 0) end_group();
    if (groups_ == 0) std::fill(total_.begin(), total_.end(), T(0));
    return total_.data();
  }

 private:
  static void join(const Lines<T>& from, Lines<T>& to, int64_t before) {
    if (before == 0) {
      std::copy(from.begin(), from.end(), to.begin());
      return;
    }
    for (size_t i = 0; i < to.size(); ++i) to[i] += from[i];
  }

  Lines<T> group_, total_;
  int64_t chains_ = 0, groups_ = 0;
};

// One head of an operand [batch, heads, length, width].
template <class T>
struct Head {
  const T* data;
  int64_t row, column;  // strides

  Head(const TensorRef& t, int64_t batch, int64_t head)
      : data(t.as<const T>() + batch * t.strides[0] + head * t.strides[1]),
        row(t.strides[2]),
        column(t.strides[3]) {}

  // Rows first .. first + count as they are, filled up with zeros to `rows` x `columns`.
  void copy(int64_t first, int64_t count, int64_t width, int64_t rows, int64_t columns,
            T* to) const {
    for (int64_t i = 0; i < rows; ++i, to += columns) {
      int64_t here = i < count ? width : 0;
      const T* from = data + (first + i) * row;
      if (column == 1) {
        for (int64_t j = 0; j < here; ++j) to[j] = from[j];
      } else {
        for (int64_t j = 0; j < here; ++j) to[j] = from[j * column];
      }
      std::fill(to + here, to + columns, T(0));
    }
  }
  // Asks for these rows ahead: they are too far apart for the processor to see what comes.
  void ask_for(int64_t first, int64_t count, int64_t width) const {
    constexpr int64_t kLine = 64 / sizeof(T);
    for (int64_t i = first; column == 1 && i < first + count; ++i) {
      for (int64_t j = 0; j < width; j += kLine) __builtin_prefetch(data + i * row + j);
    }
  }
};

// kKeys rows of `stride` as the columns of `width` rows. Of rows that were copied: where they lie
// they are far apart, and a walk by single elements would wait for each of them.
template <class T>
void turn(const T* from, int64_t stride, int64_t width, T* to) {
  constexpr int64_t kBlock = 16;
  for (int64_t first = 0; first < kKeys; first += kBlock) {
    for (int64_t i = 0; i < width; ++i) {
      for (int64_t j = first; j < first + kBlock; ++j) to[i * kKeys + j] = from[j * stride + i];
    }
  }
}

struct Sizes {
  int64_t batch, heads, queries, keys, width, depth;  // width of query and key, depth of value
  bool causal;
  double scale;
};

// What a head reads, beside that of the next one in the second cache.
bool fits_beside_another(const Sizes& s) {
  constexpr int64_t kMost = 32 << 10;  // numbers
  return (s.queries + s.keys) * (s.width + s.depth) <= kMost;
}

Sizes sizes_of(const KernelArgs& args) {
  const TensorRef &q = args.in[0], &v = args.in[2];
  return {q.dims[0],
          q.dims[1],
          q.dims[2],
          v.dims[2],
          q.dims[3],
          v.dims[3],
          args.attrs.boolean(0),
          args.attrs.real(1)};
}

// Scores of a tile of queries with a block of keys, masked ones -inf; columns past the last key
// too.
template <class T>
class Scores {
 public:
  Scores(const KernelArgs& args, const Sizes& sizes)
      : sizes_(sizes),
        mask_(args.in[3]),
        sum_(static_cast<size_t>(kQueries * kScores)),
        group_(sum_.size()) {}

  // With the keys first .. first + count, whose rows are the columns of `turned`. query: packed
  // rows of `stride`. Of rows that stand before all these keys there are none.
  void run(int64_t batch, int64_t head, int64_t row, int64_t rows, const T* query, int64_t stride,
           const T* turned, int64_t first, int64_t count, T* scores) {
    using V = FmaVector<T>;
    const T scale = static_cast<T>(sizes_.scale), lowest = -std::numeric_limits<T>::infinity();
    auto sees = [&](int64_t key) {  // the first row that does
      return sizes_.causal ? std::clamp<int64_t>(first + key - row, 0, rows) : 0;
    };
    if (sizes_.width <= kChain) {
      tiles(
          rows, kKeys, sizes_.width, query, stride, 1, turned, kKeys, sees,
          [](int64_t, int64_t) { return V::zero(); },
          [&](int64_t i, int64_t j, V sum) {
            V{sum.v * V::splat(scale).v}.store(scores + i * kScores + j);
          });
    } else {
      contract(rows, query, stride, turned, sizes_.width, scores);
      for (int64_t i = 0; i < rows; ++i) {
        for (int64_t j = 0; j < kKeys; ++j) scores[i * kScores + j] *= scale;
      }
    }
    for (int64_t i = sees(0); i < rows; ++i) {
      T* s = scores + i * kScores;
      if (mask_.rank >= 0) mask(batch, head, row + i, first, count, s);
      int64_t end = count;
      if (sizes_.causal) end = std::min(row + i - first + 1, count);
      std::fill(s + end, s + kKeys, lowest);
    }
  }

  // rows x kKeys results of a contraction over all of `depth`.
  void contract(int64_t rows, const T* a, int64_t stride, const T* b, int64_t depth, T* to) {
    product<false>(rows, kKeys, std::min(depth, kChain), a, stride, 1, b, kKeys, to, kScores);
    if (depth > kChain) go_on(rows, a, stride, b, depth, to);
  }

 private:
  void go_on(int64_t rows, const T* a, int64_t stride, const T* b, int64_t depth, T* to) {
    int64_t size = rows * kScores;
    for (int64_t at = kChain; at < depth; at += kChain) {
      int64_t n = std::min(kChain, depth - at);
      product<false>(rows, kKeys, n, a + at, stride, 1, b + at * kKeys, kKeys, sum_.data(),
                     kScores);
      T* group = at < kGroup ? to : group_.data();
      if (at % kGroup == 0) {
        std::copy_n(sum_.data(), size, group);
      } else {
        for (int64_t i = 0; i < size; ++i) group[i] += sum_[static_cast<size_t>(i)];
      }
      if (group != to && (at + n == depth || (at + n) % kGroup == 0)) {
        for (int64_t i = 0; i < size; ++i) to[i] += group[i];
      }
    }
  }

  void mask(int64_t batch, int64_t head, int64_t row, int64_t first, int64_t count, T* s) const {
    int64_t at = batch * mask_.strides[0] + head * mask_.strides[1] + row * mask_.strides[2] +
                 first * mask_.strides[3];
    int64_t step = mask_.strides[3];
    if (mask_.dtype == DType::boolean) {
      const auto* seen = mask_.as<const uint8_t>() + at;
      for (int64_t j = 0; j < count; ++j) {
        s[j] = seen[j * step] != 0 ? s[j] : -std::numeric_limits<T>::infinity();
      }
    } else {
      const T* added = mask_.as<const T>() + at;
      for (int64_t j = 0; j < count; ++j) s[j] += added[j * step];
    }
  }

  const Sizes& sizes_;
  const TensorRef& mask_;
  Lines<T> sum_, group_;
};

template <class T>
T finite_or_zero(T x) {
  return x - x == 0 ? x : T(0);
}

// Max of each lane.
template <class V>
V greatest(V a, V b) {
  using Bits = decltype(a > b);
  V same = reinterpret_cast<V>(reinterpret_cast<Bits>(a) & reinterpret_cast<Bits>(b));
  V greater = a > b ? a : b;
  greater = a == b ? same : greater;
  return a != a ? a : greater;
}

// A vector's lanes, folded by halves.
template <class T, int kCount, class V, class Join>
T fold_lanes(V x, Join join) {
  if constexpr (kCount == 2) {
    return join(x, V{x[1], x[0]})[0];
  } else {
    typedef T Half __attribute__((vector_size(kCount / 2 * sizeof(T))));
    Half halves[2];
    std::memcpy(halves, &x, sizeof x);
    return fold_lanes<T, kCount / 2>(join(halves[0], halves[1]), join);
  }
}

// 16 lanes, folded 8, 4, 2, 1.
template <class T, class Join>
T fold(const FmaVector<T>* vectors, Join join) {
  constexpr int lanes = FmaVector<T>::kLanes;
  auto sum = vectors[0].v;
  if constexpr (lanes == kSumLanes) {
    return fold_lanes<T, lanes>(sum, join);
  } else {
    constexpr int count = kSumLanes / lanes;
    decltype(sum) parts[count];
    for (int v = 0; v < count; ++v) parts[v] = vectors[v].v;
    for (int half = count / 2; half >= 1; half /= 2) {
      for (int v = 0; v < half; ++v) parts[v] = join(parts[v], parts[v + half]);
    }
    return fold_lanes<T, lanes>(parts[0], join);
  }
}

// The order of a reduction of at most one block: each lane from +0.
template <class T>
T sum_of_row(const T* p) {
  using V = FmaVector<T>;
  constexpr int count = kSumLanes / V::kLanes;
  V lane[count];
  for (int v = 0; v < count; ++v) lane[v] = V::zero();
  for (int64_t j = 0; j < kKeys; j += kSumLanes) {
    for (int v = 0; v < count; ++v) lane[v].v += V::load(p + j + v * V::kLanes).v;
  }
  return fold<T>(lane, [](auto a, auto b) { return a + b; });
}

template <class T>
T greatest_of_row(const T* s) {
  using V = FmaVector<T>;
  constexpr int count = kSumLanes / V::kLanes;
  auto greater = [](auto a, auto b) { return greatest(a, b); };
  V lane[count];
  for (int v = 0; v < count; ++v) lane[v] = V::load(s + v * V::kLanes);
  for (int64_t j = kSumLanes; j < kKeys; j += kSumLanes) {
    for (int v = 0; v < count; ++v) {
      lane[v].v = greater(lane[v].v, V::load(s + j + v * V::kLanes).v);
    }
  }
  return fold<T>(lane, greater);
}

// Maximum, sum of exponentials and weighted values of a tile of queries.
template <class T>
struct State {
  Lines<T> m, l, o;
  explicit State(int64_t columns)
      : m(kQueries), l(kQueries), o(static_cast<size_t>(kQueries * columns)) {}
};

template <class T>
class Forward {
 public:
  Forward(const KernelArgs& args, const Sizes& sizes)
      : args_(args),
        sizes_(sizes),
        columns_(whole_vectors<T>(sizes.depth)),
        scores_(args, sizes),
        query_(static_cast<size_t>(kQueries * sizes.width)),
        rows_of_keys_(static_cast<size_t>(kKeys * sizes.width)),
        p_(static_cast<size_t>(kQueries * kScores)),
        whole_(columns_),
        state_(columns_) {}

  void run(int64_t batch, int64_t head, int64_t row) {
    rows_ = std::min(kQueries, sizes_.queries - row);
    Head<T> query(args_.in[0], batch, head), key(args_.in[1], batch, head),
        value(args_.in[2], batch, head);
    query.copy(row, rows_, sizes_.width, kQueries, sizes_.width, query_.data());
    int64_t end = sizes_.keys;
    if (sizes_.causal) end = std::min(end, row + rows_);
    if (std::pair(batch, head) != packed_head_) packed_ = 0;
    packed_head_ = {batch, head};
    pack(key, value, end);
    for (int64_t group = 0; group < end; group += kState) {
      State<T>& state = group == 0 ? whole_ : state_;
      int64_t stop = std::min(end, group + kState);
      for (int64_t at = group; at < stop; at += kKeys) {
        int64_t count = std::min(kKeys, sizes_.keys - at);
        scores_.run(batch, head, row, rows_, query_.data(), sizes_.width,
                    key_.data() + at * sizes_.width, at, count, p_.data());
        block(state, row, at, at == group);
      }
      if (group > 0) merge(row, group);
    }
    write(batch, head, row);
  }

 private:
  // Blocks up to key `end`, for all tiles of one head.
  void pack(const Head<T>& key, const Head<T>& value, int64_t end) {
    int64_t blocks = (end + kKeys - 1) / kKeys;
    key_.resize(static_cast<size_t>(std::max(packed_, blocks) * kKeys * sizes_.width));
    value_.resize(static_cast<size_t>(std::max(packed_, blocks) * kKeys * columns_));
    for (; packed_ < blocks; ++packed_) {
      int64_t at = packed_ * kKeys, count = std::min(kKeys, sizes_.keys - at);
      key.copy(at, count, sizes_.width, kKeys, sizes_.width, rows_of_keys_.data());
      turn(rows_of_keys_.data(), sizes_.width, sizes_.width, key_.data() + at * sizes_.width);
      value.copy(at, count, sizes_.depth, kKeys, columns_, value_.data() + at * columns_);
    }
  }

  // Rows of this tile that stand before key `at` see nothing of its block.
  int64_t first_row(int64_t row, int64_t at) const {
    return sizes_.causal ? std::clamp<int64_t>(at - row, 0, rows_) : 0;
  }

  void block(State<T>& state, int64_t row, int64_t at, bool first) {
    using V = FmaVector<T>;
    T top[kQueries], base[kQueries], alpha[kQueries], sum[kQueries];
    T *m = state.m.data(), *l = state.l.data();
    const int64_t from = first_row(row, at);
    for (int64_t i = from; i < rows_; ++i) top[i] = greatest_of_row(p_.data() + i * kScores);
    for (int64_t i = from; i < rows_; ++i) {
      T before = m[i], now = first ? top[i] : Max()(before, top[i]);
      base[i] = finite_or_zero(now);
      alpha[i] = numeric::exp(before - base[i]);
      m[i] = now;
    }
    for (int64_t i = from; i < rows_; ++i) {
      T* p = p_.data() + i * kScores;
      for (int64_t j = 0; j < kKeys; ++j) p[j] = numeric::exp(p[j] - base[i]);
      sum[i] = sum_of_row(p);
    }
    for (int64_t i = from; i < rows_; ++i) l[i] = first ? sum[i] : l[i] * alpha[i] + sum[i];
    T* o = state.o.data();
    auto zero = [](int64_t, int64_t) { return V::zero(); };
    auto rows_from = [&](int64_t) { return from; };
    auto multiply = [&](auto end) {
      tiles(rows_, columns_, kKeys, p_.data(), kScores, 1, value_.data() + at * columns_, columns_,
            rows_from, zero, end);
    };
    if (first) {
      multiply([&](int64_t i, int64_t j, V part) { part.store(o + i * columns_ + j); });
      return;
    }
    multiply([&](int64_t i, int64_t j, V part) {
      if (i < from || i >= rows_) return;
      T* to = o + i * columns_ + j;
      V{V::load(to).v * V::splat(alpha[i]).v + part.v}.store(to);
    });
  }

  void merge(int64_t row, int64_t group) {
    for (int64_t i = first_row(row, group); i < rows_; ++i) {
      auto n = static_cast<size_t>(i);
      T m = Max()(whole_.m[n], state_.m[n]), base = finite_or_zero(m);
      T x = numeric::exp(whole_.m[n] - base), y = numeric::exp(state_.m[n] - base);
      whole_.m[n] = m;
      whole_.l[n] = whole_.l[n] * x + state_.l[n] * y;
      T* o = whole_.o.data() + i * columns_;
      const T* more = state_.o.data() + i * columns_;
      for (int64_t j = 0; j < columns_; ++j) o[j] = o[j] * x + more[j] * y;
    }
  }

  void write(int64_t batch, int64_t head, int64_t row) {
    int64_t at = (batch * sizes_.heads + head) * sizes_.queries + row;
    T *out = args_.out[0].as<T>() + at * sizes_.depth, *lse = args_.out[1].as<T>() + at;
    for (int64_t i = 0; i < rows_; ++i) {
      auto n = static_cast<size_t>(i);
      T safe = whole_.l[n] == 0 ? T(1) : whole_.l[n];
      const T* o = whole_.o.data() + i * columns_;
      for (int64_t j = 0; j < sizes_.depth; ++j) out[i * sizes_.depth + j] = o[j] / safe;
      lse[i] = finite_or_zero(whole_.m[n]) + numeric::log(whole_.l[n]);
    }
  }

  const KernelArgs& args_;
  const Sizes& sizes_;
  int64_t columns_, rows_ = 0, packed_ = 0;
  std::pair<int64_t, int64_t> packed_head_{-1, -1};
  Scores<T> scores_;
  Lines<T> query_, key_, value_, rows_of_keys_, p_;
  State<T> whole_, state_;
};

template <class T>
void forward(const KernelArgs& args) {
  Sizes sizes = sizes_of(args);
  int64_t tiles = (sizes.queries + kQueries - 1) / kQueries, heads = sizes.batch * sizes.heads;
  // A head at a time, whose keys are then packed once; tiles of few heads are handed out singly.
  parallel_for(heads * tiles, heads >= kManyHeads ? tiles : 1, [&](int64_t begin, int64_t end) {
    Forward<T> work(args, sizes);
    for (int64_t unit = begin; unit < end; ++unit) {
      int64_t head = unit / tiles;
      work.run(head / sizes.heads, head % sizes.heads, unit % tiles * kQueries);
    }
  });
}

// From the saved log-sum-exp: P = exp(S - lse), dS = P * (dP - drop). Operands: query, key, value,
// mask, lse, drop, gradient of the output.
template <class T>
class Backward {
 public:
  Backward(const KernelArgs& args, const Sizes& sizes)
      : args_(args),
        sizes_(sizes),
        width_(whole_vectors<T>(sizes.width)),
        depth_(whole_vectors<T>(sizes.depth)),
        scores_(args, sizes),
        query_(static_cast<size_t>(kQueries * width_)),
        gradient_(static_cast<size_t>(kQueries * depth_)),
        key_(static_cast<size_t>(kKeys * width_)),
        turned_(static_cast<size_t>(kKeys * sizes.width)),
        rows_of_value_(static_cast<size_t>(kKeys * depth_)),
        value_(static_cast<size_t>(kKeys * sizes.depth)),
        p_(static_cast<size_t>(kQueries * kScores)),
        ds_(p_.size()),
        part_(static_cast<size_t>(kQueries * width_)),
        dkey_(static_cast<size_t>(kQueries * width_)),
        dvalue_(static_cast<size_t>(kQueries * depth_)) {}

  // `next`: who comes afterwards.
  void run(int64_t unit, int64_t next) {
    const int64_t batch = unit / sizes_.heads, head = unit % sizes_.heads;
    auto operand = [&](size_t i, int64_t of) {
      return Head<T>(args_.in[i], of / sizes_.heads, of % sizes_.heads);
    };
    Head<T> query = operand(0, unit), key = operand(1, unit), value = operand(2, unit),
            gradient = operand(6, unit);
    Head<T> next_query = operand(0, next), next_key = operand(1, next),
            next_value = operand(2, next), next_gradient = operand(6, next);
    const bool asks = fits_beside_another(sizes_);
    for (int64_t at = 0; at < sizes_.keys; at += kKeys) {
      int64_t count = std::min(kKeys, sizes_.keys - at);
      if (asks) {
        next_key.ask_for(at, count, sizes_.width);
        next_value.ask_for(at, count, sizes_.depth);
      }
      key.copy(at, count, sizes_.width, kKeys, width_, key_.data());
      turn(key_.data(), width_, sizes_.width, turned_.data());
      value.copy(at, count, sizes_.depth, kKeys, depth_, rows_of_value_.data());
      turn(rows_of_value_.data(), depth_, sizes_.depth, value_.data());
      dkey_.begin();
      dvalue_.begin();
      // Rows before key `at` see nothing of its block; a chain that they fill has the sum +0.
      int64_t first =
          sizes_.causal ? std::min(at, sizes_.queries) / kBackwardQueries * kBackwardQueries : 0;
      if (sizes_.causal) skip(first);
      for (int64_t row = first; row < sizes_.queries; row += kBackwardQueries) {
        int64_t rows = std::min(kBackwardQueries, sizes_.queries - row), seen = row + rows;
        if (asks && at == 0) {
          next_query.ask_for(row, rows, sizes_.width);
          next_gradient.ask_for(row, rows, sizes_.depth);
        }
        query.copy(row, rows, sizes_.width, kQueries, width_, query_.data());
        gradient.copy(row, rows, sizes_.depth, kQueries, depth_, gradient_.data());
        tile_of_rows(batch, head, row, rows, at, count);
        if (seen % kChain == 0 || seen == sizes_.queries) {
          end_chain();
          if (seen % kGroup == 0) end_group();
        }
      }
      write(dkey_.finish(), width_, sizes_.width, static_cast<T>(sizes_.scale), batch, head, at,
            count, args_.out[1]);
      write(dvalue_.finish(), depth_, sizes_.depth, T(1), batch, head, at, count, args_.out[2]);
    }
    if (sizes_.keys == 0) {
      T* dquery = dquery_of(batch, head);
      std::fill_n(dquery, sizes_.queries * sizes_.width, T(0));
    }
  }

 private:
  void end_chain() {
    for (Chains<T>* sum : {&dkey_, &dvalue_}) {
      sum->end_chain();
      sum->fresh();
    }
  }
  void end_group() {
    dkey_.end_group();
    dvalue_.end_group();
  }
  void skip(int64_t rows) {
    for (int64_t row = kChain; row <= rows; row += kChain) {
      end_chain();
      if (row % kGroup == 0) end_group();
    }
  }

  T* dquery_of(int64_t batch, int64_t head) const {
    return args_.out[0].as<T>() + (batch * sizes_.heads + head) * sizes_.queries * sizes_.width;
  }

  T of_row(const TensorRef& t, int64_t batch, int64_t head, int64_t row) const {
    return t.as<const T>()[batch * t.strides[0] + head * t.strides[1] + row * t.strides[2]];
  }

  void tile_of_rows(int64_t batch, int64_t head, int64_t row, int64_t rows, int64_t at,
                    int64_t count) {
    scores_.run(batch, head, row, rows, query_.data(), width_, turned_.data(), at, count,
                p_.data());
    scores_.contract(rows, gradient_.data(), depth_, value_.data(), sizes_.depth, ds_.data());
    int64_t hidden = sizes_.causal ? std::clamp<int64_t>(at - row, 0, rows) : 0;
    for (int64_t i = 0; i < hidden; ++i) {
      std::fill_n(p_.data() + i * kScores, kKeys, T(0));
      std::fill_n(ds_.data() + i * kScores, kKeys, T(0));
      std::fill_n(query_.data() + i * width_, width_, T(0));
      std::fill_n(gradient_.data() + i * depth_, depth_, T(0));
    }
    for (int64_t i = hidden; i < rows; ++i) {
      T *p = p_.data() + i * kScores, *ds = ds_.data() + i * kScores;
      T lse = of_row(args_.in[4], batch, head, row + i), base = finite_or_zero(lse);
      T drop = of_row(args_.in[5], batch, head, row + i);
      bool seen = lse - lse == 0;
      for (int64_t j = 0; j < kKeys; ++j) p[j] = seen ? numeric::exp(p[j] - base) : T(0);
      for (int64_t j = 0; j < kKeys; ++j) ds[j] = p[j] * (ds[j] - drop);
      std::fill(ds + count, ds + kKeys, T(0));
    }
    product<true>(kKeys, depth_, rows, p_.data(), 1, kScores, gradient_.data(), depth_,
                  dvalue_.part.data(), depth_);
    product<true>(kKeys, width_, rows, ds_.data(), 1, kScores, query_.data(), width_,
                  dkey_.part.data(), width_);
    add_dquery(dquery_of(batch, head) + row * sizes_.width, rows, hidden, at == 0);
  }

  void add_dquery(T* to, int64_t rows, int64_t hidden, bool first) {
    product<false>(rows, width_, kKeys, ds_.data(), kScores, 1, key_.data(), width_, part_.data(),
                   width_);
    const T scale = static_cast<T>(sizes_.scale);
    for (int64_t i = hidden; i < rows; ++i) {
      const T* part = part_.data() + i * width_;
      T* row = to + i * sizes_.width;
      if (first) {
        for (int64_t j = 0; j < sizes_.width; ++j) row[j] = part[j] * scale;
      } else {
        for (int64_t j = 0; j < sizes_.width; ++j) row[j] = row[j] + part[j] * scale;
      }
    }
  }

  void write(const T* from, int64_t stride, int64_t width, T scale, int64_t batch, int64_t head,
             int64_t at, int64_t count, const TensorRef& out) {
    T* to = out.as<T>() + ((batch * sizes_.heads + head) * sizes_.keys + at) * width;
    for (int64_t i = 0; i < count; ++i, to += width) {
      for (int64_t j = 0; j < width; ++j) to[j] = from[i * stride + j] * scale;
    }
  }

  const KernelArgs& args_;
  const Sizes& sizes_;
  int64_t width_, depth_;
  Scores<T> scores_;
  Lines<T> query_, gradient_, key_, turned_, rows_of_value_, value_, p_, ds_, part_;
  Chains<T> dkey_, dvalue_;
};

template <class T>
void backward(const KernelArgs& args) {
  Sizes sizes = sizes_of(args);
  parallel_for(sizes.batch * sizes.heads, 1, [&](int64_t begin, int64_t end) {
    Backward<T> work(args, sizes);
    for (int64_t unit = begin; unit < end; ++unit) work.run(unit, std::min(unit + 1, end - 1));
  });
}

void attention_forward(const KernelArgs& args) {
  if (args.in[0].dtype == DType::f64) return forward<double>(args);
  forward<float>(args);
}

void attention_backward(const KernelArgs& args) {
  if (args.in[0].dtype == DType::f64) return backward<double>(args);
  backward<float>(args);
}

constexpr program::KernelEntry kEntries[] = {
    {"tensor.attention_forward", attention_forward},
    {"tensor.attention_backward", attention_backward},
};

}  // namespace

std::span<const program::KernelEntry> attention_kernels() { return kEntries; }

}  // namespace proa::kernels::PROA_ISA
