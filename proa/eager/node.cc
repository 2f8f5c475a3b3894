#include "proa/eager/node.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "proa/base/error.h"
#include "proa/eager/call.h"
#include "proa/eager/function_capture.h"
#include "proa/eager/holdings.h"
#include "proa/ir/need_extents.h"
#include "proa/ir/symbol/facts.h"

namespace proa::eager {

namespace {

std::atomic<uint64_t> sequence{1};
thread_local uint64_t reserved = 0;  // the next of a row, in a SequenceScope

bool fits(const Tensor& gradient, const Tensor& of) {
  return same_shape(gradient, of, "a gradient has the shape of what it is the gradient of");
}

// Kernels further down read the gradient as one of this shape and dtype: a hook cannot change them.
void take(Tensor& g, Tensor changed) {
  if (!changed) return;
  if (FunctionCapture* capture = FunctionCapture::active()) {
    if (!fits(changed, g)) {
      throw UserError(ErrorKind::shape, "register_hook", "hook",
                      str("expected a gradient of shape ", ir::to_string(symbolic_dims(g)),
                          ", got ", ir::to_string(symbolic_dims(changed)), capture->where()));
    }
    bool same = changed.dtype() == g.dtype();
    g = same ? std::move(changed) : call1("tensor.cast", {changed}, {{"dtype", g.dtype()}});
    return;
  }
  g = fit_gradient(std::move(changed), g.dims(), g.dtype(), "register_hook", "hook");
}

// Threads may run backward into one leaf at once: the sum is made unlocked, and made again where
// another thread's came first.
template <class First>
void accumulate(TensorImpl& impl, const Tensor& g, First first) {
  if (FunctionCapture* capture = FunctionCapture::active()) {
    Tensor leaf = Tensor::share(&impl), now = capture->grad_to_add_to(leaf);
    leaf.set_grad(now ? call1("tensor.add", {now, g}) : first());
    return;
  }
  while (true) {
    Tensor now = grad_of(impl);
    if (replace_grad(impl, now, now ? call1("tensor.add", {now, g}) : first())) return;
  }
}

// Adds into .grad of one leaf. Its sequence is 0: leaves are served last, each once.
class Accumulator : public Node {
 public:
  explicit Accumulator(TensorImpl* leaf) : Node(0), leaf_(Tensor::share(leaf)) {}
  std::string_view name() const override { return "accumulate"; }

  std::vector<Tensor> apply(std::vector<Tensor> cotangents, bool) override {
    Tensor g = std::move(cotangents[0]);
    TensorImpl& leaf = *leaf_.impl();
    std::vector<std::pair<int64_t, Hook>> hooks;  // copies: a hook may remove itself
    {
      std::lock_guard lock(tape_lock);
      if (leaf.hooks) hooks = *leaf.hooks;
    }
    for (auto& [handle, hook] : hooks) take(g, hook.run(g));
    if (FunctionCapture* capture = FunctionCapture::active()) {
      accumulate(leaf, g, [&] { return grad_enabled() ? g : capture->same(g); });
      return {};
    }
    // The memory may be shared with another gradient or with the seed: the leaf's own is its own.
    bool own = g.array().buffer->is_unique() && g.array().is_dense();
    accumulate(leaf, g, [&] {
      if (grad_enabled()) return g;
      if (own) return g.detach();
      Array copy = Array::dense(g.array().dims, g.dtype());
      runtime::copy(g.array(), copy);
      return Tensor(std::move(copy));
    });
    return {};
  }
  void holdings(Holdings& sum) const override {
    Node::holdings(sum);
    sum.add(leaf_);
  }

  const Tensor& leaf() const { return leaf_; }

