#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <random>
#include <thread>

#include "proa/base/error.h"
#include "proa/base/thread_pool.h"
#include "proa/runtime/executor.h"
#include "proa/runtime/schedule.h"

namespace proa::runtime {
namespace {

using namespace program;

// y = a + b of f32, prebuilt and as a compiler would make it; the latter lets y lie over a or b.
void add_kernel(const KernelArgs& args) {
  const TensorRef &a = args.in[0], &b = args.in[1], &y = args.out[0];
  int64_t count = y.elements();
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i, at_a = 0, at_b = 0;
    for (int d = y.rank; d-- > 0;) {
      int64_t k = rest % y.dims[d];
      rest /= y.dims[d];
      at_a += k * a.strides[d];
      at_b += k * b.strides[d];
    }
    y.as<float>()[i] = a.as<float>()[at_a] + b.as<float>()[at_b];
  }
}

void add_compiled(void* const* buffers, const int64_t*, int64_t begin, int64_t end, char*) {
  auto *a = static_cast<const float*>(buffers[0]), *b = static_cast<const float*>(buffers[1]);
  auto* y = static_cast<float*>(buffers[2]);
  for (int64_t i = begin; i < end; ++i) y[i] = a[i] + b[i];
}

class Provider : public KernelProvider {
 public:
  CompiledFn find(const KernelText&) override { return add_compiled; }
};

KernelTable& table() {
  static KernelTable* made = [] {
    auto* t = new KernelTable();
    KernelEntry entry{"prim.add", add_kernel};
    t->add({&entry, 1});
    return t;
  }();
  return *made;
}

Array array_of(std::span<const int64_t> dims, std::mt19937& random) {
  Array made = Array::dense(dims, DType::f32);
  for (int64_t i = 0; i < made.elements(); ++i)
    reinterpret_cast<float*>(made.data)[i] = static_cast<float>(random() % 1000);
  return made;
}

float at(const Array& x, int64_t i, int64_t j) {
  return reinterpret_cast<const float*>(x.data)[i * x.strides[0] + j * x.strides[1]];
}

// A random program over values of n x n, and what each of them is worth, computed by hand.
struct Random {
  std::shared_ptr<Program> program = std::make_shared<Program>();
  std::vector<std::vector<float>> values;
  int64_t n;

  Random(unsigned seed, int64_t size, std::span<const Array> inputs) : n(size) {
    std::mt19937 random(seed);
    Program& p = *program;
    p.dims = {n};
    auto add_slot = [&] {
      p.slots.push_back({DType::f32, {0, 0}});
      return static_cast<int32_t>(p.slots.size() - 1);
    };
    for (const Array& input : inputs) {
      p.inputs.push_back(add_slot());
      std::vector<float>& v = values.emplace_back();
      for (int64_t i = 0; i < n; ++i)
        for (int64_t j = 0; j < n; ++j) v.push_back(at(input, i, j));
    }
    p.kernels.push_back({"add", ""});
    int count = 3 + static_cast<int>(random() % 25);
    for (int k = 0; k < count; ++k) {
      auto any = [&] {  // mostly a young one, so that others die
        auto slots = static_cast<uint32_t>(p.slots.size());
        uint32_t back = random() % std::min<uint32_t>(slots, 5);
        return static_cast<int32_t>(random() % 4 == 0 ? random() % slots : slots - 1 - back);
      };
      int32_t a = any(), b = any();
      Instruction code;
      std::vector<float> made;
      auto at_2d = [&](int32_t slot, int64_t i, int64_t j) {
        return values[static_cast<size_t>(slot)][static_cast<size_t>(i * n + j)];
      };
      uint32_t what = random() % 5;
      for (int64_t i = 0; i < n; ++i) {
        for (int64_t j = 0; j < n; ++j)
          made.push_back(what == 0   ? at_2d(a, j, i)
                         : what == 1 ? at_2d(a, n - 1 - i, j)
                                     : at_2d(a, i, j) + at_2d(b, i, j));
      }
      code.in = {a};
      if (what == 0) {
        code.kind = InstructionKind::view;
        code.view = ViewKind::transpose;
        code.words = {1, 0};
        code.offsets = {0, 2};
      } else if (what == 1) {
        code.kind = InstructionKind::view;
        code.view = ViewKind::reverse;
        code.words = {0};
        code.offsets = {0, 1};
      } else if (what == 2) {
        code.name = "prim.add";
        code.in = {a, b};
        code.offsets = {0};
      } else {
        code.kind = InstructionKind::compiled;
        code.in = {a, b};
        code.kernel = 0;
        code.words = {n * n, 1, 0};
        code.in_place = {{0, 0}, {1, 0}};
      }
      code.out = {add_slot()};
      values.push_back(std::move(made));
      p.code.push_back(std::move(code));
    }
    auto slots = static_cast<uint32_t>(p.slots.size());
    for (int k = 0; k < 3; ++k) p.outputs.push_back(static_cast<int32_t>(random() % slots));
    p.outputs.push_back(static_cast<int32_t>(slots - 1));
  }

