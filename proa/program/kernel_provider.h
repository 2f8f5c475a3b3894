// Whoever makes machine code of kernel texts, as the runtime sees it.
// Why here: a runtime without a compiler must run what it is given, and may only ask.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "proa/program/program.h"

namespace proa::program {

// Runs the units begin..end of a compiled kernel. `buffers` are inputs, then outputs, each dense;
// `words` what the program computed for it; `scratch` memory of its own for the calling thread. Any
// cut of the units gives the same bits.
using CompiledFn = void (*)(void* const* buffers, const int64_t* words, int64_t begin, int64_t end,
                            char* scratch);

// Which tiling of an instruction runs at sizes of one kind: its own (0), or a rival (from 1 on).
// Safe to call from many threads at once.
class Choice {
 public:
  struct Turn {
    size_t tiling;
    CompiledFn run;
    bool timed;  // whoever runs it says by ran() how long that took
  };
  virtual ~Choice() = default;
  virtual Turn turn() = 0;
  virtual void ran(size_t tiling, int64_t nanoseconds) = 0;
};

class KernelProvider {
 public:
  virtual ~KernelProvider() = default;
  // The function stays valid as long as the process. Null where it cannot be made; who asks must
  // have another way. Safe to call from many threads at once.
  virtual CompiledFn find(const KernelText& kernel) = 0;
  // What constants alone decide (once.h), where somebody has kept what these kernels made of it:
  // the value of a slot of a program. Null elsewhere.
  virtual const Constant* kept(const Program&, int32_t /*slot*/) { return nullptr; }
  // `run` is the instruction's own kernel, `words` are its words at these sizes. Null: it stays.
  virtual std::shared_ptr<Choice> choose(const KernelText&, CompiledFn /*run*/,
                                         std::span<const Rival> /*rivals*/,
                                         std::span<const int64_t> /*words*/) {
    return nullptr;
  }
};

}  // namespace proa::program
