#include "proa/base/numeric/text.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "proa/base/error.h"

namespace proa {
namespace {

using numeric::definitions;

std::string definitions_of(std::string_view name) { return definitions({{name}}); }

TEST(NumericText, CarriesWhatAFunctionUsesAndNothingElse) {
  const std::string text = definitions_of("pn_exp_f32");
  EXPECT_NE(text.find("PN_HOT float pn_exp_f32(float x)"), std::string::npos);
  EXPECT_NE(text.find("pn_poly_exp_f32"), std::string::npos);
  EXPECT_EQ(text.find("pn_log_f32"), std::string::npos);
  EXPECT_EQ(text.find("double"), std::string::npos) << text;
}

TEST(NumericText, DefinesBeforeUse) {
  for (const char* name :
       {"pn_sin_f32", "pn_tanh_to_f16", "pn_pow_f64", "pn_lgamma_f32", "pn_acosh_c64",
        "pn_polygamma_f64", "pn_rng_u32", "pn_e4m3_of_f64", "pn_div_floor_i32"}) {
    std::set<std::string> seen;
    const std::string text =
        std::string(numeric::prelude(numeric::Language::c)) + definitions_of(name);
    // Every name that is followed by a parenthesis was there before, but where its definition
    // begins.
    std::string line;
    size_t at = 0;
    bool found = false;
    while (at < text.size()) {
      size_t end = text.find('\n', at);
      if (end == std::string::npos) end = text.size();
      line = text.substr(at, end - at);
      at = end + 1;
      const bool head = line.starts_with("PN_") || line.starts_with("typedef") ||
                        line.starts_with("}") || line.starts_with("__extension__");
      for (size_t i = line.find("pn_"); i != std::string::npos; i = line.find("pn_", i + 1)) {
        size_t stop = i;
        while (stop < line.size() && (std::isalnum(line[stop]) != 0 || line[stop] == '_')) ++stop;
        const std::string word = line.substr(i, stop - i);
        if (head) seen.insert(word);
        const bool comment = line.find("/*") < i || line.starts_with("   ");
        EXPECT_TRUE(comment || seen.contains(word)) << word << " in " << name << ": " << line;
        found = found || word == name;
        i = stop - 1;
      }
    }
    EXPECT_TRUE(found) << name;
  }
}

TEST(NumericText, KnowsItsNames) {
  EXPECT_TRUE(numeric::is_defined("pn_erf_f64"));
  EXPECT_TRUE(numeric::is_defined("pn_c128"));
  EXPECT_TRUE(numeric::is_defined("pn_fmaf"));
  EXPECT_FALSE(numeric::is_defined("pn_no_such_f32"));
  EXPECT_THROW(definitions_of("pn_no_such_f32"), InternalError);
}

TEST(NumericText, BothPreludesDefineTheSameFunctions) {
  const std::string_view c = numeric::prelude(numeric::Language::c);
  const std::string_view cuda = numeric::prelude(numeric::Language::cuda);
  for (const char* name : {"pn_bits_f32(", "pn_f32_of(", "pn_bits_f64(", "pn_f64_of(", "pn_fmaf(",
                           "pn_fma(", "pn_sqrt_f32(", "pn_sqrt_f64(", "pn_mulhi_u64("}) {
    EXPECT_NE(c.find(name), std::string_view::npos) << name;
    EXPECT_NE(cuda.find(name), std::string_view::npos) << name;
  }
}

}  // namespace
}  // namespace proa
