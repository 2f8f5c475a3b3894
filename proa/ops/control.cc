#include "proa/ops/control.h"

#include "proa/base/error.h"
#include "proa/ops/prim/prim.h"

namespace proa::ops {

namespace {

using ir::Type;
using ir::Value;

std::vector<Value> values_of(std::span<const Expr> exprs) {
  std::vector<Value> values;
  for (const Expr& e : exprs) values.push_back(e.value);
  return values;
}

std::vector<Type> types_of(std::span<const Expr> exprs) {
  std::vector<Type> types;
  for (const Expr& e : exprs) types.push_back(e.value.type());
  return types;
}

std::vector<Expr> results_of(ir::Operation* op, Builder& b) {
  std::vector<Expr> results;
  for (Value value : op->results()) results.push_back({value, &b});
  return results;
}

std::unique_ptr<ir::Region> region_of(Builder& b, std::span<const Type> arguments,
                                      RegionRule rule) {
  auto region = std::make_unique<ir::Region>();
  ir::Block& block = region->add_block();
  Builder inner(b.module(), block);
  inner.set_location(b.location());
  std::vector<Expr> inside;
  for (Type type : arguments) inside.push_back({block.add_argument(type), &inner});
  inner.create_return(values_of(rule(inner, inside)));
  return region;
}

int64_t count(std::span<const Expr> list) { return static_cast<int64_t>(list.size()); }

// !builtin.tuple<types...>, as operations write down results that nothing else tells.
ir::Attribute tuple_of(ir::Context& context, std::span<const Type> types) {
  std::vector<ir::Attribute> list;
  for (Type type : types) list.push_back(ir::Attribute::type(context, type));
  return ir::Attribute::type(context, Type::custom(context, prim::kTuple, list));
}

}  // namespace

std::vector<Expr> if_(Expr condition, std::span<const Expr> inputs, RegionRule then,
                      RegionRule otherwise) {
  Builder& b = *condition.builder;
  std::vector<Type> types = types_of(inputs);
  Builder::Regions regions;
  regions.push_back(region_of(b, types, then));
  regions.push_back(region_of(b, types, otherwise));
  std::vector<Value> operands = {condition.value};
  for (const Expr& input : inputs) operands.push_back(input.value);
  const int64_t segments[] = {1, count(inputs)};
  return results_of(b.create("prim.if", operands, {}, segments, std::move(regions)), b);
}

std::vector<Expr> while_loop(Builder& b, std::span<const Expr> carries,
                             std::span<const Expr> constants, RegionRule condition,
                             RegionRule body) {
  std::vector<Expr> all(carries.begin(), carries.end());
  all.insert(all.end(), constants.begin(), constants.end());
  std::vector<Type> types = types_of(all);
  Builder::Regions regions;
  regions.push_back(region_of(b, types, condition));
  regions.push_back(region_of(b, types, body));
  const int64_t segments[] = {count(carries), count(constants)};
  return results_of(b.create("prim.while", values_of(all), {}, segments, std::move(regions)), b);
}

std::vector<Expr> scan_loop(Builder& b, Dim length, std::span<const Expr> carries,
                            std::span<const Expr> scanned, std::span<const Expr> constants,
                            RegionRule body, bool reverse) {
  std::vector<Expr> all;
  std::vector<Type> types = {Type::tensor(b.context(), DType::i64, {})};
  for (const Expr& e : carries) types.push_back(e.value.type());
  for (const Expr& e : scanned) {
    PROA_CHECK(e.rank() > 0, "a 0-d tensor has no axis to scan");
    types.push_back(Type::tensor(b.context(), e.dtype(), e.dims().subspan(1)));
  }
  for (const Expr& e : constants) types.push_back(e.value.type());
  for (auto list : {carries, scanned, constants}) all.insert(all.end(), list.begin(), list.end());
  Builder::Regions regions;
  regions.push_back(region_of(b, types, body));
  const int64_t segments[] = {count(carries), count(scanned), count(constants)};
  auto number = length.as_const();
  Attrs attrs = {{"length", number ? ir::Attribute::integer(b.context(), *number)
                                   : ir::Attribute::dim(b.context(), length)}};
  if (reverse) attrs.push_back({"reverse", true});
  return results_of(b.create("prim.scan_loop", values_of(all), to_list(b.context(), attrs),
                             segments, std::move(regions)),
                    b);
}

std::vector<Expr> call_function(Builder& b, ir::Func callee, std::span<const Expr> inputs,
                                ir::Func origin) {
  Attrs attrs = {{"callee", ir::Attribute::symbol(b.context(), callee.name())},
                 {"results", tuple_of(b.context(), callee.result_types())}};
  if (origin) attrs.push_back({"origin", ir::Attribute::symbol(b.context(), origin.name())});
  return call(b, "prim.call", inputs, attrs);
}

std::vector<Expr> custom_vjp(Builder& b, ir::Func forward, ir::Func backward, size_t results,
                             std::span<const Expr> inputs, Ints without) {
  std::vector<Type> types = forward.result_types();
  PROA_CHECK(results <= types.size(), "@", forward.name(), " has ", types.size(), " results");
  types.resize(results);
  return call(b, "prim.custom_vjp", inputs,
              {{"forward", ir::Attribute::symbol(b.context(), forward.name())},
               {"backward", ir::Attribute::symbol(b.context(), backward.name())},
               {"results", tuple_of(b.context(), types)},
               {"without", std::vector<int64_t>(without.begin(), without.end())}});
}

std::vector<Expr> custom_call(Builder& b, std::string_view target, std::span<const Expr> inputs,
                              std::span<const Type> results, Ints numbers) {
  return call(b, "prim.custom_call", inputs,
              {{"numbers", std::vector<int64_t>(numbers.begin(), numbers.end())},
               {"target", target},
               {"results", tuple_of(b.context(), results)}});
}

std::vector<Value> inline_function(Builder& b, ir::Func func, std::span<const Value> arguments) {
  std::vector<Value> own = func.arguments();
  PROA_CHECK(own.size() == arguments.size(), "@", func.name(), " takes ", own.size(),
             " arguments, got ", arguments.size());
  ir::ValueMap map;
  for (size_t i = 0; i < own.size(); ++i) map.set(own[i], arguments[i]);
  for (ir::Operation& op : func.body()) {
    if (&op == func.return_op()) continue;
    b.block().insert(clone(op, map), b.before());
  }
  std::vector<Value> results;
  for (Value result : func.results()) results.push_back(map.at(result));
  return results;
}

}  // namespace proa::ops
