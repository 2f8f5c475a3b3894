// NeedStatic and NeedExtents: what is thrown where a size is needed as a number and is a symbol.
// Why: whoever specialises catches it and tries again with numbers: these where it says which, and
// leaves all others symbols.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "proa/ir/symbol/dim.h"

namespace proa::ir {

struct NeedStatic {
  std::string message;
};

struct NeedExtents : NeedStatic {
  NeedExtents(std::string text, std::vector<Dim> wanted)
      : NeedStatic{std::move(text)}, dims(std::move(wanted)) {}
  std::vector<Dim> dims;
};

}  // namespace proa::ir
