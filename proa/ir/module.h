// Module and Func: the top of a piece of IR — functions by name, and the facts about its symbols.
// Why: passes take a Module; programs, captured graphs and files are one Module each.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "proa/ir/operation.h"

namespace proa::ir {

class Facts;

// A view of a `builtin.func` operation: one region, one block, ended by `builtin.return`.
class Func {
 public:
  Func() = default;
  explicit Func(Operation* op) : op_(op) {}
  explicit operator bool() const { return op_ != nullptr; }
  Operation* op() const { return op_; }
  std::string_view name() const;
  Block& body() const { return op_->region(0).block(0); }
  std::vector<Value> arguments() const { return body().arguments(); }
  Operation* return_op() const { return body().terminator(); }
  std::vector<Value> results() const;  // what `return` returns
  std::vector<Type> argument_types() const;
  std::vector<Type> result_types() const;

 private:
  Operation* op_ = nullptr;
};

class Module {
 public:
  explicit Module(Context& context);
  Module(Module&&) noexcept;
  Module& operator=(Module&&) noexcept;
  ~Module();

  Context& context() const { return *context_; }
  Facts& facts() const { return *facts_; }  // const like a pointer: facts grow while one reads
  Operation* op() const { return op_; }     // the `builtin.module` operation
  Block& body() const { return op_->region(0).block(0); }

  Func add_func(std::string_view name, std::span<const Type> arguments);
  Func find(std::string_view name) const;  // null if absent
  Func main() const;                       // the first function
  std::vector<Func> funcs() const;
  Module clone() const;

 private:
  Context* context_;
  std::unique_ptr<Facts> facts_;
  Operation* op_ = nullptr;
};

// The function of this name in the module around an operation; null if absent.
Func find_function(const Operation& from, std::string_view name);
// Copies into `to` the functions of `from` that `op`, or what is inside it, names; and what these
// name.
void bring_functions(Operation& op, const Module& from, Module& to);

// Copies operations from one block to another; `map` gives values of the source that are already
// known.
class ValueMap {
 public:
  void set(Value from, Value to);
  Value get(Value from) const;  // null if unknown
  Value at(Value from) const;   // unknown is an InternalError

 private:
  std::vector<std::pair<const ValueImpl*, ValueImpl*>> slots_;  // open addressing, power of two
  size_t used_ = 0;
  void grow();
};
Operation* clone(const Operation& op, ValueMap& map);  // with regions; detached
void clone_body(const Block& from, Block& to, ValueMap& map, bool with_terminator);

}  // namespace proa::ir
