// PassManager: runs a pipeline of passes and keeps watch — time, changes, verification,
// reproducers. Why in one place: every pass gets the same care, and a failure can be replayed by
// proa-opt.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proa/ir/pass.h"

namespace proa::ir {

struct PipelineStep {
  std::string pass;
  OptionValues options;
};
// "cse,fold{limit=3, mode=\"a b\"},dce": names and options as written; whether they exist is for
// add().
std::vector<PipelineStep> parse_pipeline(std::string_view text);
std::string to_string(std::span<const PipelineStep> steps);  // reads back to the same steps

struct PassRecord {
  std::string pass;
  double seconds = 0;
  double verify_seconds = 0;
  std::optional<bool> changed;  // known where changes are watched
  std::map<std::string, int64_t, std::less<>> statistics;
  std::vector<std::string> reports;
};

struct PassManagerConfig {
  bool verify = true;  // the module before the first pass and behind each one
  bool watch_changes = false;
  // Gets the module's text behind each pass that changed it, under a heading.
  std::function<void(std::string_view)> dump_changed = {};
  std::string reproducer = {};  // where to write the module before the failing pass; empty: nowhere
  bool strict = false;
  Evaluator evaluator = {};
};

class PassManager {
 public:
  explicit PassManager(PassManagerConfig config = {}) : config_(std::move(config)) {}

  // A pass or an option that does not exist is an error here, before anything runs.
  PassManager& add(std::string_view pass, OptionValues options = {});
  PassManager& add_pipeline(std::string_view text);
  const std::vector<PipelineStep>& steps() const { return steps_; }

  // A failure is the pass's own error with its name in front; a module that does not verify behind
  // a pass is an InternalError.
  void run(Module& module);
  const std::vector<PassRecord>& records() const { return records_; }  // of the last run
  std::string timing_table() const;

 private:
  void run_step(size_t index, Module& module);

  PassManagerConfig config_;
  std::vector<PipelineStep> steps_;
  std::vector<PassRecord> records_;
};

// A reproducer is a module's text under a comment that holds the rest of the pipeline.
std::string reproducer_text(const Module& module, std::span<const PipelineStep> steps,
                            std::string_view failure);
// The pipeline in the head of a reproducer; nothing if the text is not one.
std::optional<std::string> reproducer_pipeline(std::string_view text);

}  // namespace proa::ir
