// Error functions and the gamma family.

#include "proa/kernels/reference/transcendental.h"

namespace proa::kernels::PROA_ISA {

namespace {

PROA_REAL_FUNCTOR(Erf, erf)
PROA_REAL_FUNCTOR(Erfc, erfc)
PROA_REAL_FUNCTOR(Erfinv, erfinv)
PROA_REAL_FUNCTOR(Lgamma, lgamma)

// The order comes as the parameter of the loop.
template <class T>
void polygamma_loop(void* out, const void* const* in, int64_t n, int64_t order) {
  auto* y = static_cast<T*>(out);
  auto* x = static_cast<const T*>(in[0]);
  for (int64_t i = 0; i < n; ++i) y[i] = numeric::polygamma(static_cast<T>(order), x[i]);
}
void polygamma_to_f16(void* out, const void* const* in, int64_t n, int64_t order) {
  auto* y = static_cast<float*>(out);
  auto* x = static_cast<const float*>(in[0]);
  for (int64_t i = 0; i < n; ++i) {
    y[i] = numeric::polygamma_to_f16(static_cast<float>(order), x[i]);
  }
}

constexpr LoopSet polygamma_loops() {
  LoopSet loops = LoopSet()
                      .with(bit(DType::f32), polygamma_loop<float>)
                      .with(bit(DType::f64), polygamma_loop<double>);
  loops.to_f16 = polygamma_to_f16;
  return loops;
}

constexpr LoopSet kErf = float_loops<Erf, ErfToF16>();
constexpr LoopSet kErfc = float_loops<Erfc, ErfcToF16>();
constexpr LoopSet kErfinv = float_loops<Erfinv, ErfinvToF16>();
constexpr LoopSet kLgamma = float_loops<Lgamma, LgammaToF16>();
constexpr LoopSet kPolygamma = polygamma_loops();

template <const LoopSet& kLoops, int64_t kGrain>
void run(const KernelArgs& args) {
  run_loops(args, kLoops, kGrain);
}

void polygamma(const KernelArgs& args) {
  run_loops(args, kPolygamma, kWideGrain / 4, args.attrs.integer(0));
}

constexpr KernelEntry kKernels[] = {
    {"prim.erf", run<kErf, kPolynomialGrain>},
    {"prim.erfc", run<kErfc, kWideGrain>},
    {"prim.erfinv", run<kErfinv, kWideGrain>},
    {"prim.lgamma", run<kLgamma, kWideGrain>},
    {"prim.polygamma", polygamma},
};

}  // namespace

std::span<const KernelEntry> special_kernels() { return kKernels; }

}  // namespace proa::kernels::PROA_ISA
