#include "proa/compiler/loop/kernels.h"

#include <vector>

#include "proa/base/error.h"
#include "proa/compiler/loop/dialect.h"
#include "proa/ir/attribute.h"

namespace proa::compiler::loop {

using namespace ir;

Kernels::Kernels(const Module& module) {
  for (Func func : module.funcs()) functions_.emplace(func.name(), func.op());
}

Func Kernels::of(const Operation& launch) const {
  auto found = functions_.find(launch.attr("kernel").as_string());
  PROA_CHECK(found != functions_.end(), "a launch of an unknown kernel");
  return Func(found->second);
}

KernelNames::KernelNames(const Module& module) {
  for (Func func : module.funcs()) taken_.insert(func.name());
}

std::string KernelNames::next() {
  std::string name = str("kernel_", count_++);
  while (taken_.contains(name)) name += "_";
  return name;
}

Func add_kernel(Module& module, std::string_view name, std::span<const Type> buffers) {
  OpState state;
  state.info = &module.context().op("builtin.func");
  state.regions = 1;
  Operation* made = Operation::create(state);
  made->set_attr("name", Attribute::string(module.context(), name));
  Block& body = made->region(0).add_block();
  for (Type type : buffers) body.add_argument(type);
  module.body().append(made);
  return Func(made);
}

Func add_kernel(Module& module, std::string_view name, const Block& group,
                std::span<const Value> outputs) {
  std::vector<Type> buffers;
  auto add = [&](Value value) { buffers.push_back(buffer(module.context(), value.dtype())); };
  for (Value input : group.arguments()) add(input);
  for (Value output : outputs) add(output);
  return add_kernel(module, name, buffers);
}

}  // namespace proa::compiler::loop
