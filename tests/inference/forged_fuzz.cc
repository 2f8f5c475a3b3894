// Forged models: a good file whose program is any bytes at all, with checksums that are right. What
// opens is run, on inputs that fit what it says of itself, and each step ends in a result or in a
// typed error. With clang: -fsanitize=fuzzer,address and PROA_LIBFUZZER; elsewhere
// forged_fuzz_test.cc drives it.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <new>
#include <random>
#include <vector>

#include "proa/base/checked.h"
#include "proa/base/error.h"
#include "proa/base/file.h"
#include "proa/base/thread_pool.h"
#include "proa/inference/engine.h"
#include "proa/inference/predictor.h"
#include "proa/inference/sizes.h"
#include "proa/program/package_format.h"
#include "proa/program/safetensors.h"
#include "proa/runtime/schedule.h"
#include "tests/inference/forged_fuzz.h"
#include "tests/inference/model.h"

namespace proa::inference {

using namespace program;

namespace {

constexpr int64_t kMostElements = 1 << 21, kMostBytes = 64 << 20;

void expect(bool holds) {
  if (!holds) std::abort();
}

// A program that loops for ever is stopped as by Ctrl-C.
class Deadline {
 public:
  Deadline() {
    end_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
    set_interrupt_check([] { return std::chrono::steady_clock::now() > end_; });
  }
  ~Deadline() { set_interrupt_check(nullptr); }

