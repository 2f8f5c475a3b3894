// Array: strided memory — a buffer, where in it, extents, strides, dtype — and the views of it.
// Why apart from Buffer: many arrays look into one buffer, and layout operators only make a new
// look.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "proa/base/dtype.h"
#include "proa/base/small_vector.h"
#include "proa/program/kernel.h"
#include "proa/runtime/buffer.h"

namespace proa::runtime {

using Extents = SmallVector<int64_t, 6>;

struct Array {
  BufferRef buffer;
  char* data = nullptr;  // the element at index 0, 0, ...; strides may be negative
  DType dtype = DType::f32;
  Extents dims, strides;  // strides in elements

  explicit operator bool() const { return static_cast<bool>(buffer); }
  int rank() const { return static_cast<int>(dims.size()); }
  int64_t elements() const;
  bool is_dense() const;  // row-major without gaps
  program::TensorRef ref() const {
    return {data, dims.data(), strides.data(), static_cast<int32_t>(dims.size()), dtype};
  }

  static Array dense(std::span<const int64_t> dims, DType dtype);  // uninitialised, on the cpu
};

Extents dense_strides(std::span<const int64_t> dims);

// Views. Arguments are checked by whoever calls: these only compute.
Array transpose(const Array& x, std::span<const int64_t> permutation);
Array broadcast(const Array& x, std::span<const int64_t> dims, std::span<const int64_t> axes);
Array slice(const Array& x, std::span<const int64_t> starts, std::span<const int64_t> dims,
            std::span<const int64_t> steps);  // steps may be negative
Array reverse(const Array& x, std::span<const int64_t> axes);
std::optional<Array> reshape_view(const Array& x,
                                  std::span<const int64_t> dims);  // none: needs a copy

// Elements of `from` written to `to`, of equal dims and dtype; `to` may be strided.
void copy(const Array& from, const Array& to);
Array to_dense(const Array& x);                                // itself if it is dense
Array reshape(const Array& x, std::span<const int64_t> dims);  // a view where it can be

}  // namespace proa::runtime
