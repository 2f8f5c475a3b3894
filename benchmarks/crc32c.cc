// Times the checksum of files: one JSON line a case.
// The figure of docs/design/runtime.md under safetensors is from here.
#include "proa/base/crc32c.h"

#include <vector>

#include "benchmarks/timing.h"

int main() {
  uint32_t sum = 0;
  for (size_t size : {size_t{4} << 10, size_t{1} << 20, size_t{64} << 20}) {
    std::vector<std::byte> data(size, std::byte{7});
    long count = static_cast<long>((size_t{64} << 20) / size);
    double each = proa::benchmark::nanoseconds(9, count, [&] { sum ^= proa::crc32c(data); });
    char name[40];
    std::snprintf(name, sizeof name, "crc32c/%zu_KiB", size >> 10);
    proa::benchmark::report(name, "GB/s", static_cast<double>(size) / each, count);
  }
  return sum == 1 ? 1 : 0;
}
