// Dtypes, and the promotion table against the one that PyTorch 2.13 prints.
#include "proa/base/dtype.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace proa {
namespace {

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> list;
  size_t start = 0;
  while ((start = text.find_first_not_of(' ', start)) != std::string_view::npos) {
    size_t end = std::min(text.find(' ', start), text.size());
    list.emplace_back(text.substr(start, end - start));
    start = end;
  }
  return list;
}

DType dtype(std::string_view name) { return parse_dtype(name).value(); }

// torch.promote_types(row, column); names in the order of kNames.
constexpr std::string_view kNames = "bool u8 i8 i16 i32 i64 f16 bf16 f32 f64 c64 c128";
constexpr std::string_view kTorch[] = {
    "bool u8   i8   i16  i32  i64  f16  bf16 f32  f64  c64  c128",  // bool
    "u8   u8   i16  i16  i32  i64  f16  bf16 f32  f64  c64  c128",  // u8
    "i8   i16  i8   i16  i32  i64  f16  bf16 f32  f64  c64  c128",  // i8
    "i16  i16  i16  i16  i32  i64  f16  bf16 f32  f64  c64  c128",  // i16
    "i32  i32  i32  i32  i32  i64  f16  bf16 f32  f64  c64  c128",  // i32
    "i64  i64  i64  i64  i64  i64  f16  bf16 f32  f64  c64  c128",  // i64
    "f16  f16  f16  f16  f16  f16  f16  f32  f32  f64  c64  c128",  // f16
    "bf16 bf16 bf16 bf16 bf16 bf16 f32  bf16 f32  f64  c64  c128",  // bf16
    "f32  f32  f32  f32  f32  f32  f32  f32  f32  f64  c64  c128",  // f32
    "f64  f64  f64  f64  f64  f64  f64  f64  f64  f64  c128 c128",  // f64
    "c64  c64  c64  c64  c64  c64  c64  c64  c64  c128 c64  c128",  // c64
    "c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128",  // c128
};

TEST(DType, PromotesAsPyTorchDoes) {
  auto names = words(kNames);
  for (size_t i = 0; i < names.size(); ++i) {
    auto row = words(kTorch[i]);
    ASSERT_EQ(row.size(), names.size());
    for (size_t j = 0; j < names.size(); ++j) {
      EXPECT_EQ(short_name(promote(dtype(names[i]), dtype(names[j]))), row[j])
          << names[i] << " with " << names[j];
    }
  }
}

TEST(DType, PromotionIsCommutativeAndIdempotentForAll) {
  for (int i = 0; i < kDTypeCount; ++i) {
    auto a = static_cast<DType>(i);
    EXPECT_EQ(promote(a, a), a);
    for (int j = 0; j < kDTypeCount; ++j) {
      auto b = static_cast<DType>(j);
      EXPECT_EQ(promote(a, b), promote(b, a)) << to_string(a) << " with " << to_string(b);
    }
  }
}

// torch.result_type(tensor, number) for True, 1, 1.5 and 1j, with the default float f32 and f64.
// One place differs: PyTorch gives f16 + 1j its 32-bit complex, which is no dtype here.
TEST(DType, NumbersChangeTheKindOnly) {
  struct Row {
    std::string_view tensor, with_f32, with_f64;
  };
  constexpr Row kRows[] = {
      {"bool", "bool i64 f32 c64", "bool i64 f64 c128"},
      {"u8", "u8 u8 f32 c64", "u8 u8 f64 c128"},
      {"i8", "i8 i8 f32 c64", "i8 i8 f64 c128"},
      {"i16", "i16 i16 f32 c64", "i16 i16 f64 c128"},
      {"i32", "i32 i32 f32 c64", "i32 i32 f64 c128"},
      {"i64", "i64 i64 f32 c64", "i64 i64 f64 c128"},
      {"f16", "f16 f16 f16 c64", "f16 f16 f16 c64"},
      {"bf16", "bf16 bf16 bf16 c64", "bf16 bf16 bf16 c64"},
      {"f32", "f32 f32 f32 c64", "f32 f32 f32 c64"},
      {"f64", "f64 f64 f64 c128", "f64 f64 f64 c128"},
      {"c64", "c64 c64 c64 c64", "c64 c64 c64 c64"},
      {"c128", "c128 c128 c128 c128", "c128 c128 c128 c128"},
  };
  constexpr NumberKind kKinds[] = {NumberKind::boolean, NumberKind::integer, NumberKind::real,
                                   NumberKind::complex};
  for (const Row& row : kRows) {
    auto f32 = words(row.with_f32), f64 = words(row.with_f64);
    for (int k = 0; k < 4; ++k) {
      EXPECT_EQ(short_name(promote(dtype(row.tensor), kKinds[k], DType::f32)), f32[k])
          << row.tensor << k;
      EXPECT_EQ(short_name(promote(dtype(row.tensor), kKinds[k], DType::f64)), f64[k])
          << row.tensor << k;
    }
  }
}

TEST(DType, NamesReadBack) {
  for (int i = 0; i < kDTypeCount; ++i) {
    auto t = static_cast<DType>(i);
    EXPECT_EQ(parse_dtype(to_string(t)), t);
    EXPECT_EQ(parse_dtype(short_name(t)), t);
  }
  EXPECT_EQ(parse_dtype("half"), DType::f16);
  EXPECT_EQ(parse_dtype("float33"), std::nullopt);
  EXPECT_EQ(parse_dtype(""), std::nullopt);
}

// Sizes as numpy.dtype(name).itemsize and, for those that NumPy lacks, ml_dtypes.
TEST(DType, Sizes) {
  EXPECT_EQ(size_of(DType::boolean), 1u);
  EXPECT_EQ(size_of(DType::u8), 1u);
  EXPECT_EQ(size_of(DType::i8), 1u);
  EXPECT_EQ(size_of(DType::i16), 2u);
  EXPECT_EQ(size_of(DType::i32), 4u);
  EXPECT_EQ(size_of(DType::i64), 8u);
  EXPECT_EQ(size_of(DType::f16), 2u);
  EXPECT_EQ(size_of(DType::bf16), 2u);
  EXPECT_EQ(size_of(DType::f32), 4u);
  EXPECT_EQ(size_of(DType::f64), 8u);
  EXPECT_EQ(size_of(DType::c64), 8u);
  EXPECT_EQ(size_of(DType::c128), 16u);
  EXPECT_EQ(size_of(DType::f8e4m3), 1u);
  EXPECT_EQ(size_of(DType::f8e5m2), 1u);
}

TEST(DType, Kinds) {
  EXPECT_EQ(real_of(DType::c64), DType::f32);
  EXPECT_EQ(real_of(DType::c128), DType::f64);
  EXPECT_EQ(real_of(DType::i32), DType::i32);
  EXPECT_EQ(complex_of(DType::f64), DType::c128);
  EXPECT_EQ(complex_of(DType::f32), DType::c64);
  EXPECT_EQ(accumulator_of(DType::bf16), DType::f32);
  EXPECT_EQ(accumulator_of(DType::f64), DType::f64);
  EXPECT_TRUE(is_int(DType::u8) && !is_int(DType::boolean) && !is_int(DType::f32));
  EXPECT_TRUE(is_float(DType::bf16) && !is_float(DType::c64));
  EXPECT_TRUE(is_inexact(DType::c64) && !is_inexact(DType::i64));
}

}  // namespace
}  // namespace proa
