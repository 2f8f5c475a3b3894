// RUN: proa-opt %s --fuse --lower-loops --verify-each
// A convolution takes in its bias and what follows; spatial axes are one index.
// CHECK: loop.launch(%x, %w, %b, %r) {kernel = @kernel_0}
// CHECK: func @kernel_0
// CHECK: loop.convolve
// CHECK-SAME: batch = dim(n), channels = dim(c), gaps = [1, 1], groups = dim(1)
// CHECK-SAME: kernel = [3, 3]
// CHECK-SAME: strides = [2, 1]
// CHECK: loop.load
// CHECK-SAME: strides = [1]
// CHECK: prim.add
// CHECK: prim.add
// CHECK: loop.store
func @block(%x: f32[n, c, h, w], %w: f32[o, c, 3, 3], %b: f32[o], %r: f32[n, o, (h + 1) floordiv 2, w]) {
  %0 = prim.conv(%x, %w) {groups = 1, lhs_dilation = [1, 1], padding_high = [1, 1],
                          padding_low = [1, 1], rhs_dilation = [1, 1], strides = [2, 1]}
  %1 = prim.broadcast(%b) {axes = [1], shape = dims[n, o, (h + 1) floordiv 2, w]}
  %2 = prim.add(%0, %1)
  %3 = prim.add(%2, %r)
  return %3
}
// -----
// RUN: proa-opt %s --verify-each
// The form round-trips.
// CHECK: loop.convolve(%x, %w)
// CHECK-SAME: x_strides = [c*l, l, 1]
func @form(%x: !loop.buffer<f32>, %w: !loop.buffer<f32>, %to: !loop.buffer<f32>) {
  loop.convolve(%x, %w) {batch = dim(n), channels = dim(c), gaps = dims[1], groups = dim(1),
                         high = dims[1], in = dims[l], kernel = dims[3], low = dims[1],
                         out = dims[l], outs = dim(o), reaches = dims[1], strides = dims[1],
                         w_offset = dim(0), w_strides = dims[3*c, 3, 1], x_offset = dim(0),
                         x_strides = dims[c*l, l, 1]} ({
    ^(%sum: f32[], %n: i64[], %o: i64[], %p: i64[]):
    loop.store(%sum, %to, %n, %o, %p) {offset = dim(0), strides = dims[o*l, l, 1]}
    loop.yield()
  })
  return
}
// -----
// RUN: proa-opt %s --verify-each
// CHECK-ERROR: [loop.convolve] w_strides: expected a stride for each of 3 axes
func @wrong(%x: !loop.buffer<f32>, %w: !loop.buffer<f32>) {
  loop.convolve(%x, %w) {batch = dim(n), channels = dim(c), gaps = dims[1], groups = dim(1),
                         high = dims[1], in = dims[l], kernel = dims[3], low = dims[1],
                         out = dims[l], outs = dim(o), reaches = dims[1], strides = dims[1],
                         w_offset = dim(0), w_strides = dims[3, 1], x_offset = dim(0),
                         x_strides = dims[c*l, l, 1]} ({
    ^(%sum: f32[], %n: i64[], %o: i64[], %p: i64[]):
    loop.yield()
  })
  return
}
