// Index: where an element is read, as an affine function of loop variables; and how the layout
// primitives change it.
// Why one place: fusion asks whether a layout keeps two spaces aligned, lowering asks for
// addresses.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "proa/ir/operation.h"

namespace proa::compiler {

class Sizes;

// offset + the sum of coefficient * variable. Variables are numbers that the user of Index gives.
struct Index {
  struct Term {
    int variable;
    ir::Dim coefficient;
    bool operator==(const Term&) const = default;
  };
  std::vector<Term> terms;  // by variable, ascending; no coefficient is 0
  ir::Dim offset = 0;

  static Index of(int variable) { return {{{variable, 1}}, 0}; }
  bool is(int variable) const {
    return terms.size() == 1 && terms[0].variable == variable && terms[0].coefficient.is_const(1) &&
           offset.is_const(0);
  }
  bool is_zero() const { return terms.empty() && offset.is_const(0); }
  bool operator==(const Index&) const = default;
};

Index operator+(const Index& a, const Index& b);
Index operator*(const Index& a, ir::Dim factor);

// One Index for each axis.
using Indices = std::vector<Index>;

// prim.reshape that adds or drops axes of extent 1, broadcast, transpose, slice, reverse.
bool is_layout(const ir::Operation& op);
// Where the operand is read for the result's element at `at`.
Indices through_layout(const ir::Operation& op, const Indices& at);
// The value that layout operations read in the end; `at` (may be null) becomes where.
ir::Value through_layouts(ir::Value value, Indices* at);

// Where a value is when the variables, one for each axis that is not 1, are at their indices.
Indices home(const Sizes& sizes, ir::Value value);
ir::Dim coefficient(const Index& address, int variable);
// Clears joined[i] where the address does not walk the axes i and i + 1 as one.
void keep_joined(const Index& address, std::span<const ir::Dim> space, std::vector<bool>& joined);

// Of the element at `at` in dense, row-major memory.
Index dense_address(const Sizes& sizes, std::span<const ir::Dim> dims, const Indices& at);

}  // namespace proa::compiler
