// RUN: proa-opt %s --decompose --verify-each
// A call becomes the body of its function, in regions too.
// CHECK: func @main
// CHECK: prim.if
// CHECK: prim.exp
// CHECK-NOT: prim.call
// CHECK: func @f
func @main(%p: bool[], %x: f32[2]) {
  %0 = prim.if(%p, %x) ({
    ^(%a: f32[2]):
    %1 = prim.call(%a) {callee = @f, results = !builtin.tuple<f32[2]>}
    return %1
  }, {
    ^(%a: f32[2]):
    return %a
  })
  return %0
}
func @f(%x: f32[2]) {
  %0 = prim.exp(%x)
  return %0
}
// -----
// Behind autodiff a custom_vjp is its forward; residuals are for nobody.
// CHECK: func @main(%x: f32[2])
// CHECK-NEXT: %0 = prim.exp(%x)
// CHECK-NEXT: return %0
func @main(%x: f32[2]) {
  %0 = prim.custom_vjp(%x) {backward = @b, forward = @f, results = !builtin.tuple<f32[2]>}
  return %0
}
func @f(%x: f32[2]) {
  %0 = prim.exp(%x)
  return %0, %0
}
func @b(%y: f32[2], %g: f32[2]) {
  %0 = prim.mul(%g, %y)
  return %0
}
// -----
// RUN: proa-opt %s --pipeline="decompose{keep_vjp=true}" --verify-each
// CHECK: prim.custom_vjp(%x)
// CHECK-NOT: prim.call
// CHECK: return
func @main(%x: f32[2]) {
  %0 = prim.custom_vjp(%x) {backward = @b, forward = @f, results = !builtin.tuple<f32[2]>}
  %1 = prim.call(%0) {callee = @g, results = !builtin.tuple<f32[2]>}
  return %1
}
func @f(%x: f32[2]) { return %x }
func @g(%x: f32[2]) { return %x }
func @b(%g: f32[2]) { return %g }
