#include "proa/compiler/render/c/contract.h"

#include <algorithm>
#include <cstdio>

#include "proa/base/error.h"
#include "proa/base/hash.h"
#include "proa/compiler/loop/dialect.h"
#include "proa/compiler/loop/in_place.h"
#include "proa/compiler/render/c/contract_texts.h"
#include "proa/compiler/render/c/frame.h"
#include "proa/compiler/render/c/matvec.h"
#include "proa/compiler/render/c/micro.h"
#include "proa/compiler/render/c/scalar.h"
#include "proa/compiler/render/c/straight.h"
#include "proa/ir/dialect.h"

namespace proa::compiler::render {

using namespace ir;

namespace {

// Units of work: as many columns that packing the rows does not count, rows such that packing the
// columns does not (tiling.h); at least eight of them where there is enough to do. Rows that are
// read as they lie are worth narrower units, down to two panels of 64 bytes. Rows go through in
// groups that stay in the second cache.
constexpr int64_t kRows = 128;  // of a group, fewer where their terms are more than
constexpr int64_t kGroupTerms = 98304;
constexpr int64_t kUnits = 8;
constexpr int64_t kUnitTerms = 1 << 20;
constexpr int64_t kLyingTerms = 1 << 17;  // of a unit whose rows are read as they lie
constexpr int64_t kLeastColumns = 32;     // of such a unit
constexpr int64_t kEnough = 1 << 18;  // products of numbers that are worth a comparison of tilings
constexpr int kShortEpilogue = 4;
constexpr int64_t kDirectElements = 1 << 20;
constexpr int64_t kRowColumns = 1024;  // of a unit of one row's product
constexpr int64_t kRowTerms = 1 << 17;

struct Axes {
  std::vector<Dim> extents, strides;

  Dim count() const { return product(extents); }
  bool dense() const { return extents.size() == 1 && strides[0].is_const(1); }
};

class Contraction {
 public:
  Contraction(Func func, Operation& op, const Tilings& tilings)
      : func_(func),
        op_(op),
        tilings_(tilings),
        tiling_(tiling_of(tilings.chosen)),
        a_(arithmetic_of(op.region(0).block().argument(0).dtype())) {
    x_computed_ = computed(1);
    y_computed_ = computed(2);
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
    if (!known || users != 1 || y_computed_ || !a_.wide || a_.parts != 1) return std::nullopt;
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
    bool row = !x_computed_ && !y_computed_ && m_.empty() && a_.parts == 1 &&
               y_column_.extents.size() == 1 && y_depth_.extents.size() == 1 && (wide_ || deep_);
    return row ? one_row() : rows();
  }

 private:
  bool computed(size_t region) const {
    return op_.region_count() > 1 && op_.region(region).block().terminator()->operand_count() > 0;
  }

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
                       {"direct", direct()},
                       {"x_row_stride", word(x_row_.strides.empty() ? Dim(0) : x_row_.strides[0])},
                       {"left", left_},
                       {"by_panel", short_epilogue() && !reads_lines_ ? "1" : "0"},
                       {"narrow", kNarrow},
                       {"micro_turned", micro_turned_},
                       {"x_stride", word(x_depth_.strides.empty() ? Dim(0) : x_depth_.strides[0])},
                       {"x", str(op_.operand(0).index())},
                       {"y", str(op_.operand(1).index())},
                       {"name", "$"},
                       {"buffers", arguments_},
                       {"x_taken", x_taken_},
                       {"y_buffers", y_buffers_},
                       {"row_blocks", row_blocks_},
                       {"column_blocks", column_blocks_},
                       {"line", line_},
                       {"chunk", chunk_},
                       {"across", across_},
                       {"chunk_text", chunk_text_},
                       {"spread", wide_ ? "" : "spread(values, stride, K, values + K);"},
                       {"pack_unit", pack_unit_},
                       {"columns_type", packed_once_ ? a_.sum : a_.storage},
                       {"panel_here", panel_here_},
                       {"pack_here", pack_unit_.empty() ? "part == 0" : "groups == 1"},
                       {"fetch", fetch_},
                       {"fetch_results", fetch_results_},
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

