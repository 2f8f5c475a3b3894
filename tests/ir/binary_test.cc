// The binary form: what was written comes back, old pages are brought up to date, damage is
// refused with its place.
#include "proa/ir/binary.h"

#include <gtest/gtest.h>

#include "module_random.h"
#include "proa/base/error.h"
#include "proa/ir/builder.h"
#include "proa/ir/fingerprint.h"
#include "proa/ir/page.h"
#include "proa/ir/parser.h"
#include "proa/ir/printer.h"
#include "proa/ir/symbol/facts.h"
#include "proa/ir/verifier.h"
#include "test_dialect.h"

namespace proa::ir {
namespace {

using Bytes = std::vector<std::byte>;

struct BinaryTest : testing::Test {
  Context context;
  BinaryTest() { context.add_dialect(test_dialect(context)); }

  std::string refused(std::span<const std::byte> bytes, ErrorKind kind = ErrorKind::io) {
    try {
      read_binary(bytes, context, "m");
    } catch (const UserError& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return error.what();
    }
    return "accepted";
  }

  Page& page(std::string_view name) { return const_cast<Page&>(*context.op(name).page); }
};

TEST_F(BinaryTest, RandomModulesComeBack) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    RandomModules make{context, Random(seed)};
    Module module = make.module(static_cast<int>(seed % 20));
    Bytes bytes = write_binary(module);
    Module back = read_binary(bytes, context, "m");
    std::string text = print(module, {.locations = true});
    ASSERT_EQ(print(back, {.locations = true}), text) << "seed " << seed;
    ASSERT_TRUE(same_structure(*module.op(), *back.op(), true)) << "seed " << seed;
    ASSERT_EQ(write_binary(back), bytes) << "seed " << seed;
    // Another process has another context.
    Context other;
    other.add_dialect(test_dialect(other));
    Module there = read_binary(bytes, other, "m");
    ASSERT_EQ(print(there, {.locations = true}), text) << "seed " << seed;
    ASSERT_EQ(write_binary(there), bytes) << "seed " << seed;
  }
}

TEST_F(BinaryTest, FactsAndGuardsComeBack) {
  std::string_view text = R"(module {
  symbols { s0 in [2, 64], s0 likely 32, s1 in [3, inf], s1 mod 8 = 3 }
  guards { s0 == s4 : "[add] y: sizes \"differ\"", s2 >= s0 + 1 : "too short" }
  facts { s2 >= s1, divisible(s3, 4), likely(s2, 100), likely(s4, 32) }
  func @main(%x: f32[s0, s1], %y: f32[s2, s3, s4]) {
    return %x
  }
}
)";
  EXPECT_EQ(print(read_binary(write_binary(parse_module(text, context)), context, "m")), text);
}

TEST_F(BinaryTest, ValuesMayComeBeforeWhatGivesThem) {
  std::string_view text = R"(module {
  func @f(%x: f32[2]) {
    test.graph() ({
      %0 = test.neg(%1) : f32[2]
      %1 = test.neg(%x) : f32[2]
    })
    return
  }
}
)";
  EXPECT_EQ(print(read_binary(write_binary(parse_module(text, context)), context, "m")), text);
}

TEST_F(BinaryTest, SymbolsThatAreDeclaredOtherwiseGetAnotherName) {
  Bytes bytes = write_binary(parse_module(
      "module { symbols { n in [2, 9] } func @f(%x: f32[n]) { return %x } }", context));
  Context other;
  other.add_dialect(test_dialect(other));
  other.symbols().symbol("n", {.lo = 5});
  Module back = read_binary(bytes, other, "m");
  Dim dim = back.main().arguments()[0].dims()[0];
  EXPECT_NE(dim.name(), "n");
  EXPECT_EQ(dim.bounds(), (Interval{2, 9}));
}

