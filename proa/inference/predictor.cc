#include "proa/inference/predictor.h"

#include <algorithm>
#include <cstring>

#include "proa/base/checked.h"
#include "proa/base/error.h"
#include "proa/base/thread_pool.h"
#include "proa/inference/sizes.h"
#include "proa/runtime/allocator.h"
#include "proa/runtime/cpu/cpu_allocator.h"
#include "proa/runtime/watch.h"

namespace proa::inference {

using program::PackageDim;
using program::PackageTensor;
using runtime::Array;

namespace {

constexpr std::string_view kName = "predictor";

size_t find_name(std::span<const PackageTensor> tensors, std::string_view name,
                 std::string_view what) {
  std::vector<std::string> names;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].name == name) return i;
    names.push_back(str("'", tensors[i].name, "'"));
  }
  throw UserError(ErrorKind::key, kName, name,
                  str("there is no such ", what, "; the model has ", join(names, ", ")));
}

bool overlap(const void* a, int64_t a_bytes, const void* b, int64_t b_bytes) {
  auto first = reinterpret_cast<uintptr_t>(a), second = reinterpret_cast<uintptr_t>(b);
  return first < second + static_cast<uintptr_t>(b_bytes) &&
         second < first + static_cast<uintptr_t>(a_bytes);
}

int64_t bytes_of(const runtime::Extents& dims, DType dtype) {
  return runtime::tensor_bytes(dims, dtype);
}

std::string form_of(const View& view) { return str(to_string(view.dtype), list_str(view.dims)); }

}  // namespace

Predictor::Predictor(const Config& config) {
  if (config.threads < 0 || config.threads > kMaxThreads) {
    throw UserError(ErrorKind::value, kName, "threads",
                    str("expected 0..", kMaxThreads, ", got ", config.threads));
  }
  if (config.memory_limit < 0) {
    throw UserError(ErrorKind::value, kName, "memory_limit",
                    str("expected a number of bytes, or 0 for none, got ", config.memory_limit));
  }
  threads_ = config.threads;
  profile_ = config.profile;
  if (config.memory_limit > 0) memory_limit_ = config.memory_limit;
  engine_ = Engine::load(config);
  inputs_.resize(inputs().size());
  outputs_.resize(outputs().size());
  if (profile_) runtime::set_watch(runtime::kWatchTime, true);
  for (const Sizes& sizes : config.warm_up) warm_up(sizes);
}

std::unique_ptr<Predictor> Predictor::clone() const {
  std::unique_ptr<Predictor> copy(new Predictor);
  copy->engine_ = engine_;
  copy->inputs_.resize(inputs_.size());
  copy->outputs_.resize(outputs_.size());
  copy->threads_ = threads_;
  copy->memory_limit_ = memory_limit_;
  copy->profile_ = profile_;
  return copy;
}

size_t Predictor::input_index(std::string_view name) const {
  return find_name(inputs(), name, "input");
}
size_t Predictor::output_index(std::string_view name) const {
  return find_name(outputs(), name, "output");
}

std::string Predictor::what(const PackageTensor& tensor) const {
  return form(tensor, engine_->package());
}

void Predictor::check_idle() const {
  if (!running_.load(std::memory_order_acquire)) return;
  throw UserError(ErrorKind::state, kName, "",
                  "it runs in another thread: expected a clone for each thread");
}

void Predictor::check_input(size_t input, const View& view) const {
  check_idle();
  if (input >= inputs_.size()) {
    throw UserError(ErrorKind::index, kName, "input",
                    str("expected 0..", static_cast<int64_t>(inputs_.size()) - 1, ", got ", input));
  }
  const PackageTensor& wanted = inputs()[input];
  auto refuse = [&](ErrorKind kind, std::string_view why) {
    throw UserError(kind, kName, wanted.name,
                    str("expected ", what(wanted), ", got ", form_of(view), why));
  };
  if (view.dtype != wanted.dtype) refuse(ErrorKind::type, "");
  if (view.dims.size() != wanted.dims.size()) refuse(ErrorKind::shape, "");
  for (size_t i = 0; i < view.dims.size(); ++i) {
    const PackageDim& dim = wanted.dims[i];
    if (view.dims[i] < 0) refuse(ErrorKind::shape, str(": axis ", i, " is negative"));
    if (dim.symbol < 0) {
      if (dim.extent >= 0 && dim.extent != view.dims[i]) refuse(ErrorKind::shape, "");
      continue;
    }
    const auto& symbol = engine_->package().symbols()[static_cast<size_t>(dim.symbol)];
    if (view.dims[i] >= symbol.low && view.dims[i] <= symbol.high) continue;
    refuse(ErrorKind::shape, str(": ", symbol.name, " must be ", symbol.low, "..",
                                 symbol.high == INT64_MAX ? std::string() : str(symbol.high)));
  }
  auto bytes = checked_bytes(view.dims, view.dtype);
  if (!bytes) refuse(ErrorKind::memory, ": 2^63 bytes or more");
  if (*bytes > 0 && view.data == nullptr) refuse(ErrorKind::value, " without memory");
  if (reinterpret_cast<uintptr_t>(view.data) % size_of(view.dtype) != 0) {
    refuse(ErrorKind::value,
           str(" whose memory is not aligned to an element of ", size_of(view.dtype), " bytes"));
  }
}

