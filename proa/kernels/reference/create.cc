// Kernels that make tensors from attributes: iota, rng_bits, dim.

#include "proa/base/error.h"
#include "proa/base/numeric/integer.h"
#include "proa/base/numeric/philox.h"
#include "proa/base/thread_pool.h"
#include "proa/kernels/reference/operand.h"

namespace proa::kernels::PROA_ISA {

namespace {

constexpr int64_t kGrain = 32768;

template <class Body>
void for_elements(int64_t count, Body body) {
  if (count <= kGrain) {
    if (count > 0) body(int64_t{0}, count);
  } else {
    parallel_for(count, kGrain, body);
  }
}

// `inner` elements share an index, which runs over `extent`.
template <class T>
void iota_of(const TensorRef& out, int64_t extent, int64_t inner) {
  T* y = out.as<T>();
  for_elements(out.elements(), [&](int64_t begin, int64_t end) {
    int64_t index = begin / inner % extent, rest = inner - begin % inner;
    for (int64_t i = begin; i < end;) {
      int64_t n = rest < end - i ? rest : end - i;
      T value = numeric::cast<T>(index);
      for (int64_t k = 0; k < n; ++k) y[i + k] = value;
      i += n;
      rest = inner;
      if (++index == extent) index = 0;
    }
  });
}

template <class T>
void iota_last(const TensorRef& out, int64_t extent) {
  T* y = out.as<T>();
  for_elements(out.elements(), [&](int64_t begin, int64_t end) {
    int64_t index = begin % extent;
    for (int64_t i = begin; i < end;) {
      int64_t n = extent - index < end - i ? extent - index : end - i;
      for (int64_t k = 0; k < n; ++k) y[i + k] = numeric::cast<T>(index + k);
      i += n;
      index = 0;
    }
  });
}

template <class T>
void iota_as(const TensorRef& out, int64_t extent, int64_t inner) {
  if (inner == 1) return iota_last<T>(out, extent);
  iota_of<T>(out, extent, inner);
}

void iota(const KernelArgs& args) {
  const TensorRef& out = args.out[0];
  if (out.elements() == 0) return;
  int64_t axis = args.attrs.integer(2), inner = 1;
  if (axis < 0) axis += out.rank;
  for (int64_t i = axis + 1; i < out.rank; ++i) inner *= out.dims[i];
  int64_t extent = out.dims[axis];
  switch (out.dtype) {
    case DType::u8: return iota_as<uint8_t>(out, extent, inner);
    case DType::i8: return iota_as<int8_t>(out, extent, inner);
    case DType::i16: return iota_as<int16_t>(out, extent, inner);
    case DType::i32: return iota_as<int32_t>(out, extent, inner);
    case DType::i64: return iota_as<int64_t>(out, extent, inner);
    case DType::f16: return iota_as<Float16>(out, extent, inner);
    case DType::bf16: return iota_as<BFloat16>(out, extent, inner);
    case DType::f32: return iota_as<float>(out, extent, inner);
    case DType::f64: return iota_as<double>(out, extent, inner);
    default: PROA_CHECK(false, "no iota of ", to_string(out.dtype));
  }
}

void rng_bits(const KernelArgs& args) {
  const TensorRef &key = args.in[0], &out = args.out[0];
  auto* words = key.as<const int64_t>();
  auto seed = static_cast<uint64_t>(words[0]), call = static_cast<uint64_t>(words[key.strides[0]]);
  if (out.dtype == DType::i32) {
    auto* y = out.as<uint32_t>();
    for_elements(out.elements(), [=](int64_t begin, int64_t end) {
      int64_t i = begin;
      for (; i < end && i % 4 != 0; ++i)
        y[i] = numeric::pn_rng_u32(seed, call, static_cast<uint64_t>(i));
      for (; i + 4 <= end; i += 4) {
        auto block = numeric::pn_rng_block(seed, call, static_cast<uint64_t>(i) >> 2);
        for (int k = 0; k < 4; ++k) y[i + k] = block.word[k];
      }
      for (; i < end; ++i) y[i] = numeric::pn_rng_u32(seed, call, static_cast<uint64_t>(i));
    });
  } else {
    auto* y = out.as<uint64_t>();
    for_elements(out.elements(), [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        y[i] = numeric::pn_rng_u64(seed, call, static_cast<uint64_t>(i));
    });
  }
}

void dim(const KernelArgs& args) {
  int64_t axis = args.attrs.integer(0);
  if (axis < 0) axis += args.in[0].rank;
  *args.out[0].as<int64_t>() = args.in[0].dims[axis];
}

constexpr KernelEntry kKernels[] = {
    {"prim.iota", iota},
    {"prim.rng_bits", rng_bits},
    {"prim.dim", dim},
};

}  // namespace

std::span<const KernelEntry> create_kernels() { return kKernels; }

}  // namespace proa::kernels::PROA_ISA
