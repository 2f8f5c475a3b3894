#include <algorithm>
#include <map>
#include <unordered_map>

#include "proa/base/bytes.h"
#include "proa/base/error.h"
#include "proa/ir/binary.h"
#include "proa/ir/binary_format.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/symbol/facts.h"

namespace proa::ir {

namespace {

class Writer {
 public:
  explicit Writer(const Module& module) : module_(module) {}

  std::vector<std::byte> run() {
    ByteWriter body;
    number(*module_.op());
    facts(body);
    operation(body, *module_.op());
    ByteWriter out;
    out.raw(std::as_bytes(std::span(kBinaryMagic)));
    out.natural(kBinaryVersion);
    ByteWriter symbols = this->symbols();  // names of theirs are texts too
    out.natural(texts_.size());
    for (const std::string* text : texts_) out.text(*text);
    out.raw(symbols.bytes());
    list(out, dims_, dim_count_);
    list(out, constants_, constant_count_);
    list(out, locations_, locations_known_.size());
    list(out, pages_, pages_known_.size());
    out.raw(body.bytes());
    return out.take();
  }

 private:
  static void list(ByteWriter& out, const ByteWriter& items, size_t count) {
    out.natural(count);
    out.raw(items.bytes());
  }

  uint64_t text(std::string_view value) {
    auto [at, fresh] = text_numbers_.try_emplace(std::string(value), texts_.size());
    if (fresh) texts_.push_back(&at->first);
    return at->second;
  }

  ByteWriter symbols() {
    ByteWriter out;
    out.natural(symbols_.size());
    for (Dim symbol : symbols_) {
      const SymbolInfo& info = symbol.info();
      out.natural(text(symbol.name()));
      for (int64_t value : {info.lo, info.hi, info.divisor, info.residue}) out.integer(value);
      out.flag(info.likely.has_value());
      if (info.likely) out.integer(*info.likely);
    }
    return out;
  }

  uint64_t symbol(Dim d) {
    auto at = std::ranges::find(symbols_, d);
    if (at == symbols_.end()) at = symbols_.insert(at, d);
    return static_cast<uint64_t>(at - symbols_.begin());
  }

  uint64_t dim(Dim d) {
    if (auto known = dims_known_.find(d); known != dims_known_.end()) return known->second;
    std::vector<uint64_t> parts;
    for (Dim operand : d.operands()) parts.push_back(dim(operand));
    for (const DimTerm& term : d.terms()) parts.push_back(dim(term.factor));
    dims_.byte(static_cast<uint8_t>(d.kind()));
    switch (d.kind()) {
      case DimKind::constant: dims_.integer(d.constant()); break;
      case DimKind::symbol: dims_.natural(symbol(d)); break;
      case DimKind::sum:
        dims_.integer(d.offset());
        dims_.natural(parts.size());
        for (size_t i = 0; i < parts.size(); ++i) {
          dims_.integer(d.terms()[i].coefficient);
          dims_.natural(parts[i]);
        }
        break;
      default:
        dims_.natural(parts.size());
        for (uint64_t part : parts) dims_.natural(part);
    }
    return dims_known_[d] = dim_count_++;
  }

  void naturals(ByteWriter& out, std::span<const uint64_t> values) {
    out.natural(values.size());
    for (uint64_t value : values) out.natural(value);
  }

  uint64_t type(Type t) {
    if (auto known = types_known_.find(t.storage()); known != types_known_.end()) {
      return known->second;
    }
    std::vector<uint64_t> parts;
    if (t.is_tensor()) {
      for (Dim d : t.dims()) parts.push_back(dim(d));
    } else if (t.kind() == TypeKind::custom) {
      for (Attribute a : t.parameters()) parts.push_back(attribute(a));
    }
    constants_.byte(static_cast<uint8_t>(BinaryConstant::type));
    constants_.byte(static_cast<uint8_t>(t.kind()));
    if (t.is_tensor()) constants_.byte(static_cast<uint8_t>(t.dtype()));
    if (t.kind() == TypeKind::custom) constants_.natural(text(t.name()));
    if (!t.is_token()) naturals(constants_, parts);
    ++constant_count_;
    uint64_t number = types_known_.size();
    return types_known_[t.storage()] = number;
  }

