// What a program computes from constants alone, computed when it is opened.
// Why apart: the executable that remains knows such results as constants.
#pragma once

#include <memory>

#include "proa/runtime/executor.h"

namespace proa::runtime {

// The program whose constants hold what program::split_once takes out of it; itself where that is
// nothing.
std::shared_ptr<const program::Program> after_once(std::shared_ptr<const program::Program> program,
                                                   const program::KernelTable& kernels,
                                                   Device device, program::KernelProvider* provider,
                                                   Origin origin);

}  // namespace proa::runtime
