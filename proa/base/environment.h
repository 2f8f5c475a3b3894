// Numbers, words and switches from the environment.
// Why one place: a typing error in a variable must be told, and not read as 0 in silence.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace proa {

// Nothing where the variable is not set or empty. What is no whole number in low..high is a
// UserError(value) that names the variable.
std::optional<int64_t> environment_number(const char* name, int64_t low, int64_t high);

// One of `words`; empty where the variable is not set or empty. Anything else is a
// UserError(value).
std::string_view environment_word(const char* name, std::initializer_list<std::string_view> words);
// 0 or 1; `usual` where the variable is not set or empty.
bool environment_switch(const char* name, bool usual);

}  // namespace proa
