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
// -----
// What an if gives or takes for nobody goes: with the result its reader inside, then the input.
// CHECK: %0 = prim.if(%p, %x) ({
// CHECK-NEXT: ^(%1: f32[2]):
// CHECK-NEXT: %2 = prim.exp(%1)
// CHECK-NEXT: return %2
// CHECK-NEXT: }, {
// CHECK-NEXT: ^(%3: f32[2]):
// CHECK-NEXT: return %3
// CHECK-NEXT: }) : f32[2]
func @branches(%p: bool[], %x: f32[2], %y: f32[2]) {
  %0, %1 = prim.if(%p, %x, %y) ({
    ^(%a: f32[2], %b: f32[2]):
    %2 = prim.exp(%a)
    %3 = prim.sin(%b)
    return %2, %3
  }, {
    ^(%a: f32[2], %b: f32[2]):
    return %a, %b
  })
  return %0
}
// -----
// A carry that only makes itself goes; one that the condition reads stays, and so does the
// constant that a carry is made of.
// CHECK: prim.while([%i, %x], [%w])
// CHECK-NEXT: ^(%{{[0-9]+}}: i64[], %{{[0-9]+}}: f32[2], %{{[0-9]+}}: f32[2]):
// CHECK-NOT: prim.cos
// CHECK: return
func @carries(%i: i64[], %x: f32[2], %y: f32[2], %w: f32[2], %v: f32[2]) {
  %0, %1, %2 = prim.while([%i, %x, %y], [%w, %v]) ({
    ^(%k: i64[], %a: f32[2], %b: f32[2], %c: f32[2], %d: f32[2]):
    %3 = prim.constant() {value = dense<i64[] 3>}
    %4 = prim.compare(%k, %3) {kind = "lt"}
    return %4
  }, {
    ^(%k: i64[], %a: f32[2], %b: f32[2], %c: f32[2], %d: f32[2]):
    %5 = prim.constant() {value = dense<i64[] 1>}
    %6 = prim.add(%k, %5)
    %7 = prim.mul(%a, %c)
    %8 = prim.mul(%b, %d)
    %9 = prim.cos(%8)
    return %6, %7, %9
  })
  return %1
}
// -----
// An output that nobody reads is not stacked; what is scanned for it goes too.
// CHECK: prim.scan_loop([%x], [], []) {length = 3} ({
// CHECK-NOT: prim.exp
// CHECK: }) : f32[2]
func @outputs(%x: f32[2], %s: f32[3, 2]) {
  %0, %1 = prim.scan_loop([%x], [%s], []) {length = 3} ({
    ^(%i: i64[], %a: f32[2], %b: f32[2]):
    %2 = prim.sin(%a)
    %3 = prim.exp(%b)
    return %2, %3
  })
  return %0
}
// -----
// Effects stay, and what they read: here a whole if that gives nothing, and a foreign kernel.
// CHECK: prim.if(%p, %q)
// CHECK: prim.shape_assert
// CHECK: prim.custom_call(%x)
// CHECK-NEXT: return
func @effects(%p: bool[], %q: bool[], %x: f32[2]) {
  %0 = prim.if(%p, %q, %x) ({
    ^(%a: bool[], %b: f32[2]):
    prim.shape_assert(%a) {message = "must hold"}
    return %b
  }, {
    ^(%a: bool[], %b: f32[2]):
    return %b
  })
  %1 = prim.custom_call(%x) {results = !builtin.tuple<f32[2]>, target = "a.kernel"}
  return
}
