// Operand: an input as a row of elements in the order of the output, wherever they lie in memory.
// Why: every kernel then has one loop, over dense memory; strided inputs come to it block by block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "proa/base/numeric/isa.h"
#include "proa/base/small_vector.h"
#include "proa/program/kernel.h"

namespace proa::kernels::PROA_ISA {

using program::KernelArgs;
using program::KernelEntry;
using program::TensorRef;

using Extents = SmallVector<int64_t, 8>;

class Operand {
 public:
  Operand() = default;
  explicit Operand(const TensorRef& x)
      : Operand(x.data, size_of(x.dtype), {x.dims, static_cast<size_t>(x.rank)},
                {x.strides, static_cast<size_t>(x.rank)}) {}
  // Axes of any order and choice; strides in elements.
  Operand(const void* data, size_t element_size, std::span<const int64_t> dims,
          std::span<const int64_t> strides);

  bool dense() const { return dims_.empty() || (dims_.size() == 1 && strides_[0] == 1); }
  size_t element_size() const { return size_; }
  const char* at(int64_t index) const;  // the address of element `index`

  // Copies the elements into memory of its own, in order, where they lie across: taken block by
  // block, each line of the cache would be read many times.
  void put_in_order();

  // Elements begin .. begin + count, dense: where they lie, if they do so densely, else in
  // `buffer`.
  const void* take(int64_t begin, int64_t count, void* buffer) const {
    if (dense()) return data_ + begin * static_cast<int64_t>(size_);
    return gather(begin, count, buffer);
  }

 private:
  const void* gather(int64_t begin, int64_t count, void* buffer) const;

  const char* data_ = nullptr;
  size_t size_ = 1;
  Extents dims_, strides_;  // merged where neighbours run on, outermost first
  std::unique_ptr<char[]> memory_;
};

}  // namespace proa::kernels::PROA_ISA
