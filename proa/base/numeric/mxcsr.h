// The floating-point environment of a run: round to nearest, subnormals kept, exceptions masked.
// Why: a caller (or a library in the process) may have set flush-to-zero or another rounding, and
// the numbers of a kernel must not depend on it. Set on entry to a run and in every pool thread.
#pragma once

#include <cstdint>
#if !defined(__SSE__) && !defined(__aarch64__)
#include <cfenv>
#endif

namespace proa::numeric {

class FloatEnvironment {
 public:
#if defined(__SSE__)
  FloatEnvironment() : saved_(__builtin_ia32_stmxcsr()) {
    if (saved_ != kDefault) __builtin_ia32_ldmxcsr(kDefault);
  }
  // The sticky exception flags are the run's own: the caller gets its word back as it was.
  ~FloatEnvironment() { __builtin_ia32_ldmxcsr(saved_); }

 private:
  static constexpr uint32_t kDefault = 0x1f80;  // all exceptions masked, nearest, FTZ and DAZ off
  uint32_t saved_;
#elif defined(__aarch64__)
  FloatEnvironment() {
    asm volatile("mrs %0, fpcr" : "=r"(saved_));
    asm volatile("msr fpcr, %0" : : "r"(uint64_t{0}));
  }
  ~FloatEnvironment() { asm volatile("msr fpcr, %0" : : "r"(saved_)); }

 private:
  uint64_t saved_;
#else
  FloatEnvironment() {
    std::fegetenv(&saved_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~FloatEnvironment() { std::fesetenv(&saved_); }

 private:
  std::fenv_t saved_;
#endif

 public:
  FloatEnvironment(const FloatEnvironment&) = delete;
  FloatEnvironment& operator=(const FloatEnvironment&) = delete;
};

}  // namespace proa::numeric