 private:
  Tensor leaf_;
};

struct Younger {
  bool operator()(const std::shared_ptr<Node>& a, const std::shared_ptr<Node>& b) const {
    if (a->sequence() != b->sequence()) return a->sequence() > b->sequence();
    return a.get() > b.get();
  }
};

// Only a function that is captured has a tape for tensors without values.
void require_tape(const Tensor& output, std::string_view op) {
  FunctionCapture* capture = FunctionCapture::active();
  if (capture == nullptr) {
    throw UserError(ErrorKind::not_supported, op, "",
                    "gradients inside of an operator that is traced are not captured");
  }
  capture->value(output, op, "");
}

class Walk {
 public:
  explicit Walk(BackwardOptions options) : options_(options) {}

  void seed(std::span<const Tensor> outputs, std::span<const Tensor> seeds, std::string_view op) {
    if (!seeds.empty() && seeds.size() != outputs.size()) {
      throw UserError(ErrorKind::value, op, "grad_outputs",
                      str("expected one gradient for each of ", outputs.size(), " outputs, got ",
                          seeds.size()));
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Tensor& output = outputs[i];
      if (!output) {
        throw UserError(ErrorKind::type, op, op == "grad" ? "outputs" : "tensors",
                        "expected Tensors, got None");
      }
      if (output.impl()->captured != nullptr) require_tape(output, op);
      Edge edge = [&] {
        GradMode on(true);  // a view whose memory was written since is looked at anew
        return edge_of(output);
      }();
      if (!edge.node) {
        throw UserError(
            ErrorKind::state, op, "",
            "this tensor does not depend on any tensor that requires a gradient "
            "(stop_gradient is True on its whole way, or it was computed under no_grad)");
      }
      Tensor g = i < seeds.size() ? seeds[i] : Tensor();
      if (!g) {
        Capture* capture = Capture::active();
        ir::Dim elements = ir::product(symbolic_dims(output));
        bool one = capture != nullptr ? ir::is_one(capture->builder().facts(), elements,
                                                   "backward: of one element")
                                      : elements.is_const(1);
        if (!one) {
          throw UserError(ErrorKind::value, op, "grad_tensor",
                          str("a gradient must be given for an output of shape ",
                              ir::to_string(symbolic_dims(output)),
                              "; only outputs of one element may leave it out"));
        }
        g = call1("tensor.ones_like", {output.detach()});
      } else if (!fits(g, output)) {
        throw UserError(ErrorKind::shape, op, "grad_tensor",
                        str("expected shape ", ir::to_string(symbolic_dims(output)), ", got ",
                            ir::to_string(symbolic_dims(g))));
      } else if (g.dtype() != output.dtype()) {
        g = call1("tensor.cast", {g}, {{"dtype", output.dtype()}});
      }
      if (Edge at = place(edge); at.node) add(at, std::move(g));
    }
  }

  // What is captured as one call has the derivatives of its parts where a gradient is recorded.
  Edge place(const Edge& edge) const { return current(edge, options_.create_graph); }

  // `wanted`: places whose cotangents are collected instead of flowing on to accumulators.
  void run(const std::vector<Edge>* wanted, std::vector<Tensor>* found) {
    while (!pending_.empty()) {
      auto it = pending_.begin();
      std::shared_ptr<Node> node = it->first;
      std::vector<Tensor> cotangents = std::move(it->second);
      pending_.erase(it);
      if (node->watched) watch(*node, cotangents, wanted == nullptr);
      if (wanted != nullptr) {
        for (size_t i = 0; i < wanted->size(); ++i) {
          const Edge& edge = (*wanted)[i];
          if (edge.node == node) (*found)[i] = cotangents[static_cast<size_t>(edge.index)];
        }
        if (node->sequence() == 0 || !leads_to(node.get(), *wanted)) continue;
      }
      if (wanted == nullptr && node->sequence() == 0) served_.insert(node.get());
      bool keep = options_.retain_graph || options_.create_graph;
      std::vector<Tensor> sums, out;
      if (node->adds_to_sums()) {
        sums = sums_of(*node);
        out = node->apply_to_sums(std::move(cotangents), sums, keep);
      } else {
        out = node->apply(std::move(cotangents), keep);
      }
      for (size_t i = 0; i < out.size(); ++i) {
        Edge edge = place(node->edges[i]);
        if (!edge.node) continue;
        if (i < sums.size() && sums[i]) {
          pending_[edge.node][static_cast<size_t>(edge.index)] = std::move(sums[i]);
        } else if (out[i]) {
          add(edge, std::move(out[i]));
        } else if (node->serves_constants()) {
          constant_.push_back(edge.node);
        }
      }
    }
  }

