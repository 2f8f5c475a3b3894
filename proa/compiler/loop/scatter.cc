#include "proa/compiler/loop/scatter.h"

#include <algorithm>
#include <optional>

#include "proa/base/error.h"
#include "proa/compiler/fuse/index.h"
#include "proa/compiler/loop/dialect.h"
#include "proa/compiler/loop/epilogue.h"
#include "proa/compiler/loop/kernels.h"
#include "proa/ir/builder.h"
#include "proa/ir/dialect.h"

namespace proa::compiler::loop {

using namespace ir;

namespace {

// Variables: the axes of the result that are not 1, all that are indexed, and the places of the
// index; then one for the coordinates of a place.
class Lowering {
 public:
  Lowering(Module& module, const Sizes& sizes, Operation& group)
      : module_(module),
        sizes_(sizes),
        group_(group),
        body_(group.region(0).block()),
        scatter_(*scatter_of(group)) {}

  Func run(std::string_view name) {
    func_ = add_kernel(module_, name, body_, scatter_.results());
    find_axes();
    join();
    build();
    Builder(module_, func_.body()).create_return({});
    return func_;
  }

 private:
  enum Class { kBatch, kAxis, kPlace, kRow };

  Context& context() const { return module_.context(); }

  int fresh(Dim extent, Class of) {
    extents_.push_back(sizes_.canonical(extent));
    class_.push_back(of);
    return static_cast<int>(extents_.size() - 1);
  }
  Index wide(Dim extent, Class of) {
    if (sizes_.canonical(extent).is_const(1)) return {};
    return Index::of(fresh(extent, of));
  }

  void find_axes() {
    Value x = scatter_.operand(0), index = scatter_.operand(1);
    Attribute batches = scatter_.attr("batch");
    auto batch = static_cast<size_t>(batches ? batches.as_int() : 0);
    at_result_.resize(x.dims().size());
    std::vector<bool> named(x.dims().size());
    for (size_t i = 0; i < batch; ++i) at_result_[i] = wide(x.dims()[i], kBatch);
    for (int64_t axis : scatter_.attr("axes").as_ints()) {
      auto at = static_cast<size_t>(axis < 0 ? axis + x.rank() : axis);
      named[at] = true;
      at_result_[at] = Index::of(fresh(x.dims()[at], kAxis));
    }
    at_index_.assign(at_result_.begin(), at_result_.begin() + static_cast<std::ptrdiff_t>(batch));
    for (size_t i = batch; i + 1 < index.dims().size(); ++i)
      at_index_.push_back(wide(index.dims()[i], kPlace));
    at_updates_ = at_index_;
    for (size_t i = batch; i < x.dims().size(); ++i) {
      if (named[i]) continue;
      at_result_[i] = wide(x.dims()[i], kRow);
      at_updates_.push_back(at_result_[i]);
    }
    bool several = !sizes_.canonical(index.dims().back()).is_const(1);
    coordinate_ = several ? static_cast<int>(extents_.size()) : -1;
    at_index_.push_back(several ? Index::of(coordinate_) : Index{});
    index_ = through_layouts(index, &at_index_);
    PROA_CHECK(index_.definer() == nullptr, "an index that is not in memory");
  }

  void find_accesses(Value value, Indices at, std::vector<Index>& accesses) const {
    Value base = through_layouts(value, &at);
    if (base.definer() == nullptr) {
      accesses.push_back(dense_address(sizes_, base.dims(), at));
      return;
    }
    for (Value operand : base.definer()->operands()) find_accesses(operand, at, accesses);
  }

