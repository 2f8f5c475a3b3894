#include "proa/program/npy.h"

#include <cstring>
#include <new>
#include <optional>

#include "proa/base/checked.h"
#include "proa/base/error.h"
#include "proa/base/file.h"
#include "proa/program/safetensors_format.h"

namespace proa::program {

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaxHeaderBytes = 64 << 10;  // real ones are below 200 bytes

struct Name {
  std::string_view descr;
  DType dtype;
};
constexpr Name kNames[] = {
    {"|b1", DType::boolean}, {"|u1", DType::u8},      {"|i1", DType::i8},  {"<i2", DType::i16},
    {"<i4", DType::i32},     {"<i8", DType::i64},     {"<f2", DType::f16}, {"<V2", DType::bf16},
    {"<f4", DType::f32},     {"<f8", DType::f64},     {"<c8", DType::c64}, {"<c16", DType::c128},
    {"|V2", DType::bf16},    {"<b1", DType::boolean}, {"<u1", DType::u8},  {"<i1", DType::i8},
};

// A Python dict of three fields, read as NumPy's ast.literal_eval would read it, without recursion.
class Reader {
 public:
  Reader(std::span<const std::byte> bytes, std::string_view source)
      : bytes_(bytes), source_(source) {}

  NpyArray read() {
    if (bytes_.size() < 10 || std::memcmp(bytes_.data(), kMagic.data(), kMagic.size()) != 0)
      fail(0, "it does not begin as a .npy file");
    auto major = byte(6), minor = byte(7);
    if (major < 1 || major > 3 || minor != 0)
      fail(6, str("expected version 1.0, 2.0 or 3.0, got ", major, ".", minor));
    size_t wide = major == 1 ? 2 : 4;
    if (bytes_.size() < 8 + wide) fail(8, "the length of the header is cut off");
    size_t length = 0;
    for (size_t i = 0; i < wide; ++i) length |= size_t{byte(8 + i)} << (8 * i);
    at_ = 8 + wide;
    if (length > kMaxHeaderBytes)
      fail(8, str("a header of ", length, " bytes; at most ", kMaxHeaderBytes, " are read"));
    if (length > bytes_.size() - at_)
      fail(8, str("the header is said to have ", length, " bytes, the file has ",
                  bytes_.size() - at_, " behind its start"));
    end_ = at_ + length;
    read_dict();
    return take_data();
  }

 private:
  [[noreturn]] void fail(size_t offset, std::string_view reason) const {
    throw UserError(ErrorKind::io, "npy", source_, str("at byte ", offset, ": ", reason));
  }
  unsigned byte(size_t i) const { return static_cast<unsigned>(bytes_[i]); }
  char peek() const { return at_ < end_ ? static_cast<char>(bytes_[at_]) : '\0'; }
  void blanks() {
    while (at_ < end_ && (peek() == ' ' || peek() == '\n' || peek() == '\t')) ++at_;
  }
  bool accept(char c) {
    blanks();
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(at_, str("expected '", c, "' in the header"));
  }

  std::string_view text() {
    blanks();
    char quote = peek();
    if (quote != '\'' && quote != '"') fail(at_, "expected a text in quotes in the header");
    size_t begin = ++at_;
    while (at_ < end_ && peek() != quote) {
      if (peek() == '\\') fail(at_, "a backslash in a text of the header");
      ++at_;
    }
    if (at_ == end_) fail(begin, "a text of the header does not end");
    return {reinterpret_cast<const char*>(bytes_.data()) + begin, at_++ - begin};
  }

  bool word(std::string_view wanted) {
    if (end_ - at_ < wanted.size() ||
        std::memcmp(bytes_.data() + at_, wanted.data(), wanted.size()) != 0)
      return false;
    at_ += wanted.size();
    return true;
  }

