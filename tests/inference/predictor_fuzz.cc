// Hostile models and inputs through the C functions: whatever the bytes, each call ends in a status
// and a message. Bytes that are a whole file are opened and planned; a good model is run on inputs
// that the bytes choose. Models with forged programs are run in forged_fuzz.cc. With clang:
// -fsanitize=fuzzer,address and PROA_LIBFUZZER; elsewhere predictor_fuzz_test.cc drives it.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "proa/base/error.h"
#include "proa/inference/c_api.h"
#include "proa/inference/describe.h"

namespace proa::inference {

namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

// Takes values off the bytes; zeros behind their end.
class Choices {
 public:
  explicit Choices(std::span<const std::byte> bytes) : bytes_(bytes) {}
  uint8_t byte() {
    if (bytes_.empty()) return 0;
    auto value = static_cast<uint8_t>(bytes_[0]);
    bytes_ = bytes_.subspan(1);
    return value;
  }
  int64_t extent() {
    constexpr int64_t kOdd[] = {-1, INT64_MIN, INT64_MAX, 1LL << 40, 4096, 4097, 0};
    uint8_t value = byte();
    return value < std::size(kOdd) ? kOdd[value] : value % 8;
  }

 private:
  std::span<const std::byte> bytes_;
};

void expect_status(proa_status status) {
  expect(status >= PROA_OK && status < PROA_ERROR_INTERNAL);
  if (status != PROA_OK) expect(std::strlen(proa_last_error()) > 0);
}

}  // namespace

// Opens and plans what may be no model at all.
bool fuzz_model(std::span<const std::byte> bytes) {
  try {
    auto package = program::Package::parse(bytes, "fuzz", false);
    expect(!describe(*package, "fuzz").empty());
    return true;
  } catch (const Error& error) {
    expect(error.kind() != ErrorKind::internal);
    return false;
  }
}

// Runs a good model on inputs and outputs that the bytes choose; how many runs succeeded.
int fuzz_inputs(std::span<const std::byte> model, std::span<const std::byte> bytes) {
  proa_config* config;
  expect_status(proa_config_create(&config));
  expect_status(proa_config_set_model_bytes(config, model.data(), model.size()));
  expect_status(proa_config_set_memory_limit(config, 1 << 20));
  proa_predictor* predictor = nullptr;
  expect(proa_predictor_create(config, &predictor) == PROA_OK);
  proa_config_destroy(config);
  Choices choose(bytes);
  // As much as the largest legal input has, so that only a check can refuse what is larger.
  static std::vector<float> memory(4096 * 3 + 1, 0.5f);
  int succeeded = 0;
  for (int step = 0; step < 12; ++step) {
    int64_t dims[4];
    int32_t rank = choose.byte() % 5 == 0 ? choose.byte() % 5 : 2;
    for (int64_t& dim : dims) dim = choose.extent();
    if (choose.byte() % 4 != 0) dims[1] = 3;
    int32_t dtype = choose.byte() % 6 == 0 ? choose.byte() - 100 : PROA_FLOAT32;
    proa_tensor tensor = {sizeof tensor, memory.data(), dims, rank, dtype};
    if (choose.byte() % 16 == 0) tensor.data = nullptr;
    if (choose.byte() % 16 == 0) tensor.struct_size = choose.byte();
    if (choose.byte() % 16 == 0) tensor.data = reinterpret_cast<char*>(memory.data()) + 1;
    size_t input = choose.byte() % 3;
    expect_status(proa_predictor_set_input(predictor, input, &tensor));
    if (choose.byte() % 3 == 0) {
      std::vector<float>* out = nullptr;
      static std::vector<float> results(4096 * 3);
      if (choose.byte() % 2 == 0) out = &results;
      expect_status(proa_predictor_set_output(predictor, choose.byte() % 3,
                                              out ? out->data() : nullptr,
                                              out ? static_cast<int64_t>(choose.byte()) * 64 : 0));
    }
    proa_status status = proa_predictor_run(predictor);
    expect_status(status);
    succeeded += status == PROA_OK;
    proa_tensor result = {sizeof result, nullptr, nullptr, 0, 0};
    bool has_result = proa_predictor_result(predictor, 0, &result) == PROA_OK;
    expect(has_result || status != PROA_OK);
  }
  proa_predictor_destroy(predictor);
  return succeeded;
}

}  // namespace proa::inference

#if defined(PROA_LIBFUZZER)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  proa::inference::fuzz_model(std::as_bytes(std::span(data, size)));
  return 0;
}
#endif
