// Drives predictor_fuzz.cc by mutation of a small model and by random inputs, the same in every
// run.
#include <gtest/gtest.h>

#include <random>
#include <span>
#include <vector>

#include "../long.h"
#include "tests/inference/model.h"

namespace proa::inference {

bool fuzz_model(std::span<const std::byte> bytes);
int fuzz_inputs(std::span<const std::byte> model, std::span<const std::byte> bytes);

namespace {

void models(unsigned seed, int count) {
  const std::vector<std::byte> start = model_bytes(Compiled::text);
  std::mt19937 random(seed);
  int accepted = 0;
  for (int i = 0; i < count; ++i) {
    std::vector<std::byte> bytes = start;
    for (auto steps = random() % 4; steps > 0; --steps) {
      size_t at = random() % bytes.size();
      switch (random() % 5) {
        case 0: bytes.resize(at + 1); break;
        case 1: bytes[at] = std::byte{0xff}; break;
        default: bytes[at] ^= static_cast<std::byte>(1 << random() % 8);
      }
    }
    accepted += fuzz_model(bytes);
  }
  EXPECT_GT(accepted, count / 20);
  EXPECT_LT(accepted, count);
}

void inputs(unsigned seed, int count) {
  const std::vector<std::byte> model = model_bytes();
  std::mt19937 random(seed);
  int succeeded = 0;
  for (int i = 0; i < count; ++i) {
    std::vector<std::byte> bytes(300);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
    succeeded += fuzz_inputs(model, bytes);
  }
  EXPECT_GT(succeeded, count / 20);
  EXPECT_LT(succeeded, count * 12);
}

TEST(PredictorFuzz, MutatedModels) { models(1, 10'000); }
TEST(PredictorFuzz, RandomInputs) { inputs(1, 3'000); }

TEST(PredictorFuzz, NightlyMutatedModelsAndInputs) {
  for (unsigned seed = 2; seed < 2 + 100 / proa::test::kShare; ++seed) {
    models(seed, 10'000);
    inputs(seed, 3'000);
  }
}

}  // namespace
}  // namespace proa::inference
