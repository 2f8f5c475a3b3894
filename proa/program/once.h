// Once: the part of a program that has the same results at every call: kernels that read constants
// alone, as those that pack weights do. Why found and not stored: a file need not be believed about
// what it may leave out, and files of every version gain.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "proa/program/program.h"

namespace proa::program {

// `first` has no inputs, and as results the values of `slots` of `rest`: the same program without
// what `first` computes. Constants for these slots are the caller's business.
struct Once {
  std::shared_ptr<Program> first, rest;
  std::vector<int32_t> slots;

  // What `first` gives for a slot: a constant without bytes, whose size is known.
  Constant form(int32_t slot) const;
  // From now on `first` gives what is left of `slots` alone; null where nothing is.
  void leave_out(std::span<const int32_t> known);
};

// Entry `dim` of the table where no symbol decides it; nothing where one does, be it bound on the
// way.
std::optional<int64_t> fixed_dim(const Program& program, int32_t dim);
// The extents of a slot where no symbol decides them.
std::optional<std::vector<int64_t>> fixed_dims(const Program& program, int32_t slot);

// A program with all that its loops and branches run, which come behind it; the same order
// wherever the same program is read.
std::vector<const Program*> with_inner(const Program& program);

// Nothing where every kernel reads an input, or there is none. What may refuse its operands, is a
// result of the program, or has more than twice the bytes of the constants behind it, runs at every
// call.
std::optional<Once> split_once(const Program& program);

// The same for what reads constants and Terms::held alone. `first` has the held inputs, in that
// order, and `rest` the values of `slots` as inputs behind its own. Nothing where nothing reads
// held ones alone.
std::optional<Once> split_held(const Program& program);

}  // namespace proa::program
