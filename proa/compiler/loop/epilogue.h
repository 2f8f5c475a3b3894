// Epilogue: what a group does with each result of its contraction or convolution, as scalars in the
// region that is run once for each.
// Why apart: the region is the same thing whatever the sums are of.
#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "proa/compiler/fuse/index.h"
#include "proa/compiler/sizes.h"
#include "proa/ir/module.h"

namespace proa::compiler::loop {

class Epilogue {
 public:
  // `func` takes a buffer for each input of the group, then one for each output.
  Epilogue(ir::Module& module, const Sizes& sizes, ir::Operation& group);
  void open(ir::Func func, ir::Block& block);

  void set(ir::Value of, ir::Value scalar) { values_[of.impl()] = scalar; }
  // Of variables without an index others say the same: those of joined axes.
  void set_index(int variable, ir::Value index) { indices_[variable] = index; }

  std::vector<ir::Value> outputs() const;
  ir::Value buffer_of(size_t output) const;
  ir::Value scalar(ir::Value value);
  // The element of a value at `at`, from those of the group's inputs.
  ir::Value scalar_at(ir::Value value, Indices at);
  ir::Operation* insert(ir::OpState& state, ir::Block& block) const;
  // At the end of the region, with an address as its last operands.
  ir::Operation* place(ir::OpState& state, const Index& address);
  void store(size_t output);  // dense and row-major
  void close();

 private:
  ir::Value compute(ir::Value value);
  ir::Value constant(const ir::Operation& op);

  ir::Module& module_;
  const Sizes& sizes_;
  ir::Operation& group_;
  ir::Block& body_;
  ir::Func func_;
  ir::Block* block_ = nullptr;
  std::unordered_map<int, ir::Value> indices_;
  std::unordered_map<const ir::ValueImpl*, ir::Value> values_;
  std::vector<std::pair<std::pair<ir::Value, Indices>, ir::Value>> elements_;
};

}  // namespace proa::compiler::loop
