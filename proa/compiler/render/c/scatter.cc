#include "proa/compiler/render/c/scatter.h"

#include <algorithm>

#include "proa/base/error.h"
#include "proa/compiler/loop/dialect.h"
#include "proa/compiler/loop/scatter.h"
#include "proa/compiler/render/c/frame.h"
#include "proa/compiler/render/c/micro.h"
#include "proa/compiler/render/c/scalar.h"
#include "proa/compiler/render/c/straight.h"
#include "proa/ir/dialect.h"

namespace proa::compiler::render {

using namespace ir;

namespace {

// Units of work: pieces of the rows of a batch element, by sizes alone.
constexpr int64_t kUnits = 8;
constexpr int64_t kUnitElements = 1 << 15;
constexpr int64_t kUnitColumns = 64;
constexpr int64_t kColumnGroup = 16;  // columns that no cut divides
constexpr int64_t kListCost = 256;    // elements that take as long as to list a place
constexpr int64_t kManyUpdates = 2;   // of a row, on average
constexpr int64_t kBlock = 1024;      // columns that are summed at a time
constexpr int64_t kAhead = 1024;      // elements of updates that are asked for ahead

constexpr std::string_view kDriver = R"(
static inline __attribute__((always_inline)) void work($parameters, char *restrict scratch, const pn_i64 *words, pn_i64 begin, pn_i64 end) {
  WORDS
$constants$lists  for (pn_i64 unit = begin; unit < end;) {
    pn_i64 batch = unit / $cuts;
    const pn_i64 cut = unit - batch * $cuts;
    const pn_i64 cut_end = cut + (end - unit) < $cuts ? cut + (end - unit) : $cuts;
    unit += cut_end - cut;
$batch_indices    const pn_i64 from = $from;
$form  }
}

void $name(void *const *buffers, const pn_i64 *words, pn_i64 begin, pn_i64 end, char *scratch) {
  WORDS
  work($arguments, scratch, words, begin, end);
}
)";

// Rows with many updates, or short ones: all are set to where they start, then updates are joined
// in their order, which is that of memory. Cut by columns, as the index need not name rows evenly.
constexpr std::string_view kInOrder = R"(      const pn_i64 begin_column = cut * $columns;
      const pn_i64 end_column = cut_end * $columns < $row ? cut_end * $columns : $row;
      if (begin_column >= end_column) continue;
$fill      const pn_i64 fits = $ahead / (end_column - begin_column), ahead = fits < 1 ? 1 : fits;
      for (pn_i64 p = 0; p < $places; ++p) {
$fetch        pn_i64 place = p, named = -1;
$listed_indices        const pn_i64 *const coordinates = b$index + (from$place_address);
        do {
$coordinates        } while (0);
        if (named < 0) continue;
$axis_indices#pragma clang loop vectorize(assume_safety)
        for (pn_i64 column = begin_column; column < end_column; ++column) {
          const $sum sum = $element;
$update          const $sum more = $updated;
$join          const $type result = $joined;
$result        }
      }
)";

constexpr std::string_view kFillRows = R"(      for (pn_i64 r = 0; r < $all_rows; ++r) {
        pn_i64 named = r;
$axis_indices#pragma clang loop vectorize(assume_safety)
        for (pn_i64 column = begin_column; column < end_column; ++column) {
$start          const $type result = $started;
$result        }
      }
)";

// Where rows lie one after the other and start alike, whole ones are one.
constexpr std::string_view kFillAll = R"(      if (end_column - begin_column == $row) {
$no_axes#pragma clang loop vectorize(assume_safety)
        for (pn_i64 column = 0; column < $all_rows * $row; ++column) {
$start          const $type result = $started;
$result        }
      } else {
$row_texts      }
)";

// Else the places that name a unit's rows are sorted, by row and without changing their order
// within one; then row after row is made, so that nothing is written twice. Updates lie where the
// index says, which the processor does not foresee: those of the next places are asked for.
constexpr std::string_view kLists = R"(  pn_i64 *const restrict ends = (pn_i64 *)scratch;
  pn_i64 *const restrict order = ends + $all_rows;
  pn_i64 *const restrict names = order + $places;
  $sum *const restrict sums = ($sum *)(scratch + $list_bytes);
  pn_i64 listed_from = 0, listed_first = -1, listed_last = -1, listed = 0;
)";

