// Good models whose programs can be replaced.
// Why: what lies behind the checksums of a file is reached by giving it new ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "proa/program/safetensors.h"

namespace proa::inference {

class Forge {
 public:
  explicit Forge(std::span<const std::byte> model);
  Forge(Forge&&) = default;

  std::span<const std::byte> program() const { return program_; }  // the section, magic and all
  std::vector<std::byte> with(std::span<const std::byte> program) const;

 private:
  std::vector<std::byte> model_;
  program::SafetensorsFile file_;
  std::span<const std::byte> program_;
};

// The model of tests/inference/model.h and those of tests/fuzz/models.
const std::vector<Forge>& forges();

// How many of two runs, at different sizes, came to an end; `refusal` is what stopped the last
// other one.
int fuzz_forged(const Forge& forge, std::span<const std::byte> program, uint32_t seed,
                std::string* refusal = nullptr);

}  // namespace proa::inference
