// The texts of contractions: C with holes ($name), which contract.cc fills.
// Why apart: what is compiled later is read as C, and the filling as C++.
#pragma once

#include <string_view>

namespace proa::compiler::render {

// Packed rows of x are lines of their terms, whether these lie side by side in memory, or the rows
// do, or neither.
inline constexpr std::string_view kPackRows = R"(
static __attribute__((noinline)) void pack_rows(const pn_i64 *words, const $storage *x, pn_i64 row0, pn_i64 rows, pn_i64 line, $sum *to) {
  WORDS
  const pn_i64 count = $depth * $parts;
  for (pn_i64 i = 0; i < rows; ++i, to += line) {
    const $storage *from = x + x_row(words, row0 + i);
    pn_i64 k = 0;
    for (; k + $lanes <= count; k += $lanes) store_lanes(to + k, load_lanes(from + k));
    for (; k < count; ++k) to[k] = widen(from[k]);
  }
}
)";

inline constexpr std::string_view kTurnRows = R"(
static __attribute__((noinline)) void pack_rows(const pn_i64 *words, const $storage *x, pn_i64 row0, pn_i64 rows, pn_i64 line, $sum *to) {
  WORDS
  const pn_i64 count = $depth, stride = $x_stride;
  const $storage *from = x + x_row(words, row0);
  const pn_i64 turned = rows / $lanes * $lanes;
  pn_i64 at[$lanes], k = 0;
  for (int l = 0; l < $lanes; ++l) at[l] = l * stride;
  for (; k + $lanes <= count; k += $lanes, from += $lanes * stride) {
    for (pn_i64 i = 0; i < turned; i += $lanes) {
      vec square[$lanes];
      for (int l = 0; l < $lanes; ++l) __builtin_prefetch(from + i + at[l] + 2 * $lanes * stride, 0, 3);
      load_square(from + i, at, square);
      for (int l = 0; l < $lanes; ++l) store_lanes(to + (i + l) * line + k, square[l]);
    }
    for (pn_i64 i = turned; i < rows; ++i) {
      for (int l = 0; l < $lanes; ++l) to[i * line + k + l] = widen(from[i + at[l]]);
    }
  }
  for (; k < count; ++k, from += stride) {
    for (pn_i64 i = 0; i < rows; ++i) to[i * line + k] = widen(from[i]);
  }
}
)";
inline constexpr std::string_view kGatherRows = R"(
static __attribute__((noinline)) void pack_rows(const pn_i64 *words, const $storage *x, pn_i64 row0, pn_i64 rows, pn_i64 line, $sum *to) {
  WORDS
  for (pn_i64 i = 0; i < rows; ++i, to += line) {
    const $storage *row = x + x_row(words, row0 + i);
    for (pn_i64 k = 0; k < $depth; ++k) {
      const $storage *from = row + x_depth(words, k);
      for (int part = 0; part < $parts; ++part) to[k * $parts + part] = widen(from[part]);
    }
  }
}
)";

