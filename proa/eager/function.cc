#include "proa/eager/function.h"

#include <algorithm>
#include <atomic>
#include <optional>

#include "proa/base/error.h"
#include "proa/base/hash.h"
#include "proa/eager/budget.h"
#include "proa/eager/by_operation.h"
#include "proa/eager/capture.h"
#include "proa/eager/holdings.h"
#include "proa/eager/ones.h"
#include "proa/eager/single_calls.h"
#include "proa/ir/replace_sizes.h"
#include "proa/ir/rules.h"
#include "proa/ir/stage.h"
#include "proa/ir/symbol/facts.h"
#include "proa/runtime/watch.h"
#include "proa/tier/compiled.h"
#include "proa/tier/prebuilt.h"
#include "proa/transform/dce.h"
#include "proa/transform/decompose.h"
#include "proa/transform/optimize.h"

namespace proa::eager {

using namespace ir;

std::unique_ptr<runtime::Executable> compile(const Module& module, Func func,
                                             std::span<const Dim> symbols, tier::Tier tier, Ask ask,
                                             const program::Terms& terms, Facts* learned) {
  Module lowered = module.clone();
  if (ask == Ask::nothing) lowered.facts().set_asks(false);
  tell_stage("captured", lowered);
  transform::decompose(lowered, tier::has_kernel);
  tell_stage("decompose", lowered);
  transform::optimize(lowered);
  ask_about_ones(lowered, ask);
  if (learned != nullptr) *learned = lowered.facts();
  fit_budget(lowered, func.name(), symbols);
  return tier::executable(lowered, lowered.find(func.name()), symbols, tier, terms);
}

// A function for one choice of sizes.
struct AtSizes {
  std::atomic<bool> used = false;
  std::vector<int64_t> sizes;
  std::shared_ptr<Function> function;

