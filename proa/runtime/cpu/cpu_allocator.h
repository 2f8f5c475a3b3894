// The host's caching allocator.
// Why cached: an eager step asks for the same sizes again and again; a fresh page costs more to
// fault in than most operators cost to run.
#pragma once

#include "proa/runtime/allocator.h"

namespace proa::runtime {

// One a process, never destroyed: buffers may outlive every static object.
//
// Requests round up to a size class (at most 1/8 waste above 1 KiB). Blocks up to 32 KiB come from
// a free list of the calling thread, larger ones from a shared list. What is held from the system
// never exceeds the peak of use by more than 64 MiB: beyond that the largest cached blocks go back
// first. `peak` may miss up to 16 KiB a thread.
Allocator& cpu_allocator();

// Counts, while it lives, what the calling thread takes from the host's allocator and gives back,
// in whole blocks; beyond the limit an allocation is refused as if the memory were full. Why by
// thread: a run allocates in the thread that calls it, so each run has figures and a limit of its
// own. One that is made inside another takes its place until it ends.
class MemoryMeter {
 public:
  explicit MemoryMeter(int64_t limit = INT64_MAX);
  ~MemoryMeter();
  MemoryMeter(const MemoryMeter&) = delete;

  int64_t in_use() const { return in_use_; }
  int64_t peak() const { return peak_; }
  int64_t limit() const { return limit_; }
  bool take(int64_t bytes) {  // false: it would be too much
    if (bytes > limit_ - in_use_) return false;
    in_use_ += bytes;
    if (in_use_ > peak_) peak_ = in_use_;
    return true;
  }
  void give(int64_t bytes) { in_use_ -= bytes; }

 private:
  MemoryMeter* before_;
  int64_t limit_, in_use_ = 0, peak_ = 0;
};

}  // namespace proa::runtime
