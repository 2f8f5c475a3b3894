// Caller: which operator the user called where a primitive refuses what it reads.
// Why in locations: decomposition, autodiff and fusion carry them from operation to operation.
#pragma once

#include <string_view>

#include "proa/ir/operation.h"
#include "proa/ir/page.h"

namespace proa::ir {

// The operand that holds positions, integers that take no part in promotion; empty if there is
// none.
std::string_view positions_of(const Page& page);
// The location with the name of the operator that the user called, and of its positions: "take
// index". One that has a name keeps it: the outermost operator is the one that was called.
Location called_location(const Operation& op, Context& context);
// The first name among the parts of a location; empty if there is none.
std::string_view name_in(Location location);

}  // namespace proa::ir
