#include "proa/program/once.h"

#include <gtest/gtest.h>

#include "proa/program/verify.h"
#include "tests/program/instruction.h"

namespace proa::program {
namespace {

const float kValues[4] = {1, 2, 3, 4};

// w = constant of 4; v = exp(w); t = transpose of v; u = neg(t); y = add(x, u). The table: symbol,
// 4, 4096.
Program sample() {
  Program p;
  p.is_static = false;
  p.symbols = {"n"};
  p.sources = {{0, 0}};
  p.stages.resize(1);
  p.stages[0].dims.inputs = 1;
  p.stages[0].dims.constants = {4, 4096};
  p.stages[0].dims.outputs = {0, 1, 2};
  p.slots = {{DType::f32, {0}}, {DType::f32, {1}}, {DType::f32, {1}}, {DType::f32, {1}},
             {DType::f32, {1}}, {DType::f32, {0}}, {DType::f32, {2}}};
  p.inputs = {0};
  p.outputs = {5};
  p.constants = {{1, DType::f32, {4}, nullptr, kValues, sizeof kValues}};
  p.code = {call("prim.exp", {1}, {2}), call("prim.transpose", {2}, {3}),
            call("prim.neg", {3}, {4}), call("prim.add", {0, 4}, {5})};
  p.code[1].kind = InstructionKind::view;
  p.code[1].view = ViewKind::transpose;
  p.code[1].words = {0};
  p.code[1].offsets = {0, 1};
  p.code[2].release = {2, 3};
  p.code[3].release = {4};
  return p;
}

TEST(Once, TakesWhatReadsConstantsAlone) {
  Program p = sample();
  verify(p, "the sample");
  auto once = split_once(p);
  ASSERT_TRUE(once);
  EXPECT_EQ(once->slots, std::vector<int32_t>{4});
  EXPECT_EQ(once->first->outputs, once->slots);
  ASSERT_EQ(once->first->code.size(), 3u);
  EXPECT_TRUE(once->first->is_static);
  verify(*once->first, "the first part");
  ASSERT_EQ(once->rest->code.size(), 1u);
  EXPECT_EQ(once->rest->code[0].name, "prim.add");
  EXPECT_TRUE(once->rest->code[0].release.empty());
}

TEST(Once, ResultsStayTheCallers) {
  Program p = sample();
  p.outputs = {5, 4};
  p.code[3].release = {};
  auto once = split_once(p);
  ASSERT_TRUE(once);
  EXPECT_EQ(once->slots, std::vector<int32_t>{2});  // not 4, which each call makes anew
}

TEST(Once, WhatGrowsOrReadsInputsRunsAtEveryCall) {
  Program p = sample();
  p.code.erase(p.code.begin(), p.code.begin() + 3);
  p.code[0].in = {0, 1};
  p.code[0].release = {};
  EXPECT_FALSE(split_once(p));
  Program grows = sample();
  grows.code[0].out = {6};  // 16 KB from 16 bytes
  grows.code[1].in = {0};
  EXPECT_FALSE(split_once(grows));
  Program constant = sample();
  constant.inputs.clear();
  EXPECT_FALSE(split_once(constant));
}

// The same sample with w as an input that is held.
Program held_sample() {
  Program p = sample();
  p.constants.clear();
  p.inputs = {0, 1};
  p.terms.held = {1};
  return p;
}

TEST(Held, TakesWhatReadsHeldInputsAlone) {
  Program p = held_sample();
  verify(p, "the sample");
  EXPECT_FALSE(split_once(p));
  auto parts = split_held(p);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->slots, std::vector<int32_t>{4});
  EXPECT_EQ(parts->first->inputs, std::vector<int32_t>{1});
  EXPECT_EQ(parts->first->code.size(), 3u);
  EXPECT_EQ(parts->rest->inputs, (std::vector<int32_t>{0, 1, 4}));
  EXPECT_EQ(parts->rest->code.size(), 1u);
  EXPECT_TRUE(parts->rest->terms.held.empty());
  verify(*parts->first, "the first part");
  verify(*parts->rest, "the rest");
}

TEST(Held, NothingWhereNothingReadsThemAlone) {
  Program p = held_sample();
  p.terms.held = {0};  // of an extent that is a symbol
  EXPECT_FALSE(split_held(p));
  Program constants = sample();
  constants.inputs = {0, 6};
  constants.terms.held = {1};  // which nobody reads
  EXPECT_FALSE(split_held(constants));
}

// The same sample with a symbol u that is bound on the way: entry 3 of the table, of which the
// first of two stages says 0.
Program bound_sample() {
  Program p = sample();
  p.symbols = {"n", "u"};
  p.sources = {{0, 0}, {}};
  p.stages[0].dims.constants = {4, 4096, 0};
  p.stages[0].dims.outputs = {0, 1, 2, 3};
  p.stages.push_back(p.stages[0]);
  p.stages[1].dims.inputs = 2;
  p.stages[1].dims.outputs = {0, 2, 3, 1};
  return p;
}

TEST(Once, ASizeThatIsBoundOnTheWayIsNoConstant) {
  Program p = bound_sample();
  EXPECT_EQ(fixed_dim(p, 0), std::nullopt);
  EXPECT_EQ(fixed_dim(p, 1), 4);
  EXPECT_EQ(fixed_dim(p, 2), 4096);
  EXPECT_EQ(fixed_dim(p, 3), std::nullopt);
  for (size_t slot : {2, 3, 4}) p.slots[slot].dims = {3};  // exp(w) is spread over u elements
  EXPECT_FALSE(split_once(p));
  Program held = bound_sample();
  held.constants.clear();
  held.inputs = {0, 1};
  held.terms.held = {1};
  ASSERT_TRUE(split_held(held));
  held.code[2].patches = {{0, 3}};  // neg has a word that is u
  held.code[2].words = {0};
  auto parts = split_held(held);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->slots, std::vector<int32_t>{2});
  // What the stages do not agree on is no constant either.
  Program differs = bound_sample();
  differs.stages[1].dims.constants[0] = 5;
  EXPECT_EQ(fixed_dim(differs, 1), std::nullopt);
}

