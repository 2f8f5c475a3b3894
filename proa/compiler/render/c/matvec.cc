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
// column and its terms come in order. Whole lines of memory are used at once.
constexpr std::string_view kDeep = R"(
static inline __attribute__((always_inline)) vec add_terms(const $sum *x, const $storage *y, const pn_i64 *offsets, vec s) {
  vec square[$lanes];
  load_square(y, offsets, square);
#pragma GCC unroll 8
  for (int l = 0; l < $lanes; ++l) s = MULTIPLY_ADD(square[l], SPLAT(x[l]), s);
  return s;
}
static __attribute__((noinline)) void multiply_chunk(const $sum *x, const $storage *y, pn_i64 stride, pn_i64 depth, pn_i64 width, $sum *sums) {
  pn_i64 at[$panel];
  for (int j = 0; j < $panel; ++j) at[j] = (j < width ? j : width - 1) * stride;
  vec s = {0}, t = {0};
  pn_i64 k = 0;
  for (; k + 2 * $lanes <= depth; k += 2 * $lanes) {
    for (int j = 0; j < $panel; ++j) __builtin_prefetch(y + at[j] + k + $ahead, 0, 2);
    s = add_terms(x + k, y + k, at, s);
    s = add_terms(x + k + $lanes, y + k + $lanes, at, s);
    t = add_terms(x + k, y + k, at + $lanes, t);
    t = add_terms(x + k + $lanes, y + k + $lanes, at + $lanes, t);
  }
  for (int l = 0; l < $lanes; ++l) {
    for (pn_i64 i = k; i < depth; ++i) {
      s[l] = MULTIPLY_ADD_ONE(x[i], widen(y[at[l] + i]), s[l]);
      t[l] = MULTIPLY_ADD_ONE(x[i], widen(y[at[$lanes + l] + i]), t[l]);
    }
  }
  $sum both[$panel];
  store_lanes(both, s);
  store_lanes(both + $lanes, t);
  for (pn_i64 j = 0; j < width; ++j) sums[j] = both[j];
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
                                                 {"ahead", str(512 / size_of(a.dtype))},
                                                 {"rows", rows},
                                                 {"steps", steps},
                                                 {"ones", ones}});
}

}  // namespace proa::compiler::render
