// From C text to an object: by clang in this process, else by the C compiler of the system.
// Why two: in process a kernel takes milliseconds; without libclang there is often a cc, and the
// bits are the same.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace proa::compiler::jit {

// What makes objects here. Clang is loaded when it first compiles: until then it is what will be
// tried first.
enum class Maker : uint8_t { none, process, clang };
Maker maker();
std::string_view to_string(Maker maker);

// What an object may ask of a processor: kernels that go elsewhere are made for any, those that run
// here also with AVX-512 where it is there (PROA_PROCESSOR=x86-64-v3 leaves it out). The bits are
// the same.
inline constexpr std::string_view kAnyProcessor = "x86-64-v3";
std::string_view processor();
bool processor_fits();  // false where this one is older than any

// A relocatable object. Throws UserError(not_supported) where there is no compiler, with the
// reason, and InternalError with the compiler's words where it refuses the text.
std::vector<std::byte> compile(std::string_view text, std::string_view processor = kAnyProcessor);

// Says with which compiler and flags objects are made: part of every cache key.
std::string fingerprint(std::string_view processor = kAnyProcessor);

}  // namespace proa::compiler::jit
