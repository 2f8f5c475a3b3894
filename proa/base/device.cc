#include "proa/base/device.h"

#include <charconv>

#include "proa/base/str.h"

namespace proa {

namespace {

std::optional<DeviceKind> parse_kind(std::string_view text) {
  if (text == "cpu") return DeviceKind::cpu;
  if (text == "null") return DeviceKind::null;
  if (text == "cuda" || text == "gpu") return DeviceKind::cuda;
  return std::nullopt;
}

}  // namespace

std::string_view to_string(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::cpu: return "cpu";
    case DeviceKind::null: return "null";
    case DeviceKind::cuda: return "cuda";
  }
  return "unknown";
}

std::string to_string(Device device) {
  if (device.kind == DeviceKind::cuda || device.index != 0) {
    return str(to_string(device.kind), ":", device.index);
  }
  return std::string(to_string(device.kind));
}

std::optional<Device> parse_device(std::string_view text) {
  size_t colon = text.find(':');
  auto kind = parse_kind(text.substr(0, colon));
  if (!kind) return std::nullopt;
  Device device{*kind, 0};
  if (colon == std::string_view::npos) return device;
  std::string_view digits = text.substr(colon + 1);
  if (digits.empty() || digits[0] == '-') return std::nullopt;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), device.index);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return device;
}

}  // namespace proa
