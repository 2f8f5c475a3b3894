#include "proa/ir/verifier.h"

#include <algorithm>
#include <unordered_set>

#include "proa/base/error.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/printer.h"
#include "proa/ir/rules.h"
#include "proa/ir/symbol/facts.h"

namespace proa::ir {

namespace {

class Verifier {
 public:
  explicit Verifier(const Module& module) : module_(module), facts_(module.facts()) {}
  void run();

 private:
  [[noreturn]] void fail(const Operation& op, std::string_view argument,
                         std::string_view message) const;
  void collect(const Operation& op);
  void visit(const Operation& op);
  void check_block(const Operation& op, const Block& block);
  void check_value(const Operation& op, Value value);
  void check_type(const Operation& op, Type type);
  void check_operand(const Operation& op, size_t i);
  void check_attribute(const Operation& op, std::string_view name, Attribute attribute);
  void check_page(const Operation& op);
  void name_new_sizes(const Operation& op, std::span<const Type> operands,
                      std::vector<Type>& inferred);

  const Module& module_;
  Facts facts_;  // a copy: shape rules record what they assume
  std::unordered_set<const Operation*> ops_;
  std::unordered_set<std::string_view> functions_;
  std::unordered_set<const void*> good_types_, good_attributes_;
  size_t operands_ = 0, uses_ = 0;
};

std::string context_of(const Operation& op) {
  return str("\n  at ", to_string(op.location()), ": ", print_line(op));
}

void Verifier::fail(const Operation& op, std::string_view argument,
                    std::string_view message) const {
  throw UserError(ErrorKind::value, op.name(), argument, str(message, context_of(op)));
}

void Verifier::run() {
  const Operation& top = *module_.op();
  collect(top);
  for (const Operation& op : module_.body()) {
    if (!op.is("builtin.func")) continue;
    Attribute name = op.attr("name");
    if (!name.is(AttrKind::string)) fail(op, "name", "expected the function's name, a string");
    if (!functions_.insert(name.as_string()).second) {
      fail(op, "name", str("function @", name.as_string(), " is defined twice"));
    }
  }
  visit(top);
  // Each use was found from its value; more operands than that means a broken chain.
  if (uses_ != operands_) {
    fail(top, "",
         str("there are ", operands_, " operands but the values know of ", uses_, " uses"));
  }
}

void Verifier::collect(const Operation& op) {
  ops_.insert(&op);
  for (size_t r = 0; r < op.region_count(); ++r) {
    for (size_t b = 0; b < op.region(r).block_count(); ++b) {
      const Block& block = op.region(r).block(b);
      const Operation* before = nullptr;
      for (const Operation& inner : block) {
        if (inner.block() != &block || inner.prev() != before)
          fail(op, "", "a block's list of operations is broken");
        before = &inner;
        collect(inner);
      }
      if (block.back() != before) fail(op, "", "a block's list of operations is broken");
    }
  }
}

void Verifier::visit(const Operation& op) {
  for (size_t i = 0; i < op.operand_count(); ++i) check_operand(op, i);
  for (Value result : op.results()) check_value(op, result);
  for (const NamedAttr& item : op.attrs().items())
    check_attribute(op, item.name.view(), item.value());
  const OpInfo& info = op.info();
  if (info.has(Trait::terminator) && op.next() != nullptr) {
    fail(op, "", "a terminator stands before the end of its block");
  }
  if (op.is("builtin.func") && (op.region_count() != 1 || op.region(0).block_count() != 1)) {
    fail(op, "", "a function has one region of one block");
  }
  if (info.page) check_page(op);
  for (size_t r = 0; r < op.region_count(); ++r) {
    const Region& region = op.region(r);
    if (region.parent() != &op) fail(op, "", str("region ", r, " does not know its operation"));
    for (size_t b = 0; b < region.block_count(); ++b) {
      if (region.block(b).region() != &region)
        fail(op, "", str("a block of region ", r, " does not know it"));
      check_block(op, region.block(b));
    }
  }
  if (info.verify == nullptr) return;
  try {
    info.verify(op, facts_);
  } catch (const UserError& error) {
    throw UserError(error.kind(), op.name(), error.argument(),
                    str(error.message(), context_of(op)));
  }
}

void Verifier::check_block(const Operation& op, const Block& block) {
  for (Value argument : block.arguments()) check_value(op, argument);
  for (const Operation& inner : block) visit(inner);
  if (!op.info().has(Trait::graph_region) && op.info().dialect->name() != kUnregisteredDialect &&
      block.terminator() == nullptr) {
    fail(op, "", "a block does not end in a terminator (say, return)");
  }
}

void Verifier::check_value(const Operation& op, Value value) {
  if (!value.type()) fail(op, "", "a value has no type");
  check_type(op, value.type());
  const Use* before = nullptr;
  value.each_use([&](Use& use) {
    bool linked = use.value == value.impl() && use.back != nullptr && *use.back == &use &&
                  (before == nullptr || before->next == &use);
    before = &use;
    if (!linked || use.owner == nullptr) fail(op, "", "the chain of a value's uses is broken");
    if (!ops_.contains(use.owner))
      fail(op, "", "a value is used by an operation outside the module");
    ++uses_;
  });
}

void Verifier::check_type(const Operation& op, Type type) {
  if (!good_types_.insert(type.storage()).second) return;
  if (&type.context() != &module_.context()) fail(op, "", "a type belongs to another context");
  if (!type.is_tensor()) return;
  for (Dim dim : type.dims()) {
    if (dim.is_const() && dim.constant() < 0)
      fail(op, "", str("type ", to_string(type), " has a negative dim"));
  }
}

void Verifier::check_operand(const Operation& op, size_t i) {
  Value value = op.operand(i);
  if (!value) fail(op, "", str("operand ", i, " is missing"));
  ++operands_;
  const Operation* definer = value.definer();
  const Block* home = definer != nullptr ? definer->block() : value.argument_block();
  if (definer != nullptr && !ops_.contains(definer)) {
    fail(op, "", str("operand ", i, " is a value from outside the module"));
  }
  // Climb from the user to the block where the value lives.
  const Operation* at = &op;
  while (at != nullptr && at->block() != home) {
    at = at->parent();
    if (at == nullptr || !at->info().has(Trait::isolated)) continue;
    const Operation* around = home->parent();
    while (around != nullptr && around != at) around = around->parent();
    if (around == at) break;  // inside, but beside its user
    fail(op, "", str("operand ", i, " is defined outside ", at->name(), ", which is isolated"));
  }
  if (at == nullptr || at->block() != home) {
    fail(op, "", str("operand ", i, " is defined in a region that is not around its user"));
  }
  if (definer == nullptr) return;
  const Operation* around = at->parent();
  bool by_data = around != nullptr && around->info().has(Trait::graph_region);
  if (by_data ? definer == at && at != &op : !definer->is_before(at)) {
    fail(op, "", str("operand ", i, " is used before it is defined"));
  }
}

void Verifier::check_attribute(const Operation& op, std::string_view name, Attribute attribute) {
  if (!good_attributes_.insert(attribute.storage()).second) return;
  switch (attribute.kind()) {
    case AttrKind::symbol:
      if (!functions_.contains(attribute.as_string())) {
        std::vector<std::string_view> names(functions_.begin(), functions_.end());
        std::ranges::sort(names);
        std::string_view near = nearest(attribute.as_string(), names);
        fail(op, name,
             str("there is no function @", attribute.as_string(),
                 near.empty() ? "" : str("; did you mean @", near, "?")));
      }
      return;
    case AttrKind::type: return check_type(op, attribute.as_type());
    case AttrKind::array:
    case AttrKind::custom:
      for (Attribute item : attribute.as_array()) check_attribute(op, name, item);
      return;
    case AttrKind::dict:
      for (const NamedAttr& item : attribute.as_dict()) check_attribute(op, name, item.value());
      return;
    case AttrKind::tensor: {
      const TensorData& data = attribute.as_tensor();
      size_t size = size_of(data.dtype);
      for (int64_t dim : data.dims) {
        if (dim < 0 || __builtin_mul_overflow(size, static_cast<size_t>(dim), &size))
          size = SIZE_MAX;
      }
      if (size != data.size || (size != 0 && data.bytes == nullptr)) {
        fail(op, name,
             str("a tensor constant has ", data.size, " bytes, its type asks for ", size));
      }
      return;
    }
    default: return;
  }
}

void Verifier::check_page(const Operation& op) {
  const Page& page = *op.info().page;
  std::vector<Type> operands, inferred;
  try {
    std::vector<int64_t> segments = checked_segments(op.info(), op.attrs(), op.operand_count());
    // Regions that the page does not name are the business of the operation's own verifier.
    if (page.shape == nullptr || (op.region_count() != 0 && page.regions.empty())) return;
    for (Value operand : op.operands()) {
      operands.push_back(operand.type());
      if (page.effects != Effects::token && !operand.type().is_tensor()) {
        throw UserError(ErrorKind::type, page.name, "",
                        str("expected tensors, got ", to_string(operand.type())));
      }
    }
    std::vector<RegionTypes> regions;
    for (size_t r = 0; r < op.region_count(); ++r)
      regions.push_back(region_types(op.info(), r, op.region(r)));
    // The default float under which the operation was made shows in its result.
    DType default_float = DType::f32;
    if (op.result_count() != 0 && op.result().type().is_tensor() &&
        is_inexact(op.result().dtype())) {
      default_float = real_of(op.result().dtype());
    }
    inferred = infer(op.info(), op.attrs(), operands, segments, facts_, default_float,
                     module_.context(), regions);
  } catch (const UserError& error) {
    throw UserError(error.kind(), op.name(), error.argument(),
                    str(error.message(), context_of(op)));
  } catch (const NeedStatic& need) { fail(op, "", str(need.message, ", got a symbol")); }
  if (inferred.size() != op.result_count()) {
    fail(op, "", str("expected ", inferred.size(), " results, got ", op.result_count()));
  }
  name_new_sizes(op, operands, inferred);
  for (size_t i = 0; i < inferred.size(); ++i) {
    if (!same_type(inferred[i], op.result(i).type(), facts_)) {
      fail(op, "",
           str("result ", i, " should be ", to_string(inferred[i]), ", got ",
               to_string(op.result(i).type())));
    }
  }
}

// A size that depends on data (nonzero) is a symbol that each inference makes anew: the one in the
// operation's own type takes its place.
void Verifier::name_new_sizes(const Operation& op, std::span<const Type> operands,
                              std::vector<Type>& inferred) {
  SmallVector<Dim, 6> known;
  for (Type type : operands) {
    if (!type.is_tensor()) continue;
    for (Dim d : type.dims()) collect_symbols(d, known);
  }
  for (const NamedAttr& item : op.attrs().items()) {
    Attribute a = item.value();
    if (a.is(AttrKind::dim)) collect_symbols(a.as_dim(), known);
    if (!a.is(AttrKind::dims)) continue;
    for (Dim d : a.as_dims()) collect_symbols(d, known);
  }
  auto is_new = [&](Dim d) {
    return d.kind() == DimKind::symbol && std::ranges::find(known, d) == known.end();
  };
  std::vector<std::pair<Dim, Dim>> names;
  for (size_t i = 0; i < inferred.size(); ++i) {
    Type actual = op.result(i).type();
    if (!inferred[i].is_tensor() || !actual.is_tensor() || actual.rank() != inferred[i].rank())
      continue;
    for (size_t axis = 0; axis < actual.dims().size(); ++axis) {
      Dim made = inferred[i].dims()[axis], own = actual.dims()[axis];
      if (made != own && is_new(made) && is_new(own)) names.emplace_back(made, own);
    }
  }
  if (names.empty()) return;
  auto own_name = [&](Dim symbol) {
    auto it = std::ranges::find(names, symbol, &std::pair<Dim, Dim>::first);
    return it == names.end() ? symbol : it->second;
  };
  for (Type& type : inferred) {
    if (!type.is_tensor()) continue;
    std::vector<Dim> dims;
    for (Dim d : type.dims()) dims.push_back(substitute(d, own_name));
    type = Type::tensor(module_.context(), type.dtype(), dims);
  }
}

}  // namespace

std::vector<int64_t> checked_segments(const OpInfo& info, const AttrList& attrs, size_t operands) {
  const Page& page = *info.page;
  auto wrong = [&](std::string_view message) {
    throw UserError(ErrorKind::value, info.name, "", message);
  };
  Attribute given = attrs.get("segments");
  if (!given) {
    if (operands != page.operands.size()) {
      wrong(str("expected ", page.operands.size(), " operands, got ", operands));
    }
    return std::vector<int64_t>(operands, 1);
  }
  if (!given.is(AttrKind::ints) || given.as_ints().size() != page.operands.size()) {
    wrong(str("attribute 'segments' should be ", page.operands.size(), " integers, got ",
              to_string(given)));
  }
  std::vector<int64_t> counts(given.as_ints().begin(), given.as_ints().end());
  size_t total = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const OperandSpec& spec = page.operands[i];
    bool legal = counts[i] >= 0 && static_cast<uint64_t>(counts[i]) <= operands;
    if (!legal || (!spec.variadic && counts[i] > 1)) {
      wrong(str("operand '", spec.name, "' cannot have ", counts[i], " values"));
    }
    if (counts[i] == 0 && !spec.variadic && !spec.optional) {
      wrong(str("operand '", spec.name, "' may not be absent"));
    }
    total += static_cast<size_t>(counts[i]);
  }
  if (total != operands) wrong(str("'segments' say ", total, " operands, there are ", operands));
  return counts;
}

void verify(const Module& module) { Verifier(module).run(); }

}  // namespace proa::ir