  bool is(std::span<const int64_t> others) const { return std::ranges::equal(sizes, others); }
};

namespace {

// Choices of sizes that a function is kept for.
constexpr size_t kMostSizes = 32;

uint64_t hash_of(std::span<const int64_t> sizes) {
  return hash_bytes(sizes.data(), sizes.size_bytes());
}

}  // namespace

Function::Function(std::string name, Module module, std::vector<Dim> symbols)
    : Function(std::move(name), std::move(module), std::move(symbols), tier::tier(), false) {}

Function::Function(std::string name, Module module, std::vector<Dim> symbols, tier::Tier tier,
                   bool whole, bool answered)
    : name_(std::move(name)),
      module_(std::move(module)),
      symbols_(std::move(symbols)),
      result_count_(module_.main().results().size()),
      tier_(tier),
      is_whole_(whole),
      answered_(answered),
      budget_(memory_budget()),
      by_sizes_(kMostSizes) {
  for (Value result : module_.main().results()) has_inexact_result_ |= is_inexact(result.dtype());
  if (is_whole_ && !answered_) call_count_ = count_single_calls(module_);
}

Function::~Function() = default;

const runtime::Executable& Function::executable() {
  std::lock_guard lock(mutex_);
  BudgetScope budget(budget_);
  if (!executable_) {
    executable_ = compile(module_, module_.main(), symbols_, tier_,
                          answered_ ? Ask::nothing : asks_when_recorded(), terms_);
  }
  return *executable_;
}

const SingleCalls& Function::single_calls() {
  std::lock_guard lock(mutex_);
  if (!single_calls_) single_calls_ = std::make_unique<SingleCalls>(module_);
  return *single_calls_;
}

bool Function::guarded() { return executable().guarded(); }

namespace {

std::vector<int> indices(const Mask& mask) {
  std::vector<int> list;
  for (size_t i = 0; i < mask.size(); ++i) {
    if (mask[i]) list.push_back(static_cast<int>(i));
  }
  return list;
}

// A module with this one function as its first and only one.
Module alone(const Module& module, Func func) {
  Module only(module.context());
  only.facts() = module.facts();
  ValueMap map;
  Operation* copy = clone(*func.op(), map);
  copy->set_attr("name", Attribute::string(module.context(), "main"));
  only.body().append(copy);
  bring_functions(*copy, module, only);
  return only;
}

}  // namespace

Ask Function::asks_when_recorded() const {
  if (answered_) return Ask::rules;
  return is_whole_ ? Ask::kernels : Ask::kernels_of_any_size;
}

Module Function::again(const Recorded& recorded) const {
  Module work = alone(module_, module_.main());
  work.facts() = *recorded.facts;
  work.facts().set_asks(false);
  return work;
}

std::shared_ptr<Function> Function::backward(Module module) const {
  module.facts().set_asks(module_.facts().asks());
  return std::make_shared<Function>(name_ + " (backward)", std::move(module), symbols_, tier_,
                                    is_whole_, true);
}

Recorded& Function::recorded(const Mask& wanted, std::span<const int64_t> sizes) {
  std::lock_guard lock(mutex_);
  auto& slot = recorded_[wanted];
  if (slot) return *slot;
  BudgetScope budget(budget_);
  auto made = std::make_unique<Recorded>();
  Module work = alone(module_, module_.main());
  for (size_t i = 0; i < sizes.size(); ++i) work.facts().set_likely(symbols_[i], sizes[i]);
  std::vector<int> given;
  for (int i = 0; i < static_cast<int>(result_count_); ++i) {
    if (is_inexact(work.main().results()[static_cast<size_t>(i)].dtype())) given.push_back(i);
  }
  transform::Gradient gradient =
      transform::differentiate(work, work.main(), indices(wanted), given, symbols_);
  made->facts = std::make_unique<Facts>(work.facts());
  made->forward =
      compile(work, gradient.forward, symbols_, tier_, asks_when_recorded(), {}, made->facts.get());
  work.facts() = *made->facts;
  made->results = static_cast<int>(gradient.forward.results().size());
  made->residuals = gradient.residuals;
  made->wanted = wanted;
  auto returned = gradient.forward.results();
  for (const transform::Residual& r : gradient.residuals) {
    made->differentiable_extras |= r.from == transform::Residual::From::extra &&
                                   is_inexact(returned[static_cast<size_t>(r.index)].dtype());
  }
  auto first = std::make_unique<Derivative>();
  first->residuals = gradient.residuals;
  first->cotangents = gradient.cotangents;
  first->wanted = gradient.wanted;
  made->flows = !gradient.wanted.empty();
  first->backward = backward(alone(work, gradient.backward));
  Mask all(result_count_);
  for (int i : given) all[static_cast<size_t>(i)] = true;
  made->derivatives[{all, Mask(wanted.size())}] = std::move(first);
  slot = std::move(made);
  return *slot;
}

Derivative& Function::derivative(Recorded& recorded, const Mask& given, const Mask& summed) {
  std::lock_guard lock(mutex_);
  auto& slot = recorded.derivatives[{given, summed}];
  if (slot) return *slot;
  BudgetScope budget(budget_);
  Module work = again(recorded);
  transform::Gradient gradient = transform::differentiate(
      work, work.main(), indices(recorded.wanted), indices(given), symbols_, indices(summed));
  slot = std::make_unique<Derivative>();
  slot->cotangents = gradient.cotangents;
  slot->summed = gradient.summed;
  slot->wanted = gradient.wanted;
  // The forward saved what all cotangents together need; these are some of that.
  for (transform::Residual residual : gradient.residuals) {
    if (residual.from == transform::Residual::From::extra) {
      auto same = std::ranges::find_if(recorded.residuals, [&](const transform::Residual& r) {
        return r.from == residual.from && r.value == residual.value;
      });
      PROA_CHECK(same != recorded.residuals.end(), name_, ": a residual was not saved");
      residual.index = same->index;
    }
    slot->residuals.push_back(residual);
  }
  slot->backward = backward(alone(work, gradient.backward));
  return *slot;
}

Func add_whole(Module& work, const transform::Gradient& gradient) {
  std::vector<Type> types = gradient.forward.argument_types();
  size_t operands = types.size(), residuals = gradient.residuals.size();
  std::vector<Value> inner = gradient.backward.arguments();
  for (size_t i = residuals; i < inner.size(); ++i) types.push_back(inner[i].type());
  std::string name = "whole";  // one may be there: a call of the graph
  for (size_t i = work.funcs().size(); work.find(name); ++i) name = str("whole.", i);
  Func whole = work.add_func(name, types);
  std::vector<Value> outer = whole.arguments();
  ValueMap map;
  for (size_t i = 0; i < operands; ++i) map.set(gradient.forward.arguments()[i], outer[i]);
  clone_body(gradient.forward.body(), whole.body(), map, false);
  auto mapped = [&](Value v) {
    Value to = map.get(v);
    return to ? to : v;
  };
  for (size_t i = 0; i < residuals; ++i) {
    const transform::Residual& r = gradient.residuals[i];
    auto index = static_cast<size_t>(r.index);
    map.set(inner[i], r.from == transform::Residual::From::argument
                          ? outer[index]
                          : mapped(gradient.forward.results()[index]));
  }
  for (size_t i = residuals; i < inner.size(); ++i)
    map.set(inner[i], outer[operands + i - residuals]);
  clone_body(gradient.backward.body(), whole.body(), map, false);
  std::vector<Value> results;
  for (Value v : gradient.backward.results()) results.push_back(mapped(v));
  Builder(work, whole.body()).create_return(results);
  return whole;
}

Function& Function::whole(Recorded& recorded, Derivative& derivative, const Mask& given,
                          const Mask& summed) {
  std::lock_guard lock(mutex_);
  if (derivative.whole) return *derivative.whole;
  BudgetScope budget(budget_);
  Module work = again(recorded);
  transform::Gradient gradient = transform::differentiate(
      work, work.main(), indices(recorded.wanted), indices(given), symbols_, indices(summed));
  Module whole = alone(work, add_whole(work, gradient));
  // The forward also computed what its caller alone reads (the statistics that batch_norm learns).
  transform::remove_dead(whole);
  for (size_t i = 0; i < recorded.wanted.size(); ++i)
    derivative.whole_reads.push_back(!whole.main().body().argument(i).unused());
  derivative.whole = backward(std::move(whole));
  return *derivative.whole;
}

std::shared_ptr<Function> Function::find_at(std::span<const int64_t> sizes) {
  auto known = by_sizes_.find(hash_of(sizes), [&](const AtSizes& at) { return at.is(sizes); });
  return known ? known->function : nullptr;
}

std::shared_ptr<Function> Function::at(std::span<const int64_t> sizes) {
  if (std::shared_ptr<Function> known = find_at(sizes)) return known;
  Module fixed = module_.clone();
  replace_sizes(fixed, [&](Dim symbol) {
    auto at = std::ranges::find(symbols_, symbol);
    return at != symbols_.end() ? Dim(sizes[static_cast<size_t>(at - symbols_.begin())]) : symbol;
  });
  auto made = std::make_shared<AtSizes>();
  made->sizes.assign(sizes.begin(), sizes.end());
  made->function = std::make_shared<Function>(name_, std::move(fixed), std::vector<Dim>(), tier_,
                                              is_whole_, answered_);
  auto is = [&](const AtSizes& at) { return at.is(sizes); };
  return by_sizes_.insert(hash_of(sizes), is, std::move(made))->function;
}

namespace {

// A backward, which is called by what its forward saved, for sizes that its forward was called
// with. Its own gradient may need some of them as numbers, or be another one where they are 1.
void call_backward(Function& function, std::span<const Tensor> operands,
                   std::span<const int64_t> sizes, std::span<Tensor> results) {
  if (!records(function, operands)) return call(function, operands, sizes, results);
  std::shared_ptr<Function> fixed = function.find_at(sizes);
  if (fixed == nullptr) {
    try {
      if (try_call(function, operands, sizes, results)) return;
    } catch (const NeedStatic&) {}
    fixed = function.at(sizes);
  }
  try {
    call(*fixed, operands, {}, results);
  } catch (const NeedStatic& need) {  // a size that depends on values
    throw UserError(ErrorKind::not_supported, function.name(), "",
                    str("a gradient of its gradient is not known: ", need.message));
  }
}

// Memory that backward will read, and its place on the tape for derivatives of derivatives.
struct Saved {
  Array array;
  Edge edge;
  int output = -1;  // an output of the node itself: its place is (node, output)
  uint32_t version = 0;
};

class CallNode : public Node, public std::enable_shared_from_this<CallNode> {
 public:
  CallNode(uint64_t sequence, Function& function, Recorded& recorded,
           std::span<const int64_t> symbols)
      : Node(sequence),
        function_(function.shared_from_this()),
        recorded_(recorded),
        symbols_(symbols) {
    outputs = function.result_count();
  }

