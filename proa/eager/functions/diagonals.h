// The operators of the family diagonals as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// The diagonal of the plane of two axes, as the last axis: elements whose column is their row plus
// offset.
// Args:
//   x: the tensor; any dtype
//   offset: which diagonal: 0 the main one, above it positive; an integer; default 0
//   axis1: the first axis of the matrices; an integer; default 0
//   axis2: the second axis of the matrices; an integer; default 1
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'two different axes'
Tensor diagonal(const Tensor& x, int64_t offset = 0, int64_t axis1 = 0, int64_t axis2 = 1);

// The sum of the diagonal of the plane of two axes. bool and integers add in int64.
// Args:
//   x: the tensor; any dtype
//   offset: which diagonal: 0 the main one, above it positive; an integer; default 0
//   axis1: the first axis of the matrices; an integer; default 0
//   axis2: the second axis of the matrices; an integer; default 1
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'two different axes'
Tensor trace(const Tensor& x, int64_t offset = 0, int64_t axis1 = 0, int64_t axis2 = 1);

// Of a vector: the matrix with it on a diagonal and padding_value elsewhere; of a matrix: that
// diagonal.
// Args:
//   x: the tensor; any dtype
//   offset: which diagonal: 0 the main one, above it positive; an integer; default 0
//   padding_value: what stands off the diagonal; a number; default 0.0
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'a vector or a matrix'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor diag(const Tensor& x, int64_t offset = 0, double padding_value = 0.0);

// The matrix with the elements of x, flattened, on a diagonal and zeros elsewhere.
// Args:
//   x: the tensor; any dtype
//   offset: which diagonal: 0 the main one, above it positive; an integer; default 0
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor diagflat(const Tensor& x, int64_t offset = 0);

// Matrices, over the axes dim1 and dim2 of the result, with the last axis of input on a diagonal
// and zeros elsewhere.
// Args:
//   input: what is measured or laid out: predictions, probabilities, scores; any dtype
//   offset: which diagonal: 0 the main one, above it positive; an integer; default 0
//   dim1: the axis of the result that counts rows; an integer; default -2
//   dim2: the axis of the result that counts columns; an integer; default -1
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 1 dim'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'two different axes'
Tensor diag_embed(const Tensor& input, int64_t offset = 0, int64_t dim1 = -2, int64_t dim2 = -1);

// Each vector spread over the grid of all of them: result k has the elements of vector k along axis
// k (xy: the first two axes exchanged).
// Args:
//   x: the tensor; any dtype
//   indexing: 'ij': the first tensor runs along axis 0; 'xy': along axis 1; a string, one of 'ij',
//     'xy'; default 'ij'
// Returns:
//   a list of tensors, each of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'expected vectors', 'tensor 1'
//   ValueError for a missing argument or one out of its range: 'at least one', 'expected one of'
//   KeyError for an argument that it does not have
std::vector<Tensor> meshgrid(const Tensors& x, std::string_view indexing = "ij");

// Rows and columns [2, n] of the lower triangle of a matrix, up to the given diagonal, row by row.
// Args:
//   row: rows of the matrix; an integer, at least 0
//   col: columns of the matrix; as many as rows where None; an integer, at least 0; default None
//   offset: which diagonal: 0 the main one, above it positive; an integer; default 0
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default 'int64'
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range: 'at least 0'
// Unless given: dtype int64.
Tensor tril_indices(int64_t row, std::optional<int64_t> col = {}, int64_t offset = 0,
                    std::optional<DType> dtype = {});

// Rows and columns [2, n] of the upper triangle of a matrix, from the given diagonal on, row by
// row.
// Args:
//   row: rows of the matrix; an integer, at least 0
//   col: columns of the matrix; as many as rows where None; an integer, at least 0; default None
//   offset: which diagonal: 0 the main one, above it positive; an integer; default 0
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default 'int64'
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range: 'at least 0'
// Unless given: dtype int64.
Tensor triu_indices(int64_t row, std::optional<int64_t> col = {}, int64_t offset = 0,
                    std::optional<DType> dtype = {});

}  // namespace proa
