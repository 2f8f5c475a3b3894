// RUN: proa-opt %s --fuse --lower-loops --batch --verify-each
// Three updates of parameters stand together, though the second gradient comes after the first
// update; what reads a result may not be passed.
// CHECK: func @step
// CHECK: prim.scan
// CHECK: prim.scan
// CHECK: loop.launch({{.*}}) {batch = 0, kernel = @kernel_
// CHECK-NEXT: loop.launch({{.*}}) {batch = 0, kernel = @kernel_
// CHECK-NEXT: loop.launch({{.*}}) {batch = 0, kernel = @kernel_
// CHECK-NEXT: return
func @step(%p: f32[n], %q: f32[m], %r: f32[m, n], %g: f32[m], %h: f32[m, n], %k: f32[n]) {
  %0 = prim.sub(%p, %k)
  %1 = prim.scan(%g) {axis = 0, kind = "sum"}
  %2 = prim.exp(%1)
  %3 = prim.scan(%2) {axis = 0, kind = "sum"}
  %4 = prim.sub(%q, %3)
  %5 = prim.sub(%r, %h)
  return %0, %4, %5
}
// -----
// Large results that somebody waits for stay where they are.
// CHECK: func @forward
// CHECK-NOT: batch
// CHECK: return
func @forward(%x: f32[n], %y: f32[m]) {
  %0 = prim.exp(%x)
  %1 = prim.scan(%0) {axis = 0, kind = "sum"}
  %2 = prim.exp(%y)
  %3 = prim.scan(%2) {axis = 0, kind = "sum"}
  return %1, %3
}
