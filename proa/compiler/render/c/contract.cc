#include "proa/compiler/render/c/contract.h"

#include <algorithm>
#include <cstdio>

#include "proa/base/error.h"
#include "proa/base/hash.h"
#include "proa/compiler/loop/dialect.h"
#include "proa/compiler/loop/in_place.h"
#include "proa/compiler/render/c/matvec.h"
#include "proa/compiler/render/c/micro.h"
#include "proa/compiler/render/c/scalar.h"
#include "proa/compiler/render/c/straight.h"
#include "proa/ir/dialect.h"

namespace proa::compiler::render {

using namespace ir;

namespace {

// Units of work: as many columns that packing the rows does not count, rows such that packing the
// columns does not; at least eight of them where there is enough to do. Rows go through in groups
// whose packed form stays in the second cache.
constexpr int64_t kRows = 128;  // of a group, fewer where their terms are more than
constexpr int64_t kGroupTerms = 98304;
constexpr int64_t kLeastRows = 256;  // of a unit where there are more
constexpr int64_t kMostRows = 512;
constexpr int64_t kColumns = 192;
constexpr int64_t kUnits = 8;
constexpr int64_t kUnitTerms = 1 << 20;
constexpr int64_t kRowColumns = 1024;  // of a unit of one row's product
constexpr int64_t kRowTerms = 1 << 17;

// Packed rows of x are lines of their terms, whether these lie side by side in memory, or the rows
// do, or neither.
constexpr std::string_view kPackRows = R"(
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

constexpr std::string_view kTurnRows = R"(
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
constexpr std::string_view kGatherRows = R"(
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

// One panel of y for the terms k .. k + depth becomes b. Where its columns lie side by side, they
// are used as they lie for few rows; and while it is multiplied, the next one is asked for.
constexpr std::string_view kWidePanel = R"(
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
constexpr std::string_view kWideUnit = R"(
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
constexpr std::string_view kColumnsOfPanel = R"(
              pn_i64 at[$columns];
              for (int j = 0; j < $columns; ++j) at[j] = y_column(words, j < width ? column + j : N - 1);
)";
constexpr std::string_view kDeepPanel = R"(
              pack_deep(y + y_depth(words, k), at, depth, panel);
)";
// Between the rows of a panel that was just packed: its share of the lines that are packed next.
// They lie as many streams, which the processor does not foresee.
constexpr std::string_view kFetchDeep = R"(
              if ($pack_here) {
                const pn_i64 stride = $stride;
                const $storage *const next = y + (k + 256 < K ? column * stride + k + 256 : (column + $columns) * stride);
                for (pn_i64 j = p * $columns / panels; j < (p + 1) * $columns / panels; ++j) {
                  for (pn_i64 i = 0; i < depth; i += 64 / (pn_i64)sizeof *y) __builtin_prefetch(next + j * stride + i, 0, 2);
                }
              }
)";
constexpr std::string_view kScatteredPanel = R"(
              for (pn_i64 i = 0; i < depth; ++i) {
                const $storage *const from = y + y_depth(words, k + i);
                for (int j = 0; j < $columns; ++j) {
                  for (int c = 0; c < $parts; ++c) panel[i * $panel + c * $lanes + j] = widen(from[at[j] + c]);
                }
              }
)";

// Few rows, and y with the terms of its columns side by side: the rows of x fill one vector, and y
// is read as it lies.
constexpr std::string_view kAcross = R"(
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
constexpr std::string_view kTakeAcross = R"(
    if (M <= $lanes) {
      multiply_across(buffers, words, batch, x, y, first, last, one_panel, total, packed);
      continue;
    }
)";

// Columns that were packed beforehand: panel after panel, each with all its terms.
constexpr std::string_view kPanelHere = R"(
            $sum *const panel = groups > 1 ? kept + ((strip - first) * K + k) * $panel : one_panel;
            const $sum *b = panel;
            const char *ahead = (const char *)panel;
            pn_i64 b_stride = $panel, ahead_stride = 0;
            if ($pack_here) {
$panel_text            })";
constexpr std::string_view kPackedPanel = R"(
            const $sum *const panel = y + (strip * K + k) * $panel, *const b = panel;
            const char *ahead = (const char *)(panel + 256 * $panel);
            pn_i64 b_stride = $panel, ahead_stride = $panel * (pn_i64)sizeof *y;)";
