// Reasoner: rewriting and inequality proofs over symbols of its own arena.
// Why: facts.h speaks of the user's symbols. Here each stands for what is known of it: its range is
// the declaration of an inner symbol, a stride is a sum (8*k + 3), a solved symbol is its solution.
// So the canonical form itself applies the facts, and a new fact is only one more rewriting.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "proa/ir/symbol/poly.h"
#include "proa/ir/symbol/witness.h"

namespace proa::ir {

class Contradiction : public UserError {
 public:
  Contradiction()
      : UserError(ErrorKind::value, "facts", "", "this contradicts what is known of the dims") {}
};

class Reasoner {
 public:
  explicit Reasoner(uint64_t epoch = 0) : arena_(std::make_shared<SymbolArena>()), epoch_(epoch) {}

  // A new symbol with this range.
  Dim make_symbol(std::string_view name, Interval range);

  // Before each fact: what it implies is followed for so many steps, then left. Only strength is
  // lost.
  void begin_fact() { budget_ = 400; }
  // Facts. They throw Contradiction, and are then taken in half.
  void assert_zero(Dim dim);
  void assert_nonnegative(Dim dim);

  // Called for a symbol that was replaced by scale * symbol + offset, of a new symbol.
  struct Replacement {
    Dim old, symbol;
    int64_t scale = 1, offset = 0;
  };
  std::vector<Replacement> take_replacements() { return std::exchange(replacements_, {}); }

  // To be called after facts: brings the inequalities up to date with what was solved.
  void settle();

  Dim resolve(Dim dim);  // rewritten by everything that is known
  Interval bounds(Dim dim);
  bool at_least(Dim dim, int64_t least);  // dim >= least, seen for all values; resolved dims only
  uint64_t epoch() const { return epoch_; }

 private:
  friend class Search;
  struct Rule {
    DimTerm lead;  // coefficient > 0
    Poly rest;     // lead = rest
  };

  bool split_alternatives(const Poly& nonnegative);
  void assert_lines(const Poly& nonnegative);
  void changed();
  void solve(Dim symbol, Dim value);
  void tighten(Dim symbol, Interval range);
  bool split(Dim symbol, int64_t modulus, int64_t residue);
  bool solve_for_symbol(const Poly& zero);
  bool solve_congruence(const Poly& zero);
  bool make_rule(const Poly& zero);
  void settle_equations();
  Dim rebuild(Dim dim);
  Dim reduced(Dim dim);
  Dim pruned(Dim dim);
  int64_t witnessed(Dim dim);  // no lower bound of `dim` above it can be proved
  Dim shifted(Dim atom);       // atom - its lower bound, as a symbol >= 0

  std::shared_ptr<SymbolArena> arena_;  // shared by copies: its symbols are all distinct
  std::unordered_map<Dim, Dim> solved_;
  std::vector<Dim> equations_;    // each is 0, and is not solved for a symbol
  std::vector<Rule> rules_;       // of the equations
  std::unordered_set<Dim> met_;   // equations that were met before: their consequences are drawn
  std::vector<Dim> nonnegative_;  // each is >= 0
  std::unordered_map<Dim, Dim> resolved_;
  std::unordered_map<Dim, Interval> bounds_;
  std::unordered_map<Dim, Dim> shifted_;
  std::vector<Replacement> replacements_;
  Witnesses witnesses_;
  uint64_t witnesses_epoch_ = ~uint64_t{0};
  int budget_ = 0;
  uint64_t epoch_ = 0;
  size_t settled_ = 0;  // solved_.size() when the inequalities were last brought up to date
};

}  // namespace proa::ir
