// The sizes of a run: a value for each symbol of a package.
// Why apart: warming up and describing a model both start from names and have the same mistakes to
// report.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "proa/inference/config.h"
#include "proa/program/package.h"

namespace proa::inference {

// By symbol; see Sizes for those that are not named. UserError(key) for a name that is not there,
// UserError(shape) for a value outside the symbol's range.
std::vector<int64_t> values_of(const program::Package& package, const Sizes& sizes,
                               std::string_view argument);

// The extents of an input or output at these values; -1 where the program computes one.
std::vector<int64_t> dims_of(const program::PackageTensor& tensor, std::span<const int64_t> values);

}  // namespace proa::inference