constexpr std::string_view kPackColumns = R"(
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
constexpr std::string_view kPackWidePanel = R"(
    pack_wide(y + y_column(words, column) + y_depth(words, k), $stride, depth, width, panel);
)";

// One row of x and packed columns: four panels at once, so that enough sums wait for each other's
// memory.
constexpr std::string_view kOnePacked = R"(
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
constexpr std::string_view kOneRow = R"(
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
constexpr std::string_view kTakeOne = R"(
    if (M == 1) {
      if (packed_block != block) pack_rows(words, x, 0, 1, line, packed);
      packed_block = block;
      multiply_one(buffers, words, batch, packed, y, first, last, total, group);
      continue;
    }
)";

// The sums of one unit, panel by panel: for each, all terms in blocks of 256; then its epilogue,
// while the sums are in the first cache.
constexpr std::string_view kDriver = R"(
void $name(void *const *buffers, const pn_i64 *words, pn_i64 begin, pn_i64 end, char *scratch) {
  WORDS
  const pn_i64 M = $m, N = $n, K = $k, row_blocks = $row_blocks, column_blocks = $column_blocks;
  const pn_i64 line = $line, strips = (N + $columns - 1) / $columns;
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
      if (groups > 1 || packed_block != block) pack_rows(words, x, row0 + top, height_of_group, line, packed);
      packed_block = block;
      for (pn_i64 strip = first; strip < last; ++strip) {
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
              micro(height, depth, packed + row * line + k * $parts, line, $parts, b, b_stride, sums + row * $panel, k == g, ahead, ahead_stride);
              row += height;
              ahead = (const char *)panel;
              ahead_stride = 0;
$fetch            }
          }
          if (g != 0) for (pn_i64 i = 0; i < height_of_group * $panel; ++i) total[i] = JOIN(total[i], group[i]);
        }
        finish($buffers, words, total, batch, row0 + top, height_of_group, column, width);
      }
    }
  }
}
)";
// One row: see matvec.h.
constexpr std::string_view kDeepChunk =
    "      multiply_strip(values, values + K, y + y_column(words, column), stride, K, width, "
    "total);\n";
constexpr std::string_view kWideChunkText =
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
constexpr std::string_view kRowDriver = R"(
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

struct Axes {
  std::vector<Dim> extents, strides;

  Dim count() const { return product(extents); }
  bool dense() const { return extents.size() == 1 && strides[0].is_const(1); }
};

class Contraction {
 public:
  Contraction(Func func, Operation& op)
      : func_(func), op_(op), a_(arithmetic_of(op.operand(0).type().parameters()[0].as_dtype())) {
    batch_ = op.attr("batch").as_dims();
    m_ = op.attr("m").as_dims();
    n_ = op.attr("n").as_dims();
    k_ = op.attr("k").as_dims();
    split(op.attr("x_strides").as_dims(), m_, x_batch_, x_row_, x_depth_);
    split(op.attr("y_strides").as_dims(), n_, y_batch_, y_column_, y_depth_);
  }

  // How many numbers the packed columns are, where they can be packed once: in numbers of their own
  // type, as wider ones would cost few rows more memory than packing saves; and at least half of
  // the panels filled.
  std::optional<int64_t> packed_elements() const {
    size_t columns = op_.operand(1).index();
    int users = 0;
    func_.arguments()[columns].each_use([&](Use&) { ++users; });
    Dim batch = product(batch_), n = product(n_), k = product(k_);
    bool known = n.is_const() && op_.attr("y_offset").as_dim().is_const();
    for (Dim d : op_.attr("y_strides").as_dims()) known &= d.is_const();
    if (!known || users != 1 || !a_.wide || a_.parts != 1) return std::nullopt;
    if (n.constant() < a_.columns / 2) return std::nullopt;
    auto elements = (batch * ceildiv(n, a_.columns) * a_.panel * k).as_const();
    return elements && *elements > 0 ? elements : std::nullopt;
  }

