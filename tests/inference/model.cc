#include "tests/inference/model.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "proa/base/str.h"
#include "tests/program/instruction.h"

namespace proa::inference {

using namespace program;

namespace {

// x * w of `rows` rows: what compiled kernels look like (kernel_provider.h).
constexpr const char* kText = R"(
void model_product(void* const* buffers, const long* words, long begin, long end, char* scratch) {
  const float* x = buffers[0];
  const float* w = buffers[1];
  float* out = buffers[2];
  (void)words; (void)scratch;
  for (long i = begin; i < end; ++i) out[i] = x[i] * w[i % 3];
}
)";

std::shared_ptr<Program> make_program(bool compiled) {
  auto made = std::make_shared<Program>();
  Program& p = *made;
  p.is_static = false;
  p.symbols = {"rows"};
  p.sources = {{0, 0}};
  Program::Stage stage;  // the table: 0: rows, 1: 3, 2: rows * 3
  stage.dims.inputs = 1;
  stage.dims.constants = {3};
  stage.dims.code = {{DimOp::multiply, 0, 1, 0}};
  stage.dims.outputs = {0, 1, 2};
  p.stages = {stage};
  for (int i = 0; i < 4; ++i) p.slots.push_back({DType::f32, {0, 1}});  // x, z, product, y
  p.slots.push_back({DType::f32, {1}});                                 // 4: w
  p.slots.push_back({DType::f32, {0, 1}});                              // 5: w, broadcast
  p.inputs = {0, 1};
  p.outputs = {3, 0};
  p.constants = {{4, DType::f32, {3}, nullptr, kWeight, sizeof kWeight}};
  if (compiled) {
    auto product = make(InstructionKind::compiled, "model_product", {0, 4}, {2});
    product.words = {0, 1, 0};
    product.offsets = {0, 3};
    product.patches = {{0, 2}};
    product.kernel = 0;
    p.kernels = {{"model_product", kText}};
    p.code.push_back(product);
  } else {
    auto broadcast = make(InstructionKind::view, "prim.broadcast", {4}, {5});
    broadcast.view = ViewKind::broadcast;
    broadcast.offsets = {0, 2, 3};
    broadcast.words = {0, 3, 1};
    broadcast.patches = {{0, 0}};
    p.code.push_back(broadcast);
    p.code.push_back(make(InstructionKind::kernel, "prim.mul", {0, 5}, {2}));
  }
  p.code.push_back(make(InstructionKind::kernel, "prim.add", {2, 1}, {3}));
  return made;
}

// The kernel as an object, by the C compiler of the system.
std::vector<std::byte> object() {
  std::string base = testing::TempDir() + "/proa_model_kernel";
  std::ofstream(base + ".c") << kText;
  std::string command =
      str("cc -c -O1 -fPIC -ffreestanding -fno-asynchronous-unwind-tables "
          "-fno-stack-protector -fcf-protection=none -o ",
          base, ".o ", base, ".c");
  EXPECT_EQ(std::system(command.c_str()), 0);
  std::ifstream file(base + ".o", std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  auto view = std::as_bytes(std::span(bytes));
  return {view.begin(), view.end()};
}

}  // namespace

std::vector<std::byte> model_bytes(Compiled compiled) {
  static const std::vector<int64_t> kThree = {3};
  PackageContent content;
  std::vector<PackageDim> rows{{0, 0}, {3, -1}};
  content.inputs = {{"x", DType::f32, rows}, {"z", DType::f32, rows}};
  content.outputs = {{"y", DType::f32, rows}, {"same", DType::f32, rows}};
  content.symbols = {{"rows", 1, 4096}};
  content.program = make_program(false);
  content.weights = {{"scale", DType::f32, kThree, std::as_bytes(std::span(kWeight))}};
  content.metadata = {{"made by", "tests/inference"}};
  std::vector<std::byte> code;
  if (compiled != Compiled::none) content.compiled = make_program(true);
  if (compiled == Compiled::object) code = object();
  if (compiled == Compiled::broken) code.resize(100);
  if (!code.empty()) content.objects = {{"x86-64-v3", "model_product", code}};
  return package_bytes(content);
}

std::string write_model(const std::string& name, Compiled compiled) {
  std::string path = testing::TempDir() + "/" + name;
  auto bytes = model_bytes(compiled);
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  return path;
}

std::vector<float> expected(std::span<const float> x, std::span<const float> z) {
  std::vector<float> y(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    volatile float product = x[i] * kWeight[i % 3];  // rounded by itself
    y[i] = product + z[i];
  }
  return y;
}

}  // namespace proa::inference
