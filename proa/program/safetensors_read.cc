#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <iterator>
#include <nlohmann/json.hpp>

#include "proa/base/checked.h"
#include "proa/base/crc32c.h"
#include "proa/base/error.h"
#include "proa/program/safetensors_format.h"

namespace proa::program {

namespace {

struct FormatDType {
  std::string_view name;
  int bits;
  std::optional<DType> dtype;
};

// Every dtype that the format names (safetensors 0.8); those of Proa first.
constexpr FormatDType kFormatDTypes[] = {
    {"BOOL", 8, DType::boolean},
    {"U8", 8, DType::u8},
    {"I8", 8, DType::i8},
    {"I16", 16, DType::i16},
    {"I32", 32, DType::i32},
    {"I64", 64, DType::i64},
    {"F16", 16, DType::f16},
    {"BF16", 16, DType::bf16},
    {"F32", 32, DType::f32},
    {"F64", 64, DType::f64},
    {"C64", 64, DType::c64},
    {"F8_E4M3", 8, DType::f8e4m3},
    {"F8_E5M2", 8, DType::f8e5m2},
    {"U16", 16, {}},
    {"U32", 32, {}},
    {"U64", 64, {}},
    {"F8_E8M0", 8, {}},
    {"F8_E4M3FNUZ", 8, {}},
    {"F8_E5M2FNUZ", 8, {}},
    {"F6_E2M3", 6, {}},
    {"F6_E3M2", 6, {}},
    {"F4", 4, {}},
};

const FormatDType* find_format_dtype(std::string_view name) {
  for (const auto& row : kFormatDTypes) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

// Lets the JSON parser's events know how far it has read.
struct Cursor {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at;
  const char** seen;
  reference operator*() const { return *at; }
  Cursor& operator++() {
    *seen = ++at;
    return *this;
  }
  Cursor operator++(int) {
    Cursor before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Cursor& a, const Cursor& b) { return a.at == b.at; }
  friend bool operator!=(const Cursor& a, const Cursor& b) { return a.at != b.at; }
};

}  // namespace

// Receives the events of the JSON parser. The header's grammar is three levels deep, so a state and
// a check at each event are the whole of it; deeper nesting is refused at its first bracket.
class SafetensorsReader {
 public:
  SafetensorsReader(std::span<const std::byte> bytes, std::string source) : bytes_(bytes) {
    file_.source_ = std::move(source);
  }

  SafetensorsFile read(bool verify);

  // The parser's events.
  bool null() { return unexpected("null"); }
  bool boolean(bool) { return unexpected("a boolean"); }
  bool number_integer(int64_t value) { return unexpected(str("the number ", value)); }
  bool number_unsigned(uint64_t value);
  bool number_float(double, const std::string&) {
    return unexpected("a number that is no integer");
  }
  bool string(std::string& value);
  bool binary(std::vector<uint8_t>&) { return unexpected("binary data"); }
  bool start_object(size_t);
  bool key(std::string& name);
  bool end_object();
  bool start_array(size_t);
  bool end_array();
  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) {
    fail_at(position == 0 ? 0 : position - 1, "the header is not valid UTF-8 JSON");
  }

 private:
  enum class State {
    start,
    top,
    tensor_value,
    tensor,
    dtype,
    shape,
    offsets,
    metadata,
    metadata_text,
    end
  };
  enum Field { kDType = 1, kShape = 2, kOffsets = 4, kAllFields = 7 };

  [[noreturn]] void fail(std::string_view message) const {
    throw UserError(ErrorKind::io, str("cannot read ", file_.source_, ": ", message));
  }
  [[noreturn]] void fail_at(size_t header_position, std::string_view message) const {
    fail(str(message, " (at byte ", header_position + 8, " of the file)"));
  }
  size_t position() const { return static_cast<size_t>(seen_ - header_.data()); }
  bool unexpected(std::string_view got) const;
  SafetensorsEntry& entry() { return file_.entries_.back(); }
  std::string tensor_name() const { return str("tensor ", shown(file_.entries_.back().name)); }

  void find_header();
  void parse_header();
  void check_names();
  void check_sizes() const;
  void check_layout();
  void take_checksums();
  void take_complex128();

