// Tilings: ways to cut a contraction into units, panels and vectors, all with the same bits.
// Why several: which one is fastest depends on the processor's caches and clock, and no rule knows
// them; the tier measures (proa/tier/tuning.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace proa::compiler::render {

struct Tiling {
  std::string_view name;
  int64_t least_rows, most_rows, columns;  // of a unit
  int64_t lying_rows, lying_columns;       // at most, where rows are not packed
  bool narrow;                             // vectors of 32 bytes where there are some of 64
};

// The rule comes first.
inline constexpr Tiling kTilings[] = {
    {"rule", 256, 512, 192, 2048, 128, false},
    {"broad", 512, 1024, 384, 2048, 256, false},  // fewer units: less is packed, less to share
    {"narrow", 256, 512, 192, 2048, 128, true},   // wide vectors may cost clock
};

// The one of this name; an empty name is the rule. UserError(value) for any other.
const Tiling& tiling_of(std::string_view name);

struct Tilings {
  std::string chosen = {};  // of this name; empty: by the rule
  bool rivals = false;      // kernels name others, to be measured
  bool wide = false;        // for a processor with vectors of 64 bytes
};

}  // namespace proa::compiler::render
