#include "proa/kernels/reference/operand.h"

#include <cstring>

#include "proa/kernels/reference/move.h"

namespace proa::kernels::PROA_ISA {

Operand::Operand(const void* data, size_t element_size, std::span<const int64_t> dims,
                 std::span<const int64_t> strides)
    : data_(static_cast<const char*>(data)), size_(element_size) {
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 1) continue;
    size_t n = dims_.size();
    if (n > 0 && strides_[n - 1] == strides[i] * dims[i]) {
      dims_[n - 1] *= dims[i];
      strides_[n - 1] = strides[i];
    } else {
      dims_.push_back(dims[i]);
      strides_.push_back(strides[i]);
    }
  }
}

void Operand::put_in_order() {
  constexpr int64_t kSmall = 4096;
  if (dims_.size() < 2 || strides_[dims_.size() - 1] == 1 || strides_[dims_.size() - 1] == 0)
    return;
  int64_t count = 1;
  bool across = false;
  Extents dense(dims_.size());
  for (size_t i = dims_.size(); i-- > 0;) {
    dense[i] = count;
    count *= dims_[i];
    across = across || strides_[i] == 1;
  }
  if (!across || count < kSmall) return;
  memory_ = std::make_unique_for_overwrite<char[]>(static_cast<size_t>(count) * size_);
  move(dims_, size_, {const_cast<char*>(data_), strides_}, {memory_.get(), dense});
  data_ = memory_.get();
  dims_ = {count};
  strides_ = {1};
}

const char* Operand::at(int64_t index) const {
  int64_t offset = 0;
  for (size_t i = dims_.size(); i-- > 1;) {
    offset += index % dims_[i] * strides_[i];
    index /= dims_[i];
  }
  if (!dims_.empty()) offset += index * strides_[0];
  return data_ + offset * static_cast<int64_t>(size_);
}

namespace {

struct Word128 {
  uint64_t low, high;
};

template <class Word>
void gather_words(const char* data, const Extents& dims, const Extents& strides, int64_t begin,
                  int64_t count, void* buffer) {
  auto* to = static_cast<Word*>(buffer);
  auto* from = reinterpret_cast<const Word*>(data);
  size_t last = dims.size() - 1;
  Extents index(dims.size(), 0);
  int64_t rest = begin;
  for (size_t i = last; i > 0; --i) {
    index[i] = rest % dims[i];
    rest /= dims[i];
    from += index[i] * strides[i];
  }
  index[0] = rest;
  from += rest * strides[0];
  int64_t width = dims[last], step = strides[last];
  for (int64_t done = 0; done < count;) {
    int64_t n = width - index[last];
    if (n > count - done) n = count - done;
    if (step == 1) {
      std::memcpy(to, from, static_cast<size_t>(n) * sizeof(Word));
    } else if (step == 0) {
      Word word = *from;
      for (int64_t i = 0; i < n; ++i) to[i] = word;
    } else {
      for (int64_t i = 0; i < n; ++i) to[i] = from[i * step];
    }
    to += n;
    done += n;
    if (done == count) return;
    from -= index[last] * step;
    index[last] = 0;
    for (size_t i = last; i-- > 0;) {
      from += strides[i];
      if (++index[i] < dims[i]) break;
      from -= strides[i] * dims[i];
      index[i] = 0;
    }
  }
}

}  // namespace

const void* Operand::gather(int64_t begin, int64_t count, void* buffer) const {
  size_t last = dims_.size() - 1;
  if (strides_[last] == 1 && begin % dims_[last] + count <= dims_[last]) return at(begin);
  switch (size_) {
    case 1: gather_words<uint8_t>(data_, dims_, strides_, begin, count, buffer); break;
    case 2: gather_words<uint16_t>(data_, dims_, strides_, begin, count, buffer); break;
    case 4: gather_words<uint32_t>(data_, dims_, strides_, begin, count, buffer); break;
    case 8: gather_words<uint64_t>(data_, dims_, strides_, begin, count, buffer); break;
    default: gather_words<Word128>(data_, dims_, strides_, begin, count, buffer); break;
  }
  return buffer;
}

}  // namespace proa::kernels::PROA_ISA
