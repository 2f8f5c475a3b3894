// sort, top_k, search_sorted, compact. Keys become unsigned words in whose order they stand: NaN is
// the greatest and equal to itself, -0 equals +0, and a descending order is that of the
// complements, so that equal elements keep their order in both directions.

#include <algorithm>
#include <bit>
#include <concepts>
#include <type_traits>
#include <vector>

#include "proa/base/error.h"
#include "proa/base/numeric/half.h"
#include "proa/base/thread_pool.h"
#include "proa/kernels/reference/operand.h"

namespace proa::kernels::PROA_ISA {

namespace {

constexpr int64_t kGrain = 4096;     // elements worth a thread
constexpr int64_t kRadixFrom = 512;  // elements; shorter lines are merged
constexpr int64_t kCompactBlock = 65536;

struct Word128 {
  uint64_t low, high;
};

template <class E>
auto ordered(E x) {
  if constexpr (std::integral<E>) {
    using Bits = std::make_unsigned_t<E>;
    constexpr Bits sign = std::is_signed_v<E> ? Bits(1) << (8 * sizeof(E) - 1) : Bits(0);
    return static_cast<Bits>(static_cast<Bits>(x) ^ sign);
  } else {
    using Bits = std::conditional_t<sizeof(E) == 8, uint64_t,
                                    std::conditional_t<sizeof(E) == 4, uint32_t, uint16_t>>;
    constexpr Bits sign = Bits(1) << (8 * sizeof(E) - 1);
    constexpr Bits infinity = std::is_same_v<E, double>     ? Bits(0x7ff0000000000000)
                              : std::is_same_v<E, float>    ? Bits(0x7f800000)
                              : std::is_same_v<E, BFloat16> ? Bits(0x7f80)
                                                            : Bits(0x7c00);
    auto bits = std::bit_cast<Bits>(x);
    auto size = static_cast<Bits>(bits & ~sign);
    if (size > infinity) return static_cast<Bits>(~Bits(0));
    if (size == 0) return sign;
    return static_cast<Bits>((bits & sign) != 0 ? ~bits : bits | sign);
  }
}

// Calls body with a null pointer of the dtype's element.
template <class Body>
void by_dtype(DType dtype, Body body) {
  switch (dtype) {
    case DType::boolean:
    case DType::u8: return body(static_cast<const uint8_t*>(nullptr));
    case DType::i8: return body(static_cast<const int8_t*>(nullptr));
    case DType::i16: return body(static_cast<const int16_t*>(nullptr));
    case DType::i32: return body(static_cast<const int32_t*>(nullptr));
    case DType::i64: return body(static_cast<const int64_t*>(nullptr));
    case DType::f16: return body(static_cast<const Float16*>(nullptr));
    case DType::bf16: return body(static_cast<const BFloat16*>(nullptr));
    case DType::f32: return body(static_cast<const float*>(nullptr));
    case DType::f64: return body(static_cast<const double*>(nullptr));
    default: PROA_CHECK(false, "no order of ", to_string(dtype));
  }
}

template <class Body>
void by_size(size_t size, Body body) {
  switch (size) {
    case 1: return body(static_cast<uint8_t*>(nullptr));
    case 2: return body(static_cast<uint16_t*>(nullptr));
    case 4: return body(static_cast<uint32_t*>(nullptr));
    case 8: return body(static_cast<uint64_t*>(nullptr));
    default: return body(static_cast<Word128*>(nullptr));
  }
}

// The lines of a tensor along one axis.
class LinesOf {
 public:
  LinesOf(const TensorRef& x, int64_t axis) : dtype_(x.dtype), step_(x.strides[axis]) {
    Extents dims, strides;
    for (int64_t i = 0; i < x.rank; ++i) {
      if (i == axis) continue;
      dims.push_back(x.dims[i]);
      strides.push_back(x.strides[i]);
    }
    starts_ = Operand(x.data, size_of(x.dtype), dims, strides);
  }
  DType dtype() const { return dtype_; }
  int64_t step() const { return step_; }
  const char* line(int64_t index) const { return starts_.at(index); }

