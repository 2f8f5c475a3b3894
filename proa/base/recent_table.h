// RecentTable: shared values by hash, of which those stay that are used again and again.
// Why: programs are kept for calls to come; a process whose calls are ever new must not grow for
// ever.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace proa {

// `Value` has an atomic<bool> `used`, which find() sets, and whoever keeps a value and uses it
// again. Where `most` values are reached, those that were not used since the last time go. Others
// hold what they use, so that nothing ends under their hands.
template <class Value>
class RecentTable {
 public:
  explicit RecentTable(size_t most) : most_(most), full_(most) {}

  // The value of this hash for which `is` holds; null where there is none.
  template <class Is>
  std::shared_ptr<Value> find(uint64_t hash, const Is& is) {
    std::lock_guard lock(mutex_);
    return find_locked(hash, is);
  }

  // What stands in the table then: another one where that was faster.
  template <class Is>
  std::shared_ptr<Value> insert(uint64_t hash, const Is& is, std::shared_ptr<Value> value) {
    std::vector<std::shared_ptr<Value>> gone;  // ended when the lock is free
    std::lock_guard lock(mutex_);
    if (auto there = find_locked(hash, is)) return there;
    if (values_.size() >= full_) sweep(gone);
    return values_.emplace(hash, std::move(value))->second;
  }

  size_t size() {
    std::lock_guard lock(mutex_);
    return values_.size();
  }

 private:
  template <class Is>
  std::shared_ptr<Value> find_locked(uint64_t hash, const Is& is) {
    auto [begin, end] = values_.equal_range(hash);
    for (auto it = begin; it != end; ++it) {
      if (!is(*it->second)) continue;
      it->second->used.store(true, std::memory_order_relaxed);
      return it->second;
    }
    return nullptr;
  }

  void sweep(std::vector<std::shared_ptr<Value>>& gone) {
    for (auto it = values_.begin(); it != values_.end();) {
      if (it->second->used.exchange(false, std::memory_order_relaxed)) {
        ++it;
      } else {
        gone.push_back(std::move(it->second));
        it = values_.erase(it);
      }
    }
    // What is left may all be in use: then it is not asked at every step.
    full_ = std::max(most_, values_.size() + most_ / 2);
  }

  std::mutex mutex_;
  std::unordered_multimap<uint64_t, std::shared_ptr<Value>> values_;
  size_t most_, full_;
};

}  // namespace proa
