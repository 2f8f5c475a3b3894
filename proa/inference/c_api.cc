#include "proa/inference/c_api.h"

#include <cstring>
#include <exception>
#include <new>
#include <vector>

#include "proa/base/error.h"
#include "proa/base/file.h"
#include "proa/inference/predictor.h"
#include "proa/inference/trace.h"

#ifndef PROA_VERSION
#define PROA_VERSION "0.1.0"
#endif

using proa::DType;
using proa::ErrorKind;
using proa::str;
using proa::UserError;

struct proa_config {
  proa::inference::Config config;
};

// A port as C reads it.
struct CPort {
  std::vector<int64_t> dims;
  std::vector<const char*> symbols;
};

struct proa_predictor {
  std::unique_ptr<proa::inference::Predictor> predictor;
  std::vector<CPort> inputs, outputs;
};

static_assert(static_cast<int>(DType::boolean) == PROA_BOOL);
static_assert(static_cast<int>(DType::u8) == PROA_UINT8);
static_assert(static_cast<int>(DType::i64) == PROA_INT64);
static_assert(static_cast<int>(DType::f16) == PROA_FLOAT16);
static_assert(static_cast<int>(DType::bf16) == PROA_BFLOAT16);
static_assert(static_cast<int>(DType::f32) == PROA_FLOAT32);
static_assert(static_cast<int>(DType::f64) == PROA_FLOAT64);
static_assert(static_cast<int>(DType::c128) == PROA_COMPLEX128);
static_assert(static_cast<int>(DType::f8e5m2) == PROA_FLOAT8_E5M2);
static_assert(static_cast<int>(ErrorKind::internal) + 1 == PROA_ERROR_INTERNAL);

namespace {

constexpr const char* kNames[] = {"ok",    "value", "type",          "shape",
                                  "index", "key",   "not_supported", "memory",
                                  "io",    "state", "interrupted",   "internal"};

// A text that can be set where no memory is left.
class LastError {
 public:
  void set(const char* text) noexcept {
    try {
      text_ = text;
      short_ = nullptr;
    } catch (...) { short_ = "out of memory, also for the message"; }
  }
  const char* get() const { return short_ != nullptr ? short_ : text_.c_str(); }

 private:
  std::string text_;
  const char* short_ = nullptr;
};
thread_local LastError last_error;

template <class F>
proa_status guarded(F&& f) noexcept {
  try {
    f();
    return PROA_OK;
  } catch (const proa::Error& error) {
    last_error.set(error.what());
    return static_cast<proa_status>(static_cast<int>(error.kind()) + 1);
  } catch (const std::bad_alloc&) {
    last_error.set("out of memory");
    return PROA_ERROR_MEMORY;
  } catch (const std::exception& error) { last_error.set(error.what()); } catch (...) {
    last_error.set("an unknown exception");
  }
  return PROA_ERROR_INTERNAL;
}

void need(const void* pointer, const char* function, const char* argument) {
  if (pointer == nullptr)
    throw UserError(ErrorKind::value, function, argument, "expected a pointer, got null");
}

// Structs of this version are the first: a later one may only be longer.
void need_size(size_t got, size_t known, const char* function, const char* argument) {
  if (got >= known) return;
  throw UserError(ErrorKind::value, function, argument,
                  str("expected struct_size = ", known, " or more, got ", got));
}

CPort port_of(const proa::program::PackageTensor& tensor, const proa::program::Package& package) {
  CPort port;
  for (const auto& dim : tensor.dims) {
    bool chosen = dim.symbol >= 0;
    port.dims.push_back(chosen ? -1 : dim.extent);
    port.symbols.push_back(chosen ? package.symbols()[static_cast<size_t>(dim.symbol)].name.c_str()
                                  : nullptr);
  }
  return port;
}

std::unique_ptr<proa_predictor> wrap(std::unique_ptr<proa::inference::Predictor> predictor) {
  auto made = std::make_unique<proa_predictor>();
  const auto& package = predictor->engine().package();
  for (const auto& tensor : package.inputs()) made->inputs.push_back(port_of(tensor, package));
  for (const auto& tensor : package.outputs()) made->outputs.push_back(port_of(tensor, package));
  made->predictor = std::move(predictor);
  return made;
}

proa_status describe(const char* function, std::span<const proa::program::PackageTensor> tensors,
                     const std::vector<CPort>& ports, size_t index, proa_port* port) {
  return guarded([&] {
    need(port, function, "port");
    need_size(port->struct_size, sizeof(proa_port), function, "port");
    if (index >= ports.size()) {
      throw UserError(ErrorKind::index, function, "index",
                      str("expected 0..", static_cast<int64_t>(ports.size()) - 1, ", got ", index));
    }
    port->name = tensors[index].name.c_str();
    port->dims = ports[index].dims.data();
    port->symbols = ports[index].symbols.data();
    port->rank = static_cast<int32_t>(ports[index].dims.size());
    port->dtype = static_cast<int32_t>(tensors[index].dtype);
  });
}

}  // namespace

