// Schedule: a straight run of instructions for one set of sizes, with every pointer settled but for
// where a few blocks of memory begin. Why: what depends on sizes alone (extents, strides, offsets
// in the arena, words of kernels, how work is cut) is computed once; a call only adds offsets.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "proa/program/contract.h"
#include "proa/program/kernel_provider.h"
#include "proa/runtime/array.h"

namespace proa::runtime {

// A straight run: kernels, views and asserts between two instructions that decide something.
struct Segment {
  size_t begin = 0, end = 0;     // instructions
  std::vector<int32_t> inputs;   // slots that come from before
  std::vector<int32_t> results;  // slots that are needed behind; the program's outputs if it is the
                                 // only segment
  // The result may take the memory of the input: pair `number` of program::Terms::donated.
  struct Donated {
    int32_t input, result, number;
  };
  std::vector<Donated> donated;
};

struct Schedule {
  // Memory is bases[base] + offset: base 0 is the arena, then the inputs, then what is allocated
  // for results.
  struct Place {
    int32_t base = 0;
    int64_t offset = 0;
  };
  struct Look {
    Extents dims, strides;
    DType dtype = DType::f32;
  };
  enum class Kind : uint8_t { compiled, kernel, copy, check };
  struct Step {
    Kind kind;
    uint16_t inputs = 0, outputs = 0;
    int32_t instruction = 0;
    uint32_t operand = 0;  // the first one: places, and where they are not `compiled`, refs
    uint32_t word = 0;     // the first one
    program::CompiledFn compiled = nullptr;
    program::KernelFn kernel = nullptr;
    int64_t units = 0, grain = 1, scratch = 0;  // of compiled
    bool small = false;            // handed out only to a thread that is awake (worth_waking)
    int64_t bytes = 0, flops = 0;  // read and written; computed
    int32_t choice = -1;           // of tilings, of compiled
  };
  // Tilings of one instruction, its own first; the step's scratch serves them all.
  struct Cut {
    uint32_t word;
    int64_t units, grain, scratch;
    bool small;
  };
  struct Choice {
    std::shared_ptr<program::Choice> of;
    std::vector<Cut> cuts;
  };
  struct Result {
    Place place;
    Look look;
    int32_t made = -1;  // a block of `made`; else it is in the memory of an input
  };
  struct Made {
    int64_t bytes;
    int32_t owner;  // the first result in it
  };

  std::vector<int64_t> key;
  std::vector<Step> steps;
  std::vector<Place> places;
  std::vector<Look> looks;               // beside places
  std::vector<program::TensorRef> refs;  // beside places, without data
  std::vector<int64_t> words;
  std::vector<Choice> choices;
  std::vector<Made> made;  // blocks for results
  std::vector<Result> results;

  struct Buffer {  // of the arena, for reports
    int64_t bytes, offset;
    int32_t first, last;  // steps
    int32_t slot;
  };
  std::vector<Buffer> buffers;
  int64_t arena = 0;        // bytes
  int64_t lower_bound = 0;  // of the arena, by liveness
  int32_t in_place = 0;     // results of kernels that lie over one of their inputs
  int32_t donated = 0;      // results that lie in the memory of an input that was given away
  // The first step that writes there. No step from here on refuses what it reads, nor lacks scratch
  // (launch.cc); a prebuilt kernel may still find no memory for what it keeps beside.
  size_t commit = 0;

  Schedule() = default;
  Schedule(const Schedule&) = delete;  // refs point into looks
};

struct ScheduleRequest {
  std::vector<int64_t> key;
  const program::Program& program;
  const Segment& segment;
  std::span<const Array* const> inputs;
  std::span<const int64_t> dims;     // the program's table of sizes
  std::span<const int64_t> symbols;  // what it comes from
  std::span<const program::KernelFn> kernels;
  std::span<const program::CompiledFn> compiled;
  std::span<const int32_t> kept = {};           // pairs that are not given away
  program::KernelProvider* provider = nullptr;  // who knows about tilings
  // By instruction; null where there is none. Empty: the program is not inspected.
  std::span<const program::ContractFn> contracts = {};
};

std::shared_ptr<const Schedule> make_schedule(const ScheduleRequest& request);

// Its steps and where its buffers lie when, for readers.
std::string to_json(const Schedule& schedule, const program::Program& program);

}  // namespace proa::runtime
