// Products of one row with a matrix: the text for them, which reads the matrix once and as it lies.
// Why apart from other contractions: nothing is used twice, so packing would only cost, and the
// speed is that of the memory.
#pragma once

#include "proa/compiler/render/c/micro.h"

namespace proa::compiler::render {

// How the matrix lies: columns side by side, or the terms of a column.
enum class Lie { wide, deep };

inline constexpr int64_t kWideChunk = 1024;  // columns whose sums stay in the first cache
inline constexpr int64_t kSpreadRest = 4;    // rounds that the terms after the last 4096 may take

//   wide: multiply_chunk(x, y, stride, depth, width, sums)  over at most kDepth terms
//   deep: multiply_strip(x, spread, y, stride, depth, width, sums)  one panel, over all terms,
//   where
//         spread(x, stride, depth, to) has made the second form of x, which may take
//         kSpreadRest panels of 256 terms more than x
// sums[width] = x times columns of y; `stride` leads from one term to the next (wide) or from one
// column to the next (deep), in elements.
std::string matvec_texts(const Arithmetic& a, Lie lie);

}  // namespace proa::compiler::render
