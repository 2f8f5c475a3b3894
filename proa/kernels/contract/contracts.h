// The contracts of the kernels in proa/kernels/reference, by family: which calls each of them may
// be given. Why beside and not inside: kernels are built once for each instruction set, what they
// demand is the same for all.
#pragma once

#include <span>

#include "proa/program/contract.h"

namespace proa::kernels {

using program::Call;
using program::ContractEntry;
using Port = Call::Port;
using Dims = SmallVector<int64_t, 8>;

std::span<const ContractEntry> elementwise_contracts();
std::span<const ContractEntry> moving_contracts();    // create, layout, index
std::span<const ContractEntry> reducing_contracts();  // reduce, scan, window, sort
std::span<const ContractEntry> algebra_contracts();   // contraction, fft, linalg, attention, image

// The extents but for those of some axes.
inline Dims without(std::span<const int64_t> dims, std::span<const int> axes) {
  Dims rest;
  for (size_t i = 0; i < dims.size(); ++i) {
    bool named = false;
    for (int axis : axes) named |= static_cast<size_t>(axis) == i;
    if (!named) rest.push_back(dims[i]);
  }
  return rest;
}
inline Dims without(std::span<const int64_t> dims, int axis) { return without(dims, {&axis, 1}); }

// The extents with another one along an axis, which may count from the end.
inline Dims with(std::span<const int64_t> dims, int axis, int64_t extent) {
  Dims made(dims);
  made[axis < 0 ? made.size() - static_cast<size_t>(-axis) : static_cast<size_t>(axis)] = extent;
  return made;
}

// n elements with `step - 1` holes between neighbours.
inline int64_t spread(const Call& call, int64_t n, int64_t step) {
  return n == 0 ? 0 : call.add(call.multiply(n - 1, step), 1);
}

}  // namespace proa::kernels
