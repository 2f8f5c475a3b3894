// Engine: a package made runnable: which of its programs runs, and on whose kernels.
// Why apart from Predictor: clones share it, weights and kernels with it; a Predictor is one user.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "proa/inference/config.h"
#include "proa/program/package.h"
#include "proa/runtime/executor.h"

namespace proa::inference {

// Where the kernels came from.
struct Kernels {
  bool compiled = false;  // the program on kernels of the compiler runs
  int64_t prebuilt = 0;   // calls of this library's own kernels in the program
  int64_t stored = 0;     // kernels taken from the file as machine code
  int64_t made = 0;       // kernels that a compiler was asked for
  std::string reason;     // why `compiled` is false
};

class Engine {
 public:
  static std::shared_ptr<const Engine> load(const Config& config);

  const program::Package& package() const { return *package_; }
  const runtime::Executable& executable() const { return *executable_; }
  const Kernels& kernels() const { return kernels_; }
  int64_t load_ns() const { return load_ns_; }

 private:
  Engine() = default;
  std::shared_ptr<const program::Package> package_;
  std::unique_ptr<program::KernelProvider> plugin_, stored_;
  std::unique_ptr<runtime::Executable> executable_;
  Kernels kernels_;
  int64_t load_ns_ = 0;
};

// The table of the cpu's kernels, filled.
const program::KernelTable& kernel_table();

// How many calls of kernels a program has, those of loops and branches included. A kernel that is
// not in the table is UserError(not_supported): a later version wrote the file, or one with
// operators from outside.
int64_t check_kernels(const program::Program& program, const program::KernelTable& table);

// "float32[batch, 1, 8, 8]"
std::string form(const program::PackageTensor& tensor, const program::Package& package);

}  // namespace proa::inference
