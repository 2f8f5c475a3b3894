// Notes about kernels for the tools that look at a process from outside: perf and the reader of C.
// Why: a profile of addresses says nothing, and a slow kernel is understood by its text.
#pragma once

#include "proa/program/program.h"
#include "proa/runtime/object.h"

namespace proa::tier {

bool maps_kernels();  // what PROA_PERF_MAP says
// PROA_PERF_MAP=1: a line for each function of this kernel in /tmp/perf-PID.map, where perf looks
// for names of code that no file holds. PROA_KERNEL_DIR=folder: the text as folder/NAME.c.
void note_kernel(const program::KernelText& kernel, const runtime::Object& object);

}  // namespace proa::tier
