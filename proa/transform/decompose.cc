#include "proa/transform/decompose.h"

#include "proa/base/error.h"
#include "proa/ir/caller.h"
#include "proa/ir/dialect.h"
#include "proa/ir/rules.h"
#include "proa/ops/expr.h"

namespace proa::transform {

using namespace ir;

namespace {

// The dtype in which the operands of `op` meet, as Infer computes it.
DType meeting_dtype(const Page& page, std::span<const Value> operands,
                    std::span<const int64_t> segments, DType default_float, bool& any) {
  DType met = default_float;
  any = false;
  size_t flat = 0;
  for (size_t i = 0; i < page.operands.size(); ++i) {
    for (int64_t k = 0; k < segments[i]; ++k, ++flat) {
      if (!page.operands[i].meets || !operands[flat].type().is_tensor()) continue;
      DType t = operands[flat].dtype();
      met = any ? promote(met, t) : t;
      any = true;
    }
  }
  if (page.dtypes.meet == DTypeRule::Meet::promote_float && !is_inexact(met)) met = default_float;
  return met;
}

}  // namespace

std::vector<Value> expand(const Operation& op, std::span<const Value> operands, Builder& builder) {
  const Page& page = *op.info().page;
  PROA_CHECK(page.decompose, op.name(), " has no decomposition");
  std::vector<int64_t> segments = segments_of(op);
  std::vector<Value> cast(operands.begin(), operands.end());
  if (page.dtypes.meet == DTypeRule::Meet::promote ||
      page.dtypes.meet == DTypeRule::Meet::promote_float) {
    bool any = false;
    DType met = meeting_dtype(page, operands, segments, builder.context().default_float(), any);
    size_t flat = 0;
    for (size_t i = 0; i < page.operands.size(); ++i) {
      for (int64_t k = 0; k < segments[i]; ++k, ++flat) {
        if (!any || !page.operands[i].meets || !cast[flat].type().is_tensor()) continue;
        cast[flat] = ops::cast({cast[flat], &builder}, met).value;
      }
    }
  }
  std::vector<Type> types;
  for (Value result : op.results()) types.push_back(result.type());
  Decompose rule(page, op.attrs(), cast, segments, types, builder);
  page.decompose(rule);
  PROA_CHECK(rule.outs().size() == types.size(), "the decomposition of ", op.name(), " gave ",
             rule.outs().size(), " results, its page says ", types.size());
  for (size_t i = 0; i < types.size(); ++i) {
    Type got = rule.outs()[i].type();
    PROA_CHECK(got.dtype() == types[i].dtype() && got.rank() == types[i].rank(),
               "the decomposition of ", op.name(), " gave ", to_string(got), " for ",
               to_string(types[i]));
  }
  return rule.outs();
}

void decompose(Module& module, bool (*keep)(const Operation&)) {
  for (Func func : module.funcs()) {
    std::vector<Operation*> todo;
    func.op()->walk([&](Operation* op) {
      if (op->info().has(Trait::composite)) todo.push_back(op);
    });
    while (!todo.empty()) {
      Operation* op = todo.back();
      todo.pop_back();
      if (keep != nullptr && keep(*op)) continue;
      Operation* mark = op->prev();
      Block* block = op->block();
      Builder builder(module, op);
      builder.set_location(called_location(*op, module.context()));
      std::vector<Value> operands = op->operands();
      std::vector<Value> results = expand(*op, operands, builder);
      for (size_t i = 0; i < results.size(); ++i) {
        if (!op->result(i).unused()) op->result(i).replace_uses(results[i]);
      }
      for (Operation* made = mark ? mark->next() : block->front(); made != op;
           made = made->next()) {
        made->walk([&](Operation* inner) {
          if (inner->info().has(Trait::composite)) todo.push_back(inner);
        });
      }
      op->erase();
    }
  }
}

}  // namespace proa::transform
