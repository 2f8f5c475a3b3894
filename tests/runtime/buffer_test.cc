#include "proa/runtime/buffer.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "proa/runtime/allocator.h"
#include "proa/runtime/device.h"

namespace proa::runtime {
namespace {

struct Owner {
  std::vector<float> values = std::vector<float>(8, 1.5f);
  std::atomic<int> released{0};
};

void release(void* context) { static_cast<Owner*>(context)->released++; }

TEST(Buffer, WrapReleasesOnceAfterTheLastHolder) {
  Owner owner;
  BufferRef a = Buffer::wrap(owner.values.data(), 32, kCpu, release, &owner, false);
  EXPECT_EQ(a->data(), owner.values.data());
  EXPECT_EQ(a->bytes(), 32);
  EXPECT_FALSE(a->writable());
  EXPECT_TRUE(a->is_foreign());
  EXPECT_TRUE(a->is_unique());
  BufferRef b = a;
  EXPECT_FALSE(a->is_unique());
  BufferRef c = std::move(a);
  EXPECT_FALSE(a);
  EXPECT_EQ(b, c);
  b.reset();
  EXPECT_EQ(owner.released, 0);
  c = nullptr;
  EXPECT_EQ(owner.released, 1);
}

TEST(Buffer, IdentityStandsForWhatNobodyElseCanWrite) {
  BufferRef a = allocator_of(kCpu).allocate(64), b = allocator_of(kCpu).allocate(64);
  uint32_t first = a->identity();
  EXPECT_NE(first, 0u);
  EXPECT_EQ(a->identity(), first);
  EXPECT_NE(b->identity(), first);
  {
    OutsideHold one(a);
    OutsideHold two(a);
    EXPECT_EQ(a->identity(), 0u);
  }
  EXPECT_NE(a->identity(), 0u);
  EXPECT_NE(a->identity(), first);  // they may have written
  a->give_away();
  EXPECT_EQ(a->identity(), 0u);
  { OutsideHold again(a); }
  EXPECT_EQ(a->identity(), 0u);
  uint32_t of_b = b->identity();
  void* block = b->data();
  b.reset();
  BufferRef next = allocator_of(kCpu).allocate(64);
  if (next->data() == block) EXPECT_NE(next->identity(), of_b);
}

TEST(Buffer, SoManyOutsideHoldersAreForEver) {
  BufferRef a = allocator_of(kCpu).allocate(64);
  std::vector<std::unique_ptr<OutsideHold>> holds;
  for (int i = 0; i < 300; ++i) holds.push_back(std::make_unique<OutsideHold>(a));
  holds.clear();
  EXPECT_EQ(a->identity(), 0u);
}

TEST(Buffer, SelfAssignmentKeepsTheBuffer) {
  Owner owner;
  BufferRef a = Buffer::wrap(owner.values.data(), 32, kCpu, release, &owner);
  BufferRef& alias = a;
  a = alias;
  EXPECT_TRUE(a->is_unique());
  EXPECT_EQ(owner.released, 0);
}

TEST(Buffer, DetachAndAdoptCarryOneReference) {
  Owner owner;
  BufferRef a = Buffer::wrap(owner.values.data(), 32, kCpu, release, &owner);
  Buffer* raw = a.detach();
  EXPECT_FALSE(a);
  EXPECT_EQ(owner.released, 0);
  BufferRef::adopt(raw).reset();
  EXPECT_EQ(owner.released, 1);
}

TEST(Buffer, ReleasesOnceWhenThreadsDropTogether) {
  for (int round = 0; round < 200; ++round) {
    Owner owner;
    BufferRef shared = Buffer::wrap(owner.values.data(), 32, kCpu, release, &owner);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([copy = shared]() mutable {
        BufferRef second = copy;
        copy.reset();
      });
    }
    shared.reset();
    for (auto& thread : threads) thread.join();
    threads.clear();  // destroys the lambdas, which held references
    EXPECT_EQ(owner.released, 1);
  }
}

}  // namespace
}  // namespace proa::runtime
