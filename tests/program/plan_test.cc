#include "proa/program/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "proa/base/error.h"

namespace proa::program {
namespace {

int64_t rounded(int64_t bytes) { return (bytes + 63) / 64 * 64; }

// By brute force: no two buffers that live at one step share a byte, the arena holds them all, and
// the bound is what is alive at the fullest step.
void check(const std::vector<PlannedBuffer>& buffers, const MemoryPlan& plan) {
  ASSERT_EQ(plan.offsets.size(), buffers.size());
  int64_t end = 0, bound = 0;
  int32_t steps = 0;
  for (size_t i = 0; i < buffers.size(); ++i) {
    EXPECT_EQ(plan.offsets[i] % kPlanAlignment, 0);
    EXPECT_GE(plan.offsets[i], 0);
    EXPECT_LE(plan.offsets[i] + buffers[i].bytes, plan.bytes);
    end = std::max(end, plan.offsets[i] + rounded(buffers[i].bytes));
    steps = std::max(steps, buffers[i].last);
    for (size_t j = 0; j < i; ++j) {
      bool together = buffers[i].bytes > 0 && buffers[j].bytes > 0 &&
                      buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last;
      bool apart = plan.offsets[i] + buffers[i].bytes <= plan.offsets[j] ||
                   plan.offsets[j] + buffers[j].bytes <= plan.offsets[i];
      EXPECT_TRUE(!together || apart) << i << " and " << j;
    }
  }
  EXPECT_LE(end, plan.bytes);
  for (int32_t step = 0; step <= steps; ++step) {
    int64_t alive = 0;
    for (const PlannedBuffer& b : buffers)
      alive += b.first <= step && step <= b.last ? rounded(b.bytes) : 0;
    bound = std::max(bound, alive);
  }
  EXPECT_EQ(plan.lower_bound, bound);
  EXPECT_GE(plan.bytes, bound);
}

TEST(Plan, NothingNeedsNothing) {
  MemoryPlan plan = plan_memory({});
  EXPECT_EQ(plan.bytes, 0);
  EXPECT_EQ(plan.lower_bound, 0);
}

TEST(Plan, AChainNeedsTwo) {
  std::vector<PlannedBuffer> chain;
  for (int32_t i = 0; i < 50; ++i) chain.push_back({1000, i, i + 1});
  MemoryPlan plan = plan_memory(chain);
  check(chain, plan);
  EXPECT_EQ(plan.bytes, 2 * 1024);
}

TEST(Plan, TheLargeOneGoesWhereTwoSmallOnesWere) {
  std::vector<PlannedBuffer> buffers = {{64, 0, 1}, {64, 0, 1}, {64, 0, 9}, {128, 2, 9}};
  MemoryPlan plan = plan_memory(buffers);
  check(buffers, plan);
  EXPECT_EQ(plan.bytes, plan.lower_bound);
}

TEST(Plan, BuffersThatNoMemoryHoldsAreRefused) {
  const PlannedBuffer kHuge[] = {{int64_t{1} << 62, 0, 1}, {int64_t{1} << 62, 0, 1}};
  EXPECT_THROW(plan_memory(kHuge), UserError);
  const PlannedBuffer kLargest[] = {{INT64_MAX, 0, 1}};
  EXPECT_THROW(plan_memory(kLargest), UserError);
}

TEST(Plan, RandomLivesNeverMeet) {
  std::mt19937 random(7);
  auto below = [&](int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); };
  int64_t total = 0, bounds = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<PlannedBuffer> buffers;
    int64_t count = 1 + below(60), steps = 1 + below(40);
    int64_t largest = int64_t{1} << below(20);
    for (int64_t i = 0; i < count; ++i) {
      int64_t first = below(steps);
      int64_t last = std::min(steps - 1, first + below(round % 2 == 0 ? 4 : steps));
      int64_t bytes = below(8) == 0 ? 0 : below(largest + 1);
      buffers.push_back({bytes, static_cast<int32_t>(first), static_cast<int32_t>(last)});
    }
    MemoryPlan plan = plan_memory(buffers);
    check(buffers, plan);
    total += plan.bytes;
    bounds += plan.lower_bound;
  }
  EXPECT_LT(static_cast<double>(total), 1.10 * static_cast<double>(bounds));
}

// The shape of a training step: what the forward keeps dies in the opposite order.
TEST(Plan, ForwardAndBackwardReachTheBound) {
  std::vector<PlannedBuffer> buffers;
  constexpr int32_t kLayers = 40;
  for (int32_t i = 0; i < kLayers; ++i) {
    buffers.push_back({4096 * (1 + i % 3), i, 2 * kLayers - 1 - i});  // kept
    buffers.push_back({8192, i, i + 1});                              // passed on
    buffers.push_back({8192, 2 * kLayers - 1 - i, std::min(2 * kLayers - i, 2 * kLayers - 1)});
  }
  MemoryPlan plan = plan_memory(buffers);
  check(buffers, plan);
  EXPECT_LE(plan.bytes, plan.lower_bound + plan.lower_bound / 20);
}

}  // namespace
}  // namespace proa::program