  // Neighbours of one class that every access walks as one become one, for which the last of them
  // stands. Of the axes of a row the last stays one, and lies side by side; those before it are a
  // batch along which the index stands still.
  void join() {
    std::vector<Index> accesses{result_address(), index_address()};
    find_accesses(scatter_.operand(0), at_result_, accesses);
    find_accesses(scatter_.operand(2), at_updates_, accesses);
    absorbed_.assign(extents_.size(), false);
    std::vector<size_t> joined_into(extents_.size());
    for (size_t v = extents_.size(); v-- > 0;) {
      size_t before = v;
      while (before-- > 0 && class_[before] != class_[v]) {}
      if (class_[v] == kAxis || before >= v) continue;
      bool one = std::ranges::all_of(accesses, [&](const Index& a) {
        return coefficient(a, static_cast<int>(before)) ==
               coefficient(a, static_cast<int>(v)) * extents_[v];
      });
      if (!one) continue;
      absorbed_[before] = true;
      joined_into[before] = v;
    }
    for (size_t v = 0; v < extents_.size(); ++v) {
      if (absorbed_[v]) extents_[joined_into[v]] *= extents_[v];
    }
    std::optional<size_t> row;
    for (size_t v = extents_.size(); v-- > 0;) {
      if (class_[v] != kRow || absorbed_[v]) continue;
      if (row) class_[v] = kBatch;
      else row = v;
    }
    PROA_CHECK(row, "a scatter of single elements");
  }
  Index result_address() const {
    return dense_address(sizes_, scatter_.result().dims(), at_result_);
  }
  Index index_address() const { return dense_address(sizes_, index_.dims(), at_index_); }

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
    state.info = &context().op("loop.scatter");
    state.location = scatter_.location();
    state.operands = {func_.arguments()[index_.index()]};
    state.regions = 4;
    Operation* op = Epilogue(module_, sizes_, group_).insert(state, func_.body());
    auto set = [&](std::string_view name, const std::vector<Dim>& dims) {
      op->set_attr(name, Attribute::dims(context(), dims));
    };
    set("batch", extents(kBatch));
    set("axes", extents(kAxis));
    set("places", extents(kPlace));
    op->set_attr("row", Attribute::dim(context(), extents(kRow)[0]));
    op->set_attr("mode", scatter_.attr("mode"));
    Index address = index_address();
    std::vector<Dim> strides;
    for (Class of : {kBatch, kPlace}) {
      for (int v : variables(of)) strides.push_back(coefficient(address, v));
    }
    strides.push_back(coordinate_ < 0 ? Dim(0) : coefficient(address, coordinate_));
    set("strides", strides);
    op->set_attr("offset", Attribute::dim(context(), address.offset));
    result(op->region(0).add_block());
    element(op->region(1).add_block(), scatter_.operand(0), at_result_, kAxis);
    element(op->region(2).add_block(), scatter_.operand(2), at_updates_, kPlace);
    join_two(op->region(3).add_block());
  }

  void take_indices(Epilogue& element, Block& block, Class middle) const {
    Type index = Type::tensor(context(), DType::i64, {});
    for (Class of : {kBatch, middle, kRow}) {
      for (int v : variables(of)) element.set_index(v, block.add_argument(index));
    }
  }
  Type scalar(DType dtype) const { return Type::tensor(context(), dtype, {}); }

  void end(Block& block, std::vector<Value> values) const {
    OpState state;
    state.info = &context().op("loop.yield");
    state.operands = std::move(values);
    Epilogue(module_, sizes_, group_).insert(state, block);
  }

  void result(Block& block) {
    Epilogue store(module_, sizes_, group_);
    store.open(func_, block);
    Value value = block.add_argument(scalar(scatter_.result().dtype()));
    take_indices(store, block, kAxis);
    OpState state;
    state.info = &context().op("loop.store");
    state.operands = {value, func_.arguments()[body_.argument_count()]};
    store.place(state, result_address());
    store.close();
  }

  void element(Block& block, Value value, const Indices& at, Class middle) {
    Epilogue element(module_, sizes_, group_);
    element.open(func_, block);
    take_indices(element, block, middle);
    end(block, {element.scalar_at(value, at)});
  }

  void join_two(Block& block) {
    Type type = scalar(joined_in(scatter_.result().dtype()));
    Value sum = block.add_argument(type), update = block.add_argument(type);
    std::string_view kind = scatter_.attr("kind").as_string();
    if (kind == "set") return end(block, {update});
    OpState state;
    state.info = &context().op(str("prim.", kind));
    state.operands = {sum, update};
    state.results = {type};
    end(block, {Epilogue(module_, sizes_, group_).insert(state, block)->result()});
  }

  Module& module_;
  const Sizes& sizes_;
  Operation& group_;
  Block& body_;
  Operation& scatter_;
  Func func_;

  std::vector<Dim> extents_;
  std::vector<Class> class_;
  std::vector<bool> absorbed_;
  Indices at_result_, at_index_, at_updates_;
  int coordinate_ = -1;  // none where there is one coordinate
  Value index_;
};

}  // namespace

Operation* scatter_of(Operation& group) {
  for (Operation& op : group.region(0).block()) {
    if (op.is("prim.scatter")) return &op;
  }
  return nullptr;
}

DType joined_in(DType dtype) {
  return dtype == DType::f16 || dtype == DType::bf16 ? DType::f32 : dtype;
}

Func lower_scatter(Module& module, const Sizes& sizes, Operation& group, std::string_view name) {
  return Lowering(module, sizes, group).run(name);
}

}  // namespace proa::compiler::loop
