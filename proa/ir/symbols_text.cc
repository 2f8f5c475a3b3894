#include "proa/ir/symbols_text.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include "proa/base/error.h"
#include "proa/ir/spelling.h"
#include "proa/ir/symbol/facts.h"

namespace proa::ir {

namespace {

// Every symbol that types and attributes of a module speak of, each dim visited once.
class SymbolCollector {
 public:
  void operation(const Operation& op) {
    for (Value result : op.results()) type(result.type());
    for (const NamedAttr& item : op.attrs().items()) attribute(item.value());
    for (size_t r = 0; r < op.region_count(); ++r) {
      for (size_t b = 0; b < op.region(r).block_count(); ++b) {
        const Block& block = op.region(r).block(b);
        for (Value argument : block.arguments()) type(argument.type());
        for (const Operation& inner : block) operation(inner);
      }
    }
  }

  void dim(Dim d) {
    if (d.is_const() || !dims_.insert(d.bits()).second) return;
    if (d.is_symbol()) symbols_.push_back(d);
    for (const DimTerm& term : d.terms()) dim(term.factor);
    for (Dim operand : d.operands()) dim(operand);
  }

  std::vector<Dim> sorted() const {
    std::vector<Dim> symbols(symbols_.begin(), symbols_.end());
    std::ranges::sort(symbols, [](Dim a, Dim b) { return compare(a, b) < 0; });
    return symbols;
  }

 private:
  void type(Type t) {
    if (!t || !seen_.insert(t.storage()).second) return;
    if (t.is_tensor()) {
      for (Dim d : t.dims()) dim(d);
    } else if (t.kind() == TypeKind::custom) {
      for (Attribute parameter : t.parameters()) attribute(parameter);
    }
  }

  void attribute(Attribute a) {
    if (!seen_.insert(a.storage()).second) return;
    switch (a.kind()) {
      case AttrKind::dim: return dim(a.as_dim());
      case AttrKind::dims:
        for (Dim d : a.as_dims()) dim(d);
        return;
      case AttrKind::type: return type(a.as_type());
      case AttrKind::array:
      case AttrKind::custom:
        for (Attribute item : a.as_array()) attribute(item);
        return;
      case AttrKind::dict:
        for (const NamedAttr& item : a.as_dict()) attribute(item.value());
        return;
      default: return;
    }
  }

