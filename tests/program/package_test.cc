// Packages: what comes back is what was written; damage is found; forged programs are refused.
#include "proa/program/package.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>

#include "proa/base/bytes.h"
#include "proa/base/error.h"
#include "proa/program/package_format.h"
#include "proa/program/verify.h"
#include "tests/program/package_sample.h"

namespace proa::program {
namespace {

using Bytes = std::vector<std::byte>;

// What a package is made of, so that it can be written again.
PackageContent content_of(const Package& package) {
  PackageContent content;
  content.inputs.assign(package.inputs().begin(), package.inputs().end());
  content.outputs.assign(package.outputs().begin(), package.outputs().end());
  content.symbols.assign(package.symbols().begin(), package.symbols().end());
  content.program = package.program();
  content.compiled = package.compiled();
  for (const auto* entry : package.weights()) {
    content.weights.push_back(
        {entry->name, *entry->dtype, entry->dims, package.file().bytes(*entry)});
  }
  content.objects.assign(package.objects().begin(), package.objects().end());
  content.packed.assign(package.packed().begin(), package.packed().end());
  content.module = package.module();
  content.metadata = package.metadata();
  return content;
}

std::string refusal(std::span<const std::byte> bytes, ErrorKind kind = ErrorKind::io) {
  try {
    Package::parse(bytes, "m.proa");
    return "accepted";
  } catch (const UserError& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
}

TEST(Package, ComesBack) {
  PackageSample sample;
  Bytes bytes = package_bytes(sample.content);
  auto package = Package::parse(bytes, "m.proa");
  EXPECT_TRUE(std::ranges::equal(package->inputs(), sample.content.inputs));
  EXPECT_TRUE(std::ranges::equal(package->outputs(), sample.content.outputs));
  EXPECT_TRUE(std::ranges::equal(package->symbols(), sample.content.symbols));
  EXPECT_EQ(package->metadata(), sample.content.metadata);
  EXPECT_EQ(package->targets(), (std::vector<std::string>{"x86-64-v3", "x86-64-v4"}));
  ASSERT_NE(package->find_object("x86-64-v3", "k_1"), nullptr);
  EXPECT_TRUE(std::ranges::equal(package->find_object("x86-64-v3", "k_1")->bytes,
                                 sample.content.objects[0].bytes));
  EXPECT_EQ(package->find_object("x86-64-v3", "k_2"), nullptr);
  EXPECT_EQ(package->bytes(), bytes.size());
  EXPECT_TRUE(std::ranges::equal(package->module(), sample.content.module));
  ASSERT_NE(package->compiled(), nullptr);
  EXPECT_EQ(package->compiled()->kernels[0].text, "void k_1() {}");
  EXPECT_EQ(package->compiled()->code[1].in_place, sample.content.compiled->code[1].in_place);

  const Program &before = *sample.content.program, &after = *package->program();
  ASSERT_EQ(after.code.size(), before.code.size());
  for (size_t i = 0; i < after.code.size(); ++i) {
    const Instruction &a = after.code[i], &b = before.code[i];
    EXPECT_EQ(a.kind, b.kind);
    EXPECT_EQ(a.view, b.view);
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.in, b.in);
    EXPECT_EQ(a.out, b.out);
    EXPECT_EQ(a.words, b.words);
    EXPECT_EQ(a.offsets, b.offsets);
    EXPECT_EQ(a.patches, b.patches);
    EXPECT_EQ(a.release, b.release);
    EXPECT_EQ(a.location, b.location);
    EXPECT_EQ(a.programs.size(), b.programs.size());
    EXPECT_EQ(std::tuple(a.kernel, a.flops, a.symbol, a.low, a.high),
              std::tuple(b.kernel, b.flops, b.symbol, b.low, b.high));
  }
  EXPECT_EQ(after.terms.donated, before.terms.donated);
  EXPECT_EQ(after.stages.size(), before.stages.size());
  EXPECT_EQ(after.stages[1].dims, before.stages[1].dims);
  EXPECT_EQ(after.stages[1].guards, before.stages[1].guards);
  EXPECT_EQ(after.flops, before.flops);
  // Nothing is lost on the way: the same bytes again.
  EXPECT_EQ(package_bytes(content_of(*package)), bytes);
}

TEST(Package, WeightsAreSharedAlignedAndOrdinarySafetensors) {
  PackageSample sample;
  Bytes bytes = package_bytes(sample.content);
  auto package = Package::parse(bytes, "m.proa");
  auto weights = package->weights();
  ASSERT_EQ(weights.size(), 1u);
  EXPECT_EQ(weights[0]->name, "layer.weight");
  auto data = package->file().data(*weights[0]);
  EXPECT_EQ(package->program()->constants[0].bytes, data.data());
  EXPECT_EQ(package->compiled()->constants[0].bytes, data.data());
  EXPECT_EQ(package->compiled()->constants[1].bytes, package->program()->constants[1].bytes);
  auto plain = SafetensorsFile::parse(bytes, "m.safetensors");
  for (const auto& entry : plain.entries()) {
    bool filler = entry.name.starts_with("__proa__.pad.");
    EXPECT_TRUE(filler || entry.begin % 64 == 0) << entry.name;
    EXPECT_TRUE(!entry.name.starts_with("__proa__.") || entry.dtype == DType::u8) << entry.name;
  }
  EXPECT_EQ(reinterpret_cast<uintptr_t>(data.data()) % 64, 0u);
}

// The sample, with packed values of its slots 6 and 7.
struct PackedSample : PackageSample {
  PackedSample() {
    for (int i = 0; i < 12; ++i) bytes_.push_back(static_cast<std::byte>(i));
    content.packed = {{{"x86-64-v3", "x86-64-v4"}, 0, 6, bytes_}, {{"x86-64-v4"}, 0, 7, bytes_}};
  }
  Bytes bytes_;
};

TEST(Package, PackedWeightsComeBackForTheirTargets) {
  PackedSample sample;
  Bytes bytes = package_bytes(sample.content);
  auto package = Package::parse(bytes, "m.proa");
  const Program& compiled = *package->compiled();
  const Constant* found = package->find_packed("x86-64-v3", compiled, 6);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->dims, std::vector<int64_t>{3});
  EXPECT_EQ(reinterpret_cast<uintptr_t>(found->bytes) % 64, 0u);
  EXPECT_EQ(std::memcmp(found->bytes, sample.bytes_.data(), 12), 0);
  EXPECT_EQ(package->find_packed("x86-64-v3", compiled, 7), nullptr);
  EXPECT_NE(package->find_packed("x86-64-v4", compiled, 7), nullptr);
  EXPECT_EQ(package->find_packed("x86-64-v3", *package->program(), 6), nullptr);
  EXPECT_TRUE(package->holds("x86-64-v3"));
  EXPECT_FALSE(package->holds("x86-64-v2"));
  EXPECT_EQ(package_bytes(content_of(*package)), bytes);
  auto plain = SafetensorsFile::parse(bytes, "m.safetensors");
  EXPECT_EQ(plain.find("__proa__.packed.1")->dims, std::vector<int64_t>{12});
  EXPECT_EQ(package->weights().size(), 1u);
  // A byte of them is under a checksum as every other is.
  int64_t end = 0;
  for (const auto& entry : plain.entries()) end = std::max(end, entry.end);
  int64_t at = static_cast<int64_t>(bytes.size()) - end + plain.find("__proa__.packed.0")->begin;
  bytes[static_cast<size_t>(at)] ^= std::byte{1};
  EXPECT_NE(refusal(bytes).find("__proa__.packed.0"), std::string::npos);
}

TEST(Package, PackedWeightsOfAnotherSizeAreRefused) {
  struct Case {
    PackagePacked packed;
    const char* message;
  };
  Bytes bytes(16);
  std::span<const std::byte> all(bytes);
  const Case kCases[] = {
      {{{"t"}, 0, 6, all}, "__proa__.packed.0 has 16 bytes, and its slot 12"},
      {{{"t"}, 0, 6, all.first(11)}, "__proa__.packed.0 has 11 bytes, and its slot 12"},
      {{{"t"}, 0, 0, all.first(12)}, "the slot 0 has no size before a run"},
      {{{"t"}, 0, 99, all.first(12)}, "slots"},
      {{{"t"}, 99, 6, all.first(12)}, "programs"},
      {{{"t", "t"}, 0, 6, all.first(12)}, "two values of the slot 6"},
  };
  for (const Case& c : kCases) {
    PackageSample sample;
    sample.content.packed = {c.packed};
    std::string message = refusal(package_bytes(sample.content));
    EXPECT_NE(message.find(c.message), std::string::npos) << message;
  }
  PackedSample sample;
  sample.content.compiled = nullptr;
  sample.content.objects.clear();
  EXPECT_NE(refusal(package_bytes(sample.content)).find("no compiled program"), std::string::npos);
}

// Files of builds that took a size which is not known yet for 0 hold empty values of such slots.
TEST(Package, EmptyPackedWeightsOfNoKnownSizeAreLeftOut) {
  PackedSample sample;
  sample.content.packed.insert(sample.content.packed.begin(), {{"x86-64-v4"}, 0, 0, {}});
  auto package = Package::parse(package_bytes(sample.content), "m.proa");
  const Program& compiled = *package->compiled();
  EXPECT_EQ(package->find_packed("x86-64-v4", compiled, 0), nullptr);
  EXPECT_NE(package->find_packed("x86-64-v4", compiled, 6), nullptr);
  EXPECT_NE(package->find_packed("x86-64-v4", compiled, 7), nullptr);
}

TEST(Package, FilesAreMapped) {
  PackageSample sample;
  std::string path = testing::TempDir() + "/package_test.proa";
  write_package(path, sample.content);
  auto package = Package::open(path);
  const void* weight = package->program()->constants[0].bytes;
  auto map = package->file().map()->bytes();
  EXPECT_TRUE(weight >= map.data() && weight < map.data() + map.size());
  std::shared_ptr<const Program> program = package->program();
  package.reset();  // the program's constants keep the map
  EXPECT_EQ(static_cast<const float*>(program->constants[0].bytes)[2], 2.0f);
  std::remove(path.c_str());
}

TEST(Package, EveryTruncationIsRefused) {
  PackageSample sample;
  Bytes bytes = package_bytes(sample.content);
  for (size_t size = 0; size < bytes.size(); ++size) {
    std::string message = refusal(std::span(bytes).first(size));
    ASSERT_TRUE(message.starts_with("cannot read m.proa")) << size << ": " << message;
  }
}

TEST(Package, TenThousandBitFlipsAreFoundOrHarmless) {
  PackageSample sample;
  const Bytes original = package_bytes(sample.content);
  Bytes bytes = original;
  std::mt19937 random(5);
  int harmless = 0;  // the case of a hexadecimal digit of a checksum
  for (int i = 0; i < 10'000; ++i) {
    size_t at = random() % bytes.size();
    auto bit = static_cast<std::byte>(1 << (random() % 8));
    bytes[at] ^= bit;
    if (refusal(bytes) == "accepted") {
      ++harmless;
      ASSERT_EQ(package_bytes(content_of(*Package::parse(bytes, "m.proa"))), original) << at;
    }
    bytes[at] ^= bit;
  }
  EXPECT_LT(harmless, 100);
  EXPECT_EQ(refusal(bytes), "accepted");
}

// The sample with one tensor's bytes replaced, checksums and all.
Bytes forged(const Bytes& original, std::string_view name,
             const std::function<void(Bytes&)>& change) {
  auto file = SafetensorsFile::parse(original, "m.proa");
  std::vector<SafetensorsTensor> tensors;
  Bytes changed;
  std::vector<int64_t> shape;
  for (const auto& entry : file.entries()) {
    if (entry.name.starts_with("__proa__.pad.")) continue;
    auto data = file.data(entry);
    if (entry.name == name) {
      changed.assign(data.begin(), data.end());
      change(changed);
      shape = {static_cast<int64_t>(changed.size())};
      tensors.push_back({entry.name, DType::u8, shape, changed});
    } else {
      tensors.push_back({entry.name, *entry.dtype, entry.dims, data});
    }
  }
  return safetensors_bytes(tensors, file.metadata(), {.filler = "__proa__.pad."});
}

TEST(Package, TruncatedAndForgedSectionsAreRefusedWithTheirPlace) {
  PackageSample sample;
  Bytes bytes = package_bytes(sample.content);
  for (std::string_view name : {kProgramTensor, kKernelsTensor}) {
    auto size = SafetensorsFile::parse(bytes, "m").find(name)->dims[0];
    for (int64_t cut = 0; cut < size; ++cut) {
      std::string message =
          refusal(forged(bytes, name, [&](Bytes& b) { b.resize(static_cast<size_t>(cut)); }));
      ASSERT_NE(message.find(str("m.proa: ", name, ": byte ")), std::string::npos) << message;
    }
    std::string longer = refusal(forged(bytes, name, [](Bytes& b) { b.resize(b.size() + 3); }));
    EXPECT_NE(longer.find("3 bytes follow where it should end"), std::string::npos) << longer;
  }
  auto other = forged(bytes, kProgramTensor, [](Bytes& b) { b[0] = std::byte{'X'}; });
  EXPECT_NE(refusal(other).find("does not begin with PROAPROG"), std::string::npos);
  auto later = forged(bytes, kProgramTensor, [](Bytes& b) { b[8] = std::byte{9}; });
  EXPECT_NE(refusal(later, ErrorKind::not_supported).find("of version 9"), std::string::npos);
}

TEST(Package, ForgedBytesAreRefusedOrHoldTogether) {
  PackageSample sample;
  Bytes bytes = package_bytes(sample.content);
  std::mt19937 random(11);
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    Bytes made = forged(bytes, kProgramTensor, [&](Bytes& b) {
      for (auto steps = 1 + random() % 2; steps > 0; --steps) {
        size_t at = 9 + random() % (b.size() - 9);
        if (random() % 2 == 0) b[at] = static_cast<std::byte>(random());
        else b[at] ^= static_cast<std::byte>(1 << random() % 8);
      }
    });
    try {
      auto package = Package::parse(made, "m.proa");
      verify(*package->program(), "again");
      ++accepted;
    } catch (const UserError& error) {
      ASSERT_TRUE(error.kind() == ErrorKind::io || error.kind() == ErrorKind::not_supported);
    }
  }
  EXPECT_GT(accepted, 100);  // names, words, bounds: other programs, but sound ones
  EXPECT_LT(accepted, 12'000);
}

TEST(Package, ForgedIndicesOfPackedWeightsAreRefusedOrHoldTogether) {
  PackedSample sample;
  Bytes bytes = package_bytes(sample.content);
  std::mt19937 random(12);
  int accepted = 0;
  for (int i = 0; i < 10'000; ++i) {
    Bytes made = forged(bytes, kPackedTensor, [&](Bytes& b) {
      size_t at = 9 + random() % (b.size() - 9);
      if (i % 10 == 0) b.resize(at);
      else if (i % 2 == 0) b[at] = static_cast<std::byte>(random());
      else b[at] ^= static_cast<std::byte>(1 << random() % 8);
    });
    try {
      auto package = Package::parse(made, "m.proa");
      for (const PackagePacked& one : package->packed()) EXPECT_EQ(one.bytes.size(), 12u);
      ++accepted;
    } catch (const UserError& error) { ASSERT_EQ(error.kind(), ErrorKind::io) << error.what(); }
  }
  EXPECT_GT(accepted, 100);  // other targets, other slots of that size
  EXPECT_LT(accepted, 7'000);
}

TEST(Package, FilesWithoutAProgramOrChecksumsAreRefused) {
  std::vector<int64_t> dims{2};
  std::vector<float> values{1, 2};
  std::vector<SafetensorsTensor> tensors{{"w", DType::f32, dims, std::as_bytes(std::span(values))}};
  EXPECT_NE(refusal(safetensors_bytes(tensors)).find("it holds no program"), std::string::npos);
  std::string header = R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
  Bytes bytes(8 + header.size() + 1);
  bytes[0] = static_cast<std::byte>(header.size());
  for (size_t i = 0; i < header.size(); ++i) bytes[8 + i] = static_cast<std::byte>(header[i]);
  EXPECT_NE(refusal(bytes).find("it has no checksums"), std::string::npos);
}

TEST(Package, NamesOfProaAreNoNamesOfWeights) {
  PackageSample sample;
  sample.content.weights[0].name = "__proa__.mine";
  try {
    package_bytes(sample.content);
    FAIL();
  } catch (const UserError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::value);
    EXPECT_NE(std::string(error.what()).find("__proa__.mine"), std::string::npos);
  }
}

// A golden file is never written anew: later versions of the format add files beside it.
// PROA_WRITE_GOLDEN=1 writes one that is missing.
TEST(Package, TheGoldenFileOfVersion1IsReadAndWritten) {
  std::string path = PROA_SOURCE_DIR "/tests/golden/sample_v1.proa";
  PackageSample sample;
  if (std::getenv("PROA_WRITE_GOLDEN") != nullptr && !std::ifstream(path)) {
    write_package(path, sample.content);
  }
  auto package = Package::open(path);
  EXPECT_TRUE(std::ranges::equal(package->inputs(), sample.content.inputs));
  EXPECT_EQ(static_cast<const float*>(package->program()->constants[0].bytes)[2], 2.0f);
  Bytes bytes = package_bytes(sample.content);
  auto golden = MappedFile::open(path);
  EXPECT_TRUE(std::ranges::equal(golden->bytes(), bytes));
}

struct Wrong {
  const char* what;
  std::function<void(Program&)> change;
};

TEST(Verify, WhatDoesNotHoldTogetherIsNamed) {
  using P = Program;
  const Wrong kWrong[] = {
      {"a slot with a size outside", [](P& p) { p.slots[3].dims[1] = 3; }},
      {"a slot with a size outside", [](P& p) { p.slots[3].dims[1] = -1; }},
      {"a slot that is given twice", [](P& p) { p.inputs[1] = 0; }},
      {"a slot outside the slots", [](P& p) { p.inputs[1] = 99; }},
      {"a result that nothing gives", [](P& p) { p.outputs[0] = 2; }},
      {"a result outside the slots", [](P& p) { p.outputs[0] = -1; }},
      {"instruction 1 (prim.add): an operand outside", [](P& p) { p.code[1].in[0] = 12; }},
      {"instruction 1 (prim.add): an operand that nothing gives",
       [](P& p) { p.code[1].in[0] = 5; }},
      {"instruction 1 (prim.add): a slot that is given twice", [](P& p) { p.code[1].out[0] = 0; }},
      {"an operand that was released", [](P& p) { p.code[7].in[0] = 2; }},
      {"a slot released that is not alive", [](P& p) { p.code[1].release = {0}; }},
      {"attributes out of order", [](P& p) { p.code[0].offsets[1] = 9; }},
      {"attributes out of order", [](P& p) { p.code[0].offsets[2] = 1; }},
      {"attributes that do not begin at 0", [](P& p) { p.code[0].offsets[0] = 1; }},
      {"a size patched outside", [](P& p) { p.code[0].patches[0].first = 3; }},
      {"a size patched outside", [](P& p) { p.code[0].patches[0].second = 3; }},
      {"a broadcast to axes outside", [](P& p) { p.code[0].words[2] = 2; }},
      {"a broadcast to axes outside", [](P& p) { p.code[0].words[2] = -1; }},
      {"axes that depend on sizes", [](P& p) { p.code[0].patches[0].first = 2; }},
      {"a view of another dtype", [](P& p) { p.slots[11].dtype = DType::i32; }},
      {"flops outside", [](P& p) { p.code[1].flops = 1; }},
      {"a branch that no boolean decides", [](P& p) { p.code[3].in[0] = 8; }},
      {"another number of programs", [](P& p) { p.code[3].programs.pop_back(); }},
      {"takes another number of operands", [](P& p) { p.code[3].in.push_back(0); }},
      {"takes another dtype or rank", [](P& p) { p.code[3].in[1] = 8; }},
      {"a loop that no boolean decides",
       [](P& p) { p.code[4].programs[0]->slots[2].dtype = DType::u8; }},
      {"programs in an instruction that runs none",
       [](P& p) { std::swap(p.code[1].programs, p.code[3].programs); }},
      {"expected one boolean", [](P& p) { p.code[5].in[0] = 8; }},
      {"a symbol that is not there", [](P& p) { p.code[2].symbol = 2; }},
      {"a size without bounds", [](P& p) { p.code[2].low = 101; }},
      {"stages of sizes that do not match", [](P& p) { p.stages.pop_back(); }},
      {"stages of different numbers", [](P& p) { p.stages[1].dims.outputs.pop_back(); }},
      {"an output that is not written", [](P& p) { p.stages[0].dims.outputs[0] = 7; }},
      {"a register read before", [](P& p) { p.stages[0].dims.code[0].a = 7; }},
      {"a guard without a message", [](P& p) { p.stages[0].guards.clear(); }},
      {"sizes of more symbols", [](P& p) { p.stages[1].dims.inputs = 3; }},
      {"a size of an input outside", [](P& p) { p.sources[0].input = 3; }},
      {"an axis that an input does not have", [](P& p) { p.sources[0].axis = 2; }},
      {"memory given away that is not there", [](P& p) { p.terms.donated[0].second = 2; }},
      {"memory given away twice", [](P& p) { p.terms.donated.emplace_back(0, 1); }},
      {"memory given to a result of another form", [](P& p) { p.terms.donated[0].first = 1; }},
      {"a constant of the wrong size", [](P& p) { p.constants[0].size = 8; }},
      {"a constant of another form", [](P& p) { p.constants[0].dtype = DType::f64; }},
      {"a constant of another shape",
       [](P& p) {
         p.constants[0].dims = {2};
         p.constants[0].size = 8;
       }},
      {"a kernel without a name", [](P& p) { p.code[1].name.clear(); }},
      {"an unknown kind", [](P& p) { p.code[1].kind = static_cast<InstructionKind>(99); }},
      {"a kernel that is not there",
       [](P& p) {
         p.code[1].kind = InstructionKind::compiled;
         p.code[1].in.pop_back();
         p.code[1].kernel = 0;
       }},
      {"(prim.exp): an operand that nothing gives",
       [](P& p) { p.code[3].programs[1]->code[0].in[0] = 1; }},
  };
  for (const Wrong& wrong : kWrong) {
    PackageSample sample;
    auto& program = const_cast<Program&>(*sample.content.program);
    verify(program, "m");
    wrong.change(program);
    try {
      verify(program, "m");
      ADD_FAILURE() << "accepted: " << wrong.what;
    } catch (const UserError& error) {
      EXPECT_EQ(error.kind(), ErrorKind::io);
      EXPECT_NE(std::string(error.what()).find(wrong.what), std::string::npos)
          << error.what() << "\nexpected: " << wrong.what;
    }
  }
}

TEST(Verify, NestingHasALimit) {
  auto inner = std::make_shared<Program>();
  inner->slots = {{DType::boolean, {}}};
  inner->inputs = {0};
  for (int depth = 0; depth < kMostNested + 1; ++depth) {
    auto outer = std::make_shared<Program>();
    outer->slots = {{DType::boolean, {}}};
    outer->inputs = {0};
    Instruction code;
    code.kind = InstructionKind::if_;
    code.in = {0, 0};
    code.programs = {inner, inner};
    outer->code = {code};
    // One branch each is enough; two would be a tree of 2^64.
    auto leaf = std::make_shared<Program>(*outer);
    leaf->code.clear();
    outer->code[0].programs[1] = leaf;
    inner = outer;
  }
  try {
    verify(*inner, "m");
    FAIL();
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("nested more than 64 deep"), std::string::npos);
  }
}

TEST(Bytes, NumbersComeBackAndNeedlessOnesAreRefused) {
  ByteWriter out;
  const int64_t kNumbers[] = {0, -1, 1, 63, -64, 64, 127, 128, INT32_MIN, INT64_MAX, INT64_MIN};
  for (int64_t n : kNumbers) out.integer(n);
  out.natural(UINT64_MAX);
  out.real(-0.0);
  ByteReader in(out.bytes(), "test");
  for (int64_t n : kNumbers) EXPECT_EQ(in.integer(), n);
  EXPECT_EQ(in.natural(), UINT64_MAX);
  EXPECT_TRUE(std::signbit(in.real()));
  in.expect_end();
  for (auto bad : {Bytes{std::byte{0x80}, std::byte{0}}, Bytes(10, std::byte{0xff})}) {
    ByteReader wrong(bad, "test");
    EXPECT_THROW(wrong.natural(), UserError);
  }
}

}  // namespace
}  // namespace proa::program
