#include "proa/compiler/loop/blocks.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "proa/base/error.h"
#include "proa/compiler/fuse/index.h"
#include "proa/compiler/loop/dialect.h"
#include "proa/compiler/loop/kernels.h"
#include "proa/ir/builder.h"
#include "proa/ir/builtin.h"
#include "proa/ir/dialect.h"
#include "proa/ir/symbol/facts.h"

namespace proa::compiler::loop {

using namespace ir;

namespace {

constexpr int64_t kBlock = 4096;   // elements of a sum's block
constexpr int64_t kColumns = 128;  // of a strip: their lanes stay in the first cache

// f16 and bf16 add up in f32 and are rounded once, when blocks are joined.
DType total_type(DType t) { return t == DType::f16 || t == DType::bf16 ? DType::f32 : t; }

class Splitting {
 public:
  Splitting(Module& module, const Sizes& sizes, Operation& group)
      : module_(module),
        sizes_(sizes),
        group_(group),
        body_(group.region(0).block()),
        space_(group.attr("space").as_dims()),
        inner_(static_cast<size_t>(group.attr("inner").as_int())),
        columns_(static_cast<size_t>(group.attr("columns").as_int())) {
    for (Dim& d : space_) d = canonical(d);
    for (size_t i = outer(); i < outer() + inner_; ++i) length_ = length_ * space_[i];
    auto fixed = length_.as_const();
    one_block_ = fixed && *fixed <= kBlock;
    blocks_ = one_block_ ? Dim(1) : ceildiv(length_, kBlock);
    for (Operation& op : body_) {
      if (op.is("prim.reduce")) reductions_.push_back(&op);
    }
  }

  void run(std::string_view name) {
    find_inputs();
    std::vector<Type> buffers;
    for (Value input : inputs_) buffers.push_back(buffer(context(), input.dtype()));
    for (Operation* op : reductions_) {
      DType t = total_type(op->result().dtype());
      buffers.push_back(buffer(context(), t));
      totals_.push_back(Type::tensor(context(), t, total_dims(*op)));
    }
    func_ = add_kernel(module_, name, buffers);
    find_runs();
    make_loops();
    Builder(module_, func_.body()).create_return({});
    replace(name);
  }

 private:
  Context& context() const { return module_.context(); }
  Dim canonical(Dim d) const { return sizes_.canonical(d); }
  size_t outer() const { return space_.size() - inner_ - columns_; }
  size_t first_column() const { return outer() + inner_; }
  bool is_inner(size_t axis) const { return axis >= outer() && axis < first_column(); }

  std::vector<Dim> part(size_t first, size_t count) const {
    auto at = space_.begin() + static_cast<ptrdiff_t>(first);
    return {at, at + static_cast<ptrdiff_t>(count)};
  }
  // The outer axes, the blocks, the columns; or the axes of the result, where there is one block.
  std::vector<Dim> total_dims(const Operation& op) const {
    if (one_block_) return {op.result().dims().begin(), op.result().dims().end()};
    std::vector<Dim> dims = part(0, outer());
    dims.push_back(blocks_);
    for (Dim d : part(first_column(), columns_)) dims.push_back(d);
    return dims;
  }

  // What the totals read.

  void find_inputs() {
    std::unordered_set<const ValueImpl*> seen;
    std::vector<Value> stack;
    for (Operation* op : reductions_) stack.push_back(op->operand(0));
    while (!stack.empty()) {
      Value value = stack.back();
      stack.pop_back();
      if (!seen.insert(value.impl()).second) continue;
      if (value.definer() == nullptr) {
        inputs_.push_back(value);
      } else {
        PROA_CHECK(!value.definer()->is("prim.reduce"), "a blocked reduction inside another");
        for (Value operand : value.definer()->operands()) stack.push_back(operand);
      }
    }
    std::ranges::sort(inputs_, {}, [](Value v) { return v.index(); });
    for (const ValueImpl* v : seen) cone_.insert(v);
  }

  // Addresses.

  // Where an operation of the cone reads memory.
  template <class Use>
  void each_access(Use use) const {
    for (Operation& op : body_) {
      bool reads = op.is("prim.reduce");
      for (Value result : op.results()) reads |= cone_.contains(result.impl());
      if (!reads || is_layout(op)) continue;
      for (Value operand : op.operands()) {
        Indices at = home(sizes_, operand);
        Value base = through_layouts(operand, &at);
        if (base.definer() == nullptr) use(dense_address(sizes_, base.dims(), at));
      }
    }
  }

