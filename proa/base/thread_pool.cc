#include "proa/base/thread_pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "proa/base/environment.h"
#include "proa/base/error.h"
#include "proa/base/interrupt.h"
#include "proa/base/numeric/mxcsr.h"

namespace proa {

namespace {

std::atomic<InterruptCheck> interrupt_check{nullptr};

thread_local int interrupts_held = 0;

bool interrupted() {
  if (interrupts_held > 0) return false;
  InterruptCheck check = interrupt_check.load(std::memory_order_relaxed);
  return check && check();
}

[[noreturn]] void throw_interrupted() {
  throw UserError(ErrorKind::interrupted, "interrupted by the user");
}

using Clock = std::chrono::steady_clock;

// Neighbouring chunks that one thread begins with, loop after loop: what it wrote in the last loop
// still lies in its cache.
struct alignas(64) Share {
  std::atomic<int64_t> next{0};
  int64_t end = 0;
};
constexpr int64_t kMaxShares = 16;

struct Loop {
  FunctionRef<void(int64_t, int64_t)> body;
  int64_t count, length, chunks;

  void run(int64_t chunk) const {
    int64_t begin = chunk * length;
    body(begin, count - begin < length ? count : begin + length);
  }
};

// A loop of many threads. It lives on the stack of its caller, who leaves only when no worker is
// inside.
struct Job {
  Loop loop;
  int64_t chunks = loop.chunks;
  std::atomic<int64_t> begun{0};   // chunks
  int most_workers = kMaxThreads;  // beside the caller
  std::atomic<int> workers{0};     // inside; changed under the pool's mutex
  Clock::time_point start{};
  // Chunks above it are dropped, those below it are run: it does not depend on the threads.
  std::atomic<int64_t> failed_chunk{INT64_MAX};
  std::exception_ptr failure{};  // guarded by the pool's mutex
  Job* behind = nullptr;         // and so is this
  int64_t shares = 1;
  Share share[kMaxShares] = {};

  void split(int64_t threads) {
    shares = std::min({threads, chunks, kMaxShares});
    for (int64_t i = 0; i < shares; ++i) {
      auto first = [&](int64_t k) { return (k * chunks + shares - 1) / shares; };
      share[i].next.store(first(i), std::memory_order_relaxed);
      share[i].end = first(i + 1);
    }
  }
  bool has_work(int64_t taken) const {
    return begun.load(std::memory_order_relaxed) + taken < chunks;
  }
  // A chunk nobody has begun, of the thread's own share if there is one left; -1: all are begun.
  int64_t take(int64_t thread) {
    if (begun.fetch_add(1, std::memory_order_relaxed) >= chunks) return -1;
    for (int64_t i = thread % shares;; i = (i + 1) % shares) {
      if (share[i].next.load(std::memory_order_relaxed) >= share[i].end) continue;
      int64_t chunk = share[i].next.fetch_add(1, std::memory_order_relaxed);
      if (chunk < share[i].end) return chunk;
    }
  }
};

constexpr std::chrono::microseconds kPatience{50};

// Watches until done() or for `time`; to sleep and be woken takes as long as most chunks.
template <typename Done>
void watch(Clock::duration time, Done done) {
  auto end = Clock::now() + time;
  while (!done() && Clock::now() < end) {
#if defined(__x86_64__)
    for (int i = 0; i < 16; ++i) __builtin_ia32_pause();
#endif
  }
}

class Pool {
 public:
  explicit Pool(int threads) : threads_(threads) {}
  int threads() const { return threads_.load(std::memory_order_relaxed); }
  void set_threads(int n);
  void run(Job& job);
  bool awake() const { return watching_.load(std::memory_order_relaxed) > 0; }

  // Around fork: the child's copy must have a free lock.
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  void start_workers(int wanted);
  static void* worker_main(void* argument);
  void work(int index);
  bool wait_for_work(std::unique_lock<std::mutex>& lock, Clock::duration time);
  void take_chunks(Job& job, int64_t thread);
  void record(Job& job, int64_t chunk);
  void remove(Job& job);
  Job* find_work(const Job* taken = nullptr) const;

