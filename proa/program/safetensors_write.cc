#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "proa/base/checked.h"
#include "proa/base/crc32c.h"
#include "proa/base/error.h"
#include "proa/program/safetensors_format.h"

namespace proa::program {

namespace {

constexpr int64_t kAlignment = 64;

std::string_view format_name(DType dtype) {
  switch (dtype) {
    case DType::boolean: return "BOOL";
    case DType::u8: return "U8";
    case DType::i8: return "I8";
    case DType::i16: return "I16";
    case DType::i32: return "I32";
    case DType::i64: return "I64";
    case DType::f16: return "F16";
    case DType::bf16: return "BF16";
    case DType::f32: return "F32";
    case DType::f64: return "F64";
    case DType::c64: return "C64";
    case DType::c128: return "F64";  // with a last extent of 2
    case DType::f8e4m3: return "F8_E4M3";
    case DType::f8e5m2: return "F8_E5M2";
  }
  return "";
}

// JSON text of a string; the library refuses what is not UTF-8.
std::string json_text(std::string_view text, std::string_view what) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::type_error&) {
    throw UserError(ErrorKind::value, "save", what, "expected UTF-8 text, got other bytes");
  }
}

struct Layout {
  std::string prefix;  // length and header
  std::vector<std::span<const std::byte>> pieces;
};

std::string header_json(std::span<const SafetensorsEntry* const> entries, const TextMap& metadata) {
  std::string json = str("{", json_text(kMetadataKey, ""), ":{");
  for (bool first = true; const auto& [key, value] : metadata) {
    if (!std::exchange(first, false)) json += ",";
    json += str(json_text(key, "metadata"), ":", json_text(value, "metadata"));
  }
  json += "}";
  for (const auto* entry : entries) {
    json += str(",", json_text(entry->name, "name"), ":{\"dtype\":\"", entry->dtype_text,
                "\",\"shape\":[");
    for (size_t i = 0; i < entry->dims.size(); ++i) json += str(i == 0 ? "" : ",", entry->dims[i]);
    json += str("],\"data_offsets\":[", entry->begin, ",", entry->end, "]}");
  }
  return json + "}";
}

void check_tensor(const SafetensorsTensor& tensor) {
  auto bytes = checked_bytes(tensor.dims, tensor.dtype);
  PROA_CHECK(bytes && static_cast<size_t>(*bytes) == tensor.bytes.size(), shown(tensor.name),
             " of shape ", list_str(tensor.dims), " has ", tensor.bytes.size(), " bytes");
  if (tensor.name == kMetadataKey) {
    throw UserError(
        ErrorKind::value, "save", "name",
        str("expected a name other than ", kMetadataKey, ", which the format reserves"));
  }
  if (tensor.dims.size() + (tensor.dtype == DType::c128) > kMaxRank) {
    throw UserError(ErrorKind::value, "save", tensor.name,
                    str("expected at most ", kMaxRank, " dims, got ", tensor.dims.size()));
  }
}

