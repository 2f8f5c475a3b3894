#include "proa/ir/spelling.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "proa/base/numeric/half.h"
#include "proa/base/str.h"

namespace proa::ir {

namespace {

constexpr char kDigits[] = "0123456789abcdef";

// The length of the well-formed UTF-8 sequence at the head of `text` (RFC 3629), 0 if there is
// none.
size_t utf8_length(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(0);
  size_t length = first < 0x80   ? 1
                  : first < 0xc2 ? 0
                  : first < 0xe0 ? 2
                  : first < 0xf0 ? 3
                  : first < 0xf5 ? 4
                                 : 0;
  if (length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (first == 0xe0 && byte(1) < 0xa0) return 0;  // overlong
  if (first == 0xed && byte(1) > 0x9f) return 0;  // surrogates
  if (first == 0xf0 && byte(1) < 0x90) return 0;  // overlong
  if (first == 0xf4 && byte(1) > 0x8f) return 0;  // beyond U+10FFFF
  return length;
}

template <class T>
T load(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
bool store(T value, void* to) {
  std::memcpy(to, &value, sizeof value);
  return true;
}

template <class T>
std::string shortest(T value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[40];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  std::string text(buffer, end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

template <class T>
bool parse_real(std::string_view text, T& value) {
  if (text == "nan") value = std::numeric_limits<T>::quiet_NaN();
  else if (text == "inf") value = std::numeric_limits<T>::infinity();
  else if (text == "-inf") value = -std::numeric_limits<T>::infinity();
  else {
    // from_chars knows further words for NaN and infinity, which IR text does not have.
    bool number = !text.empty() && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return number && error == std::errc() && end == text.data() + text.size();
  }
  return true;
}

// The fewest digits that read back to the same bits; nine are enough for any f32.
template <NarrowFloat T>
std::string shortest_narrow(const void* element) {
  float value = numeric::to_f32(load<T>(element));
  bool fraction = std::isfinite(value) && value != std::trunc(value);
  if (!fraction) return shortest(value);  // "448.0", not "4.5e+02"
  for (int digits = 1;; ++digits) {
    char buffer[40];
    auto end =
        std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, digits)
            .ptr;
    float back = 0;
    parse_real(std::string_view(buffer, static_cast<size_t>(end - buffer)), back);
    if (digits < 9 && numeric::to_f32(numeric::narrow<T>(static_cast<double>(back))) != value)
      continue;
    std::string text(buffer, end);
    return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
  }
}

// False if a finite number overflows, or the format has no infinity. NaN keeps no sign.
template <NarrowFloat T>
bool parse_narrow(std::string_view text, void* element) {
  double value = 0;
  if (!parse_real(text, value)) return false;
  T narrowed = numeric::narrow<T>(value);
  float back = numeric::to_f32(narrowed);
  return std::isfinite(back) == std::isfinite(value) && std::isnan(back) == std::isnan(value) &&
         store(narrowed, element);
}

template <class T>
bool parse_integer(std::string_view text, void* element) {
  T value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && store(value, element);
}

}  // namespace

bool is_name(std::string_view text) {
  return !text.empty() && is_name_start(text[0]) && std::ranges::all_of(text, is_name_part);
}

std::string quote(std::string_view bytes) {
  std::string text = "\"";
  for (size_t i = 0; i < bytes.size();) {
    char c = bytes[i];
    size_t length = utf8_length(bytes.substr(i));
    if (c == '"' || c == '\\') {
      text += {'\\', c};
    } else if (c == '\n') {
      text += "\\n";
    } else if (c == '\t') {
      text += "\\t";
    } else if (c == '\r') {
      text += "\\r";
    } else if (length == 0 || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      auto byte = static_cast<unsigned char>(c);
      text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
      length = 1;
    } else {
      text.append(bytes, i, length);
    }
    i += length;
  }
  return text + "\"";
}

std::string quote_unless_name(std::string_view text) {
  return is_name(text) ? std::string(text) : quote(text);
}

std::string real_text(double value) { return shortest(value); }

std::string element_text(DType dtype, const void* element) {
  switch (dtype) {
    case DType::boolean: return load<uint8_t>(element) != 0 ? "true" : "false";
    case DType::u8: return str(static_cast<int>(load<uint8_t>(element)));
    case DType::i8: return str(static_cast<int>(load<int8_t>(element)));
    case DType::i16: return str(static_cast<int>(load<int16_t>(element)));
    case DType::i32: return str(load<int32_t>(element));
    case DType::i64: return str(load<int64_t>(element));
    case DType::f16: return shortest_narrow<Float16>(element);
    case DType::bf16: return shortest_narrow<BFloat16>(element);
    case DType::f8e4m3: return shortest_narrow<Float8E4M3>(element);
    case DType::f8e5m2: return shortest_narrow<Float8E5M2>(element);
    case DType::f32: return shortest(load<float>(element));
    case DType::f64: return shortest(load<double>(element));
    case DType::c64:
    case DType::c128: break;
  }
  DType part = real_of(dtype);
  auto imaginary = static_cast<const uint8_t*>(element) + size_of(part);
  return str("(", element_text(part, element), ", ", element_text(part, imaginary), ")");
}

bool parse_element(DType dtype, std::string_view text, void* element) {
  switch (dtype) {
    case DType::boolean:
      store<uint8_t>(text == "true", element);
      return text == "true" || text == "false";
    case DType::u8: return parse_integer<uint8_t>(text, element);
    case DType::i8: return parse_integer<int8_t>(text, element);
    case DType::i16: return parse_integer<int16_t>(text, element);
    case DType::i32: return parse_integer<int32_t>(text, element);
    case DType::i64: return parse_integer<int64_t>(text, element);
    case DType::f32: {
      float value = 0;
      return parse_real(text, value) && store(value, element);
    }
    case DType::f64: {
      double value = 0;
      return parse_real(text, value) && store(value, element);
    }
    case DType::f16: return parse_narrow<Float16>(text, element);
    case DType::bf16: return parse_narrow<BFloat16>(text, element);
    case DType::f8e4m3: return parse_narrow<Float8E4M3>(text, element);
    case DType::f8e5m2: return parse_narrow<Float8E5M2>(text, element);
    case DType::c64:
    case DType::c128: break;
  }
  return false;
}

std::string hex_text(std::span<const uint8_t> bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

bool parse_hex(std::string_view text, std::span<uint8_t> out) {
  if (text.size() != out.size() * 2) return false;
  auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  for (size_t i = 0; i < out.size(); ++i) {
    int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return true;
}

}  // namespace proa::ir
