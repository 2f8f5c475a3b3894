#include "proa/ir/need_extents.h"

#include <string>

#include "proa/ir/symbol/facts.h"

namespace proa::ir {

bool is_other_than_one(Facts& facts, Dim dim) {
  return facts.prove_ge(dim, 2) == Truth::yes || facts.prove_ge(0, dim) == Truth::yes ||
         facts.prove_eq(dim, 1) == Truth::no;
}

bool is_one(Facts& facts, Dim dim, std::string_view message) {
  if (auto number = dim.as_const()) return *number == 1;
  if (!facts.asks()) return false;
  if (is_other_than_one(facts, dim)) return false;
  auto now = facts.likely(dim);
  if (!now) return false;
  if (*now == 1) throw NeedExtents{std::string(message), {dim}};
  if (!(*now > 1 ? facts.require_ge(dim, 2, message) : facts.require_ge(0, dim, message)))
    throw NeedExtents{std::string(message), {dim}};
  return false;
}

bool is_widened(Facts& facts, Dim from, Dim to, std::string_view message) {
  if (from.is_const(1)) return !to.is_const(1);
  if (from == to || from.is_const() || !facts.asks()) return false;
  if (facts.likely(from) == facts.likely(to) || facts.prove_eq(from, to) == Truth::yes)
    return false;
  auto now = facts.likely(from);
  return now == 1 && is_one(facts, from, message);
}

}  // namespace proa::ir
