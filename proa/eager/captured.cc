#include "proa/eager/captured.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "proa/base/environment.h"
#include "proa/base/error.h"
#include "proa/eager/budget.h"
#include "proa/eager/traced.h"
#include "proa/ir/dialect.h"
#include "proa/ir/need_extents.h"
#include "proa/ir/page.h"
#include "proa/ir/rules.h"
#include "proa/ir/symbol/facts.h"
#include "proa/tier/compiled.h"

namespace proa::eager {

using namespace ir;

namespace {

// What a result of a graph that is closed to gradients has as its place on the tape.
class ClosedNode : public Node {
 public:
  ClosedNode(std::string name, std::string why)
      : Node(next_sequence()), name_(std::move(name)), why_(std::move(why)) {}
  std::string_view name() const override { return name_; }
  std::vector<Tensor> apply(std::vector<Tensor>, bool) override {
    throw UserError(ErrorKind::state, name_, "",
                    str("no gradient flows through this captured function: ", why_,
                        "; take the gradient inside too, or leave both to the caller"));
  }

 private:
  std::string name_, why_;
};

bool one_place(const Tensor& a, const Tensor& b) {
  return a.array().data == b.array().data && a.array().strides == b.array().strides;
}

std::vector<int64_t> hooks_of(const Tensor& tensor) {
  std::vector<int64_t> handles;
  if (!tensor) return handles;
  std::lock_guard lock(tape_lock);
  if (!tensor.impl()->hooks) return handles;
  for (const auto& [handle, hook] : *tensor.impl()->hooks) handles.push_back(handle);
  return handles;
}

// What a guard says is 1 becomes a number: rules and kernels then leave it out.
void require_ones(Facts& facts, std::span<const Dim> symbols) {
  std::vector<Dim> ones;
  for (Dim symbol : symbols) {
    if (facts.simplify(symbol).is_const(1)) ones.push_back(symbol);
  }
  if (!ones.empty()) throw NeedExtents{"an extent of 1", ones};
}

bool has_value(const CaptureEffect& effect) {
  return effect.kind != CaptureEffect::Kind::clear_grad;
}

}  // namespace

Captured::Captured(const CaptureRequest& request, const CaptureBody& body)
    : tensors_(request.tensors.size()) {
  Context& c = context();
  Module module(c);
  std::vector<Type> types;
  std::vector<Dim> symbols, ints;
  std::vector<int64_t> likely;
  for (size_t i = 0; i < tensors_; ++i) {
    std::vector<Dim> dims;
    auto extents = request.tensors[i].dims();
    for (size_t a = 0; a < extents.size(); ++a) {
      if (i < request.fixed.size() && request.fixed[i][a]) {
        dims.emplace_back(extents[a]);
        continue;
      }
      symbols.push_back(c.symbols().symbol(str("s", symbols.size())));
      likely.push_back(extents[a]);
      symbols_.emplace_back(i, a);
      dims.push_back(symbols.back());
    }
    types.push_back(Type::tensor(c, request.tensors[i].dtype(), dims));
  }
  for (size_t i = 0; i < request.floats.size(); ++i)
    types.push_back(Type::tensor(c, DType::f64, {}));
  for (int64_t number : request.ints) {
    ints.push_back(c.symbols().symbol(str("n", ints.size())));
    symbols.push_back(ints.back());
    likely.push_back(number);
  }
  Func func = module.add_func("main", types);
  for (size_t i = 0; i < symbols.size(); ++i) module.facts().set_likely(symbols[i], likely[i]);
  module.facts().set_asks(request.asks);
  {
    TraceScope tracing;
    FunctionCapture capture(module, func, request.locate);
    capture.set_optional_grads(request.optional_grads);
    std::vector<Tensor> tensors, floats;
    for (size_t i = 0; i < types.size(); ++i) {
      bool is_float = i >= tensors_;
      (is_float ? floats : tensors)
          .push_back(capture.argument(i, is_float ? Tensor() : request.tensors[i]));
    }
    std::vector<Tensor> results = body(tensors, floats, ints);
    std::vector<Value> values;
    for (const Tensor& result : results) {
      values.push_back(capture.value(result, request.name, "result"));
      tracked_.push_back(result.requires_grad());
    }
    results_ = results.size();
    if (!request.optional_grads && capture.leaves_grads()) return;
    effects_ = capture.effects();
    for (const CaptureEffect& effect : effects_) {
      if (!has_value(effect)) continue;
      values.push_back(effect.value);
      bool argument = effect.argument >= 0 && effect.kind == CaptureEffect::Kind::write;
      tracked_.push_back(argument && tensors[static_cast<size_t>(effect.argument)].requires_grad());
    }
    slots_ = capture.slots();
    without_grad_ = capture.without_grad();
    closed_ = capture.closed();
    taped_ = capture.taped();
    random_calls_ = capture.random_calls();
    capture.builder().create_return(values);
  }
  for (CaptureEffect& effect : effects_) effect.value = {};
  if (request.asks) require_ones(module.facts(), {symbols.data(), symbols_.size()});
  function_ = std::make_shared<Function>(request.name, std::move(module), symbols,
                                         tier::captured_tier(), true);
  describe_arguments();
  if (taped_) {
    for (const Tensor& t : request.tensors) hooks_.push_back(hooks_of(t));
    for (const CaptureSlot& slot : slots_) hooks_.push_back(hooks_of(slot.tensor));
  }
  function_->set_terms({find_donations(), find_held()});
  function_->executable();  // what a rule cannot do with symbols shows here
}

void Captured::describe_arguments() {
  Func func = module().main();
  for (Value argument : func.arguments()) {
    auto& extents = extents_.emplace_back();
    for (Dim dim : argument.dims()) extents.push_back(dim.as_const().value_or(-1));
    dtypes_.push_back(argument.dtype());
  }
  for (const Operation& op : func.body()) operations_ += op.info().has(Trait::terminator) ? 0 : 1;
}

Captured::Captured(CapturedParts parts)
    : tensors_(parts.tensors),
      results_(parts.results),
      slots_(std::move(parts.slots)),
      effects_(std::move(parts.effects)),
      tracked_(std::move(parts.tracked)),
      random_calls_(parts.random_calls) {
  auto require = [&](bool holds, std::string_view what) {
    if (!holds) throw UserError(ErrorKind::value, parts.name, "", str("a graph with ", what));
  };
  require(!parts.module.funcs().empty(), "no function");
  std::vector<Type> arguments = parts.module.main().argument_types();
  std::vector<Type> results = parts.module.main().result_types();
  require(arguments.size() == tensors_ + slots_.size(), "another number of inputs");
  require(results.size() == results_ + effects_.size() && results.size() == tracked_.size(),
          "another number of results");
  std::vector<Dim> symbols;
  for (size_t i = 0; i < arguments.size(); ++i) {
    require(arguments[i].is_tensor(), "an input that is no tensor");
    require(i < tensors_ || arguments[i].is_static(), "a parameter whose size varies");
    for (size_t a = 0; i < tensors_ && a < arguments[i].dims().size(); ++a) {
      Dim dim = arguments[i].dims()[a];
      if (dim.is_const()) continue;
      bool fresh = std::ranges::find(symbols, dim) == symbols.end();
      require(dim.is_symbol() && fresh, "sizes of inputs that are no symbols of their own");
      symbols.push_back(dim);
      symbols_.emplace_back(i, a);
    }
  }
  for (size_t i = 0; i < effects_.size(); ++i) {
    Type type = results[results_ + i];
    const Tensor& target = effects_[i].tensor;
    bool fits = target && type.is_tensor() && type.dtype() == target.dtype() &&
                static_cast<size_t>(type.rank()) == target.dims().size();
    for (size_t a = 0; fits && a < target.dims().size(); ++a)
      fits = type.dims()[a].is_const(target.dims()[a]);
    require(fits, "a result that does not fit the tensor it is written to");
  }
  function_ = std::make_shared<Function>(parts.name, std::move(parts.module), symbols,
                                         tier::captured_tier(), true);
  describe_arguments();
  function_->set_terms({find_donations(), find_held()});
}

std::string Captured::beyond_a_file() const {
  if (taped_ || !closed_.empty() || !without_grad_.empty()) return "it takes gradients";
  for (const CaptureSlot& slot : slots_) {
    if (slot.argument >= 0 || slot.kind == CaptureSlot::Kind::number ||
        slot.kind == CaptureSlot::Kind::grad) {
      return "it reads gradients, or numbers that each call asks Python for";
    }
  }
  for (const CaptureEffect& effect : effects_) {
    if (effect.argument >= 0) return "it writes into an argument";
    if (effect.kind != CaptureEffect::Kind::write && effect.kind != CaptureEffect::Kind::assign) {
      return "it sets gradients";
    }
  }
  for (Type type : module().main().argument_types()) {
    if (!type.is_tensor()) return "it takes what is no tensor";
  }
  std::string host;
  for (Func func : module().funcs()) {
    func.op()->walk([&](const Operation* op) {
      if (!host.empty() || !op->is("prim.custom_call")) return;
      host = "it calls Python (host_call";
      if (op->location().storage()) host += str(", ", to_string(op->location()));
      host += "), which a file cannot have; leave that out of the function that is stored";
    });
  }
  if (!host.empty()) return host;
  return "";
}

// An input that is written has its new value's form, so that both may be one memory.
std::vector<std::pair<int32_t, int32_t>> Captured::find_donations() {
  std::vector<std::pair<int32_t, int32_t>> pairs;
  auto output = static_cast<int32_t>(results_);
  size_t first_slot = extents_.size() - slots_.size();
  auto results = function_->module().main().results();
  auto arguments = function_->module().main().arguments();
  std::unordered_map<const void*, std::vector<size_t>> slots_of;  // by tensor
  for (size_t k = 0; k < slots_.size(); ++k) slots_of[slots_[k].tensor.impl()].push_back(k);
  std::unordered_set<int32_t> paired;
  for (const CaptureEffect& effect : effects_) {
    if (!has_value(effect)) continue;
    bool of_grad = effect.kind == CaptureEffect::Kind::set_grad ||
                   effect.kind == CaptureEffect::Kind::write_grad;
    auto wanted = of_grad ? CaptureSlot::Kind::grad : CaptureSlot::Kind::tensor;
    int32_t input = of_grad ? -1 : effect.argument;
    auto of = slots_of.find(effect.tensor.impl());
    if (of != slots_of.end() && input < 0) {
      auto same = std::ranges::find_if(of->second, [&](size_t k) {
        return slots_[k].kind == wanted && slots_[k].argument == effect.argument;
      });
      if (same != of->second.end()) input = static_cast<int32_t>(first_slot + *same);
    }
    bool fits = input >= 0 && arguments[static_cast<size_t>(input)].type() ==
                                  results[static_cast<size_t>(output)].type();
    if (fits && paired.insert(input).second) {
      pairs.emplace_back(input, output);
      donations_.push_back({input, output, effect.kind});
    }
    ++output;
  }
  return pairs;
}

// Weights and the like, where the function leaves them as they are. Foreign memory can be written
// by its owner at any time, and nothing tells. Who counts bytes wants no second copy of weights.
std::vector<int32_t> Captured::find_held() const {
  std::vector<int32_t> held;
  if (!environment_switch("PROA_KEEP_WEIGHTS", true) || memory_budget() > 0) return held;
  size_t first_slot = extents_.size() - slots_.size();
  std::unordered_set<const void*> written;
  for (const CaptureEffect& effect : effects_) {
    if (effect.argument < 0 && effect.tensor) written.insert(effect.tensor.impl());
  }
  for (size_t k = 0; k < slots_.size(); ++k) {
    const CaptureSlot& slot = slots_[k];
    if (slot.kind != CaptureSlot::Kind::tensor || !slot.tensor ||
        slot.tensor.array().buffer->is_foreign())
      continue;
    if (!written.contains(slot.tensor.impl())) held.push_back(static_cast<int32_t>(first_slot + k));
  }
  return held;
}

// A tensor that takes new memory leaves the old one to whoever else has it: a view, a detached
// tensor, an array of NumPy, what the tape saved. One that is written in place does not, and others
// see it.
std::vector<int32_t> Captured::kept(std::span<const Tensor> inputs) const {
  std::vector<int32_t> kept;
  if (donations_.empty()) return kept;
  bool recorded = grad_enabled() && closed_.empty() && records(*function_, inputs);
  std::vector<const runtime::Buffer*> buffers;
  for (const Tensor& input : inputs) buffers.push_back(input.array().buffer.get());
  std::ranges::sort(buffers);
  for (size_t i = 0; i < donations_.size(); ++i) {
    const Tensor& input = inputs[static_cast<size_t>(donations_[i].input)];
    const runtime::BufferRef& buffer = input.array().buffer;
    bool free = !recorded && buffer->writable();
    if (donations_[i].kind == CaptureEffect::Kind::assign ||
        donations_[i].kind == CaptureEffect::Kind::set_grad)
      free &= buffer->is_unique() && !input.impl()->view;
    // The .grad itself may be in other hands: it and `input` are two.
    if (donations_[i].kind == CaptureEffect::Kind::set_grad)
      free &= input.impl()->references.load(std::memory_order_acquire) == 2;
    if (free) {
      auto same = std::ranges::equal_range(buffers, buffer.get());
      free = same.size() == 1;
    }
    if (!free) kept.push_back(static_cast<int32_t>(i));
  }
  return kept;
}

bool Captured::fits(const Tensor& tensor, size_t argument) const {
  const auto& extents = extents_[argument];
  if (tensor.dtype() != dtypes_[argument] || tensor.dims().size() != extents.size()) return false;
  for (size_t a = 0; a < extents.size(); ++a) {
    if (extents[a] >= 0 && extents[a] != tensor.dims()[a]) return false;
  }
  return true;
}

namespace {

const Tensor& target_of(int argument, const Tensor& outside, std::span<const Tensor> tensors) {
  return argument >= 0 ? tensors[static_cast<size_t>(argument)] : outside;
}

// What may be added to anything to no effect.
Tensor neutral(const Tensor& like) {
  NoGrad no_grad;
  return call1("tensor.full_like", {like.detach()}, {{"fill_value", -0.0}});
}

}  // namespace

std::vector<Tensor> Captured::gather(std::span<const Tensor> tensors,
                                     std::span<const double> floats) const {
  std::vector<Tensor> inputs(tensors.begin(), tensors.end());
  for (double number : floats) inputs.push_back(scalar(DType::f64, number));
  for (const CaptureSlot& slot : slots_) {
    switch (slot.kind) {
      case CaptureSlot::Kind::tensor: inputs.push_back(slot.tensor); break;
      case CaptureSlot::Kind::key: inputs.push_back(random_key(0)); break;
      case CaptureSlot::Kind::number: inputs.push_back(scalar(DType::f64, 0)); break;
      case CaptureSlot::Kind::grad:
        inputs.push_back(grad_of(*target_of(slot.argument, slot.tensor, tensors).impl()));
        if (!inputs.back() && slot.optional)
          inputs.back() = neutral(target_of(slot.argument, slot.tensor, tensors));
        break;
    }
  }
  return inputs;
}

std::string Captured::misfit(std::span<const Tensor> inputs, std::span<const Tensor> tensors,
                             std::span<const int64_t> sizes) {
  if (inputs.size() != extents_.size()) return "another number of floats";
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i]) return "a gradient that was there is None";
    if (!fits(inputs[i], i))
      return i < tensors_ ? "another size of an argument" : "another form of a tensor from outside";
  }
  for (const CaptureSlot& slot : without_grad_) {
    if (grad_of(*target_of(slot.argument, slot.tensor, tensors).impl()))
      return "a gradient that was None is there";
  }
  for (const CaptureSlot& slot : slots_) {
    if (!taped_ || slot.kind != CaptureSlot::Kind::tensor) continue;
    if (slot.tracked != slot.tensor.requires_grad() || slot.leaf != slot.tensor.is_leaf())
      return "stop_gradient of a tensor from outside changed";
  }
  for (size_t i = 0; i < hooks_.size(); ++i) {
    const Tensor& t = i < tensors_ ? tensors[i] : slots_[i - tensors_].tensor;
    if (hooks_of(t) == hooks_[i]) continue;
    return i < tensors_ ? "a hook on the gradient of an argument was added or removed"
                        : "a hook on the gradient of a tensor from outside was added or removed";
  }
  std::string_view reason = "a guard on sizes does not hold";
  if (!closed_.empty()) {
    NoGrad no_grad;
    return std::string(guards_hold(*function_, inputs, sizes) ? "" : reason);
  }
  bool recording = grad_enabled() &&
                   std::ranges::any_of(inputs, [](const Tensor& t) { return t.requires_grad(); });
  if (recording && gradient_by_extents_) return "the gradient needs extents as numbers";
  try {
    return std::string(guards_hold(*function_, inputs, sizes) ? "" : reason);
  } catch (const NeedStatic&) {
    gradient_by_extents_ = true;
    throw;
  }
}

