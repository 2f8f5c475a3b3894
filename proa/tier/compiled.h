// The second tier: a lowered function as an Executable of kernels that the compiler wrote for it.
// Why here: making kernels, finding them again in memory or on disk, and counting all of it is
// neither the compiler's business nor the runtime's.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proa/compiler/pipeline.h"
#include "proa/runtime/executor.h"

namespace proa::tier {

// `func` holds primitives only. What cannot be rendered runs on prebuilt kernels; where nothing can
// be compiled at all, everything does, and the report says why.
std::unique_ptr<runtime::Executable> compiled(const ir::Module& module, ir::Func func,
                                              std::span<const ir::Dim> symbols,
                                              const program::Terms& terms = {});

// The same, but null where anything would have to run in another way, with the reason counted.
std::unique_ptr<runtime::Executable> compiled_only(const ir::Module& module, ir::Func func,
                                                   std::span<const ir::Dim> symbols,
                                                   const program::Terms& terms = {});

// Which tier runs what is made from now on: PROA_TIER=prebuilt, compiled, or both (the default):
// prebuilt first, and whichever is faster in the end (contest.h). Another name is a
// UserError(value).
enum class Tier : uint8_t { prebuilt, compiled, both };
Tier tier();
Tier captured_tier();  // of captured functions: compiled, unless PROA_TIER says otherwise
std::string_view to_string(Tier tier);
// `terms`: what callers promise.
std::unique_ptr<runtime::Executable> executable(const ir::Module& module, ir::Func func,
                                                std::span<const ir::Dim> symbols,
                                                Tier wanted = tier(),
                                                const program::Terms& terms = {});

// Machine code of a kernel for a processor ("x86-64-v3", "x86-64-v4"), to be stored.
// UserError(not_supported) where there is no compiler.
std::vector<std::byte> object_of(const program::KernelText& kernel, std::string_view processor);

// Bytes that the plan of the compiled function takes for inputs of these forms, arena and results:
// it runs on the device where nothing is computed. Compiles no kernel.
int64_t planned_bytes(const ir::Module& module, ir::Func func, std::span<const ir::Dim> symbols,
                      std::span<const runtime::Array> inputs, std::span<const int64_t> sizes);

// Compiles kernels, or finds them where they were compiled before. Throws where it cannot.
program::KernelProvider& kernel_provider();

// A kernel that nobody waits for, counted apart from others; null where it is not on the disk and
// `compile` is false. Throws as kernel_provider().find() does.
program::CompiledFn kernel_aside(const program::KernelText& kernel, bool compile);

// What has happened in this process so far.
struct Report {
  int64_t compiled = 0;     // kernels made by the compiler
  int64_t from_disk = 0;    // found in the cache folder
  int64_t from_memory = 0;  // asked for again
  int64_t kept = 0;         // see runtime/held.h
  int64_t aside = 0;        // made in the background, as rivals of others
  int64_t fallbacks = 0;  // functions that ran on prebuilt kernels though a compiled tier was asked
  int64_t channels_last = 0;  // values between convolutions that were turned
  double seconds = 0;         // spent compiling
  std::string compiler;       // what makes kernels here
  std::string last_reason;    // of the last fallback
};
Report report();

}  // namespace proa::tier
