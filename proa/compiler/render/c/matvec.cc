#include "proa/compiler/render/c/matvec.h"

#include "proa/base/error.h"

namespace proa::compiler::render {

namespace {

constexpr int kTerms = 8;  // rows of the matrix that go through the sums together

// Rows of the matrix in eights: sums are read and written once for eight terms, and memory is read
// as eight streams.
constexpr std::string_view kWide = R"(
static __attribute__((noinline)) void multiply_chunk(const $sum *x, const $storage *y, pn_i64 stride, pn_i64 depth, pn_i64 width, $sum *sums) {
  for (pn_i64 j = 0; j < width; ++j) sums[j] = 0;
  pn_i64 k = 0;
  for (; k + $terms <= depth; k += $terms) {
$rows    pn_i64 j = 0;
    for (; j + 2 * $lanes <= width; j += 2 * $lanes) {
      vec s = *(const vec_u *)(sums + j), t = *(const vec_u *)(sums + j + $lanes);
$steps      store_lanes(sums + j, s);
      store_lanes(sums + j + $lanes, t);
    }
    for (; j < width; ++j) {
      $sum s = sums[j];
$ones      sums[j] = s;
    }
  }
  for (; k < depth; ++k) {
    const $storage *row = y + k * stride;
    const vec splat = SPLAT(x[k]);
    pn_i64 j = 0;
    for (; j + $lanes <= width; j += $lanes) {
      vec s = *(const vec_u *)(sums + j);
      store_lanes(sums + j, MULTIPLY_ADD(splat, load_lanes(row + j), s));
    }
    for (; j < width; ++j) sums[j] = MULTIPLY_ADD_ONE(x[k], widen(row[j]), sums[j]);
  }
}
)";

// Columns lie in rows of memory: squares of them are turned in registers, so that the terms of each
// lane come in order. Where a column has 4096 terms, lanes are its blocks of 256, whose chains are
// independent, and memory is read from one end to the other; the rest goes by a panel of columns.
// The lines that the next round reads are asked for, in the order of memory.
constexpr std::string_view kDeep = R"(
static inline __attribute__((always_inline)) vec add_terms(const $sum *x, pn_i64 x_stride, const $storage *y, const pn_i64 *offsets, vec s) {
  vec square[$lanes];
  load_square(y, offsets, square);
#pragma GCC unroll 8
  for (int l = 0; l < $lanes; ++l) {
    s = MULTIPLY_ADD(square[l], x_stride == 1 ? SPLAT(x[l]) : *(const vec_u *)(x + l * x_stride), s);
  }
  return s;
}
static __attribute__((noinline)) void multiply_blocks(const $sum *x, const $storage *y, pn_i64 ahead, $sum *sums) {
  vec s = {0}, t = {0};
  pn_i64 at[$panel];
  for (int j = 0; j < $panel; ++j) at[j] = 256 * j;
  for (int k = 0; k < 256; k += 2 * $lanes, x += 2 * $lanes * $panel) {
    for (int j = 0; j < $panel; ++j) __builtin_prefetch(y + ahead + k * $panel + 2 * $lanes * j, 0, 2);
    s = add_terms(x, $panel, y + k, at, s);
    s = add_terms(x + $lanes * $panel, $panel, y + k + $lanes, at, s);
    t = add_terms(x + $lanes, $panel, y + k, at + $lanes, t);
    t = add_terms(x + $lanes * $panel + $lanes, $panel, y + k + $lanes, at + $lanes, t);
  }
  store_lanes(sums, s);
  store_lanes(sums + $lanes, t);
}
static __attribute__((noinline)) void multiply_columns(const $sum *x, const $storage *y, pn_i64 stride, pn_i64 depth, pn_i64 width, vec *both) {
  pn_i64 at[$panel];
  for (int j = 0; j < $panel; ++j) at[j] = (j < width ? j : width - 1) * stride;
  vec s = {0}, t = {0};
  pn_i64 k = 0;
  for (; k + 2 * $lanes <= depth; k += 2 * $lanes) {
    for (int j = 0; j < $panel; ++j) __builtin_prefetch(y + at[j] + k + $panel * stride, 0, 2);
    s = add_terms(x + k, 1, y + k, at, s);
    s = add_terms(x + k + $lanes, 1, y + k + $lanes, at, s);
    t = add_terms(x + k, 1, y + k, at + $lanes, t);
    t = add_terms(x + k + $lanes, 1, y + k + $lanes, at + $lanes, t);
  }
  for (; k < depth; ++k) {
    for (int l = 0; l < $lanes; ++l) {
      s[l] = MULTIPLY_ADD_ONE(x[k], widen(y[at[l] + k]), s[l]);
      t[l] = MULTIPLY_ADD_ONE(x[k], widen(y[at[$lanes + l] + k]), t[l]);
    }
  }
  both[0] = s;
  both[1] = t;
}
/* x, and its whole groups of 4096 once more as [block of a round][term][lane]. */
static __attribute__((noinline)) void spread(const $sum *x, pn_i64 depth, $sum *to) {
  for (pn_i64 k = 0; k + 4096 <= depth; k += 4096) {
    for (pn_i64 round = k; round < k + 4096; round += 256 * $panel) {
      for (int i = 0; i < 256; ++i, to += $panel) {
        for (int l = 0; l < $panel; ++l) to[l] = x[round + 256 * l + i];
      }
    }
  }
}
static __attribute__((noinline)) void multiply_strip(const $sum *x, const $sum *spread, const $storage *y, pn_i64 stride, pn_i64 depth, pn_i64 width, $sum *to) {
  const pn_i64 whole = depth / 4096 * 4096;
  for (pn_i64 j = 0; j < width && whole > 0; ++j) {
    for (pn_i64 g = 0; g < whole; g += 4096) {
      $sum sum = 0, blocks[$panel];
      for (pn_i64 k = 0; k < 4096; k += 256 * $panel) {
        const pn_i64 at = g + k, next = at + 256 * $panel < whole ? 256 * $panel : stride - at;
        multiply_blocks(spread + at, y + j * stride + at, next, blocks);
        for (int l = 0; l < $panel; ++l) sum = k + l == 0 ? blocks[l] : JOIN(sum, blocks[l]);
      }
      to[j] = g == 0 ? sum : JOIN(to[j], sum);
    }
  }
  if (whole == depth && depth > 0) return;
  vec sums[2] = {{0}, {0}}, both[2];
  for (pn_i64 k = whole; k < depth; k += 256) {
    multiply_columns(x + k, y + k, stride, depth - k < 256 ? depth - k : 256, width, both);
    for (int half = 0; half < 2; ++half) sums[half] = k == whole ? both[half] : JOIN(sums[half], both[half]);
  }
  $sum last[$panel];
  store_lanes(last, sums[0]);
  store_lanes(last + $lanes, sums[1]);
  for (pn_i64 j = 0; j < width; ++j) to[j] = whole == 0 ? last[j] : JOIN(to[j], last[j]);
}
)";

}  // namespace

