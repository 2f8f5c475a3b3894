// Rewriter: patterns that replace operations, and the greedy driver that applies them to the end.
// Why a driver: patterns stay local and small; order, worklist, dead code and the budget that stops
// two patterns from undoing each other for ever are solved once.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "proa/ir/builder.h"
#include "proa/ir/pass.h"

namespace proa::ir {

// Hears of every change that patterns make.
class RewriteListener {
 public:
  virtual ~RewriteListener() = default;
  virtual void created(Operation&) {}
  virtual void updated(Operation&) {}
  virtual void replaced(Operation&, std::span<const Value>) {}  // before the operation goes
  virtual void erased(Operation&) {}                            // before it goes
};

// The builder that patterns change the module with. New operations go in front of the matched one
// and take its location.
class Rewriter : public Builder, private Builder::Listener {
 public:
  Rewriter(Module& module, RewriteListener& listener);
  Rewriter(const Rewriter&) = delete;
  Rewriter& operator=(const Rewriter&) = delete;

  // Each result of `op` becomes the value at its place (null where the result is unused); `op`
  // goes.
  void replace(Operation& op, std::span<const Value> values);
  void replace(Operation& op, Value value) { replace(op, std::span(&value, 1)); }
  void erase(Operation& op);  // its results must be unused
  template <class F>          // changes attributes, operands or types of `op` in place
  void update(Operation& op, F change) {
    change();
    updated(op);
  }
  // Operations made from now on carry the locations of all of these.
  void fuse_locations(std::span<Operation* const> ops);

  int64_t changes() const { return changes_; }

 private:
  void created(Operation* op) override;
  void updated(Operation& op);

  RewriteListener& rewrite_listener_;
  int64_t changes_ = 0;
};

struct Pattern {
  std::string name;  // for reports
  std::string root;  // the operation's full name; empty: any
  int benefit = 1;   // higher goes first; among equals, the one added first
  // Changes the module through the rewriter and says true, or leaves it alone and says false.
  std::function<bool(Operation&, Rewriter&)> apply;
  std::vector<std::string> generates = {};  // every operation that it may create
};

class PatternSet {
 public:
  PatternSet& add(Pattern pattern);
  // The patterns for an operation, in the order in which they are tried.
  std::span<const Pattern* const> of(const OpInfo& info) const;
  std::span<const Pattern> patterns() const { return patterns_; }

 private:
  std::vector<Pattern> patterns_;
  mutable std::unordered_map<const OpInfo*, std::vector<const Pattern*>> cache_;
};

struct GreedyOptions {
  int64_t budget = 0;       // rewrites; 0: 1000 + 16 for each operation at the start
  bool remove_dead = true;  // operations without effect whose results nobody uses
  RewriteListener* listener = nullptr;
};

struct GreedyResult {
  bool changed = false;
  bool converged = true;  // false: the budget was used up
  int64_t rewrites = 0;
  int64_t dead = 0;
};

// Applies patterns until none fits. The order is a function of the module alone. A budget used up
// is reported through `context` with the patterns that took most of it; in strict mode it is an
// error. A pattern that creates what it did not declare, or changes the module and says false, is
// an InternalError.
GreedyResult rewrite_greedily(Module& module, const PatternSet& patterns, PassContext& context,
                              const GreedyOptions& options = {});

// Whether `op` may go where its results are unused: it is pure and has results, and so has whatever
// is inside it.
bool is_removable(const Operation& op);

}  // namespace proa::ir
