// Drives ir_binary_fuzz.cc by mutation of small valid modules, the same in every run.
#include <gtest/gtest.h>

#include <random>
#include <span>
#include <vector>

#include "../long.h"
#include "proa/ir/binary.h"
#include "proa/ir/parser.h"
#include "proa/ops/register.h"

namespace proa::ir {

bool fuzz_ir_binary(std::span<const std::byte> bytes);

namespace {

const char* const kSeeds[] = {
    R"(module {
  symbols { s0 in [1, 4096], s0 likely 7, s1 mod 8 = 0 }
  guards { s0 == s2 : "no", divisible(s2, 2) : "odd" }
  facts { s1 >= s0, likely(s2, 12) }
  func @main(%x: f32[s0, 3], %w: f32[s0, 3]) attrs {note = "a\n\xff"} {
    %0 = prim.exp(%x) : f32[s0, 3] loc("a.py":3:1)
    %1 = prim.reduce(%0) {axes = [1], kind = "sum"} : f32[s0]
    %2 = prim.add(%x, %w) : f32[s0, 3] loc(stack["b.py":1, fused["a.py":1, name "q"]])
    %3 = prim.reshape(%2) {shape = [3*s0]}
    return %0, %1, %3
  }
})",
    R"(func @f(%x: i64[2], %c: bool[], %y: c64[max(n, 2), n floordiv 2 + 1]) {
  %0 = prim.constant() {value = dense<i64[2] [1, -2]>} : i64[2]
  %1 = prim.concat(%x, %0, %x) {axis = 0}
  %2 = prim.constant() {value = dense<f16[] nan>}
  %5 = prim.slice(%1) {starts = [1], limits = [4], strides = [2]}
  %6 = prim.if(%c, %x) ({
    ^(%7: i64[2]):
    return %7
  }, {
    ^(%8: i64[2]):
    %9 = prim.neg(%8)
    return %9
  }) : i64[2]
  return %1, %2, %5, %6
} func @g() { return })",
};

std::vector<std::vector<std::byte>> seeds() {
  std::vector<std::vector<std::byte>> made;
  for (const char* text : kSeeds) {
    Context context;
    ops::load(context);
    made.push_back(write_binary(parse_module(text, context)));
  }
  return made;
}

void run(unsigned seed, int count) {
  const auto kinds = seeds();
  std::mt19937 random(seed);
  int accepted = 0;
  for (int i = 0; i < count; ++i) {
    std::vector<std::byte> bytes = kinds[random() % kinds.size()];
    for (auto steps = 1 + random() % 3; steps > 0; --steps) {
      size_t at = random() % bytes.size();
      auto value = static_cast<std::byte>(random());
      switch (random() % 8) {
        case 0: bytes.resize(at + 1); break;
        case 1: bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), value); break;
        case 2: bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at)); break;
        case 3: bytes[at] = value; break;
        case 4: bytes[at] = std::byte{0xff}; break;
        default: bytes[at] ^= static_cast<std::byte>(1 << random() % 8);
      }
      if (bytes.empty()) bytes.push_back(value);
    }
    accepted += fuzz_ir_binary(bytes);
  }
  EXPECT_GT(accepted, count / 100);
  EXPECT_LT(accepted, count / 2);
}

TEST(IrBinaryFuzz, MutatedModules) { run(1, 20'000); }

TEST(IrBinaryFuzz, NightlyMutatedModules) {
  for (unsigned seed = 2; seed < 2 + 100 / proa::test::kShare; ++seed) run(seed, 20'000);
}

}  // namespace
}  // namespace proa::ir
