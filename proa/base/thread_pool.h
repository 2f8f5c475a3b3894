// Loops over many threads: one pool a process, asleep when there is no work.
// Why our own: work must be cut by a rule that ignores the thread count, so that results do not
// depend on it; and idle threads must not spin, since the data loader and the user's code run
// beside. A worker stays awake behind a loop for as long as that took, 50 us at most; for 50 us too
// where it was woken too late for one.
#pragma once

#include <cstdint>

#include "proa/base/function_ref.h"

namespace proa {

// The length of every chunk but the last: a multiple of `grain`, and such that there are at most
// kMaxChunks. A function of count and grain alone.
inline constexpr int64_t kMaxChunks = 256;
constexpr int64_t chunk_length(int64_t count, int64_t grain) {
  int64_t grains = (count - 1) / grain + 1;  // count > 0
  return grain * ((grains - 1) / kMaxChunks + 1);
}

// Calls body(begin, end) once for each chunk of [0, count), in no order, and returns when all are
// done. The calling thread takes part. grain >= 1 is the least work worth handing out.
//
// A call from inside a body runs its chunks in the calling thread. If bodies throw, the exception
// of the lowest chunk is rethrown, chunks not yet begun are dropped, and begun ones are waited for.
// Bodies run in the default floating-point environment (round to nearest, no flush to zero).
void parallel_for(int64_t count, int64_t grain, FunctionRef<void(int64_t begin, int64_t end)> body);

// Whether a loop that is too small to pay for waking a worker may be handed out all the same: one
// is awake already, or the calling thread asked this shortly before, so that more is likely to
// come.
bool worth_waking();

// Threads that take part in a loop, the calling one included. At first: PROA_NUM_THREADS, else
// OMP_NUM_THREADS, else the processors that this process may use.
int num_threads();
void set_num_threads(int n);  // UserError(value) below 1 or above kMaxThreads
inline constexpr int kMaxThreads = 1024;

// While it lives, loops of the calling thread take at most `n` threads, it included: a server's
// clones share the processors instead of each asking for all of them. Results do not depend on it.
class ThreadLimit {
 public:
  explicit ThreadLimit(int n);  // 0: no limit of its own
  ~ThreadLimit();
  ThreadLimit(const ThreadLimit&) = delete;

 private:
  int before_;
};

// A question that parallel_for asks between chunks, in the calling thread only: true ends the loop
// with UserError(interrupted). It must be cheap and must not throw. Null asks nothing.
using InterruptCheck = bool (*)();
void set_interrupt_check(InterruptCheck check);

// For long loops that are not parallel_for: throws UserError(interrupted) if the check says so.
void throw_if_interrupted();

}  // namespace proa
