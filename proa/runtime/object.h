// Objects: machine code that the compiler made, laid into memory and ready to be called.
// Why our own loader: kernels are position-independent and name nothing outside, so a page of code
// replaces a linker, and stored kernels run where no compiler is installed.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace proa::runtime {

// A relocatable ELF object for x86-64. Everything is checked: bad bytes are a UserError(io), an
// unresolved or unknown reference is named.
class Object {
 public:
  static std::shared_ptr<const Object> load(std::span<const std::byte> bytes);
  ~Object();
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  void* find(std::string_view function) const;  // null if it is not defined here
  // All of its functions, each from its first to its last byte.
  std::vector<std::pair<std::string, std::span<const std::byte>>> functions() const;

 private:
  Object() = default;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace proa::runtime
