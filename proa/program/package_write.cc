#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <set>

#include "proa/base/error.h"
#include "proa/program/package_format.h"
#include "proa/program/safetensors_format.h"
#include "proa/program/verify.h"

namespace proa::program {

namespace {

constexpr std::string_view kFiller = "__proa__.pad.";

[[noreturn]] void refuse(std::string_view argument, std::string_view what) {
  throw UserError(ErrorKind::value, "save", argument, what);
}

class PackageWriter {
 public:
  explicit PackageWriter(const PackageContent& content) : content_(content) { run(); }

  std::span<const SafetensorsTensor> tensors() const { return tensors_; }

 private:
  void run() {
    PROA_CHECK(content_.program, "a package without a program");
    verify(*content_.program, "the program");
    if (content_.compiled) verify(*content_.compiled, "the compiled program");
    for (const SafetensorsTensor& weight : content_.weights) {
      if (weight.name.starts_with(kPackagePrefix)) {
        refuse("name", str("expected names that do not begin with ", kPackagePrefix, ", got ",
                           shown(weight.name)));
      }
      tensors_.push_back(weight);
    }
    std::vector<std::shared_ptr<const Program>> programs{content_.program};
    if (content_.compiled) programs.push_back(content_.compiled);
    ByteWriter body;
    write_programs(body, programs, tables_);

    ByteWriter& out = section(kProgramTensor, kProgramMagic);
    symbols(out);
    tensors(out, content_.inputs);
    tensors(out, content_.outputs);
    constants(out);
    out.flag(content_.compiled != nullptr);
    out.raw(body.bytes());
    if (!tables_.kernels.empty()) kernels(section(kKernelsTensor, kKernelsMagic));
    objects();
    if (!content_.packed.empty()) packed(section(kPackedTensor, kPackedMagic));
    for (const auto& [name, bytes] : sections_) add(name, bytes.bytes());
    for (size_t i = 0; i < content_.packed.size(); ++i)
      add(str(kPackedPrefix, i), content_.packed[i].bytes);
    if (!content_.module.empty()) add(std::string(kModuleTensor), content_.module);
    if (!content_.train_module.empty()) {
      add(std::string(kTrainModuleTensor), content_.train_module);
    }
  }

  // References to what is in a deque and a map stay valid.
  ByteWriter& section(std::string name, std::string_view magic) {
    auto& out = sections_.emplace_back(std::move(name), ByteWriter()).second;
    out.raw(std::as_bytes(std::span(magic)));
    out.natural(kPackageVersion);
    return out;
  }
  ByteWriter& section(std::string_view name, std::string_view magic) {
    return section(std::string(name), magic);
  }

  void add(const std::string& name, std::span<const std::byte> bytes) {
    const auto& dims = shapes_.emplace_back(1, static_cast<int64_t>(bytes.size()));
    tensors_.push_back({name_of(name), DType::u8, dims, bytes});
  }
  std::string_view name_of(const std::string& name) { return names_.emplace_back(name); }

  void symbols(ByteWriter& out) const {
    out.natural(content_.symbols.size());
    for (const PackageSymbol& symbol : content_.symbols) {
      out.text(symbol.name);
      out.integer(symbol.low);
      out.integer(symbol.high);
    }
  }

  static void tensors(ByteWriter& out, std::span<const PackageTensor> tensors) {
    out.natural(tensors.size());
    for (const PackageTensor& tensor : tensors) {
      out.text(tensor.name);
      out.byte(static_cast<uint8_t>(tensor.dtype));
      out.natural(tensor.dims.size());
      for (const PackageDim& dim : tensor.dims) {
        out.integer(dim.symbol);
        out.integer(dim.symbol < 0 ? dim.extent : 0);
      }
    }
  }

