#include "proa/compiler/fuse/index.h"

#include "proa/base/error.h"
#include "proa/compiler/sizes.h"

namespace proa::compiler {

using namespace ir;

Index operator+(const Index& a, const Index& b) {
  Index sum;
  sum.offset = a.offset + b.offset;
  size_t i = 0, k = 0;
  while (i < a.terms.size() || k < b.terms.size()) {
    bool from_a =
        k == b.terms.size() || (i < a.terms.size() && a.terms[i].variable <= b.terms[k].variable);
    bool from_b =
        i == a.terms.size() || (k < b.terms.size() && b.terms[k].variable <= a.terms[i].variable);
    Index::Term term{from_a ? a.terms[i].variable : b.terms[k].variable, 0};
    if (from_a) term.coefficient += a.terms[i++].coefficient;
    if (from_b) term.coefficient += b.terms[k++].coefficient;
    if (!term.coefficient.is_const(0)) sum.terms.push_back(term);
  }
  return sum;
}

Index operator*(const Index& a, Dim factor) {
  if (factor.is_const(0)) return {};
  Index product;
  product.offset = a.offset * factor;
  for (const Index::Term& term : a.terms) {
    product.terms.push_back({term.variable, term.coefficient * factor});
  }
  return product;
}

namespace {

// The axes whose extent is not the constant 1.
std::vector<size_t> wide_axes(std::span<const Dim> dims) {
  std::vector<size_t> axes;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (!dims[i].is_const(1)) axes.push_back(i);
  }
  return axes;
}

bool same_but_for_ones(std::span<const Dim> a, std::span<const Dim> b) {
  std::vector<size_t> of_a = wide_axes(a), of_b = wide_axes(b);
  if (of_a.size() != of_b.size()) return false;
  for (size_t i = 0; i < of_a.size(); ++i) {
    if (a[of_a[i]] != b[of_b[i]]) return false;
  }
  return true;
}

}  // namespace

bool is_layout(const Operation& op) {
  if (op.is("prim.reshape")) return same_but_for_ones(op.operand(0).dims(), op.result().dims());
  return op.is("prim.broadcast") || op.is("prim.transpose") || op.is("prim.slice") ||
         op.is("prim.reverse");
}

Indices through_layout(const Operation& op, const Indices& at) {
  std::span<const Dim> from = op.operand(0).dims();
  Indices to(from.size());
  if (op.is("prim.reshape")) {
    std::vector<size_t> inner = wide_axes(from), outer = wide_axes(op.result().dims());
    for (size_t i = 0; i < inner.size(); ++i) to[inner[i]] = at[outer[i]];
  } else if (op.is("prim.broadcast")) {
    std::span<const int64_t> axes = op.attr("axes").as_ints();
    int64_t rank = op.result().rank();
    for (size_t i = 0; i < from.size(); ++i) {
      int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
      if (!from[i].is_const(1)) to[i] = at[static_cast<size_t>(axis)];
    }
  } else if (op.is("prim.transpose")) {
    std::span<const int64_t> perm = op.attr("perm").as_ints();
    for (size_t i = 0; i < perm.size(); ++i) {
      int64_t axis = perm[i] < 0 ? perm[i] + static_cast<int64_t>(perm.size()) : perm[i];
      to[static_cast<size_t>(axis)] = at[i];
    }
  } else if (op.is("prim.slice")) {
    std::vector<Dim> starts = op.attr("starts").as_dims();
    std::span<const int64_t> strides = op.attr("strides").as_ints();
    for (size_t i = 0; i < from.size(); ++i) to[i] = at[i] * Dim(strides[i]) + Index{{}, starts[i]};
  } else if (op.is("prim.reverse")) {
    to = at;
    for (int64_t axis : op.attr("axes").as_ints()) {
      auto i = static_cast<size_t>(axis < 0 ? axis + op.result().rank() : axis);
      to[i] = at[i] * Dim(-1) + Index{{}, from[i] - 1};
    }
  } else {
    throw InternalError(str(op.name(), " is no layout"));
  }
  return to;
}

Value through_layouts(Value value, Indices* at) {
  while (value.definer() != nullptr && is_layout(*value.definer())) {
    if (at != nullptr) *at = through_layout(*value.definer(), *at);
    value = value.definer()->operand(0);
  }
  return value;
}

Indices home(const Sizes& sizes, Value value) {
  Indices at;
  int variable = 0;
  for (Dim d : value.dims()) {
    at.push_back(sizes.canonical(d).is_const(1) ? Index{} : Index::of(variable++));
  }
  return at;
}

Dim coefficient(const Index& address, int variable) {
  for (const Index::Term& term : address.terms) {
    if (term.variable == variable) return term.coefficient;
  }
  return 0;
}

void keep_joined(const Index& address, std::span<const Dim> space, std::vector<bool>& joined) {
  for (size_t i = 0; i + 1 < space.size(); ++i) {
    auto axis = static_cast<int>(i);
    if (coefficient(address, axis) != coefficient(address, axis + 1) * space[i + 1]) {
      joined[i] = false;
    }
  }
}

Index dense_address(const Sizes& sizes, std::span<const Dim> dims, const Indices& at) {
  Index sum;
  Dim stride = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    sum = sum + at[i] * stride;
    stride = stride * sizes.canonical(dims[i]);
  }
  return sum;
}

}  // namespace proa::compiler