// Results never share memory with inputs or with each other, and can be written. Those that have
// the memory of what they are written to stay there.
void Captured::own_memory(std::span<const Tensor> inputs, std::span<Tensor> made) const {
  std::unordered_set<const runtime::Buffer*> seen;
  for (const Tensor& input : inputs) seen.insert(input.array().buffer.get());
  std::unordered_set<const TensorImpl*> settled;
  for (const Donation& pair : donations_) {
    const Tensor& result = made[static_cast<size_t>(pair.output)];
    if (one_place(result, inputs[static_cast<size_t>(pair.input)])) settled.insert(result.impl());
  }
  for (Tensor& result : made) {
    if (settled.contains(result.impl())) continue;
    Array& array = result.impl()->array;
    if (seen.insert(array.buffer.get()).second && can_be_written(array)) continue;
    Array copy = Array::dense(array.dims, array.dtype);
    runtime::copy(array, copy);
    array = std::move(copy);
    seen.insert(array.buffer.get());
  }
}

void Captured::apply(const CaptureEffect& effect, std::span<const Tensor> tensors,
                     const Tensor& made) const {
  const Tensor& target = target_of(effect.argument, effect.tensor, tensors);
  // What flows on is recorded; what the function wrote off the tape is off it here too.
  GradMode mode(grad_enabled() && closed_.empty() && made && made.requires_grad());
  auto take = [&](const Tensor& into, const Tensor& from) {
    one_place(into, from) ? into.array().buffer->bump_version()
                          : write(into, from, function_->name());
  };
  switch (effect.kind) {
    case CaptureEffect::Kind::write: take(target, made); break;
    case CaptureEffect::Kind::assign: assign(target, made); break;
    case CaptureEffect::Kind::set_grad: target.set_grad(made); break;
    case CaptureEffect::Kind::write_grad:
      target.grad() ? take(target.grad(), made) : target.set_grad(made);
      break;
    case CaptureEffect::Kind::clear_grad: target.set_grad({}); break;
  }
}

