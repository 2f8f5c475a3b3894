// Types of values: tensors (dtype and symbolic dims), tokens (order of effects), and types of
// dialects. Why a small closed set: every floor switches on it; a dialect's own type is a name with
// parameters.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "proa/base/dtype.h"
#include "proa/ir/symbol/dim.h"

namespace proa::ir {

class Attribute;
class Context;
struct TypeStorage;

enum class TypeKind : uint8_t { tensor, token, custom };

// A uniqued type: one pointer, equality is identity. Default-constructed it is null.
class Type {
 public:
  Type() = default;
  explicit Type(const TypeStorage* storage) : storage_(storage) {}

  static Type tensor(Context& context, DType dtype, std::span<const Dim> dims);
  static Type token(Context& context);
  // A dialect's type, written `!dialect.name<parameters>` in text.
  static Type custom(Context& context, std::string_view full_name,
                     std::span<const Attribute> parameters = {});

  explicit operator bool() const { return storage_ != nullptr; }
  friend bool operator==(Type a, Type b) { return a.storage_ == b.storage_; }
  const TypeStorage* storage() const { return storage_; }
  Context& context() const;

  TypeKind kind() const;
  bool is_tensor() const { return storage_ && kind() == TypeKind::tensor; }
  bool is_token() const { return storage_ && kind() == TypeKind::token; }

  // Of a tensor type; any other kind is an InternalError.
  DType dtype() const;
  std::span<const Dim> dims() const;
  int rank() const { return static_cast<int>(dims().size()); }
  bool is_static() const;  // every dim is a constant
  Type with_dtype(DType dtype) const;
  Type with_dims(std::span<const Dim> dims) const;

  // Of a custom type.
  std::string_view name() const;
  std::span<const Attribute> parameters() const;

 private:
  const TypeStorage* storage_ = nullptr;
};

std::string to_string(Type type);  // "f32[s0, 3]", "token", "!dialect.name<1>"

}  // namespace proa::ir
