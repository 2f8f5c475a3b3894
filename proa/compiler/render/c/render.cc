#include "proa/compiler/render/c/render.h"

#include <algorithm>
#include <cstdio>
#include <unordered_map>

#include "proa/base/error.h"
#include "proa/base/hash.h"
#include "proa/base/numeric/text.h"
#include "proa/compiler/loop/dialect.h"
#include "proa/compiler/render/c/contract.h"
#include "proa/compiler/render/c/scalar.h"
#include "proa/ir/dialect.h"

namespace proa::compiler::render {

using namespace ir;

namespace {

constexpr int kLanes = 16;    // of a sum; see reduce in the order of numerics.md
constexpr int kBlock = 4096;  // elements of a sum's block
constexpr int kStaged = 256;  // elements computed before their lanes are added

class Renderer {
 public:
  explicit Renderer(Func func) : func_(func) {}

  CKernel run() {
    std::vector<Operation*> nest = parallel_nest();
    for (Operation* loop : nest) made_.units = made_.units * extent(*loop);
    bool by_element = !nest.empty() && is_leaf(*nest.back());
    if (by_element) made_.work = cost(nest.back()->region(0).block());
    else find_work(nest.empty() ? func_.body() : nest.back()->region(0).block());
    head();
    if (nest.empty()) {
      block(func_.body());
    } else {
      outside(nest);
      by_element ? elements(nest) : units(nest);
    }
    return finish();
  }

 private:
  static Dim extent(const Operation& loop) { return loop.attr("extent").as_dim(); }

  // Text.

  void line(std::string_view text) {
    out_.append(static_cast<size_t>(2 * depth_), ' ');
    out_ += text;
    out_ += '\n';
  }
  void open(std::string_view text) {
    line(text);
    ++depth_;
  }
  void close() {
    --depth_;
    line("}");
  }
  std::string fresh(std::string_view prefix) { return str(prefix, count_++); }
  const std::string& name(Value value) const {
    auto found = names_.find(value.impl());
    PROA_CHECK(found != names_.end(), "a value is rendered before it is defined");
    return found->second;
  }

  // A size: a number, or a word of the caller.
  std::string size(Dim d) {
    if (auto value = d.as_const()) return str(*value, "ll");
    auto at = std::ranges::find(made_.words, d);
    if (at == made_.words.end()) at = made_.words.insert(made_.words.end(), d);
    return str("d", at - made_.words.begin());
  }

  // The loops around everything that runs in parallel: each the only loop of its block.
  std::vector<Operation*> parallel_nest() const {
    std::vector<Operation*> nest;
    Block* at = &func_.body();
    for (;;) {
      Operation* found = nullptr;
      for (Operation& op : *at) {
        if (op.is("loop.for") && op.attr("parallel")) found = &op;
      }
      if (found == nullptr) return nest;
      nest.push_back(found);
      at = &found->region(0).block();
    }
  }

  static bool is_leaf(const Operation& loop) {
    for (Operation& op : loop.region(0).block()) {
      if (op.region_count() > 0) return false;
    }
    return true;
  }

  // Of one element, in elements that are only copied.
  static int64_t cost(Block& body) {
    int64_t operations = 0;
    for (Operation& op : body) operations += op.info().dialect->name() == "prim";
    return 1 + operations / 4;
  }

  void find_work(Block& body) {
    Dim work = 0;
    for (Operation& op : body) {
      if (op.is("loop.for") || op.is("loop.reduce")) work = work + extent(op);
      if (op.is("loop.scratch")) {
        auto size = static_cast<int64_t>(size_of(loop::element(op.result().type())));
        made_.scratch = made_.scratch + ceildiv(extent(op) * size, 64) * 64;
      }
    }
    made_.work = work;
  }

  void head() {
    depth_ = 1;
    for (Value buffer : func_.arguments()) {
      std::string label = str("b", buffer.index());
      names_[buffer.impl()] = label;
      DType t = loop::element(buffer.type());
      bool written = false;
      buffer.each_use([&](Use& use) { written |= use.owner->is("loop.store"); });
      line(str(written ? "" : "const ", c_storage(t), " *restrict ", label, " = buffers[",
               buffer.index(), "];"));
    }
  }

