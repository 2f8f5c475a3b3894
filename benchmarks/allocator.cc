// Times the host allocator beside the C library and the system. One JSON line a case.
// The figures of docs/design/runtime.md under Memory are from here.
#include "proa/runtime/allocator.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdlib>

#include "benchmarks/timing.h"
#include "proa/runtime/device.h"

namespace proa::runtime {
namespace {

using benchmark::nanoseconds;
using benchmark::report;

constexpr int64_t kSmall = 8 * sizeof(float), kLarge = int64_t{8} << 20;
constexpr size_t kPage = 4096, kFresh = size_t{64} << 20;

void ours(const char* name, int64_t bytes, long count) {
  Allocator& host = allocator_of(kCpu);
  report(name, "ns", nanoseconds(9, count, [&] { BufferRef kept = host.allocate(bytes); }), count);
}

// What the same costs without a cache: an aligned block of the C library, and fresh pages.
void theirs() {
  constexpr long kCount = 100000;
  void* volatile seen = nullptr;
  auto aligned = [&] {
    seen = std::aligned_alloc(64, 64);
    std::free(seen);
  };
  report("allocator/c_library_64_bytes", "ns", nanoseconds(9, kCount, aligned), kCount);
  auto touch = [] {
    void* pages = mmap(nullptr, kFresh, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) std::abort();
    madvise(pages, kFresh, MADV_NOHUGEPAGE);
    auto* bytes = static_cast<volatile char*>(pages);
    for (size_t i = 0; i < kFresh; i += kPage) bytes[i] = 1;
    munmap(pages, kFresh);
  };
  double fresh = nanoseconds(5, 1, touch);
  report("allocator/fresh_64_MiB", "ms", fresh * 1e-6, 1);
  report("allocator/fresh_page", "us", fresh * 1e-3 / (kFresh / kPage), kFresh / kPage);
  std::atomic<int64_t> counter = 0;
  auto locked = [&] {
    counter.fetch_add(1);
    counter.fetch_sub(1);
  };
  report("allocator/two_locked_instructions", "ns", nanoseconds(9, kCount, locked), kCount);
}

}  // namespace
}  // namespace proa::runtime

int main() {
  using namespace proa::runtime;  // NOLINT: a program
  ours("allocator/8_floats", kSmall, 200000);
  ours("allocator/8_MiB", kLarge, 20000);
  theirs();
}
