// QueryCache: answers of earlier questions about one or two dims, until a fact is added.
// Why: shape rules ask the same few hundred questions thousands of times.
#pragma once

#include <vector>

#include "proa/ir/symbol/dim.h"

namespace proa::ir {

// Direct-mapped: a newer answer may displace an older one. It grows while it is too small.
class QueryCache {
 public:
  enum Kind : uint8_t { kSimplify, kEq, kGe, kDivisible };

  const uint64_t* find(Kind kind, Dim a, Dim b, uint64_t epoch) const {
    if (entries_.empty()) return nullptr;
    const Entry& entry = entries_[slot(kind, a, b)];
    bool hit = entry.a == a.bits() && entry.b == b.bits() && entry.tag == tag(kind, epoch);
    return hit ? &entry.value : nullptr;
  }
  void store(Kind kind, Dim a, Dim b, uint64_t epoch, uint64_t value) {
    if (stored_++ >= entries_.size() && entries_.size() < kMost) {
      std::vector<Entry> old = std::move(entries_);
      entries_.assign(old.empty() ? 64 : old.size() * 4, Entry());
      stored_ = 0;
    }
    entries_[slot(kind, a, b)] = {a.bits(), b.bits(), tag(kind, epoch), value};
  }

 private:
  static constexpr size_t kMost = 1 << 14;
  struct Entry {
    uint64_t a = 0, b = 0, tag = 0, value = 0;
  };
  static uint64_t tag(Kind kind, uint64_t epoch) { return (epoch << 2 | kind) + 1; }
  size_t slot(Kind kind, Dim a, Dim b) const {
    uint64_t hash = a.bits() * 0x9e3779b97f4a7c15u + b.bits() * 0xc2b2ae3d27d4eb4fu + kind;
    hash ^= hash >> 29;
    hash *= 0xbf58476d1ce4e5b9u;
    return (hash >> 32) & (entries_.size() - 1);
  }

  std::vector<Entry> entries_;
  size_t stored_ = 0;
};

}  // namespace proa::ir
