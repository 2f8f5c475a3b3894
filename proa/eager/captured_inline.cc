// A graph of a file as part of a capture: a loaded layer inside of a larger one, say.

#include <algorithm>

#include "proa/base/error.h"
#include "proa/eager/captured.h"
#include "proa/eager/captured_node.h"
#include "proa/ir/module.h"
#include "proa/ir/replace_sizes.h"
#include "proa/ir/symbol/facts.h"
#include "proa/ops/control.h"

namespace proa::eager {

using namespace ir;

namespace {

// A module whose symbols are sizes of another one, and whose functions have names that are free
// there.
class Guest {
 public:
  Guest(const Captured& captured, std::span<const Value> arguments, Module& host)
      : host_(host),
        module_(std::make_shared<Module>(captured.module().clone())),
        name_(captured.name()) {
    std::vector<Value> inside = module_->main().arguments();
    for (size_t i = 0; i < inside.size(); ++i) meet(inside[i].type(), arguments[i].type(), i);
    for (Func func : module_->funcs()) {
      if (func.op() == module_->main().op()) continue;
      std::string fresh(func.name());
      for (int k = 1; host.find(fresh); ++k) fresh = str(func.name(), ".", k);
      names_.emplace_back(func.name(), fresh);
    }
    given_ = sizes_.size();
    std::vector<Dim> symbols;
    for (auto& [symbol, size] : sizes_) symbols.push_back(symbol);
    for (const Guard& stated : module_->facts().assumptions(symbols)) require(stated, true);
    for (const Guard& guard : module_->facts().guards()) require(guard, false);
    replace_sizes(*module_, [&](Dim symbol) { return size_of(symbol); });
    for (Func func : module_->funcs()) {
      func.op()->walk([&](Operation* op) { rename(*op); });
      for (auto& [before, after] : names_) {
        if (func.name() == before) {
          func.op()->set_attr("name", Attribute::string(host.context(), after));
          break;
        }
      }
    }
  }

  std::shared_ptr<Module> module() const { return module_; }

 private:
  // Extents that are numbers inside must be these outside; symbols stand for what is outside.
  void meet(Type inside, Type outside, size_t argument) {
    bool same =
        outside.is_tensor() && inside.dtype() == outside.dtype() && inside.rank() == outside.rank();
    for (size_t a = 0; same && a < inside.dims().size(); ++a) {
      Dim own = inside.dims()[a], given = outside.dims()[a];
      if (own.is_const()) {
        same = host_.facts().require_eq(given, own, str("an input of ", name_));
      } else {
        sizes_.emplace_back(own, given);
      }
    }
    if (same) return;
    throw UserError(ErrorKind::shape, name_, str("input ", argument),
                    str("expected ", to_string(inside), ", got ", to_string(outside)));
  }

  // A size that depends on values is one of its own in each place where the graph is.
  Dim size_of(Dim symbol) {
    for (size_t i = 0; i < sizes_.size(); ++i) {
      if (sizes_[i].first != symbol) continue;
      found_ |= i >= given_;
      return sizes_[i].second;
    }
    found_ = true;
    Dim fresh = host_.context().symbols().fresh("u", symbol.info());
    return sizes_.emplace_back(symbol, fresh).second;
  }
  Dim size(Dim dim) {
    return substitute(dim, [&](Dim symbol) { return size_of(symbol); });
  }

  // What was stated of sizes that depend on values is known, and nothing to check: whoever finds
  // them keeps it.
  void require(const Guard& guard, bool stated) {
    Facts& facts = host_.facts();
    found_ = false;
    Dim a = size(guard.a), b = size(guard.b);
    if (stated && found_ && guard.kind != Guard::Kind::divisible) {
      return guard.kind == Guard::Kind::eq ? facts.assert_equal(a, b) : facts.assert_ge(a, b);
    }
    bool holds = guard.kind == Guard::Kind::eq   ? facts.require_eq(a, b, guard.message)
                 : guard.kind == Guard::Kind::ge ? facts.require_ge(a, b, guard.message)
                                                 : facts.require_divisible(a, b, guard.message);
    if (holds) return;
    throw UserError(ErrorKind::shape, name_, "",
                    str("these sizes do not fit: ", to_string(guard),
                        guard.message.empty() ? "" : " # ", guard.message));
  }

  // Functions are named by symbols, also in lists of them.
  Attribute renamed(Attribute attr) {
    if (attr.kind() == AttrKind::array) {
      std::vector<Attribute> items(attr.as_array().begin(), attr.as_array().end());
      for (Attribute& item : items) item = renamed(item);
      return Attribute::array(host_.context(), items);
    }
    if (attr.kind() != AttrKind::symbol) return attr;
    for (auto& [before, after] : names_) {
      if (attr.as_string() == before) return Attribute::symbol(host_.context(), after);
    }
    return attr;
  }

  void rename(Operation& op) {
    AttrList attrs = op.attrs();
    for (const NamedAttr& item : op.attrs().items()) attrs.set(item.name, renamed(item.value()));
    op.set_attrs(std::move(attrs));
  }

  Module& host_;
  std::shared_ptr<Module> module_;
  std::string name_;
  std::vector<std::pair<Dim, Dim>> sizes_;  // those of the arguments, then what is found inside
  size_t given_ = 0;
  bool found_ = false;  // a size was asked for that is found inside
  std::vector<std::pair<std::string, std::string>> names_;  // of functions
};

}  // namespace

std::vector<Tensor> FunctionCapture::part(const Captured& graph, std::span<const Tensor> operands) {
  std::vector<Value> values;
  for (const Tensor& t : operands) values.push_back(value(t));
  Module& host = builder().module();
  std::shared_ptr<Module> guest = Guest(graph, values, host).module();
  for (Operation& op : guest->main().body()) bring_functions(op, *guest, host);
  std::vector<Value> made = ops::inline_function(builder(), guest->main(), values);
  std::vector<Tensor> results;
  for (Value v : made) results.push_back(tensor(v));
  track(results, operands, [&] {
    return std::make_shared<CapturedNode>(*this, graph.name(), guest, guest->main(), operands,
                                          made);
  });
  return results;
}

std::vector<Tensor> Captured::inlined(FunctionCapture& capture, std::span<const Tensor> tensors) {
  if (std::string why = beyond_a_file(); !why.empty())
    throw UserError(ErrorKind::not_supported, name(), "", str("as part of a capture: ", why));
  if (tensors.size() != tensors_) {
    throw UserError(ErrorKind::value, name(), "",
                    str("expected ", tensors_, " tensors, got ", tensors.size()));
  }
  std::vector<Tensor> operands(tensors.begin(), tensors.end());
  for (const CaptureSlot& slot : slots_) {
    if (slot.kind == CaptureSlot::Kind::tensor) {
      operands.push_back(slot.tensor);
      continue;
    }
    operands.push_back(capture.random_key(name()));
    for (int64_t drawn = 1; drawn < random_calls_; ++drawn) capture.random_key(name());
  }
  std::vector<Tensor> made = capture.part(*this, operands);
  for (size_t i = 0; i < made.size(); ++i) {
    if (!tracked_[i] && made[i].requires_grad()) made[i] = capture.detach(made[i]);
  }
  size_t at = results_;
  for (const CaptureEffect& effect : effects_) {
    NoGrad no_grad;
    const Tensor& now = made[at++];
    bool taken = effect.kind == CaptureEffect::Kind::write
                     ? capture.write(effect.tensor, now, name())
                     : capture.assign(effect.tensor, now);
    PROA_CHECK(taken, "a capture that writes memory");
  }
  made.resize(results_);
  return made;
}

}  // namespace proa::eager
