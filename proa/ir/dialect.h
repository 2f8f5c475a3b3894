// Dialect and OpInfo: what is known of an operation by its name — traits, interfaces, verifier.
// Why: passes ask "is it pure", "does it decompose" by id in O(1), and never by operator name.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "proa/ir/context.h"

namespace proa::ir {

class Facts;
class Operation;
struct Page;

enum class Trait : uint32_t {
  pure = 1 << 0,           // no effects: may be removed when unused, merged when equal
  terminator = 1 << 1,     // ends a block
  commutative = 1 << 2,    // exactly: f(a, b) and f(b, a) have the same bits
  constant_like = 1 << 3,  // no operands, the value is in an attribute
  primitive = 1 << 4,      // in the closed set that compilers and devices know
  composite = 1 << 5,      // has a decompose rule
  isolated = 1 << 6,       // regions may not use values from outside
  graph_region = 1 << 7,   // operations in regions are ordered by data, not by position
  structured = 1 << 8,     // structured control flow (if, while, scan)
  symbol = 1 << 9,         // names a function that others refer to
};

// Interfaces beyond the page (say, a lowering that a back end adds) register an id once.
int next_interface_id();
template <class I>
int interface_id() {
  static const int id = next_interface_id();
  return id;
}

struct OpInfo {
  static constexpr int kMaxInterfaces = 32;
  std::string name;  // full: "prim.add"
  Dialect* dialect = nullptr;
  uint32_t traits = 0;
  std::shared_ptr<const Page> page;                    // operator pages only
  void (*verify)(const Operation&, Facts&) = nullptr;  // throws UserError
  std::array<const void*, kMaxInterfaces> interfaces{};

  bool has(Trait t) const { return (traits & static_cast<uint32_t>(t)) != 0; }
  template <class I>
  const I* get() const {
    return static_cast<const I*>(interfaces[interface_id<I>()]);
  }
  template <class I>
  void set(const I* implementation) {
    interfaces[interface_id<I>()] = implementation;
  }
};

constexpr uint32_t operator|(Trait a, Trait b) {
  return static_cast<uint32_t>(a) | static_cast<uint32_t>(b);
}
constexpr uint32_t operator|(uint32_t a, Trait b) { return a | static_cast<uint32_t>(b); }

class Dialect {
 public:
  Dialect(Context& context, std::string_view name) : context_(context), name_(name) {}
  virtual ~Dialect() = default;
  Context& context() const { return context_; }
  std::string_view name() const { return name_; }
  // `name` without the dialect's prefix. Defining a name twice is a UserError.
  OpInfo& add_op(std::string_view name, uint32_t traits);
  OpInfo& add_page(std::shared_ptr<const Page> page, uint32_t traits);
  const std::deque<OpInfo>& ops() const { return ops_; }

 private:
  Context& context_;
  std::string name_;
  std::deque<OpInfo> ops_;
};

}  // namespace proa::ir
