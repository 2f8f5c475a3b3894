#include "proa/eager/captured.h"

#include <algorithm>
#include <unordered_map>

#include "proa/base/error.h"
#include "proa/eager/traced.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/rules.h"
#include "proa/ir/symbol/facts.h"
#include "proa/tier/compiled.h"

namespace proa::eager {

using namespace ir;

namespace {

class FunctionCapture : public Capture {
 public:
  FunctionCapture(Module& module, Func func, Locate locate)
      : Capture(module, func.body(), locate), func_(func) {
    set_autocast(outer_autocast());  // a guard of the capture, not off as in an operator
  }

  // A stand-in for argument `index`, which `original` is given for.
  Tensor argument(size_t index, const Tensor& original) {
    Tensor made = tensor(func_.body().argument(index));
    if (original) {
      made.impl()->collects = original.requires_grad();
      originals_.emplace(made.impl(), original);
    }
    return made;
  }

  std::vector<Tensor> call(const OpInfo& op, std::span<const Tensor> operands,
                           const AttrList& attrs, std::span<const int64_t> segments) override {
    std::vector<Tensor> results = Capture::call(op, operands, attrs, segments);
    bool tracked = std::ranges::any_of(operands, [](const Tensor& t) { return t.requires_grad(); });
    for (size_t i = 0; i < results.size(); ++i) {
      Tensor& result = results[i];
      if (tracked && is_inexact(result.dtype())) {
        if (grad_enabled()) {
          result.impl()->collects = true;
        } else {
          result = stopped(result);
        }
      }
      for (const AliasSpec& alias : op.page->alias) {
        bool own = alias.result == static_cast<int>(i) || op.page->results < 0;
        if (alias.view && own && !operands.empty()) view(result, operands[0]);
      }
    }
    return results;
  }

  // Call k of a random operator has the generator's number as the function was called, plus k.
  Tensor random_key(std::string_view) override {
    Context& c = builder().context();
    if (!key_) {
      Dim two = 2;
      key_argument_ = func_.body().argument_count();
      key_ = tensor(func_.body().add_argument(Type::tensor(c, DType::i64, {&two, 1})));
    }
    int64_t dims[1] = {2}, words[2] = {0, random_calls_++};
    return call1("tensor.add", {key_, constant(from_data(dims, DType::i64, words))});
  }

  void reading() override {
    throw UserError(ErrorKind::not_supported, "to_static", "",
                    str("the value of a tensor is read in Python", where(),
                        ": a captured function has no values yet. Say it by operators such as "
                        "where(), or do it outside of the captured function"));
  }

  Tensor detach(const Tensor& tensor) override {
    Tensor made = stopped(tensor);
    view(made, tensor);
    return made;
  }

  void view(const Tensor& result, const Tensor& of) override {
    const TensorImpl* root = root_of(of);
    roots_[result.impl()] = root;
    viewed_.insert(root);
  }

  bool write(const Tensor& dst, const Tensor& src, std::string_view op) override {
    auto refuse = [&](ErrorKind kind, std::string_view what) {
      throw UserError(kind, op, "", str(what, where()));
    };
    if (root_of(dst) != dst.impl() || viewed_.contains(dst.impl())) {
      refuse(ErrorKind::not_supported,
             "a view, or a tensor that has views, is written in place: this is not captured; "
             "write to a copy (x.clone()), or say it by where(), concat or put_along_axis");
    }
    auto original = originals_.find(dst.impl());
    bool outer = original != originals_.end() || dst.impl()->captured == nullptr;
    const Tensor& held = original != originals_.end() ? original->second : dst;
    if (grad_enabled() && outer && held.is_leaf() && held.requires_grad()) {
      refuse(ErrorKind::state,
             "a leaf tensor that requires a gradient cannot be changed in place while gradients "
             "are recorded; use no_grad, or work on x.clone()");
    }
    if (!grad_enabled() && dst.requires_grad()) {
      refuse(ErrorKind::not_supported,
             "a tensor that requires a gradient is written under no_grad: this is not captured; "
             "do it outside of the captured function");
    }
    if (dst.impl()->captured == nullptr && grad_enabled() && src.requires_grad()) {
      refuse(ErrorKind::not_supported,
             "what requires a gradient is written into a tensor from outside: this is not "
             "captured; write value.detach()");
    }
    Value from = value(src, op, "value"), to = value(dst, op, "");
    if (from.dtype() != to.dtype() || from.type().rank() != to.type().rank())
      refuse(ErrorKind::type, "another dtype or rank is written in place");
    for (size_t a = 0; a < from.dims().size(); ++a) {
      if (!builder().facts().require_eq(from.dims()[a], to.dims()[a],
                                        "a write in place needs equal shapes"))
        refuse(ErrorKind::shape, "a write in place needs equal shapes");
    }
    if (dst.impl()->captured != nullptr) {
      dst.impl()->captured = from.impl();
      if (grad_enabled() && src.requires_grad()) dst.impl()->collects = true;
    } else {
      values_[index_.at(dst.impl())] = from;
    }
    return true;
  }

