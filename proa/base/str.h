// Text built from pieces: str("axis ", 3, " of ", name).
// Why: <format> is missing from GCC 12 and streams are slow to compile; this header is cheap to
// include.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace proa {

class Piece {
 public:
  Piece(std::string_view text) : text_(text) {}
  Piece(const std::string& text) : text_(text) {}
  Piece(const char* text) : text_(text) {}
  Piece(char c) : buffer_{c}, text_(buffer_, 1) {}
  Piece(bool value) : text_(value ? "true" : "false") {}
  Piece(double value) : Piece() { set_double(value); }
  Piece(float value) : Piece() { set_double(value); }
  template <class I>
    requires(std::is_integral_v<I> && !std::is_same_v<I, bool> && !std::is_same_v<I, char>)
  Piece(I value) : Piece() {
    if constexpr (std::is_signed_v<I>) {
      set_int(static_cast<int64_t>(value));
    } else {
      set_uint(static_cast<uint64_t>(value));
    }
  }
  Piece(const Piece&) = delete;
  Piece& operator=(const Piece&) = delete;
  std::string_view view() const { return text_; }

 private:
  Piece() = default;
  void set_int(int64_t value);
  void set_uint(uint64_t value);
  void set_double(double value);  // shortest text that reads back to the same double
  char buffer_[40] = {};
  std::string_view text_;
};

std::string join_pieces(std::initializer_list<std::string_view> pieces);

template <class... Args>
std::string str(const Args&... args) {
  return join_pieces({Piece(args).view()...});
}

// "[2, 3]" — the way shapes are written everywhere.
std::string list_str(std::span<const int64_t> values);
std::string join(std::span<const std::string> parts, std::string_view separator);

// The candidate nearest to `name` by edit distance, or "" if none is near: for "did you mean".
std::string_view nearest(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace proa
