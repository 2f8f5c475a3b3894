// FunctionCapture: the capture of a whole function of the user: what it reads, writes and
// differentiates.
// Why apart from Capture: an operator that is traced is pure from the start. A function reads
// tensors from outside, writes some, calls backward() and draws random numbers; each of these
// becomes an input, a result or more operations here, so that its graph is pure too.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proa/base/error.h"
#include "proa/base/function_ref.h"
#include "proa/eager/capture.h"
#include "proa/eager/node.h"
#include "proa/ir/symbol/need.h"

namespace proa::eager {

// An input of the graph behind the arguments.
struct CaptureSlot {
  enum class Kind : uint8_t { tensor, key, number, grad } kind = Kind::tensor;
  Tensor tensor = {};                 // itself, or whose gradient it is
  int argument = -1;                  // the same, where it is an argument
  bool tracked = false, leaf = true;  // as it was captured
  bool optional = false;              // a gradient: where there is none, -0 of this form
};

// What a call does beside giving results.
struct CaptureEffect {
  enum class Kind : uint8_t {
    write,       // into memory that is there: views see it
    assign,      // new memory
    set_grad,    // a new .grad
    write_grad,  // into the .grad that is there
    clear_grad,
  } kind = Kind::write;
  Tensor tensor = {};
  int argument = -1;  // instead of a tensor
  ir::Value value = {};
};

class Captured;

class FunctionCapture : public Capture {
 public:
  FunctionCapture(ir::Module& module, ir::Func func, Locate locate);

  static FunctionCapture* active();  // of this thread, if the innermost capture is one

  // A stand-in for argument `index`, which `original` is given for (undefined: a float).
  Tensor argument(size_t index, const Tensor& original);
  Tensor number();  // a 0-d f64 that each call gives anew

  std::vector<Tensor> call(const ir::OpInfo& op, std::span<const Tensor> operands,
                           const ir::AttrList& attrs, std::span<const int64_t> segments) override;
  Tensor random_key(std::string_view op) override;
  void reading() override;
  Tensor detach(const Tensor& tensor) override;
  bool write(const Tensor& dst, const Tensor& src, std::string_view op) override;
  bool assign(const Tensor& dst, const Tensor& src) override;
  void view(const Tensor& result, const Tensor& of) override;
  ir::Value value(const Tensor& tensor, std::string_view op, std::string_view argument) override;
  ir::Value value(const Tensor& tensor) { return value(tensor, "to_static", ""); }

  // Values of the graph that a node has replaced by others.
  void replace(ir::Value before, ir::Value after);
  ir::Value current(ir::Value value) const;

  bool from_outside(const Tensor& tensor) const;  // an argument, or read from somewhere

  // The tape: nodes whose backward appends to the graph.
  Edge outer_edge(const Tensor& tensor);  // of one that the function did not compute; else none
  Tensor grad(const Tensor& tensor);
  // The same for what only adds to it: undefined where there is none, or, as optional_grads() says,
  // something to add to that is neutral to the bit where there is none.
  Tensor grad_to_add_to(const Tensor& tensor);
  void set_optional_grads(bool on) { optional_grads_ = on; }
  // Whether a call leaves gradients where there were none before, and nobody but sums has asked:
  // one graph for both would do.
  bool leaves_grads() const;
  void set_grad(const Tensor& tensor, Tensor grad);
  void set_requires_grad(const Tensor& tensor, bool on);
  Tensor same(const Tensor& tensor);  // another tensor of the same value, off the tape
  // No gradient flows through the function from outside: why. The first reason stays.
  void close(std::string_view why);
  const std::string& closed() const { return closed_; }
  // Gradients are asked for inside: that outside tensors want one is a guard from here on.
  void use_tape(std::string_view op);
  // Calls `body`; where `condition` is false afterwards, what it wrote to tensors from outside is
  // as it was before.
  void only_where(const Tensor& condition, FunctionRef<void()> body);

  // Control flow that a tensor decides: its bodies are filled one after the other, then the
  // operation is made. What a body reads from outside of it becomes its argument; what it writes is
  // as before when it is left, and a result of the operation.
  struct Region;
  // Operations go into a new body, whose first arguments are like `parameters`; gives these.
  std::shared_ptr<Region> open_region(std::span<const Tensor> parameters,
                                      std::vector<Tensor>& arguments);
  void enter(std::shared_ptr<Region> region);  // once more
  void leave();
  bool in_region() const { return !regions_.empty(); }
  std::vector<Tensor> if_(const Tensor& condition, Region& then, std::span<const Tensor> then_gives,
                          Region& otherwise, std::span<const Tensor> otherwise_gives);
  std::vector<Tensor> while_(std::span<const Tensor> carries, Region& condition,
                             const Tensor& holds, Region& body, std::span<const Tensor> body_gives);

