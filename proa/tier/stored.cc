#include "proa/tier/stored.h"

#include <algorithm>

#include "proa/base/error.h"
#include "proa/compiler/emit/emit.h"
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

}  // namespace

Stored stored(const ir::Module& module, ir::Func func, std::span<const std::string> targets) {
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
  return made;
}

}  // namespace proa::tier