  // Units are panels. What belongs to rows does not matter here.
  CKernel pack() {
    find_lie();
    m_.clear();
    x_batch_ = x_row_ = x_depth_ = {};
    made_.units = product(batch_) * ceildiv(product(n_), a_.columns);
    made_.work = product(k_) * a_.panel;
    std::string functions = y_addresses();
    if (wide_) stride_ = y_depth_.strides[0];
    panel_ = wide_ ? with(kPackWidePanel)
                   : str(with(kColumnsOfPanel), with(deep_ ? kDeepPanel : kScatteredPanel));
    return assemble(str(micro_types(a_), pack_texts(a_)), functions, with(kPackColumns));
  }

  // The columns lie packed.
  CKernel run_packed() {
    packed_once_ = true;
    y_batch_ = {{product(batch_)}, {ceildiv(product(n_), a_.columns) * a_.panel * product(k_)}};
    return rows();
  }

  CKernel run() {
    find_lie();
    bool row = m_.empty() && a_.parts == 1 && y_column_.extents.size() == 1 &&
               y_depth_.extents.size() == 1 && (wide_ || deep_);
    return row ? one_row() : rows();
  }

 private:
  void find_lie() {
    wide_ = y_column_.dense() && y_depth_.extents.size() == 1;
    deep_ = y_depth_.dense();
  }

  void split(const std::vector<Dim>& strides, const std::vector<Dim>& own, Axes& batch, Axes& free,
             Axes& depth) const {
    auto at = strides.begin();
    auto take = [&](const std::vector<Dim>& extents, Axes& axes) {
      auto count = static_cast<std::ptrdiff_t>(extents.size());
      axes = {extents, {at, at + count}};
      at += count;
    };
    take(batch_, batch);
    take(own, free);
    take(k_, depth);
  }

  // The names that the texts use.
  std::string with(std::string_view text) {
    return fill(text, {{"sum", a_.sum},
                       {"storage", a_.storage},
                       {"parts", str(a_.parts)},
                       {"lanes", str(a_.lanes)},
                       {"columns", str(a_.columns)},
                       {"panel", str(a_.panel)},
                       {"rows", str(kRows)},
                       {"group_terms", str(kGroupTerms)},
                       {"packed", packed_},
                       {"across_rows", str(kAcrossRows)},
                       {"m", word(product(m_))},
                       {"n", word(product(n_))},
                       {"k", word(product(k_))},
                       {"depth", word(product(k_))},
                       {"stride", str(word(stride_), " * ", a_.parts)},
                       {"direct", a_.wide && a_.parts == 1 ? "rows <= 8" : "0"},
                       {"x_stride", word(x_depth_.strides.empty() ? Dim(0) : x_depth_.strides[0])},
                       {"x", str(op_.operand(0).index())},
                       {"y", str(op_.operand(1).index())},
                       {"name", "$"},
                       {"buffers", arguments_},
                       {"row_blocks", row_blocks_},
                       {"column_blocks", column_blocks_},
                       {"line", line_},
                       {"chunk", chunk_},
                       {"across", across_},
                       {"chunk_text", chunk_text_},
                       {"spread", wide_ ? "" : "spread(values, K, values + K);"},
                       {"pack_unit", pack_unit_},
                       {"columns_type", packed_once_ ? a_.sum : a_.storage},
                       {"panel_here", panel_here_},
                       {"pack_here", pack_unit_.empty() ? "part == 0" : "groups == 1"},
                       {"fetch", fetch_},
                       {"panel_text", panel_}});
  }

  std::string addresses() {
    return str(offsets("x_batch", x_batch_, op_.attr("x_offset").as_dim()),
               offsets("x_row", x_row_), offsets("x_depth", x_depth_),
               packed_once_ ? offsets("y_batch", y_batch_) : y_addresses());
  }
  std::string y_addresses() {
    return str(offsets("y_batch", y_batch_, op_.attr("y_offset").as_dim()),
               offsets("y_column", y_column_), offsets("y_depth", y_depth_));
  }

  int64_t sum_bytes() const { return a_.lanes == 4 ? 8 : 4; }

