#include "proa/runtime/object.h"

#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "proa/base/error.h"

namespace proa::runtime {

struct Object::State {
  char* memory = nullptr;
  size_t size = 0;
  std::map<std::string, std::span<const std::byte>, std::less<>> functions;
  ~State() {
    if (memory != nullptr) munmap(memory, size);
  }
};

namespace {

[[noreturn]] void fail(std::string_view what) {
  throw UserError(ErrorKind::io, str("a compiled kernel cannot be loaded: ", what));
}

class Loader {
 public:
  explicit Loader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  void read() {
    auto header = at<Elf64_Ehdr>(0);
    bool known = std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
                 header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_type == ET_REL &&
                 header.e_machine == EM_X86_64 && header.e_shentsize == sizeof(Elf64_Shdr);
    if (!known) fail("it is no relocatable ELF object for x86-64");
    for (size_t i = 0; i < header.e_shnum; ++i) {
      sections_.push_back(at<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr)));
    }
  }

  // Where each section goes, and the size of all: code first, then, on pages of its own, the rest.
  size_t place() {
    offsets_.assign(sections_.size(), kNowhere);
    size_t end = 0;
    for (bool code : {true, false}) {
      end = aligned(end, static_cast<size_t>(sysconf(_SC_PAGESIZE)));
      if (!code) code_size_ = end;
      for (size_t i = 0; i < sections_.size(); ++i) {
        const Elf64_Shdr& s = sections_[i];
        if ((s.sh_flags & SHF_ALLOC) == 0 || ((s.sh_flags & SHF_EXECINSTR) != 0) != code) continue;
        if (s.sh_addralign > 4096) fail("a section asks for too large an alignment");
        if (s.sh_size > kMostBytes) fail("a section is too large");
        end = aligned(end, s.sh_addralign == 0 ? 1 : s.sh_addralign);
        offsets_[i] = end;
        end += s.sh_size;
        if (end > kMostBytes) fail("it is too large");
      }
    }
    return end == 0 ? 1 : end;
  }

  void copy(char* memory) const {
    for (size_t i = 0; i < sections_.size(); ++i) {
      const Elf64_Shdr& s = sections_[i];
      if (offsets_[i] == kNowhere || s.sh_type == SHT_NOBITS) continue;
      std::memcpy(memory + offsets_[i], piece(s.sh_offset, s.sh_size), s.sh_size);
    }
  }

  void relocate(char* memory) const {
    for (const Elf64_Shdr& s : sections_) {
      if (s.sh_type == SHT_REL && offsets_.at(checked(s.sh_info)) != kNowhere) {
        fail("it has relocations without addends");
      }
      if (s.sh_type != SHT_RELA) continue;
      size_t target = checked(s.sh_info);
      if (offsets_[target] == kNowhere) continue;
      for (size_t k = 0; k < s.sh_size / sizeof(Elf64_Rela); ++k) {
        relocate_one(memory, target, checked(s.sh_link),
                     at<Elf64_Rela>(s.sh_offset + k * sizeof(Elf64_Rela)));
      }
    }
  }

