// CapturedNode: one call on the tape of a captured function; its backward appends to the graph.
// Why the nodes of eager once more: one node a call, differentiated by the same transform, makes
// cotangents meet in the same order, so that gradients inside a graph have the bits of eager.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "proa/eager/node.h"
#include "proa/ir/module.h"

namespace proa::transform {
struct Gradient;
}

namespace proa::eager {

class FunctionCapture;

class CapturedNode : public Node, public std::enable_shared_from_this<CapturedNode> {
 public:
  // An operation of the graph.
  CapturedNode(FunctionCapture& capture, ir::Operation* op, std::span<const Tensor> operands);
  // A function whose body is in the graph already: the backward of another node.
  CapturedNode(FunctionCapture& capture, std::string name, std::shared_ptr<ir::Module> module,
               ir::Func func, std::span<const Tensor> operands, std::span<const ir::Value> results);

  std::string_view name() const override { return name_; }
  std::vector<Tensor> apply(std::vector<Tensor> cotangents, bool keep) override;
  bool adds_to_sums() const override { return is_many_; }
  std::vector<Tensor> apply_to_sums(std::vector<Tensor> cotangents, std::vector<Tensor>& sums,
                                    bool keep) override;

 private:
  ir::Value operand(size_t i) const;
  ir::Value result(size_t i) const;
  void make_extras(const ir::Module& work, ir::Func func, const transform::Gradient& gradient);
  std::vector<Tensor> record(std::shared_ptr<ir::Module> work, const transform::Gradient& gradient,
                             bool whole, std::span<const Tensor> cotangents,
                             std::span<const Tensor> sums);

  FunctionCapture& capture_;
  std::string name_;
  ir::Operation* op_ = nullptr;
  std::shared_ptr<ir::Module> module_;
  ir::Func func_;
  std::vector<ir::Value> operands_, results_;
  bool is_many_ = false;                           // calls in one
  std::unordered_map<int64_t, ir::Value> extras_;  // residuals by transform::Residual::value
  bool freed_ = false;
};

}  // namespace proa::eager
