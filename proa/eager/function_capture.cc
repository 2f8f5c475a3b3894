#include "proa/eager/function_capture.h"

#include <algorithm>
#include <mutex>

#include "proa/base/error.h"
#include "proa/eager/captured_node.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/rules.h"
#include "proa/ir/symbol/facts.h"
#include "proa/ops/expr.h"

namespace proa::eager {

using namespace ir;

namespace {

// A tensor that the function got from outside and that a call there has computed.
class OuterNode : public Node {
 public:
  OuterNode() : Node(1) {}  // older than all that is captured
  std::string_view name() const override { return "outside of the captured function"; }
  std::vector<Tensor> apply(std::vector<Tensor>, bool) override {
    throw UserError(ErrorKind::not_supported, "backward", "",
                    "inside of a captured function it reaches a tensor that was computed outside "
                    "with a gradient; give x.detach(), or call backward() outside");
  }
};

AttrList without_segments(const AttrList& given) {
  AttrList attrs;
  for (const NamedAttr& attr : given.items()) {
    if (attr.name.view() != "segments") attrs.set(attr.name, attr.value());
  }
  return attrs;
}

// By the primitive: to the operator a size of 0 says that the axis stays.
Tensor reshaped(const Tensor& x, std::span<const Dim> dims) {
  return call1("prim.reshape", {x}, {{"shape", std::vector<Dim>(dims.begin(), dims.end())}});
}

}  // namespace

FunctionCapture::FunctionCapture(Module& module, Func func, Locate locate)
    : Capture(module, func.body(), locate), func_(func) {
  set_autocast(outer_autocast());  // a guard of the capture, not off as in an operator
}

FunctionCapture* FunctionCapture::active() {
  return dynamic_cast<FunctionCapture*>(Capture::active());
}

void FunctionCapture::refuse(ErrorKind kind, std::string_view op, std::string_view what) {
  throw UserError(kind, op, "", str(what, where()));
}

size_t FunctionCapture::add_slot(CaptureSlot slot, Type type) {
  slots_.push_back(std::move(slot));
  values_.push_back(func_.body().add_argument(type));
  written_.push_back(false);
  return slots_.size() - 1;
}

Tensor FunctionCapture::argument(size_t index, const Tensor& original) {
  Tensor made = tensor(func_.body().argument(index));
  if (original) {
    made.impl()->collects = original.requires_grad();
    std::lock_guard lock(tape_lock);
    if (const auto& hooks = original.impl()->hooks; hooks && !hooks->empty())
      made.impl()->hooks = std::make_unique<std::vector<std::pair<int64_t, Hook>>>(*hooks);
    originals_.emplace(made.impl(), std::pair(static_cast<int>(index), original));
  }
  return made;
}

Tensor FunctionCapture::number() {
  size_t k = add_slot({.kind = CaptureSlot::Kind::number},
                      Type::tensor(builder().context(), DType::f64, {}));
  return tensor(values_[k]);
}

Value FunctionCapture::outside(const Tensor& tensor, std::string_view, std::string_view) {
  auto at = index_.find(tensor.impl());
  if (at == index_.end()) {
    std::vector<Dim> dims(tensor.dims().begin(), tensor.dims().end());
    size_t k =
        add_slot({CaptureSlot::Kind::tensor, tensor, -1, tensor.requires_grad(), tensor.is_leaf()},
                 Type::tensor(builder().context(), tensor.dtype(), dims));
    at = index_.emplace(tensor.impl(), k).first;
  }
  return values_[at->second];
}

Value FunctionCapture::value(const Tensor& tensor, std::string_view op, std::string_view argument) {
  freshen(tensor);
  return imported(current(Capture::value(tensor, op, argument)), tensor);
}

void FunctionCapture::replace(Value before, Value after) {
  before.replace_uses(after);
  replaced_[before.impl()] = after;
}

Value FunctionCapture::current(Value value) const {
  for (auto at = replaced_.find(value.impl()); at != replaced_.end();
       at = replaced_.find(value.impl()))
    value = at->second;
  return value;
}

bool FunctionCapture::from_outside(const Tensor& tensor) const {
  return tensor.impl()->captured == nullptr || originals_.contains(tensor.impl());
}

// Calls

std::vector<Tensor> FunctionCapture::apply(const OpInfo& op, std::span<const Tensor> operands,
                                           const AttrList& attrs,
                                           std::span<const int64_t> segments) {
  std::vector<Tensor> results = Capture::call(op, operands, attrs, segments);
  track(results, operands);
  return results;
}

void FunctionCapture::track(std::vector<Tensor>& results, std::span<const Tensor> operands) {
  track(results, operands, [&]() -> std::shared_ptr<Node> {
    Operation* op = Value(results[0].impl()->captured).definer();
    return std::make_shared<CapturedNode>(*this, op, operands);
  });
}

void FunctionCapture::track(std::vector<Tensor>& results, std::span<const Tensor> operands,
                            FunctionRef<std::shared_ptr<Node>()> made) {
  auto wants = [](const Tensor& t) { return t.requires_grad(); };
  auto flows = [](const Tensor& t) { return is_inexact(t.dtype()); };
  if (!std::ranges::any_of(operands, wants) || !std::ranges::any_of(results, flows)) return;
  std::shared_ptr<Node> node = inside_;
  if (grad_enabled() && !in_region()) node = made();
  for (size_t i = 0; i < results.size(); ++i) {
    if (!flows(results[i])) continue;
    if (grad_enabled()) {
      results[i].impl()->edge.set({node, in_region() ? 0 : static_cast<int>(i)});
    } else {
      results[i] = stopped(results[i]);
    }
  }
}

std::vector<Tensor> FunctionCapture::call(const OpInfo& op, std::span<const Tensor> operands,
                                          const AttrList& attrs,
                                          std::span<const int64_t> segments) {
  std::vector<Tensor> results = apply(op, operands, attrs, segments);
  for (size_t i = 0; i < results.size(); ++i) {
    for (const AliasSpec& alias : op.page->alias) {
      bool own = alias.result == static_cast<int>(i) || op.page->results < 0;
      if (alias.view && own && !operands.empty()) link(results[i], operands[0]);
    }
  }
  return results;
}

// Call k of a random operator has the generator's number as the function was called, plus k.
Tensor FunctionCapture::random_key(std::string_view name) {
  if (decided_by_a_tensor()) {
    refuse(ErrorKind::not_supported, name,
           "random numbers are drawn where a tensor decides whether to: the number of draws would "
           "not be known; draw before the branch or loop");
  }
  if (in_backward()) {
    refuse(ErrorKind::not_supported, name,
           "random numbers are drawn in a backward that is written in Python: which draw of the "
           "function that is would not be known; draw in the forward and save them");
  }
  if (!key_) {
    Dim two = 2;
    size_t k = add_slot({.kind = CaptureSlot::Kind::key},
                        Type::tensor(builder().context(), DType::i64, {&two, 1}));
    key_ = tensor(values_[k]);
  }
  int64_t dims[1] = {2}, words[2] = {0, random_calls_++};
  return call1("tensor.add", {key_, constant(from_data(dims, DType::i64, words))});
}

void FunctionCapture::reading() {
  throw UserError(ErrorKind::not_supported, "to_static", "",
                  str("the value of a tensor is read in Python", where(),
                      ": a captured function has no values yet. Say it by operators such as "
                      "where(), or do it outside of the captured function"));
}

// Seen from outside a derivative ends here. Where none flows through it is the value itself.
Tensor FunctionCapture::stopped(const Tensor& tensor) {
  if (!closed_.empty()) return same(tensor);
  const OpInfo& op = builder().context().op("tensor.stop_gradient");
  int64_t one[1] = {1};
  return Capture::call(op, {&tensor, 1}, {}, one)[0];
}

Tensor FunctionCapture::same(const Tensor& given) { return tensor(value(given)); }

Tensor FunctionCapture::detach(const Tensor& tensor) {
  Tensor made = stopped(tensor);
  link(made, tensor);
  views_[made.impl()].detached = true;
  return made;
}

// Views and writes

void FunctionCapture::link(const Tensor& result, const Tensor& of) {
  Value from = value(of);
  views_[result.impl()] = {of, from, current(Value(result.impl()->captured)),
                           writes_[base_of(of).impl()]};
}

Tensor FunctionCapture::base_of(const Tensor& tensor) const {
  Tensor base = tensor;
  for (auto at = views_.find(base.impl()); at != views_.end(); at = views_.find(base.impl()))
    base = at->second.parent;
  return base;
}

// The operations that lead from the parent to the view, in order. Empty: they are one.
std::vector<Operation*> FunctionCapture::path_of(const View& view) {
  std::vector<Operation*> path;
  Value from = current(view.from);
  for (Value at = current(view.to); at != from; at = current(at.definer()->operand(0))) {
    PROA_CHECK(at.definer() != nullptr, "a view that does not come from its parent");
    path.push_back(at.definer());
  }
  std::ranges::reverse(path);
  return path;
}

// The same look at another tensor.
Tensor FunctionCapture::replay(const View& view, Tensor x) {
  std::vector<Operation*> path = path_of(view);
  for (size_t i = 0; i < path.size(); ++i) {
    Value out = i + 1 < path.size() ? path[i + 1]->operand(0) : current(view.to);
    auto index = static_cast<size_t>(out.index());
    x = apply(path[i]->info(), {&x, 1}, without_segments(path[i]->attrs()),
              segments_of(*path[i]))[index];
  }
  return x;
}

void FunctionCapture::view(const Tensor& result, const Tensor& of) {
  link(result, of);
  if (!is_inexact(of.dtype()) || !of.requires_grad()) return;
  if (!grad_enabled()) {
    result.impl()->captured = value(stopped(result)).impl();
    views_[result.impl()].to = Value(result.impl()->captured);
    return;
  }
  if (in_region()) {
    result.impl()->edge.set({inside_, 0});
    return;
  }
  Tensor at = of;
  const View& look = views_[result.impl()];
  for (Operation* op : path_of(look)) {
    Tensor next = tensor(op->result());
    next.impl()->edge.set({std::make_shared<CapturedNode>(*this, op, std::span(&at, 1)), 0});
    at = next;
  }
  result.impl()->edge.set(edge_of(at));
}

// The parent after the view has become `src`.
Tensor FunctionCapture::put(const View& view, const Tensor& src, std::string_view op) {
  std::vector<Operation*> path = path_of(view);
  Value parent = value(view.parent);
  auto is = [](Operation* op, std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, op->name()) != names.end();
  };
  bool bijective = true;
  for (Operation* step : path) {
    Value from = step->operand(0), to = step->result();
    if (step->operand_count() != 1 || from.dtype() != to.dtype() ||
        is(step, {"prim.broadcast", "tensor.expand", "tensor.broadcast_to", "tensor.as_strided",
                  "tensor.unfold"})) {
      refuse(ErrorKind::not_supported, op,
             str("a view by ", step->info().page->name,
                 " is written in place: this is not captured; write to a copy (x.clone())"));
    }
    bijective &= is(step, {"prim.reshape", "tensor.reshape", "tensor.squeeze", "tensor.unsqueeze",
                           "tensor.flatten", "tensor.stop_gradient"});
  }
  if (bijective) return reshaped(src, parent.dims());
  // Positions among the elements of the parent, looked at as the view looks at the elements.
  Builder& b = builder();
  Dim count = ir::product(parent.dims());
  Expr places = ops::reshape(ops::iota(b, DType::i64, {&count, 1}, 0), parent.dims());
  Tensor at = replay(view, tensor(places.value));
  Dim written = ir::product(value(at).dims());
  Tensor all = call1("tensor.index_put",
                     {reshaped(view.parent, {&count, 1}), reshaped(src, {&written, 1}),
                      reshaped(at, {&written, 1})},
                     {{"axes", std::vector<int64_t>{0}}});
  return reshaped(all, parent.dims());
}

