#include "proa/program/safetensors.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <thread>

#include "proa/base/checked.h"
#include "proa/base/error.h"

namespace proa::program {
namespace {

struct Owned {
  std::string name;
  DType dtype;
  std::vector<int64_t> dims;
  std::vector<std::byte> bytes;
};

std::vector<SafetensorsTensor> views(const std::vector<Owned>& tensors) {
  std::vector<SafetensorsTensor> result;
  for (const auto& t : tensors) result.push_back({t.name, t.dtype, t.dims, t.bytes});
  return result;
}

std::string random_name(std::mt19937& random) {
  static const char* kParts[] = {
      "weight", "bias",   "\"", "\\", "\n",         "\x01",         "/",    ".",
      "ä",      "\u2028", "重", "🧠", "__metadata", "data_offsets", "\x7f", " "};
  std::string name;
  for (auto i = random() % 6; i > 0; --i) name += kParts[random() % std::size(kParts)];
  return name;
}

std::vector<Owned> random_tensors(std::mt19937& random) {
  std::vector<Owned> tensors;
  for (auto i = random() % 8; i > 0; --i) {
    Owned t{str(random_name(random), "#", i), static_cast<DType>(random() % kDTypeCount), {}, {}};
    for (auto rank = random() % 5; rank > 0; --rank) {
      t.dims.push_back(static_cast<int64_t>(random() % 10 == 0 ? 0 : random() % 7 + 1));
    }
    t.bytes.resize(static_cast<size_t>(*checked_bytes(t.dims, t.dtype)));
    for (auto& byte : t.bytes) byte = std::byte(random() & 0xff);
    tensors.push_back(std::move(t));
  }
  return tensors;
}

void expect_equal(const SafetensorsFile& file, const std::vector<Owned>& tensors) {
  ASSERT_EQ(file.entries().size(), tensors.size());
  for (const auto& t : tensors) {
    const auto* entry = file.find(t.name);
    ASSERT_TRUE(entry) << t.name;
    EXPECT_EQ(file.dtype(*entry), t.dtype);
    EXPECT_EQ(entry->dims, t.dims);
    auto bytes = file.data(*entry);
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), t.bytes.begin(), t.bytes.end())) << t.name;
  }
}

TEST(Safetensors, RandomTensorsRoundTrip) {
  std::mt19937 random(5);
  for (int round = 0; round < 500; ++round) {
    auto tensors = random_tensors(random);
    TextMap metadata;
    for (auto i = random() % 4; i > 0; --i) metadata[random_name(random)] = random_name(random);
    auto bytes = safetensors_bytes(views(tensors), metadata);
    auto file = SafetensorsFile::parse(bytes, "memory");
    expect_equal(file, tensors);
    EXPECT_EQ(file.metadata(), metadata);
    EXPECT_TRUE(file.has_checksums());

    auto shuffled = tensors;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    EXPECT_EQ(safetensors_bytes(views(shuffled), metadata), bytes);
  }
}

TEST(Safetensors, DataBeginAtAMultipleOf64AndTensorsAtOneOfTheirElement) {
  std::mt19937 random(6);
  for (int round = 0; round < 50; ++round) {
    auto bytes = safetensors_bytes(views(random_tensors(random)));
    auto file = SafetensorsFile::parse(bytes, "memory");
    for (const auto& entry : file.entries()) {
      auto at = file.data(entry).data() - bytes.data();
      EXPECT_EQ((at - entry.begin) % 64, 0);
      EXPECT_EQ(entry.begin % static_cast<int64_t>(size_of(*entry.dtype)), 0);
    }
  }
}

TEST(Safetensors, FilesAreMappedAndMayBeWrittenTo) {
  char path[] = "/tmp/proa_safetensors_XXXXXX";
  close(mkstemp(path));
  std::vector<Owned> tensors = {{"x", DType::u8, {4}, std::vector<std::byte>(4, std::byte{7})}};
  write_safetensors(path, views(tensors), {{"step", "12"}});
  auto file = SafetensorsFile::open(path);
  expect_equal(file, tensors);
  auto data = file.data(*file.find("x"));
  EXPECT_GE(data.data(), file.map()->bytes().data());
  EXPECT_LE(data.data() + data.size(), file.map()->bytes().data() + file.map()->size());
  *const_cast<std::byte*>(data.data()) = std::byte{9};
  expect_equal(SafetensorsFile::open(path), tensors);
  unlink(path);
}

TEST(Safetensors, EmptyFileOfNoTensors) {
  auto bytes = safetensors_bytes({});
  EXPECT_TRUE(SafetensorsFile::parse(bytes, "memory").entries().empty());
  EXPECT_EQ(SafetensorsFile::parse(bytes, "memory").find("x"), nullptr);
}

template <class Body>
void expect_value_error(Body body, std::string_view text) {
  try {
    body();
    FAIL() << "no error: " << text;
  } catch (const UserError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::value);
    EXPECT_NE(std::string_view(error.what()).find(text), std::string_view::npos) << error.what();
  }
}

TEST(Safetensors, WriterRefusesBadNamesAndMetadata) {
  auto named = [](std::vector<std::string> names) {
    std::vector<Owned> tensors;
    for (auto& name : names) tensors.push_back({name, DType::u8, {0}, {}});
    safetensors_bytes(views(tensors));
  };
  expect_value_error([&] { named({"a", "b", "a"}); },
                     "[save] name: expected different names, got 'a' twice");
  expect_value_error([&] { named({"__metadata__"}); }, "which the format reserves");
  expect_value_error([&] { named({"bad \xff byte"}); }, "[save] name: expected UTF-8 text");
  expect_value_error([&] { safetensors_bytes({}, {{"proa.crc32c", "0"}}); },
                     "metadata: expected keys that do not begin with proa.");
  expect_value_error([&] { safetensors_bytes({}, {{"key", "\xc0\x80"}}); },
                     "metadata: expected UTF-8");
  Owned deep{"deep", DType::u8, std::vector<int64_t>(65, 1), {std::byte{1}}};
  expect_value_error([&] { safetensors_bytes(views({deep})); }, "expected at most 64 dims, got 65");
  Owned wrong{"wrong", DType::f32, {2}, std::vector<std::byte>(7)};
  EXPECT_THROW(safetensors_bytes(views({wrong})), InternalError);
}

TEST(Safetensors, ReadsAreSafeFromSeveralThreads) {
  std::mt19937 random(8);
  auto tensors = random_tensors(random);
  auto bytes = safetensors_bytes(views(tensors));
  auto file = SafetensorsFile::parse(bytes, "memory");
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) readers.emplace_back([&] { expect_equal(file, tensors); });
  for (auto& reader : readers) reader.join();
}

}  // namespace
}  // namespace proa::program
