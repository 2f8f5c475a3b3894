// Stored programs: a function as the two programs of a file, on prebuilt kernels and on kernels of
// the compiler. Why here: only this floor knows both tiers; what reads the file knows neither.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "proa/compiler/pipeline.h"

namespace proa::tier {

struct StoredObject {
  std::string target, kernel;
  std::vector<std::byte> bytes;
};

struct Stored {
  std::shared_ptr<const program::Program> prebuilt;
  std::shared_ptr<const program::Program> compiled;  // null where `reason` says why
  std::string reason;
  std::vector<StoredObject> objects;  // of all kernels of `compiled`, for each target
};

// `func` holds operations that have kernels. Sizes are read from extents of its arguments.
// `targets`: processors to compile the kernels for; UserError(not_supported) where that cannot be.
Stored stored(const ir::Module& module, ir::Func func, std::span<const std::string> targets);

}  // namespace proa::tier