void FunctionCapture::store(const Tensor& dst, const Tensor& src, std::string_view op) {
  if (auto at = views_.find(dst.impl()); at != views_.end()) {
    View look = at->second;
    // Through x.detach() the memory changes, and the place on the tape does not.
    GradMode mode(grad_enabled() && !look.detached);
    store(look.parent, put(look, src, op), op);
    return;
  }
  Tensor from = src;
  bool outer = dst.impl()->captured == nullptr;
  if (!grad_enabled()) {
    if (dst.requires_grad())
      close("a tensor that requires a gradient is written inside of it under no_grad");
    if (src.requires_grad()) from = stopped(src);
  } else if (dst.requires_grad() || src.requires_grad()) {
    if (outer) {
      refuse(ErrorKind::not_supported, op,
             "what requires a gradient is written into a tensor from outside: this is not "
             "captured; write value.detach()");
    }
    Edge edge = src.requires_grad() ? edge_of(src) : Edge{};
    dst.impl()->collects = false;
    dst.impl()->edge.set(std::move(edge));
  }
  set_value(dst, value(from));
}

void FunctionCapture::set_value(const Tensor& dst, Value now) {
  if (dst.impl()->captured != nullptr) {
    dst.impl()->captured = now.impl();
  } else {
    values_[index_.at(dst.impl())] = now;
  }
}