  std::string_view name() const override { return function_->name(); }
  bool serves_constants() const override { return !function_->is_whole(); }

  void holdings(Holdings& sum) const override {
    Node::holdings(sum);
    for (const Saved& saved : saved_) sum.add(saved.edge);
    for (const Saved& saved : operands_) sum.add(saved.edge);
    if (!taken_apart_.load(std::memory_order_acquire)) return;
    for (const Edge& edge : parts_) sum.add(edge);
  }

  // By the residuals of the forward, in their order.
  void save(Saved saved) {
    saved.version = saved.array.buffer->version();
    saved_.push_back(std::move(saved));
  }

  // All operands, where derivatives of the backward may need them.
  void save_operands(std::span<const Array> operands) {
    for (size_t i = 0; i < operands.size(); ++i) {
      operands_.push_back({operands[i], edges[i], -1, operands[i].buffer->version()});
    }
  }

  bool adds_to_sums() const override { return function_->is_whole(); }

  // `first`: of the places on the tape that its calls take when it is taken apart.
  void set_calls(uint64_t first) { first_call_ = first; }

  const std::vector<Edge>* parts(bool now) override {
    if (taken_apart_.load(std::memory_order_acquire)) return &parts_;
    if (!now || first_call_ == 0 || Capture::active() != nullptr) return nullptr;
    std::lock_guard lock(parts_mutex_);
    if (!taken_apart_.load(std::memory_order_relaxed)) take_apart();
    return &parts_;
  }

