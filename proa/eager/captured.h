// Captured: a function of the user as one graph, called with its arguments' numbers.
// Why apart from FunctionCapture: that one is there while Python runs, this one for each call
// afterwards. The graph is pure; this gives it what it reads and writes what it says.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proa/base/function_ref.h"
#include "proa/eager/function.h"
#include "proa/eager/function_capture.h"

namespace proa::eager {

struct CaptureRequest {
  std::string name;
  std::vector<Tensor> tensors;
  std::vector<std::vector<bool>> fixed;  // by tensor: axes whose extents are numbers
  std::vector<double> floats;            // 0-d f64 inputs
  std::vector<int64_t> ints;             // symbols
  Capture::Locate locate = nullptr;
  bool optional_grads = false;  // see FunctionCapture::grad_to_add_to
  bool asks = false;            // the sizes of the tensors decide whether an extent is 1
};

// The function itself: stand-ins for the request's tensors, floats and ints, to results.
using CaptureBody = std::function<std::vector<Tensor>(std::span<const Tensor> tensors,
                                                      std::span<const Tensor> floats,
                                                      std::span<const ir::Dim> ints)>;

// A graph from elsewhere, with what it reads and writes.
struct CapturedParts {
  std::string name;
  ir::Module module;
  size_t tensors = 0, results = 0;     // arguments and results of the user
  std::vector<CaptureSlot> slots;      // the arguments behind; tensors and a key
  std::vector<CaptureEffect> effects;  // with values: results behind the user's; of no argument
  std::vector<bool> tracked;           // by result
  int64_t random_calls = 0;
};

class Captured {
 public:
  // Errors of the body come through. NeedStatic: an extent is needed as a number.
  Captured(const CaptureRequest& request, const CaptureBody& body);
  // A UserError(value) where the parts do not fit each other.
  explicit Captured(CapturedParts parts);
  // Nothing was made: the next call would find gradients where there are none now, and one graph
  // with optional ones fits both.
  bool wants_optional_grads() const { return function_ == nullptr; }

  // Why the graph does not fit these arguments, or what is outside by now, and nothing is done;
  // empty: it does, and wrote what the function writes. `numbers` are those that
  // FunctionCapture::number() stands for, asked for when nothing else can be refused.
  using Numbers = FunctionRef<std::vector<double>()>;
  std::string run(std::span<const Tensor> tensors, std::span<const double> floats,
                  std::span<const int64_t> ints, Numbers numbers, std::vector<Tensor>& results);

  // The same as part of a capture that is open: the graph's operations are in it from then on. A
  // UserError where they do not fit, or where the graph is more than beyond_a_file() allows.
  std::vector<Tensor> inlined(FunctionCapture& capture, std::span<const Tensor> tensors);

  std::vector<std::string> guards() const;  // on sizes, with where they come from
  std::vector<std::string> argument_types() const;
  size_t operations() const { return operations_; }
  size_t outside() const { return slots_.size(); }
  size_t writes() const { return effects_.size(); }
  size_t donated() const { return donations_.size(); }  // at most, of the writes
  int64_t random_calls() const { return random_calls_; }
  const ir::Module& module() const { return function_->module(); }
  const std::string& name() const { return function_->name(); }
  size_t tensor_count() const { return tensors_; }
  size_t result_count() const { return results_; }
  std::span<const CaptureSlot> slots() const { return slots_; }
  std::span<const CaptureEffect> effects() const { return effects_; }
  const std::vector<bool>& tracked() const { return tracked_; }
  // Why the graph is more than a function of tensors that can be stored; empty if it is one.
  std::string beyond_a_file() const;

 private:
  void describe_arguments();
  bool fits(const Tensor& tensor, size_t argument) const;
  // Inputs by argument of the graph; undefined where a gradient is not there. Key and numbers stand
  // in for what a run has.
  std::vector<Tensor> gather(std::span<const Tensor> tensors, std::span<const double> floats) const;
  std::string misfit(std::span<const Tensor> inputs, std::span<const Tensor> tensors,
                     std::span<const int64_t> sizes);
  void apply(const CaptureEffect& effect, std::span<const Tensor> tensors,
             const Tensor& made) const;
  std::vector<std::pair<int32_t, int32_t>> find_donations();
  std::vector<int32_t> find_held() const;
  // Pairs whose input somebody else still reads: see program::Terms::donated.
  std::vector<int32_t> kept(std::span<const Tensor> inputs) const;
  void own_memory(std::span<const Tensor> inputs, std::span<Tensor> made) const;

  size_t tensors_ = 0, results_ = 0, operations_ = 0;
  std::shared_ptr<Function> function_;
  std::vector<std::vector<int64_t>> extents_;       // by argument of the graph; -1: a symbol
  std::vector<DType> dtypes_;                       // the same
  std::vector<std::pair<size_t, size_t>> symbols_;  // (tensor, axis), before the ints
  std::vector<CaptureSlot> slots_, without_grad_;
  std::vector<CaptureEffect> effects_;  // those with a value: results after the user's own
  // Hooks on the gradients of what the tape inside begins with, by argument or slot: they ran into
  // the graph.
  std::vector<std::vector<int64_t>> hooks_;
  // Results that may take the memory of what they are written to.
  struct Donation {
    int32_t input, output;
    CaptureEffect::Kind kind;
  };
  std::vector<Donation> donations_;
  std::vector<bool> tracked_;  // by result: whether a gradient flows through
  std::string closed_;         // why none flows through from outside
  bool taped_ = false;
  int64_t random_calls_ = 0;
  std::atomic<bool> gradient_by_extents_ = false;
};

}  // namespace proa::eager
