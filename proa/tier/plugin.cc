// The compiler as a plug-in: proa/program/compiler_plugin.h over this floor's kernels.

#include "proa/program/compiler_plugin.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <string_view>

#include "proa/tier/compiled.h"

namespace proa::tier {
namespace {

proa_compiled_fn find(const char* name, const char* text, size_t text_size, char* message,
                      size_t message_size) {
  std::string_view reason = "no kernel was made";
  auto say = [&](std::string_view what) {
    if (message_size == 0) return;
    size_t length = std::min(what.size(), message_size - 1);
    std::memcpy(message, what.data(), length);
    message[length] = '\0';
  };
  try {
    program::KernelText kernel{name, std::string(text, text_size)};
    if (program::CompiledFn made = kernel_provider().find(kernel)) return made;
    say(reason);
  } catch (const std::exception& error) { say(error.what()); } catch (...) {
    say(reason);
  }
  return nullptr;
}

constexpr proa_compiler_plugin kPlugin = {sizeof(proa_compiler_plugin), find};

}  // namespace
}  // namespace proa::tier

extern "C" [[gnu::visibility("default")]] const proa_compiler_plugin* proa_compiler_plugin_get(
    int version) {
  return version == PROA_COMPILER_PLUGIN_VERSION ? &proa::tier::kPlugin : nullptr;
}