  std::span<const std::byte> bytes_;
  std::string_view header_;
  const char* seen_ = nullptr;
  State state_ = State::start;
  int fields_ = 0;  // of the tensor being read
  int offset_count_ = 0;
  bool has_metadata_ = false;
  std::string metadata_key_;
  std::vector<const SafetensorsEntry*> by_offset_;
  SafetensorsFile file_;
};

bool SafetensorsReader::unexpected(std::string_view got) const {
  std::string expected;
  switch (state_) {
    case State::start: expected = "the header to be an object"; break;
    case State::top: expected = "the name of a tensor"; break;
    case State::tensor_value: expected = str(tensor_name(), " to be an object"); break;
    case State::tensor: expected = str("a field of ", tensor_name()); break;
    case State::dtype: expected = str("the dtype of ", tensor_name(), " to be a string"); break;
    case State::shape:
      expected = str("the shape of ", tensor_name(), " to be a list of sizes");
      break;
    case State::offsets:
      expected = str("data_offsets of ", tensor_name(), " to be a list of two offsets");
      break;
    case State::metadata: expected = str(kMetadataKey, " to be an object"); break;
    case State::metadata_text:
      expected =
          str("the value of ", shown(metadata_key_), " in ", kMetadataKey, " to be a string");
      break;
    case State::end: expected = "nothing after the header"; break;
  }
  fail_at(position(), str("expected ", expected, ", got ", got));
}

// Lists are read in two steps: the state says which list, and a bracket has been seen once
// offset_count_ is not negative.
bool SafetensorsReader::number_unsigned(uint64_t value) {
  bool in_list = (state_ == State::shape || state_ == State::offsets) && offset_count_ >= 0;
  if (!in_list) return unexpected(str("the number ", value));
  if (value > static_cast<uint64_t>(INT64_MAX)) return unexpected(str("the number ", value));
  auto number = static_cast<int64_t>(value);
  if (state_ == State::shape) {
    if (entry().dims.size() == kMaxRank) {
      fail_at(position(), str(tensor_name(), " has more than ", kMaxRank, " dims"));
    }
    entry().dims.push_back(number);
  } else {
    if (offset_count_ == 2) return unexpected("more than two");
    (offset_count_++ == 0 ? entry().begin : entry().end) = number;
  }
  return true;
}

bool SafetensorsReader::string(std::string& value) {
  if (state_ == State::dtype) {
    const FormatDType* row = find_format_dtype(value);
    if (!row) fail_at(position(), str(tensor_name(), " has the unknown dtype ", shown(value)));
    entry().dtype_text = row->name;
    entry().dtype = row->dtype;
    state_ = State::tensor;
    return true;
  }
  if (state_ == State::metadata_text) {
    if (!file_.metadata_.emplace(metadata_key_, std::move(value)).second) {
      fail_at(position(), str("the key ", shown(metadata_key_), " comes twice in ", kMetadataKey));
    }
    state_ = State::metadata;
    return true;
  }
  return unexpected(str("the string ", shown(value)));
}

bool SafetensorsReader::start_object(size_t) {
  // The state "metadata" with nothing read yet is entered by the key; its object opens once.
  if (state_ == State::start) {
    state_ = State::top;
  } else if (state_ == State::tensor_value) {
    state_ = State::tensor;
    fields_ = 0;
  } else if (state_ == State::metadata && !has_metadata_) {
    has_metadata_ = true;
  } else {
    return unexpected("an object");
  }
  return true;
}

bool SafetensorsReader::key(std::string& name) {
  if (state_ == State::top) {
    if (name == kMetadataKey) {
      if (has_metadata_) fail_at(position(), str(kMetadataKey, " comes twice"));
      state_ = State::metadata;
    } else {
      file_.entries_.emplace_back().name = std::move(name);
      state_ = State::tensor_value;
    }
    return true;
  }
  if (state_ == State::metadata) {
    metadata_key_ = std::move(name);
    state_ = State::metadata_text;
    return true;
  }
  int field = 0;
  if (name == "dtype") field = kDType, state_ = State::dtype;
  if (name == "shape") field = kShape, state_ = State::shape;
  if (name == "data_offsets") field = kOffsets, state_ = State::offsets;
  if (field == 0) {
    fail_at(position(), str("unknown field ", shown(name), " of ", tensor_name()));
  }
  if ((fields_ & field) != 0) {
    fail_at(position(), str("the field ", name, " of ", tensor_name(), " comes twice"));
  }
  fields_ |= field;
  offset_count_ = -1;  // no bracket yet
  return true;
}

bool SafetensorsReader::end_object() {
  if (state_ == State::tensor) {
    for (auto [field, name] :
         {std::pair{kDType, "dtype"}, {kShape, "shape"}, {kOffsets, "data_offsets"}}) {
      if ((fields_ & field) == 0) fail_at(position(), str(tensor_name(), " has no ", name));
    }
    state_ = State::top;
  } else {
    state_ = state_ == State::metadata ? State::top : State::end;
  }
  return true;
}

bool SafetensorsReader::start_array(size_t) {
  if ((state_ != State::shape && state_ != State::offsets) || offset_count_ >= 0) {
    return unexpected("a list");
  }
  offset_count_ = 0;
  return true;
}

bool SafetensorsReader::end_array() {
  if (state_ == State::offsets && offset_count_ != 2) {
    return unexpected(str(offset_count_, " of them"));
  }
  state_ = State::tensor;
  return true;
}

void SafetensorsReader::find_header() {
  if (bytes_.size() < 8) {
    fail(str("it has ", bytes_.size(),
             " bytes; a safetensors file begins with 8 bytes that hold the "
             "length of its header"));
  }
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i)
    length = (length << 8) | static_cast<uint8_t>(bytes_[static_cast<size_t>(i)]);
  if (length > static_cast<uint64_t>(kMaxHeader)) {
    fail(str("the header's length (bytes 0..7) is ", length, "; expected at most ", kMaxHeader,
             ". Is this a safetensors file?"));
  }
  if (length > bytes_.size() - 8) {
    fail(str("it is truncated: the header's length (bytes 0..7) is ", length, ", but only ",
             bytes_.size() - 8, " bytes follow"));
  }
  header_ = {reinterpret_cast<const char*>(bytes_.data()) + 8, static_cast<size_t>(length)};
  file_.data_ = bytes_.subspan(8 + static_cast<size_t>(length));
  if (header_.empty() || header_[0] != '{') fail_at(0, "the header does not begin with '{'");
  // The JSON parser would take a zero byte for the end of its input.
  if (size_t zero = header_.find('\0'); zero != std::string_view::npos) {
    fail_at(zero, "the header holds a zero byte");
  }
}

