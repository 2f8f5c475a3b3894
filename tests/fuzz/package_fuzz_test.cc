// Drives package_fuzz.cc by mutation of a package that has one of everything, the same in every
// run.
#include <gtest/gtest.h>

#include <random>
#include <span>
#include <vector>

#include "../long.h"
#include "proa/base/file.h"

namespace proa::program {

bool fuzz_package(std::span<const std::byte> bytes, bool verify);

namespace {

void run(unsigned seed, int count) {
  auto golden = MappedFile::open(PROA_SOURCE_DIR "/tests/golden/sample_v1.proa");
  const std::vector<std::byte> seed_bytes(golden->data(), golden->data() + golden->size());
  std::mt19937 random(seed);
  int accepted = 0, changed = 0;
  for (int i = 0; i < count; ++i) {
    std::vector<std::byte> bytes = seed_bytes;
    for (auto steps = 1 + random() % 3; steps > 0; --steps) {
      size_t at = random() % bytes.size();
      switch (random() % 6) {
        case 0: bytes.resize(at + 1); break;
        case 1: bytes[at] = std::byte{0xff}; break;
        case 2: bytes[at] = static_cast<std::byte>(random()); break;
        default: bytes[at] ^= static_cast<std::byte>(1 << random() % 8);
      }
    }
    // But for the case of a hexadecimal digit of a checksum.
    changed += bytes != seed_bytes && fuzz_package(bytes, true);
    accepted += fuzz_package(bytes, false);
  }
  EXPECT_LT(changed, count / 100);
  EXPECT_GT(accepted, count / 100);
  EXPECT_LT(accepted, count);
}

TEST(PackageFuzz, MutatedFiles) { run(1, 10'000); }

TEST(PackageFuzz, NightlyMutatedFiles) {
  for (unsigned seed = 2; seed < 2 + 100 / proa::test::kShare; ++seed) run(seed, 20'000);
}

}  // namespace
}  // namespace proa::program
