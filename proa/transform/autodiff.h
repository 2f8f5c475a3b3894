// Reverse-mode autodiff: a function becomes a forward that keeps residuals, and a backward.
// Why on PIR: eager's tape, create_graph and whole-graph training all use this one transform, so
// that they give the same bits. It runs on the graph as traced, before any other pass.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "proa/ir/module.h"

namespace proa::transform {

// Where the backward finds a value of the forward: one of the arguments of the function, one of its
// results, or a further result that the forward returns after them.
struct Residual {
  enum class From : uint8_t { argument, result, extra } from;
  int index = 0;
  int64_t value =
      0;  // of an extra: names the value in every gradient of the same function and wanted set
};

struct Gradient {
  ir::Func forward;   // arguments -> results, then the extra residuals
  ir::Func backward;  // residuals, the given cotangents, the sums so far -> the wanted cotangents
  std::vector<Residual> residuals;
  std::vector<int> cotangents;  // which results' cotangents the backward takes, ascending
  std::vector<int> wanted;  // which arguments it gives cotangents for, ascending; an argument that
                            // no given cotangent reaches is left out
  std::vector<int> summed;  // which of these are sums: see differentiate()
};

// Adds the two functions to the module, named "<name>.forward" and "<name>.backward" with a number
// where the names are taken. Throws UserError(not_supported) naming an operation on the way that is
// not differentiable.
// `symbols`: the sizes that the caller gives both functions at a run. Any other that the backward
// needs becomes a residual, a number, where not every cotangent has it in its shape. Without, the
// functions run inside another that knows all sizes.
// `summed`: some of the wanted arguments, whose cotangents come together with others from outside:
// the backward takes what has come so far and adds to it, one use after the other, in the order
// that single calls on a tape would have.
Gradient differentiate(ir::Module& module, ir::Func func, std::span<const int> wanted,
                       std::span<const int> given,
                       std::optional<std::span<const ir::Dim>> symbols = {},
                       std::span<const int> summed = {});

}  // namespace proa::transform
