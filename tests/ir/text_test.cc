// The text form: what is printed reads back to the same IR, and wrong text is refused with its
// place.

#include <gtest/gtest.h>

#include <ctime>

#include "module_random.h"
#include "proa/ir/builder.h"
#include "proa/ir/fingerprint.h"
#include "proa/ir/parser.h"
#include "proa/ir/printer.h"
#include "proa/ir/symbol/facts.h"
#include "proa/ir/verifier.h"
#include "test_dialect.h"

namespace proa::ir {
namespace {

struct TextTest : testing::Test {
  Context context;
  TextTest() { context.add_dialect(test_dialect(context)); }

  std::string refused(std::string_view text, ParseOptions options = {}) {
    try {
      parse_module(text, context, options);
    } catch (const UserError& error) { return error.what(); }
    return "accepted";
  }
};

TEST_F(TextTest, ReadsWell) {
  std::string_view text = R"(module {
  symbols { s1 in [8, 4096], s1 mod 8 = 0 }
  func @main(%x: f32[s1, 3], %w: f32[s1, 3]) {
    %0 = test.neg(%x) : f32[s1, 3]
    %1 = test.norm(%0, _, %w) {epsilon = 1e-05} : f32[s1, 3]
    %2, %3 = test.split(%1) {parts = 2} : f32[s1, 3], f32[s1, 3]
    %4 = test.two_lists([%0, %1], %2, []) : f32[s1, 3]
    %5 = test.region(%4) ({
      ^(%6: f32[s1, 3]):
      %7 = test.neg(%6) : f32[s1, 3]
      test.yield(%7)
    }, {}) : f32[s1, 3]
    return %5, %x
  }
}
)";
  EXPECT_EQ(print(parse_module(text, context)), text);
}

TEST_F(TextTest, FactsAndGuardsComeBack) {
  std::string_view text = R"(module {
  symbols { s0 in [2, 64], s0 likely 32, s1 in [3, inf], s1 mod 8 = 3 }
  guards { s0 == s4 : "[add] y: sizes \"differ\"", s2 >= s0 + 1 : "too short" }
  facts { s2 >= s1, divisible(s3, 4), likely(s2, 100), likely(s4, 32) }
  func @main(%x: f32[s0, s1], %y: f32[s2, s3, s4]) {
    return %x
  }
}
)";
  Module module = parse_module(text, context);
  EXPECT_EQ(print(module), text);
  Facts& facts = module.facts();
  auto dim = [&](std::string_view t) { return parse_dim(t, context.symbols()); };
  EXPECT_EQ(facts.prove_ge(dim("s2"), dim("s1")), Truth::yes);
  EXPECT_EQ(facts.prove_divisible(dim("s3"), 4), Truth::yes);
  EXPECT_EQ(facts.prove_eq(dim("s0"), dim("s4")), Truth::yes);
  EXPECT_EQ(facts.prove_ge(dim("s0"), 2), Truth::yes);
  EXPECT_EQ(facts.likely(dim("s2")), 100);
  Context other;
  EXPECT_EQ(print(parse_module(text, other)), text);
}

TEST_F(TextTest, StatedFactsComeBack) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Context first, second;
    RandomModules make{first, Random(seed)};
    Module module(first);
    std::vector<Type> types;
    for (int i = 0; i < 5; ++i)
      types.push_back(
          Type::tensor(first, DType::f32, std::vector{first.symbols().symbol(str("s", i))}));
    Func func = module.add_func("f", types);
    Builder(module, func.body()).create_return({});
    Facts& facts = module.facts();
    // Only what is true of one assignment is stated: facts do not contradict each other.
    std::vector<int64_t> values;
    for (int i = 0; i < 5; ++i) values.push_back(make.random.between(0, 9));
    auto value_of = [&](Dim d) {
      return evaluate(
          d, [&](Dim symbol) { return values[static_cast<size_t>(symbol.name()[1] - '0')]; });
    };
    for (int i = 0; i < 6; ++i) {
      Dim symbol = first.symbols().symbol(str("s", make.random.below(5)));
      Dim a = make.dim(), b = make.dim();
      int64_t value = value_of(symbol), divisor = make.random.between(2, 4);
      if (value_of(a) < value_of(b)) std::swap(a, b);
      if (make.random.below(2) == 0) b = b + Dim(value_of(a) - value_of(b));
      bool equal = value_of(a) == value_of(b);
      switch (make.random.below(7)) {
        case 0:
          facts.set_range(symbol, value - make.random.between(0, value),
                          value + make.random.between(0, 9));
          break;
        case 1: facts.set_divisible(symbol, divisor, value % divisor); break;
        case 2: facts.set_likely(symbol, make.random.between(0, 9)); break;
        case 3:
          if (equal) facts.assert_equal(a, b);
          break;
        case 4: facts.assert_ge(a, b); break;
        case 5: facts.require_ge(a, b, make.text()); break;
        default:
          if (equal) facts.require_eq(a, b, make.text());
      }
    }
    std::string text = print(module);
    std::string again = print(parse_module(text, second));
    ASSERT_EQ(again, text) << "seed " << seed;
  }
}

