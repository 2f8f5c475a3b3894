// The linked LAPACK is the static reference one and raises our error on illegal arguments.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "proa/base/error.h"

extern "C" {
void dgetrf_(const int* m, const int* n, double* a, const int* lda, int* pivots, int* info);
void dgesvd_(const char* jobu, const char* jobvt, const int* m, const int* n, double* a,
             const int* lda, double* s, double* u, const int* ldu, double* vt, const int* ldvt,
             double* work, const int* lwork, int* info, size_t, size_t);
}

namespace proa {
namespace {

// The Hilbert matrix of order 3, whose singular values are known (numpy.linalg.svd agrees to
// 1e-15).
std::vector<double> hilbert() {
  return {1.0, 1.0 / 2, 1.0 / 3, 1.0 / 2, 1.0 / 3, 1.0 / 4, 1.0 / 3, 1.0 / 4, 1.0 / 5};
}

TEST(Lapack, SingularValues) {
  // dgesvd joins option letters with the Fortran run-time function that we supply.
  auto a = hilbert();
  const int n = 3, lwork = 64;
  std::vector<double> s(3), u(9), vt(9), work(lwork);
  int info = -1;
  dgesvd_("A", "A", &n, &n, a.data(), &n, s.data(), u.data(), &n, vt.data(), &n, work.data(),
          &lwork, &info, 1, 1);
  ASSERT_EQ(info, 0);
  EXPECT_NEAR(s[0], 1.4083189271236538, 1e-14);
  EXPECT_NEAR(s[1], 0.12232706585390584, 1e-14);
  EXPECT_NEAR(s[2], 0.0026873403557735289, 1e-14);
}

TEST(Lapack, DeterminantByLu) {
  auto a = hilbert();
  const int n = 3;
  std::vector<int> pivots(3);
  int info = -1;
  dgetrf_(&n, &n, a.data(), &n, pivots.data(), &info);
  ASSERT_EQ(info, 0);
  EXPECT_NEAR(std::abs(a[0] * a[4] * a[8]), 1.0 / 2160, 1e-15);
}

TEST(Lapack, IllegalArgumentIsAnErrorNotAnExit) {
  auto a = hilbert();
  const int n = 3, bad = -1;
  std::vector<int> pivots(3);
  int info = 0;
  try {
    dgetrf_(&bad, &n, a.data(), &n, pivots.data(), &info);
    FAIL() << "no error";
  } catch (const InternalError& error) {
    EXPECT_STREQ(error.what(), "LAPACK routine DGETRF was given an illegal argument, number 1");
  }
}

}  // namespace
}  // namespace proa
