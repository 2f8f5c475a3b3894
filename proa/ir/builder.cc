#include "proa/ir/builder.h"

#include "proa/base/error.h"
#include "proa/ir/dialect.h"
#include "proa/ir/rules.h"

namespace proa::ir {

Operation* Builder::insert(const OpState& state) {
  Operation* op = Operation::create(state);
  if (!state.location.storage()) op->set_location(location_);
  block_->insert(op, before_);
  if (listener_ != nullptr) listener_->created(op);
  return op;
}

Operation* Builder::create(const OpInfo& info, std::span<const Value> operands, AttrList attrs,
                           std::span<const int64_t> segments, Regions regions) {
  PROA_CHECK(info.page, "operation ", info.name, " has no page to infer its results from");
  const Page& page = *info.page;
  OpState state;
  state.info = &info;
  state.location = location_;
  state.regions = regions.size();

  // Absent optional operands arrive as null values; the operation stores the others and segments.
  bool uneven = false;
  for (const OperandSpec& spec : page.operands) uneven |= spec.optional || spec.variadic;
  std::vector<int64_t> counts(segments.begin(), segments.end());
  if (counts.empty()) {
    if (page.operands.size() == 1 && page.operands[0].variadic) {
      counts = {static_cast<int64_t>(operands.size())};
    } else {
      PROA_CHECK(operands.size() == page.operands.size(), info.name, " takes ",
                 page.operands.size(), " operands, got ", operands.size());
      for (Value operand : operands) counts.push_back(operand ? 1 : 0);
    }
  }
  for (Value operand : operands) {
    if (operand) state.operands.push_back(operand);
  }
  if (uneven) attrs.set(context().name("segments"), Attribute::ints(context(), counts));

  std::vector<Type> types;
  types.reserve(state.operands.size());
  for (Value operand : state.operands) types.push_back(operand.type());
  std::vector<RegionTypes> inside;
  for (size_t i = 0; i < regions.size(); ++i) inside.push_back(region_types(info, i, *regions[i]));
  state.results =
      infer(info, attrs, types, counts, facts(), context().default_float(), context(), inside);
  state.attrs = std::move(attrs);
  Operation* op = insert(state);
  for (size_t i = 0; i < regions.size(); ++i) op->region(i).take_body(*regions[i]);
  return op;
}

Operation* Builder::create(std::string_view full_name, std::span<const Value> operands,
                           AttrList attrs, std::span<const int64_t> segments, Regions regions) {
  return create(context().op(full_name), operands, std::move(attrs), segments, std::move(regions));
}

Operation* Builder::create_return(std::span<const Value> values) {
  OpState state;
  state.info = &context().op("builtin.return");
  state.operands.assign(values.begin(), values.end());
  return insert(state);
}

}  // namespace proa::ir
