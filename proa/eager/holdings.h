// Holdings: who keeps what alive on the tape.
// Why: counted references cannot free a cycle tensor -> hook -> closure -> tensor. A garbage
// collector of the closure's language can, if it is told which of its things a tensor alone owns.
#pragma once

#include <unordered_map>

#include "proa/base/function_ref.h"
#include "proa/eager/node.h"

namespace proa::eager {

// Counts references as owners name them. A thing all of whose references have been named is owned
// by those owners alone, and its own holdings are named in turn.
class Holdings {
 public:
  void add(const Edge& edge);
  void add(const Tensor& tensor);
  void add(const std::shared_ptr<Foreign>& foreign);

 private:
  friend void owned_foreign(const TensorImpl&, FunctionRef<void(Foreign&)>);
  std::unordered_map<const void*, long> seen_;
  std::vector<const Node*> nodes_;
  std::vector<const TensorImpl*> tensors_;
  std::vector<Foreign*> foreign_;
};

// Calls visit once for each foreign thing that lives only as long as this reference to `tensor`;
// for none if there are other references. What is visited once is visited again by a later call
// unless the holder of the reference has run in between: others have no way to it.
void owned_foreign(const TensorImpl& tensor, FunctionRef<void(Foreign&)> visit);

// Drops what `tensor` keeps alive on the tape, if nobody else holds it: it becomes a leaf without
// hooks or gradient. Breaks the cycles that owned_foreign shows.
void abandon(TensorImpl& tensor);

}  // namespace proa::eager
