#include "proa/tier/prebuilt.h"

namespace proa::tier {

bool has_kernel(const ir::Operation& op) {
  return runtime::cpu_kernels().find(op.name()) != nullptr;
}

std::unique_ptr<runtime::Executable> prebuilt(const ir::Module& module, ir::Func func,
                                              std::span<const ir::Dim> symbols,
                                              const program::Terms& terms) {
  auto program = compiler::emit(module, func, symbols);
  program->terms = terms;
  return std::make_unique<runtime::Executable>(std::move(program), runtime::cpu_kernels());
}

}  // namespace proa::tier