Layout lay_out(std::span<const SafetensorsTensor> tensors, const TextMap& user_metadata,
               SafetensorsStyle style) {
  std::vector<const SafetensorsTensor*> order;
  for (const auto& tensor : tensors) {
    check_tensor(tensor);
    order.push_back(&tensor);
  }
  // Wide dtypes first: every tensor then begins at a multiple of its element.
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    size_t width_a = size_of(a->dtype), width_b = size_of(b->dtype);
    return width_a != width_b ? width_a > width_b : a->name < b->name;
  });

  TextMap metadata = user_metadata;
  for (const auto& [key, value] : metadata) {
    if (key.starts_with(kOwnPrefix)) {
      throw UserError(
          ErrorKind::value, "save", "metadata",
          str("expected keys that do not begin with ", kOwnPrefix, ", got ", shown(key)));
    }
  }

  Layout layout;
  std::vector<SafetensorsEntry> entries;
  std::string checksums;
  int64_t offset = 0;
  auto add_checksum = [&](uint32_t checksum) {
    char digits[10];
    std::snprintf(digits, sizeof digits, " %08x", checksum);
    checksums += digits;
  };
  int64_t fillers = 0;
  auto fill = [&] {
    static constexpr std::array<std::byte, kAlignment> kZeros{};
    int64_t missing = (kAlignment - offset % kAlignment) % kAlignment;
    if (missing == 0) return;
    auto zeros = std::span(kZeros).first(static_cast<size_t>(missing));
    entries.push_back({str(style.filler, fillers++),
                       std::string(format_name(DType::u8)),
                       DType::u8,
                       {missing},
                       offset,
                       offset + missing});
    layout.pieces.push_back(zeros);
    add_checksum(crc32c(zeros));
    offset += missing;
  };
  for (const auto* tensor : order) {
    if (!style.filler.empty() && !tensor->bytes.empty()) fill();
    auto next = checked_add(offset, static_cast<int64_t>(tensor->bytes.size()));
    PROA_CHECK(next, "tensors of more than 2^63 bytes");
    SafetensorsEntry entry{std::string(tensor->name),
                           std::string(format_name(tensor->dtype)),
                           tensor->dtype,
                           {tensor->dims.begin(), tensor->dims.end()},
                           offset,
                           *next};
    if (tensor->dtype == DType::c128) {
      entry.dims.push_back(2);
      metadata[str(kDTypePrefix, tensor->name)] = kComplex128;
    }
    entries.push_back(std::move(entry));
    layout.pieces.push_back(tensor->bytes);
    add_checksum(crc32c(tensor->bytes));
    offset = *next;
  }
  std::vector<const SafetensorsEntry*> pointers;
  for (const auto& entry : entries) pointers.push_back(&entry);
  auto by_name = pointers;
  std::sort(by_name.begin(), by_name.end(),
            [](const auto* a, const auto* b) { return a->name < b->name; });
  auto twice = std::adjacent_find(by_name.begin(), by_name.end(),
                                  [](const auto* a, const auto* b) { return a->name == b->name; });
  if (twice != by_name.end()) {
    throw UserError(ErrorKind::value, "save", "name",
                    str("expected different names, got ", shown((*twice)->name), " twice"));
  }
  char header_digits[9];
  std::snprintf(header_digits, sizeof header_digits, "%08x", header_checksum(by_name, metadata));
  metadata[std::string(kChecksumKey)] = header_digits + checksums;

  std::string json = header_json(pointers, metadata);
  int64_t padded =
      (static_cast<int64_t>(json.size()) + 8 + kAlignment - 1) / kAlignment * kAlignment - 8;
  if (padded > kMaxHeader) {
    throw UserError(
        ErrorKind::value, "save", "tensors",
        str("expected names and metadata of at most ", kMaxHeader, " bytes, got ", padded));
  }
  json.resize(static_cast<size_t>(padded), ' ');
  for (int i = 0; i < 8; ++i) layout.prefix += static_cast<char>((padded >> (8 * i)) & 0xff);
  layout.prefix += json;
  return layout;
}

}  // namespace

void write_safetensors(const std::string& path, std::span<const SafetensorsTensor> tensors,
                       const TextMap& metadata, SafetensorsStyle style) {
  Layout layout = lay_out(tensors, metadata, style);
  layout.pieces.insert(layout.pieces.begin(), std::as_bytes(std::span(layout.prefix)));
  write_file(path, layout.pieces);
}

std::vector<std::byte> safetensors_bytes(std::span<const SafetensorsTensor> tensors,
                                         const TextMap& metadata, SafetensorsStyle style) {
  Layout layout = lay_out(tensors, metadata, style);
  auto prefix = std::as_bytes(std::span(layout.prefix));
  std::vector<std::byte> bytes(prefix.begin(), prefix.end());
  for (auto piece : layout.pieces) bytes.insert(bytes.end(), piece.begin(), piece.end());
  return bytes;
}

}  // namespace proa::program
