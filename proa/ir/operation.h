// Operation, Block and Region: the body of the IR.
// Why one header: they own each other, and nothing is gained by reading one without the other two.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "proa/ir/attribute.h"
#include "proa/ir/location.h"
#include "proa/ir/value.h"

namespace proa::ir {

struct OpInfo;
class Region;

// What an operation is made of; see Builder for the comfortable way.
struct OpState {
  const OpInfo* info = nullptr;
  Location location;
  std::vector<Value> operands;
  std::vector<Type> results;
  AttrList attrs;
  size_t regions = 0;
};

class Operation {
 public:
  static Operation* create(const OpState& state);  // detached; owned by the block it is put into
  static void destroy(Operation* op);              // its results must be unused

  const OpInfo& info() const { return *info_; }
  std::string_view name() const;  // "prim.add"
  bool is(std::string_view full_name) const { return name() == full_name; }

  Location location() const { return location_; }
  void set_location(Location location) { location_ = location; }

  size_t operand_count() const { return operands_.size(); }
  Value operand(size_t i) const { return Value(operands_[i].value); }
  std::vector<Value> operands() const;
  void set_operand(size_t i, Value value) { operands_[i].set(value.impl()); }
  void set_operands(std::span<const Value> values);
  size_t operand_index(const Use& use) const {
    return static_cast<size_t>(&use - operands_.data());
  }

  size_t result_count() const { return results_.size(); }
  Value result(size_t i = 0) const { return Value(&results_[i]); }
  std::vector<Value> results() const;
  bool unused() const;  // no result has a use

  Attribute attr(std::string_view name) const { return attrs_.get(name); }
  void set_attr(std::string_view name, Attribute value);
  const AttrList& attrs() const { return attrs_; }
  void set_attrs(AttrList attrs) { attrs_ = std::move(attrs); }

  size_t region_count() const { return regions_.size(); }
  Region& region(size_t i) const { return *regions_[i]; }

  Block* block() const { return block_; }
  Operation* next() const { return next_; }
  Operation* prev() const { return prev_; }
  Operation* parent() const;  // the operation that owns the region this one is in, or null
  bool is_before(const Operation* other) const;  // in the same block

  void remove();  // from its block, without destroying it
  void erase();   // remove and destroy
  void move_before(Operation* other);

  Context& context() const;

  template <class F>  // f(Operation*), this one first, then everything inside, in order
  void walk(F f);

 private:
  friend class Block;
  Operation() = default;
  ~Operation();
  const OpInfo* info_ = nullptr;
  Location location_;
  mutable std::vector<ValueImpl> results_;  // never resized after creation
  std::vector<Use> operands_;               // resized only by set_operands, which relinks
  AttrList attrs_;
  std::vector<std::unique_ptr<Region>> regions_;
  Block* block_ = nullptr;
  Operation* next_ = nullptr;
  Operation* prev_ = nullptr;
  mutable int64_t order_ = 0;  // position in the block, valid while the block says so
};

class Block {
 public:
  ~Block();
  Value add_argument(Type type);
  size_t argument_count() const { return arguments_.size(); }
  Value argument(size_t i) const { return Value(arguments_[i].get()); }
  std::vector<Value> arguments() const;
  void erase_argument(size_t i);  // it must be unused

  bool empty() const { return first_ == nullptr; }
  Operation* front() const { return first_; }
  Operation* back() const { return last_; }
  Operation* terminator() const;  // the last operation if it is a terminator, else null
  void insert(Operation* op, Operation* before);  // before == null: at the end
  void append(Operation* op) { insert(op, nullptr); }

  Region* region() const { return region_; }
  Operation* parent() const;

  struct Iterator {
    Operation* op;
    Operation& operator*() const { return *op; }
    Iterator& operator++() {
      op = op->next();
      return *this;
    }
    bool operator!=(Iterator other) const { return op != other.op; }
  };
  Iterator begin() const { return {first_}; }
  Iterator end() const { return {nullptr}; }

 private:
  friend class Operation;
  friend class Region;
  std::vector<std::unique_ptr<ValueImpl>> arguments_;
  Operation* first_ = nullptr;
  Operation* last_ = nullptr;
  Region* region_ = nullptr;
  mutable bool ordered_ = false;
};

class Region {
 public:
  Block& add_block();
  bool empty() const { return blocks_.empty(); }
  size_t block_count() const { return blocks_.size(); }
  Block& block(size_t i = 0) const { return *blocks_[i]; }
  Operation* parent() const { return parent_; }
  void take_body(Region& other);  // moves the blocks of `other` here
  void clear();                   // drops all blocks, whatever refers to whatever inside

 private:
  friend class Operation;
  std::vector<std::unique_ptr<Block>> blocks_;
  Operation* parent_ = nullptr;
};

template <class F>
void Operation::walk(F f) {
  f(this);
  for (auto& region : regions_) {
    for (size_t b = 0; b < region->block_count(); ++b) {
      for (Operation* op = region->block(b).front(); op != nullptr;) {
        Operation* next = op->next();
        op->walk(f);
        op = next;
      }
    }
  }
}

}  // namespace proa::ir
