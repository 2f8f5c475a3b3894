// Files that must be refused, each with its reason; and damage, bit by bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "proa/base/error.h"
#include "proa/program/safetensors.h"

namespace proa::program {
namespace {

using Bytes = std::vector<std::byte>;

Bytes file_of(std::string_view header, size_t data, uint64_t length) {
  Bytes bytes(8 + header.size() + data, std::byte{1});
  for (size_t i = 0; i < 8; ++i) bytes[i] = std::byte((length >> (8 * i)) & 0xff);
  std::memcpy(bytes.data() + 8, header.data(), header.size());
  return bytes;
}

std::string refusal(std::span<const std::byte> bytes) {
  try {
    SafetensorsFile::parse(bytes, "model.safetensors");
    return "accepted";
  } catch (const UserError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::io) << error.what();
    return error.what();
  }
}

struct Case {
  std::string header;
  size_t data;
  std::string expected;  // in the message; "accepted" for a harmless oddity
};

std::string tensor(std::string_view dtype, std::string_view shape, std::string_view offsets) {
  return str("{\"dtype\":\"", dtype, "\",\"shape\":", shape, ",\"data_offsets\":", offsets, "}");
}

const std::string kByte = tensor("U8", "[1]", "[0,1]");

const Case kCases[] = {
    // the JSON
    {"", 0, "the header does not begin with '{' (at byte 8 of the file)"},
    {" {}", 0, "does not begin with '{'"},
    {"\xef\xbb\xbf{}", 0, "does not begin with '{'"},
    {"[]", 0, "does not begin with '{'"},
    {"{", 0, "not valid UTF-8 JSON (at byte 9 of the file)"},
    {"{}}", 0, "not valid UTF-8 JSON (at byte 10 of the file)"},
    {"{} x", 0, "not valid UTF-8 JSON (at byte 11 of the file)"},
    {std::string("{}\0\0", 4), 0, "holds a zero byte (at byte 10 of the file)"},
    {"{\"a\":" + kByte + ",}", 1, "not valid UTF-8 JSON"},
    {"{'a':1}", 0, "not valid UTF-8 JSON"},
    {"{\"a\xff\":1}", 0, "not valid UTF-8 JSON (at byte 11 of the file)"},
    {"{\"a\xc0\x80\":1}", 0, "not valid UTF-8 JSON"},
    {"{\"a\xed\xa0\x80\":1}", 0, "not valid UTF-8 JSON"},
    {"{\"a\\ud800\":1}", 0, "not valid UTF-8 JSON"},
    {"{\"a\n\":1}", 0, "not valid UTF-8 JSON"},
    {"{/**/}", 0, "not valid UTF-8 JSON"},
    {std::string("{\"a\":") + std::string(100'000, '['), 0,
     "expected tensor 'a' to be an object, got a list"},
    {std::string("{\"a\":{\"shape\":") + std::string(100'000, '['), 0,
     "to be a list of sizes, got a list"},
    {std::string(100'000, '{'), 0, "not valid UTF-8 JSON (at byte 9 of the file)"},
    {"{}      \n\t", 0, "accepted"},
    // the shape of the header
    {"{\"a\":1}", 0, "expected tensor 'a' to be an object, got the number 1"},
    {"{\"a\":null}", 0, "got null"},
    {"{\"a\":{}}", 0, "tensor 'a' has no dtype"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, "tensor 'a' has no data_offsets"},
    {"{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, "tensor 'a' has no shape"},
    {"{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}", 1, "the field dtype of tensor 'a' comes twice"},
    {"{\"a\":{\"colour\":3}}", 0, "unknown field 'colour' of tensor 'a'"},
    {"{\"a\":" + kByte + ",\"a\":" + kByte + "}", 1, "names tensor 'a' twice"},
    {"{\"\\u0061\":" + kByte + ",\"a\":" + kByte + "}", 1, "names tensor 'a' twice"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__ comes twice"},
    {"{\"__metadata__\":[]}", 0, "expected __metadata__ to be an object, got a list"},
    {"{\"__metadata__\":{\"k\":1}}", 0, "expected the value of 'k' in __metadata__ to be a string"},
    {"{\"__metadata__\":{\"k\":{}}}", 0, "to be a string, got an object"},
    {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, "the key 'k' comes twice in __metadata__"},
    {"{\"" + std::string(5000, 'n') + "\":1}", 0, "nnn...' to be an object"},
    {"{\"a\\u0007\\n\":1}", 0, "expected tensor 'a?\?' to be an object"},
    // dtypes, shapes, offsets
    {"{\"a\":" + tensor("X9", "[1]", "[0,1]") + "}", 1,
     "tensor 'a' has the unknown dtype 'X9' (at byte"},
    {"{\"a\":{\"dtype\":7}}", 1,
     "expected the dtype of tensor 'a' to be a string, got the number 7"},
    {"{\"a\":{\"dtype\":[\"U8\"]}}", 1, "to be a string, got a list"},
    {"{\"a\":{\"shape\":3}}", 1, "the shape of tensor 'a' to be a list of sizes, got the number 3"},
    {"{\"a\":{\"shape\":[[1]]}}", 1, "to be a list of sizes, got a list"},
    {"{\"a\":{\"shape\":[\"1\"]}}", 1, "to be a list of sizes, got the string '1'"},
    {"{\"a\":{\"shape\":{}}}", 1, "to be a list of sizes, got an object"},
    {"{\"a\":{\"data_offsets\":[0,1,2]}}", 1, "to be a list of two offsets, got more than two"},
    {"{\"a\":{\"data_offsets\":[0]}}", 1, "to be a list of two offsets, got 1 of them"},
    {"{\"a\":{\"data_offsets\":[]}}", 1, "got 0 of them"},
    {"{\"a\":" + tensor("U8", "[-1]", "[0,1]") + "}", 1, "got the number -1"},
    {"{\"a\":" + tensor("U8", "[1.0]", "[0,1]") + "}", 1, "got a number that is no integer"},
    {"{\"a\":" + tensor("U8", "[1e0]", "[0,1]") + "}", 1, "got a number that is no integer"},
    {"{\"a\":" + tensor("U8", "[true]", "[0,1]") + "}", 1, "got a boolean"},
    {"{\"a\":" + tensor("U8", "[9223372036854775808]", "[0,1]") + "}", 1,
     "got the number 9223372036854775808"},
    {"{\"a\":" + tensor("U8", "[99999999999999999999]", "[0,1]") + "}", 1,
     "got a number that is no integer"},
    {"{\"a\":" + tensor("U8", "[4294967296,4294967296]", "[0,0]") + "}", 0,
     "has more than 2^63 bits"},
    {"{\"a\":" + tensor("U8", "[4294967296,4294967296,0]", "[0,0]") + "}", 0,
     "has more than 2^63 bits"},
    {"{\"a\":" + tensor("U8", "[2305843009213693952]", "[0,0]") + "}", 0,
     "has more than 2^63 bits"},
    {"{\"a\":" + tensor("U8", "[2]", "[0,1]") + "}", 1,
     "hold 1 bytes, but U8 of shape [2] takes 2"},
    {"{\"a\":" + tensor("F32", "[]", "[0,1]") + "}", 1,
     "hold 1 bytes, but F32 of shape [] takes 4"},
    {"{\"a\":" + tensor("F4", "[3]", "[0,1]") + "}", 1, "ends inside a byte"},
    {"{\"a\":" + tensor("U8", "[1]", "[1,0]") + "}", 1,
     "data_offsets [1, 0] of tensor 'a' run backwards"},
    {"{\"a\":" + tensor("U8", "[2]", "[0,2]") + "}", 1,
     "end after the data, which are 1 bytes long"},
    {"{\"a\":" + tensor("U8", "[1]", "[9223372036854775806,9223372036854775807]") + "}", 1,
     "end after the data"},
    {"{\"a\":" + tensor("U8", "[1]", "[1,2]") + "}", 2,
     "begins at data offset 1, but the tensor before it ends at 0"},
    {"{\"a\":" + kByte + ",\"b\":" + tensor("U8", "[1]", "[2,3]") + "}", 3,
     "tensor 'b' begins at data offset 2, but"},
    {"{\"a\":" + tensor("U8", "[2]", "[0,2]") + ",\"b\":" + tensor("U8", "[2]", "[1,3]") + "}", 3,
     "inside the tensor before it"},
    {"{\"a\":" + kByte + ",\"b\":" + kByte + "}", 1, "inside the tensor before it"},
    {"{\"a\":" + kByte + "}", 3, "2 bytes follow the last tensor, which ends at data offset 1"},
    {"{}", 1, "1 bytes follow the last tensor"},
    {"{\"a\":" +
         tensor(
             "U8",
             "[1" +
                 [] {
                   std::string s;
                   for (int i = 0; i < 64; ++i) s += ",1";
                   return s;
                 }() +
                 "]",
             "[0,1]") +
         "}",
     1, "has more than 64 dims"},
    {"{\"a\":" + tensor("U8", "[0]", "[1,1]") + ",\"b\":" + kByte + "}", 1, "accepted"},
    // what only Proa writes
    {"{\"__metadata__\":{\"proa.crc32c\":\"\"}}", 0, "proa.crc32c in __metadata__ is damaged"},
    {"{\"__metadata__\":{\"proa.crc32c\":\"0123456\"}}", 0,
     "expected 1 checksums of 8 hexadecimal digits"},
    {"{\"__metadata__\":{\"proa.crc32c\":\"0123456g\"}}", 0, "is damaged"},
    {"{\"__metadata__\":{\"proa.crc32c\":\"-1234567\"}}", 0, "is damaged"},
    {"{\"__metadata__\":{\"proa.crc32c\":\"00000000 00000000\"}}", 0, "is damaged"},
    {"{\"__metadata__\":{\"proa.crc32c\":\"00000001\"}}", 0,
     "the header does not match its checksum"},
    {"{\"__metadata__\":{\"proa.dtype:a\":\"C128\"}}", 0,
     "'proa.dtype:a' in __metadata__ says 'C128'; expected"},
    {"{\"__metadata__\":{\"proa.dtype:a\":\"C128\"},\"a\":" + kByte + "}", 1,
     "expected C128 and a tensor"},
    {"{\"__metadata__\":{\"proa.dtype:a\":\"F32\"},\"a\":" + tensor("F64", "[2]", "[0,16]") + "}",
     16, "says 'F32'"},
    {"{\"__metadata__\":{\"proa.dtype:a\":\"C128\"},\"a\":" + tensor("F64", "[2]", "[0,16]") + "}",
     16, "accepted"},
};

TEST(SafetensorsHostile, EachCaseIsRefusedWithItsReason) {
  for (const auto& c : kCases) {
    Bytes bytes = file_of(c.header, c.data, c.header.size());
    std::string message = refusal(bytes);
    EXPECT_NE(message.find(c.expected), std::string::npos)
        << c.header.substr(0, 200) << "\n  gave: " << message << "\n  expected: " << c.expected;
    EXPECT_LT(message.size(), 500u);
    if (message != "accepted") {
      EXPECT_NE(message.find("cannot read model.safetensors: "), std::string::npos) << message;
    }
  }
}

TEST(SafetensorsHostile, LengthsOfTheHeader) {
  for (size_t size = 0; size < 8; ++size) {
    EXPECT_NE(
        refusal(Bytes(size)).find(str("it has ", size, " bytes; a safetensors file begins with 8")),
        std::string::npos);
  }
  EXPECT_NE(refusal(file_of("{}", 0, 3))
                .find("it is truncated: the header's length (bytes 0..7) is 3, but only 2"),
            std::string::npos);
  for (uint64_t length : {uint64_t{100'000'001}, uint64_t{1} << 63, UINT64_MAX, UINT64_MAX - 7}) {
    EXPECT_NE(refusal(file_of("{}", 0, length)).find("expected at most 100000000"),
              std::string::npos);
  }
  EXPECT_NE(refusal(file_of("{}", 0, 0)).find("does not begin with '{'"), std::string::npos);
}

TEST(SafetensorsHostile, DtypesThatProaLacksAreNamedWhenAskedFor) {
  Bytes bytes = file_of(
      "{\"a\":" + tensor("U16", "[1]", "[0,2]") + ",\"b\":" + tensor("U8", "[1]", "[2,3]") + "}", 3,
      ("{\"a\":" + tensor("U16", "[1]", "[0,2]") + ",\"b\":" + tensor("U8", "[1]", "[2,3]") + "}")
          .size());
  auto file = SafetensorsFile::parse(bytes, "model.safetensors");
  EXPECT_EQ(file.dtype(*file.find("b")), DType::u8);
  EXPECT_EQ(file.data(*file.find("a")).size(), 2u);
  try {
    file.dtype(*file.find("a"));
    FAIL();
  } catch (const UserError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_supported);
    EXPECT_NE(std::string_view(error.what())
                  .find("tensor 'a' of model.safetensors: Proa has no dtype U16"),
              std::string_view::npos);
  }
}

// A header of the greatest size that is let in, full of tensors: bounded time and memory.
TEST(SafetensorsHostile, AHeaderOfManyTensorsIsRead) {
  std::string header = "{";
  for (int i = 0; header.size() < 20'000'000; ++i) {
    header += str(i == 0 ? "\"" : ",\"", i, "\":", tensor("U8", "[0]", "[0,0]"));
  }
  header += "}";
  EXPECT_EQ(refusal(file_of(header, 0, header.size())), "accepted");
}

Bytes sample() {
  std::array<float, 6> a{1, 2, 3, 4, 5, 6};
  std::array<double, 4> c{1, -1, 2, -2};
  std::array<uint8_t, 3> b{7, 8, 9};
  std::array<int64_t, 2> a_dims{2, 3};
  std::array<int64_t, 1> b_dims{3}, c_dims{2};
  SafetensorsTensor tensors[] = {{"layer.weight", DType::f32, a_dims, std::as_bytes(std::span(a))},
                                 {"Größe", DType::u8, b_dims, std::as_bytes(std::span(b))},
                                 {"spectrum", DType::c128, c_dims, std::as_bytes(std::span(c))}};
  return safetensors_bytes(tensors, {{"step", "1200"}, {"note", "a \"quoted\" text"}});
}

struct Content {
  std::vector<std::tuple<std::string, DType, std::vector<int64_t>, Bytes>> tensors;
  friend bool operator==(const Content&, const Content&) = default;
};

Content content_of(std::span<const std::byte> bytes) {
  auto file = SafetensorsFile::parse(bytes, "model.safetensors");
  Content content;
  for (const auto& entry : file.entries()) {
    auto data = file.data(entry);
    content.tensors.emplace_back(entry.name, file.dtype(entry), entry.dims,
                                 Bytes(data.begin(), data.end()));
  }
  return content;
}

// One flipped bit anywhere in a file of ours is found, or does no harm (in the name of the checksum
// key, which only turns verification off).
TEST(SafetensorsHostile, EveryFlippedBitIsFoundOrHarmless) {
  Bytes bytes = sample();
  Content original = content_of(bytes);
  size_t found = 0;
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= std::byte(1u << (bit % 8));
    try {
      Content content = content_of(bytes);
      EXPECT_EQ(content, original) << "bit " << bit << " changed what was read";
    } catch (const UserError& error) {
      EXPECT_EQ(error.kind(), ErrorKind::io) << error.what();
      ++found;
    }
    bytes[bit / 8] ^= std::byte(1u << (bit % 8));
  }
  EXPECT_GT(found, bytes.size() * 8 * 9 / 10);
}

TEST(SafetensorsHostile, EveryValueOfEveryHeaderByteIsSafe) {
  Bytes bytes = sample();
  size_t header = 8 + (static_cast<size_t>(bytes[0]) | static_cast<size_t>(bytes[1]) << 8);
  for (size_t i = 0; i < header; ++i) {
    std::byte before = bytes[i];
    for (int value = 0; value < 256; ++value) {
      bytes[i] = std::byte(value);
      try {
        auto file = SafetensorsFile::parse(bytes, "model.safetensors", false);
        for (const auto& entry : file.entries()) file.data(entry);
      } catch (const UserError& error) { EXPECT_EQ(error.kind(), ErrorKind::io) << error.what(); }
    }
    bytes[i] = before;
  }
}

TEST(SafetensorsHostile, EveryTruncationIsRefused) {
  Bytes bytes = sample();
  for (size_t size = 0; size < bytes.size(); ++size) {
    // A copy of the exact size: reading past it is seen by AddressSanitizer.
    Bytes part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_NE(refusal(part), "accepted") << size;
  }
}

TEST(SafetensorsHostile, DamagedDataAreNamedUnlessNotVerified) {
  Bytes bytes = sample();
  bytes.back() ^= std::byte{1};
  auto file = SafetensorsFile::parse(bytes, "model.safetensors");
  EXPECT_NO_THROW(file.data(*file.find("layer.weight")));
  try {
    file.data(*file.find("Größe"));
    FAIL();
  } catch (const UserError& error) {
    EXPECT_NE(std::string_view(error.what())
                  .find("tensor 'Größe' (data offsets 56..59) does not match its checksum"),
              std::string_view::npos)
        << error.what();
  }
  auto trusting = SafetensorsFile::parse(bytes, "model.safetensors", false);
  EXPECT_NO_THROW(trusting.data(*trusting.find("Größe")));
}

}  // namespace
}  // namespace proa::program