std::string matvec_texts(const Arithmetic& a, Lie lie) {
  std::string rows, steps, ones;
  for (int i = 0; i < kTerms; ++i) {
    rows += str("    const ", a.storage, " *y", i, " = y + (k + ", i,
                ") * stride;\n    const vec x", i, " = SPLAT(x[k + ", i, "]);\n");
    steps += str("      __builtin_prefetch(y", i, " + ", kTerms, " * stride + j, 0, 2);\n");
    steps += str("      s = MULTIPLY_ADD(x", i, ", load_lanes(y", i, " + j), s);\n");
    steps +=
        str("      t = MULTIPLY_ADD(x", i, ", load_lanes(y", i, " + j + ", a.lanes, "), t);\n");
    ones += str("      s = MULTIPLY_ADD_ONE(x[k + ", i, "], widen(y", i, "[j]), s);\n");
  }
  return fill(lie == Lie::wide ? kWide : kDeep, {{"sum", a.sum},
                                                 {"storage", a.storage},
                                                 {"terms", str(kTerms)},
                                                 {"lanes", str(a.lanes)},
                                                 {"panel", str(a.panel)},
                                                 {"rows", rows},
                                                 {"steps", steps},
                                                 {"ones", ones}});
}

}  // namespace proa::compiler::render
