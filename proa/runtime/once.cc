#include "proa/runtime/once.h"

#include "proa/base/error.h"
#include "proa/program/once.h"

namespace proa::runtime {

namespace {

// What was kept of the slots becomes constants of the rest.
void take_kept(const program::Program& program, program::Once& once,
               program::KernelProvider& provider) {
  std::vector<int32_t> known;
  for (int32_t slot : once.slots) {
    const program::Constant* kept = provider.kept(program, slot);
    if (kept == nullptr) continue;
    program::Constant constant = once.form(slot);
    if (kept->size != constant.size) {
      throw UserError(ErrorKind::io, "packed weights", str("slot ", slot),
                      str("expected ", constant.size, " bytes, got ", kept->size));
    }
    constant.owner = kept->owner;
    constant.bytes = kept->bytes;
    once.rest->constants.push_back(std::move(constant));
    known.push_back(slot);
  }
  if (!known.empty()) once.leave_out(known);
}

}  // namespace

std::unique_ptr<Once> Once::take(std::shared_ptr<const program::Program>& program,
                                 const program::KernelTable& kernels, Device device,
                                 program::KernelProvider* provider, Origin origin) {
  if (device == kNull) return nullptr;
  auto once = program::split_once(*program);
  if (!once) return nullptr;
  if (provider != nullptr) take_kept(*program, *once, *provider);
  program = once->rest;
  if (once->first == nullptr) return nullptr;
  std::unique_ptr<Once> made(new Once);
  made->slots_ = once->slots;
  made->first_ = std::make_unique<Executable>(once->first, kernels, device, provider, origin);
  return made;
}

void Once::compute(std::span<Array> values) {
  std::lock_guard lock(mutex_);
  if (done_.load(std::memory_order_relaxed)) return;
  std::vector<Array> made(slots_.size());
  first_->run({}, {}, made);
  for (size_t i = 0; i < made.size(); ++i) values[i] = std::move(made[i]);
  first_.reset();
  done_.store(true, std::memory_order_release);
}

}  // namespace proa::runtime
