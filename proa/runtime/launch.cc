#include "proa/runtime/launch.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "proa/base/error.h"
#include "proa/base/interrupt.h"
#include "proa/base/singular.h"
#include "proa/base/thread_pool.h"
#include "proa/runtime/array.h"
#include "proa/runtime/watch.h"

namespace proa::runtime {

using namespace program;

namespace {

// Memory of a thread, kept for the next kernel.
struct Block {
  char* data = nullptr;
  int64_t size = 0;

  Block() = default;
  Block(const Block&) = delete;
  ~Block() { std::free(data); }

  bool reserve(int64_t bytes) {
    if (size >= bytes) return true;
    std::free(data);
    size = (bytes + 4095) / 4096 * 4096;
    data = static_cast<char*>(std::aligned_alloc(64, static_cast<size_t>(size)));
    if (data == nullptr) size = 0;
    return data != nullptr;
  }
};

Block& own_block() {
  thread_local Block block;
  return block;
}

[[noreturn]] void refuse_scratch(int64_t bytes) {
  throw UserError(ErrorKind::memory, str("no memory for ", bytes, " bytes of scratch"));
}

// For threads that get no scratch of their own where nothing may fail any more: they take turns.
struct Spare {
  Block& block;
  std::mutex mutex;
};

// `timed`: the instruction, where other threads shall tell of their parts.
void run_compiled(const Schedule::Step& step, const Schedule& schedule, char* const* bases,
                  Spare* spare, const Instruction* timed = nullptr) {
  SmallVector<void*, 32> buffers(static_cast<size_t>(step.inputs) + step.outputs);
  const Schedule::Place* places = &schedule.places[step.operand];
  for (size_t i = 0; i < buffers.size(); ++i) buffers[i] = bases[places[i].base] + places[i].offset;
  constexpr int kCut = 3;  // words for the executor before the kernel's own
  const int64_t* words = schedule.words.data() + step.word + kCut;
  auto units = [&](int64_t begin, int64_t end) {
    std::unique_lock<std::mutex> turn;
    Block* block = step.scratch > 0 ? &own_block() : nullptr;
    if (block != nullptr && !block->reserve(step.scratch)) {
      if (spare == nullptr) refuse_scratch(step.scratch);
      turn = std::unique_lock(spare->mutex);
      block = &spare->block;
    }
    step.compiled(buffers.data(), words, begin, end, block != nullptr ? block->data : nullptr);
  };
  if (step.units == 0) return;
  bool alone = step.units <= step.grain || (step.small && !worth_waking());
  if (alone) return units(0, step.units);
  if (timed == nullptr) return parallel_for(step.units, step.grain, units);
  std::thread::id caller = std::this_thread::get_id();
  parallel_for(step.units, step.grain, [&](int64_t begin, int64_t end) {
    if (std::this_thread::get_id() == caller) return units(begin, end);
    Event part;
    part.kind = Event::Kind::part;
    part.name = timed->name;
    part.begin = now_ns();
    units(begin, end);
    part.end = now_ns();
    tell(std::move(part));
  });
}

// Where several tilings are at choice: whose turn it is, timed while that is not settled.
void run_chosen(const Schedule::Step& step, const Schedule& schedule, char* const* bases,
                Spare* spare, const Instruction* timed = nullptr) {
  if (step.choice < 0) return run_compiled(step, schedule, bases, spare, timed);
  const Schedule::Choice& choice = schedule.choices[static_cast<size_t>(step.choice)];
  program::Choice::Turn turn = choice.of->turn();
  const Schedule::Cut& cut = choice.cuts[turn.tiling];
  Schedule::Step own = step;
  own.compiled = turn.run;
  own.word = cut.word;
  own.units = cut.units;
  own.grain = cut.grain;
  own.small = cut.small;
  own.scratch = cut.scratch;
  if (!turn.timed) return run_compiled(own, schedule, bases, spare, timed);
  int64_t begin = now_ns();
  run_compiled(own, schedule, bases, spare, timed);
  choice.of->ran(turn.tiling, now_ns() - begin);
}

TensorRef operand(const Schedule& schedule, size_t i, char* const* bases) {
  TensorRef ref = schedule.refs[i];
  const Schedule::Place& place = schedule.places[i];
  if (place.base >= 0) ref.data = bases[place.base] + place.offset;
  return ref;
}

void run_kernel(const Schedule::Step& step, const Schedule& schedule, const Instruction& code,
                char* const* bases) {
  SmallVector<TensorRef, 8> refs;
  size_t count = static_cast<size_t>(step.inputs) + step.outputs;
  for (size_t i = 0; i < count; ++i) refs.push_back(operand(schedule, step.operand + i, bases));
  KernelArgs args;
  args.in = {refs.data(), step.inputs};
  args.out = {refs.data() + step.inputs, step.outputs};
  args.op = code.name.c_str();
  args.attrs = {schedule.words.data() + step.word, code.offsets.data()};
  try {
    step.kernel(args);
  } catch (const UserError& error) { rethrow(error, code); }
}

Array array_of(const TensorRef& ref) {
  Array array;
  array.data = static_cast<char*>(ref.data);
  array.dtype = ref.dtype;
  auto rank = static_cast<size_t>(ref.rank);
  array.dims = Extents(std::span(ref.dims, rank));
  array.strides = Extents(std::span(ref.strides, rank));
  return array;
}

std::string with_line(std::string_view message, const Instruction& code) {
  return str(message, code.location.empty() ? "" : "\n  at ", code.location);
}

// What `operations` of a check says: the operator that was called, then the message, which may
// begin with an argument. Older files have a message alone, where lines are.
[[noreturn]] void refuse(const Instruction& code) {
  std::string_view message = code.operations, caller, argument;
  if (message.empty()) throw UserError(ErrorKind::shape, code.location);
  caller = message.substr(0, message.find(' '));
  message.remove_prefix(std::min(caller.size() + 1, message.size()));
  size_t colon = message.find(": ");
  if (colon < message.find(' ')) {
    argument = message.substr(0, colon);
    message.remove_prefix(colon + 2);
  }
  throw UserError(ErrorKind::shape, caller, argument, with_line(message, code));
}

void run_other(const Schedule::Step& step, const Schedule& schedule, const Instruction& code,
               char* const* bases) {
  TensorRef from = operand(schedule, step.operand, bases);
  if (step.kind == Schedule::Kind::copy) {
    copy(array_of(from), array_of(operand(schedule, step.operand + 1, bases)));
  } else if (*from.as<uint8_t>() == 0) {
    refuse(code);
  }
}

void launch_timed(const Program& program, const Schedule& schedule, size_t begin, size_t end,
                  char* const* bases, Spare* spare) {
  for (size_t i = begin; i < end; ++i) {
    const Schedule::Step& step = schedule.steps[i];
    const Instruction& code = program.code[static_cast<size_t>(step.instruction)];
    Event event{.kind = Event::Kind::kernel,
                .begin = now_ns(),
                .flops = step.flops,
                .bytes = step.bytes,
                .name = code.name,
                .location = code.location};
    if (step.kind == Schedule::Kind::copy) event.name = str("copy for ", code.name);
    else if (code.kind == InstructionKind::compiled && !code.operations.empty())
      event.name = str(code.operations, " (", code.name, ")");
    switch (step.kind) {
      case Schedule::Kind::compiled: run_chosen(step, schedule, bases, spare, &code); break;
      case Schedule::Kind::kernel: run_kernel(step, schedule, code, bases); break;
      default: run_other(step, schedule, code, bases);
    }
    event.end = now_ns();
    tell(std::move(event));
  }
}

void launch_some(const Program& program, const Schedule& schedule, size_t begin, size_t end,
                 char* const* bases, Spare* spare) {
  if (watched() & kWatchTime) [[unlikely]]
    return launch_timed(program, schedule, begin, end, bases, spare);
  for (size_t i = begin; i < end; ++i) {
    const Schedule::Step& step = schedule.steps[i];
    const Instruction& code = program.code[static_cast<size_t>(step.instruction)];
    switch (step.kind) {
      case Schedule::Kind::compiled: run_chosen(step, schedule, bases, spare); break;
      case Schedule::Kind::kernel: run_kernel(step, schedule, code, bases); break;
      default: run_other(step, schedule, code, bases);
    }
  }
}

}  // namespace

void rethrow(const UserError& error, const Instruction& code) {
  if (!error.op().empty() || error.kind() == ErrorKind::interrupted) throw;
  std::string_view caller = code.operations, argument = error.argument();
  size_t end = caller.find(' ');
  if (error.kind() == ErrorKind::index && argument.empty() && end != std::string_view::npos)
    argument = caller.substr(end + 1);
  caller = caller.substr(0, end);
  std::string message = with_line(error.message(), code);
  if (dynamic_cast<const SingularMatrix*>(&error) != nullptr)
    throw SingularMatrix(caller, argument, message);
  throw UserError(error.kind(), caller, argument, message);
}

void launch(const Program& program, const Schedule& schedule, char* const* bases) {
  size_t all = schedule.steps.size();
  if (schedule.donated == 0) return launch_some(program, schedule, 0, all, bases, nullptr);
  int64_t scratch = 0;
  for (size_t i = schedule.commit; i < all; ++i)
    scratch = std::max(scratch, schedule.steps[i].scratch);
  launch_some(program, schedule, 0, schedule.commit, bases, nullptr);
  throw_if_interrupted();
  // Behind the commit there is none to ask for; which other threads will lack it nobody knows yet.
  thread_local Block shared;
  if (!own_block().reserve(scratch) || !shared.reserve(scratch)) refuse_scratch(scratch);
  Spare spare{.block = shared, .mutex = {}};
  HoldInterrupts held;
  launch_some(program, schedule, schedule.commit, all, bases, &spare);
}

}  // namespace proa::runtime
