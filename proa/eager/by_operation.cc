#include "proa/eager/by_operation.h"

#include <algorithm>
#include <unordered_map>

#include "proa/base/error.h"
#include "proa/eager/function.h"
#include "proa/eager/ones.h"
#include "proa/ir/builder.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/symbol/facts.h"
#include "proa/runtime/watch.h"
#include "proa/tier/compiled.h"

namespace proa::eager {

using namespace ir;
using runtime::Array;

namespace {

std::unique_ptr<runtime::Executable> program_of(const Module& module, Operation& op,
                                                std::span<const Dim> symbols) {
  Module only(module.context());
  only.facts() = module.facts();
  Func func = alone(op, module, only);
  return compile(only, func, symbols, tier::Tier::prebuilt, Ask::nothing);
}

}  // namespace

Func alone(const Operation& op, const Module& from, Module& to) {
  std::vector<Type> types;
  for (Value operand : op.operands()) types.push_back(operand.type());
  Func func = to.add_func("main", types);
  ValueMap map;  // empty: two operands may be the same value, and are two arguments
  Operation* copy = clone(op, map);
  for (size_t i = 0; i < types.size(); ++i) copy->set_operand(i, func.body().argument(i));
  func.body().append(copy);
  bring_functions(*copy, from, to);
  std::vector<Value> results = copy->results();
  Builder(to, func.body()).create_return(results);
  return func;
}

std::vector<Array> run_by_operation(const Module& module, Func func, std::span<const Array> inputs,
                                    std::span<const Dim> symbols, std::span<const int64_t> sizes,
                                    OperationVisitor visit) {
  std::vector<Dim> names(symbols.begin(), symbols.end());
  std::vector<int64_t> values(sizes.begin(), sizes.end());
  // Extents that are symbols of their own tell their values.
  auto learn = [&](Value value, const Array& array) {
    auto dims = value.dims();
    for (size_t a = 0; a < dims.size(); ++a) {
      if (!dims[a].is_symbol() || std::ranges::find(names, dims[a]) != names.end()) continue;
      names.push_back(dims[a]);
      values.push_back(array.dims[a]);
    }
  };
  std::unordered_map<const ValueImpl*, Array> known;
  for (size_t i = 0; i < inputs.size(); ++i) {
    known[func.body().argument(i).impl()] = inputs[i];
    learn(func.body().argument(i), inputs[i]);
  }
  for (Operation& op : func.body()) {
    if (op.info().has(Trait::terminator)) continue;
    std::vector<Array> in, out(op.result_count());
    for (Value operand : op.operands()) in.push_back(known.at(operand.impl()));
    if (op.is("prim.as_dim")) {
      names.push_back(op.attr("symbol").as_dim());
      values.push_back(*reinterpret_cast<const int64_t*>(in[0].data));
    }
    program_of(module, op, names)->run(in, values, out);
    for (size_t i = 0; i < out.size(); ++i) {
      known[op.result(i).impl()] = out[i];
      learn(op.result(i), out[i]);
    }
    visit(op, in, out);
  }
  std::vector<Array> results;
  for (Value result : func.results()) results.push_back(known.at(result.impl()));
  return results;
}

void require_finite(std::string_view name, std::span<const Array> inputs,
                    std::span<const Array> outputs, std::string_view location) {
  if (inputs.empty() || std::ranges::all_of(outputs, runtime::all_finite)) return;
  if (!std::ranges::all_of(inputs, runtime::all_finite)) return;
  throw UserError(ErrorKind::value, name, "",
                  str("the result holds NaN or infinity though no operand does",
                      location.empty() ? "" : " (", location, location.empty() ? "" : ")"));
}

void require_finite(const Module& module, Func func, std::span<const Array> inputs,
                    std::span<const Dim> symbols, std::span<const int64_t> sizes) {
  run_by_operation(module, func, inputs, symbols, sizes,
                   [](const Operation& op, std::span<const Array> in, std::span<const Array> out) {
                     std::string_view name = op.info().page ? op.info().page->name : op.name();
                     require_finite(name, in, out, to_string(op.location()));
                   });
}

}  // namespace proa::eager
