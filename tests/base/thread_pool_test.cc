#include "proa/base/thread_pool.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "proa/base/error.h"

namespace proa {
namespace {

using Range = std::pair<int64_t, int64_t>;

std::vector<Range> ranges_of(int64_t count, int64_t grain) {
  std::mutex mutex;
  std::vector<Range> ranges;
  parallel_for(count, grain, [&](int64_t begin, int64_t end) {
    std::lock_guard lock(mutex);
    ranges.emplace_back(begin, end);
  });
  std::sort(ranges.begin(), ranges.end());
  return ranges;
}

int64_t processor_us() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000 + usage.ru_utime.tv_usec +
         usage.ru_stime.tv_usec;
}

class ThreadPool : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { set_num_threads(GetParam()); }
  void TearDown() override {
    set_interrupt_check(nullptr);
    set_num_threads(2);
  }
};

INSTANTIATE_TEST_SUITE_P(Threads, ThreadPool, testing::Values(1, 2, 3, 7));

TEST_P(ThreadPool, EveryIndexIsVisitedOnce) {
  EXPECT_EQ(num_threads(), GetParam());
  for (int64_t count : {0, 1, 2, 7, 64, 1000, 4096, 100'001}) {
    for (int64_t grain : {1, 3, 64, 4096, 1'000'000}) {
      std::vector<std::atomic<int>> visits(static_cast<size_t>(count));
      parallel_for(count, grain, [&](int64_t begin, int64_t end) {
        ASSERT_LT(begin, end);
        for (int64_t i = begin; i < end; ++i) visits[static_cast<size_t>(i)]++;
      });
      for (auto& visit : visits) ASSERT_EQ(visit, 1) << count << " by " << grain;
    }
  }
}

TEST_P(ThreadPool, ChunksAreAFunctionOfCountAndGrain) {
  for (int64_t count : {1, 5, 255, 256, 257, 5000, 1'000'000}) {
    for (int64_t grain : {1, 7, 4096}) {
      std::vector<Range> ranges = ranges_of(count, grain);
      EXPECT_LE(ranges.size(), static_cast<size_t>(kMaxChunks));
      for (auto [begin, end] : ranges) {
        EXPECT_EQ(begin % grain, 0);
        EXPECT_EQ(end, std::min(count, begin + chunk_length(count, grain)));
      }
      EXPECT_EQ(ranges.front().first, 0);
      EXPECT_EQ(ranges.back().second, count);
    }
  }
}

TEST_P(ThreadPool, ExtremeCountsDoNotOverflow) {
  EXPECT_EQ(ranges_of(INT64_MAX, INT64_MAX).size(), 1u);
  std::vector<Range> ranges = ranges_of(INT64_MAX, 1);
  EXPECT_LE(ranges.size(), static_cast<size_t>(kMaxChunks));
  EXPECT_EQ(ranges.back().second, INT64_MAX);
}

TEST_P(ThreadPool, NestedLoopsRunInTheirThread) {
  std::atomic<int64_t> sum{0};
  parallel_for(20, 1, [&](int64_t begin, int64_t end) {
    auto outer = std::this_thread::get_id();
    for (int64_t i = begin; i < end; ++i) {
      parallel_for(100, 1, [&](int64_t b, int64_t e) {
        if (GetParam() > 1) { EXPECT_EQ(std::this_thread::get_id(), outer); }
        for (int64_t j = b; j < e; ++j) sum += i * j;
      });
    }
  });
  EXPECT_EQ(sum, 190 * 4950);
}

TEST_P(ThreadPool, TheLowestFailureIsRethrown) {
  for (int round = 0; round < 50; ++round) {
    try {
      parallel_for(256, 1, [](int64_t begin, int64_t) {
        if (begin % 10 == 3) throw std::runtime_error(str(begin));
      });
      FAIL() << "no exception";
    } catch (const std::runtime_error& error) { EXPECT_STREQ(error.what(), "3"); }
  }
  EXPECT_EQ(ranges_of(100, 1).size(), 100u);  // the pool still works
}

TEST_P(ThreadPool, AFailureDropsTheRest) {
  std::atomic<int> ran{0};
  EXPECT_THROW(parallel_for(256, 1,
                            [&](int64_t begin, int64_t) {
                              if (begin == 0) throw std::runtime_error("first");
                              std::this_thread::sleep_for(std::chrono::milliseconds(1));
                              ran++;
                            }),
               std::runtime_error);
  EXPECT_LT(ran, 256 - 1);
}

TEST_P(ThreadPool, InterruptEndsTheLoop) {
  static std::atomic<int> asked;
  asked = 0;
  set_interrupt_check([] { return ++asked > 3; });
  std::atomic<int> ran{0};
  try {
    parallel_for(256, 1, [&](int64_t, int64_t) {
      ran++;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    });
    FAIL() << "not interrupted";
  } catch (const UserError& error) { EXPECT_EQ(error.kind(), ErrorKind::interrupted); }
  EXPECT_LT(ran, 256);
  EXPECT_THROW(throw_if_interrupted(), UserError);
  set_interrupt_check(nullptr);
  throw_if_interrupted();
  EXPECT_EQ(ranges_of(100, 1).size(), 100u);
}

TEST_P(ThreadPool, OnlyTheCallingThreadAsks) {
  static std::atomic<bool> strangers;
  static pthread_t caller;
  strangers = false;
  caller = pthread_self();
  set_interrupt_check([] {
    if (!pthread_equal(pthread_self(), caller)) strangers = true;
    return false;
  });
  ranges_of(5000, 1);
  EXPECT_FALSE(strangers);
}

#if defined(__SSE__)
TEST_P(ThreadPool, FlushToZeroOfTheCallerStaysOutside) {
  unsigned saved = _mm_getcsr();
  _mm_setcsr(saved | 0x8040);  // FTZ and DAZ, as -ffast-math start-up code sets them
  std::atomic<int> flushed{0};
  auto body = [&](int64_t, int64_t) {
    volatile float tiny = 1e-38f;
    volatile float half = tiny * 0.25f;
    if (half == 0.0f) flushed++;
  };
  parallel_for(1, 1, body);
  parallel_for(200, 1, body);
  unsigned after = _mm_getcsr();
  _mm_setcsr(saved);
  EXPECT_EQ(flushed, 0);
  EXPECT_EQ(after & 0x8040, 0x8040u);
}
#endif

TEST_P(ThreadPool, CallersShareThePool) {
  std::vector<std::thread> callers;
  std::atomic<int64_t> total{0};
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        std::atomic<int64_t> sum{0};
        parallel_for(1000, 10, [&](int64_t begin, int64_t end) { sum += end - begin; });
        total += sum;
      }
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(total, 4 * 200 * 1000);
}

