// Loads every operator page: the dialect "prim" (the closed set) and the dialect "tensor" (all
// others). Why one call: a Context knows all operators or none, so no floor depends on the order of
// loading.
#pragma once

namespace proa::ir {
class Context;
}

namespace proa::ops {

void load(ir::Context& context);  // does nothing where they are loaded already

}  // namespace proa::ops
