// Lines: a tensor as lines along one axis, worked on a tile of neighbouring lines at a time.
// Why: scans and positions go along an axis in order; side by side many lines make a wide loop.
#pragma once

#include "proa/base/thread_pool.h"
#include "proa/kernels/reference/elementwise.h"

namespace proa::kernels::PROA_ISA {

class Lines {
 public:
  static constexpr int64_t kTile = 128;   // lines side by side
  static constexpr int64_t kPiece = 512;  // elements at a time

  // Memory for one piece; a piece is read where it lies if that is possible.
  struct Buffer {
    alignas(64) char taken[kPiece * 16];
    alignas(64) char wide[kPiece * sizeof(float)];
  };

  // f16 and bf16 are read as f32. Backwards: row 0 is the last one of the axis.
  Lines(const TensorRef& x, int64_t axis, bool backwards);

  int64_t length() const { return length_; }
  int64_t outer() const { return outer_; }
  int64_t inner() const { return inner_; }  // lines that lie side by side
  bool backwards() const { return backwards_; }
  // Where along the axis a row is.
  int64_t position(int64_t row) const { return backwards_ ? length_ - 1 - row : row; }
  // Index, in an output of the same shape, of the first of the results of `rows` rows from `row`
  // on.
  int64_t index(int64_t outer, int64_t row, int64_t rows, int64_t offset) const {
    int64_t first = backwards_ ? length_ - row - rows : row;
    return (outer * length_ + first) * inner_ + offset;
  }
  // Calls body(row, rows) for pieces of `width` lines, in order: many rows at once where they lie
  // one after the other.
  template <class Body>
  void for_pieces(int64_t width, Body body) const {
    int64_t most = width == inner_ ? kPiece / width : 1;
    for (int64_t row = 0; row < length_; row += most) {
      body(row, length_ - row < most ? length_ - row : most);
    }
  }

  // `rows` rows of `width` lines from `offset` on, dense.
  const void* read(int64_t outer, int64_t row, int64_t offset, int64_t rows, int64_t width,
                   Buffer& buffer) const {
    const void* x = x_.take((outer * length_ + row) * inner_ + offset, rows * width, buffer.taken);
    if (!widen_) return x;
    widen_(buffer.wide, &x, rows * width, 0);
    return buffer.wide;
  }

  // Calls body(outer, offset, width) for all tiles, in threads.
  template <class Body>
  void for_tiles(Body body) const {
    int64_t per_outer = (inner_ - 1) / kTile + 1;
    int64_t work = (inner_ < kTile ? inner_ : kTile) * length_ + 1, count = outer_ * per_outer;
    auto range = [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) {
        int64_t offset = t % per_outer * kTile;
        body(t / per_outer, offset, inner_ - offset < kTile ? inner_ - offset : kTile);
      }
    };
    constexpr int64_t kGrain = 16384;
    if (count == 0 || length_ == 0) return;
    if (count * work <= kGrain) {
      range(0, count);
    } else {
      parallel_for(count, work >= kGrain ? 1 : kGrain / work, range);
    }
  }

 private:
  Operand x_;
  Loop widen_ = nullptr;
  int64_t outer_ = 1, length_ = 1, inner_ = 1;
  bool backwards_ = false;
};

inline Lines::Lines(const TensorRef& x, int64_t axis, bool backwards)
    : widen_(widen_loop(x.dtype)), backwards_(backwards) {
  Extents strides(std::span<const int64_t>(x.strides, static_cast<size_t>(x.rank)));
  const char* data = x.as<const char>();
  for (int i = 0; i < x.rank; ++i) {
    (i < axis ? outer_ : i > axis ? inner_ : length_) *= x.dims[i];
  }
  auto at = static_cast<size_t>(axis);
  if (backwards && length_ > 0) {
    data += (length_ - 1) * strides[at] * static_cast<int64_t>(size_of(x.dtype));
    strides[at] = -strides[at];
  }
  if (inner_ == 0) outer_ = 0;
  x_ = Operand(data, size_of(x.dtype), {x.dims, static_cast<size_t>(x.rank)}, strides);
  x_.put_in_order();
}

}  // namespace proa::kernels::PROA_ISA
