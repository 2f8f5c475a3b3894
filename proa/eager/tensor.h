// Tensor: memory with its place on the tape. What users hold.
// Why one counted block: a Python object, a C++ value and a saved operand all hold the same thing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proa/runtime/array.h"

namespace proa::ir {
struct ValueImpl;
}

namespace proa::eager {

using runtime::Array;
class Node;
class Tensor;
struct TensorImpl;

// A hook sees the gradient of a tensor and may give another in its place (an undefined one keeps
// it).
using Hook = std::function<Tensor(const Tensor&)>;

class Tensor {
 public:
  Tensor() = default;  // undefined
  explicit Tensor(Array array);
  Tensor(const Tensor& other);
  Tensor(Tensor&& other) noexcept : impl_(other.impl_) { other.impl_ = nullptr; }
  Tensor& operator=(Tensor other) noexcept {
    std::swap(impl_, other.impl_);
    return *this;
  }
  ~Tensor();

  explicit operator bool() const { return impl_ != nullptr; }
  TensorImpl* impl() const { return impl_; }
  static Tensor adopt(TensorImpl* impl);  // takes over one reference
  static Tensor share(TensorImpl* impl);  // adds one
  TensorImpl* detach_impl() { return std::exchange(impl_, nullptr); }

  // The memory. A tensor under capture has none: asking is a UserError(state).
  const Array& array() const;
  DType dtype() const;
  std::span<const int64_t> dims() const;  // under capture: eager::symbolic_dims
  int rank() const;
  int64_t elements() const;  // 0 under capture

  bool requires_grad() const;  // a leaf that collects, or the result of a recorded operation
  bool is_leaf() const;
  void set_requires_grad(bool value);  // of leaves; UserError(type) for integers and bool
  Tensor grad() const;
  void set_grad(Tensor grad) const;

  // The same memory, off the tape. Writes through it are seen by version checks.
  Tensor detach() const;
  uint32_t version() const;

  // A function of all values, run in C++ on the host: for tests and small reads.
  double item(int64_t flat_index = 0) const;

 private:
  explicit Tensor(TensorImpl* impl) : impl_(impl) {}
  TensorImpl* impl_ = nullptr;
};

// Where a gradient flows: output `index` of a node. A leaf's node accumulates into it.
struct Edge {
  std::shared_ptr<Node> node;
  int index = 0;
};

// The view that a tensor is of another, which owns the place on the tape for both.
struct ViewOf {
  Tensor base;
  uint32_t version;  // of the memory when this tensor's place on the tape was last right
};

struct TensorImpl {
  std::atomic<uint32_t> references{1};
  bool collects = false;  // a leaf that wants a gradient (stop_gradient == false)
  bool retains = false;   // a non-leaf whose gradient is kept in .grad
  bool persistable = false;
  ir::ValueImpl* captured = nullptr;  // what it stands for under capture: see capture.h
  Array array;
  Edge edge;                        // node == null: off the tape, or a leaf not used yet
  std::weak_ptr<Node> accumulator;  // of a leaf
  std::weak_ptr<Node>
      retained_by;  // the node that knows this tensor by address, wherever edge is now
  Tensor grad;
  std::unique_ptr<ViewOf> view;
  std::unique_ptr<std::vector<std::pair<int64_t, Hook>>> hooks;  // by handle
  std::unique_ptr<std::string> name;
};

// .grad, which several threads may read and replace at once.
Tensor grad_of(const TensorImpl& impl);
// False, and nothing done, where .grad is no longer `before`.
bool replace_grad(TensorImpl& impl, const Tensor& before, Tensor after);

[[noreturn]] void refuse_contents(const TensorImpl& impl);  // of a tensor under capture
inline const Array& Tensor::array() const {
  if (impl_->captured != nullptr) [[unlikely]]
    refuse_contents(*impl_);
  return impl_->array;
}
inline DType Tensor::dtype() const { return impl_->array.dtype; }
inline std::span<const int64_t> Tensor::dims() const {
  return {impl_->array.dims.data(), impl_->array.dims.size()};
}
inline int Tensor::rank() const { return impl_->array.rank(); }
inline int64_t Tensor::elements() const {
  return impl_->captured != nullptr ? 0 : impl_->array.elements();
}

// Whether operations are recorded, by thread.
bool grad_enabled();
bool set_grad_enabled(bool enabled);  // gives the former state
class NoGrad {
 public:
  NoGrad() : before_(set_grad_enabled(false)) {}
  ~NoGrad() { set_grad_enabled(before_); }
  NoGrad(const NoGrad&) = delete;

 private:
  bool before_;
};

// dst's memory takes src's values (broadcast and cast by the caller to dst's dims and dtype); views
// see it. The tape follows. A leaf that collects gradients cannot be written while recording.
void write(const Tensor& dst, const Tensor& src, std::string_view op);
// dst takes over src's memory: no copy, views of the old memory keep the old values.
void assign(const Tensor& dst, const Tensor& src);

// Hooks run on the gradient of `tensor`, in the order added. The handle removes it.
int64_t add_hook(const Tensor& tensor, Hook hook);
bool remove_hook(const Tensor& tensor, int64_t handle);

Tensor from_data(std::span<const int64_t> dims, DType dtype, const void* bytes);
Tensor scalar(DType dtype, double value);

}  // namespace proa::eager
