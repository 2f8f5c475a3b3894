// Attrs: attributes written down in C++: Attrs{{"axis", 1}, {"keepdim", true}}.
// Why: rules, tests and the eager floor name attributes without touching the Context.
#pragma once

#include <complex>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "proa/base/dtype.h"
#include "proa/ir/attribute.h"

namespace proa::ops {

using AttrValue = std::variant<bool, int64_t, double, std::string_view, DType, std::vector<int64_t>,
                               std::vector<double>, std::vector<ir::Dim>, ir::Attribute>;

struct Attr {
  std::string_view name;
  AttrValue value;
  Attr(std::string_view n, bool v) : name(n), value(v) {}
  Attr(std::string_view n, int v) : name(n), value(static_cast<int64_t>(v)) {}
  Attr(std::string_view n, int64_t v) : name(n), value(v) {}
  Attr(std::string_view n, double v) : name(n), value(v) {}
  Attr(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  Attr(std::string_view n, std::string_view v) : name(n), value(v) {}
  Attr(std::string_view n, DType v) : name(n), value(v) {}
  Attr(std::string_view n, std::vector<int64_t> v) : name(n), value(std::move(v)) {}
  Attr(std::string_view n, std::vector<double> v) : name(n), value(std::move(v)) {}
  Attr(std::string_view n, std::vector<ir::Dim> v) : name(n), value(std::move(v)) {}
  Attr(std::string_view n, ir::Attribute v) : name(n), value(v) {}
};
using Attrs = std::vector<Attr>;

ir::Attribute to_attribute(ir::Context& context, const AttrValue& value);
ir::AttrList to_list(ir::Context& context, const Attrs& attrs);

// Constant data, each value rounded once to the dtype. A fraction for an integer dtype is an
// InternalError.
ir::TensorData scalar_data(DType dtype, std::complex<double> value);
ir::TensorData dense_data(DType dtype, std::vector<int64_t> dims, std::span<const double> values);

}  // namespace proa::ops
