// Search: a lower bound of a sum, by replacing its parts with smaller ones.
// Why: intervals alone do not see that s0 - min(s0, s1) >= 0, nor use that s0 >= s1 was asserted.
#pragma once

#include "proa/ir/symbol/reason.h"

namespace proa::ir {

class Search {
 public:
  explicit Search(Reasoner& reasoner) : reasoner_(reasoner) {}

  // The best bound found, kMinusInfinity for none; it stops as soon as it has `enough`.
  int64_t lower(const Poly& poly, int64_t enough) { return lower(poly, enough, 0); }

 private:
  int64_t lower(const Poly& poly, int64_t enough, int depth);
  int64_t lower_divided(const Poly& poly, int64_t divisor, int64_t enough, int depth);
  int64_t by_alternatives(const Poly& poly, size_t term, int64_t enough, int depth);
  int64_t by_division(const Poly& poly, size_t term, int64_t enough, int depth);
  int64_t by_inequality(const Poly& poly, size_t term, const Poly& e, int64_t enough, int depth);
  int64_t by_shift(const Poly& poly, int64_t enough, int depth);

  Reasoner& reasoner_;
  int budget_ = 150;  // sums looked at, large ones counting more
};

}  // namespace proa::ir
