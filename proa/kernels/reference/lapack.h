// The routines of BLAS and LAPACK that kernels call, by one name for the four element types.
// Why: their names differ by a letter, and real and complex ones by their work space.
#pragma once

#include <complex>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace proa::kernels::lapack {

// What Fortran appends for each CHARACTER argument.
inline constexpr size_t kOne = 1;

template <class T>
using Real = decltype(std::real(T()));
template <class T>
inline constexpr bool kComplex = !std::is_same_v<T, Real<T>>;

// The work space that a query returned; a float may have been rounded down.
template <class T>
int space(T answer) {
  auto n = static_cast<int>(std::real(answer));
  return n + n / 4194304 + 1;
}

#define PROA_LAPACK_COMMON(p, T)                                                                 \
  extern "C" {                                                                                   \
  void p##potrf_(const char*, const int*, T*, const int*, int*, size_t);                         \
  void p##trsm_(const char*, const char*, const char*, const char*, const int*, const int*,      \
                const T*, const T*, const int*, T*, const int*, size_t, size_t, size_t, size_t); \
  void p##getrf_(const int*, const int*, T*, const int*, int*, int*);                            \
  void p##geqrf_(const int*, const int*, T*, const int*, T*, T*, const int*, int*);              \
  }                                                                                              \
  inline int potrf(char uplo, int n, T* a, int lda) {                                            \
    int info = 0;                                                                                \
    p##potrf_(&uplo, &n, a, &lda, &info, kOne);                                                  \
    return info;                                                                                 \
  }                                                                                              \
  inline void trsm(char side, char uplo, char transpose, char unit, int m, int n, const T* a,    \
                   int lda, T* b, int ldb) {                                                     \
    T one = 1;                                                                                   \
    p##trsm_(&side, &uplo, &transpose, &unit, &m, &n, &one, a, &lda, b, &ldb, kOne, kOne, kOne,  \
             kOne);                                                                              \
  }                                                                                              \
  inline int getrf(int m, int n, T* a, int lda, int* pivots) {                                   \
    int info = 0;                                                                                \
    p##getrf_(&m, &n, a, &lda, pivots, &info);                                                   \
    return info;                                                                                 \
  }                                                                                              \
  inline int geqrf(int m, int n, T* a, int lda, T* tau, T* work, int size) {                     \
    int info = 0;                                                                                \
    p##geqrf_(&m, &n, a, &lda, tau, work, &size, &info);                                         \
    return info;                                                                                 \
  }

// gqr: Q of geqrf; eigh, eig and gesdd leave their results where the pointers say.
#define PROA_LAPACK_REAL(p, T)                                                                     \
  PROA_LAPACK_COMMON(p, T)                                                                         \
  extern "C" {                                                                                     \
  void p##orgqr_(const int*, const int*, const int*, T*, const int*, const T*, T*, const int*,     \
                 int*);                                                                            \
  void p##syevd_(const char*, const char*, const int*, T*, const int*, T*, T*, const int*, int*,   \
                 const int*, int*, size_t, size_t);                                                \
  void p##geev_(const char*, const char*, const int*, T*, const int*, T*, T*, T*, const int*, T*,  \
                const int*, T*, const int*, int*, size_t, size_t);                                 \
  void p##gesdd_(const char*, const int*, const int*, T*, const int*, T*, T*, const int*, T*,      \
                 const int*, T*, const int*, int*, int*, size_t);                                  \
  }                                                                                                \
  inline int gqr(int m, int n, int k, T* a, int lda, const T* tau, T* work, int size) {            \
    int info = 0;                                                                                  \
    p##orgqr_(&m, &n, &k, a, &lda, tau, work, &size, &info);                                       \
    return info;                                                                                   \
  }                                                                                                \
  inline int eigh(char uplo, int n, T* a, T* w) {                                                  \
    int info = 0, query = -1, integers = 0;                                                        \
    T size = 0;                                                                                    \
    p##syevd_("V", &uplo, &n, a, &n, w, &size, &query, &integers, &query, &info, kOne, kOne);      \
    int room = space(size);                                                                        \
    std::vector<T> work(static_cast<size_t>(room));                                                \
    std::vector<int> iwork(static_cast<size_t>(integers));                                         \
    p##syevd_("V", &uplo, &n, a, &n, w, work.data(), &room, iwork.data(), &integers, &info, kOne,  \
              kOne);                                                                               \
    return info;                                                                                   \
  }                                                                                                \
  /* A pair of conjugates: real and imaginary parts in two columns. */                             \
  inline int eig(int n, T* a, std::complex<T>* w, std::complex<T>* v) {                            \
    int info = 0, query = -1, one = 1;                                                             \
    auto count = static_cast<size_t>(n);                                                           \
    T size = 0;                                                                                    \
    std::vector<T> re(count), im(count), vectors(count * count);                                   \
    p##geev_("N", "V", &n, a, &n, re.data(), im.data(), nullptr, &one, vectors.data(), &n, &size,  \
             &query, &info, kOne, kOne);                                                           \
    int room = space(size);                                                                        \
    std::vector<T> work(static_cast<size_t>(room));                                                \
    p##geev_("N", "V", &n, a, &n, re.data(), im.data(), nullptr, &one, vectors.data(), &n,         \
             work.data(), &room, &info, kOne, kOne);                                               \
    for (size_t j = 0; j < count && info == 0; ++j) {                                              \
      bool pair = im[j] != 0 && j + 1 < count;                                                     \
      const T* x = &vectors[j * count];                                                            \
      w[j] = {re[j], im[j]};                                                                       \
      for (size_t i = 0; i < count; ++i) v[j * count + i] = {x[i], pair ? x[count + i] : T(0)};    \
      if (!pair) continue;                                                                         \
      w[j + 1] = {re[j + 1], im[j + 1]};                                                           \
      for (size_t i = 0; i < count; ++i) v[(j + 1) * count + i] = {x[i], -x[count + i]};           \
      ++j;                                                                                         \
    }                                                                                              \
    return info;                                                                                   \
  }                                                                                                \
  inline int gesdd(char job, int m, int n, T* a, T* s, T* u, int ldu, T* vh, int ldvh) {           \
    int info = 0, query = -1, inner = m < n ? m : n;                                               \
    T size = 0;                                                                                    \
    std::vector<int> iwork(8 * static_cast<size_t>(inner));                                        \
    p##gesdd_(&job, &m, &n, a, &m, s, u, &ldu, vh, &ldvh, &size, &query, iwork.data(), &info,      \
              kOne);                                                                               \
    int room = space(size);                                                                        \
    std::vector<T> work(static_cast<size_t>(room));                                                \
    p##gesdd_(&job, &m, &n, a, &m, s, u, &ldu, vh, &ldvh, work.data(), &room, iwork.data(), &info, \
              kOne);                                                                               \
    return info;                                                                                   \
  }

