// The circular functions and their inverses.

#include "proa/kernels/reference/transcendental.h"

namespace proa::kernels::PROA_ISA {

namespace {

PROA_INEXACT_FUNCTOR(Sin, sin)
PROA_INEXACT_FUNCTOR(Cos, cos)
PROA_INEXACT_FUNCTOR(Tan, tan)
PROA_INEXACT_FUNCTOR(Asin, asin)
PROA_INEXACT_FUNCTOR(Acos, acos)
PROA_INEXACT_FUNCTOR(Atan, atan)

constexpr LoopSet kSin = inexact_loops<Sin, SinToF16>();
constexpr LoopSet kCos = inexact_loops<Cos, CosToF16>();
constexpr LoopSet kTan = inexact_loops<Tan, TanToF16>();
constexpr LoopSet kAsin = inexact_loops<Asin, AsinToF16>();
constexpr LoopSet kAcos = inexact_loops<Acos, AcosToF16>();
constexpr LoopSet kAtan = inexact_loops<Atan, AtanToF16>();

template <const LoopSet& kLoops, int64_t kGrain>
void run(const KernelArgs& args) {
  run_loops(args, kLoops, kGrain);
}

constexpr KernelEntry kKernels[] = {
    {"prim.sin", run<kSin, kPolynomialGrain>}, {"prim.cos", run<kCos, kPolynomialGrain>},
    {"prim.tan", run<kTan, kWideGrain>},       {"prim.asin", run<kAsin, kWideGrain>},
    {"prim.acos", run<kAcos, kWideGrain>},     {"prim.atan", run<kAtan, kWideGrain>},
};

}  // namespace

std::span<const KernelEntry> trigonometric_kernels() { return kKernels; }

}  // namespace proa::kernels::PROA_ISA
