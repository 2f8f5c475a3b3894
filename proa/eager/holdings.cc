#include "proa/eager/holdings.h"

namespace proa::eager {

void Holdings::add(const Edge& edge) {
  const Node* node = edge.node.get();
  if (node != nullptr && ++seen_[node] == edge.node.use_count()) nodes_.push_back(node);
}

void Holdings::add(const Tensor& tensor) {
  const TensorImpl* impl = tensor.impl();
  if (impl == nullptr) return;
  auto count = static_cast<long>(impl->references.load(std::memory_order_acquire));
  if (++seen_[impl] == count) tensors_.push_back(impl);
}

void Holdings::add(const std::shared_ptr<Foreign>& foreign) {
  if (foreign && ++seen_[foreign.get()] == foreign.use_count()) foreign_.push_back(foreign.get());
}

void Node::holdings(Holdings& sum) const {
  for (const Edge& edge : edges) sum.add(edge);
  for (const OutputHook& entry : hooks) sum.add(entry.hook.keeps);
}

void owned_foreign(const TensorImpl& tensor, FunctionRef<void(Foreign&)> visit) {
  if (tensor.references.load(std::memory_order_acquire) != 1) return;
  Holdings sum;
  sum.tensors_.push_back(&tensor);
  while (!sum.tensors_.empty() || !sum.nodes_.empty()) {
    if (!sum.nodes_.empty()) {
      const Node* node = sum.nodes_.back();
      sum.nodes_.pop_back();
      node->holdings(sum);
      continue;
    }
    const TensorImpl* impl = sum.tensors_.back();
    sum.tensors_.pop_back();
    sum.add(impl->edge.peek());
    sum.add(impl->grad);
    if (impl->view) sum.add(impl->view->base);
    if (!impl->hooks) continue;
    for (const auto& [handle, hook] : *impl->hooks) sum.add(hook.keeps);
  }
  for (Foreign* foreign : sum.foreign_) visit(*foreign);
}

void abandon(TensorImpl& tensor) {
  if (tensor.references.load(std::memory_order_acquire) != 1) return;
  std::unique_ptr<std::vector<std::pair<int64_t, Hook>>> hooks;
  std::unique_ptr<ViewOf> view = std::move(tensor.view);
  Tensor grad = std::move(tensor.grad);
  {
    std::lock_guard lock(tape_lock);
    hooks = std::move(tensor.hooks);
  }
  tensor.edge.set({});
}

}  // namespace proa::eager
