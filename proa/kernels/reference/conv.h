// Convolutions of floats over tiles, for the table of conv.cc.
// Why apart: the tiles are built once for each storage type, from the text that rendered kernels
// carry too.
#pragma once

#include "proa/program/kernel.h"

namespace proa::kernels::PROA_ISA {

// x of at most three spatial axes; any strides. The dtype is f16, bf16, f32 or f64.
void conv_tiles(const program::KernelArgs& args);

}  // namespace proa::kernels::PROA_ISA
