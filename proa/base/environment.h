// Numbers from the environment.
// Why one place: a typing error in a variable must be told, and not read as 0 in silence.
#pragma once

#include <cstdint>
#include <optional>

namespace proa {

// Nothing where the variable is not set or empty. What is no whole number in low..high is a
// UserError(value) that names the variable.
std::optional<int64_t> environment_number(const char* name, int64_t low, int64_t high);

}  // namespace proa
