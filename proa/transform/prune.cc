#include "proa/transform/prune.h"

#include <algorithm>
#include <unordered_set>
#include <vector>

#include "proa/ir/context.h"
#include "proa/ir/dialect.h"
#include "proa/ir/rewriter.h"
#include "proa/ir/rules.h"

namespace proa::transform {

using namespace ir;

namespace {

// What is read inside one block, from those of its results that are, and from whatever has an
// effect, back to the arguments.
class Reads {
 public:
  explicit Reads(const Block& block) : block_(block) {
    for (Operation& op : block) {
      if (!op.info().has(Trait::terminator) && !is_removable(op)) read_operands(op);
    }
  }
  void read_result(size_t i) { read(block_.terminator()->operand(i)); }
  bool argument(size_t i) const { return seen_.contains(block_.argument(i).impl()); }

 private:
  void read(Value value) {
    if (!seen_.insert(value.impl()).second) return;
    if (Operation* definer = value.definer()) read_operands(*definer);
  }
  void read_operands(Operation& op) {
    for (Value operand : op.operands()) read(operand);
  }

  const Block& block_;
  std::unordered_set<const ValueImpl*> seen_;
};

template <class Keep>
void keep_operands(Operation* op, const Keep& keep) {
  std::vector<Value> kept;
  for (size_t i = 0; i < op->operand_count(); ++i) {
    if (keep(i)) kept.push_back(op->operand(i));
  }
  op->set_operands(kept);
}

// Operations of the block that only dropped results read, so that dropped arguments are free.
void sweep(Block& block) {
  for (Operation* op = block.back(); op != nullptr;) {
    Operation* before = op->prev();
    if (!op->info().has(Trait::terminator) && op->unused() && is_removable(*op)) op->erase();
    op = before;
  }
}

// `op` anew with these operands and results only. Returns of its regions are cut already.
Operation* rebuild(Operation* op, const std::vector<bool>& operands,
                   const std::vector<bool>& results) {
  OpState state;
  state.info = &op->info();
  state.location = op->location();
  state.attrs = op->attrs();
  state.regions = op->region_count();
  std::vector<int64_t> segments = segments_of(*op);
  size_t flat = 0;
  for (int64_t& count : segments) {
    int64_t kept = 0;
    for (int64_t k = 0; k < count; ++k, ++flat) {
      if (!operands[flat]) continue;
      state.operands.push_back(op->operand(flat));
      ++kept;
    }
    count = kept;
  }
  state.attrs.set(op->context().name("segments"), Attribute::ints(op->context(), segments));
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i]) state.results.push_back(op->result(i).type());
  }
  Operation* made = Operation::create(state);
  op->block()->insert(made, op);
  for (size_t r = 0; r < op->region_count(); ++r) made->region(r).take_body(op->region(r));
  size_t next = 0;
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i]) op->result(i).replace_uses(made->result(next++));
  }
  op->erase();
  return made;
}

bool all(const std::vector<bool>& list) {
  return std::ranges::all_of(list, [](bool b) { return b; });
}

Operation* prune_if(Operation* op) {
  std::vector<bool> results(op->result_count()), operands(op->operand_count());
  for (size_t i = 0; i < results.size(); ++i) results[i] = !op->result(i).unused();
  operands[0] = true;
  for (size_t r : {0u, 1u}) {
    Reads reads(op->region(r).block());
    for (size_t i = 0; i < results.size(); ++i) {
      if (results[i]) reads.read_result(i);
    }
    for (size_t i = 1; i < operands.size(); ++i)
      if (reads.argument(i - 1)) operands[i] = true;
  }
  if (all(results) && all(operands)) return op;
  for (size_t r : {0u, 1u}) {
    Block& block = op->region(r).block();
    keep_operands(block.terminator(), [&](size_t i) { return results[i]; });
    sweep(block);
    for (size_t i = operands.size(); i-- > 1;)
      if (!operands[i]) block.erase_argument(i - 1);
  }
  return rebuild(op, operands, results);
}

// A carry is read if its last value is, if the condition asks for it, or if a step makes something
// else that is read of it.
Operation* prune_loop(Operation* op) {
  bool is_while = op->is("prim.while");
  size_t carries = static_cast<size_t>(segments_of(*op)[0]), first = is_while ? 0 : 1;
  std::vector<bool> results(op->result_count()), operands(op->operand_count());
  for (size_t i = 0; i < results.size(); ++i) results[i] = !op->result(i).unused();
  std::vector<Reads> reads;
  for (size_t r = 0; r < op->region_count(); ++r) reads.emplace_back(op->region(r).block());
  if (is_while) reads[0].read_result(0);
  Reads& body = reads.back();
  for (bool grows = true; grows;) {
    grows = false;
    for (size_t i = 0; i < results.size(); ++i) {
      if (results[i]) body.read_result(i);
    }
    for (size_t i = 0; i < operands.size(); ++i) {
      bool read = i < carries && results[i];
      for (const Reads& region : reads) read |= region.argument(i + first);
      if (!read || operands[i]) continue;
      operands[i] = grows = true;
      if (i < carries) results[i] = true;
    }
  }
  // A loop that only runs for its effects keeps a carry, as its page asks for one.
  if (is_while && std::ranges::none_of(results, [](bool b) { return b; }))
    results[0] = operands[0] = true;
  if (all(results) && all(operands)) return op;
  Block& block = op->region(op->region_count() - 1).block();
  keep_operands(block.terminator(), [&](size_t i) { return results[i]; });
  for (size_t r = 0; r < op->region_count(); ++r) {
    Block& inside = op->region(r).block();
    sweep(inside);
    for (size_t i = operands.size(); i-- > 0;)
      if (!operands[i]) inside.erase_argument(i + first);
  }
  return rebuild(op, operands, results);
}

}  // namespace

Operation* prune(Operation* op) {
  if (op->is("prim.if")) return prune_if(op);
  if (op->is("prim.while") || op->is("prim.scan_loop")) return prune_loop(op);
  return op;
}

}  // namespace proa::transform
