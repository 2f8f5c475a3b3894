// The kernels of the cpu, registered by name.
// Why several sets: the same sources are built for plain x86-64, for x86-64-v3 and, where wider
// registers pay, for x86-64-v4, with equal results; which of them this machine may run is only
// known at start-up.
#pragma once

#include <span>
#include <string_view>

#include "proa/program/kernel.h"

namespace proa::kernels {

enum class Isa { baseline, v3, v4 };
Isa best_isa();  // what this processor runs; PROA_PROCESSOR=x86-64-v3 leaves v4 out

// The targets of stored machine code that this processor runs, best first; PROA_PROCESSOR does not
// matter to them.
std::span<const std::string_view> native_targets();

void register_cpu(program::KernelTable& table);  // the set of best_isa()
void register_isa(program::KernelTable& table, Isa isa);

}  // namespace proa::kernels