  std::unordered_set<uint64_t> dims_;
  std::unordered_set<const void*> seen_;
  std::vector<Dim> symbols_;
};

// "s0 in [1, 4096]", "s0 mod 8 = 3", "s0 likely 128": what of a declaration is not the default.
void declaration_text(Dim symbol, std::vector<std::string>& items) {
  const SymbolInfo& info = symbol.info();
  Interval range{info.lo, info.hi}, usual{SymbolInfo().lo, SymbolInfo().hi};
  if (range != usual) items.push_back(str(symbol.name(), " in ", to_string(range)));
  if (info.divisor != 1)
    items.push_back(str(symbol.name(), " mod ", info.divisor, " = ", info.residue));
  if (info.likely) items.push_back(str(symbol.name(), " likely ", *info.likely));
}

int64_t bound(Lexer& lexer) {
  bool minus = lexer.accept('-');
  if (lexer.accept("inf")) return minus ? kMinusInfinity : kInfinity;
  return lexer.expect_integer("an integer, inf or -inf");
}

// One item of "symbols {...}", merged into what is already known of the symbol.
void parse_declaration(Lexer& lexer, SymbolInfo& info) {
  if (lexer.accept("in")) {
    lexer.expect('[');
    info.lo = bound(lexer);
    lexer.expect(',');
    info.hi = bound(lexer);
    lexer.expect(']');
  } else if (lexer.accept("mod")) {
    info.divisor = lexer.expect_integer("a divisor");
    lexer.expect('=');
    info.residue = lexer.expect_integer("a residue");
  } else if (lexer.accept("likely")) {
    info.likely = lexer.expect_integer("a likely value");
  } else {
    lexer.fail_expected("'in', 'mod' or 'likely'");
  }
}

std::string condition_text(const Guard& guard) {
  std::string a = to_string(guard.a), b = to_string(guard.b);
  switch (guard.kind) {
    case Guard::Kind::eq: return str(a, " == ", b);
    case Guard::Kind::ge: return str(a, " >= ", b);
    case Guard::Kind::divisible: break;
  }
  return str("divisible(", a, ", ", b, ")");
}

Guard parse_condition(Lexer& lexer, AttributeParser& attributes) {
  Guard guard;
  if (lexer.accept("divisible")) {
    guard.kind = Guard::Kind::divisible;
    lexer.expect('(');
    guard.a = attributes.dim();
    lexer.expect(',');
    guard.b = attributes.dim();
    lexer.expect(')');
    return guard;
  }
  guard.a = attributes.dim();
  if (lexer.accept('>')) {
    guard.kind = Guard::Kind::ge;
  } else if (!lexer.accept('=')) {
    lexer.fail_expected("'==' or '>='");
  }
  lexer.expect('=');
  guard.b = attributes.dim();
  return guard;
}

// "8 divides s0 - 3" says of the symbol that it is 3 modulo 8.
void set_divisible(Lexer& lexer, const Token& at, const Guard& guard, Facts& facts) {
  Dim symbol = guard.a;
  int64_t offset = 0;
  if (symbol.terms().size() == 1 && symbol.terms()[0].coefficient == 1) {
    offset = symbol.offset();
    symbol = symbol.terms()[0].factor;
  }
  auto divisor = guard.b.as_const();
  if (!symbol.is_symbol() || !divisor || offset == kMinusInfinity) {
    lexer.fail(at, "expected divisible(symbol plus or minus a constant, constant)");
  }
  facts.set_divisible(symbol, *divisor, -offset);
}

void parse_fact(Lexer& lexer, AttributeParser& attributes, Facts& facts) {
  Token at = lexer.token();
  if (lexer.accept("likely")) {
    lexer.expect('(');
    Dim symbol = attributes.dim();
    if (!symbol.is_symbol()) lexer.fail(at, "expected likely(symbol, value)");
    lexer.expect(',');
    facts.set_likely(symbol, lexer.expect_integer("a likely value"));
    lexer.expect(')');
    return;
  }
  Guard guard = parse_condition(lexer, attributes);
  switch (guard.kind) {
    case Guard::Kind::eq: return facts.assert_equal(guard.a, guard.b);
    case Guard::Kind::ge: return facts.assert_ge(guard.a, guard.b);
    case Guard::Kind::divisible: return set_divisible(lexer, at, guard, facts);
  }
}

void parse_guard(Lexer& lexer, AttributeParser& attributes, Facts& facts) {
  Token at = lexer.token();
  Guard guard = parse_condition(lexer, attributes);
  lexer.expect(':');
  std::string message = lexer.expect_string("what the guard says when it fails, a string");
  bool possible = false;
  switch (guard.kind) {
    case Guard::Kind::eq: possible = facts.require_eq(guard.a, guard.b, message); break;
    case Guard::Kind::ge: possible = facts.require_ge(guard.a, guard.b, message); break;
    case Guard::Kind::divisible:
      possible = facts.require_divisible(guard.a, guard.b, message);
      break;
  }
  if (!possible) lexer.fail(at, "this guard can never hold");
}

// A section "word { item, item }", if it stands here. What the facts refuse is an error at the
// item.
template <class F>
void parse_section(Lexer& lexer, std::string_view word, F item) {
  if (!lexer.accept(word)) return;
  lexer.expect('{');
  while (!lexer.token().is('}')) {
    item();
    if (!lexer.token().is('}')) lexer.expect(',');
  }
  lexer.expect('}');
}

template <class F>
void at_token(Lexer& lexer, Token at, F f) {
  try {
    f();
  } catch (const TextError&) {
    throw;  // it carries its position already
  } catch (const UserError& error) { lexer.fail(at, error.message()); }
}

std::string section_text(std::string_view word, const std::vector<std::string>& items) {
  return items.empty() ? "" : str("\n  ", word, " { ", proa::join(items, ", "), " }");
}

}  // namespace

std::string symbols_text(const Module& module) {
  Facts& facts = module.facts();
  std::vector<Guard> assumed = facts.assumptions();
  SymbolCollector collector;
  collector.operation(*module.op());
  for (std::span<const Guard> guards :
       {std::span<const Guard>(assumed), std::span<const Guard>(facts.guards())}) {
    for (const Guard& guard : guards) {
      collector.dim(guard.a);
      collector.dim(guard.b);
    }
  }
  std::vector<std::string> declared, known, guarded;
  for (const Guard& guard : assumed) known.push_back(condition_text(guard));
  for (Dim symbol : collector.sorted()) {
    declaration_text(symbol, declared);
    auto likely = facts.likely(symbol);
    if (likely && likely != symbol.info().likely) {
      known.push_back(str("likely(", symbol.name(), ", ", *likely, ")"));
    }
  }
  for (const Guard& guard : facts.guards()) {
    guarded.push_back(str(condition_text(guard), " : ", quote(guard.message)));
  }
  // Guards before facts: a fact that came later may prove a guard, which would then not be recorded
  // again; facts are recorded whatever is known.
  return section_text("symbols", declared) + section_text("guards", guarded) +
         section_text("facts", known);
}

void parse_symbols(Lexer& lexer, AttributeParser& attributes, Module& module) {
  std::map<std::string_view, std::pair<Token, SymbolInfo>> declared;
  parse_section(lexer, "symbols", [&] {
    Token name = lexer.token();
    if (name.kind != TokenKind::word) lexer.fail_expected("a symbol's name");
    lexer.advance();
    parse_declaration(lexer,
                      declared.try_emplace(name.text, name, SymbolInfo()).first->second.second);
  });
  for (auto& [name, declaration] : declared) {
    at_token(lexer, declaration.first,
             [&] { module.context().symbols().symbol(name, declaration.second); });
  }
  parse_section(lexer, "guards", [&] {
    at_token(lexer, lexer.token(), [&] { parse_guard(lexer, attributes, module.facts()); });
  });
  parse_section(lexer, "facts", [&] {
    at_token(lexer, lexer.token(), [&] { parse_fact(lexer, attributes, module.facts()); });
  });
}

}  // namespace proa::ir
