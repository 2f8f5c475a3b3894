#include "proa/ir/rewriter.h"

#include <algorithm>

#include "proa/base/error.h"
#include "proa/ir/dialect.h"
#include "proa/ir/printer.h"

namespace proa::ir {

Rewriter::Rewriter(Module& module, RewriteListener& listener)
    : Builder(module, module.body()), rewrite_listener_(listener) {
  set_listener(this);
}

void Rewriter::created(Operation* op) {
  ++changes_;
  rewrite_listener_.created(*op);
}

void Rewriter::updated(Operation& op) {
  ++changes_;
  rewrite_listener_.updated(op);
}

void Rewriter::replace(Operation& op, std::span<const Value> values) {
  PROA_CHECK(values.size() == op.result_count(), op.name(), " has ", op.result_count(),
             " results and is replaced by ", values.size(), " values");
  ++changes_;
  rewrite_listener_.replaced(op, values);
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] == op.result(i)) throw InternalError(str(op.name(), " is replaced by itself"));
    if (values[i]) op.result(i).replace_uses(values[i]);
  }
  erase(op);
}

void Rewriter::erase(Operation& op) {
  ++changes_;
  PROA_CHECK(op.unused(), op.name(), " is erased while its results are used");
  if (before() == &op) set_insertion(*op.block(), op.next());
  rewrite_listener_.erased(op);
  op.erase();
}

void Rewriter::fuse_locations(std::span<Operation* const> ops) {
  std::vector<Location> parts;
  for (Operation* op : ops) parts.push_back(op->location());
  set_location(Location::fused(context(), parts));
}

PatternSet& PatternSet::add(Pattern pattern) {
  PROA_CHECK(pattern.apply, "pattern ", pattern.name, " has no function");
  patterns_.push_back(std::move(pattern));
  cache_.clear();
  return *this;
}

std::span<const Pattern* const> PatternSet::of(const OpInfo& info) const {
  auto [slot, fresh] = cache_.try_emplace(&info);
  if (fresh) {
    for (const Pattern& pattern : patterns_) {
      if (pattern.root.empty() || pattern.root == info.name) slot->second.push_back(&pattern);
    }
    std::ranges::stable_sort(slot->second, std::greater(),
                             [](const Pattern* p) { return p->benefit; });
  }
  return slot->second;
}

bool is_removable(const Operation& op) {
  const OpInfo& info = op.info();
  if (!info.has(Trait::pure) && !info.has(Trait::constant_like) && !info.has(Trait::structured))
    return false;
  // Whatever gives nothing back is there for what it does: an assertion is pure until it fails.
  if (op.result_count() == 0 && op.region_count() == 0) return false;
  for (size_t r = 0; r < op.region_count(); ++r) {
    for (size_t b = 0; b < op.region(r).block_count(); ++b) {
      for (const Operation& inner : op.region(r).block(b)) {
        if (!inner.info().has(Trait::terminator) && !is_removable(inner)) return false;
      }
    }
  }
  return true;
}

namespace {

// A stack of operations, each at most once; the ones on it may be erased at any time.
class Worklist {
 public:
  void push(Operation* op) {
    if (place_.emplace(op, stack_.size()).second) stack_.push_back(op);
  }
  void remove(Operation* op) {
    auto found = place_.find(op);
    if (found == place_.end()) return;
    stack_[found->second] = nullptr;
    place_.erase(found);
  }
  Operation* pop() {
    while (!stack_.empty()) {
      Operation* op = stack_.back();
      stack_.pop_back();
      if (op == nullptr) continue;
      place_.erase(op);
      return op;
    }
    return nullptr;
  }

 private:
  std::vector<Operation*> stack_;
  std::unordered_map<Operation*, size_t>
      place_;  // looked up, never walked: addresses give no order
};

class GreedyDriver : private RewriteListener {
 public:
  GreedyDriver(Module& module, const PatternSet& patterns, PassContext& context,
               const GreedyOptions& options)
      : module_(module),
        patterns_(patterns),
        context_(context),
        options_(options),
        rewriter_(module, *this) {}

  GreedyResult run();

 private:
  void created(Operation& op) override;
  void updated(Operation& op) override;
  void replaced(Operation& op, std::span<const Value> values) override;
  void erased(Operation& op) override;
  bool rewrite(Operation& op);
  bool remove_if_dead(Operation& op);
  void push_definer(Value value);
  void out_of_budget(int64_t budget);

