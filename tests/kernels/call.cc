#include "tests/kernels/call.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace proa::kernels::test {

namespace {

Dims dense_strides(const Dims& dims) {
  Dims strides(dims.size());
  int64_t step = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    strides[i] = step;
    step *= std::max<int64_t>(dims[i], 1);
  }
  return strides;
}

// Copies every element of `from` to its place in `to`.
void copy_elements(const Tensor& from, Tensor& to) {
  auto size = static_cast<int64_t>(size_of(from.dtype));
  Dims index(from.dims.size(), 0);
  for (int64_t n = from.elements(); n > 0; --n) {
    int64_t a = from.offset, b = to.offset;
    for (size_t i = 0; i < index.size(); ++i) {
      a += index[i] * from.strides[i];
      b += index[i] * to.strides[i];
    }
    std::memcpy(to.bytes.data() + b * size, from.bytes.data() + a * size,
                static_cast<size_t>(size));
    for (size_t i = index.size(); i-- > 0;) {
      if (++index[i] < from.dims[i]) break;
      index[i] = 0;
    }
  }
}

program::KernelFn find(Isa isa, std::string_view name) {
  static const auto tables = [] {
    std::vector<program::KernelTable> made;
    for (Isa each : {Isa::baseline, Isa::v3, Isa::v4}) {
      register_isa(made.emplace_back(), std::min(each, best_isa()));
    }
    return made;
  }();
  program::KernelFn kernel = tables[static_cast<size_t>(isa)].find(name);
  EXPECT_NE(kernel, nullptr) << name;
  return kernel;
}

void expect_same(const std::vector<Tensor>& a, const std::vector<Tensor>& b, std::string_view name,
                 const char* what) {
  for (size_t i = 0; i < a.size(); ++i) {
    bool same = same_bits(a[i], b[i]);
    EXPECT_TRUE(same) << name << ": result " << i << " differs: " << what;
    if (same) continue;
    for (size_t k = 0; k < a[i].bytes.size(); ++k) {
      if (a[i].bytes[k] != b[i].bytes[k]) {
        ADD_FAILURE() << "first at element " << k / size_of(a[i].dtype) << " of " << a[i].elements()
                      << ", " << to_string(a[i].dtype);
        break;
      }
    }
  }
}

template <class Bits>
bool same_floats(const Tensor& a, const Tensor& b, Bits exponent, Bits magnitude) {
  auto x = reinterpret_cast<const Bits*>(a.bytes.data());
  auto y = reinterpret_cast<const Bits*>(b.bytes.data());
  for (size_t i = 0; i < a.bytes.size() / sizeof(Bits); ++i) {
    bool nans = (x[i] & magnitude) > exponent && (y[i] & magnitude) > exponent;
    if (x[i] != y[i] && !nans) return false;
  }
  return true;
}

}  // namespace

Tensor::Tensor(DType type, Dims extents) : dtype(type), dims(std::move(extents)) {
  strides = dense_strides(dims);
  bytes.resize(static_cast<size_t>(elements()) * size_of(dtype));
}

int64_t Tensor::elements() const {
  int64_t n = 1;
  for (int64_t d : dims) n *= d;
  return n;
}

program::TensorRef Tensor::ref() const {
  return {const_cast<char*>(bytes.data()) + offset * static_cast<int64_t>(size_of(dtype)),
          dims.data(), strides.data(), static_cast<int32_t>(dims.size()), dtype};
}

// NaNs are one class.
bool same_bits(const Tensor& a, const Tensor& b) {
  if (a.dims != b.dims || a.dtype != b.dtype) return false;
  switch (a.dtype) {
    case DType::f16: return same_floats<uint16_t>(a, b, 0x7c00, 0x7fff);
    case DType::bf16: return same_floats<uint16_t>(a, b, 0x7f80, 0x7fff);
    case DType::f32:
    case DType::c64: return same_floats<uint32_t>(a, b, 0x7f800000, 0x7fffffff);
    case DType::f64:
    case DType::c128: return same_floats<uint64_t>(a, b, 0x7ff0000000000000, 0x7fffffffffffffff);
    default: return a.bytes == b.bytes;
  }
}