constexpr std::string_view kByRow = R"(      const pn_i64 first = cut * $rows;
      const pn_i64 last = cut_end * $rows < $all_rows ? cut_end * $rows : $all_rows;
      if (first >= last) continue;
      if (from != listed_from || first != listed_first || last != listed_last) {
        listed_from = from;
        listed_first = first;
        listed_last = last;
        for (pn_i64 i = 0; i < last - first; ++i) ends[i] = 0;
        for (pn_i64 p = 0; p < $places; ++p) {
          pn_i64 place = p, named = -1;
$listed_indices          const pn_i64 *const coordinates = b$index + (from$place_address);
          do {
$coordinates          } while (0);
          named -= first;
          if ((pn_u64)named >= (pn_u64)(last - first)) named = -1;
          else ++ends[named];
          names[p] = named;
        }
        listed = 0;
        for (pn_i64 i = 0; i < last - first; ++i) {
          const pn_i64 count = ends[i];
          ends[i] = listed;
          listed += count;
        }
        for (pn_i64 p = 0; p < $places; ++p) {
          if (names[p] >= 0) order[ends[names[p]]++] = p;
        }
      }
      const pn_i64 fits = $row > 0 ? $ahead / $row : 1, ahead = fits < 1 ? 1 : fits;
      pn_i64 done = 0;
      for (pn_i64 r = first; r < last; ++r) {
        pn_i64 named = r;
        const pn_i64 until = ends[r - first];
$axis_indices        if (done == until) {
#pragma clang loop vectorize(assume_safety)
          for (pn_i64 column = 0; column < $row; ++column) {
$start            const $type result = $started;
$result          }
          continue;
        }
        for (pn_i64 c0 = 0; c0 < $row; c0 += $block) {
          const pn_i64 c1 = c0 + $block < $row ? c0 + $block : $row;
          for (pn_i64 i = done; i < until; ++i) {
$fetch_listed            pn_i64 place = order[i];
$place_indices            if (i == done) {
#pragma clang loop vectorize(assume_safety)
              for (pn_i64 column = c0; column < c1; ++column) {
$start                const $sum sum = $started;
$update                const $sum more = $updated;
$join                sums[column - c0] = $joined;
              }
              continue;
            }
#pragma clang loop vectorize(assume_safety)
            for (pn_i64 column = c0; column < c1; ++column) {
              const $sum sum = sums[column - c0];
$update              const $sum more = $updated;
$join              sums[column - c0] = $joined;
            }
          }
#pragma clang loop vectorize(assume_safety)
          for (pn_i64 column = c0; column < c1; ++column) {
            const $type result = $rounded;
$result          }
        }
        done = until;
      }
)";

// Of the places that come, the first lines of what is read column by column.
constexpr std::string_view kFetch = R"(            {
              pn_i64 place = $next;
$place_indices              const pn_i64 stop = $until - $first > $most ? $first + $most : $until;
              for (pn_i64 column = $first; column < stop; column += $line) {
$lines              }
            }
)";

class Scattering {
 public:
  Scattering(Func func, Operation& op)
      : func_(func), op_(op), dtype_(op.region(0).block().argument(0).dtype()) {
    batch_ = op.attr("batch").as_dims();
    axes_ = op.attr("axes").as_dims();
    places_ = op.attr("places").as_dims();
    row_ = op.attr("row").as_dim();
    strides_ = op.attr("strides").as_dims();
  }

