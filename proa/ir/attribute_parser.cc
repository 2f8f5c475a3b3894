#include "proa/ir/attribute_parser.h"

#include <algorithm>
#include <limits>

#include "proa/base/error.h"
#include "proa/ir/spelling.h"

namespace proa::ir {

namespace {

constexpr int kDimDepth = 64;  // parentheses in one dim

std::optional<DType> dtype_word(const Token& token) {
  if (token.kind != TokenKind::word) return std::nullopt;
  auto dtype = parse_dtype(token.text);
  // Aliases are for users of Python; IR text has one name for each dtype.
  return dtype && short_name(*dtype) == token.text ? dtype : std::nullopt;
}

}  // namespace

Dim AttributeParser::dim() {
  Token first = lexer_.token();
  size_t end = first.offset;
  int open = 0;
  for (;; lexer_.advance()) {
    const Token& token = lexer_.token();
    bool closing = token.is(')') || token.is(']');
    if (token.kind == TokenKind::end || (open == 0 && (closing || token.is(',')))) break;
    bool legal = token.kind == TokenKind::word || token.kind == TokenKind::integer ||
                 token.is('(') || token.is(')') || token.is(',') || token.is('+') ||
                 token.is('-') || token.is('*');
    if (!legal) break;
    if (token.is('(') && ++open > kDimDepth) lexer_.fail(token, "nested too deeply");
    if (token.is(')')) --open;
    end = token.offset + token.text.size();
  }
  if (end == first.offset) lexer_.fail_expected("a dim");
  try {
    return parse_dim(lexer_.slice(first.offset, end), context_.symbols());
  } catch (const UserError& error) { lexer_.fail(first, str("expected a dim: ", error.message())); }
}

std::vector<Dim> AttributeParser::dims(char close) {
  std::vector<Dim> dims;
  if (lexer_.accept(close)) return dims;
  do { dims.push_back(dim()); } while (lexer_.accept(','));
  if (!lexer_.accept(close)) lexer_.fail_expected(str("',' or '", close, "'"));
  return dims;
}

bool AttributeParser::at_type() const {
  const Token& token = lexer_.token();
  return token.kind == TokenKind::type || token.is("token") || dtype_word(token).has_value();
}

Type AttributeParser::type() {
  Token name = lexer_.token();
  if (lexer_.accept("token")) return Type::token(context_);
  if (name.kind == TokenKind::type) {
    lexer_.advance();
    std::vector<Attribute> given = parameters(name);
    return Type::custom(context_, name.text, given);
  }
  auto dtype = dtype_word(name);
  if (!dtype) lexer_.fail_expected("a type");
  lexer_.advance();
  lexer_.expect('[');
  return Type::tensor(context_, *dtype, dims(']'));
}

std::vector<Attribute> AttributeParser::parameters(const Token& name) {
  // The bracket must touch the name: "#d.name < 3" may mean something to its reader.
  if (!lexer_.token().is('<') || !lexer_.touches(name)) return {};
  lexer_.advance();
  return attributes('>');
}

std::vector<Attribute> AttributeParser::attributes(char close) {
  std::vector<Attribute> items;
  if (lexer_.accept(close)) return items;
  do { items.push_back(attribute()); } while (lexer_.accept(','));
  if (!lexer_.accept(close)) lexer_.fail_expected(str("',' or '", close, "'"));
  return items;
}

std::vector<NamedAttr> AttributeParser::dict() {
  Nested nested(*this);
  lexer_.expect('{');
  std::vector<NamedAttr> items;
  std::vector<Token> tokens;
  if (lexer_.accept('}')) return items;
  do {
    Token name = lexer_.token();
    std::string text;
    if (name.kind == TokenKind::string) {
      text = lexer_.expect_string("an attribute name");
    } else if (name.kind == TokenKind::word) {
      text = name.text;
      lexer_.advance();
    } else {
      lexer_.fail_expected("an attribute name");
    }
    lexer_.expect('=');
    tokens.push_back(name);
    items.push_back({context_.name(text), attribute().storage()});
  } while (lexer_.accept(','));
  if (!lexer_.accept('}')) lexer_.fail_expected("',' or '}'");

  std::vector<size_t> order(items.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](size_t i) { return items[i].name.view(); });
  for (size_t i = 1; i < order.size(); ++i) {
    if (items[order[i]].name == items[order[i - 1]].name) {
      lexer_.fail(tokens[order[i]],
                  str("attribute '", items[order[i]].name.view(), "' is given twice"));
    }
  }
  return items;
}

bool AttributeParser::at_number() const {
  const Token& token = lexer_.token();
  bool minus_infinity = token.is('-') && lexer_.slice(token.offset + 1, token.offset + 4) == "inf";
  return token.kind == TokenKind::integer || token.kind == TokenKind::real || token.is("nan") ||
         token.is("inf") || minus_infinity;
}

