// Micro-kernels: the text of the innermost part of a contraction, a few rows times one panel of
// columns with all sums in registers; and of the packing that feeds it.
// Why apart: matrix products, convolutions and attention are loops around the same few lines.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "proa/base/dtype.h"

namespace proa::compiler::render {

// What one dtype is multiplied and summed in. A panel is `panel` sums for each row: that many
// columns, or for complex numbers half as many, the real parts of which come first.
struct Arithmetic {
  DType dtype = DType::f32;
  std::string_view storage;  // the C type in memory, of a part where it is complex
  std::string_view sum;      // the C type of sums and of packed operands
  int lanes = 8;             // sums in a vector of 32 bytes
  int panel = 16;
  int columns = 16;
  int parts = 1;      // of an element: 2 where it is complex
  bool wide = false;  // memory holds the sums' own type
};
Arithmetic arithmetic_of(DType dtype);

inline constexpr int kMicroRows = 6;      // 12 vectors of sums, 2 of b, 1 of a: 15 of 16 registers
inline constexpr int kWideMicroRows = 8;  // of real numbers with AVX-512: as many rows as addresses
inline constexpr int kDepth = 256;        // of a chain, see dot in the order of numerics.md

// Types and functions that everything below uses:
//   vec                       a vector of sums; vec_u, the same at any address
//   vec load_lanes(from)      elements that lie side by side, widened
//   store_lanes(to, vec), widen(element)
//   micro(rows, depth, a, row_stride, depth_stride, b, b_stride, sums, first, ahead, ahead_stride)
//   MULTIPLY_ADD(a, b, c), MULTIPLY_ADD_ONE   c + a * b of vectors, of numbers; JOIN(a, b): of sums
//   MICRO_ROWS                the most rows of micro: kMicroRows, or kWideMicroRows
// micro multiplies `rows` (from 1 on) rows of a with one panel of b over at most kDepth terms, each
// sum one ascending chain of fma from +0, and sets (first) or adds them to sums[rows][panel].
// Strides count sums' elements. It asks for the line at `ahead` with each term: a place
// `ahead_stride` bytes further on for the next.
// With kNarrow defined, vectors of 64 bytes are left out.
inline constexpr std::string_view kNarrow = "NARROW";
std::string micro_types(const Arithmetic& a);  // all but micro
std::string micro_texts(const Arithmetic& a);

// Packing of one panel, [depth][panel]. Elements that are complex are split: see Arithmetic.
//   pack_wide(from, depth_stride, depth, width, to)  columns lie side by side, zeros from width on
//   pack_deep(from, offsets, depth, to)              terms of a column lie side by side
//   load_square(from, offsets, square)               lanes x lanes elements, transposed; not
//   complex pack_lanes(from, offsets, depth, to, stride)     one vector of columns; not complex
// Strides and offsets count parts of elements.
std::string pack_texts(const Arithmetic& a);

// micro_across(depth, a, offsets, b, sums, first): kAcrossRows rows of a where they lie, terms side
// by side, times one vector of columns of b, [depth][lanes]; sums are [row][lanes].
inline constexpr int kAcrossRows = 8;
std::string across_text(const Arithmetic& a);

// With vectors of 64 bytes: micro_turned_4 and micro_turned_8(depth, a, rows, b, columns, sums,
// first): that many rows of a times one panel of columns of b, both where they lie, terms side by
// side; pack_texts stands before it. What is turned goes from register to register. It takes
// lanes / 2 terms a step and may read as many terms before b, so that there must be so many in all.
std::string turned_text(const Arithmetic& a);

// Replaces each $name.
std::string fill(std::string_view text,
                 std::initializer_list<std::pair<std::string_view, std::string_view>> names);

}  // namespace proa::compiler::render
