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

// Columns lie in rows of memory: squares of them are turned in registers, so that each lane is a
// column and its terms come in order. Two vectors of columns go on at once, or one vector and two
// blocks of terms where rows lie so that the first cache would hold few of them; and the lines of
// the columns that follow are asked for.
constexpr std::string_view kDeep = R"(
static inline __attribute__((always_inline)) vec add_terms(const $sum *x, const $storage *y, const pn_i64 *offsets, vec s) {
  vec square[$lanes];
  load_square(y, offsets, square);
#pragma GCC unroll 8
  for (int l = 0; l < $lanes; ++l) s = MULTIPLY_ADD(square[l], SPLAT(x[l]), s);
  return s;
}
static inline __attribute__((always_inline)) void multiply_two(const $sum *x, const $sum *x_of_t, const $storage *y, const pn_i64 *at, pn_i64 ahead, pn_i64 depth, vec *both) {
  vec s = {0}, t = {0};
  pn_i64 k = 0;
  for (; k + 2 * $lanes <= depth; k += 2 * $lanes) {
    for (int j = 0; j < $panel; ++j) __builtin_prefetch(y + at[j] + k + ahead, 0, 2);
    s = add_terms(x + k, y + k, at, s);
    s = add_terms(x + k + $lanes, y + k + $lanes, at, s);
    t = add_terms(x_of_t + k, y + k, at + $lanes, t);
    t = add_terms(x_of_t + k + $lanes, y + k + $lanes, at + $lanes, t);
  }
  for (; k < depth; ++k) {
    for (int l = 0; l < $lanes; ++l) {
      s[l] = MULTIPLY_ADD_ONE(x[k], widen(y[at[l] + k]), s[l]);
      t[l] = MULTIPLY_ADD_ONE(x_of_t[k], widen(y[at[$lanes + l] + k]), t[l]);
    }
  }
  both[0] = s;
  both[1] = t;
}
static __attribute__((noinline)) void multiply_strip(const $sum *x, const $storage *y, pn_i64 stride, pn_i64 depth, pn_i64 width, $sum *to) {
  pn_i64 columns[$panel], blocks[$panel];
  for (int j = 0; j < $panel; ++j) columns[j] = (j < width ? j : width - 1) * stride;
  for (int j = 0; j < $panel; ++j) blocks[j] = j < $lanes ? j * stride : (j - $lanes) * stride + 256;
  const int by_blocks = width == $panel && stride * (pn_i64)sizeof *y % 4096 == 0;
  vec total[2] = {{0}, {0}}, both[2];
  for (pn_i64 g = 0; g < depth; g += 4096) {
    vec sums[2] = {{0}, {0}};
    const pn_i64 stop = depth - g < 4096 ? depth : g + 4096;
    pn_i64 k = g;
    for (; by_blocks && k + 512 <= stop; k += 512) {
      for (int half = 0; half < 2; ++half) {
        multiply_two(x + k, x + k + 256, y + half * $lanes * stride + k, blocks, $lanes * stride, 256, both);
        sums[half] = k == g ? both[0] : JOIN(sums[half], both[0]);
        sums[half] = JOIN(sums[half], both[1]);
      }
    }
    for (; k < stop; k += 256) {
      multiply_two(x + k, x + k, y + k, columns, $panel * stride, stop - k < 256 ? stop - k : 256, both);
      for (int half = 0; half < 2; ++half) sums[half] = k == g ? both[half] : JOIN(sums[half], both[half]);
    }
    for (int half = 0; half < 2; ++half) total[half] = g == 0 ? sums[half] : JOIN(total[half], sums[half]);
  }
  store_lanes(to, total[0]);
  store_lanes(to + $lanes, total[1]);
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
