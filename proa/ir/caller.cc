#include "proa/ir/caller.h"

#include "proa/base/str.h"
#include "proa/ir/dialect.h"

namespace proa::ir {

std::string_view positions_of(const Page& page) {
  for (const OperandSpec& operand : page.operands) {
    if (!operand.meets && !operand.rng_key && (operand.dtypes & kIntSet) == kIntSet)
      return operand.name;
  }
  return {};
}

Location called_location(const Operation& op, Context& context) {
  if (!name_in(op.location()).empty() || op.info().page == nullptr) return op.location();
  std::string_view positions = positions_of(*op.info().page);
  std::string name = str(op.info().page->name, positions.empty() ? "" : " ", positions);
  if (op.is("tensor.index")) name = "getitem index";  // the brackets of Python
  if (op.is("tensor.index_put")) name = "setitem index";
  Location parts[] = {op.location(), Location::name(context, name)};
  return Location::fused(context, parts);
}

std::string_view name_in(Location location) {
  if (location.kind() == LocationKind::name) return location.text();
  if (location.kind() != LocationKind::fused) return {};
  for (Location part : location.parts()) {
    if (std::string_view name = name_in(part); !name.empty()) return name;
  }
  return {};
}

}  // namespace proa::ir
