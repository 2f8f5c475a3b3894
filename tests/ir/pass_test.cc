// The pass manager: pipelines as text, options, change watch, verification, reproducers.

#include "proa/ir/pass_manager.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "proa/base/error.h"
#include "proa/base/file.h"
#include "proa/ir/dialect.h"
#include "proa/ir/fingerprint.h"
#include "proa/ir/parser.h"
#include "proa/ir/printer.h"
#include "test_dialect.h"

namespace proa::ir {
namespace {

void drop_negs(Module& module, PassContext& context) {
  int64_t limit = context.integer("limit"), done = 0;
  std::vector<Operation*> negs;  // a walk must not lose the operation it stands on
  module.op()->walk([&](Operation* op) {
    if (op->is("test.neg")) negs.push_back(op);
  });
  for (Operation* op : negs) {
    if (done == limit) break;
    op->result().replace_uses(op->operand(0));
    op->erase();
    ++done;
  }
  context.count("dropped", done);
  if (done == limit) context.report("stopped at the limit");
}

void break_module(Module& module, PassContext&) { module.main().return_op()->erase(); }

void refuse(Module& module, PassContext& context) {
  context.count("seen");
  throw UserError(ErrorKind::not_supported, "test.neg", "x",
                  str("no ", module.main().name(), " today"));
}

const PassRegistration kDrop(
    {"test-drop-negs", "removes negations", drop_negs, {{"limit", "1000", "how many at most"}}});
const PassRegistration kBreak({"test-break", "leaves a block without a terminator", break_module});
const PassRegistration kRefuse({"test-refuse", "refuses every module", refuse});

struct PassTest : testing::Test {
  Context context;
  PassTest() { context.add_dialect(test_dialect(context)); }
  Module parse() {
    return parse_module("func @f(%x: f32[2]) { %0 = test.neg(%x) %1 = test.neg(%0) return %1 }",
                        context);
  }
  template <class F>
  static std::string error_of(F f) {
    try {
      f();
    } catch (const Error& error) { return str(to_string(error.kind()), ": ", error.what()); }
    return "accepted";
  }
};

TEST_F(PassTest, PipelinesAreText) {
  auto steps = parse_pipeline(" a , b-c{x=1, y=\"two, \\\"words\\\"\" z} ,d{} ");
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[1].pass, "b-c");
  OptionValues expected = {{"x", "1"}, {"y", "two, \"words\""}, {"z", "true"}};
  EXPECT_EQ(steps[1].options, expected);
  std::string text = to_string(steps);
  EXPECT_EQ(text, "a,b-c{x=1,y=\"two, \\\"words\\\"\",z=true},d");
  EXPECT_EQ(to_string(parse_pipeline(text)), text);
  EXPECT_TRUE(parse_pipeline("").empty());
  for (std::string_view wrong : {"a,", "a b", "a{", "a{x=}", "a{x=\"y}", "{}", ",a"}) {
    EXPECT_NE(error_of([&] { parse_pipeline(wrong); }).find("value: pipeline, column "),
              std::string::npos)
        << wrong;
  }
}

TEST_F(PassTest, NamesAndOptionsAreCheckedAtOnce) {
  PassManager manager;
  EXPECT_EQ(error_of([&] { manager.add("test-drop-nags"); }),
            "key: there is no pass 'test-drop-nags'; did you mean 'test-drop-negs'?");
  EXPECT_EQ(error_of([&] { manager.add_pipeline("test-drop-negs{limits=3}"); }),
            "key: [test-drop-negs] limits: the pass has no such option; did you mean 'limit'?");
  EXPECT_EQ(error_of([&] { manager.add("test-drop-negs", {{"limit", "1"}, {"limit", "2"}}); }),
            "value: [test-drop-negs] limit: the option is given twice");
  EXPECT_TRUE(manager.steps().empty());
  EXPECT_THROW(register_pass({"test-break", "again", break_module}), UserError);
}

TEST_F(PassTest, RecordsWhatHappened) {
  Module module = parse();
  std::string dumped;
  PassManagerConfig config;
  config.dump_changed = [&](std::string_view text) { dumped += text; };
  PassManager manager(config);
  manager.add_pipeline("test-drop-negs{limit=1},test-drop-negs,test-drop-negs");
  manager.run(module);
  ASSERT_EQ(manager.records().size(), 3u);
  EXPECT_EQ(manager.records()[0].changed, true);
  EXPECT_EQ(manager.records()[1].changed, true);
  EXPECT_EQ(manager.records()[2].changed, false);
  EXPECT_EQ(manager.records()[0].statistics.at("dropped"), 1);
  EXPECT_EQ(manager.records()[0].reports, std::vector<std::string>{"stopped at the limit"});
  EXPECT_EQ(
      dumped,
      "// ---- after test-drop-negs\nmodule {\n  func @f(%x: f32[2]) {\n    %0 = test.neg(%x) : "
      "f32[2]\n    return %0\n  }\n}\n"
      "// ---- after test-drop-negs\nmodule {\n  func @f(%x: f32[2]) {\n    return %x\n  }\n}\n");
  std::string table = manager.timing_table();
  EXPECT_NE(table.find("stopped at the limit"), std::string::npos);
  EXPECT_NE(table.find("dropped: 1"), std::string::npos);
}

TEST_F(PassTest, OptionsOfTheWrongKind) {
  Module module = parse();
  PassManager manager;
  manager.add("test-drop-negs", {{"limit", "many"}});
  EXPECT_EQ(
      error_of([&] { manager.run(module); }),
      "value: [test-drop-negs] limit: in pass 'test-drop-negs': expected an integer, got 'many'");
}

TEST_F(PassTest, ErrorsKeepTheirKind) {
  Module module = parse();
  PassManager manager;
  manager.add("test-refuse");
  EXPECT_EQ(error_of([&] { manager.run(module); }),
            "not_supported: [test.neg] x: in pass 'test-refuse': no f today");
}

TEST_F(PassTest, ABrokenModuleIsTheFaultOfThePass) {
  Module module = parse();
  PassManager manager;
  manager.add("test-break");
  std::string error = error_of([&] { manager.run(module); });
  EXPECT_EQ(
      error.find("internal: in pass 'test-break': the pass left a module that is not well-formed"),
      0u)
      << error;
}

TEST_F(PassTest, ReproducersReplay) {
  Module module = parse();
  PassManagerConfig config;
  config.reproducer = str("reproducer-", static_cast<int64_t>(::getpid()), ".pir");
  PassManager manager(config);
  manager.add_pipeline("test-drop-negs{limit=1},test-break,test-drop-negs{limit=7}");
  std::string error = error_of([&] { manager.run(module); });
  EXPECT_NE(error.find(str("(replay with: proa-opt --replay ", config.reproducer, ")")),
            std::string::npos)
      << error;
  std::string text;
  {
    auto file = MappedFile::open(config.reproducer);
    text.assign(reinterpret_cast<const char*>(file->data()), file->size());
  }
  ::unlink(config.reproducer.c_str());
  EXPECT_EQ(reproducer_pipeline(text), "test-break,test-drop-negs{limit=7}");
  Module again = parse_module(text, context);
  Module expected = parse();
  PassManager before;
  before.add_pipeline("test-drop-negs{limit=1}").run(expected);
  EXPECT_TRUE(same_structure(*again.op(), *expected.op(), true));  // locations too
  PassManager replay;
  replay.add_pipeline(*reproducer_pipeline(text));
  EXPECT_NE(error_of([&] { replay.run(again); }).find("in pass 'test-break'"), std::string::npos);
  EXPECT_FALSE(reproducer_pipeline("module {}").has_value());
}

TEST_F(PassTest, TheEvaluatorReachesThePass) {
  static std::vector<TensorData> got;
  register_pass({"test-evaluate", "asks for one value", [](Module& m, PassContext& pass) {
                   int32_t number = 20;
                   TensorData operand{DType::i32, {}, nullptr, &number, sizeof number};
                   Type type = Type::tensor(m.context(), DType::i32, {});
                   got = pass.evaluator()(m.context().op("test.neg"), {}, std::span(&operand, 1),
                                          std::span(&type, 1));
                 }});
  PassManagerConfig config;
  config.evaluator = [](const OpInfo& info, const AttrList&, std::span<const TensorData> operands,
                        std::span<const Type>) {
    EXPECT_EQ(info.name, "test.neg");
    auto value = std::make_shared<int32_t>(-*static_cast<const int32_t*>(operands[0].bytes));
    return std::vector<TensorData>{{DType::i32, {}, value, value.get(), sizeof(int32_t)}};
  };
  Module module = parse();
  PassManager(config).add("test-evaluate").run(module);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(*static_cast<const int32_t*>(got[0].bytes), -20);
}

}  // namespace
}  // namespace proa::ir
