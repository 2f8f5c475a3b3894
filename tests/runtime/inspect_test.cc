// Programs of files that hold together until their sizes are known.
#include <gtest/gtest.h>

#include <functional>

#include "proa/base/error.h"
#include "proa/program/contract.h"
#include "proa/program/verify.h"
#include "proa/runtime/executor.h"
#include "proa/runtime/inspect.h"
#include "tests/program/instruction.h"

namespace proa::runtime {
namespace {

using namespace program;

int asked = 0, ran = 0;

void sum_of(const KernelArgs& args) {
  ++ran;
  const TensorRef &a = args.in[0], &b = args.in[1], &y = args.out[0];
  for (int64_t i = 0; i < y.elements(); ++i) {
    y.as<float>()[i] = a.as<float>()[i * a.strides[0]] + b.as<float>()[i * b.strides[0]];
  }
}

void contract_of_sum(const Call& call) {
  ++asked;
  call.takes(2, 1, 0);
  auto a = call.in(0).of(DType::f32).with_rank(1);
  call.in(1).like(a);
  call.out(0).like(a);
}

KernelTable& table() {
  static KernelTable* made = [] {
    constexpr KernelEntry kSum[] = {{"prim.sum", sum_of}, {"host", sum_of}};
    constexpr ContractEntry kContract[] = {{"prim.sum", contract_of_sum}};
    auto* t = new KernelTable();
    t->add(kSum);
    add_contracts(kContract);
    return t;
  }();
  return *made;
}

Array ones(std::vector<int64_t> dims) {
  Array made = Array::dense(dims, DType::f32);
  for (int64_t i = 0; i < made.elements(); ++i) reinterpret_cast<float*>(made.data)[i] = 1;
  return made;
}

// The table of sizes: 0: 6, 1: 3, 2: 2, 3: 1.
Program sum_program() {
  Program p;
  p.dims = {6, 3, 2, 1};
  p.slots = {{DType::f32, {0}}, {DType::f32, {0}}, {DType::f32, {0}}};
  p.inputs = {0, 1};
  p.outputs = {2};
  p.code = {call("prim.sum", {0, 1}, {2})};
  return p;
}

// The same for any extent of the first input; the table begins with it, then `numbers`.
Program sum_program_of_any_size(std::vector<int64_t> numbers) {
  Program p = sum_program();
  p.is_static = false;
  p.symbols = {"n"};
  p.sources = {{0, 0}};
  p.stages.resize(1);
  p.stages[0].dims.inputs = 1;
  for (uint32_t i = 0; i <= numbers.size(); ++i) p.stages[0].dims.outputs.push_back(i);
  p.stages[0].dims.constants = std::move(numbers);
  p.dims.clear();
  return p;
}

Program view_program(ViewKind view, std::vector<int32_t> dims, std::vector<int64_t> words,
                     std::vector<int32_t> offsets) {
  Program p;
  p.dims = {6, 3, 2, 1};
  p.slots = {{DType::f32, {0}}, {DType::f32, std::move(dims)}};
  p.inputs = {0};
  p.outputs = {1};
  p.code = {make(InstructionKind::view, "prim.view", {0}, {1})};
  p.code[0].view = view;
  p.code[0].words = std::move(words);
  p.code[0].offsets = std::move(offsets);
  return p;
}

std::string run(const Program& program, std::vector<Array> inputs, Origin origin = Origin::file) {
  verify(program, "a test");
  Executable made(std::make_shared<Program>(program), table(), kCpu, nullptr, origin);
  std::vector<Array> outputs(program.outputs.size());
  try {
    made.run(inputs, {}, outputs);
    return "";
  } catch (const UserError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::io);
    return error.what();
  }
}

TEST(Inspect, ViewsStayInside) {
  struct Case {
    Program program;
    const char* refusal;  // empty: right
  };
  using I = std::vector<int64_t>;
  auto slice = [](I words) {
    return view_program(ViewKind::slice, {1}, std::move(words), {0, 1, 2, 3});
  };
  const Case kCases[] = {
      {slice({0, 6, 1}), ""},
      {slice({0, 6, 2}), ""},
      {slice({5, 6, -2}), ""},
      {slice({0, 6, 3}), "a slice that ends outside: [3] of [6]"},
      {slice({4, 6, 1}), "a slice that ends outside"},
      {slice({3, 6, -2}), "a slice that ends outside"},
      {slice({-1, 6, 1}), "a slice that begins outside"},
      {slice({INT64_MAX, 6, 1}), "a slice that begins outside"},
      {slice({0, 6, INT64_MAX}), "a slice that ends outside"},
      {slice({0, 6, INT64_MIN}), "a slice that ends outside"},
      {view_program(ViewKind::reshape, {1, 2}, {3, 2}, {0, 2}), ""},
      {view_program(ViewKind::reshape, {0, 2}, {6, 2}, {0, 2}), "another number of elements"},
      {view_program(ViewKind::reshape, {1}, {3}, {0, 1}), "another number of elements"},
      {view_program(ViewKind::broadcast, {1, 0}, {3, 6, 1}, {0, 2, 3}), ""},
      {view_program(ViewKind::broadcast, {1, 2}, {3, 2, 0}, {0, 2, 3}), "an axis that is not 1"},
  };
  for (size_t i = 0; i < std::size(kCases); ++i) {
    std::string message = run(kCases[i].program, {ones({6})});
    if (*kCases[i].refusal == 0) {
      EXPECT_EQ(message, "") << i;
    } else {
      EXPECT_NE(message.find(kCases[i].refusal), std::string::npos) << i << ": " << message;
      EXPECT_NE(message.find("instruction 0 (prim.view)"), std::string::npos) << message;
    }
  }
}

TEST(Inspect, ExtentsAreSizes) {
  for (int64_t extent : {int64_t{-1}, int64_t{1} << 50, INT64_MIN}) {
    Program p = sum_program_of_any_size({extent});
    p.slots[2].dims = {1};
    EXPECT_NE(run(p, {ones({6}), ones({6})}).find("no tensor has the shape"), std::string::npos);
  }
}

TEST(Inspect, ContractsAreAskedOnceForEachForm) {
  auto program = std::make_shared<Program>(sum_program_of_any_size({}));
  asked = ran = 0;
  Executable file(program, table(), kCpu, nullptr, Origin::file);
  std::vector<Array> outputs(1);
  auto run_with = [&](int64_t a, int64_t b) {
    std::vector<Array> inputs{ones({a}), ones({b})};
    file.run(inputs, {}, outputs);
  };
  run_with(6, 6);
  run_with(6, 6);
  EXPECT_EQ(asked, 1);
  run_with(4, 4);
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(reinterpret_cast<float*>(outputs[0].data)[3], 2);
  // The same symbol, another form: what was planned for 6 and 6 is not taken for it.
  for (int64_t b : {1, 5, 7}) {
    int before = ran;
    try {
      run_with(6, b);
      FAIL();
    } catch (const UserError& error) {
      EXPECT_NE(std::string(error.what()).find("operand 1: expected the shape [6]"),
                std::string::npos)
          << error.what();
    }
    EXPECT_EQ(ran, before);
  }
  // A program of this process is asked where that is wished for only.
  std::vector<Array> inputs{ones({6}), ones({6})};
  bool all = inspects_all();
  for (bool wished : {false, true}) {
    asked = 0;
    inspect_all(wished);
    Executable own(program, table());
    own.run(inputs, {}, outputs);
    EXPECT_EQ(asked, wished ? 1 : 0);
  }
  inspect_all(all);
}

TEST(Inspect, CallsThatBreakAContractAreNamed) {
  struct Case {
    std::function<void(Program&)> change;
    const char* refusal;
  };
  const Case kCases[] = {
      {[](Program& p) { p.code[0].in = {0}; }, "expected 2 operands, got 1"},
      {[](Program& p) { p.code[0].in[1] = -1; }, "operand 1 is absent"},
      {[](Program& p) { p.code[0].offsets = {0, 0}; }, "expected 0 attributes, got 1"},
      {[](Program& p) { p.slots[2].dtype = DType::f64; }, "result 0 is float64"},
      {[](Program& p) { p.slots[2].dims = {1}; }, "result 0: expected the shape [6], got [3]"},
  };
  for (const Case& c : kCases) {
    Program p = sum_program();
    c.change(p);
    std::string message = run(p, {ones({6}), ones({6})});
    EXPECT_NE(message.find("instruction 0 (prim.sum)"), std::string::npos) << message;
    EXPECT_NE(message.find(c.refusal), std::string::npos) << message;
  }
}

TEST(Inspect, KernelsWithoutAContractAreNotForFiles) {
  auto program = std::make_shared<Program>(sum_program());
  program->code[0].name = "host";
  Executable own(program, table());
  std::vector<Array> inputs{ones({6}), ones({6})}, outputs(1);
  own.run(inputs, {}, outputs);
  try {
    Executable file(program, table(), kCpu, nullptr, Origin::file);
    FAIL();
  } catch (const UserError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_supported);
    EXPECT_NE(std::string(error.what()).find("may not call host"), std::string::npos);
  }
}

TEST(Inspect, WhatIsGivenHasTheFormThatTheSlotTellsOf) {
  Array wide = Array::dense(std::vector<int64_t>{6}, DType::f64);
  EXPECT_NE(run(sum_program(), {ones({6}), wide}).find("slot 1 is given float64[6]"),
            std::string::npos);
}

TEST(Inspect, ProgramsOfFilesGiveNoInputAway) {
  Program p = sum_program();  // a + b + b, which may lie in a
  p.slots.push_back({DType::f32, {0}});
  p.code.push_back(call("prim.sum", {2, 1}, {3}));
  p.outputs = {3};
  p.terms.donated = {{0, 0}};
  for (Origin origin : {Origin::file, Origin::process}) {
    Array a = ones({6}), b = ones({6});
    Executable made(std::make_shared<Program>(p), table(), kCpu, nullptr, origin);
    std::vector<Array> inputs{a, b}, outputs(1);
    made.run(inputs, {}, outputs);
    EXPECT_EQ(outputs[0].data == a.data, origin == Origin::process);
    EXPECT_EQ(reinterpret_cast<float*>(a.data)[0], origin == Origin::process ? 3 : 1);
  }
}

}  // namespace
}  // namespace proa::runtime
