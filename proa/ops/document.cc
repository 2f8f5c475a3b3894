#include "proa/ops/document.h"

#include <algorithm>
#include <array>
#include <vector>

#include "proa/base/str.h"
#include "proa/ir/page.h"
#include "proa/ir/samples.h"
#include "proa/ops/composite.h"

namespace proa::ops {

using ir::AttrForm;
using ir::AttrSpec;
using ir::Literal;
using ir::Page;

std::string to_string(const Literal& value) {
  switch (value.kind) {
    case Literal::Kind::required: return "";
    case Literal::Kind::none: return "None";
    case Literal::Kind::boolean: return value.integer ? "True" : "False";
    case Literal::Kind::integer: return str(value.integer);
    case Literal::Kind::real: {
      std::string text = str(value.real);
      return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
    }
    case Literal::Kind::text: return str("'", value.text, "'");
    case Literal::Kind::dtype:
      return str("'", proa::to_string(static_cast<DType>(value.integer)), "'");
    case Literal::Kind::ints: return list_str(value.ints);
    case Literal::Kind::reals: {
      std::vector<std::string> parts;
      for (double r : value.reals) parts.push_back(str(r));
      return "[" + join(parts, ", ") + "]";
    }
  }
  return "";
}

namespace {

constexpr std::array<std::string_view, 4> kSections = {"Args:", "Returns:", "Errors:", "Source:"};

// The doc cut at its sections: the paragraph, then each section's lines or nothing.
struct Parts {
  std::string_view paragraph;
  std::array<std::string_view, kSections.size()> sections = {};
};

Parts cut(std::string_view doc) {
  Parts parts;
  std::array<size_t, kSections.size() + 1> starts;
  starts.fill(doc.size());
  for (size_t i = 0; i < kSections.size(); ++i) {
    size_t at = doc.find(str("\n", kSections[i]));
    if (at != std::string_view::npos) starts[i] = at + 1;
  }
  size_t end = doc.size();
  for (size_t i = kSections.size(); i-- > 0;) {
    if (starts[i] == doc.size()) continue;
    parts.sections[i] = doc.substr(starts[i], end - starts[i]);
    end = starts[i];
  }
  parts.paragraph = doc.substr(0, end);
  return parts;
}

// A set of dtypes in few words: the largest known sets first, then single names.
std::string words(DTypeSet set) {
  struct Known {
    std::string_view word;
    DTypeSet set;
  };
  constexpr Known known[] = {
      {"any dtype", kAnySet}, {"number", kNumberSet},        {"real", kRealSet},
      {"integer", kIntSet},   {"floating point", kFloatSet}, {"complex", kComplexSet}};
  std::vector<std::string> said;
  for (const Known& one : known) {
    if ((set & one.set) == one.set) {
      said.emplace_back(one.word);
      set = set & ~one.set;
    }
  }
  for (int i = 0; i < kDTypeCount; ++i) {
    auto dtype = static_cast<DType>(i);
    if (contains(set, dtype)) said.emplace_back(proa::to_string(dtype));
  }
  if (said.size() < 2) return said.empty() ? "" : said[0];
  std::string last = said.back();
  said.pop_back();
  return str(join(said, ", "), " or ", last);
}

std::string form_of(const AttrSpec& spec) {
  switch (spec.form) {
    case AttrForm::boolean: return "True or False";
    case AttrForm::integer:
    case AttrForm::axis: return "an integer";
    case AttrForm::real:
    case AttrForm::number: return "a number";
    case AttrForm::string: return "a string";
    case AttrForm::dtype: return "a dtype";
    case AttrForm::axes:
    case AttrForm::ints: return "an integer or several";
    case AttrForm::shape: return "integers";
    case AttrForm::reals: return "a number or several";
    case AttrForm::padding: return "an integer, several or a string";
    default: return "a constant";
  }
}

std::string range_of(const AttrSpec& spec) {
  if (!spec.choices.empty()) {
    std::vector<std::string> choices;
    for (std::string_view choice : spec.choices) choices.push_back(str("'", choice, "'"));
    return "one of " + join(choices, ", ");
  }
  if (spec.lowest && spec.highest) return str(*spec.lowest, " to ", *spec.highest);
  if (spec.lowest) return str("at least ", *spec.lowest);
  return spec.highest ? str("at most ", *spec.highest) : "";
}

std::string arguments(const Page& page) {
  std::string text = "Args:\n";
  auto line = [&](std::string_view name, std::string takes) {
    std::string_view what = meaning(page.name, name);
    text += str("  ", name, ": ", what, what.empty() ? "" : "; ", takes, "\n");
  };
  for (const ir::OperandSpec& spec : page.operands) {
    if (spec.rng_key) continue;
    std::string takes = words(spec.dtypes);
    if (spec.number) takes += ", a plain number too";
    if (spec.optional) takes += "; may be left out";
    line(spec.name, takes);
  }
  for (const AttrSpec& spec : page.attrs) {
    std::string takes = form_of(spec), range = range_of(spec), usual = to_string(spec.value);
    if (!range.empty()) takes += ", " + range;
    if (!usual.empty()) takes += "; default " + usual;
    line(spec.name, takes);
  }
  if (text == "Args:\n") return "";
  return text;
}

std::string result_dtype(const Page& page) {
  using Meet = ir::DTypeRule::Meet;
  using Result = ir::DTypeRule::Result;
  std::string met = page.dtypes.meet == Meet::promote_float
                        ? "of the operands' promoted dtype, the default float for integers and bool"
                        : "of the operands' promoted dtype";
  bool asked = false;
  for (const AttrSpec& spec : page.attrs) asked |= spec.form == AttrForm::dtype;
  switch (page.dtypes.result) {
    case Result::met: return met;
    case Result::first: return str("of ", page.operands[0].name, "'s dtype");
    case Result::boolean: return "of dtype bool";
    case Result::i64: return "of dtype int64";
    case Result::real_of_met: return met + ", its real part for complex ones";
    case Result::complex_of_met: return met + " made complex";
    case Result::attr: return "of the dtype asked for, else " + met;
    case Result::shape_rule:
      return asked ? "of the dtype asked for, else of the one that the text gives"
                   : "of the dtype that the text gives";
  }
  return met;
}

std::string returns(const Page& page) {
  std::string text = "Returns:\n  ";
  if (page.results == 1) {
    text += "a tensor ";
    if (page.sharding == kEachAxis) text += str("of ", page.operands[0].name, "'s shape, ");
    if (page.sharding == kEachAxis2) text += "of the shapes broadcast together, ";
  } else if (page.result_names.empty()) {
    text += page.results < 0 ? "a list of tensors, each " : str(page.results, " tensors, ");
  } else {
    std::vector<std::string> names(page.result_names.begin(), page.result_names.end());
    text += join(names, ", ");
    text += page.results < 0 ? " (as many as are asked for): tensors " : ": tensors ";
  }
  return text + result_dtype(page) + "\n";
}

// What the page's wrong samples show, in the words of their messages.
std::string errors(const Page& page) {
  struct Kind {
    ErrorKind kind;
    std::string_view text;
  };
  constexpr Kind kinds[] = {
      {ErrorKind::type, "TypeError for another dtype or kind of argument"},
      {ErrorKind::shape, "ShapeError where shapes do not fit"},
      {ErrorKind::index, "IndexError for an axis or index out of range"},
      {ErrorKind::value, "ValueError for a missing argument or one out of its range"},
      {ErrorKind::not_supported, "NotImplementedError where the message says why"},
      {ErrorKind::key, "KeyError for an argument that it does not have"},
  };
  ir::SampleList samples;
  if (page.samples != nullptr) page.samples(samples);
  std::string text = "Errors:\n";
  for (const Kind& one : kinds) {
    std::vector<std::string> says;
    bool found = false;
    for (const ir::WrongSample& wrong : samples.wrong()) {
      if (wrong.kind != one.kind) continue;
      found = true;
      std::string quoted = str("'", wrong.says, "'");
      bool usual = wrong.says == "required" || one.kind == ErrorKind::type ||
                   one.kind == ErrorKind::key || one.kind == ErrorKind::index;
      bool known = std::find(says.begin(), says.end(), quoted) != says.end();
      if (!usual && !known && says.size() < 2) says.push_back(std::move(quoted));
    }
    if (!found) continue;
    text += str("  ", one.text, says.empty() ? "" : ": ", join(says, ", "), "\n");
  }
  return text;
}

}  // namespace

std::string document(const Page& page) {
  Parts parts = cut(page.doc);
  std::string text;
  auto add = [&](std::string_view section) {
    while (!section.empty() && section.back() == '\n') section.remove_suffix(1);
    if (!section.empty()) text += str(text.empty() ? "" : "\n", section);
  };
  add(parts.paragraph);
  add(parts.sections[0].empty() ? arguments(page) : std::string(parts.sections[0]));
  add(parts.sections[1].empty() ? returns(page) : std::string(parts.sections[1]));
  add(parts.sections[2].empty() ? errors(page) : std::string(parts.sections[2]));
  add(parts.sections[3]);
  return text;
}

}  // namespace proa::ops
