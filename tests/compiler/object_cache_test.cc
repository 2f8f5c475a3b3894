// The folder of compiled kernels: what is found again, what is refused, and what goes when it is
// full.

#include "proa/tier/object_cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace proa::tier {
namespace {

std::vector<std::byte> bytes(size_t size, int start) {
  std::vector<std::byte> made(size);
  for (size_t i = 0; i < size; ++i) made[i] = static_cast<std::byte>(start + static_cast<int>(i));
  return made;
}

class ObjectCacheTest : public ::testing::Test {
 protected:
  ObjectCacheTest() {
    std::string name = std::filesystem::temp_directory_path() / "proa-cache-XXXXXX";
    folder_ = std::string(mkdtemp(name.data())) + "/deep/er";
  }
  ~ObjectCacheTest() override {
    std::filesystem::remove_all(std::filesystem::path(folder_).parent_path().parent_path());
  }
  size_t stored() const {
    size_t sum = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder_)) sum += file.file_size();
    return sum;
  }
  std::string folder_;
};

TEST_F(ObjectCacheTest, FindsWhatItKept) {
  ObjectCache cache(folder_, 1 << 20);
  EXPECT_TRUE(cache.find("a").empty());
  cache.store("a", bytes(1000, 1));
  cache.store("b", bytes(10, 2));
  EXPECT_EQ(cache.find("a"), bytes(1000, 1));
  EXPECT_EQ(ObjectCache(folder_, 1 << 20).find("b"), bytes(10, 2));
}

TEST_F(ObjectCacheTest, EveryFlippedBitAndEveryCutIsFound) {
  ObjectCache cache(folder_, 1 << 20);
  cache.store("a", bytes(40, 1));
  std::string file = std::filesystem::directory_iterator(folder_)->path();
  std::ifstream in(file, std::ios::binary);
  const std::string good(std::istreambuf_iterator<char>(in), {});
  for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    std::ofstream(file, std::ios::binary) << bad;
    std::vector<std::byte> found = cache.find("a");
    EXPECT_TRUE(found.empty() || found == bytes(40, 1)) << bit;
  }
  for (size_t size = 0; size < good.size(); ++size) {
    std::ofstream(file, std::ios::binary) << good.substr(0, size);
    EXPECT_TRUE(cache.find("a").empty()) << size;
  }
}

TEST_F(ObjectCacheTest, WhatOthersMayWriteIsNotRead) {
  ObjectCache cache(folder_, 1 << 20);
  cache.store("a", bytes(10, 1));
  ASSERT_EQ(chmod(folder_.c_str(), 0777), 0);
  EXPECT_TRUE(cache.find("a").empty());
  cache.store("b", bytes(10, 1));
  ASSERT_EQ(chmod(folder_.c_str(), 0700), 0);
  EXPECT_EQ(cache.find("a"), bytes(10, 1));
  EXPECT_TRUE(cache.find("b").empty());
}

TEST_F(ObjectCacheTest, StaysUnderItsLimitAndKeepsWhatIsUsed) {
  ObjectCache cache(folder_, 100'000);
  cache.store("kept", bytes(5000, 0));
  for (int i = 0; i < 60; ++i) {
    cache.store(std::to_string(i), bytes(5000, i));
    EXPECT_LE(stored(), 100'000u + 12'500u) << i;
    EXPECT_EQ(cache.find("kept"), bytes(5000, 0)) << i;
    usleep(10'000);  // the clock of files has ticked
  }
}

TEST_F(ObjectCacheTest, ManyProcessesWriteAtOnce) {
  constexpr int kProcesses = 6, kKeys = 40;
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    pid_t child = fork();
    if (child == 0) {
      ObjectCache cache(folder_, 60'000);
      bool good = true;
      for (int round = 0; round < 5; ++round) {
        for (int k = 0; k < kKeys; ++k) {
          std::string key = std::to_string((k * 7 + p) % kKeys);
          std::vector<std::byte> wanted = bytes(3000, std::stoi(key)), found = cache.find(key);
          good &= found.empty() || found == wanted;
          if (found.empty()) cache.store(key, wanted);
        }
      }
      _exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
}

}  // namespace
}  // namespace proa::tier
