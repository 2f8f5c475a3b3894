// Rendering: a function of loops as the text of a C function.
// Why C: it can be read, compared, stored and compiled anywhere; a compiler in process costs the
// same milliseconds for it as for IR of its own.
#pragma once

#include <string>
#include <vector>

#include "proa/compiler/render/c/tiling.h"
#include "proa/ir/module.h"

namespace proa::compiler::render {

// A kernel and what its caller must compute. The function is
//
//   void NAME(void* const* buffers, const long long* words, long long begin, long long end,
//             char* scratch)
//
// and runs the units begin..end of its outermost parallel loops, taken as one.
struct CKernel {
  std::string name;            // from the text's hash, so that equal kernels have equal names
  std::string text;            // complete: nothing is included
  std::vector<ir::Dim> words;  // the values of `words`
  ir::Dim units = 1;           // what may be cut into begin..end
  ir::Dim work = 1;            // elements that one unit goes through
  ir::Dim scratch = 0;         // bytes of memory for each thread that runs a part
  bool repeats = false;        // it may be one of a batch
  // The same in other tilings: `words` differ here and there, and the text is empty where it is the
  // same too. They have no rivals of their own.
  std::vector<CKernel> rivals;
  std::string_view tiling = {};  // of a rival
};

std::string kernel_name(uint64_t hash);  // of its text
CKernel render_c(ir::Func kernel, const Tilings& tilings = {});

// For weights that are the same at every call: a kernel that packs them, from buffer `weights` of
// the function to `elements` of `dtype`, and the kernel that finds them so in that buffer.
struct PackedKernel {
  CKernel pack, kernel;
  size_t weights;
  int64_t elements;
  DType dtype;
};

// The same kernel for many sets of buffers and words. Its words: how many, the units of each, the
// words of each; its buffers: the inputs of each, the outputs of each. Only name and text are set.
CKernel repeated(const CKernel& one, size_t inputs, size_t outputs);

}  // namespace proa::compiler::render
