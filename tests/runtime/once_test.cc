// What constants alone decide is computed by the first run, once, and never at opening.
#include "proa/runtime/once.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "proa/base/error.h"
#include "tests/program/instruction.h"

namespace proa::runtime {
namespace {

using namespace program;

std::atomic<int> packed{0}, failures{0};

void sum_of(const KernelArgs& args) {
  const TensorRef &a = args.in[0], &b = args.in[1], &y = args.out[0];
  for (int64_t i = 0; i < y.elements(); ++i) y.as<float>()[i] = a.as<float>()[i] + b.as<float>()[i];
}

void pack(const KernelArgs& args) {
  if (failures > 0) {
    --failures;
    throw UserError(ErrorKind::memory, "pack", "", "a failure of the test");
  }
  ++packed;
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  for (int64_t i = 0; i < args.out[0].elements(); ++i)
    args.out[0].as<float>()[i] = 10 * args.in[0].as<float>()[i];
}

KernelTable& table() {
  static KernelTable* made = [] {
    constexpr KernelEntry kAll[] = {{"prim.pack", pack}, {"prim.sum", sum_of}};
    auto* t = new KernelTable();
    t->add(kAll);
    return t;
  }();
  return *made;
}

const float kWeights[] = {1, 2, 3};
const float kStored[] = {100, 200, 300};

// y = x + pack(w), and in `inner` the same as both branches of an if.
std::shared_ptr<Program> program() {
  auto made = std::make_shared<Program>();
  made->dims = {3};
  for (int i = 0; i < 4; ++i) made->slots.push_back({DType::f32, {0}});
  made->inputs = {0};
  made->outputs = {3};
  made->constants = {{1, DType::f32, {3}, nullptr, kWeights, sizeof kWeights}};
  made->code = {call("prim.pack", {1}, {2}), call("prim.sum", {0, 2}, {3})};
  return made;
}

std::shared_ptr<Program> branching() {
  auto made = std::make_shared<Program>();
  made->dims = {3};
  made->slots = {{DType::f32, {0}}, {DType::boolean, {}}, {DType::f32, {0}}};
  made->inputs = {1, 0};
  made->outputs = {2};
  made->code = {make(InstructionKind::if_, "prim.if", {1, 0}, {2})};
  made->code[0].programs = {program(), program()};
  return made;
}

Array ones() {
  Array made = Array::dense(std::vector<int64_t>{3}, DType::f32);
  for (int i = 0; i < 3; ++i) reinterpret_cast<float*>(made.data)[i] = 1;
  return made;
}

float last(const Executable& executable, std::vector<Array> inputs = {ones()}) {
  std::vector<Array> outputs(1);
  executable.run(inputs, {}, outputs);
  return reinterpret_cast<const float*>(outputs[0].data)[2];
}

class OnceTest : public ::testing::Test {
 protected:
  OnceTest() { packed = failures = 0; }
};

TEST_F(OnceTest, TheFirstRunComputesIt) {
  Executable executable(program(), table());
  EXPECT_EQ(packed, 0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(last(executable), 31);
    EXPECT_EQ(packed, 1);
  }
}

TEST_F(OnceTest, OrWhoeverPrepares) {
  Executable executable(program(), table());
  executable.prepare();
  executable.prepare();
  EXPECT_EQ(packed, 1);
  EXPECT_EQ(last(executable), 31);
  EXPECT_EQ(packed, 1);
  Executable inner(branching(), table());
  EXPECT_EQ(packed, 1);
  inner.prepare();
  EXPECT_EQ(packed, 3);
  Array chosen = Array::dense({}, DType::boolean);
  *chosen.data = 1;
  EXPECT_EQ(last(inner, {chosen, ones()}), 31);
  EXPECT_EQ(packed, 3);
}

TEST_F(OnceTest, ManyThreadsShareIt) {
  Executable executable(program(), table());
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { right += last(executable) == 31; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 8);
  EXPECT_EQ(packed, 1);
}

TEST_F(OnceTest, WhatFailsIsTriedAgain) {
  Executable executable(program(), table());
  failures = 2;
  EXPECT_THROW(last(executable), UserError);
  EXPECT_THROW(executable.prepare(), UserError);
  EXPECT_EQ(last(executable), 31);
  EXPECT_EQ(packed, 1);
}

class Keeper : public KernelProvider {
 public:
  explicit Keeper(size_t size)
      : constant_{.slot = 2,
                  .dtype = DType::f32,
                  .dims = {},
                  .owner = nullptr,
                  .bytes = kStored,
                  .size = size} {}
  CompiledFn find(const KernelText&) override { return nullptr; }
  const Constant* kept(const Program&, int32_t slot) override {
    return slot == 2 ? &constant_ : nullptr;
  }

 private:
  Constant constant_;
};

TEST_F(OnceTest, WhatIsKeptIsNotComputed) {
  Keeper keeper(sizeof kStored);
  Executable executable(program(), table(), kCpu, &keeper);
  executable.prepare();
  EXPECT_EQ(last(executable), 301);
  EXPECT_EQ(packed, 0);
  Keeper wrong(8);
  try {
    Executable refused(program(), table(), kCpu, &wrong);
    FAIL();
  } catch (const UserError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::io);
    EXPECT_NE(std::string(error.what()).find("expected 12 bytes, got 8"), std::string::npos);
  }
}

}  // namespace
}  // namespace proa::runtime
