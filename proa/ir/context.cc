#include "proa/ir/context.h"

#include "proa/base/error.h"
#include "proa/ir/builtin.h"
#include "proa/ir/storage.h"

namespace proa::ir {

Context::Context() : impl_(std::make_unique<Impl>()) {
  add_dialect(std::make_unique<BuiltinDialect>(*this));
}

Context::~Context() = default;

Name Context::name(std::string_view text) {
  std::lock_guard lock(impl_->mutex);
  auto& slot = impl_->names[std::string(text)];
  if (!slot) slot = std::make_unique<std::string>(text);
  return Name(slot.get());
}

SymbolArena& Context::symbols() { return impl_->symbols; }

Dialect& Context::add_dialect(std::unique_ptr<Dialect> dialect) {
  std::lock_guard lock(impl_->mutex);
  if (find_dialect(dialect->name())) {
    throw UserError(ErrorKind::value, str("dialect '", dialect->name(), "' is already loaded"));
  }
  impl_->owned.push_back(std::move(dialect));
  Dialect& added = *impl_->owned.back();
  impl_->dialects.push_back(&added);
  for (const OpInfo& info : added.ops()) impl_->ops.emplace(info.name, &info);
  return added;
}

Dialect* Context::find_dialect(std::string_view name) const {
  std::lock_guard lock(impl_->mutex);
  for (Dialect* dialect : impl_->dialects) {
    if (dialect->name() == name) return dialect;
  }
  return nullptr;
}

std::span<Dialect* const> Context::dialects() const { return impl_->dialects; }

const OpInfo* Context::find_op(std::string_view full_name) const {
  std::lock_guard lock(impl_->mutex);
  auto it = impl_->ops.find(full_name);
  return it == impl_->ops.end() ? nullptr : it->second;
}

const OpInfo& Context::op(std::string_view full_name) const {
  if (const OpInfo* info = find_op(full_name)) return *info;
  std::vector<std::string_view> names;
  for (Dialect* dialect : impl_->dialects) {
    for (const OpInfo& info : dialect->ops()) names.push_back(info.name);
  }
  std::string_view near = nearest(full_name, names);
  throw UserError(ErrorKind::key, str("there is no operation '", full_name, "'",
                                      near.empty() ? "" : str("; did you mean '", near, "'?")));
}

}  // namespace proa::ir