// Rows of x, and a panel of y, that are computed from what lies in memory.
inline constexpr std::string_view kComputeRows = R"(
static __attribute__((noinline)) void pack_rows($parameters, const pn_i64 *words, pn_i64 batch, pn_i64 first_row, pn_i64 rows, pn_i64 line, $sum *restrict to) {
  WORDS
$constants$batches  for (pn_i64 r = 0; r < rows; ++r, to += line) {
    pn_i64 row = first_row + r;
$free_indices#pragma clang loop vectorize(enable)
    for (pn_i64 t = 0; t < $k; ++t) {
      pn_i64 term = t;
$depth_indices$element      to[t] = $value;
    }
  }
}
)";
inline constexpr std::string_view kComputeWide = R"(
static __attribute__((noinline)) void compute_panel($parameters, const pn_i64 *words, pn_i64 batch, pn_i64 first_column, pn_i64 width, pn_i64 first_term, pn_i64 depth, $sum *restrict to) {
  WORDS
$constants$batches  for (pn_i64 t = 0; t < depth; ++t, to += $panel) {
    pn_i64 term = first_term + t;
$depth_indices    if (width == $columns) {
#pragma clang loop vectorize(enable)
      for (pn_i64 c = 0; c < $columns; ++c) {
        pn_i64 column = first_column + c;
$free_indices$element        to[c] = $value;
      }
    } else {
      for (pn_i64 c = 0; c < width; ++c) {
        pn_i64 column = first_column + c;
$free_indices$element        to[c] = $value;
      }
      for (pn_i64 c = width; c < $columns; ++c) to[c] = 0;
    }
  }
}
)";
inline constexpr std::string_view kComputeDeep = R"(
static __attribute__((noinline)) void compute_panel($parameters, const pn_i64 *words, pn_i64 batch, pn_i64 first_column, pn_i64 width, pn_i64 first_term, pn_i64 depth, $sum *restrict to) {
  WORDS
  $sum turned[256 * $columns];
  pn_i64 at[$columns];
$constants$batches  for (pn_i64 c = 0; c < $columns; ++c) {
    pn_i64 column = first_column + (c < width ? c : width - 1);
$free_indices#pragma clang loop vectorize(enable)
    for (pn_i64 t = 0; t < depth; ++t) {
      pn_i64 term = first_term + t;
$depth_indices$element      turned[256 * c + t] = $value;
    }
    at[c] = 256 * c;
  }
  pack_deep(turned, at, depth, to);
}
)";
inline constexpr std::string_view kComputedPanel = R"(
              compute_panel($y_buffers, words, batch, column, width, k, depth, panel);
)";

// One panel of y for the terms k .. k + depth becomes b. Where its columns lie side by side, they
// are used as they lie for few rows, or where they are near each other; and while it is multiplied,
// the next one is asked for.
inline constexpr std::string_view kWidePanel = R"(
              const $storage *const here = y + y_column(words, column) + y_depth(words, k);
              const pn_i64 stride = $stride;
              ahead_stride = stride * (pn_i64)sizeof *y;
              if ($direct && width == $columns) {
                b = (const $sum *)here;
                b_stride = stride;
                ahead = (const char *)(here + 16 * stride);
              } else {
                pack_wide(here, stride, depth, width, panel);
                ahead = (const char *)(k + 256 < K ? here + 256 * stride : y + y_column(words, column + $columns));
              }
)";
// All columns of a unit at once, row by row of memory, where they are kept for several groups.
inline constexpr std::string_view kWideUnit = R"(
    if (groups > 1) {
      const pn_i64 stride = $stride, full = N / $columns < last ? N / $columns - first : last - first;
      for (pn_i64 k = 0; k < K; ++k) {
        const $storage *const from = y + y_column(words, first * $columns) + y_depth(words, k);
        for (pn_i64 s = 0; s < full; ++s) {
          store_lanes(kept + (s * K + k) * $panel, load_lanes(from + s * $columns));
          store_lanes(kept + (s * K + k) * $panel + $lanes, load_lanes(from + s * $columns + $lanes));
        }
      }
      if (full < last - first) {
        const pn_i64 column = (first + full) * $columns;
        pack_wide(y + y_column(words, column), stride, K, N - column, kept + full * K * $panel);
      }
    }
)";
inline constexpr std::string_view kColumnsOfPanel = R"(
              pn_i64 at[$columns];
              for (int j = 0; j < $columns; ++j) at[j] = y_column(words, j < width ? column + j : N - 1);
)";
inline constexpr std::string_view kDeepPanel = R"(
              pack_deep(y + y_depth(words, k), at, depth, panel);
)";
// What follows the sums of a panel's rows reads a line of memory for each: asked for while the last
// terms are multiplied, for the processor does not foresee where the next row is.
inline constexpr std::string_view kFetchResults = R"(
              if (k + depth == K) fetch_results($buffers, words, batch, row0 + top + row, height, column);
)";
// Between the rows of a panel that was just packed: its share of the lines that are packed next.
// They lie as many streams, which the processor does not foresee.
inline constexpr std::string_view kFetchDeep = R"(
              if ($pack_here) {
                const pn_i64 stride = $stride;
                const $storage *const next = y + (k + 256 < K ? column * stride + k + 256 : (column + $columns) * stride);
                for (pn_i64 j = p * $columns / panels; j < (p + 1) * $columns / panels; ++j) {
                  for (pn_i64 i = 0; i < depth; i += 64 / (pn_i64)sizeof *y) __builtin_prefetch(next + j * stride + i, 0, 2);
                }
              }
)";
inline constexpr std::string_view kScatteredPanel = R"(
              for (pn_i64 i = 0; i < depth; ++i) {
                const $storage *const from = y + y_depth(words, k + i);
                for (int j = 0; j < $columns; ++j) {
                  for (int c = 0; c < $parts; ++c) panel[i * $panel + c * $lanes + j] = widen(from[at[j] + c]);
                }
              }
)";

