// Gathers: pieces of an axis that an index picks, read where they are used.
// Why apart from arithmetic: an index out of range stops the run, and a compiled kernel cannot say
// so; a check in front of it does.
#pragma once

#include "proa/ir/module.h"

namespace proa::compiler {

// Whether an index of this gather or scatter that is out of range stops the run.
bool stops(const ir::Operation& op);

// Rows of a matrix (embeddings), or pieces of one axis, by an index that stops the run where it is
// out of range. Of a vector there is no empty part that a check could take.
bool picks_pieces(const ir::Operation& op);

// A gather by the same index of an empty part of each piece, before `before`: nothing is copied,
// and the index is refused as it would be. Who reads the pieces takes its result too, so that it
// comes first.
ir::Value check_of_pieces(ir::Module& module, ir::Operation& op, ir::Operation* before);

}  // namespace proa::compiler
