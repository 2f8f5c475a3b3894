// proa-opt: reads a module as text, runs passes on it, prints it.
// Why: every pass is tested, timed and debugged on texts that fit a screen, without a Python
// process.

#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "proa/base/error.h"
#include "proa/base/file.h"
#include "proa/compiler/loop/dialect.h"
#include "proa/eager/evaluate.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/parser.h"
#include "proa/ir/pass_manager.h"
#include "proa/ir/printer.h"
#include "proa/ir/verifier.h"
#include "proa/ops/register.h"

namespace proa {
namespace {

constexpr std::string_view kHelp = R"(proa-opt [OPTION...] [FILE]

Reads a module as text from FILE (or standard input), runs passes in the order given, prints the module.

  --PASS, --PASS=OPTION=VALUE,...   run a pass (see --list-passes)
  --pipeline=TEXT                   run a pipeline: "cse,fold{limit=3},dce"
  --replay                          run the pipeline in the head of FILE, a reproducer
  --load=LIBRARY                    load a dialect and passes from a shared library, by its C entry
                                    proa_register_dialect(proa::ir::Context*); may be given again
  --allow-unregistered              take operations of unknown names as they are
  --verify-each                     verify behind each pass, not only at the start and at the end
  --print-loc                       print loc(...) behind each operation
  --dump-changed                    print the module to standard error behind each pass that changed it
  --timing                          print time, changes, statistics and reports to standard error
  --reproducer=PATH                 where a pass fails, write the module before it and the rest of the
                                    pipeline to PATH
  --strict                          what a pass would only report is an error
  --output=PATH                     print to PATH; --no-output prints nothing
  --list-passes, --list-ops         print what there is, and stop
  --help

Status: 0 done; 1 the module, a pass or a file was refused; 2 the command line is wrong; 3 a fault of
Proa or of a loaded library.
)";

struct UsageError {
  std::string text;
};

struct Command {
  std::string file = "-", output = "-", reproducer;
  std::vector<std::string> libraries;
  std::vector<std::string> pipelines;
  bool replay = false, allow_unregistered = false, verify_each = false, print_loc = false;
  bool dump_changed = false, timing = false, strict = false, no_output = false;
  bool list_passes = false, list_ops = false, help = false;
};

Command parse_command(int count, char** words) {
  Command command;
  bool file_given = false;
  struct Flag {
    std::string_view name;
    bool* value;
  } flags[] = {{"replay", &command.replay},
               {"allow-unregistered", &command.allow_unregistered},
               {"verify-each", &command.verify_each},
               {"print-loc", &command.print_loc},
               {"dump-changed", &command.dump_changed},
               {"timing", &command.timing},
               {"strict", &command.strict},
               {"no-output", &command.no_output},
               {"list-passes", &command.list_passes},
               {"list-ops", &command.list_ops},
               {"help", &command.help}};
  for (int i = 1; i < count; ++i) {
    std::string_view word = words[i];
    if (!word.starts_with("--")) {
      if (file_given)
        throw UsageError{str("one file at a time, got '", command.file, "' and '", word, "'")};
      command.file = word;
      file_given = true;
      continue;
    }
    word.remove_prefix(2);
    size_t equals = std::min(word.find('='), word.size());
    std::string_view name = word.substr(0, equals);
    bool has_value = equals < word.size();
    std::string value(has_value ? word.substr(equals + 1) : std::string_view());
    bool taken = false;
    for (Flag& flag : flags) {
      if (name != flag.name) continue;
      if (has_value) throw UsageError{str("--", name, " takes no value")};
      *flag.value = taken = true;
    }
    if (taken) continue;
    if (name == "pipeline" || name == "load" || name == "reproducer" || name == "output") {
      if (!has_value) {
        if (++i == count) throw UsageError{str("--", name, " needs a value")};
        value = words[i];
      }
      if (name == "pipeline") command.pipelines.push_back(value);
      if (name == "load") command.libraries.push_back(value);
      if (name == "reproducer") command.reproducer = value;
      if (name == "output") command.output = value;
    } else {
      command.pipelines.push_back(has_value ? str(name, "{", value, "}") : std::string(name));
    }
  }
  return command;
}

void put(FILE* to, std::string_view text) { std::fwrite(text.data(), 1, text.size(), to); }

std::string read_all(const std::string& path) {
  FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (file == nullptr) throw UserError(ErrorKind::io, str(path, " cannot be opened"));
  std::string text;
  char buffer[1 << 16];
  while (size_t n = std::fread(buffer, 1, sizeof buffer, file)) text.append(buffer, n);
  bool failed = std::ferror(file) != 0;
  if (file != stdin) std::fclose(file);
  if (failed) throw UserError(ErrorKind::io, str(path, " cannot be read"));
  return text;
}

// Loaded libraries stay: the context holds functions of theirs until the end.
void load_library(const std::string& path, ir::Context& context) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = dlerror();
    throw UserError(ErrorKind::io, str("--load: ", reason != nullptr ? reason : path.c_str()));
  }
  auto entry = reinterpret_cast<void (*)(ir::Context*)>(dlsym(library, "proa_register_dialect"));
  if (entry == nullptr) {
    throw UserError(ErrorKind::io, str("--load: ", path, " has no entry proa_register_dialect"));
  }
  entry(&context);
}

