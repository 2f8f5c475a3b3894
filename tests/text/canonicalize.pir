// RUN: proa-opt %s --canonicalize --dce --verify-each
// Layout operators compose.
// CHECK: func @layout
// CHECK-NEXT: %0 = prim.reshape(%x) {shape = [12]}
// CHECK-NEXT: %1 = prim.transpose(%x) {perm = [2, 1, 0]}
// CHECK-NEXT: %2 = prim.broadcast(%y) {axes = [2, 0], shape = [3, 5, 4]}
// CHECK-NEXT: %3 = prim.slice(%y) {limits = [3, 3], starts = [1, 2], strides = [1, 2]}
// CHECK-NEXT: %4 = prim.reverse(%x) {axes = [0]}
// CHECK-NEXT: return %0, %1, %2, %3, %4, %x, %x, %y, %y, %x, %y
func @layout(%x: f32[2, 3, 2], %y: f32[4, 3]) {
  %0 = prim.reshape(%x) {shape = [3, 4]}
  %1 = prim.reshape(%0) {shape = [12]}
  %2 = prim.transpose(%x) {perm = [1, 0, 2]}
  %3 = prim.transpose(%2) {perm = [2, 0, 1]}
  %4 = prim.transpose(%3) {perm = [0, 1, 2]}
  %5 = prim.broadcast(%y) {axes = [1, 0], shape = [3, 4]}
  %6 = prim.broadcast(%5) {axes = [0, 2], shape = [3, 5, 4]}
  %7 = prim.slice(%y) {starts = [1, 1], limits = [4, 3], strides = [1, 1]}
  %8 = prim.slice(%7) {starts = [0, 1], limits = [2, 2], strides = [1, 2]}
  %9 = prim.reverse(%x) {axes = [0, 1]}
  %10 = prim.reverse(%9) {axes = [-2]}
  %11 = prim.reshape(%1) {shape = [2, 3, 2]}
  %12 = prim.transpose(%2) {perm = [1, 0, 2]}
  %13 = prim.slice(%y) {starts = [0, 0], limits = [4, 3], strides = [1, 1]}
  %14 = prim.concat(%y) {axis = 0}
  %15 = prim.reverse(%9) {axes = [1, 0]}
  %16 = prim.constant() {value = dense<f32[] 7.0>}
  %17 = prim.pad(%y, %16) {low = [0, 0], high = [0, 0], interior = [0, 0]}
  return %1, %4, %6, %8, %10, %11, %12, %13, %14, %15, %17
}
// -----
// Sizes may be symbols.
// CHECK: func @symbols
// CHECK-NEXT: %0 = prim.slice(%x) {limits = [n], starts = [3], strides = [2]}
// CHECK-NEXT: return %0, %x
func @symbols(%x: f32[n]) {
  %0 = prim.slice(%x) {starts = [1], limits = dims[n], strides = [1]}
  %1 = prim.slice(%0) {starts = [2], limits = dims[n - 1], strides = [2]}
  %2 = prim.reshape(%x) {shape = dims[n, 1]}
  %3 = prim.reshape(%2) {shape = dims[n]}
  return %1, %3
}
// -----
// Casts: only through a dtype that holds every value, and only where the kinds agree.
// CHECK: func @casts
// CHECK-NEXT: %0 = prim.cast(%h) {dtype = bf16}
// CHECK-NEXT: %1 = prim.cast(%h) {dtype = bf16}
// CHECK-NEXT: %2 = prim.cast(%1) {dtype = f16}
// CHECK-NEXT: %3 = prim.cast(%i) {dtype = f32}
// CHECK-NEXT: %4 = prim.cast(%3) {dtype = u8}
// CHECK-NEXT: %5 = prim.cast(%i) {dtype = u8}
// CHECK-NEXT: return %h, %0, %2, %i, %4, %5, %b, %z
func @casts(%h: f16[2], %i: i8[2], %b: bool[2], %z: c64[2]) {
  %0 = prim.cast(%h) {dtype = f32}
  %1 = prim.cast(%0) {dtype = f16}
  %2 = prim.cast(%0) {dtype = bf16}
  %3 = prim.cast(%h) {dtype = bf16}
  %4 = prim.cast(%3) {dtype = f16}
  %5 = prim.cast(%i) {dtype = f32}
  %6 = prim.cast(%5) {dtype = i8}
  %7 = prim.cast(%5) {dtype = u8}
  %8 = prim.cast(%i) {dtype = i32}
  %9 = prim.cast(%8) {dtype = u8}
  %10 = prim.cast(%b) {dtype = c64}
  %11 = prim.cast(%10) {dtype = bool}
  %12 = prim.cast(%z) {dtype = c128}
  %13 = prim.cast(%12) {dtype = c64}
  return %1, %2, %4, %6, %7, %9, %11, %13
}
// -----
// Neutral elements of floats: -0 for addition, since -0 + 0 is 0. Anything times 0 stays.
// CHECK: func @floats
// CHECK-NEXT: %0 = prim.constant() {value = dense<f32[] 0.0>}
// CHECK-NEXT: %1 = prim.broadcast(%0)
// CHECK-NEXT: %2 = prim.add(%x, %1)
// CHECK-NEXT: %3 = prim.mul(%x, %1)
// CHECK-NEXT: %4 = prim.neg(%x)
// CHECK-NEXT: return %2, %3, %x, %x, %x, %x, %4
func @floats(%x: f32[n]) {
  %0 = prim.constant() {value = dense<f32[] 0.0>}
  %1 = prim.broadcast(%0) {axes = [], shape = dims[n]}
  %2 = prim.add(%x, %1)
  %3 = prim.mul(%x, %1)
  %4 = prim.constant() {value = dense<f32[] -0.0>}
  %5 = prim.broadcast(%4) {axes = [], shape = dims[n]}
  %6 = prim.add(%5, %x)
  %7 = prim.sub(%x, %1)
  %8 = prim.constant() {value = dense<f32[] 1.0>}
  %9 = prim.broadcast(%8) {axes = [], shape = dims[n]}
  %10 = prim.mul(%9, %x)
  %11 = prim.div(%x, %9)
  %12 = prim.constant() {value = dense<f32[] -1.0>}
  %13 = prim.broadcast(%12) {axes = [], shape = dims[n]}
  %14 = prim.mul(%x, %13)
  return %2, %3, %6, %7, %10, %11, %14
}
// -----
// Integers have one zero. Complex products are sums: 1 is not neutral beside an infinity.
// CHECK: func @others
// CHECK-NEXT: %0 = prim.constant() {value = dense<c64[] (1.0, 0.0)>}
// CHECK-NEXT: %1 = prim.mul(%z, %0)
// CHECK-NEXT: return %i, %i, %1, %z, %z
func @others(%i: i32[], %z: c64[]) {
  %0 = prim.constant() {value = dense<i32[] 0>}
  %1 = prim.add(%i, %0)
  %2 = prim.xor(%0, %i)
  %3 = prim.constant() {value = dense<c64[] (1.0, 0.0)>}
  %4 = prim.mul(%z, %3)
  %5 = prim.conj(%z)
  %6 = prim.conj(%5)
  %7 = prim.real(%z)
  %8 = prim.imag(%z)
  %9 = prim.complex(%7, %8)
  return %1, %2, %4, %6, %9
}
// -----
// Signs, and choices.
// CHECK: func @signs
// CHECK-NEXT: %0 = prim.sub(%y, %x)
// CHECK-NEXT: %1 = prim.add(%x, %y)
// CHECK-NEXT: %2 = prim.mul(%x, %y)
// CHECK-NEXT: %3 = prim.abs(%x)
// CHECK-NEXT: %4 = prim.select(%c, %y, %x)
// CHECK-NEXT: return %0, %1, %2, %3, %x, %4, %x, %c
func @signs(%x: f64[3], %y: f64[3], %c: bool[3]) {
  %0 = prim.neg(%x)
  %1 = prim.neg(%y)
  %2 = prim.add(%0, %y)
  %3 = prim.sub(%x, %1)
  %4 = prim.mul(%0, %1)
  %5 = prim.abs(%0)
  %6 = prim.neg(%0)
  %7 = prim.not(%c)
  %8 = prim.select(%7, %x, %y)
  %9 = prim.select(%c, %x, %x)
  %10 = prim.not(%7)
  return %2, %3, %4, %5, %6, %8, %9, %10
}
// -----
// A condition that is known: the branch stands where the if stood, what is inside it too.
// CHECK: func @known(%x: f32[2], %y: f32[2])
// CHECK-NEXT: %0 = prim.exp(%y)
// CHECK-NEXT: return %0, %x
func @known(%x: f32[2], %y: f32[2]) {
  %0 = prim.constant() {value = dense<bool[] true>}
  %1 = prim.constant() {value = dense<bool[] false>}
  %2, %3 = prim.if(%0, %x, %y) ({
    ^(%a: f32[2], %b: f32[2]):
    %4 = prim.constant() {value = dense<bool[] false>}
    %5 = prim.if(%4, %b) ({
      ^(%c: f32[2]):
      return %c
    }, {
      ^(%c: f32[2]):
      %6 = prim.exp(%c)
      return %6
    })
    return %5, %a
  }, {
    ^(%a: f32[2], %b: f32[2]):
    return %a, %b
  })
  return %2, %3
}
// -----
// A while that never starts, and a loop of no steps, give their carries back.
// CHECK: func @never(%x: f32[2])
// CHECK-NEXT: return %x, %x
func @never(%x: f32[2]) {
  %0 = prim.while([%x], []) ({
    ^(%a: f32[2]):
    %1 = prim.constant() {value = dense<bool[] false>}
    return %1
  }, {
    ^(%a: f32[2]):
    %2 = prim.exp(%a)
    return %2
  })
  %3 = prim.scan_loop([%x], [], []) {length = 0} ({
    ^(%i: i64[], %a: f32[2]):
    %4 = prim.exp(%a)
    return %4
  })
  return %0, %3
}
// -----
// A condition that asserts something is not thrown away.
// CHECK: prim.while
// CHECK: prim.shape_assert
func @asserts(%x: bool[]) {
  %0 = prim.while([%x], []) ({
    ^(%a: bool[]):
    prim.shape_assert(%a) {message = "must hold"}
    %1 = prim.constant() {value = dense<bool[] false>}
    return %1
  }, {
    ^(%a: bool[]):
    return %a
  })
  return %0
}
