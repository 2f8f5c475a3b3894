#include "proa/ir/type.h"

#include <algorithm>

#include "proa/base/error.h"
#include "proa/base/hash.h"
#include "proa/ir/storage.h"

namespace proa::ir {

namespace {

Type unique(Context& context, TypeStorage storage) {
  storage.context = &context;
  uint64_t hash =
      combine(static_cast<uint64_t>(storage.kind), static_cast<uint64_t>(storage.dtype));
  for (Dim dim : storage.dims) hash = combine(hash, dim.bits());
  hash = combine(hash, hash_text(storage.name));
  for (Attribute p : storage.parameters) {
    hash = combine(hash, reinterpret_cast<uintptr_t>(p.storage()));
  }
  storage.hash = hash;
  std::lock_guard lock(context.impl().mutex);
  return Type(context.impl().types.get(std::move(storage), [](const auto& a, const auto& b) {
    return a.kind == b.kind && a.dtype == b.dtype && a.name == b.name && a.dims == b.dims &&
           a.parameters == b.parameters;
  }));
}

}  // namespace

Type Type::tensor(Context& context, DType dtype, std::span<const Dim> dims) {
  TypeStorage storage;
  storage.kind = TypeKind::tensor;
  storage.dtype = dtype;
  storage.dims.assign(dims.begin(), dims.end());
  return unique(context, std::move(storage));
}

Type Type::token(Context& context) { return unique(context, TypeStorage{}); }

Type Type::custom(Context& context, std::string_view full_name,
                  std::span<const Attribute> parameters) {
  TypeStorage storage;
  storage.kind = TypeKind::custom;
  storage.name = full_name;
  storage.parameters.assign(parameters.begin(), parameters.end());
  return unique(context, std::move(storage));
}

Context& Type::context() const { return *storage_->context; }
TypeKind Type::kind() const { return storage_->kind; }

DType Type::dtype() const {
  PROA_CHECK(is_tensor(), "a dtype was asked of ", to_string(*this));
  return storage_->dtype;
}

std::span<const Dim> Type::dims() const {
  PROA_CHECK(is_tensor(), "dims were asked of ", to_string(*this));
  return storage_->dims;
}

bool Type::is_static() const {
  return std::ranges::all_of(dims(), [](Dim d) { return d.is_const(); });
}

Type Type::with_dtype(DType dtype) const { return tensor(context(), dtype, dims()); }
Type Type::with_dims(std::span<const Dim> dims) const { return tensor(context(), dtype(), dims); }
std::string_view Type::name() const { return storage_->name; }
std::span<const Attribute> Type::parameters() const { return storage_->parameters; }

std::string to_string(Type type) {
  if (!type) return "none";
  switch (type.kind()) {
    case TypeKind::tensor: return str(short_name(type.dtype()), to_string(type.dims()));
    case TypeKind::token: return "token";
    case TypeKind::custom: break;
  }
  std::string text = str("!", type.name());
  if (type.parameters().empty()) return text;
  text += "<";
  for (size_t i = 0; i < type.parameters().size(); ++i) {
    if (i != 0) text += ", ";
    text += to_string(type.parameters()[i]);
  }
  return text + ">";
}

}  // namespace proa::ir