const char* proa_version(void) { return PROA_VERSION; }

const char* proa_status_name(proa_status status) {
  auto i = static_cast<size_t>(status);
  return i < std::size(kNames) ? kNames[i] : "unknown";
}

const char* proa_dtype_name(int32_t dtype) {
  if (dtype < 0 || dtype >= proa::kDTypeCount) return nullptr;
  return proa::to_string(static_cast<DType>(dtype)).data();  // of literals, so it ends
}

size_t proa_dtype_size(int32_t dtype) {
  if (dtype < 0 || dtype >= proa::kDTypeCount) return 0;
  return proa::size_of(static_cast<DType>(dtype));
}

const char* proa_last_error(void) { return last_error.get(); }

proa_status proa_config_create(proa_config** config) {
  return guarded([&] {
    need(config, "proa_config_create", "config");
    *config = new proa_config;
  });
}

void proa_config_destroy(proa_config* config) { delete config; }

proa_status proa_config_set_model(proa_config* config, const char* path) {
  return guarded([&] {
    need(config, "proa_config_set_model", "config");
    need(path, "proa_config_set_model", "path");
    config->config.model = path;
    config->config.bytes = {};
  });
}

proa_status proa_config_set_model_bytes(proa_config* config, const void* data, size_t size) {
  return guarded([&] {
    need(config, "proa_config_set_model_bytes", "config");
    need(data, "proa_config_set_model_bytes", "data");
    config->config.model.clear();
    config->config.bytes = {static_cast<const std::byte*>(data), size};
  });
}

