// Files that an older Proa wrote: what their pages said is brought up to date.
#include <gtest/gtest.h>

#include <cstdlib>

#include "proa/base/file.h"
#include "proa/ir/binary.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/parser.h"
#include "proa/ir/printer.h"
#include "proa/ops/register.h"

namespace proa::ops {
namespace {

using namespace ir;

constexpr const char* kGolden = PROA_SOURCE_DIR "/tests/golden/gelu_v1.pir";

// As version 1 wrote it: approximate was the formula's name.
std::vector<std::byte> old_gelu() {
  Context context;
  load(context);
  Module module = parse_module(
      "func @main(%x: f32[n]) { %0 = tensor.gelu(%x) %1 = tensor.gelu(%0) return %1 }", context);
  auto& page = const_cast<Page&>(*context.op("tensor.gelu").page);
  int newest = page.version;
  page.version = 1;
  Operation* first = module.main().body().front();
  first->set_attr("approximate", Attribute::string(context, "tanh"));
  first->next()->set_attr("approximate", Attribute::string(context, "none"));
  std::vector<std::byte> bytes = write_binary(module);
  page.version = newest;
  return bytes;
}

TEST(Upgrade, GeluOfVersion1IsRead) {
  if (std::getenv("PROA_WRITE_GOLDEN") != nullptr) {
    try {
      MappedFile::open(kGolden);
    } catch (const UserError&) {
      std::vector<std::byte> bytes = old_gelu();
      write_file(kGolden, std::vector<std::span<const std::byte>>{bytes});
    }
  }
  Context context;
  load(context);
  Module module = read_binary(MappedFile::open(kGolden)->bytes(), context, kGolden);
  EXPECT_EQ(print(module), R"(module {
  func @main(%x: f32[n]) {
    %0 = tensor.gelu(%x) {approximate = true} : f32[n]
    %1 = tensor.gelu(%0) {approximate = false} : f32[n]
    return %1
  }
}
)");
  EXPECT_EQ(context.op("tensor.gelu").page->version, 2);
}

}  // namespace
}  // namespace proa::ops
