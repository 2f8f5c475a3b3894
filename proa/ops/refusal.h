// Wrong cases of the arguments that many pages have: an axis, a flag, a required operand.
// Why: a family should show what its operators refuse in particular, and say the rest in a line.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "proa/ops/prim/prim.h"

namespace proa::ops {

using Operands = std::vector<ir::Arg>;

inline ir::SampleAttrs with(ir::SampleAttrs attrs, std::string_view name, ir::Literal value) {
  std::erase_if(attrs, [&](const auto& attr) { return attr.first == name; });
  attrs.emplace_back(name, std::move(value));
  return attrs;
}

// What no page takes: an argument that does not exist, and nothing for the first operand.
inline void refuse_strangers(ir::SampleList& s, Operands operands, const ir::SampleAttrs& attrs) {
  s.wrong(operands, with(attrs, "no_such_argument", 0), ErrorKind::key, "no such argument");
  s.wrong(operands, with(attrs, "out", 1), ErrorKind::key, "no such argument");
  operands[0] = ir::absent();
  s.wrong(operands, attrs, ErrorKind::value, "required");
}

// `operands` have at most nine axes.
inline void refuse_axis(ir::SampleList& s, const Operands& operands, const ir::SampleAttrs& attrs,
                        std::string_view name = "axis") {
  s.wrong(operands, with(attrs, name, 9), ErrorKind::index, "out of range");
  s.wrong(operands, with(attrs, name, -10), ErrorKind::index, "out of range");
  s.wrong(operands, with(attrs, name, "x"), ErrorKind::type, "integer");
}

inline void refuse_flag(ir::SampleList& s, const Operands& operands, const ir::SampleAttrs& attrs,
                        std::string_view name) {
  s.wrong(operands, with(attrs, name, 3), ErrorKind::type, "True or False");
  s.wrong(operands, with(attrs, name, "yes"), ErrorKind::type, "True or False");
}

inline void refuse_number(ir::SampleList& s, const Operands& operands, const ir::SampleAttrs& attrs,
                          std::string_view name) {
  s.wrong(operands, with(attrs, name, "x"), ErrorKind::type, "a number");
}

inline void refuse_integer(ir::SampleList& s, const Operands& operands,
                           const ir::SampleAttrs& attrs, std::string_view name) {
  s.wrong(operands, with(attrs, name, "x"), ErrorKind::type, "integer");
  s.wrong(operands, with(attrs, name, 1.5), ErrorKind::type, "integer");
}

}  // namespace proa::ops
