// The builtin dialect: module, func, return — the frame in which every other operation stands.
// Why here: the IR's own structure must not depend on any floor above it.
#pragma once

#include "proa/ir/dialect.h"

namespace proa::ir {

class BuiltinDialect : public Dialect {
 public:
  explicit BuiltinDialect(Context& context);
};

}  // namespace proa::ir