  CKernel run() {
    cut();
    take_buffers();
    std::string constants = beside_text(body_, func_, op_);
    batches_ = indices_text(body_, batch_, "batch", "    ");
    named_ = indices_text(body_, axes_, "named", "    ");
    place_indices_ = indices_text(body_, places_, "place", "    ");
    start_ = element(1, "named", axes_.size(), started_);
    update_ = element(2, "place", places_.size(), updated_);
    fetch_ = fetch_text("p + ahead < $places ? p + ahead : p", "begin_column", "end_column");
    fetch_listed_ = fetch_text("order[i + ahead < listed ? i + ahead : i]", "c0", "c1");
    join_ = join_text();
    result_ = result_text();
    coordinates_ = coordinates_text();
    from_ = from_text();
    place_address_ = place_address();
    std::string form;
    auto known = in_order_.as_const();
    if (known) {
      form = *known != 0 ? in_order() : by_row();
    } else {
      form = str("    if (", word(in_order_), ") {\n", in_order(), "    } else {\n", by_row(),
                 "    }\n");
    }
    std::string lists = known && *known != 0 ? std::string() : with(kLists);
    std::string text = fill(kDriver, {{"parameters", parameters_},
                                      {"arguments", arguments_},
                                      {"constants", constants},
                                      {"lists", lists},
                                      {"cuts", word(cuts_)},
                                      {"batch_indices", batches_},
                                      {"from", from_},
                                      {"form", form},
                                      {"name", "$"}});
    text = words_macro(made_.words) + text;
    return named(std::move(made_), std::move(text));
  }

 private:
  // By sizes alone, so that threads do not matter.
  void cut() {
    Dim rows = product(axes_), places = product(places_), batches = product(batch_);
    Dim work = (rows + places) * row_;
    Dim wanted = max(min(ceildiv(kUnits, max(batches, 1)), floordiv(work, kUnitElements)), 1);
    Dim strips = max(min(ceildiv(row_, kUnitColumns), wanted), 1);
    // Each range goes through the whole index.
    Dim listing = max(places, 1) * kListCost;
    Dim ranges = max(min(min(wanted, rows), floordiv(work, listing)), 1);
    in_order_ = 0;
    if (has_place()) {
      Dim many = min(floordiv(places, max(rows, 1) * kManyUpdates), 1);
      in_order_ = max(many, Dim(1) - min(floordiv(row_, kUnitColumns), 1));
    }
    cuts_ = in_order_ * strips + (Dim(1) - in_order_) * ranges;
    rows_ = ceildiv(rows, ranges);
    columns_ = ceildiv(ceildiv(row_, kColumnGroup), strips) * kColumnGroup;
    lists_ = ceildiv((rows + places * 2) * 8, 64) * 64;
    made_.units = batches * cuts_;
    made_.work = floordiv(work, cuts_) + 1;
    Dim sums = kBlock * static_cast<int64_t>(size_of(loop::joined_in(dtype_)));
    made_.scratch = (Dim(1) - in_order_) * (lists_ + sums);
  }

  // Whether an element of the result can be read where it will be stored: it is stored as it is,
  // and with no fewer digits than are joined.
  bool has_place() const {
    Operation& first = *op_.region(0).block().front();
    return loop::joined_in(dtype_) == dtype_ && first.is("loop.store") &&
           first.operand(0) == op_.region(0).block().argument(0) && first.next() != nullptr &&
           first.next()->info().has(Trait::terminator);
  }

  // Whether rows lie one after the other, in the order of their numbers.
  bool rows_are_one() {
    Operation& store = *op_.region(0).block().front();
    std::vector<Dim> strides = store.attr("strides").as_dims();
    auto stride = [&](size_t argument) {
      Value index = op_.region(0).block().argument(argument);
      for (size_t i = 0; i < strides.size(); ++i) {
        if (store.operand(2 + i) == index) return strides[i];
      }
      return Dim(0);
    };
    size_t column = 1 + batch_.size() + axes_.size();
    if (!stride(column).is_const(1)) return false;
    Dim expected = row_;
    for (size_t i = axes_.size(); i-- > 0; expected = expected * axes_[i]) {
      if (!axes_[i].is_const(1) && stride(1 + batch_.size() + i) != expected) return false;
    }
    return true;
  }

