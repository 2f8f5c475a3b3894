#include "proa/compiler/fuse/layout.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proa/compiler/fuse/index.h"
#include "proa/compiler/loop/convolve.h"
#include "proa/compiler/sizes.h"
#include "proa/ir/dialect.h"

namespace proa::compiler {

using namespace ir;

namespace {

std::atomic<int64_t> turned_values{0};

constexpr int64_t kFewChannels = 8;  // of a line of memory that is worth the name

// Axes of a value of this rank with its second one last, and back.
std::vector<int64_t> to_last(int rank) {
  std::vector<int64_t> axes{0};
  for (int i = 2; i < rank; ++i) axes.push_back(i);
  axes.push_back(1);
  return axes;
}
std::vector<int64_t> from_last(int rank) {
  std::vector<int64_t> axes{0, rank - 1};
  for (int i = 1; i + 1 < rank; ++i) axes.push_back(i);
  return axes;
}

// Classes of values that must lie alike (a union of sets), and what is known of each.
class Classes {
 public:
  size_t of(Value value) {
    auto [it, fresh] = index_.try_emplace(value.impl(), parent_.size());
    if (fresh) {
      parent_.push_back(parent_.size());
      facts_.emplace_back();
    }
    return root(it->second);
  }
  void unite(Value a, Value b) {
    size_t x = of(a), y = of(b);
    if (x == y) return;
    parent_[y] = x;
    facts_[x].fixed |= facts_[y].fixed;
    facts_[x].gains += facts_[y].gains;
  }
  void fix(Value value) { facts_[of(value)].fixed = true; }
  void gain(Value value) { ++facts_[of(value)].gains; }
  bool chosen(Value value) {
    if (!index_.contains(value.impl())) return false;
    const Facts& facts = facts_[of(value)];
    return !facts.fixed && facts.gains > 1;
  }

 private:
  struct Facts {
    bool fixed = false;
    int gains = 0;  // ends of convolutions that do better
  };
  size_t root(size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  std::unordered_map<const ValueImpl*, size_t> index_;
  std::vector<size_t> parent_;
  std::vector<Facts> facts_;
};

class Layout {
 public:
  Layout(Module& module, Func func, Renders renders)
      : module_(module), block_(func.body()), renders_(renders), sizes_(module) {}

  int64_t run() {
    bool any = false;
    for (Operation& op : block_) any |= op.is("prim.conv");
    if (!any) return 0;
    for (Value argument : block_.arguments()) {
      if (images(argument)) classes_.fix(argument);
    }
    for (Operation& op : block_) look(op);
    std::vector<std::pair<Operation*, Kind>> plan;
    for (Operation& op : block_) {
      Kind kind = kind_of(op);
      if (turns(op, kind)) plan.emplace_back(&op, kind);
    }
    for (auto [op, kind] : plan) rewrite(*op, kind);
    for (auto it = dead_.rbegin(); it != dead_.rend(); ++it) {
      if ((*it)->unused()) (*it)->erase();
    }
    return made_;
  }

 private:
  // Samples, channels, pixels. Of symbols nobody knows: they are taken to be many.
  bool images(Value value) const {
    std::span<const Dim> dims = value.dims();
    if (dims.size() < 3 || dims.size() > 5) return false;
    auto channels = sizes_.canonical(dims[1]).as_const();
    bool wide = false;
    for (Dim d : dims.subspan(2)) wide |= !sizes_.canonical(d).is_const(1);
    return channels.value_or(kFewChannels) >= kFewChannels && wide;
  }

  // The value behind slices; null behind other layouts.
  static Value behind_slices(Value value) {
    while (value.definer() != nullptr && is_layout(*value.definer())) {
      if (!value.definer()->is("prim.slice")) return {};
      value = value.definer()->operand(0);
    }
    return value;
  }
  void fix_base(Value value) {
    Value base = through_layouts(value, nullptr);
    if (images(base)) classes_.fix(base);
  }
  // Lies as `result` does: directly, or as slices of what does. What is spread over it may lie as
  // it likes.
  void follow(Value result, Value operand) {
    Value base = behind_slices(operand);
    if (base && images(base)) return classes_.unite(result, base);
    if (!base) fix_base(operand);
  }

