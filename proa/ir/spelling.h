// Spelling: how names, strings, numbers and tensor elements are written in IR text.
// Why shared: what the printer writes and what the parser reads must be one definition.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "proa/base/dtype.h"

namespace proa::ir {

constexpr bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_name_part(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9') || c == '.' || c == '$';
}
bool is_name(std::string_view text);  // one word of letters, digits, '_', '.', '$'

std::string quote(std::string_view bytes);  // any bytes; well-formed UTF-8 stays readable
std::string quote_unless_name(std::string_view text);

// The shortest text that reads back to the same bits, and that no integer looks like.
std::string real_text(double value);  // "1.0", "1e-05", "nan", "-inf", "-0.0"

// One element of a tensor constant: "1.5", "-3", "true", "(1.0, -2.0)". Complex elements are read
// part by part, as elements of real_of(dtype).
std::string element_text(DType dtype, const void* element);
// False if the text is no element of this dtype, or a finite number does not fit.
bool parse_element(DType dtype, std::string_view text, void* element);

// Bytes in memory order, two lower-case digits each (little-endian elements, as on every host).
std::string hex_text(std::span<const uint8_t> bytes);
bool parse_hex(std::string_view text, std::span<uint8_t> out);  // sizes must match

}  // namespace proa::ir
