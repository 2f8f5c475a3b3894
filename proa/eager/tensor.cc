#include "proa/eager/tensor.h"

#include <pthread.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <thread>

#include "proa/base/error.h"
#include "proa/base/numeric/half.h"
#include "proa/eager/function_capture.h"
#include "proa/eager/node.h"

namespace proa::eager {

namespace {

thread_local bool recording = true;
std::atomic<int64_t> next_hook{1};
// Of every .grad. Held over pointers only: what is dropped is destroyed after, since that may need
// the lock of the interpreter.
std::mutex grad_lock;

// Takes what matches out of a list, to be destroyed when the lock is free again.
template <class List, class Match>
List taken(List& from, Match match) {
  List out;
  auto kept = std::stable_partition(from.begin(), from.end(), [&](auto& x) { return !match(x); });
  std::move(kept, from.end(), std::back_inserter(out));
  from.erase(kept, from.end());
  return out;
}

}  // namespace

std::mutex tape_lock;

namespace {

// A child of fork has no other threads that could free what they held.
const int forks = pthread_atfork(
    [] {
      tape_lock.lock();
      grad_lock.lock();
    },
    [] {
      grad_lock.unlock();
      tape_lock.unlock();
    },
    [] {
      grad_lock.unlock();
      tape_lock.unlock();
    });

}  // namespace

void Place::lock() const {
  while (busy_.exchange(true, std::memory_order_acquire)) {
    while (busy_.load(std::memory_order_relaxed)) std::this_thread::yield();
  }
}

Edge Place::get() const {
  if (!known()) return {};
  lock();
  Edge copy = edge_;
  busy_.store(false, std::memory_order_release);
  return copy;
}

void Place::set(Edge edge) {
  lock();
  std::swap(edge_, edge);
  known_.store(edge_.node != nullptr, std::memory_order_release);
  busy_.store(false, std::memory_order_release);
}

Tensor::Tensor(Array array) : impl_(new TensorImpl()) { impl_->array = std::move(array); }

Tensor::Tensor(const Tensor& other) : impl_(other.impl_) {
  if (impl_ != nullptr) impl_->references.fetch_add(1, std::memory_order_relaxed);
}

Tensor::~Tensor() {
  if (impl_ == nullptr) return;
  // A backward may be taking a reference to one that retains: that one is counted down to 0 first.
  bool last = !impl_->retains && impl_->references.load(std::memory_order_acquire) == 1;
  if (!last && impl_->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (impl_->retains) {
    std::lock_guard lock(tape_lock);
    if (impl_->retained_by != nullptr) {
      std::erase_if(impl_->retained_by->retained,
                    [&](const auto& entry) { return entry.second == impl_; });
    }
  }
  delete impl_;
}

Tensor Tensor::adopt(TensorImpl* impl) { return Tensor(impl); }

Tensor Tensor::share(TensorImpl* impl) {
  impl->references.fetch_add(1, std::memory_order_relaxed);
  return Tensor(impl);
}

bool Tensor::requires_grad() const {
  if (impl_->collects || impl_->edge.known()) return true;
  return impl_->view && impl_->view->base.requires_grad();
}

bool Tensor::is_leaf() const { return !impl_->edge.known(); }

void Tensor::set_requires_grad(bool value) {
  if (value && !is_inexact(dtype())) {
    throw UserError(
        ErrorKind::type,
        str("only float and complex tensors can require a gradient, got ", to_string(dtype())));
  }
  if (FunctionCapture* capture = FunctionCapture::active())
    return capture->set_requires_grad(*this, value);
  if (impl_->captured != nullptr && value != impl_->collects) {
    throw UserError(ErrorKind::not_supported, "stop_gradient", "",
                    "it is not changed in an operator that is traced; use detach()");
  }
  if (!value && impl_->edge.known()) impl_->edge.set({});
  impl_->collects = value;
}

Tensor grad_of(const TensorImpl& impl) {
  std::lock_guard lock(grad_lock);
  return impl.grad;
}

bool replace_grad(TensorImpl& impl, const Tensor& before, Tensor after) {
  std::unique_lock lock(grad_lock);
  if (impl.grad.impl() != before.impl()) return false;
  std::swap(impl.grad, after);
  lock.unlock();
  return true;
}

Tensor Tensor::grad() const {
  FunctionCapture* capture = FunctionCapture::active();
  return capture != nullptr ? capture->grad(*this) : grad_of(*impl_);
}
void Tensor::set_grad(Tensor grad) const {  // the old one dies with the argument, after the lock
  if (FunctionCapture* capture = FunctionCapture::active())
    return capture->set_grad(*this, std::move(grad));
  std::lock_guard lock(grad_lock);
  std::swap(impl_->grad, grad);
}
Tensor Tensor::detach() const {
  if (Capture* capture = Capture::active()) [[unlikely]]
    return capture->detach(*this);
  return Tensor(array());
}
uint32_t Tensor::version() const {
  return impl_->captured != nullptr ? 0 : array().buffer->version();
}

double Tensor::item(int64_t flat_index) const {
  if (Capture* capture = Capture::active()) [[unlikely]]
    capture->reading();
  const Array& a = array();
  int64_t rest = flat_index, offset = 0;
  for (size_t i = a.dims.size(); i-- > 0;) {
    offset += rest % a.dims[i] * a.strides[i];
    rest /= a.dims[i];
  }
  const char* at = a.data + offset * static_cast<int64_t>(size_of(a.dtype));
  auto read = [&](auto kind) {
    std::memcpy(&kind, at, sizeof kind);
    return kind;
  };
  switch (a.dtype) {
    case DType::boolean:
    case DType::u8: return read(uint8_t{});
    case DType::i8: return read(int8_t{});
    case DType::i16: return read(int16_t{});
    case DType::i32: return read(int32_t{});
    case DType::i64: return static_cast<double>(read(int64_t{}));
    case DType::f16: return numeric::to_f32(read(Float16{}));
    case DType::bf16: return numeric::to_f32(read(BFloat16{}));
    case DType::f32:
    case DType::c64: return read(float{});
    case DType::f64:
    case DType::c128: return read(double{});
    default:
      throw UserError(ErrorKind::type,
                      str("a value of dtype ", to_string(a.dtype), " cannot be read"));
  }
}

bool grad_enabled() { return recording; }
bool set_grad_enabled(bool enabled) { return std::exchange(recording, enabled); }

namespace {

// The tensor that owns the place on the tape: a view's base, or itself.
bool tracked(const Tensor& t) { return t.requires_grad(); }

// The base after `part` (a view's new value) has been written into it, as a recorded call.
Edge written_base(const Tensor& base, const Tensor& part, const Array& view) {
  const Array& memory = base.array();
  int64_t offset = (view.data - memory.data) / static_cast<int64_t>(size_of(view.dtype));
  Tensor result = call1("tensor.as_strided_scatter", {base, part},
                        {{"shape", std::vector<int64_t>(view.dims.begin(), view.dims.end())},
                         {"stride", std::vector<int64_t>(view.strides.begin(), view.strides.end())},
                         {"offset", offset}});
  return result.impl()->edge.get();
}

// Whether two elements share a place. Where each stride steps over all that the smaller ones reach
// there are none; else the places are counted.
bool overlaps(const Array& x) {
  if (x.elements() <= 1 || x.is_dense()) return false;
  std::vector<std::pair<int64_t, int64_t>> axes;  // (step, extent)
  for (size_t i = 0; i < x.dims.size(); ++i) {
    if (x.dims[i] > 1) axes.emplace_back(std::abs(x.strides[i]), x.dims[i]);
  }
  std::ranges::sort(axes);
  int64_t reach = 0;
  bool apart = true;
  for (auto [step, extent] : axes) {
    if (step == 0) return true;
    apart &= step > reach;
    reach += step * (extent - 1);
  }
  if (apart) return false;
  std::vector<bool> taken(static_cast<size_t>(reach) + 1);
  std::vector<int64_t> at(axes.size(), 0);
  for (int64_t left = x.elements(), place = 0; left > 0; --left) {
    if (taken[static_cast<size_t>(place)]) return true;
    taken[static_cast<size_t>(place)] = true;
    for (size_t i = 0; i < axes.size(); ++i) {
      place += axes[i].first;
      if (++at[i] < axes[i].second) break;
      place -= axes[i].first * axes[i].second;
      at[i] = 0;
    }
  }
  return false;
}

}  // namespace

void write(const Tensor& dst, const Tensor& src, std::string_view op) {
  if (Capture* capture = Capture::active(); capture != nullptr && capture->write(dst, src, op))
    return;
  TensorImpl& impl = *dst.impl();
  bool record = recording && (tracked(dst) || tracked(src));
  const Tensor& base = impl.view ? impl.view->base : dst;
  if (impl.captured != nullptr) refuse_contents(impl);
  if (record && base.impl()->collects && base.is_leaf()) {
    throw UserError(ErrorKind::state, op, "",
                    "a leaf tensor that requires a gradient cannot be changed in place while "
                    "gradients are recorded; use no_grad, or work on x.clone()");
  }
  if (!impl.array.buffer->writable()) {
    throw UserError(ErrorKind::state, op, "",
                    "the memory of this tensor is read-only; use x.clone()");
  }
  Edge edge;
  if (record && impl.view) {
    edge = written_base(base, src, impl.array);
  } else if (record) {
    edge = edge_of(src);
  }
  if (overlaps(impl.array)) {
    throw UserError(ErrorKind::state, op, "",
                    "several elements of this tensor lie in one place of memory (it was expanded, "
                    "or its strides overlap); write to x.clone()");
  }
  Array from = src.array();
  if (from.buffer == impl.array.buffer) {  // the two may overlap
    Array copy = Array::dense(from.dims, from.dtype);
    runtime::copy(from, copy);
    from = copy;
  }
  runtime::copy(from, impl.array);
  impl.array.buffer->bump_version();
  if (!record) return;
  base.impl()->edge.set(std::move(edge));
  if (impl.view)
    impl.view->version = impl.array.buffer->version() - 1;  // takes a new place when asked
}

void assign(const Tensor& dst, const Tensor& src) {
  if (Capture* capture = Capture::active(); capture && capture->assign(dst, src)) return;
  TensorImpl& impl = *dst.impl();
  if (impl.captured != nullptr) refuse_contents(impl);
  impl.array.buffer->bump_version();
  impl.array = src.array();
  impl.array.buffer->bump_version();
  impl.view.reset();
  if (!impl.collects) impl.edge.set({});
}

int64_t add_hook(const Tensor& tensor, Hook hook) {
  int64_t handle = next_hook++;
  TensorImpl& impl = *tensor.impl();
  if (FunctionCapture* capture = FunctionCapture::active()) {
    if (impl.captured == nullptr) {
      throw UserError(ErrorKind::not_supported, "register_hook", "",
                      str("a hook on a tensor from outside would be added once and not in each "
                          "call; add it outside of the captured function",
                          capture->where()));
    }
    capture->close("a hook was added inside of it");
  } else if (impl.captured != nullptr) {
    throw UserError(ErrorKind::not_supported, "register_hook", "",
                    "hooks are not traced in an operator");
  }
  Edge edge = edge_of(tensor);
  std::lock_guard lock(tape_lock);
  if (edge.node && !impl.collects) {
    edge.node->watched = true;
    edge.node->hooks.push_back({edge.index, handle, std::move(hook)});
  } else {
    if (!impl.hooks) impl.hooks = std::make_unique<std::vector<std::pair<int64_t, Hook>>>();
    impl.hooks->emplace_back(handle, std::move(hook));
  }
  return handle;
}

bool remove_hook(const Tensor& tensor, int64_t handle) {
  TensorImpl& impl = *tensor.impl();
  Edge edge = current(impl.edge.get());
  std::vector<std::pair<int64_t, Hook>> of_leaf;
  std::vector<Node::OutputHook> of_node;
  std::lock_guard lock(tape_lock);
  if (impl.hooks) of_leaf = taken(*impl.hooks, [&](auto& h) { return h.first == handle; });
  if (edge.node) of_node = taken(edge.node->hooks, [&](auto& h) { return h.handle == handle; });
  return !of_leaf.empty() || !of_node.empty();
}

void retain_grad(const Tensor& tensor) {
  TensorImpl& impl = *tensor.impl();
  Edge edge = edge_of(tensor);
  if (!edge.node || impl.collects) return;
  std::lock_guard lock(tape_lock);
  if (impl.retained_by != nullptr) return;
  impl.retains = true;
  impl.retained_by = edge.node.get();
  edge.node->watched = true;
  edge.node->retained.emplace_back(edge.index, &impl);
}

Tensor from_data(std::span<const int64_t> dims, DType dtype, const void* bytes) {
  Array array = Array::dense(dims, dtype);
  if (array.elements() > 0) {
    std::memcpy(array.data, bytes, static_cast<size_t>(array.elements()) * size_of(dtype));
  }
  return Tensor(std::move(array));
}

Tensor scalar(DType dtype, double value) {
  Array array = Array::dense({}, dtype);
  auto store = [&](auto v) { std::memcpy(array.data, &v, sizeof v); };
  switch (dtype) {
    case DType::boolean: store(static_cast<uint8_t>(value != 0)); break;
    case DType::u8: store(static_cast<uint8_t>(static_cast<int64_t>(value))); break;
    case DType::i8: store(static_cast<int8_t>(static_cast<int64_t>(value))); break;
    case DType::i16: store(static_cast<int16_t>(static_cast<int64_t>(value))); break;
    case DType::i32: store(static_cast<int32_t>(static_cast<int64_t>(value))); break;
    case DType::i64: store(static_cast<int64_t>(value)); break;
    case DType::f16: store(numeric::narrow<Float16>(value)); break;
    case DType::bf16: store(numeric::narrow<BFloat16>(value)); break;
    case DType::f32: store(static_cast<float>(value)); break;
    case DType::f64: store(value); break;
    case DType::c64: store(std::complex<float>(static_cast<float>(value), 0)); break;
    case DType::c128: store(std::complex<double>(value, 0)); break;
    default:
      throw UserError(ErrorKind::type, str("there are no scalars of dtype ", to_string(dtype)));
  }
  return Tensor(std::move(array));
}

}  // namespace proa::eager
