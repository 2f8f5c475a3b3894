#include "proa/compiler/render/c/contract.h"

#include <cstdio>

#include "proa/base/error.h"
#include "proa/base/hash.h"
#include "proa/compiler/loop/dialect.h"
#include "proa/compiler/render/c/micro.h"
#include "proa/compiler/render/c/scalar.h"
#include "proa/compiler/render/c/straight.h"
#include "proa/ir/dialect.h"

namespace proa::compiler::render {

using namespace ir;

namespace {

constexpr int64_t kMaxRows = 120;     // of a unit: its packed rows stay in the second cache
constexpr int64_t kMinColumns = 192;  // of a unit: packing its rows must not count
constexpr int64_t kUnitTerms = 1 << 20;

// Packed rows of x lie row by row where their terms lie side by side in memory, and else in panels
// of up to six rows, [depth][rows], which begin at row * depth.
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

constexpr std::string_view kPackRowPanels = R"(
static __attribute__((noinline)) void pack_rows(const pn_i64 *words, const $storage *x, pn_i64 row0, pn_i64 rows, pn_i64 line, $sum *to) {
  WORDS
  const pn_i64 panels = (rows + 5) / 6, low = rows / panels, more = rows % panels;
  for (pn_i64 p = 0, row = row0; p < panels; ++p) {
    const pn_i64 height = low + (p < more);
    pn_i64 at[6];
    for (int i = 0; i < height; ++i) at[i] = x_row(words, row + i);
    if (height == 6 && $side_by_side) {
      for (pn_i64 k = 0; k < $depth; ++k, to += 6 * $parts) {
        const $storage *from = x + at[0] + x_depth(words, k);
        for (int i = 0; i < 6 * $parts; ++i) to[i] = widen(from[i]);
      }
    } else {
      for (pn_i64 k = 0; k < $depth; ++k, to += height * $parts) {
        const $storage *from = x + x_depth(words, k);
        for (int i = 0; i < height; ++i) {
          for (int part = 0; part < $parts; ++part) to[$parts * i + part] = widen(from[at[i] + part]);
        }
      }
    }
    row += height;
  }
}
)";

// One panel of y for the terms k0 .. k0 + depth.
constexpr std::string_view kPackGeneral = R"(
static __attribute__((noinline)) void pack_panel(const pn_i64 *words, const $storage *y, pn_i64 column, pn_i64 width, pn_i64 k0, pn_i64 depth, $sum *to) {
  WORDS
  pn_i64 at[$columns];
  for (int j = 0; j < $columns; ++j) at[j] = j < width ? y_column(words, column + j) : 0;
$way}
)";
constexpr std::string_view kWide =
    "  pack_wide(y + at[0] + y_depth(words, k0), $stride, depth, width, to);\n";
constexpr std::string_view kDeep = "  pack_deep(y + y_depth(words, k0), at, depth, width, to);\n";
constexpr std::string_view kScattered = R"(  for (pn_i64 k = 0; k < depth; ++k, to += $panel) {
    const $storage *from = y + y_depth(words, k0 + k);
    for (int j = 0; j < $columns; ++j) {
      for (int part = 0; part < $parts; ++part) to[part * $lanes + j] = j < width ? widen(from[at[j] + part]) : 0;
    }
  }
)";

// The sums of one unit, panel by panel: for each, all terms in blocks of 256; then its epilogue,
// while the sums are in the first cache.
constexpr std::string_view kDriver = R"(
void $name(void *const *buffers, const pn_i64 *words, pn_i64 begin, pn_i64 end, char *scratch) {
  WORDS
  const pn_i64 M = $m, N = $n, K = $k, row_blocks = $row_blocks, column_blocks = $column_blocks;
  const pn_i64 line = $line;
  $sum *const panel = ($sum *)scratch, *const total = panel + 256 * $panel;
  $sum *const group = total + $max_rows * $panel, *const packed = group + $max_rows * $panel;
  pn_i64 packed_block = -1;
  for (pn_i64 unit = begin; unit < end; ++unit) {
    const pn_i64 block = unit / column_blocks, column_block = unit % column_blocks;
    const pn_i64 batch = block / row_blocks, row_block = block % row_blocks;
    const $storage *x = (const $storage *)buffers[$x] + x_batch(words, batch);
    const $storage *y = (const $storage *)buffers[$y] + y_batch(words, batch);
    const pn_i64 row0 = row_block * M / row_blocks, rows = (row_block + 1) * M / row_blocks - row0;
    if (rows == 0) continue;
    const pn_i64 panels = (rows + 5) / 6, low = rows / panels, more = rows % panels;
    if (packed_block != block) pack_rows(words, x, row0, rows, line, packed);
    packed_block = block;
    const pn_i64 strips = (N + $columns - 1) / $columns;
    const pn_i64 last = (column_block + 1) * strips / column_blocks;
    for (pn_i64 strip = column_block * strips / column_blocks; strip < last; ++strip) {
      const pn_i64 column = strip * $columns;
      const pn_i64 width = N - column < $columns ? N - column : $columns;
      if (K == 0) for (pn_i64 i = 0; i < rows * $panel; ++i) total[i] = 0;
      for (pn_i64 g = 0; g < K; g += 4096) {
        $sum *const sums = g == 0 ? total : group;
        const pn_i64 stop = K - g < 4096 ? K : g + 4096;
        for (pn_i64 k = g; k < stop; k += 256) {
          const pn_i64 depth = stop - k < 256 ? stop - k : 256;
          pack_panel(words, y, column, width, k, depth, panel);
          for (pn_i64 p = 0, row = 0; p < panels; ++p) {
            const pn_i64 height = low + (p < more);
            $call
            row += height;
          }
        }
        if (g != 0) for (pn_i64 i = 0; i < rows * $panel; ++i) total[i] $join;
      }
      finish($buffers, words, total, batch, row0, rows, column, width);
    }
  }
}
)";
constexpr std::string_view kCallLines =
    "micro(height, depth, packed + row * line + k * $parts, line, $parts, panel, $panel, sums + "
    "row * $panel, k == g);";
