// Elements copied from one strided form to another, and memory filled with one element.
// Why: pad, concat and the dynamic slices are such copies, and inputs that lie across the loops are
// put in order first.
#pragma once

#include "proa/kernels/reference/operand.h"

namespace proa::kernels::PROA_ISA {

struct Strided {
  void* data = nullptr;
  std::span<const int64_t> strides;  // in elements
};

void move(std::span<const int64_t> dims, size_t element_size, const Strided& from,
          const Strided& to);

void fill(void* to, int64_t count, size_t element_size, const void* element);

}  // namespace proa::kernels::PROA_ISA