  bool short_epilogue() const {
    int operations = 0;
    for (Operation& op : op_.region(0).block()) {
      operations += op.info().dialect->name() == "prim";
    }
    return operations <= kShortEpilogue;
  }

  // Columns as they lie: each is read once, or the lines of a panel share pages and the whole is
  // not much larger than the second cache.
  std::string direct() const {
    if (!a_.wide || a_.parts != 1) return "0";
    return str("(rows <= 8 || (stride < 4096 / (pn_i64)sizeof *y && stride * K <= ",
               kDirectElements, "))");
  }

  int64_t sum_bytes() const { return a_.lanes == 4 ? 8 : 4; }

  CKernel rows() {
    Dim m = product(m_), n = product(n_), k = product(k_);
    Dim group_rows = min(m, kRows);
    bool lines = x_depth_.dense();
    bool across = lines && deep_ && a_.wide && a_.parts == 1 && m.bounds().lo <= a_.lanes;
    Dim line = ceildiv(k * a_.parts, 16) * 16 + 16;
    lying_ = lines && a_.wide && a_.parts == 1 && !x_computed_ && x_row_.extents.size() <= 1;
    reads_lines_ = !read_by_each().empty();
    Dim packed = max(lying_ ? Dim(0) : group_rows, across ? a_.lanes : 0) * line;
    auto cut = [&](const Tiling& tiling, CKernel& kernel) {
      Cut made = cut_of(tiling, m, n);
      Dim unit_rows = ceildiv(m, max(made.rows, 1));
      Dim unit_columns = (ceildiv(ceildiv(n, a_.columns), made.columns) + 1) * a_.panel;
      Dim kept = packed_once_ ? Dim(0) : min(floordiv(unit_rows, kRows + 1), 1) * unit_columns * k;
      // None where there are no columns: texts divide by their extents.
      kernel.units = product(batch_) * made.rows * made.columns * min(n, 1);
      kernel.work = floordiv(unit_rows * n * k, made.columns * 16) + 1;
      kernel.scratch =
          ceildiv((packed + kept + a_.panel * (kDepth + 2 * kRows)) * sum_bytes(), 64) * 64;
      return made;
    };
    if (wide_) stride_ = y_depth_.strides[0];
    packed_ = word(packed);
    line_ = word(line);
    std::string functions = addresses();
    bool turn = x_row_.dense() && x_depth_.extents.size() == 1 && a_.parts == 1;
    if (x_computed_) {
      std::string buffers;
      functions += computing(kComputeRows, 1, m_, "row", buffers);
      x_taken_ = str(buffers, ", words, batch");
    } else if (!lying_) {
      functions += with(lines ? kPackRows : turn ? kTurnRows : kGatherRows);
    }
    left_ = with(lying_ ? kLyingLeft : kPackedLeft);
    if (y_computed_) {
      functions += computing(terms_side_by_side() ? kComputeDeep : kComputeWide, 2, n_, "column",
                             y_buffers_);
    }
    functions += epilogue();
    if (across) {
      functions += str(across_text(a_), with(kAcross));
      across_ = with(kTakeAcross);
    }
    if (lines && deep_ && a_.wide && a_.parts == 1 && m.bounds().lo <= kWideMicroRows) {
      micro_turned_ = turned_text(a_);
      functions += with(kTurned);
      across_ = str(with(kTakeTurned), across_);
    }
    if (packed_once_) {
      panel_here_ = with(kPackedPanel);
      if (m.bounds().lo <= 1) {
        functions += str(one_packed(4), one_packed(1), with(kOneRow));
        across_ = with(kTakeOne);
      }
      return driver(functions, cut);
    }
    if (wide_ && a_.parts == 1) pack_unit_ = with(kWideUnit);
    panel_ = y_computed_ ? with(kComputedPanel)
             : wide_     ? with(kWidePanel)
                         : str(with(kColumnsOfPanel), with(deep_ ? kDeepPanel : kScatteredPanel));
    panel_here_ = with(kPanelHere);
    if (deep_ && a_.parts == 1 && y_column_.extents.size() == 1) {
      stride_ = y_column_.strides[0];
      fetch_ = with(kFetchDeep);
    }
    return driver(functions, cut);
  }

