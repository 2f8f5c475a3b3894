#include "proa/base/crc32c.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string_view>
#include <vector>

namespace proa {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
TEST(Crc32c, PublishedVectors) {
  for (auto* function : {crc32c, crc32c_portable}) {
    std::vector<std::byte> data(32);
    EXPECT_EQ(function(data, 0), 0x8a9136aau);
    std::fill(data.begin(), data.end(), std::byte{0xff});
    EXPECT_EQ(function(data, 0), 0x62a8ab43u);
    for (size_t i = 0; i < 32; ++i) data[i] = std::byte(i);
    EXPECT_EQ(function(data, 0), 0x46dd794eu);
    for (size_t i = 0; i < 32; ++i) data[i] = std::byte(31 - i);
    EXPECT_EQ(function(data, 0), 0x113fdb5cu);
    EXPECT_EQ(function(bytes_of("123456789"), 0), 0xe3069283u);
    EXPECT_EQ(function({}, 0), 0u);
  }
}

TEST(Crc32c, InstructionAndTablesAgreeAtAnyLengthAndCut) {
  std::mt19937 random(3);
  std::vector<std::byte> data(100'000);
  for (auto& byte : data) byte = std::byte(random() & 0xff);
  for (int round = 0; round < 300; ++round) {
    size_t begin = random() % 64, length = random() % (round % 10 == 0 ? 90'000 : 300);
    auto part = std::span(data).subspan(begin, length);
    uint32_t whole = crc32c(part);
    EXPECT_EQ(crc32c_portable(part), whole);
    size_t cut = length == 0 ? 0 : random() % length;
    EXPECT_EQ(crc32c(part.subspan(cut), crc32c(part.first(cut))), whole);
    EXPECT_EQ(crc32c_portable(part.subspan(cut), crc32c_portable(part.first(cut))), whole);
  }
}

TEST(Crc32c, FindsEveryFlippedBit) {
  std::vector<std::byte> data(64, std::byte{0x5a});
  uint32_t whole = crc32c(data);
  for (size_t bit = 0; bit < data.size() * 8; ++bit) {
    data[bit / 8] ^= std::byte(1u << (bit % 8));
    EXPECT_NE(crc32c(data), whole);
    data[bit / 8] ^= std::byte(1u << (bit % 8));
  }
}

}  // namespace
}  // namespace proa
