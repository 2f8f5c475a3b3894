#include "proa/runtime/buffer.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

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
