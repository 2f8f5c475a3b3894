// proa-ulp [--stride N] [--exhaustive] [--reference FILE] [NAME...]: measures the scalar functions
// and prints the table of docs/ulp.md.
//
// f32: every N-th of the 2^31 inputs above 0 and their negatives, against the C library in double;
// with --exhaustive all of them for the six functions that are f32 polynomials (1 to 2 minutes of
// one processor a function; PROA_NUM_THREADS of them work). f16 and bf16: all inputs. f64: random
// inputs against the C library in long double, or against the mpmath values of FILE
// (tests/base/numeric_reference.txt). The C library is an oracle here only.
//
// The C library's double results are within 1 ULP of f64, which is 2e-9 of an f32 ULP. An error
// that comes within 1e-6 of the largest so far is taken again in long double, so the printed
// maximum does not depend on them.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "proa/base/thread_pool.h"

// The texts are compiled for the machines on which they matter, whatever the flags of the build.
#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#undef PROA_ISA
#define PROA_ISA measured
#endif
#include "proa/base/numeric/half.h"
#include "proa/base/numeric/mxcsr.h"
#include "proa/base/numeric/numeric.h"

namespace proa {
namespace {

constexpr int kBlock = 4096;

using Loop32 = void (*)(const float*, float*);
using Loop64 = void (*)(const double*, double*);

#define PROA_LOOPS(name)                                                  \
  void name##_f32(const float* x, float* y) {                             \
    for (int i = 0; i < kBlock; ++i) y[i] = numeric::name(x[i]);          \
  }                                                                       \
  void name##_f64(const double* x, double* y) {                           \
    for (int i = 0; i < kBlock; ++i) y[i] = numeric::name(x[i]);          \
  }                                                                       \
  void name##_half(const float* x, float* y) {                            \
    for (int i = 0; i < kBlock; ++i) y[i] = numeric::name##_to_f16(x[i]); \
  }
PROA_LOOPS(exp)
PROA_LOOPS(expm1)
PROA_LOOPS(log)
PROA_LOOPS(log1p)
PROA_LOOPS(sin)
PROA_LOOPS(cos)
PROA_LOOPS(tan)
PROA_LOOPS(sinh)
PROA_LOOPS(cosh)
PROA_LOOPS(tanh)
PROA_LOOPS(asin)
PROA_LOOPS(acos)
PROA_LOOPS(atan)
PROA_LOOPS(asinh)
PROA_LOOPS(acosh)
PROA_LOOPS(atanh)
PROA_LOOPS(erf)
PROA_LOOPS(erfc)
PROA_LOOPS(lgamma)
#undef PROA_LOOPS

enum class Parity : uint8_t { none, even, odd };  // f(-x) is another question, f(x), -f(x)

struct Unary {
  const char* name;
  Parity parity;
  Loop32 f32, to_f16;
  Loop64 f64;
  double (*oracle)(double);
  long double (*oracle_wide)(long double);
  double low, high;  // the domain of the f64 sample; lgamma loses its relative accuracy beside
                     // zeros below 0
};

#define PROA_ROW(name, parity, low, high)                                                       \
  Unary {                                                                                       \
    #name, Parity::parity, name##_f32, name##_half, name##_f64,                                 \
        [](double x) { return std::name(x); }, [](long double x) { return std::name(x); }, low, \
        high                                                                                    \
  }
constexpr double kHuge = 0x1p1023;
constexpr int kPolynomials = 6;  // the first six are f32 polynomials
const Unary kUnary[] = {
    PROA_ROW(exp, none, -746, 710),      PROA_ROW(log, none, 0, kHuge),
    PROA_ROW(tanh, odd, -20, 20),        PROA_ROW(sin, odd, -kHuge, kHuge),
    PROA_ROW(cos, even, -kHuge, kHuge),  PROA_ROW(erf, odd, -6, 6),
    PROA_ROW(expm1, none, -40, 710),     PROA_ROW(log1p, none, -1, kHuge),
    PROA_ROW(tan, odd, -kHuge, kHuge),   PROA_ROW(sinh, odd, -711, 711),
    PROA_ROW(cosh, even, -711, 711),     PROA_ROW(asin, odd, -1, 1),
    PROA_ROW(acos, none, -1, 1),         PROA_ROW(atan, odd, -kHuge, kHuge),
    PROA_ROW(asinh, odd, -kHuge, kHuge), PROA_ROW(acosh, none, 1, kHuge),
    PROA_ROW(atanh, odd, -1, 1),         PROA_ROW(erfc, none, -6, 27.3),
    PROA_ROW(lgamma, none, 0, 1e300),
};
#undef PROA_ROW

