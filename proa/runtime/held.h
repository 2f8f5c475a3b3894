// Held: what follows from inputs that are mostly what they were at the call before, as the weights
// of a network are, kept from one call to the next: packed weights, casts of them. Why an
// understudy: the program runs as a whole wherever nothing is known about these inputs.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "proa/runtime/executor.h"

namespace proa::runtime {

class Held : public Understudy {
 public:
  // Of program::Terms::held. Null where nothing follows from these inputs and constants alone.
  static std::unique_ptr<Held> of(const program::Program& program,
                                  const program::KernelTable& kernels,
                                  program::KernelProvider* provider);
  static int64_t made();  // how often, in this process, something was made to be kept

  // What is kept is made at the second call in a row with the same memory, so that a call alone, or
  // a weight that is another one each time, costs nothing; it is dropped where memory is written,
  // replaced, or in the hands of others who may write it. Where there is no memory for it, nothing
  // is kept from then on.
  void run(const Executable& original, std::span<const Array> inputs,
           std::span<const int64_t> symbols, std::span<Array> outputs,
           std::span<const int32_t> kept) override;

 private:
  // What stands for the contents of one input.
  struct Contents {
    uint32_t identity = 0, version = 0;
    const void* data = nullptr;
    Extents strides;
    bool operator==(const Contents&) const = default;
  };
  using Values = std::vector<Array>;

  Held() = default;
  std::shared_ptr<const Values> values(std::span<const Array> inputs);

  std::vector<int32_t> inputs_;
  std::unique_ptr<const Executable> first_, rest_;
  std::atomic<bool> there_is_room_{true};
  std::mutex mutex_;
  std::vector<Contents> seen_;
  std::shared_ptr<const Values> values_;  // of what was seen; null: not yet made
};

}  // namespace proa::runtime
