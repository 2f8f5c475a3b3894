// The binary form of the IR on any bytes: a verified module that comes back, or a typed error.
// With clang: -fsanitize=fuzzer,address and PROA_LIBFUZZER; elsewhere ir_binary_fuzz_test.cc drives
// it.
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "proa/base/error.h"
#include "proa/ir/binary.h"
#include "proa/ir/printer.h"
#include "proa/ops/register.h"

namespace proa::ir {

namespace {

void expect(bool condition, std::string_view what) {
  if (condition) return;
  std::fprintf(stderr, "%.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace

// One context for a while: names and attributes of what was read stay in it.
Context& fuzz_binary_context() {
  static std::unique_ptr<Context> context;
  static int uses = 0;
  if (!context || ++uses % 2000 == 0) {
    context = std::make_unique<Context>();
    ops::load(*context);
  }
  return *context;
}

bool fuzz_ir_binary(std::span<const std::byte> bytes) {
  Context& context = fuzz_binary_context();
  try {
    Module module = read_binary(bytes, context, "fuzz");
    std::vector<std::byte> again = write_binary(module);
    PrintOptions options;
    options.locations = true;
    std::string text = print(module, options);
    try {
      Module back = read_binary(again, context, "again");
      expect(print(back, options) == text, str("came back otherwise:\n", text));
    } catch (const Error& error) {
      expect(false, str("what was written is refused: ", error.what(), "\n", text));
    }
    return true;
  } catch (const UserError& error) {
    expect(error.kind() == ErrorKind::io || error.kind() == ErrorKind::not_supported, error.what());
  }
  return false;
}

}  // namespace proa::ir

#if defined(PROA_LIBFUZZER)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  proa::ir::fuzz_ir_binary(std::as_bytes(std::span(data, size)));
  return 0;
}
#endif
