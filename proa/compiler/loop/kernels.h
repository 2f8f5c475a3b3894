// Kernels: the functions of loops of a module, by the names that launches give.
// Why beside Module: it asks its functions one by one, and a training step has thousands of them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "proa/ir/module.h"

namespace proa::compiler::loop {

// Of a module that gets no functions while this is asked.
class Kernels {
 public:
  explicit Kernels(const ir::Module& module);
  ir::Func of(const ir::Operation& launch) const;

 private:
  std::unordered_map<std::string_view, ir::Operation*> functions_;
};

// Names for new functions, which none of the module has.
class KernelNames {
 public:
  explicit KernelNames(const ir::Module& module);
  std::string next();
  int count() const { return count_; }

 private:
  std::unordered_set<std::string_view> taken_;
  int count_ = 0;
};

// A function with one of these names.
ir::Func add_kernel(ir::Module& module, std::string_view name, std::span<const ir::Type> buffers);
// The same for a group: a buffer for each of its inputs, then for each of its outputs.
ir::Func add_kernel(ir::Module& module, std::string_view name, const ir::Block& group,
                    std::span<const ir::Value> outputs);

}  // namespace proa::compiler::loop
