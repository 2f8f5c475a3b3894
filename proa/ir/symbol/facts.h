// Facts: what is known of the symbols of one module, the proofs that follow, and the guards for
// what does not follow. Why: shapes must be compared without their values. What can be proved is
// decided once; what cannot becomes a check at run time, in the open, and is known from there on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proa/ir/symbol/dim.h"

namespace proa::ir {

enum class Truth : uint8_t { no, yes, unknown };  // no and yes are proofs

// A condition to be checked at run time, before anything is computed: a == b, a >= b, or b divides
// a.
struct Guard {
  enum class Kind : uint8_t { eq, ge, divisible };
  Kind kind = Kind::eq;
  Dim a, b;
  std::string message;

  bool operator==(const Guard&) const = default;
};
std::string to_string(const Guard& guard);  // "s0 == 2*s1"

// For one thread at a time: questions are remembered.
class Facts {
 public:
  explicit Facts(SymbolArena& arena);
  Facts(const Facts& other);
  Facts(Facts&& other) noexcept;
  Facts& operator=(const Facts& other);
  Facts& operator=(Facts&& other) noexcept;
  ~Facts();

  // Statements by the user or by a pass that knows; taken as true, and added to what the symbols'
  // declarations say. One that contradicts what is known is a UserError(value).
  void set_range(Dim symbol, int64_t lo, int64_t hi);
  void set_divisible(Dim symbol, int64_t divisor, int64_t residue = 0);
  void set_likely(Dim symbol, int64_t value);  // a hint: never used in a proof
  // Whether the likely values are those of a call at hand, which decide what rules ask (is_one);
  // the answers are guards.
  void set_asks(bool on);
  bool asks() const;
  void assert_equal(Dim a, Dim b);
  void assert_ge(Dim a, Dim b);

  // What follows. A divisor is taken to be other than 0.
  Interval bounds(Dim dim);
  Stride stride(Dim dim);
  std::optional<int64_t> likely(Dim dim);  // its value where every symbol has its likely value
  Truth prove_eq(Dim a, Dim b);
  Truth prove_ge(Dim a, Dim b);
  Truth prove_gt(Dim a, Dim b);
  Truth prove_divisible(Dim a, Dim b);

  // An equal dim, smaller where the facts allow: mod(8*k, 8) is 0, max(s, 1) is s where s >= 1, a
  // symbol that was solved is replaced. Dims that are equal by the facts give the same one, as far
  // as normal forms go; prove_eq sees more.
  Dim simplify(Dim dim);
  Dim canonical(Dim dim) { return simplify(dim); }

  // Where the condition is proved nothing happens; where it cannot be proved it becomes a guard and
  // a fact. False where it is proved never to hold: nothing is recorded then. Where the sizes of a
  // call are at hand (asks) and it does not hold for them: NeedExtents, so that guards never
  // contradict the call, and whoever asks with numbers gets the error with these.
  bool require_eq(Dim a, Dim b, std::string_view message);
  bool require_ge(Dim a, Dim b, std::string_view message);
  bool require_divisible(Dim a, Dim b, std::string_view message);
  const std::vector<Guard>& guards() const;

  // The statements above as conditions, so that an entry can check what it was promised; and the
  // declarations of `symbols` that say more than "a dim".
  std::vector<Guard> assumptions(std::span<const Dim> symbols = {}) const;

 private:
  bool require(Guard guard);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace proa::ir
