// The operators of the family complex as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// Real and imaginary parts side by side along a new last axis of 2.
// Args:
//   x: complex.
// Returns:
//   real, [..., 2].
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor as_real(const Tensor& x);

// Pairs along the last axis as complex numbers: the inverse of as_real.
// Args:
//   x: f32 or f64, [..., 2].
// Returns:
//   complex, [...].
// Errors:
//   ShapeError where the last axis is not of size 2.
Tensor as_complex(const Tensor& x);

// The complex tensor of real and imaginary parts, which are broadcast together.
// Args:
//   real, imag: f32 or f64.
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype made complex
// Errors:
//   ShapeError where the shapes do not broadcast.
Tensor complex(const Tensor& real, const Tensor& imag);

// abs * exp(i angle): the complex tensor of moduli and angles in radians, which are broadcast
// together.
// Args:
//   abs: the modulus; float32 or float64
//   angle: the angle in radians; float32 or float64
// Returns:
//   a tensor of the shapes broadcast together, of the operands' promoted dtype made complex
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'does not match'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor polar(const Tensor& abs, const Tensor& angle);

}  // namespace proa