  CKernel rows() {
    Dim m = product(m_), n = product(n_), k = product(k_);
    // One row of packed columns is worth as many units as eight.
    Dim terms = packed_once_ ? max(min(m, kRows), 8) : min(m, kRows);
    Dim column_blocks = max(min(ceildiv(n, kColumns), floordiv(terms * n * k, kUnitTerms)), 1);
    Dim row_blocks =
        max(ceildiv(m, kMostRows), min(ceildiv(m, kLeastRows), ceildiv(kUnits, column_blocks)));
    Dim unit_rows = ceildiv(m, max(row_blocks, 1)), group_rows = min(m, kRows);
    Dim unit_columns = (ceildiv(ceildiv(n, a_.columns), column_blocks) + 1) * a_.panel;
    bool lines = x_depth_.dense();
    bool across = lines && deep_ && a_.wide && a_.parts == 1 && m.bounds().lo <= a_.lanes;
    Dim line = ceildiv(k * a_.parts, 16) * 16 + 16;
    Dim packed = max(group_rows, across ? a_.lanes : 0) * line;
    Dim kept = packed_once_ ? Dim(0) : min(floordiv(unit_rows, kRows + 1), 1) * unit_columns * k;
    made_.units = product(batch_) * row_blocks * column_blocks;
    made_.work = floordiv(unit_rows * n * k, column_blocks * 16) + 1;
    made_.scratch =
        ceildiv((packed + kept + a_.panel * (kDepth + 2 * kRows)) * sum_bytes(), 64) * 64;
    if (wide_) stride_ = y_depth_.strides[0];
    packed_ = word(packed);
    row_blocks_ = word(row_blocks);
    column_blocks_ = word(column_blocks);
    line_ = word(line);
    std::string functions = addresses();
    bool turn = x_row_.dense() && x_depth_.extents.size() == 1 && a_.parts == 1;
    functions += with(lines ? kPackRows : turn ? kTurnRows : kGatherRows);
    functions += epilogue();
    if (across) {
      functions += str(across_text(a_), with(kAcross));
      across_ = with(kTakeAcross);
    }
    if (packed_once_) {
      panel_here_ = with(kPackedPanel);
      if (m.bounds().lo <= 1) {
        functions += str(one_packed(4), one_packed(1), with(kOneRow));
        across_ = kTakeOne;
      }
      return assemble(str(micro_texts(a_), pack_texts(a_)), functions, with(kDriver));
    }
    if (wide_ && a_.parts == 1) pack_unit_ = with(kWideUnit);
    panel_ = wide_ ? with(kWidePanel)
                   : str(with(kColumnsOfPanel), with(deep_ ? kDeepPanel : kScatteredPanel));
    panel_here_ = with(kPanelHere);
    if (deep_ && a_.parts == 1 && y_column_.extents.size() == 1) {
      stride_ = y_column_.strides[0];
      fetch_ = with(kFetchDeep);
    }
    return assemble(str(micro_texts(a_), pack_texts(a_)), functions, with(kDriver));
  }

  // One row of x times that many panels.
  std::string one_packed(int panels) {
    std::string zeros, step, set, add, number = str(panels);
    for (int i = 0; i < 2 * panels; ++i) {
      std::string s = str("s", i), at = str("sums + ", i * a_.lanes);
      std::string from = str("b + ", i / 2, " * stride + ", i % 2 * a_.lanes);
      zeros += str(zeros.empty() ? "" : ", ", s, " = {0}");
      if (i % 2 == 0) step += str("    __builtin_prefetch(", from, " + 32 * $panel, 0, 3);\n");
      step += str("    ", s, " = MULTIPLY_ADD(x, *(const vec_u *)(", from, "), ", s, ");\n");
      set += str("    store_lanes(", at, ", ", s, ");\n");
      add += str("    store_lanes(", at, ", JOIN(*(const vec_u *)(", at, "), ", s, "));\n");
    }
    step = fill(step, {{"panel", str(a_.panel)}});
    return fill(kOnePacked, {{"panels", number},
                             {"sum", a_.sum},
                             {"panel", str(a_.panel)},
                             {"zeros", zeros},
                             {"step", step},
                             {"set", set},
                             {"add", add}});
  }