  Module& module_;
  const PatternSet& patterns_;
  PassContext& context_;
  const GreedyOptions& options_;
  Rewriter rewriter_;
  Worklist work_;
  std::vector<Operation*> fresh_;  // created by the pattern at work
  const Pattern* active_ = nullptr;
  std::unordered_map<const Pattern*, int64_t> applied_;
  GreedyResult result_;
};

GreedyResult GreedyDriver::run() {
  std::vector<Operation*> all;
  module_.op()->walk([&](Operation* op) { all.push_back(op); });
  // The stack gives the last one first: pushed in reverse, operations come in the order of the
  // text.
  for (size_t i = all.size(); i-- > 1;) work_.push(all[i]);
  int64_t budget =
      options_.budget > 0 ? options_.budget : 1000 + 16 * static_cast<int64_t>(all.size());
  while (Operation* op = work_.pop()) {
    if (options_.remove_dead && remove_if_dead(*op)) continue;
    if (result_.rewrites >= budget) {
      result_.converged = false;
      break;
    }
    if (rewrite(*op)) ++result_.rewrites;
  }
  result_.changed = result_.rewrites > 0 || result_.dead > 0;
  if (!result_.converged) out_of_budget(budget);
  context_.count("rewrites", result_.rewrites);
  context_.count("dead operations", result_.dead);
  return result_;
}

bool GreedyDriver::rewrite(Operation& op) {
  for (const Pattern* pattern : patterns_.of(op.info())) {
    active_ = pattern;
    int64_t before = rewriter_.changes();
    rewriter_.set_insertion(*op.block(), &op);
    rewriter_.set_location(op.location());
    bool applied = pattern->apply(op, rewriter_);
    active_ = nullptr;
    // The stack is last in, first out: what was made first is looked at first.
    for (; !fresh_.empty(); fresh_.pop_back()) {
      if (fresh_.back() != nullptr) work_.push(fresh_.back());
    }
    if (applied) {
      ++applied_[pattern];
      return true;
    }
    PROA_CHECK(rewriter_.changes() == before, "pattern ", pattern->name,
               " changed the module and said that it did not");
  }
  return false;
}

bool GreedyDriver::remove_if_dead(Operation& op) {
  bool keep = op.info().has(Trait::terminator) || op.info().has(Trait::symbol) || !op.unused();
  if (keep || !is_removable(op)) return false;
  rewriter_.erase(op);
  ++result_.dead;
  return true;
}

void GreedyDriver::push_definer(Value value) {
  if (value && value.definer() != nullptr) work_.push(value.definer());
}

void GreedyDriver::created(Operation& op) {
  if (active_ != nullptr &&
      std::ranges::find(active_->generates, op.name()) == active_->generates.end()) {
    throw InternalError(
        str("pattern ", active_->name, " creates ", op.name(), ", which it does not declare"));
  }
  fresh_.push_back(&op);
  if (options_.listener != nullptr) options_.listener->created(op);
}

void GreedyDriver::updated(Operation& op) {
  for (Value result : op.results()) {
    result.each_use([&](Use& use) { work_.push(use.owner); });
  }
  work_.push(&op);
  if (options_.listener != nullptr) options_.listener->updated(op);
}

void GreedyDriver::replaced(Operation& op, std::span<const Value> values) {
  for (Value result : op.results()) {
    result.each_use([&](Use& use) { work_.push(use.owner); });
  }
  // The values that step in have other users from now on.
  for (Value value : values) push_definer(value);
  if (options_.listener != nullptr) options_.listener->replaced(op, values);
}

void GreedyDriver::erased(Operation& op) {
  op.walk([&](Operation* inner) {
    for (size_t i = 0; i < inner->operand_count(); ++i) push_definer(inner->operand(i));
  });
  op.walk([&](Operation* inner) {
    work_.remove(inner);
    std::ranges::replace(fresh_, inner, nullptr);
    if (options_.listener != nullptr) options_.listener->erased(*inner);
  });
}

void GreedyDriver::out_of_budget(int64_t budget) {
  std::vector<std::pair<int64_t, std::string>> most;
  for (const Pattern& pattern : patterns_.patterns()) {
    auto found = applied_.find(&pattern);
    if (found != applied_.end()) most.emplace_back(-found->second, pattern.name);
  }
  std::ranges::stable_sort(most, {}, [](const auto& entry) { return entry.first; });
  std::string line = str("the budget of ", budget, " rewrites is used up; most went to");
  for (size_t i = 0; i < most.size() && i < 3; ++i) {
    line += str(i == 0 ? " " : ", ", most[i].second, " (", -most[i].first, ")");
  }
  if (context_.strict()) throw InternalError(line);
  context_.report(std::move(line));
}

}  // namespace

GreedyResult rewrite_greedily(Module& module, const PatternSet& patterns, PassContext& context,
                              const GreedyOptions& options) {
  return GreedyDriver(module, patterns, context, options).run();
}

}  // namespace proa::ir
