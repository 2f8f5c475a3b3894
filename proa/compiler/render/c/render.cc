#include "proa/compiler/render/c/render.h"

#include <algorithm>
#include <cstdio>
#include <unordered_map>

#include "proa/base/error.h"
#include "proa/base/hash.h"
#include "proa/base/str.h"
#include "proa/compiler/loop/dialect.h"
#include "proa/compiler/loop/in_place.h"
#include "proa/compiler/render/c/contract.h"
#include "proa/compiler/render/c/convolve.h"
#include "proa/compiler/render/c/renderer.h"
#include "proa/compiler/render/c/scalar.h"
#include "proa/compiler/render/c/scatter.h"
#include "proa/ir/dialect.h"

namespace proa::compiler::render {

using namespace ir;

namespace {

Dim extent(const Operation& loop) { return loop.attr("extent").as_dim(); }

// Functions of the body whose text is a long chain, each step of which waits for the one before.
struct LongChains {
  int depth = 0;           // of such functions that wait for each other
  bool exp_alone = false;  // all of them are exponentials, whose few constants stay in registers
};
LongChains long_chains(const Block& body) {
  constexpr std::string_view kLong[] = {"prim.exp", "prim.expm1", "prim.log",  "prim.log1p",
                                        "prim.sin", "prim.cos",   "prim.tanh", "prim.erf",
                                        "prim.pow", "prim.tan",   "prim.atan2"};
  LongChains found{0, true};
  std::unordered_map<const Operation*, int> depth;
  for (const Operation& op : body) {
    int& own = depth[&op];
    for (Value operand : op.operands()) {
      if (auto at = depth.find(operand.definer()); at != depth.end())
        own = std::max(own, at->second);
    }
    if (std::ranges::find(kLong, op.name()) == std::end(kLong)) continue;
    found.depth = std::max(found.depth, ++own);
    found.exp_alone &= op.is("prim.exp");
  }
  return found;
}

// A loop of elements: nothing loops inside it.
bool is_leaf(const Operation& loop) {
  for (Operation& op : loop.region(0).block()) {
    if (op.region_count() > 0) return false;
  }
  return true;
}

// Of one element, in elements that are only copied.
int64_t cost(Block& body) {
  int64_t operations = 0;
  for (Operation& op : body) operations += op.info().dialect->name() == "prim";
  return 1 + operations / 4;
}

}  // namespace

std::string kernel_name(uint64_t hash) {
  char name[32];
  std::snprintf(name, sizeof name, "proa_%016llx", static_cast<unsigned long long>(hash));
  return name;
}

CKernel Renderer::run() {
  std::vector<Operation*> nest = parallel_nest();
  for (Operation* loop : nest) made_.units = made_.units * extent(*loop);
  bool by_element = !nest.empty() && is_leaf(*nest.back());
  Block& inside = nest.empty() ? func_.body() : nest.back()->region(0).block();
  head();
  if (by_element) {
    made_.work = cost(inside);
  } else {
    made_.work = 0;
    find_work(inside);
    find_scratch(inside);
  }
  if (nest.empty()) {
    block(func_.body());
  } else {
    outside(nest);
    by_element ? elements(nest) : units(nest);
  }
  return finish();
}

// Text.

void Renderer::open(std::string_view text) {
  line(text);
  ++straight_.depth;
}

void Renderer::close() {
  --straight_.depth;
  line("}");
}

std::string Renderer::count(Operation& loop) {
  return loop.operand_count() > 0 ? name(loop.operand(0)) : size(extent(loop));
}

// The loops around everything that runs in parallel: each the only loop of its block.
std::vector<Operation*> Renderer::parallel_nest() const {
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

void Renderer::find_work(Block& body) {
  for (Operation& op : body) {
    if (op.is("loop.for") || op.is("loop.reduce")) made_.work = made_.work + extent(op);
    if (op.is("loop.columns")) { made_.work = made_.work + extent(op) * op.attr("width").as_dim(); }
  }
}

// The part that does the work takes its memory as parameters: only there does `restrict` tell clang
// that buffers do not overlap. An output that may lie over an input says nothing of the kind.
void Renderer::head() {
  std::vector<Value> buffers = func_.arguments();
  std::vector<bool> written(buffers.size()), shared = loop::shared_buffers(func_);
  for (size_t i = 0; i < buffers.size(); ++i)
    buffers[i].each_use([&](Use& use) { written[i] = written[i] || use.owner->is("loop.store"); });
  for (size_t i = 0; i < buffers.size(); ++i) {
    std::string label = str("b", i);
    set_name(buffers[i], label);
    parameters_.push_back(str(written[i] ? "" : "const ",
                              c_storage(loop::element(buffers[i].type())),
                              shared[i] ? " *" : " *restrict ", label));
    arguments_.push_back(str("buffers[", i, "]"));
  }
}

void Renderer::find_scratch(Block& body) {
  for (Operation& op : body) {
    if (!op.is("loop.scratch")) continue;
    DType t = loop::element(op.result().type());
    std::string label = fresh("s");
    set_name(op.result(), label);
    parameters_.push_back(str(c_storage(t), " *restrict ", label));
    arguments_.push_back(str("(void *)(scratch + ", size(made_.scratch), ")"));
    auto bytes = static_cast<int64_t>(size_of(t));
    made_.scratch = made_.scratch + ceildiv(extent(op) * bytes, 64) * 64;
  }
}

// What stands beside the loops of the nest belongs to every unit.
void Renderer::outside(const std::vector<Operation*>& nest) {
  for (Operation& op : func_.body()) {
    if (&op != nest[0]) operation(op);
  }
}

// Units are elements: a range of them may begin and end within the last axis.
void Renderer::elements(const std::vector<Operation*>& nest) {
  Operation* last = nest.back();
  if (nest.size() == 1) {
    inner_loop(*last, "begin", "end");
    return;
  }
  std::string n = size(extent(*last));
  open("for (pn_i64 unit = begin; unit < end;) {");
  line(str("pn_i64 rest = unit / ", n, ", first = unit - rest * ", n, ";"));
  line(str("pn_i64 stop = first + (end - unit);"));
  line(str("stop = stop < ", n, " ? stop : ", n, ";"));
  indices({nest.begin(), nest.end() - 1});
  // A short line of a known length, whole, needs no loop, or one of whole vectors, which clang
  // finds only where it may not unroll it first.
  constexpr int64_t kShort = 32;
  auto length = extent(*last).as_const();
  if (length && *length <= kShort) {
    open(str("if (stop - first == ", n, ") {"));
    inner_loop(*last, "0", n, *length % 4 == 0);
    line("unit += stop - first;");
    line("continue;");
    close();
  }
  inner_loop(*last, "first", "stop");
  line("unit += stop - first;");
  close();
}

// Units are the runs of the loops inside.
void Renderer::units(const std::vector<Operation*>& nest) {
  open("for (pn_i64 unit = begin; unit < end; ++unit) {");
  line("pn_i64 rest = unit;");
  indices(nest);
  for (size_t i = 0; i + 1 < nest.size(); ++i) beside(*nest[i], *nest[i + 1]);
  block(nest.back()->region(0).block());
  close();
}

void Renderer::beside(Operation& loop, Operation& inner) {
  for (Operation& op : loop.region(0).block()) {
    if (&op != &inner) operation(op);
  }
}

void Renderer::indices(const std::vector<Operation*>& nest) {
  for (size_t i = nest.size(); i-- > 0;) {
    std::string label = fresh("i");
    set_name(nest[i]->region(0).block().argument(0), label);
    if (i == 0) {
      line(str("pn_i64 ", label, " = rest;"));
    } else {
      std::string n = size(extent(*nest[i]));
      line(str("pn_i64 ", label, " = rest % ", n, "; rest /= ", n, ";"));
    }
  }
}

void Renderer::inner_loop(Operation& loop, std::string_view first, std::string_view stop,
                          bool rolled) {
  Block& body = loop.region(0).block();
  std::string label = fresh("i");
  set_name(body.argument(0), label);
  // Iterations are independent of each other, though an output may lie over an input. Clang has one
  // vector under way where the body is long, and the processor could not see as far as the next.
  // Where exponentials wait for exponentials, their divisions stand still together, and only more
  // vectors fill the gap; those take more registers than AVX2 has.
  LongChains chains = is_leaf(loop) ? long_chains(body) : LongChains{};
  auto pragma = [&](std::string_view under_way) {
    line(str("#pragma clang loop vectorize(", is_leaf(loop) ? "assume_safety" : "enable", ")",
             under_way, chains.depth > 0 || rolled ? " unroll(disable)" : ""));
  };
  if (chains.depth > 1 && chains.exp_alone) {
    line("#ifdef __AVX512F__");
    pragma(" interleave_count(8)");
    line("#else");
    pragma(" interleave_count(4)");
    line("#endif");
  } else {
    pragma(chains.depth > 0 ? " interleave_count(4)" : "");
  }
  open(str("for (pn_i64 ", label, " = ", first, "; ", label, " < ", stop, "; ++", label, ") {"));
  block(body);
  close();
}

void Renderer::block(Block& body) {
  for (Operation& op : body) operation(op);
}

void Renderer::operation(Operation& op) {
  if (op.info().has(Trait::terminator) || op.is("loop.scratch")) return;
  if (op.is("loop.for")) {
    inner_loop(op, "0", count(op));
  } else if (op.is("loop.reduce")) {
    reduce(op);
  } else if (op.is("loop.columns")) {
    columns(op);
  } else {
    straight_.operation(op);
  }
}

CKernel Renderer::finish() {
  std::string body = straight_.take(), sizes, parameters, arguments;
  for (size_t i = 0; i < made_.words.size(); ++i) {
    sizes += str("  const pn_i64 d", i, " = words[", i, "];\n");
  }
  for (const std::string& p : parameters_) parameters += str(p, ", ");
  for (const std::string& a : arguments_) arguments += str(a, ", ");
  // Else clang keeps to half of what AVX-512 has.
  std::string wide =
      widest_ > 0 ? str("__attribute__((min_vector_width(", widest_, "))) ") : std::string();
  std::string work =
      str("static inline __attribute__((always_inline)) ", wide, "void work(", parameters,
          "const pn_i64 *words, pn_i64 begin, pn_i64 end) {\n", sizes, body, "}\n");
  std::string call =
      str("(void *const *buffers, const pn_i64 *words, pn_i64 begin, "
          "pn_i64 end, char *scratch) {\n",
          sizes, "  work(", arguments, "words, begin, end);\n}\n");
  made_.name =
      kernel_name(hash_bytes(call.data(), call.size(), hash_bytes(work.data(), work.size())));
  made_.repeats = true;
  made_.text = str(texts_of(body), "\n", work, "\n", wide, "void ", made_.name, call);
  return std::move(made_);
}

CKernel render_c(Func kernel, const Tilings& tilings) {
  if (convolution_of(kernel) != nullptr) return render_convolution(kernel);
  if (contraction_of(kernel) != nullptr) return render_contraction(kernel, tilings);
  if (scatter_of(kernel) != nullptr) return render_scatter(kernel);
  return Renderer(kernel).run();
}

CKernel repeated(const CKernel& one, size_t inputs, size_t outputs) {
  std::string head = str("void ", one.name, "(");
  size_t at = one.text.rfind(head);
  PROA_CHECK(at != std::string::npos, "a kernel's text lacks its function");
  std::string text = one.text;
  text.replace(at, head.size(), "static void one(");
  std::string body =
      str("(void *const *buffers, const pn_i64 *words, pn_i64 begin, pn_i64 end, char *scratch) {\n"
          "  const pn_i64 count = words[0];\n"
          "  const pn_i64 *own = words + 1 + count;\n"
          "  pn_i64 first = 0;\n"
          "  for (pn_i64 i = 0; i < count; ++i, own += ",
          one.words.size(),
          ") {\n"
          "    const pn_i64 stop = first + words[1 + i];\n"
          "    const pn_i64 from = begin > first ? begin : first, to = end < stop ? end : stop;\n"
          "    if (from < to) {\n"
          "      void *these[",
          inputs + outputs, "];\n");
  for (size_t k = 0; k < inputs; ++k)
    body += str("      these[", k, "] = buffers[i * ", inputs, " + ", k, "];\n");
  for (size_t k = 0; k < outputs; ++k) {
    body += str("      these[", inputs + k, "] = buffers[count * ", inputs, " + i * ", outputs,
                " + ", k, "];\n");
  }
  body +=
      str("      one(these, own, from - first, to - first, scratch);\n"
          "    }\n    first = stop;\n  }\n}\n");
  CKernel made;
  made.name = kernel_name(
      hash_bytes(body.data(), body.size(), hash_bytes(one.name.data(), one.name.size())));
  made.text = str(text, "\nvoid ", made.name, body);
  return made;
}

}  // namespace proa::compiler::render