  CKernel one_row() {
    Dim n = product(n_), k = product(k_);
    Dim column_blocks = max(min(ceildiv(n, kRowColumns), floordiv(n * k, kRowTerms)), 1);
    int64_t chunk = wide_ ? kWideChunk : a_.panel;
    made_.units = product(batch_) * column_blocks;
    made_.work = floordiv(n * k, column_blocks * 4) + 1;
    made_.scratch = ceildiv((k * 2 + 3 * chunk) * sum_bytes(), 64) * 64;
    column_blocks_ = word(column_blocks);
    chunk_ = str(chunk);
    std::string functions = addresses();
    functions += epilogue();
    stride_ = wide_ ? y_depth_.strides[0] : y_column_.strides[0];
    chunk_text_ = with(wide_ ? kWideChunkText : kDeepChunk);
    std::string driver = with(kRowDriver);
    return assemble(
        str(micro_types(a_), pack_texts(a_), matvec_texts(a_, wide_ ? Lie::wide : Lie::deep)),
        functions, driver);
  }

  std::string word(Dim d) {
    Straight words(made_.words);
    return words.word(d);
  }

  // Where element `i` of some axes lies, in row-major order, in parts of elements.
  std::string offsets(std::string_view name, const Axes& axes, Dim first = 0) {
    std::string text = str("static inline __attribute__((always_inline)) pn_i64 ", name,
                           "(const pn_i64 *words, pn_i64 i) {\n  WORDS\n  pn_i64 sum = ",
                           first.is_const(0) ? "0" : word(first), ";\n");
    for (size_t axis = axes.extents.size(); axis-- > 0;) {
      std::string stride = axes.strides[axis].is_const(1) ? "1" : word(axes.strides[axis]);
      if (axis == 0) {
        text += str("  sum += i * ", stride, ";\n");
      } else {
        std::string extent = word(axes.extents[axis]);
        text += str("  sum += i % ", extent, " * ", stride, "; i /= ", extent, ";\n");
      }
    }
    return text + str("  return sum * ", a_.parts, ";\n}\n");
  }

  // The indices of some axes from their number; names them from the region's argument on.
  std::string indices(Straight& body, const std::vector<Dim>& extents, size_t argument,
                      std::string_view number, std::string_view indent) {
    std::string text;
    Block& block = op_.region(0).block();
    for (size_t axis = extents.size(); axis-- > 0;) {
      std::string label = str(number, axis);
      body.name(block.argument(argument + axis), label);
      if (axis == 0) {
        text += str(indent, "const pn_i64 ", label, " = ", number, ";\n");
      } else {
        std::string extent = word(extents[axis]);
        text += str(indent, "const pn_i64 ", label, " = ", number, " % ", extent, "; ", number,
                    " /= ", extent, ";\n");
      }
    }
    return text;
  }