 private:
  Operand starts_;
  DType dtype_;
  int64_t step_;
};

template <class Word>
struct Item {
  Word key, index;
};

// The keys of a line, in the order in which the items stand.
template <class Word>
void read_keys(const LinesOf& lines, int64_t line, bool descending,
               std::vector<Item<Word>>& items) {
  const char* start = lines.line(line);
  auto step = lines.step();
  Word flip = descending ? ~Word(0) : Word(0);
  by_dtype(lines.dtype(), [&]<class E>(const E*) {
    auto* x = reinterpret_cast<const E*>(start);
    for (Item<Word>& item : items) {
      item.key = static_cast<Word>(ordered(x[static_cast<int64_t>(item.index) * step])) ^ flip;
    }
  });
}

// Stable, by key: a byte at a time from the least one on; bytes that are all alike are passed over.
template <class Word>
void sort_items(std::vector<Item<Word>>& items, std::vector<Item<Word>>& spare) {
  if (static_cast<int64_t>(items.size()) < kRadixFrom) {
    std::stable_sort(items.begin(), items.end(),
                     [](const Item<Word>& a, const Item<Word>& b) { return a.key < b.key; });
    return;
  }
  constexpr int kBytes = sizeof(Word);
  Word counts[kBytes][256] = {};
  for (const Item<Word>& item : items) {
    for (int b = 0; b < kBytes; ++b) ++counts[b][item.key >> (8 * b) & 255];
  }
  spare.resize(items.size());
  for (int b = 0; b < kBytes; ++b) {
    Word* count = counts[b];
    if (count[items[0].key >> (8 * b) & 255] == items.size()) continue;
    Word sum = 0;
    for (int i = 0; i < 256; ++i) {
      Word n = count[i];
      count[i] = sum;
      sum += n;
    }
    Item<Word>* to = spare.data();
    for (const Item<Word>& item : items) to[count[item.key >> (8 * b) & 255]++] = item;
    items.swap(spare);
  }
}

template <class Word>
void sort_lines(const KernelArgs& args, int64_t axis) {
  const TensorRef& first = args.in[0];
  int64_t keys = args.attrs.integer(1), length = first.dims[axis], inner = 1;
  bool descending = args.attrs.boolean(2);
  for (int64_t i = axis + 1; i < first.rank; ++i) inner *= first.dims[i];
  std::vector<LinesOf> in;
  for (const TensorRef& x : args.in) in.emplace_back(x, axis);
  parallel_for(first.elements() / length, std::max<int64_t>(1, kGrain / length),
               [&](int64_t begin, int64_t end) {
                 std::vector<Item<Word>> items(static_cast<size_t>(length)), spare;
                 for (int64_t line = begin; line < end; ++line) {
                   for (size_t i = 0; i < items.size(); ++i) items[i].index = static_cast<Word>(i);
                   // The last key first: what a later one finds equal stays in the order of those
                   // before.
                   for (int64_t k = keys; k-- > 0;) {
                     read_keys(in[static_cast<size_t>(k)], line, descending, items);
                     sort_items(items, spare);
                   }
                   int64_t at = line / inner * length * inner + line % inner;
                   for (size_t k = 0; k < in.size(); ++k) {
                     by_size(size_of(in[k].dtype()), [&]<class E>(E*) {
                       auto* x = reinterpret_cast<const E*>(in[k].line(line));
                       E* y = args.out[k].as<E>() + at;
                       for (const Item<Word>& item : items) {
                         *y = x[static_cast<int64_t>(item.index) * in[k].step()];
                         y += inner;
                       }
                     });
                   }
                 }
               });
}

bool wide_keys(std::span<const TensorRef> keys, int64_t length) {
  return length > int64_t{0xffffffff} ||
         std::ranges::any_of(keys, [](const TensorRef& x) { return size_of(x.dtype) == 8; });
}

void sort(const KernelArgs& args) {
  const TensorRef& x = args.in[0];
  int64_t axis = args.attrs.integer(0);
  if (axis < 0) axis += x.rank;
  if (x.elements() == 0) return;
  auto keys = static_cast<size_t>(args.attrs.integer(1));
  if (wide_keys(args.in.first(keys), x.dims[axis])) return sort_lines<uint64_t>(args, axis);
  sort_lines<uint32_t>(args, axis);
}

template <class Word>
void top_of_rows(const KernelArgs& args) {
  const TensorRef &x = args.in[0], &values = args.out[0];
  int64_t axis = x.rank - 1, length = x.dims[axis], k = values.dims[axis];
  bool largest = args.attrs.boolean(1);
  LinesOf lines(x, axis);
  auto* indices = args.out[1].as<int64_t>();
  parallel_for(x.elements() / length, std::max<int64_t>(1, kGrain / length),
               [&](int64_t begin, int64_t end) {
                 std::vector<Item<Word>> items(static_cast<size_t>(length));
                 auto before = [](const Item<Word>& a, const Item<Word>& b) {
                   return a.key != b.key ? a.key < b.key : a.index < b.index;
                 };
                 for (int64_t row = begin; row < end; ++row) {
                   for (size_t i = 0; i < items.size(); ++i) items[i].index = static_cast<Word>(i);
                   read_keys(lines, row, largest, items);
                   if (k < length)
                     std::nth_element(items.begin(), items.begin() + k, items.end(), before);
                   std::sort(items.begin(), items.begin() + k, before);
                   for (int64_t i = 0; i < k; ++i) {
                     indices[row * k + i] =
                         static_cast<int64_t>(items[static_cast<size_t>(i)].index);
                   }
                   by_size(size_of(x.dtype), [&]<class E>(E*) {
                     auto* from = reinterpret_cast<const E*>(lines.line(row));
                     E* y = values.as<E>() + row * k;
                     for (int64_t i = 0; i < k; ++i)
                       y[i] = from[indices[row * k + i] * lines.step()];
                   });
                 }
               });
}

void top_k(const KernelArgs& args) {
  const TensorRef& x = args.in[0];
  if (args.out[0].elements() == 0) return;
  if (wide_keys(args.in.first(1), x.dims[x.rank - 1])) return top_of_rows<uint64_t>(args);
  top_of_rows<uint32_t>(args);
}

void search_sorted(const KernelArgs& args) {
  const TensorRef &sorted = args.in[0], &values = args.in[1];
  int64_t count = args.out[0].elements();
  if (count == 0) return;
  int64_t axis = sorted.rank - 1, length = sorted.dims[axis], width = values.dims[axis];
  bool right = args.attrs.boolean(0);
  LinesOf rows(sorted, axis), wanted(values, axis);
  auto* y = args.out[0].as<int64_t>();
  by_dtype(sorted.dtype, [&]<class E>(const E*) {
    parallel_for(count, kGrain / 4, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end;) {
        int64_t row = i / width, stop = std::min(end, (row + 1) * width);
        auto* x = reinterpret_cast<const E*>(rows.line(row));
        auto* v = reinterpret_cast<const E*>(wanted.line(row));
        for (; i < stop; ++i) {
          auto key = ordered(v[(i - row * width) * wanted.step()]);
          int64_t low = 0, high = length;
          while (low < high) {
            int64_t middle = low + (high - low) / 2;
            auto here = ordered(x[middle * rows.step()]);
            bool after = right ? here <= key : here < key;
            low = after ? middle + 1 : low;
            high = after ? high : middle;
          }
          y[i] = low;
        }
      }
    });
  });
}