  void give_up(std::vector<std::shared_ptr<Node>>& doomed) override {
    Node::give_up(doomed);
    for (Edge& edge : parts_) {
      if (edge.node) doomed.push_back(std::move(edge.node));
    }
  }

  std::vector<Tensor> apply(std::vector<Tensor> cotangents, bool keep) override {
    std::vector<Tensor> sums;
    return apply_to_sums(std::move(cotangents), sums, keep);
  }

  std::vector<Tensor> apply_to_sums(std::vector<Tensor> cotangents, std::vector<Tensor>& sums,
                                    bool keep) override {
    require_saved();
    Mask given(cotangents.size());
    for (size_t i = 0; i < cotangents.size(); ++i) given[i] = static_cast<bool>(cotangents[i]);
    Mask summed(edges.size());
    for (size_t i = 0; i < sums.size(); ++i) summed[i] = static_cast<bool>(sums[i]);
    Derivative& derivative = function_->derivative(recorded_, given, summed);
    bool whole = grad_enabled() && recorded_.differentiable_extras;
    Function& backward =
        whole ? function_->whole(recorded_, derivative, given, summed) : *derivative.backward;
    std::vector<Tensor> operands;
    if (whole) {
      for (size_t i = 0; i < operands_.size(); ++i) {
        if (derivative.whole_reads[i]) require_unwritten(operands_[i]);
        operands.push_back(tensor_of(operands_[i]));
      }
    } else {
      for (const transform::Residual& residual : derivative.residuals)
        operands.push_back(unpack(residual));
    }
    for (int i : derivative.cotangents) operands.push_back(cotangents[static_cast<size_t>(i)]);
    for (int i : derivative.summed) operands.push_back(sums[static_cast<size_t>(i)]);
    std::vector<Tensor> results(derivative.wanted.size());
    call_backward(backward, operands, {symbols_.data(), symbols_.size()}, results);
    if (!keep) {
      saved_.clear();
      operands_.clear();
      freed_ = true;
    }
    std::vector<Tensor> out(edges.size());
    for (size_t i = 0; i < results.size(); ++i) {
      auto edge = static_cast<size_t>(derivative.wanted[i]);
      (edge < sums.size() && sums[edge] ? sums : out)[edge] = std::move(results[i]);
    }
    return out;
  }

 private:
  void require_saved() const {
    if (!freed_) return;
    throw UserError(
        ErrorKind::state, name(), "",
        "backward runs a second time over the same graph, whose saved values are freed; "
        "say retain_graph=True the first time");
  }

  // The calls run once more, onto the tape.
  void take_apart() {
    require_saved();
    Mask given(outputs), summed(edges.size());
    for (size_t i = 0; i < outputs; ++i)
      given[i] = is_inexact(function_->module().main().results()[i].dtype());
    Derivative& derivative = function_->derivative(recorded_, given, summed);
    function_->whole(recorded_, derivative, given, summed);
    std::vector<Tensor> operands;
    for (size_t i = 0; i < operands_.size(); ++i) {
      if (derivative.whole_reads[i]) require_unwritten(operands_[i]);
      operands.push_back(tensor_of(operands_[i]));
    }
    GradMode recording(true);
    SequenceScope places(first_call_);
    std::shared_ptr<Function> fixed =
        symbols_.empty() ? function_ : function_->at({symbols_.data(), symbols_.size()});
    std::vector<Edge> parts;
    for (const Tensor& result : fixed->single_calls().run(operands))
      parts.push_back(is_inexact(result.dtype()) ? result.impl()->edge.get() : Edge());
    parts_ = std::move(parts);
    move_watchers(*this, parts_);
    taken_apart_.store(true, std::memory_order_release);
  }

