#include "proa/compiler/fuse/order.h"

#include <unordered_set>
#include <vector>

namespace proa::compiler {

using namespace ir;

namespace {

void place(Operation* op, Block& block, const Sizes& sizes,
           std::unordered_set<const Operation*>& done) {
  std::vector<Operation*> stack{op};
  while (!stack.empty()) {
    Operation* top = stack.back();
    if (done.contains(top)) {
      stack.pop_back();
      continue;
    }
    bool ready = true;
    auto need = [&](Operation* definer) {
      if (definer == nullptr || definer->block() != &block || done.contains(definer)) return;
      stack.push_back(definer);
      ready = false;
    };
    top->walk([&](Operation* inside) {  // regions may read values from outside
      for (Value operand : inside->operands()) need(operand.definer());
      sizes.each_binder(*inside, need);
    });
    if (!ready) continue;
    stack.pop_back();
    done.insert(top);
    top->remove();
    block.append(top);
  }
}

}  // namespace

void order_by_data(Block& block, const Sizes& sizes) {
  std::unordered_set<const Operation*> done;
  std::vector<Operation*> all;
  for (Operation& op : block) all.push_back(&op);
  for (Operation* op : all) place(op, block, sizes, done);
}

}  // namespace proa::compiler
