#include "proa/runtime/buffer.h"

#include "proa/base/error.h"
#include "proa/runtime/allocator.h"

namespace proa::runtime {

BufferRef Buffer::wrap(void* data, int64_t bytes, Device device, Release release, void* context,
                       bool writable) {
  PROA_CHECK(bytes >= 0 && (data != nullptr || bytes == 0), bytes, " bytes at a null pointer");
  auto* buffer = new Buffer;
  buffer->writable_ = writable;
  buffer->device_ = device;
  buffer->bytes_ = bytes;
  buffer->data_ = data;
  buffer->release_ = release;
  buffer->context_ = context;
  return BufferRef::adopt(buffer);
}

uint32_t Buffer::identity() const {
  if (is_foreign() || outside_.load(std::memory_order_acquire) != 0) return 0;
  uint32_t found = identity_.load(std::memory_order_acquire);
  if (found != 0) return found;
  static std::atomic<uint32_t> given{0};
  uint32_t last = given.load(std::memory_order_relaxed);
  do {
    if (last == UINT32_MAX) return 0;  // none are left, and none is given twice
  } while (!given.compare_exchange_weak(last, last + 1));
  return identity_.compare_exchange_strong(found, last + 1) ? last + 1 : found;
}

void Buffer::begin_outside() const {
  uint8_t holders = outside_.load(std::memory_order_relaxed);
  while (holders != UINT8_MAX && !outside_.compare_exchange_weak(holders, holders + 1)) {}
}

void Buffer::end_outside() const {
  identity_.store(0, std::memory_order_release);
  uint8_t holders = outside_.load(std::memory_order_relaxed);
  while (holders != UINT8_MAX && !outside_.compare_exchange_weak(holders, holders - 1)) {}
}

void Buffer::destroy() noexcept {
  if (allocator_) {
    allocator_->reclaim(this);
    return;
  }
  if (release_) release_(context_);
  delete this;
}

}  // namespace proa::runtime
