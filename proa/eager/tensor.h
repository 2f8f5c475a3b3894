// Tensor: memory with its place on the tape. What users hold.
// Why one counted block: a Python object, a C++ value and a saved operand all hold the same thing.
#pragma once

#include <atomic>
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

// A thing of another language that the tape keeps alive: a hook's closure, a backward written in
// Python. That language's garbage collector asks who owns it (eager/holdings.h).
class Foreign {
 public:
  Foreign() { count_.fetch_add(1, std::memory_order_relaxed); }
  virtual ~Foreign() { count_.fetch_sub(1, std::memory_order_relaxed); }
  Foreign(const Foreign&) = delete;
  static bool any() { return count_.load(std::memory_order_relaxed) > 0; }

 private:
  static inline std::atomic<int64_t> count_{0};
};

// A hook sees the gradient of a tensor and may give another in its place (an undefined one keeps
// it).
struct Hook {
  std::function<Tensor(const Tensor&)> run;
  std::shared_ptr<Foreign> keeps = nullptr;  // what `run` needs and does not own
};

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

// The edge of a tensor, which threads may read while another replaces it.
class Place {
 public:
  bool known() const { return known_.load(std::memory_order_acquire); }  // there is a node
  Edge get() const;
  void set(Edge edge);
  const Edge& peek() const { return edge_; }  // where no other thread has the tensor

 private:
  void lock() const;
  mutable std::atomic<bool> busy_{false};
  std::atomic<bool> known_{false};
  Edge edge_;
};

// The view that a tensor is of another, which owns the place on the tape for both.
struct ViewOf {
  ViewOf(Tensor of, uint32_t now) : base(std::move(of)), version(now) {}
  Tensor base;
  std::atomic<uint32_t>
      version;  // of the memory when this tensor's place on the tape was last right
};

struct TensorImpl {
  std::atomic<uint32_t> references{1};
  bool collects = false;             // a leaf that wants a gradient (stop_gradient == false)
  std::atomic<bool> retains{false};  // a non-leaf whose gradient is kept in .grad
  bool persistable = false;
  ir::ValueImpl* captured = nullptr;  // what it stands for under capture: see capture.h
  Array array;
  Place edge;                       // no node: off the tape, or a leaf not used yet
  std::weak_ptr<Node> accumulator;  // of a leaf
  Node* retained_by = nullptr;      // knows this tensor by address, wherever edge is now; tape_lock
  Tensor grad;
  std::unique_ptr<ViewOf> view;
  std::unique_ptr<std::vector<std::pair<int64_t, Hook>>> hooks;  // by handle; tape_lock
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
class GradMode {
 public:
  explicit GradMode(bool enabled) : before_(set_grad_enabled(enabled)) {}
  ~GradMode() { set_grad_enabled(before_); }
  GradMode(const GradMode&) = delete;

 private:
  bool before_;
};
class NoGrad : public GradMode {
 public:
  NoGrad() : GradMode(false) {}
};

// dst's memory takes src's values (broadcast and cast by the caller to dst's dims and dtype); views
// see it. The tape follows. A leaf that collects gradients cannot be written while recording.
void write(const Tensor& dst, const Tensor& src, std::string_view op);
// dst takes over src's memory: no copy, views of the old memory keep the old values.
void assign(const Tensor& dst, const Tensor& src);

// Hooks run on the gradient of `tensor`, in the order added. The handle removes it.
int64_t add_hook(const Tensor& tensor, Hook hook);
bool remove_hook(const Tensor& tensor, int64_t handle);
// Backward keeps the gradient of this result of an operation in .grad.
void retain_grad(const Tensor& tensor);

Tensor from_data(std::span<const int64_t> dims, DType dtype, const void* bytes);
Tensor scalar(DType dtype, double value);

}  // namespace proa::eager
