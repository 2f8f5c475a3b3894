// replace_sizes: a module, type or attribute with other sizes for its symbols.
// Why one place: a graph that becomes part of another one takes the sizes there, and one that is
// needed at given sizes takes numbers; what sizes occur in must be said once.
#pragma once

#include "proa/ir/module.h"
#include "proa/ir/symbol/dim.h"

namespace proa::ir {

Type replace_sizes(Type type, const DimMap& map);
Attribute replace_sizes(Context& context, Attribute attr, const DimMap& map);
// All types and attributes of its operations. What is known of the symbols stays as it is.
void replace_sizes(Module& module, const DimMap& map);

}  // namespace proa::ir