struct Worst {
  double error = 0;
  double at[2] = {0, 0};
  void see(double e, double x, double y = 0) {
    if (e > error) error = e, at[0] = x, at[1] = y;
  }
};

constexpr double kWrong = 1e9;  // one is NaN and the other is not, or a zero of the wrong sign

// |got - want| in units of the last place of the format with `digits` bits at `want`.
template <class T, class Wide>
double ulp_distance(T got, Wide want, int digits, int lowest) {
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got) ? 0 : kWrong;
  const T rounded = static_cast<T>(want);
  if (std::isinf(rounded) || std::isinf(got)) {
    if (rounded == got) return 0;
    if (std::isinf(want)) return kWrong;
    const T largest = std::numeric_limits<T>::max();
    if (std::isinf(got)) got = std::copysign(largest, got);  // counts as the next number would
  }
  if (rounded == 0 && got == 0) return std::signbit(rounded) == std::signbit(got) ? 0 : kWrong;
  const int exponent = std::max(want == 0 ? lowest : std::ilogb(want), lowest);
  return static_cast<double>(std::fabs(got - want) / std::ldexp(Wide{1}, exponent + 1 - digits));
}

// The same for f32, quickly: 2^32 numbers pass here.
double ulp_distance_f32(float got, double want) {
  const uint64_t biased = std::bit_cast<uint64_t>(want) >> 52 & 0x7ff;
  if (biased >= 1023 + 127 || got == 0 || !(std::fabs(got) < HUGE_VALF)) {
    return ulp_distance(got, want, 24, -126);
  }
  const double unit =
      std::bit_cast<double>((1023 + 23 + 1023 - std::max<uint64_t>(biased, 897)) << 52);
  return std::fabs(got - want) * unit;
}

// Both signs of the patterns begin, begin + stride, ... below end. Where the function is even or
// odd the oracle is asked once for the two.
Worst measure_block(const Unary& f, uint64_t begin, uint64_t end, uint64_t stride) {
  Worst worst;
  std::vector<float> x(kBlock), minus(kBlock), y(kBlock), y_minus(kBlock);
  const auto see = [&](float got, double want, float at) {
    double error = ulp_distance_f32(got, want);
    if (error > std::max(worst.error - 1e-6, 0.25)) {
      const long double wide = f.oracle_wide(at);
      error = std::isfinite(wide) ? ulp_distance(got, wide, 24, -126) : error;
      worst.see(error, at);
    }
  };
  while (begin < end) {
    for (int i = 0; i < kBlock; ++i) {  // the last one fills what is left of the block
      x[i] = std::bit_cast<float>(static_cast<uint32_t>(begin));
      minus[i] = -x[i];
      if (begin + stride < end || i == kBlock - 1) begin += stride;
    }
    f.f32(x.data(), y.data());
    f.f32(minus.data(), y_minus.data());
    for (int i = 0; i < kBlock; ++i) {
      const double want = f.oracle(x[i]);
      const double mirrored = f.parity == Parity::none  ? f.oracle(minus[i])
                              : f.parity == Parity::odd ? -want
                                                        : want;
      see(y[i], want, x[i]);
      see(y_minus[i], mirrored, minus[i]);
    }
  }
  return worst;
}

Worst measure_f32(const Unary& f, uint64_t stride) {
  const int64_t count = static_cast<int64_t>(((uint64_t{1} << 31) - 1) / stride + 1);
  std::vector<Worst> parts(kMaxChunks);
  const int64_t length = chunk_length(count, kBlock);
  parallel_for(count, kBlock, [&](int64_t begin, int64_t end) {
    parts[static_cast<size_t>(begin / length)] = measure_block(
        f, static_cast<uint64_t>(begin) * stride, static_cast<uint64_t>(end) * stride, stride);
  });
  Worst worst;
  for (const Worst& part : parts) worst.see(part.error, part.at[0]);
  return worst;
}

