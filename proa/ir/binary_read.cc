#include <cstring>
#include <memory>

#include "proa/base/bytes.h"
#include "proa/base/checked.h"
#include "proa/base/error.h"
#include "proa/ir/binary.h"
#include "proa/ir/binary_format.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/printer.h"
#include "proa/ir/symbol/facts.h"
#include "proa/ir/verifier.h"

namespace proa::ir {

namespace {

constexpr size_t kMostRank = 64;

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, Context& context, std::string source)
      : in_(bytes, std::move(source)), context_(context) {}

  Module run() {
    head();
    texts();
    try {
      symbols();
      dims();
      constants();
      locations();
    } catch (const UserError& error) {
      // What types, attributes and sizes refuse has no place of its own.
      if (error.kind() == ErrorKind::io || error.kind() == ErrorKind::not_supported) throw;
      in_.fail(error.what());
    }
    pages();
    Module module(context_);
    try {
      facts(module.facts());
    } catch (const UserError& error) {
      if (error.kind() == ErrorKind::io) throw;
      in_.fail(error.what());
    }
    operations(module);
    in_.expect_end();
    try {
      verify(module);
    } catch (const UserError& error) {
      throw UserError(ErrorKind::io, str("cannot read ", in_.source(), ": ", error.what()));
    }
    return module;
  }

 private:
  [[noreturn]] void unknown(std::string_view what) const {
    throw UserError(ErrorKind::not_supported,
                    str("cannot read ", in_.source(), ": byte ", in_.at(), ": ", what));
  }

  void head() {
    if (in_.left() < kBinaryMagic.size() ||
        std::memcmp(in_.raw(kBinaryMagic.size()).data(), kBinaryMagic.data(),
                    kBinaryMagic.size()) != 0) {
      in_.fail("it does not begin with PROAPIR");
    }
    uint64_t version = in_.natural();
    if (version == 0) in_.fail("it is of version 0");
    if (version > kBinaryVersion) {
      unknown(str("it is of version ", version, ", and this Proa reads up to ", kBinaryVersion));
    }
  }

  void texts() {
    texts_.resize(in_.count());
    for (std::string_view& text : texts_) text = in_.text();
  }
  std::string_view text() { return texts_[in_.index(texts_.size(), "texts")]; }

  void symbols() {
    size_t count = in_.count(6);
    for (size_t i = 0; i < count; ++i) {
      std::string_view name = text();
      SymbolInfo info;
      info.lo = in_.integer();
      info.hi = in_.integer();
      info.divisor = in_.integer();
      info.residue = in_.integer();
      if (in_.flag()) info.likely = in_.integer();
      SymbolArena& arena = context_.symbols();
      auto known = arena.find(name);
      bool taken = known && !(known->info() == info);
      symbols_.push_back(taken ? arena.fresh(str(name, "_"), info) : arena.symbol(name, info));
    }
  }

  Dim dim() { return dims_[in_.index(dims_.size(), "dims")]; }

  void dims() {
    size_t count = in_.count(2);
    for (size_t i = 0; i < count; ++i) {
      auto kind =
          static_cast<DimKind>(in_.index(static_cast<size_t>(DimKind::sum) + 1, "kinds of dims"));
      dims_.push_back(one_dim(kind));
    }
  }

  Dim one_dim(DimKind kind) {
    if (kind == DimKind::constant) return Dim(in_.integer());
    if (kind == DimKind::symbol) return symbols_[in_.index(symbols_.size(), "symbols")];
    if (kind == DimKind::sum) {
      Dim sum(in_.integer());
      size_t terms = in_.count(2);
      for (size_t i = 0; i < terms; ++i) {
        Dim coefficient(in_.integer());
        sum += coefficient * dim();
      }
      return sum;
    }
    std::vector<Dim> parts(in_.count());
    for (Dim& part : parts) part = dim();
    bool two = kind == DimKind::floordiv || kind == DimKind::mod;
    if (parts.empty() || (two && parts.size() != 2)) in_.fail("a dim of the wrong parts");
    switch (kind) {
      case DimKind::floordiv: return floordiv(parts[0], parts[1]);
      case DimKind::mod: return mod(parts[0], parts[1]);
      case DimKind::max: return max(parts);
      case DimKind::min: return min(parts);
      default: return product(parts);
    }
  }

  DType dtype() { return static_cast<DType>(in_.index(kDTypeCount, "dtypes")); }

