#include "proa/base/environment.h"

#include <charconv>
#include <cstdlib>
#include <string>

#include "proa/base/error.h"

namespace proa {

std::optional<int64_t> environment_number(const char* name, int64_t low, int64_t high) {
  const char* given = std::getenv(name);
  std::string_view text = given != nullptr ? given : "";
  if (text.empty()) return std::nullopt;
  int64_t value = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool whole = failure == std::errc() && end == text.data() + text.size();
  if (whole && value >= low && value <= high) return value;
  throw UserError(ErrorKind::value, name, "",
                  str("expected a whole number in ", low, "..", high, ", got '", text, "'"));
}

std::string_view environment_word(const char* name, std::initializer_list<std::string_view> words) {
  const char* given = std::getenv(name);
  std::string_view text = given != nullptr ? given : "";
  std::string all;
  for (std::string_view word : words) {
    if (text == word) return word;
    all += str(all.empty() ? "" : " or ", word);
  }
  if (text.empty()) return {};
  throw UserError(ErrorKind::value, name, "", str("expected ", all, ", got '", text, "'"));
}

bool environment_switch(const char* name, bool usual) {
  std::string_view word = environment_word(name, {"0", "1"});
  return word.empty() ? usual : word == "1";
}

}  // namespace proa
