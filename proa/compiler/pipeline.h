// The pipeline: from a function of primitives to a program of kernels, in the order of pipeline.cc.
// Why one file: what the compiler does, and why in this order, is read here and nowhere else.
#pragma once

#include <memory>
#include <span>

#include "proa/compiler/emit/emit.h"
#include "proa/ir/module.h"
#include "proa/program/program.h"

namespace proa::compiler {

// `func` holds primitives only and is changed in the module; `symbols` are the sizes that callers
// give, in order; `held`: see program::Terms.
std::shared_ptr<program::Program> compile(ir::Module& module, ir::Func func,
                                          std::span<const ir::Dim> symbols,
                                          std::span<const int32_t> held = {},
                                          const render::Tilings& tilings = {});

}  // namespace proa::compiler
