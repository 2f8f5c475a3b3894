#include "cases.h"

#include <algorithm>
#include <cstdlib>

#include "proa/ops/attrs.h"

namespace proa::test {

using ir::AttrForm;
using ir::Literal;

namespace {

ops::AttrValue plain_value(const Literal& value) {
  switch (value.kind) {
    case Literal::Kind::boolean: return value.integer != 0;
    case Literal::Kind::integer: return value.integer;
    case Literal::Kind::real: return value.real;
    case Literal::Kind::text: return value.text;
    case Literal::Kind::dtype: return static_cast<DType>(value.integer);
    case Literal::Kind::ints: return value.ints;
    case Literal::Kind::reals: return value.reals;
    case Literal::Kind::required:
    case Literal::Kind::none: break;
  }
  throw InternalError("this literal has no value");
}

AttrForm form_of(const ir::Page& page, std::string_view name) {
  for (const ir::AttrSpec& spec : page.attrs) {
    if (spec.name == name) return spec.form;
  }
  return AttrForm::dict;
}

ops::AttrValue value_for(ir::Context& context, AttrForm form, const Literal& value) {
  if (form == AttrForm::integer && value.kind == Literal::Kind::text && value.text != "1") {
    return ir::Attribute::dim(context, ir::parse_dim(value.text, context.symbols()));
  }
  if (form != AttrForm::tensor) return plain_value(value);
  switch (value.kind) {
    case Literal::Kind::integer:
      return ir::Attribute::tensor(
          context, ops::scalar_data(DType::i64, static_cast<double>(value.integer)));
    case Literal::Kind::real:
      return ir::Attribute::tensor(context, ops::scalar_data(DType::f64, value.real));
    case Literal::Kind::ints: {
      std::vector<double> values(value.ints.begin(), value.ints.end());
      auto count = static_cast<int64_t>(values.size());
      return ir::Attribute::tensor(context, ops::dense_data(DType::i64, {count}, values));
    }
    case Literal::Kind::reals: {
      auto count = static_cast<int64_t>(value.reals.size());
      return ir::Attribute::tensor(context, ops::dense_data(DType::f64, {count}, value.reals));
    }
    default: return plain_value(value);
  }
}

}  // namespace

ir::AttrList attributes(ir::Context& context, const ir::Page& page, const ir::SampleAttrs& attrs) {
  ir::AttrList list;
  for (const auto& [name, value] : attrs) {
    if (value.kind == Literal::Kind::none) continue;
    ops::AttrValue v = value_for(context, form_of(page, name), value);
    list.set(context.name(name), ops::to_attribute(context, v));
  }
  return list;
}

Case make_case(ir::Context& context, const ir::Page& page,
               const std::vector<std::vector<ir::Arg>>& operands, const ir::SampleAttrs& attrs,
               DType dtype, bool symbolic) {
  Case c;
  for (const auto& list : operands) {
    c.segments.push_back(static_cast<int64_t>(list.size()));
    for (const ir::Arg& arg : list) {
      std::vector<ir::Dim> dims;
      for (int64_t n : arg.dims) {
        dims.push_back(symbolic && n > 1 ? context.symbols().symbol(str("n", n)) : ir::Dim(n));
      }
      c.operands.push_back(ir::Type::tensor(context, arg.dtype.value_or(dtype), dims));
    }
  }
  c.attrs = attributes(context, page, attrs);
  return c;
}

std::vector<DType> dtypes_under_test(const ir::Page& page,
                                     const std::vector<std::vector<ir::Arg>>& operands) {
  DTypeSet set = 0xffff;
  bool any = false;
  for (size_t i = 0; i < operands.size() && i < page.operands.size(); ++i) {
    for (const ir::Arg& arg : operands[i]) {
      if (arg.dtype) continue;
      set &= page.operands[i].dtypes;
      any = true;
    }
  }
  if (!any) return {DType::f32};
  std::vector<DType> dtypes;
  for (int i = 0; i < kDTypeCount; ++i) {
    if (contains(set, static_cast<DType>(i))) dtypes.push_back(static_cast<DType>(i));
  }
  return dtypes;
}

int64_t value_of(ir::Dim dim) {
  return ir::evaluate(dim, [](ir::Dim symbol) {
    return static_cast<int64_t>(std::atoll(std::string(symbol.name().substr(1)).c_str()));
  });
}

void for_each_sample(ir::Context& context, std::string_view dialect, size_t dtypes,
                     EachSample check) {
  uint64_t number = 0;
  for (const ir::OpInfo& info : context.find_dialect(dialect)->ops()) {
    if (!info.page || !info.page->samples || info.has(ir::Trait::structured)) continue;
    ir::SampleList samples;
    info.page->samples(samples);
    for (const ir::Sample& sample : samples.legal()) {
      std::vector<DType> legal = dtypes_under_test(*info.page, sample.operands);
      for (size_t k = 0; k < std::min(dtypes, legal.size()); ++k) {
        DType dtype = legal[(number + k) % legal.size()];
        check(info, sample, dtype, ++number);
      }
    }
  }
}

std::string describe(const ir::Page& page, const Case& c) {
  std::string text = str(page.name, "(");
  for (size_t i = 0; i < c.operands.size(); ++i) {
    text += str(i == 0 ? "" : ", ", to_string(c.operands[i]));
  }
  for (const ir::NamedAttr& item : c.attrs.items()) {
    text += str("; ", item.name.view(), " = ", to_string(item.value()));
  }
  return text + ")";
}

}  // namespace proa::test
