#include "proa/eager/single_calls.h"

#include <algorithm>
#include <unordered_map>

#include "proa/eager/by_operation.h"
#include "proa/eager/call.h"
#include "proa/eager/function.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/symbol/facts.h"
#include "proa/tier/compiled.h"

namespace proa::eager {

using namespace ir;

size_t count_single_calls(const Module& module) {
  bool python = false;
  for (Func func : module.funcs())
    func.op()->walk([&](const Operation* op) { python |= op->is("prim.custom_call"); });
  size_t count = 0;
  for (const Operation& op : module.main().body())
    count += op.info().has(Trait::terminator) ? 0 : 1;
  return python || count == 1 ? 0 : count;
}

SingleCalls::SingleCalls(const Module& module) : module_(module) {
  std::vector<Dim> symbols;  // that are known before the operation, in order
  auto learn = [&](Dim dim) {
    if (dim.is_symbol() && std::ranges::find(symbols, dim) == symbols.end()) symbols.push_back(dim);
  };
  for (Operation& op : module.main().body()) {
    if (op.info().has(Trait::terminator)) continue;
    if (op.is("prim.as_dim")) learn(op.attr("symbol").as_dim());
    Module only(module.context());
    only.facts() = module.facts();
    only.facts().set_asks(false);
    alone(op, module, only);
    std::string name(op.info().page ? op.info().page->name : op.name());
    calls_.push_back({&op, symbols,
                      std::make_shared<Function>(std::move(name), std::move(only), symbols,
                                                 tier::tier(), op.region_count() != 0)});
    for (Value result : op.results()) {
      if (!result.type().is_tensor()) continue;
      for (Dim dim : result.dims()) learn(dim);
    }
  }
}

SingleCalls::~SingleCalls() = default;

std::vector<Tensor> SingleCalls::run(std::span<const Tensor> operands) const {
  std::unordered_map<const ValueImpl*, Tensor> known;
  std::vector<Dim> symbols;
  std::vector<int64_t> sizes;
  auto learn = [&](Dim dim, int64_t size) {
    if (!dim.is_symbol() || std::ranges::find(symbols, dim) != symbols.end()) return;
    symbols.push_back(dim);
    sizes.push_back(size);
  };
  for (size_t i = 0; i < operands.size(); ++i)
    known[module_.main().body().argument(i).impl()] = operands[i];
  for (const Call& one : calls_) {
    std::vector<Tensor> in, out(one.op->result_count());
    for (Value operand : one.op->operands()) in.push_back(known.at(operand.impl()));
    if (one.op->is("prim.as_dim"))
      learn(one.op->attr("symbol").as_dim(), *reinterpret_cast<const int64_t*>(in[0].array().data));
    std::vector<int64_t> values;
    for (Dim symbol : one.symbols)
      values.push_back(
          sizes[static_cast<size_t>(std::ranges::find(symbols, symbol) - symbols.begin())]);
    if (values.empty()) {
      call(*one.function, in, {}, out);
    } else {
      call(*one.function->at(values), in, {}, out);
    }
    for (size_t i = 0; i < out.size(); ++i) {
      Value result = one.op->result(i);
      auto extents = out[i].dims();
      for (size_t a = 0; a < extents.size(); ++a) learn(result.dims()[a], extents[a]);
      known[result.impl()] = std::move(out[i]);
    }
  }
  std::vector<Tensor> results;
  for (Value result : module_.main().results()) {
    const Tensor& made = known.at(result.impl());
    // An argument that is given back is a tensor of its own, with a place of its own.
    results.push_back(result.definer() != nullptr ? made : call1("tensor.clone", {made}));
  }
  return results;
}

}  // namespace proa::eager
