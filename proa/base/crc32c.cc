#include "proa/base/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace proa {

namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // 0x1edc6f41, bits reversed

// kTables[k][b]: what byte b does to the remainder with k zero bytes behind it. Eight tables take
// eight bytes a step ("slicing by 8", Kounavis and Berry 2008).
constexpr auto kTables = [] {
  std::array<std::array<uint32_t, 256>, 8> tables{};
  for (uint32_t b = 0; b < 256; ++b) {
    uint32_t remainder = b;
    for (int bit = 0; bit < 8; ++bit) {
      remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? kPolynomial : 0);
    }
    tables[0][b] = remainder;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (size_t b = 0; b < 256; ++b) {
      tables[k][b] = (tables[k - 1][b] >> 8) ^ tables[0][tables[k - 1][b] & 0xff];
    }
  }
  return tables;
}();

uint64_t load8(const std::byte* at) {
  uint64_t word;
  std::memcpy(&word, at, 8);
  return word;
}

#if defined(__x86_64__)
// The zero operator: multiplies a remainder by x^(8 * kLane) modulo the polynomial, by one table a
// byte of the remainder. With it three lanes run side by side and hide the latency of the
// instruction.
constexpr size_t kLane = 4096;

constexpr uint32_t append_zero_bytes(uint32_t remainder, size_t count) {
  for (size_t i = 0; i < count; ++i) remainder = (remainder >> 8) ^ kTables[0][remainder & 0xff];
  return remainder;
}

using ShiftTable = std::array<std::array<uint32_t, 256>, 4>;

// The operator is linear: the table of a byte is the sum over its bits.
ShiftTable make_shift() {
  ShiftTable table{};
  for (uint32_t k = 0; k < 4; ++k) {
    for (uint32_t bit = 0; bit < 8; ++bit) {
      table[k][1u << bit] = append_zero_bytes(1u << (8 * k + bit), kLane);
    }
    for (uint32_t b = 1; b < 256; ++b) {
      uint32_t low = b & (~b + 1);
      if (b != low) table[k][b] = table[k][b ^ low] ^ table[k][low];
    }
  }
  return table;
}

uint32_t shift(const ShiftTable& table, uint32_t r) {
  return table[0][r & 0xff] ^ table[1][(r >> 8) & 0xff] ^ table[2][(r >> 16) & 0xff] ^
         table[3][r >> 24];
}

[[gnu::target("sse4.2")]] uint32_t crc32c_sse42(std::span<const std::byte> bytes, uint32_t before) {
  static const ShiftTable lane_shift = make_shift();
  uint64_t remainder = ~before;
  const std::byte* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 3 * kLane; left -= 3 * kLane, at += 3 * kLane) {
    uint64_t first = remainder, second = 0, third = 0;
    for (size_t i = 0; i < kLane; i += 8) {
      first = _mm_crc32_u64(first, load8(at + i));
      second = _mm_crc32_u64(second, load8(at + kLane + i));
      third = _mm_crc32_u64(third, load8(at + 2 * kLane + i));
    }
    auto joined = shift(lane_shift, static_cast<uint32_t>(first)) ^ static_cast<uint32_t>(second);
    remainder = shift(lane_shift, joined) ^ static_cast<uint32_t>(third);
  }
  for (; left >= 8; left -= 8, at += 8) remainder = _mm_crc32_u64(remainder, load8(at));
  auto narrow = static_cast<uint32_t>(remainder);
  for (; left > 0; --left, ++at) narrow = _mm_crc32_u8(narrow, static_cast<uint8_t>(*at));
  return ~narrow;
}
#endif

}  // namespace

uint32_t crc32c_portable(std::span<const std::byte> bytes, uint32_t before) {
  uint32_t remainder = ~before;
  const std::byte* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    uint64_t word = load8(at) ^ remainder;
    remainder = 0;
    for (size_t k = 0; k < 8; ++k) remainder ^= kTables[7 - k][(word >> (8 * k)) & 0xff];
  }
  for (; left > 0; --left, ++at) {
    remainder = (remainder >> 8) ^ kTables[0][(remainder ^ static_cast<uint8_t>(*at)) & 0xff];
  }
  return ~remainder;
}

uint32_t crc32c(std::span<const std::byte> bytes, uint32_t before) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return crc32c_sse42(bytes, before);
#endif
  return crc32c_portable(bytes, before);
}

}  // namespace proa