  uint64_t attribute(Attribute a) {
    if (auto known = attributes_known_.find(a.storage()); known != attributes_known_.end()) {
      return known->second;
    }
    std::vector<uint64_t> parts;  // before this one in the list
    uint64_t name = 0;
    switch (a.kind()) {
      case AttrKind::dim: parts = {dim(a.as_dim())}; break;
      case AttrKind::dims:
        for (Dim d : a.as_dims()) parts.push_back(dim(d));
        break;
      case AttrKind::custom: name = text(a.custom_name()); [[fallthrough]];
      case AttrKind::array:
        for (Attribute item : a.as_array()) parts.push_back(attribute(item));
        break;
      case AttrKind::dict:
        for (const NamedAttr& item : a.as_dict()) {
          parts.push_back(text(item.name.view()));
          parts.push_back(attribute(item.value()));
        }
        break;
      case AttrKind::type: parts = {type(a.as_type())}; break;
      case AttrKind::string:
      case AttrKind::symbol: name = text(a.as_string()); break;
      default: break;
    }
    ByteWriter& out = constants_;
    out.byte(static_cast<uint8_t>(BinaryConstant::attribute));
    out.byte(static_cast<uint8_t>(a.kind()));
    switch (a.kind()) {
      case AttrKind::unit: break;
      case AttrKind::boolean: out.flag(a.as_bool()); break;
      case AttrKind::integer: out.integer(a.as_int()); break;
      case AttrKind::real: out.real(a.as_real()); break;
      case AttrKind::complex:
        out.real(a.as_complex().real());
        out.real(a.as_complex().imag());
        break;
      case AttrKind::string:
      case AttrKind::symbol: out.natural(name); break;
      case AttrKind::dtype: out.byte(static_cast<uint8_t>(a.as_dtype())); break;
      case AttrKind::ints:
        out.natural(a.as_ints().size());
        for (int64_t value : a.as_ints()) out.integer(value);
        break;
      case AttrKind::reals:
        out.natural(a.as_reals().size());
        for (double value : a.as_reals()) out.real(value);
        break;
      case AttrKind::dim:
      case AttrKind::type: out.natural(parts[0]); break;
      case AttrKind::custom: out.natural(name); [[fallthrough]];
      case AttrKind::dims:
      case AttrKind::array:
      case AttrKind::dict: naturals(out, parts); break;
      case AttrKind::tensor: tensor(out, a.as_tensor()); break;
    }
    ++constant_count_;
    uint64_t number = attributes_known_.size();
    return attributes_known_[a.storage()] = number;
  }

  static void tensor(ByteWriter& out, const TensorData& data) {
    out.byte(static_cast<uint8_t>(data.dtype));
    out.natural(data.dims.size());
    for (int64_t dim : data.dims) out.integer(dim);
    out.raw({static_cast<const std::byte*>(data.bytes), data.size});
  }

  uint64_t location(Location l) {
    if (l.kind() == LocationKind::unknown) return 0;
    if (auto known = locations_known_.find(l.storage()); known != locations_known_.end()) {
      return known->second;
    }
    std::vector<uint64_t> parts;
    for (Location part : l.parts()) parts.push_back(location(part));
    locations_.byte(static_cast<uint8_t>(l.kind()));
    switch (l.kind()) {
      case LocationKind::unknown: break;
      case LocationKind::file:
        locations_.natural(text(l.text()));
        locations_.integer(l.line());
        locations_.integer(l.column());
        break;
      case LocationKind::name: locations_.natural(text(l.text())); break;
      case LocationKind::stack:
      case LocationKind::fused: naturals(locations_, parts); break;
    }
    uint64_t number = locations_known_.size() + 1;  // 0 is unknown
    return locations_known_[l.storage()] = number;
  }

