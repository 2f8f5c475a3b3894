#include "proa/inference/plugin.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>

#include "proa/base/error.h"

namespace proa::inference {

namespace {

constexpr std::string_view kFile = "libproa_compiler.so";

[[noreturn]] void fail(std::string_view what) {
  throw UserError(ErrorKind::not_supported, "predictor", "compiler", what);
}

}  // namespace

std::string PluginProvider::default_path() {
  const char* given = std::getenv("PROA_COMPILER_PLUGIN");
  if (given != nullptr && *given != '\0') return given;
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&PluginProvider::default_path), &info) == 0)
    return std::string(kFile);
  std::string_view own = info.dli_fname;
  size_t slash = own.rfind('/');
  std::string folder(slash == std::string_view::npos ? std::string_view(".")
                                                     : own.substr(0, slash));
  std::string beside = str(folder, "/", kFile);
  if (access(beside.c_str(), R_OK) == 0) return beside;
  std::string library = str(folder, "/../lib/", kFile);
  return access(library.c_str(), R_OK) == 0 ? library : beside;
}

const proa_compiler_plugin& PluginProvider::plugin() {
  std::lock_guard lock(mutex_);
  if (plugin_ != nullptr) return *plugin_;
  if (path_.empty()) path_ = default_path();
  // Never closed: kernels may run until the process ends.
  void* library = dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) fail(str("the plug-in cannot be opened: ", dlerror()));
  auto get =
      reinterpret_cast<proa_compiler_plugin_get_fn>(dlsym(library, "proa_compiler_plugin_get"));
  if (get == nullptr) fail(str(path_, " is no compiler plug-in"));
  const proa_compiler_plugin* found = get(PROA_COMPILER_PLUGIN_VERSION);
  if (found == nullptr || found->struct_size < sizeof(proa_compiler_plugin)) {
    fail(str(path_, " does not know version ", PROA_COMPILER_PLUGIN_VERSION, " of the plug-in"));
  }
  return *(plugin_ = found);
}

program::CompiledFn PluginProvider::find(const program::KernelText& kernel) {
  char message[512] = "";
  program::CompiledFn made = plugin().find(kernel.name.c_str(), kernel.text.data(),
                                           kernel.text.size(), message, sizeof message);
  if (made == nullptr) fail(str("the kernel ", kernel.name, " cannot be made: ", message));
  return made;
}

}  // namespace proa::inference
