// What a saved model is, in words: inputs, outputs, size, operations, memory.
// Why in the library: both command-line tools say it, and the tests read it.
#pragma once

#include <string>

#include "proa/inference/config.h"
#include "proa/program/package.h"

namespace proa::inference {

// Bytes that one run takes for these sizes, as planned; nothing is computed.
struct MemoryOfRun {
  int64_t arena = 0;        // for what passes between operations
  int64_t lower_bound = 0;  // no plan needs a smaller one
  int64_t results = 0;
  int64_t inputs = 0;  // of the caller
};
MemoryOfRun memory_of_run(const program::Package& package, const Sizes& sizes);

// `source`: the name to show. Lines of text.
std::string describe(const program::Package& package, const std::string& source,
                     const Sizes& sizes = {});

}  // namespace proa::inference
