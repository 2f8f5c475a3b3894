// Workshop: one thread for what need not be done at once: compiling what may turn out to be faster.
// Why one place: a fork and the end of the process must find it idle.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

namespace proa::tier {

class Job {
 public:
  virtual ~Job() = default;
  virtual void work() = 0;   // on the workshop's thread; throws nothing
  virtual void give_up() {}  // in its place, where the process ends
  virtual bool makes_program() const { return false; }
};

void do_later(std::shared_ptr<Job> job);
int64_t programs_waiting();  // or being made

// Waits until nothing is done in the background; with `stop`, nothing will be any more.
void settle(bool stop);

// Of what jobs and callers share for a moment. It is free in the child of a fork.
std::mutex& shared_mutex();

}  // namespace proa::tier
