// All 2^32 inputs of the six functions that are f32 polynomials: at most 1 ULP. Minutes a function.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

// The texts are compiled for the machines on which they matter, whatever the flags of the build;
// their bits are the same without, the run is not.
#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#undef PROA_ISA
#define PROA_ISA nightly
#endif
#include "proa/base/numeric/numeric.h"

namespace proa {
namespace {

constexpr int kBlock = 4096;

struct Function {
  const char* name;
  void (*ours)(const float*, float*);
  double (*oracle)(double);
};

#define PROA_LOOP(name)                                          \
  void name##_loop(const float* x, float* y) {                   \
    for (int i = 0; i < kBlock; ++i) y[i] = numeric::name(x[i]); \
  }
PROA_LOOP(exp)
PROA_LOOP(log)
PROA_LOOP(tanh)
PROA_LOOP(sin)
PROA_LOOP(cos)
PROA_LOOP(erf)
#undef PROA_LOOP

// Whether |got - want| <= 1 ULP of want; NaN agrees with NaN, zeros and infinities with their own
// sign.
bool within_one_ulp(float got, double want) {
  const float rounded = static_cast<float>(want);
  if (got == rounded) return got != 0 || std::signbit(got) == std::signbit(rounded);
  if (std::isnan(want)) return std::isnan(got);
  if (!std::isfinite(got) || !std::isfinite(rounded)) return false;
  const uint64_t exponent = std::max<uint64_t>(std::bit_cast<uint64_t>(want) >> 52 & 0x7ff, 897);
  return std::fabs(got - want) <= std::bit_cast<double>((exponent - 23) << 52);
}

class NightlyNumeric : public testing::TestWithParam<Function> {};

TEST_P(NightlyNumeric, AllInputsWithinOneUlp) {
  const Function& f = GetParam();
  std::vector<float> x(kBlock), y(kBlock);
  for (uint64_t begin = 0; begin >> 32 == 0; begin += kBlock) {
    for (int i = 0; i < kBlock; ++i) {
      x[i] = std::bit_cast<float>(static_cast<uint32_t>(begin) + static_cast<uint32_t>(i));
    }
    f.ours(x.data(), y.data());
    for (int i = 0; i < kBlock; ++i) {
      ASSERT_TRUE(within_one_ulp(y[i], f.oracle(x[i]))) << f.name << " at " << x[i] << ": " << y[i];
    }
  }
}

#define PROA_CASE(name)                                       \
  Function {                                                  \
    #name, name##_loop, [](double x) { return std::name(x); } \
  }
INSTANTIATE_TEST_SUITE_P(All, NightlyNumeric,
                         testing::Values(PROA_CASE(exp), PROA_CASE(log), PROA_CASE(tanh),
                                         PROA_CASE(sin), PROA_CASE(cos), PROA_CASE(erf)),
                         [](const auto& info) { return std::string(info.param.name); });
#undef PROA_CASE

}  // namespace
}  // namespace proa

#if defined(__x86_64__)
#pragma GCC pop_options
#endif