  void expect(const Array& got, int32_t slot) const {
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        ASSERT_EQ(at(got, i, j), values[static_cast<size_t>(slot)][static_cast<size_t>(i * n + j)]);
      }
    }
  }
};

std::vector<Array> random_inputs(unsigned seed, int64_t n, bool strided) {
  std::mt19937 random(seed * 31 + 1);
  std::vector<Array> inputs;
  for (int k = 0; k < 3; ++k) {
    int64_t dims[2] = {n, n};
    Array made = array_of(dims, random);
    int64_t swapped[2] = {1, 0};
    inputs.push_back(strided && k == 1 ? transpose(made, swapped) : made);
  }
  return inputs;
}

void expect_apart(const Schedule& schedule) {
  for (size_t i = 0; i < schedule.buffers.size(); ++i) {
    const Schedule::Buffer& a = schedule.buffers[i];
    EXPECT_LE(a.offset + a.bytes, schedule.arena);
    for (size_t j = 0; j < i; ++j) {
      const Schedule::Buffer& b = schedule.buffers[j];
      bool together = a.bytes > 0 && b.bytes > 0 && a.first <= b.last && b.first <= a.last;
      EXPECT_TRUE(!together || a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset);
    }
  }
  EXPECT_GE(schedule.arena, schedule.lower_bound);
}

TEST(Schedule, RandomProgramsGiveWhatTheyShouldInSharedMemory) {
  int in_place = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    int64_t n = seed % 7 == 0 ? 40 : 1 + seed % 5;
    std::vector<Array> inputs = random_inputs(seed, n, seed % 2 == 1);
    Random made(seed, n, inputs);
    Provider provider;
    Executable plan(made.program, table(), kCpu, &provider);
    for (int run = 0; run < 2; ++run) {  // planned, then found again
      std::vector<Array> outputs(made.program->outputs.size());
      plan.run(inputs, {}, outputs);
      for (size_t i = 0; i < outputs.size(); ++i) made.expect(outputs[i], made.program->outputs[i]);
    }
    for (size_t i = 0; i < inputs.size(); ++i) made.expect(inputs[i], made.program->inputs[i]);
    ASSERT_EQ(plan.schedules().size(), 1u);
    expect_apart(*plan.schedules()[0]);
    in_place += plan.schedules()[0]->in_place;
  }
  EXPECT_GT(in_place, 100);
}

