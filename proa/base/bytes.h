// Bytes: what our binary forms are written with and read back from.
// Why one reader: files come from anywhere, so each read is checked against the end, each count
// against the bytes that are left, and each complaint tells the place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace proa {

class ByteWriter {
 public:
  void byte(uint8_t value) { bytes_.push_back(static_cast<std::byte>(value)); }
  void flag(bool value) { byte(value ? 1 : 0); }
  void natural(uint64_t value);  // LEB128: seven bits a byte, the lowest first
  void integer(int64_t value);   // zigzag, so that -1 is short too
  void real(double value);       // its bits, little endian
  void text(std::string_view value);
  void raw(std::span<const std::byte> value);
  void align(size_t to);  // with zeros

  size_t size() const { return bytes_.size(); }
  const std::vector<std::byte>& bytes() const { return bytes_; }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

class ByteReader {
 public:
  // `source` names what is read: "model.proa: __proa__.program". The bytes must outlive the reader.
  ByteReader(std::span<const std::byte> bytes, std::string source)
      : bytes_(bytes), source_(std::move(source)) {}

  uint8_t byte();
  bool flag();  // 0 or 1
  uint64_t natural();
  int64_t integer();
  double real();
  std::string_view text();
  std::span<const std::byte> raw(size_t size);
  void skip_to(size_t multiple);  // over zeros

  // How many things follow that take at least `least` bytes each; so no count is believed that the
  // rest of the bytes could not hold.
  size_t count(size_t least = 1);
  // Below `limit`; `what` it is an index of.
  size_t index(size_t limit, std::string_view what);
  int32_t int32();

  size_t at() const { return at_; }
  size_t left() const { return bytes_.size() - at_; }
  const std::string& source() const { return source_; }
  // UserError(io): "cannot read SOURCE: byte N: what".
  [[noreturn]] void fail(std::string_view what) const;
  void expect_end() const;

 private:
  std::span<const std::byte> bytes_;
  std::string source_;
  size_t at_ = 0;
};

}  // namespace proa