// Few rows, and y with the terms of its columns side by side: the rows of x fill one vector, and y
// is read as it lies.
inline constexpr std::string_view kAcross = R"(
static __attribute__((noinline)) void multiply_across(void *const *buffers, const pn_i64 *words, pn_i64 batch, const $storage *x, const $storage *y, pn_i64 strip, pn_i64 last, $sum *scratch, $sum *total, $sum *packed) {
  WORDS
  const pn_i64 M = $m, N = $n, K = $k;
  $sum *const across = scratch, *const group = across + $columns * $lanes;
  pn_i64 at[$columns];
  for (int i = 0; i < $lanes; ++i) at[i] = x_row(words, i < M ? i : M - 1);
  pack_lanes(x, at, K, packed, $lanes);
  for (; strip < last; ++strip) {
    const pn_i64 column = strip * $columns;
    const pn_i64 width = N - column < $columns ? N - column : $columns;
    for (int j = 0; j < $columns; ++j) at[j] = y_column(words, j < width ? column + j : N - 1);
    if (K == 0) for (pn_i64 i = 0; i < $columns * $lanes; ++i) across[i] = 0;
    for (pn_i64 g = 0; g < K; g += 4096) {
      $sum *const sums = g == 0 ? across : group;
      const pn_i64 stop = K - g < 4096 ? K : g + 4096;
      for (pn_i64 k = g; k < stop; k += 256) {
        const pn_i64 depth = stop - k < 256 ? stop - k : 256;
        for (int j = 0; j < $columns; j += $across_rows) {
          micro_across(depth, y + k, at + j, packed + k * $lanes, sums + j * $lanes, k == g);
        }
      }
      if (g != 0) for (int i = 0; i < $columns * $lanes; ++i) across[i] = JOIN(across[i], group[i]);
    }
    for (int j = 0; j < $columns; ++j) {
      for (pn_i64 i = 0; i < M; ++i) total[i * $panel + j] = across[j * $lanes + i];
    }
    finish($buffers, words, total, batch, 0, M, column, width);
  }
}
)";
inline constexpr std::string_view kTakeAcross = R"(
    if (M <= $lanes) {
      multiply_across(buffers, words, batch, x, y, first, last, one_panel, total, packed);
      continue;
    }
)";

