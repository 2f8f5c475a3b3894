#include "proa/runtime/array.h"

#include <cstring>

#include "proa/base/error.h"
#include "proa/base/thread_pool.h"
#include "proa/runtime/allocator.h"
#include "proa/runtime/cpu/cpu_allocator.h"

namespace proa::runtime {

int64_t Array::elements() const {
  int64_t n = 1;
  for (int64_t d : dims) n *= d;
  return n;
}

bool Array::is_dense() const { return ref().dense(); }

Extents dense_strides(std::span<const int64_t> dims) {
  Extents strides(dims.size());
  int64_t step = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    strides[i] = step;
    step *= dims[i] > 0 ? dims[i] : 1;
  }
  return strides;
}

Array Array::dense(std::span<const int64_t> dims, DType dtype) {
  Array array;
  array.buffer = cpu_allocator().allocate(tensor_bytes(dims, dtype));
  array.data = static_cast<char*>(array.buffer->data());
  array.dtype = dtype;
  array.dims = Extents(dims);
  array.strides = dense_strides(dims);
  return array;
}

Array transpose(const Array& x, std::span<const int64_t> permutation) {
  Array y = x;
  for (size_t i = 0; i < permutation.size(); ++i) {
    y.dims[i] = x.dims[static_cast<size_t>(permutation[i])];
    y.strides[i] = x.strides[static_cast<size_t>(permutation[i])];
  }
  return y;
}

Array broadcast(const Array& x, std::span<const int64_t> dims, std::span<const int64_t> axes) {
  int64_t elements = 1;
  for (int64_t d : dims) {
    if (d != 0 && __builtin_mul_overflow(elements, d, &elements))
      throw UserError(ErrorKind::memory, str("2^63 elements or more in shape ", list_str(dims)));
  }
  Array y;
  y.buffer = x.buffer;
  y.data = x.data;
  y.dtype = x.dtype;
  y.dims = Extents(dims);
  y.strides = Extents(dims.size(), 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    if (x.dims[i] != 1) y.strides[static_cast<size_t>(axes[i])] = x.strides[i];
  }
  return y;
}

Array slice(const Array& x, std::span<const int64_t> starts, std::span<const int64_t> dims,
            std::span<const int64_t> steps) {
  Array y = x;
  int64_t offset = 0;
  bool empty = false;
  for (size_t i = 0; i < dims.size(); ++i) {
    offset += starts[i] * x.strides[i];
    y.dims[i] = dims[i];
    // Of one element the stride means nothing, and its step may be any number.
    if (__builtin_mul_overflow(x.strides[i], steps[i], &y.strides[i])) y.strides[i] = 1;
    empty |= dims[i] == 0;
  }
  if (!empty) y.data += offset * static_cast<int64_t>(size_of(x.dtype));
  return y;
}

Array reverse(const Array& x, std::span<const int64_t> axes) {
  Array y = x;
  if (x.elements() == 0) return y;
  int64_t offset = 0;
  for (int64_t axis : axes) {
    auto a = static_cast<size_t>(axis);
    offset += (x.dims[a] - 1) * x.strides[a];
    y.strides[a] = -x.strides[a];
  }
  y.data += offset * static_cast<int64_t>(size_of(x.dtype));
  return y;
}

std::optional<Array> reshape_view(const Array& x, std::span<const int64_t> dims) {
  Array y;
  y.buffer = x.buffer;
  y.data = x.data;
  y.dtype = x.dtype;
  y.dims = Extents(dims);
  if (x.elements() == 0 || x.is_dense()) {
    y.strides = dense_strides(dims);
    return y;
  }
  // Old axes are taken in runs that lie one after the other in memory; each run must be cut into
  // whole new axes (the rule of NumPy's no-copy reshape).
  y.strides = Extents(dims.size(), 1);
  size_t old_axis = 0, new_axis = 0;
  while (old_axis < x.dims.size() && new_axis < dims.size()) {
    int64_t old_count = x.dims[old_axis], new_count = dims[new_axis];
    size_t old_end = old_axis + 1, new_end = new_axis + 1;
    while (old_count != new_count) {
      if (old_count < new_count) {
        old_count *= x.dims[old_end++];
      } else {
        new_count *= dims[new_end++];
      }
    }
    int64_t stride = 0;
    bool seen = false;
    for (size_t i = old_end; i-- > old_axis;) {
      if (x.dims[i] == 1) continue;
      if (seen && x.strides[i] != stride) return std::nullopt;
      if (!seen) y.strides[new_end - 1] = x.strides[i];
      seen = true;
      stride = x.strides[i] * x.dims[i];
    }
    for (size_t i = new_end - 1; i > new_axis; --i) y.strides[i - 1] = y.strides[i] * dims[i];
    old_axis = old_end;
    new_axis = new_end;
  }
  return y;
}