TEST_F(TextTest, EveryAttribute) {
  for (std::string_view text : {"unit",
                                "true",
                                "false",
                                "-3",
                                "9223372036854775807",
                                "-9223372036854775808",
                                "1.0",
                                "-0.0",
                                "1e-05",
                                "nan",
                                "inf",
                                "-inf",
                                "complex(1.0, -inf)",
                                "\"a\\\"\\\\\\n\\xff\"",
                                "\"\xc3\xa9\"",
                                "f32",
                                "bool",
                                "dim(2*s0 + 3)",
                                "dim(4)",
                                "[1, -2]",
                                "[]",
                                "[1.0, nan]",
                                "reals[]",
                                "[s0, 3]",
                                "array[]",
                                "array[1, \"a\", [2]]",
                                "{a = 1, \"b c\" = {}}",
                                "f32[s0, 3]",
                                "token",
                                "!test.box<1, f32>",
                                "@f",
                                "@\"a b\"",
                                "#test.note",
                                "#test.note<f32[2], unit>",
                                "dense<f32[2] [1.0, -0.0]>",
                                "dense<f32[] nan>",
                                "dense<bool[2] [true, false]>",
                                "dense<f32[0] []>",
                                "dense<c64[1] [(1.0, -2.0)]>",
                                "dense<f16[2] [65504.0, 6e-08]>",
                                "dense<f8e4m3[1] [448.0]>",
                                "dense<bf16[3] [0.1, 3.14, -0.0]>",
                                "dense<f32[1] hex\"0100c07f\">",
                                "dense<i64[2] [-9223372036854775808, 1]>"}) {
    EXPECT_EQ(to_string(parse_attribute(text, context)), text);
  }
}

TEST_F(TextTest, EveryKindOfLocation) {
  std::string_view text = R"(module {
  func @f() loc("a.py":3) {
    test.sink() loc("a.py":3:1)
    test.sink() loc(stack["b.py":1:2, "a.py":3])
    test.sink() loc(fused["b.py":1, stack["a.py":3, unknown]])
    test.sink() loc(name "conv\n1")
    return loc(unknown)
  }
}
)";
  EXPECT_EQ(print(parse_module(text, context), {.locations = true}), text);
}

TEST_F(TextTest, PositionsAreLocations) {
  Module module =
      parse_module("func @f() {\n  test.sink()\n  return\n}", context, {.file = "m.pir"});
  EXPECT_EQ(to_string(module.main().body().front()->location()), "m.pir:2:3");
}

TEST_F(TextTest, ResultTypesMayBeInferred) {
  Module module = parse_module("func @f(%x: f32[2]) { %y = test.join(%x, %x) return %y }", context);
  EXPECT_EQ(to_string(module.main().result_types()[0]), "f32[4]");
}

TEST_F(TextTest, GraphRegionsAreOrderedByData) {
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
  EXPECT_EQ(print(parse_module(text, context)), text);
  EXPECT_NE(refused("func @f() { test.graph() ({ %0 = test.neg(%1) : f32[2] }) return }")
                .find("%1 is used but never defined"),
            std::string::npos);
}