void SafetensorsReader::parse_header() {
  seen_ = header_.data();
  const char* end = header_.data() + header_.size();
  bool done = nlohmann::json::sax_parse(Cursor{seen_, &seen_}, Cursor{end, &seen_}, this);
  PROA_CHECK(done && state_ == State::end);
}

void SafetensorsReader::check_names() {
  auto& entries = file_.entries_;
  std::sort(entries.begin(), entries.end(), [](auto& a, auto& b) { return a.name < b.name; });
  auto twice = std::adjacent_find(entries.begin(), entries.end(),
                                  [](auto& a, auto& b) { return a.name == b.name; });
  if (twice != entries.end()) fail(str("the header names tensor ", shown(twice->name), " twice"));
}

void SafetensorsReader::check_sizes() const {
  for (const auto& entry : file_.entries_) {
    std::string place = str("data_offsets ", list_str(std::array{entry.begin, entry.end}),
                            " of tensor ", shown(entry.name));
    if (entry.begin > entry.end) fail(str(place, " run backwards"));
    auto size = static_cast<int64_t>(file_.data_.size());
    if (entry.end > size) {
      fail(str(place, " end after the data, which are ", size,
               " bytes long: the file is truncated or its "
               "header is damaged"));
    }
    auto elements = checked_elements(entry.dims);
    auto bits =
        elements ? checked_mul(*elements, find_format_dtype(entry.dtype_text)->bits) : std::nullopt;
    std::string what = str(entry.dtype_text, " of shape ", list_str(entry.dims));
    if (!bits) fail(str("tensor ", shown(entry.name), ", ", what, ", has more than 2^63 bits"));
    if (*bits % 8 != 0) fail(str("tensor ", shown(entry.name), ", ", what, ", ends inside a byte"));
    if (*bits / 8 != entry.end - entry.begin) {
      fail(str(place, " hold ", entry.end - entry.begin, " bytes, but ", what, " takes ",
               *bits / 8));
    }
  }
}

void SafetensorsReader::check_layout() {
  for (const auto& entry : file_.entries_) by_offset_.push_back(&entry);
  std::sort(by_offset_.begin(), by_offset_.end(), [](const auto* a, const auto* b) {
    return a->begin != b->begin ? a->begin < b->begin : a->end < b->end;
  });
  int64_t expected = 0;
  for (const auto* entry : by_offset_) {
    if (entry->begin != expected) {
      fail(str("tensor ", shown(entry->name), " begins at data offset ", entry->begin,
               entry->begin < expected ? ", inside the tensor before it, which ends at "
                                       : ", but the tensor before it ends at ",
               expected));
    }
    expected = entry->end;
  }
  if (static_cast<size_t>(expected) != file_.data_.size()) {
    fail(str(file_.data_.size() - static_cast<size_t>(expected),
             " bytes follow the last tensor, which ends at data offset ", expected));
  }
}

