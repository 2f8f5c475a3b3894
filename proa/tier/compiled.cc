#include "proa/tier/compiled.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "proa/base/environment.h"
#include "proa/base/error.h"
#include "proa/base/thread_pool.h"
#include "proa/compiler/fuse/layout.h"
#include "proa/compiler/jit/compile.h"
#include "proa/compiler/pipeline.h"
#include "proa/compiler/render/c/tiling.h"
#include "proa/runtime/held.h"
#include "proa/runtime/object.h"
#include "proa/runtime/schedule.h"
#include "proa/tier/contest.h"
#include "proa/tier/notes.h"
#include "proa/tier/object_cache.h"
#include "proa/tier/prebuilt.h"
#include "proa/tier/tuning.h"

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
      if (!entry.made_ahead) ++report_.from_memory;
    }
    entry.made_ahead = false;
    return entry.function;
  }

  std::shared_ptr<program::Choice> choose(const program::KernelText& kernel,
                                          program::CompiledFn run,
                                          std::span<const program::Rival> rivals,
                                          std::span<const int64_t> words) override {
    return tiling_choice(kernel, run, rivals, words);
  }

  program::CompiledFn aside(const program::KernelText& kernel, bool compile_it) {
    Entry& entry = slot(kernel.name);
    std::lock_guard lock(entry.mutex);
    if (entry.function != nullptr) return entry.function;
    std::vector<std::byte> bytes = object_cache().find(key_of(kernel));
    if (bytes.empty() && !compile_it) return nullptr;
    bool made = bytes.empty();
    if (made) bytes = compile(kernel);
    load(kernel, entry, bytes);
    if (!made) return entry.function;
    object_cache().store(key_of(kernel), bytes);
    std::lock_guard counts(mutex_);
    ++report_.aside;
    return entry.function;
  }

  // Makes what the program will ask for, several kernels at a time. What fails here fails again
  // when it is asked for, and is reported then. The other threads only compile: to write a file may
  // ask the interpreter for signals, whose lock the calling thread holds.
  void make_ahead(const program::Program& program) {
    struct Job {
      const program::KernelText* kernel;
      std::vector<std::byte> object;
      double seconds = 0;
    };
    std::vector<const program::KernelText*> missing;
    collect(program, missing);
    std::vector<Job> jobs;
    for (const program::KernelText* kernel : missing) {
      if (!object_cache().holds(key_of(*kernel))) jobs.push_back({kernel, {}});
    }
    constexpr size_t kMostWorkers = 8;  // each has a compiler's memory
    size_t count = std::min({jobs.size(), static_cast<size_t>(num_threads()), kMostWorkers});
    if (count < 2) return;
    std::atomic<size_t> next = 0;
    auto work = [&] {
      for (size_t i; (i = next++) < jobs.size();) {
        auto start = std::chrono::steady_clock::now();
        try {
          jobs[i].object = compile(*jobs[i].kernel);
        } catch (const std::exception&) { return; }
        jobs[i].seconds = seconds_since(start);
      }
    };
    std::vector<std::thread> workers;
    for (size_t i = 1; i < count; ++i) workers.emplace_back(work);
    work();
    for (std::thread& worker : workers) worker.join();
    for (Job& job : jobs) {
      Entry& entry = slot(job.kernel->name);
      std::lock_guard lock(entry.mutex);
      if (entry.function != nullptr || job.object.empty()) continue;
      keep(*job.kernel, entry, std::move(job.object), job.seconds);
      entry.made_ahead = true;
    }
  }

  // Machine code for a processor, from the cache on disk if it is there.
  std::vector<std::byte> object(const program::KernelText& kernel, std::string_view processor) {
    std::string key = str(compiler::jit::fingerprint(processor), "\n", kernel.text);
    std::vector<std::byte> bytes = object_cache().find(key);
    if (!bytes.empty()) return bytes;
    bytes = compiler::jit::compile(kernel.text, processor);
    object_cache().store(key, bytes);
    return bytes;
  }

  void fall_back(std::string_view reason) {
    std::lock_guard lock(mutex_);
    ++report_.fallbacks;
    report_.last_reason = reason;
  }

  Report report() {
    std::lock_guard lock(mutex_);
    Report now = report_;
    now.kept = runtime::Held::made();
    now.channels_last = compiler::laid_out();
    now.compiler = compiler::jit::to_string(compiler::jit::maker());
    return now;
  }

 private:
  struct Entry {
    std::mutex mutex;
    std::string text;
    std::shared_ptr<const runtime::Object> object;
    program::CompiledFn function = nullptr;
    bool made_ahead = false;  // and not yet asked for
  };

  void collect(const program::Program& program, std::vector<const program::KernelText*>& missing) {
    for (const program::KernelText& kernel : program.kernels) {
      Entry& entry = slot(kernel.name);
      std::lock_guard lock(entry.mutex);
      bool listed = std::ranges::any_of(missing, [&](auto* m) { return m->name == kernel.name; });
      if (entry.function == nullptr && !listed) missing.push_back(&kernel);
    }
    for (const program::Instruction& code : program.code) {
      for (const auto& inner : code.programs) collect(*inner, missing);
    }
  }

  Entry& slot(const std::string& name) {
    std::lock_guard lock(mutex_);
    auto& entry = entries_[name];
    if (!entry) entry = std::make_unique<Entry>();
    return *entry;
  }

  static std::string key_of(const program::KernelText& kernel) {
    return str(compiler::jit::fingerprint(compiler::jit::processor()), "\n", kernel.text);
  }
  static std::vector<std::byte> compile(const program::KernelText& kernel) {
    return compiler::jit::compile(kernel.text, compiler::jit::processor());
  }
  static double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  void make(const program::KernelText& kernel, Entry& entry) {
    std::vector<std::byte> bytes = object_cache().find(key_of(kernel));
    if (!bytes.empty()) {
      load(kernel, entry, bytes);
      std::lock_guard lock(mutex_);
      ++report_.from_disk;
      return;
    }
    auto start = std::chrono::steady_clock::now();
    bytes = compile(kernel);
    keep(kernel, entry, std::move(bytes), seconds_since(start));
  }

  // What was just compiled.
  void keep(const program::KernelText& kernel, Entry& entry, std::vector<std::byte> bytes,
            double seconds) {
    load(kernel, entry, bytes);
    object_cache().store(key_of(kernel), bytes);
    std::lock_guard lock(mutex_);
    ++report_.compiled;
    report_.seconds += seconds;
  }

  static void load(const program::KernelText& kernel, Entry& entry,
                   std::span<const std::byte> bytes) {
    entry.object = runtime::Object::load(bytes);
    void* function = entry.object->find(kernel.name);
    PROA_CHECK(function, "an object lacks its kernel ", kernel.name);
    note_kernel(kernel, *entry.object);
    entry.text = kernel.text;
    entry.function = reinterpret_cast<program::CompiledFn>(function);
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

std::vector<std::byte> object_of(const program::KernelText& kernel, std::string_view processor) {
  return kernels().object(kernel, processor);
}

program::CompiledFn kernel_aside(const program::KernelText& kernel, bool compile) {
  return kernels().aside(kernel, compile);
}

namespace {

// How contractions are cut: PROA_TILING pins one, else the rule does and rivals are measured.
compiler::render::Tilings tilings() {
  object_cache();  // whose variables are read now
  maps_kernels();
  static const std::string pinned = [] {
    const char* wanted = std::getenv("PROA_TILING");
    std::string name = wanted != nullptr ? wanted : "";
    compiler::render::tiling_of(name);  // refuses what is none
    return name;
  }();
  // A compiler that is a process of its own takes too long to be worth a try.
  bool quick = compiler::jit::maker() == compiler::jit::Maker::clang;
  return {.chosen = pinned,
          .rivals = quick && tunes(),
          .wide = compiler::jit::processor() != compiler::jit::kAnyProcessor};
}

// Throws where something cannot be compiled.
std::unique_ptr<runtime::Executable> compile(const ir::Module& module, ir::Func func,
                                             std::span<const ir::Dim> symbols,
                                             const program::Terms& terms) {
  if (compiler::jit::maker() == compiler::jit::Maker::none) {
    throw UserError(ErrorKind::not_supported, "there is no compiler for kernels");
  }
  ir::Module work = module.clone();
  auto program = compiler::compile(work, work.find(func.name()), symbols, terms.held, tilings());
  program->terms = terms;
  kernels().make_ahead(*program);
  auto held = runtime::Held::of(*program, runtime::cpu_kernels(), &kernels());
  auto made = std::make_unique<runtime::Executable>(std::move(program), runtime::cpu_kernels(),
                                                    kCpu, &kernels());
  if (held) made->set_understudy(std::move(held));
  return made;
}

}  // namespace

std::unique_ptr<runtime::Executable> compiled_only(const ir::Module& module, ir::Func func,
                                                   std::span<const ir::Dim> symbols,
                                                   const program::Terms& terms) {
  tilings();  // what it refuses is no fallback
  try {
    return compile(module, func, symbols, terms);
  } catch (const Error& error) {
    kernels().fall_back(error.what());
    return nullptr;
  }
}

std::unique_ptr<runtime::Executable> compiled(const ir::Module& module, ir::Func func,
                                              std::span<const ir::Dim> symbols,
                                              const program::Terms& terms) {
  tilings();  // what it refuses is no fallback
  try {
    return compile(module, func, symbols, terms);
  } catch (const Error& error) {  // nothing is lost but speed, and the report names it
    kernels().fall_back(error.what());
    return prebuilt(module, func, symbols, terms);
  }
}

namespace {

// What PROA_TIER says, if anything.
std::optional<Tier> pinned() {
  static const std::optional<Tier> chosen = []() -> std::optional<Tier> {
    std::string_view name = environment_word("PROA_TIER", {"prebuilt", "compiled", "both"});
    if (name.empty()) return std::nullopt;
    return name == "prebuilt" ? Tier::prebuilt : name == "compiled" ? Tier::compiled : Tier::both;
  }();
  return chosen;
}

}  // namespace

Tier tier() { return pinned().value_or(Tier::both); }
Tier captured_tier() { return pinned().value_or(Tier::compiled); }

std::string_view to_string(Tier tier) {
  return tier == Tier::prebuilt ? "prebuilt" : tier == Tier::compiled ? "compiled" : "both";
}

std::unique_ptr<runtime::Executable> executable(const ir::Module& module, ir::Func func,
                                                std::span<const ir::Dim> symbols, Tier wanted,
                                                const program::Terms& terms) {
  switch (wanted) {
    case Tier::prebuilt: return prebuilt(module, func, symbols, terms);
    case Tier::compiled: return compiled(module, func, symbols, terms);
    case Tier::both: break;
  }
  return contested(module, func, symbols, terms);
}

int64_t planned_bytes(const ir::Module& module, ir::Func func, std::span<const ir::Dim> symbols,
                      std::span<const runtime::Array> inputs, std::span<const int64_t> sizes) {
  ir::Module work = module.clone();
  runtime::Executable plan(compiler::compile(work, work.find(func.name()), symbols),
                           runtime::cpu_kernels(), kNull);
  std::vector<runtime::Array> outputs(plan.program().outputs.size());
  plan.run(inputs, sizes, outputs);
  int64_t most = 0;
  for (const auto& schedule : plan.schedules()) {
    int64_t bytes = schedule->arena;
    for (const auto& made : schedule->made) bytes += made.bytes;
    most = std::max(most, bytes);
  }
  return most;
}

program::KernelProvider& kernel_provider() { return kernels(); }

Report report() { return kernels().report(); }

}  // namespace proa::tier