TEST(Once, WhatIsKnownIsNotComputed) {
  Program p = sample();  // also reads v = exp(w) and s = sin(w)
  p.slots.push_back({DType::f32, {1}});
  p.code.insert(p.code.begin(), call("prim.sin", {1}, {7}));
  p.code.back().in = {0, 4, 7};
  auto once = split_once(p);
  ASSERT_TRUE(once);
  EXPECT_EQ(once->slots, (std::vector<int32_t>{4, 7}));
  Constant form = once->form(4);
  EXPECT_EQ(form.size, 16u);
  EXPECT_EQ(form.dims, std::vector<int64_t>{4});
  const int32_t known[] = {4};
  once->leave_out(known);
  EXPECT_EQ(once->slots, std::vector<int32_t>{7});
  ASSERT_EQ(once->first->code.size(), 1u);
  EXPECT_EQ(once->first->code[0].name, "prim.sin");
  EXPECT_EQ(once->first->outputs, once->slots);
  verify(*once->first, "what is left");
  const int32_t other[] = {7};
  once->leave_out(other);
  EXPECT_EQ(once->first, nullptr);
  // In an order of kernels that need each other, nothing is lost.
  auto chain = split_once(p);
  chain->leave_out(other);
  ASSERT_EQ(chain->first->code.size(), 3u);
  EXPECT_EQ(chain->first->code[0].name, "prim.exp");
  verify(*chain->first, "the chain");
}

TEST(Once, InnerProgramsComeInOneOrder) {
  auto leaf = [](const char* name) {
    auto made = std::make_shared<Program>();
    made->symbols = {name};
    return made;
  };
  auto middle = leaf("a");
  middle->code.push_back(call("", {}, {}));
  middle->code[0].programs = {leaf("c")};
  Program top;
  top.code = {call("", {}, {}), call("", {}, {})};
  top.code[0].programs = {middle};
  top.code[1].programs = {leaf("b")};
  auto all = with_inner(top);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0], &top);
  EXPECT_EQ(all[1], middle.get());
  EXPECT_EQ(all[2]->symbols[0], "b");
  EXPECT_EQ(all[3]->symbols[0], "c");
}

}  // namespace
}  // namespace proa::program
