// Kernels as the program sees them: a name, a function over strided tensors, and the table of both.
// Why here: the runtime calls kernels and the kernels floor registers them; they meet in the waist.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "proa/base/dtype.h"

namespace proa::program {

// Memory as a kernel sees it. Strides count elements and may be zero or negative (inputs);
// outputs never overlap themselves and, but for kernels that say otherwise, are dense row-major.
struct TensorRef {
  void* data = nullptr;
  const int64_t* dims = nullptr;
  const int64_t* strides = nullptr;
  int32_t rank = 0;
  DType dtype = DType::f32;

  int64_t elements() const {
    int64_t n = 1;
    for (int i = 0; i < rank; ++i) n *= dims[i];
    return n;
  }
  bool dense() const;  // row-major without gaps (dims of extent 1 may have any stride)
  template <class E>
  E* as() const {
    return static_cast<E*>(data);
  }
};

// Attributes in the page's order, flattened: `offsets[k] .. offsets[k + 1]` of `words` belong to
// attribute k. Integers, booleans, dtypes and axes are one word; a string is its index in the
// page's choices; a real is its bit pattern; lists are as many words as they have entries; dims
// are evaluated before the call. An absent attribute has no words.
struct AttrWords {
  const int64_t* words = nullptr;
  const int32_t* offsets = nullptr;
  bool has(int k) const { return offsets[k + 1] > offsets[k]; }
  int64_t integer(int k) const { return words[offsets[k]]; }
  bool boolean(int k) const { return words[offsets[k]] != 0; }
  double real(int k) const;
  std::span<const int64_t> ints(int k) const {
    return {words + offsets[k], static_cast<size_t>(offsets[k + 1] - offsets[k])};
  }
};

struct KernelArgs {
  std::span<const TensorRef>
      in;  // flat operands; an absent optional one has data == nullptr, rank == -1
  std::span<const TensorRef> out;
  AttrWords attrs;
  const char* op = "";  // for error messages
};

// May throw UserError (a singular matrix, out of memory). Called with 0-size tensors too.
using KernelFn = void (*)(const KernelArgs&);

struct KernelEntry {
  std::string_view name;  // of the primitive: "prim.add"
  KernelFn run = nullptr;
};

class KernelTable {
 public:
  void add(std::span<const KernelEntry> entries);
  KernelFn find(std::string_view name) const;  // null if absent
  std::vector<std::string_view> names() const;

 private:
  std::vector<KernelEntry> entries_;  // sorted by name
};

}  // namespace proa::program
