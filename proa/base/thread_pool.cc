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

// One loop. It lives on the stack of its caller, who leaves only when no worker is inside.
struct Job {
  FunctionRef<void(int64_t, int64_t)> body;
  int64_t count, length, chunks;
  std::atomic<int64_t> next{0};
  int most_workers = kMaxThreads;  // beside the caller
  std::atomic<int> workers{0};     // inside; changed under the pool's mutex
  // Guarded by the pool's mutex:
  int64_t failed_chunk = INT64_MAX;
  std::exception_ptr failure{};
  Job* behind = nullptr;

  void run(int64_t chunk) const {
    int64_t begin = chunk * length;
    body(begin, count - begin < length ? count : begin + length);
  }
  bool has_work() const { return next.load(std::memory_order_relaxed) < chunks; }
  void drop_rest() { next.store(chunks, std::memory_order_relaxed); }
};

// Waits for workers to finish what they have begun: the caller has nothing else to do, and to sleep
// and be woken takes as long as most chunks. Bounded, since on a busy machine they may not be
// running.
void wait_briefly(const std::atomic<int>& workers) {
  constexpr std::chrono::microseconds kPatience{50};
  auto end = std::chrono::steady_clock::now() + kPatience;
  while (workers.load(std::memory_order_relaxed) != 0 && std::chrono::steady_clock::now() < end) {
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

  // Around fork: the child's copy must have a free lock.
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  void start_workers(int wanted);
  static void* worker_main(void* argument);
  void work(int index);
  void take_chunks(Job& job, bool is_caller);
  void record(Job& job, int64_t chunk);
  void remove(Job& job);
  Job* find_work() const;

  std::mutex mutex_;
  std::condition_variable work_arrived_;
  std::condition_variable worker_left_;
  std::atomic<int> threads_;
  std::vector<bool> alive_;  // worker i exists
  int sleeping_ = 0;
  Job* front_ = nullptr;  // jobs in order of arrival
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

Job* Pool::find_work() const {
  for (Job* job = front_; job; job = job->behind) {
    if (job->has_work() && job->workers < job->most_workers) return job;
  }
  return nullptr;
}

void Pool::work(int index) {
  inside_loop = true;
  std::unique_lock lock(mutex_);
  while (index < threads_.load(std::memory_order_relaxed) - 1) {
    Job* job = find_work();
    if (!job) {
      ++sleeping_;
      work_arrived_.wait(lock);
      --sleeping_;
      continue;
    }
    ++job->workers;
    // Each woken worker wakes the next: the caller pays for one only.
    if (sleeping_ > 0 && job->workers < job->most_workers &&
        job->next.load(std::memory_order_relaxed) + 1 < job->chunks) {
      work_arrived_.notify_one();
    }
    lock.unlock();
    take_chunks(*job, false);
    lock.lock();
    if (--job->workers == 0) worker_left_.notify_all();
  }
  alive_[static_cast<size_t>(index)] = false;
}

void Pool::take_chunks(Job& job, bool is_caller) {
  numeric::FloatEnvironment environment;
  for (;;) {
    int64_t chunk = job.next.fetch_add(1, std::memory_order_relaxed);
    if (chunk >= job.chunks) return;
    try {
      if (is_caller && interrupted()) throw_interrupted();
      job.run(chunk);
    } catch (...) { record(job, chunk); }
  }
}

// Chunks are begun in ascending order, so all below a failed one have begun and will report too:
// the lowest failure does not depend on the threads.
void Pool::record(Job& job, int64_t chunk) {
  std::lock_guard lock(mutex_);
  job.drop_rest();
  if (chunk < job.failed_chunk) {
    job.failed_chunk = chunk;
    job.failure = std::current_exception();
  }
}

void Pool::remove(Job& job) {
  Job** at = &front_;
  while (*at != &job) at = &(*at)->behind;
  *at = job.behind;
}

void Pool::run(Job& job) {
  bool asleep = false;
  {
    std::lock_guard lock(mutex_);
    int64_t wanted = std::min<int64_t>({threads() - 1, job.chunks - 1, job.most_workers});
    start_workers(static_cast<int>(wanted));
    Job** at = &front_;
    while (*at) at = &(*at)->behind;
    *at = &job;
    asleep = sleeping_ > 0;
  }
  if (asleep) work_arrived_.notify_one();
  inside_loop = true;
  take_chunks(job, true);
  inside_loop = false;
  if (the_pool.load(std::memory_order_relaxed) != this) {
    throw UserError(ErrorKind::state,
                    "a body of parallel_for forked: the child cannot finish the loop");
  }
  wait_briefly(job.workers);
  std::unique_lock lock(mutex_);
  worker_left_.wait(lock, [&] { return job.workers == 0; });
  remove(job);
}

// Keeps the rule of chunks, in the calling thread.
void run_inline(const Job& job) {
  numeric::FloatEnvironment environment;
  for (int64_t chunk = 0; chunk < job.chunks; ++chunk) {
    if (chunk != 0 && !inside_loop && interrupted()) throw_interrupted();
    job.run(chunk);
  }
}

}  // namespace

void parallel_for(int64_t count, int64_t grain, FunctionRef<void(int64_t, int64_t)> body) {
  PROA_CHECK(grain >= 1, "grain ", grain);
  if (count <= 0) return;
  int64_t length = chunk_length(count, grain);
  Job job{.body = body, .count = count, .length = length, .chunks = (count - 1) / length + 1};
  if (job.chunks == 1 || inside_loop || most_threads == 1 || pool().threads() == 1)
    return run_inline(job);
  if (most_threads > 0) job.most_workers = most_threads - 1;
  pool().run(job);
  if (job.failure) std::rethrow_exception(job.failure);
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
