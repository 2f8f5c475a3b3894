// Lexer: cuts IR text into tokens, and raises errors that show the line and a caret.
// Why by hand and one token at a time: hostile text must cost linear time and constant memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proa/base/error.h"

namespace proa::ir {

enum class TokenKind : uint8_t {
  end,
  word,       // module, prim.add, f32, s0, _
  value,      // %x (text without the mark, here and in the next three)
  function,   // @f, @"any text"
  attribute,  // #dialect.name
  type,       // !dialect.name
  integer,    // 12, -3
  real,       // 1.5, -2e-05
  string,     // "..." with its quotes and escapes; string_value() decodes it
  mark,       // one of ( ) { } [ ] < > , : = ^ + - *
};

// An error whose message begins with its position in the text.
class TextError : public UserError {
 public:
  explicit TextError(std::string_view message) : UserError(ErrorKind::value, message) {}
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;
  size_t offset = 0;
  int line = 1;
  int column = 1;

  bool is(char mark) const { return kind == TokenKind::mark && text[0] == mark; }
  bool is(std::string_view word) const { return kind == TokenKind::word && text == word; }
};

class Lexer {
 public:
  // `file` names the text in errors. Both must outlive the lexer.
  Lexer(std::string_view text, std::string_view file);

  const Token& token() const { return token_; }  // the current one
  void advance();
  void rewind(const Token& token);          // to a token met before; it becomes the current one
  bool touches(const Token& before) const;  // no space between `before` and the current token

  bool accept(char mark);  // advances if the current token is this mark
  bool accept(std::string_view word);
  void expect(char mark);
  void expect(std::string_view word);
  int64_t expect_integer(std::string_view what);
  std::string expect_string(std::string_view what);

  std::string_view slice(size_t begin, size_t end) const {
    return text_.substr(begin, end - begin);
  }
  std::string_view file() const { return file_; }

  // "file:3:7: expected `what`, got `the current token`", with the line and a caret.
  [[noreturn]] void fail_expected(std::string_view what) const;
  [[noreturn]] void fail(const Token& at, std::string_view message) const;

 private:
  void skip_space();
  Token mark_at(size_t begin) const;
  void take(TokenKind kind, size_t begin, size_t end, size_t text_begin);
  void lex_number();
  void lex_string(TokenKind kind);
  void lex_named(TokenKind kind, std::string_view what);

  std::string_view text_, file_;
  size_t next_ = 0;        // where the next token is looked for
  size_t line_start_ = 0;  // of the line in which next_ is
  int line_ = 1;
  Token token_;
};

// The bytes that a string token (with its quotes) stands for; false if an escape is wrong.
bool decode_string(std::string_view quoted, std::string& out);

}  // namespace proa::ir