  // Parts are earlier ones, so depth is known on the way up and nothing calls itself.
  Type type() {
    size_t i = in_.index(types_.size(), "types");
    depth_ = std::max(depth_, type_depths_[i]);
    return types_[i];
  }
  Attribute attribute() {
    size_t i = in_.index(attributes_.size(), "attributes");
    depth_ = std::max(depth_, attribute_depths_[i]);
    return attributes_[i];
  }
  size_t finished() {
    if (++depth_ > kMostNestedParts) {
      in_.fail(str("attributes are nested more than ", kMostNestedParts, " deep"));
    }
    return depth_;
  }

  void constants() {
    size_t count = in_.count(2);
    for (size_t i = 0; i < count; ++i) {
      depth_ = 0;
      auto kind = static_cast<BinaryConstant>(in_.index(2, "kinds of constants"));
      if (kind == BinaryConstant::type) {
        types_.push_back(one_type());
        type_depths_.push_back(finished());
      } else {
        attributes_.push_back(one_attribute());
        attribute_depths_.push_back(finished());
      }
    }
  }

  Type one_type() {
    auto kind =
        static_cast<TypeKind>(in_.index(static_cast<size_t>(TypeKind::custom) + 1, "type kinds"));
    if (kind == TypeKind::token) return Type::token(context_);
    if (kind == TypeKind::tensor) {
      DType element = dtype();
      std::vector<Dim> dims(in_.count());
      if (dims.size() > kMostRank) in_.fail(str("a tensor of ", dims.size(), " axes"));
      for (Dim& d : dims) d = dim();
      return Type::tensor(context_, element, dims);
    }
    std::string_view name = text();
    return Type::custom(context_, name, attribute_list());
  }

  std::vector<Attribute> attribute_list() {
    std::vector<Attribute> list(in_.count());
    for (Attribute& a : list) a = attribute();
    return list;
  }

  Attribute one_attribute() {
    auto kind = static_cast<AttrKind>(
        in_.index(static_cast<size_t>(AttrKind::custom) + 1, "attribute kinds"));
    switch (kind) {
      case AttrKind::unit: return Attribute::unit(context_);
      case AttrKind::boolean: return Attribute::boolean(context_, in_.flag());
      case AttrKind::integer: return Attribute::integer(context_, in_.integer());
      case AttrKind::real: return Attribute::real(context_, in_.real());
      case AttrKind::complex: {
        double real = in_.real();
        return Attribute::complex(context_, {real, in_.real()});
      }
      case AttrKind::string: return Attribute::string(context_, text());
      case AttrKind::symbol: return Attribute::symbol(context_, text());
      case AttrKind::dtype: return Attribute::dtype(context_, dtype());
      case AttrKind::dim: return Attribute::dim(context_, dim());
      case AttrKind::type: return Attribute::type(context_, type());
      case AttrKind::tensor: return tensor();
      case AttrKind::array: return Attribute::array(context_, attribute_list());
      case AttrKind::custom: {
        std::string_view name = text();
        return Attribute::custom(context_, name, attribute_list());
      }
      case AttrKind::ints: {
        std::vector<int64_t> list(in_.count());
        for (int64_t& value : list) value = in_.integer();
        return Attribute::ints(context_, list);
      }
      case AttrKind::reals: {
        std::vector<double> list(in_.count(8));
        for (double& value : list) value = in_.real();
        return Attribute::reals(context_, list);
      }
      case AttrKind::dims: {
        std::vector<Dim> list(in_.count());
        for (Dim& d : list) d = dim();
        return Attribute::dims(context_, list);
      }
      case AttrKind::dict: {
        size_t words = in_.count();
        if (words % 2 != 0) in_.fail("a dict of names without values");
        std::vector<NamedAttr> items;
        for (size_t i = 0; i < words / 2; ++i) {
          Name name = context_.name(text());
          items.push_back({name, attribute().storage()});
        }
        return Attribute::dict(context_, std::move(items));
      }
    }
    in_.fail("an unknown kind of attribute");
  }

  Attribute tensor() {
    TensorData data;
    data.dtype = dtype();
    data.dims.resize(in_.count());
    if (data.dims.size() > kMostRank) in_.fail(str("a tensor of ", data.dims.size(), " axes"));
    for (int64_t& dim : data.dims) dim = in_.integer();
    auto size = checked_bytes(data.dims, data.dtype);
    if (!size) in_.fail(str("a constant of the shape ", list_str(data.dims)));
    auto bytes = in_.raw(static_cast<size_t>(*size));
    // Aligned for every element, which it may not be in the file.
    auto words = std::make_shared<std::vector<uint64_t>>(bytes.size() / 8 + 1);
    if (!bytes.empty()) std::memcpy(words->data(), bytes.data(), bytes.size());
    data.bytes = words->data();
    data.size = bytes.size();
    data.owner = std::move(words);
    return Attribute::tensor(context_, std::move(data));
  }

