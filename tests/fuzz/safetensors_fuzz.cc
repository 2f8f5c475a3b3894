// Hostile safetensors files: whatever the bytes, parsing ends in a checked file or in
// UserError(io). With clang: -fsanitize=fuzzer,address and PROA_LIBFUZZER; elsewhere
// safetensors_fuzz_test.cc drives it.
#include <cstdlib>

#include "proa/base/error.h"
#include "proa/program/safetensors.h"

namespace proa::program {

namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

// What a parsed file promises.
void use(const SafetensorsFile& file) {
  std::vector<SafetensorsTensor> tensors;
  bool writable = true;
  for (const auto& entry : file.entries()) {
    expect(file.find(entry.name) == &entry);
    std::span<const std::byte> bytes;
    try {
      bytes = file.data(entry);
    } catch (const UserError& error) {
      expect(error.kind() == ErrorKind::io);
      writable = false;
      continue;
    }
    unsigned sum = 0;
    for (auto byte : bytes) sum += static_cast<unsigned>(byte);
    expect(sum <= 255 * bytes.size());
    if (entry.dtype) {
      tensors.push_back({entry.name, *entry.dtype, entry.dims, bytes});
    } else {
      writable = false;
    }
  }
  if (!writable) return;
  auto again = safetensors_bytes(tensors, file.metadata());
  auto copy = SafetensorsFile::parse(again, "again");
  expect(copy.entries().size() == tensors.size() && copy.metadata() == file.metadata());
  for (const auto& tensor : tensors) {
    const auto* entry = copy.find(tensor.name);
    expect(entry && entry->dtype == tensor.dtype &&
           copy.data(*entry).size() == tensor.bytes.size());
  }
}

}  // namespace

bool fuzz_safetensors(std::span<const std::byte> bytes) {
  bool accepted = false;
  for (bool verify : {true, false}) {
    try {
      auto file = SafetensorsFile::parse(bytes, "fuzz", verify);
      accepted = true;
      use(file);
    } catch (const UserError& error) {
      expect(error.kind() == ErrorKind::io);
      expect(std::string_view(error.what()).size() < 1000);
    }
  }
  return accepted;
}

}  // namespace proa::program

#if defined(PROA_LIBFUZZER)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  proa::program::fuzz_safetensors(std::as_bytes(std::span(data, size)));
  return 0;
}
#endif
