// Times the thread pool: what a loop costs beside the work in it. One JSON line a case.
// The figures of docs/design/runtime.md under Threads are from here.
#include "proa/base/thread_pool.h"

#include <atomic>
#include <thread>

#include "benchmarks/timing.h"
#include "proa/base/numeric/mxcsr.h"

namespace proa {
namespace {

using benchmark::nanoseconds;
using benchmark::report;

std::atomic<int64_t> sink = 0;

void loop(int64_t chunks) {
  parallel_for(chunks, 1, [](int64_t begin, int64_t end) {
    sink.fetch_add(end - begin, std::memory_order_relaxed);
  });
}

// A loop that finds the workers asleep: it pays the system call that wakes one.
double after_sleep(int count) {
  double spent = 0;
  for (int i = 0; i < count; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    double start = benchmark::seconds();
    loop(2);
    spent += benchmark::seconds() - start;
  }
  return spent * 1e9 / count;
}

// 100 us of work in eight chunks: 50 where two threads take part from the beginning.
void work(int64_t, int64_t) {
  double end = benchmark::seconds() + 12.5e-6;
  while (benchmark::seconds() < end) {}
}
double shared_work(int count, int64_t pause_us) {
  double spent = 0;
  for (int i = 0; i < count; ++i) {
    if (pause_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(pause_us));
    double start = benchmark::seconds();
    parallel_for(8, 1, work);
    spent += benchmark::seconds() - start;
  }
  return spent * 1e9 / count;
}

void run() {
  auto environment = [] { numeric::FloatEnvironment scope; };
  report("thread_pool/environment", "ns", nanoseconds(9, 200000, environment), 200000);
  report("thread_pool/one_chunk", "ns", nanoseconds(9, 200000, [] { loop(1); }), 200000);
  report("thread_pool/2_chunks_after_sleep", "ns", after_sleep(2000), 2000);
  for (int64_t chunks : {2, 16, 256}) {
    char name[40];
    std::snprintf(name, sizeof name, "thread_pool/%lld_chunks", static_cast<long long>(chunks));
    report(name, "ns", nanoseconds(9, 5000, [&] { loop(chunks); }), 5000);
  }
  report("thread_pool/100_us_of_work", "ns", shared_work(2000, 0), 2000);
  report("thread_pool/100_us_after_sleep", "ns", shared_work(2000, 1000), 2000);
  int threads = num_threads();
  set_num_threads(1);
  report("thread_pool/256_chunks_one_thread", "ns", nanoseconds(9, 5000, [] { loop(256); }), 5000);
  set_num_threads(threads);
}

}  // namespace
}  // namespace proa

int main() {
  proa::run();
  return proa::sink == 0 ? 1 : 0;
}
