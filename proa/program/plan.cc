#include "proa/program/plan.h"

#include <algorithm>
#include <numeric>

#include "proa/base/checked.h"
#include "proa/base/error.h"

namespace proa::program {

namespace {

int64_t rounded(int64_t bytes) {
  return (bytes + kPlanAlignment - 1) / kPlanAlignment * kPlanAlignment;
}

using Order = std::vector<int32_t>;

Order sorted(std::span<const PlannedBuffer> buffers, auto&& before) {
  Order order(buffers.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](int32_t a, int32_t b) {
    return before(buffers[static_cast<size_t>(a)], buffers[static_cast<size_t>(b)]);
  });
  return order;
}

int64_t most_alive(std::span<const PlannedBuffer> buffers) {
  int32_t steps = 0;
  for (const PlannedBuffer& b : buffers) steps = std::max(steps, b.last);
  std::vector<int64_t> change(static_cast<size_t>(steps) + 2);
  for (const PlannedBuffer& b : buffers) {
    change[static_cast<size_t>(b.first)] += rounded(b.bytes);
    change[static_cast<size_t>(b.last) + 1] -= rounded(b.bytes);
  }
  int64_t alive = 0, most = 0;
  for (int64_t c : change) most = std::max(most, alive += c);
  return most;
}

// In the order of time, each into the smallest hole that holds it, as an allocator would.
MemoryPlan in_order(std::span<const PlannedBuffer> buffers) {
  struct Hole {
    int64_t begin, end;
  };
  MemoryPlan plan;
  plan.offsets.resize(buffers.size());
  std::vector<Hole> holes;    // by begin, never touching each other
  std::vector<int32_t> heap;  // alive, the first to end on top
  auto later = [&](int32_t a, int32_t b) {
    return buffers[static_cast<size_t>(a)].last > buffers[static_cast<size_t>(b)].last;
  };
  auto give_back = [&](int64_t begin, int64_t end) {
    if (begin == end) return;
    auto at = std::ranges::lower_bound(holes, begin, {}, &Hole::begin);
    if (at != holes.end() && at->begin == end) {
      at->begin = begin;
    } else {
      at = holes.insert(at, {begin, end});
    }
    if (at != holes.begin() && std::prev(at)->end == at->begin) {
      std::prev(at)->end = at->end;
      holes.erase(at);
    }
  };
  for (int32_t index : sorted(buffers, [](const auto& a, const auto& b) {
         return a.first < b.first || (a.first == b.first && a.bytes > b.bytes);
       })) {
    const PlannedBuffer& buffer = buffers[static_cast<size_t>(index)];
    while (!heap.empty() && buffers[static_cast<size_t>(heap.front())].last < buffer.first) {
      std::ranges::pop_heap(heap, later);
      auto ended = static_cast<size_t>(heap.back());
      give_back(plan.offsets[ended], plan.offsets[ended] + rounded(buffers[ended].bytes));
      heap.pop_back();
    }
    int64_t size = rounded(buffer.bytes);
    auto best = holes.end();
    for (auto hole = holes.begin(); hole != holes.end(); ++hole) {
      int64_t room = hole->end - hole->begin;
      if (room >= size && (best == holes.end() || room < best->end - best->begin)) best = hole;
    }
    int64_t& offset = plan.offsets[static_cast<size_t>(index)];
    if (best != holes.end()) {
      offset = best->begin;
      best->begin += size;
      if (best->begin == best->end) holes.erase(best);
    } else if (!holes.empty() && holes.back().end == plan.bytes) {
      offset = holes.back().begin;  // the hole at the end grows
      plan.bytes = offset + size;
      holes.pop_back();
    } else {
      offset = plan.bytes;
      plan.bytes += size;
    }
    heap.push_back(index);
    std::ranges::push_heap(heap, later);
  }
  return plan;
}

// The largest first, each into the smallest gap between those that live at the same time.
MemoryPlan by_size(std::span<const PlannedBuffer> buffers) {
  MemoryPlan plan;
  plan.offsets.resize(buffers.size());
  std::vector<int32_t> placed;  // by offset
  for (int32_t index : sorted(buffers, [](const auto& a, const auto& b) {
         return a.bytes > b.bytes || (a.bytes == b.bytes && a.first < b.first);
       })) {
    const PlannedBuffer& buffer = buffers[static_cast<size_t>(index)];
    int64_t size = rounded(buffer.bytes), end = 0, best = -1, best_room = INT64_MAX;
    for (int32_t other : placed) {
      const PlannedBuffer& there = buffers[static_cast<size_t>(other)];
      if (there.last < buffer.first || there.first > buffer.last) continue;
      int64_t begin = plan.offsets[static_cast<size_t>(other)], room = begin - end;
      if (room >= size && room < best_room) {
        best = end;
        best_room = room;
      }
      end = std::max(end, begin + rounded(there.bytes));
    }
    int64_t offset = best >= 0 ? best : end;
    plan.offsets[static_cast<size_t>(index)] = offset;
    plan.bytes = std::max(plan.bytes, offset + size);
    auto at = std::ranges::upper_bound(
        placed, offset, {}, [&](int32_t i) { return plan.offsets[static_cast<size_t>(i)]; });
    placed.insert(at, index);
  }
  return plan;
}

}  // namespace

MemoryPlan plan_memory(std::span<const PlannedBuffer> buffers) {
  int64_t all = 0;  // of which every offset is a part
  for (const PlannedBuffer& b : buffers) {
    PROA_CHECK(b.bytes >= 0 && b.first >= 0 && b.last >= b.first, "a buffer without a life");
    auto sum = checked_add(all, b.bytes);
    if (sum) sum = checked_add(*sum, kPlanAlignment);
    if (!sum) throw UserError(ErrorKind::memory, "buffers of 2^63 bytes and more together");
    all = *sum;
  }
  int64_t bound = most_alive(buffers);
  MemoryPlan plan = in_order(buffers);
  // The better search is quadratic, and worth it only where something is to be won.
  constexpr size_t kSearched = 4096;
  if (plan.bytes > bound + bound / 64 && buffers.size() <= kSearched) {
    if (MemoryPlan other = by_size(buffers); other.bytes < plan.bytes) plan = std::move(other);
  }
  plan.lower_bound = bound;
  return plan;
}

}  // namespace proa::program
