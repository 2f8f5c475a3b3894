#include "proa/compiler/loop/lower.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "proa/base/error.h"
#include "proa/compiler/fuse/index.h"
#include "proa/compiler/loop/blocks.h"
#include "proa/compiler/loop/contract.h"
#include "proa/compiler/loop/convolve.h"
#include "proa/compiler/loop/dialect.h"
#include "proa/compiler/loop/kernels.h"
#include "proa/compiler/loop/scatter.h"
#include "proa/compiler/sizes.h"
#include "proa/ir/builder.h"
#include "proa/ir/builtin.h"
#include "proa/ir/dialect.h"
#include "proa/ir/symbol/facts.h"

namespace proa::compiler::loop {

using namespace ir;

namespace {

// Where an operation costs more than reading its result back from the first cache.
bool is_costly(const Operation& op) {
  constexpr std::string_view kCheap[] = {
      "prim.add",     "prim.sub",  "prim.mul",    "prim.fma",     "prim.neg",   "prim.abs",
      "prim.max",     "prim.min",  "prim.select", "prim.cast",    "prim.real",  "prim.imag",
      "prim.compare", "prim.and",  "prim.or",     "prim.xor",     "prim.not",   "prim.shl",
      "prim.shr",     "prim.conj", "prim.sign",   "prim.complex", "prim.gather"};
  return std::ranges::find(kCheap, op.name()) == std::end(kCheap);
}

class Lowering {
 public:
  Lowering(Module& module, const Sizes& sizes, Operation& group)
      : module_(module),
        sizes_(sizes),
        group_(group),
        body_(group.region(0).block()),
        space_(group.attr("space").as_dims()),
        inner_(static_cast<size_t>(group.attr("inner").as_int())) {
    for (Dim& d : space_) d = canonical(d);
  }

  // The function of loops.
  Func run(std::string_view name) {
    func_ = add_kernel(module_, name, body_, outputs());
    find_runs();
    find_stages();
    find_scratch();

    Block* at = &func_.body();
    std::vector<Block*> blocks{at};
    for (size_t axis = 0; axis < outer(); ++axis) {
      if (absorbed_[axis]) continue;
      Operation* loop = make_loop(extent_[axis], true, *at);
      at = &loop->region(0).block();
      blocks.push_back(at);
      variables_[static_cast<int>(axis)] = at->argument(0);
    }
    row_ = at;
    for (const auto& stage : stages_) reduce(stage);
    bool any_inner = false;
    std::vector<Value> outs = outputs();
    for (size_t i = 0; i < outs.size(); ++i) {
      if (is_full(outs[i])) any_inner = true;
      else store(scalar(outs[i]), outs[i], static_cast<int>(i), *row_);
    }
    if (any_inner && inner_ == 0) throw InternalError("a value of more axes than its group");
    if (any_inner) {
      Operation* loop = make_loop(inner_extent(), false, *row_);
      open_inner(loop);
      for (size_t i = 0; i < outs.size(); ++i) {
        if (is_full(outs[i])) store(scalar(outs[i]), outs[i], static_cast<int>(i), *inner_block_);
      }
      close_inner();
    }
    for (auto it = blocks.rbegin(); it != blocks.rend(); ++it) {
      if (*it != &func_.body()) end_block(**it, {});
    }
    Builder(module_, func_.body()).create_return({});
    return func_;
  }

 private:
  Context& context() const { return module_.context(); }
  Dim canonical(Dim d) const { return sizes_.canonical(d); }
  size_t outer() const { return space_.size() - inner_; }
  std::vector<Value> outputs() const { return body_.terminator()->operands(); }

  // Whether a value has the inner axes too.
  bool is_full(Value value) const {
    size_t wide = 0;
    for (Dim d : value.dims()) wide += !canonical(d).is_const(1);
    return wide > outer();
  }

  static bool is_leaf(Value value) { return value.definer() == nullptr; }
  // Runs of axes.

