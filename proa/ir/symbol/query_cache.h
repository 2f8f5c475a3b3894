// QueryCache: answers of earlier questions about one or two dims, until a fact is added.
// Why: shape rules ask the same few hundred questions thousands of times.
#pragma once

#include <vector>

#include "proa/ir/symbol/dim.h"

namespace proa::ir {

// A question lives in one of a few neighbouring slots. It grows while answers of the present epoch
// do not find room, up to a limit; then they displace each other.
class QueryCache {
 public:
  enum Kind : uint8_t { kSimplify, kEq, kGe, kDivisible };

  const uint64_t* find(Kind kind, Dim a, Dim b, uint64_t epoch) const {
    if (entries_.empty()) return nullptr;
    size_t home = slot(kind, a, b);
    for (size_t i = 0; i < kNeighbours; ++i) {
      const Entry& entry = entries_[home + i];
      if (entry.a == a.bits() && entry.b == b.bits() && entry.tag == tag(kind, epoch)) {
        return &entry.value;
      }
    }
    return nullptr;
  }

  void store(Kind kind, Dim a, Dim b, uint64_t epoch, uint64_t value) {
    Entry entry = {a.bits(), b.bits(), tag(kind, epoch), value};
    while (!place(entry, slot(kind, a, b), epoch)) {
      if (entries_.size() >= kMost) {
        entries_[slot(kind, a, b)] = entry;
        return;
      }
      grow(epoch);
    }
  }

 private:
  static constexpr size_t kNeighbours = 4, kMost = 1 << 14;
  struct Entry {
    uint64_t a = 0, b = 0, tag = 0, value = 0;
  };

  static uint64_t tag(Kind kind, uint64_t epoch) { return (epoch + 1) << 2 | kind; }
  size_t slot(Kind kind, Dim a, Dim b) const { return slot(a.bits(), b.bits(), kind); }
  size_t slot(uint64_t a, uint64_t b, uint64_t kind) const {
    uint64_t hash = a * 0x9e3779b97f4a7c15u + b * 0xc2b2ae3d27d4eb4fu + kind;
    hash ^= hash >> 29;
    hash *= 0xbf58476d1ce4e5b9u;
    return (hash >> 32) & mask_;
  }
  bool place(const Entry& entry, size_t home, uint64_t epoch) {
    for (size_t i = 0; i < kNeighbours && !entries_.empty(); ++i) {
      Entry& old = entries_[home + i];
      if (old.tag >> 2 == epoch + 1) continue;  // of an older epoch, or empty, is free
      old = entry;
      return true;
    }
    return false;
  }
  void grow(uint64_t epoch) {
    std::vector<Entry> old = std::move(entries_);
    mask_ = old.empty() ? 63 : mask_ * 4 + 3;
    entries_.assign(mask_ + kNeighbours, Entry());
    for (const Entry& entry : old) {
      if (entry.tag >> 2 == epoch + 1) place(entry, slot(entry.a, entry.b, entry.tag & 3), epoch);
    }
  }

  std::vector<Entry> entries_;
  size_t mask_ = 0;
};

}  // namespace proa::ir
