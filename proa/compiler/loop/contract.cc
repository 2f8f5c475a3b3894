#include "proa/compiler/loop/contract.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "proa/base/error.h"
#include "proa/compiler/fuse/index.h"
#include "proa/compiler/loop/dialect.h"
#include "proa/compiler/loop/epilogue.h"
#include "proa/compiler/loop/kernels.h"
#include "proa/ir/builder.h"
#include "proa/ir/dialect.h"
#include "proa/ir/symbol/facts.h"

namespace proa::compiler::loop {

using namespace ir;

namespace {

// Variables: the axes of the result whose extent is not 1, in their order; then the contracted
// axes.
class Lowering {
 public:
  Lowering(Module& module, const Sizes& sizes, Operation& group)
      : module_(module),
        sizes_(sizes),
        group_(group),
        body_(group.region(0).block()),
        dot_(*contraction_of(group)) {}

  Func run(std::string_view name) {
    func_ = add_kernel(module_, name, body_, outputs());
    find_axes();
    classify();
    join();
    turn();
    build();
    Builder(module_, func_.body()).create_return({});
    return func_;
  }

 private:
  enum Class { kBatch, kRow, kColumn, kDepth };

  Context& context() const { return module_.context(); }
  Dim canonical(Dim d) const { return sizes_.canonical(d); }
  std::vector<Value> outputs() const { return epilogue_.outputs(); }

  std::vector<size_t> axes_of(std::string_view attr, int rank) const {
    std::vector<size_t> axes;
    for (int64_t axis : dot_.attr(attr).as_ints()) {
      axes.push_back(static_cast<size_t>(axis < 0 ? axis + rank : axis));
    }
    return axes;
  }

  // A variable for each wide axis; x_ and y_ become the addresses of their elements.
  void find_axes() {
    Value x = dot_.operand(0), y = dot_.operand(1);
    Indices at_x(x.dims().size()), at_y(y.dims().size());
    auto fresh = [&](Dim extent, Class of) {
      extent = canonical(extent);
      if (extent.is_const(1)) return Index{};
      extents_.push_back(extent);
      class_.push_back(of);
      return Index::of(static_cast<int>(extents_.size() - 1));
    };
    std::vector<size_t> batch_x = axes_of("batch_x", x.rank()),
                        batch_y = axes_of("batch_y", y.rank()),
                        contract_x = axes_of("contract_x", x.rank()),
                        contract_y = axes_of("contract_y", y.rank());
    auto named = [](const std::vector<size_t>& a, const std::vector<size_t>& b, size_t axis) {
      return std::ranges::find(a, axis) != a.end() || std::ranges::find(b, axis) != b.end();
    };
    size_t result = 0;
    auto of_result = [&] { return dot_.result().dims()[result++]; };
    for (size_t i = 0; i < batch_x.size(); ++i) {
      at_x[batch_x[i]] = at_y[batch_y[i]] = fresh(of_result(), kBatch);
    }
    for (size_t axis = 0; axis < at_x.size(); ++axis) {
      if (!named(batch_x, contract_x, axis)) at_x[axis] = fresh(of_result(), kRow);
    }
    for (size_t axis = 0; axis < at_y.size(); ++axis) {
      if (!named(batch_y, contract_y, axis)) at_y[axis] = fresh(of_result(), kColumn);
    }
    for (size_t i = 0; i < contract_x.size(); ++i) {
      at_x[contract_x[i]] = at_y[contract_y[i]] = fresh(x.dims()[contract_x[i]], kDepth);
    }
    x_ = side_of(x, std::move(at_x));
    y_ = side_of(y, std::move(at_y));
  }

  // An operand: a buffer and where its elements lie, or what is computed from several.
  struct Side {
    Value base;
    Indices at;
    Index address;                // of a buffer
    std::vector<Index> accesses;  // all that is read for an element
    bool computed() const { return base.definer() != nullptr; }
  };
  Side side_of(Value operand, Indices at) {
    Side side;
    side.base = through_layouts(operand, &at);
    side.at = std::move(at);
    if (!side.computed()) side.address = dense_address(sizes_, side.base.dims(), side.at);
    find_accesses(side.base, side.at, side.accesses);
    return side;
  }
  void find_accesses(Value value, Indices at, std::vector<Index>& accesses) {
    Value base = through_layouts(value, &at);
    if (base.definer() == nullptr) {
      accesses.push_back(dense_address(sizes_, base.dims(), at));
      return;
    }
    before_.insert(base.definer());
    for (Value operand : base.definer()->operands()) find_accesses(operand, at, accesses);
  }

  // A batch axis along which one operand stands still is an axis of the other: all its rows, or
  // columns, meet the same matrix.
  void classify() {
    for (size_t v = 0; v < extents_.size(); ++v) {
      if (class_[v] != kBatch) continue;
      auto moves = [&](const Side& side) {
        return std::ranges::any_of(side.accesses, [&](const Index& a) {
          return !coefficient(a, static_cast<int>(v)).is_const(0);
        });
      };
      bool x = moves(x_), y = moves(y_);
      if (x != y) class_[v] = x ? kRow : kColumn;
    }
  }