  std::string in_order() {
    std::string rows = with(kFillRows);
    Block& start = op_.region(1).block();
    bool alike = start.front() == start.terminator();
    if (!alike || !rows_are_one()) {
      fill_ = std::move(rows);
    } else {
      rows_text_ = std::move(rows);
      for (size_t i = 0; i < axes_.size(); ++i)
        no_axes_ += str("        const pn_i64 named", i, " = 0;\n");
      fill_ = with(kFillAll);
    }
    Operation& store = *op_.region(0).block().front();
    element_ = str(body_.name(store.operand(1)), "[", body_.address(store, 2), "]");
    return with(kInOrder);
  }
  std::string by_row() { return with(kByRow); }

  std::string with(std::string_view text) {
    std::string_view type = c_type(dtype_), sum = c_type(loop::joined_in(dtype_));
    std::string rounded = "sums[column - c0]";
    if (loop::joined_in(dtype_) != dtype_) rounded = c_widen(dtype_, c_narrow(dtype_, rounded));
    return fill(text, {{"fill", fill_},
                       {"rows", word(rows_)},
                       {"row_texts", rows_text_},
                       {"no_axes", no_axes_},
                       {"listed_indices", place_indices_},
                       {"axis_indices", named_},
                       {"place_indices", place_indices_},
                       {"place_address", place_address_},
                       {"coordinates", coordinates_},
                       {"index", str(op_.operand(0).index())},
                       {"start", start_},
                       {"started", started_},
                       {"update", update_},
                       {"updated", updated_},
                       {"join", join_},
                       {"joined", joined_},
                       {"result", result_},
                       {"rounded", rounded},
                       {"element", element_},
                       {"fetch", fetch_},
                       {"fetch_listed", fetch_listed_},
                       {"ahead", str(kAhead)},
                       {"type", type},
                       {"sum", sum},
                       {"block", str(kBlock)},
                       {"places", word(product(places_))},
                       {"row", word(row_)},
                       {"all_rows", word(product(axes_))},
                       {"columns", word(columns_)},
                       {"list_bytes", word(lists_)}});
  }

  std::string word(Dim d) { return body_.word(d); }

  // All buffers are parameters: only there does clang believe `restrict`.
  void take_buffers() {
    for (Value buffer : func_.arguments()) {
      bool written = false, used = false;
      buffer.each_use([&](Use& use) {
        written |= use.owner->is("loop.store");
        used = true;
      });
      if (!used) continue;
      std::string label = str("b", buffer.index());
      body_.name(buffer, label);
      std::string_view comma = arguments_.empty() ? "" : ", ";
      parameters_ += str(comma, written ? "" : "const ", c_storage(loop::element(buffer.type())),
                         " *restrict ", label);
      arguments_ += str(comma, "buffers[", buffer.index(), "]");
    }
  }

  void name_indices(Block& block, size_t at, std::string_view middle, size_t count) {
    for (size_t i = 0; i < batch_.size(); ++i) body_.name(block.argument(at++), str("batch", i));
    for (size_t i = 0; i < count; ++i) body_.name(block.argument(at++), str(middle, i));
    body_.name(block.argument(at), "column");
  }

  std::string element(size_t region, std::string_view middle, size_t count, std::string& value) {
    Block& block = op_.region(region).block();
    name_indices(block, 0, middle, count);
    body_.depth = 6;
    body_.block(block);
    value = body_.name(block.terminator()->operand(0));
    return body_.take();
  }

  // The update region's arguments have their names.
  std::string fetch_text(std::string_view next, std::string_view first, std::string_view until) {
    Block& block = op_.region(2).block();
    Value column = block.arguments().back();
    std::string lines;
    int64_t widest = 1;
    for (Operation& op : block) {
      if (!op.is("loop.load")) continue;
      std::vector<Dim> strides = op.attr("strides").as_dims();
      for (size_t i = 0; i < strides.size(); ++i) {
        if (op.operand(1 + i) != column || !strides[i].is_const(1)) continue;
        lines += str("              __builtin_prefetch(", body_.name(op.operand(0)), " + ",
                     body_.address(op, 1), ", 0, 3);\n");
        widest = std::max<int64_t>(widest, static_cast<int64_t>(size_of(op.result().dtype())));
      }
    }
    if (lines.empty()) return lines;
    constexpr int64_t kLine = 64, kMostLines = 16;
    return fill(kFetch, {{"place_indices", place_indices_},
                         {"next", fill(next, {{"places", word(product(places_))}})},
                         {"first", first},
                         {"until", until},
                         {"most", str(kMostLines * kLine / widest)},
                         {"line", str(kLine / widest)},
                         {"lines", lines}});
  }

