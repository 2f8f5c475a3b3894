// .npy files: what NumPy writes is read, what is written NumPy would read, all else is refused.
#include "proa/program/npy.h"

#include <gtest/gtest.h>

#include <cstring>

#include "proa/base/error.h"

namespace proa::program {
namespace {

// A file as NumPy 2 writes it: the header's dict, padded to 64 bytes, then the data.
std::string file(std::string dict, const std::string& data, int version = 1) {
  std::string head = "\x93NUMPY";
  head += static_cast<char>(version);
  head += '\0';
  size_t prefix = version == 1 ? 10 : 12;
  dict.append(63 - (prefix + dict.size()) % 64, ' ');
  dict += '\n';
  for (size_t i = 0; i < prefix - 8; ++i) head += static_cast<char>(dict.size() >> (8 * i) & 0xff);
  return head + dict + data;
}

NpyArray parse(const std::string& text) {
  static std::string kept;  // parse_npy borrows
  kept = text;
  return parse_npy(std::as_bytes(std::span(kept)), "a.npy");
}

std::string refusal(const std::string& text, ErrorKind kind = ErrorKind::io) {
  try {
    parse(text);
    return "accepted";
  } catch (const UserError& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_EQ(error.argument(), "a.npy");
    return error.what();
  }
}

std::string floats(std::initializer_list<float> values) {
  std::string data(values.size() * 4, '\0');
  std::memcpy(data.data(), values.begin(), data.size());
  return data;
}

TEST(Npy, ReadsWhatNumPyWrites) {
  // np.save of np.arange(6, dtype=np.float32).reshape(2, 3)
  std::string head = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  for (int version : {1, 2, 3}) {
    NpyArray a = parse(file(head, floats({0, 1, 2, 3, 4, 5}), version));
    EXPECT_EQ(a.dtype, DType::f32);
    EXPECT_EQ(a.dims, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(reinterpret_cast<const float*>(a.bytes.data())[4], 4.0f);
  }
  NpyArray scalar = parse(file("{'descr': '<i8', 'fortran_order': False, 'shape': (), }",
                               std::string("\x07\0\0\0\0\0\0\0", 8)));
  EXPECT_TRUE(scalar.dims.empty());
  EXPECT_EQ(scalar.dtype, DType::i64);
  NpyArray empty = parse(file("{'descr': '|b1', 'fortran_order': False, 'shape': (0, 4), }", ""));
  EXPECT_EQ(empty.dims, (std::vector<int64_t>{0, 4}));
  NpyArray one = parse(file("{'descr': '|u1', 'fortran_order': True, 'shape': (2,), }", "ab"));
  EXPECT_EQ(one.dtype, DType::u8);
}

TEST(Npy, TurnsFortransOrder) {
  // np.asfortranarray(np.arange(6, dtype=np.float32).reshape(1, 2, 3)): columns come first
  NpyArray a = parse(file("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2, 3), }",
                          floats({0, 3, 1, 4, 2, 5})));
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(reinterpret_cast<const float*>(a.bytes.data())[i], static_cast<float>(i));
}

TEST(Npy, ComesBack) {
  for (int i = 0; i < kDTypeCount; ++i) {
    auto dtype = static_cast<DType>(i);
    if (dtype == DType::f8e4m3 || dtype == DType::f8e5m2) {
      EXPECT_THROW(npy_header(dtype, {}), UserError);
      continue;
    }
    for (const std::vector<int64_t>& dims :
         {std::vector<int64_t>{}, std::vector<int64_t>{5}, std::vector<int64_t>{2, 0, 3},
          std::vector<int64_t>{1, 2, 3, 4}}) {
      int64_t count = 1;
      for (int64_t d : dims) count *= d;
      std::string head = npy_header(dtype, dims);
      EXPECT_EQ(head.size() % 64, 0u);
      std::string data(static_cast<size_t>(count) * size_of(dtype), '\1');
      NpyArray back = parse(head + data);
      EXPECT_EQ(back.dtype, dtype);
      EXPECT_EQ(back.dims, dims);
      EXPECT_EQ(back.bytes.size(), data.size());
    }
  }
}

TEST(Npy, HostileHeadersAreRefused) {
  auto with = [](const std::string& dict, const std::string& data = "") {
    return refusal(file(dict, data));
  };
  auto has = [](const std::string& text, const char* word) {
    EXPECT_NE(text.find(word), std::string::npos) << text;
  };
  std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  has(refusal(""), "begin");
  has(refusal("\x93NUMPX\1"), "begin");
  has(refusal(file(good, floats({1, 2}), 4)), "version");
  has(with(good, floats({1})), "expected 8 bytes of data for float32[2], got 4");
  has(with(good, floats({1, 2, 3})), "got 12");
  has(with("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,), }"), "2^63");
  has(with("{'descr': '<f4', 'fortran_order': False, "
           "'shape': (4294967296, 4294967296, 4294967296), }"),
      "2^63 bytes or more");
  has(with("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 9223372036854775807, 9), }"),
      "2^63 bytes or more");
  has(with("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"), "at least 0");
  has(with("{'descr': '<f4', 'fortran_order': False, 'shape': (2), }"), "comma");
  has(with("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,), }"), "True or False");
  has(with("{'descr': '<f4', 'shape': (2,), }"), "expected the fields");
  has(with("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"), "twice");
  has(with("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}"), "unknown field");
  has(with("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } + evil()"), "behind");
  has(with("{'descr': '<f4"), "does not end");
  has(with("{" + std::string(1000, '(')), "quotes");
  std::string dims = "{'descr': '|u1', 'fortran_order': False, 'shape': (";
  for (int i = 0; i < 65; ++i) dims += "1, ";
  has(with(dims + "), }", "a"), "more than 64 dims");
  std::string long_head = file(good, floats({1, 2}), 2);
  long_head[11] = '\x7f';
  has(refusal(long_head), "at most");
  long_head[11] = 0;
  long_head[9] = '\x7f';
  has(refusal(long_head), "is said to have");
  for (const char* descr : {"'>f4'", "'|O'", "'<U8'", "'<u2'", "'<f16'", "[('a', '<f4')]"}) {
    std::string dict =
        std::string("{'descr': ") + descr + ", 'fortran_order': False, 'shape': (2,), }";
    has(refusal(file(dict, "12345678"), ErrorKind::not_supported), "expected bool");
  }
}

TEST(Npy, EveryTruncationIsRefused) {
  std::string whole =
      file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", floats({1, 2}));
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(refusal(whole.substr(0, size)), "accepted") << size;
}

}  // namespace
}  // namespace proa::program
