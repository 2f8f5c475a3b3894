#include "control_cases.h"

#include <cmath>
#include <cstring>
#include <random>

#include "proa/eager/call.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ops/control.h"
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

namespace {

using ir::Builder;
using ir::Dim;
using ir::Expr;

// Steps at random over one i64 and some f32[n, 3]: sums, branches and loops in each other.
class Random {
 public:
  Random(unsigned seed, bool smooth) : rng_(seed), smooth_(smooth) {}

  std::vector<Expr> steps(Builder& b, std::span<const Expr> arguments, int depth) {
    using namespace ops;  // NOLINT: the words of rules
    std::vector<Expr> pool(arguments.begin() + 1, arguments.end());
    Expr number = arguments[0];
    size_t wanted = pool.size();
    auto any = [&] { return pool[below(pool.size())]; };
    for (size_t k = 0, count = 3 + below(3); k < count; ++k) {
      switch (below(depth > 0 ? 10 : 6)) {
        case 0: pool.push_back(tanh(any())); break;
        case 1: pool.push_back(any() + any()); break;
        case 2: pool.push_back(tanh(any() * any())); break;
        case 3: pool.push_back(any() - 0.0); break;
        case 4:
          if (smooth_) pool.push_back(sin(any() - any()));
          else pool.push_back(select(compare("lt", any(), any()), any(), any()));
          break;
        case 5: {  // twice the same, and one that nobody reads
          Expr x = any();
          pool.push_back(sin(x) + sin(x));
          exp(x);
          break;
        }
        case 6:
        case 7: branch(b, number, pool, depth); break;
        case 8: loop(b, number, pool, depth); break;
        default: scan(b, number, pool, depth); break;
      }
    }
    return {pool.end() - static_cast<ptrdiff_t>(wanted), pool.end()};
  }

 private:
  size_t below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(rng_); }

  std::vector<Expr> with(Expr number, const std::vector<Expr>& pool) {
    std::vector<Expr> list = {number};
    for (int k = 0; k < 2; ++k) list.push_back(pool[below(pool.size())]);
    return list;
  }

  void branch(Builder& b, Expr number, std::vector<Expr>& pool, int depth) {
    Expr condition = below(3) == 0 ? ops::constant(b, DType::boolean, below(2) == 0 ? 0.0 : 1.0)
                                   : ops::compare("lt", number, static_cast<double>(below(4)));
    auto rule = [&](Builder& inner, std::span<const Expr> x) { return steps(inner, x, depth - 1); };
    std::vector<Expr> results = ops::if_(condition, with(number, pool), rule, rule);
    pool.push_back(results[below(results.size())]);  // the other is for nobody
  }

  void loop(Builder& b, Expr number, std::vector<Expr>& pool, int depth) {
    using ops::operator+;
    auto limit = static_cast<double>(below(4));
    std::vector<Expr> carries = with(number, pool), constants = {pool[below(pool.size())]};
    std::vector<Expr> results = ops::while_loop(
        b, carries, constants,
        [&](Builder&, std::span<const Expr> x) {
          return std::vector<Expr>{ops::compare("lt", x[0], limit)};
        },
        [&](Builder& inner, std::span<const Expr> x) {
          std::vector<Expr> next = {x[0] + 1};
          std::vector<Expr> floats = steps(inner, x, depth - 1);
          next.insert(next.end(), floats.begin(), floats.begin() + 2);
          return next;
        });
    pool.push_back(results[1 + below(2)]);
  }

  void scan(Builder& b, Expr number, std::vector<Expr>& pool, int depth) {
    std::vector<Expr> carries = with(number, pool), scanned = {pool[below(pool.size())]};
    carries.erase(carries.begin());
    std::vector<Expr> constants = {number};
    std::vector<Expr> results = ops::scan_loop(
        b, scanned[0].dim(0), carries, scanned, constants,
        [&](Builder& inner, std::span<const Expr> x) {
          using ops::operator+;
          std::vector<Expr> inside = {x[4] + x[0], x[1], x[2],
                                      ops::broadcast_to(x[3], x[1].dims())};
          std::vector<Expr> floats = steps(inner, inside, depth - 1);
          return std::vector<Expr>{floats[0], floats[1], ops::slice_axis(floats[2], 0, 0, 1)};
        },
        below(2) == 0);
    pool.push_back(results[below(2)]);
    if (below(2) == 0) {  // [n, 1, 3]: the stacked rows
      std::vector<Dim> dims(scanned[0].dims().begin(), scanned[0].dims().end());
      pool.push_back(ops::reshape(results[2], dims));
    }
  }

  std::mt19937 rng_;
  bool smooth_;
};

}  // namespace

ir::Module random_module(unsigned seed, bool symbolic, DType dtype) {
  ir::Context& context = eager::context();
  ir::Module module(context);
  Dim n = symbolic ? context.symbols().symbol("rows", {.lo = 1, .hi = 1 << 20}) : Dim(2);
  std::vector<Dim> dims = {n, 3};
  std::vector<ir::Type> types = {ir::Type::tensor(context, DType::i64, {})};
  for (int k = 0; k < 3; ++k) types.push_back(ir::Type::tensor(context, dtype, dims));
  ir::Func func = module.add_func("main", types);
  Builder b(module, func.body());
  std::vector<Expr> arguments;
  for (ir::Value v : func.arguments()) arguments.push_back({v, &b});
  std::vector<ir::Value> results;
  for (const Expr& e : Random(seed, dtype == DType::f64).steps(b, arguments, 3))
    results.push_back(e.value);
  b.create_return(results);
  return module;
}

std::vector<eager::Tensor> random_inputs(unsigned seed, int64_t rows, DType dtype) {
  std::mt19937 rng(seed);
  std::normal_distribution<double> normal;
  int64_t number = static_cast<int64_t>(seed % 3), dims[] = {rows, 3};
  std::vector<eager::Tensor> inputs = {eager::from_data({}, DType::i64, &number)};
  for (int k = 0; k < 3; ++k) {
    std::vector<double> values(static_cast<size_t>(rows * 3));
    for (double& v : values) v = normal(rng);
    eager::Tensor wide = eager::from_data(dims, DType::f64, values.data());
    inputs.push_back(dtype == DType::f64 ? wide
                                         : eager::call1("tensor.cast", {wide}, {{"dtype", dtype}}));
  }
  return inputs;
}

}  // namespace proa::test