  std::map<std::string, std::span<const std::byte>, std::less<>> functions(char* memory) const {
    std::map<std::string, std::span<const std::byte>, std::less<>> found;
    for (const Elf64_Shdr& s : sections_) {
      if (s.sh_type != SHT_SYMTAB) continue;
      for (size_t k = 0; k < s.sh_size / sizeof(Elf64_Sym); ++k) {
        auto symbol = at<Elf64_Sym>(s.sh_offset + k * sizeof(Elf64_Sym));
        if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx >= sections_.size()) {
          continue;
        }
        if (offsets_[symbol.st_shndx] == kNowhere) continue;
        size_t section = sections_[symbol.st_shndx].sh_size;
        if (symbol.st_value >= section || symbol.st_size > section - symbol.st_value) {
          fail("a function lies outside");
        }
        const auto* code = reinterpret_cast<const std::byte*>(memory + offsets_[symbol.st_shndx]);
        found[name(symbol, checked(s.sh_link))] = {code + symbol.st_value, symbol.st_size};
      }
    }
    return found;
  }

  size_t code_size() const { return code_size_; }

 private:
  static constexpr size_t kNowhere = ~size_t{0};
  static constexpr size_t kMostBytes = size_t{1} << 28;

  static size_t aligned(size_t at, size_t to) { return (at + to - 1) / to * to; }

  const std::byte* piece(size_t offset, size_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) fail("it is cut short");
    return bytes_.data() + offset;
  }
  template <class T>
  T at(size_t offset) const {
    T value;
    std::memcpy(&value, piece(offset, sizeof value), sizeof value);
    return value;
  }
  size_t checked(size_t section) const {
    if (section >= sections_.size()) fail("it names a section that it does not have");
    return section;
  }

  std::string name(const Elf64_Sym& symbol, size_t strings) const {
    const Elf64_Shdr& s = sections_[strings];
    if (symbol.st_name >= s.sh_size) fail("a name lies outside");
    const auto* text = reinterpret_cast<const char*>(piece(s.sh_offset, s.sh_size));
    return std::string(text + symbol.st_name,
                       strnlen(text + symbol.st_name, s.sh_size - symbol.st_name));
  }

  void relocate_one(char* memory, size_t target, size_t symbols, const Elf64_Rela& r) const {
    const Elf64_Shdr& table = sections_[symbols];
    size_t index = ELF64_R_SYM(r.r_info);
    if (index >= table.sh_size / sizeof(Elf64_Sym)) fail("it names a symbol that it does not have");
    auto symbol = at<Elf64_Sym>(table.sh_offset + index * sizeof(Elf64_Sym));
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx >= sections_.size() ||
        offsets_[symbol.st_shndx] == kNowhere) {
      fail(str("'", name(symbol, checked(table.sh_link)), "' is not defined in it"));
    }
    auto type = ELF64_R_TYPE(r.r_info);
    size_t width = type == R_X86_64_64 ? 8 : 4;
    if (r.r_offset > sections_[target].sh_size || width > sections_[target].sh_size - r.r_offset) {
      fail("a relocation lies outside");
    }
    char* place = memory + offsets_[target] + r.r_offset;
    // Unsigned, for damaged bytes say any number.
    uint64_t value = reinterpret_cast<uint64_t>(memory) + offsets_[symbol.st_shndx] +
                     symbol.st_value + static_cast<uint64_t>(r.r_addend);
    if (type == R_X86_64_64) {
      std::memcpy(place, &value, 8);
      return;
    }
    if (type != R_X86_64_PC32 && type != R_X86_64_PLT32) {
      fail(str("its relocation type ", static_cast<int64_t>(type), " is unknown"));
    }
    auto distance = static_cast<int64_t>(value - reinterpret_cast<uint64_t>(place));
    if (distance != static_cast<int32_t>(distance)) fail("a relocation reaches too far");
    auto narrow = static_cast<int32_t>(distance);
    std::memcpy(place, &narrow, 4);
  }

  std::span<const std::byte> bytes_;
  std::vector<Elf64_Shdr> sections_;
  std::vector<size_t> offsets_;
  size_t code_size_ = 0;
};

}  // namespace

std::shared_ptr<const Object> Object::load(std::span<const std::byte> bytes) {
  std::shared_ptr<Object> object(new Object);
  object->state_ = std::make_unique<State>();
  State& state = *object->state_;
  Loader loader(bytes);
  loader.read();
  state.size = loader.place();
  void* memory =
      mmap(nullptr, state.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw UserError(ErrorKind::memory, "no memory for a compiled kernel");
  state.memory = static_cast<char*>(memory);
  loader.copy(state.memory);
  loader.relocate(state.memory);
  state.functions = loader.functions(state.memory);
  if (mprotect(state.memory, state.size, PROT_READ) != 0 ||
      (loader.code_size() > 0 &&
       mprotect(state.memory, loader.code_size(), PROT_READ | PROT_EXEC) != 0)) {
    fail("the system does not let memory be executed");
  }
  return object;
}

Object::~Object() = default;

std::vector<std::pair<std::string, std::span<const std::byte>>> Object::functions() const {
  return {state_->functions.begin(), state_->functions.end()};
}

void* Object::find(std::string_view function) const {
  auto found = state_->functions.find(function);
  if (found == state_->functions.end()) return nullptr;
  return const_cast<std::byte*>(found->second.data());
}

}  // namespace proa::runtime
