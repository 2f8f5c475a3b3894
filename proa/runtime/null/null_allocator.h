// The null device's memory: counted, limited, never there.
// Why: a plan for a device that is not at hand can still be checked for its peak and its aliasing.
#pragma once

#include "proa/runtime/allocator.h"

namespace proa::runtime {

// Addresses are distinct, aligned and not canonical: a kernel that touches one faults at once.
Allocator& null_allocator();

}  // namespace proa::runtime
