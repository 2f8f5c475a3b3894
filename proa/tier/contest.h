// Contest: a program that runs on prebuilt kernels at once, is compiled behind its back when it has
// taken as long as that takes, and is replaced only if that is faster. Why timed: nobody can tell
// beforehand, and both have the same bits, so nothing else can tell them apart.
#pragma once

#include <memory>
#include <span>
#include <utility>

#include "proa/compiler/pipeline.h"
#include "proa/runtime/executor.h"

namespace proa::tier {

// The prebuilt tier of `func`, with such an understudy. `terms`: what callers promise.
std::unique_ptr<runtime::Executable> contested(const ir::Module& module, ir::Func func,
                                               std::span<const ir::Dim> symbols,
                                               const program::Terms& terms = {});

struct ContestCounts {
  int64_t programs = 0;  // that run in this way
  int64_t waiting = 0;   // to be compiled
  int64_t timed = 0;     // compiled, and being timed
  int64_t won = 0;       // by compiled kernels
  int64_t lost = 0;      // kept on prebuilt kernels, which are as fast
  int64_t failed = 0;    // not compiled
};
ContestCounts contest_counts();

}  // namespace proa::tier