std::string_view AttributeParser::number_text() {
  Token first = lexer_.token();
  if (!at_number()) lexer_.fail_expected("a number");
  lexer_.advance();
  if (!first.is('-')) return first.text;
  if (!lexer_.token().is("inf") || !lexer_.touches(first))
    lexer_.fail_expected("a number after '-'");
  Token infinity = lexer_.token();
  lexer_.advance();
  return lexer_.slice(first.offset, infinity.offset + infinity.text.size());
}

double AttributeParser::real() {
  Token first = lexer_.token();
  double value = 0;
  std::string_view text = number_text();
  if (!parse_element(DType::f64, text, &value)) {
    lexer_.fail(first, str("the number ", text.substr(0, 60), " does not fit f64"));
  }
  return value;
}

Attribute AttributeParser::attribute() {
  Nested nested(*this);
  Token token = lexer_.token();
  switch (token.kind) {
    case TokenKind::string: return Attribute::string(context_, lexer_.expect_string("a string"));
    case TokenKind::integer:
      return Attribute::integer(context_, lexer_.expect_integer("an integer"));
    case TokenKind::real: return Attribute::real(context_, real());
    case TokenKind::type: return Attribute::type(context_, type());
    case TokenKind::word: return word();
    case TokenKind::function: {
      std::string name(token.text);
      if (name[0] == '"' && !decode_string(token.text, name)) {
        lexer_.fail(token, "a function name has an unknown escape");
      }
      lexer_.advance();
      return Attribute::symbol(context_, name);
    }
    case TokenKind::attribute: {
      lexer_.advance();
      std::vector<Attribute> given = parameters(token);
      return Attribute::custom(context_, token.text, given);
    }
    case TokenKind::mark:
      if (token.is('{')) return Attribute::dict(context_, dict());
      if (token.is('[')) return list();
      if (token.is('-')) return Attribute::real(context_, real());
      break;
    default: break;
  }
  lexer_.fail_expected("an attribute");
}

Attribute AttributeParser::word() {
  Token token = lexer_.token();
  if (lexer_.accept("true")) return Attribute::boolean(context_, true);
  if (lexer_.accept("false")) return Attribute::boolean(context_, false);
  if (lexer_.accept("unit")) return Attribute::unit(context_);
  if (token.is("nan") || token.is("inf")) return Attribute::real(context_, real());
  if (lexer_.accept("complex")) {
    lexer_.expect('(');
    double re = real();
    lexer_.expect(',');
    double im = real();
    lexer_.expect(')');
    return Attribute::complex(context_, {re, im});
  }
  if (lexer_.accept("dim")) {
    lexer_.expect('(');
    Dim value = dim();
    lexer_.expect(')');
    return Attribute::dim(context_, value);
  }
  if (lexer_.accept("dims")) {
    lexer_.expect('[');
    return Attribute::dims(context_, dims(']'));
  }
  if (lexer_.accept("reals")) {
    lexer_.expect('[');
    std::vector<double> values;
    if (lexer_.accept(']')) return Attribute::reals(context_, values);
    do { values.push_back(real()); } while (lexer_.accept(','));
    lexer_.expect(']');
    return Attribute::reals(context_, values);
  }
  if (lexer_.accept("array")) {
    lexer_.expect('[');
    return Attribute::array(context_, attributes(']'));
  }
  if (lexer_.accept("dense")) return dense();
  if (auto dtype = dtype_word(token)) {
    lexer_.advance();
    if (!lexer_.token().is('[') || !lexer_.touches(token))
      return Attribute::dtype(context_, *dtype);
    lexer_.advance();
    return Attribute::type(context_, Type::tensor(context_, *dtype, dims(']')));
  }
  if (token.is("token")) return Attribute::type(context_, type());
  lexer_.fail_expected("an attribute");
}

// "[1, 2]" are ints, "[1.0, 2]" reals, "[s0, 2]" dims; whatever else goes by array[...].
Attribute AttributeParser::list() {
  lexer_.expect('[');
  Token first = lexer_.token();
  std::vector<int64_t> ints;
  std::vector<double> reals;
  bool all_ints = true, numbers = true;
  while (!lexer_.token().is(']')) {
    if (!at_number()) {
      numbers = false;
      break;
    }
    bool integer = lexer_.token().kind == TokenKind::integer;
    all_ints &= integer;
    if (integer) {
      ints.push_back(lexer_.expect_integer("an integer"));
      reals.push_back(static_cast<double>(ints.back()));
    } else {
      reals.push_back(real());
    }
    if (!lexer_.accept(',') && !lexer_.token().is(']')) {
      numbers = false;
      break;
    }
  }
  if (numbers) {
    lexer_.expect(']');
    return all_ints ? Attribute::ints(context_, ints) : Attribute::reals(context_, reals);
  }
  if (!all_ints)
    lexer_.fail_expected("a number (a list of mixed attributes is written array[...])");
  lexer_.rewind(first);
  return Attribute::dims(context_, dims(']'));
}

