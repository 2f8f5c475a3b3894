#include "proa/compiler/render/c/tiling.h"

#include "proa/base/error.h"

namespace proa::compiler::render {

const Tiling& tiling_of(std::string_view name) {
  if (name.empty()) return kTilings[0];
  std::string all;
  for (const Tiling& tiling : kTilings) {
    if (tiling.name == name) return tiling;
    all += str(all.empty() ? "" : " or ", tiling.name);
  }
  throw UserError(ErrorKind::value, "PROA_TILING", "", str("expected ", all, ", got '", name, "'"));
}

}  // namespace proa::compiler::render