  Location location() {
    size_t i = in_.index(locations_.size() + 1, "locations");
    if (i == 0) return Location();
    depth_ = std::max(depth_, location_depths_[i - 1]);
    return locations_[i - 1];
  }

  void locations() {
    size_t count = in_.count(2);
    for (size_t i = 0; i < count; ++i) {
      depth_ = 0;
      auto kind = static_cast<LocationKind>(
          in_.index(static_cast<size_t>(LocationKind::name) + 1, "kinds of locations"));
      locations_.push_back(one_location(kind));
      location_depths_.push_back(finished());
    }
  }

  Location one_location(LocationKind kind) {
    switch (kind) {
      case LocationKind::unknown: in_.fail("an unknown location in the list");
      case LocationKind::file: {
        std::string_view path = text();
        int32_t line = in_.int32();
        return Location::file(context_, path, line, in_.int32());
      }
      case LocationKind::name: return Location::name(context_, text());
      case LocationKind::stack:
      case LocationKind::fused: break;
    }
    std::vector<Location> parts(in_.count());
    for (Location& part : parts) part = location();
    return kind == LocationKind::stack ? Location::stack(context_, parts)
                                       : Location::fused(context_, parts);
  }

  struct PageEntry {
    const OpInfo* info;
    int version;
  };

  void pages() {
    size_t count = in_.count(2);
    for (size_t i = 0; i < count; ++i) {
      std::string_view name = text();
      uint64_t version = in_.natural();
      const OpInfo* info = context_.find_op(name);
      if (info == nullptr || info->dialect->name() == kUnregisteredDialect) {
        unknown(str("this Proa has no operation '", name, "' (version ", version, ")"));
      }
      auto newest = static_cast<uint64_t>(info->page ? info->page->version : 1);
      if (version == 0) in_.fail(str(name, " is of version 0"));
      if (version > newest) {
        unknown(str("the operation '", name, "' is of version ", version,
                    ", and this Proa knows it up to ", newest));
      }
      pages_.push_back({info, static_cast<int>(version)});
    }
  }

  Guard condition() {
    Guard guard;
    guard.kind = static_cast<Guard::Kind>(
        in_.index(static_cast<size_t>(Guard::Kind::divisible) + 1, "kinds of conditions"));
    guard.a = dim();
    guard.b = dim();
    return guard;
  }

  void facts(Facts& facts) {
    size_t guards = in_.count(4);
    for (size_t i = 0; i < guards; ++i) {
      Guard guard = condition();
      if (!require(facts, guard, text())) {
        in_.fail(str("the guard ", to_string(guard), " can never hold"));
      }
    }
    size_t assumed = in_.count(3);
    for (size_t i = 0; i < assumed; ++i) assume(facts, condition());
    size_t hints = in_.count(2);
    for (size_t i = 0; i < hints; ++i) {
      Dim symbol = symbols_[in_.index(symbols_.size(), "symbols")];
      facts.set_likely(symbol, in_.integer());
    }
  }

  static bool require(Facts& facts, const Guard& guard, std::string_view message) {
    switch (guard.kind) {
      case Guard::Kind::eq: return facts.require_eq(guard.a, guard.b, message);
      case Guard::Kind::ge: return facts.require_ge(guard.a, guard.b, message);
      case Guard::Kind::divisible: break;
    }
    return facts.require_divisible(guard.a, guard.b, message);
  }

  void assume(Facts& facts, const Guard& guard) {
    if (guard.kind == Guard::Kind::eq) return facts.assert_equal(guard.a, guard.b);
    if (guard.kind == Guard::Kind::ge) return facts.assert_ge(guard.a, guard.b);
    // "8 divides s0 - 3" says of the symbol that it is 3 modulo 8.
    Dim symbol = guard.a;
    int64_t offset = 0;
    if (symbol.terms().size() == 1 && symbol.terms()[0].coefficient == 1) {
      offset = symbol.offset();
      symbol = symbol.terms()[0].factor;
    }
    auto divisor = guard.b.as_const();
    if (!symbol.is_symbol() || !divisor || offset == kMinusInfinity) {
      in_.fail(str("the fact ", to_string(guard), " is not of a symbol"));
    }
    facts.set_divisible(symbol, *divisor, -offset);
  }

  // One region being filled: how much of it is still to come.
  struct Level {
    Operation* op;
    size_t region = 0;
    size_t blocks = 0, operations = 0;  // left in this region, and in its last block
  };
  struct Fixup {  // an operand that comes before what gives it
    Operation* op;
    size_t operand;
    size_t value;
    size_t at;
  };

