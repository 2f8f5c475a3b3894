// Drives npy_fuzz.cc by mutation of small valid files, the same in every run.
#include <gtest/gtest.h>

#include <random>
#include <span>
#include <string>
#include <vector>

#include "../long.h"

namespace proa::program {

bool fuzz_npy(std::span<const std::byte> bytes);

namespace {

struct Seed {
  const char* dict;
  size_t data;
};
const Seed kSeeds[] = {
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }", 48},
    {"{'descr': '<i8', 'fortran_order': True, 'shape': (2, 1, 3), }", 48},
    {"{\"shape\": (), \"descr\": \"|b1\", \"fortran_order\": False}", 1},
    {"{'descr': '<c16', 'fortran_order': False, 'shape': (0, 5), }", 0},
    {"{'descr': '<V2', 'fortran_order': False, 'shape': (7,), }", 14},
};
const char* const kWords[] = {"{",
                              "}",
                              "(",
                              ")",
                              ",",
                              ":",
                              "'",
                              "\"",
                              "\\",
                              "0",
                              "1",
                              "-1",
                              "9223372036854775807",
                              "4294967296",
                              "True",
                              "False",
                              "descr",
                              "shape",
                              "fortran_order",
                              "<f4",
                              ">f8",
                              "|O",
                              "<U3",
                              "[('a','<i4')]",
                              " ",
                              "\n",
                              "\xff"};

void mutate(std::string& text, std::mt19937& random) {
  size_t at = random() % (text.size() + 1);
  size_t length = random() % (random() % 8 == 0 ? 30 : 3);
  switch (random() % 5) {
    case 0: text.erase(at, length); break;
    case 1: text.insert(at, kWords[random() % std::size(kWords)]); break;
    case 2: text.replace(at, length, kWords[random() % std::size(kWords)]); break;
    case 3:
      if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << (random() % 8)));
      break;
    default:
      at = text.find_first_of("0123456789", at);
      if (at != std::string::npos) text[at] = static_cast<char>('0' + random() % 10);
  }
}

void run(unsigned seed, int count) {
  std::mt19937 random(seed);
  int accepted = 0;
  for (int i = 0; i < count; ++i) {
    const Seed& start = kSeeds[random() % std::size(kSeeds)];
    std::string dict = start.dict;
    for (auto steps = random() % 4; steps > 0; --steps) mutate(dict, random);
    bool wide = random() % 2 == 0;
    size_t length = random() % 50 == 0 ? random() : dict.size();
    std::string file = std::string("\x93NUMPY") + static_cast<char>(wide ? 2 : 1) + '\0';
    for (size_t byte = 0; byte < (wide ? 4u : 2u); ++byte)
      file += static_cast<char>(length >> (8 * byte) & 0xff);
    file += dict;
    file.append(random() % 10 == 0 ? random() % 64 : start.data, '\1');
    accepted += fuzz_npy(std::as_bytes(std::span(file)));
  }
  EXPECT_GT(accepted, count / 100);
  EXPECT_LT(accepted, count * 3 / 4);
}

TEST(NpyFuzz, MutatedHeaders) { run(1, 60'000); }

TEST(NpyFuzz, NightlyMutatedHeaders) {
  for (unsigned seed = 2; seed < 2 + 100 / proa::test::kShare; ++seed) run(seed, 60'000);
}

}  // namespace
}  // namespace proa::program