  // Neighbouring axes that every access walks as one become one loop: last_[i] is the last axis of
  // the run that begins at i, or nothing where i belongs to a run before it.
  void find_runs() {
    size_t n = space_.size();
    std::vector<bool> joined(n, false);
    for (size_t i = 0; i + 1 < n; ++i) { joined[i] = i + 1 != outer() && i + 1 != first_column(); }
    each_access([&](const Index& address) { keep_joined(address, space_, joined); });
    for (size_t i = 0; i < n;) {
      Run run{i, space_[i], {}};
      while (run.last + 1 < n && joined[run.last]) run.extent = run.extent * space_[++run.last];
      i = run.last + 1;
      runs_.push_back(run);
    }
  }

  // A run of axes; only its last axis counts in an address, as the others follow from it.
  struct Run {
    size_t last;
    Dim extent;
    Value index;
  };

  // Operations.

  Operation* insert(OpState& state, Block& block) {
    if (!state.location.storage()) state.location = group_.location();
    Operation* op = Operation::create(state);
    block.append(op);
    return op;
  }
  Operation* make(std::string_view name, Block& block, std::vector<Value> operands,
                  std::vector<Type> results = {}) {
    OpState state;
    state.info = &context().op(name);
    state.operands = std::move(operands);
    state.results = std::move(results);
    return insert(state, block);
  }
  Type scalar_type(DType t) const { return Type::tensor(context(), t, {}); }
  Type index_type() const { return scalar_type(DType::i64); }

  Value size(Dim d, Block& block) {
    Operation* op = make("loop.size", block, {}, {index_type()});
    op->set_attr("dim", Attribute::dim(context(), d));
    return op->result();
  }
  Value arithmetic(std::string_view name, Value a, Value b, Block& block) {
    return make(name, block, {a, b}, {index_type()})->result();
  }
  // first = part * width, and how much of `whole` lies in the part.
  Value start(Value part, int64_t width, Block& block) {
    return arithmetic("prim.mul", part, size(width, block), block);
  }
  Value rest(Value first, Dim whole, int64_t width, Block& block) {
    Value left = arithmetic("prim.sub", size(whole, block), first, block);
    return arithmetic("prim.min", left, size(width, block), block);
  }

  Block* open_loop(std::string_view name, Dim extent, Block& block, std::vector<Value> operands,
                   size_t indices) {
    OpState state;
    state.info = &context().op(name);
    state.operands = std::move(operands);
    state.regions = 1;
    Operation* loop = insert(state, block);
    loop->set_attr("extent", Attribute::dim(context(), extent));
    Block& body = loop->region(0).add_block();
    for (size_t i = 0; i < indices; ++i) body.add_argument(index_type());
    return &body;
  }
  Block* open_parallel(Dim extent, Block& block) {
    Block* body = open_loop("loop.for", extent, block, {}, 1);
    body->parent()->set_attr("parallel", Attribute::unit(context()));
    open_.push_back(body);
    return body;
  }

  // Loops.

  void make_loops() {
    Block* at = &func_.body();
    Run* strip = columns_ > 0 ? &runs_.back() : nullptr;
    for (Run& run : runs_) {
      if (is_inner(run.last) || &run == strip) continue;
      at = open_parallel(run.extent, *at);
      run.index = at->argument(0);
    }
    if (!one_block_) {
      at = open_parallel(blocks_, *at);
      block_ = at->argument(0);
    }
    Value strip_index;
    if (strip != nullptr) {
      width_ = strip_width(strip->extent);
      if (auto fixed = strip->extent.as_const(); !fixed || *fixed > width_) {
        at = open_parallel(ceildiv(strip->extent, width_), *at);
        strip_index = at->argument(0);
      }
    }
    unit_ = at;
    Value rows;
    if (one_block_) {
      rows = size(length_, *unit_);
    } else {
      first_row_ = start(block_, kBlock, *unit_);
      rows = rest(first_row_, length_, kBlock, *unit_);
    }
    if (strip == nullptr) {
      reduce_all(rows);
    } else {
      first_column_ = strip_index ? start(strip_index, width_, *unit_) : Value();
      auto fixed = strip->extent.as_const();
      bool whole = !strip_index || (fixed && *fixed % width_ == 0);
      Value columns =
          whole ? size(width_, *unit_) : rest(first_column_, strip->extent, width_, *unit_);
      reduce_columns(rows, columns, *strip);
    }
    for (auto it = open_.rbegin(); it != open_.rend(); ++it) make("loop.yield", **it, {});
  }

