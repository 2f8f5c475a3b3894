// Checks an operation against its page and infers its result types.

#include <algorithm>

#include "proa/ir/dialect.h"
#include "proa/ir/need_extents.h"
#include "proa/ir/rules.h"

namespace proa::ir {

namespace {

std::string set_str(DTypeSet set) {
  std::vector<std::string> names;
  for (int i = 0; i < kDTypeCount; ++i) {
    if (contains(set, static_cast<DType>(i))) names.emplace_back(to_string(static_cast<DType>(i)));
  }
  return proa::join(names, ", ");
}

void check_attr(const Page& page, const AttrSpec& spec, Attribute value) {
  auto wrong = [&](std::string_view expected) {
    throw UserError(ErrorKind::type, page.name, spec.name,
                    str("expected ", expected, ", got ", to_string(value)));
  };
  auto in_range = [&](double v) {
    if ((spec.lowest && v < *spec.lowest) || (spec.highest && v > *spec.highest)) {
      std::string range = spec.lowest && spec.highest
                              ? str("a value in [", *spec.lowest, ", ", *spec.highest, "]")
                          : spec.lowest ? str("a value of at least ", *spec.lowest)
                                        : str("a value of at most ", *spec.highest);
      throw UserError(ErrorKind::value, page.name, spec.name, str("expected ", range, ", got ", v));
    }
  };
  auto one_of_choices = [&](std::string_view text) {
    if (!spec.choices.empty() && std::ranges::find(spec.choices, text) == spec.choices.end()) {
      std::vector<std::string> choices(spec.choices.begin(), spec.choices.end());
      std::string_view near = nearest(text, spec.choices);
      throw UserError(ErrorKind::value, page.name, spec.name,
                      str("expected one of '", proa::join(choices, "', '"), "', got '", text, "'",
                          near.empty() ? "" : str("; did you mean '", near, "'?")));
    }
  };
  switch (spec.form) {
    case AttrForm::boolean:
      if (!value.is(AttrKind::boolean)) wrong("True or False");
      break;
    case AttrForm::integer:
    case AttrForm::axis:
      if (value.is(AttrKind::dim)) break;
      if (!value.is(AttrKind::integer)) wrong("an integer");
      in_range(static_cast<double>(value.as_int()));
      break;
    case AttrForm::real:
      if (!value.is(AttrKind::real) && !value.is(AttrKind::integer)) wrong("a number");
      in_range(value.as_real());
      break;
    case AttrForm::number:  // or one of the words of the choices
      if (value.is(AttrKind::dim)) break;
      if (value.is(AttrKind::string) && !spec.choices.empty()) {
        one_of_choices(value.as_string());
        break;
      }
      if (!value.is(AttrKind::real) && !value.is(AttrKind::integer) &&
          !value.is(AttrKind::complex) && !value.is(AttrKind::boolean)) {
        wrong("a number");
      }
      break;
    case AttrForm::string:
      if (!value.is(AttrKind::string)) wrong("a string");
      one_of_choices(value.as_string());
      break;
    case AttrForm::dtype:
      if (!value.is(AttrKind::dtype)) wrong("a dtype");
      break;
    case AttrForm::axes:
    case AttrForm::ints:
      if (value.is(AttrKind::integer)) {
        in_range(static_cast<double>(value.as_int()));
      } else if (value.is(AttrKind::ints)) {
        for (int64_t v : value.as_ints()) in_range(static_cast<double>(v));
      } else {
        wrong("an integer or a list of integers");
      }
      break;
    case AttrForm::padding:
      if (value.is(AttrKind::string)) {
        if (std::ranges::find(spec.choices, value.as_string()) == spec.choices.end()) {
          std::vector<std::string> choices(spec.choices.begin(), spec.choices.end());
          throw UserError(ErrorKind::value, page.name, spec.name,
                          str("expected integers or one of '", proa::join(choices, "', '"),
                              "', got '", value.as_string(), "'"));
        }
      } else if (!value.is(AttrKind::integer) && !value.is(AttrKind::ints)) {
        wrong("integers or a string");
      }
      break;
    case AttrForm::reals:
      if (!value.is(AttrKind::reals) && !value.is(AttrKind::ints) && !value.is(AttrKind::real) &&
          !value.is(AttrKind::integer)) {
        wrong("a number or a list of numbers");
      }
      break;
    case AttrForm::shape:
      if (!value.is(AttrKind::ints) && !value.is(AttrKind::dims) && !value.is(AttrKind::integer) &&
          !value.is(AttrKind::dim)) {
        wrong("a list of sizes");
      }
      break;
    case AttrForm::tensor:
      if (!value.is(AttrKind::tensor)) wrong("constant data");
      break;
    case AttrForm::type:
      if (!value.is(AttrKind::type)) wrong("a type");
      break;
    case AttrForm::dict:
      if (!value.is(AttrKind::dict)) wrong("a dictionary");
      break;
    case AttrForm::symbol:
      if (!value.is(AttrKind::symbol)) wrong("a function's name");
      break;
  }
}

void check_attrs(const Page& page, const AttrList& attrs) {
  for (const NamedAttr& item : attrs.items()) {
    if (item.name.view() == "segments") continue;
    bool known = false;
    for (const AttrSpec& spec : page.attrs) {
      if (spec.name != item.name.view()) continue;
      check_attr(page, spec, item.value());
      known = true;
    }
    if (!known) {
      std::vector<std::string_view> names;
      for (const AttrSpec& spec : page.attrs) names.push_back(spec.name);
      std::string_view near = nearest(item.name.view(), names);
      throw UserError(ErrorKind::key, page.name, item.name.view(),
                      str("there is no such argument",
                          near.empty() ? "" : str("; did you mean '", near, "'?")));
    }
  }
  for (const AttrSpec& spec : page.attrs) {
    if (spec.value.kind == Literal::Kind::required && !attrs.get(spec.name)) {
      throw UserError(ErrorKind::value, page.name, spec.name, "this argument is required");
    }
  }
}

}  // namespace

Infer::Infer(const Page& page, const AttrList& attrs, std::span<const Type> operands,
             std::span<const int64_t> segments, Facts& facts, DType default_float, Context& context,
             std::span<const RegionTypes> regions)
    : AttrView(page, attrs),
      context_(context),
      operands_(operands),
      segments_(segments.begin(), segments.end()),
      facts_(facts),
      default_float_(default_float),
      regions_(regions) {
  if (segments_.empty()) segments_.assign(page.operands.size(), 1);
  int offset = 0;
  for (int64_t n : segments_) {
    offsets_.push_back(offset);
    offset += static_cast<int>(n);
  }
  PROA_CHECK(static_cast<size_t>(offset) == operands.size(), page.name, ": segments say ", offset,
             " operands, there are ", operands.size());
}

int Infer::count(int operand) const {
  return static_cast<int>(segments_[static_cast<size_t>(operand)]);
}

Type Infer::type(int operand, int k) const {
  PROA_CHECK(k < count(operand), page().name, ": operand ", operand, " is absent");
  return operands_[static_cast<size_t>(offsets_[static_cast<size_t>(operand)] + k)];
}

Dim Infer::dim(int operand, int axis) const {
  auto all = dims(operand);
  return all[static_cast<size_t>(axis < 0 ? axis + static_cast<int>(all.size()) : axis)];
}

void Infer::require_eq(Dim a, Dim b, std::string_view argument, std::string_view message) {
  if (a == b) return;
  if (!facts_.require_eq(a, b, str("[", page().name, "] ", argument, ": ", message)))
    fail(ErrorKind::shape, argument, message);
}

void Infer::require_ge(Dim a, Dim b, std::string_view argument, std::string_view message) {
  if (!facts_.require_ge(a, b, str("[", page().name, "] ", argument, ": ", message)))
    fail(ErrorKind::shape, argument, message);
}

std::vector<Dim> Infer::broadcast(std::span<const Dim> a, std::span<const Dim> b,
                                  std::string_view argument) {
  size_t rank = std::max(a.size(), b.size());
  std::vector<Dim> dims(rank);
  for (size_t i = 0; i < rank; ++i) {
    Dim x = i < rank - a.size() ? Dim(1) : a[i - (rank - a.size())];
    Dim y = i < rank - b.size() ? Dim(1) : b[i - (rank - b.size())];
    if (x == y || is_widened(facts_, y, x, page().name)) {
      dims[i] = x;
    } else if (is_widened(facts_, x, y, page().name)) {
      dims[i] = y;
    } else {
      require_eq(
          x, y, argument,
          str("shapes ", to_string(a), " and ", to_string(b),
              " cannot be broadcast together: size ", to_string(x), " does not match ",
              to_string(y), " at axis ", static_cast<int64_t>(i) - static_cast<int64_t>(rank)));
      dims[i] = x.is_const() ? x : y.is_const() ? y : x;
    }
  }
  return dims;
}

void Infer::result(std::span<const Dim> dims) {
  DType dtype = met_;
  switch (page().dtypes.result) {
    case DTypeRule::Result::met: break;
    case DTypeRule::Result::first: dtype = operands_[0].dtype(); break;
    case DTypeRule::Result::boolean: dtype = DType::boolean; break;
    case DTypeRule::Result::i64: dtype = DType::i64; break;
    case DTypeRule::Result::real_of_met: dtype = real_of(met_); break;
    case DTypeRule::Result::complex_of_met: dtype = complex_of(met_); break;
    case DTypeRule::Result::attr:
      if (has("dtype")) dtype = dtype_attr("dtype");
      break;
    case DTypeRule::Result::shape_rule:
      throw InternalError(str("the shape rule of ", page().name, " must give a dtype"));
  }
  result(dims, dtype);
}

void Infer::result(std::span<const Dim> dims, DType dtype) {
  results_.push_back(Type::tensor(context_, dtype, dims));
}

void Infer::result(Type type) { results_.push_back(type); }

RegionTypes region_types(const OpInfo& info, size_t index, const Region& region) {
  std::string_view name = "regions";
  if (info.page && index < info.page->regions.size()) name = info.page->regions[index];
  std::string_view op = info.page ? info.page->name : std::string_view(info.name);
  const Operation* end = region.block_count() == 1 ? region.block().terminator() : nullptr;
  if (end == nullptr) {
    throw UserError(ErrorKind::value, op, name,
                    str("expected one block that ends in return, got ", region.block_count(),
                        region.block_count() == 1 ? " without" : ""));
  }
  RegionTypes types;
  for (Value argument : region.block().arguments()) types.arguments.push_back(argument.type());
  for (Value result : end->operands()) types.results.push_back(result.type());
  return types;
}

bool same_type(Type a, Type b, Facts& facts) {
  if (a == b) return true;
  if (!a.is_tensor() || !b.is_tensor() || a.dtype() != b.dtype() || a.rank() != b.rank())
    return false;
  for (size_t i = 0; i < a.dims().size(); ++i) {
    if (a.dims()[i] != b.dims()[i] && facts.prove_eq(a.dims()[i], b.dims()[i]) != Truth::yes)
      return false;
  }
  return true;
}

std::vector<Type> infer(const OpInfo& info, const AttrList& attrs, std::span<const Type> operands,
                        std::span<const int64_t> segments, Facts& facts, DType default_float,
                        Context& context, std::span<const RegionTypes> regions) {
  const Page& page = *info.page;
  check_attrs(page, attrs);
  Infer view(page, attrs, operands, segments, facts, default_float, context, regions);

  bool first = true;
  DType met = default_float;
  std::string_view met_by;
  for (size_t i = 0; i < page.operands.size(); ++i) {
    const OperandSpec& spec = page.operands[i];
    int n = view.count(static_cast<int>(i));
    if (n == 0 && !spec.optional && !spec.variadic) {
      throw UserError(ErrorKind::value, page.name, spec.name, "this argument is required");
    }
    if (n > 1 && !spec.variadic) {
      throw UserError(ErrorKind::value, page.name, spec.name, str("expected one tensor, got ", n));
    }
    for (int k = 0; k < n; ++k) {
      Type type = view.type(static_cast<int>(i), k);
      if (!type.is_tensor()) continue;
      DType t = type.dtype();
      if (!contains(spec.dtypes, t)) {
        throw UserError(ErrorKind::type, page.name, spec.name,
                        str("dtype ", to_string(t), " is not supported; expected one of ",
                            set_str(spec.dtypes)));
      }
      if (!spec.meets) continue;
      if (first) {
        met = t;
        met_by = spec.name;
        first = false;
      } else if (page.dtypes.meet == DTypeRule::Meet::same && t != met) {
        throw UserError(
            ErrorKind::type, page.name, spec.name,
            str("expected ", to_string(met), " as of ", met_by, ", got ", to_string(t)));
      } else if (page.dtypes.meet != DTypeRule::Meet::none) {
        met = promote(met, t);
      }
    }
  }
  if (page.dtypes.meet == DTypeRule::Meet::promote_float && !is_inexact(met)) met = default_float;
  view.met_ = met;
  if (regions.size() != page.regions.size()) {
    std::vector<std::string> names(page.regions.begin(), page.regions.end());
    throw UserError(ErrorKind::value, page.name, "regions",
                    names.empty() ? str("expected none, got ", regions.size())
                                  : str("expected ", names.size(), " (", proa::join(names, ", "),
                                        "), got ", regions.size()));
  }
  if (page.checks != nullptr) page.checks(view);
  PROA_CHECK(page.shape, "the page of ", page.name, " has no shape rule");
  page.shape(view);
  std::vector<Type> results = view.take_results();
  PROA_CHECK(page.results < 0 || results.size() == static_cast<size_t>(page.results),
             "the shape rule of ", page.name, " gave ", results.size(), " results, its page says ",
             page.results);
  return results;
}

}  // namespace proa::ir
