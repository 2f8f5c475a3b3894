#include "proa/runtime/allocator.h"

#include <cstdio>
#include <new>

#include "proa/base/checked.h"
#include "proa/base/error.h"

namespace proa::runtime {

Buffer* Allocator::make_header(void* place) { return place ? new (place) Buffer : new Buffer; }

void Allocator::free_header(Buffer* buffer) { delete buffer; }

void Allocator::fill(Buffer* buffer, void* data, uint16_t size_class) const {
  buffer->allocator_ = const_cast<Allocator*>(this);
  buffer->device_ = device_;
  buffer->data_ = data;
  buffer->size_class_ = size_class;
}

void Allocator::fail(int64_t bytes, std::string_view reason) const {
  MemoryStats now = stats();
  throw UserError(ErrorKind::memory,
                  str("cannot allocate ", memory_text(bytes), " (", bytes, " bytes) on ",
                      to_string(device_), ": ", reason, "; in use ", memory_text(now.in_use),
                      ", cached ", memory_text(now.cached), ", peak ", memory_text(now.peak)));
}

int64_t tensor_bytes(std::span<const int64_t> dims, DType dtype) {
  for (int64_t dim : dims) PROA_CHECK(dim >= 0, "shape ", list_str(dims));
  if (auto bytes = checked_bytes(dims, dtype)) return *bytes;
  throw UserError(ErrorKind::memory, str("a tensor of shape ", list_str(dims), " and dtype ",
                                         to_string(dtype), " needs more than 2^63 bytes"));
}

std::string memory_text(int64_t bytes) {
  static constexpr const char* kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes);
  int unit = 0;
  while (value >= 1024 && unit < 6) value /= 1024, ++unit;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.2f %s", value, kUnits[unit]);
  return text;
}

}  // namespace proa::runtime
