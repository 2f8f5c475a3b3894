#include "proa/runtime/executor.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "proa/base/error.h"
#include "proa/base/interrupt.h"
#include "proa/base/thread_pool.h"
#include "proa/runtime/allocator.h"
#include "proa/runtime/device.h"
#include "proa/runtime/inspect.h"
#include "proa/runtime/launch.h"
#include "proa/runtime/once.h"
#include "proa/runtime/schedule.h"
#include "proa/runtime/watch.h"

namespace proa::runtime {

using namespace program;

KernelTable& cpu_kernels() {
  static auto table = new KernelTable();
  return *table;
}

struct Executable::Frame {
  std::vector<Array> slots;
  SmallVector<int64_t, 16> symbols;
  SmallVector<int64_t, 32> dims;
  size_t stage = 0;

  Array& at(int32_t slot) { return slots[static_cast<size_t>(slot)]; }
  Extents extents(const Slot& slot) const {
    Extents result(slot.dims.size());
    for (size_t i = 0; i < slot.dims.size(); ++i)
      result[i] = dims[static_cast<size_t>(slot.dims[i])];
    return result;
  }
  // Attributes with the sizes of this call patched in.
  SmallVector<int64_t, 16> words(const Instruction& code) const {
    SmallVector<int64_t, 16> result{std::span<const int64_t>(code.words)};
    for (auto [word, dim] : code.patches) {
      result[static_cast<size_t>(word)] = dims[static_cast<size_t>(dim)];
    }
    return result;
  }
};

struct Executable::Part {
  bool is_straight = true;
  Segment segment;                // of a straight one
  std::vector<int32_t> sources;   // its inputs by number: of the program, then constants
  size_t instruction = 0;         // of any other
  std::vector<int32_t> released;  // slots that nobody reads behind it

  static constexpr size_t kKept = 8;
  mutable std::mutex mutex;
  mutable std::vector<std::shared_ptr<const Schedule>> schedules;  // the last ones used first