TEST_F(TextTest, RandomModulesComeBack) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    RandomModules make{context, Random(seed)};
    Module module = make.module(static_cast<int>(seed % 20));
    verify(module);
    std::string with_locations = print(module, {.locations = true});
    Module back = parse_module(with_locations, context);
    ASSERT_EQ(print(back, {.locations = true}), with_locations) << "seed " << seed;
    ASSERT_TRUE(same_structure(*module.op(), *back.op(), true)) << "seed " << seed << "\n"
                                                                << with_locations;
    std::string text = print(module);
    Module plain = parse_module(text, context);
    ASSERT_EQ(print(plain), text) << "seed " << seed;
    ASSERT_TRUE(same_structure(*module.op(), *plain.op(), false)) << "seed " << seed;
    // Another process has another context.
    Context other;
    other.add_dialect(test_dialect(other));
    ASSERT_EQ(print(parse_module(text, other)), text) << "seed " << seed;
  }
}

TEST_F(TextTest, ChangesAreSeen) {
  Module a =
      parse_module("func @f(%x: f32[2], %y: f32[2]) { %0 = test.add(%x, %y) return %0 }", context);
  Module b =
      parse_module("func @f(%x: f32[2], %y: f32[2]) { %0 = test.add(%y, %x) return %0 }", context);
  Module c =
      parse_module("func @f(%x: f32[2], %y: f32[2])\n{ %0 = test.add(%x, %y) return %0 }", context);
  EXPECT_NE(fingerprint(*a.op()), fingerprint(*b.op()));
  EXPECT_EQ(fingerprint(*a.op()), fingerprint(*c.op()));
  EXPECT_FALSE(same_structure(*a.op(), *b.op(), false));
  EXPECT_TRUE(same_structure(*a.op(), *c.op(), false));
  EXPECT_FALSE(same_structure(*a.op(), *c.op(), true));
}

TEST_F(TextTest, WrongTextNamesItsPlace) {
  struct Case {
    std::string_view text, says;
  };
  for (auto [text, says] : std::initializer_list<Case>{
           {"module {\n  func @f() {\n    return\n  }\n",
            "5:1: expected an operation, got the end of the text"},
           {"func @f(%x f32) {}", "1:12: expected ':', got 'f32'"},
           {"func @f() { %0 = test.ned() return }",
            "1:18: there is no operation 'test.ned'; did you mean 'test.neg'?"},
           {"func @f() { %0 = test.neg(%9) return }", "1:27: value %9 is not defined"},
           {"func @f(%x: f32[2], %x: f32[2]) { return }", "value %x is already defined in line 1"},
           {"func @f() { test.sink() {a = 1, a = 2} return }",
            "1:33: attribute 'a' is given twice"},
           {"func @f() { test.sink() {a = 99999999999999999999} return }", "leaves 64 bits"},
           {"func @f() { test.sink() {a = 1e999} return }", "does not fit f64"},
           {"func @f() { test.sink() {a = [1, \"x\"]} return }", "expected a dim"},
           {"func @f() { test.sink() {a = \"x", "a string is not closed on its line"},
           {"func @f() { test.sink() {a = \"\\q\"} return }", "unknown escape"},
           {"func @f() { test.sink() {a = dense<f32[2] [1.0]>} return }",
            "expected 2 elements, got 1"},
           {"func @f() { test.sink() {a = dense<f32[2] hex\"00\">} return }",
            "expected 2 elements of 4 bytes each"},
           {"func @f() { test.sink() {a = dense<f8e4m3[] 500.0>} return }",
            "expected an element of f8e4m3, got 500.0"},
           {"func @f(%x: f32[3,]) { return }", "expected a dim"},
           {"func @f(%x: f33[3]) { return }", "1:13: expected a type, got 'f33'"},
           {"func @f(%x: f32[-3]) { return }", "negative dim"},
           {"func @f(%x: f32[2]) { %0 = test.norm(%x) return }",
            "test.norm takes 3 operands ('_' for an absent one), got 1"},
           {"func @f(%x: f32[2]) { %0 = test.norm(_, _, _) return }",
            "operand 'x' of test.norm may not be absent"},
           {"func @f(%x: f32[2]) { %0 = test.two_lists(%x, %x, []) return }",
            "operand 'xs' is a list, '[...]'"},
           {"func @f(%x: f32[2]) { %0, %1 = test.neg(%x) return }",
            "test.neg has 1 results, got 2 names"},
           {"func @f(%x: f32[2]) { %0 = test.neg(%x) : f32[2], f32[2] return }",
            "1 result names but 2 result types"},
           {"func @f(%x: f32[2]) { %0 = test.neg(%x) : f32[3] return }",
            "result 0 should be f32[2], got f32[3]"},
           {"func @f() { test.sink() {a = @g} return }", "there is no function @g"},
           {"func @f() { test.sink() }", "does not end in a terminator"},
           {"func @f() { return test.sink() }", "a terminator stands before the end of its block"},
           {"func @f() { return } func @f() { return }", "function @f is defined twice"},
           {"func @f() attrs {name = \"g\"} { return }", "is given by the function's head"},
           {"func @f(%x: f32[2]) { test.isolated() ({ test.sink(%x) test.yield() }) return }",
            "which is isolated"},
           {"func @f() { test.region() ({ %0 = test.source() : token test.yield() }) test.sink(%0) "
            "return }",
            "value %0 is not defined"},
           {"symbols { s7 in [5, 2] } func @f() { return }", "1:11: "},
           {"func @f() { test.sink() } }", "got '}'"},
           {"facts { s8 >= 5, s8 == 3 } func @f() { return }", "1:18: "},
           {"guards { 1 == 2 : \"no\" } func @f() { return }", "this guard can never hold"},
           {"\x01", "a byte of value 1"},
           {"func @f() { test.sink() loc(\"a.py\") return }", "expected ':'"}}) {
    std::string got = refused(text);
    EXPECT_NE(got.find(says), std::string::npos) << text << "\n" << got;
  }
}