  // How many units the rows and the columns of a product are cut into.
  struct Cut {
    Dim rows, columns;
  };
  Cut cut_of(const Tiling& tiling, Dim m, Dim n) const {
    // One row is worth as many units as eight where columns are packed, or computed.
    Dim terms = packed_once_ || y_computed_ ? max(min(m, kRows), 8) : min(m, kRows);
    Dim all = terms * n * product(k_), columns = ceildiv(n, tiling.columns);
    const bool slim = lying_ && !reads_lines_;
    if (slim) {
      columns = max(ceildiv(n, tiling.lying_columns), min(ceildiv(n, kLeastColumns), kUnits));
    }
    columns = max(min(columns, floordiv(all, slim ? kLyingTerms : kUnitTerms)), 1);
    Dim rows = max(ceildiv(m, slim ? tiling.lying_rows : tiling.most_rows),
                   min(ceildiv(m, tiling.least_rows), ceildiv(kUnits, columns)));
    return {rows, columns};
  }

  // The cut is words of its own, behind all others, so that a rival may have others there.
  template <class MakeCut>
  CKernel driver(const std::string& functions, MakeCut&& make_cut) {
    Cut own = make_cut(tiling_, made_);
    with("");  // the words that texts share
    size_t at = made_.words.size();
    made_.words.insert(made_.words.end(), {own.rows, own.columns});
    row_blocks_ = str("d", at);
    column_blocks_ = str("d", at + 1);
    CKernel made =
        assemble(str(micro_texts(a_), pack_texts(a_)), functions, with(kDriver), tiling_.narrow);
    if (!tilings_.rivals || !tilings_.chosen.empty() || is_small()) return made;
    for (const Tiling& tiling : kTilings) {
      CKernel rival;
      rival.tiling = tiling.name;
      if (&tiling == &tiling_ || (tiling.narrow && !has_wide(made))) continue;
      Cut cut = make_cut(tiling, rival);
      bool other = cut.rows != own.rows || cut.columns != own.columns;
      if (!tiling.narrow && !other) continue;
      rival.words = made.words;
      rival.words[at] = cut.rows;
      rival.words[at + 1] = cut.columns;
      tiling.narrow ? name_narrow(made, rival) : void(rival.name = made.name);
      made.rivals.push_back(std::move(rival));
    }
    return made;
  }

  // Whether there is surely less to do; what is not known may be more.
  bool is_small() const {
    auto all = (product(batch_) * product(m_) * product(n_) * product(k_)).as_const();
    return all && *all < kEnough;
  }

  bool has_wide(const CKernel& made) const {
    return tilings_.wide && made.text.find(str("!defined(", kNarrow)) != std::string::npos;
  }

  // The same text without wide vectors.
  static void name_narrow(const CKernel& made, CKernel& rival) {
    std::string first = str("#define ", kNarrow, "\n");
    rival.name = kernel_name(
        hash_bytes(made.name.data(), made.name.size(), hash_bytes(first.data(), first.size())));
    rival.text = first + made.text;
    rival.text.replace(rival.text.rfind(made.name), made.name.size(), rival.name);
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
    int64_t rest = wide_ ? 0 : kSpreadRest * 256 * a_.panel;
    made_.scratch = ceildiv((k * 2 + 3 * chunk + rest) * sum_bytes(), 64) * 64;
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
                      std::string_view number, std::string_view indent, size_t region = 0) {
    Block& block = op_.region(region).block();
    for (size_t axis = 0; axis < extents.size(); ++axis)
      body.name(block.argument(argument + axis), str(number, axis));
    return indices_text(body, extents, number, indent);
  }

