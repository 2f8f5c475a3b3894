// Reductions as text. A sum's elements go in blocks of 4096; in a block to 16 lanes (number mod
// 16), ascending; lanes fold 8, 4, 2, 1; blocks join as adjacent pairs (docs/design/numerics.md).
// Sixteen elements are one step of a loop of exactly sixteen, which clang makes whole vectors of,
// so that lanes stay in registers.

#include <algorithm>
#include <unordered_set>

#include "proa/base/error.h"
#include "proa/base/str.h"
#include "proa/compiler/loop/dialect.h"
#include "proa/compiler/render/c/renderer.h"
#include "proa/compiler/render/c/scalar.h"
#include "proa/ir/dialect.h"

namespace proa::compiler::render {

using namespace ir;

namespace {

constexpr int kLanes = 16;
constexpr int64_t kBlock = 4096;

// The type in which lanes add up: integers without a sign, so that they wrap.
std::string lane_type(DType t, bool sum) {
  if (!sum || !is_int(t)) return str(c_type(t));
  return size_of(t) == 8   ? "pn_u64"
         : size_of(t) == 4 ? "pn_u32"
         : size_of(t) == 2 ? "pn_u16"
                           : "pn_u8";
}

std::string neutral(std::string_view kind, DType t) {
  if (kind == "sum" || kind == "or" || kind == "xor") return "0";
  if (kind == "prod") return "1";
  if (kind == "and") return t == DType::boolean ? "1" : "-1";
  bool max = kind == "max";
  switch (t) {
    case DType::u8: return max ? "0" : "255";
    case DType::i8: return max ? "-128" : "127";
    case DType::i16: return max ? "-32768" : "32767";
    case DType::i32: return max ? "(-0x7fffffff - 1)" : "0x7fffffff";
    case DType::i64: return max ? "(-0x7fffffffffffffffll - 1)" : "0x7fffffffffffffffll";
    case DType::f64: return max ? "-pn_inf_f64()" : "pn_inf_f64()";
    default: return max ? "-pn_inf_f32()" : "pn_inf_f32()";
  }
}

bool is_extreme(std::string_view kind) { return kind == "max" || kind == "min"; }

// Where the order of accumulation is not seen in the result.
bool any_order(std::string_view kind, DType t) {
  return is_int(t) || t == DType::boolean || (kind != "sum" && kind != "prod");
}

// a = a op b, of variables.
std::string combine(std::string_view kind, DType t, std::string_view type, const std::string& a,
                    const std::string& b) {
  if (kind == "sum") return str(a, " = (", type, ")(", a, " + ", b, ");");
  if (kind == "prod") return str(a, " = (", type, ")(", a, " * ", b, ");");
  if (kind == "and") return str(a, " = (", type, ")(", a, " & ", b, ");");
  if (kind == "or") return str(a, " = (", type, ")(", a, " | ", b, ");");
  if (kind == "xor") return str(a, " = (", type, ")(", a, " ^ ", b, ");");
  return str(a, " = ", c_extreme(kind == "max", t, a, b), ";");
}

// Long formulas at sixteen a step would spill all registers: these take one vector a step. Where
// even that makes no sense (an index that is divided), elements go one by one.
enum class Step : uint8_t { sixteen, vector, one };

Step step_of(Block& body) {
  constexpr std::string_view kLong[] = {"prim.pow",   "prim.atan2", "prim.tan",   "prim.erfinv",
                                        "prim.erfc",  "prim.asin",  "prim.acos",  "prim.atan",
                                        "prim.asinh", "prim.acosh", "prim.atanh", "prim.lgamma",
                                        "prim.sinh",  "prim.cosh",  "prim.expm1", "prim.log1p",
                                        "prim.sin",   "prim.cos",   "prim.rem"};
  constexpr std::string_view kFunctions[] = {"prim.exp", "prim.log", "prim.tanh", "prim.erf"};
  int functions = 0;
  for (Operation& op : body) {
    if (op.info().dialect->name() != "prim" || op.result_count() != 1) continue;
    bool divided = op.is("prim.div") || op.is("prim.rem");
    if (divided && is_int(op.result().dtype())) return Step::one;
    if (std::ranges::find(kLong, op.name()) != std::end(kLong)) return Step::vector;
    bool wide = size_of(op.result().dtype()) == 8;
    if (std::ranges::find(kFunctions, op.name()) != std::end(kFunctions)) functions += wide ? 3 : 1;
  }
  return functions > 2 ? Step::vector : Step::sixteen;
}

// Whether AVX2 can load and store under a mask what the body touches.
bool can_mask(Block& body) {
  for (Operation& op : body) {
    if (op.is("loop.load") && size_of(loop::element(op.operand(0).type())) < 4) return false;
    if (op.is("loop.store") && size_of(loop::element(op.operand(1).type())) < 4) return false;
  }
  return true;
}

}  // namespace

// One of the values that a reduction computes side by side.
struct Renderer::Lanes {
  std::string_view kind;
  DType t;
  std::string type, zero;
  std::string lane, sign, nan, tree, total;  // names
  std::string result;
  bool real_extreme() const { return is_extreme(kind) && is_float(t); }
  std::string_view bits() const { return t == DType::f64 ? "pn_u64" : "pn_u32"; }
  std::string_view suffix() const { return t == DType::f64 ? "f64" : "f32"; }
  std::string_view sign_bit() const {
    return t == DType::f64 ? "0x8000000000000000ull" : "0x80000000u";
  }