std::string Captured::run(std::span<const Tensor> tensors, std::span<const double> floats,
                          std::span<const int64_t> ints, Numbers numbers,
                          std::vector<Tensor>& results) {
  if (tensors.size() != tensors_) return "another number of tensors";
  std::vector<Tensor> inputs = gather(tensors, floats);
  SmallVector<int64_t, 16> list;
  for (auto [tensor, axis] : symbols_) {
    if (axis >= tensors[tensor].dims().size()) return "another rank of an argument";
    list.push_back(tensors[tensor].dims()[axis]);
  }
  for (int64_t number : ints) list.push_back(number);
  std::span<const int64_t> sizes(list.data(), list.size());
  if (std::string reason = misfit(inputs, tensors, sizes); !reason.empty()) return reason;
  std::unordered_map<const runtime::Buffer*, int> users;
  for (const CaptureEffect& effect : effects_) {
    if (effect.kind != CaptureEffect::Kind::write) continue;
    if (users.empty()) {
      for (const Tensor& input : inputs) ++users[input.array().buffer.get()];
    }
    const Tensor& target = target_of(effect.argument, effect.tensor, tensors);
    if (users[target.array().buffer.get()] == 1) continue;
    throw UserError(ErrorKind::not_supported, function_->name(), "",
                    "the function writes into a tensor that shares memory with another one that "
                    "it reads; give it a copy (x.clone())");
  }
  std::vector<double> now = numbers();
  size_t next = 0;
  for (size_t k = 0; k < slots_.size(); ++k) {
    Tensor& input = inputs[inputs.size() - slots_.size() + k];
    if (slots_[k].kind == CaptureSlot::Kind::key) input = random_key(random_calls_);
    if (slots_[k].kind == CaptureSlot::Kind::number) {
      PROA_CHECK(next < now.size(), "a number of a captured function is missing");
      input = scalar(DType::f64, now[next++]);
    }
  }
  std::vector<Tensor> made(tracked_.size());
  {
    GradMode mode(grad_enabled() && closed_.empty());
    call(*function_, inputs, sizes, made, kept(inputs));
  }
  own_memory(inputs, made);
  bool recording = grad_enabled();
  std::shared_ptr<Node> node;
  for (size_t i = 0; i < made.size(); ++i) {
    if (!tracked_[i]) {
      made[i].impl()->edge.set({});
    } else if (!closed_.empty() && recording && is_inexact(made[i].dtype())) {
      if (!node) node = std::make_shared<ClosedNode>(function_->name(), closed_);
      made[i].impl()->edge.set({node, 0});
    }
  }
  size_t at = results_;
  for (const CaptureEffect& effect : effects_)
    apply(effect, tensors, has_value(effect) ? made[at++] : Tensor());
  made.resize(results_);
  results = std::move(made);
  return {};
}

std::vector<std::string> Captured::guards() const {
  std::vector<std::string> texts;
  for (const Guard& guard : module().facts().guards())
    texts.push_back(guard.message.empty() ? to_string(guard)
                                          : str(to_string(guard), "  # ", guard.message));
  return texts;
}

std::vector<std::string> Captured::argument_types() const {
  std::vector<std::string> texts;
  for (Type type : module().main().argument_types()) texts.push_back(to_string(type));
  return texts;
}

}  // namespace proa::eager