  // Names the buffers that a region reads or writes, as parameters; and how they are passed.
  std::string take_buffers(Straight& body, Block& block, std::string& arguments) {
    std::string parameters;
    std::vector<bool> shared = loop::shared_buffers(func_);
    for (Value buffer : func_.arguments()) {
      bool written = false, used = false;
      buffer.each_use([&](Use& use) {
        written |= use.owner->is("loop.store");
        used |= use.owner->block() == &block;
      });
      if (!used) continue;
      std::string label = str("b", buffer.index());
      body.name(buffer, label);
      std::string type = str(written ? "" : "const ", c_storage(loop::element(buffer.type())));
      parameters += str(parameters.empty() ? "" : ", ", type,
                        shared[buffer.index()] ? " *" : " *restrict ", label);
      arguments += str(arguments.empty() ? "" : ", ", "buffers[", buffer.index(), "]");
    }
    return parameters;
  }

  // A function that computes elements of an operand, as `region` says. Its axes are `own`.
  std::string computing(std::string_view text, size_t region, const std::vector<Dim>& own,
                        std::string_view number, std::string& buffers) {
    Straight body(made_.words);
    Block& block = op_.region(region).block();
    std::string parameters = take_buffers(body, block, buffers);
    std::string constants = beside_text(body, func_, op_);
    std::string batches = indices(body, batch_, 0, "batch", "  ", region);
    std::string of_own = indices(body, own, batch_.size(), number, "    ", region);
    std::string of_depth = indices(body, k_, batch_.size() + own.size(), "term", "      ", region);
    body.depth = 3;
    body.block(block);
    std::string value = str("(", a_.sum, ")", body.name(block.terminator()->operand(0)));
    std::string element = body.take();
    return fill(text, {{"parameters", parameters},
                       {"constants", constants},
                       {"batches", batches},
                       {"free_indices", of_own},
                       {"depth_indices", of_depth},
                       {"element", element},
                       {"value", value},
                       {"sum", a_.sum},
                       {"k", word(product(k_))},
                       {"panel", str(a_.panel)},
                       {"columns", str(a_.columns)}});
  }

  // Whether what y is computed from lies with the terms of a column side by side.
  bool terms_side_by_side() {
    if (n_.size() != 1 || k_.size() != 1) return false;
    Block& block = op_.region(2).block();
    Value column = block.argument(batch_.size()), term = block.argument(batch_.size() + 1);
    bool terms = false;
    for (Operation& op : block) {
      if (!op.is("loop.load") || op.operand_count() < 3) continue;  // a number of each column
      std::vector<Dim> strides = op.attr("strides").as_dims();
      for (size_t i = 0; i < strides.size(); ++i) {
        if (!strides[i].is_const(1)) continue;
        if (op.operand(1 + i) == column) return false;
        terms |= op.operand(1 + i) == term;
      }
    }
    return terms;
  }

  // The region, for rows x columns of sums. Buffers are parameters: there `restrict` counts. An
  // output that may lie over an input says nothing of the kind.
  std::string epilogue() {
    Straight body(made_.words);
    std::string parameters = take_buffers(body, op_.region(0).block(), arguments_);
    std::vector<bool> shared = loop::shared_buffers(func_);
    bool apart = std::ranges::find(shared, true) == shared.end();
    if (arguments_.empty()) {
      arguments_ = "0";
      parameters = "void *none";
    }
    std::string constants = beside_text(body, func_, op_);
    size_t batch = 1, row = batch + batch_.size(), column = row + m_.size();
    std::string batches = indices(body, batch_, batch, "batch", "  ");
    std::string head = str("static __attribute__((noinline)) void finish(", parameters,
                           ", const pn_i64 *words, const ", a_.sum,
                           " *restrict sums, pn_i64 batch, pn_i64 first_row, pn_i64 "
                           "rows, pn_i64 first_column, pn_i64 width) {\n  WORDS\n",
                           constants, batches);
    std::string rows =
        str("    pn_i64 row = first_row + r;\n", indices(body, m_, row, "row", "    "));
    std::string columns = str("      pn_i64 column = first_column + c;\n",
                              indices(body, n_, column, "column", "      "));
    std::string fetch = fetch_rows(body, row, column);
    if (!fetch.empty()) {
      fetch_results_ = with(kFetchResults);
      fetch = str("static inline __attribute__((always_inline)) void fetch_results(", parameters,
                  ", const pn_i64 *words, pn_i64 batch, pn_i64 first_row, pn_i64 rows, pn_i64 "
                  "column0) {\n  WORDS\n",
                  batches, "  for (pn_i64 row0 = first_row; row0 < first_row + rows; ++row0) {\n",
                  fetch, "  }\n}\n");
    }
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
    return str(fetch, head, "  if (width == ", a_.columns, ") {\n", loops(str(a_.columns)),
               "  } else {\n", loops("width"), "  }\n}\n");
  }

