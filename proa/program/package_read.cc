#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <set>

#include "proa/base/checked.h"
#include "proa/base/error.h"
#include "proa/program/once.h"
#include "proa/program/package_format.h"
#include "proa/program/safetensors_format.h"

namespace proa::program {

class PackageReader {
 public:
  PackageReader(SafetensorsFile file, std::shared_ptr<const void> memory, size_t bytes,
                std::string source, bool verify)
      : source_(std::move(source)), verify_(verify), made_(new Package) {
    made_->file_ = std::move(file);
    made_->memory_ = std::move(memory);
    made_->bytes_ = bytes;
  }

  std::shared_ptr<const Package> run() {
    checksums();
    kernels();
    program();
    for (const SafetensorsEntry& entry : made_->file_.entries()) {
      if (entry.name.starts_with(kObjectsPrefix)) objects(entry);
    }
    packed();
    if (const SafetensorsEntry* entry = made_->file_.find(kModuleTensor)) {
      made_->module_ = bytes_of(*entry);
    }
    if (const SafetensorsEntry* entry = made_->file_.find(kTrainModuleTensor)) {
      made_->train_module_ = bytes_of(*entry);
    }
    return std::move(made_);
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw UserError(ErrorKind::io, str("cannot read ", source_, ": ", what));
  }

  // Of everything at once; what is read below was checked here.
  void checksums() {
    if (!verify_) return;
    if (!made_->file_.has_checksums()) {
      fail(
          "it has no checksums: they were damaged, or dropped by a program that rewrote it "
          "(loading without verification accepts it)");
    }
    for (const SafetensorsEntry& entry : made_->file_.entries()) made_->file_.data(entry);
  }

  std::span<const std::byte> bytes_of(const SafetensorsEntry& entry) const {
    if (entry.dtype != DType::u8) fail(str("the tensor ", entry.name, " is not of U8"));
    return made_->file_.bytes(entry);
  }

  ByteReader section(const SafetensorsEntry& entry, std::string_view magic) const {
    ByteReader in(bytes_of(entry), str(source_, ": ", entry.name));
    if (in.left() < magic.size() ||
        std::memcmp(in.raw(magic.size()).data(), magic.data(), magic.size()) != 0) {
      in.fail(str("it does not begin with ", magic));
    }
    uint64_t version = in.natural();
    if (version == 0 || version > kPackageVersion) {
      throw UserError(ErrorKind::not_supported,
                      str("cannot read ", in.source(), ": it is of version ", version,
                          ", and this Proa reads up to ", kPackageVersion));
    }
    return in;
  }

  void kernels() {
    const SafetensorsEntry* entry = made_->file_.find(kKernelsTensor);
    if (entry == nullptr) return;
    ByteReader in = section(*entry, kKernelsMagic);
    size_t count = in.count(2);
    for (size_t i = 0; i < count; ++i) {
      KernelText kernel;
      kernel.name = in.text();
      kernel.text = in.text();
      if (!known_.insert(kernel.name).second) in.fail("two kernels of one name");
      tables_.kernels.push_back(std::move(kernel));
    }
    in.expect_end();
  }

  void program() {
    const SafetensorsEntry* entry = made_->file_.find(kProgramTensor);
    if (entry == nullptr) fail("it holds no program: expected a file of jit.save");
    ByteReader in = section(*entry, kProgramMagic);
    symbols(in);
    tensors(in, made_->inputs_, false);
    tensors(in, made_->outputs_, true);
    constants(in);
    bool compiled = in.flag();
    auto programs = read_programs(in, compiled ? 2 : 1, tables_);
    in.expect_end();
    made_->program_ = programs[0];
    if (compiled) made_->compiled_ = programs[1];
    if (uses_compiled(*made_->program_)) in.fail("the first program needs a compiler");
    for (const auto& program : programs) match(in, *program);
  }

  static bool uses_compiled(const Program& program) {
    return std::ranges::any_of(program.code, [](const Instruction& code) {
      return code.kind == InstructionKind::compiled ||
             std::ranges::any_of(code.programs,
                                 [](const auto& body) { return uses_compiled(*body); });
    });
  }

  void symbols(ByteReader& in) {
    size_t count = in.count(3);
    for (size_t i = 0; i < count; ++i) {
      PackageSymbol& symbol = made_->symbols_.emplace_back();
      symbol.name = in.text();
      symbol.low = in.integer();
      symbol.high = in.integer();
      if (symbol.low < 0 || symbol.low > symbol.high) in.fail("a symbol without values");
    }
  }

