#include "proa/program/program.h"

#include "proa/base/error.h"

namespace proa::program {

std::vector<int64_t> flops_of(const Program& program, std::span<const int64_t> symbols) {
  std::vector<int64_t> flops(program.flops.outputs.size());
  if (program.flops.inputs > symbols.size()) return {};
  try {
    program.flops.eval(symbols.data(), flops.data());
  } catch (const UserError&) { return {}; }
  return flops;
}

}  // namespace proa::program
