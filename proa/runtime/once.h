// What a program computes from constants alone: when it is first run, not when it is opened.
// Why apart: the executable that remains knows such results as constants; who opens a file that
// nobody runs yet, or takes them from the file, does not wait for them.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "proa/runtime/executor.h"

namespace proa::runtime {

class Once {
 public:
  // Takes out of the program what program::split_once finds; null where that is nothing. What the
  // provider has kept (KernelProvider::kept) becomes a constant of the program at once: a
  // UserError(io) where it has not the size that the program gives it. Kernels are found here.
  static std::unique_ptr<Once> take(std::shared_ptr<const program::Program>& program,
                                    const program::KernelTable& kernels, Device device,
                                    program::KernelProvider* provider, Origin origin);

  // Of what is computed here.
  std::span<const int32_t> slots() const { return slots_; }

  // Computes the values, beside slots(), unless that was done before. Of many threads the first one
  // does, and the others wait; where it fails, the next one tries again.
  void prepare(std::span<Array> values) {
    if (!done_.load(std::memory_order_acquire)) [[unlikely]]
      compute(values);
  }

 private:
  Once() = default;
  void compute(std::span<Array> values);

  std::vector<int32_t> slots_;
  std::unique_ptr<const Executable> first_;  // until it has run
  std::mutex mutex_;
  std::atomic<bool> done_{false};
};

}  // namespace proa::runtime