  // What stands beside the loops of the nest belongs to every unit.
  void outside(const std::vector<Operation*>& nest) {
    for (Operation& op : func_.body()) {
      if (&op != nest[0]) operation(op);
    }
  }

  // Units are elements: a range of them may begin and end within the last axis.
  void elements(const std::vector<Operation*>& nest) {
    Operation* last = nest.back();
    if (nest.size() == 1) {
      inner_loop(*last, "begin", "end");
      return;
    }
    open("for (pn_i64 unit = begin; unit < end;) {");
    line(str("pn_i64 rest = unit / ", size(extent(*last)), ", first = unit - rest * ",
             size(extent(*last)), ";"));
    line(str("pn_i64 stop = first + (end - unit);"));
    line(str("stop = stop < ", size(extent(*last)), " ? stop : ", size(extent(*last)), ";"));
    indices({nest.begin(), nest.end() - 1});
    inner_loop(*last, "first", "stop");
    line("unit += stop - first;");
    close();
  }

  // Units are the runs of the loops inside.
  void units(const std::vector<Operation*>& nest) {
    open("for (pn_i64 unit = begin; unit < end; ++unit) {");
    line("pn_i64 rest = unit;");
    if (!made_.scratch.is_const(0)) line("char *room = scratch;");
    indices(nest);
    for (size_t i = 0; i + 1 < nest.size(); ++i) beside(*nest[i], *nest[i + 1]);
    block(nest.back()->region(0).block());
    close();
  }

  void beside(Operation& loop, Operation& inner) {
    for (Operation& op : loop.region(0).block()) {
      if (&op != &inner) operation(op);
    }
  }

  void indices(const std::vector<Operation*>& nest) {
    for (size_t i = nest.size(); i-- > 0;) {
      std::string label = fresh("i");
      names_[nest[i]->region(0).block().argument(0).impl()] = label;
      if (i == 0) {
        line(str("pn_i64 ", label, " = rest;"));
      } else {
        std::string n = size(extent(*nest[i]));
        line(str("pn_i64 ", label, " = rest % ", n, "; rest /= ", n, ";"));
      }
    }
  }

  void inner_loop(Operation& loop, std::string_view first, std::string_view stop) {
    Block& body = loop.region(0).block();
    std::string label = fresh("i");
    names_[body.argument(0).impl()] = label;
    line("#pragma clang loop vectorize(enable)");
    open(str("for (pn_i64 ", label, " = ", first, "; ", label, " < ", stop, "; ++", label, ") {"));
    block(body);
    close();
  }

  void block(Block& body) {
    for (Operation& op : body) operation(op);
  }

  void operation(Operation& op) {
    if (op.info().has(Trait::terminator)) return;
    if (op.is("loop.for")) {
      inner_loop(op, "0", size(extent(op)));
    } else if (op.is("loop.reduce")) {
      reduce(op);
    } else if (op.is("loop.scratch")) {
      scratch(op);
    } else if (op.is("loop.load")) {
      DType t = op.result().dtype();
      define(op, c_widen(t, str(name(op.operand(0)), "[", address(op, 1), "]")));
    } else if (op.is("loop.store")) {
      Value value = op.operand(0);
      line(str(name(op.operand(1)), "[", address(op, 2),
               "] = ", c_narrow(value.dtype(), name(value)), ";"));
    } else if (op.is("loop.size")) {
      define(op, size(op.attr("dim").as_dim()));
    } else if (op.is("prim.constant")) {
      define(op, c_literal(op.result().dtype(), op.attr("value").as_tensor().bytes));
    } else {
      std::vector<std::string> operands;
      for (Value operand : op.operands()) operands.push_back(name(operand));
      std::string text = c_scalar(op, operands);
      PROA_CHECK(!text.empty(), "no text renders ", op.name());
      define(op, text);
    }
  }

