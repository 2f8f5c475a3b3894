// Every page, every legal sample: forward and gradient have the same bits as one program, as one
// program for each operation, after any passes in any order, with symbols in the place of extents,
// through the tape, and as constants that are folded.
// The seed of values and passes is printed with a failure: PROA_SEED=n repeats it, and PROA_TRACE=1
// says each case before it runs.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "../long.h"
#include "cases.h"
#include "proa/base/error.h"
#include "proa/base/str.h"
#include "proa/eager/call.h"
#include "proa/eager/node.h"
#include "proa/ir/builder.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "run_ir.h"

namespace proa::test {
namespace {

uint64_t seed_of_run() {
  const char* given = std::getenv("PROA_SEED");
  return given ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

struct Subject {
  const ir::OpInfo* info;
  Case types;
  std::vector<Array> inputs;
};

// The generator's key is no part of a sample: (seed, call) stands in its place.
void add_key(const ir::Page& page, ir::Context& context, Case& c) {
  size_t flat = 0;
  for (size_t i = 0; i < page.operands.size() && i < c.segments.size(); ++i) {
    if (page.operands[i].rng_key && c.segments[i] == 0) {
      ir::Dim two(2);
      c.operands.insert(c.operands.begin() + static_cast<ptrdiff_t>(flat),
                        ir::Type::tensor(context, DType::i64, {&two, 1}));
      c.segments[i] = 1;
    }
    flat += static_cast<size_t>(c.segments[i]);
  }
}

Case types_of(ir::Context& context, const ir::Page& page, const ir::Sample& sample, DType dtype,
              bool symbolic) {
  Case c = make_case(context, page, sample.operands, sample.attrs, dtype, symbolic);
  while (c.segments.size() < page.operands.size()) c.segments.push_back(0);
  add_key(page, context, c);
  return c;
}

std::vector<Array> values_of(const ir::Page& page, const ir::Sample& sample, DType dtype,
                             Random& random) {
  std::vector<Array> made;
  for (size_t i = 0; i < page.operands.size(); ++i) {
    if (page.operands[i].rng_key) {
      made.push_back(make_values(ir::V(DType::i64, {2}, {7, 3}), DType::i64, random));
    } else if (i < sample.operands.size()) {
      for (const ir::Arg& arg : sample.operands[i])
        made.push_back(make_values(arg, arg.dtype.value_or(dtype), random));
    }
  }
  return made;
}

ir::Module module_of(ir::Context& context, const ir::OpInfo& info, const Case& c) {
  ir::Module module(context);
  ir::Func func = module.add_func("main", c.operands);
  ir::Builder builder(module, func.body());
  std::vector<ir::Value> arguments = func.arguments();
  ir::Operation* op = builder.create(info, arguments, c.attrs, c.segments);
  builder.create_return(op->results());
  return module;
}

// The operands as constants of the function, so that folding sees them.
ir::Module constant_module(ir::Context& context, const Subject& s) {
  ir::Module module(context);
  ir::Func func = module.add_func("main", {});
  ir::Builder builder(module, func.body());
  std::vector<ir::Value> operands;
  for (const Array& a : s.inputs) {
    Array dense = runtime::to_dense(a);
    auto held = std::make_shared<Array>(dense);
    ir::TensorData data{dense.dtype,
                        {dense.dims.begin(), dense.dims.end()},
                        held,
                        dense.data,
                        static_cast<size_t>(dense.elements()) * size_of(dense.dtype)};
    ir::AttrList attrs;
    attrs.set(context.name("value"), ir::Attribute::tensor(context, data));
    operands.push_back(builder.create("prim.constant", {}, attrs)->result(0));
  }
  ir::Operation* op = builder.create(*s.info, operands, s.types.attrs, s.types.segments);
  builder.create_return(op->results());
  return module;
}

struct Counts {
  size_t forward = 0, backward = 0, symbolic = 0, symbolic_backward = 0, stepwise = 0, tape = 0,
         folded = 0, needed_static = 0, refused = 0;
};

class OneAnswer : public ::testing::Test {
 protected:
  ir::Context& context_ = eager::context();
  uint64_t seed_ = seed_of_run();
  Counts counts_;

  // Each page of a dialect; `dtypes`: how many of a sample's dtypes, in turn.
  void check_dialect(std::string_view dialect, size_t dtypes, int pipelines) {
    for_each_sample(context_, dialect, dtypes,
                    [&](const ir::OpInfo& info, const ir::Sample& sample, DType dtype,
                        uint64_t number) { check(info, sample, dtype, number, pipelines); });
    std::printf(
        "%s: %zu samples, %zu with a gradient, %zu stepwise, %zu symbolic (%zu gradients; %zu need "
        "numbers), %zu by the tape, %zu folded, %zu refused\n",
        std::string(dialect).c_str(), counts_.forward, counts_.backward, counts_.stepwise,
        counts_.symbolic, counts_.symbolic_backward, counts_.needed_static, counts_.tape,
        counts_.folded, counts_.refused);
  }

  void check(const ir::OpInfo& info, const ir::Sample& sample, DType dtype, uint64_t number,
             int pipelines) {
    const ir::Page& page = *info.page;
    Random random(seed_ + number);
    Subject s{&info, types_of(context_, page, sample, dtype, false), {}};
    SCOPED_TRACE(str(describe(page, s.types), ", ", to_string(dtype), ", PROA_SEED=", seed_));
    if (std::getenv("PROA_TRACE")) std::fprintf(stderr, "%s\n", describe(page, s.types).c_str());
    std::optional<ir::Module> made;
    try {
      made = module_of(context_, info, s.types);
    } catch (const UserError& error) {  // a dtype that this sample's attributes refuse
      EXPECT_EQ(error.kind(), ErrorKind::type) << error.what();
      ++counts_.refused;
      return;
    }
    try {
      const ir::Module& module = *made;
      s.inputs = values_of(page, sample, dtype, random);
      std::vector<Array> expected;
      ir::Module plain = after(module, "decompose");
      try {
        expected = run(plain, plain.main(), s.inputs);
      } catch (const UserError&) {  // values that this function refuses (a singular matrix)
        ++counts_.refused;
        return;
      }
      ++counts_.forward;
      if (has_steps(plain.main())) {
        EXPECT_EQ(difference(expected, run_stepwise(plain.main(), s.inputs)), "") << "stepwise";
        ++counts_.stepwise;
      }
      for (int i = 0; i < pipelines; ++i) {
        std::string pipeline = random_pipeline(random);
        ir::Module m = after(module, pipeline);
        EXPECT_EQ(difference(expected, run(m, m.main(), s.inputs)), "") << pipeline;
      }
      check_folded(s, expected);
      std::optional<WithGradient> g = differentiate(module, expected, random);
      std::vector<Array> both;
      if (g) {
        ++counts_.backward;
        both = run_both(*g, after(g->module, "decompose"), s.inputs);
        EXPECT_EQ(difference(expected, std::span(both).first(expected.size())), "")
            << "the forward that keeps residuals";
        for (int i = 0; i < pipelines; ++i) {
          std::string pipeline = random_pipeline(random);
          EXPECT_EQ(difference(both, run_both(*g, after(g->module, pipeline), s.inputs)), "")
              << "gradient, " << pipeline;
        }
      }
      check_eager(s, expected, g ? &*g : nullptr, both);
      check_symbolic(s, sample, dtype, expected, g ? &*g : nullptr, both);
    } catch (const Error& error) { ADD_FAILURE() << error.what(); }
  }

  void check_folded(const Subject& s, std::span<const Array> expected) {
    ir::Module folded = after(constant_module(context_, s), "decompose,fold,cse,dce");
    EXPECT_EQ(difference(expected, run(folded, folded.main(), {})), "") << "folded";
    ++counts_.folded;
  }

  // The same call through the one door, and its gradient through the tape.
  void check_eager(const Subject& s, std::span<const Array> expected, const WithGradient* g,
                   std::span<const Array> both) {
    std::vector<eager::Operand> operands;
    std::vector<eager::Tensor> leaves;
    for (const Array& a : s.inputs) {
      eager::Tensor t(a);
      if (g != nullptr && computes(a.dtype)) {
        t.set_requires_grad(true);
        leaves.push_back(t);
      }
      operands.emplace_back(t);
    }
    std::vector<eager::Tensor> results =
        eager::call(*s.info, operands, s.types.attrs, s.types.segments);
    std::vector<Array> got;
    for (const eager::Tensor& r : results) got.push_back(r.array());
    EXPECT_EQ(difference(expected, got), "") << "eager";
    if (g == nullptr || leaves.empty()) return;
    std::vector<eager::Tensor> outputs, seeds;
    for (size_t i = 0; i < g->gradient.cotangents.size(); ++i) {
      outputs.push_back(results[static_cast<size_t>(g->gradient.cotangents[i])]);
      seeds.emplace_back(g->cotangents[i]);
    }
    std::vector<eager::Tensor> found = eager::grad(outputs, leaves, seeds, {.allow_unused = true});
    std::span<const Array> tail = both.last(g->gradient.wanted.size());
    size_t leaf = 0, at = 0;
    for (size_t i = 0; i < s.inputs.size(); ++i) {
      if (!computes(s.inputs[i].dtype)) continue;
      const eager::Tensor& t = found[leaf++];
      if (at == tail.size() || g->gradient.wanted[at] != static_cast<int>(i)) continue;
      ASSERT_TRUE(t) << "by the tape, operand " << i;
      EXPECT_EQ(difference(tail.subspan(at, 1), {{t.array()}}), "") << "by the tape, operand " << i;
      ++at;
    }
    EXPECT_EQ(at, tail.size());
    ++counts_.tape;
  }

  void check_symbolic(const Subject& s, const ir::Sample& sample, DType dtype,
                      std::span<const Array> expected, const WithGradient* g,
                      std::span<const Array> both) {
    Case open = types_of(context_, *s.info->page, sample, dtype, true);
    std::vector<ir::Dim> symbols;
    std::vector<int64_t> sizes;
    for (ir::Type type : open.operands) {
      for (ir::Dim d : type.dims()) {
        if (d.is_const() || std::ranges::find(symbols, d) != symbols.end()) continue;
        symbols.push_back(d);
        sizes.push_back(value_of(d));
      }
    }
    if (symbols.empty()) return;
    bool forward = false;
    try {
      ir::Module module = module_of(context_, *s.info, open);
      ir::Module plain = after(module, "decompose");
      EXPECT_EQ(difference(expected, run(plain, plain.main(), s.inputs, symbols, sizes)), "")
          << "symbolic";
      ++counts_.symbolic;
      forward = true;
      if (g == nullptr) return;
      Random unused(0);
      std::optional<WithGradient> sg = differentiate(module, expected, unused);
      if (!sg) {
        ADD_FAILURE() << "only the static form has a gradient";
        return;
      }
      sg->cotangents = g->cotangents;
      ir::Module backward = after(sg->module, "decompose");
      std::vector<Array> got = run_both(*sg, backward, s.inputs, symbols, sizes);
      size_t results = expected.size(), gradients = g->gradient.wanted.size();
      EXPECT_EQ(difference(expected, std::span(got).first(results)), "") << "symbolic, kept";
      EXPECT_EQ(difference(both.last(gradients), std::span(got).last(gradients)), "")
          << "gradient, symbolic";
      ++counts_.symbolic_backward;
    } catch (const ir::NeedStatic&) { ++counts_.needed_static; } catch (const UserError& error) {
      // What numbers prove and symbols cannot is refused at once; eager then takes the numbers.
      EXPECT_FALSE(forward) << error.what();
      ++counts_.needed_static;
    }
  }
};

TEST_F(OneAnswer, OfEveryOperator) {
  check_dialect("tensor", 2, 3);
  EXPECT_GT(counts_.forward, 2500u);
  EXPECT_GT(counts_.backward, 1500u);
  EXPECT_GT(counts_.symbolic, 2000u);
}

TEST_F(OneAnswer, OfEveryPrimitive) {
  check_dialect("prim", 2, 3);
  EXPECT_GT(counts_.forward, 1000u);
  EXPECT_GT(counts_.backward, 500u);
}

TEST_F(OneAnswer, NightlyInEveryDType) {
  for (int round = 0; round < std::max(1, 5 / kShare) && !HasFailure(); ++round) {
    check_dialect("tensor", 16, std::max(1, 8 / kShare));
    check_dialect("prim", 16, std::max(1, 8 / kShare));
    seed_ += 1'000'003;
  }
}

}  // namespace
}  // namespace proa::test
