#include "proa/ir/location.h"

#include <algorithm>

#include "proa/base/hash.h"
#include "proa/base/str.h"
#include "proa/ir/context.h"
#include "proa/ir/storage.h"

namespace proa::ir {

namespace {

Location unique(Context& context, LocationStorage storage) {
  uint64_t hash = combine(static_cast<uint64_t>(storage.kind), hash_text(storage.text));
  hash = combine(hash,
                 static_cast<uint64_t>(storage.line) << 32 | static_cast<uint32_t>(storage.column));
  for (Location part : storage.parts) {
    hash = combine(hash, reinterpret_cast<uintptr_t>(part.storage()));
  }
  storage.hash = hash;
  std::lock_guard lock(context.impl().mutex);
  return Location(
      context.impl().locations.get(std::move(storage), [](const auto& a, const auto& b) {
        return a.kind == b.kind && a.text == b.text && a.line == b.line && a.column == b.column &&
               a.parts == b.parts;
      }));
}

}  // namespace

Location Location::file(Context& context, std::string_view path, int line, int column) {
  LocationStorage storage;
  storage.kind = LocationKind::file;
  storage.text = path;
  storage.line = line;
  storage.column = column;
  return unique(context, std::move(storage));
}

Location Location::stack(Context& context, std::span<const Location> frames) {
  if (frames.size() == 1) return frames[0];
  LocationStorage storage;
  storage.kind = LocationKind::stack;
  storage.parts.assign(frames.begin(), frames.end());
  return unique(context, std::move(storage));
}

Location Location::fused(Context& context, std::span<const Location> parts) {
  LocationStorage storage;
  storage.kind = LocationKind::fused;
  auto add = [&](Location part) {
    if (!part.storage()) return;
    if (std::ranges::find(storage.parts, part) == storage.parts.end())
      storage.parts.push_back(part);
  };
  for (Location part : parts) {
    if (part.kind() == LocationKind::fused) {
      for (Location inner : part.parts()) add(inner);
    } else {
      add(part);
    }
  }
  if (storage.parts.empty()) return {};
  if (storage.parts.size() == 1) return storage.parts[0];
  return unique(context, std::move(storage));
}

Location Location::name(Context& context, std::string_view text) {
  LocationStorage storage;
  storage.kind = LocationKind::name;
  storage.text = text;
  return unique(context, std::move(storage));
}

LocationKind Location::kind() const { return storage_ ? storage_->kind : LocationKind::unknown; }
std::string_view Location::text() const { return storage_ ? storage_->text : std::string_view(); }
int Location::line() const { return storage_ ? storage_->line : 0; }
int Location::column() const { return storage_ ? storage_->column : 0; }
std::span<const Location> Location::parts() const {
  return storage_ ? std::span<const Location>(storage_->parts) : std::span<const Location>();
}

std::string to_string(Location location) {
  switch (location.kind()) {
    case LocationKind::unknown: return "unknown";
    case LocationKind::file:
      return location.column() > 0
                 ? str(location.text(), ":", location.line(), ":", location.column())
                 : str(location.text(), ":", location.line());
    case LocationKind::name: return std::string(location.text());
    case LocationKind::stack:
    case LocationKind::fused: break;
  }
  std::string_view separator = location.kind() == LocationKind::stack ? ", called from " : " and ";
  std::string text;
  for (Location part : location.parts()) {
    if (part.kind() == LocationKind::name && location.parts().size() > 1) continue;
    if (!text.empty()) text += separator;
    text += to_string(part);
  }
  return text;
}

}  // namespace proa::ir
