#include "proa/tier/notes.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "proa/base/environment.h"
#include "proa/base/str.h"

namespace proa::tier {

namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

}  // namespace

bool maps_kernels() {
  static const bool wanted = environment_switch("PROA_PERF_MAP", false);
  return wanted;
}

void note_kernel(const program::KernelText& kernel, const runtime::Object& object) {
  static const char* const folder = std::getenv("PROA_KERNEL_DIR");
  if (maps_kernels()) {
    // The place is perf's choice, whatever the folder for temporary files is.
    static const File map(std::fopen(str("/tmp/perf-", getpid(), ".map").c_str(), "w"));
    if (map) {
      for (const auto& [name, code] : object.functions()) {
        std::string shown = name == kernel.name ? name : str(kernel.name, ":", name);
        std::fprintf(map.get(), "%zx %zx %s\n", reinterpret_cast<size_t>(code.data()), code.size(),
                     shown.c_str());
      }
      std::fflush(map.get());
    }
  }
  if (folder != nullptr && *folder != 0) {
    File text(std::fopen(str(folder, "/", kernel.name, ".c").c_str(), "w"));
    if (text) std::fwrite(kernel.text.data(), 1, kernel.text.size(), text.get());
  }
}

}  // namespace proa::tier