  std::mutex mutex_;
  std::condition_variable work_arrived_;
  std::condition_variable worker_left_;
  std::atomic<int> threads_;
  std::vector<bool> alive_;  // worker i exists
  int sleeping_ = 0;
  std::atomic<int> watching_{0};       // workers that are awake without work
  std::atomic<uint64_t> arrivals_{0};  // jobs so far; changed under the mutex
  Job* front_ = nullptr;               // jobs in order of arrival
};

thread_local bool inside_loop = false;
thread_local int most_threads = 0;  // see ThreadLimit; 0: no limit

std::atomic<Pool*> the_pool{nullptr};

int positive(const char* name) {
  const char* text = std::getenv(name);
  if (!text) return 0;
  char* end;
  long value = std::strtol(text, &end, 10);
  bool good = end != text && (*end == '\0' || *end == ',');  // OpenMP allows a list: "4,2"
  return good && value >= 1 ? static_cast<int>(std::min<long>(value, kMaxThreads)) : 0;
}

// Processors that a control group pays for: a container with 2 of 64 must not start 64 threads.
int quota() {
  std::FILE* file = std::fopen("/sys/fs/cgroup/cpu.max", "re");
  if (!file) return 0;
  long long share = 0, period = 0;
  int read = std::fscanf(file, "%lld %lld", &share, &period);  // "max 100000" reads nothing
  std::fclose(file);
  if (read != 2 || share <= 0 || period <= 0) return 0;
  return static_cast<int>(std::clamp<long long>((share + period - 1) / period, 1, kMaxThreads));
}

int start_threads() {
  if (auto n = environment_number("PROA_NUM_THREADS", 1, kMaxThreads)) return static_cast<int>(*n);
  if (int n = positive("OMP_NUM_THREADS")) return n;
  cpu_set_t set;
  int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  if (int paid = quota()) n = std::min(n, paid);
  return std::clamp(n, 1, kMaxThreads);
}

// A child has none of the workers, and the state of condition variables that they waited on is
// lost: it leaves its copy of the pool alone and starts with a new one.
void before_fork() { the_pool.load()->lock(); }
void after_fork_parent() { the_pool.load()->unlock(); }
void after_fork_child() {
  Pool* old = the_pool.load();
  old->unlock();
  the_pool = new Pool(old->threads());
}

Pool& pool() {
  static const bool made = [] {
    the_pool = new Pool(start_threads());
    pthread_atfork(before_fork, after_fork_parent, after_fork_child);
    return true;
  }();
  (void)made;
  return *the_pool.load(std::memory_order_acquire);
}

void Pool::set_threads(int n) {
  std::lock_guard lock(mutex_);
  threads_ = n;
  work_arrived_.notify_all();  // workers above the number leave
}

struct WorkerStart {
  Pool* pool;
  int index;
};

void* Pool::worker_main(void* argument) {
  auto* start = static_cast<WorkerStart*>(argument);
  Pool* pool = start->pool;
  int index = start->index;
  delete start;
  pool->work(index);
  return nullptr;
}

// While it lives, threads started by the caller leave Ctrl-C and the like to the user's threads;
// faults and profilers still reach them.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t set;
    sigfillset(&set);
    for (int kept : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF}) {
      sigdelset(&set, kept);
    }
    pthread_sigmask(SIG_BLOCK, &set, &saved_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &saved_, nullptr); }

 private:
  sigset_t saved_;
};

// The caller holds the lock. Threads are detached: they sleep until the process ends.
void Pool::start_workers(int wanted) {
  alive_.resize(std::max(alive_.size(), static_cast<size_t>(wanted)));
  for (int i = 0; i < wanted; ++i) {
    if (alive_[static_cast<size_t>(i)]) continue;
    auto* start = new WorkerStart{this, i};
    pthread_t thread;
    int error = [&] {
      SignalsBlocked blocked;
      return pthread_create(&thread, nullptr, worker_main, start);
    }();
    if (error != 0) {
      delete start;
      throw UserError(ErrorKind::state, str("cannot start thread ", i + 2, " of ", wanted + 1, ": ",
                                            std::generic_category().message(error),
                                            "; set_num_threads takes a smaller number"));
    }
    pthread_detach(thread);
    pthread_setname_np(thread, str("proa-", i + 1).c_str());
    alive_[static_cast<size_t>(i)] = true;
  }
}

// For one more worker, who finds a chunk less of the job that was `taken` just now.
Job* Pool::find_work(const Job* taken) const {
  for (Job* job = front_; job; job = job->behind) {
    if (job->has_work(job == taken ? 1 : 0) && job->workers < job->most_workers) return job;
  }
  return nullptr;
}

// Watches for up to `time` before it sleeps: to be woken costs a thread, and who wakes it, as much
// as small loops take, and one loop often comes right behind another. Whether it slept.
bool Pool::wait_for_work(std::unique_lock<std::mutex>& lock, Clock::duration time) {
  if (time.count() > 0) {
    uint64_t seen = arrivals_.load(std::memory_order_relaxed);
    watching_.fetch_add(1, std::memory_order_relaxed);
    lock.unlock();
    watch(time, [&] { return arrivals_.load(std::memory_order_relaxed) != seen; });
    lock.lock();
    watching_.fetch_sub(1, std::memory_order_relaxed);
    if (arrivals_.load(std::memory_order_relaxed) != seen) return false;
  }
  ++sleeping_;
  work_arrived_.wait(lock);
  --sleeping_;
  return true;
}

void Pool::work(int index) {
  inside_loop = true;
  Clock::duration patience{0};  // as long as the last loop took
  std::unique_lock lock(mutex_);
  while (index < threads_.load(std::memory_order_relaxed) - 1) {
    Job* job = find_work();
    if (!job) {
      // Woken too late for a loop: it was shorter than a wake-up, as the next ones may be.
      if (wait_for_work(lock, patience)) patience = kPatience;
      continue;
    }
    ++job->workers;
    // Each woken worker wakes the next: the caller pays for one only. And for none where it saw one
    // awake, whom another caller may have seen too.
    if (sleeping_ > 0 && find_work(job) != nullptr) work_arrived_.notify_one();
    Clock::time_point start = job->start;
    lock.unlock();
    take_chunks(*job, index + 1);
    patience = std::min<Clock::duration>(Clock::now() - start, kPatience);
    lock.lock();
    if (--job->workers == 0) worker_left_.notify_all();
  }
  alive_[static_cast<size_t>(index)] = false;
  if (sleeping_ > 0 && find_work() != nullptr) work_arrived_.notify_one();  // it was seen awake
}

