// Images: each pixel along an axis as a mixture of others, in integers, so that order is free.

#include <algorithm>
#include <vector>

#include "proa/base/thread_pool.h"
#include "proa/kernels/reference/operand.h"
#include "proa/program/kernel.h"

namespace proa::kernels::PROA_ISA {

namespace {

using program::KernelArgs;
using program::TensorRef;

constexpr int kBits = 22;        // of a weight behind its point
constexpr int64_t kStrip = 512;  // bytes of a line that are mixed together

// All elements in order: where they lie, if they do so densely.
class InOrder {
 public:
  explicit InOrder(const TensorRef& x) : operand_(x) {
    if (x.elements() == 0) return;
    if (!operand_.dense())
      copy_.resize(static_cast<size_t>(x.elements()) * operand_.element_size());
    data_ = operand_.take(0, x.elements(), copy_.data());
  }
  template <class E>
  const E* as() const {
    return static_cast<const E*>(data_);
  }

 private:
  Operand operand_;
  std::vector<char> copy_;
  const void* data_ = nullptr;
};

struct Mix {
  const uint8_t* from;
  uint8_t* to;
  const int64_t* at;
  const int32_t* weights;
  int64_t in, out, taps, inner;  // pixels along the axis; bytes of each

  int64_t place(int64_t i) const { return std::clamp<int64_t>(at[i], 0, in - 1); }
};

uint8_t byte_of(uint32_t sum) {
  int32_t whole = static_cast<int32_t>(sum + (uint32_t{1} << (kBits - 1))) >> kBits;
  return static_cast<uint8_t>(std::clamp(whole, 0, 255));
}

// Pixels of kInner bytes each: the sums stay in registers.
template <int kInner>
void short_pixels(const Mix& m, int64_t outer) {
  const uint8_t* from = m.from + outer * m.in * kInner;
  uint8_t* to = m.to + outer * m.out * kInner;
  for (int64_t o = 0; o < m.out; ++o) {
    uint32_t sums[kInner] = {};
    for (int64_t i = o * m.taps; i < (o + 1) * m.taps; ++i) {
      const uint8_t* pixel = from + m.place(i) * kInner;
      auto weight = static_cast<uint32_t>(m.weights[i]);
      for (int c = 0; c < kInner; ++c) sums[c] += weight * pixel[c];
    }
    for (int c = 0; c < kInner; ++c) to[o * kInner + c] = byte_of(sums[c]);
  }
}

// One output of the axis, of any number of bytes.
void long_pixel(const Mix& m, int64_t outer, int64_t o) {
  const uint8_t* from = m.from + outer * m.in * m.inner;
  uint8_t* to = m.to + (outer * m.out + o) * m.inner;
  for (int64_t begin = 0; begin < m.inner; begin += kStrip) {
    int64_t count = std::min(kStrip, m.inner - begin);
    uint32_t sums[kStrip] = {};
    for (int64_t i = o * m.taps; i < (o + 1) * m.taps; ++i) {
      if (m.weights[i] == 0) continue;
      const uint8_t* line = from + m.place(i) * m.inner + begin;
      auto weight = static_cast<uint32_t>(m.weights[i]);
      for (int64_t j = 0; j < count; ++j) sums[j] += weight * line[j];
    }
    for (int64_t j = 0; j < count; ++j) to[begin + j] = byte_of(sums[j]);
  }
}

void mix_pixels(const KernelArgs& args) {
  InOrder x(args.in[0]), at(args.in[1]), weight(args.in[2]);
  const TensorRef& whole = args.in[0];
  auto axis = static_cast<int>(args.attrs.integer(0));
  if (axis < 0) axis += whole.rank;
  Mix m{.from = x.as<uint8_t>(),
        .to = args.out[0].as<uint8_t>(),
        .at = at.as<int64_t>(),
        .weights = weight.as<int32_t>(),
        .in = whole.dims[axis],
        .out = args.in[1].dims[0],
        .taps = args.in[1].dims[1],
        .inner = 1};
  int64_t outer = 1;
  for (int i = 0; i < axis; ++i) outer *= whole.dims[i];
  for (int i = axis + 1; i < whole.rank; ++i) m.inner *= whole.dims[i];
  if (outer * m.out * m.inner == 0) return;
  auto rows = [&]<int kInner>() {
    int64_t cost = m.out * (m.taps + 1) * kInner;
    parallel_for(outer, std::max<int64_t>(1, 32768 / cost), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) short_pixels<kInner>(m, i);
    });
  };
  if (m.inner == 1) return rows.template operator()<1>();
  if (m.inner == 3) return rows.template operator()<3>();
  if (m.inner == 4) return rows.template operator()<4>();
  int64_t cost = (m.taps + 1) * m.inner / 4 + 1;
  parallel_for(outer * m.out, std::max<int64_t>(1, 32768 / cost), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) long_pixel(m, i / m.out, i % m.out);
  });
}

constexpr program::KernelEntry kEntries[] = {{"tensor.mix_pixels", mix_pixels}};

}  // namespace

std::span<const program::KernelEntry> image_kernels() { return kEntries; }

}  // namespace proa::kernels::PROA_ISA
