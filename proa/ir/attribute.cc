#include "proa/ir/attribute.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "proa/base/error.h"
#include "proa/base/hash.h"
#include "proa/ir/storage.h"

namespace proa::ir {

namespace {

uint64_t bits_of(double value) {
  return std::isnan(value) ? 0x7ff8000000000000ull : std::bit_cast<uint64_t>(value);
}

bool same_bits(double a, double b) { return bits_of(a) == bits_of(b); }

constexpr size_t kUniqueBytes = 1024;

bool same_tensor(const TensorData& a, const TensorData& b) {
  if (a.dtype != b.dtype || a.dims != b.dims || a.size != b.size) return false;
  if (a.size == 0 || a.bytes == b.bytes) return true;  // of no bytes there may be no address
  return a.size <= kUniqueBytes && std::memcmp(a.bytes, b.bytes, a.size) == 0;
}

uint64_t hash_tensor(const TensorData& data) {
  uint64_t hash = combine(static_cast<uint64_t>(data.dtype), data.size);
  for (int64_t dim : data.dims) hash = combine(hash, static_cast<uint64_t>(dim));
  if (data.size <= kUniqueBytes) return combine(hash, hash_bytes(data.bytes, data.size));
  return combine(hash, reinterpret_cast<uintptr_t>(data.bytes));
}

uint64_t hash_of(const AttrStorage& s) {
  uint64_t hash = combine(static_cast<uint64_t>(s.kind), static_cast<uint64_t>(s.integer));
  hash = combine(hash, bits_of(s.number.real()));
  hash = combine(hash, bits_of(s.number.imag()));
  hash = combine(hash, hash_text(s.text));
  for (int64_t i : s.ints) hash = combine(hash, static_cast<uint64_t>(i));
  for (double r : s.reals) hash = combine(hash, bits_of(r));
  for (Dim d : s.dims) hash = combine(hash, d.bits());
  for (Attribute a : s.array) hash = combine(hash, reinterpret_cast<uintptr_t>(a.storage()));
  for (const NamedAttr& n : s.dict) {
    hash = combine(hash, reinterpret_cast<uintptr_t>(n.name.key()));
    hash = combine(hash, reinterpret_cast<uintptr_t>(n.storage));
  }
  hash = combine(hash, reinterpret_cast<uintptr_t>(s.type.storage()));
  if (s.tensor) hash = combine(hash, hash_tensor(*s.tensor));
  return hash;
}

bool same(const AttrStorage& a, const AttrStorage& b) {
  auto same_named = [](const NamedAttr& x, const NamedAttr& y) {
    return x.name == y.name && x.storage == y.storage;
  };
  if (a.kind != b.kind || a.integer != b.integer || a.text != b.text || a.ints != b.ints)
    return false;
  if (!same_bits(a.number.real(), b.number.real()) ||
      !same_bits(a.number.imag(), b.number.imag())) {
    return false;
  }
  if (!std::ranges::equal(a.reals, b.reals, same_bits)) return false;
  if (a.dims != b.dims || a.array != b.array || !(a.type == b.type)) return false;
  if (!std::ranges::equal(a.dict, b.dict, same_named)) return false;
  if (!a.tensor || !b.tensor) return !a.tensor && !b.tensor;
  return same_tensor(*a.tensor, *b.tensor);
}

Attribute unique(Context& context, AttrStorage storage) {
  storage.context = &context;
  storage.hash = hash_of(storage);
  std::lock_guard lock(context.impl().mutex);
  return Attribute(context.impl().attrs.get(std::move(storage), same));
}

AttrStorage of(AttrKind kind) {
  AttrStorage storage;
  storage.kind = kind;
  return storage;
}

std::string_view kind_name(AttrKind kind) {
  constexpr std::string_view kNames[] = {
      "unit",  "boolean", "integer", "real", "complex", "string", "dtype",  "dim",   "ints",
      "reals", "dims",    "array",   "dict", "type",    "tensor", "symbol", "custom"};
  return kNames[static_cast<size_t>(kind)];
}

const AttrStorage& expect(const AttrStorage* storage, AttrKind kind) {
  PROA_CHECK(storage && storage->kind == kind, "expected an attribute of kind ", kind_name(kind),
             ", got ", storage ? kind_name(storage->kind) : "none");
  return *storage;
}

void sort_by_name(std::vector<NamedAttr>& items) {
  std::ranges::sort(items, {}, [](const NamedAttr& n) { return n.name.view(); });
}

}  // namespace

Attribute Attribute::unit(Context& c) { return unique(c, of(AttrKind::unit)); }

Attribute Attribute::boolean(Context& c, bool value) {
  auto s = of(AttrKind::boolean);
  s.integer = value;
  return unique(c, std::move(s));
}

Attribute Attribute::integer(Context& c, int64_t value) {
  auto s = of(AttrKind::integer);
  s.integer = value;
  return unique(c, std::move(s));
}

Attribute Attribute::real(Context& c, double value) {
  auto s = of(AttrKind::real);
  s.number = value;
  return unique(c, std::move(s));
}

Attribute Attribute::complex(Context& c, std::complex<double> value) {
  auto s = of(AttrKind::complex);
  s.number = value;
  return unique(c, std::move(s));
}

Attribute Attribute::string(Context& c, std::string_view value) {
  auto s = of(AttrKind::string);
  s.text = value;
  return unique(c, std::move(s));
}

Attribute Attribute::dtype(Context& c, DType value) {
  auto s = of(AttrKind::dtype);
  s.integer = static_cast<int64_t>(value);
  return unique(c, std::move(s));
}

Attribute Attribute::dim(Context& c, Dim value) {
  auto s = of(AttrKind::dim);
  s.dims = {value};
  return unique(c, std::move(s));
}

Attribute Attribute::ints(Context& c, std::span<const int64_t> values) {
  auto s = of(AttrKind::ints);
  s.ints.assign(values.begin(), values.end());
  return unique(c, std::move(s));
}

Attribute Attribute::reals(Context& c, std::span<const double> values) {
  auto s = of(AttrKind::reals);
  s.reals.assign(values.begin(), values.end());
  return unique(c, std::move(s));
}

Attribute Attribute::dims(Context& c, std::span<const Dim> values) {
  // Constant dims are stored as ints, so that one shape has one attribute.
  if (std::ranges::all_of(values, [](Dim d) { return d.is_const(); })) {
    std::vector<int64_t> numbers;
    for (Dim d : values) numbers.push_back(d.constant());
    return ints(c, numbers);
  }
  auto s = of(AttrKind::dims);
  s.dims.assign(values.begin(), values.end());
  return unique(c, std::move(s));
}

Attribute Attribute::array(Context& c, std::span<const Attribute> values) {
  auto s = of(AttrKind::array);
  s.array.assign(values.begin(), values.end());
  return unique(c, std::move(s));
}

Attribute Attribute::dict(Context& c, std::vector<NamedAttr> items) {
  auto s = of(AttrKind::dict);
  s.dict = std::move(items);
  sort_by_name(s.dict);
  return unique(c, std::move(s));
}

Attribute Attribute::type(Context& c, Type value) {
  auto s = of(AttrKind::type);
  s.type = value;
  return unique(c, std::move(s));
}

Attribute Attribute::symbol(Context& c, std::string_view function) {
  auto s = of(AttrKind::symbol);
  s.text = function;
  return unique(c, std::move(s));
}

Attribute Attribute::tensor(Context& c, TensorData data) {
  auto s = of(AttrKind::tensor);
  s.tensor = std::make_unique<TensorData>(std::move(data));
  return unique(c, std::move(s));
}

Attribute Attribute::custom(Context& c, std::string_view full_name,
                            std::span<const Attribute> parameters) {
  auto s = of(AttrKind::custom);
  s.text = full_name;
  s.array.assign(parameters.begin(), parameters.end());
  return unique(c, std::move(s));
}

AttrKind Attribute::kind() const { return storage_->kind; }
bool Attribute::as_bool() const { return expect(storage_, AttrKind::boolean).integer != 0; }
int64_t Attribute::as_int() const { return expect(storage_, AttrKind::integer).integer; }

double Attribute::as_real() const {
  if (is(AttrKind::integer)) return static_cast<double>(storage_->integer);
  return expect(storage_, AttrKind::real).number.real();
}

std::complex<double> Attribute::as_complex() const {
  return is(AttrKind::complex) ? storage_->number : std::complex<double>(as_real());
}

std::string_view Attribute::as_string() const {
  return is(AttrKind::symbol) ? storage_->text : expect(storage_, AttrKind::string).text;
}

DType Attribute::as_dtype() const {
  return static_cast<DType>(expect(storage_, AttrKind::dtype).integer);
}

Dim Attribute::as_dim() const {
  if (is(AttrKind::integer)) return Dim(storage_->integer);
  return expect(storage_, AttrKind::dim).dims[0];
}

std::span<const int64_t> Attribute::as_ints() const {
  return expect(storage_, AttrKind::ints).ints;
}
std::span<const double> Attribute::as_reals() const {
  return expect(storage_, AttrKind::reals).reals;
}

std::vector<Dim> Attribute::as_dims() const {
  if (is(AttrKind::ints)) return {storage_->ints.begin(), storage_->ints.end()};
  return expect(storage_, AttrKind::dims).dims;
}

std::span<const Attribute> Attribute::as_array() const {
  return is(AttrKind::custom) ? storage_->array : expect(storage_, AttrKind::array).array;
}

std::span<const NamedAttr> Attribute::as_dict() const {
  return expect(storage_, AttrKind::dict).dict;
}
Type Attribute::as_type() const { return expect(storage_, AttrKind::type).type; }
const TensorData& Attribute::as_tensor() const {
  return *expect(storage_, AttrKind::tensor).tensor;
}
std::string_view Attribute::custom_name() const { return expect(storage_, AttrKind::custom).text; }

AttrList::AttrList(std::vector<NamedAttr> items) : items_(std::move(items)) {
  std::erase_if(items_, [](const NamedAttr& n) { return n.storage == nullptr; });
  sort_by_name(items_);
}

Attribute AttrList::get(std::string_view name) const {
  for (const NamedAttr& item : items_) {
    if (item.name.view() == name) return item.value();
  }
  return {};
}

void AttrList::set(Name name, Attribute value) {
  auto at = std::ranges::lower_bound(items_, name.view(), {},
                                     [](const NamedAttr& n) { return n.name.view(); });
  bool found = at != items_.end() && at->name == name;
  if (!value) {
    if (found) items_.erase(at);
  } else if (found) {
    at->storage = value.storage();
  } else {
    items_.insert(at, {name, value.storage()});
  }
}

bool operator==(const AttrList& a, const AttrList& b) {
  return std::ranges::equal(a.items_, b.items_, [](const NamedAttr& x, const NamedAttr& y) {
    return x.name == y.name && x.storage == y.storage;
  });
}

uint64_t AttrList::hash() const {
  uint64_t hash = items_.size();
  for (const NamedAttr& item : items_) {
    hash = combine(hash, reinterpret_cast<uintptr_t>(item.name.key()));
    hash = combine(hash, reinterpret_cast<uintptr_t>(item.storage));
  }
  return hash;
}

}  // namespace proa::ir
