#include "proa/compiler/loop/contract.h"

#include <algorithm>
#include <unordered_map>

#include "proa/base/error.h"
#include "proa/compiler/fuse/index.h"
#include "proa/compiler/loop/dialect.h"
#include "proa/compiler/loop/epilogue.h"
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
    std::vector<Type> buffers;
    for (Value input : body_.arguments()) buffers.push_back(buffer(context(), input.dtype()));
    for (Value output : outputs()) buffers.push_back(buffer(context(), output.dtype()));
    func_ = module_.add_func(name, buffers);
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
    Value base_x = through_layouts(x, &at_x), base_y = through_layouts(y, &at_y);
    x_ = dense_address(sizes_, base_x.dims(), at_x);
    y_ = dense_address(sizes_, base_y.dims(), at_y);
    from_x_ = base_x;
    from_y_ = base_y;
  }

  // A batch axis along which one operand stands still is an axis of the other: all its rows, or
  // columns, meet the same matrix.
  void classify() {
    for (size_t v = 0; v < extents_.size(); ++v) {
      if (class_[v] != kBatch) continue;
      bool x = !coefficient(x_, static_cast<int>(v)).is_const(0);
      bool y = !coefficient(y_, static_cast<int>(v)).is_const(0);
      if (x != y) class_[v] = x ? kRow : kColumn;
    }
  }

  // Neighbours of one class that every access walks as one become one: the last of them stands for
  // all.
  void join() {
    absorbed_.assign(extents_.size(), false);
    std::vector<Index> accesses{x_, y_};
    for (Value output : outputs())
      accesses.push_back(dense_address(sizes_, output.dims(), home(sizes_, output)));
    for (Operation& op : body_) {
      if (&op == &dot_ || is_layout(op)) continue;
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
    std::swap(from_x_, from_y_);
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
    state.operands = {func_.arguments()[from_x_.index()], func_.arguments()[from_y_.index()]};
    state.regions = 1;
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
    set("x_strides", strides(x_, kRow));
    set("y_strides", strides(y_, kColumn));
    contract_->set_attr("x_offset", Attribute::dim(context(), x_.offset));
    contract_->set_attr("y_offset", Attribute::dim(context(), y_.offset));
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
  Index x_, y_;
  Value from_x_, from_y_;

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
