// The compiler plug-in, opened when it is first asked for a kernel.
// Why so late: a predictor whose kernels are all there needs no compiler, installed or not.
#pragma once

#include <mutex>
#include <string>

#include "proa/program/compiler_plugin.h"
#include "proa/program/kernel_provider.h"

namespace proa::inference {

class PluginProvider : public program::KernelProvider {
 public:
  // `path` as in Config::compiler.
  explicit PluginProvider(std::string path) : path_(std::move(path)) {}

  // UserError(not_supported) where there is no plug-in or it cannot make the kernel.
  program::CompiledFn find(const program::KernelText& kernel) override;

  // Where the plug-in is looked for: PROA_COMPILER_PLUGIN, else beside this library or program,
  // else in lib/ beside its folder.
  static std::string default_path();

 private:
  const proa_compiler_plugin& plugin();
  std::mutex mutex_;
  std::string path_;
  const proa_compiler_plugin* plugin_ = nullptr;
};

}  // namespace proa::inference