  void define(Operation& op, std::string_view text) {
    std::string label = fresh("v");
    line(str("const ", c_type(op.result().dtype()), " ", label, " = ", text, ";"));
    names_[op.result().impl()] = label;
  }

  std::string address(Operation& op, size_t first) {
    std::vector<Dim> strides = op.attr("strides").as_dims();
    Dim offset = op.attr("offset").as_dim();
    std::string text;
    if (!offset.is_const(0)) text = size(offset);
    for (size_t i = 0; i < strides.size(); ++i) {
      if (!text.empty()) text += " + ";
      text += name(op.operand(first + i));
      if (!strides[i].is_const(1)) text += str(" * ", size(strides[i]));
    }
    return text.empty() ? "0" : text;
  }

  void scratch(Operation& op) {
    std::string label = fresh("s");
    names_[op.result().impl()] = label;
    DType t = loop::element(op.result().type());
    line(str(c_storage(t), " *restrict ", label, " = (", c_storage(t), " *)room;"));
    auto bytes = static_cast<int64_t>(size_of(t));
    Dim whole = ceildiv(extent(op) * Dim(bytes), 64) * 64;
    line(str("room += ", size(whole), ";"));
  }

  // Reductions.

  // The type in which lanes add up: integers without a sign, so that they wrap.
  static std::string lane_type(DType t, bool sum) {
    if (!sum || !is_int(t)) return str(c_type(t));
    return size_of(t) == 8   ? "pn_u64"
           : size_of(t) == 4 ? "pn_u32"
           : size_of(t) == 2 ? "pn_u16"
                             : "pn_u8";
  }

