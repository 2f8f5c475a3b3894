// SmallVector<T, N>: a vector of trivially copyable elements whose first N live inside the object.
// Why: shapes, strides and term lists are almost always short, and one heap block each is what
// makes a dispatch path slow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <new>
#include <span>
#include <type_traits>

namespace proa {

template <class T, uint32_t N>
class SmallVector {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
  static_assert(alignof(T) <= alignof(std::max_align_t) && N > 0);

 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  SmallVector() = default;
  explicit SmallVector(size_t count, T value = T()) { resize(count, value); }
  SmallVector(std::initializer_list<T> values) { append({values.begin(), values.size()}); }
  SmallVector(std::span<const T> values) { append(values); }
  template <std::input_iterator It>
  SmallVector(It first, It last) {
    for (; first != last; ++first) push_back(*first);
  }
  SmallVector(const SmallVector& other) { append(other); }
  SmallVector(SmallVector&& other) noexcept { steal(other); }
  SmallVector& operator=(const SmallVector& other) {
    if (this != &other) {
      clear();
      append(other);
    }
    return *this;
  }
  SmallVector& operator=(SmallVector&& other) noexcept {
    if (this != &other) {
      release();
      steal(other);
    }
    return *this;
  }
  ~SmallVector() { release(); }

  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T& front() { return data_[0]; }
  const T& front() const { return data_[0]; }
  T& back() { return data_[size_ - 1]; }
  const T& back() const { return data_[size_ - 1]; }
  operator std::span<const T>() const { return {data_, size_}; }
  operator std::span<T>() { return {data_, size_}; }

  void reserve(size_t capacity) {
    if (capacity > capacity_) grow(capacity);
  }
  void push_back(T value) {  // by value: `value` may be an element of this vector
    if (size_ == capacity_) grow(size_ + 1);
    new (data_ + size_++) T(value);
  }
  void pop_back() { --size_; }
  void clear() { size_ = 0; }
  void resize(size_t count, T value = T()) {
    reserve(count);
    while (size_ < count) new (data_ + size_++) T(value);
    size_ = static_cast<uint32_t>(count);
  }
  void append(std::span<const T> values) {  // must not be a part of this vector
    reserve(size_ + values.size());
    if (!values.empty()) {
      std::memcpy(static_cast<void*>(data_ + size_), values.data(), values.size() * sizeof(T));
    }
    size_ += static_cast<uint32_t>(values.size());
  }
  void insert(size_t at, T value) {
    push_back(value);
    std::memmove(static_cast<void*>(data_ + at + 1), data_ + at, (size_ - 1 - at) * sizeof(T));
    data_[at] = value;
  }
  void erase(size_t at) {
    std::memmove(static_cast<void*>(data_ + at), data_ + at + 1, (size_ - 1 - at) * sizeof(T));
    --size_;
  }

  friend bool operator==(const SmallVector& a, const SmallVector& b) {
    if (a.size_ != b.size_) return false;
    for (uint32_t i = 0; i < a.size_; ++i) {
      if (!(a.data_[i] == b.data_[i])) return false;
    }
    return true;
  }

 private:
  T* inline_data() { return reinterpret_cast<T*>(inline_); }
  void grow(size_t least) {
    size_t capacity = capacity_ * size_t{2} > least ? capacity_ * size_t{2} : least;
    if (capacity > UINT32_MAX) throw std::bad_alloc();
    void* fresh = std::malloc(capacity * sizeof(T));
    if (fresh == nullptr) throw std::bad_alloc();
    std::memcpy(fresh, static_cast<const void*>(data_), size_ * sizeof(T));
    release();
    data_ = static_cast<T*>(fresh);
    capacity_ = static_cast<uint32_t>(capacity);
  }
  void release() {
    if (data_ != inline_data()) std::free(data_);
  }
  void steal(SmallVector& other) {
    if (other.data_ == other.inline_data()) {
      std::memcpy(inline_, other.inline_, other.size_ * sizeof(T));
      data_ = inline_data();
      capacity_ = N;
    } else {
      data_ = other.data_;
      capacity_ = other.capacity_;
      other.data_ = other.inline_data();
      other.capacity_ = N;
    }
    size_ = other.size_;
    other.size_ = 0;
  }

  T* data_ = inline_data();
  uint32_t size_ = 0;
  uint32_t capacity_ = N;
  alignas(T) unsigned char inline_[N * sizeof(T)];
};

}  // namespace proa
