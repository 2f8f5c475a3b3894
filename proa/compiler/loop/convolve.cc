#include "proa/compiler/loop/convolve.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

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

// Variables: the axes of the result whose extent is not 1, in their order or with channels last.
class Lowering {
 public:
  Lowering(Module& module, const Sizes& sizes, Operation& group)
      : module_(module),
        sizes_(sizes),
        group_(group),
        body_(group.region(0).block()),
        conv_(*convolution_of(group)),
        last_(group.attr("last")) {}

  Func run(std::string_view name) {
    func_ = add_kernel(module_, name, body_, outputs());
    find_variables();
    build();
    Builder(module_, func_.body()).create_return({});
    return func_;
  }

 private:
  Context& context() const { return module_.context(); }
  Dim canonical(Dim d) const { return sizes_.canonical(d); }
  std::vector<Value> outputs() const { return epilogue_.outputs(); }

  // Which variable an axis of the result is, and whether every access walks the spatial ones as
  // one.
  void find_variables() {
    std::span<const Dim> dims = conv_.result().dims();
    std::vector<size_t> order(dims.size());  // of variables
    std::iota(order.begin(), order.end(), size_t{0});
    if (last_) std::rotate(order.begin() + 1, order.begin() + 2, order.end());
    variable_.assign(dims.size(), -1);
    int next = 0;
    for (size_t axis : order) {
      if (canonical(dims[axis]).is_const(1)) continue;
      if (axis >= 2) spatial_.push_back(next);
      if (axis >= 2) extents_.push_back(canonical(dims[axis]));
      variable_[axis] = next++;
    }
    joined_ = true;
    auto check = [&](const Index& a) {
      for (size_t i = 0; i + 1 < spatial_.size(); ++i) {
        joined_ &= coefficient(a, spatial_[i]) == coefficient(a, spatial_[i + 1]) * extents_[i + 1];
      }
    };
    for (Value output : outputs())
      check(dense_address(sizes_, output.dims(), home(sizes_, output)));
    for (Operation& op : body_) {
      if (&op == &conv_ || is_layout(op)) continue;
      for (Value operand : op.operands()) {
        Indices at = home(sizes_, operand);
        Value base = through_layouts(operand, &at);
        if (base.definer() == nullptr) check(dense_address(sizes_, base.dims(), at));
      }
    }
  }

  // Strides and the offset of an operand in the buffer behind its layouts.
  Value describe(Value operand, std::string_view name) {
    Indices at;
    for (int axis = 0; axis < operand.rank(); ++axis) at.push_back(Index::of(axis));
    Value base = through_layouts(operand, &at);
    Index where = dense_address(sizes_, base.dims(), at);
    std::vector<Dim> strides;
    for (int axis = 0; axis < operand.rank(); ++axis) strides.push_back(coefficient(where, axis));
    set(str(name, "_strides"), strides);
    convolve_->set_attr(str(name, "_offset"), Attribute::dim(context(), where.offset));
    return func_.arguments()[base.index()];
  }

  void set(std::string_view name, const std::vector<Dim>& dims) {
    convolve_->set_attr(name, Attribute::dims(context(), dims));
  }

  std::vector<Dim> spatial_dims(Value value) const {
    std::vector<Dim> dims;
    for (Dim d : value.dims().subspan(2)) dims.push_back(canonical(d));
    return dims;
  }

  std::vector<Dim> dims_attr(std::string_view name, int64_t fallback) const {
    Attribute a = conv_.attr(name);
    if (a) return a.as_dims();
    return std::vector<Dim>(static_cast<size_t>(conv_.result().rank() - 2), Dim(fallback));
  }