#define PROA_LAPACK_COMPLEX(p, T, R)                                                               \
  PROA_LAPACK_COMMON(p, T)                                                                         \
  extern "C" {                                                                                     \
  void p##ungqr_(const int*, const int*, const int*, T*, const int*, const T*, T*, const int*,     \
                 int*);                                                                            \
  void p##heevd_(const char*, const char*, const int*, T*, const int*, R*, T*, const int*, R*,     \
                 const int*, int*, const int*, int*, size_t, size_t);                              \
  void p##geev_(const char*, const char*, const int*, T*, const int*, T*, T*, const int*, T*,      \
                const int*, T*, const int*, R*, int*, size_t, size_t);                             \
  void p##gesdd_(const char*, const int*, const int*, T*, const int*, R*, T*, const int*, T*,      \
                 const int*, T*, const int*, R*, int*, int*, size_t);                              \
  }                                                                                                \
  inline int gqr(int m, int n, int k, T* a, int lda, const T* tau, T* work, int size) {            \
    int info = 0;                                                                                  \
    p##ungqr_(&m, &n, &k, a, &lda, tau, work, &size, &info);                                       \
    return info;                                                                                   \
  }                                                                                                \
  inline int eigh(char uplo, int n, T* a, R* w) {                                                  \
    int info = 0, query = -1, integers = 0;                                                        \
    T size = 0;                                                                                    \
    R reals = 0;                                                                                   \
    p##heevd_("V", &uplo, &n, a, &n, w, &size, &query, &reals, &query, &integers, &query, &info,   \
              kOne, kOne);                                                                         \
    int room = space(size), real_room = space(reals);                                              \
    std::vector<T> work(static_cast<size_t>(room));                                                \
    std::vector<R> rwork(static_cast<size_t>(real_room));                                          \
    std::vector<int> iwork(static_cast<size_t>(integers));                                         \
    p##heevd_("V", &uplo, &n, a, &n, w, work.data(), &room, rwork.data(), &real_room,              \
              iwork.data(), &integers, &info, kOne, kOne);                                         \
    return info;                                                                                   \
  }                                                                                                \
  inline int eig(int n, T* a, T* w, T* v) {                                                        \
    int info = 0, query = -1, one = 1;                                                             \
    T size = 0;                                                                                    \
    std::vector<R> rwork(2 * static_cast<size_t>(n));                                              \
    p##geev_("N", "V", &n, a, &n, w, nullptr, &one, v, &n, &size, &query, rwork.data(), &info,     \
             kOne, kOne);                                                                          \
    int room = space(size);                                                                        \
    std::vector<T> work(static_cast<size_t>(room));                                                \
    p##geev_("N", "V", &n, a, &n, w, nullptr, &one, v, &n, work.data(), &room, rwork.data(),       \
             &info, kOne, kOne);                                                                   \
    return info;                                                                                   \
  }                                                                                                \
  inline int gesdd(char job, int m, int n, T* a, R* s, T* u, int ldu, T* vh, int ldvh) {           \
    int info = 0, query = -1;                                                                      \
    auto less = static_cast<size_t>(m < n ? m : n), more = static_cast<size_t>(m < n ? n : m);     \
    T size = 0;                                                                                    \
    std::vector<int> iwork(8 * less);                                                              \
    std::vector<R> rwork(                                                                          \
        less * (5 * less + 5 > 2 * more + 2 * less + 1 ? 5 * less + 5 : 2 * more + 2 * less + 1)); \
    p##gesdd_(&job, &m, &n, a, &m, s, u, &ldu, vh, &ldvh, &size, &query, rwork.data(),             \
              iwork.data(), &info, kOne);                                                          \
    int room = space(size);                                                                        \
    std::vector<T> work(static_cast<size_t>(room));                                                \
    p##gesdd_(&job, &m, &n, a, &m, s, u, &ldu, vh, &ldvh, work.data(), &room, rwork.data(),        \
              iwork.data(), &info, kOne);                                                          \
    return info;                                                                                   \
  }

PROA_LAPACK_REAL(s, float)
PROA_LAPACK_REAL(d, double)
PROA_LAPACK_COMPLEX(c, std::complex<float>, float)
PROA_LAPACK_COMPLEX(z, std::complex<double>, double)

#undef PROA_LAPACK_COMMON
#undef PROA_LAPACK_REAL
#undef PROA_LAPACK_COMPLEX

}  // namespace proa::kernels::lapack
