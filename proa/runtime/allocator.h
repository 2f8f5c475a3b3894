// What every device's allocator offers: buffers, figures, a limit.
// Why an interface: planner, eager and tests ask any device the same questions; the null device
// answers too.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "proa/base/dtype.h"
#include "proa/runtime/buffer.h"

namespace proa::runtime {

// Bytes count whole blocks: the size class that a request was rounded up to, and its header.
struct MemoryStats {
  int64_t in_use = 0;       // in blocks that somebody holds
  int64_t peak = 0;         // highest in_use since the start or reset_peak
  int64_t cached = 0;       // held from the system for later requests
  int64_t held_peak = 0;    // highest in_use + cached since the start or reset_peak
  int64_t allocations = 0;  // requests served since the start
};

class Allocator {
 public:
  explicit Allocator(Device device) : device_(device) {}
  virtual ~Allocator() = default;
  Allocator(const Allocator&) = delete;
  Allocator& operator=(const Allocator&) = delete;

  Device device() const { return device_; }

  // Uninitialised memory, aligned to 64 bytes; 0 bytes give a buffer too.
  // Throws UserError(memory) with the figures when the limit or the system refuses.
  virtual BufferRef allocate(int64_t bytes) = 0;

  virtual MemoryStats stats() const = 0;
  virtual void reset_peak() = 0;
  virtual void empty_cache() = 0;                            // gives cached blocks back
  virtual void set_limit(std::optional<int64_t> bytes) = 0;  // on in_use + cached

 protected:
  friend class Buffer;
  virtual void reclaim(Buffer* buffer) noexcept = 0;  // the last reference is gone

  // Doors to Buffer's private parts for the allocators below this class.
  static Buffer* make_header(void* place);  // place = null: from the heap
  static void free_header(Buffer* buffer);  // of a header from the heap
  void fill(Buffer* buffer, void* data, uint16_t size_class) const;
  static void hand_out(Buffer* buffer, int64_t bytes) {
    buffer->references_.store(1, std::memory_order_relaxed);
    buffer->bytes_ = bytes;
    buffer->outside_.store(0, std::memory_order_relaxed);
    buffer->identity_.store(0, std::memory_order_relaxed);
  }
  static uint16_t size_class(const Buffer* buffer) { return buffer->size_class_; }
  static Buffer* link(const Buffer* buffer) { return static_cast<Buffer*>(buffer->context_); }
  static void set_link(Buffer* buffer, Buffer* next) { buffer->context_ = next; }

  [[noreturn]] void fail(int64_t bytes, std::string_view reason) const;

 private:
  Device device_;
};

// Bytes of a dense tensor, for allocate(); UserError(memory) if the product leaves int64.
int64_t tensor_bytes(std::span<const int64_t> dims, DType dtype);

std::string memory_text(int64_t bytes);  // "1.50 GiB"

}  // namespace proa::runtime