 private:
  static inline std::chrono::steady_clock::time_point end_;
};

// Views of more elements than a fuzzer has time for. `plan` runs on no memory.
bool is_large(const Package& package, const Sizes& sizes) {
  std::vector<int64_t> values = values_of(package, sizes, "sizes");
  std::vector<runtime::Array> inputs, outputs(package.outputs().size());
  for (const PackageTensor& input : package.inputs()) {
    runtime::Array array;
    std::vector<int64_t> dims = dims_of(input, values);
    auto elements = checked_elements(dims);
    if (!elements || *elements > kMostElements) return true;
    array.dtype = input.dtype;
    array.dims = runtime::Extents(std::span<const int64_t>(dims));
    array.strides = runtime::dense_strides(dims);
    inputs.push_back(std::move(array));
  }
  runtime::Executable plan(package.program(), kernel_table(), kNull, nullptr,
                           runtime::Origin::file);
  plan.run(inputs, {}, outputs);
  for (const auto& schedule : plan.schedules()) {
    if (schedule->arena > kMostBytes) return true;
    for (const auto& look : schedule->looks) {
      if (checked_elements(look.dims).value_or(INT64_MAX) > kMostElements) return true;
    }
  }
  return false;
}

// Mostly small numbers, as sizes and indices are.
void fill(std::span<std::byte> bytes, DType dtype, std::mt19937& random) {
  size_t width = size_of(dtype);
  for (size_t i = 0; i < bytes.size(); i += width) {
    double value = static_cast<double>(random() % 64) / 8 - 3;
    auto put = [&](auto element) { std::memcpy(&bytes[i], &element, sizeof element); };
    if (random() % 50 == 0) {
      for (size_t k = 0; k < width; ++k) bytes[i + k] = static_cast<std::byte>(random());
    } else if (dtype == DType::f32) {
      put(static_cast<float>(value));
    } else if (dtype == DType::f64) {
      put(value);
    } else if (dtype == DType::i64) {
      put(static_cast<int64_t>(random() % 6));
    } else {
      bytes[i] = static_cast<std::byte>(random() % (dtype == DType::boolean ? 2 : 100));
    }
  }
}

bool run_once(const Config& config, int64_t size, uint32_t seed) {
  Predictor predictor(config);
  const Package& package = predictor.engine().package();
  Sizes sizes;
  for (const PackageSymbol& symbol : package.symbols())
    sizes.emplace_back(symbol.name, std::clamp(size, symbol.low, symbol.high));
  if (is_large(package, sizes)) return false;
  std::vector<int64_t> values = values_of(package, sizes, "sizes");
  std::mt19937 random(seed);
  // As large as it has to be, so that what is read behind it is a fault.
  std::vector<std::vector<std::byte>> memory;
  for (size_t i = 0; i < package.inputs().size(); ++i) {
    const PackageTensor& input = package.inputs()[i];
    std::vector<int64_t> dims = dims_of(input, values);
    memory.emplace_back(static_cast<size_t>(checked_bytes(dims, input.dtype).value()));
    fill(memory.back(), input.dtype, random);
    predictor.set_input(i, {memory.back().data(), input.dtype, dims});
  }
  std::vector<std::vector<std::byte>> before = memory;
  Deadline deadline;
  predictor.run();
  expect(memory == before);  // inputs are the caller's
  unsigned sum = 0;
  for (size_t i = 0; i < package.outputs().size(); ++i) {
    const runtime::Array& made = predictor.output(i);
    expect(made.is_dense());
    auto bytes = checked_bytes(made.dims, made.dtype);
    for (int64_t k = 0; k < bytes.value(); ++k) sum += static_cast<unsigned char>(made.data[k]);
  }
  return sum + 1 > 0;
}

}  // namespace

Forge::Forge(std::span<const std::byte> model) : model_(model.begin(), model.end()) {
  file_ = SafetensorsFile::parse(model_, "model");
  for (const SafetensorsEntry& entry : file_.entries()) {
    if (entry.name == kProgramTensor) program_ = file_.bytes(entry);
  }
}

std::vector<std::byte> Forge::with(std::span<const std::byte> program) const {
  std::vector<SafetensorsTensor> tensors;
  const int64_t dims[] = {static_cast<int64_t>(program.size())};
  for (const SafetensorsEntry& entry : file_.entries()) {
    bool left_out = entry.name.starts_with("__proa__.pad.") ||
                    entry.name.starts_with("__proa__.module") ||
                    entry.name.starts_with(kObjectsPrefix) || entry.name == kProgramTensor;
    if (!left_out) tensors.push_back({entry.name, *entry.dtype, entry.dims, file_.bytes(entry)});
  }
  tensors.push_back({kProgramTensor, DType::u8, dims, program});
  return safetensors_bytes(tensors, file_.metadata(), {.filler = "__proa__.pad."});
}

int fuzz_forged(const Forge& forge, std::span<const std::byte> program, uint32_t seed,
                std::string* refusal) {
  int runs = 0;
  std::vector<std::byte> bytes = forge.with(program);
  Config config;
  config.bytes = bytes;
  config.memory_limit = kMostBytes;
  config.threads = 1;
  for (int64_t size : {1, 5}) {
    try {
      runs += run_once(config, size, seed);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::internal) std::fprintf(stderr, "%s\n", error.what());
      expect(error.kind() != ErrorKind::internal);
      expect(std::strlen(error.what()) < 4000);
      if (refusal != nullptr) *refusal = error.what();
    } catch (const std::bad_alloc&) {}
  }
  return runs;
}

const std::vector<Forge>& forges() {
  static const std::vector<Forge> all = [] {
    std::vector<Forge> made;
    made.emplace_back(model_bytes());
    for (const char* name : {"digits", "encoder", "classes", "boxes", "control", "many"}) {
      auto file = MappedFile::open(str(PROA_SOURCE_DIR "/tests/fuzz/models/", name, ".proa"));
      made.emplace_back(std::span(file->data(), file->size()));
    }
    return made;
  }();
  return all;
}

}  // namespace proa::inference

#if defined(PROA_LIBFUZZER)
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);

// The first byte chooses the model, the others are its program; so the models are the corpus.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  const auto& all = proa::inference::forges();
  if (size >= 16 && seed % 256 != 0) return LLVMFuzzerMutate(data, size, most);
  auto program = all[seed / 256 % all.size()].program();
  if (program.size() + 1 > most) return LLVMFuzzerMutate(data, size, most);
  data[0] = static_cast<uint8_t>(seed / 256 % all.size());
  std::memcpy(data + 1, program.data(), program.size());
  return program.size() + 1;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto& all = proa::inference::forges();
  if (size == 0) return 0;
  auto program = std::as_bytes(std::span(data, size)).subspan(1);
  proa::inference::fuzz_forged(all[data[0] % all.size()], program, 1);
  return 0;
}
#endif
