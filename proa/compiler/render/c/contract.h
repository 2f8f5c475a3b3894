// Rendering of contractions: a function around one loop.contract as the text of a C function.
// Why apart: blocking, packing and edges are one text with holes; other loops have none of them.
#pragma once

#include <optional>

#include "proa/compiler/render/c/render.h"

namespace proa::compiler::render {

// The loop.contract of the function, or null.
ir::Operation* contraction_of(ir::Func kernel);
CKernel render_contraction(ir::Func kernel, const Tilings& tilings);
// For a matrix of columns that is the same at every call. Nothing where its sizes are not known, or
// where panels would take much more memory than it does.
std::optional<PackedKernel> render_packed_contraction(ir::Func kernel, const Tilings& tilings);

}  // namespace proa::compiler::render
