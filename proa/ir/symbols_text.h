// The symbols section of a module's text: how symbols are declared and what is known of them.
// Why first in the text: dims are canonical at construction, which depends on the declarations.
#pragma once

#include <string>

#include "proa/ir/attribute_parser.h"
#include "proa/ir/module.h"

namespace proa::ir {

// With a newline in front, empty if there is nothing to say.
std::string symbols_text(const Module& module);

// Reads the sections (if they are there) into the Context's symbols and the module's facts.
void parse_symbols(Lexer& lexer, AttributeParser& attributes, Module& module);

}  // namespace proa::ir
