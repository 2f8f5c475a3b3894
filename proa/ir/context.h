// Context: the owner of everything that is uniqued — names, types, attributes, locations — and of
// the dialects that are loaded.
// Why: uniquing makes equality a pointer comparison, and one owner makes lifetimes plain.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "proa/base/dtype.h"

namespace proa::ir {

class Dialect;
class SymbolArena;
struct OpInfo;

// An interned string: equal names are equal pointers.
class Name {
 public:
  Name() = default;
  std::string_view view() const { return text_ ? std::string_view(*text_) : std::string_view(); }
  explicit operator bool() const { return text_ != nullptr; }
  const void* key() const { return text_; }
  friend bool operator==(Name a, Name b) { return a.text_ == b.text_; }

 private:
  friend class Context;
  explicit Name(const std::string* text) : text_(text) {}
  const std::string* text_ = nullptr;
};

class Context {
 public:
  Context();
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  Name name(std::string_view text);
  SymbolArena& symbols();

  // Dialects are added once each; adding a second one of the same name is a UserError.
  Dialect& add_dialect(std::unique_ptr<Dialect> dialect);
  Dialect* find_dialect(std::string_view name) const;
  std::span<Dialect* const> dialects() const;

  // An operation's definition by its full name ("prim.add"), or null.
  const OpInfo* find_op(std::string_view full_name) const;
  const OpInfo& op(std::string_view full_name) const;  // throws a UserError with a near name

  // The float that integers become where an operator needs one.
  DType default_float() const { return default_float_; }
  void set_default_float(DType dtype) { default_float_ = dtype; }

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
  DType default_float_ = DType::f32;
};

}  // namespace proa::ir