  const std::vector<Tensor>& outside_tensors() const { return outside_; }
  const std::vector<size_t>& outside_arguments() const { return arguments_; }
  Value outside_value(size_t i) const { return values_[i]; }
  int64_t random_calls() const { return random_calls_; }
  size_t key_argument() const { return key_argument_; }

 protected:
  Value outside(const Tensor& tensor, std::string_view, std::string_view) override {
    auto [at, fresh] = index_.emplace(tensor.impl(), outside_.size());
    if (fresh) {
      std::vector<Dim> dims(tensor.dims().begin(), tensor.dims().end());
      outside_.push_back(tensor);
      arguments_.push_back(func_.body().argument_count());
      values_.push_back(
          func_.body().add_argument(Type::tensor(builder().context(), tensor.dtype(), dims)));
    }
    return values_[at->second];
  }

 private:
  Tensor stopped(const Tensor& tensor) {
    const OpInfo& op = builder().context().op("tensor.stop_gradient");
    int64_t one[1] = {1};
    return Capture::call(op, {&tensor, 1}, {}, one)[0];
  }

  const TensorImpl* root_of(const Tensor& tensor) const {
    auto at = roots_.find(tensor.impl());
    return at == roots_.end() ? tensor.impl() : at->second;
  }

  Func func_;
  std::unordered_map<const TensorImpl*, Tensor> originals_;  // by stand-in
  std::unordered_map<const TensorImpl*, size_t> index_;      // of a tensor from outside
  std::vector<Tensor> outside_;
  std::vector<size_t> arguments_;  // of the graph, by tensor from outside
  std::vector<Value> values_;      // what a tensor from outside holds by now
  std::unordered_map<const TensorImpl*, const TensorImpl*> roots_;  // of views
  std::unordered_set<const TensorImpl*> viewed_;
  Tensor key_;
  size_t key_argument_ = 0;
  int64_t random_calls_ = 0;
};

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
      if (extents[a] == 1 || (i < request.fixed.size() && request.fixed[i][a])) {
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
  size_t key_argument = 0;
  std::vector<size_t> outside_arguments;
  {
    TraceScope tracing;
    FunctionCapture capture(module, func, request.locate);
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
    for (size_t i = 0; i < tensors_; ++i) {
      Value now(tensors[i].impl()->captured);
      if (now == func.body().argument(i)) continue;
      values.push_back(now);
      tracked_.push_back(tensors[i].requires_grad());
      writes_.push_back({static_cast<int>(i), 0});
    }
    outside_ = capture.outside_tensors();
    outside_arguments = capture.outside_arguments();
    for (size_t k = 0; k < outside_.size(); ++k) {
      if (capture.outside_value(k) == func.body().argument(outside_arguments[k])) continue;
      values.push_back(capture.outside_value(k));
      tracked_.push_back(false);
      writes_.push_back({-1, k});
    }
    random_calls_ = capture.random_calls();
    key_argument = capture.key_argument();
    capture.builder().create_return(values);
  }
  if (random_calls_ > 0) {  // the key stands behind all tensors: the call knows its place so
    outside_.insert(outside_.begin() + static_cast<std::ptrdiff_t>(key_argument - types.size()),
                    Tensor());
    for (Write& write : writes_) {
      if (write.argument < 0 && outside_arguments[write.outside] > key_argument) ++write.outside;
    }
  }
  for (Value argument : func.arguments()) {
    auto& extents = extents_.emplace_back();
    for (Dim dim : argument.dims()) extents.push_back(dim.as_const().value_or(-1));
    dtypes_.push_back(argument.dtype());
  }
  for (const Operation& op : func.body()) operations_ += op.info().has(Trait::terminator) ? 0 : 1;
  function_ = std::make_unique<Function>(request.name, std::move(module), symbols,
                                         tier::captured_tier(), true);
  function_->executable();  // what a rule cannot do with symbols shows here
}

bool Captured::fits(const Tensor& tensor, size_t argument) const {
  const auto& extents = extents_[argument];
  if (tensor.dtype() != dtypes_[argument] || tensor.dims().size() != extents.size()) return false;
  for (size_t a = 0; a < extents.size(); ++a) {
    if (extents[a] >= 0 && extents[a] != tensor.dims()[a]) return false;
  }
  return true;
}

bool Captured::run(std::span<const Tensor> tensors, std::span<const double> floats,
                   std::span<const int64_t> ints, std::vector<Tensor>& results) {
  if (tensors.size() != tensors_) return false;
  std::vector<Tensor> inputs(tensors.begin(), tensors.end());
  for (double number : floats) inputs.push_back(scalar(DType::f64, number));
  for (const Tensor& tensor : outside_)
    inputs.push_back(tensor ? tensor : random_key(0));  // drawn below, when nothing fails any more
  if (inputs.size() != extents_.size()) return false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!fits(inputs[i], i)) return false;
  }
  SmallVector<int64_t, 16> sizes;
  for (auto [tensor, axis] : symbols_) sizes.push_back(tensors[tensor].dims()[axis]);
  for (int64_t number : ints) sizes.push_back(number);
  std::span<const int64_t> given(sizes.data(), sizes.size());
  bool recording = grad_enabled() &&
                   std::ranges::any_of(inputs, [](const Tensor& t) { return t.requires_grad(); });
  if (recording && gradient_by_extents_) return false;
  try {
    if (!guards_hold(*function_, inputs, given)) return false;
  } catch (const NeedStatic&) {
    gradient_by_extents_ = true;
    throw;
  }
  auto target_of = [&](const Write& write) -> const Tensor& {
    return write.argument >= 0 ? tensors[static_cast<size_t>(write.argument)]
                               : outside_[write.outside];
  };
  for (const Write& write : writes_) {
    const Tensor& target = target_of(write);
    for (const Tensor& input : inputs) {
      if (input.impl() == target.impl() ||
          input.array().buffer.get() != target.array().buffer.get())
        continue;
      throw UserError(ErrorKind::not_supported, function_->name(), "",
                      "the function writes into a tensor that shares memory with another one that "
                      "it reads; give it a copy (x.clone())");
    }
  }
  for (size_t k = 0; k < outside_.size(); ++k) {
    if (!outside_[k]) inputs[tensors_ + floats.size() + k] = random_key(random_calls_);
  }
  std::vector<Tensor> made(results_ + writes_.size());
  call(*function_, inputs, given, made);
  for (size_t i = 0; i < made.size(); ++i) {
    Array& array = made[i].impl()->array;
    auto shares = [&](const Tensor& t) { return t.array().buffer.get() == array.buffer.get(); };
    bool shared = std::ranges::any_of(inputs, shares) ||
                  std::any_of(made.begin(), made.begin() + static_cast<std::ptrdiff_t>(i), shares);
    if (shared || !can_be_written(array)) {
      Array copy = Array::dense(array.dims, array.dtype);
      runtime::copy(array, copy);
      array = std::move(copy);
    }
    if (!tracked_[i]) made[i].impl()->edge.set({});
  }
  for (size_t w = 0; w < writes_.size(); ++w)
    write(target_of(writes_[w]), made[results_ + w], function_->name());
  made.resize(results_);
  results = std::move(made);
  return true;
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
