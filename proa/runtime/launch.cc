#include "proa/runtime/launch.h"

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "proa/base/error.h"
#include "proa/base/interrupt.h"
#include "proa/base/thread_pool.h"
#include "proa/runtime/array.h"
#include "proa/runtime/watch.h"

namespace proa::runtime {

using namespace program;

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

// `timed`: the instruction, where other threads shall tell of their parts.
void run_compiled(const Schedule::Step& step, const Schedule& schedule, char* const* bases,
                  const Instruction* timed = nullptr) {
  SmallVector<void*, 32> buffers(static_cast<size_t>(step.inputs) + step.outputs);
  const Schedule::Place* places = &schedule.places[step.operand];
  for (size_t i = 0; i < buffers.size(); ++i) buffers[i] = bases[places[i].base] + places[i].offset;
  constexpr int kCut = 3;  // words for the executor before the kernel's own
  const int64_t* words = schedule.words.data() + step.word + kCut;
  auto units = [&](int64_t begin, int64_t end) {
    step.compiled(buffers.data(), words, begin, end,
                  step.scratch > 0 ? thread_scratch(step.scratch) : nullptr);
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
                const Instruction* timed = nullptr) {
  if (step.choice < 0) return run_compiled(step, schedule, bases, timed);
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
  if (!turn.timed) return run_compiled(own, schedule, bases, timed);
  int64_t begin = now_ns();
  run_compiled(own, schedule, bases, timed);
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

void run_other(const Schedule::Step& step, const Schedule& schedule, const Instruction& code,
               char* const* bases) {
  TensorRef from = operand(schedule, step.operand, bases);
  if (step.kind == Schedule::Kind::copy) {
    copy(array_of(from), array_of(operand(schedule, step.operand + 1, bases)));
  } else if (*from.as<uint8_t>() == 0) {
    throw UserError(ErrorKind::shape, "shape_assert", "condition", code.location);
  }
}

void launch_timed(const Program& program, const Schedule& schedule, size_t begin, size_t end,
                  char* const* bases) {
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
      case Schedule::Kind::compiled: run_chosen(step, schedule, bases, &code); break;
      case Schedule::Kind::kernel: run_kernel(step, schedule, code, bases); break;
      default: run_other(step, schedule, code, bases);
    }
    event.end = now_ns();
    tell(std::move(event));
  }
}

void launch_some(const Program& program, const Schedule& schedule, size_t begin, size_t end,
                 char* const* bases) {
  if (watched() & kWatchTime) [[unlikely]]
    return launch_timed(program, schedule, begin, end, bases);
  for (size_t i = begin; i < end; ++i) {
    const Schedule::Step& step = schedule.steps[i];
    const Instruction& code = program.code[static_cast<size_t>(step.instruction)];
    switch (step.kind) {
      case Schedule::Kind::compiled: run_chosen(step, schedule, bases); break;
      case Schedule::Kind::kernel: run_kernel(step, schedule, code, bases); break;
      default: run_other(step, schedule, code, bases);
    }
  }
}

}  // namespace

void rethrow(const UserError& error, const Instruction& code) {
  if (!error.op().empty() || error.kind() != ErrorKind::index) throw;
  std::string_view caller = code.operations;
  size_t end = caller.find(' ');
  std::string_view argument = end == std::string_view::npos ? "" : caller.substr(end + 1);
  std::string_view at = code.location.empty() ? "" : "\n  at ";
  throw UserError(error.kind(), caller.substr(0, end), argument,
                  str(error.message(), at, code.location));
}

void launch(const Program& program, const Schedule& schedule, char* const* bases) {
  if (schedule.donated == 0) return launch_some(program, schedule, 0, schedule.steps.size(), bases);
  int64_t scratch = 0;
  for (size_t i = schedule.commit; i < schedule.steps.size(); ++i)
    scratch = std::max(scratch, schedule.steps[i].scratch);
  launch_some(program, schedule, 0, schedule.commit, bases);
  throw_if_interrupted();
  if (scratch > 0) thread_scratch(scratch);  // there is none to ask for behind the commit
  HoldInterrupts held;
  launch_some(program, schedule, schedule.commit, schedule.steps.size(), bases);
}

}  // namespace proa::runtime
