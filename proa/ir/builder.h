// Builder: puts operations into a block, inferring result types from the operator's page.
// Why: rules, passes, capture and parsers all create operations one way, so that all are checked.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "proa/ir/module.h"

namespace proa::ir {

class Builder;

// A value together with the builder that goes on from it: the word in which rules are written.
// The operators on it live in proa/ops/expr.h.
struct Expr {
  Value value;
  Builder* builder = nullptr;
  explicit operator bool() const { return static_cast<bool>(value); }
  DType dtype() const { return value.dtype(); }
  std::span<const Dim> dims() const { return value.dims(); }
  Dim dim(int axis) const {
    return value.dims()[static_cast<size_t>(axis < 0 ? axis + rank() : axis)];
  }
  int rank() const { return value.rank(); }
};

class Builder {
 public:
  Builder(Module& module, Block& block) : module_(&module), block_(&block) {}
  Builder(Module& module, Operation* before)
      : module_(&module), block_(before->block()), before_(before) {}

  Context& context() const { return module_->context(); }
  Module& module() const { return *module_; }
  Facts& facts() const { return module_->facts(); }
  Block& block() const { return *block_; }
  Operation* before() const { return before_; }
  void set_insertion(Block& block, Operation* before = nullptr) {
    block_ = &block;
    before_ = before;
  }
  Location location() const { return location_; }
  void set_location(Location location) { location_ = location; }

  // Regions that are filled before their operation exists, as its results follow from them.
  using Regions = std::vector<std::unique_ptr<Region>>;

  Operation* insert(const OpState& state);
  // By page: checks operands and attributes, infers results, inserts. Absent optional operands are
  // null Values; `segments` says how many operands each variadic or optional operand of the page
  // has, and may be left out where each operand of the page has exactly one.
  Operation* create(const OpInfo& info, std::span<const Value> operands, AttrList attrs = {},
                    std::span<const int64_t> segments = {}, Regions regions = {});
  Operation* create(std::string_view full_name, std::span<const Value> operands,
                    AttrList attrs = {}, std::span<const int64_t> segments = {},
                    Regions regions = {});
  Operation* create_return(std::span<const Value> values);

  // Every operation that is created is shown to the listener (the rewriter, capture).
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void created(Operation* op) = 0;
  };
  void set_listener(Listener* listener) { listener_ = listener; }

 private:
  Module* module_;
  Block* block_;
  Operation* before_ = nullptr;
  Location location_;
  Listener* listener_ = nullptr;
};

}  // namespace proa::ir
