// Loads every operator page: the dialect "prim" (the closed set) and the dialect "tensor" (all
// others). Why one call: a Context knows all operators or none, so no floor depends on the order of
// loading.
#pragma once

#include <string_view>

namespace proa::ir {
class Context;
}

namespace proa::ops {

void load(ir::Context& context);  // does nothing where they are loaded already

// The family that a page belongs to ("activation"); empty where it came from outside.
std::string_view family_of(std::string_view full_name);

}  // namespace proa::ops
