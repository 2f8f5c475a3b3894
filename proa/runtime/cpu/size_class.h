// Size classes of blocks: multiples of 64 bytes up to 1 KiB, then eight steps a doubling.
// Why: few lists to search, and a bounded waste (1/8 above 1 KiB).
#pragma once

#include <bit>
#include <cstdint>

namespace proa::runtime {

inline constexpr int64_t kLinearLimit = 1024;
inline constexpr int kLinearClasses = kLinearLimit / 64;  // class i holds 64 * (i + 1) bytes
inline constexpr int kStepsLog2 = 3;
inline constexpr int64_t kLargestBlock = int64_t{1} << 56;
inline constexpr int kSizeClasses = kLinearClasses + (56 - 10) * (1 << kStepsLog2);

// size in 1..kLargestBlock
constexpr int size_class_of(int64_t size) {
  if (size <= kLinearLimit) return static_cast<int>((size + 63) / 64) - 1;
  int log2 = 63 - std::countl_zero(static_cast<uint64_t>(size - 1));
  int step = static_cast<int>((size - 1 - (int64_t{1} << log2)) >> (log2 - kStepsLog2));
  return kLinearClasses + ((log2 - 10) << kStepsLog2) + step;
}

constexpr int64_t size_of_class(int index) {
  if (index < kLinearClasses) return 64 * (int64_t{index} + 1);
  int log2 = 10 + ((index - kLinearClasses) >> kStepsLog2);
  int64_t step = ((index - kLinearClasses) & ((1 << kStepsLog2) - 1)) + 1;
  return (int64_t{1} << log2) + (step << (log2 - kStepsLog2));
}

}  // namespace proa::runtime
