// All 2^32 inputs of the six functions that are f32 polynomials: at most 1 ULP. One to two minutes
// of one processor a function; every processor takes part.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "proa/base/thread_pool.h"

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
  int parity;  // f(-x) = parity * f(x); 0: neither even nor odd
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

// The first wrong pattern of begin..end or of its negatives, or end. The C library in double is
// within 1 ULP of f64, 2e-9 of an f32 ULP, and no function here comes that near to 1.
uint64_t first_wrong(const Function& f, uint64_t begin, uint64_t end) {
  std::vector<float> x(kBlock), minus(kBlock), y(kBlock), y_minus(kBlock);
  for (; begin < end; begin += kBlock) {
    for (int i = 0; i < kBlock; ++i) {
      x[i] = std::bit_cast<float>(static_cast<uint32_t>(begin) + static_cast<uint32_t>(i));
      minus[i] = -x[i];
    }
    f.ours(x.data(), y.data());
    f.ours(minus.data(), y_minus.data());
    for (int i = 0; i < kBlock; ++i) {
      const double want = f.oracle(x[i]);
      const double mirrored = f.parity == 0 ? f.oracle(minus[i]) : f.parity * want;
      if (!within_one_ulp(y[i], want) || !within_one_ulp(y_minus[i], mirrored)) {
        return begin + static_cast<uint64_t>(i);
      }
    }
  }
  return end;
}

TEST_P(NightlyNumeric, AllInputsWithinOneUlp) {
  const Function& f = GetParam();
  constexpr int64_t kPatterns = int64_t{1} << 31;  // of the numbers from +0 on, NaNs included
  const int64_t length = chunk_length(kPatterns, kBlock);
  std::vector<uint64_t> wrong(kMaxChunks, kPatterns);
  parallel_for(kPatterns, kBlock, [&](int64_t begin, int64_t end) {
    const uint64_t found = first_wrong(f, static_cast<uint64_t>(begin), static_cast<uint64_t>(end));
    if (found != static_cast<uint64_t>(end)) wrong[static_cast<size_t>(begin / length)] = found;
  });
  const uint64_t first = *std::min_element(wrong.begin(), wrong.end());
  EXPECT_EQ(first, uint64_t{kPatterns})
      << f.name << " at " << std::bit_cast<float>(static_cast<uint32_t>(first))
      << " or its negative";
}

#define PROA_CASE(name, parity)                                       \
  Function {                                                          \
    #name, name##_loop, [](double x) { return std::name(x); }, parity \
  }
INSTANTIATE_TEST_SUITE_P(All, NightlyNumeric,
                         testing::Values(PROA_CASE(exp, 0), PROA_CASE(log, 0), PROA_CASE(tanh, -1),
                                         PROA_CASE(sin, -1), PROA_CASE(cos, 1), PROA_CASE(erf, -1)),
                         [](const auto& info) { return std::string(info.param.name); });
#undef PROA_CASE

}  // namespace
}  // namespace proa

#if defined(__x86_64__)
#pragma GCC pop_options
#endif
