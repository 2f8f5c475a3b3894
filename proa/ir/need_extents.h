// The question whether a size is 1.
// Why: an extent of 1 is a symbol like any other until a rule asks.
#pragma once

#include <string_view>

#include "proa/ir/rules.h"

namespace proa::ir {

// Whether `dim` is 1. Where that is not known and the sizes of a call are at hand (Facts::asks),
// these decide: 1 is needed as a number (NeedExtents), anything else is a guard with this message.
// Elsewhere a symbol counts as other than 1.
bool is_one(Facts& facts, Dim dim, std::string_view message);
bool is_other_than_one(Facts& facts, Dim dim);  // proved, or guarded
// Of two extents that meet and may be different: whether the first is 1 where the second is not.
bool is_widened(Facts& facts, Dim from, Dim to, std::string_view message);

}  // namespace proa::ir
