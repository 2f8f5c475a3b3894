// Calls of kernels through the table, on tensors with any strides.
// Why: tests say what goes in and read what comes out; the words of attributes are made here.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "proa/base/dtype.h"
#include "proa/base/thread_pool.h"
#include "proa/kernels/register.h"
#include "proa/program/kernel.h"

namespace proa::kernels::test {

using Dims = std::vector<int64_t>;

// A tensor that owns its bytes; strides are dense unless a test changes them.
struct Tensor {
  DType dtype = DType::f32;
  Dims dims, strides;
  std::vector<char> bytes;
  int64_t offset = 0;  // of the element 0, 0, ..., in elements

  Tensor() = default;
  Tensor(DType type, Dims extents);
  template <class T>
  Tensor(DType type, Dims extents, const std::vector<T>& values)
      : Tensor(type, std::move(extents)) {
    if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  }
  int64_t elements() const;
  program::TensorRef ref() const;
  template <class T>
  std::vector<T> values() const {  // dense tensors only
    std::vector<T> result(static_cast<size_t>(elements()));
    if (!bytes.empty()) std::memcpy(static_cast<void*>(result.data()), bytes.data(), bytes.size());
    return result;
  }
};

// The same elements in memory of another form: transposed, spread out, backwards.
std::vector<Tensor> strided_forms(const Tensor& dense);
// `x` seen as larger dims: axes of extent 1 with stride 0.
Tensor broadcast(const Tensor& x, Dims dims);

using Words = std::vector<std::vector<int64_t>>;  // one list an attribute

// Calls `name` of one instruction set, or of the best one here below it; outputs are made of
// `dtypes` and `shapes`.
std::vector<Tensor> call(Isa isa, std::string_view name, const std::vector<Tensor>& in,
                         const Words& attrs, const std::vector<DType>& dtypes,
                         const std::vector<Dims>& shapes);

// Calls it on the best instruction set, and checks that the baseline, other thread counts and
// strided forms of the operands give the same bytes.
std::vector<Tensor> check(std::string_view name, const std::vector<Tensor>& in, const Words& attrs,
                          const std::vector<DType>& dtypes, const std::vector<Dims>& shapes);
// Equal dims, dtype and bits, NaNs being one class.
bool same_bits(const Tensor& a, const Tensor& b);

Tensor check1(std::string_view name, const std::vector<Tensor>& in, const Words& attrs, DType dtype,
              const Dims& shape);

}  // namespace proa::kernels::test
