// Launch: the steps of a schedule, run on memory that is there.
// Why apart from Executable: that decides what runs and where results lie; this calls kernels.
#pragma once

#include "proa/base/error.h"
#include "proa/program/program.h"
#include "proa/runtime/schedule.h"

namespace proa::runtime {

// `schedule` is of `program`. `bases`: where the arena, the sources and the blocks made begin.
// Interrupts wait from the step on that overwrites donated memory; before it they are thrown.
void launch(const program::Program& program, const Schedule& schedule, char* const* bases);

// Called where a kernel's error is caught: throws it on, with the operator that was called, its
// argument, and the user's line: `operations` of a kernel that may refuse what it reads names the
// first two, "take index".
[[noreturn]] void rethrow(const UserError& error, const program::Instruction& code);

}  // namespace proa::runtime