void Predictor::set_input(size_t input, const View& view) {
  check_input(input, view);
  Input& at = inputs_[input];
  at.own.reset();
  at.dims = runtime::Extents(view.dims);
  at.view = {view.data, view.dtype, {}};
  at.set = true;
}

void Predictor::copy_input(size_t input, const View& view) {
  check_input(input, {view.data != nullptr ? this : nullptr, view.dtype, view.dims});
  runtime::BufferRef own = runtime::cpu_allocator().allocate(*checked_bytes(view.dims, view.dtype));
  if (own->bytes() > 0) std::memcpy(own->data(), view.data, static_cast<size_t>(own->bytes()));
  set_input(input, {own->data(), view.dtype, view.dims});
  inputs_[input].own = std::move(own);
}

void Predictor::set_output(size_t output, void* data, int64_t bytes) {
  check_idle();
  if (output >= outputs_.size()) {
    throw UserError(
        ErrorKind::index, kName, "output",
        str("expected 0..", static_cast<int64_t>(outputs_.size()) - 1, ", got ", output));
  }
  const PackageTensor& made = outputs()[output];
  size_t width = size_of(made.dtype);
  if (bytes < 0 || (data == nullptr && bytes != 0) ||
      reinterpret_cast<uintptr_t>(data) % width != 0) {
    throw UserError(
        ErrorKind::value, kName, made.name,
        str("expected memory aligned to an element of ", width, " bytes, got ", bytes,
            " bytes at an address of remainder ", reinterpret_cast<uintptr_t>(data) % width));
  }
  outputs_[output].target = {data, bytes};
}

// One symbol, one value.
void Predictor::check_symbols() const {
  const auto& symbols = engine_->package().symbols();
  struct Found {
    int64_t value = -1;
    size_t input = 0, axis = 0;
  };
  std::vector<Found> found(symbols.size());
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const PackageTensor& wanted = inputs()[i];
    if (!inputs_[i].set) {
      throw UserError(ErrorKind::state, kName, wanted.name,
                      str("expected ", what(wanted), ", got nothing: the input was never set"));
    }
    for (size_t axis = 0; axis < wanted.dims.size(); ++axis) {
      int32_t symbol = wanted.dims[axis].symbol;
      if (symbol < 0) continue;
      Found& before = found[static_cast<size_t>(symbol)];
      int64_t value = inputs_[i].dims[axis];
      if (before.value < 0) before = {value, i, axis};
      if (before.value == value) continue;
      throw UserError(
          ErrorKind::shape, kName, wanted.name,
          str("expected ", what(wanted), " with ", symbols[static_cast<size_t>(symbol)].name, " = ",
              before.value, " as in '", inputs()[before.input].name, "', got ", value, " on axis ",
              axis));
    }
  }
}

void Predictor::run() {
  if (running_.exchange(true, std::memory_order_acquire)) {
    throw UserError(ErrorKind::state, kName, "",
                    "it runs in another thread: expected a clone for each thread");
  }
  struct Done {
    std::atomic<bool>& running;
    ~Done() { running.store(false, std::memory_order_release); }
  } done{running_};
  check_symbols();
  int64_t begin = runtime::now_ns();
  try {
    execute();
  } catch (...) {
    ++statistics_.failures;
    throw;
  }
  int64_t end = runtime::now_ns(), took = end - begin;
  Statistics& s = statistics_;
  s.last_ns = took;
  s.least_ns = s.runs == 0 ? took : std::min(s.least_ns, took);
  s.most_ns = std::max(s.most_ns, took);
  s.total_ns += took;
  ++s.runs;
  if (profile_) {
    runtime::Event event;
    event.begin = begin;
    event.end = end;
    event.name = "run";
    runtime::tell(std::move(event));
  }
}

