// What reader and writer of safetensors agree on.
// Why apart: the two are files of their own, and a checksum is worth something only if both compute
// it alike.
#pragma once

#include <cstdint>
#include <string_view>

#include "proa/program/safetensors.h"

namespace proa::program {

inline constexpr int64_t kMaxHeader = 100'000'000;  // the reference implementation's limit
inline constexpr size_t kMaxRank = 64;              // NumPy's and PyTorch's
inline constexpr std::string_view kMetadataKey = "__metadata__";
inline constexpr std::string_view kOwnPrefix = "proa.";
inline constexpr std::string_view kChecksumKey = "proa.crc32c";
inline constexpr std::string_view kDTypePrefix = "proa.dtype:";
inline constexpr std::string_view kComplex128 = "C128";

// CRC-32C of what a header says, spaces and order of keys aside. `entries` by name, as stored
// (complex128 as F64 pairs); kChecksumKey is left out of the metadata.
uint32_t header_checksum(std::span<const SafetensorsEntry* const> entries, const TextMap& metadata);

// "name" for a message: short, printable, on one line.
std::string shown(std::string_view name);

}  // namespace proa::program
