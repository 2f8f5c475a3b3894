// Which kernels may refuse the values that they read: an index out of range, a singular matrix.
// Why: memory that a caller gives away is overwritten only when nothing can fail any more.
#pragma once

#include <span>
#include <string_view>

#include "proa/program/kernel.h"

namespace proa::program {

// Before the first program runs.
void add_refusing(std::span<const KernelEntry> entries);
// True also of kernels that are no primitives, which nobody here knows.
bool may_refuse(std::string_view kernel);

}  // namespace proa::program
