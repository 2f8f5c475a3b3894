// Whoever makes machine code of kernel texts, as the runtime sees it.
// Why here: a runtime without a compiler must run what it is given, and may only ask.
#pragma once

#include <cstdint>

#include "proa/program/program.h"

namespace proa::program {

// Runs the units begin..end of a compiled kernel. `buffers` are inputs, then outputs, each dense;
// `words` what the program computed for it; `scratch` memory of its own for the calling thread. Any
// cut of the units gives the same bits.
using CompiledFn = void (*)(void* const* buffers, const int64_t* words, int64_t begin, int64_t end,
                            char* scratch);

class KernelProvider {
 public:
  virtual ~KernelProvider() = default;
  // The function stays valid as long as the process. Null where it cannot be made; who asks must
  // have another way. Safe to call from many threads at once.
  virtual CompiledFn find(const KernelText& kernel) = 0;
  // What constants alone decide (once.h), where somebody has kept what these kernels made of it:
  // the value of a slot of a program. Null elsewhere.
  virtual const Constant* kept(const Program&, int32_t /*slot*/) { return nullptr; }
};

}  // namespace proa::program
