// Hostile .proa files: whatever the bytes, opening ends in a package whose programs hold together
// or in a typed error. With clang: -fsanitize=fuzzer,address and PROA_LIBFUZZER; elsewhere
// package_fuzz_test.cc drives it.
#include <array>
#include <cstdlib>

#include "proa/base/error.h"
#include "proa/program/package.h"
#include "proa/program/package_format.h"
#include "proa/program/verify.h"

namespace proa::program {

namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

void use(const Package& package) {
  verify(*package.program(), "again");
  expect(package.inputs().size() == package.program()->inputs.size());
  expect(package.outputs().size() == package.program()->outputs.size());
  for (const auto& program : {package.program(), package.compiled()}) {
    if (!program) continue;
    unsigned sum = 0;
    for (const Constant& constant : program->constants) {
      auto bytes = std::span(static_cast<const std::byte*>(constant.bytes), constant.size);
      for (auto byte : bytes) sum += static_cast<unsigned>(byte);
    }
    for (const KernelText& kernel : program->kernels) sum += kernel.text.size() > 0;
    expect(sum + 1 > 0);
  }
  // What was read can be written, and comes back once more.
  ByteWriter out;
  ProgramTables tables;
  write_programs(out, std::array{package.program()}, tables);
  ByteReader in(out.bytes(), "again");
  expect(read_programs(in, 1, tables).size() == 1);
}

}  // namespace

// The bytes as a file; without `verify` its checksums are not looked at, so that what lies behind
// them is reached.
bool fuzz_package(std::span<const std::byte> bytes, bool verify) {
  try {
    use(*Package::parse(bytes, "fuzz", verify));
    return true;
  } catch (const UserError& error) {
    expect(error.kind() == ErrorKind::io || error.kind() == ErrorKind::not_supported);
    expect(std::string_view(error.what()).size() < 2000);
  }
  return false;
}

}  // namespace proa::program

#if defined(PROA_LIBFUZZER)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto bytes = std::as_bytes(std::span(data, size));
  proa::program::fuzz_package(bytes, true);
  proa::program::fuzz_package(bytes, false);
  return 0;
}
#endif
