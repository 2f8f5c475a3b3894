#include "proa/ir/module.h"

#include "proa/base/error.h"
#include "proa/base/hash.h"
#include "proa/ir/dialect.h"
#include "proa/ir/symbol/facts.h"

namespace proa::ir {

std::string_view Func::name() const { return op_->attr("name").as_string(); }

std::vector<Value> Func::results() const {
  Operation* end = return_op();
  return end ? end->operands() : std::vector<Value>();
}

namespace {

std::vector<Type> types_of(std::span<const Value> values) {
  std::vector<Type> types;
  types.reserve(values.size());
  for (Value value : values) types.push_back(value.type());
  return types;
}

}  // namespace

std::vector<Type> Func::argument_types() const { return types_of(arguments()); }
std::vector<Type> Func::result_types() const { return types_of(results()); }

Module::Module(Context& context)
    : context_(&context), facts_(std::make_unique<Facts>(context.symbols())) {
  OpState state;
  state.info = &context.op("builtin.module");
  state.regions = 1;
  op_ = Operation::create(state);
  op_->region(0).add_block();
}

Module::Module(Module&& other) noexcept
    : context_(other.context_), facts_(std::move(other.facts_)), op_(other.op_) {
  other.op_ = nullptr;
}

Module& Module::operator=(Module&& other) noexcept {
  std::swap(context_, other.context_);
  std::swap(facts_, other.facts_);
  std::swap(op_, other.op_);
  return *this;
}

Module::~Module() {
  if (op_ != nullptr) Operation::destroy(op_);
}

Func Module::add_func(std::string_view name, std::span<const Type> arguments) {
  if (find(name)) throw UserError(ErrorKind::value, str("function @", name, " is defined twice"));
  OpState state;
  state.info = &context_->op("builtin.func");
  state.regions = 1;
  Operation* op = Operation::create(state);
  op->set_attr("name", Attribute::string(*context_, name));
  Block& block = op->region(0).add_block();
  for (Type type : arguments) block.add_argument(type);
  body().append(op);
  return Func(op);
}

Func Module::find(std::string_view name) const {
  for (Operation& op : body()) {
    if (op.is("builtin.func") && Func(&op).name() == name) return Func(&op);
  }
  return {};
}

Func Module::main() const {
  for (Operation& op : body()) {
    if (op.is("builtin.func")) return Func(&op);
  }
  throw InternalError("a module without a function has no main");
}

std::vector<Func> Module::funcs() const {
  std::vector<Func> found;
  for (Operation& op : body()) {
    if (op.is("builtin.func")) found.emplace_back(&op);
  }
  return found;
}

Module Module::clone() const {
  Module copy(*context_);
  *copy.facts_ = *facts_;
  copy.op_->set_attrs(op_->attrs());
  ValueMap map;
  clone_body(body(), copy.body(), map, true);
  return copy;
}

Func find_function(const Operation& from, std::string_view name) {
  const Operation* top = &from;
  while (top->parent() != nullptr) top = top->parent();
  if (!top->is("builtin.module")) return {};
  for (Operation& op : top->region(0).block()) {
    if (op.is("builtin.func") && Func(&op).name() == name) return Func(&op);
  }
  return {};
}

void bring_functions(Operation& op, const Module& from, Module& to) {
  op.walk([&](Operation* inner) {
    for (const NamedAttr& item : inner->attrs().items()) {
      if (!item.value().is(AttrKind::symbol)) continue;
      Func func = from.find(item.value().as_string());
      if (!func || to.find(func.name())) continue;
      ValueMap map;
      to.body().append(clone(*func.op(), map));
      bring_functions(*func.op(), from, to);
    }
  });
}

void ValueMap::grow() {
  auto old = std::move(slots_);
  slots_.assign(old.empty() ? 16 : old.size() * 2, {nullptr, nullptr});
  used_ = 0;
  for (auto [from, to] : old) {
    if (from != nullptr) set(Value(const_cast<ValueImpl*>(from)), Value(to));
  }
}

void ValueMap::set(Value from, Value to) {
  if (used_ * 2 >= slots_.size()) grow();
  size_t at = mix(reinterpret_cast<uintptr_t>(from.impl())) & (slots_.size() - 1);
  while (slots_[at].first != nullptr && slots_[at].first != from.impl()) {
    at = (at + 1) & (slots_.size() - 1);
  }
  if (slots_[at].first == nullptr) ++used_;
  slots_[at] = {from.impl(), to.impl()};
}

Value ValueMap::get(Value from) const {
  if (slots_.empty()) return {};
  size_t at = mix(reinterpret_cast<uintptr_t>(from.impl())) & (slots_.size() - 1);
  while (slots_[at].first != nullptr) {
    if (slots_[at].first == from.impl()) return Value(slots_[at].second);
    at = (at + 1) & (slots_.size() - 1);
  }
  return {};
}

Value ValueMap::at(Value from) const {
  Value to = get(from);
  PROA_CHECK(to, "a value of type ", to_string(from.type()), " is not known to the map");
  return to;
}

Operation* clone(const Operation& op, ValueMap& map) {
  OpState state;
  state.info = &op.info();
  state.location = op.location();
  state.attrs = op.attrs();
  state.regions = op.region_count();
  for (Value operand : op.operands()) {
    Value known = operand ? map.get(operand) : Value();
    state.operands.push_back(known ? known : operand);  // values from outside stay
  }
  for (Value result : op.results()) state.results.push_back(result.type());
  Operation* copy = Operation::create(state);
  for (size_t i = 0; i < op.result_count(); ++i) map.set(op.result(i), copy->result(i));
  for (size_t r = 0; r < op.region_count(); ++r) {
    for (size_t b = 0; b < op.region(r).block_count(); ++b) {
      const Block& from = op.region(r).block(b);
      Block& to = copy->region(r).add_block();
      for (Value argument : from.arguments()) map.set(argument, to.add_argument(argument.type()));
      clone_body(from, to, map, true);
    }
  }
  return copy;
}

void clone_body(const Block& from, Block& to, ValueMap& map, bool with_terminator) {
  for (Operation& op : from) {
    if (!with_terminator && op.info().has(Trait::terminator)) continue;
    to.append(clone(op, map));
  }
}

}  // namespace proa::ir
