#include "proa/kernels/reference/move.h"

#include <cstring>
#include <utility>

#include "proa/base/thread_pool.h"

namespace proa::kernels::PROA_ISA {

namespace {

constexpr int64_t kGrain = 16384;
constexpr int64_t kSide = 16;  // of a square that is turned in one go

struct Word128 {
  uint64_t low, high;
};

// Axes, outermost first; the last two are the plane of the loops.
struct Plan {
  Extents dims, from, to;
  size_t rank() const { return dims.size(); }
};

// The axis along which `to` is dense goes last; the one along which `from` is goes before it.
Plan plan_of(std::span<const int64_t> dims, std::span<const int64_t> from,
             std::span<const int64_t> to) {
  Plan plan;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 1) continue;
    size_t n = plan.rank();
    if (n > 0 && plan.from[n - 1] == from[i] * dims[i] && plan.to[n - 1] == to[i] * dims[i]) {
      plan.dims[n - 1] *= dims[i];
      plan.from[n - 1] = from[i];
      plan.to[n - 1] = to[i];
    } else {
      plan.dims.push_back(dims[i]);
      plan.from.push_back(from[i]);
      plan.to.push_back(to[i]);
    }
  }
  while (plan.rank() < 2) {
    plan.dims.insert(0, 1);
    plan.from.insert(0, 0);
    plan.to.insert(0, 0);
  }
  size_t last = plan.rank() - 1;
  if (plan.from[last] != 1) {
    for (size_t i = 0; i < last; ++i) {
      if (plan.from[i] != 1) continue;
      for (; i + 1 < last; ++i) {
        std::swap(plan.dims[i], plan.dims[i + 1]);
        std::swap(plan.from[i], plan.from[i + 1]);
        std::swap(plan.to[i], plan.to[i + 1]);
      }
      break;
    }
  }
  return plan;
}

template <class Word>
void move_row(const Word* from, int64_t from_step, Word* to, int64_t to_step, int64_t n) {
  if (from_step == 1 && to_step == 1) {
    std::memcpy(to, from, static_cast<size_t>(n) * sizeof(Word));
  } else if (to_step == 1) {
    for (int64_t i = 0; i < n; ++i) to[i] = from[i * from_step];
  } else {
    for (int64_t i = 0; i < n; ++i) to[i * to_step] = from[i * from_step];
  }
}

// A square, or less at the edges: read by lines of `from` and written by lines of `to`, each of
// them once; in between the elements stand in a buffer, where rows cannot push each other out of
// the cache.
template <class Word>
void turn(const Word* from, int64_t from_step, Word* to, int64_t to_row, int64_t to_step,
          int64_t rows, int64_t columns) {
  Word square[kSide][kSide];
  if (rows == kSide && columns == kSide && to_step == 1) {
    for (int64_t c = 0; c < kSide; ++c) {
      std::memcpy(square[c], from + c * from_step, kSide * sizeof(Word));
    }
    for (int64_t r = 0; r < kSide; ++r) {
      for (int64_t c = 0; c < kSide; ++c) to[r * to_row + c] = square[c][r];
    }
    return;
  }
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) to[r * to_row + c * to_step] = from[r + c * from_step];
  }
}

// Rows [begin, end) of all rows along the last axis. Where `from` is dense across the rows, squares
// are moved, so that each line of the cache is read once.
template <class Word>
void move_rows(const Plan& p, const Word* from, Word* to, int64_t begin, int64_t end) {
  size_t last = p.rank() - 1, before = last - 1;
  int64_t width = p.dims[last], height = p.dims[before];
  bool across = p.from[last] != 1 && p.from[before] == 1 && height > 1;
  for (int64_t row = begin; row < end;) {
    int64_t rest = row / height, in_plane = row % height;
    const Word* source = from + in_plane * p.from[before];
    Word* target = to + in_plane * p.to[before];
    for (size_t i = before; i-- > 0;) {
      int64_t index = rest % p.dims[i];
      rest /= p.dims[i];
      source += index * p.from[i];
      target += index * p.to[i];
    }
    int64_t rows = height - in_plane < end - row ? height - in_plane : end - row;
    row += rows;
    if (!across) {
      for (int64_t r = 0; r < rows; ++r) {
        move_row(source + r * p.from[before], p.from[last], target + r * p.to[before], p.to[last],
                 width);
      }
      continue;
    }
    for (int64_t r = 0; r < rows; r += kSide) {
      int64_t r_end = rows - r < kSide ? rows : r + kSide;
      for (int64_t c = 0; c < width; c += kSide) {
        int64_t n = width - c < kSide ? width - c : kSide;
        turn(source + r + c * p.from[last], p.from[last],
             target + r * p.to[before] + c * p.to[last], p.to[before], p.to[last], r_end - r, n);
      }
    }
  }
}

template <class Word>
void move_words(const Plan& plan, const void* from, void* to) {
  int64_t rows = 1, width = plan.dims[plan.rank() - 1];
  for (size_t i = 0; i + 1 < plan.rank(); ++i) rows *= plan.dims[i];
  auto range = [&](int64_t begin, int64_t end) {
    move_rows(plan, static_cast<const Word*>(from), static_cast<Word*>(to), begin, end);
  };
  if (rows * width <= kGrain) {
    range(0, rows);
  } else {
    // Whole squares to a thread.
    parallel_for(rows, width >= kGrain / kSide ? kSide : kGrain / width + 1, range);
  }
}

template <class Word>
void fill_words(void* to, int64_t count, const void* element) {
  Word word;
  std::memcpy(&word, element, sizeof word);
  auto range = [&](int64_t begin, int64_t end) {
    auto* y = static_cast<Word*>(to);
    for (int64_t i = begin; i < end; ++i) y[i] = word;
  };
  if (count <= kGrain) {
    range(0, count);
  } else {
    parallel_for(count, kGrain, range);
  }
}

}  // namespace

void move(std::span<const int64_t> dims, size_t element_size, const Strided& from,
          const Strided& to) {
  for (int64_t d : dims) {
    if (d == 0) return;
  }
  Plan plan = plan_of(dims, from.strides, to.strides);
  switch (element_size) {
    case 1: return move_words<uint8_t>(plan, from.data, to.data);
    case 2: return move_words<uint16_t>(plan, from.data, to.data);
    case 4: return move_words<uint32_t>(plan, from.data, to.data);
    case 8: return move_words<uint64_t>(plan, from.data, to.data);
    default: return move_words<Word128>(plan, from.data, to.data);
  }
}

void fill(void* to, int64_t count, size_t element_size, const void* element) {
  switch (element_size) {
    case 1: return fill_words<uint8_t>(to, count, element);
    case 2: return fill_words<uint16_t>(to, count, element);
    case 4: return fill_words<uint32_t>(to, count, element);
    case 8: return fill_words<uint64_t>(to, count, element);
    default: return fill_words<Word128>(to, count, element);
  }
}

}  // namespace proa::kernels::PROA_ISA
