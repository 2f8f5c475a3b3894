#include "proa/ir/printer.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "proa/base/error.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/spelling.h"
#include "proa/ir/symbols_text.h"

namespace proa::ir {

namespace {

constexpr size_t kListedElements = 64;  // larger tensor constants are printed as hex
constexpr size_t kLineConstant = 60;    // characters of an attribute in print_line

std::string dense_text(const TensorData& data) {
  std::string head = str("dense<", short_name(data.dtype), list_str(data.dims), " ");
  size_t size = size_of(data.dtype), count = data.size / size;
  auto bytes = static_cast<const uint8_t*>(data.bytes);
  std::string list;
  bool exact = count <= kListedElements;
  size_t part_size = size_of(real_of(data.dtype));
  for (size_t i = 0; exact && i < count; ++i) {
    std::string text = element_text(data.dtype, bytes + i * size);
    // NaNs with a payload, and bytes of bool beside 0 and 1, have no text of their own: hex keeps
    // them.
    for (size_t part = 0; exact && part < size; part += part_size) {
      const uint8_t* at = bytes + i * size + part;
      DType dtype = real_of(data.dtype);
      uint8_t back[16];
      exact = parse_element(dtype, element_text(dtype, at), back) &&
              std::equal(at, at + part_size, back);
    }
    list += i == 0 ? text : str(", ", text);
  }
  if (!exact) return str(head, "hex\"", hex_text({bytes, data.size}), "\">");
  return data.dims.empty() ? str(head, list, ">") : str(head, "[", list, "]>");
}

template <class T, class F>
std::string list_text(std::string_view open, std::span<const T> items, std::string_view close,
                      F text) {
  std::string out(open);
  for (size_t i = 0; i < items.size(); ++i) {
    if (i != 0) out += ", ";
    out += text(items[i]);
  }
  return out.append(close);
}

std::string dict_text(std::span<const NamedAttr> items) {
  return list_text("{", items, "}", [](const NamedAttr& item) {
    return str(quote_unless_name(item.name.view()), " = ", to_string(item.value()));
  });
}

std::string dims_text(const std::vector<Dim>& dims) {
  std::string text = to_string(std::span(dims));
  // A symbol that is called like a number's word needs the explicit form.
  bool looks_real = text.find("nan") != std::string::npos || text.find("inf") != std::string::npos;
  return looks_real ? str("dims", text) : text;
}

std::string location_text(Location location) {
  switch (location.kind()) {
    case LocationKind::unknown: return "unknown";
    case LocationKind::name: return str("name ", quote(location.text()));
    case LocationKind::file: {
      std::string text = str(quote(location.text()), ":", location.line());
      return location.column() == 0 ? text : str(text, ":", location.column());
    }
    case LocationKind::stack:
    case LocationKind::fused: break;
  }
  std::string_view open = location.kind() == LocationKind::stack ? "stack[" : "fused[";
  return list_text(open, location.parts(), "]", location_text);
}

bool is_func(const Operation& op) {
  return op.is("builtin.func") && op.region_count() == 1 && op.region(0).block_count() == 1 &&
         op.attr("name").is(AttrKind::string) && op.operand_count() == 0 && op.result_count() == 0;
}

// The argument names of a function as its attribute gives them, or none if they cannot all be used.
std::vector<std::string_view> argument_names(const Operation& func) {
  Attribute given = func.attr("arg_names");
  if (!given.is(AttrKind::array)) return {};
  std::vector<std::string_view> names;
  std::unordered_set<std::string_view> seen;
  for (Attribute name : given.as_array()) {
    if (!name.is(AttrKind::string)) return {};
    std::string_view text = name.as_string();
    if (!text.empty() && (!is_name(text) || !seen.insert(text).second)) return {};
    names.push_back(text);
  }
  bool usable = !seen.empty() && names.size() == func.region(0).block(0).argument_count();
  return usable ? names : std::vector<std::string_view>();
}

class Printer {
 public:
  explicit Printer(const PrintOptions& options, bool line = false)
      : options_(options), line_(line) {}

  std::string take() { return std::move(out_); }
  void number(const Operation& op, size_t& next);
  void print_module(const Module& module);
  void print_op(const Operation& op, int indent);

 private:
  void put(std::string_view text) { out_.append(text); }
  void name(Value value);
  void print_func(const Operation& op, int indent);
  void print_location(const Operation& op);
  void print_operands(const Operation& op, bool by_segments, std::span<const int64_t> segments);
  void print_attrs(const Operation& op, std::initializer_list<std::string_view> hidden,
                   std::string_view before);
  void print_region(const Region& region, int indent);
  void print_block_ops(const Block& block, int indent);

