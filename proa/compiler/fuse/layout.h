// Layout: values that live between convolutions are kept with their channels innermost.
// Why: a convolution computes sixteen outputs of a pixel at once and reads the channels of a pixel
// one after the other; where memory lies that way nothing is turned on the way in or out.
#pragma once

#include <cstdint>

#include "proa/compiler/fuse/fuse.h"
#include "proa/ir/module.h"

namespace proa::compiler {

// In every function: classes of values that no argument, result or other operation sees as they are
// become transposed ones, and what reads and makes them is written over the transposed axes. A
// prim.transpose stands where the two meet, which readers take as strides. Returns how many values
// were turned.
int64_t lay_out(ir::Module& module, Renders renders);

// Values turned in this process, for the report.
int64_t laid_out();

// The transpose to channels last that is the only reader of a convolution, whose results then leave
// it that way; null where there is none.
ir::Operation* turned(const ir::Operation& convolution);

}  // namespace proa::compiler
