// The tool itself: what it prints, and how it refuses.
// RUN: proa-opt %s
// CHECK: module {
// CHECK-NEXT: func @main(%x: f32[s0, 3], %w: f32[s0, 3]) {
// CHECK-NEXT: %0 = prim.exp(%x) : f32[s0, 3]
// CHECK-NEXT: %1 = prim.reduce(%0) {axes = [1], kind = "sum"} : f32[s0]
// CHECK-NEXT: return %0, %1
// CHECK-NEXT: }
// CHECK-NEXT: }
func @main(%x: f32[s0, 3], %w: f32[s0, 3]) {
  %y = prim.exp(%x)
  %z = prim.reduce(%y) {axes = [1], kind = "sum"} : f32[s0]
  return %y, %z
}
// -----
// What it prints it reads, locations and all.
// RUN: proa-opt %s --print-loc --output=%t.1 && proa-opt %t.1 --print-loc --output=%t.2 && diff %t.1 %t.2 && cat %t.2
// CHECK: symbols { n in [1, 64], n likely 16 }
// CHECK: prim.tanh(%x) : bf16[n, 2] loc(stack["net.py":7:9, "train.py":12])
// CHECK: dense<f16[2] [0.1, -inf]>
module {
  symbols { n in [1, 64], n likely 16 }
  func @f(%x: bf16[n, 2]) {
    %0 = prim.tanh(%x) loc(stack["net.py":7:9, "train.py":12])
    %1 = prim.constant() {value = dense<f16[2] [0.1, -inf]>}
    return %0, %1
  }
}
// -----
// RUN: proa-opt < %s --pipeline=decompose --timing --verify-each 2>&1
// CHECK: pass {{ +}}ms verify ms share changed
// CHECK: decompose{{.*}}no
// CHECK: module {
func @f(%x: f32[2]) {
  return %x
}
// -----
// RUN: proa-opt --list-passes && proa-opt --list-ops
// CHECK: --decompose
// CHECK-NEXT: replaces every composite
// CHECK: builtin.return terminator
// CHECK: prim.reduce(x) {kind, axes} pure
// -----
// RUN: proa-opt %s --decompos
// CHECK-ERROR: there is no pass 'decompos'; did you mean 'decompose'?
// -----
// RUN: proa-opt %s --decompose=limit=3
// CHECK-ERROR: [decompose] limit: the pass has no such option
// -----
// RUN: proa-opt %s --replay
// CHECK-ERROR: is no reproducer
func @f() {
  return
}
// -----
// RUN: proa-opt %s.none
// CHECK-ERROR: cannot be opened
// -----
// RUN: proa-opt --load=%s %s
// CHECK-ERROR: --load:
// -----
// RUN: proa-opt %s --allow-unregistered
// CHECK: %0 = other.thing(%x) {size = dim(2*n + 1)} : token
func @f(%x: f32[n]) {
  %0 = other.thing(%x) {size = dim(2*n + 1)} : token
  return %0
}
