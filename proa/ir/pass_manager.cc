#include "proa/ir/pass_manager.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "proa/base/error.h"
#include "proa/base/file.h"
#include "proa/ir/fingerprint.h"
#include "proa/ir/lexer.h"
#include "proa/ir/printer.h"
#include "proa/ir/spelling.h"
#include "proa/ir/verifier.h"

namespace proa::ir {

namespace {

constexpr std::string_view kReproducerHead = "// proa-opt reproducer; pipeline: ";

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

bool is_plain(char c) { return is_name_part(c) || c == '-' || c == '+' || c == '/' || c == ':'; }

// A reader of pipeline text; its alphabet is not that of the IR (pass names have dashes).
class PipelineReader {
 public:
  explicit PipelineReader(std::string_view text) : text_(text) {}

  std::vector<PipelineStep> steps() {
    std::vector<PipelineStep> steps;
    if (done()) return steps;
    do {
      PipelineStep step{word("a pass"), {}};
      if (accept('{')) {
        while (!accept('}')) {
          std::string name = word("an option or '}'");
          step.options.emplace_back(name, accept('=') ? value() : "true");
          accept(',');
        }
      }
      steps.push_back(std::move(step));
    } while (accept(','));
    if (!done()) fail("',' or the end");
    return steps;
  }

 private:
  bool done() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t'))
      ++at_;
    return at_ == text_.size();
  }

  bool accept(char c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::string word(std::string_view what) {
    if (done() || !is_plain(text_[at_])) fail(what);
    size_t begin = at_;
    while (at_ < text_.size() && is_plain(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string value() {
    if (done() || text_[at_] != '"') return word("a value");
    size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    std::string value;
    if (at_ >= text_.size() || !decode_string(text_.substr(begin, at_ + 1 - begin), value)) {
      at_ = begin;
      fail("a string in quotes");
    }
    ++at_;
    return value;
  }

  [[noreturn]] void fail(std::string_view what) {
    std::string got = at_ < text_.size() ? str("'", text_.substr(at_, 20), "'") : "the end";
    throw UserError(ErrorKind::value,
                    str("pipeline, column ", at_ + 1, ": expected ", what, ", got ", got));
  }

  std::string_view text_;
  size_t at_ = 0;
};

std::string decimal(double value, const char* format) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer;
}

std::string pad(std::string_view text, size_t width) {
  return str(text, std::string(width > text.size() ? width - text.size() : 0, ' '));
}

}  // namespace

std::vector<PipelineStep> parse_pipeline(std::string_view text) {
  return PipelineReader(text).steps();
}

std::string to_string(std::span<const PipelineStep> steps) {
  std::string text;
  for (const PipelineStep& step : steps) {
    if (!text.empty()) text += ",";
    text += step.pass;
    std::string_view open = "{";
    for (auto& [name, value] : step.options) {
      bool plain = !value.empty() && std::ranges::all_of(value, is_plain);
      text += str(open, name, "=", plain ? value : quote(value));
      open = ",";
    }
    if (!step.options.empty()) text += "}";
  }
  return text;
}

PassManager& PassManager::add(std::string_view pass, OptionValues options) {
  PassContext check(pass_named(pass), options);
  steps_.push_back({std::string(pass), std::move(options)});
  return *this;
}

PassManager& PassManager::add_pipeline(std::string_view text) {
  for (PipelineStep& step : parse_pipeline(text)) add(step.pass, std::move(step.options));
  return *this;
}

void PassManager::run(Module& module) {
  records_.clear();
  if (config_.verify) verify(module);
  for (size_t i = 0; i < steps_.size(); ++i) run_step(i, module);
}

void PassManager::run_step(size_t index, Module& module) {
  const PipelineStep& step = steps_[index];
  PassContext context(pass_named(step.pass), step.options);
  context.set_evaluator(config_.evaluator);
  context.set_strict(config_.strict);
  PassRecord record;
  record.pass = step.pass;
  bool watch = config_.watch_changes || config_.dump_changed;
  uint64_t before = watch ? fingerprint(*module.op()) : 0;
  std::optional<Module> saved;
  if (!config_.reproducer.empty()) saved = module.clone();

  // What the pass threw, put into words, with the reproducer written first.
  auto failure = [&](std::string_view message) {
    std::string text = str("in pass '", step.pass, "': ", message);
    if (!saved) return text;
    std::string file = reproducer_text(*saved, std::span(steps_).subspan(index), text);
    std::span<const std::byte> piece = std::as_bytes(std::span(file));
    try {
      write_file(config_.reproducer, std::span(&piece, 1));
    } catch (const Error& error) {
      return str(text, "\n(the reproducer could not be written: ", error.what(), ")");
    }
    return str(text, "\n(replay with: proa-opt --replay ", config_.reproducer, ")");
  };
  try {
    Stopwatch watch_pass;
    pass_named(step.pass).run(module, context);
    record.seconds = watch_pass.seconds();
  } catch (const InternalError& error) {
    throw InternalError(failure(error.what()));
  } catch (const UserError& error) {
    throw UserError(error.kind(), error.op(), error.argument(), failure(error.message()));
  } catch (...) {  // of a pass from outside, in words of its own: it goes on as it is
    failure("an exception of another language");
    throw;
  }
  if (config_.verify) {
    try {
      Stopwatch watch_verifier;
      verify(module);
      record.verify_seconds = watch_verifier.seconds();
    } catch (const Error& error) {
      throw InternalError(
          failure(str("the pass left a module that is not well-formed: ", error.what())));
    }
  }
  if (watch) {
    record.changed = fingerprint(*module.op()) != before;
    if (*record.changed && config_.dump_changed) {
      config_.dump_changed(str("// ---- after ", step.pass, "\n", print(module)));
    }
  }
  record.statistics = context.statistics();
  record.reports = context.reports();
  records_.push_back(std::move(record));
}

std::string PassManager::timing_table() const {
  size_t width = 5;
  double total = 0;
  for (const PassRecord& record : records_) {
    width = std::max(width, record.pass.size());
    total += record.seconds + record.verify_seconds;
  }
  std::string table = str(pad("pass", width), "        ms  verify ms  share  changed\n");
  for (const PassRecord& record : records_) {
    double both = record.seconds + record.verify_seconds;
    table += str(pad(record.pass, width), decimal(record.seconds * 1e3, "%10.3f"),
                 decimal(record.verify_seconds * 1e3, "%11.3f"),
                 decimal(total > 0 ? both / total * 100 : 0, "%6.1f%%"),
                 !record.changed   ? "  ?"
                 : *record.changed ? "  yes"
                                   : "  no",
                 "\n");
    for (auto& [name, value] : record.statistics) table += str("  ", name, ": ", value, "\n");
    for (const std::string& line : record.reports) table += str("  ", line, "\n");
  }
  return table + str(pad("total", width), decimal(total * 1e3, "%10.3f"), "\n");
}

std::string reproducer_text(const Module& module, std::span<const PipelineStep> steps,
                            std::string_view failure) {
  std::string text = str(kReproducerHead, to_string(steps), "\n");
  while (!failure.empty()) {
    size_t end = std::min(failure.find('\n'), failure.size());
    text += str("// ", failure.substr(0, end), "\n");
    failure.remove_prefix(std::min(end + 1, failure.size()));
  }
  return text + print(module, {.locations = true});
}

std::optional<std::string> reproducer_pipeline(std::string_view text) {
  if (!text.starts_with(kReproducerHead)) return std::nullopt;
  text.remove_prefix(kReproducerHead.size());
  return std::string(text.substr(0, text.find('\n')));
}

}  // namespace proa::ir
