#include "proa/ir/dialect.h"

#include <atomic>

#include "proa/base/error.h"
#include "proa/ir/builtin.h"
#include "proa/ir/page.h"
#include "proa/ir/storage.h"

namespace proa::ir {

int next_interface_id() {
  static std::atomic<int> next{0};
  int id = next++;
  PROA_CHECK(id < OpInfo::kMaxInterfaces, "too many interfaces");
  return id;
}

OpInfo& Dialect::add_op(std::string_view name, uint32_t traits) {
  auto& impl = context_.impl();
  std::lock_guard lock(impl.mutex);
  std::string full = str(name_, ".", name);
  for (const OpInfo& op : ops_) {
    if (op.name == full) {
      throw UserError(ErrorKind::value, str("operation '", full, "' is defined twice"));
    }
  }
  ops_.emplace_back();
  OpInfo& info = ops_.back();
  info.name = std::move(full);
  info.dialect = this;
  info.traits = traits;
  // A dialect that is already loaded may grow: its new operations are found at once.
  for (Dialect* loaded : impl.dialects) {
    if (loaded == this) impl.ops.emplace(info.name, &info);
  }
  return info;
}

OpInfo& Dialect::add_page(std::shared_ptr<const Page> page, uint32_t traits) {
  OpInfo& info = add_op(page->name, traits);
  info.page = std::move(page);
  info.verify = info.page->verify;
  return info;
}

BuiltinDialect::BuiltinDialect(Context& context) : Dialect(context, "builtin") {
  add_op("module", Trait::isolated | Trait::graph_region);
  add_op("func", Trait::isolated | Trait::symbol);
  add_op("return", static_cast<uint32_t>(Trait::terminator));
}

}  // namespace proa::ir