  enum class Kind : uint8_t { other, layout, convolution, depthwise, elements, concat, pool, mean };
  Kind kind_of(const Operation& op) const {
    if (is_layout(op)) return Kind::layout;
    if (op.result_count() != 1) return Kind::other;
    if (op.is("prim.conv")) {
      Value w = op.operand(1);
      bool one = w.dims()[1].is_const(1) && w.dims()[0].is_const(op.attr("groups").as_int());
      bool grouped = op.attr("groups").as_int() > 1;
      if (!loop::convolves(op)) return Kind::other;
      if (!grouped) return Kind::convolution;
      return one && images(op.result()) ? Kind::depthwise : Kind::other;
    }
    if (op.is("prim.reduce")) return means(op) ? Kind::mean : Kind::other;
    if (!images(op.result())) return Kind::other;
    if (op.is("prim.concat")) return Kind::concat;
    if (op.is("prim.reduce_window")) return op.attr("index").as_bool() ? Kind::other : Kind::pool;
    bool alike = op.operand_count() > 0 && renders_(op);
    for (Value operand : op.operands()) alike &= operand.rank() == op.result().rank();
    return alike ? Kind::elements : Kind::other;
  }

  // Over all pixels of each channel.
  bool means(const Operation& op) const {
    Value x = op.operand(0);
    if (!images(x) || !images(through_layouts(x, nullptr))) return false;
    std::span<const int64_t> axes = op.attr("axes").as_ints();
    if (axes.size() + 2 != static_cast<size_t>(x.rank())) return false;
    for (size_t i = 0; i < axes.size(); ++i) {
      if (axes[i] != static_cast<int64_t>(i) + 2) return false;
    }
    return true;
  }

  // Windows of one tap read the channels of a pixel as one line, and those of one channel each read
  // vectors of channels. Others gain 1 %, which a class of their own is not worth.
  static bool gains(const Operation& op, Kind kind) {
    return kind == Kind::depthwise || std::ranges::all_of(op.operand(1).dims().subspan(2),
                                                          [](Dim d) { return d.is_const(1); });
  }

  void look(Operation& op) {
    Kind kind = kind_of(op);
    switch (kind) {
      case Kind::layout: return;
      case Kind::convolution:
      case Kind::depthwise: {
        Value x = behind_slices(op.operand(0));
        fix_base(op.operand(1));
        if (gains(op, kind) && images(op.result())) classes_.gain(op.result());
        if (!x) return fix_base(op.operand(0));
        if (!images(x)) return;
        if (kind == Kind::depthwise) classes_.unite(op.result(), x);
        if (gains(op, kind)) classes_.gain(x);
        return;
      }
      case Kind::elements:
      case Kind::concat:
      case Kind::pool:
        for (Value operand : op.operands()) follow(op.result(), operand);
        return;
      case Kind::mean:
        if (Value x = behind_slices(op.operand(0))) classes_.of(x);
        else fix_base(op.operand(0));
        return;
      case Kind::other: break;
    }
    op.walk([&](Operation* inside) {
      for (Value operand : inside->operands()) fix_base(operand);
    });
    for (Value result : op.results()) {
      if (images(result)) classes_.fix(result);
    }
  }

  Value transposed(Value value, const std::vector<int64_t>& perm, Operation* before) {
    std::vector<Dim> dims;
    for (int64_t axis : perm) dims.push_back(value.dims()[static_cast<size_t>(axis)]);
    OpState state;
    state.info = &module_.context().op("prim.transpose");
    state.operands = {value};
    state.results = {Type::tensor(module_.context(), value.dtype(), dims)};
    Operation* op = Operation::create(state);
    op->set_attr("perm", Attribute::ints(module_.context(), perm));
    block_.insert(op, before);
    return op->result();
  }

  // The operand with its channels last, before `op`.
  Value last(Value operand, Operation* op) {
    auto found = last_.find(operand.impl());
    if (found != last_.end()) return found->second;
    return transposed(operand, to_last(operand.rank()), op);
  }

  template <class T>
  static std::vector<T> permuted(const std::vector<T>& list, const std::vector<int64_t>& perm) {
    std::vector<T> result;
    for (int64_t axis : perm) result.push_back(list[static_cast<size_t>(axis)]);
    return result;
  }