TEST(Schedule, DonatedInputsHoldTheResultsAfterwardsOrAreAsTheyWere) {
  int taken = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    int64_t n = seed % 7 == 0 ? 40 : 1 + seed % 5;
    std::vector<Array> inputs = random_inputs(seed, n, seed % 3 == 1);
    Random made(seed, n, inputs);
    made.program->terms.donated = {{0, 3}, {1, 1}};
    Provider provider;
    Executable plan(made.program, table(), kCpu, &provider);
    std::vector<Array> outputs(made.program->outputs.size());
    const int32_t both[2] = {0, 1};
    plan.run(inputs, {}, outputs, both);
    for (size_t i = 0; i < outputs.size(); ++i) made.expect(outputs[i], made.program->outputs[i]);
    for (size_t i = 0; i < inputs.size(); ++i) made.expect(inputs[i], made.program->inputs[i]);
    EXPECT_EQ(plan.schedules()[0]->donated, 0);
    plan.run(inputs, {}, outputs);
    for (size_t i = 0; i < outputs.size(); ++i) made.expect(outputs[i], made.program->outputs[i]);
    int there = 0;
    for (auto [input, output] : made.program->terms.donated) {
      auto i = static_cast<size_t>(input), o = static_cast<size_t>(output);
      bool over = outputs[o].buffer == inputs[i].buffer && outputs[o].data == inputs[i].data &&
                  (n == 1 || outputs[o].strides == inputs[i].strides);
      made.expect(inputs[i], over ? made.program->outputs[o] : made.program->inputs[i]);
      there += over;
    }
    made.expect(inputs[2], made.program->inputs[2]);
    const Schedule& schedule = *plan.schedules()[0];
    expect_apart(schedule);
    EXPECT_LE(schedule.donated, there);
    taken += schedule.donated;
  }
  EXPECT_GT(taken, 50);
}

// x + x in the place of x, and a kernel that fails: where it comes first nothing is overwritten,
// and where it would come later x is not taken at all.
TEST(Schedule, WhatFailsLeavesDonatedInputsAsTheyWere) {
  for (bool fails_first : {true, false}) {
    auto program = std::make_shared<Program>();
    program->dims = {3};
    for (int i = 0; i < 4; ++i) program->slots.push_back({DType::f32, {0}});
    program->inputs = {0, 1};
    program->outputs = {2, 3};
    program->terms.donated = {{0, 0}};
    program->kernels.push_back({"add", ""});
    Instruction add, refuse;
    add.kind = InstructionKind::compiled;
    add.in = {0, 0};
    add.out = {2};
    add.kernel = 0;
    add.words = {3, 1, 0};
    add.in_place = {{0, 0}, {1, 0}};
    refuse.name = "test.refuse";
    refuse.in = {1};
    refuse.out = {3};
    refuse.offsets = {0};
    program->code = {add, refuse};
    if (fails_first) std::swap(program->code[0], program->code[1]);
    KernelTable kernels;
    KernelEntry entry{"test.refuse", [](const KernelArgs& args) {
                        float x = *args.in[0].as<float>();
                        if (x < 0) throw UserError(ErrorKind::value, "negative");
                        std::fill_n(args.out[0].as<float>(), 3, x);
                      }};
    kernels.add({&entry, 1});
    Provider provider;
    Executable plan(program, kernels, kCpu, &provider);
    int64_t dims[1] = {3};
    std::mt19937 random(3);
    std::vector<Array> inputs = {array_of(dims, random), array_of(dims, random)}, outputs(2);
    auto* x = reinterpret_cast<float*>(inputs[0].data);
    auto* sign = reinterpret_cast<float*>(inputs[1].data);
    float before = x[0];
    sign[0] = -1;
    EXPECT_THROW(plan.run(inputs, {}, outputs), UserError);
    EXPECT_EQ(x[0], before);
    sign[0] = 1;
    plan.run(inputs, {}, outputs);
    EXPECT_EQ(reinterpret_cast<float*>(outputs[0].data)[0], 2 * before);
    EXPECT_EQ(outputs[0].data == inputs[0].data, fails_first);
  }
}

constexpr int64_t kUnits = 64;

// y = 2 x, a row of the scratch at a time, which nobody else may touch meanwhile.
void double_slowly(void* const* buffers, const int64_t* words, int64_t begin, int64_t end,
                   char* scratch) {
  auto* row = reinterpret_cast<float*>(scratch);
  const int64_t n = words[0] / kUnits;
  for (int64_t unit = begin; unit < end; ++unit) {
    auto* x = static_cast<const float*>(buffers[0]) + unit * n;
    auto* y = static_cast<float*>(buffers[1]) + unit * n;
    for (int64_t i = 0; i < n; ++i) row[i] = x[i];
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    for (int64_t i = 0; i < n; ++i) y[i] = 2 * row[i];
  }
}

