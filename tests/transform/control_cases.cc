#include "control_cases.h"

#include <cmath>
#include <cstring>

#include "proa/eager/call.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/tier/prebuilt.h"

namespace proa::test {

namespace {

// Rows moved down by numbers[0], times numbers[1]; and how many times it ran, which shows a call
// that was dropped or merged.
void shift(const program::KernelArgs& args) {
  static int64_t runs = 0;
  auto numbers = args.attrs.ints(0);
  const program::TensorRef &x = args.in[0], &y = args.out[0];
  for (int64_t i = 0; i < x.dims[0]; ++i) {
    for (int64_t j = 0; j < x.dims[1]; ++j) {
      int64_t from = (i + x.dims[0] - numbers[0] % x.dims[0]) % x.dims[0];
      double value = x.as<double>()[from * x.strides[0] + j * x.strides[1]];
      y.as<double>()[i * y.strides[0] + j] = value * static_cast<double>(numbers[1]);
    }
  }
  *args.out[1].as<int64_t>() = ++runs;
}

template <class T>
bool same_floats(const runtime::Array& a, const runtime::Array& b) {
  for (int64_t i = 0; i < a.elements(); ++i) {
    T x, y;
    std::memcpy(&x, a.data + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
    std::memcpy(&y, b.data + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
    if (x != x && y != y) continue;
    if (std::memcmp(&x, &y, sizeof(T)) != 0) return false;
  }
  return true;
}

}  // namespace

std::vector<TextCase> text_cases() {
  static const bool registered = [] {
    const program::KernelEntry entry{"test.shift", shift};
    eager::context();  // the kernels of primitives first
    runtime::cpu_kernels().add({&entry, 1});
    return true;
  }();
  (void)registered;
  std::vector<TextCase> cases;
  for (const ir::OpInfo& info : eager::context().find_dialect("prim")->ops()) {
    if (info.page == nullptr || info.page->samples == nullptr) continue;
    ir::SampleList samples;
    info.page->samples(samples);
    for (const ir::TextSample& sample : samples.texts()) {
      if (!sample.wrong) cases.push_back({std::string(info.page->name), sample});
    }
  }
  return cases;
}

std::vector<eager::Tensor> inputs_for(const ir::Module& module, unsigned truths) {
  std::vector<eager::Tensor> inputs;
  for (ir::Type type : module.main().argument_types()) {
    std::vector<int64_t> dims;
    int64_t count = 1;
    for (ir::Dim d : type.dims()) {
      dims.push_back(d.is_const() ? d.constant() : d.name() == "m" ? 4 : 3);
      count *= dims.back();
    }
    if (type.dtype() == DType::boolean) {
      std::vector<uint8_t> values(static_cast<size_t>(count), truths & 1);
      truths >>= 1;
      inputs.push_back(eager::from_data(dims, DType::boolean, values.data()));
    } else if (type.dtype() == DType::i64) {
      std::vector<int64_t> values(static_cast<size_t>(count), 2);
      inputs.push_back(eager::from_data(dims, DType::i64, values.data()));
    } else {
      // Spread over 0.3 .. 1.2, so that no loop here ends near where its condition turns.
      std::vector<double> values(static_cast<size_t>(count));
      for (size_t i = 0; i < values.size(); ++i)
        values[i] = 0.75 + 0.45 * std::sin(static_cast<double>(1 + 7 * i + 13 * inputs.size()));
      inputs.push_back(eager::from_data(dims, DType::f64, values.data()));
      if (type.dtype() != DType::f64)
        inputs.back() = eager::call1("tensor.cast", {inputs.back()}, {{"dtype", type.dtype()}});
    }
  }
  return inputs;
}

bool same_bits(const runtime::Array& x, const runtime::Array& y) {
  runtime::Array a = runtime::to_dense(x), b = runtime::to_dense(y);
  if (a.dtype != b.dtype || !std::equal(a.dims.begin(), a.dims.end(), b.dims.begin(), b.dims.end()))
    return false;
  if (a.dtype == DType::f32) return same_floats<float>(a, b);
  if (a.dtype == DType::f64) return same_floats<double>(a, b);
  return std::memcmp(a.data, b.data, static_cast<size_t>(a.elements()) * size_of(a.dtype)) == 0;
}

std::vector<runtime::Array> run(const ir::Module& module, ir::Func func,
                                std::span<const eager::Tensor> inputs) {
  std::vector<runtime::Array> arrays, outputs(func.results().size());
  for (const eager::Tensor& input : inputs) arrays.push_back(input.array());
  tier::prebuilt(module, func, {})->run(arrays, {}, outputs);
  return outputs;
}

}  // namespace proa::test
