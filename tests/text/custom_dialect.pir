// RUN: proa-opt --load=$(dirname $(command -v proa-opt))/examples/custom_dialect.so %s --signal-sink-signs --decompose

// CHECK: guards { n >= 1 : "[blend] x: axis 0 of [n, 8] has no neighbours to blend" }
// CHECK-NOT: prim.neg
// CHECK: prim.slice(%x) {{\{limits = \[n - 1, 8\], starts = \[0, 0\]}}
// CHECK: prim.slice(%x) {{\{limits = \[n, 8\], starts = \[1, 0\]}}
// CHECK-NOT: signal.blend
func @smooth(%x: f32[n, 8]) {
  %0 = prim.neg(%x)
  %1 = signal.blend(%0) {axis = 0, weight = 0.25}
  %2 = prim.neg(%1)
  return %2
}
// -----
// Without the pass the operator is kept whole; a second load of the same dialect is refused.
// RUN: proa-opt --load=$(dirname $(command -v proa-opt))/examples/custom_dialect.so %s
// CHECK: signal.blend(%x) {axis = 1} : f64[2, m - 1]
func @whole(%x: f64[2, m]) {
  %0 = signal.blend(%x) {axis = 1}
  return %0
}
// -----
// RUN: proa-opt --load=$(dirname $(command -v proa-opt))/examples/custom_dialect.so %s
// CHECK-ERROR: :26:8: [blend] weight: expected a value in [0, 1], got 1.5
func @wrong(%x: f64[2, m]) {
  %0 = signal.blend(%x) {axis = 1, weight = 1.5}
  return %0
}
// -----
// RUN: proa-opt %s
// CHECK-ERROR: there is no operation 'signal.blend'
func @unknown(%x: f64[2, m]) {
  %0 = signal.blend(%x) {axis = 1}
  return %0
}
// -----
// RUN: lib=$(dirname $(command -v proa-opt))/examples/custom_dialect.so; proa-opt --load=$lib --load=$lib %s
// CHECK-ERROR: dialect 'signal' is already loaded
func @twice() {
  return
}