  // The region, for rows x columns of sums. Buffers are parameters: there `restrict` counts. An
  // output that may lie over an input says nothing of the kind.
  std::string epilogue() {
    std::string parameters;
    Straight body(made_.words);
    std::vector<bool> shared = loop::shared_buffers(func_);
    bool apart = std::ranges::find(shared, true) == shared.end();
    for (Value buffer : func_.arguments()) {
      bool written = false, used = false;
      buffer.each_use([&](Use& use) {
        written |= use.owner->is("loop.store");
        used |= use.owner != &op_;
      });
      if (!used) continue;
      std::string label = str("b", buffer.index());
      body.name(buffer, label);
      std::string type = str(written ? "" : "const ", c_storage(loop::element(buffer.type())));
      parameters += str(type, shared[buffer.index()] ? " *" : " *restrict ", label, ", ");
      arguments_ += str(arguments_.empty() ? "" : ", ", "buffers[", buffer.index(), "]");
    }
    if (arguments_.empty()) {
      arguments_ = "0";
      parameters = "void *none, ";
    }
    body.depth = 1;
    for (Operation& op : func_.body()) {
      if (&op != &op_) body.operation(op);
    }
    std::string constants = body.take();
    size_t batch = 1, row = batch + batch_.size(), column = row + m_.size();
    std::string head = str("static __attribute__((noinline)) void finish(", parameters,
                           "const pn_i64 *words, const ", a_.sum,
                           " *restrict sums, pn_i64 batch, pn_i64 first_row, pn_i64 "
                           "rows, pn_i64 first_column, pn_i64 width) {\n  WORDS\n",
                           constants, indices(body, batch_, batch, "batch", "  "));
    std::string rows =
        str("    pn_i64 row = first_row + r;\n", indices(body, m_, row, "row", "    "));
    std::string columns = str("      pn_i64 column = first_column + c;\n",
                              indices(body, n_, column, "column", "      "));
    Block& block = op_.region(0).block();
    body.name(block.argument(0), "sum");
    body.depth = 3;
    body.block(block);
    std::string element = str(columns, "      const ", c_type(block.argument(0).dtype()),
                              " sum = ", sum_text(), ";\n", body.take());
    auto loops = [&](std::string_view width) {
      return str("  for (pn_i64 r = 0; r < rows; ++r) {\n", rows, "#pragma clang loop vectorize(",
                 apart ? "enable" : "assume_safety", ")\n    for (pn_i64 c = 0; c < ", width,
                 "; ++c) {\n", element, "    }\n  }\n");
    };
    return str(head, "  if (width == ", a_.columns, ") {\n", loops(str(a_.columns)), "  } else {\n",
               loops("width"), "  }\n}\n");
  }

  // The result's element from its sum.
  std::string sum_text() const {
    std::string at = str("sums[r * ", a_.panel, " + c]");
    std::string_view type = c_type(a_.dtype);
    if (a_.parts == 2) {
      return str("(", type, "){", at, ", sums[r * ", a_.panel, " + ", a_.lanes, " + c]}");
    }
    bool half = a_.dtype == DType::f16 || a_.dtype == DType::bf16;
    return half ? c_widen(a_.dtype, c_narrow(a_.dtype, at)) : str("(", type, ")", at);
  }

  CKernel assemble(const std::string& texts, const std::string& functions,
                   const std::string& driver) {
    std::string words = "#define WORDS";
    for (size_t i = 0; i < made_.words.size(); ++i) {
      words += str(" const pn_i64 d", i, " = words[", i, "];");
    }
    std::string all = str(texts, words, "\n", functions, driver);
    char name[32];
    std::snprintf(name, sizeof name, "proa_%016llx",
                  static_cast<unsigned long long>(hash_bytes(all.data(), all.size())));
    made_.name = name;
    size_t at = all.rfind("void $(");
    all.replace(at + 5, 1, name);
    made_.text = str(texts_of(all), all);
    return std::move(made_);
  }

  Func func_;
  Operation& op_;
  Arithmetic a_;
  CKernel made_;
  std::vector<Dim> batch_, m_, n_, k_;
  Axes x_batch_, x_row_, x_depth_, y_batch_, y_column_, y_depth_;
  bool wide_ = false, deep_ = false;  // how y lies: columns, or terms, side by side
  bool packed_once_ = false;          // y is panels
  Dim stride_ = 0;                    // of what does not lie side by side
  std::string arguments_;             // of the epilogue
  std::string pack_unit_, panel_here_, fetch_;
  std::string row_blocks_, column_blocks_, line_, packed_, chunk_, chunk_text_, across_, panel_;
};

}  // namespace

Operation* contraction_of(Func kernel) {
  for (Operation& op : kernel.body()) {
    if (op.is("loop.contract")) return &op;
  }
  return nullptr;
}

CKernel render_contraction(Func kernel) {
  return Contraction(kernel, *contraction_of(kernel)).run();
}

std::optional<PackedKernel> render_packed_contraction(Func kernel) {
  Operation& op = *contraction_of(kernel);
  auto elements = Contraction(kernel, op).packed_elements();
  if (!elements) return std::nullopt;
  return PackedKernel{.pack = Contraction(kernel, op).pack(),
                      .kernel = Contraction(kernel, op).run_packed(),
                      .weights = op.operand(1).index(),
                      .elements = *elements,
                      .dtype = loop::element(op.operand(1).type())};
}

}  // namespace proa::compiler::render
