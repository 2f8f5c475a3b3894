// The operators of the family creation as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// A tensor of zeros.
// Args:
//   shape: the extents of the result; -1, where allowed, takes what is left; integers
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 0'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor zeros(const Ints& shape, std::optional<DType> dtype = {});

// A tensor of ones.
// Args:
//   shape: the extents of the result; -1, where allowed, takes what is left; integers
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 0'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor ones(const Ints& shape, std::optional<DType> dtype = {});

// A tensor whose values are of no meaning; here zeros, so that runs repeat.
// Args:
//   shape: the extents of the result; -1, where allowed, takes what is left; integers
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 0'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor empty(const Ints& shape, std::optional<DType> dtype = {});

// A tensor of one number. Without a dtype: the default float, bool for True and False, complex for
// a complex number.
// Args:
//   shape: the extents of the result; -1, where allowed, takes what is left; integers
//   fill_value: the value of every element; a number
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'at least 0'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor full(const Ints& shape, const Number& fill_value, std::optional<DType> dtype = {});

// Zeros of the shape of x, and of its dtype unless another is given.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of x's shape, of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor zeros_like(const Tensor& x, std::optional<DType> dtype = {});

// Ones of the shape of x, and of its dtype unless another is given.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of x's shape, of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor ones_like(const Tensor& x, std::optional<DType> dtype = {});

// A tensor like x whose values are of no meaning; here zeros.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of x's shape, of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor empty_like(const Tensor& x, std::optional<DType> dtype = {});

// One number in the shape of x, and in its dtype unless another is given.
// Args:
//   x: the tensor; any dtype, float8_e4m3fn or float8_e5m2
//   fill_value: the value of every element; a number
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of x's shape, of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor full_like(const Tensor& x, const Number& fill_value, std::optional<DType> dtype = {});

// start, start + step, ... below end (above it for a negative step). With one number: 0 up to it.
// int64 where all numbers are integers.
// Args:
//   start: the first value; the end where end is left out, and then 0 is the start; a number;
//     default 0
//   end: where the values end, itself left out; a number; default None
//   step: the distance of neighbours; negative counts down; a number; default 1
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range: 'other than 0', 'a finite range'
//   KeyError for an argument that it does not have
Tensor arange(const Number& start = 0, const Number& end = {}, const Number& step = 1,
              std::optional<DType> dtype = {});

// num points from start to stop, both included, at equal distances.
// Args:
//   start: the first value; a number
//   stop: the last value; a number
//   num: how many values; an integer, at least 0
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range: 'at least 0'
Tensor linspace(double start, double stop, int64_t num, std::optional<DType> dtype = {});

// base to the powers of linspace(start, stop, num).
// Args:
//   start: the first value; a number
//   stop: the last value; a number
//   num: how many values; an integer, at least 0
//   base: the number whose powers are taken; a number; default 10.0
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range: 'at least 0'
Tensor logspace(double start, double stop, int64_t num, double base = 10.0,
                std::optional<DType> dtype = {});

// Ones on the diagonal of a matrix, zeros elsewhere.
// Args:
//   num_rows: rows of the result; an integer, at least 0
//   num_columns: columns of the result; as many as rows where None; an integer, at least 0; default
//     None
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range: 'at least 0'
//   KeyError for an argument that it does not have
Tensor eye(int64_t num_rows, std::optional<int64_t> num_columns = {},
           std::optional<DType> dtype = {});

// The lower triangle of each matrix: elements on and below the given diagonal; zeros elsewhere.
// Args:
//   x: the tensor; any dtype
//   diagonal: which diagonal is the edge: 0 the main one, above it positive; an integer; default 0
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'a matrix'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor tril(const Tensor& x, int64_t diagonal = 0);

// The upper triangle of each matrix: elements on and above the given diagonal; zeros elsewhere.
// Args:
//   x: the tensor; any dtype
//   diagonal: which diagonal is the edge: 0 the main one, above it positive; an integer; default 0
// Returns:
//   a tensor of x's shape, of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'a matrix'
//   ValueError for a missing argument or one out of its range
//   KeyError for an argument that it does not have
Tensor triu(const Tensor& x, int64_t diagonal = 0);

// For each class number, a row of num_classes with a 1 at its place. The default float. A class
// outside 0 .. num_classes - 1 is refused.
// Args:
//   x: the tensor; integer
//   num_classes: how many classes, the extent of the new last axis; an integer, at least 1
// Returns:
//   a tensor of the dtype that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ValueError for a missing argument or one out of its range: 'at least 1'
Tensor one_hot(const Tensor& x, int64_t num_classes);

}  // namespace proa
