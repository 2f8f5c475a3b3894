// Witnesses: a few assignments that satisfy all facts.
// Why: what is false at one of them cannot be proved, so most hopeless searches need not begin.
#pragma once

#include <array>
#include <span>
#include <unordered_map>

#include "proa/ir/symbol/dim.h"

namespace proa::ir {

class Witnesses {
 public:
  // Facts have changed: only assignments where these are >= 0 and == 0 are witnesses.
  void reset(std::span<const Dim> nonnegative, std::span<const Dim> zero);

  // The least value of `dim` at a witness; kInfinity if it has none. No bound above it can be
  // proved.
  int64_t least(Dim dim);

 private:
  static constexpr size_t kCount = 4;
  using Values = std::array<std::optional<int64_t>, kCount>;  // nothing: no value there

  Values values(Dim dim);
  Values compute(Dim dim);

  std::array<bool, kCount> valid_ = {true, true, true, true};
  std::unordered_map<Dim, Values> known_;
};

}  // namespace proa::ir