  void read_dict() {
    bool has_descr = false, has_order = false, has_shape = false;
    auto once = [&](bool& seen, std::string_view name) {
      if (seen) fail(at_, str("the field '", name, "' comes twice"));
      seen = true;
    };
    expect('{');
    while (!accept('}')) {
      size_t begin = at_;
      std::string_view name = text();
      expect(':');
      blanks();
      if (name == "descr") {
        once(has_descr, name);
        read_descr();
      } else if (name == "fortran_order") {
        once(has_order, name);
        if (word("True")) fortran_ = true;
        else if (!word("False")) fail(at_, "expected True or False for 'fortran_order'");
      } else if (name == "shape") {
        once(has_shape, name);
        read_shape();
      } else {
        fail(begin, str("an unknown field ", shown(name)));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    blanks();
    if (at_ != end_) fail(at_, "something stands behind the header's closing brace");
    if (!has_descr || !has_order || !has_shape)
      fail(end_, "expected the fields 'descr', 'fortran_order' and 'shape'");
  }

  void read_descr() {
    size_t begin = at_;
    if (peek() == '[') unsupported("a dtype with fields");
    std::string_view name = text();
    for (const Name& known : kNames) {
      if (known.descr == name) {
        dtype_ = known.dtype;
        return;
      }
    }
    if (name.empty()) fail(begin, "an empty dtype");
    unsupported(str("the dtype ", shown(name)));
  }
  [[noreturn]] void unsupported(std::string_view what) const {
    throw UserError(ErrorKind::not_supported, "npy", source_,
                    str(what,
                        "; expected bool, int8 to int64, uint8, float16, float32, float64, "
                        "complex64, complex128 or bfloat16, little endian"));
  }

  void read_shape() {
    expect('(');
    while (!accept(')')) {
      blanks();
      size_t begin = at_;
      int64_t extent = 0;
      while (peek() >= '0' && peek() <= '9') {
        auto next = checked_mul(extent, 10);
        if (next) next = checked_add(*next, peek() - '0');
        if (!next) fail(begin, "an extent of 2^63 or more");
        extent = *next;
        ++at_;
      }
      if (at_ == begin) fail(begin, "expected an extent, a number of at least 0");
      if (dims_.size() == kMaxRank) fail(begin, str("more than ", kMaxRank, " dims"));
      dims_.push_back(extent);
      if (!accept(',')) {
        if (dims_.size() == 1) fail(at_, "expected ',': a tuple of one has a comma");
        expect(')');
        break;
      }
    }
  }

  NpyArray take_data() {
    auto size = checked_bytes(dims_, dtype_);
    size_t rest = bytes_.size() - end_;
    if (!size) fail(end_, str("2^63 bytes or more in shape ", list_str(dims_)));
    if (static_cast<uint64_t>(*size) != rest) {
      fail(end_, str("expected ", *size, " bytes of data for ", to_string(dtype_), list_str(dims_),
                     ", got ", rest));
    }
    NpyArray array{.dtype = dtype_, .dims = dims_, .bytes = bytes_.subspan(end_), .owner = {}};
    bool aligned = reinterpret_cast<uintptr_t>(array.bytes.data()) % size_of(dtype_) == 0;
    bool turned = fortran_ && dims_.size() > 1;
    if ((aligned && !turned) || rest == 0) return array;
    auto* copy = static_cast<std::byte*>(::operator new(rest, std::align_val_t{64}));
    array.owner =
        std::shared_ptr<void>(copy, [](void* p) { ::operator delete(p, std::align_val_t{64}); });
    if (turned) turn(copy);
    else std::memcpy(copy, array.bytes.data(), rest);
    array.bytes = {copy, rest};
    return array;
  }

  // The first index runs fastest in the file, the last one in the result.
  void turn(std::byte* to) const {
    size_t width = size_of(dtype_), rank = dims_.size();
    std::vector<size_t> index(rank), step(rank, 1);  // steps in the file
    for (size_t i = 1; i < rank; ++i) step[i] = step[i - 1] * static_cast<size_t>(dims_[i - 1]);
    const std::byte* from = bytes_.data() + end_;
    size_t at = 0;
    for (size_t left = (bytes_.size() - end_) / width; left > 0; --left) {
      std::memcpy(to, from + at * width, width);
      to += width;
      for (size_t i = rank; i-- > 0;) {
        at += step[i];
        if (++index[i] < static_cast<size_t>(dims_[i])) break;
        at -= step[i] * index[i];
        index[i] = 0;
      }
    }
  }

  std::span<const std::byte> bytes_;
  std::string_view source_;
  size_t at_ = 0, end_ = 0;
  DType dtype_ = DType::f32;
  bool fortran_ = false;
  std::vector<int64_t> dims_;
};

}  // namespace

NpyArray parse_npy(std::span<const std::byte> bytes, std::string_view source) {
  return Reader(bytes, source).read();
}

NpyArray read_npy(const std::string& path) {
  std::shared_ptr<MappedFile> file = MappedFile::open(path);
  NpyArray array = parse_npy(file->bytes(), path);
  if (array.owner == nullptr) array.owner = file;
  return array;
}

std::string npy_header(DType dtype, std::span<const int64_t> dims) {
  std::string_view descr;
  for (const Name& known : kNames) {
    if (known.dtype == dtype && descr.empty()) descr = known.descr;
  }
  if (descr.empty()) {
    throw UserError(ErrorKind::not_supported, "npy", "dtype",
                    str("NumPy's format has no name for ", to_string(dtype)));
  }
  std::string text = str("{'descr': '", descr, "', 'fortran_order': False, 'shape': (");
  for (size_t i = 0; i < dims.size(); ++i) {
    text += str(dims[i], dims.size() == 1 ? "," : i + 1 < dims.size() ? ", " : "");
  }
  text += "), }";
  constexpr size_t kAlign = 64, kPrefix = 10;
  text.append(kAlign - 1 - (kPrefix + text.size()) % kAlign, ' ');
  text += '\n';
  PROA_CHECK(text.size() <= 0xffff, "a header of ", text.size(), " bytes");
  std::string head(kMagic);
  head += '\x01';
  head += '\0';
  head += static_cast<char>(text.size() & 0xff);
  head += static_cast<char>(text.size() >> 8);
  return head + text;
}

void write_npy(const std::string& path, DType dtype, std::span<const int64_t> dims,
               std::span<const std::byte> bytes) {
  auto size = checked_bytes(dims, dtype);
  PROA_CHECK(size && static_cast<size_t>(*size) == bytes.size(), "bytes of ", list_str(dims));
  std::string head = npy_header(dtype, dims);
  std::span<const std::byte> pieces[] = {std::as_bytes(std::span(head)), bytes};
  write_file(path, pieces);
}

}  // namespace proa::program