// The same with vectors of 64 bytes, which columns fill. Not where the lines of a panel's columns
// fall on the same places of the first cache: there they would be read four times.
inline constexpr std::string_view kTurned = R"(
#if defined(__AVX512F__) && !defined($narrow)$micro_turned
static __attribute__((noinline)) void multiply_turned(void *const *buffers, const pn_i64 *words, pn_i64 batch, const $storage *x, const $storage *y, pn_i64 strip, pn_i64 last, $sum *total, $sum *group) {
  WORDS
  const pn_i64 M = $m, N = $n, K = $k;
  pn_i64 rows[8], at[$columns];
  for (int i = 0; i < 8; ++i) rows[i] = x_row(words, i < M ? i : M - 1);
  for (; strip < last; ++strip) {
    const pn_i64 column = strip * $columns;
    const pn_i64 width = N - column < $columns ? N - column : $columns;
    for (int j = 0; j < $columns; ++j) at[j] = y_column(words, j < width ? column + j : N - 1);
    for (pn_i64 g = 0; g < K; g += 4096) {
      $sum *const sums = g == 0 ? total : group;
      const pn_i64 stop = K - g < 4096 ? K : g + 4096;
      for (pn_i64 k = g; k < stop; k += 256) {
        const pn_i64 depth = stop - k < 256 ? stop - k : 256;
        if (M <= 4) micro_turned_4(depth, x + k, rows, y + k, at, sums, k == g);
        else micro_turned_8(depth, x + k, rows, y + k, at, sums, k == g);
      }
      if (g != 0) for (pn_i64 i = 0; i < M * $panel; ++i) total[i] = JOIN(total[i], group[i]);
    }
    finish($buffers, words, total, batch, 0, M, column, width);
  }
}
#endif
)";
inline constexpr std::string_view kTakeTurned = R"(
#if defined(__AVX512F__) && !defined($narrow)
    if (M <= 8 && K >= $lanes / 2 && (y_column(words, 1) - y_column(words, 0)) * (pn_i64)sizeof *y % 2048 != 0) {
      multiply_turned(buffers, words, batch, x, y, first, last, total, group);
      continue;
    }
#endif
)";

// Columns that were packed beforehand: panel after panel, each with all its terms.
inline constexpr std::string_view kPanelHere = R"(
            $sum *const panel = groups > 1 ? kept + ((strip - first) * K + k) * $panel : one_panel;
            const $sum *b = panel;
            const char *ahead = (const char *)panel;
            pn_i64 b_stride = $panel, ahead_stride = 0;
            if ($pack_here) {
$panel_text            })";
inline constexpr std::string_view kPackedPanel = R"(
            const $sum *const panel = y + (strip * K + k) * $panel, *const b = panel;
            const char *ahead = (const char *)(panel + 256 * $panel);
            pn_i64 b_stride = $panel, ahead_stride = $panel * (pn_i64)sizeof *y;)";
inline constexpr std::string_view kPackColumns = R"(
void $name(void *const *buffers, const pn_i64 *words, pn_i64 begin, pn_i64 end, char *scratch) {
  WORDS
  const pn_i64 N = $n, K = $k, depth = K, k = 0, strips = (N + $columns - 1) / $columns;
  for (pn_i64 unit = begin; unit < end; ++unit) {
    const $storage *const y = (const $storage *)buffers[0] + y_batch(words, unit / strips);
    const pn_i64 column = unit % strips * $columns;
    const pn_i64 width = N - column < $columns ? N - column : $columns;
    $sum *const panel = ($sum *)buffers[1] + unit * K * $panel;
$panel_text  }
}
)";
inline constexpr std::string_view kPackWidePanel = R"(
    pack_wide(y + y_column(words, column) + y_depth(words, k), $stride, depth, width, panel);
)";

// One row of x and packed columns: four panels at once, so that enough sums wait for each other's
// memory.
inline constexpr std::string_view kOnePacked = R"(
static __attribute__((noinline)) void multiply_$panels(pn_i64 depth, const $sum *a, const $sum *b, pn_i64 stride, $sum *sums, pn_i64 first) {
  vec $zeros;
#pragma GCC unroll 1
  for (pn_i64 k = 0; k < depth; ++k, b += $panel) {
    const vec x = SPLAT(a[k]);
$step  }
  if (first) {
$set  } else {
$add  }
}
)";
inline constexpr std::string_view kOneRow = R"(
static __attribute__((noinline)) void multiply_one(void *const *buffers, const pn_i64 *words, pn_i64 batch, const $sum *x, const $sum *y, pn_i64 strip, pn_i64 last, $sum *total, $sum *group) {
  WORDS
  const pn_i64 N = $n, K = $k;
  while (strip < last) {
    const int panels = last - strip < 4 ? 1 : 4;
    if (K == 0) for (int i = 0; i < 4 * $panel; ++i) total[i] = 0;
    for (pn_i64 g = 0; g < K; g += 4096) {
      $sum *const sums = g == 0 ? total : group;
      const pn_i64 stop = K - g < 4096 ? K : g + 4096;
      for (pn_i64 k = g; k < stop; k += 256) {
        const pn_i64 depth = stop - k < 256 ? stop - k : 256;
        const $sum *const panel = y + (strip * K + k) * $panel;
        if (panels == 4) multiply_4(depth, x + k, panel, K * $panel, sums, k == g);
        else multiply_1(depth, x + k, panel, K * $panel, sums, k == g);
      }
      if (g != 0) for (int i = 0; i < panels * $panel; ++i) total[i] = JOIN(total[i], group[i]);
    }
    for (int p = 0; p < panels; ++p, ++strip) {
      const pn_i64 column = strip * $columns;
      finish($buffers, words, total + p * $panel, batch, 0, 1, column, N - column < $columns ? N - column : $columns);
    }
  }
}
)";
inline constexpr std::string_view kTakeOne = R"(
    if (M == 1) {
      const pn_i64 groups = 1, top = 0, height_of_group = 1;
$left      multiply_one(buffers, words, batch, left, y, first, last, total, group);
      continue;
    }
)";