  // The loads of the region that go by rows and columns, where there is one axis of each.
  std::vector<Operation*> read_by_each() const {
    std::vector<Operation*> loads;
    if (m_.size() != 1 || n_.size() != 1) return loads;
    Block& block = op_.region(0).block();
    size_t row = 1 + batch_.size();
    for (Operation& op : block) {
      if (!op.is("loop.load")) continue;
      std::vector<Value> at = op.operands();
      bool each = std::ranges::find(at, block.argument(row)) != at.end() &&
                  std::ranges::find(at, block.argument(row + 1)) != at.end();
      if (each) loads.push_back(&op);
    }
    return loads;
  }

  // Of each row, their lines.
  std::string fetch_rows(Straight& body, size_t row, size_t column) {
    std::string text;
    if (!reads_lines_) return text;
    Block& block = op_.region(0).block();
    body.name(block.argument(row), "row0");
    body.name(block.argument(column), "column0");
    for (Operation* op : read_by_each()) {
      text += str("    __builtin_prefetch(", body.name(op->operand(0)), " + ", body.address(*op, 1),
                  ", 0, 2);\n");
    }
    return text;
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
                   const std::string& driver, bool narrow = false) {
    std::string all = str(texts, words_macro(made_.words), functions, driver);
    if (narrow) all = str("#define ", kNarrow, "\n", all);
    return named(std::move(made_), std::move(all));
  }

  Func func_;
  Operation& op_;
  const Tilings& tilings_;
  const Tiling& tiling_;
  Arithmetic a_;
  CKernel made_;
  std::vector<Dim> batch_, m_, n_, k_;
  Axes x_batch_, x_row_, x_depth_, y_batch_, y_column_, y_depth_;
  bool wide_ = false, deep_ = false;              // how y lies: columns, or terms, side by side
  bool packed_once_ = false;                      // y is panels
  bool lying_ = false;                            // rows of x are read as they lie
  bool reads_lines_ = false;                      // by the epilogue
  bool x_computed_ = false, y_computed_ = false;  // while they are packed
  Dim stride_ = 0;                                // of what does not lie side by side
  std::string arguments_;                         // of the epilogue
  std::string x_taken_ = "words, x", y_buffers_;
  std::string pack_unit_, panel_here_, fetch_, fetch_results_, left_, micro_turned_;
  std::string row_blocks_, column_blocks_, line_, packed_, chunk_, chunk_text_, across_, panel_;
};

}  // namespace

Operation* contraction_of(Func kernel) {
  for (Operation& op : kernel.body()) {
    if (op.is("loop.contract")) return &op;
  }
  return nullptr;
}

CKernel render_contraction(Func kernel, const Tilings& tilings) {
  return Contraction(kernel, *contraction_of(kernel), tilings).run();
}

std::optional<PackedKernel> render_packed_contraction(Func kernel, const Tilings& tilings) {
  Operation& op = *contraction_of(kernel);
  auto elements = Contraction(kernel, op, tilings).packed_elements();
  if (!elements) return std::nullopt;
  return PackedKernel{.pack = Contraction(kernel, op, tilings).pack(),
                      .kernel = Contraction(kernel, op, tilings).run_packed(),
                      .weights = op.operand(1).index(),
                      .elements = *elements,
                      .dtype = loop::element(op.operand(1).type())};
}

}  // namespace proa::compiler::render
