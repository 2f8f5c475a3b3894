#include "proa/program/once.h"

#include <algorithm>
#include <ranges>

#include "proa/base/checked.h"
#include "proa/program/refusing.h"

namespace proa::program {

namespace {

size_t index(int32_t i) { return static_cast<size_t>(i); }

class Splitter {
 public:
  Splitter(const Program& program, std::span<const int32_t> held)
      : program_(program),
        held_(program.slots.size(), -1),
        of_inputs_(program.slots.size()),
        chosen_(program.code.size()) {
    for (int32_t input : held) {
      int32_t slot = program.inputs[index(input)];
      auto bytes = bytes_of(slot);
      held_[index(slot)] = bytes.value_or(-1);
      of_inputs_[index(slot)] = true;
      inputs_.push_back(slot);
    }
  }

  std::optional<Once> run() {
    for (const Constant& constant : program_.constants)
      held_[index(constant.slot)] = static_cast<int64_t>(constant.size);
    bool any = false;
    for (size_t i = 0; i < program_.code.size(); ++i) {
      const Instruction& code = program_.code[i];
      chosen_[i] = repeats(code);
      if (!chosen_[i]) continue;
      bool view = code.kind == InstructionKind::view;
      for (int32_t slot : code.out)
        held_[index(slot)] = view ? held_[index(code.in[0])] : *bytes_of(slot);
      bool counts = inputs_.empty();
      for (int32_t slot : code.in) counts |= slot >= 0 && of_inputs_[index(slot)];
      for (int32_t slot : code.out) of_inputs_[index(slot)] = counts;
      any |= !view && counts;
    }
    if (!any) return std::nullopt;
    return made();
  }

 private:
  std::optional<int64_t> bytes_of(int32_t slot) const {
    auto dims = fixed_dims(program_, slot);
    return dims ? checked_bytes(*dims, program_.slots[index(slot)].dtype) : std::nullopt;
  }

  // Whether the instruction gives the same at every call, and may be left out of the others.
  bool repeats(const Instruction& code) const {
    bool view = code.kind == InstructionKind::view;
    bool kernel = code.kind == InstructionKind::kernel && !may_refuse(code.name);
    if (!view && !kernel && code.kind != InstructionKind::compiled) return false;
    if (code.in.empty() || code.out.empty()) return false;
    int64_t read = 0, written = 0;
    for (int32_t slot : code.in) {
      if (slot < 0) continue;
      if (held_[index(slot)] < 0) return false;
      read += std::min(held_[index(slot)], kMost);
    }
    for (int32_t slot : code.out) {
      auto bytes = bytes_of(slot);
      bool leaves = std::ranges::find(program_.outputs, slot) != program_.outputs.end();
      if (!bytes || leaves) return false;
      written += std::min(*bytes, kMost);
    }
    for (auto [word, dim] : code.patches) {
      if (!fixed_dim(program_, dim)) return false;
    }
    return view || written <= 2 * read + kFew;
  }

  Once made() const {
    Once once{std::make_shared<Program>(), std::make_shared<Program>(), {}};
    Program &first = *once.first, &rest = *once.rest;
    first.slots = program_.slots;
    first.constants = program_.constants;
    first.kernels = program_.kernels;
    size_t dims =
        program_.is_static ? program_.dims.size() : program_.stages[0].dims.outputs.size();
    for (size_t i = 0; i < dims; ++i)
      first.dims.push_back(fixed_dim(program_, static_cast<int32_t>(i)).value_or(0));
    rest = program_;
    rest.code.clear();
    std::vector<bool> read(program_.slots.size()), moved(program_.slots.size());
    std::vector<bool> stays(chosen_.size());  // views stay where somebody reads them
    for (int32_t slot : program_.outputs) read[index(slot)] = true;
    for (size_t i = chosen_.size(); i-- > 0;) {
      const Instruction& code = program_.code[i];
      bool view = code.kind == InstructionKind::view;
      stays[i] = !chosen_[i] || (view && read[index(code.out[0])]);
      for (int32_t slot : code.in) {
        if (stays[i] && slot >= 0) read[index(slot)] = true;
      }
      for (int32_t slot : code.out) {
        if (chosen_[i] && !view) moved[index(slot)] = true;
      }
    }
    for (size_t i = 0; i < chosen_.size(); ++i) {
      if (stays[i]) rest.code.push_back(program_.code[i]);
      if (!chosen_[i]) continue;
      Instruction& copy = first.code.emplace_back(program_.code[i]);
      copy.flops = -1;
      copy.release.clear();
      copy.in_place.clear();
    }
    for (size_t slot = 0; slot < moved.size(); ++slot) {
      if (moved[slot] && read[slot]) once.slots.push_back(static_cast<int32_t>(slot));
    }
    first.outputs = once.slots;
    first.inputs = inputs_;
    rest.terms.held.clear();
    // Nothing that is a constant now is released, nor what a kernel released that is gone.
    for (Instruction& code : rest.code)
      std::erase_if(code.release, [&](int32_t slot) { return moved[index(slot)]; });
    return once;
  }

