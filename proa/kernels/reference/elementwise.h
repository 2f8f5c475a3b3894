// Elementwise kernels: a loop over dense memory for each dtype, and the driver of all of them.
// Why one driver: strides, threads and the narrow floats are dealt with here once, so that an
// operator is a formula.
#pragma once

#include "proa/kernels/reference/operand.h"

namespace proa::kernels::PROA_ISA {

// n elements, dense; `out` may be one of `in`. The parameter is the operator's own.
using Loop = void (*)(void* out, const void* const* in, int64_t n, int64_t parameter);

// Loops by the dtype of the operands. Without loops of their own, f16 and bf16 take that of f32
// (f16 the one of `to_f16`, if there is one, whose results round to the right f16).
struct LoopSet {
  Loop of[kDTypeCount] = {};
  Loop to_f16 = nullptr;

  constexpr LoopSet with(DTypeSet dtypes, Loop loop) const {
    LoopSet made = *this;
    for (int i = 0; i < kDTypeCount; ++i) {
      if (contains(dtypes, static_cast<DType>(i))) made.of[i] = loop;
    }
    return made;
  }
};

// What to run. Conversions are loops of one operand, between memory and what `loop` works on.
struct Elementwise {
  Loop loop = nullptr;
  Loop widen[3] = {};
  Loop narrow = nullptr;
  size_t wide_size = 4;  // bytes of an element between loop and narrow
  int64_t parameter = 0;
  int64_t grain = 32768;  // elements worth a thread
};

void run_elementwise(const Elementwise& job, std::span<const Operand> in, void* out,
                     size_t out_size, int64_t count);

// All operands of one dtype but for the first `skip`, one dense result.
void run_loops(const KernelArgs& args, const LoopSet& loops, int64_t grain = 32768,
               int64_t parameter = 0, size_t skip = 0);

Loop widen_loop(DType narrow);   // to f32; null where the dtype is not narrow
Loop narrow_loop(DType narrow);  // from f32

template <class T, class R, class F>
void loop1(void* out, const void* const* in, int64_t n, int64_t) {
  auto* y = static_cast<R*>(out);
  auto* x = static_cast<const T*>(in[0]);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) y[i] = F{}(x[i]);
}

template <class T, class R, class F>
void loop2(void* out, const void* const* in, int64_t n, int64_t) {
  auto* z = static_cast<R*>(out);
  auto* x = static_cast<const T*>(in[0]);
  auto* y = static_cast<const T*>(in[1]);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) z[i] = F{}(x[i], y[i]);
}

template <class T, class F>
void loop3(void* out, const void* const* in, int64_t n, int64_t) {
  auto* w = static_cast<T*>(out);
  auto* x = static_cast<const T*>(in[0]);
  auto* y = static_cast<const T*>(in[1]);
  auto* z = static_cast<const T*>(in[2]);
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) w[i] = F{}(x[i], y[i], z[i]);
}

}  // namespace proa::kernels::PROA_ISA
