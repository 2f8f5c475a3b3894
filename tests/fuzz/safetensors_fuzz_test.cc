// Drives safetensors_fuzz.cc by mutation of small valid files, the same in every run.
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <span>
#include <string>
#include <vector>
#include "../long.h"

namespace proa::program {

bool fuzz_safetensors(std::span<const std::byte> bytes);

namespace {

const char* const kSeeds[] = {
    R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})",
    R"({"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
    R"("b":{"dtype":"BF16","shape":[2,0],"data_offsets":[4,4]}})",
    R"({"__metadata__":{"proa.dtype:z":"C128"},"z":{"dtype":"F64","shape":[1,2],"data_offsets":[0,16]}})",
    R"({"x\u00e4":{"shape":[2,2],"dtype":"I16","data_offsets":[1,9]},)"
    R"("y":{"data_offsets":[0,1],"dtype":"F4","shape":[2]}}   )",
};

const char* const kWords[] = {"{",
                              "}",
                              "[",
                              "]",
                              ",",
                              ":",
                              "\"",
                              "0",
                              "1",
                              "-1",
                              "1e9",
                              "\\u0000",
                              "\\ud83e",
                              "null",
                              "\xff",
                              " ",
                              "true",
                              "9223372036854775807",
                              "18446744073709551615",
                              "\"dtype\"",
                              "\"shape\"",
                              "\"data_offsets\"",
                              "__metadata__",
                              "proa.crc32c",
                              "proa.dtype:w",
                              "C128",
                              "F64",
                              "U64",
                              "F6_E2M3",
                              "4294967296"};

void mutate(std::string& header, std::mt19937& random) {
  size_t at = random() % (header.size() + 1);
  size_t length = random() % (random() % 8 == 0 ? 40 : 4);
  switch (random() % 6) {
    case 0: header.erase(at, length); break;
    case 1: header.insert(at, kWords[random() % std::size(kWords)]); break;
    case 2: header.insert(at, header.substr(random() % (header.size() + 1), length * 4)); break;
    case 3: header.replace(at, length, kWords[random() % std::size(kWords)]); break;
    case 4:
      if (at < header.size()) header[at] = static_cast<char>(header[at] ^ (1 << (random() % 8)));
      break;
    default:  // another digit: near misses of offsets and sizes
      at = header.find_first_of("0123456789", at);
      if (at != std::string::npos) header[at] = static_cast<char>('0' + random() % 10);
  }
}

void run(unsigned seed, int count) {
  std::mt19937 random(seed);
  int accepted = 0;
  for (int i = 0; i < count; ++i) {
    std::string header = kSeeds[random() % std::size(kSeeds)];
    for (auto steps = random() % 5; steps > 0; --steps) mutate(header, random);
    uint64_t length = header.size();
    if (random() % 50 == 0)
      length = random() % 2 == 0 ? random() : (uint64_t{random()} << 32) | random();
    static const size_t kData[] = {0, 1, 3, 4, 9, 16};
    std::vector<std::byte> file(8 + header.size() + kData[random() % std::size(kData)]);
    std::memcpy(file.data(), &length, 8);
    std::memcpy(file.data() + 8, header.data(), header.size());
    accepted += fuzz_safetensors(file);
  }
  // A driver whose inputs are all refused at the first byte would test nothing.
  EXPECT_GT(accepted, count / 100);
  EXPECT_LT(accepted, count / 2);
}

TEST(SafetensorsFuzz, MutatedHeaders) { run(1, 60'000); }

TEST(SafetensorsFuzz, NightlyMutatedHeaders) {
  for (unsigned seed = 2; seed < 2 + 100 / proa::test::kShare; ++seed) run(seed, 60'000);
}

}  // namespace
}  // namespace proa::program
