#include "proa/runtime/executor.h"

#include <algorithm>
#include <cstdlib>

#include "proa/base/error.h"
#include "proa/base/thread_pool.h"
#include "proa/runtime/allocator.h"
#include "proa/runtime/device.h"

namespace proa::runtime {

using namespace program;

KernelTable& cpu_kernels() {
  static auto table = new KernelTable();
  return *table;
}

struct Executable::Frame {
  std::span<const int64_t> given;  // symbols of the caller
  std::vector<Array> slots;
  SmallVector<int64_t, 16> symbols;
  SmallVector<int64_t, 32> dims;

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

Executable::Executable(std::shared_ptr<const Program> program, const KernelTable& kernels,
                       Device device, KernelProvider* provider)
    : program_(std::move(program)), device_(device) {
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
      inner_.back().push_back(std::make_unique<Executable>(body, kernels, device, provider));
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
  }
  single_ = computes() && program_->code.size() == 1 && kernels_[0] != nullptr &&
            constants_.empty() && program_->outputs == program_->code[0].out;
  if (!single_) return;
  for (int32_t slot : program_->code[0].in) {
    auto at = std::ranges::find(program_->inputs, slot);
    single_inputs_.push_back(slot < 0 ? -1 : static_cast<int32_t>(at - program_->inputs.begin()));
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
  kernels_[0](args);
}

void Executable::compute_dims(size_t stage, Frame& frame) const {
  const Program::Stage& now = program_->stages[stage];
  int failed = now.dims.eval(frame.symbols.data(), frame.dims.data());
  if (failed >= 0) throw UserError(ErrorKind::shape, now.guards[static_cast<size_t>(failed)]);
}

bool Executable::guarded() const {
  return !program_->is_static && !program_->stages[0].guards.empty();
}

bool Executable::guards_hold(std::span<const int64_t> symbols) const {
  if (program_->is_static) return true;
  SmallVector<int64_t, 32> dims(program_->stages[0].dims.outputs.size());
  return program_->stages[0].dims.eval(symbols.data(), dims.data()) < 0;
}

void Executable::run(std::span<const Array> inputs, std::span<const int64_t> symbols,
                     std::span<Array> outputs) const {
  const Program& program = *program_;
  PROA_CHECK(inputs.size() == program.inputs.size(), "a program of ", program.inputs.size(),
             " inputs was given ", inputs.size());
  Frame frame;
  frame.given = symbols;
  if (program.is_static) {
    frame.dims = SmallVector<int64_t, 32>(std::span<const int64_t>(program.dims));
  } else {
    for (size_t i = 0; i < program.symbols.size(); ++i) {
      const SymbolSource& source = program.sources[i];
      if (source.input >= 0) {
        frame.symbols.push_back(
            inputs[static_cast<size_t>(source.input)].dims[static_cast<size_t>(source.axis)]);
      } else {
        frame.symbols.push_back(i < symbols.size() ? symbols[i] : 0);
      }
    }
    frame.dims.resize(program.stages[0].dims.outputs.size());
    compute_dims(0, frame);
  }
  if (single_) return run_single(inputs, outputs, frame);
  frame.slots.resize(program.slots.size());
  for (size_t i = 0; i < inputs.size(); ++i) frame.at(program.inputs[i]) = inputs[i];
  for (size_t i = 0; i < constants_.size(); ++i)
    frame.at(program.constants[i].slot) = constants_[i];
  size_t stage = 0;
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Instruction& code = program.code[i];
    if (code.kind == InstructionKind::bind || code.kind == InstructionKind::rebind) {
      bind(code, stage, frame);
    } else {
      step(code, i, frame);
    }
    for (int32_t slot : code.release) frame.at(slot) = Array();
  }
  for (size_t i = 0; i < outputs.size(); ++i) outputs[i] = frame.at(program.outputs[i]);
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

void Executable::bind(const Instruction& code, size_t& stage, Frame& frame) const {
  int64_t& symbol = frame.symbols[static_cast<size_t>(code.symbol)];
  frame.at(code.out[0]) = frame.at(code.in[0]);
  bool known = code.kind == InstructionKind::rebind;
  if (!computes()) {
    if (known) return;
    symbol = code.high == INT64_MAX ? code.low : code.high;
    return compute_dims(++stage, frame);
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
  compute_dims(++stage, frame);
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

void Executable::step(const Instruction& code, size_t index, Frame& frame) const {
  switch (code.kind) {
    case InstructionKind::kernel: return call(code, index, frame);
    case InstructionKind::compiled: return launch(code, index, frame);
    case InstructionKind::view: return view(code, frame);
    case InstructionKind::alias: frame.at(code.out[0]) = frame.at(code.in[0]); return;
    case InstructionKind::if_: return branch(code, index, frame);
    case InstructionKind::while_: return loop(code, index, frame);
    case InstructionKind::scan_loop: return scan(code, index, frame);
    case InstructionKind::assert_:
      if (computes() && !truth(frame.at(code.in[0])))
        throw UserError(ErrorKind::shape, "shape_assert", "condition", code.location);
      return;
    case InstructionKind::bind:
    case InstructionKind::rebind: break;
  }
  throw InternalError("an instruction of unknown kind");
}

void Executable::call(const Instruction& code, size_t index, Frame& frame) const {
  SmallVector<TensorRef, 8> in, out;
  for (int32_t slot : code.in) {
    in.push_back(slot < 0 ? TensorRef{.rank = -1} : frame.at(slot).ref());
  }
  for (int32_t slot : code.out) {
    const Slot& info = program_->slots[static_cast<size_t>(slot)];
    frame.at(slot) = make(frame.extents(info), info.dtype);
    out.push_back(frame.at(slot).ref());
  }
  if (!computes()) return;
  KernelArgs args;
  args.in = {in.data(), in.size()};
  args.out = {out.data(), out.size()};
  args.op = code.name.c_str();
  if (code.patches.empty()) {
    args.attrs = {code.words.data(), code.offsets.data()};
    kernels_[index](args);
  } else {
    auto words = frame.words(code);
    args.attrs = {words.data(), code.offsets.data()};
    kernels_[index](args);
  }
}

namespace {

// Memory for the calling thread, kept for the next kernel.
char* thread_scratch(int64_t bytes) {
  struct Block {
    char* data = nullptr;
    int64_t size = 0;
    ~Block() { std::free(data); }
  };
  thread_local Block block;
  if (block.size >= bytes) return block.data;
  std::free(block.data);
  block = {};
  auto rounded = static_cast<size_t>((bytes + 4095) / 4096 * 4096);
  auto* data = static_cast<char*>(std::aligned_alloc(64, rounded));
  if (data == nullptr) {
    throw UserError(ErrorKind::memory, str("no memory for ", rounded, " bytes of scratch"));
  }
  block.data = data;
  block.size = static_cast<int64_t>(rounded);
  return data;
}

}  // namespace

void Executable::launch(const Instruction& code, size_t index, Frame& frame) const {
  SmallVector<void*, 16> buffers;
  std::vector<Array> dense;  // held until the kernel has run
  for (int32_t slot : code.in) {
    const Array& x = frame.at(slot);
    if (!computes() || x.is_dense()) {
      buffers.push_back(x.data);
    } else {
      dense.push_back(to_dense(x));
      buffers.push_back(dense.back().data);
    }
  }
  for (int32_t slot : code.out) {
    const Slot& info = program_->slots[static_cast<size_t>(slot)];
    frame.at(slot) = make(frame.extents(info), info.dtype);
    buffers.push_back(frame.at(slot).data);
  }
  if (!computes()) return;
  auto words = frame.words(code);
  int64_t units = words[0], work = words[1], scratch = words[2];
  if (units == 0) return;
  constexpr int64_t kGrain = 32768;
  int64_t grain = work >= kGrain ? 1 : kGrain / (work < 1 ? 1 : work);
  CompiledFn run = compiled_[index];
  if (units <= grain) {
    run(buffers.data(), words.data() + 3, 0, units,
        scratch > 0 ? thread_scratch(scratch) : nullptr);
    return;
  }
  parallel_for(units, grain, [&](int64_t begin, int64_t end) {
    run(buffers.data(), words.data() + 3, begin, end,
        scratch > 0 ? thread_scratch(scratch) : nullptr);
  });
}

void Executable::view(const Instruction& code, Frame& frame) const {
  const Array& x = frame.at(code.in[0]);
  Extents dims = frame.extents(program_->slots[static_cast<size_t>(code.out[0])]);
  auto words = frame.words(code);
  AttrWords attrs{words.data(), code.offsets.data()};
  Array y;
  switch (code.view) {
    case ViewKind::reshape:
      if (computes()) {
        y = reshape(x, dims);
      } else {
        auto same = reshape_view(x, dims);
        y = same ? *same : make(dims, x.dtype);
      }
      break;
    case ViewKind::transpose: y = transpose(x, attrs.ints(0)); break;
    case ViewKind::broadcast: y = broadcast(x, dims, attrs.ints(1)); break;
    case ViewKind::slice: y = slice(x, attrs.ints(0), dims, attrs.ints(2)); break;
    case ViewKind::reverse: y = reverse(x, attrs.ints(0)); break;
  }
  frame.at(code.out[0]) = std::move(y);
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
  for (size_t i = carries; i < code.out.size(); ++i) {
    const Slot& info = program_->slots[static_cast<size_t>(code.out[i])];
    stacks.push_back(make(frame.extents(info), info.dtype));
  }
  std::span<const int64_t> symbols(frame.symbols.data(), frame.symbols.size());
  for (int64_t k = 0; k < (computes() ? length : std::min<int64_t>(length, 1)); ++k) {
    throw_if_interrupted();
    int64_t step = reversed ? length - 1 - k : k;
    state[0] = make({}, DType::i64);
    if (computes()) *reinterpret_cast<int64_t*>(state[0].data) = step;
    for (size_t i = carries; i < constants; ++i) state[i + 1] = element(frame.at(code.in[i]), step);
    inner_[index][0]->run(state, symbols, results);
    for (size_t i = 0; i < stacks.size() && computes(); ++i)
      copy(results[carries + i], element(stacks[i], step));
    std::copy_n(results.begin(), carries, state.begin() + 1);
  }
  for (size_t i = 0; i < carries; ++i) frame.at(code.out[i]) = std::move(state[i + 1]);
  for (size_t i = 0; i < stacks.size(); ++i) frame.at(code.out[carries + i]) = std::move(stacks[i]);
}

}  // namespace proa::runtime
