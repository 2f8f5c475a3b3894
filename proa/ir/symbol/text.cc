#include "proa/ir/symbol/poly.h"

// The text form: C's precedence, with floordiv, ceildiv and mod beside *.
namespace proa::ir {
namespace {

// Nested parentheses of the parser; the printer never needs more than a dim's own depth.
constexpr int kMaxNesting = 2000;

class Printer {
 public:
  enum Tightness {
    kLoose,
    kTerm,
    kFactor
  };  // what surrounds: nothing or a sum, *, a right operand

  void print(Dim dim, Tightness around) {
    if (auto value = dim.as_const()) {
      number(*value, around);
      return;
    }
    switch (dim.kind()) {
      case DimKind::symbol: text += dim.name(); return;
      case DimKind::max:
      case DimKind::min: {
        text += to_string(dim.kind());
        std::string_view separator = "(";
        for (Dim operand : dim.operands()) {
          text += separator;
          print(operand, kLoose);
          separator = ", ";
        }
        text += ')';
        return;
      }
      default: break;
    }
    bool is_sum = dim.kind() == DimKind::sum;
    bool closed = around == kFactor || (around == kTerm && is_sum);
    if (closed) text += '(';
    if (is_sum) {
      sum(dim);
    } else {
      std::string_view word = dim.kind() == DimKind::product    ? "*"
                              : dim.kind() == DimKind::floordiv ? " floordiv "
                                                                : " mod ";
      bool first = true;
      for (Dim operand : dim.operands()) {
        if (!first) text += word;
        print(operand, kFactor);
        first = false;
      }
    }
    if (closed) text += ')';
  }

  std::string text;

 private:
  void number(int64_t value, Tightness around) {
    bool closed = value < 0 && around == kFactor;
    text += closed ? str('(', value, ')') : str(value);
  }
  // Signs are written between terms, but for the one number whose magnitude is not in int64.
  int64_t join(int64_t value, bool first) {
    bool minus = value < 0 && value != kMinusInfinity;
    if (!first) text += minus ? " - " : " + ";
    if (first && minus) text += '-';
    return minus ? -value : value;
  }
  void sum(Dim dim) {
    bool first = true;
    for (const DimTerm& term : dim.terms()) {
      int64_t k = join(term.coefficient, first);
      bool is_product = term.factor.kind() == DimKind::product;
      if (k != 1) text += str(k, '*');
      bool division = term.factor.kind() == DimKind::floordiv || term.factor.kind() == DimKind::mod;
      print(term.factor, is_product || (division && k == 1 && !(first && term.coefficient < 0))
                             ? kTerm
                             : kFactor);
      first = false;
    }
    if (dim.offset() != 0) text += str(join(dim.offset(), first));
  }
};

class Parser {
 public:
  Parser(std::string_view text, SymbolArena& arena) : text_(text), arena_(arena) {}

  Dim parse() {
    Dim dim = sum();
    if (at_ != text_.size()) fail("expected the end of the expression");
    return dim;
  }

 private:
  [[noreturn]] void fail(std::string_view message) {
    std::string got = at_ < text_.size() ? str("'", text_.substr(at_, 12), "'") : "the end";
    throw UserError(ErrorKind::value, "dim", "text",
                    str("column ", at_ + 1, ": ", message, ", got ", got));
  }
  static bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  }
  static bool digit(char c) { return c >= '0' && c <= '9'; }
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  std::string_view word() const {
    size_t end = at_;
    while (end < text_.size() && (letter(text_[end]) || digit(text_[end]) || text_[end] == '.'))
      ++end;
    return text_.substr(at_, end - at_);
  }
  bool take_word(std::string_view expected) {
    peek();
    if (word() != expected) return false;
    at_ += expected.size();
    return true;
  }

  // Terms and factors are gathered as they are written and made canonical together: a canonical
  // text then gives its dim back, whatever its parts would become alone.
  Dim sum() {
    if (++nesting_ > kMaxNesting) fail("nested too deep");
    Poly total = term();
    for (;;) {
      if (take('+')) {
        accumulate(total, term());
      } else if (take('-')) {
        accumulate(total, term(), -1);
      } else {
        break;
      }
    }
    --nesting_;
    return to_dim(total);
  }
  Poly term() {
    Poly value = factor();
    for (;;) {
      if (take('*')) {
        value = product(value, factor());
      } else if (take_word("floordiv")) {
        value = to_poly(floordiv(to_dim(value), to_dim(factor())));
      } else if (take_word("ceildiv")) {
        value = to_poly(ceildiv(to_dim(value), to_dim(factor())));
      } else if (take_word("mod")) {
        value = to_poly(mod(to_dim(value), to_dim(factor())));
      } else {
        return value;
      }
    }
  }
  Poly factor() {
    bool minus = false;
    while (peek() == '-') {
      ++at_;
      if (digit(peek())) return scaled(to_poly(number(true)), minus ? -1 : 1);
      minus = !minus;
    }
    return scaled(to_poly(atom()), minus ? -1 : 1);
  }
  Dim number(bool minus) {
    uint64_t value = 0;
    for (; at_ < text_.size() && digit(text_[at_]); ++at_) {
      if (__builtin_mul_overflow(value, uint64_t{10}, &value) ||
          __builtin_add_overflow(value, static_cast<uint64_t>(text_[at_] - '0'), &value)) {
        fail("a number of 64 bits");
      }
    }
    uint64_t limit = static_cast<uint64_t>(kInfinity) + (minus ? 1 : 0);
    if (value > limit) fail("a number of 64 bits");
    return static_cast<int64_t>(minus ? uint64_t{0} - value : value);
  }
  Dim atom() {
    char c = peek();
    if (digit(c)) return number(false);
    if (take('(')) {
      Dim inner = sum();
      if (!take(')')) fail("expected ')'");
      return inner;
    }
    std::string_view name = word();
    if (!letter(c)) fail("expected a number, a symbol or '('");
    bool is_max = name == "max";
    if (is_max || name == "min") {
      at_ += name.size();
      if (!take('(')) fail("expected '('");
      SmallVector<Dim, 6> operands = {sum()};
      while (take(',')) operands.push_back(sum());
      if (!take(')')) fail("expected ',' or ')'");
      return is_max ? max(std::span<const Dim>(operands)) : min(std::span<const Dim>(operands));
    }
    Dim symbol = arena_.symbol(name);
    at_ += name.size();
    return symbol;
  }

  std::string_view text_;
  SymbolArena& arena_;
  size_t at_ = 0;
  int nesting_ = 0;
};

}  // namespace

std::string to_string(Dim dim) {
  Printer printer;
  printer.print(dim, Printer::kLoose);
  return std::move(printer.text);
}

std::string to_string(std::span<const Dim> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += str(i == 0 ? "" : ", ", to_string(shape[i]));
  return text + "]";
}

Dim parse_dim(std::string_view text, SymbolArena& arena) { return Parser(text, arena).parse(); }

}  // namespace proa::ir
