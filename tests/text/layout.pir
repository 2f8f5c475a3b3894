// RUN: proa-opt %s --layout --fuse --verify-each
// What lies between the convolutions of one tap has its channels last: the first group takes the
// transpose in, the others read through strides.
// CHECK: func @between
// CHECK: loop.group(%x, %w)
// CHECK-SAME: last
// CHECK: prim.transpose
// CHECK-SAME: perm = [0, 2, 3, 1]
// CHECK: f32[n, h, w, 64]
// CHECK: loop.group
// CHECK-SAME: last
// CHECK: loop.group
// CHECK-NOT: last
// CHECK: return
func @between(%x: f32[n, 16, h, w], %w: f32[64, 16, 1, 1], %d: f32[64, 1, 3, 3], %v: f32[16, 64, 1, 1]) {
  %0 = prim.conv(%x, %w) {groups = 1, lhs_dilation = [1, 1], padding_high = [0, 0], padding_low = [0, 0], rhs_dilation = [1, 1], strides = [1, 1]}
  %1 = prim.tanh(%0)
  %2 = prim.conv(%1, %d) {groups = 64, lhs_dilation = [1, 1], padding_high = [1, 1], padding_low = [1, 1], rhs_dilation = [1, 1], strides = [1, 1]}
  %3 = prim.tanh(%2)
  %4 = prim.conv(%3, %v) {groups = 1, lhs_dilation = [1, 1], padding_high = [0, 0], padding_low = [0, 0], rhs_dilation = [1, 1], strides = [1, 1]}
  return %4
}
// -----
// RUN: proa-opt %s --layout --verify-each
// Results lie as everybody knows them, and so does what they are added from.
// CHECK: func @results
// CHECK-NOT: prim.transpose
func @results(%x: f32[n, 16, h, w], %w: f32[64, 16, 1, 1], %v: f32[64, 64, 1, 1]) {
  %0 = prim.conv(%x, %w) {groups = 1, lhs_dilation = [1, 1], padding_high = [0, 0], padding_low = [0, 0], rhs_dilation = [1, 1], strides = [1, 1]}
  %1 = prim.conv(%0, %v) {groups = 1, lhs_dilation = [1, 1], padding_high = [0, 0], padding_low = [0, 0], rhs_dilation = [1, 1], strides = [1, 1]}
  %2 = prim.add(%0, %1)
  return %2
}
// -----
// RUN: proa-opt %s --layout --verify-each
// A join of channels and the mean over pixels are written over the other axes.
// CHECK: func @join
// CHECK: prim.concat
// CHECK-SAME: axis = 3
// CHECK: prim.reduce
// CHECK-SAME: axes = [1, 2]
func @join(%x: f32[n, 16, h, w], %w: f32[64, 16, 1, 1], %v: f32[24, 128, 1, 1]) {
  %0 = prim.conv(%x, %w) {groups = 1, lhs_dilation = [1, 1], padding_high = [0, 0], padding_low = [0, 0], rhs_dilation = [1, 1], strides = [1, 1]}
  %1 = prim.exp(%0)
  %2 = prim.concat(%0, %1) {axis = 1}
  %3 = prim.conv(%2, %v) {groups = 1, lhs_dilation = [1, 1], padding_high = [0, 0], padding_low = [0, 0], rhs_dilation = [1, 1], strides = [1, 1]}
  %4 = prim.reduce(%2) {axes = [2, 3], kind = "sum"}
  return %3, %4
}
