#include "proa/base/bytes.h"

#include <bit>
#include <cstring>

#include "proa/base/error.h"

namespace proa {

static_assert(std::endian::native == std::endian::little, "files are little endian");

void ByteWriter::natural(uint64_t value) {
  for (; value >= 0x80; value >>= 7) byte(static_cast<uint8_t>(value | 0x80));
  byte(static_cast<uint8_t>(value));
}

void ByteWriter::integer(int64_t value) {
  natural(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}

void ByteWriter::real(double value) {
  auto bits = std::bit_cast<uint64_t>(value);
  for (int i = 0; i < 8; ++i) byte(static_cast<uint8_t>(bits >> (8 * i)));
}

void ByteWriter::text(std::string_view value) {
  natural(value.size());
  raw(std::as_bytes(std::span(value)));
}

void ByteWriter::raw(std::span<const std::byte> value) {
  bytes_.insert(bytes_.end(), value.begin(), value.end());
}

void ByteWriter::align(size_t to) {
  while (bytes_.size() % to != 0) byte(0);
}

void ByteReader::fail(std::string_view what) const {
  throw UserError(ErrorKind::io, str("cannot read ", source_, ": byte ", at_, ": ", what));
}

uint8_t ByteReader::byte() {
  if (at_ == bytes_.size()) fail("it ends too early");
  return static_cast<uint8_t>(bytes_[at_++]);
}

bool ByteReader::flag() {
  uint8_t value = byte();
  if (value > 1) fail(str("expected 0 or 1, got ", value));
  return value == 1;
}

uint64_t ByteReader::natural() {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    uint64_t next = byte();
    bool last = next < 0x80;
    if (shift == 63 && next > 1) fail("a number of more than 64 bits");
    if (last && next == 0 && shift > 0) fail("a number with needless bytes");
    value |= (next & 0x7f) << shift;
    if (last) return value;
  }
}

int64_t ByteReader::integer() {
  uint64_t value = natural();
  return static_cast<int64_t>(value >> 1 ^ -(value & 1));
}

double ByteReader::real() {
  uint64_t bits = 0;
  for (int i = 0; i < 8; ++i) bits |= uint64_t{byte()} << (8 * i);
  return std::bit_cast<double>(bits);
}

std::string_view ByteReader::text() {
  auto bytes = raw(count());
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::byte> ByteReader::raw(size_t size) {
  if (size > left()) fail(str(size, " bytes are announced, but ", left(), " are left"));
  auto result = bytes_.subspan(at_, size);
  at_ += size;
  return result;
}

void ByteReader::skip_to(size_t multiple) {
  while (at_ % multiple != 0) {
    if (byte() != 0) fail("expected zeros up to the next multiple");
  }
}

size_t ByteReader::count(size_t least) {
  uint64_t value = natural();
  if (value > left() / least) fail(str("a count of ", value, " with ", left(), " bytes left"));
  return static_cast<size_t>(value);
}

size_t ByteReader::index(size_t limit, std::string_view what) {
  uint64_t value = natural();
  if (value >= limit) fail(str("number ", value, " of ", limit, " ", what));
  return static_cast<size_t>(value);
}

int32_t ByteReader::int32() {
  int64_t value = integer();
  if (value < INT32_MIN || value > INT32_MAX) fail(str(value, " does not fit 32 bits"));
  return static_cast<int32_t>(value);
}

void ByteReader::expect_end() const {
  if (left() != 0) fail(str(left(), " bytes follow where it should end"));
}

}  // namespace proa