  uint64_t page(const OpInfo& info) {
    auto [at, fresh] = pages_known_.try_emplace(&info, pages_known_.size());
    if (fresh) {
      pages_.natural(text(info.name));
      pages_.natural(info.page ? static_cast<uint64_t>(info.page->version) : 1);
    }
    return at->second;
  }

  // Values by the order in which they are written: results of an operation before what is inside.
  void number(const Operation& op) {
    for (Value result : op.results()) values_.emplace(result.impl(), values_.size());
    for (size_t r = 0; r < op.region_count(); ++r) {
      const Region& region = op.region(r);
      for (size_t b = 0; b < region.block_count(); ++b) {
        for (Value argument : region.block(b).arguments()) {
          values_.emplace(argument.impl(), values_.size());
        }
        for (const Operation& inner : region.block(b)) number(inner);
      }
    }
  }

  void condition(ByteWriter& out, const Guard& guard) {
    uint64_t a = dim(guard.a), b = dim(guard.b);
    out.byte(static_cast<uint8_t>(guard.kind));
    out.natural(a);
    out.natural(b);
  }

  // Guards before facts: a fact that came later may prove a guard, which would then not be recorded
  // again.
  void facts(ByteWriter& out) {
    Facts& facts = module_.facts();
    out.natural(facts.guards().size());
    for (const Guard& guard : facts.guards()) {
      condition(out, guard);
      out.natural(text(guard.message));
    }
    std::vector<Guard> assumed = facts.assumptions();
    out.natural(assumed.size());
    for (const Guard& guard : assumed) condition(out, guard);
    // Of symbols that the module speaks of; so they are all met before they are looked through.
    ByteWriter rest;
    operation(rest, *module_.op());
    std::vector<std::pair<uint64_t, int64_t>> hints;
    for (size_t i = 0; i < symbols_.size(); ++i) {
      auto likely = facts.likely(symbols_[i]);
      if (likely && likely != symbols_[i].info().likely) hints.emplace_back(i, *likely);
    }
    out.natural(hints.size());
    for (auto [symbol, value] : hints) {
      out.natural(symbol);
      out.integer(value);
    }
  }

  void attributes(ByteWriter& out, const AttrList& attrs) {
    out.natural(attrs.items().size());
    for (const NamedAttr& item : attrs.items()) {
      out.natural(text(item.name.view()));
      out.natural(attribute(item.value()));
    }
  }

  void operation(ByteWriter& out, const Operation& op) {
    out.natural(page(op.info()));
    out.natural(location(op.location()));
    attributes(out, op.attrs());
    out.natural(op.operand_count());
    for (size_t i = 0; i < op.operand_count(); ++i) {
      out.natural(values_.at(op.operand(i).impl()));
    }
    out.natural(op.result_count());
    for (Value result : op.results()) out.natural(type(result.type()));
    out.natural(op.region_count());
    for (size_t r = 0; r < op.region_count(); ++r) {
      const Region& region = op.region(r);
      out.natural(region.block_count());
      for (size_t b = 0; b < region.block_count(); ++b) {
        const Block& block = region.block(b);
        out.natural(block.argument_count());
        for (Value argument : block.arguments()) out.natural(type(argument.type()));
        size_t count = 0;
        for ([[maybe_unused]] const Operation& inner : block) ++count;
        out.natural(count);
        for (const Operation& inner : block) operation(out, inner);
      }
    }
  }

  const Module& module_;
  std::map<std::string, uint64_t> text_numbers_;
  std::vector<const std::string*> texts_;
  std::vector<Dim> symbols_;
  ByteWriter dims_, constants_, locations_, pages_;
  uint64_t dim_count_ = 0, constant_count_ = 0;
  std::unordered_map<Dim, uint64_t> dims_known_;
  std::unordered_map<const void*, uint64_t> types_known_, attributes_known_, locations_known_;
  std::unordered_map<const OpInfo*, uint64_t> pages_known_;
  std::unordered_map<const ValueImpl*, uint64_t> values_;
};

}  // namespace

std::vector<std::byte> write_binary(const Module& module) { return Writer(module).run(); }

}  // namespace proa::ir