  // Attributes that name axes.
  void turn_attributes(Operation& made, Kind kind, int rank) {
    Context& context = module_.context();
    if (kind == Kind::concat) {
      int64_t axis = made.attr("axis").as_int();
      if (axis < 0) axis += rank;
      axis = axis == 0 ? 0 : axis == 1 ? rank - 1 : axis - 1;
      made.set_attr("axis", Attribute::integer(context, axis));
    } else if (kind == Kind::mean) {
      std::vector<int64_t> axes(static_cast<size_t>(rank) - 2);
      std::iota(axes.begin(), axes.end(), 1);
      made.set_attr("axes", Attribute::ints(context, axes));
    } else if (kind == Kind::pool) {
      for (const char* name : {"window", "strides", "dilation"}) {
        Attribute a = made.attr(name);
        if (!a || a.as_ints().empty()) continue;
        std::vector<int64_t> list(a.as_ints().begin(), a.as_ints().end());
        made.set_attr(name, Attribute::ints(context, permuted(list, to_last(rank))));
      }
      for (const char* name : {"padding_low", "padding_high"}) {
        Attribute a = made.attr(name);
        if (!a || a.as_dims().empty()) continue;
        made.set_attr(name, Attribute::dims(context, permuted(a.as_dims(), to_last(rank))));
      }
    }
  }

  bool turns(const Operation& op, Kind kind) {
    if (kind == Kind::other || kind == Kind::layout) return false;
    if (kind != Kind::mean) return classes_.chosen(op.result());
    Value x = behind_slices(op.operand(0));
    return x && classes_.chosen(x);
  }

  void rewrite(Operation& op, Kind kind) {
    if (kind == Kind::convolution || kind == Kind::depthwise) {
      Operation* next = op.next();
      std::vector<Use*> uses;
      op.result().each_use([&](Use& use) { uses.push_back(&use); });
      Value turned = transposed(op.result(), to_last(op.result().rank()), next);
      put_back(op.result(), turned, next, uses);
      return;
    }
    int rank = op.operand(0).rank();
    OpState state;
    state.info = &op.info();
    state.location = op.location();
    state.attrs = op.attrs();
    for (Value operand : op.operands()) state.operands.push_back(last(operand, &op));
    Type type = op.result().type();
    if (kind != Kind::mean) {
      std::vector<Dim> dims(op.result().dims().begin(), op.result().dims().end());
      type = Type::tensor(module_.context(), op.result().dtype(), permuted(dims, to_last(rank)));
    }
    state.results = {type};
    Operation* made = Operation::create(state);
    block_.insert(made, &op);
    turn_attributes(*made, kind, rank);
    if (kind == Kind::mean) {
      op.result().replace_uses(made->result());
    } else {
      std::vector<Use*> uses;
      op.result().each_use([&](Use& use) { uses.push_back(&use); });
      put_back(op.result(), made->result(), &op, uses);
    }
    dead_.push_back(&op);
  }

  // Whoever reads the value reads the turned one from now on, through a transpose.
  void put_back(Value value, Value turned, Operation* before, const std::vector<Use*>& uses) {
    Value back = transposed(turned, from_last(value.rank()), before);
    for (Use* use : uses) use->set(back.impl());
    last_[back.impl()] = turned;
    ++made_;
  }

  Module& module_;
  Block& block_;
  Renders renders_;
  Sizes sizes_;
  Classes classes_;
  std::unordered_map<const ValueImpl*, Value> last_;
  std::vector<Operation*> dead_;
  int64_t made_ = 0;
};

}  // namespace

int64_t lay_out(Module& module, Renders renders) {
  int64_t made = 0;
  for (Func func : module.funcs()) made += Layout(module, func, renders).run();
  turned_values += made;
  return made;
}

int64_t laid_out() { return turned_values; }

Operation* turned(const Operation& convolution) {
  Value result = convolution.result();
  if (!convolution.is("prim.conv") || result.rank() < 3) return nullptr;
  Operation* reader = nullptr;
  int uses = 0;
  result.each_use([&](Use& use) {
    reader = use.owner;
    ++uses;
  });
  if (uses != 1 || !reader->is("prim.transpose")) return nullptr;
  std::vector<int64_t> wanted = to_last(result.rank());
  return std::ranges::equal(reader->attr("perm").as_ints(), wanted) ? reader : nullptr;
}

}  // namespace proa::compiler
