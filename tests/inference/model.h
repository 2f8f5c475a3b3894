// A small model made by hand: y = x * w + z over rows of three, beside x itself.
// Why by hand: these tests see the predictor's floors alone, without the compiler that writes
// programs; what to expect is a line of arithmetic.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "proa/program/package.h"

namespace proa::inference {

inline constexpr float kWeight[] = {0.5f, -1.25f, 3.0f};

enum class Compiled { none, text, object, broken };

// Inputs "x" and "z", float32[rows, 3]; outputs "y" and "same", of the same form; rows in 1..4096.
// `compiled`: the product is a kernel of the compiler, stored as text or with an object too.
std::vector<std::byte> model_bytes(Compiled compiled = Compiled::none);
std::string write_model(const std::string& name, Compiled compiled = Compiled::none);

std::vector<float> expected(std::span<const float> x, std::span<const float> z);

}  // namespace proa::inference
