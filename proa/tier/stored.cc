#include "proa/tier/stored.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "proa/base/error.h"
#include "proa/compiler/emit/emit.h"
#include "proa/kernels/register.h"
#include "proa/program/once.h"
#include "proa/runtime/allocator.h"
#include "proa/runtime/executor.h"
#include "proa/runtime/object.h"
#include "proa/tier/compiled.h"

namespace proa::tier {

namespace {

void add_objects(const program::Program& program, const std::string& target,
                 std::vector<StoredObject>& objects) {
  for (const program::KernelText& kernel : program.kernels) {
    bool known = std::ranges::any_of(objects, [&](const StoredObject& object) {
      return object.target == target && object.kernel == kernel.name;
    });
    if (!known) objects.push_back({target, kernel.name, object_of(kernel, target)});
  }
  for (const program::Instruction& code : program.code) {
    for (const auto& inner : code.programs) add_objects(*inner, target, objects);
  }
}

// The kernels of one target, as they are stored.
class Objects : public program::KernelProvider {
 public:
  Objects(std::span<const StoredObject> objects, std::string_view target)
      : objects_(objects), target_(target) {}

  program::CompiledFn find(const program::KernelText& kernel) override {
    auto [at, fresh] = loaded_.try_emplace(kernel.name);
    if (fresh) {
      auto object = std::ranges::find_if(objects_, [&](const StoredObject& one) {
        return one.target == target_ && one.kernel == kernel.name;
      });
      PROA_CHECK(object != objects_.end(), "no machine code of ", kernel.name);
      at->second = runtime::Object::load(object->bytes);
    }
    return reinterpret_cast<program::CompiledFn>(at->second->find(kernel.name));
  }

 private:
  std::span<const StoredObject> objects_;
  std::string_view target_;
  std::map<std::string, std::shared_ptr<const runtime::Object>> loaded_;
};

bool same_bytes(const runtime::Array& a, const runtime::Array& b) {
  auto bytes = static_cast<size_t>(runtime::tensor_bytes(a.dims, a.dtype));
  return bytes == 0 || std::memcmp(a.data, b.data, bytes) == 0;
}

// Values that targets have in common are there once.
void add_packed(const program::Program& program, const std::string& target, Stored& made) {
  Objects objects(made.objects, target);
  std::vector<const program::Program*> programs = program::with_inner(program);
  for (size_t i = 0; i < programs.size(); ++i) {
    auto once = program::split_once(*programs[i]);
    if (!once) continue;
    std::vector<runtime::Array> values(once->slots.size());
    runtime::Executable(once->first, runtime::cpu_kernels(), kCpu, &objects).run({}, {}, values);
    for (size_t k = 0; k < values.size(); ++k) {
      runtime::Array value = runtime::to_dense(values[k]);
      auto same = std::ranges::find_if(made.packed, [&](const StoredPacked& one) {
        return one.program == i && one.slot == once->slots[k] && same_bytes(one.value, value);
      });
      if (same != made.packed.end()) same->targets.push_back(target);
      else made.packed.push_back({{target}, i, once->slots[k], std::move(value)});
    }
  }
}

}  // namespace

Stored stored(const ir::Module& module, ir::Func func, std::span<const std::string> targets,
              bool pack) {
  Stored made;
  made.prebuilt = compiler::emit(module, func);
  try {
    ir::Module work = module.clone();
    made.compiled = compiler::compile(work, work.find(func.name()), {});
  } catch (const Error& error) {  // nothing is lost but speed
    if (!targets.empty()) throw;
    made.reason = error.what();
  }
  for (const std::string& target : targets) add_objects(*made.compiled, target, made.objects);
  for (const std::string& target : targets) {
    std::span<const std::string_view> here = kernels::native_targets();
    if (pack && std::ranges::find(here, target) != here.end())
      add_packed(*made.compiled, target, made);
  }
  return made;
}

}  // namespace proa::tier