  void tensors(ByteReader& in, std::vector<PackageTensor>& tensors, bool results) const {
    size_t count = in.count(3);
    std::set<std::string> names;
    for (size_t i = 0; i < count; ++i) {
      PackageTensor& tensor = tensors.emplace_back();
      tensor.name = in.text();
      if (!names.insert(tensor.name).second) in.fail(str("two are named ", shown(tensor.name)));
      tensor.dtype = dtype(in);
      size_t rank = in.count(2);
      if (rank > kMaxRank) in.fail(str(rank, " axes"));
      tensor.dims.resize(rank);
      for (PackageDim& dim : tensor.dims) {
        dim.symbol = in.int32();
        dim.extent = in.integer();
        bool named = dim.symbol >= 0;
        bool right = named ? static_cast<size_t>(dim.symbol) < made_->symbols_.size()
                           : dim.symbol == -1 && dim.extent >= (results ? -1 : 0);
        if (!right) in.fail(str("a wrong extent of ", shown(tensor.name)));
      }
    }
  }

  static DType dtype(ByteReader& in) { return static_cast<DType>(in.index(kDTypeCount, "dtypes")); }

  void constants(ByteReader& in) {
    std::span<const std::byte> data;
    if (const SafetensorsEntry* entry = made_->file_.find(kConstantsTensor)) {
      data = bytes_of(*entry);
    }
    size_t count = in.count(2);
    for (size_t i = 0; i < count; ++i) {
      Constant constant;
      constant.slot = -1;
      constant.owner = made_->memory_;
      if (in.flag()) {
        std::string_view name = in.text();
        const SafetensorsEntry* entry = made_->file_.find(name);
        if (entry == nullptr) in.fail(str("there is no weight ", shown(name)));
        constant.dtype = made_->file_.dtype(*entry);
        constant.dims = entry->dims;
        auto bytes = made_->file_.bytes(*entry);
        constant.bytes = bytes.data();
        constant.size = bytes.size();
      } else {
        constant.dtype = dtype(in);
        constant.dims.resize(in.count());
        if (constant.dims.size() > kMaxRank) in.fail(str(constant.dims.size(), " axes"));
        for (int64_t& dim : constant.dims) dim = static_cast<int64_t>(in.natural());
        auto size = checked_bytes(constant.dims, constant.dtype);
        uint64_t begin = in.natural();
        if (!size) in.fail(str("a constant of the shape ", list_str(constant.dims)));
        if (begin > data.size() || static_cast<uint64_t>(*size) > data.size() - begin) {
          in.fail(str("a constant of ", *size, " bytes from ", begin, " on, of ", data.size()));
        }
        constant.bytes = data.data() + begin;
        constant.size = static_cast<size_t>(*size);
      }
      check_place(in, constant.bytes, constant.size);
      tables_.constants.push_back(std::move(constant));
    }
  }

  // What callers are told of the program is true of it.
  void match(ByteReader& in, const Program& program) const {
    auto check = [&](std::span<const PackageTensor> told, std::span<const int32_t> slots,
                     std::string_view what) {
      if (told.size() != slots.size()) {
        in.fail(str(told.size(), " ", what, "s are named, but the program has ", slots.size()));
      }
      for (size_t i = 0; i < slots.size(); ++i) {
        const Slot& slot = program.slots[static_cast<size_t>(slots[i])];
        bool same = slot.dtype == told[i].dtype && slot.dims.size() == told[i].dims.size();
        for (size_t axis = 0; same && program.is_static && axis < slot.dims.size(); ++axis) {
          int64_t extent = program.dims[static_cast<size_t>(slot.dims[axis])];
          same = told[i].dims[axis].symbol < 0 && told[i].dims[axis].extent == extent;
        }
        if (!same) in.fail(str("the ", what, " ", shown(told[i].name), " is of another form"));
      }
    };
    check(made_->inputs_, program.inputs, "input");
    check(made_->outputs_, program.outputs, "output");
    for (size_t i = 0; i < program.sources.size(); ++i) {
      const SymbolSource& source = program.sources[i];
      if (source.input < 0) continue;
      const PackageDim& dim =
          made_->inputs_[static_cast<size_t>(source.input)].dims[static_cast<size_t>(source.axis)];
      if (dim.symbol < 0) in.fail("a size of the program comes from an axis of a fixed extent");
    }
  }

  void objects(const SafetensorsEntry& entry) {
    std::string target = entry.name.substr(kObjectsPrefix.size());
    ByteReader in = section(entry, kObjectsMagic);
    size_t count = in.count(2);
    std::vector<std::pair<std::string, uint64_t>> found(count);
    for (auto& [kernel, size] : found) {
      kernel = in.text();
      size = in.natural();
      if (!known_.contains(kernel)) in.fail(str("there is no kernel ", shown(kernel)));
    }
    for (const auto& [kernel, size] : found) {
      in.skip_to(kPackageAlignment);
      if (size > in.left()) in.fail(str(size, " bytes of code, with ", in.left(), " left"));
      made_->objects_.push_back({target, kernel, in.raw(size)});
    }
    in.expect_end();
    std::set<std::string_view> names;
    for (const auto& [kernel, size] : found) names.insert(kernel);
    if (names.size() == known_.size()) made_->held_.push_back(target);
  }