Attribute AttributeParser::dense() {
  lexer_.expect('<');
  Token at = lexer_.token();
  Type tensor = type();
  if (!tensor.is_tensor() || !tensor.is_static())
    lexer_.fail(at, "expected a tensor type of constant dims");
  TensorData data;
  data.dtype = tensor.dtype();
  size_t count = 1;
  for (Dim d : tensor.dims()) {
    int64_t extent = d.constant();
    if (extent < 0) lexer_.fail(at, "a tensor constant has a negative dim");
    data.dims.push_back(extent);
    if (__builtin_mul_overflow(count, static_cast<size_t>(extent), &count)) count = SIZE_MAX;
  }
  auto bytes = std::make_shared<std::vector<uint8_t>>();
  if (Token hex = lexer_.token(); lexer_.accept("hex")) {
    const Token text = lexer_.token();
    if (text.kind != TokenKind::string || !lexer_.touches(hex))
      lexer_.fail_expected("hex digits in quotes");
    std::string_view digits = text.text.substr(1, text.text.size() - 2);
    size_t size = size_of(data.dtype);
    if (digits.size() / 2 / size != count || digits.size() % (2 * size) != 0) {
      lexer_.fail(text, str("expected ", count, " elements of ", size, " bytes each, got ",
                            digits.size(), " hex digits"));
    }
    bytes->resize(digits.size() / 2);
    bool legal = parse_hex(digits, *bytes);
    legal &= data.dtype != DType::boolean ||
             std::ranges::all_of(*bytes, [](uint8_t b) { return b <= 1; });
    if (!legal) lexer_.fail(text, "expected lower-case hex digits (of bool: 00 or 01)");
    lexer_.advance();
  } else {
    *bytes = elements(data.dtype, count, tensor.rank() == 0);
  }
  lexer_.expect('>');
  data.bytes = bytes->data();
  data.size = bytes->size();
  data.owner = std::move(bytes);
  return Attribute::tensor(context_, std::move(data));
}

std::vector<uint8_t> AttributeParser::elements(DType dtype, size_t count, bool bare) {
  std::vector<uint8_t> bytes;
  if (bare) {
    element(dtype, bytes);
    return bytes;
  }
  lexer_.expect('[');
  size_t got = 0;
  for (; !lexer_.token().is(']'); ++got) {
    if (got == count) lexer_.fail(lexer_.token(), str("expected ", count, " elements, got more"));
    element(dtype, bytes);
    if (!lexer_.token().is(']')) lexer_.expect(',');
  }
  if (got != count) lexer_.fail(lexer_.token(), str("expected ", count, " elements, got ", got));
  lexer_.expect(']');
  return bytes;
}

void AttributeParser::element(DType dtype, std::vector<uint8_t>& bytes) {
  if (is_complex(dtype)) {
    lexer_.expect('(');
    element(real_of(dtype), bytes);
    lexer_.expect(',');
    element(real_of(dtype), bytes);
    lexer_.expect(')');
    return;
  }
  Token at = lexer_.token();
  std::string_view text;
  if (at.is("true") || at.is("false")) {
    text = at.text;
    lexer_.advance();
  } else {
    text = number_text();
  }
  bytes.resize(bytes.size() + size_of(dtype));
  if (!parse_element(dtype, text, bytes.data() + bytes.size() - size_of(dtype))) {
    lexer_.fail(at,
                str("expected an element of ", short_name(dtype), ", got ", text.substr(0, 60)));
  }
}

Location AttributeParser::location() {
  Nested nested(*this);
  auto number = [&](std::string_view what) {
    Token at = lexer_.token();
    int64_t value = lexer_.expect_integer(what);
    if (value < 0 || value > std::numeric_limits<int>::max())
      lexer_.fail(at, str("expected ", what));
    return static_cast<int>(value);
  };
  if (lexer_.token().kind == TokenKind::string) {
    std::string path = lexer_.expect_string("a path");
    lexer_.expect(':');
    int line = number("a line number");
    int column = lexer_.accept(':') ? number("a column number") : 0;
    return Location::file(context_, path, line, column);
  }
  if (lexer_.accept("unknown")) return {};
  if (lexer_.accept("name"))
    return Location::name(context_, lexer_.expect_string("a name in quotes"));
  bool stack = lexer_.token().is("stack");
  if (!stack && !lexer_.token().is("fused")) {
    lexer_.fail_expected(
        "a location (\"path\":line:column, stack[...], fused[...], name or unknown)");
  }
  lexer_.advance();
  lexer_.expect('[');
  std::vector<Location> parts;
  if (!lexer_.accept(']')) {
    do { parts.push_back(location()); } while (lexer_.accept(','));
    lexer_.expect(']');
  }
  return stack ? Location::stack(context_, parts) : Location::fused(context_, parts);
}

}  // namespace proa::ir
