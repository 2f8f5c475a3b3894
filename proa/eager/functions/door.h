// Door and Request: how the operators' C++ functions reach eager::call.
// Why: a function finds its operator and the names of its attributes once; a call hashes no text
// but the values that are text.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "proa/base/small_vector.h"
#include "proa/eager/call.h"
#include "proa/eager/functions/arguments.h"
#include "proa/ir/page.h"

namespace proa::eager {

class Door {
 public:
  explicit Door(std::string_view full_name);
  const ir::OpInfo& op() const { return op_; }
  const ir::AttrSpec& spec(size_t attr) const { return op_.page->attrs[attr]; }
  ir::Name name(size_t attr) const { return names_[attr]; }

 private:
  const ir::OpInfo& op_;
  std::vector<ir::Name> names_;  // of the page's attributes, in its order
};

// Operands are given in the page's order, all of them; attributes by their place on the page. An
// attribute that has the page's default is left out, as in a call that does not name it.
class Request {
 public:
  explicit Request(const Door& door);

  void operand(const Tensor& tensor);
  void operand(OptionalTensor tensor);
  void operand(const TensorOrNumber& given);
  void operand(const Tensors& tensors);
  void random_key() { counts_.push_back(0); }  // the generator's; the call fills it

  void boolean(size_t at, std::optional<bool> value);
  void integer(size_t at, std::optional<int64_t> value);
  void real(size_t at, std::optional<double> value);
  void text(size_t at, std::optional<std::string_view> value);
  void dtype(size_t at, std::optional<DType> value);
  void number(size_t at, const Number& value);
  void ints(size_t at, const Ints& value);
  void reals(size_t at, const Reals& value);
  void padding(size_t at, const Padding& value);

  std::vector<Tensor> all();
  Tensor one() { return std::move(all()[0]); }
  template <size_t N>
  std::array<Tensor, N> several() {
    std::array<Tensor, N> results;
    std::vector<Tensor> made = all();
    for (size_t i = 0; i < N; ++i) results[i] = std::move(made[i]);
    return results;
  }

 private:
  void set(size_t at, ir::Attribute value) { attrs_.set(door_.name(at), value); }

  const Door& door_;
  std::vector<Operand> operands_;
  SmallVector<int64_t, 8> counts_;
  ir::AttrList attrs_;
};

}  // namespace proa::eager
