// Which values a table keeps whose calls are ever new.

#include "proa/base/recent_table.h"

#include <gtest/gtest.h>

#include <thread>

namespace proa {
namespace {

struct Number {
  explicit Number(int given) : value(given) { ++alive; }
  Number(const Number&) = delete;
  ~Number() { --alive; }

  int value;
  std::atomic<bool> used = false;
  static inline std::atomic<int> alive = 0;
};

using Table = RecentTable<Number>;

std::shared_ptr<Number> number(Table& table, int value) {
  auto is = [&](const Number& n) { return n.value == value; };
  auto hash = static_cast<uint64_t>(value % 7);  // many values of one hash
  if (auto there = table.find(hash, is)) return there;
  return table.insert(hash, is, std::make_shared<Number>(value));
}

TEST(RecentTable, FindsWhatWasInserted) {
  Table table(8);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(number(table, i)->value, i);
  std::shared_ptr<Number> five = number(table, 5);
  EXPECT_EQ(number(table, 5), five);
  EXPECT_EQ(table.size(), 8);
  auto late = std::make_shared<Number>(5);
  EXPECT_EQ(table.insert(5, [](const Number& n) { return n.value == 5; }, late), five);
}

TEST(RecentTable, StaysSmallWhereValuesAreEverNew) {
  Table table(64);
  std::shared_ptr<Number> held = number(table, -1);
  for (int i = 0; i < 10000; ++i) {
    number(table, i);
    EXPECT_EQ(number(table, 100000 + i % 10)->value, 100000 + i % 10);
    EXPECT_LE(table.size(), 128);
    EXPECT_LE(Number::alive, 130);
  }
  EXPECT_EQ(held->value, -1);
}

TEST(RecentTable, WhatIsUsedAgainStays) {
  Table table(64);
  Number* often = number(table, -1).get();
  for (int i = 0; i < 10000; ++i) {
    number(table, i);
    EXPECT_EQ(number(table, -1).get(), often);
  }
}

TEST(RecentTable, MoreThanItShallHoldStayWhileTheyAreUsed) {
  Table table(64);
  std::vector<Number*> often;
  for (int i = 0; i < 100; ++i) {
    often.push_back(number(table, i).get());
    for (int k = 0; k <= i; ++k) EXPECT_EQ(number(table, k).get(), often[static_cast<size_t>(k)]);
  }
  for (int i = 0; i < 1000; ++i) {
    number(table, 1000 + i);
    for (int k = 0; k < 100; ++k) EXPECT_EQ(number(table, k).get(), often[static_cast<size_t>(k)]);
    EXPECT_LE(table.size(), 200);
  }
}

TEST(RecentTable, ManyThreadsMeetOneValue) {
  Table table(32);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&table] {
      for (int i = 0; i < 5000; ++i) {
        std::shared_ptr<Number> mine = number(table, i % 50);
        ASSERT_EQ(mine->value, i % 50);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(table.size(), 96);
}

}  // namespace
}  // namespace proa
