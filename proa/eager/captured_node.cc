#include "proa/eager/captured_node.h"

#include <algorithm>

#include "proa/base/error.h"
#include "proa/eager/by_operation.h"
#include "proa/eager/function.h"
#include "proa/eager/function_capture.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/symbol/facts.h"
#include "proa/ops/control.h"
#include "proa/transform/autodiff.h"

namespace proa::eager {

using namespace ir;
using transform::Residual;

namespace {

// A module that is worked on aside knows what is known of the graph, and the graph what was
// learned.
class Knowing {
 public:
  Knowing(Facts& of, Facts& aside) : of_(of), aside_(aside) { aside_ = std::move(of_); }
  ~Knowing() { of_ = std::move(aside_); }
  Knowing(const Knowing&) = delete;

 private:
  Facts &of_, &aside_;
};

std::vector<Edge> edges_of(std::span<const Tensor> operands) {
  std::vector<Edge> edges;
  for (const Tensor& t : operands)
    edges.push_back(is_inexact(t.dtype()) && t.requires_grad() ? edge_of(t) : Edge{});
  return edges;
}

// The function as one of the graph's, under a name that is free there.
Func bring(Func func, const Module& from, Module& graph) {
  ValueMap map;
  Operation* copy = clone(*func.op(), map);
  std::string name(func.name());
  for (size_t i = graph.funcs().size(); graph.find(name); ++i) name = str(func.name(), ".", i);
  copy->set_attr("name", Attribute::string(graph.context(), name));
  graph.body().append(copy);
  bring_functions(*copy, from, graph);
  return Func(copy);
}

std::vector<Value> call(Builder& at, Func callee, std::span<const Value> operands,
                        Func origin = {}) {
  std::vector<ops::Expr> inputs;
  for (Value operand : operands) inputs.push_back({operand, &at});
  std::vector<Value> made;
  for (ops::Expr result : ops::call_function(at, callee, inputs, origin))
    made.push_back(result.value);
  return made;
}

}  // namespace

CapturedNode::CapturedNode(FunctionCapture& capture, Operation* op, std::span<const Tensor> given)
    : Node(next_sequence()), capture_(capture), op_(op) {
  const Page* page = op->info().page.get();
  name_ = std::string(page != nullptr ? page->name : op->name());
  outputs = op->result_count();
  edges = edges_of(given);
  is_many_ = op->region_count() != 0;
}

CapturedNode::CapturedNode(FunctionCapture& capture, std::string name,
                           std::shared_ptr<Module> module, Func func, std::span<const Tensor> given,
                           std::span<const Value> results)
    : Node(next_sequence()),
      capture_(capture),
      name_(std::move(name)),
      module_(std::move(module)),
      func_(func),
      results_(results.begin(), results.end()) {
  for (const Tensor& t : given) operands_.push_back(capture.value(t));
  outputs = results_.size();
  edges = edges_of(given);
}

Value CapturedNode::operand(size_t i) const {
  return op_ != nullptr ? op_->operand(i) : capture_.current(operands_[i]);
}
Value CapturedNode::result(size_t i) const {
  return capture_.current(op_ != nullptr ? op_->result(i) : results_[i]);
}

// The values that the backward needs and that are neither operands nor results. A call of the
// forward that gives them takes the place of the operation, so that nothing is computed twice; who
// differentiates the graph finds the operation as its origin.
void CapturedNode::make_extras(const Module& work, Func func, const transform::Gradient& gradient) {
  auto missing = [&](const Residual& r) {
    return r.from == Residual::From::extra && !extras_.contains(r.value);
  };
  if (std::ranges::none_of(gradient.residuals, missing)) return;
  std::vector<Value> operands;
  for (size_t i = 0; i < edges.size(); ++i) operands.push_back(operand(i));
  Builder& end = capture_.builder();
  Builder at = op_ != nullptr ? Builder(end.module(), op_) : Builder(end.module(), end.block());
  if (op_ != nullptr) at.set_location(op_->location());
  Func origin = bring(func, work, end.module());
  std::vector<Value> made = call(at, bring(gradient.forward, work, end.module()), operands, origin);
  if (op_ != nullptr && result(0) == op_->result(0)) {
    for (size_t i = 0; i < outputs; ++i) capture_.replace(op_->result(i), made[i]);
  }
  for (const Residual& r : gradient.residuals) {
    if (r.from == Residual::From::extra) extras_[r.value] = made[static_cast<size_t>(r.index)];
  }
}

std::vector<Tensor> CapturedNode::apply(std::vector<Tensor> cotangents, bool keep) {
  std::vector<Tensor> sums;
  return apply_to_sums(std::move(cotangents), sums, keep);
}

std::vector<Tensor> CapturedNode::apply_to_sums(std::vector<Tensor> cotangents,
                                                std::vector<Tensor>& sums, bool keep) {
  if (FunctionCapture::active() != &capture_) {
    throw UserError(ErrorKind::state, name(), "",
                    "this tensor belongs to a trace that has ended: it has no gradient");
  }
  if (freed_) {
    throw UserError(
        ErrorKind::state, name(), "",
        "backward runs a second time over the same graph, whose saved values are freed; "
        "say retain_graph=True the first time");
  }
  std::vector<int> wanted, given, summed;
  for (size_t i = 0; i < sums.size(); ++i) {
    if (sums[i]) summed.push_back(static_cast<int>(i));
  }
  for (size_t i = 0; i < edges.size(); ++i) {
    if (edges[i].node) wanted.push_back(static_cast<int>(i));
  }
  for (size_t i = 0; i < cotangents.size(); ++i) {
    if (cotangents[i]) given.push_back(static_cast<int>(i));
  }
  Module& graph = capture_.builder().module();
  std::shared_ptr<Module> work = module_;
  Func func = func_;
  if (op_ != nullptr) {
    work = std::make_shared<Module>(graph.context());
    func = alone(*op_, graph, *work);
  }
  transform::Gradient gradient;
  {
    Knowing knowing(graph.facts(), work->facts());
    gradient = transform::differentiate(*work, func, wanted, given, {}, summed);
  }
  bool whole =
      grad_enabled() && std::ranges::any_of(gradient.residuals, [&](const Residual& r) {
        return r.from == Residual::From::extra &&
               is_inexact(gradient.forward.results()[static_cast<size_t>(r.index)].dtype());
      });
  if (!whole) make_extras(*work, func, gradient);
  std::vector<Tensor> results;
  if (grad_enabled()) {
    results = record(work, gradient, whole, cotangents, sums);
  } else {
    std::vector<Value> values;
    for (const Residual& r : gradient.residuals) {
      auto index = static_cast<size_t>(r.index);
      switch (r.from) {
        case Residual::From::argument: values.push_back(operand(index)); break;
        case Residual::From::result: values.push_back(result(index)); break;
        case Residual::From::extra: values.push_back(extras_.at(r.value)); break;
      }
    }
    for (int i : gradient.cotangents)
      values.push_back(capture_.value(cotangents[static_cast<size_t>(i)]));
    for (int i : gradient.summed) values.push_back(capture_.value(sums[static_cast<size_t>(i)]));
    for (Value value : ops::inline_function(capture_.builder(), gradient.backward, values))
      results.push_back(capture_.tensor(value));
  }
  if (!keep) freed_ = true;
  std::vector<Tensor> out(edges.size());
  for (size_t i = 0; i < results.size(); ++i) {
    auto edge = static_cast<size_t>(gradient.wanted[i]);
    (edge < sums.size() && sums[edge] ? sums : out)[edge] = std::move(results[i]);
  }
  return out;
}

// The backward as a call that is recorded itself: by what it reads, as Function does in eager. It
// is a call of the graph too, so that who differentiates that finds one operation here. `whole`:
// from the operands, as derivatives flow through what the forward keeps.
std::vector<Tensor> CapturedNode::record(std::shared_ptr<Module> work,
                                         const transform::Gradient& gradient, bool whole,
                                         std::span<const Tensor> cotangents,
                                         std::span<const Tensor> sums) {
  auto tensor_at = [&](Value value, Edge edge) {
    Tensor made = capture_.tensor(value);
    made.impl()->edge.set(std::move(edge));
    return made;
  };
  Func func = gradient.backward;
  std::vector<Tensor> operands;
  if (whole) {
    func = add_whole(*work, gradient);
    for (size_t i = 0; i < edges.size(); ++i) operands.push_back(tensor_at(operand(i), edges[i]));
  } else {
    for (const Residual& r : gradient.residuals) {
      auto index = static_cast<size_t>(r.index);
      switch (r.from) {
        case Residual::From::argument:
          operands.push_back(tensor_at(operand(index), edges[index]));
          break;
        case Residual::From::result:
          operands.push_back(
              tensor_at(result(index), {shared_from_this(), static_cast<int>(index)}));
          break;
        case Residual::From::extra: operands.push_back(tensor_at(extras_.at(r.value), {})); break;
      }
    }
  }
  for (int i : gradient.cotangents) operands.push_back(cotangents[static_cast<size_t>(i)]);
  for (int i : gradient.summed) operands.push_back(sums[static_cast<size_t>(i)]);
  std::vector<Value> values;
  for (const Tensor& t : operands) values.push_back(capture_.value(t));
  Builder& end = capture_.builder();
  std::vector<Value> made = call(end, bring(func, *work, end.module()), values);
  bool tracked = std::ranges::any_of(operands, [](const Tensor& t) { return t.requires_grad(); });
  std::shared_ptr<CapturedNode> node;
  if (tracked) {
    node = std::make_shared<CapturedNode>(capture_, name_ + " (backward)", std::move(work), func,
                                          operands, made);
    node->is_many_ = is_many_ || (op_ != nullptr && op_->is("prim.custom_vjp"));
  }
  std::vector<Tensor> results;
  for (size_t i = 0; i < made.size(); ++i) {
    bool flows = node != nullptr && is_inexact(made[i].dtype());
    results.push_back(tensor_at(made[i], flows ? Edge{node, static_cast<int>(i)} : Edge{}));
  }
  return results;
}

}  // namespace proa::eager
