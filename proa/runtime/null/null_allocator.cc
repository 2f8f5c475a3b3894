#include "proa/runtime/null/null_allocator.h"

#include <pthread.h>

#include <algorithm>
#include <mutex>

#include "proa/base/error.h"

namespace proa::runtime {

namespace {

// Bits 47..62 neither all clear nor all set: no x86-64 or AArch64 page can lie there.
constexpr uintptr_t kFirstAddress = uintptr_t{1} << 62;
constexpr uintptr_t kLastAddress = uintptr_t{1} << 63;

class NullAllocator final : public Allocator {
 public:
  NullAllocator() : Allocator(kNull) {}

  BufferRef allocate(int64_t bytes) override {
    PROA_CHECK(bytes >= 0, bytes, " bytes");
    Buffer* buffer = nullptr;
    {
      std::lock_guard lock(mutex_);
      int64_t bound = limit_.value_or(INT64_MAX);
      if (bytes <= bound - stats_.in_use) {
        uintptr_t step =
            (static_cast<uintptr_t>(std::max<int64_t>(bytes, 1)) + 63) & ~uintptr_t{63};
        if (step > kLastAddress - next_)
          next_ = kFirstAddress;  // after 4 EiB, from the start again
        buffer = make_header(nullptr);
        fill(buffer, reinterpret_cast<void*>(next_), 0);
        hand_out(buffer, bytes);
        next_ = std::min(next_ + step, kLastAddress);
        stats_.in_use += bytes;
        stats_.peak = std::max(stats_.peak, stats_.in_use);
        ++stats_.allocations;
      }
    }
    if (!buffer) fail(bytes, str("the limit is ", memory_text(limit_.value_or(INT64_MAX))));
    return BufferRef::adopt(buffer);
  }

  MemoryStats stats() const override {
    std::lock_guard lock(mutex_);
    return stats_;
  }

  void reset_peak() override {
    std::lock_guard lock(mutex_);
    stats_.peak = stats_.in_use;
  }

  void empty_cache() override {}  // nothing is cached where nothing is held

  void set_limit(std::optional<int64_t> bytes) override {
    std::lock_guard lock(mutex_);
    limit_ = bytes;
  }

  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 protected:
  void reclaim(Buffer* buffer) noexcept override {
    {
      std::lock_guard lock(mutex_);
      stats_.in_use -= buffer->bytes();
    }
    free_header(buffer);
  }

 private:
  mutable std::mutex mutex_;
  uintptr_t next_ = kFirstAddress;
  std::optional<int64_t> limit_;
  MemoryStats stats_;
};

NullAllocator& instance() {
  static NullAllocator* allocator = [] {
    auto* made = new NullAllocator;
    pthread_atfork([] { instance().lock(); }, [] { instance().unlock(); },
                   [] { instance().unlock(); });
    return made;
  }();
  return *allocator;
}

}  // namespace

Allocator& null_allocator() { return instance(); }

}  // namespace proa::runtime
