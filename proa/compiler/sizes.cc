#include "proa/compiler/sizes.h"

#include <algorithm>

#include "proa/ir/attribute.h"
#include "proa/ir/symbol/facts.h"

namespace proa::compiler {

using namespace ir;

Sizes::Sizes(const Module& module) : module_(module) {
  module.op()->walk([&](Operation* op) {
    if (op->is("prim.as_dim")) binders_.try_emplace(op->attr("symbol").as_dim(), op);
  });
}

Dim Sizes::canonical(Dim dim) const {
  Dim made = module_.facts().canonical(dim);
  if (binders_.empty() || made == dim || made.is_const()) return made;
  SmallVector<Dim, 6> own, used;
  collect_symbols(dim, own);
  collect_symbols(made, used);
  bool later = std::ranges::any_of(used, [&](Dim symbol) {
    return binders_.contains(symbol) && std::ranges::find(own, symbol) == own.end();
  });
  return later ? dim : made;
}

std::vector<Operation*> Sizes::binders_of(const Operation& op) const {
  SmallVector<Dim, 6> symbols;
  auto take = [&](Type type) {
    if (!type.is_tensor()) return;
    for (Dim dim : type.dims()) collect_symbols(dim, symbols);
  };
  for (Value operand : op.operands()) take(operand.type());
  for (size_t i = 0; i < op.result_count(); ++i) take(op.result(i).type());
  std::vector<Operation*> found;
  for (Dim symbol : symbols) {
    auto binder = binders_.find(symbol);
    if (binder != binders_.end()) found.push_back(binder->second);
  }
  return found;
}

}  // namespace proa::compiler
