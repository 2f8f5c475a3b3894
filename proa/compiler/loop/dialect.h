// The loop dialect: nested loops over buffers, with scalars computed by the primitives themselves.
// Why a dialect of PIR: loops get the printer, the parser, the verifier and text tests of the
// house, and the arithmetic inside them is that of the pages, on 0-d tensors.
//
//   loop.for {extent = s0, parallel} ( ^(%i: i64[]) ... )
//   loop.reduce {kind = "sum", extent = s1} ( ^(%j: i64[]) ... loop.yield(%v) ) : f32[]
//   loop.columns(%rows, %columns, %totals) {kind = "sum", extent = 4096, width = 128}
//       ( ^(%i: i64[], %j: i64[]) ... loop.yield(%v) )
//   loop.load(%buffer, %i, %j) {strides = dims[s1, 1], offset = 0} : f32[]
//   loop.store(%value, %buffer, %i, %j) {strides = dims[s1, 1], offset = 0}
//   loop.scratch {extent = s1} : !loop.buffer<f32>
//   loop.contract(%x, %y) {batch = dims[], m = dims[s0], n = dims[s1], k = dims[s2], ...}
//       ( ^(%sum: f32[], %row: i64[], %column: i64[]) ... loop.store(...) )
//   loop.convolve(%x, %w) {batch = dim(s0), channels = dim(3), kernel = dims[3, 3], ...}
//       ( ^(%sum: f32[], %n: i64[], %channel: i64[], %pixel: i64[]) ... loop.store(...) )
//   loop.scatter(%index) {axes = dims[s0], places = dims[s1], row = dim(s2), mode = "raise", ...}
//       ( ^(%result: f32[], %axis: i64[], %column: i64[]) ... loop.store(...) ), (start), (update),
//       ( ^(%sum: f32[], %update: f32[]) ... loop.yield(%joined) )
//
// A function of loops takes buffers and nothing else; sizes are dims, evaluated before it is
// called. A contraction has an axis for each extent of its four lists; strides of x go with batch,
// m and k, those of y with batch, n and k; its region is run once for each result, with the sum and
// an index for each axis of batch, m and n. With two regions more it computes elements of x (from
// indices of batch, m and k) or of y (batch, n and k) before it multiplies them; one that yields
// nothing leaves them to the buffer. A convolution is described as prim.conv is, for one
// group; strides of x go with samples, channels and spatial axes, those of w with outputs of all
// groups, channels and the kernel's axes; its region has one index for all spatial axes, or one for
// each. An address is offset + the sum of index * stride, in elements.
//
// A scatter goes through the places of an index, whose coordinates name rows of the result. Its
// strides are the index's: for each axis of batch and places, then from coordinate to coordinate.
// Its regions: what is done with an element of the result (from it and the indices of batch, axes
// and row); the element to start from (of the same indices); an update (of batch, places and row);
// and how two are joined, those of f16 and bf16 in f32. Updates of one element are joined in
// ascending order of their places. With `raise` and `from_end` the index has been checked before.
//
// A loop.for or loop.reduce with an operand runs that often, at most `extent` times; a reduction
// then has one block at most. What a reduction yields several of, it reduces side by side. With
// `joins` its elements are the totals of blocks. loop.columns reduces the rows of a strip, column
// by column, into buffers: at most a block of rows, and `width` columns.
#pragma once

#include "proa/ir/module.h"

namespace proa::compiler::loop {

void load(ir::Context& context);  // does nothing where it is loaded already

ir::Type buffer(ir::Context& context, DType dtype);
bool is_buffer(ir::Type type);
DType element(ir::Type buffer);

}  // namespace proa::compiler::loop
