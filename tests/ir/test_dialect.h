// A small dialect for tests of the IR: pages with optional and variadic operands, an operation with
// regions, a region ordered by data, an isolated one.
#pragma once

#include <memory>

#include "proa/ir/context.h"
#include "proa/ir/dialect.h"

namespace proa::ir {

std::unique_ptr<Dialect> test_dialect(Context& context);

}  // namespace proa::ir