namespace {

// Axes of a copy, merged where both sides run on, outermost first.
struct CopyPlan {
  Extents dims, from, to;
};

CopyPlan plan_copy(const Array& from, const Array& to) {
  CopyPlan plan;
  for (size_t i = 0; i < from.dims.size(); ++i) {
    if (from.dims[i] == 1) continue;
    size_t n = plan.dims.size();
    if (n > 0 && plan.from[n - 1] == from.strides[i] * from.dims[i] &&
        plan.to[n - 1] == to.strides[i] * from.dims[i]) {
      plan.dims[n - 1] *= from.dims[i];
      plan.from[n - 1] = from.strides[i];
      plan.to[n - 1] = to.strides[i];
    } else {
      plan.dims.push_back(from.dims[i]);
      plan.from.push_back(from.strides[i]);
      plan.to.push_back(to.strides[i]);
    }
  }
  if (plan.dims.empty()) {
    plan.dims.push_back(1);
    plan.from.push_back(1);
    plan.to.push_back(1);
  }
  return plan;
}

template <class Word>
void copy_rows(const CopyPlan& plan, const Word* from, Word* to, int64_t begin, int64_t end) {
  size_t outer = plan.dims.size() - 1;
  int64_t width = plan.dims[outer], from_step = plan.from[outer], to_step = plan.to[outer];
  Extents index(outer, 0);
  int64_t rest = begin;
  const Word* source = from;
  Word* target = to;
  for (size_t i = outer; i-- > 0;) {
    index[i] = rest % plan.dims[i];
    rest /= plan.dims[i];
    source += index[i] * plan.from[i];
    target += index[i] * plan.to[i];
  }
  for (int64_t row = begin; row < end; ++row) {
    if (from_step == 1 && to_step == 1) {
      std::memcpy(target, source, static_cast<size_t>(width) * sizeof(Word));
    } else {
      for (int64_t i = 0; i < width; ++i) target[i * to_step] = source[i * from_step];
    }
    for (size_t i = outer; i-- > 0;) {
      source += plan.from[i];
      target += plan.to[i];
      if (++index[i] < plan.dims[i]) break;
      source -= plan.from[i] * plan.dims[i];
      target -= plan.to[i] * plan.dims[i];
      index[i] = 0;
    }
  }
}

struct Pair {
  uint64_t low, high;
};

}  // namespace

void copy(const Array& from, const Array& to) {
  int64_t elements = from.elements();
  if (elements == 0) return;
  CopyPlan plan = plan_copy(from, to);
  int64_t width = plan.dims[plan.dims.size() - 1];
  int64_t rows = elements / width;
  int64_t grain = width >= 16384 ? 1 : 16384 / width + 1;
  parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
    switch (size_of(from.dtype)) {
      case 1:
        return copy_rows(plan, reinterpret_cast<const uint8_t*>(from.data),
                         reinterpret_cast<uint8_t*>(to.data), begin, end);
      case 2:
        return copy_rows(plan, reinterpret_cast<const uint16_t*>(from.data),
                         reinterpret_cast<uint16_t*>(to.data), begin, end);
      case 4:
        return copy_rows(plan, reinterpret_cast<const uint32_t*>(from.data),
                         reinterpret_cast<uint32_t*>(to.data), begin, end);
      case 8:
        return copy_rows(plan, reinterpret_cast<const uint64_t*>(from.data),
                         reinterpret_cast<uint64_t*>(to.data), begin, end);
      default:
        return copy_rows(plan, reinterpret_cast<const Pair*>(from.data),
                         reinterpret_cast<Pair*>(to.data), begin, end);
    }
  });
}

Array to_dense(const Array& x) {
  if (x.is_dense()) return x;
  Array y = Array::dense(x.dims, x.dtype);
  copy(x, y);
  return y;
}

Array reshape(const Array& x, std::span<const int64_t> dims) {
  if (auto view = reshape_view(x, dims)) return *view;
  return *reshape_view(to_dense(x), dims);
}

}  // namespace proa::runtime
