// AttributeParser: reads dims, types, attributes and locations from IR text.
// Why apart from the parser of operations: dialects and options read these pieces alone, too.
#pragma once

#include <vector>

#include "proa/ir/attribute.h"
#include "proa/ir/lexer.h"
#include "proa/ir/location.h"

namespace proa::ir {

class AttributeParser {
 public:
  AttributeParser(Context& context, Lexer& lexer, int max_depth)
      : context_(context), lexer_(lexer), depth_left_(max_depth) {}

  Dim dim();
  std::vector<Dim> dims(char close);  // up to and with the closing mark
  bool at_type() const;
  Type type();
  Attribute attribute();
  std::vector<NamedAttr> dict();  // "{a = 1, b = f32}"; a name given twice is an error
  Location location();            // what stands in "loc(...)"

  // Held while something nested is read: hostile text must not exhaust the stack.
  class Nested {
   public:
    explicit Nested(AttributeParser& parser) : parser_(parser) {
      if (--parser_.depth_left_ < 0)
        parser_.lexer_.fail(parser_.lexer_.token(), "nested too deeply");
    }
    ~Nested() { ++parser_.depth_left_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

   private:
    AttributeParser& parser_;
  };

 private:
  bool at_number() const;
  std::string_view number_text();  // takes an integer, a real, nan, inf or -inf
  double real();
  Attribute list();
  Attribute word();
  Attribute dense();
  std::vector<Attribute> attributes(char close);
  std::vector<Attribute> parameters(const Token& name);
  std::vector<uint8_t> elements(DType dtype, size_t count, bool bare);
  void element(DType dtype, std::vector<uint8_t>& bytes);

  Context& context_;
  Lexer& lexer_;
  int depth_left_;
};

}  // namespace proa::ir