std::vector<Tensor> strided_forms(const Tensor& dense) {
  std::vector<Tensor> forms;
  auto add = [&](const Dims& memory_dims, auto place) {
    Tensor t(dense.dtype, memory_dims);  // memory
    t.dims = dense.dims;
    place(t);
    copy_elements(dense, t);
    forms.push_back(std::move(t));
  };
  size_t rank = dense.dims.size();
  if (rank == 0 || dense.elements() == 0) return {dense};
  Dims turned(dense.dims.rbegin(), dense.dims.rend());
  add(turned, [&](Tensor& t) {  // the axes in reverse order in memory
    Dims strides = dense_strides(turned);
    t.strides = Dims(strides.rbegin(), strides.rend());
  });
  Dims wide = dense.dims;
  for (int64_t& d : wide) d = 2 * d + 1;
  add(wide, [&](Tensor& t) {  // gaps everywhere
    t.strides = dense_strides(wide);
    for (size_t i = 0; i < rank; ++i) {
      t.offset += t.strides[i];
      t.strides[i] *= 2;
    }
  });
  add(dense.dims, [&](Tensor& t) {  // every axis backwards
    t.strides = dense_strides(dense.dims);
    for (size_t i = 0; i < rank; ++i) {
      t.offset += (dense.dims[i] - 1) * t.strides[i];
      t.strides[i] = -t.strides[i];
    }
  });
  return forms;
}

Tensor broadcast(const Tensor& x, Dims dims) {
  Tensor y = x;
  y.dims = std::move(dims);
  for (size_t i = 0; i < y.dims.size(); ++i) {
    if (x.dims[i] == 1) y.strides[i] = 0;
  }
  return y;
}

std::vector<Tensor> call(Isa isa, std::string_view name, const std::vector<Tensor>& in,
                         const Words& attrs, const std::vector<DType>& dtypes,
                         const std::vector<Dims>& shapes) {
  std::vector<Tensor> out;
  for (size_t i = 0; i < dtypes.size(); ++i) {
    out.emplace_back(dtypes[i], shapes[i]);
    std::fill(out[i].bytes.begin(), out[i].bytes.end(), char(0x5a));
  }
  std::vector<program::TensorRef> in_refs, out_refs;
  for (const Tensor& t : in) in_refs.push_back(t.ref());
  for (const Tensor& t : out) out_refs.push_back(t.ref());
  std::vector<int64_t> words;
  std::vector<int32_t> offsets = {0};
  for (const auto& list : attrs) {
    words.insert(words.end(), list.begin(), list.end());
    offsets.push_back(static_cast<int32_t>(words.size()));
  }
  find(isa, name)({in_refs, out_refs, {words.data(), offsets.data()}, name.data()});
  return out;
}

std::vector<Tensor> check(std::string_view name, const std::vector<Tensor>& in, const Words& attrs,
                          const std::vector<DType>& dtypes, const std::vector<Dims>& shapes) {
  std::vector<Tensor> result = call(best_isa(), name, in, attrs, dtypes, shapes);
  expect_same(result, call(Isa::baseline, name, in, attrs, dtypes, shapes), name, "baseline");
  int before = num_threads();
  for (int threads : {1, 2, 3, 7}) {
    set_num_threads(threads);
    expect_same(result, call(best_isa(), name, in, attrs, dtypes, shapes), name, "threads");
  }
  set_num_threads(before);
  for (size_t k = 0; k < in.size(); ++k) {
    for (const Tensor& form : strided_forms(in[k])) {
      std::vector<Tensor> others = in;
      others[k] = form;
      expect_same(result, call(best_isa(), name, others, attrs, dtypes, shapes), name, "strides");
    }
  }
  return result;
}

Tensor check1(std::string_view name, const std::vector<Tensor>& in, const Words& attrs, DType dtype,
              const Dims& shape) {
  return check(name, in, attrs, {dtype}, {shape})[0];
}

}  // namespace proa::kernels::test
