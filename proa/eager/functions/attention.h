// The operators of the family attention as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include <array>

#include "proa/eager/functions/arguments.h"

namespace proa {

// softmax(query key^T * scale + mask) value for each head, over [batch, length, heads, head_dim].
// attn_mask: bool (True may be seen) or float (added), broadcast to [batch, heads, queries, keys];
// is_causal hides later keys. A query that sees nothing gives zeros. Keys go in blocks of 64,
// joined in groups of 1024 (docs/design/numerics.md); the backward starts from the saved log-sum-
// exp (Dao et al. 2022).
// Args:
//   query: queries; floating point
//   key: keys, of query's head size; floating point
//   value: values, one row for each row of key; floating point
//   attn_mask: what is added to the scores before softmax; where bool, False keeps out; floating
//     point or bool; may be left out
//   is_causal: whether a query sees only the keys up to its own place; True or False; default False
//   scale: factor of query key^T; 1 / sqrt(head size) where left out; a number; default None
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: '[batch, length, heads, head_dim]', 'head_dim'
//   ValueError for a missing argument or one out of its range
Tensor attention(const Tensor& query, const Tensor& key, const Tensor& value,
                 OptionalTensor attn_mask = {}, bool is_causal = false,
                 std::optional<double> scale = {});

// attention over [batch, heads, length, head_dim], and the log-sum-exp of each query's scores.
// Causal, a query skips the blocks of 64 keys that begin after it.
// Args:
//   query: queries; float32 or float64
//   key: keys, of query's head size; float32 or float64
//   value: what is put there; float32 or float64
//   attn_mask: what is added to the scores before softmax; where bool, False keeps out; bool,
//     float32 or float64; may be left out
//   is_causal: whether a query sees only the keys up to its own place; True or False
//   scale: the factor; a number
// Returns:
//   output, lse: tensors of the dtype that the text gives
// Errors:
//   ShapeError where shapes do not fit: '[batch, heads, length, head_dim]', 'expected shape'
//   ValueError for a missing argument or one out of its range
std::array<Tensor, 2> attention_forward(const Tensor& query, const Tensor& key,
                                        const Tensor& value, OptionalTensor attn_mask = {},
                                        std::optional<bool> is_causal = {},
                                        std::optional<double> scale = {});

// The gradients of attention_forward's output by query, key and value, from the log-sum-exp and
// `drop`, the sum of output times gradient for each query.
// Args:
//   query: queries; float32 or float64
//   key: keys, of query's head size; float32 or float64
//   value: what is put there; float32 or float64
//   attn_mask: what is added to the scores before softmax; where bool, False keeps out; bool,
//     float32 or float64; may be left out
//   lse: float32 or float64
//   drop: float32 or float64
//   gradient: float32 or float64
//   is_causal: whether a query sees only the keys up to its own place; True or False
//   scale: the factor; a number
// Returns:
//   query_gradient, key_gradient, value_gradient: tensors of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: '[2, 2, 3, 1]', '[2, 2, 3, 4]'
//   ValueError for a missing argument or one out of its range
std::array<Tensor, 3> attention_backward(const Tensor& query, const Tensor& key,
                                         const Tensor& value, OptionalTensor attn_mask = {},
                                         OptionalTensor lse = {}, OptionalTensor drop = {},
                                         OptionalTensor gradient = {},
                                         std::optional<bool> is_causal = {},
                                         std::optional<double> scale = {});

}  // namespace proa