  void operations(Module& module) {
    struct Cut {  // on an error, before the module goes: uses may point anywhere in it
      Module& module;
      bool done = false;
      ~Cut() {
        if (!done) module.op()->region(0).clear();
      }
    } cut{module};
    // The module's own operation is there; only what it says is read.
    OpState top = head_of(nullptr);
    if (!top.operands.empty() || !top.results.empty() || top.regions != 1 ||
        top.info->name != "builtin.module") {
      in_.fail("it does not begin with a module");
    }
    module.op()->set_attrs(std::move(top.attrs));
    module.op()->set_location(top.location);
    if (in_.natural() != 1 || in_.natural() != 0) in_.fail("a module of other than one block");
    std::vector<Level> levels{{module.op(), 1, 0, in_.count(6)}};
    while (!levels.empty()) {
      if (levels.back().operations == 0) {
        if (!next_block(levels)) levels.pop_back();
        continue;
      }
      --levels.back().operations;
      Level& level = levels.back();
      Region& region = level.op->region(level.region - 1);
      Block& block = region.block(region.block_count() - 1);
      std::vector<Fixup> missing;
      OpState state = head_of(&missing);
      Operation* op = Operation::create(state);
      block.append(op);
      for (Fixup& fixup : missing) {
        fixup.op = op;
        fixups_.push_back(fixup);
      }
      for (Value result : op->results()) values_.push_back(result);
      if (op->region_count() == 0) continue;
      if (levels.size() > kMostNestedRegions) {
        in_.fail(str("regions are nested more than ", kMostNestedRegions, " deep"));
      }
      levels.push_back({op, 0, 0, 0});
    }
    for (const Fixup& fixup : fixups_) {
      if (fixup.value >= values_.size()) {
        throw UserError(ErrorKind::io, str("cannot read ", in_.source(), ": byte ", fixup.at,
                                           ": value ", fixup.value, " of ", values_.size()));
      }
      fixup.op->set_operand(fixup.operand, values_[fixup.value]);
    }
    cut.done = true;
  }

  // Goes to the next block, or the first one of the next region; false where there is none.
  bool next_block(std::vector<Level>& levels) {
    Level& level = levels.back();
    while (level.blocks == 0) {
      if (level.region == level.op->region_count()) return false;
      ++level.region;
      level.blocks = in_.count(2);
    }
    --level.blocks;
    Block& block = level.op->region(level.region - 1).add_block();
    size_t arguments = in_.count();
    for (size_t i = 0; i < arguments; ++i) values_.push_back(block.add_argument(type()));
    level.operations = in_.count(6);
    return true;
  }

  // `missing`: operands whose values come later; null for the module itself.
  OpState head_of(std::vector<Fixup>* missing) {
    OpState state;
    const PageEntry& page = pages_.at(in_.index(pages_.size(), "operations"));
    state.info = page.info;
    state.location = location();
    size_t attrs = in_.count(2);
    for (size_t i = 0; i < attrs; ++i) {
      Name name = context_.name(text());
      if (state.attrs.get(name.view())) in_.fail(str("attribute '", name.view(), "' comes twice"));
      state.attrs.set(name, attribute());
    }
    upgrade(page, state.attrs);
    size_t operands = in_.count();
    for (size_t i = 0; i < operands; ++i) {
      size_t at = in_.at();
      uint64_t value = in_.natural();
      bool known = value < values_.size();
      if (!known && missing != nullptr) {
        missing->push_back({nullptr, i, static_cast<size_t>(value), at});
      }
      state.operands.push_back(known ? values_[static_cast<size_t>(value)] : Value());
    }
    size_t results = in_.count();
    for (size_t i = 0; i < results; ++i) state.results.push_back(type());
    state.regions = in_.count();
    return state;
  }

  void upgrade(const PageEntry& page, AttrList& attrs) {
    for (int version = page.version; page.info->page && version < page.info->page->version;
         ++version) {
      for (const Upgrade& upgrade : page.info->page->upgrades) {
        if (upgrade.from == version) upgrade.rule(attrs, context_);
      }
    }
  }

  ByteReader in_;
  Context& context_;
  std::vector<std::string_view> texts_;
  std::vector<Dim> symbols_, dims_;
  std::vector<Type> types_;
  std::vector<Attribute> attributes_;
  std::vector<Location> locations_;
  std::vector<size_t> type_depths_, attribute_depths_, location_depths_;
  std::vector<PageEntry> pages_;
  std::vector<Value> values_;
  std::vector<Fixup> fixups_;
  size_t depth_ = 0;  // of what is being read
};

}  // namespace

Module read_binary(std::span<const std::byte> bytes, Context& context, std::string source) {
  return Reader(bytes, context, std::move(source)).run();
}

}  // namespace proa::ir
