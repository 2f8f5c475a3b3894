#include "proa/compiler/render/c/straight.h"

#include <algorithm>

#include "proa/base/error.h"
#include "proa/base/numeric/text.h"
#include "proa/compiler/render/c/scalar.h"
#include "proa/ir/dialect.h"

namespace proa::compiler::render {

using namespace ir;

const std::string& Straight::name(Value value) const {
  auto found = names_.find(value.impl());
  PROA_CHECK(found != names_.end(), "a value is rendered before it is defined");
  return found->second;
}

void Straight::line(std::string_view text) {
  text_.append(static_cast<size_t>(2 * depth), ' ');
  text_ += text;
  text_ += '\n';
}

std::string Straight::word(Dim d) {
  auto at = std::ranges::find(words_, d);
  if (at == words_.end()) at = words_.insert(words_.end(), d);
  return str("d", at - words_.begin());
}

std::string Straight::size(Dim d) {
  if (auto value = d.as_const()) return str(*value, "ll");
  return word(d);
}

std::string Straight::address(Operation& op, size_t first) {
  std::vector<Dim> strides = op.attr("strides").as_dims();
  Dim offset = op.attr("offset").as_dim();
  std::string text;
  auto number = [&](Dim d) { return numbers_ ? size(d) : word(d); };
  if (!offset.is_const(0)) text = number(offset);
  for (size_t i = 0; i < strides.size(); ++i) {
    if (!text.empty()) text += " + ";
    text += name(op.operand(first + i));
    if (!strides[i].is_const(1)) text += str(" * ", number(strides[i]));
  }
  return text.empty() ? "0" : text;
}

void Straight::define(Operation& op, std::string_view text) {
  std::string label = fresh("v"), what;
  constexpr std::string_view kPrimitive = "prim.";
  if (op.name().starts_with(kPrimitive) && !op.is("prim.constant")) {
    what = str("  // ", op.name().substr(kPrimitive.size()));
  }
  line(str("const ", c_type(op.result().dtype()), " ", label, " = ", text, ";", what));
  name(op.result(), label);
}

void Straight::operation(Operation& op) {
  if (op.info().has(Trait::terminator)) return;
  if (op.is("loop.load")) {
    DType t = op.result().dtype();
    define(op, c_widen(t, str(name(op.operand(0)), "[", address(op, 1), "]")));
  } else if (op.is("loop.store")) {
    Value value = op.operand(0);
    line(str(name(op.operand(1)), "[", address(op, 2), "] = ", c_narrow(value.dtype(), name(value)),
             ";"));
  } else if (op.is("loop.size")) {
    define(op, size(op.attr("dim").as_dim()));
  } else if (op.is("prim.constant")) {
    define(op, c_literal(op.result().dtype(), op.attr("value").as_tensor().bytes));
  } else {
    std::vector<std::string> operands;
    for (Value operand : op.operands()) operands.push_back(name(operand));
    std::string text = c_scalar(op, operands);
    PROA_CHECK(!text.empty(), "no text renders ", op.name());
    define(op, text);
  }
}

void Straight::block(Block& body) {
  for (Operation& op : body) operation(op);
}

std::string texts_of(std::string_view body) {
  std::vector<std::string_view> used;
  auto is_name = [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  for (size_t at = body.find("pn_"); at != std::string_view::npos;) {
    size_t end = at;
    while (end < body.size() && is_name(body[end])) ++end;
    std::string_view word = body.substr(at, end - at);
    if (numeric::is_defined(word) && std::ranges::find(used, word) == used.end()) {
      used.push_back(word);
    }
    at = body.find("pn_", end);
  }
  return str(numeric::prelude(numeric::Language::c), numeric::definitions(used));
}

}  // namespace proa::compiler::render
