// Values for tests, and the narrow floats read and rounded by the compiler and the C library.
// Why: what kernels give is compared with code that is not theirs.
#pragma once

#include <cmath>
#include <limits>
#include <random>

#include "tests/kernels/call.h"

namespace proa::kernels::test {

// An element of any real dtype as a double (exact but for large i64).
double read(const Tensor& t, int64_t index);
// `value` rounded once to nearest even; integers must be in range.
void write(Tensor& t, int64_t index, double value);
// `value` as f16 or bf16 would hold it.
double rounded(DType dtype, double value);

// Reals around 0, or integers over the whole range; the first ones are the special values of the
// dtype (zeros of both signs, infinities, NaN, subnormals; the least and greatest integers).
Tensor sample(DType dtype, Dims dims, unsigned seed, bool special = true);
Tensor uniform(DType dtype, Dims dims, unsigned seed, double low, double high);

}  // namespace proa::kernels::test
