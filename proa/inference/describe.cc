#include "proa/inference/describe.h"

#include <algorithm>
#include <map>

#include "proa/base/checked.h"
#include "proa/base/error.h"
#include "proa/inference/engine.h"
#include "proa/inference/sizes.h"
#include "proa/runtime/allocator.h"
#include "proa/runtime/device.h"
#include "proa/runtime/schedule.h"

namespace proa::inference {

using namespace program;
using runtime::memory_text;

MemoryOfRun memory_of_run(const Package& package, const Sizes& sizes) {
  std::vector<int64_t> values = values_of(package, sizes, "sizes");
  MemoryOfRun memory;
  std::vector<runtime::Array> inputs, outputs(package.outputs().size());
  for (const PackageTensor& input : package.inputs()) {
    runtime::Array array;
    std::vector<int64_t> dims = dims_of(input, values);
    array.dtype = input.dtype;
    array.dims = runtime::Extents(std::span<const int64_t>(dims));
    array.strides = runtime::dense_strides(dims);
    int64_t bytes = runtime::tensor_bytes(dims, input.dtype);
    array.buffer = runtime::allocator_of(kNull).allocate(bytes);
    array.data = static_cast<char*>(array.buffer->data());
    memory.inputs += bytes;
    inputs.push_back(std::move(array));
  }
  check_kernels(*package.program(), kernel_table());
  runtime::Executable plan(package.program(), kernel_table(), kNull, nullptr,
                           runtime::Origin::file);
  plan.run(inputs, {}, outputs);
  for (const auto& schedule : plan.schedules()) {
    if (schedule->arena <= memory.arena) continue;
    memory.arena = schedule->arena;
    memory.lower_bound = schedule->lower_bound;
  }
  for (const runtime::Array& output : outputs)
    memory.results += runtime::tensor_bytes(output.dims, output.dtype);
  return memory;
}

namespace {

// Instructions by what they do, inner programs included.
void count(const Program& program, std::map<std::string, int64_t>& kernels, int64_t& other) {
  std::vector<const Program*> open = {&program};
  while (!open.empty()) {
    const Program* now = open.back();
    open.pop_back();
    for (const Instruction& code : now->code) {
      for (const auto& inner : code.programs) open.push_back(inner.get());
      if (code.kind == InstructionKind::kernel) ++kernels[code.name];
      else if (code.kind == InstructionKind::compiled) ++kernels["compiled kernels"];
      else ++other;
    }
  }
}

std::string ports(std::string_view title, std::span<const PackageTensor> tensors,
                  const Package& package) {
  std::string text = str(title, "\n");
  size_t wide = 0;
  for (const PackageTensor& tensor : tensors) wide = std::max(wide, tensor.name.size());
  for (const PackageTensor& tensor : tensors) {
    text += str("  ", tensor.name, std::string(wide - tensor.name.size() + 2, ' '),
                form(tensor, package), "\n");
  }
  return text;
}

std::string operations(std::string_view title, const Program& program) {
  std::map<std::string, int64_t> kernels;
  int64_t other = 0, calls = 0;
  count(program, kernels, other);
  std::vector<std::pair<int64_t, std::string>> sorted;
  for (const auto& [name, times] : kernels) {
    sorted.emplace_back(-times, name);
    calls += times;
  }
  std::ranges::sort(sorted);
  std::string text = str(title, ": ", calls, " calls of kernels, ", other, " other instructions\n");
  for (const auto& [times, name] : sorted) text += str("  ", -times, " x ", name, "\n");
  return text;
}

}  // namespace

std::string describe(const Package& package, const std::string& source, const Sizes& sizes) {
  int64_t weights = 0, elements = 0;
  for (const SafetensorsEntry* entry : package.weights()) {
    weights += entry->end - entry->begin;
    elements += checked_elements(entry->dims).value_or(0);
  }
  std::string text = str(source, ": ", memory_text(static_cast<int64_t>(package.bytes())), ", ",
                         package.weights().size(), " weights of ", elements, " elements, ",
                         memory_text(weights), "\n");
  text += ports("inputs", package.inputs(), package);
  text += ports("outputs", package.outputs(), package);
  if (!package.symbols().empty()) {
    text += "sizes\n";
    for (const PackageSymbol& symbol : package.symbols()) {
      text += str("  ", symbol.name, "  ", symbol.low, "..",
                  symbol.high == INT64_MAX ? std::string() : str(symbol.high), "\n");
    }
  }
  text += operations("program", *package.program());
  if (package.compiled() != nullptr) {
    text += operations("compiled program", *package.compiled());
    for (const std::string& target : package.targets()) {
      int64_t bytes = 0, objects = 0;
      for (const PackageObject& object : package.objects()) {
        if (object.target != target) continue;
        bytes += static_cast<int64_t>(object.bytes.size());
        ++objects;
      }
      text +=
          str("  machine code for ", target, ": ", objects, " kernels, ", memory_text(bytes), "\n");
    }
    std::map<std::string, std::pair<int64_t, int64_t>> packed;  // number and bytes, by targets
    for (const PackagePacked& one : package.packed()) {
      auto& [number, bytes] = packed[join(one.targets, ", ")];
      ++number;
      bytes += static_cast<int64_t>(one.bytes.size());
    }
    for (const auto& [targets, sum] : packed) {
      text += str("  packed weights for ", targets, ": ", sum.first, ", ", memory_text(sum.second),
                  "\n");
    }
  }
  std::vector<int64_t> values = values_of(package, sizes, "sizes");
  std::string at;
  for (size_t i = 0; i < values.size(); ++i)
    at += str(i == 0 ? " at " : ", ", package.symbols()[i].name, " = ", values[i]);
  text += str("memory of a run", at, ": ");
  try {
    MemoryOfRun memory = memory_of_run(package, sizes);
    text += str("arena ", memory_text(memory.arena), " (no less than ",
                memory_text(memory.lower_bound), "), results ", memory_text(memory.results),
                ", inputs ", memory_text(memory.inputs), "\n");
  } catch (const UserError& error) {  // all else about the file is worth knowing still
    text += str(error.what(), "\n");
  }
  if (!package.metadata().empty()) {
    text += "metadata\n";
    constexpr size_t kShown = 60;
    for (const auto& [key, value] : package.metadata()) {
      text +=
          str("  ", key, ": ", value.substr(0, kShown), value.size() > kShown ? "..." : "", "\n");
    }
  }
  return text;
}

}  // namespace proa::inference