  // A call whose gradient the user wrote. `forward` gives the results; `backward` takes cotangents
  // of those that have some, may read whatever forward computed, and gives a cotangent for each
  // input, or undefined. Both run once, on stand-ins, and become functions of the module
  // (prim.custom_vjp).
  using Rule = FunctionRef<std::vector<Tensor>(std::span<const Tensor>)>;
  std::vector<Tensor> custom(std::string_view name, std::span<const Tensor> inputs, Rule forward,
                             Rule backward);
  // A call of Python at each run (prim.custom_call): once, in order, without a gradient.
  // All results of a graph that was captured before, for these inputs: its operations are copied.
  std::vector<Tensor> part(const Captured& graph, std::span<const Tensor> operands);
  std::vector<Tensor> host_call(std::string_view target, int64_t number,
                                std::span<const Tensor> inputs, std::span<const Tensor> like);

  // Python was told that sizes are needed as numbers. The capture is of no use then, whatever the
  // function does with that exception: other numbers may lead elsewhere.
  void set_need(ir::NeedExtents need) { need_ = std::move(need); }
  const std::optional<ir::NeedExtents>& need() const { return need_; }

  // When the function has run.
  const std::vector<CaptureSlot>& slots() const { return slots_; }
  std::vector<CaptureEffect> effects();
  // Whose .grad must be undefined at a call: tensors, or arguments by number.
  const std::vector<CaptureSlot>& without_grad() const { return without_grad_; }
  bool taped() const { return taped_; }
  int64_t random_calls() const { return random_calls_; }

 protected:
  ir::Value outside(const Tensor& tensor, std::string_view op, std::string_view argument) override;

 private:
  struct View {
    Tensor parent;
    ir::Value from, to;  // values of both when the view was last right
    int64_t seen = 0;    // writes to the base until then
    bool detached = false;
  };
  struct Gradient {
    Tensor of, first, now;
    bool known = false;  // `first` was asked for
    bool added = false;  // only to be added to
  };

  size_t add_slot(CaptureSlot slot, ir::Type type);
  Tensor base_of(const Tensor& tensor) const;
  std::vector<Tensor> apply(const ir::OpInfo& op, std::span<const Tensor> operands,
                            const ir::AttrList& attrs, std::span<const int64_t> segments);
  void track(std::vector<Tensor>& results, std::span<const Tensor> operands);
  // `node`: the place on the tape of what made the results, where that is no single operation.
  void track(std::vector<Tensor>& results, std::span<const Tensor> operands,
             FunctionRef<std::shared_ptr<Node>()> node);
  Tensor stopped(const Tensor& tensor);
  void link(const Tensor& result, const Tensor& of);
  std::vector<ir::Operation*> path_of(const View& view);
  Tensor replay(const View& view, Tensor x);
  Tensor put(const View& view, const Tensor& src, std::string_view op);
  void store(const Tensor& dst, const Tensor& src, std::string_view op);
  void set_value(const Tensor& dst, ir::Value now);
  void freshen(const Tensor& tensor);
  void check_write(const Tensor& dst, const Tensor& src, std::string_view op);
  ir::Value initial(size_t slot) const;
  Gradient& gradient(const Tensor& tensor);
  [[noreturn]] void refuse(ErrorKind kind, std::string_view op, std::string_view what);

  void within(FunctionRef<void()> body);  // a region that is open, which is left then
  bool decided_by_a_tensor() const;       // whether this place is reached
  bool in_backward() const;
  std::shared_ptr<Region> open_region_of(std::span<const ir::Type> types,
                                         std::vector<ir::Value>& given);
  ir::Value imported(ir::Value value, const Tensor& tensor);
  std::vector<Tensor> finish(ir::Operation* op, std::span<const Tensor> operands,
                             const std::vector<bool>& tracked);
  void meet(ir::Value a, ir::Value b, std::string_view op);
  void settle(const std::vector<Tensor>& changed, std::span<const Tensor> results);

  std::vector<std::shared_ptr<Region>> regions_;  // the innermost last
  std::shared_ptr<Node> inside_;                  // the place on the tape of what a body computes
  ir::Func func_;
  std::unordered_map<const TensorImpl*, std::pair<int, Tensor>> originals_;  // by stand-in
  std::unordered_map<const TensorImpl*, size_t> index_;  // slot of a tensor from outside
  std::vector<CaptureSlot> slots_, without_grad_;
  std::vector<ir::Value> values_;  // by slot: what a tensor from outside holds by now
  std::vector<char> written_;      // by slot: memory that views see
  std::unordered_map<const TensorImpl*, View> views_;
  std::unordered_map<const TensorImpl*, int64_t> writes_;  // by base
  std::vector<Gradient> gradients_;
  std::unordered_map<const TensorImpl*, size_t> gradient_index_;
  std::unordered_map<const TensorImpl*, Edge> outer_;
  std::unordered_map<const ir::ValueImpl*, ir::Value> replaced_;
  std::unordered_set<const TensorImpl*> argument_written_;  // stand-ins: memory that views see
  std::string closed_;
  std::optional<ir::NeedExtents> need_;
  bool taped_ = false, optional_grads_ = false;
  Tensor key_;
  int64_t random_calls_ = 0;
};

}  // namespace proa::eager
