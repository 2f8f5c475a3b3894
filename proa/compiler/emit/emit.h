// Emission: a function of primitives becomes a Program.
// Why: the last step of the compiler, and the only one that writes instructions.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proa/compiler/render/c/tiling.h"
#include "proa/ir/module.h"
#include "proa/program/program.h"

namespace proa::compiler {

// Every operation must be a primitive or structured control flow over primitives; calls are
// inlined. `symbols` lists the symbols whose values the caller will give, in order; others are read
// from the extents of the arguments. A symbol with no source is an InternalError. `held` arguments,
// see program::Terms, are packed apart from what reads them, as constants are.
std::shared_ptr<program::Program> emit(const ir::Module& module, ir::Func func,
                                       std::span<const ir::Dim> symbols = {},
                                       std::span<const int32_t> held = {},
                                       const render::Tilings& tilings = {});

}  // namespace proa::compiler
