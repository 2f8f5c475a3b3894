#include "proa/tier/workshop.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <new>
#include <utility>

namespace proa::tier {

namespace {

// Its thread is started with the first job.
class Workshop {
 public:
  void do_later(std::shared_ptr<Job> job) {
    std::unique_lock lock(mutex_);
    if (stopped_) {
      lock.unlock();
      return job->give_up();
    }
    jobs_.push_back(std::move(job));
    if (!running_) start();
    wake_.notify_one();
  }

  void settle(bool stop) {
    std::unique_lock lock(mutex_);
    std::deque<std::shared_ptr<Job>> left;
    if (stop) {
      stopped_ = true;
      left = std::exchange(jobs_, {});
    }
    idle_.wait(lock, [&] { return !busy_ && (jobs_.empty() || !running_); });
    lock.unlock();
    for (const auto& job : left) job->give_up();
  }

  int64_t waiting() {
    std::lock_guard lock(mutex_);
    auto makes = [](const auto& job) { return job->makes_program(); };
    return std::ranges::count_if(jobs_, makes) + (makes_program_ ? 1 : 0);
  }

  // A fork waits until no compiler is at work; the child has no worker until it asks for one.
  void before_fork() {
    std::unique_lock lock(mutex_);
    forking_ = true;
    idle_.wait(lock, [&] { return !busy_; });
    lock.release();
    shared_mutex().lock();
  }
  void after_fork(bool child) {
    shared_mutex().unlock();
    if (child) {
      // Who waited here is gone, and would be woken in the place of others.
      new (&wake_) std::condition_variable;
      new (&idle_) std::condition_variable;
      running_ = false;
      jobs_.clear();
    }
    forking_ = false;
    mutex_.unlock();
    wake_.notify_all();
  }

 private:
  void start() {
    sigset_t all, before;
    sigfillset(&all);
    for (int kept : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) sigdelset(&all, kept);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 8 << 20);  // what clang is used to
    pthread_t thread;
    int error = pthread_create(
        &thread, &attributes,
        [](void* self) -> void* {
          static_cast<Workshop*>(self)->work();
          return nullptr;
        },
        this);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (error != 0) return;  // programs stay on what they have
    pthread_setname_np(thread, "proa-compile");
    pthread_detach(thread);
    running_ = true;
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return !jobs_.empty() && !forking_; });
      std::shared_ptr<Job> job = std::move(jobs_.front());
      jobs_.pop_front();
      busy_ = true;
      makes_program_ = job->makes_program();
      lock.unlock();
      job->work();
      job.reset();
      lock.lock();
      busy_ = makes_program_ = false;
      idle_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::deque<std::shared_ptr<Job>> jobs_;
  bool running_ = false, busy_ = false, stopped_ = false, forking_ = false;
  bool makes_program_ = false;
};

Workshop& workshop() {
  static Workshop* made = [] {
    auto* shop = new Workshop;
    pthread_atfork([] { workshop().before_fork(); }, [] { workshop().after_fork(false); },
                   [] { workshop().after_fork(true); });
    std::atexit([] { settle(true); });
    return shop;
  }();
  return *made;
}

}  // namespace

void do_later(std::shared_ptr<Job> job) { workshop().do_later(std::move(job)); }
int64_t programs_waiting() { return workshop().waiting(); }
void settle(bool stop) { workshop().settle(stop); }

std::mutex& shared_mutex() {
  static auto* mutex = new std::mutex;
  return *mutex;
}

}  // namespace proa::tier
