// Objects: a kernel is compiled, loaded and run; and no damage to its bytes gets past the loader.

#include "proa/runtime/object.h"

#include <gtest/gtest.h>

#include <random>

#include "proa/base/error.h"
#include "proa/compiler/jit/compile.h"

namespace proa {
namespace {

constexpr std::string_view kText =
    "static const float kTable[4] = {1.5f, 2.5f, 3.5f, 4.5f};\n"
    "void twice(void *const *buffers, const long long *words, long long begin, long long end,\n"
    "           char *scratch) {\n"
    "  float *x = buffers[0];\n"
    "  for (long long i = begin; i < end; ++i) x[i] = 2 * x[i] + kTable[(i + words[0]) & 3];\n"
    "}\n";

using Kernel = void (*)(void* const*, const long long*, long long, long long, char*);

std::vector<std::byte> object() {
  if (compiler::jit::maker() == compiler::jit::Maker::none) return {};
  return compiler::jit::compile(kText);
}

TEST(Object, RunsWhatWasCompiled) {
  std::vector<std::byte> bytes = object();
  if (bytes.empty()) GTEST_SKIP() << "there is no compiler for kernels here";
  auto loaded = runtime::Object::load(bytes);
  EXPECT_EQ(loaded->find("thrice"), nullptr);
  auto twice = reinterpret_cast<Kernel>(loaded->find("twice"));
  ASSERT_NE(twice, nullptr);
  float x[6] = {0, 1, 2, 3, 4, 5};
  void* buffers[] = {x};
  long long words[] = {1};
  twice(buffers, words, 1, 5, nullptr);
  const float expected[6] = {0, 5.5f, 8.5f, 7.5f, 10.5f, 5};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(x[i], expected[i]) << i;
}

TEST(Object, AnUndefinedNameIsNamed) {
  if (compiler::jit::maker() == compiler::jit::Maker::none) {
    GTEST_SKIP() << "there is no compiler for kernels here";
  }
  std::vector<std::byte> bytes =
      compiler::jit::compile("void outside(void);\nvoid f(void) { outside(); }\n");
  try {
    runtime::Object::load(bytes);
    FAIL() << "an unresolved name was taken";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("'outside' is not defined"), std::string::npos)
        << error.what();
  }
}

TEST(Object, RefusesWhatIsCutShort) {
  std::vector<std::byte> bytes = object();
  if (bytes.empty()) GTEST_SKIP() << "there is no compiler for kernels here";
  for (size_t size = 0; size < bytes.size(); ++size) {
    try {
      // What lies behind the section headers may be missing; nothing else may.
      runtime::Object::load(std::span(bytes).first(size));
    } catch (const UserError&) {}
  }
}

TEST(Object, DamagedBytesNeverCrashTheLoader) {
  std::vector<std::byte> bytes = object();
  if (bytes.empty()) GTEST_SKIP() << "there is no compiler for kernels here";
  std::mt19937_64 random(1);
  for (int round = 0; round < 4000; ++round) {
    std::vector<std::byte> damaged = bytes;
    for (int flips = 1 + static_cast<int>(random() % 4); flips-- > 0;) {
      damaged[random() % damaged.size()] ^= static_cast<std::byte>(1u << random() % 8);
    }
    try {
      runtime::Object::load(damaged)->find("twice");
    } catch (const UserError&) {}
  }
}

TEST(Jit, TheCompilersWordsComeBack) {
  if (compiler::jit::maker() == compiler::jit::Maker::none) {
    GTEST_SKIP() << "there is no compiler for kernels here";
  }
  try {
    compiler::jit::compile("void f(void) { return nothing; }\n");
    FAIL() << "a wrong text was taken";
  } catch (const InternalError& error) {
    EXPECT_NE(std::string(error.what()).find("nothing"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace proa