  // As even as strips of whole vectors can be.
  static int64_t strip_width(Dim columns) {
    auto fixed = columns.as_const();
    if (!fixed) return kColumns;
    if (*fixed <= kColumns) return *fixed;
    int64_t strips = (*fixed - 1) / kColumns + 1;
    return ((*fixed - 1) / strips / 16 + 1) * 16;
  }

  std::vector<std::string_view> kinds() const {
    std::vector<std::string_view> all;
    for (Operation* op : reductions_) {
      std::string_view kind = op->attr("kind").as_string();
      if (std::ranges::find(all, kind) == all.end()) all.push_back(kind);
    }
    return all;
  }

  // The number of a row in the whole, as an index for each run of inner axes.
  void set_rows(Value row, Block& body) {
    Value at = first_row_ ? arithmetic("prim.add", first_row_, row, body) : row;
    for (size_t k = runs_.size(); k-- > 0;) {
      if (!is_inner(runs_[k].last)) continue;
      bool first = k == 0 || !is_inner(runs_[k - 1].last);
      if (first) {
        runs_[k].index = at;
      } else {
        Value extent = size(runs_[k].extent, body);
        runs_[k].index = arithmetic("prim.rem", at, extent, body);
        at = arithmetic("prim.div", at, extent, body);
      }
    }
  }

  void reduce_columns(Value rows, Value columns, Run& strip) {
    Dim most = one_block_ ? length_ : min(length_, Dim(kBlock));
    for (std::string_view kind : kinds()) {
      std::vector<Value> operands{rows, columns};
      std::vector<size_t> numbers;
      for (size_t i = 0; i < reductions_.size(); ++i) {
        if (reductions_[i]->attr("kind").as_string() != kind) continue;
        Operation* scratch =
            make("loop.scratch", *unit_, {}, {buffer(context(), totals_[i].dtype())});
        scratch->set_attr("extent", Attribute::dim(context(), width_));
        operands.push_back(scratch->result());
        numbers.push_back(i);
      }
      Block* body = open_loop("loop.columns", most, *unit_, operands, 2);
      body->parent()->set_attr("kind", Attribute::string(context(), kind));
      body->parent()->set_attr("width", Attribute::integer(context(), width_));
      set_rows(body->argument(0), *body);
      strip.index = column(body->argument(1), *body);
      yield_elements(numbers, *body);
      // The columns' indices in the order of the results' axes.
      Block* out = open_loop("loop.for", width_, *unit_, {columns}, 1);
      strip.index = column(out->argument(0), *out);
      for (size_t i = 0; i < numbers.size(); ++i) {
        Operation* from = make("loop.load", *out, {operands[2 + i], out->argument(0)},
                               {scalar_type(totals_[numbers[i]].dtype())});
        std::vector<Dim> stride{1};
        from->set_attr("strides", Attribute::dims(context(), stride));
        from->set_attr("offset", Attribute::dim(context(), 0));
        store(from->result(), numbers[i], *out);
      }
      make("loop.yield", *out, {});
    }
  }
  Value column(Value within, Block& body) {
    return first_column_ ? arithmetic("prim.add", first_column_, within, body) : within;
  }

  void reduce_all(Value rows) {
    Dim most = one_block_ ? length_ : min(length_, Dim(kBlock));
    for (std::string_view kind : kinds()) {
      std::vector<size_t> numbers;
      OpState state;
      state.info = &context().op("loop.reduce");
      state.operands = {rows};
      state.regions = 1;
      for (size_t i = 0; i < reductions_.size(); ++i) {
        if (reductions_[i]->attr("kind").as_string() != kind) continue;
        state.results.push_back(scalar_type(totals_[i].dtype()));
        numbers.push_back(i);
      }
      Operation* loop = insert(state, *unit_);
      loop->set_attr("extent", Attribute::dim(context(), most));
      loop->set_attr("kind", Attribute::string(context(), kind));
      Block& body = loop->region(0).add_block();
      body.add_argument(index_type());
      set_rows(body.argument(0), body);
      yield_elements(numbers, body);
      for (size_t i = 0; i < numbers.size(); ++i) store(loop->result(i), numbers[i], *unit_);
    }
  }

  void yield_elements(const std::vector<size_t>& numbers, Block& body) {
    values_.clear();
    std::vector<Value> elements;
    for (size_t i : numbers) {
      Value element = compute(reductions_[i]->operand(0), body);
      DType t = totals_[i].dtype();
      if (element.dtype() != t) element = cast(element, scalar_type(t), body);
      elements.push_back(element);
    }
    make("loop.yield", body, elements);
  }