// A view whose base was written since takes another look at it, at its next use: so eager does, and
// cotangents meet in the order of these looks.
void FunctionCapture::freshen(const Tensor& tensor) {
  auto at = views_.find(tensor.impl());
  if (at == views_.end()) return;
  Tensor base = base_of(tensor);
  if (at->second.seen == writes_[base.impl()]) return;
  std::vector<View> looks;
  bool detached = false;
  for (; at != views_.end(); at = views_.find(at->second.parent.impl())) {
    looks.push_back(at->second);
    detached |= at->second.detached;
  }
  GradMode mode(base.requires_grad() && !detached);
  Tensor again = base;
  for (size_t i = looks.size(); i-- > 0;) again = replay(looks[i], again);
  Value from = value(base);
  tensor.impl()->captured = current(Value(again.impl()->captured)).impl();
  tensor.impl()->edge.set(again.impl()->edge.get());
  views_[tensor.impl()] = {base, from, Value(tensor.impl()->captured), writes_[base.impl()],
                           detached};
}

void FunctionCapture::check_write(const Tensor& dst, const Tensor& src, std::string_view op) {
  Value from = value(src, op, "value"), to = value(dst, op, "");
  if (from.dtype() != to.dtype() || from.rank() != to.rank())
    refuse(ErrorKind::type, op, "another dtype or rank is written in place");
  for (size_t a = 0; a < from.dims().size(); ++a) {
    if (!builder().facts().require_eq(from.dims()[a], to.dims()[a],
                                      "a write in place needs equal shapes"))
      refuse(ErrorKind::shape, op, "a write in place needs equal shapes");
  }
}

