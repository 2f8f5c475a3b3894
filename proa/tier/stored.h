// Stored programs: a function as the two programs of a file, on prebuilt kernels and on kernels of
// the compiler. Why here: only this floor knows both tiers; what reads the file knows neither.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "proa/compiler/pipeline.h"
#include "proa/runtime/array.h"

namespace proa::tier {

struct StoredObject {
  std::string target, kernel;
  std::vector<std::byte> bytes;
};

// What a program computes from constants alone, as the kernels of these targets make it.
struct StoredPacked {
  std::vector<std::string> targets;
  size_t program;  // of program::with_inner
  int32_t slot;
  runtime::Array value;
};

struct Stored {
  std::shared_ptr<const program::Program> prebuilt;
  std::shared_ptr<const program::Program> compiled;  // null where `reason` says why
  std::string reason;
  std::vector<StoredObject> objects;  // of all kernels of `compiled`, for each target
  std::vector<StoredPacked> packed;
};

// `func` holds operations that have kernels. Sizes are read from extents of its arguments.
// `targets`: processors to compile the kernels for; UserError(not_supported) where that cannot be.
// `pack`: what their kernels make of constants is computed here, for those targets that this
// processor runs.
Stored stored(const ir::Module& module, ir::Func func, std::span<const std::string> targets,
              bool pack);

}  // namespace proa::tier
