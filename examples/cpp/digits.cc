// Trains the network of examples/digits in C++ alone, on data that examples/digits/export.py
// writes.
//
//   python examples/digits/export.py out/digits/data.safetensors
//   build/example-digits out/digits/data.safetensors out/digits/weights.safetensors [epochs]
//
// Every operator is a function with the arguments that it has in Python (proa/eager/functions).
// Letters of shapes: N images, C channels, H and W pixels.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "proa/base/error.h"
#include "proa/eager/call.h"
#include "proa/eager/functions/all.h"
#include "proa/eager/node.h"
#include "proa/program/safetensors.h"

namespace {

using namespace proa;  // NOLINT: an example

constexpr int64_t kBatch = 32;
constexpr double kTopRate = 0.01;

Tensor read(const program::SafetensorsFile& file, std::string_view name) {
  const program::SafetensorsEntry* entry = file.find(name);
  if (entry == nullptr) {
    throw UserError(ErrorKind::io, "digits", name, "the file has no tensor of this name");
  }
  return eager::from_data(entry->dims, file.dtype(*entry), file.data(*entry).data());
}

// A parameter with the state of AdamW.
struct Parameter {
  std::string name;
  Tensor value, moment1, moment2, power1, power2;
};

class Network {
 public:
  Network() {
    add("features.0.weight", {16, 1, 3, 3}, 9);
    add("features.0.bias", {16}, 0);
    add("features.3.weight", {32, 16, 3, 3}, 16 * 9);
    add("features.3.bias", {32}, 0);
    add("classify.2.weight", {512, 10}, 512);
    add("classify.2.bias", {10}, 0);
  }

  Tensor forward(const Tensor& images_NCHW, bool training) const {
    Tensor h = max_pool2d(relu(conv2d(images_NCHW, weight(0), weight(1), 1, 1)), 2);
    h = flatten(relu(conv2d(h, weight(2), weight(3), 1, 1)), 1);
    return linear(dropout(h, 0.2, {}, training), weight(4), weight(5));
  }

  void step(const Tensor& loss, double rate) {
    std::vector<Tensor> values;
    for (const Parameter& p : parameters_) values.push_back(p.value);
    Tensor outputs[] = {loss};
    std::vector<Tensor> gradients = eager::grad(outputs, values, {}, {});
    eager::NoGrad no_grad;
    Tensor rate_0d = eager::scalar(DType::f64, rate);
    for (size_t i = 0; i < parameters_.size(); ++i) {
      Parameter& p = parameters_[i];
      auto [value, moment1, moment2, power1, power2] =
          adamw_step(p.value, gradients[i], p.moment1, p.moment2, p.power1, p.power2, rate_0d);
      eager::assign(p.value, value);
      p.moment1 = moment1;
      p.moment2 = moment2;
      p.power1 = power1;
      p.power2 = power2;
    }
  }

  void save(const std::string& path) const {
    std::vector<program::SafetensorsTensor> tensors;
    for (const Parameter& p : parameters_) {
      const char* data = p.value.array().data;
      auto bytes = static_cast<size_t>(p.value.elements()) * size_of(p.value.dtype());
      tensors.push_back({p.name,
                         p.value.dtype(),
                         p.value.dims(),
                         {reinterpret_cast<const std::byte*>(data), bytes}});
    }
    program::write_safetensors(path, tensors);
  }

 private:
  const Tensor& weight(size_t i) const { return parameters_[i].value; }

  // Uniform within 1 / sqrt(fan_in); zero where fan_in is 0.
  void add(std::string name, std::vector<int64_t> dims, int fan_in) {
    double bound = fan_in > 0 ? rsqrt(eager::scalar(DType::f64, fan_in)).item() : 0;
    Tensor value = uniform(dims, DType::f32, -bound, bound);
    value.set_requires_grad(true);
    parameters_.push_back({std::move(name), value, zeros_like(value), zeros_like(value),
                           eager::scalar(DType::f64, 0.9), eager::scalar(DType::f64, 0.999)});
  }

  std::vector<Parameter> parameters_;
};

int64_t count_right(const Tensor& logits, const Tensor& labels) {
  Tensor hits = equal(argmax(logits, 1), labels);
  return static_cast<int64_t>(sum(cast(hits, DType::i64)).item());
}

// Up to the top over the first 30% of the steps, then down to nothing.
double rate_at(int64_t step, int64_t steps) {
  double done = static_cast<double>(step + 1) / static_cast<double>(steps);
  return kTopRate * (done < 0.3 ? done / 0.3 : (1 - done) / 0.7);
}

int run(const std::string& data, const std::string& weights, int epochs) {
  program::SafetensorsFile file = program::SafetensorsFile::open(data);
  Tensor images = read(file, "train.images"), labels = read(file, "train.labels");
  Tensor test_images = read(file, "test.images"), test_labels = read(file, "test.labels");
  int64_t count = labels.elements(), batches = (count + kBatch - 1) / kBatch;

  eager::seed(0);
  Network network;
  auto started = std::chrono::steady_clock::now();
  double share = 0;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    Tensor order = randperm(count);
    double total = 0;
    for (int64_t b = 0; b < batches; ++b) {
      std::vector<int64_t> chosen;
      for (int64_t i = b * kBatch; i < std::min(count, (b + 1) * kBatch); ++i) {
        chosen.push_back(static_cast<int64_t>(order.item(i)));
      }
      int64_t dims[] = {static_cast<int64_t>(chosen.size())};
      Tensor index = eager::from_data(dims, DType::i64, chosen.data());
      Tensor x = index_select(images, index, 0);
      Tensor y = index_select(labels, index, 0);
      Tensor loss = cross_entropy(network.forward(x, true), y);
      network.step(loss, rate_at(epoch * batches + b, epochs * batches));
      total += loss.item() * static_cast<double>(dims[0]);
    }
    eager::NoGrad no_grad;
    int64_t right = count_right(network.forward(test_images, false), test_labels);
    share = static_cast<double>(right) / static_cast<double>(test_labels.elements());
    std::printf("epoch %2d/%d: loss %.4f, test accuracy %.2f%% (%lld/%lld)\n", epoch + 1, epochs,
                total / static_cast<double>(count), 100 * share, static_cast<long long>(right),
                static_cast<long long>(test_labels.elements()));
    std::fflush(stdout);
  }
  double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  network.save(weights);
  std::printf("%.1f s, %.0f samples/s; weights in %s\n", seconds,
              static_cast<double>(count) * epochs / seconds, weights.c_str());
  if (share < 0.98) std::fprintf(stderr, "test accuracy is below 98%%\n");
  return share < 0.98 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  int epochs = argc == 4 ? std::atoi(argv[3]) : 15;
  if (argc < 3 || argc > 4 || epochs < 1) {
    std::fprintf(stderr, "usage: %s DATA.safetensors WEIGHTS.safetensors [EPOCHS]\n", argv[0]);
    return 2;
  }
  try {
    return run(argv[1], argv[2], epochs);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
