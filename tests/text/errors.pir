// Texts that are refused, each with its place.
// RUN: proa-opt %s
// CHECK-ERROR: errors.pir:5:25: expected a type, got 'f33'
// CHECK-ERROR: func @f(%x: f32[2], %y: f33[2]) {
func @f(%x: f32[2], %y: f33[2]) {
  return
}
// -----
// CHECK-ERROR: there is no operation 'prim.ezp'; did you mean 'prim.exp'?
func @f(%x: f32[2]) {
  %0 = prim.ezp(%x)
  return %0
}
// -----
// CHECK-ERROR: [add] y: expected float32 as of x, got int64
func @f(%x: f32[2], %y: i64[2]) {
  %0 = prim.add(%x, %y)
  return %0
}
// -----
// CHECK-ERROR: result 0 should be f32[2], got f32[3]
// CHECK-ERROR: at {{.*}}errors.pir:24:3: %0 = prim.exp(%x) : f32[3]
func @f(%x: f32[2]) {
  %0 = prim.exp(%x) : f32[3]
  return %0
}
// -----
// CHECK-ERROR: value %y is not defined
func @f(%x: f32[2]) {
  return %y
}
// -----
// CHECK-ERROR: expected 3 elements, got 2
func @f() {
  %0 = prim.constant() {value = dense<i32[3] [1, 2]>}
  return %0
}
// -----
// CHECK-ERROR: a block does not end in a terminator
func @f(%x: f32[2]) {
  %0 = prim.exp(%x)
}
// -----
// CHECK-ERROR: expected an operation, got the end of the text
module {
  func @f(%x: f32[2]) {
// -----
// CHECK-ERROR: [prim.concat] concat: axis is needed as a number, got a symbol
func @f(%x: f32[2], %y: f32[s0]) {
  %0 = prim.concat(%x, %y) {axis = dim(s0)} : f32[3]
  return %0
}
// -----
// CHECK-ERROR: concat: axis is needed as a number, got a symbol
func @f(%x: f32[2], %y: f32[s0]) {
  %0 = prim.concat(%x, %y) {axis = dim(s0)}
  return %0
}
// -----
// CHECK-ERROR: chunk: the number of pieces depends on the size, got a symbol
func @f(%x: f32[s0]) {
  %0 = tensor.chunk(%x) {chunks = 2, axis = 0}
  return %0
}