std::string passes_text() {
  std::string text;
  for (const ir::Pass* pass : ir::all_passes()) {
    text += str("--", pass->name, "\n    ", pass->purpose, "\n");
    for (const ir::PassOption& option : pass->options) {
      text += str("    ", option.name, "=", option.value, "  ", option.doc, "\n");
    }
  }
  return text;
}

std::string operation_text(const ir::OpInfo& info) {
  std::string text = info.name;
  if (info.page) {
    std::vector<std::string> operands, attrs;
    for (const ir::OperandSpec& spec : info.page->operands) {
      operands.push_back(str(spec.name, spec.optional ? "?" : spec.variadic ? "..." : ""));
    }
    for (const ir::AttrSpec& spec : info.page->attrs) attrs.emplace_back(spec.name);
    text += str("(", join(operands, ", "), ")");
    if (!attrs.empty()) text += str(" {", join(attrs, ", "), "}");
  }
  struct {
    ir::Trait trait;
    std::string_view name;
  } constexpr kTraits[] = {{ir::Trait::pure, "pure"},
                           {ir::Trait::terminator, "terminator"},
                           {ir::Trait::commutative, "commutative"},
                           {ir::Trait::composite, "composite"},
                           {ir::Trait::isolated, "isolated"},
                           {ir::Trait::structured, "structured"}};
  for (auto [trait, name] : kTraits) {
    if (info.has(trait)) text += str(" ", name);
  }
  return text + "\n";
}

std::string operations_text(const ir::Context& context) {
  std::string text;
  for (ir::Dialect* dialect : context.dialects()) {
    for (const ir::OpInfo& info : dialect->ops()) text += operation_text(info);
  }
  return text;
}

void write_output(const std::string& path, std::string_view text) {
  if (path != "-") {
    auto bytes = std::as_bytes(std::span(text));
    return write_file(path, std::span(&bytes, 1));
  }
  put(stdout, text);
  if (std::fflush(stdout) != 0) throw UserError(ErrorKind::io, "standard output cannot be written");
}

void run(const Command& command) {
  if (command.help) return put(stdout, kHelp);
  ir::Context context;
  ops::load(context);
  compiler::loop::load(context);
  for (const std::string& library : command.libraries) load_library(library, context);
  if (command.list_passes) put(stdout, passes_text());
  if (command.list_ops) put(stdout, operations_text(context));
  if (command.list_passes || command.list_ops) return;

  ir::PassManagerConfig config;
  config.verify = command.verify_each;
  config.watch_changes = command.timing;
  if (command.dump_changed) config.dump_changed = [](std::string_view text) { put(stderr, text); };
  config.reproducer = command.reproducer;
  config.strict = command.strict;
  config.evaluator = eager::evaluator();
  ir::PassManager manager(std::move(config));
  try {
    for (const std::string& pipeline : command.pipelines) manager.add_pipeline(pipeline);
  } catch (const UserError& error) { throw UsageError{error.what()}; }

  if (command.file == "-" && isatty(STDIN_FILENO) != 0)
    put(stderr, "proa-opt: reading standard input\n");
  std::string text = read_all(command.file);
  if (command.replay) {
    auto pipeline = ir::reproducer_pipeline(text);
    if (!pipeline)
      throw UserError(ErrorKind::value,
                      str(command.file, " is no reproducer: it has no pipeline in its first line"));
    manager.add_pipeline(*pipeline);
  }
  ir::ParseOptions options;
  options.file = command.file;
  if (command.file == "-") options.file = "<stdin>";
  options.allow_unregistered = command.allow_unregistered;
  ir::Module module = ir::parse_module(text, context, options);
  manager.run(module);
  if (!manager.steps().empty() && !command.verify_each) {
    try {
      ir::verify(module);
    } catch (const Error& error) {
      throw InternalError(str("the passes left a module that is not well-formed: ", error.what(),
                              "\n(--verify-each says which one)"));
    }
  }
  if (command.timing) put(stderr, manager.timing_table());
  if (!command.no_output) {
    ir::PrintOptions print_options;
    print_options.locations = command.print_loc;
    write_output(command.output, ir::print(module, print_options));
  }
}

int main_of(int count, char** words) {
  auto complain = [](std::string_view text) { put(stderr, str("proa-opt: ", text, "\n")); };
  try {
    run(parse_command(count, words));
    return 0;
  } catch (const UsageError& error) {
    complain(error.text);
    complain("--help says how it is used");
    return 2;
  } catch (const UserError& error) {
    complain(error.what());
    return 1;
  } catch (const std::exception& error) {
    complain(error.what());
    return 3;
  }
}

}  // namespace
}  // namespace proa

int main(int count, char** words) { return proa::main_of(count, words); }
