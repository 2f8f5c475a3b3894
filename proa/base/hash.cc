#include "proa/base/hash.h"

#include <cstring>

namespace proa {

uint64_t hash_bytes(const void* data, size_t size, uint64_t seed) {
  auto bytes = static_cast<const unsigned char*>(data);
  uint64_t hash = mix(seed ^ size);
  for (; size >= 8; size -= 8, bytes += 8) {
    uint64_t word;
    std::memcpy(&word, bytes, 8);
    hash = combine(hash, word);
  }
  if (size > 0) {
    uint64_t word = 0;
    std::memcpy(&word, bytes, size);
    hash = combine(hash, word);
  }
  return hash;
}

}  // namespace proa
