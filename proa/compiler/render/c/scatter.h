// Scatters: a function around one loop.scatter as C text.
// Why apart: rows of the result are found through lists that each unit makes of the index.
#pragma once

#include "proa/compiler/render/c/render.h"

namespace proa::compiler::render {

// The loop.scatter of a function of loops, or null.
ir::Operation* scatter_of(ir::Func kernel);
CKernel render_scatter(ir::Func kernel);

}  // namespace proa::compiler::render