// The rows of a group: packed, or read as they lie, which costs no copy and no more lines of memory
// than packed ones, as eight rows go through the first cache together.
inline constexpr std::string_view kPackedLeft = R"(
      if (groups > 1 || packed_block != block) pack_rows($x_taken, row0 + top, height_of_group, $line, packed);
      packed_block = block;
      const $sum *const left = packed;
      const pn_i64 left_stride = $line;
)";
inline constexpr std::string_view kLyingLeft = R"(
      const $sum *const left = x + x_row(words, row0 + top);
      const pn_i64 left_stride = $x_row_stride;
)";

// The sums of one unit, panel by panel: for each, all terms in blocks of 256. A short epilogue runs
// over few rows as soon as their sums are there: what it writes goes to memory while the next ones
// are multiplied. A long one, whose constants would be loaded each time, runs over all rows, while
// the sums are in the first cache; so does one that reads other lines of memory, which are asked
// for while rows behind them are multiplied; and one of more than 4096 terms.
inline constexpr std::string_view kDriver = R"(
void $name(void *const *buffers, const pn_i64 *words, pn_i64 begin, pn_i64 end, char *scratch) {
  WORDS
  const pn_i64 M = $m, N = $n, K = $k, row_blocks = $row_blocks, column_blocks = $column_blocks;
  const pn_i64 strips = (N + $columns - 1) / $columns;
  $sum *const one_panel = ($sum *)scratch, *const total = one_panel + 256 * $panel;
  $sum *const group = total + $rows * $panel, *const packed = group + $rows * $panel;
  $sum *const kept = packed + $packed;
  pn_i64 packed_block = -1, group_rows = $group_terms / (K + 1);
  group_rows = group_rows < 48 ? 48 : group_rows > $rows ? $rows : group_rows;
  for (pn_i64 unit = begin; unit < end; ++unit) {
    const pn_i64 block = unit / column_blocks, column_block = unit % column_blocks;
    const pn_i64 batch = block / row_blocks, row_block = block % row_blocks;
    const $storage *x = (const $storage *)buffers[$x] + x_batch(words, batch);
    const $columns_type *y = (const $columns_type *)buffers[$y] + y_batch(words, batch);
    const pn_i64 row0 = row_block * M / row_blocks, rows = (row_block + 1) * M / row_blocks - row0;
    const pn_i64 first = column_block * strips / column_blocks;
    const pn_i64 last = (column_block + 1) * strips / column_blocks;
$across    const pn_i64 groups = rows <= $rows ? 1 : (rows + group_rows - 1) / group_rows;
$pack_unit    for (pn_i64 part = 0; part < groups; ++part) {
      const pn_i64 top = part * rows / groups, height_of_group = (part + 1) * rows / groups - top;
      const pn_i64 panels = (height_of_group + MICRO_ROWS - 1) / MICRO_ROWS;
      const pn_i64 low = height_of_group / panels, more = height_of_group % panels;
$left      for (pn_i64 strip = first; strip < last; ++strip) {
        const pn_i64 column = strip * $columns;
        const pn_i64 width = N - column < $columns ? N - column : $columns;
        if (K == 0) for (pn_i64 i = 0; i < height_of_group * $panel; ++i) total[i] = 0;
        for (pn_i64 g = 0; g < K; g += 4096) {
          $sum *const sums = g == 0 ? total : group;
          const pn_i64 stop = K - g < 4096 ? K : g + 4096;
          for (pn_i64 k = g; k < stop; k += 256) {
            const pn_i64 depth = stop - k < 256 ? stop - k : 256;
$panel_here
            for (pn_i64 p = 0, row = 0; p < panels; ++p) {
              const pn_i64 height = low + (p < more);
$fetch_results              micro(height, depth, left + row * left_stride + k * $parts, left_stride, $parts, b, b_stride, sums + row * $panel, k == g, ahead, ahead_stride);
              if ($by_panel && g == 0 && k + depth == K) finish($buffers, words, total + row * $panel, batch, row0 + top + row, height, column, width);
              row += height;
              ahead = (const char *)panel;
              ahead_stride = 0;
$fetch            }
          }
          if (g != 0) for (pn_i64 i = 0; i < height_of_group * $panel; ++i) total[i] = JOIN(total[i], group[i]);
        }
        if (!$by_panel || K == 0 || K > 4096) finish($buffers, words, total, batch, row0 + top, height_of_group, column, width);
      }
    }
  }
}
)";
// One row: see matvec.h.
inline constexpr std::string_view kDeepChunk =
    "      multiply_strip(values, values + K, y + y_column(words, column), stride, K, width, "
    "total);\n";
