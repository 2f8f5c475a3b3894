// CRC-32C (Castagnoli), the checksum of iSCSI (RFC 3720), ext4 and Btrfs.
// Why this one: it finds every burst of up to 32 bits, and x86-64 has an instruction for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace proa {

// crc32c(b, crc32c(a)) is the checksum of a followed by b.
uint32_t crc32c(std::span<const std::byte> bytes, uint32_t before = 0);

// The same without the instruction; tests hold the two against each other.
uint32_t crc32c_portable(std::span<const std::byte> bytes, uint32_t before = 0);

}  // namespace proa
