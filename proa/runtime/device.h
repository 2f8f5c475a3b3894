// Which devices this process can use, and the allocator of each.
// Why a table filled at run time: cuda is opened when its driver is found, and nothing above links
// to it.
#pragma once

#include <vector>

#include "proa/base/device.h"

namespace proa::runtime {

class Allocator;

// cpu and null are always there. The allocator must live as long as the process.
void add_device(Allocator& allocator);

std::vector<Device> devices();
bool has_device(Device device);

// UserError(value) naming the devices that exist.
Allocator& allocator_of(Device device);

}  // namespace proa::runtime
