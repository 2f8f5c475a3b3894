// Program: a flat list of instructions over numbered slots, ready to run.
// Why: it is the waist between compiler and runtime — what a saved model is, what the executor runs
// — and it knows no IR.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "proa/base/dim_program.h"
#include "proa/base/dtype.h"

namespace proa::program {

// A value of the program. Its extents are entries of the dim table.
struct Slot {
  DType dtype = DType::f32;
  std::vector<int32_t> dims;
};

enum class InstructionKind : uint8_t {
  kernel,     // calls a kernel on dense or strided memory
  compiled,   // runs kernels[kernel] on dense memory; words: units, work, scratch, then its own
  view,       // re-reads the memory of in[0]: see ViewKind
  alias,      // out[0] is in[0]
  if_,        // in[0] chooses programs[0] or programs[1]; both take the other operands
  while_,     // programs[0] gives the condition of the state, programs[1] the next state
  scan_loop,  // length (word 0) times, or backwards (word 1): programs[0](step, carries, slices of
              // what is scanned, constants) gives the carries, then outputs to stack
  bind,       // out[0] = in[0], an i64 scalar whose value becomes a symbol
  rebind,     // the same for a symbol that is known: the value must be that of before
  assert_,    // in[0] must be true
};

enum class ViewKind : uint8_t { reshape, transpose, broadcast, slice, reverse };

struct Program;

// A kernel that the compiler wrote: see kernel_provider.h for what the text defines.
struct KernelText {
  std::string name, text;
};

// Another kernel that computes a compiled instruction with the same bits, in a tiling of its own.
// Which one is faster is measured where there is a compiler: files hold no rivals.
struct Rival {
  std::string tiling;
  KernelText kernel;  // without a text where it is the instruction's own with other words
  std::vector<int64_t> words;
  std::vector<std::pair<int32_t, int32_t>> patches;
};

struct Instruction {
  InstructionKind kind = InstructionKind::kernel;
  ViewKind view = ViewKind::reshape;
  std::string name;              // of the kernel, or of the operation, for messages and profiles
  std::vector<int32_t> in, out;  // slots; -1: an absent optional operand
  std::vector<int64_t> words;    // attributes, as AttrWords
  std::vector<int32_t> offsets;
  std::vector<std::pair<int32_t, int32_t>> patches;  // words[first] = dim table[second]
  std::vector<std::shared_ptr<Program>> programs;
  std::vector<int32_t> release;  // slots whose last reader this is
  // (input, output) of compiled: every element of the output is written by the iteration that has
  // read the same element of the input, the only one to read it; so both may be one memory.
  std::vector<std::pair<int32_t, int32_t>> in_place;
  std::vector<Rival> rivals;          // of compiled
  std::string location;               // the user's line, where it is known
  std::string operations;             // of compiled: what it computes, in a few words
  int32_t kernel = -1;                // of compiled
  int32_t flops = -1;                 // output of Program::flops
  int32_t symbol = -1;                // of bind and rebind
  int32_t carries = 0, scanned = 0;   // of scan_loop: operands, which come in this order
  int64_t low = 0, high = INT64_MAX;  // of bind
};

struct Constant {
  int32_t slot;
  DType dtype;
  std::vector<int64_t> dims;
  std::shared_ptr<const void> owner;
  const void* bytes;
  size_t size;
};

// Where a symbol's value is read when the caller does not give it: the extent of an input's axis.
struct SymbolSource {
  int32_t input = -1, axis = -1;  // input == -1: bound by an instruction, or given by the caller
};

// What callers promise of inputs, by their numbers.
struct Terms {
  // (input, output): the caller may give the input's values away, and the output may take their
  // memory. Both have one form, no two pairs share a member, and no other input lies in that
  // memory.
  std::vector<std::pair<int32_t, int32_t>> donated;
  // Mostly the very memory of the call before, as yet unwritten, as weights are where nobody
  // trains: what follows from these alone is worth keeping. Not for files.
  std::vector<int32_t> held;
};

struct Program {
  std::vector<Slot> slots;
  std::vector<int32_t> inputs, outputs;
  Terms terms;
  std::vector<Constant> constants;
  std::vector<Instruction> code;
  std::vector<KernelText> kernels;
  std::vector<std::string> symbols;
  std::vector<SymbolSource> sources;
  // All extents from all symbols. stages[0] runs first; each bind runs the next one.
  struct Stage {
    DimProgram dims;
    std::vector<std::string> guards;  // what to say when a check fails, by its number
  };
  std::vector<Stage> stages;
  std::vector<int64_t> dims;  // the table's entries where every symbol is absent (static programs)
  bool is_static = true;
  // What kernels compute, for profiles, from all symbols; of a static program from nothing. Apart
  // from the sizes, for it may leave int64 where they do not.
  DimProgram flops;
};

// Flops of every instruction that has some, by Instruction::flops; empty where they leave int64.
std::vector<int64_t> flops_of(const Program& program, std::span<const int64_t> symbols);

}  // namespace proa::program
