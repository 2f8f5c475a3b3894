// What writer and reader of the binary form agree on.
// Why apart: the two are files of their own. The order of parts: magic, version, texts, symbols,
// dims, constants (types and attributes), locations, pages, facts, operations.
#pragma once

#include <cstdint>
#include <string_view>

namespace proa::ir {

inline constexpr std::string_view kBinaryMagic = "PROAPIR\n";
inline constexpr uint64_t kBinaryVersion = 1;
inline constexpr size_t kMostNestedRegions = 200;  // as in text
inline constexpr size_t kMostNestedParts = 200;    // of attributes and locations

// A list of types and attributes in one order, each after what it is made of.
enum class BinaryConstant : uint8_t { type, attribute };

}  // namespace proa::ir
