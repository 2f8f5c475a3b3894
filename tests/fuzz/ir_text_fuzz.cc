// The text form of the IR on any bytes: a module that prints to a text that comes back, or a typed
// error of the user's kinds. With clang: -fsanitize=fuzzer,address and PROA_LIBFUZZER; elsewhere
// ir_text_fuzz_test.cc drives it.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "proa/base/error.h"
#include "proa/ir/parser.h"
#include "proa/ir/pass_manager.h"
#include "proa/ir/printer.h"
#include "proa/ir/verifier.h"
#include "proa/ops/register.h"

namespace proa::ir {

namespace {

void expect(bool condition, std::string_view what, std::string_view text) {
  if (condition) return;
  std::fprintf(stderr, "%.*s\n---- input\n%.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(text.size()), text.data());
  std::abort();
}

// Symbols stay declared in a context, so one context would soon refuse everything.
Context& fresh_context() {
  static std::unique_ptr<Context> context;
  static int uses = 0;
  if (!context || ++uses % 20 == 0) {
    context = std::make_unique<Context>();
    ops::load(*context);
  }
  return *context;
}

}  // namespace

bool fuzz_ir_text(std::string_view text) {
  Context& context = fresh_context();
  ParseOptions options;
  options.allow_unregistered = text.size() % 2 == 0;
  try {
    parse_pipeline(text.substr(0, text.find('\n')));
  } catch (const UserError&) {}
  try {
    Module module = parse_module(text, context, options);
    PrintOptions print_options;
    print_options.locations = true;
    std::string printed = print(module, print_options);
    std::string again;
    try {
      again = print(parse_module(printed, context, options), print_options);
    } catch (const Error& error) {
      expect(false, str("what was printed is refused: ", error.what(), "\n", printed), text);
    }
    expect(again == printed, str("printed twice:\n", printed, "\n", again), text);
    verify(module.clone());
    return true;
  } catch (const InternalError& error) {
    expect(false, error.what(), text);
  } catch (const UserError& error) {
    expect(std::string_view(error.what()).size() < 20000 + text.size(), "a message without end",
           text);
  }
  return false;
}

}  // namespace proa::ir

#if defined(PROA_LIBFUZZER)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  proa::ir::fuzz_ir_text(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
#endif