  void find_runs() {
    size_t n = space_.size();
    absorbed_.assign(n, false);
    extent_ = space_;
    std::vector<bool> joined(n, false);  // axis i with axis i + 1
    for (size_t i = 0; i + 1 < n; ++i) joined[i] = i + 1 != outer();
    auto check = [&](const Index& address) { keep_joined(address, space_, joined); };
    for (Operation& op : body_) {
      if (op.is("prim.gather")) {
        auto [index, piece] = gathered(op);
        for (const Read& read : {index, piece}) {
          if (is_leaf(read.base))
            check_leaf(read.base, read.at, is_full(op.result()), check, joined);
        }
        continue;
      }
      for (Value operand : op.operands()) {
        Indices at = home(sizes_, operand);
        Value base = through_layouts(operand, &at);
        // A row value read in the inner loops says nothing about the inner axes.
        if (is_leaf(base)) check_leaf(base, at, is_full(operand), check, joined);
      }
    }
    for (Value output : outputs()) {
      check_leaf(output, home(sizes_, output), is_full(output), check, joined);
    }
    for (size_t i = n; i-- > 0;) {
      if (i + 1 < n && joined[i]) {
        extent_[i] = extent_[i] * extent_[i + 1];
        absorbed_[i + 1] = true;
      }
    }
    // The loop of a run stands at its first axis and its variable is that of the last one.
    for (size_t i = 0; i < n; ++i) {
      if (absorbed_[i]) continue;
      size_t last = i;
      while (last + 1 < n && absorbed_[last + 1]) ++last;
      run_of_.resize(n);
      for (size_t k = i; k <= last; ++k) run_of_[k] = {i, last};
    }
  }

  template <class Check>
  void check_leaf(Value leaf, const Indices& at, bool full, Check& check,
                  std::vector<bool>& joined) {
    Index a = dense_address(sizes_, leaf.dims(), at);
    if (full) return check(a);
    std::vector<bool> before = joined;
    check(a);
    for (size_t i = outer(); i < joined.size(); ++i) joined[i] = before[i];
  }

  Dim inner_extent() const {
    Dim extent = 1;
    for (size_t i = outer(); i < space_.size(); ++i) extent = extent * space_[i];
    return extent;
  }

  // Where a gather reads its index, and where the piece that the index names.
  struct Read {
    Value base;
    Indices at;
  };
  std::pair<Read, Read> gathered(Operation& op) const {
    Indices result = home(sizes_, op.result());
    auto places = result.begin() + (op.operand(1).rank() - 1);
    Indices index(result.begin(), places), piece(places, result.end());
    index.emplace_back();
    int64_t axis = op.attr("axes").as_ints()[0];
    if (axis < 0) axis += op.operand(0).rank();
    piece.insert(piece.begin() + axis, Index::of(kGathered));
    Value index_base = through_layouts(op.operand(1), &index);
    Value piece_base = through_layouts(op.operand(0), &piece);
    return {{index_base, std::move(index)}, {piece_base, std::move(piece)}};
  }

  // Reductions of one kind that do not wait for each other go through the inner axes together.
  void find_stages() {
    std::vector<Operation*> waiting;
    for (Operation& op : body_) {
      if (op.is("prim.reduce")) waiting.push_back(&op);
    }
    std::unordered_set<const Operation*> made;
    while (!waiting.empty()) {
      std::vector<Operation*> stage, rest;
      for (Operation* op : waiting) {
        bool joins = stage.empty() || op->attr("kind") == stage[0]->attr("kind");
        (joins && waits_for_none_but(made, op->operand(0)) ? stage : rest).push_back(op);
      }
      PROA_CHECK(!stage.empty(), "reductions wait for each other");
      made.insert(stage.begin(), stage.end());
      stages_.push_back(std::move(stage));
      waiting = std::move(rest);
    }
  }
  static bool waits_for_none_but(const std::unordered_set<const Operation*>& made, Value value) {
    std::unordered_set<const Operation*> seen;
    std::vector<Value> stack{value};
    while (!stack.empty()) {
      Operation* op = stack.back().definer();
      stack.pop_back();
      if (op == nullptr || made.contains(op) || !seen.insert(op).second) continue;
      if (op->is("prim.reduce")) return false;
      for (Value operand : op->operands()) stack.push_back(operand);
    }
    return true;
  }

  // Values worth keeping from one inner loop to the next.

  void find_scratch() {
    if (inner_ == 0) return;
    std::vector<std::vector<Value>> stages;
    for (const auto& stage : stages_) {
      stages.emplace_back();
      for (Operation* op : stage) stages.back().push_back(op->operand(0));
    }
    stages.emplace_back();
    for (Value output : outputs()) {
      if (is_full(output)) stages.back().push_back(output);
    }
    std::unordered_map<const ValueImpl*, int> count;
    for (const auto& roots : stages) {
      std::unordered_set<const ValueImpl*> seen;
      for (Value root : roots) reach(root, seen);
      for (const ValueImpl* v : seen) ++count[v];
    }
    for (Operation& op : body_) {
      if (op.is("prim.reduce") || is_layout(op) || op.result_count() != 1) continue;
      Value value = op.result();
      if (count[value.impl()] < 2 || !subtree_is_costly(value)) continue;
      bool frontier = false;
      value.each_use([&](Use& use) {
        bool whole = use.owner->result_count() == 1 && !use.owner->is("prim.reduce") &&
                     count[use.owner->result().impl()] >= 2;
        frontier |= !whole;
      });
      if (frontier) kept_.emplace(value.impl(), Value());
    }
  }

