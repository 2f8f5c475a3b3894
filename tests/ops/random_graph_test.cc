// Random graphs, forward and backward: as written against after any passes, step by step, with
// other thread counts, and operator by operator through the tape. Equal to the bit.
// PROA_SEED=n repeats a run; the seed and the graph are printed with a failure.

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "../long.h"
#include "proa/base/error.h"
#include "proa/base/str.h"
#include "proa/base/thread_pool.h"
#include "proa/eager/call.h"
#include "proa/eager/node.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/printer.h"
#include "proa/ir/rules.h"
#include "random_graph.h"

namespace proa::test {
namespace {

struct Totals {
  size_t graphs = 0, operations = 0, gradients = 0, stepwise = 0, tapes = 0;
};

class Threads {
 public:
  Threads() : before_(num_threads()) {}
  ~Threads() { set_num_threads(before_); }

 private:
  int before_;
};

// Runs main one operator call at a time, as a user's program would; gradients by the tape, in the
// order of gradient.wanted, undefined where no cotangent came.
std::vector<Array> by_tape(const ir::Func& func, std::span<const Array> inputs,
                           const WithGradient* g, std::vector<eager::Tensor>& gradients) {
  std::vector<std::pair<const ir::ValueImpl*, eager::Tensor>> known;
  auto find = [&](ir::Value v) {
    for (auto& [impl, tensor] : known) {
      if (impl == v.impl()) return tensor;
    }
    throw InternalError("a value without a definition");
  };
  std::vector<eager::Tensor> leaves;
  std::vector<ir::Value> arguments = func.arguments();
  for (size_t i = 0; i < inputs.size(); ++i) {
    known.emplace_back(arguments[i].impl(), eager::Tensor(inputs[i]));
    leaves.push_back(known.back().second);
    if (g != nullptr && computes(inputs[i].dtype)) leaves.back().set_requires_grad(true);
  }
  for (ir::Operation& op : func.body()) {
    if (op.info().has(ir::Trait::terminator)) continue;
    std::vector<eager::Operand> operands;
    for (ir::Value v : op.operands()) operands.emplace_back(find(v));
    ir::AttrList attrs;
    for (const ir::NamedAttr& item : op.attrs().items()) {
      if (item.name.view() != "segments") attrs.set(item.name, item.value());
    }
    std::vector<int64_t> segments = ir::segments_of(op);
    std::vector<eager::Tensor> results = eager::call(op.info(), operands, attrs, segments);
    for (size_t i = 0; i < results.size(); ++i) known.emplace_back(op.result(i).impl(), results[i]);
  }
  std::vector<Array> values;
  std::vector<eager::Tensor> results;
  for (ir::Value v : func.results()) {
    results.push_back(find(v));
    values.push_back(results.back().array());
  }
  if (g == nullptr) return values;
  std::vector<eager::Tensor> outputs, seeds, wanted;
  for (size_t i = 0; i < g->cotangents.size(); ++i) {
    const eager::Tensor& result = results[static_cast<size_t>(g->gradient.cotangents[i])];
    if (!result.requires_grad()) continue;  // from constants alone
    outputs.push_back(result);
    seeds.emplace_back(g->cotangents[i]);
  }
  for (int i : g->gradient.wanted) wanted.push_back(leaves[static_cast<size_t>(i)]);
  if (!outputs.empty() && !wanted.empty())
    gradients = eager::grad(outputs, wanted, seeds, {.allow_unused = true});
  return values;
}

void check(uint64_t seed, int pipelines, Totals& totals) {
  Random random(seed);
  Threads restored;
  set_num_threads(1);
  RandomGraph graph = random_graph(random, 4 + static_cast<int>(random() % 12));
  SCOPED_TRACE(str("PROA_SEED=", seed, "\n", ir::print(graph.module)));
  try {
    ir::Module plain = after(graph.module, "decompose");
    std::vector<Array> expected = run(plain, plain.main(), graph.inputs);
    ++totals.graphs;
    plain.op()->walk([&](ir::Operation*) { ++totals.operations; });
    if (has_steps(plain.main())) {
      EXPECT_EQ(difference(expected, run_stepwise(plain.main(), graph.inputs)), "") << "stepwise";
      ++totals.stepwise;
    }
    std::optional<WithGradient> g = differentiate(graph.module, expected, random);
    std::vector<Array> both;
    if (g) {
      ++totals.gradients;
      both = run_both(*g, after(g->module, "decompose"), graph.inputs);
      EXPECT_EQ(difference(expected, std::span(both).first(expected.size())), "") << "kept";
    }
    for (int i = 0; i < pipelines; ++i) {
      std::string pipeline = random_pipeline(random);
      set_num_threads(1 + static_cast<int>(random() % 7));
      ir::Module m = after(graph.module, pipeline);
      EXPECT_EQ(difference(expected, run(m, m.main(), graph.inputs)), "") << pipeline;
      if (g)
        EXPECT_EQ(difference(both, run_both(*g, after(g->module, pipeline), graph.inputs)), "")
            << "gradient, " << pipeline;
    }
    if (!has_steps(graph.module.main())) return;  // loops and branches are no calls of a user
    std::vector<eager::Tensor> gradients;
    std::vector<Array> values =
        by_tape(graph.module.main(), graph.inputs, g ? &*g : nullptr, gradients);
    EXPECT_EQ(difference(expected, values), "") << "operator by operator";
    if (!g || gradients.empty()) return;
    std::span<const Array> tail = std::span(both).last(g->gradient.wanted.size());
    for (size_t i = 0; i < gradients.size(); ++i) {
      ASSERT_TRUE(gradients[i]) << "no gradient by the tape for argument " << g->gradient.wanted[i];
      EXPECT_EQ(difference(tail.subspan(i, 1), {{gradients[i].array()}}), "")
          << "gradient by the tape of argument " << g->gradient.wanted[i];
    }
    ++totals.tapes;
  } catch (const Error& error) { ADD_FAILURE() << error.what(); }
}

void check_many(size_t count, int pipelines) {
  const char* given = std::getenv("PROA_SEED");
  uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device()();
  if (given) count = 1;
  Totals totals;
  for (uint64_t i = 0; i < count && !::testing::Test::HasFailure(); ++i)
    check(seed + i, pipelines, totals);
  std::printf("%zu graphs of %zu primitives, %zu gradients, %zu stepwise, %zu by the tape\n",
              totals.graphs, totals.operations, totals.gradients, totals.stepwise, totals.tapes);
  if (!given && !::testing::Test::HasFailure()) {
    EXPECT_GT(totals.gradients, count / 2);
    EXPECT_GT(totals.operations, 10 * count);
  }
}

TEST(RandomGraph, KeepsItsBits) { check_many(200, 3); }
TEST(RandomGraph, NightlyKeepsItsBits) { check_many(20'000 / kShare, 5); }

}  // namespace
}  // namespace proa::test
