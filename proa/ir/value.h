// Value: a result of an operation or an argument of a block, with the chain of its uses.
// Why: SSA — a value is defined once, and everything that reads it is found from it.
#pragma once

#include <cstdint>

#include "proa/ir/type.h"

namespace proa::ir {

class Block;
class Operation;
struct Use;

struct ValueImpl {
  Type type;
  Operation* op = nullptr;  // the definer, or
  Block* block = nullptr;   // the block whose argument this is
  uint32_t index = 0;
  Use* first_use = nullptr;
};

// One operand slot of an operation, linked into the chain of its value.
struct Use {
  ValueImpl* value = nullptr;
  Operation* owner = nullptr;
  Use* next = nullptr;
  Use** back = nullptr;
  void set(ValueImpl* v);  // unlink, then link to v (may be null)
};

class Value {
 public:
  Value() = default;
  explicit Value(ValueImpl* impl) : impl_(impl) {}
  explicit operator bool() const { return impl_ != nullptr; }
  friend bool operator==(Value a, Value b) { return a.impl_ == b.impl_; }
  ValueImpl* impl() const { return impl_; }

  Type type() const { return impl_->type; }
  void set_type(Type type) { impl_->type = type; }
  DType dtype() const { return impl_->type.dtype(); }
  std::span<const Dim> dims() const { return impl_->type.dims(); }
  int rank() const { return impl_->type.rank(); }

  Operation* definer() const { return impl_->op; }        // null for a block argument
  Block* argument_block() const { return impl_->block; }  // null for a result
  uint32_t index() const { return impl_->index; }

  bool unused() const { return impl_->first_use == nullptr; }
  bool one_use() const { return impl_->first_use && !impl_->first_use->next; }
  void replace_uses(Value other) const;  // everywhere
  template <class F>                     // f(Use&); the chain may be changed at the visited use
  void each_use(F f) const {
    for (Use* use = impl_->first_use; use != nullptr;) {
      Use* next = use->next;
      f(*use);
      use = next;
    }
  }

 private:
  ValueImpl* impl_ = nullptr;
};

}  // namespace proa::ir