  PrintOptions options_;
  bool line_;
  std::string out_;
  std::unordered_map<const ValueImpl*, std::string> names_;
};

// Names in the order of the text: results, then what stands in the regions.
void Printer::number(const Operation& op, size_t& next) {
  for (Value result : op.results()) names_[result.impl()] = str(next++);
  bool func = is_func(op);
  std::vector<std::string_view> given = func ? argument_names(op) : std::vector<std::string_view>();
  size_t own = 0;  // a function counts from 0
  size_t& count = func ? own : next;
  for (size_t r = 0; r < op.region_count(); ++r) {
    for (size_t b = 0; b < op.region(r).block_count(); ++b) {
      const Block& block = op.region(r).block(b);
      for (size_t i = 0; i < block.argument_count(); ++i) {
        bool named = i < given.size() && !given[i].empty();
        names_[block.argument(i).impl()] = named ? std::string(given[i]) : str(count++);
      }
      for (const Operation& inner : block) number(inner, count);
    }
  }
}

void Printer::name(Value value) {
  auto found = names_.find(value.impl());
  put("%");
  put(found == names_.end() ? "?" : std::string_view(found->second));
}

void Printer::print_location(const Operation& op) {
  if (options_.locations) put(str(" loc(", location_text(op.location()), ")"));
}

void Printer::print_attrs(const Operation& op, std::initializer_list<std::string_view> hidden,
                          std::string_view before) {
  bool first = true;
  for (const NamedAttr& item : op.attrs().items()) {
    // The empty name is legal for an attribute, and hides nothing.
    bool skip =
        !item.name.view().empty() && std::ranges::find(hidden, item.name.view()) != hidden.end();
    if (skip) continue;
    put(first ? before : ", ");
    first = false;
    std::string text = to_string(item.value());
    if (line_ && text.size() > kLineConstant) text = str(text.substr(0, kLineConstant), "...");
    put(str(quote_unless_name(item.name.view()), " = ", text));
  }
  if (!first) put("}");
}

void Printer::print_operands(const Operation& op, bool by_segments,
                             std::span<const int64_t> segments) {
  bool first = true;
  auto item = [&](auto write) {
    if (!first) put(", ");
    first = false;
    write();
  };
  if (!by_segments) {
    for (Value operand : op.operands()) item([&] { name(operand); });
    return;
  }
  const Page& page = *op.info().page;
  bool brackets = std::ranges::count_if(page.operands, &OperandSpec::variadic) > 1;
  size_t flat = 0;
  for (size_t i = 0; i < page.operands.size(); ++i) {
    bool bracket = brackets && page.operands[i].variadic;
    if (bracket) {
      item([&] { put("["); });
      first = true;
    }
    for (int64_t k = 0; k < segments[i]; ++k) item([&] { name(op.operand(flat++)); });
    if (bracket) {
      put("]");
      first = false;
    }
    if (!page.operands[i].variadic && segments[i] == 0) item([&] { put("_"); });
  }
}

// The segments as the operands in text can say them; empty if they do not fit the page.
std::vector<int64_t> printable_segments(const Operation& op) {
  if (!has_segments(op.info())) return {};
  const Page& page = *op.info().page;
  Attribute given = op.attr("segments");
  std::vector<int64_t> counts(page.operands.size(), 1);
  if (given.is(AttrKind::ints)) counts.assign(given.as_ints().begin(), given.as_ints().end());
  else if (given) return {};
  if (counts.size() != page.operands.size()) return {};
  size_t total = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const OperandSpec& spec = page.operands[i];
    if (counts[i] < 0 || counts[i] > static_cast<int64_t>(op.operand_count())) return {};
    if (!spec.variadic && (counts[i] > 1 || (counts[i] == 0 && !spec.optional))) return {};
    total += static_cast<size_t>(counts[i]);
  }
  return total == op.operand_count() ? counts : std::vector<int64_t>();
}

void Printer::print_op(const Operation& op, int indent) {
  if (is_func(op)) return print_func(op, indent);
  if (op.is("builtin.return") && op.attrs().empty() && op.result_count() == 0 &&
      op.region_count() == 0) {
    put("return");
    for (size_t i = 0; i < op.operand_count(); ++i) {
      put(i == 0 ? " " : ", ");
      name(op.operand(i));
    }
    return print_location(op);
  }
  for (size_t i = 0; i < op.result_count(); ++i) {
    if (i != 0) put(", ");
    name(op.result(i));
  }
  if (op.result_count() != 0) put(" = ");
  std::string_view full_name = op.name();
  if (op.info().dialect->name() == kUnregisteredDialect) {
    full_name.remove_prefix(kUnregisteredDialect.size() + 1);
  }
  put(full_name);
  std::vector<int64_t> segments = printable_segments(op);
  put("(");
  print_operands(op, !segments.empty(), segments);
  put(")");
  print_attrs(op, {segments.empty() ? std::string_view() : "segments"}, " {");
  for (size_t r = 0; r < op.region_count(); ++r) {
    put(r == 0 ? " (" : ", ");
    print_region(op.region(r), indent);
  }
  if (op.region_count() != 0) put(")");
  for (size_t i = 0; i < op.result_count(); ++i) {
    put(i == 0 ? " : " : ", ");
    put(to_string(op.result(i).type()));
  }
  print_location(op);
}

void Printer::print_region(const Region& region, int indent) {
  if (line_ && !region.empty()) return put("{...}");
  put("{");
  for (size_t b = 0; b < region.block_count(); ++b) {
    const Block& block = region.block(b);
    if (b != 0 || block.argument_count() != 0 || block.empty()) {
      put("\n");
      out_.append(static_cast<size_t>(indent) + 2, ' ');
      put("^(");
      for (size_t i = 0; i < block.argument_count(); ++i) {
        if (i != 0) put(", ");
        name(block.argument(i));
        put(str(": ", to_string(block.argument(i).type())));
      }
      put("):");
    }
    print_block_ops(block, indent + 2);
  }
  if (!region.empty()) {
    put("\n");
    out_.append(static_cast<size_t>(indent), ' ');
  }
  put("}");
}

void Printer::print_block_ops(const Block& block, int indent) {
  for (const Operation& op : block) {
    put("\n");
    out_.append(static_cast<size_t>(indent), ' ');
    print_op(op, indent);
  }
}

void Printer::print_func(const Operation& op, int indent) {
  std::string_view function = op.attr("name").as_string();
  put(str("func @", quote_unless_name(function), "("));
  const Block& block = op.region(0).block(0);
  for (size_t i = 0; i < block.argument_count(); ++i) {
    if (i != 0) put(", ");
    name(block.argument(i));
    put(str(": ", to_string(block.argument(i).type())));
  }
  put(")");
  bool named = !argument_names(op).empty();
  print_attrs(op, {"name", named ? std::string_view("arg_names") : std::string_view()}, " attrs {");
  print_location(op);
  if (line_) return put(" {...}");
  put(" {");
  print_block_ops(block, indent + 2);
  put("\n");
  out_.append(static_cast<size_t>(indent), ' ');
  put("}");
}

void Printer::print_module(const Module& module) {
  size_t next = 0;
  number(*module.op(), next);
  put("module");
  print_attrs(*module.op(), {}, " attrs {");
  if (module.op()->location().storage() != nullptr) print_location(*module.op());
  put(" {");
  put(symbols_text(module));
  print_block_ops(module.body(), 2);
  put("\n}\n");
}

// Everything that `op` may name lies in the nearest function around it, or in the outermost
// operation.
const Operation& numbering_root(const Operation& op) {
  const Operation* root = &op;
  while (!is_func(*root) && root->parent() != nullptr) root = root->parent();
  return *root;
}

}  // namespace