constexpr std::string_view kCallPanels =
    "micro(height, depth, packed + (row * K + k * height) * $parts, $parts, height * $parts, "
    "panel, "
    "$panel, sums + row * $panel, k == g);";

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

  CKernel run() {
    Dim m = product(m_), n = product(n_), k = product(k_);
    Dim row_blocks = ceildiv(m, kMaxRows);
    Dim rows = min(m, kMaxRows);
    Dim column_blocks = max(min(ceildiv(n, kMinColumns), floordiv(rows * n * k, kUnitTerms)), 1);
    bool lines = x_depth_.dense();
    Dim line = lines ? ceildiv(k * a_.parts, 16) * 16 + 16 : Dim(0);
    int64_t size = a_.lanes == 4 ? 8 : 4;
    Dim packed = lines ? rows * line : rows * k * a_.parts;
    made_.units = product(batch_) * row_blocks * column_blocks;
    made_.work = floordiv(rows * n * k, column_blocks * 16) + 1;
    made_.scratch = ceildiv(packed * size, 64) * 64 + a_.panel * size * (256 + 2 * kMaxRows);

    std::string sum(a_.sum), storage(a_.storage), parts = str(a_.parts), lanes = str(a_.lanes),
                                                  columns = str(a_.columns), panel = str(a_.panel),
                                                  depth = word(k);
    std::string stride = dense_stride(), side = x_row_.dense() ? "1" : "0";
    auto with = [&](std::string_view text) {
      return fill(text, {{"sum", sum},
                         {"storage", storage},
                         {"parts", parts},
                         {"lanes", lanes},
                         {"columns", columns},
                         {"panel", panel},
                         {"depth", depth},
                         {"stride", stride},
                         {"side_by_side", side}});
    };
    std::string text = str(micro_texts(a_), pack_texts(a_));
    std::string functions = str(offsets("x_batch", x_batch_, op_.attr("x_offset").as_dim()),
                                offsets("y_batch", y_batch_, op_.attr("y_offset").as_dim()),
                                offsets("x_row", x_row_), offsets("y_column", y_column_),
                                offsets("x_depth", x_depth_), offsets("y_depth", y_depth_));
    functions += with(lines ? kPackRows : kPackRowPanels);
    bool wide = y_column_.dense() && y_depth_.extents.size() == 1;
    std::string way = with(wide ? kWide : y_depth_.dense() ? kDeep : kScattered);
    functions += fill(kPackGeneral,
                      {{"storage", storage}, {"sum", sum}, {"columns", columns}, {"way", way}});
    functions += epilogue();
    std::string call = with(lines ? kCallLines : kCallPanels);
    std::string driver =
        fill(kDriver, {{"name", "$"},
                       {"m", word(m)},
                       {"n", word(n)},
                       {"k", depth},
                       {"row_blocks", word(row_blocks)},
                       {"column_blocks", word(column_blocks)},
                       {"line", word(line)},
                       {"sum", sum},
                       {"storage", storage},
                       {"columns", columns},
                       {"panel", panel},
                       {"max_rows", str(kMaxRows)},
                       {"x", str(op_.operand(0).index())},
                       {"y", str(op_.operand(1).index())},
                       {"call", call},
                       {"join", a_.dtype == DType::boolean ? "|= group[i]" : "+= group[i]"},
                       {"buffers", arguments_}});
    return assemble(text, functions, driver);
  }

 private:
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

  std::string word(Dim d) {
    Straight words(made_.words);
    return words.word(d);
  }

  std::string dense_stride() {
    if (y_depth_.extents.size() != 1) return "0";
    return str(word(y_depth_.strides[0]), " * ", a_.parts);
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

  // The region, for rows x columns of sums. Buffers are parameters: there `restrict` counts.
  std::string epilogue() {
    std::string parameters;
    Straight body(made_.words);
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
      parameters += str(type, " *restrict ", label, ", ");
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
      return str("  for (pn_i64 r = 0; r < rows; ++r) {\n", rows,
                 "#pragma clang loop vectorize(enable)\n    for (pn_i64 c = 0; c < ", width,
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
  std::string arguments_;  // of the epilogue
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

}  // namespace proa::compiler::render
