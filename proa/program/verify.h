// verify: whether a program holds together: every index, list and size that the executor will
// follow. Why apart from reading: what comes from the emitter is checked by the same rules in
// tests.
#pragma once

#include <string_view>

#include "proa/program/program.h"

namespace proa::program {

inline constexpr int kMostNested = 64;  // loops and branches in one another

// UserError(io), "cannot read SOURCE: instruction N (name): reason", for a program or one of those
// in its branches and loops. What depends on the sizes of a run, and what kernels demand of their
// operands (contract.h), is asked when it runs.
void verify(const Program& program, std::string_view source);

}  // namespace proa::program
