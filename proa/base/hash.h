// Hash mixing for uniquing tables.
// Why: std::hash of integers is the identity, which clusters; this mixer is cheap and even.
#pragma once

#include <cstdint>
#include <string_view>

namespace proa {

constexpr uint64_t mix(uint64_t x) {  // the finaliser of splitmix64 (Steele, Lea, Flood 2014)
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

constexpr uint64_t combine(uint64_t seed, uint64_t value) { return mix(seed ^ mix(value)); }

uint64_t hash_bytes(const void* data, size_t size, uint64_t seed = 0);
inline uint64_t hash_text(std::string_view text) { return hash_bytes(text.data(), text.size()); }

}  // namespace proa
