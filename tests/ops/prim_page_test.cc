// Every primitive's page is complete, its samples are what they say, and its rules hold for numbers
// and for symbols alike.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "cases.h"
#include "proa/ir/contents.h"
#include "proa/ir/context.h"
#include "proa/ir/module.h"
#include "proa/ir/parser.h"
#include "proa/ir/printer.h"
#include "proa/ir/verifier.h"
#include "proa/ops/expr.h"
#include "proa/ops/register.h"

namespace proa::test {
namespace {

using ir::Dim;
using ir::Page;
using ir::Type;

class PrimPages : public ::testing::Test {
 protected:
  PrimPages() { ops::load(context_); }
  template <class F>
  void each(F f) {
    for (const ir::OpInfo& info : context_.find_dialect("prim")->ops()) {
      if (info.page) f(info, *info.page);
    }
  }
  ir::Context context_;
};

// f64 where "T" may be that.
DType usual_dtype(const Page& page, const std::vector<std::vector<ir::Arg>>& operands) {
  std::vector<DType> dtypes = dtypes_under_test(page, operands);
  for (DType dtype : dtypes) {
    if (dtype == DType::f64) return dtype;
  }
  return dtypes.back();
}

// The contract with kernels: names, and attributes in the order in which kernels count them.
const std::map<std::string_view, std::vector<std::string_view>>& contract() {
  static const std::map<std::string_view, std::vector<std::string_view>> table = {
      {"neg", {}},
      {"abs", {}},
      {"sign", {}},
      {"floor", {}},
      {"ceil", {}},
      {"round", {}},
      {"sqrt", {}},
      {"rsqrt", {}},
      {"exp", {}},
      {"expm1", {}},
      {"log", {}},
      {"log1p", {}},
      {"sin", {}},
      {"cos", {}},
      {"tan", {}},
      {"tanh", {}},
      {"sinh", {}},
      {"cosh", {}},
      {"asin", {}},
      {"acos", {}},
      {"atan", {}},
      {"asinh", {}},
      {"acosh", {}},
      {"atanh", {}},
      {"erf", {}},
      {"erfc", {}},
      {"erfinv", {}},
      {"lgamma", {}},
      {"polygamma", {"n"}},
      {"not", {}},
      {"is_finite", {}},
      {"is_nan", {}},
      {"popcount", {}},
      {"conj", {}},
      {"fma", {}},
      {"add", {}},
      {"sub", {}},
      {"mul", {}},
      {"div", {}},
      {"rem", {}},
      {"pow", {}},
      {"max", {}},
      {"min", {}},
      {"atan2", {}},
      {"and", {}},
      {"or", {}},
      {"xor", {}},
      {"shl", {}},
      {"shr", {"logical"}},
      {"compare", {"kind"}},
      {"select", {}},
      {"cast", {"dtype"}},
      {"bitcast", {"dtype"}},
      {"complex", {}},
      {"real", {}},
      {"imag", {}},
      {"constant", {"value"}},
      {"iota", {"dtype", "shape", "axis"}},
      {"rng_bits", {"dtype", "shape"}},
      {"reshape", {"shape"}},
      {"transpose", {"perm"}},
      {"broadcast", {"shape", "axes"}},
      {"slice", {"starts", "limits", "strides"}},
      {"pad", {"low", "high", "interior"}},
      {"concat", {"axis"}},
      {"reverse", {"axes"}},
      {"dynamic_slice", {"sizes"}},
      {"dynamic_update_slice", {}},
      {"reduce", {"kind", "axes"}},
      {"arg_reduce", {"kind", "axis"}},
      {"reduce_window",
       {"kind", "window", "strides", "padding_low", "padding_high", "dilation", "index"}},
      {"scan", {"kind", "axis", "reverse", "index"}},
      {"gather", {"axes", "batch", "mode"}},
      {"scatter", {"kind", "axes", "batch", "mode"}},
      {"sort", {"axis", "keys", "descending"}},
      {"top_k", {"k", "largest"}},
      {"search_sorted", {"right"}},
      {"compact", {}},
      {"dot", {"batch_x", "batch_y", "contract_x", "contract_y"}},
      {"conv",
       {"strides", "padding_low", "padding_high", "lhs_dilation", "rhs_dilation", "groups"}},
      {"fft", {"kind", "axes", "length"}},
      {"cholesky", {"upper"}},
      {"triangular_solve", {"left", "upper", "transpose", "unit"}},
      {"lu", {"regular"}},
      {"qr", {"full"}},
      {"eigh", {"upper"}},
      {"eig", {}},
      {"svd", {"full"}},
      {"barrier", {}},
      {"dim", {"axis"}},
      {"as_dim", {"symbol", "low", "high"}},
      {"shape_assert", {"message"}},
      {"if", {}},
      {"while", {}},
      {"scan_loop", {"length", "reverse"}},
      {"call", {"callee", "results", "origin"}},
      {"custom_vjp", {"forward", "backward", "results", "without"}},
      {"custom_call", {"numbers", "target", "results"}}};
  return table;
}

TEST_F(PrimPages, KeepTheContract) {
  for (const auto& [name, attrs] : contract()) {
    const ir::OpInfo* info = context_.find_op(str("prim.", name));
    ASSERT_NE(info, nullptr) << name;
    std::vector<std::string_view> names;
    for (const ir::AttrSpec& spec : info->page->attrs) names.push_back(spec.name);
    EXPECT_EQ(names, attrs) << name;
  }
}

TEST_F(PrimPages, AreComplete) {
  each([&](const ir::OpInfo& info, const Page& page) {
    SCOPED_TRACE(info.name);
    EXPECT_TRUE(info.has(ir::Trait::primitive));
    EXPECT_EQ(info.has(ir::Trait::composite), page.decompose != nullptr);
    EXPECT_NE(page.doc.find("Args:"), std::string_view::npos);
    EXPECT_NE(page.doc.find("Returns:"), std::string_view::npos);
    EXPECT_NE(page.doc.find("Errors:"), std::string_view::npos);
    for (const ir::AttrSpec& spec : page.attrs) {
      EXPECT_NE(page.doc.find(spec.name), std::string_view::npos)
          << "the doc does not say " << spec.name;
    }
    EXPECT_NE(page.shape, nullptr);
    EXPECT_EQ(info.has(ir::Trait::structured), !page.regions.empty());
    const ir::VjpRule& vjp = page.vjp;
    int kinds = (vjp.backward != nullptr) + vjp.decomposed + vjp.regions + vjp.zero +
                (!vjp.zero && !vjp.reason.empty());
    EXPECT_EQ(kinds, 1);
    EXPECT_TRUE(vjp.augment == nullptr || vjp.backward != nullptr);
    EXPECT_FALSE(page.sharding.empty());
    EXPECT_GE(page.version, 1);
    ASSERT_NE(page.samples, nullptr);
    ir::SampleList samples;
    page.samples(samples);
    EXPECT_GE(samples.wrong().size(), 6u);
    bool text = std::ranges::any_of(samples.texts(), [](const auto& t) { return !t.wrong; });
    EXPECT_TRUE(!samples.legal().empty() || text);
    std::set<std::string> different;
    for (const ir::WrongSample& wrong : samples.wrong()) {
      EXPECT_FALSE(wrong.says.empty());
      Case c = make_case(context_, page, wrong.operands, wrong.attrs, DType::f64);
      different.insert(str(describe(page, c), list_str(c.segments)));
    }
    EXPECT_GE(different.size(), 6u);
  });
}

TEST_F(PrimPages, LegalSamplesAreLegalForEveryDType) {
  size_t count = 0;
  each([&](const ir::OpInfo& info, const Page& page) {
    ir::SampleList samples;
    page.samples(samples);
    for (const ir::Sample& sample : samples.legal()) {
      size_t before = count;
      for (DType dtype : dtypes_under_test(page, sample.operands)) {
        Case c = make_case(context_, page, sample.operands, sample.attrs, dtype);
        ir::Facts facts(context_.symbols());
        try {
          std::vector<Type> results =
              infer(info, c.attrs, c.operands, c.segments, facts, DType::f32, context_);
          EXPECT_TRUE(page.results < 0 || results.size() == static_cast<size_t>(page.results));
          for (Type type : results) EXPECT_TRUE(type.is_static()) << describe(page, c);
          EXPECT_TRUE(facts.guards().empty()) << describe(page, c);
          ++count;
        } catch (const Error& error) {
          bool order =
              is_complex(dtype) && error.kind() == ErrorKind::type;  // a kind that complex lacks
          bool kind = error.kind() == ErrorKind::type && !sample.attrs.empty();
          EXPECT_TRUE(order || kind) << describe(page, c) << ": " << error.what();
        }
      }
      EXPECT_GT(count, before) << info.name << ": a sample that no dtype fits";
    }
  });
  EXPECT_GT(count, 3000u);
}

TEST_F(PrimPages, WrongSamplesAreRefusedInTheWordsOfThePage) {
  each([&](const ir::OpInfo& info, const Page& page) {
    ir::SampleList samples;
    page.samples(samples);
    for (const ir::WrongSample& sample : samples.wrong()) {
      DType dtype = usual_dtype(page, sample.operands);
      Case c = make_case(context_, page, sample.operands, sample.attrs, dtype);
      ir::Facts facts(context_.symbols());
      try {
        infer(info, c.attrs, c.operands, c.segments, facts, DType::f32, context_);
        ADD_FAILURE() << describe(page, c) << " was taken";
      } catch (const UserError& error) {
        EXPECT_EQ(error.kind(), sample.kind) << describe(page, c) << ": " << error.what();
        EXPECT_NE(std::string_view(error.what()).find(sample.says), std::string_view::npos)
            << describe(page, c) << ": " << error.what() << " does not say '" << sample.says << "'";
        EXPECT_EQ(error.op(), page.name);
        EXPECT_FALSE(error.argument().empty()) << error.what();
      } catch (const Error& error) { ADD_FAILURE() << describe(page, c) << ": " << error.what(); }
    }
  });
}

// Operations with regions or functions are written down as modules: read, checked, and the same
// after they were printed and read again.
TEST_F(PrimPages, LegalTextsAreLegalAndComeBack) {
  size_t count = 0;
  each([&](const ir::OpInfo& info, const Page& page) {
    ir::SampleList samples;
    page.samples(samples);
    for (const ir::TextSample& sample : samples.texts()) {
      if (sample.wrong) continue;
      SCOPED_TRACE(sample.text);
      ++count;
      try {
        ir::Module module = ir::parse_module(sample.text, context_);
        bool used = false;
        module.op()->walk([&](ir::Operation* op) { used |= &op->info() == &info; });
        EXPECT_TRUE(used);
        std::string printed = ir::print(module);
        EXPECT_EQ(ir::print(ir::parse_module(printed, context_)), printed);
        ir::verify(module.clone());
      } catch (const Error& error) { ADD_FAILURE() << error.what(); }
    }
  });
  EXPECT_GE(count, 12u);
}

TEST_F(PrimPages, WrongTextsAreRefusedInTheWordsOfThePage) {
  size_t count = 0;
  each([&](const ir::OpInfo&, const Page& page) {
    ir::SampleList samples;
    page.samples(samples);
    for (const ir::TextSample& sample : samples.texts()) {
      if (!sample.wrong) continue;
      SCOPED_TRACE(sample.text);
      ++count;
      try {
        ir::parse_module(sample.text, context_);
        ADD_FAILURE() << "was taken";
      } catch (const UserError& error) {
        // Where a text leaves types to be inferred, the parser says it with its line.
        EXPECT_TRUE(error.kind() == *sample.wrong || error.kind() == ErrorKind::value)
            << error.what();
        EXPECT_NE(std::string_view(error.what()).find(sample.says), std::string_view::npos)
            << error.what() << " does not say '" << sample.says << "'";
      } catch (const Error& error) { ADD_FAILURE() << error.what(); }
    }
  });
  EXPECT_GE(count, 36u);
}

// One operation with symbols in the place of extents gives, once the symbols have their values, the
// extents that it gives for numbers; and every guard that it left holds.
TEST_F(PrimPages, SymbolsGiveTheShapesOfNumbers) {
  size_t count = 0;
  each([&](const ir::OpInfo& info, const Page& page) {
    ir::SampleList samples;
    page.samples(samples);
    for (const ir::Sample& sample : samples.legal()) {
      DType dtype = usual_dtype(page, sample.operands);
      Case fixed = make_case(context_, page, sample.operands, sample.attrs, dtype);
      Case open = make_case(context_, page, sample.operands, sample.attrs, dtype, true);
      ir::Facts facts(context_.symbols()), none(context_.symbols());
      try {
        std::vector<Type> expected =
            infer(info, fixed.attrs, fixed.operands, fixed.segments, none, DType::f32, context_);
        std::vector<Type> got =
            infer(info, open.attrs, open.operands, open.segments, facts, DType::f32, context_);
        ASSERT_EQ(expected.size(), got.size());
        for (size_t k = 0; k < got.size(); ++k) {
          ASSERT_EQ(expected[k].rank(), got[k].rank()) << describe(page, open);
          for (int i = 0; i < got[k].rank(); ++i) {
            auto at = static_cast<size_t>(i);
            EXPECT_EQ(value_of(got[k].dims()[at]), expected[k].dims()[at].constant())
                << describe(page, open);
          }
        }
        for (const ir::Guard& guard : facts.guards()) {
          int64_t a = value_of(guard.a), b = value_of(guard.b);
          EXPECT_TRUE(guard.kind == ir::Guard::Kind::eq ? a == b : a >= b)
              << describe(page, open) << " left " << to_string(guard);
        }
        ++count;
      } catch (const UserError& error) {
        EXPECT_EQ(error.kind(), ErrorKind::type) << describe(page, open) << ": " << error.what();
      }
    }
  });
  EXPECT_GT(count, 500u);
}

// The backward rule of one operation, in a function of its operands and cotangents.
struct Backward {
  std::vector<ir::Value> operands;
  std::vector<ir::Value> cotangents;  // by operand, null where there is none
};

Backward run_backward(ir::Module& module, const ir::OpInfo& info, const Case& c) {
  ir::Context& context = module.context();
  const Page& page = *info.page;
  ir::Func func = module.add_func("main", c.operands);
  ir::Builder b(module, func.body());
  Backward run{func.arguments(), {}};
  std::vector<ir::Value> results;
  std::vector<std::pair<std::string_view, ir::Value>> kept;
  std::vector<Type> types =
      infer(info, c.attrs, c.operands, c.segments, b.facts(), DType::f32, context);
  if (page.vjp.augment != nullptr) {
    ir::Augment augment(page, c.attrs, run.operands, c.segments, types, b);
    page.vjp.augment(augment);
    results = augment.outs();
    kept = augment.kept();
    EXPECT_EQ(results.size(), types.size()) << describe(page, c);
    for (size_t k = 0; k < types.size(); ++k)
      EXPECT_EQ(results[k].type(), types[k]) << describe(page, c);
  } else {
    results = b.create(info, run.operands, c.attrs, c.segments)->results();
  }
  std::vector<ir::Value> cotangents;
  for (ir::Value result : results) {
    cotangents.push_back(is_inexact(result.dtype()) ? func.body().add_argument(result.type())
                                                    : ir::Value());
  }
  auto needs = std::make_unique<bool[]>(run.operands.size() + 1);
  for (size_t i = 0; i < run.operands.size(); ++i) needs[i] = is_inexact(run.operands[i].dtype());
  ir::Vjp vjp(page, c.attrs, run.operands, c.segments, results, cotangents,
              std::span<const bool>(needs.get(), run.operands.size()), kept, b);
  page.vjp.backward(vjp);
  run.cotangents = vjp.cotangents_in();
  return run;
}

bool has_inexact(std::span<const Type> types) {
  for (Type type : types) {
    if (is_inexact(type.dtype())) return true;
  }
  return false;
}

TEST_F(PrimPages, CotangentsHaveTheOperandsShapesAndAreMadeOfPrimitives) {
  size_t count = 0, needed_static = 0;
  each([&](const ir::OpInfo& info, const Page& page) {
    if (page.vjp.backward == nullptr) return;
    ir::SampleList samples;
    page.samples(samples);
    for (const ir::Sample& sample : samples.legal()) {
      for (DType dtype : dtypes_under_test(page, sample.operands)) {
        if (contains(kFloat8Set, dtype)) continue;  // stored, never computed with
        for (bool symbolic : {false, true}) {
          Case c = make_case(context_, page, sample.operands, sample.attrs, dtype, symbolic);
          ir::Module module(context_);
          std::vector<Type> results;
          try {
            results =
                infer(info, c.attrs, c.operands, c.segments, module.facts(), DType::f32, context_);
          } catch (const UserError& error) {
            EXPECT_EQ(error.kind(), ErrorKind::type) << describe(page, c) << ": " << error.what();
            continue;  // a kind that this dtype lacks
          }
          try {
            if (!has_inexact(c.operands) || !has_inexact(results)) continue;
            Backward run = run_backward(module, info, c);
            for (size_t i = 0; i < run.operands.size(); ++i) {
              ir::Value operand = run.operands[i], cotangent = run.cotangents[i];
              if (!cotangent) continue;
              EXPECT_TRUE(cotangent.dtype() == operand.dtype() ||
                          real_of(cotangent.dtype()) == operand.dtype())
                  << describe(page, c) << " gives " << to_string(cotangent.type());
              ASSERT_EQ(cotangent.rank(), operand.rank()) << describe(page, c);
              for (size_t axis = 0; axis < operand.dims().size(); ++axis) {
                EXPECT_EQ(module.facts().prove_eq(cotangent.dims()[axis], operand.dims()[axis]),
                          ir::Truth::yes)
                    << describe(page, c) << " gives " << to_string(cotangent.type());
              }
            }
            for (ir::Operation& op : module.main().body())
              EXPECT_TRUE(op.info().has(ir::Trait::primitive)) << op.name();
            for (const ir::Guard& guard : module.facts().guards()) {
              int64_t a = value_of(guard.a), b = value_of(guard.b);
              EXPECT_TRUE(guard.kind == ir::Guard::Kind::eq ? a == b : a >= b)
                  << describe(page, c) << " left " << to_string(guard);
            }
            ++count;
          } catch (const ir::NeedStatic&) {
            EXPECT_TRUE(symbolic) << describe(page, c);
            ++needed_static;
          } catch (const UserError& error) {
            EXPECT_EQ(error.kind(), ErrorKind::not_supported)
                << describe(page, c) << ": " << error.what();
          }
        }
      }
    }
  });
  EXPECT_GT(count, 3000u);
  EXPECT_LT(needed_static, 100u);
}

}  // namespace
}  // namespace proa::test
