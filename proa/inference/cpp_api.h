// The predictor for C++ programs outside this tree: thin owners over the C functions, all inline.
// Why no classes in the library itself: their layout and exceptions would tie a program to one
// compiler and one version.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "proa/inference/c_api.h"

namespace proa_inference {

class Error : public std::runtime_error {
 public:
  explicit Error(proa_status status) : std::runtime_error(proa_last_error()), status_(status) {}
  proa_status status() const { return status_; }

 private:
  proa_status status_;
};

inline void check(proa_status status) {
  if (status != PROA_OK) throw Error(status);
}

template <class E>
struct DTypeOf;  // the proa_dtype of a C++ type
template <>
struct DTypeOf<bool> {
  static constexpr proa_dtype value = PROA_BOOL;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr proa_dtype value = PROA_UINT8;
};
template <>
struct DTypeOf<int8_t> {
  static constexpr proa_dtype value = PROA_INT8;
};
template <>
struct DTypeOf<int16_t> {
  static constexpr proa_dtype value = PROA_INT16;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr proa_dtype value = PROA_INT32;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr proa_dtype value = PROA_INT64;
};
template <>
struct DTypeOf<float> {
  static constexpr proa_dtype value = PROA_FLOAT32;
};
template <>
struct DTypeOf<double> {
  static constexpr proa_dtype value = PROA_FLOAT64;
};

class Config {
 public:
  explicit Config(const std::string& model) {
    check(proa_config_create(&config_));
    check(proa_config_set_model(config_, model.c_str()));
  }
  ~Config() { proa_config_destroy(config_); }
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;

  Config& threads(int n) { return set(proa_config_set_threads(config_, n)); }
  Config& memory_limit(int64_t bytes) { return set(proa_config_set_memory_limit(config_, bytes)); }
  Config& allow_native_code(bool on = true) {
    return set(proa_config_allow_native_code(config_, on));
  }
  Config& verify(bool on) { return set(proa_config_set_verify(config_, on)); }
  Config& profile(bool on = true) { return set(proa_config_set_profile(config_, on)); }
  Config& warm_up(const std::vector<std::pair<std::string, int64_t>>& sizes) {
    std::vector<const char*> names;
    std::vector<int64_t> values;
    for (const auto& [name, size] : sizes) names.push_back(name.c_str()), values.push_back(size);
    return set(proa_config_add_warm_up(config_, names.data(), values.data(),
                                       static_cast<size_t>(names.size())));
  }
  const proa_config* get() const { return config_; }

 private:
  Config& set(proa_status status) {
    check(status);
    return *this;
  }
  proa_config* config_ = nullptr;
};

// A result in the predictor's memory, or in the caller's: until the next run.
struct Result {
  proa_tensor tensor;
  std::vector<int64_t> dims() const { return {tensor.dims, tensor.dims + tensor.rank}; }
  int64_t size() const {
    int64_t n = 1;
    for (int32_t i = 0; i < tensor.rank; ++i) n *= tensor.dims[i];
    return n;
  }
  template <class E>
  const E* data() const {
    if (tensor.dtype != DTypeOf<E>::value) {
      throw std::invalid_argument(std::string("the result is ") + proa_dtype_name(tensor.dtype) +
                                  ", not " + proa_dtype_name(DTypeOf<E>::value));
    }
    return static_cast<const E*>(tensor.data);
  }
};

class Predictor {
 public:
  explicit Predictor(const Config& config) {
    check(proa_predictor_create(config.get(), &predictor_));
  }
  Predictor(Predictor&& other) noexcept : predictor_(std::exchange(other.predictor_, nullptr)) {}
  Predictor& operator=(Predictor&& other) noexcept {
    std::swap(predictor_, other.predictor_);
    return *this;
  }
  ~Predictor() { proa_predictor_destroy(predictor_); }

  // For another thread: shares the weights.
  Predictor clone() const {
    Predictor copy;
    check(proa_predictor_clone(predictor_, &copy.predictor_));
    return copy;
  }

  // The elements stay where they are and are read by each run.
  template <class E>
  void set_input(const std::string& name, const E* data, const std::vector<int64_t>& dims) {
    size_t input;
    check(proa_predictor_find_input(predictor_, name.c_str(), &input));
    proa_tensor tensor{sizeof(proa_tensor), const_cast<E*>(data), dims.data(),
                       static_cast<int32_t>(dims.size()), DTypeOf<E>::value};
    check(proa_predictor_set_input(predictor_, input, &tensor));
  }
  void set_output(const std::string& name, void* data, int64_t bytes) {
    check(proa_predictor_set_output(predictor_, find_output(name), data, bytes));
  }
  void run() { check(proa_predictor_run(predictor_)); }
  Result output(const std::string& name) const {
    Result result{};
    result.tensor.struct_size = sizeof(proa_tensor);
    check(proa_predictor_result(predictor_, find_output(name), &result.tensor));
    return result;
  }

  std::vector<std::string> input_names() const {
    return names(proa_predictor_input_count(predictor_), proa_predictor_input);
  }
  std::vector<std::string> output_names() const {
    return names(proa_predictor_output_count(predictor_), proa_predictor_output);
  }
  proa_statistics statistics() const {
    proa_statistics statistics{};
    statistics.struct_size = sizeof(statistics);
    check(proa_predictor_statistics(predictor_, &statistics));
    return statistics;
  }
  proa_predictor* get() const { return predictor_; }

 private:
  Predictor() = default;
  size_t find_output(const std::string& name) const {
    size_t output;
    check(proa_predictor_find_output(predictor_, name.c_str(), &output));
    return output;
  }
  template <class F>
  std::vector<std::string> names(size_t count, F&& describe) const {
    std::vector<std::string> names;
    for (size_t i = 0; i < count; ++i) {
      proa_port port{};
      port.struct_size = sizeof(port);
      check(describe(predictor_, i, &port));
      names.emplace_back(port.name);
    }
    return names;
  }
  proa_predictor* predictor_ = nullptr;
};

}  // namespace proa_inference
