// Kernels that only move elements: pad, concat, dynamic_slice, dynamic_update_slice.

#include "proa/kernels/reference/move.h"

namespace proa::kernels::PROA_ISA {

namespace {

std::span<const int64_t> dims_of(const TensorRef& x) {
  return {x.dims, static_cast<size_t>(x.rank)};
}
std::span<const int64_t> strides_of(const TensorRef& x) {
  return {x.strides, static_cast<size_t>(x.rank)};
}

// Outputs are dense; the strides of axes of extent 1 may be anything.
Extents dense_strides(const TensorRef& x) {
  Extents strides(static_cast<size_t>(x.rank), 1);
  for (size_t i = strides.size(); i-- > 1;) strides[i - 1] = strides[i] * x.dims[i];
  return strides;
}

char* at(const TensorRef& x, int64_t offset) {
  return x.as<char>() + offset * static_cast<int64_t>(size_of(x.dtype));
}

void pad(const KernelArgs& args) {
  const TensorRef &x = args.in[0], &out = args.out[0];
  std::span<const int64_t> low = args.attrs.ints(0), interior = args.attrs.ints(2);
  int64_t count = out.elements(), from = 0, to = 0;
  if (count == 0) return;
  Extents dims, strides, steps = dense_strides(out);
  bool whole = true;  // every result is an element of x
  for (size_t i = 0; i < low.size(); ++i) {
    // Element k of x goes to low + k * step: the first and the last that are not cropped.
    int64_t step = interior.empty() ? 1 : interior[i] + 1;
    int64_t first = low[i] >= 0 ? 0 : (-low[i] + step - 1) / step;
    int64_t room = out.dims[i] - 1 - low[i];
    int64_t end = room < 0 ? 0 : room / step + 1;
    if (end > x.dims[i]) end = x.dims[i];
    dims.push_back(end > first ? end - first : 0);
    strides.push_back(x.strides[i]);
    whole = whole && dims[i] == out.dims[i];
    from += first * x.strides[i];
    to += (low[i] + first * step) * steps[i];
    steps[i] *= step;
  }
  size_t size = size_of(x.dtype);
  if (!whole) fill(out.data, count, size, args.in[1].data);
  for (int64_t d : dims) {
    if (d == 0) return;
  }
  move(dims, size, {at(x, from), strides}, {at(out, to), steps});
}

void concat(const KernelArgs& args) {
  const TensorRef& out = args.out[0];
  int64_t axis = args.attrs.integer(0), offset = 0;
  if (axis < 0) axis += out.rank;
  Extents strides = dense_strides(out);
  for (const TensorRef& x : args.in) {
    move(dims_of(x), size_of(x.dtype), {x.data, strides_of(x)}, {at(out, offset), strides});
    offset += x.dims[axis] * strides[static_cast<size_t>(axis)];
  }
}

int64_t clamped_offset(const TensorRef& x, const TensorRef& starts, const int64_t* sizes,
                       std::span<const int64_t> strides) {
  int64_t offset = 0;
  for (int64_t i = 0; i < x.rank; ++i) {
    int64_t start = starts.as<const int64_t>()[i * starts.strides[0]];
    int64_t most = x.dims[i] - sizes[i];
    start = start < 0 ? 0 : start > most ? most : start;
    offset += start * strides[static_cast<size_t>(i)];
  }
  return offset;
}

void dynamic_slice(const KernelArgs& args) {
  const TensorRef &x = args.in[0], &out = args.out[0];
  if (out.elements() == 0) return;
  int64_t offset = clamped_offset(x, args.in[1], out.dims, strides_of(x));
  move(dims_of(out), size_of(x.dtype), {at(x, offset), strides_of(x)},
       {out.data, dense_strides(out)});
}

void dynamic_update_slice(const KernelArgs& args) {
  const TensorRef &x = args.in[0], &update = args.in[1], &out = args.out[0];
  Extents strides = dense_strides(out);
  size_t size = size_of(x.dtype);
  if (out.data != x.data) move(dims_of(x), size, {x.data, strides_of(x)}, {out.data, strides});
  if (update.elements() == 0) return;
  int64_t offset = clamped_offset(out, args.in[2], update.dims, strides);
  move(dims_of(update), size, {update.data, strides_of(update)}, {at(out, offset), strides});
}

constexpr KernelEntry kKernels[] = {
    {"prim.pad", pad},
    {"prim.concat", concat},
    {"prim.dynamic_slice", dynamic_slice},
    {"prim.dynamic_update_slice", dynamic_update_slice},
};

}  // namespace

std::span<const KernelEntry> layout_kernels() { return kKernels; }

}  // namespace proa::kernels::PROA_ISA
