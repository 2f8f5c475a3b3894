// The vendored FFT against the definition of the transform.
#include <gtest/gtest.h>
#include <pocketfft_hdronly.h>

#include <complex>
#include <vector>

namespace proa {
namespace {

using Complex = std::complex<double>;

std::vector<Complex> by_definition(const std::vector<Complex>& x) {
  const size_t n = x.size();
  std::vector<Complex> y(n);
  for (size_t k = 0; k < n; ++k) {
    std::complex<long double> sum = 0;
    for (size_t j = 0; j < n; ++j) {
      long double angle = -2 * 3.14159265358979323846264338327950288L * ((j * k) % n) / n;
      sum += std::complex<long double>(x[j]) * std::polar(1.0L, angle);
    }
    y[k] = {static_cast<double>(sum.real()), static_cast<double>(sum.imag())};
  }
  return y;
}

TEST(Fft, AgreesWithTheDefinitionForSmoothPrimeAndLargePrimeLengths) {
  for (size_t n : {1, 2, 3, 8, 30, 97, 128, 191, 243}) {
    std::vector<Complex> x(n), y(n);
    for (size_t i = 0; i < n; ++i) x[i] = {double(i * i % 17) - 8, double(i * 7 % 11) - 5};
    pocketfft::c2c({n}, {sizeof(Complex)}, {sizeof(Complex)}, {0}, pocketfft::FORWARD, x.data(),
                   y.data(), 1.0);
    auto expected = by_definition(x);
    for (size_t i = 0; i < n; ++i) {
      EXPECT_NEAR(std::abs(y[i] - expected[i]), 0, 1e-12 * double(n + 8))
          << "n " << n << " at " << i;
    }
  }
}

}  // namespace
}  // namespace proa
