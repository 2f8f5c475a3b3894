#include "proa/ir/operation.h"

#include <algorithm>
#include <atomic>

#include "proa/base/error.h"
#include "proa/ir/dialect.h"
#include "proa/ir/end_watch.h"

namespace proa::ir {

namespace {

std::atomic<EndWatcher> end_watcher{nullptr};

}  // namespace

void watch_ends(EndWatcher watcher) { end_watcher = watcher; }

void Use::set(ValueImpl* v) {
  if (value != nullptr) {
    *back = next;
    if (next != nullptr) next->back = back;
  }
  value = v;
  next = nullptr;
  back = nullptr;
  if (v != nullptr) {
    next = v->first_use;
    if (next != nullptr) next->back = &next;
    back = &v->first_use;
    v->first_use = this;
  }
}

void Value::replace_uses(Value other) const {
  PROA_CHECK(!(other == *this), "a value cannot replace itself");
  while (impl_->first_use != nullptr) impl_->first_use->set(other.impl());
}

Operation* Operation::create(const OpState& state) {
  auto op = new Operation();
  op->info_ = state.info;
  op->location_ = state.location;
  op->attrs_ = state.attrs;
  op->results_.resize(state.results.size());
  for (size_t i = 0; i < state.results.size(); ++i) {
    op->results_[i].type = state.results[i];
    op->results_[i].op = op;
    op->results_[i].index = static_cast<uint32_t>(i);
  }
  op->set_operands(state.operands);
  for (size_t i = 0; i < state.regions; ++i) {
    op->regions_.push_back(std::make_unique<Region>());
    op->regions_.back()->parent_ = op;
  }
  return op;
}

Operation::~Operation() {
  if (EndWatcher watcher = end_watcher.load(std::memory_order_relaxed)) watcher(this);
  for (Use& use : operands_) use.set(nullptr);
  for (auto& region : regions_) region->clear();
}

void Operation::destroy(Operation* op) {
  PROA_CHECK(op->unused(), "operation ", op->name(), " is destroyed while its results are used");
  delete op;
}

std::string_view Operation::name() const { return info_->name; }
Context& Operation::context() const { return info_->dialect->context(); }

std::vector<Value> Operation::operands() const {
  std::vector<Value> values;
  values.reserve(operands_.size());
  for (const Use& use : operands_) values.emplace_back(use.value);
  return values;
}

void Operation::set_operands(std::span<const Value> values) {
  for (Use& use : operands_) use.set(nullptr);
  operands_ = std::vector<Use>(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    operands_[i].owner = this;
    operands_[i].set(values[i].impl());
  }
}

std::vector<Value> Operation::results() const {
  std::vector<Value> values;
  values.reserve(results_.size());
  for (auto& result : results_) values.emplace_back(&result);
  return values;
}

bool Operation::unused() const {
  return std::ranges::all_of(results_, [](const ValueImpl& r) { return r.first_use == nullptr; });
}

void Operation::set_attr(std::string_view name, Attribute value) {
  attrs_.set(context().name(name), value);
}

Operation* Operation::parent() const { return block_ ? block_->parent() : nullptr; }

// Between neighbours that are numbered anew: what is inserted finds a number in between, so that
// questions between insertions do not number the whole block each time.
constexpr int64_t kApart = int64_t{1} << 20;

bool Operation::is_before(const Operation* other) const {
  PROA_CHECK(block_ == other->block_, "operations of two blocks are not ordered");
  if (!block_->ordered_) {
    int64_t order = 0;
    for (Operation* op = block_->first_; op != nullptr; op = op->next_)
      op->order_ = order += kApart;
    block_->ordered_ = true;
  }
  return order_ < other->order_;
}

void Operation::remove() {
  if (block_ == nullptr) return;
  (prev_ ? prev_->next_ : block_->first_) = next_;
  (next_ ? next_->prev_ : block_->last_) = prev_;
  block_ = nullptr;
  next_ = prev_ = nullptr;
}

void Operation::erase() {
  remove();
  destroy(this);
}

void Operation::move_before(Operation* other) {
  if (other == this) return;
  remove();
  other->block_->insert(this, other);
}

Block::~Block() {
  // Whatever refers to whatever: first cut all uses, then delete.
  for (Operation* op = first_; op != nullptr; op = op->next_) {
    op->walk([](Operation* inner) {
      for (size_t i = 0; i < inner->operand_count(); ++i) inner->set_operand(i, Value());
    });
  }
  while (first_ != nullptr) {
    Operation* op = first_;
    op->remove();
    delete op;
  }
}

Value Block::add_argument(Type type) {
  auto argument = std::make_unique<ValueImpl>();
  argument->type = type;
  argument->block = this;
  argument->index = static_cast<uint32_t>(arguments_.size());
  arguments_.push_back(std::move(argument));
  return Value(arguments_.back().get());
}

std::vector<Value> Block::arguments() const {
  std::vector<Value> values;
  for (auto& argument : arguments_) values.emplace_back(argument.get());
  return values;
}

void Block::erase_argument(size_t i) {
  PROA_CHECK(argument(i).unused(), "a block argument is erased while it is used");
  arguments_.erase(arguments_.begin() + static_cast<ptrdiff_t>(i));
  for (size_t k = i; k < arguments_.size(); ++k) arguments_[k]->index = static_cast<uint32_t>(k);
}

Operation* Block::terminator() const {
  return last_ && last_->info().has(Trait::terminator) ? last_ : nullptr;
}

void Block::insert(Operation* op, Operation* before) {
  PROA_CHECK(op->block_ == nullptr, "operation ", op->name(), " is already in a block");
  op->block_ = this;
  op->next_ = before;
  op->prev_ = before ? before->prev_ : last_;
  (op->prev_ ? op->prev_->next_ : first_) = op;
  (before ? before->prev_ : last_) = op;
  if (!ordered_) return;
  const int64_t low = op->prev_ != nullptr ? op->prev_->order_
                      : before != nullptr  ? before->order_ - 2 * kApart
                                           : 0;
  const int64_t high = before != nullptr ? before->order_ : low + 2 * kApart;
  op->order_ = low + (high - low) / 2;
  ordered_ = low < op->order_;
}

Operation* Block::parent() const { return region_ ? region_->parent() : nullptr; }

Block& Region::add_block() {
  blocks_.push_back(std::make_unique<Block>());
  blocks_.back()->region_ = this;
  return *blocks_.back();
}

void Region::take_body(Region& other) {
  for (auto& block : other.blocks_) {
    block->region_ = this;
    blocks_.push_back(std::move(block));
  }
  other.blocks_.clear();
}

void Region::clear() {
  for (auto& block : blocks_) {
    for (Operation& op : *block) {
      op.walk([](Operation* inner) {
        for (size_t i = 0; i < inner->operand_count(); ++i) inner->set_operand(i, Value());
      });
    }
  }
  blocks_.clear();
}

}  // namespace proa::ir
