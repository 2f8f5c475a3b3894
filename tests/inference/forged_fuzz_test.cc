// Drives forged_fuzz.cc by changing the programs of good models, the same in every run.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string_view>

#include "../long.h"
#include "proa/inference/engine.h"
#include "tests/inference/forged_fuzz.h"

namespace proa::inference {
namespace {

using Bytes = std::vector<std::byte>;

class Changer {
 public:
  explicit Changer(unsigned seed) : random_(seed), names_(kernel_table().names()) {}

  // Of what the numbers of a program look like: most are one byte, zigzag, signed.
  void change(Bytes& bytes) {
    size_t at = 9 + below(bytes.size() - 9);  // behind magic and version
    switch (below(12)) {
      case 0: bytes[at] = std::byte{0}; return;
      case 1:
      case 2: bytes[at] = static_cast<std::byte>(std::to_integer<int>(bytes[at]) + 2); return;
      case 3: bytes[at] = static_cast<std::byte>(std::to_integer<int>(bytes[at]) - 2); return;
      case 4: bytes[at] = static_cast<std::byte>(below(24)); return;
      case 5: bytes[at] ^= static_cast<std::byte>(1 << below(8)); return;
      case 6: std::swap(bytes[at], bytes[9 + below(bytes.size() - 9)]); return;
      case 7: {  // a large number in place of a small one
        static constexpr int kLengths[] = {2, 3, 5, 9};
        Bytes wide(static_cast<size_t>(kLengths[below(4)]), std::byte{0xff});
        wide.push_back(static_cast<std::byte>(1 + below(60)));
        bytes.erase(bytes.begin() + static_cast<ptrdiff_t>(at));
        bytes.insert(bytes.begin() + static_cast<ptrdiff_t>(at), wide.begin(), wide.end());
        return;
      }
      case 8: bytes.erase(bytes.begin() + static_cast<ptrdiff_t>(at)); return;
      case 9:
        bytes.insert(bytes.begin() + static_cast<ptrdiff_t>(at), static_cast<std::byte>(below(9)));
        return;
      default: return rename(bytes);
    }
  }

  uint32_t seed() { return static_cast<uint32_t>(random_()); }
  size_t below(size_t n) { return random_() % n; }

 private:
  // Another kernel for all that call one.
  void rename(Bytes& bytes) {
    constexpr std::string_view kPrefix = "prim.";
    auto prefix = std::as_bytes(std::span(kPrefix));
    std::vector<size_t> found;
    for (auto from = bytes.begin();; ++from) {
      from = std::search(from, bytes.end(), prefix.begin(), prefix.end());
      if (from == bytes.end()) break;
      found.push_back(static_cast<size_t>(from - bytes.begin()));
    }
    if (found.empty()) return;
    size_t at = found[below(found.size())] - 1;
    auto length = std::to_integer<size_t>(bytes[at]);
    if (at + 1 + length > bytes.size()) return;
    std::string_view name = names_[below(names_.size())];
    Bytes text(1, static_cast<std::byte>(name.size()));
    for (char c : name) text.push_back(static_cast<std::byte>(c));
    bytes.erase(bytes.begin() + static_cast<ptrdiff_t>(at),
                bytes.begin() + static_cast<ptrdiff_t>(at + 1 + length));
    bytes.insert(bytes.begin() + static_cast<ptrdiff_t>(at), text.begin(), text.end());
  }

  std::mt19937 random_;
  std::vector<std::string_view> names_;
};

void run(unsigned seed, int count) {
  Changer changer(seed);
  int runs = 0;
  for (int i = 0; i < count; ++i) {
    const Forge& forge = forges()[static_cast<size_t>(i) % forges().size()];
    Bytes program(forge.program().begin(), forge.program().end());
    for (size_t steps = 1 + changer.below(2); steps > 0; --steps) changer.change(program);
    runs += fuzz_forged(forge, program, changer.seed());
  }
  EXPECT_GT(runs, count / 50);
  EXPECT_LT(runs, 2 * count);
}

TEST(ForgedFuzz, GoodModelsRun) {
  for (size_t i = 0; i < forges().size(); ++i) {
    std::string refusal;
    int runs = fuzz_forged(forges()[i], forges()[i].program(), 7, &refusal);
    EXPECT_GE(runs, 1) << "model " << i << ": " << refusal;
  }
}

TEST(ForgedFuzz, ChangedPrograms) { run(1, 4'000); }

TEST(ForgedFuzz, NightlyChangedPrograms) {
  for (unsigned seed = 2; seed < 2 + 60 / proa::test::kShare; ++seed) run(seed, 20'000);
}

}  // namespace
}  // namespace proa::inference