inline constexpr std::string_view kWideChunkText =
    R"(      if (K == 0) for (pn_i64 j = 0; j < width; ++j) total[j] = 0;
      for (pn_i64 g = 0; g < K; g += 4096) {
        $sum *const sums = g == 0 ? total : group;
        const pn_i64 stop = K - g < 4096 ? K : g + 4096;
        for (pn_i64 k = g; k < stop; k += 256) {
          const pn_i64 depth = stop - k < 256 ? stop - k : 256;
          multiply_chunk(values + k, y + y_column(words, column) + y_depth(words, k), stride, depth, width, k == g ? sums : block);
          if (k != g) for (pn_i64 j = 0; j < width; ++j) sums[j] = JOIN(sums[j], block[j]);
        }
        if (g != 0) for (pn_i64 j = 0; j < width; ++j) total[j] = JOIN(total[j], group[j]);
      }
)";
inline constexpr std::string_view kRowDriver = R"(
void $name(void *const *buffers, const pn_i64 *words, pn_i64 begin, pn_i64 end, char *scratch) {
  WORDS
  const pn_i64 N = $n, K = $k, column_blocks = $column_blocks, stride = $stride;
  const pn_i64 strips = (N + $columns - 1) / $columns;
  $sum *const total = ($sum *)scratch, *const group = total + $chunk, *const block = group + $chunk;
  $sum *const values = block + $chunk;
  pn_i64 packed = -1;
  for (pn_i64 unit = begin; unit < end; ++unit) {
    const pn_i64 batch = unit / column_blocks, column_block = unit % column_blocks;
    const $storage *x = (const $storage *)buffers[$x] + x_batch(words, batch);
    const $storage *y = (const $storage *)buffers[$y] + y_batch(words, batch);
    if (packed != batch) {
      for (pn_i64 k = 0; k < K; ++k) values[k] = widen(x[x_depth(words, k)]);
      $spread
    }
    packed = batch;
    pn_i64 column = column_block * strips / column_blocks * $columns;
    pn_i64 stop_column = (column_block + 1) * strips / column_blocks * $columns;
    stop_column = stop_column < N ? stop_column : N;
    for (; column < stop_column; column += $chunk) {
      const pn_i64 width = stop_column - column < $chunk ? stop_column - column : $chunk;
$chunk_text      for (pn_i64 j = 0; j < width; j += $columns) {
        finish($buffers, words, total + j, batch, 0, 1, column + j, width - j < $columns ? width - j : $columns);
      }
    }
  }
}
)";

}  // namespace proa::compiler::render
