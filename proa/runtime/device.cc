#include "proa/runtime/device.h"

#include <mutex>

#include "proa/base/error.h"
#include "proa/runtime/cpu/cpu_allocator.h"
#include "proa/runtime/null/null_allocator.h"

namespace proa::runtime {

namespace {

struct Table {
  std::mutex mutex;
  std::vector<Allocator*> rows{&cpu_allocator(), &null_allocator()};

  Allocator* find(Device device) {
    for (Allocator* row : rows) {
      if (row->device() == device) return row;
    }
    return nullptr;
  }
};

Table& table() {
  static Table* rows = new Table;
  return *rows;
}

}  // namespace

void add_device(Allocator& allocator) {
  std::lock_guard lock(table().mutex);
  PROA_CHECK(!table().find(allocator.device()), to_string(allocator.device()), " was added before");
  table().rows.push_back(&allocator);
}

std::vector<Device> devices() {
  std::lock_guard lock(table().mutex);
  std::vector<Device> result;
  for (Allocator* row : table().rows) result.push_back(row->device());
  return result;
}

bool has_device(Device device) {
  std::lock_guard lock(table().mutex);
  return table().find(device) != nullptr;
}

Allocator& allocator_of(Device device) {
  if (device == kCpu) return cpu_allocator();  // the common case takes no lock
  {
    std::lock_guard lock(table().mutex);
    if (Allocator* found = table().find(device)) return *found;
  }
  std::vector<std::string> names;
  for (Device known : devices()) names.push_back(to_string(known));
  throw UserError(ErrorKind::value, "", "device",
                  str("expected one of ", join(names, ", "), ", got ", to_string(device)));
}

}  // namespace proa::runtime
