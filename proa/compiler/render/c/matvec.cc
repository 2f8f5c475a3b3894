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
// lane come in order. A lane is a block of 256 terms, whose chains are independent: a round takes
// as many blocks of a column as there are lanes, and memory is read from one end to the other. The
// last terms go by a panel of columns, as many streams; where columns lie 4 KB apart, whose lines
// all want the same place of the first cache, rounds of some blocks of some columns come first. The
// lines that a later round reads are asked for, in the order of memory: 64 KB ahead (floats), as
// 16 KB were too few for memory (0.92 of the speed of 4096x4096).
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
/* How many blocks of a column a round takes from term k on: 1 is for multiply_columns. */
static inline __attribute__((always_inline)) pn_i64 blocks_of_round(pn_i64 k, pn_i64 stride, pn_i64 depth) {
  if (k >= depth / 4096 * 4096 && stride * (pn_i64)sizeof($storage) % 4096 != 0) return 1;
  pn_i64 blocks = $panel;
  while (blocks > 1 && k + 256 * blocks > depth) blocks /= 2;
  return blocks;
}
/* Lane l is block l % blocks of column l / blocks, of `width` columns at most. */
static inline __attribute__((always_inline)) void multiply_round(const $sum *x, const $storage *y, pn_i64 stride, pn_i64 blocks, pn_i64 width, const $storage *ahead, $sum *sums) {
  vec s = {0}, t = {0};
  pn_i64 at[$panel], block = 0, column = 0, left = 256 * blocks;
  for (int l = 0; l < $panel; ++l) {
    at[l] = column * stride + 256 * block;
    if (++block == blocks) {
      block = 0;
      column += column + 1 < width;
    }
  }
  for (int k = 0; k < 256; k += 2 * $lanes, x += 2 * $lanes * $panel) {
    for (int l = 0; l < $panel; ++l) __builtin_prefetch(ahead + 2 * $lanes * l, 0, 2);
    ahead += 2 * $lanes * $panel;
    left -= 2 * $lanes * $panel;
    if (left == 0) {
      left = 256 * blocks;
      ahead += stride - left;
    }
    s = add_terms(x, $panel, y + k, at, s);
    s = add_terms(x + $lanes * $panel, $panel, y + k + $lanes, at, s);
    t = add_terms(x + $lanes, $panel, y + k, at + $lanes, t);
    t = add_terms(x + $lanes * $panel + $lanes, $panel, y + k + $lanes, at + $lanes, t);
  }
  store_lanes(sums, s);
  store_lanes(sums + $lanes, t);
}
static __attribute__((noinline)) void multiply_blocks(const $sum *x, const $storage *y, const $storage *ahead, $sum *sums) {
  multiply_round(x, y, 0, $panel, 1, ahead, sums);
}
static __attribute__((noinline)) void multiply_some_blocks(const $sum *x, const $storage *y, pn_i64 stride, pn_i64 blocks, pn_i64 width, const $storage *ahead, $sum *sums) {
  multiply_round(x, y, stride, blocks, width, ahead, sums);
}
static __attribute__((noinline)) void multiply_columns(const $sum *x, const $storage *y, pn_i64 stride, pn_i64 depth, pn_i64 width, $sum *sums) {
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
  store_lanes(sums, s);
  store_lanes(sums + $lanes, t);
}
/* What multiplies the lanes of each round: [round][term][lane]. */
static __attribute__((noinline)) void spread(const $sum *x, pn_i64 stride, pn_i64 depth, $sum *to) {
  for (pn_i64 k = 0, blocks; (blocks = blocks_of_round(k, stride, depth)) > 1; k += 256 * blocks) {
    for (int i = 0; i < 256; ++i, to += $panel) {
      for (int l = 0; l < $panel; ++l) to[l] = x[k + 256 * (l & (blocks - 1)) + i];
    }
  }
}
static __attribute__((noinline)) void multiply_strip(const $sum *x, const $sum *spread, const $storage *y, pn_i64 stride, pn_i64 depth, pn_i64 width, $sum *to) {
  const pn_i64 whole = depth / 4096 * 4096, groups = whole / 4096;
  $sum parts[$panel], rest[$panel];
  for (pn_i64 j = 0; j < width && whole > 0; ++j) {
    for (pn_i64 g = 0; g < whole; g += 4096) {
      const pn_i64 later = g / 4096 + 4;
      const $storage *const ahead = y + (j + later / groups) * stride + later % groups * 4096;
      $sum sum = 0;
      for (pn_i64 k = 0; k < 4096; k += 256 * $panel) {
        multiply_blocks(spread + g + k, y + j * stride + g + k, ahead + k, parts);
        for (int l = 0; l < $panel; ++l) sum = k + l == 0 ? parts[l] : JOIN(sum, parts[l]);
      }
      to[j] = g == 0 ? sum : JOIN(to[j], sum);
    }
  }
  if (whole == depth && depth > 0) return;
  for (int j = 0; j < $panel; ++j) rest[j] = 0;
  pn_i64 k = whole;
  spread += whole;
  for (pn_i64 blocks; (blocks = blocks_of_round(k, stride, depth)) > 1; k += 256 * blocks, spread += 256 * $panel) {
    const pn_i64 columns = $panel / blocks;
    for (pn_i64 j = 0; j < width; j += columns) {
      multiply_some_blocks(spread, y + j * stride + k, stride, blocks, width - j, y + (j + 4 * columns) * stride + k, parts);
      for (int l = 0; l < $panel; ++l) {
        $sum *const sum = rest + j + l / blocks;
        *sum = k == whole && l % blocks == 0 ? parts[l] : JOIN(*sum, parts[l]);
      }
    }
  }
  for (; k < depth; k += 256) {
    multiply_columns(x + k, y + k, stride, depth - k < 256 ? depth - k : 256, width, parts);
    for (int j = 0; j < $panel; ++j) rest[j] = k == whole ? parts[j] : JOIN(rest[j], parts[j]);
  }
  for (pn_i64 j = 0; j < width; ++j) to[j] = whole == 0 ? rest[j] : JOIN(to[j], rest[j]);
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