  std::string join_text() {
    Block& block = op_.region(3).block();
    body_.name(block.argument(0), "sum");
    body_.name(block.argument(1), "more");
    body_.depth = 6;
    body_.block(block);
    joined_ = body_.name(block.terminator()->operand(0));
    return body_.take();
  }

  std::string result_text() {
    Block& block = op_.region(0).block();
    body_.name(block.argument(0), "result");
    name_indices(block, 1, "named", axes_.size());
    body_.depth = 5;
    body_.block(block);
    return body_.take();
  }

  std::string from_text() {
    std::string text = word(op_.attr("offset").as_dim());
    for (size_t i = 0; i < batch_.size(); ++i) {
      if (!strides_[i].is_const(0)) text += str(" + batch", i, " * ", word(strides_[i]));
    }
    return text;
  }
  std::string place_address() {
    std::string text;
    for (size_t i = 0; i < places_.size(); ++i) {
      Dim stride = strides_[batch_.size() + i];
      if (!stride.is_const(0)) text += str(" + place", i, " * ", word(stride));
    }
    return text;
  }

  // From a place's coordinates to the number of its row; what is nowhere is left out.
  std::string coordinates_text() {
    std::string text, mode(op_.attr("mode").as_string());
    for (size_t i = 0; i < axes_.size(); ++i) {
      std::string c = str("c", i), extent = word(axes_[i]);
      std::string_view indent = "          ";
      text += str(indent, "pn_i64 ", c, " = coordinates[",
                  i == 0 ? std::string("0") : str(i, " * ", word(strides_.back())), "];\n");
      if (mode == "from_end") {
        text += str(indent, c, " += ", c, " < 0 ? ", extent, " : 0;\n");
      } else if (mode == "clamp") {
        text += str(indent, c, " = ", c, " < 0 ? 0 : ", c, " < ", extent, " ? ", c, " : ", extent,
                    " - 1;\n");
      } else if (mode == "wrap") {
        text += str(indent, "if (", extent, " > 0 && (pn_u64)", c, " >= (pn_u64)", extent, ") {\n",
                    indent, "  ", c, " %= ", extent, ";\n", indent, "  ", c, " += ", c, " < 0 ? ",
                    extent, " : 0;\n", indent, "}\n");
      }
      text += str(indent, "if ((pn_u64)", c, " >= (pn_u64)", extent, ")",
                  i == 0 ? " break;\n" : " { named = -1; break; }\n");
      text += i == 0 ? str(indent, "named = ", c, ";\n")
                     : str(indent, "named = named * ", extent, " + ", c, ";\n");
    }
    if (axes_.empty()) text = "          named = 0;\n";  // each place names all of x
    return text;
  }

  Func func_;
  Operation& op_;
  DType dtype_;
  CKernel made_;
  Straight body_{made_.words};
  std::vector<Dim> batch_, axes_, places_, strides_;
  Dim row_;
  Dim in_order_, cuts_, rows_, columns_, lists_;
  std::string parameters_, arguments_, batches_, named_, place_indices_, place_address_, from_,
      coordinates_, start_, started_, update_, updated_, join_, joined_, result_, fetch_,
      fetch_listed_, element_, fill_, rows_text_, no_axes_;
};

}  // namespace

Operation* scatter_of(Func kernel) {
  for (Operation& op : kernel.body()) {
    if (op.is("loop.scatter")) return &op;
  }
  return nullptr;
}

CKernel render_scatter(Func kernel) { return Scattering(kernel, *scatter_of(kernel)).run(); }

}  // namespace proa::compiler::render