bool has_segments(const OpInfo& info) {
  return info.page && std::ranges::any_of(info.page->operands, [](const OperandSpec& spec) {
           return spec.optional || spec.variadic;
         });
}

std::string to_string(Attribute attribute) {
  if (!attribute) return "none";
  switch (attribute.kind()) {
    case AttrKind::unit: return "unit";
    case AttrKind::boolean: return attribute.as_bool() ? "true" : "false";
    case AttrKind::integer: return str(attribute.as_int());
    case AttrKind::real: return real_text(attribute.as_real());
    case AttrKind::complex:
      return str("complex(", real_text(attribute.as_complex().real()), ", ",
                 real_text(attribute.as_complex().imag()), ")");
    case AttrKind::string: return quote(attribute.as_string());
    case AttrKind::dtype: return std::string(short_name(attribute.as_dtype()));
    case AttrKind::dim: return str("dim(", to_string(attribute.as_dim()), ")");
    case AttrKind::ints: return list_str(attribute.as_ints());
    case AttrKind::reals:
      return list_text(attribute.as_reals().empty() ? "reals[" : "[", attribute.as_reals(), "]",
                       real_text);
    case AttrKind::dims: return dims_text(attribute.as_dims());
    case AttrKind::array:
      return list_text("array[", attribute.as_array(), "]",
                       [](Attribute a) { return to_string(a); });
    case AttrKind::dict: return dict_text(attribute.as_dict());
    case AttrKind::type: return to_string(attribute.as_type());
    case AttrKind::tensor: return dense_text(attribute.as_tensor());
    case AttrKind::symbol: return str("@", quote_unless_name(attribute.as_string()));
    case AttrKind::custom: break;
  }
  std::string name = str("#", attribute.custom_name());
  if (attribute.as_array().empty()) return name;
  return list_text(name + "<", attribute.as_array(), ">", [](Attribute a) { return to_string(a); });
}

std::string print(const Module& module, const PrintOptions& options) {
  Printer printer(options);
  printer.print_module(module);
  return printer.take();
}

std::string print(const Operation& op, const PrintOptions& options) {
  Printer printer(options);
  size_t next = 0;
  printer.number(numbering_root(op), next);
  printer.print_op(op, 0);
  return printer.take();
}

std::string print_line(const Operation& op) {
  Printer printer({}, true);
  size_t next = 0;
  printer.number(numbering_root(op), next);
  printer.print_op(op, 0);
  return printer.take();
}

}  // namespace proa::ir
