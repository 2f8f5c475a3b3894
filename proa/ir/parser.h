// Parser: reads the text form of modules, types and attributes.
// Why strict: a wrong text is a UserError(value) with line, column and a caret, never a guess.
#pragma once

#include <string>
#include <string_view>

#include "proa/ir/module.h"

namespace proa::ir {

struct ParseOptions {
  std::string file = {};  // named in errors, and the location of operations without loc(...)
  bool allow_unregistered = false;  // operations of unknown name: no traits, no page, no checks
  bool verify = true;
  int max_depth = 200;  // of nested regions and attributes
};

Module parse_module(std::string_view text, Context& context, const ParseOptions& options = {});
Type parse_type(std::string_view text, Context& context);
Attribute parse_attribute(std::string_view text, Context& context);

}  // namespace proa::ir
