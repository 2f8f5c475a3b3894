// Node: one recorded call on the tape, and the walk backwards over it.
// Why nodes are ordered by a sequence number: a consumer is always younger than its operands, so
// that the youngest pending node may run at once, and cotangents add in reverse program order.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "proa/eager/tensor.h"

namespace proa::eager {

class Holdings;

// Of hooks, of tensors that retain gradients and of accumulators. Held over pointers only: what is
// dropped is destroyed after, since that may need the lock of an interpreter.
extern std::mutex tape_lock;

class Node {
 public:
  explicit Node(uint64_t sequence) : sequence_(sequence) {}
  virtual ~Node();
  uint64_t sequence() const { return sequence_; }
  virtual std::string_view name() const = 0;
  // Cotangents of the outputs (undefined: none) to cotangents of the edges (undefined: none).
  virtual std::vector<Tensor> apply(std::vector<Tensor> cotangents, bool keep) = 0;
  // Many calls in one: what they add to an edge they add one after the other to what has come there
  // so far. `sums` has that by edge (undefined: nothing, or not asked for), and gets what it is
  // then.
  virtual bool adds_to_sums() const { return false; }
  virtual std::vector<Tensor> apply_to_sums(std::vector<Tensor> cotangents, std::vector<Tensor>&,
                                            bool keep) {
    return apply(std::move(cotangents), keep);
  }
  // Many calls in one that have been taken apart: for each output its place on a tape of single
  // calls; null where they have not. `now`: takes them apart, if they can be.
  virtual const std::vector<Edge>* parts(bool /*now*/) { return nullptr; }
  // Tells all that it keeps alive: the edges, and what is saved for backward.
  virtual void holdings(Holdings& sum) const;
  // Leaves the nodes that it leads to to whoever destroys it.
  virtual void give_up(std::vector<std::shared_ptr<Node>>& doomed);
  // Whether an edge without a cotangent is one through which a derivative of zero flows (a leaf
  // below gets zeros), or one that may not be reached at all: so for a whole captured function.
  virtual bool serves_constants() const { return true; }
  std::vector<Edge> edges;
  size_t outputs = 1;
  // False: derivatives of zero are on every way down (floor, stop_gradient), so that nothing above
  // needs a derivative either.
  bool flows = true;
  // Hooks on the gradient of an output: (output, handle, hook).
  struct OutputHook {
    int output;
    int64_t handle;
    Hook hook;
  };
  std::atomic<bool> watched{false};  // there may be some of these, under tape_lock
  std::vector<OutputHook> hooks;
  std::vector<std::pair<int, TensorImpl*>>
      retained;  // outputs whose gradient is kept; cleared by them

 private:
  uint64_t sequence_;
};

uint64_t next_sequence();  // grows by one a recorded call, in all threads; starts at 1
// The first of `count` in a row, for calls that take their places on the tape later on.
uint64_t reserve_sequences(size_t count);
// Those are what next_sequence() gives in this thread.
class SequenceScope {
 public:
  explicit SequenceScope(uint64_t first);
  ~SequenceScope();
  SequenceScope(const SequenceScope&) = delete;

 private:
  uint64_t before_;
};

// The place itself, or where it is since its node was taken apart; `now`: see Node::parts().
Edge current(Edge edge, bool now = false);
// `from` is taken apart: hooks on its outputs, and tensors that keep their gradients, go along.
void move_watchers(Node& from, const std::vector<Edge>& to);

// The place of a tensor on the tape. Leaves that collect have an accumulator as their node; a view
// whose memory was written since gets a new place from its base. No node: no gradient flows.
Edge edge_of(const Tensor& tensor);

// A gradient that the user's code made, cast to the dtype that is due. Another shape: a UserError.
Tensor fit_gradient(Tensor g, std::span<const int64_t> dims, DType dtype, std::string_view op,
                    std::string_view argument);

struct BackwardOptions {
  bool retain_graph = false;
  bool create_graph = false;
  bool allow_unused = false;
};

// Gradients of sum(outputs * seeds) added to .grad of every leaf. A seed may be undefined for a
// one-element output.
void backward(std::span<const Tensor> outputs, std::span<const Tensor> seeds,
              BackwardOptions options);

// Gradients with respect to `inputs`, and nothing else is touched. Unreached inputs: undefined
// where allowed, else a UserError.
std::vector<Tensor> grad(std::span<const Tensor> outputs, std::span<const Tensor> inputs,
                         std::span<const Tensor> seeds, BackwardOptions options);

}  // namespace proa::eager