  void reach(Value value, std::unordered_set<const ValueImpl*>& seen) const {
    Operation* op = value.definer();
    if (op == nullptr || op->is("prim.reduce") || op->is("prim.constant") || !is_full(value))
      return;
    if (!seen.insert(value.impl()).second) return;
    for (Value operand : op->operands()) reach(operand, seen);
  }

  bool subtree_is_costly(Value value) const {
    std::unordered_set<const ValueImpl*> seen;
    reach(value, seen);
    return std::ranges::any_of(
        seen, [](const ValueImpl* v) { return !is_layout(*v->op) && is_costly(*v->op); });
  }

  // Making loops.

  Operation* insert(OpState& state, Block& block, Operation* before = nullptr) {
    if (!state.location.storage()) state.location = group_.location();
    Operation* op = Operation::create(state);
    block.insert(op, before);
    return op;
  }

  Operation* make_loop(Dim extent, bool parallel, Block& block) {
    OpState state;
    state.info = &context().op("loop.for");
    state.regions = 1;
    Operation* loop = insert(state, block);
    loop->set_attr("extent", Attribute::dim(context(), extent));
    if (parallel) loop->set_attr("parallel", Attribute::unit(context()));
    loop->region(0).add_block().add_argument(Type::tensor(context(), DType::i64, {}));
    return loop;
  }

  void end_block(Block& block, std::span<const Value> values) {
    OpState state;
    state.info = &context().op("loop.yield");
    state.operands.assign(values.begin(), values.end());
    insert(state, block);
  }

  // The index of the inner loop, as a variable for each run of inner axes.
  void open_inner(Operation* loop) {
    inner_loop_ = loop;
    inner_block_ = &loop->region(0).block();
    inner_values_.clear();
    Value index = inner_block_->argument(0);
    std::vector<size_t> runs;
    for (size_t i = outer(); i < space_.size(); ++i) {
      if (!absorbed_[i]) runs.push_back(i);
    }
    Value rest = index;
    for (size_t k = runs.size(); k-- > 0;) {
      auto variable = static_cast<int>(runs[k]);
      if (k == 0) {
        variables_[variable] = rest;
        break;
      }
      Value extent = size(extent_[runs[k]]);
      variables_[variable] = arithmetic("prim.rem", rest, extent);
      rest = arithmetic("prim.div", rest, extent);
    }
  }
  void close_inner(std::span<const Value> yielded = {}) {
    end_block(*inner_block_, yielded);
    inner_loop_ = nullptr;
    inner_block_ = nullptr;
  }

  Value size(Dim d) {
    OpState state;
    state.info = &context().op("loop.size");
    state.results = {Type::tensor(context(), DType::i64, {})};
    Operation* op = insert(state, *inner_block_);
    op->set_attr("dim", Attribute::dim(context(), d));
    return op->result();
  }
  Value arithmetic(std::string_view name, Value a, Value b) {
    OpState state;
    state.info = &context().op(name);
    state.operands = {a, b};
    state.results = {a.type()};
    return insert(state, *inner_block_)->result();
  }

  // Values.

  Value scalar(Value value) { return is_full(value) ? inner_value(value) : row_value(value); }

  // Before the inner loop that is being filled, if there is one.
  Value row_value(Value value) {
    if (auto found = row_values_.find(value.impl()); found != row_values_.end()) {
      return found->second;
    }
    Value made = compute(value, *row_, inner_loop_);
    row_values_[value.impl()] = made;
    return made;
  }

  Value inner_value(Value value) {
    if (auto found = inner_values_.find(value.impl()); found != inner_values_.end()) {
      return found->second;
    }
    auto kept = kept_.find(value.impl());
    Value made;
    if (kept != kept_.end() && kept->second) {
      made = load(kept->second, value.dtype(), {{index_term()}, 0}, *inner_block_, nullptr);
    } else {
      made = compute(value, *inner_block_, nullptr);
      if (kept != kept_.end()) keep(made, kept->second);
    }
    inner_values_[value.impl()] = made;
    return made;
  }

