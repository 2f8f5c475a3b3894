// The safetensors format: named dense tensors behind a JSON header.
// Why this format: it holds no code (unlike pickle), can be mapped without a copy, and the field
// reads it.
//
//   8 bytes   length of the header, little endian
//   header    JSON: {"__metadata__": {text: text}, NAME: {"dtype", "shape", "data_offsets"}, ...},
//   padded
//             with spaces so that the data begin at a multiple of 64
//   data      the tensors, row major, without holes; wide dtypes first, then by name
//
// What Proa adds lives in __metadata__ under keys that begin with "proa.", which others ignore:
//   proa.crc32c        CRC-32C of the header's meaning and of every tensor in order of its data
//   proa.dtype:NAME    "C128": the tensor is stored as F64 with a last extent of 2, because the
//   format
//                      has no complex128
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proa/base/dtype.h"
#include "proa/base/file.h"

namespace proa::program {

using TextMap = std::map<std::string, std::string>;

struct SafetensorsEntry {
  std::string name;
  std::string dtype_text;      // as the file has it: "F32"
  std::optional<DType> dtype;  // nothing where Proa has no such dtype (U16, U32, U64, F4, ...)
  std::vector<int64_t> dims;
  int64_t begin = 0, end = 0;  // in the data section
};

// A header that was checked throughout: offsets in range, no overlap, no hole, sizes that match.
// Whatever is wrong with a file is UserError(io) that names the file, the place and the reason.
class SafetensorsFile {
 public:
  SafetensorsFile() = default;
  // With verify, data() checks the checksum of our own files; those of others have none.
  static SafetensorsFile open(const std::string& path, bool verify = true);
  // `source` is the name in messages. The bytes must outlive the result.
  static SafetensorsFile parse(std::span<const std::byte> bytes, std::string source,
                               bool verify = true);

  std::span<const SafetensorsEntry> entries() const { return entries_; }  // by name
  const SafetensorsEntry* find(std::string_view name) const;
  const TextMap& metadata() const { return metadata_; }  // without Proa's own keys
  bool has_checksums() const { return has_checksums_; }  // and they are verified

  // Bytes of an entry, checked against its checksum; they may lie at any alignment.
  std::span<const std::byte> data(const SafetensorsEntry& entry) const;
  // The same without the checksum.
  std::span<const std::byte> bytes(const SafetensorsEntry& entry) const;
  // The dtype, or UserError(not_supported) where Proa has none.
  DType dtype(const SafetensorsEntry& entry) const;

  // Of an opened file: what keeps its bytes alive. The map is private, so they may be written to.
  const std::shared_ptr<MappedFile>& map() const { return map_; }

 private:
  friend class SafetensorsReader;
  std::string source_;
  std::shared_ptr<MappedFile> map_;
  std::span<const std::byte> data_;
  std::vector<SafetensorsEntry> entries_;
  bool has_checksums_ = false;
  std::vector<uint32_t> checksums_;  // beside entries_
  TextMap metadata_;
};

// A dense, row-major tensor to be written.
struct SafetensorsTensor {
  std::string_view name;
  DType dtype;
  std::span<const int64_t> dims;
  std::span<const std::byte> bytes;
};

// With `filler`, every tensor begins at a multiple of 64: the format allows no holes, so U8 tensors
// named `filler`0, `filler`1, ... fill them. Without, at a multiple of its element.
struct SafetensorsStyle {
  std::string_view filler = {};
};

// The same tensors and metadata give the same file, in whatever order they come. UserError(value)
// for a name that comes twice, is reserved or is not UTF-8.
void write_safetensors(const std::string& path, std::span<const SafetensorsTensor> tensors,
                       const TextMap& metadata = {}, SafetensorsStyle style = {});
std::vector<std::byte> safetensors_bytes(std::span<const SafetensorsTensor> tensors,
                                         const TextMap& metadata = {}, SafetensorsStyle style = {});

}  // namespace proa::program
