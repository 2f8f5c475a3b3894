#include "proa/tier/compiled.h"

#include <chrono>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "proa/base/error.h"
#include "proa/compiler/jit/compile.h"
#include "proa/compiler/pipeline.h"
#include "proa/runtime/object.h"
#include "proa/tier/object_cache.h"
#include "proa/tier/prebuilt.h"

namespace proa::tier {

namespace {

// Kernels by name, which is a hash of the text; the text decides where names meet.
class Kernels : public program::KernelProvider {
 public:
  program::CompiledFn find(const program::KernelText& kernel) override {
    Entry& entry = slot(kernel.name);
    std::lock_guard lock(entry.mutex);  // others wait for this kernel only
    if (entry.function == nullptr) {
      make(kernel, entry);
    } else {
      PROA_CHECK(entry.text == kernel.text, "two kernels of the name ", kernel.name);
      std::lock_guard counts(mutex_);
      ++report_.from_memory;
    }
    return entry.function;
  }

  void fall_back(std::string_view reason) {
    std::lock_guard lock(mutex_);
    ++report_.fallbacks;
    report_.last_reason = reason;
  }

  Report report() {
    std::lock_guard lock(mutex_);
    Report now = report_;
    now.compiler = compiler::jit::to_string(compiler::jit::maker());
    return now;
  }

 private:
  struct Entry {
    std::mutex mutex;
    std::string text;
    std::shared_ptr<const runtime::Object> object;
    program::CompiledFn function = nullptr;
  };

  Entry& slot(const std::string& name) {
    std::lock_guard lock(mutex_);
    auto& entry = entries_[name];
    if (!entry) entry = std::make_unique<Entry>();
    return *entry;
  }

  void make(const program::KernelText& kernel, Entry& entry) {
    std::string key = str(compiler::jit::fingerprint(), "\n", kernel.text);
    std::vector<std::byte> bytes = object_cache().find(key);
    bool stored = !bytes.empty();
    auto start = std::chrono::steady_clock::now();
    if (!stored) bytes = compiler::jit::compile(kernel.text);
    double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    entry.object = runtime::Object::load(bytes);
    void* function = entry.object->find(kernel.name);
    PROA_CHECK(function, "an object lacks its kernel ", kernel.name);
    entry.text = kernel.text;
    entry.function = reinterpret_cast<program::CompiledFn>(function);
    if (!stored) object_cache().store(key, bytes);
    std::lock_guard lock(mutex_);
    ++(stored ? report_.from_disk : report_.compiled);
    if (!stored) report_.seconds += seconds;
  }

  std::mutex mutex_;
  std::unordered_map<std::string, std::unique_ptr<Entry>> entries_;
  Report report_;
};

Kernels& kernels() {
  static auto* all = new Kernels;  // kernels may run until the process ends
  return *all;
}

}  // namespace

std::unique_ptr<runtime::Executable> compiled(const ir::Module& module, ir::Func func,
                                              std::span<const ir::Dim> symbols) {
  if (compiler::jit::maker() == compiler::jit::Maker::none) {
    kernels().fall_back("there is no compiler for kernels");
    return prebuilt(module, func, symbols);
  }
  ir::Module work = module.clone();
  try {
    return std::make_unique<runtime::Executable>(
        compiler::compile(work, work.find(func.name()), symbols), runtime::cpu_kernels(), kCpu,
        &kernels());
  } catch (const Error& error) {  // nothing is lost but speed, and the report names it
    kernels().fall_back(error.what());
    return prebuilt(module, func, symbols);
  }
}

namespace {

// What PROA_TIER says, if anything.
std::optional<Tier> pinned() {
  static const std::optional<Tier> chosen = []() -> std::optional<Tier> {
    const char* wanted = std::getenv("PROA_TIER");
    std::string_view name = wanted != nullptr ? wanted : "";
    if (name.empty()) return std::nullopt;
    if (name == "prebuilt") return Tier::prebuilt;
    if (name == "compiled") return Tier::compiled;
    throw UserError(ErrorKind::value, "PROA_TIER", "",
                    str("expected prebuilt or compiled, got '", name, "'"));
  }();
  return chosen;
}

}  // namespace

Tier tier() { return pinned().value_or(Tier::prebuilt); }
Tier captured_tier() { return pinned().value_or(Tier::compiled); }

std::unique_ptr<runtime::Executable> executable(const ir::Module& module, ir::Func func,
                                                std::span<const ir::Dim> symbols, Tier wanted) {
  return wanted == Tier::compiled ? compiled(module, func, symbols)
                                  : prebuilt(module, func, symbols);
}

Report report() { return kernels().report(); }

}  // namespace proa::tier
