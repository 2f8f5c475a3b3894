// The first tier: a lowered function as an Executable over the prebuilt kernels of the cpu.
// Why: a call must run at once, before any kernel is compiled for it; and eager may not know the
// compiler.
#pragma once

#include <memory>
#include <span>
#include <utility>

#include "proa/compiler/emit/emit.h"
#include "proa/runtime/executor.h"

namespace proa::tier {

// Whether a prebuilt kernel computes this operation as it is. Composites that have one need not be
// decomposed; the kernel gives the bits of their decomposition.
bool has_kernel(const ir::Operation& op);

// `func` holds operations that have kernels; `symbols` are the sizes that callers give, in order.
// `terms`: what callers promise.
std::unique_ptr<runtime::Executable> prebuilt(const ir::Module& module, ir::Func func,
                                              std::span<const ir::Dim> symbols,
                                              const program::Terms& terms = {});

}  // namespace proa::tier
