#include "proa/runtime/held.h"

#include <atomic>
#include <utility>

#include "proa/base/error.h"
#include "proa/program/once.h"

namespace proa::runtime {

namespace {

std::atomic<int64_t> count{0};

}  // namespace

int64_t Held::made() { return count.load(std::memory_order_relaxed); }

std::unique_ptr<Held> Held::of(const program::Program& program, const program::KernelTable& kernels,
                               program::KernelProvider* provider) {
  auto parts = program::split_held(program);
  if (!parts) return nullptr;
  std::unique_ptr<Held> made(new Held);
  made->inputs_ = program.terms.held;
  made->first_ = std::make_unique<Executable>(parts->first, kernels, kCpu, provider);
  made->rest_ = std::make_unique<Executable>(parts->rest, kernels, kCpu, provider);
  return made;
}

std::shared_ptr<const Held::Values> Held::values(std::span<const Array> inputs) {
  if (!there_is_room_) return nullptr;
  std::vector<Contents> now;
  bool known = true;
  for (int32_t input : inputs_) {
    const Array& array = inputs[static_cast<size_t>(input)];
    known &= array.buffer && array.buffer->identity() != 0;
    if (!known) break;
    now.push_back({array.buffer->identity(), array.buffer->version(), array.data, array.strides});
  }
  {
    std::lock_guard lock(mutex_);
    if (!known || now != seen_) {
      seen_ = known ? now : std::vector<Contents>();
      values_.reset();
      return nullptr;
    }
    if (values_) return values_;
  }
  // Without the lock: of two threads that come here at once both compute the same.
  std::vector<Array> held;
  for (int32_t input : inputs_) held.push_back(inputs[static_cast<size_t>(input)]);
  Values made(first_->program().outputs.size());
  try {
    first_->run(held, {}, made);
  } catch (const UserError& error) {
    if (error.kind() != ErrorKind::memory) throw;
    there_is_room_ = false;  // the program as a whole needs no second copy of the weights
    return nullptr;
  }
  count.fetch_add(1, std::memory_order_relaxed);
  auto values = std::make_shared<const Values>(std::move(made));
  std::lock_guard lock(mutex_);
  if (now == seen_) values_ = values;
  return values;
}

void Held::run(const Executable& original, std::span<const Array> inputs,
               std::span<const int64_t> symbols, std::span<Array> outputs,
               std::span<const int32_t> kept) {
  std::shared_ptr<const Values> found = values(inputs);
  if (!found) return original.run_itself(inputs, symbols, outputs, kept);
  std::vector<Array> all(inputs.begin(), inputs.end());
  all.insert(all.end(), found->begin(), found->end());
  rest_->run(all, symbols, outputs, kept);
}

}  // namespace proa::runtime
