// Location: where an operation comes from — the user's Python stack, a line of IR text, or several
// of these after fusion.
// Why: every error and every profile line must be able to name the user's own line.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace proa::ir {

class Context;
struct LocationStorage;

enum class LocationKind : uint8_t { unknown, file, stack, fused, name };

class Location {
 public:
  Location() = default;  // unknown
  explicit Location(const LocationStorage* storage) : storage_(storage) {}
  static Location file(Context&, std::string_view path, int line, int column = 0);
  static Location stack(Context&, std::span<const Location> frames);  // innermost first
  static Location fused(Context&, std::span<const Location> parts);   // duplicates dropped
  static Location name(Context&, std::string_view text);

  LocationKind kind() const;
  std::string_view text() const;  // the path of `file`, the text of `name`
  int line() const;
  int column() const;
  std::span<const Location> parts() const;
  friend bool operator==(Location a, Location b) { return a.storage_ == b.storage_; }
  const LocationStorage* storage() const { return storage_; }

 private:
  const LocationStorage* storage_ = nullptr;
};

std::string to_string(Location location);  // "train.py:12", innermost frame first

}  // namespace proa::ir
