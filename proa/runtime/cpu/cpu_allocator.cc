#include "proa/runtime/cpu/cpu_allocator.h"

#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "proa/base/error.h"
#include "proa/runtime/cpu/size_class.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

namespace proa::runtime {

namespace {

constexpr int64_t kHeader = sizeof(Buffer);
constexpr int64_t kThreadBlock = 32 << 10;  // largest block on a thread's own list
constexpr int kThreadClasses = size_class_of(kThreadBlock) + 1;
constexpr int64_t kThreadBytes = 64 << 10;  // a thread keeps about this much of each class
constexpr int64_t kMapBlock = 1 << 20;      // from here on blocks are mapped, not malloc'ed
constexpr int64_t kHugePageBlock = 4 << 20;
constexpr int64_t kSlack = 64 << 20;
constexpr int64_t kPendingLimit = 16 << 10;  // a thread reports its use in steps of this
constexpr int64_t kAskSystem = 256 << 20;    // from here on free memory is asked for beforehand

constexpr uint32_t thread_keeps(int size_class) {
  return static_cast<uint32_t>(
      std::clamp<int64_t>(kThreadBytes / size_of_class(size_class), 4, 256));
}

struct Bin {
  Buffer* head = nullptr;
  uint32_t count = 0;
};

// Only its thread writes it; the counters are atomic so that stats() may read them.
struct ThreadCache {
  std::array<Bin, kThreadClasses> bins;
  std::atomic<int64_t> pending_use{0};
  std::atomic<int64_t> allocations{0};
  ThreadCache* next = nullptr;
};

void bump(std::atomic<int64_t>& counter, int64_t by) {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

// Initial-exec: no call to __tls_get_addr on the fast path, and eight bytes fit the static TLS
// surplus that the loader keeps for libraries opened later.
[[gnu::tls_model("initial-exec")]] constinit thread_local ThreadCache* thread_cache = nullptr;
constinit thread_local bool thread_is_ending = false;
[[gnu::tls_model("initial-exec")]] constinit thread_local MemoryMeter* thread_meter = nullptr;

// Memory that the kernel believes it can hand out without swapping; nothing where /proc is absent.
std::optional<int64_t> system_available() {
  std::FILE* file = std::fopen("/proc/meminfo", "re");
  if (!file) return std::nullopt;
  char line[128];
  std::optional<int64_t> found;
  long long kib;
  while (!found && std::fgets(line, sizeof line, file)) {
    if (std::sscanf(line, "MemAvailable: %lld kB", &kib) == 1) found = kib * 1024;
  }
  std::fclose(file);
  return found;
}

class CpuAllocator final : public Allocator {
 public:
  CpuAllocator() : Allocator(kCpu) {}

  BufferRef allocate(int64_t bytes) override;
  MemoryStats stats() const override;
  void reset_peak() override;
  void empty_cache() override;
  void set_limit(std::optional<int64_t> bytes) override;

  // The child of a fork has one thread; it must not find the lock held by another.
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 protected:
  void reclaim(Buffer* buffer) noexcept override;

 private:
  friend struct ThreadEnd;

  ThreadCache* this_thread();
  void end_thread(ThreadCache* cache);
  void count_use(ThreadCache* cache, int64_t change) noexcept;
  void report_use(int64_t change) noexcept;
  Buffer* take_shared(int size_class, int64_t bytes, ThreadCache* cache);
  Buffer* take_fresh(int size_class, int64_t bytes);
  bool make_room(int64_t size);
  void give_back(Buffer* buffer);
  void evict_largest();
  void flush(Bin& bin, int size_class, uint32_t keep);
  void flush_all(ThreadCache* cache);

  mutable std::mutex mutex_;  // guards all below but the atomics
  std::array<Bin, kSizeClasses> shared_;
  int top_class_ = -1;  // no shared block above it
  ThreadCache* threads_ = nullptr;
  int64_t retired_allocations_ = 0;
  int64_t reserved_ = 0;       // from the system, in use or cached
  int64_t reserved_peak_ = 0;  // the highest it was
  std::optional<int64_t> limit_;
  std::atomic<int64_t> in_use_{0};  // less what threads have pending
  std::atomic<int64_t> peak_{0};
};

CpuAllocator& instance() {
  static CpuAllocator* allocator = [] {
    auto* made = new CpuAllocator;
    pthread_atfork([] { instance().lock(); }, [] { instance().unlock(); },
                   [] { instance().unlock(); });
    return made;
  }();
  return *allocator;
}

// Its destructor runs at the thread's end, maybe before those of other thread-local objects that
// still hold buffers; those then go to the shared list.
struct ThreadEnd {
  ~ThreadEnd() {
    thread_is_ending = true;
    if (thread_cache) instance().end_thread(std::exchange(thread_cache, nullptr));
  }
};

ThreadCache* CpuAllocator::this_thread() {
  if (thread_cache || thread_is_ending) return thread_cache;
  static thread_local ThreadEnd end;
  (void)&end;
  auto* cache = new ThreadCache;
  std::lock_guard lock(mutex_);
  cache->next = threads_;
  threads_ = cache;
  return thread_cache = cache;
}

void CpuAllocator::end_thread(ThreadCache* cache) {
  flush_all(cache);
  report_use(cache->pending_use.load(std::memory_order_relaxed));
  std::lock_guard lock(mutex_);
  retired_allocations_ += cache->allocations.load(std::memory_order_relaxed);
  ThreadCache** at = &threads_;
  while (*at != cache) at = &(*at)->next;
  *at = cache->next;
  delete cache;
}

void CpuAllocator::report_use(int64_t change) noexcept {
  int64_t now = in_use_.fetch_add(change, std::memory_order_relaxed) + change;
  int64_t peak = peak_.load(std::memory_order_relaxed);
  while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {}
}

void CpuAllocator::count_use(ThreadCache* cache, int64_t change) noexcept {
  if (!cache) return report_use(change);
  int64_t pending = cache->pending_use.load(std::memory_order_relaxed) + change;
  if (pending >= kPendingLimit || pending <= -kPendingLimit) {
    cache->pending_use.store(0, std::memory_order_relaxed);
    report_use(pending);
  } else {
    cache->pending_use.store(pending, std::memory_order_relaxed);
  }
}

BufferRef CpuAllocator::allocate(int64_t bytes) {
  PROA_CHECK(bytes >= 0, bytes, " bytes");
  if (bytes > kLargestBlock - kHeader) fail(bytes, "no machine has as much");
  int size_class = size_class_of(bytes + kHeader);
  if (thread_meter && !thread_meter->take(size_of_class(size_class))) [[unlikely]] {
    fail(bytes, str("the limit of this run is ", memory_text(thread_meter->limit()), ", of which ",
                    memory_text(thread_meter->in_use()), " are in use"));
  }
  ThreadCache* cache = thread_cache ? thread_cache : this_thread();
  Buffer* buffer;
  if (cache && size_class < kThreadClasses && cache->bins[size_class].head) {
    Bin& bin = cache->bins[size_class];
    buffer = bin.head;
    bin.head = link(buffer);
    --bin.count;
  } else {
    buffer = take_shared(size_class, bytes, cache);
  }
  if (cache) bump(cache->allocations, 1);
  count_use(cache, size_of_class(size_class));
  ASAN_UNPOISON_MEMORY_REGION(buffer->data(), bytes);
  hand_out(buffer, bytes);
  return BufferRef::adopt(buffer);
}

void CpuAllocator::reclaim(Buffer* buffer) noexcept {
  int size_class = Allocator::size_class(buffer);
  int64_t size = size_of_class(size_class);
  ASAN_POISON_MEMORY_REGION(buffer->data(), size - kHeader);
  if (thread_meter) thread_meter->give(size);
  ThreadCache* cache = thread_cache;
  count_use(cache, -size);
  if (cache && size_class < kThreadClasses) {
    Bin& bin = cache->bins[size_class];
    set_link(buffer, bin.head);
    bin.head = buffer;
    if (++bin.count > thread_keeps(size_class)) {
      std::lock_guard lock(mutex_);
      flush(bin, size_class, thread_keeps(size_class) / 2);
    }
    return;
  }
  std::lock_guard lock(mutex_);
  Bin& bin = shared_[size_class];
  set_link(buffer, bin.head);
  bin.head = buffer;
  ++bin.count;
  top_class_ = std::max(top_class_, size_class);
}

// A block of the class, from the shared list or fresh; for small classes the thread's list is
// filled to a half on the way.
Buffer* CpuAllocator::take_shared(int size_class, int64_t bytes, ThreadCache* cache) {
  std::unique_lock lock(mutex_);
  if (!cache) ++retired_allocations_;
  Bin& bin = shared_[size_class];
  if (!bin.head) {
    if (make_room(size_of_class(size_class))) {
      if (Buffer* fresh = take_fresh(size_class, bytes)) return fresh;
    } else if (cache) {  // the limit is reached: what this thread keeps may make the room
      lock.unlock();
      flush_all(cache);
      lock.lock();
      if (make_room(size_of_class(size_class))) {
        if (Buffer* fresh = take_fresh(size_class, bytes)) return fresh;
      }
    }
    bool limited = limit_ && reserved_ + size_of_class(size_class) > *limit_;
    std::string reason = limited ? str("the limit is ", memory_text(*limit_))
                                 : std::string("the system has too little memory");
    lock.unlock();
    fail(bytes, reason);
  }
  Buffer* taken = bin.head;
  bin.head = link(taken);
  --bin.count;
  if (cache && size_class < kThreadClasses) {
    Bin& own = cache->bins[size_class];
    while (bin.head && own.count < thread_keeps(size_class) / 2) {
      Buffer* moved = bin.head;
      bin.head = link(moved);
      --bin.count;
      set_link(moved, own.head);
      own.head = moved;
      ++own.count;
    }
  }
  return taken;
}

// Gives cached blocks back until `size` more bytes respect the limit; false if they cannot.
bool CpuAllocator::make_room(int64_t size) {
  int64_t use = in_use_.load(std::memory_order_relaxed) + size;
  int64_t bound = std::max(peak_.load(std::memory_order_relaxed), use) + kSlack;
  while (reserved_ + size > bound && top_class_ >= 0) evict_largest();
  if (!limit_) return true;
  while (reserved_ + size > *limit_ && top_class_ >= 0) evict_largest();
  return reserved_ + size <= *limit_;
}

Buffer* CpuAllocator::take_fresh(int size_class, int64_t bytes) {
  int64_t size = size_of_class(size_class);
  if (size >= kAskSystem) {
    // Overcommit would grant it and kill the process at the first touch.
    auto available = system_available();
    if (available && bytes > *available) {
      while (top_class_ >= 0) evict_largest();
      available = system_available();
      if (available && bytes > *available) return nullptr;
    }
  }
  auto get = [size]() -> void* {
    if (size < kMapBlock) return std::aligned_alloc(64, static_cast<size_t>(size));
    void* place = mmap(nullptr, static_cast<size_t>(size), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return place == MAP_FAILED ? nullptr : place;
  };
  void* place = get();
  if (!place) {
    while (top_class_ >= 0) evict_largest();
    place = get();
    if (!place) return nullptr;
  }
  if (size >= kHugePageBlock) madvise(place, static_cast<size_t>(size), MADV_HUGEPAGE);
  reserved_ += size;
  reserved_peak_ = std::max(reserved_peak_, reserved_);
  Buffer* buffer = make_header(place);
  fill(buffer, static_cast<char*>(place) + kHeader, static_cast<uint16_t>(size_class));
  ASAN_POISON_MEMORY_REGION(buffer->data(), size - kHeader);
  return buffer;
}

void CpuAllocator::give_back(Buffer* buffer) {
  int64_t size = size_of_class(Allocator::size_class(buffer));
  reserved_ -= size;
  ASAN_UNPOISON_MEMORY_REGION(buffer->data(), size - kHeader);
  void* place = buffer;  // the header is the block's first line
  if (size < kMapBlock) {
    std::free(place);
  } else {
    munmap(place, static_cast<size_t>(size));
  }
}

void CpuAllocator::evict_largest() {
  while (top_class_ >= 0 && !shared_[top_class_].head) --top_class_;
  if (top_class_ < 0) return;
  Bin& bin = shared_[top_class_];
  Buffer* buffer = bin.head;
  bin.head = link(buffer);
  --bin.count;
  give_back(buffer);
}

// The caller holds the lock.
void CpuAllocator::flush(Bin& bin, int size_class, uint32_t keep) {
  Bin& shared = shared_[size_class];
  while (bin.count > keep) {
    Buffer* buffer = bin.head;
    bin.head = link(buffer);
    --bin.count;
    set_link(buffer, shared.head);
    shared.head = buffer;
    ++shared.count;
    top_class_ = std::max(top_class_, size_class);
  }
}

void CpuAllocator::flush_all(ThreadCache* cache) {
  std::lock_guard lock(mutex_);
  for (int i = 0; i < kThreadClasses; ++i) flush(cache->bins[i], i, 0);
}

MemoryStats CpuAllocator::stats() const {
  std::lock_guard lock(mutex_);
  MemoryStats result;
  result.in_use = in_use_.load(std::memory_order_relaxed);
  result.allocations = retired_allocations_;
  for (ThreadCache* cache = threads_; cache; cache = cache->next) {
    result.in_use += cache->pending_use.load(std::memory_order_relaxed);
    result.allocations += cache->allocations.load(std::memory_order_relaxed);
  }
  result.peak = std::max(peak_.load(std::memory_order_relaxed), result.in_use);
  result.cached = reserved_ - result.in_use;
  result.held_peak = reserved_peak_;
  return result;
}

void CpuAllocator::reset_peak() {
  std::lock_guard lock(mutex_);
  int64_t use = in_use_.load(std::memory_order_relaxed);
  for (ThreadCache* cache = threads_; cache; cache = cache->next) {
    use += cache->pending_use.load(std::memory_order_relaxed);
  }
  peak_.store(use, std::memory_order_relaxed);
  reserved_peak_ = reserved_;
}

void CpuAllocator::empty_cache() {
  if (thread_cache) flush_all(thread_cache);
  std::lock_guard lock(mutex_);
  while (top_class_ >= 0) evict_largest();
}

void CpuAllocator::set_limit(std::optional<int64_t> bytes) {
  std::lock_guard lock(mutex_);
  limit_ = bytes;
}

}  // namespace

MemoryMeter::MemoryMeter(int64_t limit) : before_(thread_meter), limit_(limit) {
  thread_meter = this;
}
MemoryMeter::~MemoryMeter() { thread_meter = before_; }

Allocator& cpu_allocator() { return instance(); }

}  // namespace proa::runtime
