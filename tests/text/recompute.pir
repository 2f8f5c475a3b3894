// RUN: proa-opt %s --recompute --dce --verify-each
// The exponential waits for the end while a larger value is there: it is done again.
// CHECK: func @late
// CHECK: prim.exp
// CHECK: prim.reduce
// CHECK: prim.exp
// CHECK: return
func @late(%x: f32[1024]) {
  %0 = prim.exp(%x)
  %1 = prim.neg(%0)
  %2 = prim.tanh(%1)
  %3 = prim.reduce(%2) {axes = [0], kind = "sum"}
  %4 = prim.broadcast(%3) {axes = [], shape = dims[1024]}
  %5 = prim.mul(%4, %0)
  return %5
}