#define PROA_CONFIG_SETTER(function, type, field)                                \
  proa_status function(proa_config* config, type value) {                        \
    return guarded([&] {                                                         \
      need(config, #function, "config");                                         \
      config->config.field = static_cast<decltype(config->config.field)>(value); \
    });                                                                          \
  }
PROA_CONFIG_SETTER(proa_config_set_verify, int, verify)
PROA_CONFIG_SETTER(proa_config_set_threads, int, threads)
PROA_CONFIG_SETTER(proa_config_set_memory_limit, int64_t, memory_limit)
PROA_CONFIG_SETTER(proa_config_allow_native_code, int, allow_native_code)
PROA_CONFIG_SETTER(proa_config_set_profile, int, profile)

proa_status proa_config_set_compiler(proa_config* config, const char* path) {
  return guarded([&] {
    need(config, "proa_config_set_compiler", "config");
    config->config.allow_compiler = path == nullptr || *path != '\0';
    config->config.compiler = path == nullptr ? "" : path;
  });
}

proa_status proa_config_add_warm_up(proa_config* config, const char* const* symbols,
                                    const int64_t* sizes, size_t count) {
  return guarded([&] {
    need(config, "proa_config_add_warm_up", "config");
    if (count > 0) {
      need(symbols, "proa_config_add_warm_up", "symbols");
      need(sizes, "proa_config_add_warm_up", "sizes");
    }
    proa::inference::Sizes named;
    for (size_t i = 0; i < count; ++i) {
      need(symbols[i], "proa_config_add_warm_up", "symbols");
      named.emplace_back(symbols[i], sizes[i]);
    }
    config->config.warm_up.push_back(std::move(named));
  });
}

proa_status proa_predictor_create(const proa_config* config, proa_predictor** predictor) {
  return guarded([&] {
    need(config, "proa_predictor_create", "config");
    need(predictor, "proa_predictor_create", "predictor");
    *predictor = wrap(std::make_unique<proa::inference::Predictor>(config->config)).release();
  });
}

proa_status proa_predictor_clone(const proa_predictor* predictor, proa_predictor** clone) {
  return guarded([&] {
    need(predictor, "proa_predictor_clone", "predictor");
    need(clone, "proa_predictor_clone", "clone");
    *clone = wrap(predictor->predictor->clone()).release();
  });
}

void proa_predictor_destroy(proa_predictor* predictor) { delete predictor; }

size_t proa_predictor_input_count(const proa_predictor* predictor) {
  return predictor != nullptr ? predictor->inputs.size() : 0;
}
size_t proa_predictor_output_count(const proa_predictor* predictor) {
  return predictor != nullptr ? predictor->outputs.size() : 0;
}

proa_status proa_predictor_input(const proa_predictor* predictor, size_t input, proa_port* port) {
  if (predictor == nullptr)
    return guarded([&] { need(predictor, "proa_predictor_input", "predictor"); });
  return describe("proa_predictor_input", predictor->predictor->inputs(), predictor->inputs, input,
                  port);
}

proa_status proa_predictor_output(const proa_predictor* predictor, size_t output, proa_port* port) {
  if (predictor == nullptr)
    return guarded([&] { need(predictor, "proa_predictor_output", "predictor"); });
  return describe("proa_predictor_output", predictor->predictor->outputs(), predictor->outputs,
                  output, port);
}

proa_status proa_predictor_find_input(const proa_predictor* predictor, const char* name,
                                      size_t* input) {
  return guarded([&] {
    need(predictor, "proa_predictor_find_input", "predictor");
    need(name, "proa_predictor_find_input", "name");
    need(input, "proa_predictor_find_input", "input");
    *input = predictor->predictor->input_index(name);
  });
}

proa_status proa_predictor_find_output(const proa_predictor* predictor, const char* name,
                                       size_t* output) {
  return guarded([&] {
    need(predictor, "proa_predictor_find_output", "predictor");
    need(name, "proa_predictor_find_output", "name");
    need(output, "proa_predictor_find_output", "output");
    *output = predictor->predictor->output_index(name);
  });
}

proa_status proa_predictor_set_input(proa_predictor* predictor, size_t input,
                                     const proa_tensor* tensor) {
  return guarded([&] {
    constexpr const char* kFunction = "proa_predictor_set_input";
    need(predictor, kFunction, "predictor");
    need(tensor, kFunction, "tensor");
    need_size(tensor->struct_size, sizeof(proa_tensor), kFunction, "tensor");
    constexpr int32_t kMostDims = 64;
    if (tensor->rank < 0 || tensor->rank > kMostDims) {
      throw UserError(ErrorKind::shape, kFunction, "rank",
                      str("expected 0..", kMostDims, ", got ", tensor->rank));
    }
    if (tensor->rank > 0) need(tensor->dims, kFunction, "dims");
    if (proa_dtype_name(tensor->dtype) == nullptr) {
      throw UserError(ErrorKind::type, kFunction, "dtype",
                      str("expected a proa_dtype, got ", tensor->dtype));
    }
    predictor->predictor->set_input(input, {tensor->data,
                                            static_cast<DType>(tensor->dtype),
                                            {tensor->dims, static_cast<size_t>(tensor->rank)}});
  });
}

proa_status proa_predictor_set_output(proa_predictor* predictor, size_t output, void* data,
                                      int64_t bytes) {
  return guarded([&] {
    need(predictor, "proa_predictor_set_output", "predictor");
    predictor->predictor->set_output(output, data, data != nullptr ? bytes : 0);
  });
}

proa_status proa_predictor_run(proa_predictor* predictor) {
  return guarded([&] {
    need(predictor, "proa_predictor_run", "predictor");
    predictor->predictor->run();
  });
}

proa_status proa_predictor_result(const proa_predictor* predictor, size_t output,
                                  proa_tensor* tensor) {
  return guarded([&] {
    need(predictor, "proa_predictor_result", "predictor");
    need(tensor, "proa_predictor_result", "tensor");
    need_size(tensor->struct_size, sizeof(proa_tensor), "proa_predictor_result", "tensor");
    const proa::runtime::Array& array = predictor->predictor->output(output);
    tensor->data = array.data;
    tensor->dims = array.dims.data();
    tensor->rank = array.rank();
    tensor->dtype = static_cast<int32_t>(array.dtype);
  });
}

proa_status proa_predictor_statistics(const proa_predictor* predictor,
                                      proa_statistics* statistics) {
  return guarded([&] {
    need(predictor, "proa_predictor_statistics", "predictor");
    need(statistics, "proa_predictor_statistics", "statistics");
    need_size(statistics->struct_size, sizeof(proa_statistics), "proa_predictor_statistics",
              "statistics");
    const auto& s = predictor->predictor->statistics();
    const auto& kernels = predictor->predictor->kernels();
    statistics->runs = s.runs;
    statistics->failures = s.failures;
    statistics->last_ns = s.last_ns;
    statistics->least_ns = s.least_ns;
    statistics->most_ns = s.most_ns;
    statistics->total_ns = s.total_ns;
    statistics->last_bytes = s.last_bytes;
    statistics->peak_bytes = s.peak_bytes;
    statistics->copied_outputs = s.copied_outputs;
    statistics->load_ns = predictor->predictor->engine().load_ns();
    statistics->stored_kernels = kernels.stored;
    statistics->made_kernels = kernels.made;
    statistics->compiled = kernels.compiled ? 1 : 0;
  });
}

const char* proa_predictor_reason(const proa_predictor* predictor) {
  return predictor != nullptr ? predictor->predictor->kernels().reason.c_str() : "";
}

proa_status proa_write_trace(const char* path) {
  return guarded([&] {
    need(path, "proa_write_trace", "path");
    std::string text = proa::inference::take_trace();
    std::span<const std::byte> piece = std::as_bytes(std::span(text));
    proa::write_file(path, {&piece, 1});
  });
}