TEST_P(ThreadPool, NoMoreThreadsThanAskedFor) {
  std::mutex mutex;
  std::set<std::thread::id> seen;
  for (int round = 0; round < 10; ++round) {
    parallel_for(256, 1, [&](int64_t, int64_t) {
      std::this_thread::sleep_for(std::chrono::microseconds(20));
      std::lock_guard lock(mutex);
      seen.insert(std::this_thread::get_id());
    });
  }
  EXPECT_LE(seen.size(), static_cast<size_t>(GetParam()));
  if (GetParam() > 1) { EXPECT_GT(seen.size(), 1u); }
}

TEST_P(ThreadPool, ChildOfAForkHasItsOwnWorkers) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer refuses threads in the child of a fork";
#endif
  ranges_of(256, 1);
  for (int i = 0; i < 20; ++i) {
    pid_t child = fork();
    if (child == 0) {
      alarm(20);
      std::atomic<int64_t> sum{0};
      std::mutex mutex;
      std::set<std::thread::id> seen;
      for (int round = 0; round < 2; ++round) {
        parallel_for(256, 1, [&](int64_t begin, int64_t end) {
          sum += end - begin;
          std::this_thread::sleep_for(std::chrono::microseconds(20));
          std::lock_guard lock(mutex);
          seen.insert(std::this_thread::get_id());
        });
      }
      bool good = sum == 512 && num_threads() == GetParam() && (GetParam() == 1 || seen.size() > 1);
      _exit(good ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  EXPECT_EQ(ranges_of(256, 1).size(), 256u);
}

TEST_P(ThreadPool, ForkWhileOtherThreadsLoop) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer refuses threads in the child of a fork";
#endif
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) ranges_of(256, 1);
  });
  for (int i = 0; i < 30; ++i) {
    pid_t child = fork();
    if (child == 0) {
      alarm(20);
      std::atomic<int64_t> sum{0};
      parallel_for(1000, 1, [&](int64_t begin, int64_t end) { sum += end - begin; });
      _exit(sum == 1000 ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  stop = true;
  busy.join();
}

TEST(ThreadPoolAlone, ForkInsideABodyIsAnErrorInTheChild) {
  set_num_threads(2);
  pid_t parent = getpid(), child = -1;
  bool refused = false;
  try {
    pthread_t caller = pthread_self();
    parallel_for(64, 1, [&](int64_t, int64_t) {
      if (pthread_equal(pthread_self(), caller) && child == -1) child = fork();
    });
  } catch (const UserError& error) { refused = error.kind() == ErrorKind::state; }
  if (getpid() != parent) _exit(refused ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_FALSE(refused);
}

TEST(ThreadPoolAlone, CountsOutOfRangeAreRefused) {
  int before = num_threads();
  for (int n : {0, -1, kMaxThreads + 1}) {
    try {
      set_num_threads(n);
      FAIL() << n;
    } catch (const UserError& error) {
      EXPECT_EQ(error.kind(), ErrorKind::value);
      EXPECT_NE(std::string(error.what()).find("expected 1..1024"), std::string::npos);
    }
  }
  EXPECT_EQ(num_threads(), before);
  EXPECT_THROW(parallel_for(10, 0, [](int64_t, int64_t) {}), InternalError);
}

TEST(ThreadPoolAlone, IdleWorkersUseNoProcessorTime) {
  set_num_threads(3);
  ranges_of(256, 1);
  auto before = processor_us();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(processor_us() - before, 20'000);
}

TEST(ThreadPoolAlone, WorkersStayAwakeForAShortWhileOnly) {
  set_num_threads(2);
  auto busy = [](int64_t, int64_t) {
    auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(5);
    while (std::chrono::steady_clock::now() < end) {}
  };
  auto before = processor_us();
  for (int i = 0; i < 200; ++i) {
    parallel_for(2, 1, busy);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_LT(processor_us() - before,
            120'000);  // of 400'000, of which a loop takes 10 and 50 behind
}

TEST(ThreadPoolAlone, EachThreadBeginsWithItsShare) {
  set_num_threads(2);
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> begun{0};
    std::atomic<int64_t> of_caller{-1}, of_worker{-1};
    auto caller = std::this_thread::get_id();
    parallel_for(8, 1, [&](int64_t begin, int64_t) {
      auto& first = std::this_thread::get_id() == caller ? of_caller : of_worker;
      if (first >= 0) return;
      first = begin;
      ++begun;
      auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
      while (begun < 2 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    });
    EXPECT_EQ(of_caller, 0);
    EXPECT_EQ(of_worker, 4);
  }
}

TEST(ThreadPoolAlone, SmallLoopsAreHandedOutWhereMoreOfThemCome) {
  set_num_threads(2);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // the worker sleeps
  EXPECT_FALSE(worth_waking());
  bool again = false;  // within 50 us, which a busy machine may not grant at once
  for (int i = 0; i < 1000 && !again; ++i) again = worth_waking();
  EXPECT_TRUE(again);
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_FALSE(worth_waking());
  {
    ThreadLimit alone(1);
    worth_waking();
    EXPECT_FALSE(worth_waking());
  }
  set_num_threads(1);
  worth_waking();
  EXPECT_FALSE(worth_waking());
  set_num_threads(2);
}

TEST(ThreadPoolAlone, ChangingTheCountWhileOthersLoop) {
  std::atomic<bool> stop{false};
  std::atomic<int64_t> wrong{0};
  std::thread busy([&] {
    while (!stop) {
      std::atomic<int64_t> sum{0};
      parallel_for(500, 1, [&](int64_t begin, int64_t end) { sum += end - begin; });
      if (sum != 500) wrong++;
    }
  });
  for (int i = 0; i < 300; ++i) {
    set_num_threads(i % 7 + 1);
    ranges_of(100, 1);
  }
  stop = true;
  busy.join();
  EXPECT_EQ(wrong, 0);
  set_num_threads(2);
}

int doubled(int x) { return 2 * x; }

TEST(FunctionRef, CallsWhatItRefersTo) {
  FunctionRef<int(int)> function = doubled;
  EXPECT_EQ(function(21), 42);
  int calls = 0;
  auto counting = [&calls](int x) { return calls += x; };
  FunctionRef<int(int)> lambda = counting;
  lambda(2);
  FunctionRef<int(int)> copy = lambda;
  EXPECT_EQ(copy(3), 5);
  const auto constant = [](int x) { return x + 1; };
  EXPECT_EQ(FunctionRef<int(int)>(constant)(1), 2);
  FunctionRef<void(int)> discards = counting;
  discards(5);
  EXPECT_EQ(calls, 10);
}

}  // namespace
}  // namespace proa
