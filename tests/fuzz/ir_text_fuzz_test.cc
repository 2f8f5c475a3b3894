// Drives ir_text_fuzz.cc by mutation of small valid texts, the same in every run.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include "../long.h"

namespace proa::ir {

bool fuzz_ir_text(std::string_view text);

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
    R"(func @f(%x: i64[2], %y: c64[max(n, 2), n floordiv 2 + 1]) {
  %0 = prim.constant() {value = dense<i64[2] [1, -2]>} : i64[2]
  %1 = prim.concat(%x, %0, %x) {axis = 0}
  %2 = prim.constant() {value = dense<f16[] nan>}
  %3 = prim.constant() {value = dense<c64[1] [(1.0, -inf)]>}
  %4 = prim.constant() {value = dense<bool[2] hex"0001">}
  %5 = prim.slice(%1) {starts = [1], limits = [4], strides = [2]}
  return %1, %2, %3, %4, %5
} func @g() { return })",
    R"(func @f(%x: !d.box<1, f32[s0], "a">, %t: token) {
  d.op(%x) {a = unit, b = -0.0, c = complex(1.0, nan), d = [s0, 2], e = reals[], f = array[1, [2.5], {x = #d.n<@f>}]}
  %1, %2 = d.two(%t) ({ ^(%a: token): %b = d.leaf(%a) : token d.end(%b) }, { ^(): ^(%c: token): }) : token, f8e4m3[]
  return %1
})",
    "a,b-c{x=1,y=\"two\\n\" z}\nfunc @f() { return } // the first line is a pipeline, too",
    R"(func @f(%x: f32[a, b], %y: f32[b, c]) {
  %0 = prim.dot(%x, %y) {batch_x = [], batch_y = [], contract_x = [1], contract_y = [0]}
  %1 = prim.transpose(%0) {perm = [1, 0]}
  %2 = prim.broadcast(%1) {shape = [2, c, a], axes = [1, 2]}
  %3 = prim.pad(%2, %z) {low = [0, 1, -1], high = [0, 0, 0], interior = [0, 0, 1]}
  return %2
})",
};

const char* const kWords[] = {"{",
                              "}",
                              "(",
                              ")",
                              "[",
                              "]",
                              "<",
                              ">",
                              ",",
                              ":",
                              "=",
                              "^",
                              "%x",
                              "%0",
                              "%",
                              "@f",
                              "@",
                              "#d.n",
                              "!d.t",
                              "\"",
                              "\\",
                              "\\x",
                              "//",
                              "\n",
                              "-",
                              "-1",
                              "0",
                              "1",
                              "9223372036854775807",
                              "-9223372036854775808",
                              "99999999999999999999",
                              "1e999",
                              "1e-999",
                              "nan",
                              "inf",
                              "-inf",
                              "0.5",
                              "1.",
                              "s0",
                              "s1*s1",
                              "s0 mod 0",
                              "s0 floordiv -1",
                              "max(s0, s1)",
                              "f32",
                              "f32[s0]",
                              "bool[2]",
                              "token",
                              "unit",
                              "true",
                              "dense<",
                              "hex\"00\"",
                              "array[",
                              "dims[",
                              "reals[",
                              "dim(",
                              "complex(",
                              "loc(",
                              "stack[",
                              "fused[",
                              "unknown",
                              "func",
                              "module",
                              "return",
                              "symbols {",
                              "facts {",
                              "guards {",
                              "attrs {",
                              "prim.exp",
                              "prim.add",
                              "prim.concat",
                              "prim.reduce",
                              "prim.constant",
                              "prim.reshape",
                              "prim.iota",
                              "prim.cast",
                              "prim.conv",
                              "builtin.func",
                              "builtin.module",
                              "builtin.return",
                              "segments = [1, 1]",
                              "axes = [0]",
                              "axis = -1",
                              "shape = [-1]",
                              "dtype = f32",
                              "value = 1",
                              "\xff",
                              "\x01",
                              "語",
                              "_",
                              "unregistered.x"};

void mutate(std::string& text, std::mt19937& random) {
  size_t at = random() % (text.size() + 1);
  size_t length = random() % (random() % 8 == 0 ? 60 : 6);
  switch (random() % 8) {
    case 0: text.erase(at, length); break;
    case 1:
    case 2: text.insert(at, kWords[random() % std::size(kWords)]); break;
    case 3: text.insert(at, text.substr(random() % (text.size() + 1), length * 3)); break;
    case 4: text.replace(at, length, kWords[random() % std::size(kWords)]); break;
    case 5:
      if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << (random() % 8)));
      break;
    case 6:  // another number
      at = text.find_first_of("0123456789", at);
      if (at != std::string::npos) text[at] = static_cast<char>('0' + random() % 10);
      break;
    default: {  // whole lines change places: values before their definitions, two terminators
      size_t begin = text.rfind('\n', at), end = text.find('\n', at);
      if (begin == std::string::npos || end == std::string::npos) break;
      std::string line = text.substr(begin, end - begin);
      if (random() % 2 == 0) text.erase(begin, line.size());
      size_t to = text.find('\n', random() % text.size());
      if (to != std::string::npos) text.insert(to, line);
    }
  }
}

void run(unsigned seed, int rounds) {
  std::mt19937 random(seed);
  int accepted = 0;
  for (int i = 0; i < rounds; ++i) {
    std::string text = kSeeds[random() % std::size(kSeeds)];
    for (auto n = random() % 6; n > 0; --n) mutate(text, random);
    accepted += fuzz_ir_text(text);
  }
  EXPECT_GT(accepted, rounds / 50);
  EXPECT_LT(accepted, rounds * 9 / 10);
}

TEST(IrTextFuzz, Seeds) {
  EXPECT_TRUE(fuzz_ir_text(kSeeds[0]));
  EXPECT_TRUE(fuzz_ir_text(kSeeds[1]));
  std::string unregistered = kSeeds[2];  // allowed in texts of even length
  if (unregistered.size() % 2 != 0) unregistered += " ";
  EXPECT_TRUE(fuzz_ir_text(unregistered));
}

TEST(IrTextFuzz, Mutations) { run(1, 5000); }

TEST(IrTextFuzz, NightlyMutations) {
  for (unsigned seed = 2; seed < 2 + 60 / proa::test::kShare; ++seed) run(seed, 20000);
}

}  // namespace
}  // namespace proa::ir
