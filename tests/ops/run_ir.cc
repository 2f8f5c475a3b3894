#include "run_ir.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstring>
#include <numeric>

#include "proa/base/error.h"
#include "proa/base/str.h"
#include "proa/eager/call.h"
#include "proa/eager/evaluate.h"
#include "proa/ir/builder.h"
#include "proa/ir/dialect.h"
#include "proa/ir/pass_manager.h"
#include "proa/tier/compiled.h"
#include "proa/tier/prebuilt.h"

namespace proa::test {

using ir::Fill;

namespace {

using Complex = std::complex<double>;

double uniform(Random& random, double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(random);
}

double element(const ir::Arg& arg, DType dtype, Random& random) {
  bool whole = !is_inexact(dtype);
  auto integer = [&](int64_t low, int64_t high) {
    return static_cast<double>(std::uniform_int_distribution<int64_t>(low, high)(random));
  };
  if (dtype == DType::boolean) return integer(0, 1);
  switch (arg.fill) {
    case Fill::normal:
      if (whole) return integer(dtype == DType::u8 ? 0 : -5, 5);
      return std::normal_distribution<double>()(random);
    case Fill::positive: return whole ? integer(1, 5) : uniform(random, 0.1, 3);
    case Fill::unit: return whole ? integer(0, 1) : uniform(random, -0.95, 0.95);
    case Fill::probability: return whole ? integer(0, 1) : uniform(random, 0.05, 0.95);
    case Fill::above_one: return whole ? integer(2, 4) : uniform(random, 1.1, 4);
    case Fill::index: {
      auto low = static_cast<int64_t>(arg.low), high = static_cast<int64_t>(arg.high);
      return integer(low, std::max(low, high - 1));
    }
    case Fill::range: return uniform(random, arg.low, arg.high);
    case Fill::zeros: return 0;
    case Fill::ones: return 1;
    case Fill::sorted:
    case Fill::spd: return std::normal_distribution<double>()(random);
    case Fill::distinct:
    case Fill::values: break;
  }
  return 0;
}

// x x^H + n of each matrix: Hermitian and positive definite.
void make_definite(std::vector<Complex>& x, int64_t n) {
  auto size = static_cast<size_t>(n);
  for (size_t at = 0; size != 0 && at + size * size <= x.size(); at += size * size) {
    std::vector<Complex> m(x.begin() + static_cast<ptrdiff_t>(at),
                           x.begin() + static_cast<ptrdiff_t>(at + size * size));
    for (size_t i = 0; i < size; ++i) {
      for (size_t j = 0; j < size; ++j) {
        Complex sum = i == j ? static_cast<double>(n) : 0.0;
        for (size_t k = 0; k < size; ++k) sum += m[i * size + k] * std::conj(m[j * size + k]);
        x[at + i * size + j] = sum;
      }
    }
  }
}

Array cast_to(const std::vector<Complex>& values, std::span<const int64_t> dims, DType dtype) {
  eager::NoGrad quiet;
  eager::Tensor wide;
  if (is_complex(dtype)) {
    wide = eager::from_data(dims, DType::c128, values.data());
  } else {
    std::vector<double> real;
    for (Complex v : values) real.push_back(v.real());
    wide = eager::from_data(dims, DType::f64, real.data());
  }
  if (wide.dtype() == dtype) return wide.array();
  return runtime::to_dense(eager::call1("tensor.cast", {wide}, {{"dtype", dtype}}).array());
}

template <class T>
bool same_floats(const Array& a, const Array& b, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    T x, y;
    std::memcpy(&x, a.data + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
    std::memcpy(&y, b.data + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
    if (x != x && y != y) continue;
    if (std::memcmp(&x, &y, sizeof(T)) != 0) return false;
  }
  return true;
}

// Halves by their bits: NaN is an exponent of ones with a fraction.
bool same_halves(const Array& a, const Array& b, int64_t count, uint16_t infinity) {
  for (int64_t i = 0; i < count; ++i) {
    uint16_t x, y;
    std::memcpy(&x, a.data + 2 * i, 2);
    std::memcpy(&y, b.data + 2 * i, 2);
    if ((x & 0x7fff) > infinity && (y & 0x7fff) > infinity) continue;
    if (x != y) return false;
  }
  return true;
}

}  // namespace

bool computes(DType dtype) { return is_inexact(dtype) && !contains(kFloat8Set, dtype); }

Array make_values(const ir::Arg& arg, DType dtype, Random& random) {
  int64_t count = 1;
  for (int64_t n : arg.dims) count *= n;
  std::vector<Complex> values(static_cast<size_t>(count));
  bool pair = is_complex(dtype) && arg.fill != Fill::zeros && arg.fill != Fill::ones &&
              arg.fill != Fill::values && arg.fill != Fill::index;
  for (Complex& v : values) {
    double real = element(arg, dtype, random);
    v = {real, pair ? 0.5 * element(arg, dtype, random) : 0};
  }
  if (arg.number) std::ranges::fill(values, Complex(*arg.number));
  if (arg.fill == Fill::values) {
    for (size_t i = 0; i < values.size() && i < arg.values.size(); ++i) values[i] = arg.values[i];
  } else if (arg.fill == Fill::distinct) {
    std::vector<int64_t> order(values.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::shuffle(order, random);
    for (size_t i = 0; i < values.size(); ++i) {
      auto place = static_cast<double>(order[i]);
      values[i] = is_inexact(dtype) ? (place - static_cast<double>(count) / 2 + 0.2619) * 3.9137 /
                                          static_cast<double>(std::max<int64_t>(count, 4))
                                    : static_cast<double>(order[i] % 100);
    }
  } else if (arg.fill == Fill::sorted && !arg.dims.empty() && arg.dims.back() > 0) {
    for (auto at = values.begin(); at != values.end(); at += arg.dims.back()) {
      std::ranges::sort(at, at + arg.dims.back(), {}, [](Complex v) { return v.real(); });
    }
  } else if (arg.fill == Fill::spd) {
    make_definite(values, arg.dims.back());
  }
  return cast_to(values, arg.dims, dtype);
}

Array some_values(std::span<const int64_t> dims, DType dtype, Random& random) {
  return make_values(ir::T({dims.begin(), dims.end()}), dtype, random);
}

bool same_bits(const Array& x, const Array& y) {
  if (x.dtype != y.dtype || !std::ranges::equal(x.dims, y.dims)) return false;
  Array a = runtime::to_dense(x), b = runtime::to_dense(y);
  int64_t count = a.elements();
  switch (a.dtype) {
    case DType::f16: return same_halves(a, b, count, 0x7c00);
    case DType::bf16: return same_halves(a, b, count, 0x7f80);
    case DType::f32: return same_floats<float>(a, b, count);
    case DType::f64: return same_floats<double>(a, b, count);
    case DType::c64: return same_floats<float>(a, b, 2 * count);
    case DType::c128: return same_floats<double>(a, b, 2 * count);
    default: return std::memcmp(a.data, b.data, static_cast<size_t>(count) * size_of(a.dtype)) == 0;
  }
}

std::string difference(std::span<const Array> expected, std::span<const Array> got) {
  if (expected.size() != got.size())
    return str(got.size(), " results in the place of ", expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    if (!same_bits(expected[i], got[i]))
      return str("result ", i, " of ", got.size(), ", ", to_string(got[i].dtype),
                 list_str(got[i].dims));
  }
  return "";
}

std::vector<Array> run(const ir::Module& module, ir::Func func, std::span<const Array> inputs,
                       std::span<const ir::Dim> symbols, std::span<const int64_t> sizes) {
  std::vector<Array> outputs(func.results().size());
  tier::prebuilt(module, func, symbols)->run(inputs, sizes, outputs);
  return outputs;
}

std::vector<Array> run_compiled(const ir::Module& module, ir::Func func,
                                std::span<const Array> inputs, std::span<const ir::Dim> symbols,
                                std::span<const int64_t> sizes) {
  std::vector<Array> outputs(func.results().size());
  tier::compiled(module, func, symbols)->run(inputs, sizes, outputs);
  return outputs;
}

bool has_steps(ir::Func func) {
  for (ir::Operation& op : func.body()) {
    if (op.region_count() != 0) return false;
    for (ir::Value v : op.results()) {
      if (!v.type().is_tensor() || !v.type().is_static()) return false;
    }
  }
  return true;
}

std::vector<Array> run_stepwise(ir::Func func, std::span<const Array> inputs) {
  std::vector<std::pair<const ir::ValueImpl*, Array>> known;
  auto find = [&](ir::Value v) -> const Array& {
    for (auto it = known.rbegin(); it != known.rend(); ++it) {
      if (it->first == v.impl()) return it->second;
    }
    throw InternalError("a value without a definition");
  };
  std::vector<ir::Value> arguments = func.arguments();
  for (size_t i = 0; i < inputs.size(); ++i) known.emplace_back(arguments[i].impl(), inputs[i]);
  for (ir::Operation& op : func.body()) {
    if (op.info().has(ir::Trait::terminator)) continue;
    ir::Module alone(op.info().dialect->context());
    std::vector<ir::Type> types;
    std::vector<Array> operands;
    for (ir::Value v : op.operands()) {
      types.push_back(v.type());
      operands.push_back(runtime::to_dense(find(v)));
    }
    ir::Func single = alone.add_func("main", types);
    ir::ValueMap map;
    for (size_t i = 0; i < types.size(); ++i) map.set(op.operand(i), single.arguments()[i]);
    ir::Operation* copy = ir::clone(op, map);
    single.body().append(copy);
    std::vector<ir::Value> results = copy->results();
    ir::Builder(alone, single.body()).create_return(results);
    std::vector<Array> got = run(alone, single, operands);
    for (size_t i = 0; i < got.size(); ++i) known.emplace_back(op.result(i).impl(), got[i]);
  }
  std::vector<Array> outputs;
  for (ir::Value v : func.results()) outputs.push_back(find(v));
  return outputs;
}

ir::Module after(const ir::Module& module, std::string_view pipeline) {
  ir::Module copy = module.clone();
  ir::PassManager passes({.evaluator = eager::evaluator()});
  passes.add_pipeline(pipeline);
  passes.run(copy);
  return copy;
}

std::string random_pipeline(Random& random) {
  static constexpr std::string_view kPasses[] = {"canonicalize", "cse", "dce", "fold"};
  size_t before = random() % 4, behind = random() % 5;
  std::vector<std::string> steps;
  for (size_t i = 0; i < before; ++i) steps.emplace_back(kPasses[random() % 4]);
  steps.emplace_back("decompose");
  for (size_t i = 0; i < behind; ++i) steps.emplace_back(kPasses[random() % 4]);
  return join(steps, ",");
}

std::optional<WithGradient> differentiate(const ir::Module& module, std::span<const Array> results,
                                          Random& random) {
  WithGradient out{module.clone(), {}, {}};
  ir::Func func = out.module.main();
  std::vector<int> wanted, given;
  std::vector<ir::Type> types = func.argument_types();
  for (size_t i = 0; i < types.size(); ++i) {
    if (computes(types[i].dtype())) wanted.push_back(static_cast<int>(i));
  }
  for (size_t i = 0; i < results.size(); ++i) {
    if (computes(results[i].dtype)) given.push_back(static_cast<int>(i));
  }
  if (wanted.empty() || given.empty()) return {};
  try {
    out.gradient = transform::differentiate(out.module, func, wanted, given);
  } catch (const UserError& error) {
    if (error.kind() != ErrorKind::not_supported) throw;
    return {};
  }
  for (int i : out.gradient.cotangents) {
    const Array& result = results[static_cast<size_t>(i)];
    out.cotangents.push_back(some_values(result.dims, result.dtype, random));
  }
  return out;
}

std::vector<Array> run_both(const WithGradient& g, const ir::Module& transformed,
                            std::span<const Array> inputs, std::span<const ir::Dim> symbols,
                            std::span<const int64_t> sizes, Runner runner) {
  ir::Func forward = transformed.find(g.gradient.forward.name());
  ir::Func backward = transformed.find(g.gradient.backward.name());
  std::vector<Array> all = runner(transformed, forward, inputs, symbols, sizes), operands;
  for (const transform::Residual& r : g.gradient.residuals) {
    auto index = static_cast<size_t>(r.index);
    operands.push_back(r.from == transform::Residual::From::argument ? inputs[index] : all[index]);
  }
  operands.insert(operands.end(), g.cotangents.begin(), g.cotangents.end());
  std::vector<Array> back = runner(transformed, backward, operands, symbols, sizes);
  all.insert(all.end(), back.begin(), back.end());
  return all;
}

}  // namespace proa::test