template <class T>
int wrong_of_half(const Unary& f, Loop32 loop) {
  std::vector<float> x(kBlock), y(kBlock);
  int wrong = 0;
  for (uint32_t code = 0; code < 65536; code += kBlock) {
    for (uint32_t i = 0; i < kBlock; ++i) {
      x[i] = numeric::to_f32(T{static_cast<uint16_t>(code + i)});
    }
    loop(x.data(), y.data());
    for (int i = 0; i < kBlock; ++i) {
      const T want = numeric::narrow<T>(f.oracle(x[i])), got = numeric::narrow<T>(y[i]);
      const bool nan = std::isnan(numeric::to_f32(want)) && std::isnan(numeric::to_f32(got));
      wrong += !nan && want.bits != got.bits;
    }
  }
  return wrong;
}

// A third uniform, a third over all exponents, a third with exponents around 1.
double sample(std::mt19937_64& random, double low, double high) {
  for (;;) {
    const double u = static_cast<double>(random() >> 11) * 0x1p-53;
    const uint64_t kind = random() % 3;
    if (kind == 0) return low / 2 + (high / 2 - low / 2) * u + (low / 2 + (high / 2 - low / 2) * u);
    double x = std::bit_cast<double>(random());
    if (kind == 1)
      x = std::ldexp(random() % 2 != 0 ? 1 + u : -1 - u, static_cast<int>(random() % 40) - 30);
    if (x >= low && x <= high) return x;
  }
}

Worst measure_f64(const Unary& f, int count) {
  Worst worst;
  std::mt19937_64 random(17);
  std::vector<double> x(kBlock), y(kBlock);
  for (int done = 0; done < count; done += kBlock) {
    for (double& v : x) v = sample(random, f.low, f.high);
    f.f64(x.data(), y.data());
    for (int i = 0; i < kBlock; ++i) {
      worst.see(ulp_distance(y[i], f.oracle_wide(x[i]), 53, -1022), x[i]);
    }
  }
  return worst;
}

struct Binary {
  const char* name;
  float (*f32)(float, float);
  double (*f64)(double, double);
  double (*oracle)(double, double);
  long double (*oracle_wide)(long double, long double);
};

#define PROA_ROW(name)                                               \
  Binary {                                                           \
    #name, [](float a, float b) { return numeric::name(a, b); },     \
        [](double a, double b) { return numeric::name(a, b); },      \
        [](double a, double b) { return std::name(a, b); },          \
        [](long double a, long double b) { return std::name(a, b); } \
  }
const Binary kBinary[] = {PROA_ROW(pow), PROA_ROW(atan2), PROA_ROW(fmod)};
#undef PROA_ROW

template <class T, class F, class O>
Worst measure_binary(F f, O oracle, int count, int digits, int lowest) {
  Worst worst;
  std::mt19937_64 random(23);
  for (int i = 0; i < count; ++i) {
    // First operand over all exponents, the second where a power neither vanishes nor overflows too
    // often.
    const T a = static_cast<T>(sample(random, i % 2 != 0 ? 0 : -8, 8));
    const T b = static_cast<T>(sample(random, -300, 300));
    worst.see(ulp_distance(f(a, b), oracle(a, b), digits, lowest), a, b);
  }
  return worst;
}

// Rows of the reference file, by function.
struct Reference {
  std::string name;
  double arguments[2];
  long double value;
};

std::vector<Reference> read_reference(const char* path) {
  std::vector<Reference> rows;
  std::ifstream file(path);
  std::string text;
  while (std::getline(file, text)) {
    std::istringstream in(text);
    Reference row{};
    std::string word;
    in >> row.name;
    std::vector<double> numbers;
    while (in >> word) numbers.push_back(std::strtod(word.c_str(), nullptr));
    if (numbers.size() < 3) continue;
    for (size_t i = 0; i + 2 < numbers.size() && i < 2; ++i) row.arguments[i] = numbers[i];
    row.value = static_cast<long double>(numbers[numbers.size() - 2]) + numbers.back();
    rows.push_back(row);
  }
  return rows;
}