class SlowProvider : public KernelProvider {
 public:
  CompiledFn find(const KernelText&) override { return double_slowly; }
};

// Where x is overwritten by then, threads that find no memory for scratch take turns.
TEST(Schedule, WhoFindsNoScratchWaitsForAnothers) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers take memory of their own";
#endif
  constexpr int64_t kScratch = int64_t{1} << 28;
  const int64_t n = kUnits * 100;
  auto program = std::make_shared<Program>();
  program->dims = {n};
  program->slots = {{DType::f32, {0}}, {DType::f32, {0}}};
  program->inputs = {0};
  program->outputs = {1};
  program->terms.donated = {{0, 0}};
  program->kernels.push_back({"double", ""});
  Instruction code;
  code.kind = InstructionKind::compiled;
  code.in = {0};
  code.out = {1};
  code.kernel = 0;
  code.words = {kUnits, int64_t{1} << 20, kScratch, n};
  code.in_place = {{0, 0}};
  program->code = {code};
  SlowProvider provider;
  Executable plan(program, table(), kCpu, &provider);
  const int before = num_threads();
  set_num_threads(4);
  // Room for two blocks, of four threads; who asked before has none to give back.
  auto in_a_child = [&]() -> int {
    std::mt19937 random(7);
    int64_t dims[1] = {n};
    Array x = array_of(dims, random), y;
    std::vector<float> wanted(reinterpret_cast<float*>(x.data),
                              reinterpret_cast<float*>(x.data) + n);
    parallel_for(kUnits, 1, [](int64_t, int64_t) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
    long pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur =
        static_cast<rlim_t>(pages * sysconf(_SC_PAGESIZE) + 2 * kScratch + kScratch / 2);
    if (setrlimit(RLIMIT_AS, &limit) != 0) return 2;
    try {
      plan.run({&x, 1}, {}, {&y, 1});
    } catch (const UserError&) { return 3; }
    if (plan.schedules()[0]->donated != 1 || y.data != x.data) return 4;
    for (int64_t i = 0; i < n; ++i) {
      if (reinterpret_cast<float*>(y.data)[i] != 2 * wanted[static_cast<size_t>(i)]) return 5;
    }
    return 0;
  };
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(in_a_child());
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  set_num_threads(before);
}

// A chain of adds through one symbol n: every size runs, the plans of the last few are kept.
TEST(Schedule, ManySizesKeepFewPlans) {
  auto program = std::make_shared<Program>();
  program->is_static = false;
  program->symbols = {"n"};
  program->sources = {{0, 0}};
  DimProgram dims;
  dims.inputs = 1;
  dims.code = {{DimOp::multiply, 0, 0, 0}};
  dims.outputs = {0, 1};
  program->stages.push_back({dims, {}});
  program->kernels.push_back({"add", ""});
  for (int32_t i = 0; i < 6; ++i) program->slots.push_back({DType::f32, {0, 0}});
  program->inputs = {0};
  program->outputs = {5};
  for (int32_t i = 0; i < 5; ++i) {
    Instruction code;
    code.kind = InstructionKind::compiled;
    code.in = {i, i};
    code.out = {i + 1};
    code.kernel = 0;
    code.words = {0, 1, 0};
    code.patches = {{0, 1}};
    program->code.push_back(code);
  }
  Provider provider;
  Executable plan(program, table(), kCpu, &provider);
  std::mt19937 random(1);
  for (int64_t n = 0; n < 40; ++n) {
    int64_t extents[2] = {n, n};
    Array x = array_of(extents, random), y;
    plan.run({&x, 1}, {}, {&y, 1});
    ASSERT_EQ(y.dims[0], n);
    for (int64_t i = 0; i < n * n; ++i) {
      ASSERT_EQ(reinterpret_cast<float*>(y.data)[i], 32 * reinterpret_cast<float*>(x.data)[i]);
    }
  }
  EXPECT_LE(plan.schedules().size(), 8u);
  EXPECT_EQ(plan.schedules()[0]->lower_bound, 2 * 6144);  // of 39 * 39 floats, rounded up
}

}  // namespace
}  // namespace proa::runtime
