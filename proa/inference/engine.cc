#include "proa/inference/engine.h"

#include <mutex>
#include <unordered_map>

#include "proa/base/error.h"
#include "proa/inference/plugin.h"
#include "proa/kernels/register.h"
#include "proa/runtime/object.h"
#include "proa/runtime/watch.h"

namespace proa::inference {

using namespace program;

const KernelTable& kernel_table() {
  // A process that has the eager face has filled it already.
  static const bool filled = [] {
    if (runtime::cpu_kernels().names().empty()) kernels::register_cpu(runtime::cpu_kernels());
    return true;
  }();
  (void)filled;
  return runtime::cpu_kernels();
}

std::string form(const PackageTensor& tensor, const Package& package) {
  std::string text = str(to_string(tensor.dtype), "[");
  for (size_t i = 0; i < tensor.dims.size(); ++i) {
    const PackageDim& dim = tensor.dims[i];
    if (i > 0) text += ", ";
    if (dim.symbol >= 0) text += package.symbols()[static_cast<size_t>(dim.symbol)].name;
    else text += dim.extent < 0 ? std::string("?") : str(dim.extent);
  }
  return text + "]";
}

namespace {

// What the file holds for this machine, then the compiler.
class Stored : public KernelProvider {
 public:
  Stored(const Package& package, KernelProvider* compiler, Kernels& counts)
      : package_(package), compiler_(compiler), counts_(counts) {
    for (std::string_view target : kernels::native_targets())
      if (target_.empty() && package.holds(target)) target_ = target;
  }

  // Whoever packed with the kernels of a target, and whoever reads with them, agree.
  const Constant* kept(const Program& program, int32_t slot) override {
    return target_.empty() ? nullptr : package_.find_packed(target_, program, slot);
  }

  CompiledFn find(const KernelText& kernel) override {
    auto [entry, fresh] = objects_.try_emplace(kernel.name);
    if (!fresh) return entry->second.function;
    for (std::string_view target : kernels::native_targets()) {
      if (!target_.empty() && target != target_) continue;
      const PackageObject* object = package_.find_object(target, kernel.name);
      if (object == nullptr) continue;
      entry->second.object = runtime::Object::load(object->bytes);
      void* function = entry->second.object->find(kernel.name);
      if (function == nullptr) {
        throw UserError(ErrorKind::io, "predictor", "model",
                        str("the machine code stored for ", kernel.name, " lacks that function"));
      }
      ++counts_.stored;
      return entry->second.function = reinterpret_cast<CompiledFn>(function);
    }
    if (compiler_ == nullptr) {
      throw UserError(ErrorKind::not_supported, "predictor", "compiler",
                      str("the file has no machine code of ", kernel.name,
                          " for this processor, and no compiler is allowed"));
    }
    entry->second.function = compiler_->find(kernel);
    if (entry->second.function == nullptr) {
      throw UserError(ErrorKind::not_supported, "predictor", "compiler",
                      str("the kernel ", kernel.name, " cannot be made"));
    }
    ++counts_.made;
    return entry->second.function;
  }

 private:
  struct Entry {
    std::shared_ptr<const runtime::Object> object;
    CompiledFn function = nullptr;
  };
  const Package& package_;
  KernelProvider* compiler_;
  Kernels& counts_;
  std::string_view target_;  // that the file has all kernels for; empty: none
  std::unordered_map<std::string, Entry> objects_;
};

}  // namespace

int64_t check_kernels(const Program& program, const KernelTable& table) {
  int64_t calls = 0;
  std::vector<const Program*> open = {&program};
  while (!open.empty()) {
    const Program* now = open.back();
    open.pop_back();
    for (const Instruction& code : now->code) {
      for (const auto& inner : code.programs) open.push_back(inner.get());
      if (code.kind != InstructionKind::kernel) continue;
      ++calls;
      if (table.find(code.name) == nullptr) {
        throw UserError(ErrorKind::not_supported, "predictor", "model",
                        str("it needs the kernel ", code.name, ", which this library has not"));
      }
    }
  }
  return calls;
}

std::shared_ptr<const Engine> Engine::load(const Config& config) {
  int64_t begin = runtime::now_ns();
  if (config.model.empty() == config.bytes.empty()) {
    throw UserError(ErrorKind::value, "predictor", "model",
                    "expected the path of a model or its bytes, one of both");
  }
  std::shared_ptr<Engine> engine(new Engine);
  engine->package_ = config.model.empty() ? Package::parse(config.bytes, "model", config.verify)
                                          : Package::open(config.model, config.verify);
  const Package& package = *engine->package_;
  Kernels& counts = engine->kernels_;
  if (package.compiled() == nullptr) {
    counts.reason = "the file holds no compiled program";
  } else if (!config.allow_native_code) {
    counts.reason = "native code of the file is not allowed";
  } else {
    KernelProvider* compiler = nullptr;
    if (config.allow_compiler) {
      if (config.provider == nullptr)
        engine->plugin_ = std::make_unique<PluginProvider>(config.compiler);
      compiler = config.provider ? config.provider : engine->plugin_.get();
    }
    engine->stored_ = std::make_unique<Stored>(package, compiler, counts);
    try {
      counts.prebuilt = check_kernels(*package.compiled(), kernel_table());
      engine->executable_ = std::make_unique<runtime::Executable>(
          package.compiled(), kernel_table(), kCpu, engine->stored_.get(), runtime::Origin::file);
      counts.compiled = true;
    } catch (const Error& error) {  // nothing is lost but speed, and the figures say why
      counts = {.compiled = false, .reason = error.what()};
    }
  }
  if (engine->executable_ == nullptr) {
    counts.prebuilt = check_kernels(*package.program(), kernel_table());
    engine->executable_ = std::make_unique<runtime::Executable>(
        package.program(), kernel_table(), kCpu, nullptr, runtime::Origin::file);
  }
  engine->load_ns_ = runtime::now_ns() - begin;
  return engine;
}

}  // namespace proa::inference
