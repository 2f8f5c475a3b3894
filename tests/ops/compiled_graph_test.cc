// Random graphs through the compiler: forward and gradient, static and with symbols, behind any of
// the passes, on 1, 2, 3 and 7 threads, against prebuilt kernels. Equal to the bit.
// PROA_SEED=n repeats a run, PROA_GRAPHS=n makes as many graphs. A failure is reduced to a few
// operations and printed with its seed and what was compared.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "proa/base/error.h"
#include "proa/base/str.h"
#include "proa/base/thread_pool.h"
#include "proa/ir/dialect.h"
#include "proa/ir/printer.h"
#include "proa/ir/rules.h"
#include "proa/tier/compiled.h"
#include "random_graph.h"

namespace proa::test {
namespace {

// What of a graph is compared with prebuilt kernels.
struct Variant {
  bool gradient = false, symbolic = false;
  std::string pipeline;
  int threads = 1;
  uint64_t seed = 0;  // of the cotangents
};

std::string to_string(const Variant& v) {
  return str(v.symbolic ? "symbolic " : "", v.gradient ? "gradient" : "forward", " behind ",
             v.pipeline, ", ", v.threads, " threads");
}

class Threads {
 public:
  explicit Threads(int n) : before_(num_threads()) { set_num_threads(n); }
  ~Threads() { set_num_threads(before_); }
  Threads(const Threads&) = delete;