  // The inner index itself as an address: variable -1.
  static Index::Term index_term() { return {-1, 1}; }

  void keep(Value value, Value& into) {
    OpState state;
    state.info = &context().op("loop.scratch");
    state.results = {buffer(context(), value.dtype())};
    Operation* scratch = insert(state, *row_, inner_loop_);
    scratch->set_attr("extent", Attribute::dim(context(), inner_extent()));
    into = scratch->result();
    store_at(value, into, {{index_term()}, 0}, *inner_block_);
  }

  Value compute(Value value, Block& block, Operation* before) {
    Indices at = home(sizes_, value);
    Value base = through_layouts(value, &at);
    if (is_leaf(base)) {
      Value from = func_.arguments()[base.index()];
      return load(from, base.dtype(), dense_address(sizes_, base.dims(), at), block, before);
    }
    if (base != value) return scalar(base);
    Operation& op = *value.definer();
    if (op.is("prim.constant")) return constant(op);
    PROA_CHECK(!op.is("prim.reduce"), "a reduction inside another");
    if (op.is("prim.gather")) return gather(op, block, before);
    OpState state;
    state.info = &op.info();
    state.location = op.location();
    state.attrs = op.attrs();
    for (Value operand : op.operands()) state.operands.push_back(scalar(operand));
    state.results = {Type::tensor(context(), value.dtype(), {})};
    return insert(state, block, before)->result();
  }

  Value load_leaf(const Read& read, Block& block, Operation* before) {
    PROA_CHECK(is_leaf(read.base), "what is gathered is not in memory");
    return load(func_.arguments()[read.base.index()], read.base.dtype(),
                dense_address(sizes_, read.base.dims(), read.at), block, before);
  }
  Value gather(Operation& op, Block& block, Operation* before) {
    auto [from, piece] = gathered(op);
    Value index = is_leaf(from.base) ? load_leaf(from, block, before) : scalar(from.base);
    if (op.attr("mode").as_string() == "from_end") {
      int64_t axis = op.attr("axes").as_ints()[0];
      if (axis < 0) axis += op.operand(0).rank();
      index = from_end(index, canonical(op.operand(0).dims()[static_cast<size_t>(axis)]), block,
                       before);
    }
    gathered_ = index;
    return load_leaf(piece, block, before);
  }
  // Of an index in -extent .. extent - 1, as the check has found.
  Value from_end(Value index, Dim extent, Block& block, Operation* before) {
    OpState state;
    state.info = &context().op("loop.size");
    state.results = {index.type()};
    Operation* size = insert(state, block, before);
    size->set_attr("dim", Attribute::dim(context(), extent));
    auto two = [&](std::string_view name, Value a, Value b) {
      OpState made;
      made.info = &context().op(name);
      made.operands = {a, b};
      made.results = {index.type()};
      return insert(made, block, before)->result();
    };
    return two("prim.rem", two("prim.add", index, size->result()), size->result());
  }

  Value constant(Operation& op) {
    if (auto found = constants_.find(&op); found != constants_.end()) return found->second;
    ValueMap none;
    Operation* copy = clone(op, none);
    func_.body().insert(copy, func_.body().front());
    return constants_[&op] = copy->result();
  }

  void reduce(const std::vector<Operation*>& stage) {
    OpState state;
    state.info = &context().op("loop.reduce");
    state.location = stage[0]->location();
    for (Operation* op : stage) {
      state.results.push_back(Type::tensor(context(), op->result().dtype(), {}));
    }
    state.regions = 1;
    Operation* loop = insert(state, *row_);
    loop->set_attr("extent", Attribute::dim(context(), inner_extent()));
    loop->set_attr("kind", stage[0]->attr("kind"));
    if (Attribute joins = group_.attr("joins")) loop->set_attr("joins", joins);
    loop->region(0).add_block().add_argument(Type::tensor(context(), DType::i64, {}));
    open_inner(loop);
    std::vector<Value> elements;
    for (Operation* op : stage) elements.push_back(inner_value(op->operand(0)));
    close_inner(elements);
    for (size_t i = 0; i < stage.size(); ++i) {
      row_values_[stage[i]->result().impl()] = loop->result(i);
    }
  }

  // Memory.

