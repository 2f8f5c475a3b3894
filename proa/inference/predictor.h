// Predictor: a saved model that answers, with named inputs and outputs.
// Why state and not one function: memory of the caller is named once and used by each run, figures
// are kept, and a clone for another thread shares all that does not change.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proa/inference/config.h"
#include "proa/inference/engine.h"
#include "proa/runtime/array.h"

namespace proa::inference {

struct Statistics {
  int64_t runs = 0, failures = 0;
  int64_t last_ns = 0, least_ns = 0, most_ns = 0, total_ns = 0;  // of runs that succeeded
  int64_t last_bytes = 0, peak_bytes = 0;  // most that a run held at once, apart from weights and
                                           // the caller's memory
  int64_t copied_outputs = 0;  // results that could not be computed where the caller wanted them
};

// Dense, row-major elements.
struct View {
  const void* data = nullptr;
  DType dtype = DType::f32;
  std::span<const int64_t> dims;
};

// Not for two threads at once: each has its clone, and what is called while a run is on is a
// UserError(state). Mistakes are UserErrors that name the input or
// output, what was expected and what came; after one the predictor can be used again.
class Predictor {
 public:
  explicit Predictor(const Config& config);
  std::unique_ptr<Predictor> clone() const;  // nothing is set in it, and nothing was run

  std::span<const program::PackageTensor> inputs() const { return engine_->package().inputs(); }
  std::span<const program::PackageTensor> outputs() const { return engine_->package().outputs(); }
  size_t input_index(std::string_view name) const;  // UserError(key) that lists the names
  size_t output_index(std::string_view name) const;

  // The caller's memory is read by each run from now on, as it is then; it is not copied.
  // Checked here are name, dtype and rank, and extents against what the model fixes.
  void set_input(size_t input, const View& view);
  // A copy is kept.
  void copy_input(size_t input, const View& view);
  // Results of each run from now on go into the caller's memory; null: into memory of our own.
  void set_output(size_t output, void* data, int64_t bytes);

  void run();

  // Of the last run that succeeded: dense, in the memory that was set or in memory that stays as it
  // is until the next run.
  const runtime::Array& output(size_t output) const;

  // For these sizes, with zeros: what Config::warm_up does.
  void warm_up(const Sizes& sizes);

  const Statistics& statistics() const { return statistics_; }
  const Kernels& kernels() const { return engine_->kernels(); }
  const Engine& engine() const { return *engine_; }
  int threads() const { return threads_; }

 private:
  Predictor() = default;
  struct Input {
    View view;
    runtime::Extents dims;
    runtime::BufferRef own;  // of a copy
    bool set = false;
  };
  struct Output {
    runtime::Target target;
    runtime::Array array;
  };
  void check_idle() const;
  void check_input(size_t input, const View& view) const;
  void check_symbols() const;
  void execute();
  void place(size_t output, runtime::Array& made, const runtime::Target& target);
  std::string what(const program::PackageTensor& tensor) const;

  std::shared_ptr<const Engine> engine_;
  std::vector<Input> inputs_;
  std::vector<Output> outputs_;
  bool has_run_ = false;
  std::atomic<bool> running_{false};
  int threads_ = 0;
  int64_t memory_limit_ = INT64_MAX;
  bool profile_ = false;
  Statistics statistics_;
};

}  // namespace proa::inference
