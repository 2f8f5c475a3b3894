// Instructions for programs made by hand.
// Why here: tests of every floor below the compiler write such programs.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "proa/program/program.h"

namespace proa::program {

inline Instruction make(InstructionKind kind, std::string name, std::vector<int32_t> in,
                        std::vector<int32_t> out) {
  Instruction code;
  code.kind = kind;
  code.name = std::move(name);
  code.in = std::move(in);
  code.out = std::move(out);
  code.offsets = {0};
  return code;
}

inline Instruction call(std::string name, std::vector<int32_t> in, std::vector<int32_t> out) {
  return make(InstructionKind::kernel, std::move(name), std::move(in), std::move(out));
}

}  // namespace proa::program