  static std::string neutral(std::string_view kind, DType t) {
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

  // a = a op b, of variables.
  std::string combine(Operation& op, DType t, const std::string& type, const std::string& a,
                      const std::string& b) {
    std::string_view kind = op.attr("kind").as_string();
    if (kind == "sum") return str(a, " = (", type, ")(", a, " + ", b, ");");
    if (kind == "prod") return str(a, " = (", type, ")(", a, " * ", b, ");");
    if (kind == "and") return str(a, " = (", type, ")(", a, " & ", b, ");");
    if (kind == "or") return str(a, " = (", type, ")(", a, " | ", b, ");");
    if (kind == "xor") return str(a, " = (", type, ")(", a, " ^ ", b, ");");
    return str(a, " = ", c_extreme(kind == "max", t, a, b), ";");
  }

  // The elements go in blocks of 4096; in a block to 16 lanes (number mod 16); lanes fold 8, 4, 2,
  // 1; blocks join as adjacent pairs. Elements are computed a stretch ahead, so that the loop of
  // them vectorises; a stretch is filled up with the neutral element, which changes nothing.
  void reduce(Operation& op) {
    DType t = op.result().dtype();
    std::string_view kind = op.attr("kind").as_string();
    std::string type = lane_type(t, kind == "sum" || kind == "prod"), zero = neutral(kind, t);
    std::string n = size(extent(op)), result = fresh("r");
    names_[op.result().impl()] = result;
    Dim length = extent(op);
    bool one_block = length.as_const() && *length.as_const() <= kBlock;
    line(str(type, " ", result, " = ", zero, ";"));
    open("{");
    if (!one_block) line(str(type, " tree[52]; pn_i64 blocks = 0;"));
    open(str("for (pn_i64 at = 0; at < ", n, "; at += ", kBlock, ") {"));
    line(str("pn_i64 length = ", n, " - at < ", kBlock, " ? ", n, " - at : ", kBlock, ";"));
    line(str(type, " lane[", kLanes, "];"));
    line(str("for (int l = 0; l < ", kLanes, "; ++l) lane[l] = ", zero, ";"));
    open(str("for (pn_i64 from = 0; from < length; from += ", kStaged, ") {"));
    line(str("pn_i64 count = length - from < ", kStaged, " ? length - from : ", kStaged, ";"));
    line(str(type, " value[", kStaged, "];"));
    Block& body = op.region(0).block();
    line("#pragma clang loop vectorize(enable)");
    open("for (pn_i64 k = 0; k < count; ++k) {");
    std::string index = fresh("i");
    names_[body.argument(0).impl()] = index;
    line(str("const pn_i64 ", index, " = at + from + k;"));
    block(body);
    line(str("value[k] = (", type, ")", name(body.terminator()->operand(0)), ";"));
    close();
    line(str("pn_i64 padded = (count + ", kLanes - 1, ") & ~(pn_i64)", kLanes - 1, ";"));
    line(str("for (pn_i64 k = count; k < padded; ++k) value[k] = ", zero, ";"));
    open(str("for (pn_i64 k = 0; k < padded; k += ", kLanes, ") {"));
    line("#pragma clang loop vectorize(enable) unroll(full)");
    line(str("for (int l = 0; l < ", kLanes, "; ++l) { const ", type, " x = value[k + l]; ",
             combine(op, t, type, "lane[l]", "x"), " }"));
    close();
    close();
    for (int half = kLanes / 2; half >= 1; half /= 2) {
      line(str("for (int l = 0; l < ", half, "; ++l) { const ", type, " x = lane[l + ", half, "]; ",
               combine(op, t, type, "lane[l]", "x"), " }"));
    }
    if (one_block) {
      line(str(result, " = lane[0];"));
    } else {
      line(str(type, " total = lane[0]; int level = 0;"));
      line(str("for (; blocks >> level & 1; ++level) { ", type, " x = total; total = tree[level]; ",
               combine(op, t, type, "total", "x"), " }"));
      line("tree[level] = total; ++blocks;");
    }
    close();
    if (!one_block) {
      open("if (blocks > 0) {");
      line("int level = __builtin_ctzll((pn_u64)blocks);");
      line(str(result, " = tree[level];"));
      line(str("for (++level; blocks >> level; ++level) if (blocks >> level & 1) { ", type, " x = ",
               result, "; ", result, " = tree[level]; ", combine(op, t, type, result, "x"), " }"));
      close();
    }
    close();
    std::string final = fresh("v");
    std::string value = str("(", c_type(t), ")", result);
    if (t == DType::f16 || t == DType::bf16) value = c_widen(t, c_narrow(t, result));
    line(str("const ", c_type(t), " ", final, " = ", value, ";"));
    names_[op.result().impl()] = final;
  }

  CKernel finish() {
    std::string body = std::move(out_);
    std::string sizes;
    for (size_t i = 0; i < made_.words.size(); ++i) {
      sizes += str("  const pn_i64 d", i, " = words[", i, "];\n");
    }
    std::vector<std::string_view> used = used_texts(body);
    std::string function =
        str("(void *const *buffers, const pn_i64 *words, pn_i64 begin, "
            "pn_i64 end, char *scratch) {\n",
            sizes, body, "}\n");
    std::string texts = str(numeric::prelude(numeric::Language::c), numeric::definitions(used));
    char name[32];
    std::snprintf(name, sizeof name, "proa_%016llx",
                  static_cast<unsigned long long>(hash_bytes(function.data(), function.size())));
    made_.name = name;
    made_.text = str(texts, "\nvoid ", made_.name, function);
    return std::move(made_);
  }

  // What the numeric texts define and the body calls.
  static std::vector<std::string_view> used_texts(std::string_view body) {
    std::vector<std::string_view> used;
    auto is_name = [](char c) {
      return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    };
    for (size_t at = body.find("pn_"); at != std::string_view::npos;) {
      size_t end = at;
      while (end < body.size() && is_name(body[end])) ++end;
      std::string_view word = body.substr(at, end - at);
      if (numeric::is_defined(word) && std::ranges::find(used, word) == used.end()) {
        used.push_back(word);
      }
      at = body.find("pn_", end);
    }
    return used;
  }

  Func func_;
  CKernel made_;
  std::string out_;
  int depth_ = 0, count_ = 0;
  std::unordered_map<const ValueImpl*, std::string> names_;
};

}  // namespace

CKernel render_c(Func kernel) {
  return contraction_of(kernel) != nullptr ? render_contraction(kernel) : Renderer(kernel).run();
}

}  // namespace proa::compiler::render