TEST_F(BinaryTest, OldPagesAreBroughtUpToDate) {
  Module module = parse_module("func @f(%x: f32[2]) { %0 = test.norm(%x, _, _) return %0 }",
                               context, {.verify = false});
  Operation* norm = module.main().body().front();
  auto written_by = [&](int version, const char* name, double value) {
    page("test.norm").version = version;
    AttrList attrs = norm->attrs();
    for (const char* old : {"eps", "epsilon"}) attrs.set(context.name(old), {});
    attrs.set(context.name(name), Attribute::real(context, value));
    norm->set_attrs(attrs);
    Bytes bytes = write_binary(module);
    page("test.norm").version = 3;
    return bytes;
  };
  for (const Bytes& bytes :
       {written_by(1, "eps", 250.0), written_by(2, "eps", 0.25), written_by(3, "epsilon", 0.25)}) {
    Module back = read_binary(bytes, context, "m");
    Operation* now = back.main().body().front();
    EXPECT_FALSE(now->attr("eps"));
    ASSERT_TRUE(now->attr("epsilon"));
    EXPECT_EQ(now->attr("epsilon").as_real(), 0.25);
  }
  std::string message = refused(written_by(4, "epsilon", 0.25), ErrorKind::not_supported);
  EXPECT_NE(message.find("the operation 'test.norm' is of version 4, and this Proa knows it up to "
                         "3"),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("cannot read m: byte "), std::string::npos);
}

TEST_F(BinaryTest, UnknownOperationsAreNamed) {
  Module module =
      parse_module("func @f(%x: f32[2]) { %0 = test.neg(%x) : f32[2] return %0 }", context);
  Bytes bytes = write_binary(module);
  Context other;  // without the dialect
  try {
    read_binary(bytes, other, "m");
    FAIL();
  } catch (const UserError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_supported);
    EXPECT_NE(std::string(error.what()).find("no operation 'test.neg'"), std::string::npos);
  }
  bytes[8] = std::byte{7};
  EXPECT_NE(refused(bytes, ErrorKind::not_supported).find("it is of version 7"), std::string::npos);
  bytes[0] = std::byte{'p'};
  EXPECT_NE(refused(bytes).find("does not begin with PROAPIR"), std::string::npos);
}

TEST_F(BinaryTest, TruncatedAndLongerBytesAreRefused) {
  RandomModules make{context, Random(7)};
  Bytes bytes = write_binary(make.module(15));
  for (size_t size = 0; size < bytes.size(); ++size) {
    std::string message = refused(std::span(bytes).first(size));
    ASSERT_TRUE(message.starts_with("cannot read m: ")) << size << ": " << message;
  }
  bytes.push_back(std::byte{0});
  EXPECT_NE(refused(bytes).find("1 bytes follow"), std::string::npos);
}

TEST_F(BinaryTest, WhatTheVerifierRefusesIsRefused) {
  Module module =
      parse_module("func @f(%x: f32[2], %y: f32[3]) { %0 = test.add(%x, %y) : f32[2] return %0 }",
                   context, {.verify = false});
  EXPECT_TRUE(refused(write_binary(module)).starts_with("cannot read m: "));
}

TEST_F(BinaryTest, RegionsMayNotBeNestedWithoutEnd) {
  std::string text = "func @f() { ";
  for (int i = 0; i < 199; ++i) text += "test.graph() ({ ";
  for (int i = 0; i < 199; ++i) text += "}) ";
  Module module = parse_module(text + "return }", context, {.verify = false, .max_depth = 1000});
  Operation* inner = module.main().body().front();
  while (!inner->region(0).empty()) inner = inner->region(0).block(0).front();
  inner->region(0).add_block();
  for (int i = 0; i < 10; ++i) {
    OpState state;
    state.info = &context.op("test.graph");
    state.regions = 1;
    Operation* op = Operation::create(state);
    op->region(0).add_block();
    inner->region(0).block(0).append(op);
    inner = op;
  }
  EXPECT_NE(refused(write_binary(module)).find("nested more than 200 deep"), std::string::npos);
}

}  // namespace
}  // namespace proa::ir
