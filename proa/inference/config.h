// Config: which model a predictor runs, and with what means.
// Why a plain struct: each field is one decision of whoever deploys; nothing is read from anywhere
// else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "proa/program/kernel_provider.h"

namespace proa::inference {

// Sizes of a run by the names of the model's symbols. A symbol that is not named has its least
// value, but at least 1.
using Sizes = std::vector<std::pair<std::string, int64_t>>;

struct Config {
  std::string model;                 // path of a .proa file, or
  std::span<const std::byte> bytes;  // its content; copied
  // Compare the checksum of all that the file holds when it is opened. It costs one reading of the
  // file; without it weights are read when they are first used.
  bool verify = true;
  int threads = 0;           // of a run, at most; 0: as many as the process has
  int64_t memory_limit = 0;  // bytes that a run takes for what it computes; 0: none

  // Machine code, and C text to compile, come from whoever wrote the file and may do anything. They
  // run only with this; without it the model runs on this library's own kernels, with the same
  // bits.
  bool allow_native_code = false;
  // The plug-in that compiles kernels the file has not for this machine: a path; empty: beside this
  // library. It is opened only when such a kernel is missing.
  std::string compiler;
  bool allow_compiler = true;
  // Who compiles in a process that has a compiler already; then no plug-in is opened.
  program::KernelProvider* provider = nullptr;

  // Each is run once with zeros when the predictor is made, so that a first request with these
  // sizes waits for nothing.
  std::vector<Sizes> warm_up;
  bool profile = false;  // see trace.h
};

}  // namespace proa::inference
