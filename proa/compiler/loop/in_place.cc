#include "proa/compiler/loop/in_place.h"

#include <algorithm>

#include "proa/compiler/loop/dialect.h"
#include "proa/ir/dialect.h"

namespace proa::compiler::loop {

using namespace ir;

namespace {

// The index operands of a load begin behind the buffer, those of a store behind value and buffer.
size_t first_index(const Operation& op) { return op.is("loop.load") ? 1 : 2; }

// The operation of `block` that `op` stands in, itself if it is one; null if it is elsewhere.
Operation* within(Operation* op, const Block* block) {
  while (op != nullptr && op->block() != block) op = op->parent();
  return op;
}

bool comes_before(Operation* a, Operation* b) {
  for (Operation& op : *a->block()) {
    if (&op == a) return true;
    if (&op == b) return false;
  }
  return false;
}

// The loop inside of `block` whose index this is; null if it is that of a loop around.
Operation* loop_of(Value index, const Block* block) {
  if (index.argument_block() == nullptr) return nullptr;
  Operation* loop = index.argument_block()->parent();
  return loop != nullptr && within(loop, block) != nullptr ? loop : nullptr;
}

// Whether one run of `block` reads by `load` only what it writes by `store`, and reads it first.
bool reads_first(Operation* load, Operation* store, const Block* block) {
  if (load->attr("strides") != store->attr("strides") ||
      load->attr("offset") != store->attr("offset"))
    return false;
  size_t count = load->operand_count() - first_index(*load);
  if (count != store->operand_count() - first_index(*store)) return false;
  Operation *reading = within(load, block), *writing = within(store, block);
  bool together = reading == writing;  // in one loop: only the same iteration may do both
  if (together && load->block() != store->block()) return false;
  if (!comes_before(together ? load : reading, together ? store : writing)) return false;
  std::vector<std::pair<Value, Value>> known;  // index of the store -> of the load
  for (size_t i = 0; i < count; ++i) {
    Value read = load->operand(first_index(*load) + i);
    Value written = store->operand(first_index(*store) + i);
    if (read == written) continue;
    if (together) return false;
    Operation *a = loop_of(read, block), *b = loop_of(written, block);
    if (a == nullptr || b == nullptr || a->attr("extent") != b->attr("extent")) return false;
    if (a->operand_count() > 0 || b->operand_count() > 0) return false;  // other counts
    for (auto [from, to] : known) {
      if (from == written && to != read) return false;
    }
    known.emplace_back(written, read);
  }
  return true;
}

}  // namespace

std::vector<std::pair<int32_t, int32_t>> in_place(Func kernel, size_t inputs) {
  std::vector<std::pair<int32_t, int32_t>> pairs;
  std::vector<Value> buffers = kernel.arguments();
  auto users = [](Value buffer, std::string_view kind) {
    std::vector<Operation*> found;
    bool all = true;
    buffer.each_use([&](Use& use) {
      all &= use.owner->is(kind);
      found.push_back(use.owner);
    });
    if (!all) found.clear();
    return found;
  };
  for (size_t out = inputs; out < buffers.size(); ++out) {
    std::vector<Operation*> stores = users(buffers[out], "loop.store");
    if (stores.size() != 1) continue;
    // What runs as one unit: the body of the innermost parallel loop around the store, or what a
    // contraction does with one result, whose terms lie in other buffers.
    Operation* unit = stores[0]->parent();
    while (unit != nullptr && !unit->is("loop.contract") &&
           !(unit->is("loop.for") && unit->attr("parallel")))
      unit = unit->parent();
    if (unit == nullptr) continue;
    const Block* block = &unit->region(0).block();
    for (size_t in = 0; in < inputs; ++in) {
      if (size_of(element(buffers[in].type())) != size_of(element(buffers[out].type()))) continue;
      std::vector<Operation*> loads = users(buffers[in], "loop.load");
      bool good = !loads.empty() && std::ranges::all_of(loads, [&](Operation* load) {
        return within(load, block) != nullptr && reads_first(load, stores[0], block);
      });
      if (good) pairs.emplace_back(static_cast<int32_t>(in), static_cast<int32_t>(out - inputs));
    }
  }
  return pairs;
}

std::vector<bool> shared_buffers(Func kernel) {
  std::vector<Value> buffers = kernel.arguments();
  std::vector<bool> shared(buffers.size());
  size_t inputs = 0;
  auto written = [](Value buffer) {
    bool found = false;
    buffer.each_use([&](Use& use) { found |= use.owner->is("loop.store"); });
    return found;
  };
  while (inputs < buffers.size() && !written(buffers[inputs])) ++inputs;
  for (auto [in, out] : in_place(kernel, inputs)) {
    shared[static_cast<size_t>(in)] = shared[inputs + static_cast<size_t>(out)] = true;
  }
  return shared;
}

}  // namespace proa::compiler::loop