  std::shared_ptr<const Schedule> find(std::span<const int64_t> key) const {
    std::lock_guard lock(mutex);
    for (size_t i = 0; i < schedules.size(); ++i) {
      if (!std::ranges::equal(schedules[i]->key, key)) continue;
      if (i > 0) {
        auto at = schedules.begin() + static_cast<std::ptrdiff_t>(i);
        std::rotate(schedules.begin(), at, at + 1);
      }
      return schedules[0];
    }
    return nullptr;
  }
  void keep(std::shared_ptr<const Schedule> made) const {
    std::lock_guard lock(mutex);
    if (schedules.size() == kKept) schedules.pop_back();
    schedules.insert(schedules.begin(), std::move(made));
  }
};

Executable::Executable(std::shared_ptr<const Program> program, const KernelTable& kernels,
                       Device device, KernelProvider* provider, Origin origin)
    : program_(std::move(program)),
      device_(device),
      provider_(device == kNull ? nullptr : provider),
      origin_(origin) {
  once_ = Once::take(program_, kernels, device, provider, origin);
  bool inspected = origin == Origin::file || inspects_all();
  for (const Instruction& code : program_->code) {
    KernelFn kernel = nullptr;
    if (code.kind == InstructionKind::kernel) {
      kernel = kernels.find(code.name);
      if (kernel == nullptr && !code.name.starts_with("prim.")) {
        throw UserError(ErrorKind::key, "custom_call", "target",
                        str("there is no kernel '", code.name, "'"));
      }
      PROA_CHECK(kernel, "no kernel is registered for ", code.name);
    }
    kernels_.push_back(kernel);
    if (inspected) contracts_.push_back(kernel != nullptr ? contract_of(code.name) : nullptr);
    if (origin == Origin::file && kernel != nullptr && contracts_.back() == nullptr) {
      throw UserError(ErrorKind::not_supported,
                      str("a file may not call ", code.name, ", which states no contract"));
    }
    CompiledFn compiled = nullptr;
    if (code.kind == InstructionKind::compiled) {
      const KernelText& text = program_->kernels[static_cast<size_t>(code.kernel)];
      compiled = provider != nullptr && computes() ? provider->find(text) : nullptr;
      PROA_CHECK(compiled != nullptr || !computes(), "the kernel ", text.name,
                 " could not be made");
    }
    compiled_.push_back(compiled);
    inner_.emplace_back();
    for (const auto& body : code.programs) {
      inner_.back().push_back(
          std::make_unique<Executable>(body, kernels, device, provider, origin));
    }
  }
  for (const Constant& constant : program_->constants) {
    auto owner = new std::shared_ptr<const void>(constant.owner);
    Array array;
    array.buffer = Buffer::wrap(
        const_cast<void*>(constant.bytes), static_cast<int64_t>(constant.size), kCpu,
        [](void* held) { delete static_cast<std::shared_ptr<const void>*>(held); }, owner, false);
    array.data = static_cast<char*>(array.buffer->data());
    array.dtype = constant.dtype;
    array.dims = Extents(std::span<const int64_t>(constant.dims));
    array.strides = dense_strides(constant.dims);
    if (!computes()) array = make(array.dims, array.dtype);
    constants_.push_back(std::move(array));
    constant_slots_.push_back(constant.slot);
  }
  if (once_) {
    constant_slots_.insert(constant_slots_.end(), once_->slots().begin(), once_->slots().end());
    constants_.resize(constant_slots_.size());
  }
  single_ = computes() && program_->code.size() == 1 && kernels_[0] != nullptr &&
            constants_.empty() && program_->outputs == program_->code[0].out &&
            program_->terms.donated.empty() && origin == Origin::process;
  if (single_) {
    for (int32_t slot : program_->code[0].in) {
      auto at = std::ranges::find(program_->inputs, slot);
      single_inputs_.push_back(slot < 0 ? -1 : static_cast<int32_t>(at - program_->inputs.begin()));
    }
  }
  split();
}

namespace {

bool decides(const Instruction& code) {
  switch (code.kind) {
    case InstructionKind::if_:
    case InstructionKind::while_:
    case InstructionKind::scan_loop:
    case InstructionKind::bind:
    case InstructionKind::rebind: return true;
    default: return false;
  }
}

}  // namespace

// Cuts the code where something is decided, and finds what each straight run takes and gives.
void Executable::split() {
  const auto& code = program_->code;
  auto straight_from = [&](size_t begin, size_t end) {
    auto part = std::make_unique<Part>();
    part->segment.begin = begin;
    part->segment.end = end;
    parts_.push_back(std::move(part));
  };
  size_t begin = 0;
  for (size_t i = 0; i < code.size(); ++i) {
    if (!decides(code[i])) continue;
    if (i > begin) straight_from(begin, i);
    auto part = std::make_unique<Part>();
    part->is_straight = false;
    part->instruction = i;
    part->released = code[i].release;
    parts_.push_back(std::move(part));
    begin = i + 1;
  }
  if (begin < code.size() || parts_.empty()) straight_from(begin, code.size());
  bool whole = parts_.size() == 1 && parts_[0]->is_straight;
  std::span<const std::pair<int32_t, int32_t>> donated = program_->terms.donated;
  if (origin_ == Origin::file) donated = {};                 // whoever calls never agreed to it
  std::vector<int32_t> part_of(program_->slots.size(), -1);  // that makes a slot
  std::vector<bool> leaves(program_->slots.size());
  for (int32_t slot : program_->outputs) leaves[static_cast<size_t>(slot)] = true;
  std::vector<int32_t> taken_by(program_->slots.size(), -1);  // the part that has it as an input
  for (size_t p = 0; p < parts_.size(); ++p) {
    Part& part = *parts_[p];
    Segment& segment = part.segment;
    size_t first = part.is_straight ? segment.begin : part.instruction;
    size_t last = part.is_straight ? segment.end : part.instruction + 1;
    for (size_t i = first; i < last; ++i) {
      for (int32_t slot : code[i].in) {
        if (slot < 0 || part_of[static_cast<size_t>(slot)] == static_cast<int32_t>(p)) continue;
        leaves[static_cast<size_t>(slot)] = true;
        if (taken_by[static_cast<size_t>(slot)] == static_cast<int32_t>(p)) continue;
        taken_by[static_cast<size_t>(slot)] = static_cast<int32_t>(p);
        segment.inputs.push_back(slot);
      }
      for (int32_t slot : code[i].out) part_of[static_cast<size_t>(slot)] = static_cast<int32_t>(p);
    }
  }
  for (size_t p = 0; p < parts_.size(); ++p) {
    Part& part = *parts_[p];
    Segment& segment = part.segment;
    if (!part.is_straight) continue;
    if (whole) {
      std::unordered_map<int32_t, int32_t> place;  // among the inputs
      for (int32_t slot : segment.inputs) place.emplace(slot, static_cast<int32_t>(place.size()));
      auto input_at = [&](int32_t slot) {
        auto [at, fresh] = place.emplace(slot, static_cast<int32_t>(place.size()));
        if (fresh) segment.inputs.push_back(slot);
        return at->second;
      };
      for (int32_t slot : program_->outputs) {
        if (part_of[static_cast<size_t>(slot)] < 0) input_at(slot);
      }
      for (size_t i = 0; i < donated.size(); ++i) {
        auto [input, output] = donated[i];
        int32_t at = input_at(program_->inputs[static_cast<size_t>(input)]);
        segment.donated.push_back({at, output, static_cast<int32_t>(i)});
      }
      segment.results = program_->outputs;
      std::unordered_map<int32_t, int32_t> source;  // inputs, then constants
      int32_t next = 0;
      for (int32_t slot : program_->inputs) source.emplace(slot, next++);
      for (int32_t slot : constant_slots_) source.emplace(slot, next++);
      for (int32_t slot : segment.inputs) {
        auto found = source.find(slot);
        part.sources.push_back(found != source.end() ? found->second : next);
      }
      continue;
    }
    for (size_t slot = 0; slot < part_of.size(); ++slot) {
      if (part_of[slot] == static_cast<int32_t>(p) && leaves[slot])
        segment.results.push_back(static_cast<int32_t>(slot));
    }
    for (size_t i = segment.begin; i < segment.end; ++i)
      part.released.insert(part.released.end(), code[i].release.begin(), code[i].release.end());
  }
  if (whole || !parts_.back()->is_straight) return;
  // What the last part makes may take the memory of inputs: nobody else runs afterwards.
  Segment& last = parts_.back()->segment;
  for (size_t i = 0; i < donated.size(); ++i) {
    auto [input, output] = donated[i];
    int32_t slot = program_->inputs[static_cast<size_t>(input)];
    int32_t made = program_->outputs[static_cast<size_t>(output)];
    auto result = std::ranges::find(last.results, made);
    if (result == last.results.end() || std::ranges::count(program_->outputs, made) > 1) continue;
    auto at = std::ranges::find(last.inputs, slot);
    last.donated.push_back({static_cast<int32_t>(at - last.inputs.begin()),
                            static_cast<int32_t>(result - last.results.begin()),
                            static_cast<int32_t>(i)});
    if (at == last.inputs.end()) last.inputs.push_back(slot);
    for (auto& part : parts_) std::erase(part->released, slot);
  }
}

Executable::~Executable() = default;

void Executable::run_single(std::span<const Array> inputs, std::span<Array> outputs,
                            const Frame& frame) const {
  const Instruction& code = program_->code[0];
  SmallVector<TensorRef, 8> in, out;
  for (int32_t input : single_inputs_) {
    in.push_back(input < 0 ? TensorRef{.rank = -1} : inputs[static_cast<size_t>(input)].ref());
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Slot& info = program_->slots[static_cast<size_t>(code.out[i])];
    outputs[i] = Array::dense(frame.extents(info), info.dtype);
    out.push_back(outputs[i].ref());
  }
  KernelArgs args;
  args.in = {in.data(), in.size()};
  args.out = {out.data(), out.size()};
  args.op = code.name.c_str();
  auto words = frame.words(code);
  args.attrs = {words.data(), code.offsets.data()};
  if (!contracts_.empty() && contracts_[0] != nullptr) [[unlikely]] {
    std::string place = Inspector(*program_, 0).place();
    contracts_[0](Call(place, args.in, args.out, words, code.offsets));
  }
  auto run = [&] {
    try {
      kernels_[0](args);
    } catch (const UserError& error) { rethrow(error, code); }
  };
  if (!(watched() & kWatchTime)) return run();
  Event event{.kind = Event::Kind::kernel, .name = code.name, .location = code.location};
  std::vector<int64_t> flops = flops_of(*program_, frame.symbols);
  if (code.flops >= 0 && !flops.empty()) event.flops = flops[static_cast<size_t>(code.flops)];
  for (const auto& refs : {in, out}) {
    for (const TensorRef& ref : refs) {
      if (ref.rank >= 0) event.bytes += ref.elements() * static_cast<int64_t>(size_of(ref.dtype));
    }
  }
  event.begin = now_ns();
  run();
  event.end = now_ns();
  tell(std::move(event));
}

void Executable::compute_dims(size_t stage, Frame& frame) const {
  const Program::Stage& now = program_->stages[stage];
  frame.dims.resize(now.dims.outputs.size());
  int failed = now.dims.eval(frame.symbols.data(), frame.dims.data());
  if (failed >= 0) throw UserError(ErrorKind::shape, now.guards[static_cast<size_t>(failed)]);
}

bool Executable::guarded() const {
  return !program_->is_static && !program_->stages[0].guards.empty();
}

bool Executable::guards_hold(std::span<const int64_t> symbols) const {
  if (program_->is_static) return true;
  SmallVector<int64_t, 32> dims(program_->stages[0].dims.outputs.size());
  try {
    return program_->stages[0].dims.eval(symbols.data(), dims.data()) < 0;
  } catch (const UserError&) {  // an extent that has no value there: a division by 0
    return false;
  }
}

std::vector<std::shared_ptr<const Schedule>> Executable::schedules() const {
  std::vector<std::shared_ptr<const Schedule>> all;
  for (const auto& part : parts_) {
    {
      std::lock_guard lock(part->mutex);
      all.insert(all.end(), part->schedules.begin(), part->schedules.end());
    }
    if (part->is_straight) continue;
    for (const auto& body : inner_[part->instruction]) {
      auto inside = body->schedules();
      all.insert(all.end(), inside.begin(), inside.end());
    }
  }
  return all;
}

void Executable::symbols_of(std::span<const Array> inputs, std::span<const int64_t> given,
                            SmallVector<int64_t, 16>& symbols) const {
  for (size_t i = 0; i < program_->symbols.size(); ++i) {
    const SymbolSource& source = program_->sources[i];
    if (source.input >= 0) {
      symbols.push_back(
          inputs[static_cast<size_t>(source.input)].dims[static_cast<size_t>(source.axis)]);
    } else {
      symbols.push_back(i < given.size() ? given[i] : 0);
    }
  }
}

void Executable::set_understudy(std::unique_ptr<Understudy> understudy) {
  understudy_ = std::move(understudy);
}

void Executable::run(std::span<const Array> inputs, std::span<const int64_t> symbols,
                     std::span<Array> outputs, std::span<const int32_t> kept) const {
  if (understudy_) return understudy_->run(*this, inputs, symbols, outputs, kept);
  run_itself(inputs, symbols, outputs, kept);
}

void Executable::run_itself(std::span<const Array> inputs, std::span<const int64_t> symbols,
                            std::span<Array> outputs, std::span<const int32_t> kept) const {
  run_with(inputs, symbols, outputs, kept, {});
}

void Executable::run_into(std::span<const Array> inputs, std::span<const int64_t> symbols,
                          std::span<Array> outputs, std::span<const Target> targets) const {
  run_with(inputs, symbols, outputs, {}, targets);
}

void Executable::prepare_own() const {
  if (once_) once_->prepare(std::span(constants_).last(once_->slots().size()));
}

void Executable::prepare() const {
  prepare_own();
  for (const auto& bodies : inner_) {
    for (const auto& body : bodies) body->prepare();
  }
}

void Executable::run_with(std::span<const Array> inputs, std::span<const int64_t> symbols,
                          std::span<Array> outputs, std::span<const int32_t> kept,
                          std::span<const Target> targets) const {
  const Program& program = *program_;
  PROA_CHECK(inputs.size() == program.inputs.size(), "a program of ", program.inputs.size(),
             " inputs was given ", inputs.size());
  prepare_own();
  if (!single_ && parts_.size() == 1 && parts_[0]->is_straight) {
    const Part& part = *parts_[0];
    SmallVector<const Array*, 32> sources;
    for (int32_t source : part.sources) {
      auto i = static_cast<size_t>(source);
      sources.push_back(i < inputs.size() ? &inputs[i] : &constants_[i - inputs.size()]);
    }
    SmallVector<int64_t, 16> values;
    if (!program.is_static) symbols_of(inputs, symbols, values);
    return straight(part, {sources.data(), sources.size()}, {values.data(), values.size()}, nullptr,
                    outputs, kept, targets);
  }
  Frame frame;
  if (program.is_static) {
    frame.dims = SmallVector<int64_t, 32>(std::span<const int64_t>(program.dims));
  } else {
    symbols_of(inputs, symbols, frame.symbols);
    compute_dims(0, frame);
  }
  if (single_) return run_single(inputs, outputs, frame);
  in_parts(inputs, frame, outputs, kept);
}

// The one for these sizes and strides. `frame` where the sizes are known already.
std::shared_ptr<const Schedule> Executable::schedule(const Part& part,
                                                     std::span<const Array* const> sources,
                                                     std::span<const int64_t> symbols,
                                                     const Frame* frame,
                                                     std::span<const int32_t> kept) const {
  SmallVector<int64_t, 48> key(symbols);
  if (!part.segment.donated.empty()) {
    for (int32_t pair : kept) key.push_back(INT64_MAX - pair);
  }
  for (size_t i = 0; i < sources.size(); ++i) {
    if (!contracts_.empty()) {  // that sizes follow from symbols is not taken for granted
      key.push_back(static_cast<int64_t>(sources[i]->dtype));
      key.append(sources[i]->dims);
    }
    if (sources[i]->is_dense()) continue;
    key.push_back(INT64_MIN + static_cast<int64_t>(i));
    key.append(sources[i]->strides);
  }
  std::shared_ptr<const Schedule> found = part.find(key);
  if (found) return found;
  Frame own;
  if (frame == nullptr) {
    if (program_->is_static) {
      own.dims = SmallVector<int64_t, 32>(std::span<const int64_t>(program_->dims));
    } else {
      own.symbols.append(symbols);
      compute_dims(0, own);
    }
    frame = &own;
  }
  found = make_schedule({.key = {key.begin(), key.end()},
                         .program = *program_,
                         .segment = part.segment,
                         .inputs = sources,
                         .dims = frame->dims,
                         .symbols = symbols,
                         .kernels = kernels_,
                         .compiled = compiled_,
                         .kept = kept,
                         .provider = provider_,
                         .contracts = contracts_});
  part.keep(found);
  if (watched() & kWatchPlans) tell_plan(to_json(*found, *program_));
  return found;
}

void Executable::straight(const Part& part, std::span<const Array* const> sources,
                          std::span<const int64_t> symbols, const Frame* frame,
                          std::span<Array> results, std::span<const int32_t> kept,
                          std::span<const Target> targets) const {
  execute(*schedule(part, sources, symbols, frame, kept), sources, results, targets);
}

void Executable::execute(const Schedule& schedule, std::span<const Array* const> sources,
                         std::span<Array> results, std::span<const Target> targets) const {
  Allocator& allocator = allocator_of(device_);
  BufferRef arena;
  SmallVector<char*, 64> bases;
  if (schedule.arena > 0) arena = allocator.allocate(schedule.arena);
  bases.push_back(arena ? static_cast<char*>(arena->data()) : nullptr);
  for (const Array* source : sources) bases.push_back(source->data);
  for (const Schedule::Made& made : schedule.made) {
    auto owner = static_cast<size_t>(made.owner);
    BufferRef& buffer = results[owner].buffer;
    if (owner < targets.size() && targets[owner].data && made.bytes <= targets[owner].bytes) {
      buffer.reset();
      bases.push_back(static_cast<char*>(targets[owner].data));
      continue;
    }
    buffer = allocator.allocate(made.bytes);
    bases.push_back(static_cast<char*>(buffer->data()));
  }
  if (computes()) launch(*program_, schedule, bases.data());
  for (size_t i = 0; i < results.size(); ++i) {
    const Schedule::Result& result = schedule.results[i];
    Array& array = results[i];
    if (result.made < 0) {
      array.buffer = sources[static_cast<size_t>(result.place.base - 1)]->buffer;
    } else if (auto owner = schedule.made[static_cast<size_t>(result.made)].owner;
               owner != static_cast<int32_t>(i)) {
      array.buffer = results[static_cast<size_t>(owner)].buffer;
    }
    array.data = bases[static_cast<size_t>(result.place.base)] + result.place.offset;
    array.dtype = result.look.dtype;
    array.dims = result.look.dims;
    array.strides = result.look.strides;
  }
}

Array Executable::make(std::span<const int64_t> dims, DType dtype) const {
  if (device_ == kCpu) return Array::dense(dims, dtype);
  Array array;
  array.dtype = dtype;
  array.dims = Extents(dims);
  array.strides = dense_strides(dims);
  array.buffer = allocator_of(device_).allocate(tensor_bytes(dims, dtype));
  array.data = static_cast<char*>(array.buffer->data());
  return array;
}

void Executable::bind(const Instruction& code, Frame& frame) const {
  int64_t& symbol = frame.symbols[static_cast<size_t>(code.symbol)];
  frame.at(code.out[0]) = frame.at(code.in[0]);
  bool known = code.kind == InstructionKind::rebind;
  if (!computes()) {
    if (known) return;
    symbol = code.high == INT64_MAX ? code.low : code.high;
    return compute_dims(++frame.stage, frame);
  }
  int64_t value = *reinterpret_cast<const int64_t*>(frame.at(code.in[0]).data);
  if (value < code.low || value > code.high) {
    throw UserError(ErrorKind::value, "as_dim", "x",
                    str("expected a size in ", code.low, "..", code.high, ", got ", value));
  }
  if (known) {
    if (symbol == value) return;
    throw UserError(ErrorKind::not_supported, "as_dim", "symbol",
                    str("the size ", program_->symbols[static_cast<size_t>(code.symbol)], " is ",
                        symbol, " and cannot be ", value,
                        " too: a function that binds a size is called once in a function, or with "
                        "the same one"));
  }
  symbol = value;
  compute_dims(++frame.stage, frame);
}

namespace {

bool truth(const Array& a) { return *reinterpret_cast<const uint8_t*>(a.data) != 0; }

// Element i of the first axis.
Array element(const Array& x, int64_t i) {
  Array y = x;
  y.data += i * x.strides[0] * static_cast<int64_t>(size_of(x.dtype));
  y.dims = Extents(std::span<const int64_t>(x.dims.begin() + 1, x.dims.end()));
  y.strides = Extents(std::span<const int64_t>(x.strides.begin() + 1, x.strides.end()));
  return y;
}

}  // namespace

// A program that decides something on the way: what passes from part to part lies in arrays.
void Executable::in_parts(std::span<const Array> inputs, Frame& frame, std::span<Array> outputs,
                          std::span<const int32_t> kept) const {
  frame.slots.resize(program_->slots.size());
  for (size_t i = 0; i < inputs.size(); ++i) frame.at(program_->inputs[i]) = inputs[i];
  for (size_t i = 0; i < constants_.size(); ++i) frame.at(constant_slots_[i]) = constants_[i];
  std::vector<const Array*> sources;
  std::vector<Array> results;
  for (const auto& part : parts_) {
    if (part->is_straight) {
      sources.clear();
      for (int32_t slot : part->segment.inputs) sources.push_back(&frame.at(slot));
      results.assign(part->segment.results.size(), Array());
      std::vector<int32_t> held;
      if (!part->segment.donated.empty()) held = kept_at_last(frame, *part, kept);
      straight(*part, sources, {frame.symbols.data(), frame.symbols.size()}, &frame, results, held);
      for (size_t i = 0; i < results.size(); ++i)
        frame.at(part->segment.results[i]) = std::move(results[i]);
    } else {
      const Instruction& code = program_->code[part->instruction];
      switch (code.kind) {
        case InstructionKind::if_: branch(code, part->instruction, frame); break;
        case InstructionKind::while_: loop(code, part->instruction, frame); break;
        case InstructionKind::scan_loop: scan(code, part->instruction, frame); break;
        default: bind(code, frame);
      }
    }
    for (int32_t slot : part->released) frame.at(slot) = Array();
  }
  for (size_t i = 0; i < outputs.size(); ++i) outputs[i] = frame.at(program_->outputs[i]);
}

// Earlier parts may have given views of an input, or the input itself as an output: its memory is
// wanted then.
std::vector<int32_t> Executable::kept_at_last(const Frame& frame, const Part& part,
                                              std::span<const int32_t> kept) const {
  std::unordered_map<const Buffer*, int> users;
  std::vector<int32_t> slots = part.segment.inputs;
  for (int32_t slot : program_->outputs) {
    if (std::ranges::find(slots, slot) == slots.end()) slots.push_back(slot);
    else if (std::ranges::find(program_->inputs, slot) != program_->inputs.end())
      ++users[frame.slots[static_cast<size_t>(slot)].buffer.get()];
  }
  for (int32_t slot : slots) ++users[frame.slots[static_cast<size_t>(slot)].buffer.get()];
  std::vector<int32_t> all(kept.begin(), kept.end());
  for (const Segment::Donated& pair : part.segment.donated) {
    int32_t slot = part.segment.inputs[static_cast<size_t>(pair.input)];
    if (users[frame.slots[static_cast<size_t>(slot)].buffer.get()] > 1) all.push_back(pair.number);
  }
  std::ranges::sort(all);
  return all;
}

void Executable::branch(const Instruction& code, size_t index, Frame& frame) const {
  std::vector<Array> inputs, results(code.out.size());
  for (size_t i = 1; i < code.in.size(); ++i) inputs.push_back(frame.at(code.in[i]));
  std::span<const int64_t> symbols(frame.symbols.data(), frame.symbols.size());
  const auto& bodies = inner_[index];
  if (computes()) {
    bodies[truth(frame.at(code.in[0])) ? 0 : 1]->run(inputs, symbols, results);
  } else {
    for (const auto& body : bodies) body->run(inputs, symbols, results);
  }
  for (size_t i = 0; i < results.size(); ++i) frame.at(code.out[i]) = std::move(results[i]);
}

void Executable::loop(const Instruction& code, size_t index, Frame& frame) const {
  std::vector<Array> state, results(code.out.size());
  for (int32_t slot : code.in) state.push_back(frame.at(slot));
  std::span<const int64_t> symbols(frame.symbols.data(), frame.symbols.size());
  const auto& bodies = inner_[index];
  for (bool more = true; more; more = computes()) {
    Array condition;
    bodies[0]->run(state, symbols, std::span(&condition, 1));
    if (computes() && !truth(condition)) break;
    throw_if_interrupted();
    bodies[1]->run(state, symbols, results);
    std::copy(results.begin(), results.end(), state.begin());
  }
  for (size_t i = 0; i < results.size(); ++i) frame.at(code.out[i]) = std::move(state[i]);
}

void Executable::scan(const Instruction& code, size_t index, Frame& frame) const {
  auto words = frame.words(code);
  AttrWords attrs{words.data(), code.offsets.data()};
  int64_t length = attrs.integer(0);
  bool reversed = attrs.boolean(1);
  auto carries = static_cast<size_t>(code.carries);
  size_t constants = carries + static_cast<size_t>(code.scanned);
  std::vector<Array> state(code.in.size() + 1), results(code.out.size()), stacks;
  for (size_t i = 0; i < code.in.size(); ++i) state[i + 1] = frame.at(code.in[i]);
  bool inspected = !contracts_.empty();
  Inspector inspector(*program_, index);
  for (size_t i = carries; i < constants && inspected; ++i)
    inspector.steps(frame.at(code.in[i]), length);
  for (size_t i = carries; i < code.out.size(); ++i) {
    const Slot& info = program_->slots[static_cast<size_t>(code.out[i])];
    Extents dims = frame.extents(info);
    if (inspected) inspector.extents(dims, info.dtype);
    stacks.push_back(make(dims, info.dtype));
    if (inspected) inspector.steps(stacks.back(), length);
  }
  std::span<const int64_t> symbols(frame.symbols.data(), frame.symbols.size());
  for (int64_t k = 0; k < (computes() ? length : std::min<int64_t>(length, 1)); ++k) {
    throw_if_interrupted();
    int64_t step = reversed ? length - 1 - k : k;
    state[0] = make({}, DType::i64);
    if (computes()) *reinterpret_cast<int64_t*>(state[0].data) = step;
    for (size_t i = carries; i < constants; ++i) state[i + 1] = element(frame.at(code.in[i]), step);
    inner_[index][0]->run(state, symbols, results);
    for (size_t i = 0; i < stacks.size() && computes(); ++i) {
      Array place = element(stacks[i], step);
      if (inspected) inspector.same_dims(results[carries + i], place);
      copy(results[carries + i], place);
    }
    std::copy_n(results.begin(), carries, state.begin() + 1);
  }
  for (size_t i = 0; i < carries; ++i) frame.at(code.out[i]) = std::move(state[i + 1]);
  for (size_t i = 0; i < stacks.size(); ++i) frame.at(code.out[carries + i]) = std::move(stacks[i]);
}

}  // namespace proa::runtime