  std::string set(const std::string& l) const {
    std::string text = str(lane, "[", l, "] = ", zero, ";");
    if (!real_extreme()) return text;
    return str(text, " ", sign, "[", l, "] = ", kind == "max" ? sign_bit() : "0", "; ", nan, "[", l,
               "] = 0;");
  }
  // Of max and min: the sign of zeros and the NaNs on their own, so that the rest is one
  // instruction. A largest value of zero is -0 only if nothing has the sign of +0.
  std::string add(const std::string& l, const std::string& x) const {
    std::string at = str(lane, "[", l, "]");
    if (!real_extreme()) return combine(kind, t, type, at, x);
    bool max = kind == "max";
    return str(at, " = ", x, max ? " > " : " < ", at, " ? ", x, " : ", at, "; ", sign, "[", l, "] ",
               max ? "&" : "|", "= pn_bits_", suffix(), "(", x, "); ", nan, "[", l, "] |= ", x,
               " != ", x, " ? ~(", bits(), ")0 : 0;");
  }
  // Lane l takes lane l + half.
  std::string fold(int half) const {
    std::string other = str("l + ", half);
    std::string text = str("const ", type, " x = ", lane, "[", other, "]; ");
    if (!real_extreme()) return str(text, combine(kind, t, type, str(lane, "[l]"), "x"));
    bool max = kind == "max";
    return str(text, lane, "[l] = x ", max ? ">" : "<", " ", lane, "[l] ? x : ", lane, "[l]; ",
               sign, "[l] ", max ? "&" : "|", "= ", sign, "[", other, "]; ", nan, "[l] |= ", nan,
               "[", other, "];");
  }
  std::string folded() const {
    std::string first = str(lane, "[0]");
    if (!real_extreme()) return first;
    return str(nan, "[0] ? pn_nan_", suffix(), "() : ", first, " == 0 ? pn_", suffix(), "_of(",
               sign, "[0] & ", sign_bit(), ") : ", first);
  }
};

std::vector<Renderer::Lanes> Renderer::lanes_of(Operation& op) {
  std::vector<Lanes> all;
  std::string_view kind = op.attr("kind").as_string();
  for (Value value : op.region(0).block().terminator()->operands()) {
    DType t = value.dtype();
    std::string number = fresh("");
    all.push_back({kind, t, lane_type(t, kind == "sum" || kind == "prod"), neutral(kind, t),
                   str("lane", number), str("sign", number), str("nan", number),
                   str("tree", number), str("total", number), str("r", number)});
  }
  return all;
}

void Renderer::reduce(Operation& op) {
  std::vector<Lanes> lanes = lanes_of(op);
  for (const Lanes& r : lanes) line(str(r.type, " ", r.result, " = ", r.zero, ";"));
  open("{");
  bool free = std::ranges::all_of(lanes, [](const Lanes& r) { return any_order(r.kind, r.t); });
  auto length = op.operand_count() == 0 ? op.attr("extent").as_dim().as_const() : std::nullopt;
  if (op.attr("joins")) {
    join_elements(op, lanes);
  } else if (free || op.operand_count() > 0 || (length && *length <= kBlock)) {
    groups(op, lanes, "0", count(op));
    for (const Lanes& r : lanes) line(str(r.result, " = ", r.folded(), ";"));
  } else {
    blocks(op, lanes);
  }
  close();
  for (size_t i = 0; i < lanes.size(); ++i) {
    DType t = lanes[i].t;
    std::string value = str("(", c_type(t), ")", lanes[i].result), label = fresh("v");
    if (t == DType::f16 || t == DType::bf16) value = c_widen(t, c_narrow(t, lanes[i].result));
    line(str("const ", c_type(t), " ", label, " = ", value, ";"));
    set_name(op.result(i), label);
  }
}

// Asks for the lines that the loop behind the last reduction of a row writes: while elements are
// reduced memory has time for it, and a row of results is not yet in a cache.
void Renderer::fetch_results(Operation& op) {
  constexpr size_t kLine = 64;
  Operation* next = op.next();
  while (next != nullptr && next->region_count() == 0) next = next->next();
  if (next == nullptr || !next->is("loop.for")) return;
  Block& body = next->region(0).block();
  set_name(body.argument(0), "at");
  for (Operation& store : body) {
    if (!store.is("loop.store") || store.operand(1).definer() != nullptr) continue;  // scratch
    std::vector<Value> operands = store.operands();
    std::span<const Value> indices = std::span(operands).subspan(2);
    auto known = [&](Value v) {
      return v == body.argument(0) || (v.definer() == nullptr && straight_.knows(v));
    };
    bool dense = !indices.empty() && indices.back() == body.argument(0) &&
                 store.attr("strides").as_dims().back().is_const(1);
    if (!dense || !std::ranges::all_of(indices, known)) continue;
    size_t size = size_of(loop::element(operands[1].type()));
    for (size_t from = 0; from < kLanes; from += kLine / size) {
      line(str("__builtin_prefetch(", name(operands[1]), " + (", address(store, 2), ") + ", from,
               ", 1);"));
    }
  }
}

// The elements from..stop, in lanes that are folded in the end.
void Renderer::groups(Operation& op, std::vector<Lanes>& lanes, std::string_view from,
                      std::string_view stop) {
  Block& body = op.region(0).block();
  Step step = step_of(body);
  widest_ = 512;
  for (const Lanes& r : lanes) {
    line(str(r.type, " ", r.lane, "[", kLanes, "];"));
    if (r.real_extreme()) {
      line(str(r.bits(), " ", r.sign, "[", kLanes, "], ", r.nan, "[", kLanes, "];"));
    }
    line(str("for (int l = 0; l < ", kLanes, "; ++l) { ", r.set("l"), " }"));
  }
  auto elements = [&](std::string_view end, auto use) {
    open(str("for (int l = 0; l < ", end, "; ++l) {"));
    std::string index = fresh("i");
    set_name(body.argument(0), index);
    line(str("const pn_i64 ", index, " = at + l;"));
    block(body);
    for (size_t i = 0; i < lanes.size(); ++i) use(lanes[i], name(body.terminator()->operand(i)));
    close();
  };
  line(str("pn_i64 at = ", from, ";"));
  open(str("for (; at + ", kLanes, " <= ", stop, "; at += ", kLanes, ") {"));
  // That `at` is a multiple of 16 makes clang write at | l, in which it sees no neighbours any
  // more.
  line("__asm__(\"\" : \"+r\"(at));");
  fetch_results(op);
  line(step == Step::one ? "#pragma clang loop vectorize(disable) unroll(disable)"
       : step == Step::vector
           ? "#pragma clang loop vectorize(enable) interleave_count(1) unroll(disable)"
           : str("#pragma clang loop vectorize(enable) vectorize_width(", kLanes,
                 ") interleave_count(1) unroll(disable)"));
  elements(str(kLanes), [&](const Lanes& r, const std::string& value) {
    line(str("const ", r.type, " x", r.lane, " = (", r.type, ")", value, ";"));
    line(r.add("l", str("x", r.lane)));
  });
  close();
  open(str("if (at < ", stop, ") {"));
  for (const Lanes& r : lanes) {
    line(str(r.type, " rest", r.lane, "[", kLanes, "];"));
    line(str("for (int l = 0; l < ", kLanes, "; ++l) rest", r.lane, "[l] = ", r.zero, ";"));
  }
  bool mask = step != Step::one && can_mask(body);
  line(mask ? "#pragma clang loop vectorize(enable) vectorize_predicate(enable) interleave_count(1)"
            : "#pragma clang loop vectorize(disable) unroll(disable)");
  elements(str("(int)(", stop, " - at)"), [&](const Lanes& r, const std::string& value) {
    line(str("rest", r.lane, "[l] = (", r.type, ")", value, ";"));
  });
  for (const Lanes& r : lanes) {
    line(str("for (int l = 0; l < ", kLanes, "; ++l) { const ", r.type, " x = rest", r.lane,
             "[l]; ", r.add("l", "x"), " }"));
  }
  close();
  for (int half = kLanes / 2; half >= 1; half /= 2) {
    for (const Lanes& r : lanes) {
      line(str("for (int l = 0; l < ", half, "; ++l) { ", r.fold(half), " }"));
    }
  }
}

// Level k of a tree holds the total of 2^k blocks; a new total joins as many as its number ends in
// ones.
void Renderer::add_total(const Lanes& r) {
  line(str("int level = 0; for (; blocks >> level & 1; ++level) { const ", r.type, " x = ", r.total,
           "; ", r.total, " = ", r.tree, "[level]; ", combine(r.kind, r.t, r.type, r.total, "x"),
           " }"));
  line(str(r.tree, "[level] = ", r.total, ";"));
}

void Renderer::join_tree(const std::vector<Lanes>& lanes) {
  open("if (blocks > 0) {");
  line("const int first = __builtin_ctzll((pn_u64)blocks);");
  for (const Lanes& r : lanes) {
    line(str(r.result, " = ", r.tree, "[first];"));
    line(
        str("for (int level = first + 1; blocks >> level; ++level) if (blocks >> level & 1) { "
            "const ",
            r.type, " x = ", r.result, "; ", r.result, " = ", r.tree, "[level]; ",
            combine(r.kind, r.t, r.type, r.result, "x"), " }"));
  }
  close();
}

void Renderer::blocks(Operation& op, std::vector<Lanes>& lanes) {
  std::string n = count(op);
  for (const Lanes& r : lanes) line(str(r.type, " ", r.tree, "[52];"));
  line("pn_i64 blocks = 0;");
  open(str("for (pn_i64 from = 0; from < ", n, "; from += ", kBlock, ") {"));
  line(str("const pn_i64 stop = ", n, " - from < ", kBlock, " ? ", n, " : from + ", kBlock, ";"));
  groups(op, lanes, "from", "stop");
  for (const Lanes& r : lanes) {
    line(str("{ ", r.type, " ", r.total, " = ", r.folded(), ";"));
    add_total(r);
    line("}");
  }
  line("++blocks;");
  close();
  join_tree(lanes);
}

// The elements are the totals of blocks.
void Renderer::join_elements(Operation& op, std::vector<Lanes>& lanes) {
  Block& body = op.region(0).block();
  for (const Lanes& r : lanes) line(str(r.type, " ", r.tree, "[52];"));
  line("pn_i64 blocks = 0;");
  line("#pragma clang loop vectorize(disable) unroll(disable)");
  open(str("for (; blocks < ", count(op), "; ++blocks) {"));
  set_name(body.argument(0), "blocks");
  block(body);
  for (size_t i = 0; i < lanes.size(); ++i) {
    const Lanes& r = lanes[i];
    line(str("{ ", r.type, " ", r.total, " = (", r.type, ")", name(body.terminator()->operand(i)),
             ";"));
    add_total(r);
    line("}");
  }
  close();
  join_tree(lanes);
}

// Asks for the rows that come soon: a strip of a row is too short for the processor to see where
// the next one begins.
void Renderer::fetch_rows(Block& body, const std::string& i, const std::string& j) {
  constexpr int64_t kAhead = 4, kLine = 64;
  std::vector<Operation*> indices, loads;
  std::unordered_set<const ValueImpl*> rows{body.argument(0).impl()},
      columns{body.argument(1).impl()};
  for (Operation& op : body) {
    auto reads = [&](const std::unordered_set<const ValueImpl*>& set) {
      return std::ranges::any_of(op.operands(), [&](Value v) { return set.contains(v.impl()); });
    };
    bool by_row = reads(rows), by_column = reads(columns);
    if (op.is("loop.load")) {
      if (by_row && by_column) loads.push_back(&op);
    } else if (by_row || by_column || op.is("loop.size")) {
      bool index = op.result_count() == 1 && op.result().dtype() == DType::i64;
      if (!index) continue;
      indices.push_back(&op);
      if (by_row) rows.insert(op.result().impl());
      if (by_column) columns.insert(op.result().impl());
    }
  }
  if (loads.empty()) return;
  size_t widest = 1;
  for (Operation* op : loads)
    widest = std::max(widest, size_of(loop::element(op->operand(0).type())));
  open(str("if (", i, " + ", kAhead, " < rows) {"));
  line("#pragma clang loop unroll(disable)");
  open(str("for (pn_i64 k = 0; k < columns; k += ", kLine / static_cast<int64_t>(widest), ") {"));
  line(str("const pn_i64 next = ", i, " + ", kAhead, ";"));
  set_name(body.argument(0), "next");
  set_name(body.argument(1), "k");
  for (Operation* op : indices) operation(*op);
  for (Operation* op : loads) {
    line(str("__builtin_prefetch(", name(op->operand(0)), " + (", address(*op, 1), "));"));
  }
  close();
  close();
  set_name(body.argument(0), i);
  set_name(body.argument(1), j);
}

// Columns side by side: lane l of all columns is a row of memory, to which the rows l, l + 16, ...
// are added.
void Renderer::columns(Operation& op) {
  std::vector<Lanes> lanes = lanes_of(op);
  Block& body = op.region(0).block();
  std::string width = size(op.attr("width").as_dim());
  auto most = op.attr("width").as_dim().as_const();
  PROA_CHECK(most, "a strip of columns has a width that is no number");
  open("{");
  line(str("const pn_i64 rows = ", name(op.operand(0)), ", columns = ", name(op.operand(1)), ";"));
  line(str("const pn_i64 used = rows < 1 ? 1 : rows < ", kLanes, " ? rows : ", kLanes, ";"));
  for (const Lanes& r : lanes) {
    line(str(r.type, " ", r.lane, "[", kLanes * *most, "] __attribute__((aligned(64)));"));
    line(str("for (pn_i64 k = 0; k < used * ", *most, "; ++k) ", r.lane, "[k] = ", r.zero, ";"));
  }
  std::string i = fresh("i"), j = fresh("i");
  set_name(body.argument(0), i);
  set_name(body.argument(1), j);
  open(str("for (pn_i64 ", i, " = 0; ", i, " < rows; ++", i, ") {"));
  for (const Lanes& r : lanes) {
    line(str(r.type, " *const row", r.lane, " = ", r.lane, " + (", i, " & ", kLanes - 1, ") * ",
             *most, ";"));
  }
  fetch_rows(body, i, j);
  line("#pragma clang loop vectorize(enable)");
  open(str("for (pn_i64 ", j, " = 0; ", j, " < columns; ++", j, ") {"));
  block(body);
  for (size_t k = 0; k < lanes.size(); ++k) {
    const Lanes& r = lanes[k];
    line(str("const ", r.type, " x", r.lane, " = (", r.type, ")",
             name(body.terminator()->operand(k)), ";"));
    line(combine(r.kind, r.t, r.type, str("row", r.lane, "[", j, "]"), str("x", r.lane)));
  }
  close();
  close();
  for (int half = kLanes / 2; half >= 1; half /= 2) {
    for (const Lanes& r : lanes) {
      line(str("for (pn_i64 l = 0; l < ", half, " && l + ", half,
               " < used; ++l) for (pn_i64 j = 0; j < columns; ++j) { const ", r.type,
               " x = ", r.lane, "[(l + ", half, ") * ", *most, " + j]; ",
               combine(r.kind, r.t, r.type, str(r.lane, "[l * ", *most, " + j]"), "x"), " }"));
    }
  }
  for (size_t k = 0; k < lanes.size(); ++k) {
    const Lanes& r = lanes[k];
    line(str("for (pn_i64 j = 0; j < columns; ++j) ", name(op.operand(2 + k)), "[j] = (",
             c_storage(r.t), ")", r.lane, "[j];"));
  }
  close();
}

}  // namespace proa::compiler::render