  Tensor unpack(const transform::Residual& residual) {
    for (size_t i = 0; i < recorded_.residuals.size(); ++i) {
      const transform::Residual& r = recorded_.residuals[i];
      if (r.from != residual.from || r.index != residual.index) continue;
      require_unwritten(saved_[i]);
      return tensor_of(saved_[i]);
    }
    throw InternalError(str(name(), ": a residual was not saved"));
  }

  void require_unwritten(const Saved& saved) const {
    if (saved.array.buffer->version() == saved.version) return;
    throw UserError(ErrorKind::state, name(), "",
                    str("a tensor that the gradient of '", name(),
                        "' needs was modified in place: ", "it was saved at version ",
                        saved.version, " and is at version ", saved.array.buffer->version(),
                        " now; write to a copy (x.clone()) instead"));
  }

  Tensor tensor_of(const Saved& saved) {
    Tensor tensor(saved.array);
    tensor.impl()->edge.set(saved.output >= 0 ? Edge{shared_from_this(), saved.output}
                                              : saved.edge);
    return tensor;
  }

  std::shared_ptr<Function> function_;
  Recorded& recorded_;  // of the function
  SmallVector<int64_t, 8> symbols_;
  std::vector<Saved> saved_, operands_;
  bool freed_ = false;
  uint64_t first_call_ = 0;  // 0: stays whole
  std::mutex parts_mutex_;
  std::atomic<bool> taken_apart_{false};
  std::vector<Edge> parts_;
};

}  // namespace

bool records(const Function& function, std::span<const Tensor> operands) {
  bool record = false;
  if (grad_enabled() && function.has_inexact_result()) {
    for (const Tensor& operand : operands) record |= operand && operand.requires_grad();
  }
  return record;
}

bool guards_hold(Function& function, std::span<const Tensor> operands,
                 std::span<const int64_t> symbols) {
  if (!records(function, operands)) {
    const runtime::Executable& plain = function.executable();
    return !plain.guarded() || plain.guards_hold(symbols);
  }
  Mask wanted(operands.size());
  for (size_t i = 0; i < operands.size(); ++i)
    wanted[i] = is_inexact(operands[i].dtype()) && edge_of(operands[i]).node != nullptr;
  const runtime::Executable& forward = *function.recorded(wanted, symbols).forward;
  return !forward.guarded() || forward.guards_hold(symbols);
}

namespace {

// A call that has no derivative: the results may be used, and whoever asks for a gradient through
// them is told why there is none.
class RefusalNode : public Node {
 public:
  RefusalNode(uint64_t sequence, Function& function, UserError reason)
      : Node(sequence), name_(function.name()), reason_(std::move(reason)) {
    outputs = function.result_count();
  }
  std::string_view name() const override { return name_; }
  std::vector<Tensor> apply(std::vector<Tensor>, bool) override { throw reason_; }

