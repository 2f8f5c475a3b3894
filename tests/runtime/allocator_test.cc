#include "proa/runtime/allocator.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "proa/base/checked.h"
#include "proa/base/error.h"
#include "proa/runtime/cpu/cpu_allocator.h"
#include "proa/runtime/cpu/size_class.h"
#include "proa/runtime/device.h"
#include "proa/runtime/null/null_allocator.h"

namespace proa::runtime {
namespace {

TEST(SizeClass, EveryClassHoldsWhatMapsToItAndLittleMore) {
  for (int i = 0; i < kSizeClasses; ++i) {
    int64_t size = size_of_class(i);
    EXPECT_EQ(size % 64, 0);
    EXPECT_EQ(size_class_of(size), i);
    if (i + 1 < kSizeClasses) { EXPECT_EQ(size_class_of(size + 1), i + 1); }
    int64_t below = i == 0 ? 0 : size_of_class(i - 1);
    EXPECT_LE(size - (below + 1), std::max<int64_t>(63, (below + 1) / 8)) << size;
  }
  EXPECT_EQ(size_of_class(kSizeClasses - 1), kLargestBlock);
}

class CpuAllocator : public testing::Test {
 protected:
  void SetUp() override { allocator.empty_cache(); }
  void TearDown() override { allocator.set_limit(std::nullopt); }
  Allocator& allocator = cpu_allocator();
};

TEST_F(CpuAllocator, AlignedWritableAndSized) {
  for (int64_t bytes : {0, 1, 32, 63, 64, 65, 1000, 4096, 32 << 10, 100'000, 1 << 20, 9'999'999}) {
    BufferRef buffer = allocator.allocate(bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer->data()) % 64, 0u) << bytes;
    EXPECT_EQ(buffer->bytes(), bytes);
    EXPECT_EQ(buffer->device(), kCpu);
    EXPECT_TRUE(buffer->writable());
    EXPECT_FALSE(buffer->is_foreign());
    std::memset(buffer->data(), 0xab, static_cast<size_t>(bytes));
  }
}

TEST_F(CpuAllocator, LiveBlocksNeverOverlap) {
  std::mt19937_64 random(7);
  struct Held {
    BufferRef buffer;
    uint8_t mark;
  };
  std::vector<Held> held;
  for (int step = 0; step < 20'000; ++step) {
    if (held.size() < 100 || random() % 2) {
      int64_t bytes = static_cast<int64_t>(random() % (uint64_t{1} << (random() % 18)));
      auto mark = static_cast<uint8_t>(random());
      BufferRef buffer = allocator.allocate(bytes);
      std::memset(buffer->data(), mark, static_cast<size_t>(bytes));
      held.push_back({std::move(buffer), mark});
    } else {
      std::swap(held[random() % held.size()], held.back());
      auto* bytes = static_cast<uint8_t*>(held.back().buffer->data());
      for (int64_t i = 0; i < held.back().buffer->bytes(); ++i) {
        ASSERT_EQ(bytes[i], held.back().mark);
      }
      held.pop_back();
    }
    if (held.size() > 400) held.resize(200);
  }
}

TEST_F(CpuAllocator, ReusesBlocks) {
  for (int64_t bytes : {32, 5000, 200'000, 8 << 20}) {
    void* first = allocator.allocate(bytes)->data();
    EXPECT_EQ(allocator.allocate(bytes)->data(), first) << bytes;
  }
}

TEST_F(CpuAllocator, FiguresFollowUse) {
  MemoryStats before = allocator.stats();
  BufferRef large = allocator.allocate(3 << 20);
  MemoryStats held = allocator.stats();
  EXPECT_GE(held.in_use - before.in_use, 3 << 20);
  EXPECT_LE(held.in_use - before.in_use, (3 << 20) * 9 / 8 + 64);
  EXPECT_EQ(held.allocations, before.allocations + 1);
  large.reset();
  MemoryStats after = allocator.stats();
  EXPECT_EQ(after.in_use, before.in_use);
  EXPECT_GE(after.peak, held.in_use);
  EXPECT_GE(after.cached, 3 << 20);
  allocator.empty_cache();
  EXPECT_LT(allocator.stats().cached, 3 << 20);
  allocator.reset_peak();
  EXPECT_EQ(allocator.stats().peak, allocator.stats().in_use);
}

TEST_F(CpuAllocator, SmallBlocksAreCountedToTheByte) {
  MemoryStats before = allocator.stats();
  std::vector<BufferRef> held;
  for (int i = 0; i < 1000; ++i) held.push_back(allocator.allocate(32));
  MemoryStats now = allocator.stats();
  EXPECT_EQ(now.in_use - before.in_use, 1000 * 128);
  EXPECT_EQ(now.allocations - before.allocations, 1000);
  held.clear();
  EXPECT_EQ(allocator.stats().in_use, before.in_use);
}

TEST_F(CpuAllocator, CacheIsBoundedByThePeak) {
  allocator.reset_peak();
  // Sixty sizes of 16 MiB and more, one at a time: held all together they would be over 2 GiB.
  for (int i = 0; i < 60; ++i) allocator.allocate((16 << 20) + i * (1 << 20));
  MemoryStats now = allocator.stats();
  EXPECT_LE(now.in_use + now.cached, now.peak + (64 << 20));
}

TEST_F(CpuAllocator, LimitIsATypedErrorWithFigures) {
  MemoryStats now = allocator.stats();
  allocator.set_limit(now.in_use + now.cached + (8 << 20));
  BufferRef first = allocator.allocate(6 << 20);
  try {
    allocator.allocate(6 << 20);
    FAIL() << "the limit was not kept";
  } catch (const UserError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::memory);
    std::string text = error.what();
    EXPECT_NE(text.find("cannot allocate 6.00 MiB (6291456 bytes) on cpu: the limit is"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("in use"), std::string::npos) << text;
  }
  first.reset();
  EXPECT_TRUE(allocator.allocate(7 << 20));  // the cached block makes room for another size
}

TEST_F(CpuAllocator, LimitCountsTheThreadsOwnBlocks) {
  std::vector<BufferRef> held;
  for (int i = 0; i < 100; ++i) held.push_back(allocator.allocate(16 << 10));
  held.clear();
  MemoryStats now = allocator.stats();
  allocator.set_limit(now.in_use + now.cached);
  EXPECT_TRUE(allocator.allocate(40 << 10));
}

TEST_F(CpuAllocator, ImpossibleSizesAreRefused) {
  for (int64_t bytes : {int64_t{1} << 45, int64_t{1} << 60, INT64_MAX}) {
    try {
      allocator.allocate(bytes);
      FAIL() << bytes;
    } catch (const UserError& error) { EXPECT_EQ(error.kind(), ErrorKind::memory); }
  }
  EXPECT_THROW(allocator.allocate(-1), InternalError);
}

TEST_F(CpuAllocator, BlocksMayDieOnAnotherThread) {
  int64_t before = allocator.stats().in_use;
  for (int round = 0; round < 20; ++round) {
    std::vector<BufferRef> made;
    std::thread maker([&] {
      for (int i = 0; i < 2000; ++i) made.push_back(allocator.allocate(i % 700));
    });
    maker.join();
    std::thread dropper([&] { made.clear(); });
    dropper.join();
  }
  EXPECT_EQ(allocator.stats().in_use, before);
}

TEST_F(CpuAllocator, BlocksHeldByThreadLocalsSurviveTheirThread) {
  int64_t before = allocator.stats().in_use;
  std::thread([&] {
    static thread_local BufferRef early;  // made before the thread's cache, so destroyed after it
    early = allocator.allocate(100);
  }).join();
  EXPECT_EQ(allocator.stats().in_use, before);
}

TEST_F(CpuAllocator, ThreadsAllocateTogether) {
  int64_t before = allocator.stats().in_use;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      std::vector<BufferRef> held(64);
      for (int i = 0; i < 50'000; ++i) {
        BufferRef& slot = held[random() % 64];
        slot = allocator.allocate(static_cast<int64_t>(1 + random() % 3000));
        *static_cast<char*>(slot->data()) = 1;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(allocator.stats().in_use, before);
}

TEST_F(CpuAllocator, ChildOfAForkAllocates) {
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) allocator.allocate(100'000);  // holds the lock much of the time
  });
  for (int i = 0; i < 50; ++i) {
    pid_t child = fork();
    if (child == 0) {
      alarm(10);
      BufferRef small = allocator.allocate(32), large = allocator.allocate(2 << 20);
      std::memset(large->data(), 1, 2 << 20);
      _exit(small && large ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  stop = true;
  busy.join();
}

TEST(TensorBytes, OverflowIsAMemoryError) {
  EXPECT_EQ(tensor_bytes(std::vector<int64_t>{2, 3}, DType::f32), 24);
  EXPECT_EQ(tensor_bytes({}, DType::c128), 16);
  EXPECT_EQ(tensor_bytes(std::vector<int64_t>{0, 5}, DType::f32), 0);
  int64_t big = int64_t{1} << 31;
  for (auto dims : {std::vector<int64_t>{big, big, 2}, {big, big, 0, big}, {big, big / 2, 1}}) {
    try {
      tensor_bytes(dims, DType::f64);
      FAIL();
    } catch (const UserError& error) { EXPECT_EQ(error.kind(), ErrorKind::memory); }
  }
}

TEST(Checked, ArithmeticNoticesOverflow) {
  EXPECT_EQ(checked_add(2, 3), 5);
  EXPECT_EQ(checked_add(INT64_MAX, 1), std::nullopt);
  EXPECT_EQ(checked_mul(int64_t{1} << 32, int64_t{1} << 31), std::nullopt);
  EXPECT_EQ(checked_mul(int64_t{1} << 31, int64_t{1} << 31), int64_t{1} << 62);
  EXPECT_EQ(checked_elements(std::vector<int64_t>{3, -1}), std::nullopt);
  EXPECT_EQ(checked_elements({}), 1);
}

TEST(NullAllocator, CountsAndGivesDistinctAddresses) {
  Allocator& allocator = null_allocator();
  allocator.reset_peak();
  MemoryStats before = allocator.stats();
  BufferRef a = allocator.allocate(int64_t{1} << 45);  // far more than this machine has
  BufferRef b = allocator.allocate(100), c = allocator.allocate(0);
  EXPECT_EQ(a->device(), kNull);
  auto address = [](const BufferRef& buffer) {
    return reinterpret_cast<uintptr_t>(buffer->data());
  };
  EXPECT_GE(address(b), address(a) + (uintptr_t{1} << 45));
  EXPECT_GE(address(c), address(b) + 100);
  EXPECT_EQ(address(b) % 64, 0u);
  EXPECT_EQ(allocator.stats().in_use - before.in_use, (int64_t{1} << 45) + 100);
  a.reset();
  EXPECT_EQ(allocator.stats().in_use - before.in_use, 100);
  EXPECT_EQ(allocator.stats().peak - before.in_use, (int64_t{1} << 45) + 100);
  allocator.set_limit(before.in_use + 1000);
  EXPECT_THROW(allocator.allocate(901), UserError);
  EXPECT_TRUE(allocator.allocate(900));
  allocator.set_limit(std::nullopt);
}

TEST(NullAllocatorDeathTest, TouchingItsMemoryFaults) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  BufferRef buffer = null_allocator().allocate(64);
  EXPECT_DEATH(*static_cast<volatile char*>(buffer->data()) = 1, "");
}

TEST(DeviceTable, KnowsTheBuiltInDevices) {
  EXPECT_TRUE(has_device(kCpu));
  EXPECT_TRUE(has_device(kNull));
  EXPECT_EQ(&allocator_of(kCpu), &cpu_allocator());
  EXPECT_EQ(&allocator_of(kNull), &null_allocator());
  EXPECT_EQ(devices()[0], kCpu);
  try {
    allocator_of({DeviceKind::cuda, 97});
    FAIL();
  } catch (const UserError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::value);
    EXPECT_NE(std::string(error.what()).find("device: expected one of cpu, null"),
              std::string::npos);
    EXPECT_NE(std::string(error.what()).find("got cuda:97"), std::string::npos);
  }
}

}  // namespace
}  // namespace proa::runtime
