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

void Buffer::destroy() noexcept {
  if (allocator_) {
    allocator_->reclaim(this);
    return;
  }
  if (release_) release_(context_);
  delete this;
}

}  // namespace proa::runtime
