// -(blend of (-x)), and a second blend of the result.
func @smooth(%x: f32[n, 8]) {
  %0 = prim.neg(%x)
  %1 = signal.blend(%0) {axis = 0, weight = 0.25}
  %2 = prim.neg(%1)
  %3 = signal.blend(%2) {axis = 1}
  return %3
}
