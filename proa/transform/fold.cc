#include "proa/transform/fold.h"

#include <algorithm>

#include "proa/base/checked.h"
#include "proa/base/error.h"
#include "proa/ir/builder.h"
#include "proa/ir/dialect.h"

namespace proa::transform {

using namespace ir;

namespace {

constexpr std::string_view kConstant = "prim.constant";

Operation* constant_of(Value value) {
  Operation* op = value.definer();
  return op != nullptr && op->is(kConstant) ? op : nullptr;
}

// Nothing where a size is unknown.
std::optional<std::vector<int64_t>> extents(Type type) {
  std::vector<int64_t> dims;
  for (Dim d : type.dims()) {
    auto value = d.as_const();
    if (!value) return std::nullopt;
    dims.push_back(*value);
  }
  return dims;
}

bool fits(Type type, int64_t limit) {
  if (!type.is_tensor()) return false;
  auto dims = extents(type);
  if (!dims) return false;
  auto elements = checked_elements(*dims);
  if (!elements) return false;
  auto bytes = checked_mul(*elements, static_cast<int64_t>(size_of(type.dtype())));
  return bytes && *bytes <= limit;
}

bool may_fold(const Operation& op, int64_t limit) {
  const OpInfo& info = op.info();
  if (!info.has(Trait::primitive) || !info.has(Trait::pure) || info.has(Trait::constant_like) ||
      info.has(Trait::structured) || op.region_count() > 0 || op.operand_count() == 0) {
    return false;
  }
  if (op.is("prim.broadcast") || op.is("prim.barrier") || op.is("prim.call")) return false;
  for (Value operand : op.operands()) {
    if (constant_of(operand) == nullptr) return false;
  }
  return std::ranges::all_of(op.results(), [&](Value v) { return fits(v.type(), limit); });
}

bool fold_one(Operation& op, Module& module, const Evaluator& evaluator) {
  std::vector<TensorData> operands;
  std::vector<Type> types;
  for (Value operand : op.operands()) {
    operands.push_back(constant_of(operand)->attr("value").as_tensor());
  }
  for (Value result : op.results()) types.push_back(result.type());
  std::vector<TensorData> values = evaluator(op.info(), op.attrs(), operands, types);
  if (values.empty()) return false;
  PROA_CHECK(values.size() == types.size(), "the evaluator gave ", values.size(), " results of ",
             op.name(), ", which has ", types.size());
  Builder builder(module, &op);
  builder.set_location(op.location());
  for (size_t i = 0; i < types.size(); ++i) {
    PROA_CHECK(values[i].dtype == types[i].dtype() && values[i].dims == *extents(types[i]),
               "the evaluator gave a result ", i, " of ", op.name(), " that is no ",
               to_string(types[i]));
    OpState state;
    state.info = &module.context().op(kConstant);
    state.location = op.location();
    state.results = {types[i]};
    state.attrs.set(module.context().name("value"),
                    Attribute::tensor(module.context(), std::move(values[i])));
    op.result(i).replace_uses(builder.insert(state)->result());
  }
  op.erase();
  return true;
}

// In the order of the block, so that what was folded is a constant for what reads it.
int64_t fold_block(Block& block, Module& module, const Evaluator& evaluator, int64_t limit) {
  int64_t folded = 0;
  for (Operation* op = block.front(); op != nullptr;) {
    Operation* next = op->next();
    for (size_t r = 0; r < op->region_count(); ++r) {
      for (size_t b = 0; b < op->region(r).block_count(); ++b) {
        folded += fold_block(op->region(r).block(b), module, evaluator, limit);
      }
    }
    if (may_fold(*op, limit) && fold_one(*op, module, evaluator)) ++folded;
    op = next;
  }
  return folded;
}

}  // namespace

int64_t fold(Module& module, const Evaluator& evaluator, int64_t limit) {
  return evaluator ? fold_block(module.body(), module, evaluator, limit) : 0;
}

}  // namespace proa::transform
