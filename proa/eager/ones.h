// ask_about_ones: where a graph for all sizes would be slow for an extent of 1, and is told to ask.
// Why asked: for one row of a product there are kernels that read a matrix at the speed of memory;
// a long sum of one row is shared among threads; and a loop of one element inside of a long one
// costs ten times what the long one does alone. Everything else serves 1 as it serves any size.
#pragma once

#include "proa/ir/module.h"

namespace proa::eager {

// Whom a graph for all sizes may ask about the sizes of the call at hand while it is compiled:
// nobody, the rules of operators alone, or the speed of kernels too. `of_any_size`: also where this
// call has few elements, and a later one may have many; a graph of many operations that is as good
// as any for its sizes is not made again for that.
enum class Ask : uint8_t { nothing, rules, kernels, kernels_of_any_size };

// Of primitives. Where an extent is not known, the sizes of the call decide (ir::is_one):
// NeedExtents for all that are 1, guards for the rest. Nothing where no call is at hand.
void ask_about_ones(ir::Module& module, Ask ask);

}  // namespace proa::eager