// Thread 0 is the caller, and asks whether the user wants to end the loop, all of it.
void Pool::take_chunks(Job& job, int64_t thread) {
  numeric::FloatEnvironment environment;
  for (int64_t chunk; (chunk = job.take(thread)) >= 0;) {
    if (chunk > job.failed_chunk.load(std::memory_order_relaxed)) continue;
    bool ended = thread == 0 && interrupted();
    try {
      if (ended) throw_interrupted();
      job.loop.run(chunk);
    } catch (...) { record(job, ended ? -1 : chunk); }
  }
}

void Pool::record(Job& job, int64_t chunk) {
  std::lock_guard lock(mutex_);
  if (chunk >= job.failed_chunk.load(std::memory_order_relaxed)) return;
  job.failed_chunk.store(chunk, std::memory_order_relaxed);
  job.failure = std::current_exception();
}

void Pool::remove(Job& job) {
  Job** at = &front_;
  while (*at != &job) at = &(*at)->behind;
  *at = job.behind;
}

void Pool::run(Job& job) {
  bool asleep = false;
  job.start = Clock::now();
  job.split(std::min<int64_t>(threads(), job.most_workers + int64_t{1}));
  {
    std::lock_guard lock(mutex_);
    int64_t wanted = std::min<int64_t>({threads() - 1, job.chunks - 1, job.most_workers});
    start_workers(static_cast<int>(wanted));
    Job** at = &front_;
    while (*at) at = &(*at)->behind;
    *at = &job;
    arrivals_.fetch_add(1, std::memory_order_relaxed);
    asleep = sleeping_ > 0 && watching_.load(std::memory_order_relaxed) < wanted;
  }
  if (asleep) work_arrived_.notify_one();
  inside_loop = true;
  take_chunks(job, 0);
  inside_loop = false;
  if (the_pool.load(std::memory_order_relaxed) != this) {
    throw UserError(ErrorKind::state,
                    "a body of parallel_for forked: the child cannot finish the loop");
  }
  watch(kPatience, [&] { return job.workers.load(std::memory_order_relaxed) == 0; });
  std::unique_lock lock(mutex_);
  worker_left_.wait(lock, [&] { return job.workers == 0; });
  remove(job);
}

// Keeps the rule of chunks, in the calling thread.
void run_inline(const Loop& loop) {
  numeric::FloatEnvironment environment;
  for (int64_t chunk = 0; chunk < loop.chunks; ++chunk) {
    if (chunk != 0 && !inside_loop && interrupted()) throw_interrupted();
    loop.run(chunk);
  }
}

}  // namespace

void parallel_for(int64_t count, int64_t grain, FunctionRef<void(int64_t, int64_t)> body) {
  PROA_CHECK(grain >= 1, "grain ", grain);
  if (count <= 0) return;
  int64_t length = chunk_length(count, grain);
  Loop loop{.body = body, .count = count, .length = length, .chunks = (count - 1) / length + 1};
  if (loop.chunks == 1 || inside_loop || most_threads == 1 || pool().threads() == 1)
    return run_inline(loop);
  Job job{.loop = loop};
  if (most_threads > 0) job.most_workers = most_threads - 1;
  pool().run(job);
  if (job.failure) std::rethrow_exception(job.failure);
}

bool worth_waking() {
  thread_local Clock::time_point asked{};
  if (inside_loop || most_threads == 1 || pool().threads() == 1) return false;
  Clock::time_point before = std::exchange(asked, Clock::now());
  return pool().awake() || asked - before < kPatience;
}

int num_threads() { return pool().threads(); }

void set_num_threads(int n) {
  if (n < 1 || n > kMaxThreads) {
    throw UserError(ErrorKind::value, "set_num_threads", "n",
                    str("expected 1..", kMaxThreads, ", got ", n));
  }
  pool().set_threads(n);
}

ThreadLimit::ThreadLimit(int n) : before_(most_threads) {
  if (n < 0 || n > kMaxThreads) {
    throw UserError(ErrorKind::value, "ThreadLimit", "n",
                    str("expected 0..", kMaxThreads, ", got ", n));
  }
  if (n > 0) most_threads = n;
}

ThreadLimit::~ThreadLimit() { most_threads = before_; }

void set_interrupt_check(InterruptCheck check) { interrupt_check = check; }

HoldInterrupts::HoldInterrupts() { ++interrupts_held; }
HoldInterrupts::~HoldInterrupts() { --interrupts_held; }

void throw_if_interrupted() {
  if (interrupted()) throw_interrupted();
}

}  // namespace proa
