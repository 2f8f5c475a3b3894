#include <algorithm>
#include <cstdlib>
#include <new>

#include "proa/base/error.h"
#include "proa/base/numeric/half.h"
#include "proa/base/thread_pool.h"
#include "proa/kernels/reference/conv.h"

// Vectors are wider than the registers of the baseline build; they pass between functions of this
// file only.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace proa::kernels::PROA_ISA {

namespace {

using namespace numeric;  // NOLINT: the texts name each other plainly
using program::KernelArgs;
using program::TensorRef;

// Memory of a thread, kept from call to call: a fresh page costs more than the work done in it.
class Scratch {
 public:
  ~Scratch() { std::free(data_); }
  template <class T>
  T* of(int64_t count) {
    auto bytes = (static_cast<size_t>(count) * sizeof(T) + 4095) / 4096 * 4096;
    if (bytes > size_) {
      std::free(data_);
      size_ = 0;
      data_ = std::aligned_alloc(4096, bytes);
      if (data_ == nullptr) throw std::bad_alloc();
      size_ = bytes;
    }
    return static_cast<T*>(data_);
  }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

// For all storage types, as a library that is loaded late has little room for words of threads.
struct Rooms {
  Scratch weights, memory;
};
Rooms& rooms() {
  thread_local Rooms own;
  return own;
}

// Everything but the plan; false where there is nothing to compute.
template <class Conv>
bool describe(const KernelArgs& args, Conv& k) {
  const TensorRef &x = args.in[0], &w = args.in[1], &y = args.out[0];
  int spatial = x.rank - 2, first = 3 - spatial;
  for (int a = 0; a < 3; ++a) {
    auto& axis = k.axis[a];
    axis = {};
    axis.in = axis.out = axis.kernel = axis.stride = axis.gap = axis.reach = 1;
    if (a < first) continue;
    auto i = static_cast<size_t>(a - first);
    axis.in = x.dims[i + 2];
    axis.kernel = w.dims[i + 2];
    axis.out = y.dims[i + 2];
    axis.stride = args.attrs.ints(0)[i];
    axis.low = args.attrs.ints(1)[i];
    axis.gap = args.attrs.ints(3)[i];
    axis.reach = args.attrs.ints(4)[i];
    axis.x = x.strides[i + 2];
    axis.w = w.strides[i + 2];
  }
  k.batch = x.dims[0];
  k.groups = args.attrs.integer(5);
  k.channels = w.dims[1];
  k.outs = k.groups > 0 ? w.dims[0] / k.groups : 0;
  k.x_n = x.strides[0];
  k.x_c = x.strides[1];
  k.w_o = w.strides[0];
  k.w_c = w.strides[1];
  return y.elements() > 0;
}

// clang-format off
#define PN_CONV_EIGHT(v) {v, v, v, v, v, v, v, v}
#define PN_CONV_FOUR(v) {v, v, v, v}
// clang-format on

#define PN_CONV_REAL float
#define PN_CONV_LANES 8
#define PN_CONV_ALL PN_CONV_EIGHT
namespace of_f32 {
#define PN_CONV_ELEM float
#define PN_CONV_SAME
#define PN_CONV_WIDEN(e) (e)
#define PN_CONV_CUT(v) (v)
#include "proa/kernels/reference/conv_tiles.inc"
#undef PN_CONV_ELEM
#undef PN_CONV_SAME
#undef PN_CONV_WIDEN
#undef PN_CONV_CUT
}  // namespace of_f32
namespace of_f16 {
#define PN_CONV_ELEM pn_u16
#define PN_CONV_WIDEN(e) pn_f32_of_f16(e)
#define PN_CONV_CUT(v) pn_f16_of_f32(v)
#include "proa/kernels/reference/conv_tiles.inc"
#undef PN_CONV_WIDEN
#undef PN_CONV_CUT
}  // namespace of_f16
namespace of_bf16 {
#define PN_CONV_WIDEN(e) pn_f32_of_bf16(e)
#define PN_CONV_CUT(v) pn_bf16_of_f32(v)
#include "proa/kernels/reference/conv_tiles.inc"
#undef PN_CONV_ELEM
#undef PN_CONV_WIDEN
#undef PN_CONV_CUT
}  // namespace of_bf16
#undef PN_CONV_REAL
#undef PN_CONV_LANES
#undef PN_CONV_ALL

#define PN_CONV_REAL double
#define PN_CONV_LANES 4
#define PN_CONV_ALL PN_CONV_FOUR
namespace of_f64 {
#define PN_CONV_ELEM double
#define PN_CONV_SAME
#define PN_CONV_WIDEN(e) (e)
#define PN_CONV_CUT(v) (v)
#include "proa/kernels/reference/conv_tiles.inc"
}  // namespace of_f64

}  // namespace

void conv_tiles(const KernelArgs& args) {
  switch (args.in[0].dtype) {
    case DType::f16: return of_f16::run(args);
    case DType::bf16: return of_bf16::run(args);
    case DType::f32: return of_f32::run(args);
    case DType::f64: return of_f64::run(args);
    default: throw InternalError(str("no tiles for ", to_string(args.in[0].dtype)));
  }
}

}  // namespace proa::kernels::PROA_ISA