 private:
  std::string name_;
  UserError reason_;
};

// The recorded forward, or the reason why there is none.
Recorded* try_recorded(Function& function, const Mask& wanted, std::span<const int64_t> symbols,
                       std::optional<UserError>& reason) {
  try {
    return &function.recorded(wanted, symbols);
  } catch (const UserError& error) {
    if (error.kind() != ErrorKind::not_supported) throw;
    reason = error;
    return nullptr;
  }
}

}  // namespace

namespace {

// Whether the caller has seen to it that sizes satisfy what a forward with residuals needs.
enum class Guards : uint8_t { hold, check };

bool call_unwatched(Function& function, std::span<const Tensor> operands,
                    std::span<const int64_t> symbols, std::span<Tensor> results,
                    std::span<const int32_t> kept, Guards guards) {
  bool record = records(function, operands);
  std::vector<Array> inputs;
  inputs.reserve(operands.size());
  for (const Tensor& operand : operands) inputs.push_back(operand.array());
  if (!record) {
    std::vector<Array> outputs(results.size());
    function.executable().run(inputs, symbols, outputs, kept);
    for (size_t i = 0; i < results.size(); ++i) results[i] = Tensor(std::move(outputs[i]));
    return true;
  }
  Mask wanted(operands.size());
  std::vector<Edge> edges(operands.size());
  for (size_t i = 0; i < operands.size(); ++i) {
    if (!is_inexact(operands[i].dtype())) continue;
    edges[i] = edge_of(operands[i]);
    wanted[i] = edges[i].node != nullptr;
  }
  std::optional<UserError> reason;
  Recorded* found = try_recorded(function, wanted, symbols, reason);
  bool flows = std::ranges::any_of(
      edges, [](const Edge& edge) { return edge.node != nullptr && edge.node->flows; });
  if (found == nullptr) {
    std::vector<Array> outputs(results.size());
    function.executable().run(inputs, symbols, outputs, kept);
    auto node = std::make_shared<RefusalNode>(next_sequence(), function, *reason);
    for (size_t i = 0; i < results.size(); ++i) {
      results[i] = Tensor(std::move(outputs[i]));
      if (flows && is_inexact(results[i].dtype()))
        results[i].impl()->edge.set({node, static_cast<int>(i)});
    }
    node->edges = std::move(edges);
    return true;
  }
  Recorded& recorded = *found;
  if (guards == Guards::check && recorded.forward->guarded() &&
      !recorded.forward->guards_hold(symbols)) {
    return false;
  }
  std::vector<Array> outputs(static_cast<size_t>(recorded.results));
  recorded.forward->run(inputs, symbols, outputs);
  size_t calls = function.call_count();
  // Behind its calls, and one for each argument that is given back.
  uint64_t first = calls == 0 ? 0 : reserve_sequences(calls + results.size() + 1);
  auto node = std::make_shared<CallNode>(
      calls == 0 ? next_sequence() : first + calls + results.size(), function, recorded, symbols);
  node->set_calls(first);
  node->flows = flows && recorded.flows;
  for (size_t i = 0; i < results.size(); ++i) {
    results[i] = Tensor(outputs[i]);
    if (is_inexact(results[i].dtype())) results[i].impl()->edge.set({node, static_cast<int>(i)});
  }
  for (const transform::Residual& residual : recorded.residuals) {
    auto index = static_cast<size_t>(residual.index);
    switch (residual.from) {
      case transform::Residual::From::argument:
        node->save({inputs[index], edges[index], -1});
        break;
      case transform::Residual::From::result:
        node->save({outputs[index], {}, residual.index});
        break;
      case transform::Residual::From::extra: node->save({outputs[index], {}, -1}); break;
    }
  }
  node->edges = std::move(edges);
  if (recorded.differentiable_extras || calls != 0) node->save_operands(inputs);
  return true;
}

// Somebody wants to know how long the call takes, or whether its results are finite.
bool call_watched(Function& function, std::span<const Tensor> operands,
                  std::span<const int64_t> symbols, std::span<Tensor> results,
                  std::span<const int32_t> kept, Guards guards) {
  std::vector<Array> inputs, outputs;
  for (const Tensor& operand : operands) inputs.push_back(operand.array());
  runtime::Event event{.name = function.name(), .location = runtime::user_place()};
  bool finite = (runtime::watched() & runtime::kWatchFinite) != 0;
  if (finite && function.is_whole()) {
    require_finite(function.module(), function.module().main(), inputs, function.symbols(),
                   symbols);
  }
  event.begin = runtime::now_ns();
  if (!call_unwatched(function, operands, symbols, results, kept, guards)) return false;
  event.end = runtime::now_ns();
  for (const Tensor& result : results) {
    if (result) outputs.push_back(result.array());
  }
  if (finite && !function.is_whole())
    require_finite(function.name(), inputs, outputs, event.location);
  if (!(runtime::watched() & runtime::kWatchTime)) return true;
  for (const std::vector<Array>* arrays : {&inputs, &outputs}) {
    for (const Array& array : *arrays)
      event.bytes += array.elements() * static_cast<int64_t>(size_of(array.dtype));
  }
  runtime::tell(std::move(event));
  return true;
}

bool call(Function& function, std::span<const Tensor> operands, std::span<const int64_t> symbols,
          std::span<Tensor> results, std::span<const int32_t> kept, Guards guards) {
  if (runtime::watched() & (runtime::kWatchTime | runtime::kWatchFinite)) [[unlikely]]
    return call_watched(function, operands, symbols, results, kept, guards);
  return call_unwatched(function, operands, symbols, results, kept, guards);
}

}  // namespace

void call(Function& function, std::span<const Tensor> operands, std::span<const int64_t> symbols,
          std::span<Tensor> results, std::span<const int32_t> kept) {
  call(function, operands, symbols, results, kept, Guards::hold);
}

bool try_call(Function& function, std::span<const Tensor> operands,
              std::span<const int64_t> symbols, std::span<Tensor> results) {
  return call(function, operands, symbols, results, {}, Guards::check);
}

}  // namespace proa::eager