  void packed() {
    const SafetensorsEntry* entry = made_->file_.find(kPackedTensor);
    if (entry == nullptr) return;
    ByteReader in = section(*entry, kPackedMagic);
    if (made_->compiled_ == nullptr) in.fail("there is no compiled program");
    std::vector<const Program*> programs = with_inner(*made_->compiled_);
    std::vector<std::string> targets(in.count());
    for (std::string& target : targets) target = in.text();
    size_t count = in.count(3);
    for (size_t i = 0; i < count; ++i) {
      PackagePacked& one = made_->packed_.emplace_back();
      one.program = in.index(programs.size(), "programs");
      const Program& program = *programs[one.program];
      auto slot = in.index(program.slots.size(), "slots");
      one.slot = static_cast<int32_t>(slot);
      auto dims = fixed_dims(program, one.slot);
      auto bytes = dims ? checked_bytes(*dims, program.slots[slot].dtype) : std::nullopt;
      const SafetensorsEntry* data = made_->file_.find(str(kPackedPrefix, i));
      if (data == nullptr) in.fail(str("there is no ", kPackedPrefix, i));
      one.bytes = bytes_of(*data);
      if (!dims && one.bytes.empty()) {  // some files hold what nobody asks for
        for (size_t n = in.count(); n > 0; --n) in.index(targets.size(), "targets");
        made_->packed_.pop_back();
        continue;
      }
      if (!bytes) in.fail(str("the slot ", slot, " has no size before a run"));
      if (one.bytes.size() != static_cast<uint64_t>(*bytes)) {
        in.fail(str(data->name, " has ", one.bytes.size(), " bytes, and its slot ", *bytes));
      }
      check_place(in, one.bytes.data(), one.bytes.size());
      for (size_t n = in.count(); n > 0; --n) {
        const std::string& target = targets[in.index(targets.size(), "targets")];
        one.targets.push_back(target);
        Constant constant{.slot = one.slot,
                          .dtype = program.slots[slot].dtype,
                          .dims = *dims,
                          .owner = made_->memory_,
                          .bytes = one.bytes.data(),
                          .size = one.bytes.size()};
        bool fresh = made_->by_slot_.try_emplace({target, &program, one.slot}, constant).second;
        if (!fresh) in.fail(str("two values of the slot ", slot));
      }
    }
    in.expect_end();
  }

  static void check_place(const ByteReader& in, const void* bytes, size_t size) {
    if (size == 0 || reinterpret_cast<uintptr_t>(bytes) % kPackageAlignment == 0) return;
    in.fail(str("a constant does not lie at a multiple of ", kPackageAlignment,
                " bytes: the file was rewritten by another program"));
  }

  std::string source_;
  bool verify_;
  std::shared_ptr<Package> made_;
  ProgramTables tables_;
  std::set<std::string, std::less<>> known_;  // kernels
};

std::shared_ptr<const Package> Package::open(const std::string& path, bool verify) {
  SafetensorsFile file = SafetensorsFile::open(path, verify);
  auto map = file.map();
  size_t bytes = map->size();
  return PackageReader(std::move(file), std::move(map), bytes, path, verify).run();
}

std::shared_ptr<const Package> Package::parse(std::span<const std::byte> bytes, std::string source,
                                              bool verify) {
  size_t size = (bytes.size() / kPackageAlignment + 1) * kPackageAlignment;
  std::shared_ptr<std::byte> memory(
      static_cast<std::byte*>(std::aligned_alloc(kPackageAlignment, size)), std::free);
  if (!memory) throw UserError(ErrorKind::memory, str("no memory for ", size, " bytes"));
  if (!bytes.empty()) std::memcpy(memory.get(), bytes.data(), bytes.size());
  std::span<const std::byte> copy(memory.get(), bytes.size());
  SafetensorsFile file = SafetensorsFile::parse(copy, source, verify);
  return PackageReader(std::move(file), memory, bytes.size(), std::move(source), verify).run();
}

const PackageObject* Package::find_object(std::string_view target, std::string_view kernel) const {
  for (const PackageObject& object : objects_) {
    if (object.target == target && object.kernel == kernel) return &object;
  }
  return nullptr;
}

std::vector<std::string> Package::targets() const {
  std::vector<std::string> targets;
  for (const PackageObject& object : objects_) {
    if (std::ranges::find(targets, object.target) == targets.end()) {
      targets.push_back(object.target);
    }
  }
  return targets;
}

bool Package::holds(std::string_view target) const {
  return std::ranges::find(held_, target) != held_.end();
}

const Constant* Package::find_packed(std::string_view target, const Program& program,
                                     int32_t slot) const {
  auto at = by_slot_.find(std::tuple(target, &program, slot));
  return at != by_slot_.end() ? &at->second : nullptr;
}

std::vector<const SafetensorsEntry*> Package::weights() const {
  std::vector<const SafetensorsEntry*> weights;
  for (const SafetensorsEntry& entry : file_.entries()) {
    if (!entry.name.starts_with(kPackagePrefix)) weights.push_back(&entry);
  }
  return weights;
}

}  // namespace proa::program
