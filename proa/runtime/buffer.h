// Memory of one device, counted: a Buffer is the block, a BufferRef one holder of it.
// Why intrusive: header and data come from the allocator in one piece, so that a tensor of eight
// floats costs one pop from a free list; and foreign memory (NumPy, DLPack, mmap) wears the same
// coat.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "proa/base/device.h"

namespace proa::runtime {

class Allocator;
class BufferRef;

class alignas(64) Buffer {
 public:
  using Release = void (*)(void* context);

  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  // Wraps memory of another owner. release(context) is called once, from whichever thread drops the
  // last reference; it must not throw. If wrap itself throws, release has not been called.
  static BufferRef wrap(void* data, int64_t bytes, Device device, Release release, void* context,
                        bool writable = true);

  void* data() const { return data_; }
  int64_t bytes() const { return bytes_; }  // as asked for; the block may be larger
  Device device() const { return device_; }
  bool writable() const { return writable_; }  // false: a read-only array or file map
  bool is_foreign() const { return allocator_ == nullptr; }
  // Grows with every in-place write, so that whoever saved the memory can tell.
  uint32_t version() const { return version_.load(std::memory_order_relaxed); }
  void bump_version() { version_.fetch_add(1, std::memory_order_relaxed); }
  // A number that stands for what is in the memory, together with version(): no other buffer of
  // this process has it or had it, and it is another one once outsiders could have written. 0 where
  // nothing can stand for that: others can write now, or the memory is theirs.
  uint32_t identity() const;
  // An address was given away: from now on somebody may write at any time, which no version tells.
  void give_away() const { begin_outside(); }
  bool is_unique() const { return references_.load(std::memory_order_acquire) == 1; }

 private:
  friend class BufferRef;
  friend class OutsideHold;
  friend class Allocator;

  Buffer() = default;
  ~Buffer() = default;
  void begin_outside() const;
  void end_outside() const;
  void destroy() noexcept;

  std::atomic<uint32_t> references_{1};
  uint16_t size_class_ = 0;  // belongs to the allocator
  bool writable_ = true;
  mutable std::atomic<uint8_t> outside_{0};  // holders; the greatest number is for ever
  Device device_;
  std::atomic<uint32_t> version_{0};
  mutable std::atomic<uint32_t> identity_{0};  // 0: not asked for
  int64_t bytes_ = 0;
  void* data_ = nullptr;
  Allocator* allocator_ = nullptr;  // null for foreign memory
  Release release_ = nullptr;
  void* context_ = nullptr;  // release's argument; an allocator's link while the block is free
};

static_assert(sizeof(Buffer) == 64,
              "the header is one cache line, so that data after it is aligned");

class BufferRef {
 public:
  BufferRef() = default;
  BufferRef(std::nullptr_t) {}
  BufferRef(const BufferRef& other) : buffer_(other.buffer_) {
    if (buffer_) buffer_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  BufferRef(BufferRef&& other) noexcept : buffer_(std::exchange(other.buffer_, nullptr)) {}
  BufferRef& operator=(BufferRef other) noexcept {
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~BufferRef() { drop(); }

  Buffer* get() const { return buffer_; }
  Buffer* operator->() const { return buffer_; }
  Buffer& operator*() const { return *buffer_; }
  explicit operator bool() const { return buffer_ != nullptr; }
  friend bool operator==(const BufferRef& a, const BufferRef& b) { return a.buffer_ == b.buffer_; }

  void reset() { drop(), buffer_ = nullptr; }

  // For holders written in C (a DLPack capsule, a Python object): adopt takes over a reference that
  // detach gave away.
  static BufferRef adopt(Buffer* buffer) {
    BufferRef ref;
    ref.buffer_ = buffer;
    return ref;
  }
  Buffer* detach() { return std::exchange(buffer_, nullptr); }

 private:
  void drop() noexcept {
    if (!buffer_) return;
    // A sole holder needs no locked instruction: nobody else can reach the count.
    if (buffer_->references_.load(std::memory_order_acquire) == 1 ||
        buffer_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      buffer_->destroy();
    }
  }
  Buffer* buffer_ = nullptr;
};

// Memory in the hands of NumPy, DLPack and the like, who may write as long as this lives.
class OutsideHold {
 public:
  explicit OutsideHold(BufferRef buffer) : buffer_(std::move(buffer)) { buffer_->begin_outside(); }
  OutsideHold(const OutsideHold&) = delete;
  OutsideHold& operator=(const OutsideHold&) = delete;
  ~OutsideHold() { buffer_->end_outside(); }

 private:
  BufferRef buffer_;
};

}  // namespace proa::runtime
