// Batches: launches of one text that do not depend on each other become one.
// Why: the step of an optimizer is the same few lines for each of many parameters, most of them so
// small that starting a kernel costs more than running it.
#pragma once

#include "proa/ir/module.h"

namespace proa::compiler {

// Brings such launches together and gives them the same number as the attribute `batch`; emission
// makes one instruction of them, whose units are cut over all. What runs late in the program is
// batched only if it replaces arguments of the function (they stay alive anyway), other launches
// only where they are small. Returns the number of batches.
int batch(ir::Module& module);

}  // namespace proa::compiler