  // Neighbours of one class that every access walks as one become one: the last of them stands for
  // all.
  void join() {
    absorbed_.assign(extents_.size(), false);
    std::vector<Index> accesses = x_.accesses;
    accesses.insert(accesses.end(), y_.accesses.begin(), y_.accesses.end());
    for (Value output : outputs())
      accesses.push_back(dense_address(sizes_, output.dims(), home(sizes_, output)));
    for (Operation& op : body_) {
      if (&op == &dot_ || is_layout(op) || before_.contains(&op)) continue;
      for (Value operand : op.operands()) {
        Indices at = home(sizes_, operand);
        Value base = through_layouts(operand, &at);
        if (base.definer() == nullptr) accesses.push_back(dense_address(sizes_, base.dims(), at));
      }
    }
    for (size_t v = extents_.size(); v-- > 0;) {
      size_t before = v;
      while (before-- > 0 && class_[before] != class_[v]) {}
      if (before >= v) continue;
      bool one = std::ranges::all_of(accesses, [&](const Index& a) {
        return coefficient(a, static_cast<int>(before)) ==
               coefficient(a, static_cast<int>(v)) * extents_[v];
      });
      if (!one) continue;
      // Its coefficients say the same as those of `before`, of which the loop keeps the last.
      absorbed_[before] = true;
      joined_into_[before] = v;
    }
    for (size_t v = 0; v < extents_.size(); ++v) {
      if (absorbed_[v]) extents_[joined_into_[v]] *= extents_[v];
    }
  }

  // A matrix times a column is a row times the matrix's transpose, so that only rows are single.
  // Complex terms have an order of their own, which this would change.
  void turn() {
    if (is_complex(dot_.result().dtype()) || !variables(kColumn).empty()) return;
    std::swap(x_, y_);
    for (Class& of : class_) {
      if (of == kRow) of = kColumn;
    }
  }

  // The variables of a class that are left.
  std::vector<int> variables(Class of) const {
    std::vector<int> list;
    for (size_t v = 0; v < extents_.size(); ++v) {
      if (class_[v] == of && !absorbed_[v]) list.push_back(static_cast<int>(v));
    }
    return list;
  }
  std::vector<Dim> extents(Class of) const {
    std::vector<Dim> list;
    for (int v : variables(of)) list.push_back(extents_[static_cast<size_t>(v)]);
    return list;
  }

  void build() {
    OpState state;
    state.info = &context().op("loop.contract");
    state.location = dot_.location();
    state.operands = {buffer_of(x_.base), buffer_of(y_.base)};
    bool computed = x_.computed() || y_.computed();
    state.regions = computed ? 3 : 1;
    contract_ = epilogue_.insert(state, func_.body());
    auto set = [&](std::string_view name, const std::vector<Dim>& dims) {
      contract_->set_attr(name, Attribute::dims(context(), dims));
    };
    set("batch", extents(kBatch));
    set("m", extents(kRow));
    set("n", extents(kColumn));
    set("k", extents(kDepth));
    auto strides = [&](const Index& address, Class free) {
      std::vector<Dim> list;
      for (Class of : {kBatch, free, kDepth}) {
        for (int v : variables(of)) list.push_back(coefficient(address, v));
      }
      return list;
    };
    set("x_strides", strides(x_.address, kRow));
    set("y_strides", strides(y_.address, kColumn));
    contract_->set_attr("x_offset", Attribute::dim(context(), x_.address.offset));
    contract_->set_attr("y_offset", Attribute::dim(context(), y_.address.offset));
    if (computed) {
      compute(x_, kRow, contract_->region(1).add_block());
      compute(y_, kColumn, contract_->region(2).add_block());
    }
    Block& block = contract_->region(0).add_block();
    Type index = Type::tensor(context(), DType::i64, {});
    epilogue_.open(func_, block);
    Value sum = block.add_argument(Type::tensor(context(), dot_.result().dtype(), {}));
    epilogue_.set(dot_.result(), sum);
    for (Class of : {kBatch, kRow, kColumn}) {
      for (int v : variables(of)) epilogue_.set_index(v, block.add_argument(index));
    }
    for (size_t i = 0; i < outputs().size(); ++i) epilogue_.store(i);
    epilogue_.close();
  }

  // A buffer that the operand reads.
  Value buffer_of(Value base) const {
    while (base.definer() != nullptr) {
      Value next;
      for (Value operand : base.definer()->operands()) {
        Value from = through_layouts(operand, nullptr);
        bool number = from.definer() != nullptr && from.definer()->operand_count() == 0;
        if (!number && !next) next = from;
      }
      base = next;
    }
    return func_.arguments()[base.index()];
  }

  // The element of an operand from the indices of batch, its own axes and terms; nothing where it
  // is a buffer's.
  void compute(const Side& side, Class own, Block& block) {
    Epilogue element(module_, sizes_, group_);
    Type index = Type::tensor(context(), DType::i64, {});
    element.open(func_, block);
    for (Class of : {kBatch, own, kDepth}) {
      for (int v : variables(of)) element.set_index(v, block.add_argument(index));
    }
    OpState end;
    end.info = &context().op("loop.yield");
    if (side.computed()) end.operands = {element.scalar_at(side.base, side.at)};
    element.insert(end, block);
  }

  Module& module_;
  const Sizes& sizes_;
  Operation& group_;
  Block& body_;
  Operation& dot_;
  Func func_;

  std::vector<Dim> extents_;
  std::vector<Class> class_;
  std::vector<bool> absorbed_;
  std::unordered_map<size_t, size_t> joined_into_;
  Side x_, y_;
  std::unordered_set<const Operation*> before_;  // what operands are computed by

  Operation* contract_ = nullptr;
  Epilogue epilogue_{module_, sizes_, group_};
};

}  // namespace

Operation* contraction_of(Operation& group) {
  for (Operation& op : group.region(0).block()) {
    if (op.is("prim.dot")) return &op;
  }
  return nullptr;
}

Func lower_contraction(Module& module, const Sizes& sizes, Operation& group,
                       std::string_view name) {
  return Lowering(module, sizes, group).run(name);
}

}  // namespace proa::compiler::loop
