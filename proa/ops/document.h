// The text of a page for its reader: the doc, with what follows from the page's other fields.
// Why derived: an argument's dtypes, default and range stand on the page already, and a text that
// repeats them by hand goes stale.
#pragma once

#include <string>
#include <string_view>

namespace proa::ir {
struct Page;
struct Literal;
}  // namespace proa::ir

namespace proa::ops {

// The doc's paragraph, then Args, Returns, Errors and Source; a section that the doc has itself
// stays as it is.
std::string document(const ir::Page& page);

// What an argument is for, in the words that all pages share; empty where there are none.
std::string_view meaning(std::string_view page, std::string_view argument);

std::string to_string(const ir::Literal& value);  // as Python writes it; empty where required

}  // namespace proa::ops
