#include "proa/ir/lexer.h"

#include <algorithm>
#include <charconv>

#include "proa/ir/spelling.h"

namespace proa::ir {

namespace {

constexpr std::string_view kMarks = "(){}[]<>,:=^+-*";
constexpr size_t kSnippet = 100;  // characters of a line that an error shows

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::end: return "the end of the text";
    case TokenKind::value: return str("'%", token.text, "'");
    case TokenKind::function: return str("'@", token.text, "'");
    case TokenKind::attribute: return str("'#", token.text, "'");
    case TokenKind::type: return str("'!", token.text, "'");
    case TokenKind::string:
      return token.text.size() > 40 ? str(token.text.substr(0, 40), "...\"")
                                    : std::string(token.text);
    default: return str("'", token.text.substr(0, 60), "'");
  }
}

// Bytes of a snippet that a terminal must not see raw.
std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return out;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool decode_string(std::string_view quoted, std::string& out) {
  out.clear();
  std::string_view body = quoted.substr(1, quoted.size() - 2);
  out.reserve(body.size());
  for (size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '\\') {
      out += body[i];
      continue;
    }
    if (++i == body.size()) return false;
    switch (body[i]) {
      case '"': out += '"'; break;
      case '\\': out += '\\'; break;
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case 'r': out += '\r'; break;
      case 'x': {
        if (i + 2 >= body.size()) return false;
        int high = hex_digit(body[i + 1]), low = hex_digit(body[i + 2]);
        if (high < 0 || low < 0) return false;
        out += static_cast<char>(high * 16 + low);
        i += 2;
        break;
      }
      default: return false;
    }
  }
  return true;
}

Lexer::Lexer(std::string_view text, std::string_view file) : text_(text), file_(file) { advance(); }

void Lexer::skip_space() {
  while (next_ < text_.size()) {
    char c = text_[next_];
    if (c == '\n') {
      ++next_;
      ++line_;
      line_start_ = next_;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      ++next_;
    } else if (c == '/' && next_ + 1 < text_.size() && text_[next_ + 1] == '/') {
      next_ = std::min(text_.find('\n', next_), text_.size());
    } else {
      return;
    }
  }
}

Token Lexer::mark_at(size_t begin) const {
  Token token;
  token.kind = TokenKind::mark;
  token.offset = begin;
  token.line = line_;
  token.column = static_cast<int>(std::min<size_t>(begin - line_start_ + 1, INT32_MAX));
  token.text = text_.substr(begin, begin < text_.size() ? 1 : 0);
  return token;
}

void Lexer::take(TokenKind kind, size_t begin, size_t end, size_t text_begin) {
  token_ = mark_at(begin);
  token_.kind = kind;
  token_.text = text_.substr(text_begin, end - text_begin);
  next_ = end;
}

void Lexer::advance() {
  skip_space();
  size_t at = next_;
  if (at == text_.size()) return take(TokenKind::end, at, at, at);
  char c = text_[at];
  bool digit_follows = at + 1 < text_.size() && is_digit(text_[at + 1]);
  if (is_digit(c) || (c == '-' && digit_follows)) return lex_number();
  if (c == '"') return lex_string(TokenKind::string);
  if (c == '%') return lex_named(TokenKind::value, "a value name after '%'");
  if (c == '#') return lex_named(TokenKind::attribute, "an attribute name after '#'");
  if (c == '!') return lex_named(TokenKind::type, "a type name after '!'");
  if (c == '@') {
    if (at + 1 < text_.size() && text_[at + 1] == '"') return lex_string(TokenKind::function);
    return lex_named(TokenKind::function, "a function name after '@'");
  }
  if (is_name_start(c)) {
    size_t end = at + 1;
    while (end < text_.size() && is_name_part(text_[end])) ++end;
    return take(TokenKind::word, at, end, at);
  }
  if (kMarks.find(c) == std::string_view::npos) {
    Token token = mark_at(at);
    bool plain = static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f;
    fail(token, plain ? str("the character '", c, "' has no meaning here")
                      : str("a byte of value ", static_cast<int>(static_cast<unsigned char>(c)),
                            " has no meaning outside a string"));
  }
  take(TokenKind::mark, at, at + 1, at);
}

