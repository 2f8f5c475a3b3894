// A vector of the width of registers with a fused multiply-add, for the contractions.
// Why: a fused multiply-add must be one rounding in every build; under x86-64-v3 it is an
// instruction, below it is the C library's exact one, element by element.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#ifdef __FMA__
#include <immintrin.h>
#endif

namespace proa::kernels::PROA_ISA {

#ifdef __AVX512F__
inline constexpr int kVectorBytes = 64;
#else
inline constexpr int kVectorBytes = 32;
#endif

template <class T>
struct FmaVector {
  static constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));
  typedef T Lanes __attribute__((vector_size(kVectorBytes)));
  Lanes v;

  static FmaVector zero() { return {Lanes{}}; }
  static FmaVector splat(T x) { return {x - Lanes{}}; }
  static FmaVector load(const T* p) {
    FmaVector r;
    std::memcpy(&r.v, p, sizeof r.v);
    return r;
  }
  void store(T* p) const { std::memcpy(p, &v, sizeof v); }
};

inline FmaVector<float> fma(FmaVector<float> a, FmaVector<float> b, FmaVector<float> c) {
#if defined(__AVX512F__)
  return {reinterpret_cast<FmaVector<float>::Lanes>(
      _mm512_fmadd_ps(reinterpret_cast<__m512>(a.v), reinterpret_cast<__m512>(b.v),
                      reinterpret_cast<__m512>(c.v)))};
#elif defined(__FMA__)
  return {reinterpret_cast<FmaVector<float>::Lanes>(
      _mm256_fmadd_ps(reinterpret_cast<__m256>(a.v), reinterpret_cast<__m256>(b.v),
                      reinterpret_cast<__m256>(c.v)))};
#else
  for (int i = 0; i < 8; ++i) c.v[i] = std::fmaf(a.v[i], b.v[i], c.v[i]);
  return c;
#endif
}

inline FmaVector<double> fma(FmaVector<double> a, FmaVector<double> b, FmaVector<double> c) {
#if defined(__AVX512F__)
  return {reinterpret_cast<FmaVector<double>::Lanes>(
      _mm512_fmadd_pd(reinterpret_cast<__m512d>(a.v), reinterpret_cast<__m512d>(b.v),
                      reinterpret_cast<__m512d>(c.v)))};
#elif defined(__FMA__)
  return {reinterpret_cast<FmaVector<double>::Lanes>(
      _mm256_fmadd_pd(reinterpret_cast<__m256d>(a.v), reinterpret_cast<__m256d>(b.v),
                      reinterpret_cast<__m256d>(c.v)))};
#else
  for (int i = 0; i < 4; ++i) c.v[i] = std::fma(a.v[i], b.v[i], c.v[i]);
  return c;
#endif
}

// Rows that go through a contraction together, and the columns of a panel: 12 vectors of sums.
inline constexpr int kRows = 6;
template <class T>
inline constexpr int kPanel = 2 * FmaVector<T>::kLanes;

}  // namespace proa::kernels::PROA_ISA