void Predictor::execute() {
  has_run_ = false;
  for (Output& output : outputs_) output.array = {};  // before anything is counted
  ThreadLimit threads(threads_);
  engine_->executable().prepare();  // belongs to the weights, not to what this run takes
  runtime::MemoryMeter meter(memory_limit_);
  std::vector<Array> values;
  for (const Input& input : inputs_) {
    Array array;  // without a buffer, by which results that lie in it are known
    array.data = static_cast<char*>(const_cast<void*>(input.view.data));
    array.dtype = input.view.dtype;
    array.dims = input.dims;
    array.strides = runtime::dense_strides(input.dims);
    values.push_back(std::move(array));
  }
  // Kernels may write a result while they still read an input, so theirs are two memories.
  SmallVector<runtime::Target, 8> targets;
  bool over_input = false;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    runtime::Target target = outputs_[i].target;
    bool apart = target.data != nullptr;
    for (const Array& value : values) {
      if (!apart) break;
      apart = !overlap(target.data, target.bytes, value.data, bytes_of(value.dims, value.dtype));
    }
    for (size_t j = 0; j < i && apart; ++j) {
      const runtime::Target& other = outputs_[j].target;
      if (other.data == nullptr || !overlap(target.data, target.bytes, other.data, other.bytes))
        continue;
      throw UserError(ErrorKind::value, kName, outputs()[i].name,
                      str("expected memory of its own, got memory that overlaps that of '",
                          outputs()[j].name, "'"));
    }
    targets.push_back(apart ? target : runtime::Target{});
    over_input |= target.data != nullptr && !apart;
  }
  std::vector<Array> made(outputs_.size());
  engine_->executable().run_into(values, {}, made, targets);
  if (over_input) {  // what lies in an input moves away before any output is written there
    for (Array& array : made) {
      if (array.buffer) continue;
      Array aside = Array::dense(array.dims, array.dtype);
      runtime::copy(array, aside);
      array = std::move(aside);
    }
  }
  for (size_t i = 0; i < outputs_.size(); ++i) place(i, made[i], targets[i]);
  statistics_.last_bytes = meter.peak();
  statistics_.peak_bytes = std::max(statistics_.peak_bytes, meter.peak());
  has_run_ = true;
}

// Brings a result to where it was wanted, dense and in memory that stays.
void Predictor::place(size_t output, Array& made, const runtime::Target& target) {
  Output& to = outputs_[output];
  if (to.target.data == nullptr) {
    bool stays = made.buffer && !made.buffer->is_foreign() && made.is_dense();
    if (!stays) {
      Array copy = Array::dense(made.dims, made.dtype);
      runtime::copy(made, copy);
      made = std::move(copy);
      ++statistics_.copied_outputs;
    }
    to.array = std::move(made);
    return;
  }
  int64_t bytes = bytes_of(made.dims, made.dtype);
  if (bytes > to.target.bytes) {
    throw UserError(ErrorKind::value, kName, outputs()[output].name,
                    str("expected memory of ", bytes, " bytes for ", to_string(made.dtype),
                        list_str(made.dims), ", got ", to.target.bytes));
  }
  Array there = made;
  there.buffer = {};
  there.data = static_cast<char*>(to.target.data);
  there.strides = runtime::dense_strides(made.dims);
  bool in_place = target.data != nullptr && made.data == target.data && made.is_dense();
  if (!in_place && bytes > 0) {
    runtime::copy(made, there);
    ++statistics_.copied_outputs;
  }
  to.array = std::move(there);
}

const Array& Predictor::output(size_t output) const {
  check_idle();
  if (output >= outputs_.size()) {
    throw UserError(
        ErrorKind::index, kName, "output",
        str("expected 0..", static_cast<int64_t>(outputs_.size()) - 1, ", got ", output));
  }
  if (!has_run_) {
    throw UserError(ErrorKind::state, kName, outputs()[output].name,
                    "there is no result: nothing was run, or the last run failed");
  }
  return outputs_[output].array;
}

void Predictor::warm_up(const Sizes& sizes) {
  std::vector<int64_t> values = values_of(engine_->package(), sizes, "warm_up");
  std::unique_ptr<Predictor> other = clone();
  other->profile_ = false;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    std::vector<int64_t> dims = dims_of(inputs()[i], values);
    int64_t bytes = runtime::tensor_bytes(dims, inputs()[i].dtype);
    Array zeros = Array::dense(dims, inputs()[i].dtype);
    if (bytes > 0) std::memset(zeros.data, 0, static_cast<size_t>(bytes));
    other->set_input(i, {zeros.data, zeros.dtype, dims});
    other->inputs_[i].own = zeros.buffer;
  }
  other->run();
}

}  // namespace proa::inference