 private:
  int before_;
};

enum class Outcome : uint8_t { equal, differs, not_applicable };

// `why` says what differs.
Outcome compare(const RandomGraph& graph, const Variant& v, std::string& why) {
  std::vector<Array> expected;
  ir::Module plain = after(graph.module, "decompose");
  try {
    Threads one(1);
    expected = run(plain, plain.main(), graph.inputs);
  } catch (const UserError&) { return Outcome::not_applicable; }  // values that are refused
  std::optional<SymbolicGraph> open;
  if (v.symbolic && !(open = symbolic_form(graph))) return Outcome::not_applicable;
  const ir::Module& module = open ? open->module : graph.module;
  std::span<const ir::Dim> symbols;
  std::span<const int64_t> sizes;
  if (open) symbols = open->symbols, sizes = open->sizes;
  try {
    if (!v.gradient) {
      ir::Module m = after(module, v.pipeline);
      Threads many(v.threads);
      why = difference(expected, run_compiled(m, m.main(), graph.inputs, symbols, sizes));
    } else {
      Random random(v.seed), again(v.seed);
      std::optional<WithGradient> g = differentiate(graph.module, expected, random);
      if (!g) return Outcome::not_applicable;
      std::vector<Array> both = run_both(*g, after(g->module, "decompose"), graph.inputs);
      std::optional<WithGradient> sg;
      if (open) {
        sg = differentiate(open->module, expected, again);
        if (!sg) return Outcome::not_applicable;
        sg->cotangents = g->cotangents;
      }
      const WithGradient& own = sg ? *sg : *g;
      ir::Module m = after(own.module, v.pipeline);
      Threads many(v.threads);
      std::vector<Array> got = run_both(own, m, graph.inputs, symbols, sizes, run_compiled);
      size_t results = expected.size(), gradients = g->gradient.wanted.size();
      why = difference(std::span(both).first(results), std::span(got).first(results));
      if (why.empty())
        why = difference(std::span(both).last(gradients), std::span(got).last(gradients));
    }
  } catch (const ir::NeedStatic&) { return Outcome::not_applicable; } catch (const Error& error) {
    why = str("raises ", error.what());
  }
  return why.empty() ? Outcome::equal : Outcome::differs;
}

Variant random_variant(Random& random, uint64_t seed) {
  constexpr int kThreads[] = {1, 2, 3, 7};
  return {random() % 2 == 0, random() % 2 == 0, random_pipeline(random), kThreads[random() % 4],
          seed};
}

void report(const RandomGraph& graph, const Variant& v, uint64_t seed) {
  std::string why;
  RandomGraph small = reduced(graph, [&](const RandomGraph& candidate) {
    std::string ignored;
    try {
      return compare(candidate, v, ignored) == Outcome::differs;
    } catch (const Error&) { return false; }
  });
  (void)compare(small, v, why);
  std::string inputs;
  for (const Array& a : small.inputs) {
    Array dense = runtime::to_dense(a);
    inputs += str("  ", to_string(dense.dtype), list_str(dense.dims), "\n");
  }
  ADD_FAILURE() << "PROA_SEED=" << seed << ": " << to_string(v) << ": " << why << "\n"
                << ir::print(small.module) << "inputs:\n"
                << inputs;
}

void check_many(size_t count, int variants) {
  const char* given = std::getenv("PROA_SEED");
  const char* wanted = std::getenv("PROA_GRAPHS");
  uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device()();
  if (wanted) count = std::strtoull(wanted, nullptr, 10);
  else if (given) count = 1;
  size_t compared[2][2] = {}, failed = 0;
  for (size_t i = 0; i < count && failed < 5; ++i) {
    Random random(seed + i);
    RandomGraph graph = random_graph(random, 1 + static_cast<int>(random() % 4));
    if (graph.module.main().results().empty()) continue;
    for (int k = 0; k < variants; ++k) {
      Variant v = random_variant(random, seed + i);
      std::string why;
      Outcome outcome = compare(graph, v, why);
      while (outcome == Outcome::not_applicable && (v.symbolic || v.gradient)) {
        (v.symbolic ? v.symbolic : v.gradient) = false;
        outcome = compare(graph, v, why);
      }
      if (outcome == Outcome::not_applicable) continue;
      ++compared[v.gradient][v.symbolic];
      if (outcome == Outcome::equal) continue;
      ++failed;
      report(graph, v, seed + i);
      break;
    }
  }
  std::printf(
      "PROA_SEED=%llu: %zu forward, %zu gradients; with symbols %zu and %zu; %lld kernels\n",
      static_cast<unsigned long long>(seed), compared[0][0], compared[1][0], compared[0][1],
      compared[1][1], static_cast<long long>(tier::report().compiled));
  if (given || wanted || failed > 0) return;
  EXPECT_GT(tier::report().compiled + tier::report().from_disk, static_cast<int64_t>(count));
  for (const auto& kind : compared) {
    for (size_t n : kind) EXPECT_GT(n, count / 20);
  }
  EXPECT_GT(compared[0][0] + compared[0][1] + compared[1][0] + compared[1][1], count * 4 / 5);
}

// The reduction by itself: what fails is to hold one operation, wherever it stands.
TEST(CompiledGraph, AFailureIsReducedToItsOperation) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    Random random(seed);
    RandomGraph graph = random_graph(random, 16);
    std::vector<std::string> names;
    for (ir::Operation& op : graph.module.main().body()) {
      if (op.name().starts_with("tensor.")) names.emplace_back(op.name());
    }
    const std::string& name = names[random() % names.size()];
    auto holds = [&](const RandomGraph& candidate) {
      for (ir::Operation& op : candidate.module.main().body()) {
        if (op.name() == name) return true;
      }
      return false;
    };
    RandomGraph small = reduced(graph, holds);
    EXPECT_TRUE(holds(small)) << name;
    size_t operations = 0;
    for (ir::Operation& op : small.module.main().body())
      operations += !op.info().has(ir::Trait::terminator);
    EXPECT_EQ(operations, 1u) << ir::print(small.module);
    ir::Module plain = after(small.module, "decompose");
    EXPECT_FALSE(run(plain, plain.main(), small.inputs).empty());  // and still runs
  }
}

TEST(CompiledGraph, HasTheBitsOfPrebuiltKernels) { check_many(500, 1); }
TEST(CompiledGraph, NightlyHasTheBitsOfPrebuiltKernels) { check_many(2000, 4); }

// In a process of its own: who makes kernels is decided once in each.
TEST(CompiledGraph, NightlyHasTheBitsOfPrebuiltKernelsWithACCompiler) {
  std::string self = std::filesystem::read_symlink("/proc/self/exe");
  std::string command = str("PROA_JIT=cc PROA_CACHE_DIR= '", self,
                            "' --gtest_filter=CompiledGraph.HasTheBitsOfPrebuiltKernels"
                            " --gtest_repeat=2");
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace proa::test