  Value cast(Value value, Type type, Block& block) {
    Operation* op = make("prim.cast", block, {value}, {type});
    op->set_attr("dtype", Attribute::dtype(context(), type.dtype()));
    return op->result();
  }

  Value compute(Value value, Block& body) {
    if (auto found = values_.find(value.impl()); found != values_.end()) return found->second;
    Indices at = home(sizes_, value);
    Value base = through_layouts(value, &at), made;
    if (base.definer() == nullptr) {
      auto number = std::ranges::find(inputs_, base) - inputs_.begin();
      made = load(func_.arguments()[static_cast<size_t>(number)],
                  dense_address(sizes_, base.dims(), at), body);
    } else if (base != value) {
      made = compute(base, body);
    } else if (value.definer()->is("prim.constant")) {
      made = constant(*value.definer());
    } else {
      OpState state;
      state.info = &value.definer()->info();
      state.location = value.definer()->location();
      state.attrs = value.definer()->attrs();
      for (Value operand : value.definer()->operands()) {
        state.operands.push_back(compute(operand, body));
      }
      state.results = {scalar_type(value.dtype())};
      made = insert(state, body)->result();
    }
    return values_[value.impl()] = made;
  }

  Value constant(Operation& op) {
    Value& made = constants_[&op];
    if (!made) {
      ValueMap none;
      Operation* copy = clone(op, none);
      func_.body().insert(copy, func_.body().front());
      made = copy->result();
    }
    return made;
  }

  // An address as operands and strides.
  void place(const Index& address, std::vector<Value>& operands, std::vector<Dim>& strides) const {
    for (const Index::Term& term : address.terms) {
      for (const Run& run : runs_) {
        if (static_cast<int>(run.last) != term.variable) continue;
        operands.push_back(run.index);
        strides.push_back(term.coefficient);
      }
    }
  }

  Value load(Value from, const Index& address, Block& body) {
    std::vector<Value> operands{from};
    std::vector<Dim> strides;
    place(address, operands, strides);
    Operation* op = make("loop.load", body, operands, {scalar_type(element(from.type()))});
    op->set_attr("strides", Attribute::dims(context(), strides));
    op->set_attr("offset", Attribute::dim(context(), address.offset));
    return op->result();
  }

  void store(Value value, size_t number, Block& body) {
    std::vector<Value> operands{value, func_.arguments()[inputs_.size() + number]};
    std::vector<Dim> strides;
    Index address;
    Dim stride = 1;
    for (size_t i = space_.size(); i-- > 0;) {
      if (is_inner(i)) continue;
      if (i + 1 == outer()) {
        block_stride_ = stride;
        stride = stride * blocks_;
      }
      address = address + Index::of(static_cast<int>(i)) * stride;
      stride = stride * space_[i];
    }
    if (outer() == 0) block_stride_ = stride;
    place(address, operands, strides);
    if (block_) {
      operands.push_back(block_);
      strides.push_back(block_stride_);
    }
    Operation* op = make("loop.store", body, operands);
    op->set_attr("strides", Attribute::dims(context(), strides));
    op->set_attr("offset", Attribute::dim(context(), 0));
  }

  // The launch, and the group behind it.

  void replace(std::string_view name) {
    OpState state;
    state.info = &context().op("loop.launch");
    state.location = group_.location();
    for (Value input : inputs_) state.operands.push_back(group_.operand(input.index()));
    state.results = totals_;
    Operation* launch = Operation::create(state);
    launch->set_attr("kernel", Attribute::symbol(context(), name));
    group_.block()->insert(launch, &group_);
    bool done = one_block_;
    for (Value output : body_.terminator()->operands()) {
      done = done && output.definer()->is("prim.reduce") &&
             total_type(output.dtype()) == output.dtype();
    }
    if (done) return give(*launch);

    OpState next;
    next.info = &context().op("loop.group");
    next.location = group_.location();
    for (Value total : launch->results()) next.operands.push_back(total);
    std::vector<Value> kept = kept_inputs();
    for (Value input : kept) next.operands.push_back(group_.operand(input.index()));
    for (Value result : group_.results()) next.results.push_back(result.type());
    next.regions = 1;
    Operation* made = Operation::create(next);
    std::vector<Dim> space = part(0, outer());
    for (Dim d : part(first_column(), columns_)) space.push_back(d);
    if (!one_block_) {
      space.push_back(blocks_);
      made->set_attr("joins", Attribute::unit(context()));
    }
    made->set_attr("space", Attribute::dims(context(), space));
    made->set_attr("inner", Attribute::integer(context(), one_block_ ? 0 : 1));
    group_.block()->insert(made, &group_);

    Block& body = made->region(0).add_block();
    ValueMap map;
    for (size_t i = 0; i < totals_.size(); ++i) {
      map.set(reductions_[i]->result(), joined(i, body.add_argument(totals_[i]), body));
    }
    for (Value input : kept) map.set(input, body.add_argument(input.type()));
    std::vector<Value> outputs;
    for (Value output : body_.terminator()->operands()) {
      copy(output, body, map);
      outputs.push_back(map.at(output));
    }
    make("loop.yield", body, outputs);
    for (size_t i = 0; i < group_.result_count(); ++i) {
      group_.result(i).replace_uses(made->result(i));
    }
    group_.erase();
  }