TEST_F(TextTest, ErrorsShowTheLineAndACaret) {
  EXPECT_EQ(refused("func @f() {\n\ttest.sinc()\n}", {.file = "m.pir"}),
            "m.pir:2:2: there is no operation 'test.sinc'; did you mean 'test.sink'?\n   "
            "test.sinc()\n   ^");
}

TEST_F(TextTest, UnregisteredOperationsOnRequest) {
  std::string_view text = R"(module {
  func @f(%x: f32[2]) {
    %0 = other.op(%x) {a = 1} : f32[2]
    return %0
  }
}
)";
  EXPECT_NE(refused(text).find("there is no operation 'other.op'"), std::string::npos);
  EXPECT_EQ(print(parse_module(text, context, {.allow_unregistered = true})), text);
  EXPECT_NE(refused(text).find("there is no operation 'other.op'"), std::string::npos);
}

TEST_F(TextTest, DeepTextIsRefusedNotFollowed) {
  auto repeat = [](std::string_view piece, size_t n) {
    std::string text;
    for (size_t i = 0; i < n; ++i) text += piece;
    return text;
  };
  constexpr size_t kMany = 200000;
  for (const std::string& text :
       {str("func @f() { test.sink() {a = ", repeat("array[", kMany)),
        str("func @f() { ", repeat("test.region() ({", kMany)),
        str("func @f() { test.sink() {a = ", repeat("{a = ", kMany)), repeat("func @f() {", kMany),
        str("func @f(%x: ", repeat("!test.box<", kMany)),
        str("func @f() { test.sink() loc(", repeat("fused[", kMany)),
        str("func @f(%x: f32[", repeat("(", kMany))}) {
    EXPECT_NE(refused(text).find("nested too deeply"), std::string::npos) << text.substr(0, 60);
  }
}

TEST_F(TextTest, LongTextTakesLinearTime) {
  auto seconds = [&](int n) {
    std::string text = "func @f(%x: f32[2]) {\n";
    for (int i = 0; i < n; ++i)
      text += str("%v", i, " = test.neg(%", i == 0 ? "x" : str("v", i - 1), ")\n");
    text += "test.sink() {";
    for (int i = 0; i < n; ++i) text += str("a", i, " = 1, ");
    text += "z = [0";
    for (int i = 0; i < n; ++i) text += ", s0";
    text += "]} return }";
    std::clock_t start = std::clock();  // of this process alone
    EXPECT_EQ(refused(text), "accepted");
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  };
  double small = seconds(5000), large = seconds(40000);
  // Linear is 8 times; quadratic would be 64.
  EXPECT_LT(large, 30 * small + 0.2);
}

}  // namespace
}  // namespace proa::ir