void Lexer::lex_number() {
  size_t begin = next_, at = begin;
  auto digits = [&] {
    size_t from = at;
    while (at < text_.size() && is_digit(text_[at])) ++at;
    return at > from;
  };
  if (text_[at] == '-') ++at;
  digits();
  bool real = false;
  if (at < text_.size() && text_[at] == '.') {
    real = true;
    ++at;
    digits();
  }
  if (at < text_.size() && (text_[at] == 'e' || text_[at] == 'E')) {
    real = true;
    ++at;
    if (at < text_.size() && (text_[at] == '+' || text_[at] == '-')) ++at;
    if (!digits()) fail(mark_at(begin), "a number ends in its exponent mark");
  }
  take(real ? TokenKind::real : TokenKind::integer, begin, at, begin);
}

void Lexer::lex_string(TokenKind kind) {
  size_t begin = next_;
  size_t quote = kind == TokenKind::string ? begin : begin + 1;
  size_t at = quote + 1;
  while (at < text_.size() && text_[at] != '"' && text_[at] != '\n')
    at += text_[at] == '\\' ? 2 : 1;
  if (at >= text_.size() || text_[at] != '"')
    fail(mark_at(begin), "a string is not closed on its line");
  take(kind, begin, at + 1, quote);
}

void Lexer::lex_named(TokenKind kind, std::string_view what) {
  size_t begin = next_, end = begin + 1;
  while (end < text_.size() && is_name_part(text_[end])) ++end;
  if (end == begin + 1) fail(mark_at(begin), str("expected ", what));
  take(kind, begin, end, begin + 1);
}

void Lexer::rewind(const Token& token) {
  // Only tokens of the current line and those before are met again; the start of their line follows
  // from the column.
  token_ = token;
  line_ = token.line;
  line_start_ = token.offset - static_cast<size_t>(token.column - 1);
  next_ = token.offset;
  advance();
}

bool Lexer::touches(const Token& before) const {
  size_t end = static_cast<size_t>(before.text.data() - text_.data()) + before.text.size();
  return token_.offset == end;
}

bool Lexer::accept(char mark) {
  if (!token_.is(mark)) return false;
  advance();
  return true;
}

bool Lexer::accept(std::string_view word) {
  if (!token_.is(word)) return false;
  advance();
  return true;
}

void Lexer::expect(char mark) {
  if (!accept(mark)) fail_expected(str("'", mark, "'"));
}

void Lexer::expect(std::string_view word) {
  if (!accept(word)) fail_expected(str("'", word, "'"));
}

int64_t Lexer::expect_integer(std::string_view what) {
  if (token_.kind != TokenKind::integer) fail_expected(what);
  int64_t value = 0;
  auto [end, error] =
      std::from_chars(token_.text.data(), token_.text.data() + token_.text.size(), value);
  if (error != std::errc())
    fail(token_, str("the integer ", token_.text.substr(0, 60), " leaves 64 bits"));
  advance();
  return value;
}

std::string Lexer::expect_string(std::string_view what) {
  if (token_.kind != TokenKind::string) fail_expected(what);
  std::string value;
  if (!decode_string(token_.text, value)) {
    fail(token_, "a string has an unknown escape; known are \\\" \\\\ \\n \\t \\r \\xHH");
  }
  advance();
  return value;
}

void Lexer::fail_expected(std::string_view what) const {
  fail(token_, str("expected ", what, ", got ", describe(token_)));
}

void Lexer::fail(const Token& at, std::string_view message) const {
  size_t column = static_cast<size_t>(at.column - 1);
  size_t line_begin = at.offset - std::min(column, at.offset);
  size_t line_end = std::min(text_.find('\n', at.offset), text_.size());
  // Of a long line, the neighbourhood of the fault.
  size_t begin = line_begin;
  if (at.offset - line_begin > kSnippet / 2 && line_end - line_begin > kSnippet) {
    begin = at.offset - kSnippet / 2;
  }
  size_t end = std::min(line_end, begin + kSnippet);
  std::string where = str(at.line, ":", at.column, ": ");
  if (!file_.empty()) where = str(file_, ":", where);
  throw TextError(str(where, message, "\n  ", printable(text_.substr(begin, end - begin)), "\n  ",
                      std::string(at.offset - begin, ' '), "^"));
}

}  // namespace proa::ir
