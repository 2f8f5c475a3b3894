// The host's caching allocator.
// Why cached: an eager step asks for the same sizes again and again; a fresh page costs more to
// fault in than most operators cost to run.
#pragma once

#include "proa/runtime/allocator.h"

namespace proa::runtime {

// One a process, never destroyed: buffers may outlive every static object.
//
// Requests round up to a size class (at most 1/8 waste above 1 KiB). Blocks up to 32 KiB come from
// a free list of the calling thread, larger ones from a shared list. What is held from the system
// never exceeds the peak of use by more than 64 MiB: beyond that the largest cached blocks go back
// first. `peak` may miss up to 16 KiB a thread.
Allocator& cpu_allocator();

}  // namespace proa::runtime
