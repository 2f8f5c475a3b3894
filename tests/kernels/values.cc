#include "tests/kernels/values.h"

#include <cstring>

namespace proa::kernels::test {

namespace {

template <class T>
T get(const Tensor& t, int64_t index) {
  T value;
  std::memcpy(&value, t.bytes.data() + static_cast<size_t>(index) * sizeof(T), sizeof(T));
  return value;
}
template <class T>
void put(Tensor& t, int64_t index, T value) {
  std::memcpy(t.bytes.data() + static_cast<size_t>(index) * sizeof(T), &value, sizeof(T));
}

// Rounds to `bits` significant bits, with the least exponent of a normal number `least`.
double round_to(double value, int bits, int least, double most) {
  if (value == 0 || !std::isfinite(value)) return value;
  int exponent = std::max(std::ilogb(value), least);
  double unit = std::ldexp(1.0, exponent - bits + 1);
  double result = std::nearbyint(value / unit) * unit;
  return std::fabs(result) > most ? std::copysign(INFINITY, value) : std::copysign(result, value);
}

}  // namespace

double rounded(DType dtype, double value) {
  switch (dtype) {
    case DType::f16: return round_to(value, 11, -14, 65504);
    case DType::bf16: return round_to(value, 8, -126, 0x1.fep127);
    case DType::f32: return static_cast<float>(value);
    default: return value;
  }
}

double read(const Tensor& t, int64_t i) {
  switch (t.dtype) {
    case DType::boolean:
    case DType::u8: return get<uint8_t>(t, i);
    case DType::i8: return get<int8_t>(t, i);
    case DType::i16: return get<int16_t>(t, i);
    case DType::i32: return get<int32_t>(t, i);
    case DType::i64: return static_cast<double>(get<int64_t>(t, i));
    case DType::f32: return get<float>(t, i);
    case DType::f64: return get<double>(t, i);
    case DType::bf16: {
      uint32_t bits = static_cast<uint32_t>(get<uint16_t>(t, i)) << 16;
      float value;
      std::memcpy(&value, &bits, 4);
      return value;
    }
    case DType::f16: {
      int h = get<uint16_t>(t, i), e = h >> 10 & 31, m = h & 1023;
      double a =
          e == 31 ? (m ? NAN : INFINITY) : (e ? std::ldexp(1024 + m, e - 25) : std::ldexp(m, -24));
      return h & 0x8000 ? -a : a;
    }
    default: return NAN;
  }
}

void write(Tensor& t, int64_t i, double value) {
  switch (t.dtype) {
    case DType::boolean: return put<uint8_t>(t, i, value != 0);
    case DType::u8: return put(t, i, static_cast<uint8_t>(value));
    case DType::i8: return put(t, i, static_cast<int8_t>(value));
    case DType::i16: return put(t, i, static_cast<int16_t>(value));
    case DType::i32: return put(t, i, static_cast<int32_t>(value));
    case DType::i64: return put(t, i, static_cast<int64_t>(value));
    case DType::f32: return put(t, i, static_cast<float>(value));
    case DType::f64: return put(t, i, value);
    case DType::bf16: {
      auto narrow = static_cast<float>(rounded(DType::bf16, value));
      uint32_t bits;
      std::memcpy(&bits, &narrow, 4);
      return put(t, i, static_cast<uint16_t>(std::isnan(value) ? 0x7fc0 : bits >> 16));
    }
    case DType::f16: {
      double r = rounded(DType::f16, value), a = std::fabs(r);
      int bits = std::signbit(r) ? 0x8000 : 0;
      if (std::isnan(r)) {
        bits = 0x7e00;
      } else if (std::isinf(r)) {
        bits |= 0x7c00;
      } else if (a < std::ldexp(1, -14)) {
        bits |= static_cast<int>(std::ldexp(a, 24));
      } else {
        int e = std::ilogb(a);
        bits |= (e + 15) << 10 | (static_cast<int>(std::ldexp(a, 10 - e)) & 1023);
      }
      return put(t, i, static_cast<uint16_t>(bits));
    }
    default: return;
  }
}

Tensor uniform(DType dtype, Dims dims, unsigned seed, double low, double high) {
  Tensor t(dtype, std::move(dims));
  std::mt19937_64 random(seed);
  if (is_complex(dtype)) {  // parts as reals
    Tensor parts(real_of(dtype), {2 * t.elements()});
    std::uniform_real_distribution<double> d(low, high);
    for (int64_t i = 0; i < parts.elements(); ++i) write(parts, i, d(random));
    t.bytes = parts.bytes;
    return t;
  }
  std::uniform_real_distribution<double> d(low, high);
  for (int64_t i = 0; i < t.elements(); ++i) write(t, i, d(random));
  return t;
}

Tensor sample(DType dtype, Dims dims, unsigned seed, bool special) {
  std::vector<double> specials;
  double range = 8;
  Tensor t;
  if (is_complex(dtype) || is_float(dtype)) {
    t = uniform(dtype, std::move(dims), seed, -range, range);
    if (is_complex(dtype)) return t;
    double tiny = dtype == DType::f64 ? 0x1p-1074 : dtype == DType::f16 ? 0x1p-24 : 0x1p-133;
    specials = {0.0, -0.0, INFINITY, -INFINITY, NAN, tiny, -tiny, 1, -1, 1000, -0.5};
    for (size_t i = 0; special && i < specials.size() && static_cast<int64_t>(i) < t.elements();
         ++i) {
      write(t, static_cast<int64_t>(i), specials[i]);
    }
    return t;
  }
  t = Tensor(dtype, std::move(dims));
  std::mt19937_64 random(seed);
  for (char& byte : t.bytes) byte = static_cast<char>(random());
  if (dtype == DType::boolean) {
    for (char& byte : t.bytes) byte &= 1;
  }
  int bits = 8 * static_cast<int>(size_of(dtype));
  for (int64_t i = 0; special && dtype != DType::boolean && i < 5 && i < t.elements(); ++i) {
    uint64_t low = dtype == DType::u8 ? 0 : uint64_t{1} << (bits - 1);
    uint64_t value[] = {0, low, low - 1, ~uint64_t{0}, 1};
    std::memcpy(t.bytes.data() + static_cast<size_t>(i) * size_of(dtype), &value[i],
                size_of(dtype));
  }
  return t;
}

}  // namespace proa::kernels::test
