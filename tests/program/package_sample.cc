#include "tests/program/package_sample.h"

#include "proa/base/str.h"
#include "tests/program/instruction.h"

namespace proa::program {

namespace {

// The table: 0: s0 (symbol), 1: 3, 2: 1.
Program::Stage sizes(uint32_t symbols) {
  Program::Stage stage;
  stage.dims.inputs = symbols;
  stage.dims.constants = {3, 1};
  stage.dims.outputs = {0, symbols, symbols + 1};
  stage.dims.code = {{DimOp::check_ge, 0, symbols + 1, 0}};
  stage.guards = {"s0 >= 1: a batch of nothing"};
  return stage;
}

std::shared_ptr<Program> body(bool condition) {
  auto made = std::make_shared<Program>();
  made->symbols = {"s0", "n"};
  made->sources.resize(2);
  made->is_static = false;
  made->stages = {sizes(2)};
  made->slots = {{DType::f32, {0, 1}}, {DType::f32, {0, 1}}, {DType::boolean, {}}};
  made->inputs = {0};
  if (condition) {
    made->code = {make(InstructionKind::kernel, "prim.any", {0}, {2})};
    made->code[0].offsets = {0, 2};
    made->code[0].words = {0, 1};
    made->outputs = {2};
  } else {
    made->code = {make(InstructionKind::kernel, "prim.exp", {0}, {1})};
    made->outputs = {1};
  }
  return made;
}

}  // namespace

Constant PackageSample::constant(int32_t slot, const std::vector<float>& values) const {
  return {slot, DType::f32, {3}, nullptr, values.data(), values.size() * sizeof(float)};
}

std::shared_ptr<Program> PackageSample::flat() const {
  auto made = std::make_shared<Program>();
  Program& p = *made;
  p.symbols = {"s0", "n"};
  p.sources = {{0, 0}, {-1, -1}};
  p.is_static = false;
  p.stages = {sizes(1), sizes(2)};
  for (int i = 0; i < 6; ++i) p.slots.push_back({DType::f32, {0, 1}});
  p.slots.push_back({DType::f32, {1}});     // 6: the weight
  p.slots.push_back({DType::f32, {1}});     // 7: another constant
  p.slots.push_back({DType::i64, {}});      // 8
  p.slots.push_back({DType::i64, {}});      // 9
  p.slots.push_back({DType::boolean, {}});  // 10
  p.slots.push_back({DType::f32, {0, 1}});  // 11: the weight, broadcast
  p.inputs = {0, 8, 10};
  p.outputs = {4, 5};
  p.constants = {constant(6, weight_), constant(7, other_)};
  p.terms.donated = {{0, 0}};
  p.flops.inputs = 1;
  p.flops.constants = {3};
  p.flops.code = {{DimOp::multiply, 0, 1, 0}};
  p.flops.outputs = {2};

  auto broadcast = make(InstructionKind::view, "prim.broadcast", {6}, {11});
  broadcast.view = ViewKind::broadcast;
  broadcast.offsets = {0, 2, 3};
  broadcast.words = {0, 3, 1};
  broadcast.patches = {{0, 0}};
  p.code.push_back(broadcast);
  auto add = make(InstructionKind::kernel, "prim.add", {0, 11, -1}, {1});
  add.flops = 0;
  add.location = "model.py:12";
  add.release = {11};
  p.code.push_back(add);
  auto bind = make(InstructionKind::bind, "prim.as_dim", {8}, {9});
  bind.symbol = 1;
  bind.low = 1;
  bind.high = 100;
  p.code.push_back(bind);
  auto branch = make(InstructionKind::if_, "prim.if", {10, 1}, {2});
  branch.programs = {body(false), body(false)};
  p.code.push_back(branch);
  auto loop = make(InstructionKind::while_, "prim.while", {2}, {3});
  loop.programs = {body(true), body(false)};
  loop.release = {2, 1};
  p.code.push_back(loop);
  p.code.push_back(make(InstructionKind::assert_, "prim.shape_assert", {10}, {}));
  p.code.push_back(make(InstructionKind::alias, "prim.barrier", {3}, {4}));
  p.code.push_back(make(InstructionKind::kernel, "prim.mul", {4, 7}, {5}));
  return made;
}

std::shared_ptr<Program> PackageSample::compiled() const {
  auto made = flat();
  Program& p = *made;
  p.code[1].kind = InstructionKind::compiled;
  p.code[1].in = {0, 11};
  p.code[1].words = {0, 1, 0, 7};
  p.code[1].offsets = {0, 4};
  p.code[1].patches = {{0, 0}};
  p.code[1].in_place = {{0, 0}};
  p.code[1].operations = "add";
  p.code[1].kernel = 0;
  p.kernels = {{"k_1", "void k_1() {}"}};
  return made;
}

PackageSample::PackageSample() {
  for (int i = 0; i < 100; ++i) code_.push_back(static_cast<std::byte>(i));
  for (char c : std::string_view("a module")) module_.push_back(static_cast<std::byte>(c));
  std::vector<PackageDim> rows{{0, 0}, {3, -1}};
  content.inputs = {{"x", DType::f32, rows}, {"steps", DType::i64, {}}, {"go", DType::boolean, {}}};
  content.outputs = {{"y", DType::f32, rows}, {"z", DType::f32, rows}};
  content.symbols = {{"s0", 1, 4096}};
  content.program = flat();
  content.compiled = compiled();
  content.weights = {{"layer.weight", DType::f32, three_, std::as_bytes(std::span(weight_))}};
  content.objects = {{"x86-64-v3", "k_1", code_}, {"x86-64-v4", "k_1", code_}};
  content.module = module_;
  content.metadata = {{"made by", "a test"}};
}

}  // namespace proa::program
