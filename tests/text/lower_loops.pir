// RUN: proa-opt %s --fuse --lower-loops --verify-each
// Both axes are walked as one by every access.
// CHECK: loop.launch(%x, %y) {kernel = @kernel_0}
// CHECK: func @kernel_0
// CHECK: loop.for() {extent = dim(c*n), parallel = unit}
// CHECK: loop.load
// CHECK: prim.add
// CHECK: prim.exp
// CHECK: loop.store
func @chain(%x: f32[n, c], %y: f32[n, c]) {
  %0 = prim.add(%x, %y)
  %1 = prim.exp(%0)
  return %1
}
// -----
// The bias does not follow the first axis: two loops. A row is a unit, and the exponential, which
// two loops need, is kept.
// CHECK: func @kernel_0
// CHECK: loop.for() {extent = dim(n), parallel = unit}
// CHECK: loop.reduce() {extent = dim(c), kind = "sum"}
// CHECK: prim.exp
// CHECK: loop.store
// CHECK: loop.yield
// CHECK: loop.for() {extent = dim(c)}
// CHECK: loop.load
// CHECK: prim.div
// CHECK-NOT: prim.exp
func @rows(%x: f32[n, c], %b: f32[c]) {
  %0 = prim.broadcast(%b) {axes = [1], shape = dims[n, c]}
  %1 = prim.add(%x, %0)
  %2 = prim.exp(%1)
  %3 = prim.reduce(%2) {axes = [1], kind = "sum"}
  %4 = prim.broadcast(%3) {axes = [0], shape = dims[n, c]}
  %5 = prim.div(%2, %4)
  return %5
}
// -----
// Sums over the first axis: a kernel of the totals of blocks, in strips of columns, which computes
// what it reads twice; and one that joins them and goes on.
// CHECK: func @columns
// CHECK-NEXT: %0, %1 = loop.launch(%x, %m, %g) {kernel = @kernel_0}
// CHECK-NEXT: %2, %3 = loop.launch(%0, %1) {kernel = @kernel_1}
// CHECK-NEXT: return %3, %2
// CHECK: func @kernel_0
// CHECK: loop.for() {extent = dim((n + 4095) floordiv 4096), parallel = unit}
// CHECK: loop.for() {extent = dim((c + 127) floordiv 128), parallel = unit}
// CHECK: loop.columns({{.*}}) {extent = dim(min(n, 4096)), kind = "sum", width = 128}
// CHECK: prim.sub
// CHECK: prim.mul
// CHECK: loop.yield(%{{\d+}}, %{{\d+}})
// CHECK: func @kernel_1
// CHECK: loop.reduce() {extent = dim((n + 4095) floordiv 4096), joins = unit, kind = "sum"}
// CHECK: prim.exp
func @columns(%x: f32[n, c], %g: f32[n, c], %m: f32[n]) {
  %0 = prim.broadcast(%m) {axes = [0], shape = dims[n, c]}
  %1 = prim.sub(%x, %0)
  %2 = prim.mul(%g, %1)
  %3 = prim.reduce(%2) {axes = [0], kind = "sum"}
  %4 = prim.reduce(%g) {axes = [0], kind = "sum"}
  %5 = prim.exp(%3)
  return %5, %4
}
// -----
// A sum of all elements is cut at its blocks.
// CHECK: func @all
// CHECK: loop.launch(%x) {kernel = @kernel_0} : f32[(c*n + 4095) floordiv 4096]
// CHECK: func @kernel_0
// CHECK: loop.for() {extent = dim((c*n + 4095) floordiv 4096), parallel = unit}
// CHECK: loop.reduce(%{{\d+}}) {extent = dim(min(c*n, 4096)), kind = "sum"}
// CHECK: prim.mul
// CHECK: func @kernel_1
// CHECK: loop.reduce() {extent = dim((c*n + 4095) floordiv 4096), joins = unit, kind = "sum"}
// CHECK: prim.sqrt
func @all(%x: f32[n, c]) {
  %0 = prim.mul(%x, %x)
  %1 = prim.reduce(%0) {axes = [0, 1], kind = "sum"}
  %2 = prim.sqrt(%1)
  return %2
}
// -----
// At most a block of f16: totals in f32, and one rounding behind them.
// CHECK: func @block
// CHECK: loop.launch(%x) {kernel = @kernel_0} : f32[200]
// CHECK: loop.launch(%0) {kernel = @kernel_1} : f16[200]
// CHECK: loop.columns({{.*}}) {extent = dim(32), kind = "sum", width = 112}
// CHECK: prim.cast(%{{\d+}}) {dtype = f32}
func @block(%x: f16[32, 200]) {
  %0 = prim.reduce(%x) {axes = [0], kind = "sum"}
  return %0
}
// -----
// A mean: the extent is known where the kernel runs, and the two sums share a loop.
// CHECK: func @means
// CHECK-NEXT: loop.launch(%x) {kernel = @kernel_0} : f32[n], f32[n]
// CHECK: func @kernel_0
// CHECK: loop.reduce() {extent = dim(c), kind = "sum"}
// CHECK: prim.mul
// CHECK: loop.yield(%{{\d+}}, %{{\d+}})
// CHECK-NOT: loop.reduce
// CHECK: loop.size() {dim = dim(c)}
// CHECK: prim.cast
func @means(%x: f32[n, c]) {
  %0 = prim.mul(%x, %x)
  %1 = prim.reduce(%0) {axes = [1], kind = "sum"}
  %2 = prim.reduce(%x) {axes = [1], kind = "sum"}
  %3 = prim.dim(%x) {axis = 1}
  %4 = prim.cast(%3) {dtype = f32}
  %5 = prim.broadcast(%4) {axes = [], shape = dims[n]}
  %6 = prim.div(%1, %5)
  %7 = prim.div(%2, %5)
  return %6, %7
}
