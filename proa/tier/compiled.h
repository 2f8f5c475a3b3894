// The second tier: a lowered function as an Executable of kernels that the compiler wrote for it.
// Why here: making kernels, finding them again in memory or on disk, and counting all of it is
// neither the compiler's business nor the runtime's.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "proa/compiler/pipeline.h"
#include "proa/runtime/executor.h"

namespace proa::tier {

// `func` holds primitives only. What cannot be rendered runs on prebuilt kernels; where nothing can
// be compiled at all, everything does, and the report says why.
std::unique_ptr<runtime::Executable> compiled(const ir::Module& module, ir::Func func,
                                              std::span<const ir::Dim> symbols);

// Which tier runs what is made from now on: PROA_TIER=prebuilt (the default) or compiled. A name
// that is neither is a UserError(value).
enum class Tier : uint8_t { prebuilt, compiled };
Tier tier();
Tier captured_tier();  // of captured functions: compiled, unless PROA_TIER says otherwise
std::unique_ptr<runtime::Executable> executable(const ir::Module& module, ir::Func func,
                                                std::span<const ir::Dim> symbols,
                                                Tier wanted = tier());

// What has happened in this process so far.
struct Report {
  int64_t compiled = 0;     // kernels made by the compiler
  int64_t from_disk = 0;    // found in the cache folder
  int64_t from_memory = 0;  // asked for again
  int64_t fallbacks = 0;  // functions that ran on prebuilt kernels though a compiled tier was asked
  double seconds = 0;     // spent compiling
  std::string compiler;   // what makes kernels here
  std::string last_reason;  // of the last fallback
};
Report report();

}  // namespace proa::tier
