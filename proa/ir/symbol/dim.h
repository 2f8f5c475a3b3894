// Dim: one size of a tensor, an integer constant or a hash-consed expression over named symbols.
// Why: shape rules are written once over dims; being canonical at construction, two equal
// expressions are one pointer, so comparing shapes costs what comparing integers costs.
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proa/base/small_vector.h"
#include "proa/ir/symbol/interval.h"

namespace proa::ir {

class Dim;
class SymbolArena;
struct DimNode;

enum class DimKind : uint8_t { constant, symbol, floordiv, mod, max, min, product, sum };
std::string_view to_string(DimKind kind);

// What a symbol is declared to be, once and for all. Facts (facts.h) may know more in one function.
// The default is a dim: any size, zero included.
struct SymbolInfo {
  int64_t lo = 0;
  int64_t hi = kInfinity;
  int64_t divisor = 1;  // every value is k * divisor + residue
  int64_t residue = 0;
  std::optional<int64_t> likely = {};  // a hint for the tiler; never used in a proof

  bool operator==(const SymbolInfo&) const = default;
};

struct DimTerm;

// One 64-bit word. An odd word holds a constant of 63 bits; an even one points to a node, which is
// a symbol, an expression, or a constant too large to be inline.
class Dim {
 public:
  Dim() : bits_(1) {}
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  Dim(I value) : Dim(from_int(static_cast<int64_t>(value))) {}

  DimKind kind() const;
  bool is_const() const;
  bool is_const(int64_t value) const { return *this == Dim(value); }
  int64_t constant() const;  // checked: the dim must be a constant
  std::optional<int64_t> as_const() const;
  bool is_symbol() const { return kind() == DimKind::symbol; }

  // For walkers. sum: offset() + the terms' coefficient * factor, sorted, no coefficient is 0, each
  // factor an atom or a product. Every other kind: operands(), which is (dividend, divisor) for
  // floordiv and mod, the sorted factors for product (repeated for powers), the sorted alternatives
  // for max and min, and empty for constants and symbols.
  std::span<const Dim> operands() const;
  std::span<const DimTerm> terms() const;  // empty unless a sum
  int64_t offset() const;                  // 0 unless a sum
  std::string_view name() const;           // of a symbol
  const SymbolInfo& info() const;          // of a symbol

  // What follows from the declarations of the symbols alone.
  Interval bounds() const;
  Stride stride() const;

  SymbolArena* arena() const;  // null for constants
  uint64_t hash() const;       // of the structure: the same in every process
  uint64_t bits() const { return bits_; }
  static Dim from_bits(uint64_t bits) {  // of another Dim, kept as a word
    Dim dim;
    dim.bits_ = bits;
    return dim;
  }
  friend bool operator==(Dim a, Dim b) { return a.bits_ == b.bits_; }

 private:
  friend struct DimNode;
  static Dim from_int(int64_t value) {
    auto word = static_cast<uint64_t>(value);
    bool fits = static_cast<int64_t>(word << 1) >> 1 == value;
    if (!fits) [[unlikely]]
      return box(value);
    Dim dim;
    dim.bits_ = (word << 1) | 1;
    return dim;
  }
  static Dim box(int64_t value);
  const DimNode* node() const { return reinterpret_cast<const DimNode*>(bits_); }

  uint64_t bits_;
};
static_assert(sizeof(Dim) == 8);

struct DimTerm {
  int64_t coefficient = 1;
  Dim factor;
  bool operator==(const DimTerm&) const = default;
};

// What the word of a non-inline Dim points to. Only the files of this folder make nodes; it stands
// here so that reading a dim is inline.
struct DimNode {
  SymbolArena* arena = nullptr;  // null for boxed constants
  uint64_t hash = 0;
  DimKind kind = DimKind::constant;
  uint32_t depth = 0;
  int64_t offset = 0;  // a sum's offset, a constant's value, the serial of a nameless symbol
  std::span<const Dim> operands;
  std::span<const DimTerm> terms;
  Interval bounds;
  Stride stride;
  std::string_view name;
  const SymbolInfo* info = nullptr;