  static constexpr int64_t kMost = int64_t{1} << 40, kFew = 4096;  // bytes

  const Program& program_;
  std::vector<int32_t> inputs_;  // slots of the held inputs
  std::vector<int64_t> held_;    // bytes of constants and held inputs behind a slot; -1: of others
  std::vector<bool> of_inputs_;  // by slot: not of constants alone
  std::vector<bool> chosen_;
};

}  // namespace

// By all stages: an earlier one says 0 of what only a later one knows.
std::optional<int64_t> fixed_dim(const Program& program, int32_t dim) {
  if (program.is_static) return program.dims[index(dim)];
  std::optional<int64_t> known;
  for (const Program::Stage& stage : std::views::reverse(program.stages)) {
    const DimProgram& dims = stage.dims;
    size_t at = dims.outputs[index(dim)];
    if (at < dims.inputs || at - dims.inputs >= dims.constants.size()) return std::nullopt;
    int64_t here = dims.constants[at - dims.inputs];
    if (known && *known != here) return std::nullopt;
    known = here;
  }
  return known;
}

std::optional<std::vector<int64_t>> fixed_dims(const Program& program, int32_t slot) {
  std::vector<int64_t> dims;
  for (int32_t dim : program.slots[index(slot)].dims) {
    auto extent = fixed_dim(program, dim);
    if (!extent) return std::nullopt;
    dims.push_back(*extent);
  }
  return dims;
}

std::vector<const Program*> with_inner(const Program& program) {
  std::vector<const Program*> all{&program};
  for (size_t i = 0; i < all.size(); ++i) {
    for (const Instruction& code : all[i]->code) {
      for (const auto& body : code.programs) all.push_back(body.get());
    }
  }
  return all;
}

Constant Once::form(int32_t slot) const {
  Constant constant{
      slot, first->slots[index(slot)].dtype, *fixed_dims(*first, slot), nullptr, nullptr, 0};
  constant.size = static_cast<size_t>(*checked_bytes(constant.dims, constant.dtype));
  return constant;
}

void Once::leave_out(std::span<const int32_t> known) {
  std::erase_if(slots, [&](int32_t slot) { return std::ranges::find(known, slot) != known.end(); });
  if (slots.empty()) return first.reset();
  first->outputs = slots;
  std::vector<bool> wanted(first->slots.size());
  for (int32_t slot : slots) wanted[index(slot)] = true;
  std::vector<Instruction> code;
  for (size_t i = first->code.size(); i-- > 0;) {
    Instruction& now = first->code[i];
    if (std::ranges::none_of(now.out, [&](int32_t slot) { return wanted[index(slot)]; })) continue;
    for (int32_t slot : now.in) {
      if (slot >= 0) wanted[index(slot)] = true;
    }
    code.push_back(std::move(now));
  }
  std::ranges::reverse(code);
  first->code = std::move(code);
}

std::optional<Once> split_once(const Program& program) {
  if (program.constants.empty() || program.inputs.empty()) return std::nullopt;
  return Splitter(program, {}).run();
}

std::optional<Once> split_held(const Program& program) {
  if (program.terms.held.empty()) return std::nullopt;
  auto once = Splitter(program, program.terms.held).run();
  if (!once) return std::nullopt;
  Program& rest = *once->rest;
  rest.inputs.insert(rest.inputs.end(), once->slots.begin(), once->slots.end());
  return once;
}

}  // namespace proa::program
