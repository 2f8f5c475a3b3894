// Captured: a function of the user as one graph, called with its arguments' numbers.
// Why over Capture: besides arguments, a graph of a whole function reads tensors from outside
// (parameters), writes some (running statistics) and draws random numbers; each becomes an input or
// a result, so that the graph itself is pure and differentiates like any other.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proa/eager/capture.h"
#include "proa/eager/function.h"

namespace proa::eager {

struct CaptureRequest {
  std::string name;
  std::vector<Tensor> tensors;
  std::vector<std::vector<bool>> fixed;  // by tensor: axes whose extents are numbers
  std::vector<double> floats;            // 0-d f64 inputs
  std::vector<int64_t> ints;             // symbols
  Capture::Locate locate = nullptr;
};

// The function itself: stand-ins for the request's tensors, floats and ints, to results.
using CaptureBody = std::function<std::vector<Tensor>(std::span<const Tensor> tensors,
                                                      std::span<const Tensor> floats,
                                                      std::span<const ir::Dim> ints)>;

class Captured {
 public:
  // Errors of the body come through. NeedStatic: an extent is needed as a number.
  Captured(const CaptureRequest& request, const CaptureBody& body);

  // False, and nothing done, where a guard does not hold for these arguments, or a tensor from
  // outside has another form by now. Writes what the function writes.
  bool run(std::span<const Tensor> tensors, std::span<const double> floats,
           std::span<const int64_t> ints, std::vector<Tensor>& results);

  std::vector<std::string> guards() const;  // on sizes, with where they come from
  std::vector<std::string> argument_types() const;
  size_t operations() const { return operations_; }
  size_t outside() const { return outside_.size(); }
  size_t writes() const { return writes_.size(); }
  int64_t random_calls() const { return random_calls_; }
  const ir::Module& module() const { return function_->module(); }

 private:
  struct Write {
    int argument = -1;  // or a tensor from outside
    size_t outside = 0;
  };
  bool fits(const Tensor& tensor, size_t argument) const;

  size_t tensors_ = 0, results_ = 0, operations_ = 0;
  std::unique_ptr<Function> function_;
  std::vector<std::vector<int64_t>> extents_;       // by argument of the graph; -1: a symbol
  std::vector<DType> dtypes_;                       // the same
  std::vector<std::pair<size_t, size_t>> symbols_;  // (tensor, axis), before the ints
  std::vector<Tensor> outside_;
  std::vector<Write> writes_;  // results after the user's own
  std::vector<bool> tracked_;  // by result: whether a gradient flows through
  int64_t random_calls_ = 0;
  std::atomic<bool> gradient_by_extents_ = false;
};

}  // namespace proa::eager
