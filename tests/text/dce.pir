// RUN: proa-opt %s --dce --verify-each
// What nobody reads goes, and then what only it read; assertions and bindings of sizes stay.
// CHECK: func @f
// CHECK-NEXT: prim.exp(%x)
// CHECK-NEXT: prim.compare
// CHECK-NEXT: prim.reduce
// CHECK-NEXT: prim.shape_assert
// CHECK-NEXT: return
// CHECK-NOT: prim.
func @f(%x: f32[n, 2]) {
  %0 = prim.exp(%x)
  %1 = prim.neg(%0)
  %2 = prim.add(%1, %0)
  %3 = prim.compare(%x, %0) {kind = "lt"}
  %4 = prim.reduce(%3) {axes = [0, 1], kind = "and"}
  prim.shape_assert(%4) {message = "x is below its exponential"}
  return %0
}
// -----
// CHECK: prim.as_dim(%n)
// CHECK-NEXT: prim.iota
// CHECK-NEXT: return
func @g(%n: i64[]) {
  %0 = prim.as_dim(%n) {symbol = dim(u0)}
  %1 = prim.iota() {axis = 0, dtype = i64, shape = [u0]}
  %2 = prim.neg(%1)
  return %1
}