void compact(const KernelArgs& args) {
  const TensorRef& mask = args.in[0];
  int64_t n = mask.dims[0], step = mask.strides[0];
  auto* set = mask.as<const uint8_t>();
  auto* positions = args.out[0].as<int64_t>();
  int64_t& total = *args.out[1].as<int64_t>();
  total = 0;
  if (n == 0) return;
  // Blocks count their own, then each knows where its first one goes.
  int64_t blocks = (n - 1) / kCompactBlock + 1;
  std::vector<int64_t> firsts(static_cast<size_t>(blocks));
  auto for_blocks = [&](auto body) {
    parallel_for(blocks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; ++b) {
        body(firsts[static_cast<size_t>(b)], b * kCompactBlock,
             std::min(n, (b + 1) * kCompactBlock));
      }
    });
  };
  for_blocks([&](int64_t& count, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) count += set[i * step] != 0;
  });
  for (int64_t& first : firsts) {
    int64_t count = first;
    first = total;
    total += count;
  }
  for_blocks([&](int64_t first, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (set[i * step] != 0) positions[first++] = i;
    }
  });
  std::fill(positions + total, positions + n, n);
}

constexpr KernelEntry kKernels[] = {
    {"prim.sort", sort},
    {"prim.top_k", top_k},
    {"prim.search_sorted", search_sorted},
    {"prim.compact", compact},
};

}  // namespace

std::span<const KernelEntry> sort_kernels() { return kKernels; }

}  // namespace proa::kernels::PROA_ISA
