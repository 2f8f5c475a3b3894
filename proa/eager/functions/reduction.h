// The operators of the family reduction as C++ functions.
// Why text that a tool writes: an operator is written once, on its page.
// Written by tools/cpp_functions.py from the operator pages.
// clang-format off
#pragma once

#include "proa/eager/functions/arguments.h"

namespace proa {

// The sum over the named axes (all of them without axis), in the order of docs/design/numerics.md.
// bool and integers add in int64.
// Args:
//   x: the tensor; any dtype
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor sum(const Tensor& x, const Ints& axis = {}, std::optional<DType> dtype = {},
           bool keepdim = false);

// The product over the named axes. bool and integers multiply in int64.
// Args:
//   x: the tensor; any dtype
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor prod(const Tensor& x, const Ints& axis = {}, bool keepdim = false,
            std::optional<DType> dtype = {});

// The mean over the named axes: the sum divided by the count. Of nothing it is NaN.
// Args:
//   x: the tensor; any dtype
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
// Returns:
//   a tensor of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor mean(const Tensor& x, const Ints& axis = {}, bool keepdim = false);

// The largest value over the named axes; NaN wins. Equal values share the gradient.
// Args:
//   x: the tensor; real or bool
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'no elements'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor max(const Tensor& x, const Ints& axis = {}, bool keepdim = false);

// The smallest value over the named axes; NaN wins. Equal values share the gradient.
// Args:
//   x: the tensor; real or bool
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'no elements'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor min(const Tensor& x, const Ints& axis = {}, bool keepdim = false);

// The largest value over the named axes; equal values share the gradient.
// Args:
//   x: the tensor; real or bool
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'no elements'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor amax(const Tensor& x, const Ints& axis = {}, bool keepdim = false);

// The smallest value over the named axes; equal values share the gradient.
// Args:
//   x: the tensor; real or bool
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
// Returns:
//   a tensor of the operands' promoted dtype
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'no elements'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor amin(const Tensor& x, const Ints& axis = {}, bool keepdim = false);

// True where every element over the named axes is true (not zero). Of nothing: True.
// Args:
//   x: the tensor; any dtype
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
// Returns:
//   a tensor of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor all(const Tensor& x, const Ints& axis = {}, bool keepdim = false);

// True where some element over the named axes is true (not zero). Of nothing: False.
// Args:
//   x: the tensor; any dtype
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
// Returns:
//   a tensor of dtype bool
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor any(const Tensor& x, const Ints& axis = {}, bool keepdim = false);

// How many elements are not zero, as int64.
// Args:
//   x: the tensor; any dtype
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
// Returns:
//   a tensor of dtype int64
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor count_nonzero(const Tensor& x, const Ints& axis = {}, bool keepdim = false);

// log(sum(exp(x))) over the named axes, without overflow; of nothing, -inf.
// Args:
//   x: the tensor; real or bool
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
// Returns:
//   a tensor of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor logsumexp(const Tensor& x, const Ints& axis = {}, bool keepdim = false);

// The sum over the named axes with NaNs as zeros.
// Args:
//   x: the tensor; any dtype
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default None
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor nansum(const Tensor& x, const Ints& axis = {}, std::optional<DType> dtype = {},
              bool keepdim = false);

// The mean over the named axes of what is not NaN.
// Args:
//   x: the tensor; any dtype
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
// Returns:
//   a tensor of the operands' promoted dtype, the default float for integers and bool
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor nanmean(const Tensor& x, const Ints& axis = {}, bool keepdim = false);

// The variance over the named axes: squared distances from the mean (two passes), divided by n -
// correction; unbiased=False divides by n.
// Args:
//   x: the tensor; any dtype
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
//   unbiased: whether the divisor is n - correction (True) or n; True or False; default True
//   correction: what is subtracted from the number of elements in the divisor; an integer, at least
//     0; default 1
// Returns:
//   a tensor of the operands' promoted dtype, the default float for integers and bool, its real
//     part for complex ones
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor var(const Tensor& x, const Ints& axis = {}, bool unbiased = true, bool keepdim = false,
           int64_t correction = 1);

// The standard deviation: the square root of var.
// Args:
//   x: the tensor; any dtype
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
//   unbiased: whether the divisor is n - correction (True) or n; True or False; default True
//   correction: what is subtracted from the number of elements in the divisor; an integer, at least
//     0; default 1
// Returns:
//   a tensor of the operands' promoted dtype, the default float for integers and bool, its real
//     part for complex ones
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor std(const Tensor& x, const Ints& axis = {}, bool unbiased = true, bool keepdim = false,
           int64_t correction = 1);

// The p-norm of the elements over the named axes: (sum |x|^p)^(1/p); inf: the largest modulus,
// -inf: the smallest, 0: the count of non-zeros.
// Args:
//   x: the tensor; any dtype
//   axis: the axis along which it works, negative from the end; None where allowed: all; an integer
//     or several; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
//   p: the exponent of the norm; inf and -inf take the largest and smallest; a number; default 2.0
// Returns:
//   a tensor of the operands' promoted dtype, the default float for integers and bool, its real
//     part for complex ones
// Errors:
//   TypeError for another dtype or kind of argument
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range: 'named twice'
Tensor p_norm(const Tensor& x, double p = 2.0, const Ints& axis = {}, bool keepdim = false);

// The position of the largest value along axis (of the flat tensor without axis); the first of
// equals, and NaN counts as largest.
// Args:
//   x: the tensor; real or bool
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default 'int64'
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'no elements'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
// Unless given: dtype int64.
Tensor argmax(const Tensor& x, std::optional<int64_t> axis = {}, bool keepdim = false,
              std::optional<DType> dtype = {});

// The position of the smallest value along axis (of the flat tensor without axis); the first of
// equals, and NaN counts as smallest.
// Args:
//   x: the tensor; real or bool
//   axis: the axis along which it works, negative from the end; None where allowed: all; an
//     integer; default None
//   keepdim: whether a reduced axis stays, with size 1; True or False; default False
//   dtype: the dtype of the result, or in which it is computed; None leaves the usual one; a dtype;
//     default 'int64'
// Returns:
//   a tensor of the dtype asked for, else of the one that the text gives
// Errors:
//   TypeError for another dtype or kind of argument
//   ShapeError where shapes do not fit: 'no elements'
//   IndexError for an axis or index out of range
//   ValueError for a missing argument or one out of its range
// Unless given: dtype int64.
Tensor argmin(const Tensor& x, std::optional<int64_t> axis = {}, bool keepdim = false,
              std::optional<DType> dtype = {});

}  // namespace proa
