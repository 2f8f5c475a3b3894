// Every primitive that a program can hold has a kernel, or is run by the executor itself.

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "proa/ir/context.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/kernels/register.h"
#include "proa/ops/register.h"

namespace proa::test {
namespace {

// Views, bindings and structure: proa/compiler/emit makes them instructions of their own.
const std::set<std::string_view> kWithoutKernel = {
    "reshape",  "transpose", "broadcast", "slice",      "reverse",
    "constant", "barrier",   "call",      "as_dim",     "shape_assert",
    "if",       "while",     "scan_loop", "custom_vjp", "custom_call"};

TEST(KernelCoverage, EveryPrimitiveHasAKernel) {
  ir::Context context;
  ops::load(context);
  for (auto isa : {kernels::Isa::baseline, kernels::best_isa()}) {
    program::KernelTable table;
    kernels::register_isa(table, isa);
    std::string missing;
    for (const ir::OpInfo& info : context.find_dialect("prim")->ops()) {
      if (info.page == nullptr || kWithoutKernel.contains(info.page->name)) continue;
      std::string name = "prim." + std::string(info.page->name);
      if (table.find(name) == nullptr) missing += " " + name;
    }
    EXPECT_EQ(missing, "") << "primitives without a kernel";
  }
}

TEST(KernelCoverage, EveryKernelHasAPrimitive) {
  ir::Context context;
  ops::load(context);
  program::KernelTable table;
  kernels::register_cpu(table);
  std::set<std::string> primitives;
  for (const ir::OpInfo& info : context.find_dialect("prim")->ops()) {
    if (info.page != nullptr) primitives.insert("prim." + std::string(info.page->name));
  }
  for (std::string_view name : table.names()) {
    if (!name.starts_with("prim.")) continue;
    EXPECT_TRUE(primitives.contains(std::string(name))) << name;
  }
}

}  // namespace
}  // namespace proa::test
