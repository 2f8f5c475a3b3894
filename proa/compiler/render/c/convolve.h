// Rendering of convolutions: a function around one loop.convolve as the text of a C function.
// Why apart: the text is that of base/numeric/convolve_*.inc, which the reference kernels are
// compiled from too; what is written here is its sizes and what follows each sum.
#pragma once

#include <optional>

#include "proa/compiler/render/c/render.h"

namespace proa::compiler::render {

// The loop.convolve of the function, or null.
ir::Operation* convolution_of(ir::Func kernel);
CKernel render_convolution(ir::Func kernel);

// For weights that are the same at every call. Nothing where weights are read as they lie, or where
// their sizes are not known.
std::optional<PackedKernel> render_packed_convolution(ir::Func kernel);

}  // namespace proa::compiler::render
