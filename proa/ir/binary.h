// Binary: a module as bytes, for files that later versions read too.
// Why beside the text: a tenth of the size, read without a lexer, and each operation's page has a
// version, so that what an old file says can be brought up to date. The text is for people.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "proa/ir/module.h"

namespace proa::ir {

// With symbols, facts, guards and locations: what comes back prints as the same text.
std::vector<std::byte> write_binary(const Module& module);

// Everything is checked, and the result is verified. A UserError(io) names `source`, the byte and
// the reason; an operation or a version of one that this Proa does not have is a
// UserError(not_supported). A symbol whose name is declared otherwise in this context gets another
// name. Attributes of old pages go through the rules of Page::upgrades.
Module read_binary(std::span<const std::byte> bytes, Context& context, std::string source);

}  // namespace proa::ir
