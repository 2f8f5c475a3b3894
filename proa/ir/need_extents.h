// NeedExtents: NeedStatic that says which sizes are needed as numbers.
// Why: whoever specialises then fixes these and leaves all others symbols.
#pragma once

#include <utility>
#include <vector>

#include "proa/ir/rules.h"

namespace proa::ir {

struct NeedExtents : NeedStatic {
  NeedExtents(std::string text, std::vector<Dim> wanted)
      : NeedStatic{std::move(text)}, dims(std::move(wanted)) {}
  std::vector<Dim> dims;
};

}  // namespace proa::ir