  static const DimNode* of(Dim dim) { return (dim.bits_ & 1) != 0 ? nullptr : dim.node(); }
  // The parts must be canonical already. The arena is that of the parts.
  static Dim intern(DimKind kind, std::span<const Dim> operands);
  static Dim intern_sum(int64_t offset, std::span<const DimTerm> terms);
  static Dim intern(const DimNode& draft);
  // A symbol that no name finds and that equals no other, of that name or not: facts.cc stands them
  // in an arena of its own for symbols of which more is known than their declaration says.
  static Dim nameless(SymbolArena& arena, std::string_view name, const SymbolInfo& info);
  static Dim wrap(const DimNode* node) { return Dim::from_bits(reinterpret_cast<uint64_t>(node)); }
};

inline DimKind Dim::kind() const { return (bits_ & 1) != 0 ? DimKind::constant : node()->kind; }
inline bool Dim::is_const() const { return kind() == DimKind::constant; }
inline std::optional<int64_t> Dim::as_const() const {
  if ((bits_ & 1) != 0) return static_cast<int64_t>(bits_) >> 1;
  if (node()->kind == DimKind::constant) return node()->offset;
  return std::nullopt;
}
inline std::span<const Dim> Dim::operands() const {
  return (bits_ & 1) != 0 ? std::span<const Dim>() : node()->operands;
}
inline std::span<const DimTerm> Dim::terms() const {
  return (bits_ & 1) != 0 ? std::span<const DimTerm>() : node()->terms;
}
inline int64_t Dim::offset() const { return kind() == DimKind::sum ? node()->offset : 0; }
inline Interval Dim::bounds() const {
  if ((bits_ & 1) == 0) return node()->bounds;
  int64_t value = static_cast<int64_t>(bits_) >> 1;
  return {value, value};
}
inline Stride Dim::stride() const {
  if ((bits_ & 1) == 0) return node()->stride;
  return {0, static_cast<int64_t>(bits_) >> 1};
}
inline SymbolArena* Dim::arena() const { return (bits_ & 1) != 0 ? nullptr : node()->arena; }
inline uint64_t Dim::hash() const {
  if ((bits_ & 1) == 0) return node()->hash;
  uint64_t hash = bits_ * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 29);
}

// A total order that depends on the structure and the names alone (s2 before s10).
std::strong_ordering compare(Dim a, Dim b);

// Canonical at construction. They throw UserError(ErrorKind::value) when a coefficient or a
// constant leaves int64 and for a constant divisor of 0. Division rounds towards minus infinity,
// and mod takes the divisor's sign, as in Python: a == b * floordiv(a, b) + mod(a, b).
Dim operator+(Dim a, Dim b);
Dim operator-(Dim a, Dim b);
Dim operator*(Dim a, Dim b);
Dim operator-(Dim a);
inline Dim& operator+=(Dim& a, Dim b) { return a = a + b; }
inline Dim& operator-=(Dim& a, Dim b) { return a = a - b; }
inline Dim& operator*=(Dim& a, Dim b) { return a = a * b; }
Dim floordiv(Dim a, Dim b);
Dim ceildiv(Dim a, Dim b);
Dim mod(Dim a, Dim b);
Dim max(Dim a, Dim b);
Dim min(Dim a, Dim b);
Dim max(std::span<const Dim> dims);  // of at least one
Dim min(std::span<const Dim> dims);

using Shape = SmallVector<Dim, 6>;
using DimMap = std::function<Dim(Dim symbol)>;

Dim product(std::span<const Dim> dims);                   // 1 for none
Dim substitute(Dim dim, const DimMap& map);               // every symbol replaced, all at once
void collect_symbols(Dim dim, SmallVector<Dim, 6>& out);  // appends each symbol not yet in `out`

// The value of `dim` where each symbol has the value that `lookup` gives. Throws UserError(value)
// on a division by 0 and where the result or an intermediate value leaves int64.
int64_t evaluate(Dim dim, const std::function<int64_t(Dim symbol)>& lookup);

// "2*s0 + 3", "(s0 + 1) floordiv 2", "s0 mod 8", "max(s0, 1)". parse_dim(to_string(d)) == d. The
// parser creates symbols it has not met with the default declaration, and throws UserError(value)
// with the column of the fault.
std::string to_string(Dim dim);
std::string to_string(std::span<const Dim> shape);  // "[s0, 2*s1, 3]"
Dim parse_dim(std::string_view text, SymbolArena& arena);

// Owns the symbols and the expressions of one ir::Context; nodes live as long as it does. May be
// used by many threads at once.
class SymbolArena {
 public:
  SymbolArena();
  ~SymbolArena();
  SymbolArena(const SymbolArena&) = delete;
  SymbolArena& operator=(const SymbolArena&) = delete;

  // The symbol of this name. Asking again gives the same one; asking with another declaration is a
  // UserError(value). Names are [A-Za-z_][A-Za-z0-9_.]*, but for the five words of the text form.
  Dim symbol(std::string_view name, const SymbolInfo& info);
  Dim symbol(std::string_view name);  // as declared before, else with the default
  std::optional<Dim> find(std::string_view name) const;
  Dim fresh(std::string_view prefix = "s", const SymbolInfo& info = {});  // prefix0, prefix1, ...
  size_t size() const;                                                    // nodes made so far

 private:
  friend struct DimNode;
  struct Storage;
  std::unique_ptr<Storage> storage_;
};

}  // namespace proa::ir

template <>
struct std::hash<proa::ir::Dim> {
  size_t operator()(proa::ir::Dim dim) const { return dim.hash(); }
};
