// Against the reference implementation (the Python package safetensors), both ways.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <random>

#include "proa/base/checked.h"
#include "proa/base/str.h"
#include "proa/program/safetensors.h"

namespace proa::program {
namespace {

const std::string kFolder = PROA_SOURCE_DIR "/tests/program/";

// golden/make_peer.py wrote it.
TEST(SafetensorsPeer, ReadsWhatTheReferenceWrote) {
  auto file = SafetensorsFile::open(kFolder + "golden/peer.safetensors");
  EXPECT_FALSE(file.has_checksums());
  EXPECT_EQ(file.metadata(), (TextMap{{"format", "np"}, {"note", "größer"}}));
  auto check = [&](const std::string& name, size_t size, std::vector<int64_t> dims,
                   bool is_bool = false) {
    const auto* entry = file.find(name);
    ASSERT_TRUE(entry) << name;
    EXPECT_EQ(entry->dims, dims) << name;
    auto bytes = file.data(*entry);
    ASSERT_EQ(bytes.size(), size * static_cast<size_t>(*checked_elements(dims))) << name;
    for (size_t b = 0; b < bytes.size(); ++b) {
      size_t expected = (7 * (b / size) + b % size) % 251;
      EXPECT_EQ(static_cast<size_t>(bytes[b]), is_bool ? expected % 2 : expected) << name;
    }
  };
  for (int i = 0; i < kDTypeCount; ++i) {
    auto dtype = static_cast<DType>(i);
    if (dtype == DType::c128) continue;  // the format has none
    std::string name = str("of.", to_string(dtype));
    check(name, size_of(dtype), {2, 3}, dtype == DType::boolean);
    EXPECT_EQ(file.dtype(*file.find(name)), dtype);
  }
  for (auto [name, size] : {std::pair{"of.uint16", 2}, {"of.uint32", 4}, {"of.uint64", 8}}) {
    check(name, static_cast<size_t>(size), {2, 3});
    EXPECT_EQ(file.find(name)->dtype, std::nullopt);
  }
  check("scalar", 4, {});
  check("empty", 4, {0, 5});
  check("Gewicht-äöü-重み-🧠", 2, {3});
  check("quote \" backslash \\ tab \t", 1, {1, 1, 1, 4});
  EXPECT_EQ(file.entries().size(), 20u);
}

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  for (auto byte : bytes) {
    text += "0123456789abcdef"[static_cast<int>(byte) >> 4];
    text += "0123456789abcdef"[static_cast<int>(byte) & 15];
  }
  return text;
}
std::string hex(std::string_view text) { return hex(std::as_bytes(std::span(text))); }

TEST(SafetensorsPeer, TheReferenceReadsWhatWeWrite) {
  std::string python = PROA_SOURCE_DIR "/.venv/bin/python";
  if (access(python.c_str(), X_OK) != 0) GTEST_SKIP() << "no .venv (scripts/setup makes it)";
  static const std::map<DType, std::string> kNames = {
      {DType::boolean, "BOOL"},   {DType::u8, "U8"},         {DType::i8, "I8"},
      {DType::i16, "I16"},        {DType::i32, "I32"},       {DType::i64, "I64"},
      {DType::f16, "F16"},        {DType::bf16, "BF16"},     {DType::f32, "F32"},
      {DType::f64, "F64"},        {DType::c64, "C64"},       {DType::c128, "F64"},
      {DType::f8e4m3, "F8_E4M3"}, {DType::f8e5m2, "F8_E5M2"}};
  std::mt19937 random(4);
  std::vector<SafetensorsTensor> tensors;
  std::vector<std::vector<std::byte>> data;
  std::vector<std::vector<int64_t>> dims;
  std::vector<std::string> names;
  const std::vector<std::vector<int64_t>> shapes = {{}, {5}, {2, 3}, {0, 4}, {1, 1, 2, 1}};
  for (int i = 0; i < kDTypeCount; ++i) {
    for (const auto& shape : shapes) {
      auto dtype = static_cast<DType>(i);
      dims.push_back(shape);
      names.push_back(str("größe \"", to_string(dtype), "\" ", list_str(shape)));
      auto& bytes = data.emplace_back(static_cast<size_t>(*checked_bytes(shape, dtype)));
      for (auto& byte : bytes) byte = std::byte(random() % (dtype == DType::boolean ? 2 : 256));
    }
  }
  std::map<std::string, std::string>
      expected;  // by name, as Python sorts: by code point, so by UTF-8 byte
  for (size_t i = 0; i < names.size(); ++i) {
    auto dtype = static_cast<DType>(i / shapes.size());
    tensors.push_back({names[i], dtype, dims[i], data[i]});
    auto stored = dims[i];
    if (dtype == DType::c128) stored.push_back(2);
    std::string shape;
    for (auto dim : stored) shape += str(shape.empty() ? "" : "x", dim);
    expected[names[i]] =
        str(hex(names[i]), " ", kNames.at(dtype), " [", shape, "] ", hex(data[i]), "\n");
  }
  char path[] = "/tmp/proa_peer_XXXXXX";
  close(mkstemp(path));
  write_safetensors(path, tensors, {{"epoch", "3"}, {"ü", "\t"}});

  std::string output;
  FILE* pipe = popen(str(python, " ", kFolder, "peer_dump.py ", path, " 2>&1").c_str(), "r");
  char buffer[4096];
  while (size_t got = fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, got);
  EXPECT_EQ(pclose(pipe), 0);
  unlink(path);
  std::string all;
  for (const auto& [name, line] : expected) all += line;
  all +=
      str("metadata ", hex("epoch"), " ", hex("3"), "\nmetadata ", hex("ü"), " ", hex("\t"), "\n");
  EXPECT_EQ(output, all);
}

}  // namespace
}  // namespace proa::program
