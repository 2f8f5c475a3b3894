// One unit of a contraction of floats: some rows times some columns over all terms, in panels of
// columns that fill two vectors and groups of rows whose packed form stays in the second cache.
// Why apart: the order of sums is written down here once; what the operands' axes mean is asked of
// the caller.
#pragma once

#include <algorithm>
#include <vector>

#include "proa/base/numeric/half.h"
#include "proa/kernels/reference/fma_vector.h"

namespace proa::kernels::PROA_ISA {

inline constexpr int64_t kBlock = 256;   // terms of a chain
inline constexpr int64_t kGroup = 4096;  // terms whose chains are added before others

inline float widen(float x) { return x; }
inline double widen(double x) { return x; }
inline float widen(Float16 x) { return numeric::to_f32(x); }
inline float widen(BFloat16 x) { return numeric::to_f32(x); }
template <class E, class T>
inline E narrow_sum(T x) {
  if constexpr (std::is_same_v<E, T>) {
    return x;
  } else {
    return numeric::narrow<E>(x);
  }
}

template <class T, class E>
inline FmaVector<T> load_lanes(const E* p) {
  if constexpr (std::is_same_v<E, T>) {
    return FmaVector<T>::load(p);
  } else {
    T wide[FmaVector<T>::kLanes];
    for (int i = 0; i < FmaVector<T>::kLanes; ++i) wide[i] = widen(p[i]);
    return FmaVector<T>::load(wide);
  }
}

// Lanes x lanes elements, lines `stride` apart, turned: vector i holds element i of each line.
template <class T, class E>
inline void load_square(const E* from, int64_t stride, FmaVector<T>* square) {
  constexpr int n = FmaVector<T>::kLanes;
  typename FmaVector<T>::Lanes r[n], s[n];
  for (int i = 0; i < n; ++i) r[i] = load_lanes<T>(from + i * stride).v;
  if constexpr (n == 8) {
    for (int i = 0; i < 8; i += 2) {
      s[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
      s[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < 8; i += 4) {
      for (int k = 0; k < 2; ++k) {
        r[i + 2 * k] = __builtin_shufflevector(s[i + k], s[i + k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        r[i + 2 * k + 1] =
            __builtin_shufflevector(s[i + k], s[i + k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
      }
    }
    for (int i = 0; i < 4; ++i) {
      square[i].v = __builtin_shufflevector(r[i], r[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
      square[i + 4].v = __builtin_shufflevector(r[i], r[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
  } else {
    for (int i = 0; i < 4; i += 2) {
      s[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 4, 2, 6);
      s[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 1, 5, 3, 7);
    }
    for (int i = 0; i < 2; ++i) {
      square[i].v = __builtin_shufflevector(s[i], s[i + 2], 0, 1, 4, 5);
      square[i + 2].v = __builtin_shufflevector(s[i], s[i + 2], 2, 3, 6, 7);
    }
  }
}

// R rows of a, terms side by side, `line` apart, times a panel of b, terms `b_stride` apart: each
// sum one ascending chain from +0; sets or adds them to sums[R][panel].
template <int R, class T>
void multiply_rows(int64_t depth, const T* a, int64_t line, const T* b, int64_t b_stride, T* sums,
                   bool first) {
  using V = FmaVector<T>;
  V s[R][2];
  for (auto& row : s) row[0] = row[1] = V::zero();
  for (int64_t k = 0; k < depth; ++k, b += b_stride) {
    V b0 = V::load(b), b1 = V::load(b + V::kLanes);
#pragma GCC unroll 6
    for (int i = 0; i < R; ++i) {
      V x = V::splat(a[i * line + k]);
      s[i][0] = fma(x, b0, s[i][0]);
      s[i][1] = fma(x, b1, s[i][1]);
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < R; ++i) {
    for (int half = 0; half < 2; ++half) {
      T* to = sums + i * kPanel<T> + half * V::kLanes;
      if (!first) s[i][half].v = V::load(to).v + s[i][half].v;
      s[i][half].store(to);
    }
  }
}

template <class T>
void multiply_rows(int64_t rows, int64_t depth, const T* a, int64_t line, const T* b,
                   int64_t b_stride, T* sums, bool first) {
  switch (rows) {
    case 1: return multiply_rows<1>(depth, a, line, b, b_stride, sums, first);
    case 2: return multiply_rows<2>(depth, a, line, b, b_stride, sums, first);
    case 3: return multiply_rows<3>(depth, a, line, b, b_stride, sums, first);
    case 4: return multiply_rows<4>(depth, a, line, b, b_stride, sums, first);
    case 5: return multiply_rows<5>(depth, a, line, b, b_stride, sums, first);
    default: return multiply_rows<kRows>(depth, a, line, b, b_stride, sums, first);
  }
}

// Where the rows of x (or the columns of y) and their terms lie, in elements. A stride is that of
// neighbours where all are the same distance apart, else 0.
struct Lies {
  const int64_t *lines, *terms;
  int64_t line_stride, term_stride;
};

template <class E, class T>
class DotUnit {
 public:
  static constexpr int64_t kGroupRows = 128;
  static constexpr int64_t kFewRows = 8;  // for which columns are not packed where they lie well

  // x: rows; y: columns; both with `depth` terms. The result's rows are out_stride apart.
  void run(const E* x, const Lies& rows_of_x, int64_t rows, const E* y, const Lies& columns_of_y,
           int64_t columns, int64_t depth, E* out, int64_t out_stride) {
    constexpr int64_t panel = kPanel<T>;
    if (rows == 1 && columns_of_y.line_stride == 1 && columns_of_y.term_stride != 0) {
      return one_row(x, rows_of_x, y, columns_of_y, columns, depth, out);
    }
    int64_t groups = (rows - 1) / kGroupRows + 1, strips = (columns - 1) / panel + 1;
    line_ = (depth + 15) / 16 * 16 + 16;
    x_.resize(static_cast<size_t>((std::min(rows, kGroupRows) + FmaVector<T>::kLanes) * line_));
    y_.resize(
        static_cast<size_t>(panel * (groups > 1 ? strips * std::max<int64_t>(depth, 1) : kBlock)));
    total_.resize(kGroupRows * panel);
    group_.resize(kGroupRows * panel);
    bool direct = std::is_same_v<E, T> && rows <= kFewRows && columns_of_y.line_stride == 1 &&
                  columns_of_y.term_stride != 0;
    for (int64_t part = 0; part < groups; ++part) {
      int64_t top = part * rows / groups, height = (part + 1) * rows / groups - top;
      pack_rows(x, rows_of_x, top, height, depth);
      for (int64_t strip = 0; strip < strips; ++strip) {
        int64_t column = strip * panel, width = std::min(panel, columns - column);
        if (depth == 0) std::fill(total_.begin(), total_.end(), T(0));
        for (int64_t g = 0; g < depth; g += kGroup) {
          int64_t stop = std::min(depth, g + kGroup);
          T* sums = g == 0 ? total_.data() : group_.data();
          for (int64_t k = g; k < stop; k += kBlock) {
            int64_t n = std::min(kBlock, stop - k);
            T* packed = y_.data() + (groups > 1 ? (strip * depth + k) * panel : 0);
            const T* b = packed;
            int64_t b_stride = panel;
            if (direct && width == panel) {
              b = reinterpret_cast<const T*>(y + columns_of_y.lines[column] +
                                             k * columns_of_y.term_stride);
              b_stride = columns_of_y.term_stride;
            } else if (part == 0) {
              pack_panel(y, columns_of_y, column, width, k, n, packed);
            }
            multiply(height, k, n, b, b_stride, sums, k == g);
          }
          if (g != 0) {
            for (int64_t i = 0; i < height * panel; ++i) total_[i] += group_[i];
          }
        }
        E* to = out + top * out_stride + column;
        for (int64_t i = 0; i < height; ++i, to += out_stride) {
          const T* from = total_.data() + i * panel;
          for (int64_t j = 0; j < width; ++j) to[j] = narrow_sum<E>(from[j]);
        }
      }
    }
  }

 private:
  // Rows in panels of nearly equal height, at most kRows.
  void multiply(int64_t rows, int64_t k, int64_t n, const T* b, int64_t b_stride, T* sums,
                bool first) {
    int64_t panels = (rows - 1) / kRows + 1, low = rows / panels, more = rows % panels, row = 0;
    for (int64_t p = 0; p < panels; ++p) {
      int64_t height = low + (p < more ? 1 : 0);
      multiply_rows<T>(height, n, x_.data() + row * line_ + k, line_, b, b_stride,
                       sums + row * kPanel<T>, first);
      row += height;
    }
  }

  // Rows as lines of their terms.
  void pack_rows(const E* x, const Lies& lies, int64_t top, int64_t rows, int64_t depth) {
    constexpr int n = FmaVector<T>::kLanes;
    T* to = x_.data();
    int64_t turned = 0;  // rows that lie side by side, squares at a time
    if (lies.line_stride == 1 && lies.term_stride > 1) {
      for (; turned + n <= rows; turned += n) {
        const E* from = x + lies.lines[top + turned];
        int64_t k = 0;
        for (; k + n <= depth; k += n) {
          FmaVector<T> square[n];
          load_square<T>(from + k * lies.term_stride, lies.term_stride, square);
          for (int i = 0; i < n; ++i) square[i].store(to + (turned + i) * line_ + k);
        }
        for (; k < depth; ++k) {
          for (int i = 0; i < n; ++i) {
            to[(turned + i) * line_ + k] = widen(from[k * lies.term_stride + i]);
          }
        }
      }
    }
    for (int64_t i = turned; i < rows; ++i) {
      const E* from = x + lies.lines[top + i];
      T* line = to + i * line_;
      int64_t k = 0;
      if (lies.term_stride == 1) {
        for (; k + n <= depth; k += n) load_lanes<T>(from + k).store(line + k);
      }
      for (; k < depth; ++k) line[k] = widen(from[lies.terms[k]]);
    }
  }

  // Columns as [term][panel]; zeros where there is none, whose sums nobody reads.
  static void pack_panel(const E* y, const Lies& lies, int64_t column, int64_t width, int64_t k0,
                         int64_t depth, T* to) {
    constexpr int n = FmaVector<T>::kLanes;
    constexpr int64_t panel = kPanel<T>;
    bool whole = width == panel;
    if (whole && lies.line_stride == 1) {
      const E* from = y + lies.lines[column];
      for (int64_t k = 0; k < depth; ++k, to += panel) {
        const E* row = from + lies.terms[k0 + k];
        load_lanes<T>(row).store(to);
        load_lanes<T>(row + n).store(to + n);
      }
      return;
    }
    int64_t k = 0;
    if (whole && lies.term_stride == 1 && lies.line_stride != 0) {
      for (; k + n <= depth; k += n) {
        for (int64_t j = 0; j < panel; j += n) {
          FmaVector<T> square[n];
          load_square<T>(y + lies.lines[column + j] + k0 + k, lies.line_stride, square);
          for (int i = 0; i < n; ++i) square[i].store(to + (k + i) * panel + j);
        }
      }
    }
    for (; k < depth; ++k) {
      const E* from = y + lies.terms[k0 + k];
      for (int64_t j = 0; j < panel; ++j) {
        to[k * panel + j] = j < width ? widen(from[lies.lines[column + j]]) : T(0);
      }
    }
  }

  // Nothing is used twice: the matrix is read once, in rows of its memory, eight at a time.
  void one_row(const E* x, const Lies& row_of_x, const E* y, const Lies& lies, int64_t columns,
               int64_t depth, E* out) {
    constexpr int64_t kTerms = 8;
    auto count = static_cast<size_t>(columns);
    x_.resize(static_cast<size_t>(depth));
    for (auto* sums : {&total_, &group_, &y_}) sums->assign(count, T(0));
    for (int64_t k = 0; k < depth; ++k) {
      x_[static_cast<size_t>(k)] = widen(x[row_of_x.lines[0] + row_of_x.terms[k]]);
    }
    const E* matrix = y + lies.lines[0];
    for (int64_t g = 0; g < depth; g += kGroup) {
      int64_t stop = std::min(depth, g + kGroup);
      T* sums = g == 0 ? total_.data() : group_.data();
      for (int64_t k0 = g; k0 < stop; k0 += kBlock) {
        int64_t end = std::min(stop, k0 + kBlock), k = k0;
        T* block = k0 == g ? sums : y_.data();
        std::fill_n(block, count, T(0));
        for (; k + kTerms <= end; k += kTerms) {
          add_terms<kTerms>(matrix, lies.term_stride, k, columns, block);
        }
        for (; k < end; ++k) add_terms<1>(matrix, lies.term_stride, k, columns, block);
        if (k0 != g) {
          for (size_t j = 0; j < count; ++j) sums[j] += block[j];
        }
      }
      if (g != 0) {
        for (size_t j = 0; j < count; ++j) total_[j] += group_[j];
      }
    }
    for (size_t j = 0; j < count; ++j) out[j] = narrow_sum<E>(total_[j]);
  }

  template <int N>
  void add_terms(const E* matrix, int64_t stride, int64_t k, int64_t columns, T* sums) const {
    using V = FmaVector<T>;
    const E* row = matrix + k * stride;
    V x[N];
    for (int i = 0; i < N; ++i) x[i] = V::splat(x_[static_cast<size_t>(k + i)]);
    int64_t j = 0;
    for (; j + V::kLanes <= columns; j += V::kLanes) {
      V s = V::load(sums + j);
#pragma GCC unroll 8
      for (int i = 0; i < N; ++i) {
        __builtin_prefetch(row + (N + i) * stride + j, 0, 2);
        s = fma(x[i], load_lanes<T>(row + i * stride + j), s);
      }
      s.store(sums + j);
    }
    for (; j < columns; ++j) {
      T s = sums[j];
      for (int i = 0; i < N; ++i) {
        s = fma_one(x_[static_cast<size_t>(k + i)], widen(row[i * stride + j]), s);
      }
      sums[j] = s;
    }
  }

  static T fma_one(T a, T b, T c) {
    if constexpr (std::is_same_v<T, float>) return __builtin_fmaf(a, b, c);
    else return __builtin_fma(a, b, c);
  }

  int64_t line_ = 0;
  std::vector<T> x_, y_, total_, group_;
};

}  // namespace proa::kernels::PROA_ISA
