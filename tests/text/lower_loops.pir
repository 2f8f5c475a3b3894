// RUN: proa-opt %s --fuse --lower-loops --verify-each
// Both axes are walked as one by every access.
// CHECK: loop.launch(%x, %y) {kernel = @kernel_0}
// CHECK: func @kernel_0
// CHECK: loop.for() {extent = dim(c*n), parallel = unit}
// CHECK: loop.load
// CHECK: prim.add
// CHECK: prim.exp
// CHECK: loop.store
func @chain(%x: f32[n, c], %y: f32[n, c]) {
  %0 = prim.add(%x, %y)
  %1 = prim.exp(%0)
  return %1
}
// -----
// The bias does not follow the first axis: two loops. A row is a unit, and the exponential, which
// two loops need, is kept.
// CHECK: func @kernel_0
// CHECK: loop.for() {extent = dim(n), parallel = unit}
// CHECK: loop.reduce() {extent = dim(c), kind = "sum"}
// CHECK: prim.exp
// CHECK: loop.store
// CHECK: loop.yield
// CHECK: loop.for() {extent = dim(c)}
// CHECK: loop.load
// CHECK: prim.div
// CHECK-NOT: prim.exp
func @rows(%x: f32[n, c], %b: f32[c]) {
  %0 = prim.broadcast(%b) {axes = [1], shape = dims[n, c]}
  %1 = prim.add(%x, %0)
  %2 = prim.exp(%1)
  %3 = prim.reduce(%2) {axes = [1], kind = "sum"}
  %4 = prim.broadcast(%3) {axes = [0], shape = dims[n, c]}
  %5 = prim.div(%2, %4)
  return %5
}