  // The totals are the results.
  void give(Operation& launch) {
    std::vector<Value> outputs = body_.terminator()->operands();
    for (size_t i = 0; i < outputs.size(); ++i) {
      auto number = std::ranges::find(reductions_, outputs[i].definer()) - reductions_.begin();
      group_.result(i).replace_uses(launch.result(static_cast<size_t>(number)));
    }
    group_.erase();
  }

  // The result of a reduction from the totals of its blocks.
  Value joined(size_t number, Value totals, Block& body) {
    const Operation& op = *reductions_[number];
    Value value = totals;
    if (!one_block_) {
      size_t rank = totals_[number].dims().size(), at = outer();
      std::vector<int64_t> order;
      std::vector<Dim> dims;
      for (size_t i = 0; i < rank; ++i) {
        if (i != at) order.push_back(static_cast<int64_t>(i));
      }
      order.push_back(static_cast<int64_t>(at));
      for (int64_t i : order) dims.push_back(totals.dims()[static_cast<size_t>(i)]);
      Operation* moved =
          make("prim.transpose", body, {value}, {Type::tensor(context(), totals.dtype(), dims)});
      moved->set_attr("perm", Attribute::ints(context(), order));
      Type type = Type::tensor(context(), totals.dtype(), op.result().dims());
      Operation* sum = make("prim.reduce", body, {moved->result()}, {type});
      std::vector<int64_t> axes{static_cast<int64_t>(rank) - 1};
      sum->set_attr("axes", Attribute::ints(context(), axes));
      sum->set_attr("kind", op.attr("kind"));
      value = sum->result();
    }
    DType wanted = op.result().dtype();
    if (value.dtype() == wanted) return value;
    return cast(value, Type::tensor(context(), wanted, value.dims()), body);
  }

  // What follows the reductions reads these.
  std::vector<Value> kept_inputs() const {
    std::vector<Value> kept, stack = body_.terminator()->operands();
    std::unordered_set<const ValueImpl*> seen;
    while (!stack.empty()) {
      Value value = stack.back();
      stack.pop_back();
      if (!seen.insert(value.impl()).second) continue;
      Operation* op = value.definer();
      if (op == nullptr) kept.push_back(value);
      else if (!op->is("prim.reduce")) {
        for (Value operand : op->operands()) stack.push_back(operand);
      }
    }
    std::ranges::sort(kept, {}, [](Value v) { return v.index(); });
    return kept;
  }
  static void copy(Value value, Block& body, ValueMap& map) {
    if (map.get(value)) return;
    for (Value operand : value.definer()->operands()) copy(operand, body, map);
    body.append(clone(*value.definer(), map));
  }

  Module& module_;
  const Sizes& sizes_;
  Operation& group_;
  Block& body_;
  std::vector<Dim> space_;
  size_t inner_, columns_;
  Dim length_ = 1, blocks_ = 1;
  bool one_block_ = false;
  std::vector<Operation*> reductions_;
  std::vector<Value> inputs_;  // arguments of the body that the totals need
  std::unordered_set<const ValueImpl*> cone_;
  std::vector<Type> totals_;
  Func func_;
  std::vector<Run> runs_;
  std::vector<Block*> open_;  // parallel loops
  Block* unit_ = nullptr;
  Value block_, first_row_, first_column_;
  int64_t width_ = 0;
  Dim block_stride_ = 1;
  std::unordered_map<const ValueImpl*, Value> values_;
  std::unordered_map<const Operation*, Value> constants_;
};

}  // namespace

bool is_blocked(const Operation& group) {
  return group.is("loop.group") && static_cast<bool>(group.attr("columns"));
}

void split_blocks(Module& module, const Sizes& sizes, Operation& group, std::string_view name) {
  Splitting(module, sizes, group).run(name);
}

}  // namespace proa::compiler::loop
