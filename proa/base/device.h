// Names of devices: cpu, null, cuda:0.
// Why here: tensors, programs and buffers all carry the tag, and none of them needs a driver to do
// so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace proa {

enum class DeviceKind : uint8_t { cpu, null, cuda };

struct Device {
  DeviceKind kind = DeviceKind::cpu;
  int index = 0;
  friend bool operator==(const Device&, const Device&) = default;
};

inline constexpr Device kCpu{DeviceKind::cpu, 0};
inline constexpr Device kNull{DeviceKind::null, 0};

std::string_view to_string(DeviceKind kind);

// "cpu", "null", "cuda:1": the index is written only where a kind can have several devices.
std::string to_string(Device device);

// Reads what to_string writes, "cuda" for "cuda:0", and Paddle's "gpu" and "gpu:1".
std::optional<Device> parse_device(std::string_view text);

}  // namespace proa
