// Executable: a Program loaded for one device — kernels resolved, constants in buffers — and run.
// Why apart from Program: a program is plain data that files hold; this is what a process runs.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "proa/program/contract.h"
#include "proa/program/kernel_provider.h"
#include "proa/program/program.h"
#include "proa/runtime/array.h"

namespace proa::runtime {

struct Schedule;

// The kernels of the cpu device, filled by the kernels floor.
program::KernelTable& cpu_kernels();

class Executable;
class Once;

// Who runs in an Executable's place: another tier that is tried against it, say. Its results have
// the same bits.
class Understudy {
 public:
  virtual ~Understudy() = default;
  virtual void run(const Executable& original, std::span<const Array> inputs,
                   std::span<const int64_t> symbols, std::span<Array> outputs,
                   std::span<const int32_t> kept) = 0;
};

// Who wrote a program. One of a file is inspected for each set of sizes: every view stays in its
// memory and every call holds the contract of its kernel, or the run is a UserError(io). It gives
// no memory of its inputs away.
enum class Origin : uint8_t { process, file };

// Memory that a caller has for a result.
struct Target {
  void* data = nullptr;  // null: none
  int64_t bytes = 0;
};

class Executable {
 public:
  // A primitive whose kernel is missing from the table is an InternalError that names it; a
  // custom_call's kernel is a UserError(key). On the null device memory is counted and no element
  // is there: kernels do not run, of an if both branches are gone through, of a loop one step, and
  // a size that depends on data has its upper bound, or its lower one where it has no other.
  // Compiled kernels come from the provider; one that it cannot make is an InternalError.
  Executable(std::shared_ptr<const program::Program> program, const program::KernelTable& kernels,
             Device device = kCpu, program::KernelProvider* provider = nullptr,
             Origin origin = Origin::process);
  ~Executable();

  const program::Program& program() const { return *program_; }

  // `symbols` are the values that the caller gives (the program's first symbols; the others come
  // from extents). A broken guard is a UserError(shape). Outputs may share memory with inputs. Safe
  // to call from many threads at once, but for what is donated.
  //
  // The output of a donated pair (program::Terms::donated) may be the input's own array, with its
  // buffer, whose version the caller counts up; `kept` are pairs whose input this call does not
  // give away. Nothing is overwritten before the last instruction that can fail has run, and from
  // there on an interrupt waits: the inputs of a run that fails are as they were.
  void run(std::span<const Array> inputs, std::span<const int64_t> symbols,
           std::span<Array> outputs, std::span<const int32_t> kept = {}) const;

  // The same for callers who have memory for results, which overlaps no input: `targets` stand
  // beside the outputs. A result lies in its target, and its array has no buffer, where the program
  // has one straight run and makes it anew in no more bytes than there are; else it is as in run(),
  // and copying it is the caller's business.
  void run_into(std::span<const Array> inputs, std::span<const int64_t> symbols,
                std::span<Array> outputs, std::span<const Target> targets) const;

  // From now on run() asks the understudy, which may ask run_itself(). Before the first run.
  void set_understudy(std::unique_ptr<Understudy> understudy);
  void run_itself(std::span<const Array> inputs, std::span<const int64_t> symbols,
                  std::span<Array> outputs, std::span<const int32_t> kept = {}) const;

  // Computes what constants alone decide, bodies of loops and branches included, so that no run has
  // to: the first one does it else. From many threads, as run().
  void prepare() const;

  // True where a guard on sizes does not hold; nothing is run.
  bool guarded() const;
  bool guards_hold(std::span<const int64_t> symbols) const;

  // What the runs of this program have planned so far: one plan for each set of sizes, the last
  // ones only. Those of loops and branches come behind, with theirs.
  std::vector<std::shared_ptr<const Schedule>> schedules() const;

 private:
  struct Frame;
  // A straight run and the schedules made for it so far, or one instruction that decides something.
  struct Part;
  void split();
  void run_with(std::span<const Array> inputs, std::span<const int64_t> symbols,
                std::span<Array> outputs, std::span<const int32_t> kept,
                std::span<const Target> targets) const;
  void run_single(std::span<const Array> inputs, std::span<Array> outputs,
                  const Frame& frame) const;
  std::shared_ptr<const Schedule> schedule(const Part& part, std::span<const Array* const> sources,
                                           std::span<const int64_t> symbols, const Frame* frame,
                                           std::span<const int32_t> kept) const;
  void straight(const Part& part, std::span<const Array* const> sources,
                std::span<const int64_t> symbols, const Frame* frame, std::span<Array> results,
                std::span<const int32_t> kept, std::span<const Target> targets = {}) const;
  void execute(const Schedule& schedule, std::span<const Array* const> sources,
               std::span<Array> results, std::span<const Target> targets) const;
  void in_parts(std::span<const Array> inputs, Frame& frame, std::span<Array> outputs,
                std::span<const int32_t> kept) const;
  std::vector<int32_t> kept_at_last(const Frame& frame, const Part& part,
                                    std::span<const int32_t> kept) const;
  void branch(const program::Instruction& code, size_t index, Frame& frame) const;
  void loop(const program::Instruction& code, size_t index, Frame& frame) const;
  void scan(const program::Instruction& code, size_t index, Frame& frame) const;
  void bind(const program::Instruction& code, Frame& frame) const;
  bool computes() const { return device_ != kNull; }
  Array make(std::span<const int64_t> dims, DType dtype) const;
  void symbols_of(std::span<const Array> inputs, std::span<const int64_t> given,
                  SmallVector<int64_t, 16>& symbols) const;
  void compute_dims(size_t stage, Frame& frame) const;

  void prepare_own() const;

  std::shared_ptr<const program::Program> program_;
  Device device_;
  program::KernelProvider* provider_ = nullptr;  // where something is computed
  Origin origin_;
  std::vector<program::KernelFn> kernels_;      // by instruction; null where it is no kernel
  std::vector<program::ContractFn> contracts_;  // beside them; empty where nothing is inspected
  std::vector<program::CompiledFn> compiled_;   // by instruction; null where it is none
  // Those of the program, then what once_ makes, by the first run.
  mutable std::vector<Array> constants_;
  std::vector<int32_t> constant_slots_;  // beside them
  std::unique_ptr<Once> once_;
  // A program of one kernel, from inputs to outputs: most of what eager runs. Inputs by operand of
  // the kernel, -1 for an absent one.
  bool single_ = false;
  std::vector<int32_t> single_inputs_;
  std::vector<std::vector<std::unique_ptr<Executable>>> inner_;  // by instruction
  std::vector<std::unique_ptr<Part>> parts_;
  std::unique_ptr<Understudy> understudy_;
};

}  // namespace proa::runtime