  // Nodes that were reached, but by operations whose derivative is zero wherever it exists (floor,
  // the slope of relu). Such zeros are not carried through the tape: absent cotangents are skipped,
  // so that sums keep their bits. What lies below and got nothing else has a gradient of zero.
  std::unordered_set<Node*> below_constants() const {
    std::unordered_set<Node*> below;
    std::vector<Node*> todo;
    for (const auto& node : constant_) todo.push_back(node.get());
    while (!todo.empty()) {
      Node* node = todo.back();
      todo.pop_back();
      if (!below.insert(node).second) continue;
      for (const Edge& edge : node->edges) {
        if (Edge at = place(edge); at.node) todo.push_back(at.node.get());
      }
    }
    return below;
  }

  void serve_leaves_below_constants() {
    for (Node* node : below_constants()) {
      if (node->sequence() != 0 || served_.contains(node)) continue;
      node->apply({call1("tensor.zeros_like", {static_cast<Accumulator*>(node)->leaf().detach()})},
                  false);
    }
  }

 private:
  // What has come to each edge so far; to one that is there twice, at the first.
  std::vector<Tensor> sums_of(const Node& node) const {
    std::vector<Tensor> sums(node.edges.size());
    std::vector<Edge> edges;
    for (const Edge& edge : node.edges) edges.push_back(place(edge));
    for (size_t i = 0; i < sums.size(); ++i) {
      const Edge& edge = edges[i];
      if (!edge.node) continue;
      auto pending = pending_.find(edge.node);
      if (pending == pending_.end()) continue;
      bool again = false;
      for (size_t k = 0; k < i; ++k)
        again |= edges[k].node == edge.node && edges[k].index == edge.index;
      if (!again) sums[i] = pending->second[static_cast<size_t>(edge.index)];
    }
    return sums;
  }

  void add(const Edge& edge, Tensor g) {
    auto& slots = pending_[edge.node];
    if (slots.empty()) slots.resize(edge.node->outputs);
    Tensor& slot = slots[static_cast<size_t>(edge.index)];
    slot = slot ? call1("tensor.add", {slot, g}) : std::move(g);
  }

  // Hooks, then the tensors that keep their gradients.
  static void watch(Node& node, std::vector<Tensor>& cotangents, bool collect) {
    std::vector<Node::OutputHook> hooks;
    {
      std::lock_guard lock(tape_lock);
      hooks = node.hooks;
    }
    for (auto& entry : hooks) {
      Tensor& g = cotangents[static_cast<size_t>(entry.output)];
      if (g) take(g, entry.hook.run(g));
    }
    if (!collect) return;
    std::vector<std::pair<int, Tensor>> keepers;
    {
      std::lock_guard lock(tape_lock);
      for (auto [output, impl] : node.retained) {
        // One that is being destroyed waits for the lock with no references left.
        uint32_t now = impl->references.load(std::memory_order_relaxed);
        while (now > 0 && !impl->references.compare_exchange_weak(now, now + 1)) {}
        if (now > 0) keepers.emplace_back(output, Tensor::adopt(impl));
      }
    }
    for (auto& [output, tensor] : keepers) {
      const Tensor& g = cotangents[static_cast<size_t>(output)];
      if (g) accumulate(*tensor.impl(), g, [&] { return g; });
    }
  }

