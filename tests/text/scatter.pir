// RUN: proa-opt %s --fuse --lower-loops --verify-each
// The gradient of an embedding: what leads to the updates is in it, the places of the index are one
// axis, and the index is checked before.
// CHECK: func @embedding
// CHECK: %3 = prim.gather(%2, %index) {axes = [0], batch = 0, mode = "raise"} : f32[b, s, 0]
// CHECK: loop.launch(%g, %index, %3) {kernel = @kernel_0}
// CHECK: func @kernel_0
// CHECK: loop.scatter(%1) {axes = [v], batch = [], mode = "raise", offset = dim(0), places = [b*s], row = dim(64), strides = [1, 0]} ({
// CHECK-NEXT: ^(%5: f32[], %6: i64[], %7: i64[]):
// CHECK-NEXT: loop.store(%5, %3, %6, %7) {offset = dim(0), strides = [64, 1]}
// CHECK: ^(%8: i64[], %9: i64[]):
// CHECK-NEXT: loop.yield(%4)
// CHECK: ^(%10: i64[], %11: i64[]):
// CHECK-NEXT: %12 = loop.load(%0, %10, %11) {offset = dim(0), strides = [64, 1]}
// CHECK-NEXT: %13 = prim.mul(%12, %12)
// CHECK: ^(%14: f32[], %15: f32[]):
// CHECK-NEXT: %16 = prim.add(%14, %15)
func @embedding(%g: f32[b, s, 64], %index: i64[b, s, 1], %w: f32[v, 64]) {
  %0 = prim.constant() {value = dense<f32[] 0.0>}
  %1 = prim.broadcast(%0) {axes = [], shape = dims[v, 64]}
  %2 = prim.mul(%g, %g)
  %3 = prim.scatter(%1, %index, %2) {axes = [0], batch = 0, kind = "add", mode = "raise"}
  return %3
}
// -----
// Rows of an axis in the middle: the axis before it is one along which the index stands still.
// Updates of bf16 are joined in f32. What is left out of range needs no check.
// CHECK: func @middle
// CHECK-NOT: prim.gather
// CHECK: loop.scatter(%0) {axes = [n], batch = [a], mode = "drop", offset = dim(0), places = [p], row = dim(c), strides = [0, 1, 0]}
// CHECK: loop.store({{.*}}) {offset = dim(0), strides = [c, c*n, 1]}
// CHECK: loop.load({{.*}}) {offset = dim(0), strides = [a*c, c, 1]} : bf16[]
// CHECK: prim.add({{.*}}) : f32[]
func @middle(%index: i64[p, 1], %g: bf16[p, a, c]) {
  %0 = prim.constant() {value = dense<bf16[] 0.0>}
  %1 = prim.broadcast(%0) {axes = [], shape = dims[a, n, c]}
  %2 = prim.scatter(%1, %index, %g) {axes = [1], batch = 0, kind = "add", mode = "drop"}
  return %2
}
// -----
// Into what lies in memory: it is changed there, by the prebuilt kernel.
// CHECK: prim.scatter
// CHECK-NOT: loop.scatter
func @in_memory(%x: f32[v, 64], %index: i64[p, 1], %g: f32[p, 64]) {
  %0 = prim.scatter(%x, %index, %g) {axes = [0], batch = 0, kind = "add", mode = "raise"}
  return %0
}
// -----
// RUN: proa-opt %s --verify-each
// The form round-trips.
// CHECK: loop.scatter(%index) {axes = [n], batch = [], mode = "clamp"
func @form(%index: !loop.buffer<i64>, %g: !loop.buffer<f16>, %to: !loop.buffer<f16>) {
  %zero = prim.constant() {value = dense<f16[] 0.0>}
  loop.scatter(%index) {axes = dims[n], batch = dims[], mode = "clamp", offset = dim(0),
                        places = dims[p], row = dim(c), strides = dims[1, 0]} ({
    ^(%result: f16[], %i: i64[], %j: i64[]):
    loop.store(%result, %to, %i, %j) {offset = dim(0), strides = dims[c, 1]}
    loop.yield()
  }, {
    ^(%i: i64[], %j: i64[]):
    loop.yield(%zero)
  }, {
    ^(%p: i64[], %j: i64[]):
    %update = loop.load(%g, %p, %j) {offset = dim(0), strides = dims[c, 1]} : f16[]
    loop.yield(%update)
  }, {
    ^(%a: f32[], %b: f32[]):
    %sum = prim.add(%a, %b)
    loop.yield(%sum)
  })
  return
}
// -----
// RUN: proa-opt %s --verify-each
// Updates of f16 are joined in f32.
// CHECK-ERROR: join: expected scalars as arguments: float32, float32
func @narrow(%index: !loop.buffer<i64>, %g: !loop.buffer<f16>, %to: !loop.buffer<f16>) {
  %zero = prim.constant() {value = dense<f16[] 0.0>}
  loop.scatter(%index) {axes = dims[n], batch = dims[], mode = "clamp", offset = dim(0),
                        places = dims[p], row = dim(c), strides = dims[1, 0]} ({
    ^(%result: f16[], %i: i64[], %j: i64[]):
    loop.yield()
  }, {
    ^(%i: i64[], %j: i64[]):
    loop.yield(%zero)
  }, {
    ^(%p: i64[], %j: i64[]):
    loop.yield(%zero)
  }, {
    ^(%a: f16[], %b: f16[]):
    loop.yield(%a)
  })
  return
}
// -----
// RUN: proa-opt %s --verify-each
// CHECK-ERROR: strides: expected a stride for each of 1 axes and for the coordinates
func @strides(%index: !loop.buffer<i64>) {
  loop.scatter(%index) {axes = dims[n], batch = dims[], mode = "clamp", offset = dim(0),
                        places = dims[p], row = dim(c), strides = dims[1]} ({
  })
  return
}
// -----
// RUN: proa-opt %s --verify-each
// CHECK-ERROR: mode: expected one of clamp, drop, wrap, raise, from_end
func @mode(%index: !loop.buffer<i64>) {
  loop.scatter(%index) {axes = dims[n], batch = dims[], mode = "ignore", offset = dim(0),
                        places = dims[p], row = dim(c), strides = dims[1, 0]} ({
  })
  return
}