  void build() {
    Value x = conv_.operand(0), w = conv_.operand(1);
    auto leaf = [&](Value value) {
      Indices at(value.dims().size());
      return func_.arguments()[through_layouts(value, &at).index()];
    };
    OpState state;
    state.info = &context().op("loop.convolve");
    state.location = conv_.location();
    state.operands = {leaf(x), leaf(w)};
    state.regions = 1;
    convolve_ = epilogue_.insert(state, func_.body());
    if (last_) convolve_->set_attr("last", Attribute::unit(context()));
    describe(x, "x");
    describe(w, "w");
    Attribute groups = conv_.attr("groups");
    Dim parts = groups ? groups.as_int() : 1;
    convolve_->set_attr("groups", Attribute::dim(context(), parts));
    convolve_->set_attr("batch", Attribute::dim(context(), canonical(x.dims()[0])));
    convolve_->set_attr("channels", Attribute::dim(context(), canonical(w.dims()[1])));
    convolve_->set_attr("outs", Attribute::dim(context(), canonical(floordiv(w.dims()[0], parts))));
    set("in", spatial_dims(x));
    set("kernel", spatial_dims(w));
    set("out", spatial_dims(conv_.result()));
    set("strides", dims_attr("strides", 1));
    set("low", dims_attr("padding_low", 0));
    set("high", dims_attr("padding_high", 0));
    set("gaps", dims_attr("lhs_dilation", 1));
    set("reaches", dims_attr("rhs_dilation", 1));
    fill();
  }

  void fill() {
    block_ = &convolve_->region(0).add_block();
    Type index = Type::tensor(context(), DType::i64, {});
    epilogue_.open(func_, *block_);
    Value sum = block_->add_argument(Type::tensor(context(), conv_.result().dtype(), {}));
    epilogue_.set(conv_.result(), sum);
    for (size_t axis = 0; axis < 2; ++axis)
      epilogue_.set_index(variable_[axis], block_->add_argument(index));
    if (joined_) {
      Value pixel = block_->add_argument(index);
      if (!spatial_.empty()) epilogue_.set_index(spatial_.back(), pixel);
    } else {
      for (size_t axis = 2; axis < variable_.size(); ++axis)
        epilogue_.set_index(variable_[axis], block_->add_argument(index));
    }
    for (size_t i = 0; i < outputs().size(); ++i) joined_ ? put(i) : epilogue_.store(i);
    epilogue_.close();
  }

  // To where the convolution's own result would be, with all indices: extents of 1 leave no trace
  // in the kernel's text.
  void put(size_t output) {
    OpState state;
    state.operands = {epilogue_.scalar(outputs()[output]), epilogue_.buffer_of(output)};
    state.info = &context().op("loop.store");
    std::span<const Dim> dims = conv_.result().dims();
    Dim pixels = 1;
    for (Dim d : dims.subspan(2)) pixels = pixels * canonical(d);
    for (size_t i = 1; i < 4; ++i) state.operands.push_back(block_->argument(i));
    Operation* op = epilogue_.insert(state, *block_);
    Dim channels = canonical(dims[1]);
    std::vector<Dim> strides{channels * pixels, last_ ? Dim(1) : pixels, last_ ? channels : Dim(1)};
    op->set_attr("strides", Attribute::dims(context(), strides));
    op->set_attr("offset", Attribute::dim(context(), 0));
  }

  Module& module_;
  const Sizes& sizes_;
  Operation& group_;
  Block& body_;
  Operation& conv_;
  Func func_;

  std::vector<int> variable_;  // of each axis of the result; -1 where its extent is 1
  std::vector<int> spatial_;   // the variables of spatial axes
  std::vector<Dim> extents_;   // of those
  bool joined_ = true;
  bool last_;  // results lie with their channels last

  Operation* convolve_ = nullptr;
  Block* block_ = nullptr;
  Epilogue epilogue_{module_, sizes_, group_};
};

}  // namespace

bool convolves(const Operation& op) {
  if (!op.is("prim.conv") || op.result().rank() > 5) return false;
  // Few outputs a group ask for a form of their own, which must be known before the sizes are.
  Attribute groups = op.attr("groups");
  bool grouped = groups && groups.as_int() > 1;
  if (grouped && !op.operand(1).dims()[0].is_const()) return false;
  DType t = op.result().dtype();
  return t == DType::f16 || t == DType::bf16 || t == DType::f32 || t == DType::f64;
}

Operation* convolution_of(Operation& group) {
  for (Operation& op : group.region(0).block()) {
    if (op.is("prim.conv")) return &op;
  }
  return nullptr;
}

Func lower_convolution(Module& module, const Sizes& sizes, Operation& group,
                       std::string_view name) {
  return Lowering(module, sizes, group).run(name);
}

}  // namespace proa::compiler::loop
