#include "proa/program/safetensors_format.h"

#include "proa/base/crc32c.h"
#include "proa/base/str.h"

namespace proa::program {

uint32_t header_checksum(std::span<const SafetensorsEntry* const> entries,
                         const TextMap& metadata) {
  uint32_t checksum = 0;
  auto add = [&](std::string_view text) {
    std::string sized = str(text.size(), ":");  // lengths keep neighbouring texts apart
    checksum = crc32c(std::as_bytes(std::span(sized)), checksum);
    checksum = crc32c(std::as_bytes(std::span(text)), checksum);
  };
  for (const auto* entry : entries) {
    add(entry->name);
    add(entry->dtype_text);
    add(list_str(entry->dims));
  }
  for (const auto& [key, value] : metadata) {
    if (key == kChecksumKey) continue;
    add(key);
    add(value);
  }
  return checksum;
}

std::string shown(std::string_view name) {
  constexpr size_t kLimit = 80;
  std::string text = "'";
  size_t kept = std::min(name.size(), kLimit);
  // A cut inside a UTF-8 sequence would leave a broken one.
  while (kept < name.size() && kept > 0 && (static_cast<uint8_t>(name[kept]) & 0xc0) == 0x80)
    --kept;
  for (char c : name.substr(0, kept)) text += static_cast<uint8_t>(c) < 0x20 || c == 0x7f ? '?' : c;
  return text + (kept < name.size() ? "...'" : "'");
}

}  // namespace proa::program