double evaluate(const Reference& row) {
  const double a = row.arguments[0], b = row.arguments[1];
  if (row.name == "erfinv") return numeric::erfinv(a);
  if (row.name.starts_with("digamma")) return numeric::digamma(a);
  if (row.name.starts_with("lgamma")) return numeric::lgamma(a);
  return numeric::polygamma(a, b);
}

void print_row(const char* name, const char* type, const std::string& inputs, const Worst& w,
               bool two = false) {
  if (two) {
    std::printf("| %s | %s | %s | %.4f | %a, %a |\n", name, type, inputs.c_str(), w.error, w.at[0],
                w.at[1]);
  } else {
    std::printf("| %s | %s | %s | %.4f | %a |\n", name, type, inputs.c_str(), w.error, w.at[0]);
  }
  std::fflush(stdout);
}

void measure(uint64_t stride, bool exhaustive, const char* reference,
             const std::vector<std::string>& names) {
  const auto wanted = [&](const std::string& name) {
    if (names.empty()) return true;
    for (const std::string& n : names) {
      if (n == name) return true;
    }
    return false;
  };
  const auto inputs = [](uint64_t step) {
    return step == 1 ? "all 2^32" : "each " + std::to_string(step) + "th of 2^32";
  };
  std::printf("| function | dtype | inputs | max ULP | at |\n| --- | --- | --- | --- | --- |\n");
  for (const Unary& f : kUnary) {
    if (!wanted(f.name)) continue;
    const uint64_t step = exhaustive && &f < kUnary + kPolynomials ? 1 : stride;
    print_row(f.name, "f32", inputs(step), measure_f32(f, step));
  }
  for (const Unary& f : kUnary) {
    if (!wanted(f.name)) continue;
    std::printf("| %s | f16 | all 2^16 | %d wrong | |\n", f.name,
                wrong_of_half<Float16>(f, f.to_f16));
    std::printf("| %s | bf16 | all 2^16 | %d wrong | |\n", f.name,
                wrong_of_half<BFloat16>(f, f.f32));
  }
  const int count = 1 << 21;
  for (const Unary& f : kUnary) {
    if (wanted(f.name)) print_row(f.name, "f64", "2^21 random", measure_f64(f, count));
  }
  for (const Binary& f : kBinary) {
    if (!wanted(f.name)) continue;
    print_row(f.name, "f32", "2^21 random", measure_binary<float>(f.f32, f.oracle, count, 24, -126),
              true);
    print_row(f.name, "f64", "2^21 random",
              measure_binary<double>(f.f64, f.oracle_wide, count, 53, -1022), true);
  }
  if (reference == nullptr) return;
  const std::vector<Reference> rows = read_reference(reference);
  for (size_t i = 0; i < rows.size();) {
    Worst worst;
    size_t end = i;
    for (; end < rows.size() && rows[end].name == rows[i].name; ++end) {
      const Reference& row = rows[end];
      worst.see(ulp_distance(evaluate(row), row.value, 53, -1022), row.arguments[0],
                row.arguments[1]);
    }
    if (wanted(rows[i].name)) {
      print_row(rows[i].name.c_str(), "f64", std::to_string(end - i) + " of mpmath", worst,
                rows[i].name.starts_with("polygamma"));
    }
    i = end;
  }
}

}  // namespace
}  // namespace proa

int main(int argc, char** argv) {
  uint64_t stride = 4099;
  bool exhaustive = false;
  const char* reference = nullptr;
  std::vector<std::string> names;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--stride") == 0 && i + 1 < argc) {
      stride = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--exhaustive") == 0) {
      exhaustive = true;
    } else if (std::strcmp(argv[i], "--reference") == 0 && i + 1 < argc) {
      reference = argv[++i];
    } else if (argv[i][0] == '-' || stride == 0) {
      std::fprintf(stderr,
                   "usage: proa-ulp [--stride N] [--exhaustive] [--reference FILE] [NAME...]\n");
      return 2;
    } else {
      names.emplace_back(argv[i]);
    }
  }
  const proa::numeric::FloatEnvironment environment;
  proa::measure(stride == 0 ? 1 : stride, exhaustive, reference, names);
  return 0;
}

#if defined(__x86_64__)
#pragma GCC pop_options
#endif
