#include "proa/eager/functions/door.h"

#include <algorithm>

#include "proa/base/error.h"

namespace proa {

Results::Results(std::vector<Tensor> results) : vector(std::move(results)) {}

Results::operator Tensor() const {
  if (size() != 1) {
    throw UserError(ErrorKind::type, str("the call has ", size(),
                                         " results; expected one where a tensor stands for them"));
  }
  return front();
}

namespace eager {

using ir::Attribute;
using ir::Literal;

Door::Door(std::string_view full_name) : op_(context().op(full_name)) {
  for (const ir::AttrSpec& spec : op_.page->attrs) names_.push_back(context().name(spec.name));
}

Request::Request(const Door& door) : door_(door) {
  operands_.reserve(door.op().page->operands.size());
}

void Request::operand(const Tensor& tensor) {
  counts_.push_back(tensor ? 1 : 0);
  if (tensor) operands_.emplace_back(tensor);
}

void Request::operand(OptionalTensor tensor) {
  if (tensor.tensor() != nullptr) return operand(*tensor.tensor());
  counts_.push_back(0);
}

void Request::operand(const TensorOrNumber& given) {
  if (given.tensor() != nullptr) return operand(*given.tensor());
  const Number& number = given.number();
  if (number.kind() == Number::Kind::none) {
    counts_.push_back(0);
    return;
  }
  Operand made(number.real());
  made.integer = number.integer();
  made.imag = number.imag();
  switch (number.kind()) {
    case Number::Kind::boolean: made.number_kind = NumberKind::boolean; break;
    case Number::Kind::integer: made.number_kind = NumberKind::integer; break;
    case Number::Kind::complex: made.number_kind = NumberKind::complex; break;
    default: made.number_kind = NumberKind::real; break;
  }
  counts_.push_back(1);
  operands_.push_back(std::move(made));
}

void Request::operand(const Tensors& tensors) {
  counts_.push_back(static_cast<int64_t>(tensors.size()));
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (!tensors.data()[i]) {
      const ir::Page& page = *door_.op().page;
      throw UserError(ErrorKind::value, page.name, page.operands[counts_.size() - 1].name,
                      str("tensor ", i, " of the list has no memory"));
    }
    operands_.emplace_back(tensors.data()[i]);
  }
}

void Request::boolean(size_t at, std::optional<bool> value) {
  const Literal& usual = door_.spec(at).value;
  if (!value || (usual.kind == Literal::Kind::boolean && (usual.integer != 0) == *value)) return;
  set(at, Attribute::boolean(context(), *value));
}

void Request::integer(size_t at, std::optional<int64_t> value) {
  const Literal& usual = door_.spec(at).value;
  if (!value || (usual.kind == Literal::Kind::integer && usual.integer == *value)) return;
  set(at, Attribute::integer(context(), *value));
}

void Request::real(size_t at, std::optional<double> value) {
  const Literal& usual = door_.spec(at).value;
  if (!value || (usual.kind == Literal::Kind::real && usual.real == *value)) return;
  set(at, Attribute::real(context(), *value));
}

void Request::text(size_t at, std::optional<std::string_view> value) {
  const Literal& usual = door_.spec(at).value;
  if (!value || (usual.kind == Literal::Kind::text && usual.text == *value)) return;
  set(at, Attribute::string(context(), *value));
}

void Request::dtype(size_t at, std::optional<DType> value) {
  const Literal& usual = door_.spec(at).value;
  if (!value || (usual.kind == Literal::Kind::dtype && static_cast<DType>(usual.integer) == *value))
    return;
  set(at, Attribute::dtype(context(), *value));
}

void Request::number(size_t at, const Number& value) {
  const Literal& usual = door_.spec(at).value;
  bool whole = value.kind() == Number::Kind::integer && usual.kind == Literal::Kind::integer;
  bool real = value.kind() == Number::Kind::real && usual.kind == Literal::Kind::real;
  if (whole && value.integer() == usual.integer) return;
  if (real && value.real() == usual.real) return;
  switch (value.kind()) {
    case Number::Kind::none: return;
    case Number::Kind::boolean: return set(at, Attribute::boolean(context(), value.integer() != 0));
    case Number::Kind::integer: return set(at, Attribute::integer(context(), value.integer()));
    case Number::Kind::real: return set(at, Attribute::real(context(), value.real()));
    case Number::Kind::complex:
      return set(at, Attribute::complex(context(), {value.real(), value.imag()}));
  }
}

void Request::ints(size_t at, const Ints& value) {
  const Literal& usual = door_.spec(at).value;
  bool required = usual.kind == Literal::Kind::required;
  if (value.kind() == Ints::Kind::none && !required) return;
  // A shape keeps the difference between 3 and {3}: split cuts into 3 pieces, or one of size 3.
  if (value.kind() == Ints::Kind::one && door_.spec(at).form == ir::AttrForm::shape) {
    return set(at, Attribute::integer(context(), *value.data()));
  }
  std::span<const int64_t> given(value.data(), value.size());
  if (usual.kind == Literal::Kind::integer && given.size() == 1 && given[0] == usual.integer)
    return;
  if (usual.kind == Literal::Kind::ints && std::ranges::equal(given, usual.ints)) return;
  set(at, Attribute::ints(context(), given));
}

void Request::reals(size_t at, const Reals& value) {
  const Literal& usual = door_.spec(at).value;
  bool required = usual.kind == Literal::Kind::required;
  if (value.kind() == Reals::Kind::none && !required) return;
  std::span<const double> given(value.data(), value.size());
  if (usual.kind == Literal::Kind::real && given.size() == 1 && given[0] == usual.real) return;
  if (usual.kind == Literal::Kind::reals && std::ranges::equal(given, usual.reals)) return;
  set(at, Attribute::reals(context(), given));
}

void Request::padding(size_t at, const Padding& value) {
  if (value.word().empty()) return ints(at, value);
  text(at, value.word());
}

std::vector<Tensor> Request::all() {
  return call(door_.op(), operands_, attrs_, {counts_.data(), counts_.size()});
}

}  // namespace eager

}  // namespace proa
