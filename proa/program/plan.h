// Memory plan: where each buffer of a program lies in one block of memory, the arena.
// Why ahead of time: who lives when is known before the first kernel runs, so one allocation serves
// them all, and what it costs can be told beforehand.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace proa::program {

// Needed from step `first` to step `last`, both included.
struct PlannedBuffer {
  int64_t bytes = 0;
  int32_t first = 0, last = 0;
};

inline constexpr int64_t kPlanAlignment = 64;

struct MemoryPlan {
  std::vector<int64_t> offsets;  // by buffer, multiples of kPlanAlignment
  int64_t bytes = 0;             // of the arena
  int64_t lower_bound = 0;       // most bytes that are alive at one step: no plan needs less
};

// Buffers that are alive at one step never overlap.
MemoryPlan plan_memory(std::span<const PlannedBuffer> buffers);

}  // namespace proa::program
