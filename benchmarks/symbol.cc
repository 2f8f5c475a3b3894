// Times symbolic dims: one JSON line a case, {"case", "unit", "value", "count"}.
// Why: shapes are asked about on the path of every call under capture; 5,000 questions may cost 1
// ms.
#include <memory>
#include <vector>

#include "benchmarks/timing.h"
#include "proa/ir/symbol/compile_dims.h"
#include "proa/ir/symbol/facts.h"

namespace proa::ir {
namespace {

using benchmark::best;
using benchmark::report;

// The dims of an encoder-decoder with patches, windows and a cache, and what its layers ask of
// them.
struct Model {
  SymbolArena arena;
  Dim batch = arena.symbol("batch"), length = arena.symbol("length"), past = arena.symbol("past");
  Dim height = arena.symbol("height"), width = arena.symbol("width"), heads = arena.symbol("heads");
  std::vector<Dim> dims;
  struct Question {
    int kind;
    Dim a, b;
  };
  std::vector<Question> layer;

  Model() {
    Dim total = length + past, rows = floordiv(height + 15, 16), columns = floordiv(width + 15, 16);
    Dim windows = floordiv(rows + 6, 7) * floordiv(columns + 6, 7);
    Dim tokens = rows * columns, padded = 8 * floordiv(total + 7, 8);
    dims = {batch,
            length,
            past,
            total,
            tokens,
            padded,
            windows,
            rows,
            columns,
            batch * length,
            batch * length * 768,
            batch * heads,
            batch * heads * total,
            batch * tokens,
            batch * windows * 49,
            padded - total,
            max(total, 1),
            min(length, 512),
            floordiv(batch * length * 768, 768),
            mod(padded, 8),
            floordiv(height - 3, 2) + 1,
            floordiv(width + 2 - 3, 2) + 1,
            max(length - 1, 0),
            2 * length - 1};
    for (size_t i = 0; i < dims.size(); ++i) {
      layer.push_back({0, dims[i], 0});
      layer.push_back({1, dims[i], dims[(i + 1) % dims.size()]});
      layer.push_back({2, dims[i], dims[(i * 5 + 3) % dims.size()]});
      layer.push_back({3, dims[i], 8});
    }
    layer.push_back({4, padded, total});
    layer.push_back({4, total, length});
    layer.push_back({1, batch * length * 768, 768 * length * batch});
    layer.push_back({2, batch * heads * total, batch * heads});
  }

  Facts facts() {
    Facts facts(arena);
    facts.set_range(batch, 1, 1024);
    facts.set_range(length, 1, 8192);
    facts.set_divisible(height, 16);
    facts.set_divisible(heads, 4);
    facts.assert_ge(width, height);
    return facts;
  }

  static int64_t ask(Facts& facts, const Question& q) {
    switch (q.kind) {
      case 0: return static_cast<int64_t>(facts.simplify(q.a).bits());
      case 1: return static_cast<int64_t>(facts.prove_eq(q.a, q.b));
      case 2: return static_cast<int64_t>(facts.prove_ge(q.a, q.b));
      case 3: return static_cast<int64_t>(facts.prove_divisible(q.a, q.b));
      default: return facts.require_ge(q.a, q.b, "benchmark");
    }
  }
};

int64_t sink = 0;

void questions() {
  Model model;
  auto ask_layers = [&](Facts& facts, int layers) {
    for (int i = 0; i < layers; ++i) {
      for (const Model::Question& q : model.layer) sink += Model::ask(facts, q);
    }
  };
  auto fresh = [&] { return model.facts(); };
  double first = best(20, fresh, [&](Facts& facts) { ask_layers(facts, 1); });
  double all = best(20, fresh, [&](Facts& facts) { ask_layers(facts, 50); });
  long count = static_cast<long>(model.layer.size());
  report("symbol/first_layer", "ms", first * 1e3, count);
  report("symbol/5000_questions", "ms", all * 1e3, 50 * count);
}

void construction() {
  constexpr int kCount = 5000;
  auto build = [](SymbolArena& arena) {
    Dim s[4];
    for (Dim& symbol : s) symbol = arena.fresh();
    for (int i = 0; i < kCount; ++i) {
      Dim a = s[i & 3], b = s[(i >> 2) & 3];
      sink += static_cast<int64_t>((floordiv(a * 2 + b * (i % 97) + 3, 4) + max(b, i % 31)).bits());
    }
  };
  struct Holder {
    SymbolArena arena;
  };
  double cold = best(
      10, [] { return std::make_unique<Holder>(); }, [&](auto& holder) { build(holder->arena); });
  report("symbol/construct", "ns", cold * 1e9 / kCount, kCount);
}

void programs() {
  Model model;
  Dim inputs[] = {model.batch, model.length, model.past, model.height, model.width, model.heads};
  CompiledDims compiled = compile_dims(model.dims, inputs, model.facts().assumptions());
  std::vector<int64_t> out(model.dims.size());
  constexpr int kRuns = 20000;
  double time = best(
      5, [] { return 0; },
      [&](int) {
        for (int i = 0; i < kRuns; ++i) {
          int64_t values[] = {i % 64 + 1, i % 100 + 1, 17, 224, 224 + i % 9, 12};
          sink += compiled.program.eval(values, out.data()) + out[5];
        }
      });
  long instructions = static_cast<long>(compiled.program.code.size());
  report("symbol/program_run", "ns", time * 1e9 / kRuns, instructions);
  report("symbol/program_instruction", "ns", time * 1e9 / kRuns / static_cast<double>(instructions),
         instructions);
}

}  // namespace
}  // namespace proa::ir

int main() {
  proa::ir::construction();
  proa::ir::questions();
  proa::ir::programs();
  return proa::ir::sink == 42 ? 1 : 0;
}
