// Printer: the text of a module, an operation or an attribute, in the form that the parser reads.
// Why exact: text tests, reproducers and saved modules must come back as the same IR.
#pragma once

#include <string>

#include "proa/ir/module.h"

namespace proa::ir {

struct PrintOptions {
  bool locations = false;  // loc(...) behind every operation
};

std::string print(const Module& module, const PrintOptions& options = {});
// With its regions. Values are numbered as in the text of the whole function.
std::string print(const Operation& op, const PrintOptions& options = {});
// One line for messages: regions as "{...}", long constants cut short.
std::string print_line(const Operation& op);

// Holds the operations that were read without being known; their prefix is not printed.
inline constexpr std::string_view kUnregisteredDialect = "unregistered";

// Whether an operation's page has optional or variadic operands, so that attribute "segments" says
// how many each one has. In text the operands themselves say it: "_" stands for an absent one.
bool has_segments(const OpInfo& info);

}  // namespace proa::ir