void SafetensorsReader::take_checksums() {
  auto found = file_.metadata_.find(std::string(kChecksumKey));
  if (found == file_.metadata_.end()) return;
  // Words of eight digits with a space between: the header's, then those of the tensors.
  std::string_view text = found->second;
  std::vector<uint32_t> values;
  for (size_t at = 0; at + 8 <= text.size(); at += 9) {
    auto [end, error] =
        std::from_chars(text.data() + at, text.data() + at + 8, values.emplace_back(), 16);
    bool whole = error == std::errc() && end == text.data() + at + 8;
    if (!whole || (at + 8 < text.size() && text[at + 8] != ' ')) {
      values.clear();
      break;
    }
  }
  if (values.size() != file_.entries_.size() + 1 || text.size() != 9 * values.size() - 1) {
    fail(str(kChecksumKey, " in ", kMetadataKey, " is damaged: expected ",
             file_.entries_.size() + 1, " checksums of 8 hexadecimal digits"));
  }
  std::vector<const SafetensorsEntry*> by_name;
  for (const auto& entry : file_.entries_) by_name.push_back(&entry);
  if (header_checksum(by_name, file_.metadata_) != values[0]) {
    fail(
        "the header does not match its checksum: it was damaged, or changed by a program that kept "
        "Proa's checksums (loading without verification accepts it)");
  }
  file_.has_checksums_ = true;
  file_.checksums_.resize(file_.entries_.size());
  for (size_t i = 0; i < by_offset_.size(); ++i) {
    file_.checksums_[static_cast<size_t>(by_offset_[i] - file_.entries_.data())] = values[i + 1];
  }
}

void SafetensorsReader::take_complex128() {
  for (const auto& [key, value] : file_.metadata_) {
    if (!key.starts_with(kDTypePrefix)) continue;
    std::string_view name = std::string_view(key).substr(kDTypePrefix.size());
    auto* entry = const_cast<SafetensorsEntry*>(file_.find(name));
    if (!entry || value != kComplex128 || entry->dtype != DType::f64 || entry->dims.empty() ||
        entry->dims.back() != 2) {
      fail(str(shown(key), " in ", kMetadataKey, " says ", shown(value),
               "; expected C128 and a tensor of that name, F64 with a last extent of 2"));
    }
    entry->dtype = DType::c128;
    entry->dtype_text = kComplex128;
    entry->dims.pop_back();
  }
}

SafetensorsFile SafetensorsReader::read(bool verify) {
  find_header();
  parse_header();
  check_names();
  check_sizes();
  check_layout();
  if (verify) take_checksums();
  take_complex128();
  std::erase_if(file_.metadata_, [](const auto& row) { return row.first.starts_with(kOwnPrefix); });
  return std::move(file_);
}

SafetensorsFile SafetensorsFile::parse(std::span<const std::byte> bytes, std::string source,
                                       bool verify) {
  return SafetensorsReader(bytes, std::move(source)).read(verify);
}

SafetensorsFile SafetensorsFile::open(const std::string& path, bool verify) {
  auto map = MappedFile::open(path);
  SafetensorsFile file = parse(map->bytes(), path, verify);
  file.map_ = std::move(map);
  return file;
}

const SafetensorsEntry* SafetensorsFile::find(std::string_view name) const {
  auto at =
      std::lower_bound(entries_.begin(), entries_.end(), name,
                       [](const auto& entry, std::string_view key) { return entry.name < key; });
  return at != entries_.end() && at->name == name ? &*at : nullptr;
}

std::span<const std::byte> SafetensorsFile::bytes(const SafetensorsEntry& entry) const {
  return data_.subspan(static_cast<size_t>(entry.begin),
                       static_cast<size_t>(entry.end - entry.begin));
}

std::span<const std::byte> SafetensorsFile::data(const SafetensorsEntry& entry) const {
  auto index = static_cast<size_t>(&entry - entries_.data());
  PROA_CHECK(index < entries_.size(), "an entry of another file");
  auto bytes = this->bytes(entry);
  if (has_checksums_ && crc32c(bytes) != checksums_[index]) {
    throw UserError(
        ErrorKind::io,
        str("cannot read ", source_, ": tensor ", shown(entry.name), " (data offsets ", entry.begin,
            "..", entry.end,
            ") does not match its checksum: it was damaged, or changed by a "
            "program that kept Proa's checksums (loading without verification accepts it)"));
  }
  return bytes;
}

DType SafetensorsFile::dtype(const SafetensorsEntry& entry) const {
  if (entry.dtype) return *entry.dtype;
  throw UserError(
      ErrorKind::not_supported,
      str("cannot load tensor ", shown(entry.name), " of ", source_, ": Proa has no dtype ",
          entry.dtype_text, "; convert it to a wider signed integer or another float first"));
}

}  // namespace proa::program
