#include "proa/base/str.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace proa {

void Piece::set_int(int64_t value) {
  auto end = std::to_chars(buffer_, buffer_ + sizeof buffer_, value).ptr;
  text_ = {buffer_, static_cast<size_t>(end - buffer_)};
}

void Piece::set_uint(uint64_t value) {
  auto end = std::to_chars(buffer_, buffer_ + sizeof buffer_, value).ptr;
  text_ = {buffer_, static_cast<size_t>(end - buffer_)};
}

void Piece::set_double(double value) {
  auto end = std::to_chars(buffer_, buffer_ + sizeof buffer_, value).ptr;
  text_ = {buffer_, static_cast<size_t>(end - buffer_)};
}

std::string join_pieces(std::initializer_list<std::string_view> pieces) {
  size_t size = 0;
  for (auto piece : pieces) size += piece.size();
  std::string text;
  text.reserve(size);
  for (auto piece : pieces) text.append(piece);
  return text;
}

std::string list_str(std::span<const int64_t> values) {
  std::string text = "[";
  for (size_t i = 0; i < values.size(); ++i) {
    if (i != 0) text += ", ";
    text += str(values[i]);
  }
  return text + "]";
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i != 0) text += separator;
    text += parts[i];
  }
  return text;
}

std::string_view nearest(std::string_view name, std::span<const std::string_view> candidates) {
  size_t best = name.size() / 3 + 2;
  std::string_view found;
  std::vector<size_t> row;
  for (auto candidate : candidates) {
    row.resize(candidate.size() + 1);
    for (size_t j = 0; j <= candidate.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= name.size(); ++i) {
      size_t diagonal = row[0];
      row[0] = i;
      for (size_t j = 1; j <= candidate.size(); ++j) {
        size_t above = row[j];
        row[j] = std::min(
            {above + 1, row[j - 1] + 1, diagonal + (name[i - 1] == candidate[j - 1] ? 0 : 1)});
        diagonal = above;
      }
    }
    if (row.back() < best) {
      best = row.back();
      found = candidate;
    }
  }
  return found;
}

}  // namespace proa