  const SafetensorsTensor* weight_of(const Constant& constant) const {
    if (constant.size == 0) return nullptr;
    for (const SafetensorsTensor& weight : content_.weights) {
      if (weight.bytes.size() != constant.size || weight.dtype != constant.dtype ||
          !std::ranges::equal(weight.dims, constant.dims)) {
        continue;
      }
      // The IR keeps small constants of equal contents as one.
      constexpr size_t kSmall = 1024;
      const std::byte* bytes = weight.bytes.data();
      if (bytes == constant.bytes) return &weight;
      if (constant.size <= kSmall && std::memcmp(bytes, constant.bytes, constant.size) == 0) {
        return &weight;
      }
    }
    return nullptr;
  }

  void constants(ByteWriter& out) {
    ByteWriter data;
    out.natural(tables_.constants.size());
    for (const Constant& constant : tables_.constants) {
      const SafetensorsTensor* weight = weight_of(constant);
      out.flag(weight != nullptr);
      if (weight != nullptr) {
        out.text(weight->name);
        continue;
      }
      data.align(kPackageAlignment);
      out.byte(static_cast<uint8_t>(constant.dtype));
      out.natural(constant.dims.size());
      for (int64_t dim : constant.dims) out.natural(static_cast<uint64_t>(dim));
      out.natural(data.size());
      data.raw({static_cast<const std::byte*>(constant.bytes), constant.size});
    }
    if (data.size() > 0) sections_.emplace_back(std::string(kConstantsTensor), std::move(data));
  }

  void kernels(ByteWriter& out) const {
    out.natural(tables_.kernels.size());
    for (const KernelText& kernel : tables_.kernels) {
      out.text(kernel.name);
      out.text(kernel.text);
    }
  }

  void objects() {
    std::map<std::string, std::map<std::string, std::span<const std::byte>>> by_target;
    for (const PackageObject& object : content_.objects) {
      bool known = std::ranges::any_of(
          tables_.kernels, [&](const KernelText& kernel) { return kernel.name == object.kernel; });
      PROA_CHECK(known, "machine code of a kernel that is not there: ", object.kernel);
      by_target[object.target][object.kernel] = object.bytes;
    }
    for (const auto& [target, found] : by_target) {
      ByteWriter& out = section(str(kObjectsPrefix, target), kObjectsMagic);
      out.natural(found.size());
      for (const auto& [kernel, bytes] : found) {
        out.text(kernel);
        out.natural(bytes.size());
      }
      for (const auto& [kernel, bytes] : found) {
        out.align(kPackageAlignment);
        out.raw(bytes);
      }
    }
  }

  // The bytes are tensors of their own: they are the caller's, and many.
  void packed(ByteWriter& out) const {
    std::set<std::string_view> names;
    for (const PackagePacked& one : content_.packed)
      names.insert(one.targets.begin(), one.targets.end());
    std::vector<std::string_view> targets(names.begin(), names.end());
    out.natural(targets.size());
    for (std::string_view target : targets) out.text(target);
    out.natural(content_.packed.size());
    for (const PackagePacked& one : content_.packed) {
      out.natural(one.program);
      out.natural(static_cast<uint64_t>(one.slot));
      out.natural(one.targets.size());
      for (const std::string& target : one.targets)
        out.natural(static_cast<uint64_t>(std::ranges::find(targets, target) - targets.begin()));
    }
  }

  const PackageContent& content_;
  ProgramTables tables_;
  std::deque<std::pair<std::string, ByteWriter>> sections_;
  std::deque<std::vector<int64_t>> shapes_;
  std::deque<std::string> names_;
  std::vector<SafetensorsTensor> tensors_;
};

}  // namespace

void write_package(const std::string& path, const PackageContent& content) {
  PackageWriter writer(content);
  write_safetensors(path, writer.tensors(), content.metadata, {.filler = kFiller});
}

std::vector<std::byte> package_bytes(const PackageContent& content) {
  PackageWriter writer(content);
  return safetensors_bytes(writer.tensors(), content.metadata, {.filler = kFiller});
}

}  // namespace proa::program
