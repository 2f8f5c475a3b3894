#include "proa/base/small_vector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace proa {
namespace {

TEST(SmallVectorTest, GrowsAndMoves) {
  SmallVector<int, 2> v;
  for (int i = 0; i < 40; ++i) v.push_back(i);
  v.insert(0, -1);
  v.erase(1);
  EXPECT_EQ(v.size(), 40u);
  EXPECT_EQ(v[0], -1);
  EXPECT_EQ(v[39], 39);
  SmallVector<int, 2> copy = v, moved = std::move(v);
  EXPECT_TRUE(copy == moved);
  EXPECT_TRUE(v.empty());
  v = {7, 8};
  SmallVector<int, 2> inline_moved = std::move(v);
  EXPECT_EQ(inline_moved.size(), 2u);
  EXPECT_EQ(inline_moved[1], 8);
  moved = inline_moved;
  EXPECT_TRUE(moved == inline_moved);
  std::span<const int> view = moved;
  EXPECT_EQ(view.size(), 2u);
}

// The same random steps on a std::vector.
TEST(SmallVectorTest, DoesWhatVectorDoes) {
  uint64_t state = 7;
  auto below = [&](uint64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % n;
  };
  SmallVector<int64_t, 4> small;
  std::vector<int64_t> model;
  for (int step = 0; step < 20000; ++step) {
    auto value = static_cast<int64_t>(below(1000));
    size_t at = below(model.size() + 1);
    switch (below(7)) {
      case 0:
      case 1:
        small.push_back(value);
        model.push_back(value);
        break;
      case 2:
        small.insert(at, value);
        model.insert(model.begin() + static_cast<ptrdiff_t>(at), value);
        break;
      case 3:
        if (at == model.size()) break;
        small.erase(at);
        model.erase(model.begin() + static_cast<ptrdiff_t>(at));
        break;
      case 4:
        small.resize(at, value);
        model.resize(at, value);
        break;
      case 5: {
        SmallVector<int64_t, 4> other = std::move(small);
        small = other;
        break;
      }
      default: {
        SmallVector<int64_t, 4> other;
        other = std::move(small);
        small = std::move(other);
        if (below(20) == 0) {
          small.clear();
          model.clear();
        }
      }
    }
    ASSERT_TRUE(std::equal(small.begin(), small.end(), model.begin(), model.end())) << step;
  }
}

}  // namespace
}  // namespace proa