bool FunctionCapture::write(const Tensor& dst, const Tensor& src, std::string_view op) {
  check_write(dst, src, op);
  Tensor base = base_of(dst);
  auto original = originals_.find(base.impl());
  const Tensor& held = original != originals_.end() ? original->second.second : base;
  if (grad_enabled() && base.requires_grad() && base.is_leaf() && held.is_leaf()) {
    refuse(ErrorKind::state, op,
           "a leaf tensor that requires a gradient cannot be changed in place while gradients "
           "are recorded; use no_grad, or work on x.clone()");
  }
  store(dst, src, op);
  if (base.impl()->captured == nullptr) {
    written_[index_.at(base.impl())] = true;
  } else {
    argument_written_.insert(base.impl());
  }
  ++writes_[base.impl()];
  return true;
}

bool FunctionCapture::assign(const Tensor& dst, const Tensor& src) {
  check_write(dst, src, "_assign");
  if (dst.requires_grad()) close("a tensor that requires a gradient is written inside of it");
  // Views keep the old memory, and what they were views of is no tensor any more.
  views_.erase(dst.impl());
  std::erase_if(views_,
                [&](const auto& entry) { return entry.second.parent.impl() == dst.impl(); });
  set_value(dst, value(src.requires_grad() ? stopped(src) : src));
  if (dst.impl()->captured != nullptr && !dst.impl()->collects) dst.impl()->edge.set({});
  return true;
}

void FunctionCapture::only_where(const Tensor& condition, FunctionRef<void()> body) {
  std::vector<Value> before = values_;
  body();
  NoGrad no_grad;
  for (size_t k = 0; k < slots_.size(); ++k) {
    if (slots_[k].kind != CaptureSlot::Kind::tensor) continue;
    Value was = current(k < before.size() ? before[k] : initial(k)), now = current(values_[k]);
    if (was == now) continue;
    values_[k] = value(call1("tensor.where", {condition, tensor(now), tensor(was)}));
  }
}

Value FunctionCapture::initial(size_t slot) const {
  return func_.body().argument(func_.body().argument_count() - slots_.size() + slot);
}

// The tape

Edge FunctionCapture::outer_edge(const Tensor& tensor) {
  if (!tensor.requires_grad()) return {};
  bool computed = tensor.impl()->captured == nullptr && !tensor.impl()->collects;
  auto original = originals_.find(tensor.impl());
  if (original != originals_.end() && tensor.impl()->collects)
    computed = !original->second.second.impl()->collects;
  if (!computed) return {};
  Edge& edge = outer_[tensor.impl()];
  if (!edge.node) edge.node = std::make_shared<OuterNode>();
  return edge;
}

void FunctionCapture::close(std::string_view why) {
  if (closed_.empty()) closed_ = why;
}

FunctionCapture::Gradient& FunctionCapture::gradient(const Tensor& tensor) {
  auto [at, fresh] = gradient_index_.emplace(tensor.impl(), gradients_.size());
  if (fresh) gradients_.push_back({.of = tensor});
  return gradients_[at->second];
}

