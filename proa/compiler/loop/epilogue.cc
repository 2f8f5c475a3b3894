#include "proa/compiler/loop/epilogue.h"

#include "proa/ir/dialect.h"

namespace proa::compiler::loop {

using namespace ir;

Epilogue::Epilogue(Module& module, const Sizes& sizes, Operation& group)
    : module_(module), sizes_(sizes), group_(group), body_(group.region(0).block()) {}

void Epilogue::open(Func func, Block& block) {
  func_ = func;
  block_ = &block;
}

std::vector<Value> Epilogue::outputs() const { return body_.terminator()->operands(); }

Value Epilogue::buffer_of(size_t output) const {
  return func_.arguments()[body_.argument_count() + output];
}

Operation* Epilogue::insert(OpState& state, Block& block) const {
  if (!state.location.storage()) state.location = group_.location();
  Operation* op = Operation::create(state);
  block.append(op);
  return op;
}

Operation* Epilogue::place(OpState& state, const Index& address) {
  std::vector<Dim> strides;
  for (const Index::Term& term : address.terms) {
    auto found = indices_.find(term.variable);
    if (found == indices_.end()) continue;
    state.operands.push_back(found->second);
    strides.push_back(term.coefficient);
  }
  Operation* op = insert(state, *block_);
  op->set_attr("strides", Attribute::dims(module_.context(), strides));
  op->set_attr("offset", Attribute::dim(module_.context(), address.offset));
  return op;
}

void Epilogue::store(size_t output) {
  Value value = outputs()[output];
  OpState state;
  state.operands = {scalar(value), buffer_of(output)};
  state.info = &module_.context().op("loop.store");
  place(state, dense_address(sizes_, value.dims(), home(sizes_, value)));
}

void Epilogue::close() {
  OpState end;
  end.info = &module_.context().op("loop.yield");
  insert(end, *block_);
}

Value Epilogue::scalar(Value value) {
  auto found = values_.find(value.impl());
  if (found != values_.end()) return found->second;
  Value made = compute(value);
  values_[value.impl()] = made;
  return made;
}

Value Epilogue::compute(Value value) {
  Indices at = home(sizes_, value);
  Value base = through_layouts(value, &at);
  if (base.definer() == nullptr) {
    OpState state;
    state.info = &module_.context().op("loop.load");
    state.operands = {func_.arguments()[base.index()]};
    state.results = {Type::tensor(module_.context(), base.dtype(), {})};
    return place(state, dense_address(sizes_, base.dims(), at))->result();
  }
  if (base != value) return scalar(base);
  Operation& op = *value.definer();
  if (op.is("prim.constant")) return constant(op);
  OpState state;
  state.info = &op.info();
  state.location = op.location();
  state.attrs = op.attrs();
  for (Value operand : op.operands()) state.operands.push_back(scalar(operand));
  state.results = {Type::tensor(module_.context(), value.dtype(), {})};
  return insert(state, *block_)->result();
}

// A number that is the same for all elements stands before them.
Value Epilogue::constant(const Operation& op) {
  ValueMap none;
  Operation* copy = clone(op, none);
  func_.body().insert(copy, func_.body().front());
  return copy->result();
}

Value Epilogue::scalar_at(Value value, Indices at) {
  Value base = through_layouts(value, &at);
  for (const auto& [key, made] : elements_) {
    if (key.first == base && key.second == at) return made;
  }
  Value made;
  if (base.definer() == nullptr) {
    OpState state;
    state.info = &module_.context().op("loop.load");
    state.operands = {func_.arguments()[base.index()]};
    state.results = {Type::tensor(module_.context(), base.dtype(), {})};
    made = place(state, dense_address(sizes_, base.dims(), at))->result();
  } else if (base.definer()->operand_count() == 0) {
    made = constant(*base.definer());
  } else {
    Operation& op = *base.definer();
    OpState state;
    state.info = &op.info();
    state.location = op.location();
    state.attrs = op.attrs();
    for (Value operand : op.operands()) state.operands.push_back(scalar_at(operand, at));
    state.results = {Type::tensor(module_.context(), base.dtype(), {})};
    made = insert(state, *block_)->result();
  }
  elements_.push_back({{base, std::move(at)}, made});
  return made;
}

}  // namespace proa::compiler::loop
