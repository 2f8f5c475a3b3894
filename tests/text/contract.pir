// RUN: proa-opt %s --fuse --lower-loops --verify-each
// Rows of all batches meet one matrix, so both axes are rows; bias and tanh are the epilogue.
// CHECK: loop.launch(%x, %w, %b) {kernel = @kernel_0}
// CHECK: func @kernel_0
// CHECK: loop.contract
// CHECK-SAME: batch = [], k = [k], m = [b*m], n = [n]
// CHECK-SAME: x_strides = [k, 1], y_offset = dim(0), y_strides = [1, n]
// CHECK-NEXT: ^(%4: f32[], %5: i64[], %6: i64[]):
// CHECK-NEXT: %7 = loop.load(%2, %6) {offset = dim(0), strides = [1]}
// CHECK-NEXT: %8 = prim.add(%4, %7)
// CHECK-NEXT: %9 = prim.tanh(%8)
// CHECK-NEXT: loop.store(%9, %3, %5, %6) {offset = dim(0), strides = [n, 1]}
func @dense(%x: f32[b, m, k], %w: f32[k, n], %b: f32[n]) {
  %0 = prim.dot(%x, %w) {batch_x = [], batch_y = [], contract_x = [2], contract_y = [0]}
  %1 = prim.broadcast(%b) {axes = [2], shape = dims[b, m, n]}
  %2 = prim.add(%0, %1)
  %3 = prim.tanh(%2)
  return %3
}
// -----
// Transposed operands are strides.
// CHECK: loop.contract
// CHECK-SAME: batch = [b, h], k = [d], m = [s], n = [t]
// CHECK-SAME: x_strides = [d*h*s, d, d*h, 1]
// CHECK-SAME: y_strides = [d*h*t, d, d*h, 1]
// CHECK: loop.store(%3, %2, %4, %5, %6, %7) {offset = dim(0), strides = [h*s*t, s*t, t, 1]}
func @scores(%q: f32[b, s, h, d], %k: f32[b, t, h, d]) {
  %0 = prim.transpose(%q) {perm = [0, 2, 1, 3]}
  %1 = prim.transpose(%k) {perm = [0, 2, 3, 1]}
  %2 = prim.dot(%0, %1) {batch_x = [0, 1], batch_y = [0, 1], contract_x = [3], contract_y = [2]}
  return %2
}
// -----
// RUN: proa-opt %s --verify-each
// The form round-trips, and its verifier counts strides and indices.
// CHECK: loop.contract(%x, %y) {batch = [], k = [k], m = [m], n = [n]
func @form(%x: !loop.buffer<f32>, %y: !loop.buffer<f32>, %to: !loop.buffer<f32>) {
  loop.contract(%x, %y) {batch = dims[], k = dims[k], m = dims[m], n = dims[n], x_offset = dim(0),
                         x_strides = dims[k, 1], y_offset = dim(0), y_strides = dims[1, n]} ({
    ^(%sum: f32[], %i: i64[], %j: i64[]):
    loop.store(%sum, %to, %i, %j) {offset = dim(0), strides = dims[n, 1]}
    loop.yield()
  })
  return
}
// -----
// RUN: proa-opt %s --verify-each
// Elements of an operand may be computed; those of the other are its buffer's.
// CHECK: loop.contract(%x, %y)
// CHECK: loop.yield()
// CHECK: prim.cast
func @computed(%x: !loop.buffer<f32>, %y: !loop.buffer<i8>, %to: !loop.buffer<f32>) {
  loop.contract(%x, %y) {batch = dims[], k = dims[k], m = dims[m], n = dims[n], x_offset = dim(0),
                         x_strides = dims[k, 1], y_offset = dim(0), y_strides = dims[0, 0]} ({
    ^(%sum: f32[], %i: i64[], %j: i64[]):
    loop.store(%sum, %to, %i, %j) {offset = dim(0), strides = dims[n, 1]}
    loop.yield()
  }, {
    ^(%i: i64[], %t: i64[]):
    loop.yield()
  }, {
    ^(%j: i64[], %t: i64[]):
    %0 = loop.load(%y, %t, %j) {offset = dim(0), strides = dims[n, 1]} : i8[]
    %1 = prim.cast(%0) {dtype = f32}
    loop.yield(%1)
  })
  return
}
// -----
// RUN: proa-opt %s --verify-each
// CHECK-ERROR: [loop.contract] body: expected 2 indices, and a scalar of them
func @without_terms(%x: !loop.buffer<f32>, %y: !loop.buffer<f32>) {
  loop.contract(%x, %y) {batch = dims[], k = dims[k], m = dims[m], n = dims[n], x_offset = dim(0),
                         x_strides = dims[k, 1], y_offset = dim(0), y_strides = dims[0, 0]} ({
    ^(%sum: f32[], %i: i64[], %j: i64[]):
    loop.yield()
  }, {
    ^(%i: i64[], %t: i64[]):
    loop.yield()
  }, {
    ^(%j: i64[]):
    %0 = loop.load(%y, %j) {offset = dim(0), strides = dims[1]} : f32[]
    loop.yield(%0)
  })
  return
}
// -----
// RUN: proa-opt %s --verify-each
// CHECK-ERROR: [loop.contract] y_strides: expected a stride for each of 2 axes
func @wrong(%x: !loop.buffer<f32>, %y: !loop.buffer<f32>) {
  loop.contract(%x, %y) {batch = dims[], k = dims[k], m = dims[m], n = dims[n], x_offset = dim(0),
                         x_strides = dims[k, 1], y_offset = dim(0), y_strides = dims[1]} ({
    ^(%sum: f32[], %i: i64[], %j: i64[]):
    loop.yield()
  })
  return
}
