// RUN: proa-opt %s --windows --fuse --verify-each
// The windows of a pooling are slices of one group, which the activation behind them joins.
// CHECK: func @pool
// CHECK: %0 = loop.group(%x)
// CHECK-NOT: reduce_window
// CHECK: prim.select
// CHECK: prim.tanh
// CHECK: return %0
func @pool(%x: f32[n, 3, 8, 8]) {
  %0 = prim.reduce_window(%x) {dilation = [1, 1, 1, 1], index = false, kind = "max", padding_high = [0, 0, 0, 0], padding_low = [0, 0, 0, 0], strides = [1, 1, 2, 2], window = [1, 1, 2, 2]}
  %1 = prim.tanh(%0)
  return %1
}
// -----
// Padding is skipped: no slice can say that.
// CHECK: func @padded
// CHECK: prim.reduce_window
func @padded(%x: f32[n, 3, 8, 8]) {
  %0 = prim.reduce_window(%x) {dilation = [1, 1, 1, 1], index = false, kind = "max", padding_high = [0, 0, 1, 1], padding_low = [0, 0, 1, 1], strides = [1, 1, 2, 2], window = [1, 1, 3, 3]}
  return %0
}
