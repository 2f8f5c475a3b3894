// Sizes in compiled code: which form to compute, and which operation gives a symbol its value.
// Why not any equal form: a size that is read from data is known only behind the as_dim that reads
// it, and a guard may state that it equals a size which was known long before.
#pragma once

#include <unordered_map>

#include "proa/ir/module.h"

namespace proa::compiler {

class Sizes {
 public:
  explicit Sizes(const ir::Module& module);

  // An equal dim, smaller where the facts allow, that needs no symbol read from data beside those
  // that `dim` has itself.
  ir::Dim canonical(ir::Dim dim) const;

  bool any_late() const { return !binders_.empty(); }
  // Calls f(as_dim) for each symbol read from data that the operands and results of `op` have.
  template <class F>
  void each_binder(const ir::Operation& op, F&& f) const {
    if (!any_late()) return;
    for (ir::Operation* binder : binders_of(op)) f(binder);
  }

 private:
  std::vector<ir::Operation*> binders_of(const ir::Operation& op) const;

  const ir::Module& module_;
  std::unordered_map<ir::Dim, ir::Operation*> binders_;
};

}  // namespace proa::compiler
