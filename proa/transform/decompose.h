// Decomposition: composites become primitives by the rules of their pages.
// Why its own step: composites keep their name through autodiff and until nobody claims them.
#pragma once

#include <string_view>
#include <vector>

#include "proa/ir/builder.h"

namespace proa::transform {

// Emits the decomposition of `op` (composite) through `builder` with the given operands in place of
// its own, and returns its results. Operands that meet are cast to their common dtype first.
std::vector<ir::Value> expand(const ir::Operation& op, std::span<const ir::Value> operands,
                              ir::Builder& builder);

// Decomposes until only primitives are left. `keep` (may be null) says which composites stay.
void decompose(ir::Module& module, bool (*keep)(const ir::Operation&) = nullptr);

}  // namespace proa::transform
