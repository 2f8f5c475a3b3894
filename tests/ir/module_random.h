// Random modules of the test dialect: every kind of attribute, type, region and location.
#pragma once

#include "proa/ir/module.h"
#include "symbol_random.h"

namespace proa::ir {

struct RandomModules {
  Context& context;
  Random random;

  Dim dim(int depth = 2);
  Type type();
  Type tensor_type();
  Attribute attribute(int depth = 3);
  TensorData tensor();
  Location location(int depth = 2);
  std::string text();  // any bytes
  AttrList attrs(int depth = 3);
  Module module(int operations);

 private:
  void body(Module& module, Block& block, std::vector<Value> visible, int operations, int depth,
            std::string_view terminator);
  Operation* insert(Module& module, Block& block, std::string_view name,
                    std::vector<Value> operands, std::vector<Type> results, AttrList attrs,
                    size_t regions);
};

}  // namespace proa::ir
