// RUN: proa-opt %s --fold --dce --verify-each
// By the kernels: integers wrap, NaN wins, f32 rounds.
// CHECK: dense<f32[2] [1.1, nan]>
// CHECK: dense<i8[] -126>
// CHECK-NOT: prim.add
func @f() {
  %0 = prim.constant() {value = dense<f32[2] [1.0, nan]>}
  %1 = prim.constant() {value = dense<f32[2] [0.1, 2.0]>}
  %2 = prim.add(%0, %1)
  %3 = prim.constant() {value = dense<i8[] 127>}
  %4 = prim.constant() {value = dense<i8[] 3>}
  %5 = prim.add(%3, %4)
  return %2, %5
}
// -----
// What reads a folded constant is folded too; an argument or a look at data is not.
// CHECK: %0 = prim.constant() {value = dense<i64[3] [2, 1, 0]>}
// CHECK-NEXT: %1 = prim.add(%0, %x)
// CHECK-NEXT: %2 = prim.constant() {value = dense<f32[] 1.0>}
// CHECK-NEXT: %3 = prim.broadcast(%2)
// CHECK-NEXT: return %1, %3
func @g(%x: i64[3]) {
  %0 = prim.constant() {value = dense<i64[3] [0, 1, 2]>}
  %1 = prim.reverse(%0) {axes = [0]}
  %2 = prim.reshape(%1) {shape = [3, 1]}
  %3 = prim.transpose(%2) {perm = [1, 0]}
  %4 = prim.reshape(%3) {shape = [3]}
  %5 = prim.add(%4, %x)
  %6 = prim.constant() {value = dense<f32[] 0.0>}
  %7 = prim.exp(%6)
  %8 = prim.broadcast(%7) {axes = [], shape = [1000]}
  return %5, %8
}
// -----
// RUN: proa-opt %s --fold=limit=8 --dce
// CHECK: prim.neg
// CHECK-NEXT: %{{[0-9]+}} = prim.constant() {value = dense<i64[] -1>}
func @h() {
  %0 = prim.constant() {value = dense<i64[2] [1, 2]>}
  %1 = prim.neg(%0)
  %2 = prim.constant() {value = dense<i64[] 1>}
  %3 = prim.neg(%2)
  return %1, %3
}
// -----
// Inside regions as outside; a region itself is not computed.
// CHECK: prim.if(%p)
// CHECK: prim.constant() {value = dense<i64[] 7>}
// CHECK-NOT: prim.add
// CHECK: return
func @regions(%p: bool[]) {
  %0 = prim.if(%p) ({
    %1 = prim.constant() {value = dense<i64[] 3>}
    %2 = prim.constant() {value = dense<i64[] 4>}
    %3 = prim.add(%1, %2)
    return %3
  }, {
    %4 = prim.constant() {value = dense<i64[] 1>}
    return %4
  })
  return %0
}
