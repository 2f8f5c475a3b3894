// Hostile .npy files: whatever the bytes, reading ends in an array that can be written again or in
// a typed error. With clang: -fsanitize=fuzzer,address and PROA_LIBFUZZER; elsewhere
// npy_fuzz_test.cc drives it.
#include <cstdlib>

#include "proa/base/error.h"
#include "proa/program/npy.h"

namespace proa::program {

namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

bool fuzz_npy(std::span<const std::byte> bytes) {
  try {
    NpyArray array = parse_npy(bytes, "fuzz");
    unsigned sum = 0;
    for (auto byte : array.bytes) sum += static_cast<unsigned>(byte);
    expect(sum <= 255 * array.bytes.size());
    expect(reinterpret_cast<uintptr_t>(array.bytes.data()) % size_of(array.dtype) == 0 ||
           array.bytes.empty());
    std::string again = npy_header(array.dtype, array.dims);
    again.append(reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size());
    NpyArray copy = parse_npy(std::as_bytes(std::span(again)), "again");
    expect(copy.dtype == array.dtype && copy.dims == array.dims);
    return true;
  } catch (const UserError& error) {
    expect(error.kind() == ErrorKind::io || error.kind() == ErrorKind::not_supported);
    expect(std::string_view(error.what()).size() < 1000);
  }
  return false;
}

}  // namespace proa::program

#if defined(PROA_LIBFUZZER)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  proa::program::fuzz_npy(std::as_bytes(std::span(data, size)));
  return 0;
}
#endif
