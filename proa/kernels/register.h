// The kernels of the cpu, registered by name.
// Why two sets: the same sources are built for plain x86-64 and for x86-64-v3, with equal results;
// which of them this machine may run is only known at start-up.
#pragma once

#include "proa/program/kernel.h"

namespace proa::kernels {

enum class Isa { baseline, v3 };
Isa best_isa();  // what this processor runs

void register_cpu(program::KernelTable& table);  // the set of best_isa()
void register_isa(program::KernelTable& table, Isa isa);

}  // namespace proa::kernels