Tensor FunctionCapture::grad(const Tensor& tensor) {
  bool fresh = !gradient_index_.contains(tensor.impl());
  Gradient& held = gradient(tensor);
  if (!fresh) return held.now;
  held.known = true;
  auto original = originals_.find(tensor.impl());
  bool argument = original != originals_.end();
  if (!argument && tensor.impl()->captured != nullptr) return {};  // made inside: none so far
  const Tensor& real = argument ? original->second.second : tensor;
  CaptureSlot slot{CaptureSlot::Kind::grad, argument ? Tensor() : tensor,
                   argument ? original->second.first : -1};
  Tensor now = grad_of(*real.impl());
  if (!now) {
    without_grad_.push_back(slot);
    return {};
  }
  std::vector<Dim> dims =
      argument ? symbolic_dims(tensor) : std::vector<Dim>(now.dims().begin(), now.dims().end());
  size_t k = add_slot(slot, Type::tensor(builder().context(), now.dtype(), dims));
  Tensor made = this->tensor(values_[k]);
  held.first = held.now = made;
  return made;
}

Tensor FunctionCapture::grad_to_add_to(const Tensor& tensor) {
  bool fresh = !gradient_index_.contains(tensor.impl());
  auto original = originals_.find(tensor.impl());
  bool argument = original != originals_.end();
  bool outer = argument || tensor.impl()->captured == nullptr;
  const Tensor& real = argument ? original->second.second : tensor;
  if (!fresh || !outer || grad_of(*real.impl())) return grad(tensor);
  Gradient& held = gradient(tensor);
  held.known = held.added = true;
  CaptureSlot slot{CaptureSlot::Kind::grad, argument ? Tensor() : tensor,
                   argument ? original->second.first : -1};
  if (!optional_grads_) {
    without_grad_.push_back(slot);
    return {};
  }
  slot.optional = true;
  size_t k =
      add_slot(slot, Type::tensor(builder().context(), tensor.dtype(), symbolic_dims(tensor)));
  Tensor made = this->tensor(values_[k]);
  held.first = held.now = made;
  return made;
}

bool FunctionCapture::leaves_grads() const {
  return std::ranges::any_of(gradients_, [](const Gradient& g) {
    return g.added && !g.first && static_cast<bool>(g.now);
  });
}

void FunctionCapture::set_grad(const Tensor& tensor, Tensor grad) {
  gradient(tensor).now = std::move(grad);
}

void FunctionCapture::set_requires_grad(const Tensor& tensor, bool on) {
  TensorImpl& impl = *tensor.impl();
  if (on == tensor.requires_grad()) return;
  if (from_outside(tensor)) {
    refuse(ErrorKind::not_supported, "stop_gradient",
           "that of a tensor from outside is not changed in a function that is captured; use "
           "detach(), or set it outside");
  }
  if (!on) {
    impl.captured = value(stopped(tensor)).impl();
    impl.edge.set({});
  }
  impl.collects = on;
}

std::vector<CaptureEffect> FunctionCapture::effects() {
  std::vector<CaptureEffect> effects;
  using Kind = CaptureEffect::Kind;
  std::vector<std::pair<int, const TensorImpl*>> arguments;
  for (auto& [impl, original] : originals_) arguments.emplace_back(original.first, impl);
  std::ranges::sort(arguments);
  for (auto [index, impl] : arguments) {
    Value now = current(Value(impl->captured));
    if (now == func_.body().argument(static_cast<size_t>(index))) continue;
    effects.push_back(
        {argument_written_.contains(impl) ? Kind::write : Kind::assign, {}, index, now});
  }
  for (size_t k = 0; k < slots_.size(); ++k) {
    Value now = current(values_[k]);
    if (slots_[k].kind != CaptureSlot::Kind::tensor || now == initial(k)) continue;
    effects.push_back({written_[k] ? Kind::write : Kind::assign, slots_[k].tensor, -1, now});
  }
  for (const Gradient& held : gradients_) {
    auto original = originals_.find(held.of.impl());
    bool argument = original != originals_.end();
    if (!argument && held.of.impl()->captured != nullptr) continue;
    CaptureEffect effect{Kind::set_grad, argument ? Tensor() : held.of,
                         argument ? original->second.first : -1};
    if (!held.now) {
      if (held.known && !held.first) continue;
      effect.kind = Kind::clear_grad;
    } else {
      effect.value = value(held.now);
      if (held.now.impl() == held.first.impl()) {
        if (effect.value.definer() == nullptr) continue;  // still the argument that it came as
        effect.kind = Kind::write_grad;
      }
    }
    effects.push_back(std::move(effect));
  }
  return effects;
}

}  // namespace proa::eager
