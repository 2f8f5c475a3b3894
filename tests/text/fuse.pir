// RUN: proa-opt %s --fuse --verify-each
// A softmax is one group: two reductions along the last axis, and what is between them.
// CHECK: func @softmax
// CHECK: %0 = loop.group(%x)
// CHECK-SAME: inner = 1
// CHECK: prim.reduce
// CHECK: prim.exp
// CHECK: prim.reduce
// CHECK: prim.div
// CHECK: return %0
func @softmax(%x: f32[n, c]) {
  %0 = prim.reduce(%x) {axes = [1], kind = "max"}
  %1 = prim.broadcast(%0) {axes = [0], shape = dims[n, c]}
  %2 = prim.sub(%x, %1)
  %3 = prim.exp(%2)
  %4 = prim.reduce(%3) {axes = [1], kind = "sum"}
  %5 = prim.broadcast(%4) {axes = [0], shape = dims[n, c]}
  %6 = prim.div(%3, %5)
  return %6
}
// -----
// What a contraction reads is a group of its own; what goes through its results joins it.
// CHECK: %0 = loop.group(%x)
// CHECK: loop.group(%0, %w)
// CHECK: prim.dot
// CHECK-NEXT: prim.add
// CHECK-NEXT: loop.yield
// CHECK-NOT: loop.group
// CHECK: return
func @around_a_dot(%x: f32[n, n], %w: f32[n, n]) {
  %0 = prim.exp(%x)
  %1 = prim.dot(%0, %w) {batch_x = [], batch_y = [], contract_x = [1], contract_y = [0]}
  %2 = prim.add(%1, %0)
  return %2
}
// -----
// Little arithmetic that only a product reads is done while its operand is packed, where the value
// is more than twice as large as what it is made of ...
// CHECK: func @dequantised
// CHECK: %0 = loop.group(%w, %zero, %scale, %x)
// CHECK: prim.cast
// CHECK: prim.sub
// CHECK: prim.mul
// CHECK: prim.dot
// CHECK-NOT: loop.group
// CHECK: return %0
func @dequantised(%x: f32[m, k], %w: i8[k, n], %zero: f32[n], %scale: f32[n]) {
  %0 = prim.cast(%w) {dtype = f32}
  %1 = prim.broadcast(%zero) {axes = [1], shape = dims[k, n]}
  %2 = prim.sub(%0, %1)
  %3 = prim.broadcast(%scale) {axes = [1], shape = dims[k, n]}
  %4 = prim.mul(%2, %3)
  %5 = prim.dot(%x, %4) {batch_x = [], batch_y = [], contract_x = [1], contract_y = [0]}
  return %5
}
// -----
// ... and not where it follows from arguments without growing, for these may stay as they are.
// CHECK: func @widened
// CHECK: %0 = loop.group(%w)
// CHECK: %3 = loop.group(%x, %0)
// CHECK: return %3
func @widened(%x: f32[m, k], %w: bf16[k, n]) {
  %0 = prim.cast(%w) {dtype = f32}
  %1 = prim.dot(%x, %0) {batch_x = [], batch_y = [], contract_x = [1], contract_y = [0]}
  return %1
}
// -----
// A transposed value is not read where it was computed.
// CHECK: %0 = loop.group(%x)
// CHECK: %3 = loop.group(%0)
// CHECK: return %3
func @moved(%x: f32[n, n]) {
  %0 = prim.exp(%x)
  %1 = prim.transpose(%0) {perm = [1, 0]}
  %2 = prim.add(%0, %1)
  return %2
}
// -----
// Sums along the rows of a contraction need whole rows: another group.
// CHECK: loop.group(%x, %w)
// CHECK: prim.dot
// CHECK-NEXT: prim.exp
// CHECK-NEXT: loop.yield
// CHECK: loop.group
// CHECK: prim.reduce
// CHECK: return
func @sums(%x: f32[m, k], %w: f32[k, n]) {
  %0 = prim.dot(%x, %w) {batch_x = [], batch_y = [], contract_x = [1], contract_y = [0]}
  %1 = prim.exp(%0)
  %2 = prim.reduce(%1) {axes = [1], kind = "sum"}
  return %2
}
// -----
// What one group alone waits for is computed in it, though it could have been long before: the
// moment of an optimizer.
// CHECK: func @late
// CHECK-NEXT: %0 = loop.group(%g)
// CHECK: loop.group(%m, %w, %3)
// CHECK: prim.mul
// CHECK: prim.add
// CHECK: return %4
func @late(%m: f32[n], %w: f32[n], %g: f32[n]) {
  %0 = prim.mul(%m, %w)
  %1 = prim.exp(%g)
  %2 = prim.scan(%1) {axis = 0, kind = "sum"}
  %3 = prim.add(%0, %2)
  return %3
}