  // Whether a wanted place lies below the node; so grad() does no work for other branches.
  bool leads_to(Node* root, const std::vector<Edge>& wanted) {
    std::vector<std::pair<Node*, size_t>> path{{root, 0}};
    if (auto known = leads_.find(root); known != leads_.end()) return known->second;
    while (!path.empty()) {
      auto& [node, next] = path.back();
      if (next == 0 && !leads_.contains(node)) leads_[node] = false;
      if (next < node->edges.size()) {
        Node* child = place(node->edges[next++]).node.get();
        if (child == nullptr) continue;
        for (const Edge& edge : wanted) {
          if (edge.node.get() == child) leads_[node] = true;
        }
        auto known = leads_.find(child);
        if (known == leads_.end()) {
          path.emplace_back(child, 0);
        } else if (known->second) {
          leads_[node] = true;
        }
        continue;
      }
      bool leads = leads_[node];
      path.pop_back();
      if (leads && !path.empty()) leads_[path.back().first] = true;
    }
    return leads_[root];
  }

  BackwardOptions options_;
  std::map<std::shared_ptr<Node>, std::vector<Tensor>, Younger> pending_;
  std::unordered_map<Node*, bool> leads_;
  std::vector<std::shared_ptr<Node>> constant_;
  std::unordered_set<Node*> served_;
};

}  // namespace

// Long chains of nodes must not be destroyed recursively: the stack is not that deep.
Node::~Node() {
  if (watched) {
    std::lock_guard lock(tape_lock);
    for (auto& [output, impl] : retained) impl->retained_by = nullptr;
  }
  std::vector<std::shared_ptr<Node>> doomed;
  Node::give_up(doomed);
  while (!doomed.empty()) {
    std::shared_ptr<Node> node = std::move(doomed.back());
    doomed.pop_back();
    if (node.use_count() == 1) node->give_up(doomed);
  }
}

void Node::give_up(std::vector<std::shared_ptr<Node>>& doomed) {
  for (Edge& edge : edges) {
    if (edge.node) doomed.push_back(std::move(edge.node));
  }
}

Tensor fit_gradient(Tensor g, std::span<const int64_t> dims, DType dtype, std::string_view op,
                    std::string_view argument) {
  if (!std::ranges::equal(g.dims(), dims)) {
    throw UserError(
        ErrorKind::shape, op, argument,
        str("expected a gradient of shape ", list_str(dims), ", got ", list_str(g.dims())));
  }
  return g.dtype() == dtype ? g : call1("tensor.cast", {g}, {{"dtype", dtype}});
}

uint64_t next_sequence() {
  return reserved != 0 ? reserved++ : sequence.fetch_add(1, std::memory_order_relaxed);
}

uint64_t reserve_sequences(size_t count) {
  return sequence.fetch_add(count, std::memory_order_relaxed);
}

SequenceScope::SequenceScope(uint64_t first) : before_(std::exchange(reserved, first)) {}
SequenceScope::~SequenceScope() { reserved = before_; }

Edge current(Edge edge, bool now) {
  while (edge.node) {
    const std::vector<Edge>* parts = edge.node->parts(now);
    if (parts == nullptr) break;
    edge = Edge((*parts)[static_cast<size_t>(edge.index)]);
  }
  return edge;
}

void move_watchers(Node& from, const std::vector<Edge>& to) {
  if (!from.watched) return;
  std::lock_guard lock(tape_lock);
  for (Node::OutputHook& entry : from.hooks) {
    const Edge& edge = to[static_cast<size_t>(entry.output)];
    if (!edge.node) continue;
    edge.node->watched = true;
    edge.node->hooks.push_back({edge.index, entry.handle, std::move(entry.hook)});
  }
  for (auto [output, impl] : from.retained) {
    const Edge& edge = to[static_cast<size_t>(output)];
    impl->retained_by = edge.node.get();
    if (!edge.node) continue;
    edge.node->watched = true;
    edge.node->retained.emplace_back(edge.index, impl);
  }
  from.hooks.clear();
  from.retained.clear();
}

Edge edge_of(const Tensor& tensor) {
  TensorImpl& impl = *tensor.impl();
  if (FunctionCapture* capture = FunctionCapture::active()) {
    if (Edge outer = capture->outer_edge(tensor); outer.node) return outer;
  } else if (uint32_t now = impl.array.buffer->version();
             impl.view && impl.view->version != now && grad_enabled()) {
    // The memory was written since: the view's place on the tape is a new look at the base of
    // today. Threads that come here at once each make one, and any of them is right.
    const Tensor& base = impl.view->base;
    if (base.requires_grad()) {
      int64_t offset =
          (impl.array.data - base.array().data) / static_cast<int64_t>(size_of(impl.array.dtype));
      const Array& a = impl.array;
      Tensor again = call1("tensor.as_strided", {base},
                           {{"shape", std::vector<int64_t>(a.dims.begin(), a.dims.end())},
                            {"stride", std::vector<int64_t>(a.strides.begin(), a.strides.end())},
                            {"offset", offset}});
      impl.edge.set(again.impl()->edge.get());
    }
    impl.view->version = now;
  }
  if (Edge edge = current(impl.edge.get()); edge.node || !impl.collects) return edge;
  // Threads may use a leaf for the first time at once.
  std::lock_guard guard(tape_lock);
  std::shared_ptr<Node> node = impl.accumulator.lock();
  if (!node) {
    node = std::make_shared<Accumulator>(&impl);
    impl.accumulator = node;
  }
  return {node, 0};
}

void backward(std::span<const Tensor> outputs, std::span<const Tensor> seeds,
              BackwardOptions options) {
  if (outputs.empty()) {
    throw UserError(ErrorKind::value, "backward", "tensors",
                    "expected at least one Tensor, got none");
  }
  if (FunctionCapture* capture = FunctionCapture::active()) {
    capture->use_tape("backward");
    capture->close("backward() was called inside of it");
  }
  Walk walk(options);
  GradMode recording(options.create_graph);
  walk.seed(outputs, seeds, "backward");
  walk.run(nullptr, nullptr);
  walk.serve_leaves_below_constants();
}

std::vector<Tensor> grad(std::span<const Tensor> outputs, std::span<const Tensor> inputs,
                         std::span<const Tensor> seeds, BackwardOptions options) {
  if (outputs.empty()) {
    throw UserError(ErrorKind::value, "grad", "outputs", "expected at least one Tensor, got none");
  }
  if (inputs.empty()) {
    throw UserError(ErrorKind::value, "grad", "inputs", "expected at least one Tensor, got none");
  }
  FunctionCapture* capture = FunctionCapture::active();
  if (capture != nullptr) capture->use_tape("grad");
  std::vector<Edge> wanted;
  for (const Tensor& input : inputs) {
    if (!input) {
      throw UserError(ErrorKind::type, "grad", "inputs", "expected Tensors, got None");
    }
    Edge edge = edge_of(input);
    if (!edge.node) {
      throw UserError(
          ErrorKind::state, "grad", "inputs",
          "an input does not require a gradient; set stop_gradient = False before it is used");
    }
    wanted.push_back(std::move(edge));
  }
  std::vector<Tensor> found(inputs.size());
  Walk walk(options);
  for (Edge& edge : wanted) edge = walk.place(edge);
  {
    GradMode recording(options.create_graph);
    walk.seed(outputs, seeds, "grad");
    walk.run(&wanted, &found);
    std::unordered_set<Node*> below = walk.below_constants();
    for (size_t i = 0; i < found.size(); ++i) {
      if (!found[i] && below.contains(wanted[i].node.get()))
        found[i] = call1("tensor.zeros_like", {inputs[i].detach()});
    }
  }
  if (capture != nullptr && !options.create_graph) {
    for (Tensor& g : found) {
      if (g) g = g.detach();  // a value like others, as seen from outside of the function
    }
  }
  if (!options.allow_unused) {
    for (size_t i = 0; i < found.size(); ++i) {
      if (found[i]) continue;
      throw UserError(ErrorKind::value, "grad", "inputs",
                      str("input ", i,
                          " does not take part in the computation of the outputs; "
                          "say allow_unused=True to get None for it"));
    }
  }
  return found;
}

}  // namespace proa::eager