  struct Place {
    std::vector<Value> indices;
    std::vector<Dim> strides;
    Dim offset;
  };
  Place place(const Index& address) {
    Place p;
    p.offset = address.offset;
    for (const Index::Term& term : address.terms) {
      if (term.variable == -1) {
        p.indices.push_back(inner_block_->argument(0));
      } else if (term.variable == kGathered) {
        p.indices.push_back(gathered_);
      } else {
        // Of a run only the last axis counts: the others follow from it.
        auto [first, last] = run_of_[static_cast<size_t>(term.variable)];
        if (static_cast<size_t>(term.variable) != last) continue;
        p.indices.push_back(variables_.at(static_cast<int>(first)));
      }
      p.strides.push_back(term.coefficient);
    }
    return p;
  }

  void set_place(Operation* op, const Place& p) {
    op->set_attr("strides", Attribute::dims(context(), p.strides));
    op->set_attr("offset", Attribute::dim(context(), p.offset));
  }

  Value load(Value from, DType dtype, const Index& address, Block& block, Operation* before) {
    Place p = place(address);
    OpState state;
    state.info = &context().op("loop.load");
    state.operands = {from};
    state.operands.insert(state.operands.end(), p.indices.begin(), p.indices.end());
    state.results = {Type::tensor(context(), dtype, {})};
    Operation* op = insert(state, block, before);
    set_place(op, p);
    return op->result();
  }

  void store_at(Value value, Value to, const Index& address, Block& block) {
    Place p = place(address);
    OpState state;
    state.info = &context().op("loop.store");
    state.operands = {value, to};
    state.operands.insert(state.operands.end(), p.indices.begin(), p.indices.end());
    set_place(insert(state, block), p);
  }

  void store(Value value, Value output, int number, Block& block) {
    Value to = func_.arguments()[body_.argument_count() + static_cast<size_t>(number)];
    store_at(value, to, dense_address(sizes_, output.dims(), home(sizes_, output)), block);
  }

  Module& module_;
  const Sizes& sizes_;
  Operation& group_;
  Block& body_;
  std::vector<Dim> space_;
  size_t inner_;
  Func func_;

  static constexpr int kGathered = -2;  // the variable of a gathered piece: gathered_
  Value gathered_;

  std::vector<std::vector<Operation*>> stages_;  // of reductions
  std::vector<bool> absorbed_;                   // axes that a run before them has taken in
  std::vector<Dim> extent_;                      // of the run that begins at the axis
  std::vector<std::pair<size_t, size_t>> run_of_;
  std::unordered_map<int, Value> variables_;  // by the first axis of a run: its loop's index

  Block* row_ = nullptr;
  Block* inner_block_ = nullptr;
  Operation* inner_loop_ = nullptr;
  std::unordered_map<const ValueImpl*, Value> row_values_, inner_values_;
  std::unordered_map<const ValueImpl*, Value> kept_;  // and the scratch it lies in, once stored
  std::unordered_map<const Operation*, Value> constants_;
};

}  // namespace

namespace {

std::vector<Operation*> groups_of(Module& module) {
  std::vector<Operation*> groups;
  for (Func func : module.funcs()) {
    for (Operation& op : func.body()) {
      if (op.is("loop.group")) groups.push_back(&op);
    }
  }
  return groups;
}

}  // namespace

int lower(Module& module) {
  load(module.context());
  Sizes sizes(module);
  KernelNames names(module);
  for (Operation* group : groups_of(module)) {
    if (is_blocked(*group)) split_blocks(module, sizes, *group, names.next());
  }
  for (Operation* group : groups_of(module)) {
    std::string name = names.next();
    if (contraction_of(*group) != nullptr) lower_contraction(module, sizes, *group, name);
    else if (convolution_of(*group) != nullptr) lower_convolution(module, sizes, *group, name);
    else if (scatter_of(*group) != nullptr) lower_scatter(module, sizes, *group, name);
    else Lowering(module, sizes, *group).run(name);
    OpState state;
    state.info = &module.context().op("loop.launch");
    state.location = group->location();
    state.operands = group->operands();
    for (Value result : group->results()) state.results.push_back(result.type());
    Operation* launch = Operation::create(state);
    launch->set_attr("kernel", Attribute::symbol(module.context(), name));
    group->block()->insert(launch, group);
    for (size_t i = 0; i < launch->result_count(); ++i) {
      group->result(i).replace_uses(launch->result(i));
    }
    group->erase();
  }
  return names.count();
}

}  // namespace proa::compiler::loop
