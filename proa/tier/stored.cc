#include "proa/tier/stored.h"

#include <algorithm>

#include "proa/base/error.h"
#include "proa/compiler/emit/emit.h"
#include "proa/tier/compiled.h"

namespace proa::tier {

namespace {

void add_objects(const program::Program& program, std::vector<StoredObject>& objects) {
  for (const program::KernelText& kernel : program.kernels) {
    if (std::ranges::find(objects, kernel.name, &StoredObject::kernel) != objects.end()) continue;
    objects.push_back({kernel.name, object_of(kernel)});
  }
  for (const program::Instruction& code : program.code) {
    for (const auto& inner : code.programs) add_objects(*inner, objects);
  }
}

}  // namespace

Stored stored(const ir::Module& module, ir::Func func, bool objects) {
  Stored made;
  made.prebuilt = compiler::emit(module, func);
  try {
    ir::Module work = module.clone();
    made.compiled = compiler::compile(work, work.find(func.name()), {});
  } catch (const Error& error) {  // nothing is lost but speed
    if (objects) throw;
    made.reason = error.what();
  }
  if (objects) add_objects(*made.compiled, made.objects);
  return made;
}

}  // namespace proa::tier
