#include "proa/ir/fingerprint.h"

#include <cstring>
#include <unordered_map>

#include "proa/base/hash.h"

namespace proa::ir {

namespace {

uint64_t word(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

class Hasher {
 public:
  // Results are numbered before operands are read: in a region ordered by data a use may come
  // first.
  void number(const Operation& op) {
    for (Value result : op.results()) numbers_.emplace(result.impl(), numbers_.size());
    each_block(op, [&](const Block& block) {
      for (Value argument : block.arguments()) numbers_.emplace(argument.impl(), numbers_.size());
      for (const Operation& inner : block) number(inner);
    });
  }

  void add(const Operation& op) {
    put(word(&op.info()));
    put(op.attrs().hash());
    put(op.operand_count());
    for (size_t i = 0; i < op.operand_count(); ++i) {
      const ValueImpl* value = op.operand(i).impl();
      auto known = numbers_.find(value);
      put(known == numbers_.end() ? word(value) : known->second);
    }
    put(op.result_count());
    for (Value result : op.results()) put(word(result.type().storage()));
    put(op.region_count());
    for (size_t r = 0; r < op.region_count(); ++r) put(op.region(r).block_count());
    each_block(op, [&](const Block& block) {
      put(block.argument_count());
      for (Value argument : block.arguments()) put(word(argument.type().storage()));
      for (const Operation& inner : block) add(inner);
      put(0);
    });
  }

  uint64_t hash() const { return hash_; }

 private:
  void put(uint64_t value) { hash_ = combine(hash_, value); }

  template <class F>
  static void each_block(const Operation& op, F f) {
    for (size_t r = 0; r < op.region_count(); ++r) {
      for (size_t b = 0; b < op.region(r).block_count(); ++b) f(op.region(r).block(b));
    }
  }

  std::unordered_map<const ValueImpl*, uint64_t> numbers_;
  uint64_t hash_ = 0;
};

bool same_attribute(Attribute a, Attribute b);

template <class Items, class F>
bool all_same(const Items& a, const Items& b, F same) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!same(a[i], b[i])) return false;
  }
  return true;
}

bool same_named(const NamedAttr& a, const NamedAttr& b) {
  return a.name == b.name && same_attribute(a.value(), b.value());
}

bool same_attribute(Attribute a, Attribute b) {
  if (a == b) return true;
  if (!a || !b || a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case AttrKind::tensor: {
      const TensorData &x = a.as_tensor(), &y = b.as_tensor();
      return x.dtype == y.dtype && x.dims == y.dims && x.size == y.size &&
             (x.size == 0 || std::memcmp(x.bytes, y.bytes, x.size) == 0);
    }
    case AttrKind::custom:
      if (a.custom_name() != b.custom_name()) return false;
      [[fallthrough]];
    case AttrKind::array: return all_same(a.as_array(), b.as_array(), same_attribute);
    case AttrKind::dict: return all_same(a.as_dict(), b.as_dict(), same_named);
    default: return false;  // the others are uniqued by their contents
  }
}

class Matcher {
 public:
  explicit Matcher(bool locations) : locations_(locations) {}

  bool pair(const Operation& a, const Operation& b) {
    if (a.result_count() != b.result_count() || a.region_count() != b.region_count()) return false;
    for (size_t i = 0; i < a.result_count(); ++i) pair(a.result(i), b.result(i));
    for (size_t r = 0; r < a.region_count(); ++r) {
      if (a.region(r).block_count() != b.region(r).block_count()) return false;
      for (size_t k = 0; k < a.region(r).block_count(); ++k) {
        if (!pair(a.region(r).block(k), b.region(r).block(k))) return false;
      }
    }
    return true;
  }

  bool same(const Operation& a, const Operation& b) {
    if (&a.info() != &b.info() || a.operand_count() != b.operand_count()) return false;
    if (locations_ && !(a.location() == b.location())) return false;
    if (!all_same(a.attrs().items(), b.attrs().items(), same_named)) return false;
    for (size_t i = 0; i < a.operand_count(); ++i) {
      auto mate = mates_.find(a.operand(i).impl());
      if ((mate == mates_.end() ? a.operand(i).impl() : mate->second) != b.operand(i).impl())
        return false;
    }
    for (size_t i = 0; i < a.result_count(); ++i) {
      if (!(a.result(i).type() == b.result(i).type())) return false;
    }
    for (size_t r = 0; r < a.region_count(); ++r) {
      for (size_t k = 0; k < a.region(r).block_count(); ++k) {
        if (!same(a.region(r).block(k), b.region(r).block(k))) return false;
      }
    }
    return true;
  }

 private:
  void pair(Value a, Value b) { mates_[a.impl()] = b.impl(); }

  bool pair(const Block& a, const Block& b) {
    if (a.argument_count() != b.argument_count()) return false;
    for (size_t i = 0; i < a.argument_count(); ++i) pair(a.argument(i), b.argument(i));
    const Operation *x = a.front(), *y = b.front();
    for (; x != nullptr && y != nullptr; x = x->next(), y = y->next()) {
      if (!pair(*x, *y)) return false;
    }
    return x == nullptr && y == nullptr;
  }

  bool same(const Block& a, const Block& b) {
    for (size_t i = 0; i < a.argument_count(); ++i) {
      if (!(a.argument(i).type() == b.argument(i).type())) return false;
    }
    for (const Operation *x = a.front(), *y = b.front(); x != nullptr;
         x = x->next(), y = y->next()) {
      if (!same(*x, *y)) return false;
    }
    return true;
  }

  bool locations_;
  std::unordered_map<const ValueImpl*, const ValueImpl*> mates_;
};

}  // namespace

uint64_t fingerprint(const Operation& op) {
  Hasher hasher;
  hasher.number(op);
  hasher.add(op);
  return hasher.hash();
}

bool same_structure(const Operation& a, const Operation& b, bool locations) {
  Matcher matcher(locations);
  return matcher.pair(a, b) && matcher.same(a, b);
}

}  // namespace proa::ir
