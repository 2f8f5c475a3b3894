// RUN: proa-opt %s --cse --verify-each
// Equal operations are one, and so is what reads them; add commutes, sub does not.
// CHECK: func @f
// CHECK-NEXT: %0 = prim.exp(%x)
// CHECK-NEXT: %1 = prim.add(%0, %y)
// CHECK-NEXT: %2 = prim.sub(%0, %y)
// CHECK-NEXT: %3 = prim.sub(%y, %0)
// CHECK-NEXT: return %1, %1, %2, %3
func @f(%x: f32[n], %y: f32[n]) {
  %0 = prim.exp(%x)
  %1 = prim.exp(%x)
  %2 = prim.add(%0, %y)
  %3 = prim.add(%y, %1)
  %4 = prim.sub(%0, %y)
  %5 = prim.sub(%y, %1)
  return %2, %3, %4, %5
}
// -----
// max does not commute to the bit, attributes tell apart, and so do the bits of constants.
// CHECK: prim.max(%x, %y)
// CHECK-NEXT: prim.max(%y, %x)
// CHECK-NEXT: prim.reduce(%x) {axes = [0]
// CHECK-NEXT: prim.reduce(%x) {axes = [1]
// CHECK-NEXT: dense<f32[] 0.0>
// CHECK-NEXT: dense<f32[] -0.0>
// CHECK-NEXT: return %0, %1, %2, %3, %4, %5, %4
func @g(%x: f32[3, 3], %y: f32[3, 3]) {
  %0 = prim.max(%x, %y)
  %1 = prim.max(%y, %x)
  %2 = prim.reduce(%x) {axes = [0], kind = "sum"}
  %3 = prim.reduce(%x) {axes = [1], kind = "sum"}
  %4 = prim.constant() {value = dense<f32[] 0.0>}
  %5 = prim.constant() {value = dense<f32[] -0.0>}
  %6 = prim.constant() {value = dense<f32[] 0.0>}
  return %0, %1, %2, %3, %4, %5, %6
}
// -----
// A draw is a function of its key; what is behind a barrier is computed again on purpose.
// CHECK: %0 = prim.rng_bits(%k)
// CHECK-NEXT: %1 = prim.rng_bits(%l)
// CHECK-NEXT: %2 = prim.barrier(%x)
// CHECK-NEXT: %3 = prim.barrier(%x)
// CHECK-NEXT: return %0, %0, %1, %2, %3
func @h(%k: i64[2], %l: i64[2], %x: f32[2]) {
  %0 = prim.rng_bits(%k) {dtype = i32, shape = [4]}
  %1 = prim.rng_bits(%k) {dtype = i32, shape = [4]}
  %2 = prim.rng_bits(%l) {dtype = i32, shape = [4]}
  %3 = prim.barrier(%x)
  %4 = prim.barrier(%x)
  return %0, %1, %2, %3, %4
}
// -----
// Inside a region as outside of it; never across its border.
// CHECK: %0 = prim.exp(%x)
// CHECK-NEXT: %1 = prim.if(%p, %x) ({
// CHECK: %3 = prim.exp(%2)
// CHECK-NEXT: %4 = prim.add(%3, %3)
// CHECK: %6 = prim.exp(%5)
// CHECK-NEXT: return %6
func @regions(%p: bool[], %x: f32[2]) {
  %0 = prim.exp(%x)
  %1 = prim.if(%p, %x) ({
    ^(%a: f32[2]):
    %2 = prim.exp(%a)
    %3 = prim.exp(%a)
    %4 = prim.add(%2, %3)
    return %4
  }, {
    ^(%a: f32[2]):
    %5 = prim.exp(%a)
    return %5
  })
  return %0, %1
}
// -----
// Nothing is known of a foreign kernel: two calls are two calls.
// CHECK: prim.custom_call
// CHECK-NEXT: prim.custom_call
func @foreign(%x: f32[2]) {
  %0 = prim.custom_call(%x) {results = !builtin.tuple<f32[2]>, target = "a.kernel"}
  %1 = prim.custom_call(%x) {results = !builtin.tuple<f32[2]>, target = "a.kernel"}
  return %0, %1
}
