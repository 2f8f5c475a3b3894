// The file of chosen tilings: what is found again, what is refused, what goes when it is full, and
// what becomes of processes that write at once.

#include "proa/tier/tiling_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace proa::tier {
namespace {

class TilingCacheTest : public ::testing::Test {
 protected:
  TilingCacheTest() {
    std::string name = std::filesystem::temp_directory_path() / "proa-tilings-XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~TilingCacheTest() override { std::filesystem::remove_all(folder_); }

  void keep(uint64_t name, uint32_t choice, size_t limit = 4096) const {
    TilingCache cache(folder_, limit);
    cache.keep({name, ~name}, choice);
    cache.store(cache.take_news());
  }
  std::optional<uint32_t> found(uint64_t name) const {
    return TilingCache(folder_).find({name, ~name});
  }
  std::string folder_;
};

TEST_F(TilingCacheTest, FindsWhatAnyoneKept) {
  EXPECT_EQ(found(1), std::nullopt);
  keep(1, 2);
  keep(5, 0);
  EXPECT_EQ(found(1), 2);
  EXPECT_EQ(found(5), 0);
  keep(1, 1);
  EXPECT_EQ(found(1), 1);
  EXPECT_EQ(TilingCache(folder_).find({1, 7}), std::nullopt);  // another key of the same name
}

TEST_F(TilingCacheTest, EveryFlippedBitAndEveryCutIsFound) {
  keep(1, 2);
  keep(2, 1);
  TilingCache cache(folder_);
  std::ifstream in(cache.path(), std::ios::binary);
  const std::string good(std::istreambuf_iterator<char>(in), {});
  ASSERT_EQ(good.size(), 24 + 2 * 32);
  auto refused = [&](const std::string& content) {
    std::ofstream(cache.path(), std::ios::binary) << content;
    TilingCache fresh(folder_);
    return !fresh.find({1, ~uint64_t{1}}) && !fresh.find({2, ~uint64_t{2}}) && fresh.damaged() == 1;
  };
  for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    EXPECT_TRUE(refused(bad)) << bit;
  }
  for (size_t size = 0; size < good.size(); ++size) EXPECT_TRUE(refused(good.substr(0, size)));
  EXPECT_TRUE(refused(good + "x"));
  EXPECT_FALSE(refused(good));
  std::ofstream(cache.path(), std::ios::binary) << "nothing";
  keep(3, 1);  // takes the place of what cannot be read
  EXPECT_EQ(found(3), 1);
}

TEST_F(TilingCacheTest, WhatWasNotUsedForLongestGoesFirst) {
  std::vector<TilingCache::Entry> entries;
  for (uint64_t i = 0; i < 16; ++i)
    entries.push_back({{i, ~i}, 1000 + static_cast<int64_t>(i), static_cast<uint32_t>(i)});
  TilingCache cache(folder_, 16);
  cache.store(entries);
  EXPECT_EQ(cache.find({0, ~uint64_t{0}}), 0);  // used now, for the first time in years
  cache.store(cache.take_news());
  keep(100, 3, 16);
  for (uint64_t i = 1; i <= 5; ++i) EXPECT_EQ(found(i), std::nullopt) << i;
  for (uint64_t i : {6, 15, 0}) EXPECT_EQ(found(i), i);
  EXPECT_EQ(found(100), 3);
  EXPECT_EQ(std::filesystem::file_size(cache.path()), 24 + 12 * 32);
}

TEST_F(TilingCacheTest, ProcessesLoseNothing) {
  for (uint64_t process = 0; process < 4; ++process) {
    if (fork() == 0) {
      for (uint64_t i = 0; i < 25; ++i) keep(100 * process + i, static_cast<uint32_t>(i));
      _exit(0);
    }
  }
  for (int i = 0; i < 4; ++i) {
    int status = 0;
    wait(&status);
    EXPECT_EQ(status, 0);
  }
  for (uint64_t process = 0; process < 4; ++process) {
    for (uint64_t i = 0; i < 25; ++i) EXPECT_EQ(found(100 * process + i), i);
  }
}

TEST_F(TilingCacheTest, AFolderThatOthersWriteIsNotUsed) {
  keep(1, 2);
  chmod(folder_.c_str(), 0777);
  EXPECT_EQ(found(1), std::nullopt);
  chmod(folder_.c_str(), 0700);
  EXPECT_EQ(found(1), 2);
}

TEST_F(TilingCacheTest, NothingIsKeptWithoutAFolder) {
  TilingCache cache("");
  cache.keep({1, 1}, 2);
  EXPECT_EQ(cache.find({1, 1}), 2);
  EXPECT_FALSE(cache.has_news());
  cache.store(cache.take_news());
  cache.clear();
}

TEST_F(TilingCacheTest, ClearedIsGone) {
  keep(1, 2);
  TilingCache cache(folder_);
  EXPECT_EQ(cache.find({1, ~uint64_t{1}}), 2);
  cache.clear();
  EXPECT_EQ(cache.find({1, ~uint64_t{1}}), std::nullopt);
  EXPECT_EQ(found(1), std::nullopt);
}

TEST_F(TilingCacheTest, WhatAnotherWritesMeanwhileIsNotCleared) {
  keep(1, 2);
  TilingCache cache(folder_);
  int other = open((cache.path() + ".lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(flock(other, LOCK_EX), 0);
  cache.clear();
  EXPECT_EQ(found(1), 2);
  close(other);
  cache.clear();
  EXPECT_EQ(found(1), std::nullopt);
}

}  // namespace
}  // namespace proa::tier
