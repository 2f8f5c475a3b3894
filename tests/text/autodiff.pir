// RUN: proa-opt %s --autodiff --dce --verify-each
// The gradient of an if is an if over the same condition; each branch computes again what its own
// gradient needs, and gives zeros for what only the other one reads.
// CHECK: func @main.backward(%0: bool[], %1: f32[], %2: f32[])
// CHECK-NEXT: %3, %4 = prim.if(%0, %1, %2) ({
// CHECK: prim.cos
// CHECK: }, {
// CHECK-NOT: prim.cos
// CHECK: }) : f32[], f32[]
// CHECK-NEXT: return %3, %4
func @main(%p: bool[], %x: f32[], %y: f32[]) {
  %0 = prim.if(%p, %x, %y) ({
    ^(%a: f32[], %b: f32[]):
    %1 = prim.sin(%a)
    return %1
  }, {
    ^(%a: f32[], %b: f32[]):
    return %b
  })
  return %0
}
// -----
// A loop keeps the carries that came into each step, and is run from its other end.
// CHECK: func @main.forward(%0: f32[2], %1: f32[n, 2])
// CHECK: prim.scan_loop([%0], [%1], []) {length = dim(n)}
// CHECK: : f32[2], f32[n, 2]
// CHECK: func @main.backward
// CHECK: prim.scan_loop
// CHECK-SAME: {length = dim(n), reverse = true}
func @main(%h: f32[2], %x: f32[n, 2]) {
  %0 = prim.scan_loop([%h], [%x], []) {length = dim(n)} ({
    ^(%i: i64[], %a: f32[2], %b: f32[2]):
    %1 = prim.mul(%a, %b)
    return %1
  })
  return %0
}
// -----
// A while is counted first; the count is the length of the loop that keeps its carries.
// CHECK: func @main.forward(%0: f32[])
// CHECK: prim.while
// CHECK: %{{[0-9]+}} = prim.as_dim
// CHECK-SAME: {symbol = dim(steps{{[0-9]+}})}
// CHECK: prim.scan_loop
// CHECK-SAME: {length = dim(steps{{[0-9]+}})}
// CHECK: func @main.backward
// CHECK: prim.as_dim
// CHECK: prim.scan_loop
// CHECK-SAME: reverse = true
func @main(%x: f32[]) {
  %0 = prim.constant() {value = dense<f32[] 9.0>}
  %1 = prim.while([%x], [%0]) ({
    ^(%a: f32[], %limit: f32[]):
    %2 = prim.compare(%a, %limit) {kind = "lt"}
    return %2
  }, {
    ^(%a: f32[], %limit: f32[]):
    %3 = prim.mul(%a, %a)
    return %3
  })
  return %1
}
// -----
// The rule of a custom_vjp is what its backward says, not what its forward is made of.
// CHECK: func @main.backward
// CHECK-NOT: prim.exp
// CHECK: prim.sin
// CHECK: return
func @main(%x: f32[]) {
  %0 = prim.custom_vjp(%x) {backward = @b, forward = @f, results = !builtin.tuple<f32[]>}
  return %0
}
func @f(%x: f32[]) {
  %0 = prim.exp(%x)
  return %0, %x
}
func @b(%x: f32[], %g: f32[]) {
  %0 = prim.sin(%x)
  %1 = prim.mul(%g, %0)
  return %1
}
// -----
// CHECK-ERROR: custom_call
// CHECK-ERROR: is not differentiable: what a foreign kernel computes is not known
func @main(%x: f32[2]) {
  %0 = prim.custom_call(%x) {results = !builtin.tuple<f32[2]>, target = "a.kernel"}
  return %0
}
