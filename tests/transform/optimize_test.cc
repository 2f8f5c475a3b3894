// Optimised functions against the same functions as written, on values where bits go wrong first:
// signed zeros, subnormals, infinities, NaN, the ends of ranges. Equal to the bit, NaNs as one
// class.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "proa/base/str.h"
#include "proa/eager/call.h"
#include "proa/ir/parser.h"
#include "proa/tier/prebuilt.h"
#include "proa/transform/decompose.h"
#include "proa/transform/optimize.h"

namespace proa {
namespace {

using eager::Tensor;
using runtime::Array;

size_t operations(const ir::Module& module) {
  size_t count = 0;
  module.op()->walk([&](ir::Operation*) { ++count; });
  return count;
}

// Every dtype sees the same hard numbers, cast by the kernels.
Array hard_values(DType dtype, std::span<const int64_t> dims) {
  const double kInf = HUGE_VAL;
  const double hard[] = {0.0,    -0.0, 1,     -1,     kInf,          -kInf, NAN,  1e-310,
                         -1e-42, 6e-8, 65504, 3.4e38, -2147483648.0, 127,   -128, 0.1,
                         -7,     2.5,  1e300, 255};
  int64_t count = 1;
  for (int64_t n : dims) count *= n;
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(hard[static_cast<size_t>(i) % std::size(hard)]);
  Tensor wide = eager::from_data(dims, DType::f64, values.data());
  return runtime::to_dense(eager::call1("tensor.cast", {wide}, {{"dtype", dtype}}).array());
}

template <class T>
bool same_floats(const Array& a, const Array& b, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    T x, y;
    std::memcpy(&x, a.data + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
    std::memcpy(&y, b.data + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
    if (x != x && y != y) continue;
    if (std::memcmp(&x, &y, sizeof(T)) != 0) return false;
  }
  return true;
}

bool same_bits(const Array& x, const Array& y) {
  Array a = runtime::to_dense(x), b = runtime::to_dense(y);
  switch (a.dtype) {
    case DType::f32: return same_floats<float>(a, b, a.elements());
    case DType::f64: return same_floats<double>(a, b, a.elements());
    case DType::c64: return same_floats<float>(a, b, 2 * a.elements());
    case DType::c128: return same_floats<double>(a, b, 2 * a.elements());
    default: break;
  }
  if (is_float(a.dtype)) {  // to f32, which holds them
    auto widen = [](const Array& array) {
      return runtime::to_dense(
          eager::call1("tensor.cast", {Tensor(array)}, {{"dtype", DType::f32}}).array());
    };
    return same_bits(widen(a), widen(b));
  }
  return std::memcmp(a.data, b.data, static_cast<size_t>(a.elements()) * size_of(a.dtype)) == 0;
}

// Runs @main of the text as written and optimised. Returns how many operations went.
size_t compare(std::string_view text) {
  ir::Module plain = ir::parse_module(text, eager::context());
  transform::decompose(plain);
  ir::Module optimised = plain.clone();
  transform::optimize(optimised);
  std::vector<Array> inputs;
  for (ir::Type type : plain.main().argument_types()) {
    std::vector<int64_t> dims;
    for (ir::Dim d : type.dims()) dims.push_back(d.constant());
    inputs.push_back(hard_values(type.dtype(), dims));
  }
  size_t count = plain.main().results().size();
  std::vector<Array> expected(count), got(count);
  tier::prebuilt(plain, plain.main(), {})->run(inputs, {}, expected);
  tier::prebuilt(optimised, optimised.main(), {})->run(inputs, {}, got);
  for (size_t i = 0; i < count; ++i) {
    EXPECT_EQ(got[i].dtype, expected[i].dtype);
    EXPECT_TRUE(same_bits(got[i], expected[i])) << "result " << i << " of" << text;
  }
  return operations(plain) - operations(optimised);
}

std::string with_dtype(std::string_view text, DType dtype) {
  std::string out;
  for (char ch : text) {
    if (ch == 'T') {
      out += short_name(dtype);
    } else {
      out += ch;
    }
  }
  return out;
}

constexpr std::string_view kNeutral = R"(
func @main(%x: T[4, 5], %y: T[4, 5]) {
  %zero = prim.constant() {value = dense<T[] ZERO>}
  %z = prim.broadcast(%zero) {axes = [], shape = [4, 5]}
  %one = prim.constant() {value = dense<T[] ONE>}
  %o = prim.broadcast(%one) {axes = [], shape = [4, 5]}
  %0 = prim.add(%x, %z)
  %1 = prim.add(%z, %x)
  %2 = prim.sub(%x, %z)
  %3 = prim.mul(%x, %o)
  %4 = prim.div(%x, %o)
  %5 = prim.neg(%x)
  %6 = prim.neg(%5)
  %7 = prim.add(%y, %5)
  %8 = prim.add(%5, %y)
  %9 = prim.sub(%y, %5)
  %10 = prim.neg(%y)
  %11 = prim.mul(%5, %10)
  %12 = prim.div(%5, %10)
  %13 = prim.abs(%5)
  %14 = prim.abs(%13)
  return %0, %1, %2, %3, %4, %6, %7, %8, %9, %11, %12, %13, %14
}
)";

std::string replaced(std::string text, std::string_view word, std::string_view by) {
  for (size_t at; (at = text.find(word)) != std::string::npos;) text.replace(at, word.size(), by);
  return text;
}

TEST(Optimize, NeutralElementsAndSignsKeepEveryBit) {
  for (DType dtype : {DType::f16, DType::bf16, DType::f32, DType::f64, DType::c64, DType::c128,
                      DType::u8, DType::i8, DType::i16, DType::i32, DType::i64}) {
    for (bool negative : {false, true}) {
      std::string zero = "0", one = "1";
      if (is_inexact(dtype)) {
        zero = negative ? "-0.0" : "0.0";
        one = negative ? "-1.0" : "1.0";
        if (is_complex(dtype)) {
          one = str("(", one, ", ", zero, ")");
          zero = str("(", zero, ", ", zero, ")");
        }
      }
      SCOPED_TRACE(str(to_string(dtype), " ", zero, " ", one));
      std::string text = replaced(replaced(std::string(kNeutral), "ZERO", zero), "ONE", one);
      EXPECT_GT(compare(with_dtype(text, dtype)), 2u);
    }
  }
}

// Every pair of dtypes as middle and last, from every dtype.
TEST(Optimize, CastsKeepEveryBit) {
  size_t gone = 0;
  auto castable = [](DType t) { return t != DType::f8e4m3 && t != DType::f8e5m2; };
  for (int from = 0; from < kDTypeCount; ++from) {
    for (int middle = 0; middle < kDTypeCount; ++middle) {
      auto x = static_cast<DType>(from), m = static_cast<DType>(middle);
      if (!castable(x) || !castable(m)) continue;
      std::string text = str("\nfunc @main(%x: ", short_name(x),
                             "[20]) {\n  %m = prim.cast(%x) {dtype = ", short_name(m), "}\n");
      std::string names;
      for (int last = 0; last < kDTypeCount; ++last) {
        if (!castable(static_cast<DType>(last))) continue;
        text += str("  %", last, " = prim.cast(%m) {dtype = ", short_name(static_cast<DType>(last)),
                    "}\n");
        names += str(names.empty() ? "%" : ", %", last);
      }
      gone += compare(str(text, "  return ", names, "\n}\n"));
    }
  }
  EXPECT_GT(gone, 100u);
}

TEST(Optimize, LayoutsAndChoicesKeepEveryElement) {
  EXPECT_GT(compare(R"(
func @main(%x: f32[2, 3, 4], %c: bool[2, 3, 4]) {
  %0 = prim.transpose(%x) {perm = [2, 0, 1]}
  %1 = prim.transpose(%0) {perm = [1, 0, 2]}
  %2 = prim.slice(%x) {starts = [0, 1, 1], limits = [2, 3, 4], strides = [1, 1, 1]}
  %3 = prim.slice(%2) {starts = [1, 0, 0], limits = [2, 2, 3], strides = [1, 1, 2]}
  %4 = prim.reverse(%x) {axes = [0, 2]}
  %5 = prim.reverse(%4) {axes = [1, 2]}
  %6 = prim.broadcast(%3) {axes = [2, 0, 1], shape = [2, 2, 1]}
  %7 = prim.broadcast(%6) {axes = [1, 0, 3], shape = [2, 2, 3, 1]}
  %8 = prim.not(%c)
  %9 = prim.neg(%x)
  %10 = prim.select(%8, %x, %9)
  %11 = prim.reshape(%1) {shape = [6, 4]}
  %12 = prim.reshape(%11) {shape = [24]}
  %13 = prim.exp(%x)
  %14 = prim.exp(%x)
  %15 = prim.add(%13, %9)
  %16 = prim.add(%9, %14)
  %17 = prim.max(%x, %9)
  %18 = prim.max(%9, %x)
  %19 = prim.max(%17, %17)
  return %1, %3, %5, %7, %10, %12, %15, %16, %17, %18, %19
}
)"),
            5u);
}

}  // namespace
}  // namespace proa
