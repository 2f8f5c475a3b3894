#include "proa/program/verify.h"

#include <algorithm>
#include <array>

#include "proa/base/checked.h"
#include "proa/base/error.h"
#include "proa/program/once.h"

namespace proa::program {

namespace {

class Verifier {
 public:
  Verifier(const Program& program, std::string_view source) : program_(program), source_(source) {}

  void run() {
    sizes();
    for (const Slot& slot : program_.slots) {
      if (static_cast<int>(slot.dtype) >= kDTypeCount) fail("a slot of no dtype");
      if (slot.dims.size() > 64) fail("a slot of more than 64 axes");
      for (int32_t dim : slot.dims) require(in_range(dim, dims_), "a slot with a size outside");
    }
    states_.assign(program_.slots.size(), State::unknown);
    for (int32_t slot : program_.inputs) define(slot, true);
    for (const Constant& constant : program_.constants) {
      define(constant.slot, true);
      check(constant);
    }
    sources();
    for (at_ = 0; at_ < program_.code.size(); ++at_) instruction(program_.code[at_]);
    at_ = kNowhere;
    for (int32_t slot : program_.outputs) {
      require(in_range(slot, program_.slots.size()), "a result outside the slots");
      State state = states_[index(slot)];
      require(state == State::alive || state == State::held, "a result that nothing gives");
    }
    require(binds_ + 1 == program_.stages.size() || program_.is_static,
            "stages of sizes that do not match what binds them");
    require(!program_.is_static || binds_ == 0, "a size is bound where all are known");
    donations();
  }

 private:
  enum class State : uint8_t { unknown, alive, held, released };
  static constexpr size_t kNowhere = ~size_t{0}, kMostPorts = UINT16_MAX;

  static size_t index(int32_t i) { return static_cast<size_t>(i); }
  static bool in_range(int64_t i, size_t limit) {
    return i >= 0 && static_cast<uint64_t>(i) < limit;
  }

  [[noreturn]] void fail(std::string_view what) const {
    std::string place;
    if (at_ < program_.code.size()) {
      place = str("instruction ", at_, " (", program_.code[at_].name, "): ");
    }
    throw UserError(ErrorKind::io, str("cannot read ", source_, ": ", place, what));
  }
  void require(bool holds, std::string_view what) const {
    if (!holds) [[unlikely]]
      fail(what);
  }

  void sizes() {
    require(program_.sources.size() == program_.symbols.size(), "symbols without sources");
    dims_ = program_.dims.size();
    if (!program_.is_static) {
      require(!program_.stages.empty(), "sizes that nothing computes");
      dims_ = program_.stages[0].dims.outputs.size();
    } else {
      require(program_.stages.empty(), "a static program that computes sizes");
    }
    for (const Program::Stage& stage : program_.stages) {
      check(stage.dims);
      require(stage.dims.outputs.size() == dims_, "stages of different numbers of sizes");
      require(stage.dims.inputs <= program_.symbols.size(), "sizes of more symbols than there are");
      for (const DimInstruction& code : stage.dims.code) {
        bool guard = code.op >= DimOp::check_eq;
        require(!guard || code.c < stage.guards.size(), "a guard without a message");
      }
    }
    check(program_.flops);
  }

  void check(const DimProgram& dims) const {
    try {
      dims.verify();
    } catch (const UserError& error) { fail(str("the sizes have ", error.message())); }
  }

  void define(int32_t slot, bool held) {
    require(in_range(slot, program_.slots.size()), "a slot outside the slots");
    require(states_[index(slot)] == State::unknown, "a slot that is given twice");
    states_[index(slot)] = held ? State::held : State::alive;
    if (!program_.is_static) return;
    std::vector<int64_t> dims;
    for (int32_t dim : this->slot(slot).dims) dims.push_back(program_.dims[index(dim)]);
    require(checked_bytes(dims, this->slot(slot).dtype).has_value(),
            str("a slot of the shape ", list_str(dims)));
  }

  void check(const Constant& constant) const {
    const Slot& slot = this->slot(constant.slot);
    require(slot.dtype == constant.dtype && slot.dims.size() == constant.dims.size(),
            "a constant of another form than its slot");
    auto bytes = checked_bytes(constant.dims, constant.dtype);
    require(bytes && static_cast<size_t>(*bytes) == constant.size, "a constant of the wrong size");
    for (size_t i = 0; i < constant.dims.size(); ++i) {
      require(fixed_dim(program_, slot.dims[i]) == constant.dims[i],
              "a constant of another shape than its slot");
    }
  }

  void sources() const {
    for (const SymbolSource& source : program_.sources) {
      if (source.input < 0) continue;
      require(in_range(source.input, program_.inputs.size()), "a size of an input outside");
      size_t rank = slot(program_.inputs[index(source.input)]).dims.size();
      require(in_range(source.axis, rank), "a size of an axis that an input does not have");
    }
  }

  const Slot& slot(int32_t i) const { return program_.slots[index(i)]; }

  bool is_scalar(int32_t i, DType dtype) const {
    return i >= 0 && slot(i).dims.empty() && slot(i).dtype == dtype;
  }
  static bool alike(const Slot& a, const Slot& b) {
    return a.dtype == b.dtype && a.dims.size() == b.dims.size();
  }

  void instruction(const Instruction& code) {
    require(code.kind <= InstructionKind::assert_, "an unknown kind");
    require(code.in.size() <= kMostPorts && code.out.size() <= kMostPorts,
            "more operands or results than there can be");
    for (int32_t slot : code.in) {
      if (slot == -1 && code.kind == InstructionKind::kernel) continue;
      require(in_range(slot, program_.slots.size()), "an operand outside the slots");
      State state = states_[index(slot)];
      require(state == State::alive || state == State::held, state == State::released
                                                                 ? "an operand that was released"
                                                                 : "an operand that nothing gives");
    }
    words(code);
    bool nests = code.kind == InstructionKind::if_ || code.kind == InstructionKind::while_ ||
                 code.kind == InstructionKind::scan_loop;
    require(nests || code.programs.empty(), "programs in an instruction that runs none");
    for (int32_t slot : code.out) define(slot, false);
    switch (code.kind) {
      case InstructionKind::kernel: require(!code.name.empty(), "a kernel without a name"); break;
      case InstructionKind::compiled: compiled(code); break;
      case InstructionKind::view: view(code); break;
      case InstructionKind::alias: one_to_one(code, "an alias"); break;
      case InstructionKind::if_: branch(code); break;
      case InstructionKind::while_: loop(code); break;
      case InstructionKind::scan_loop: scan(code); break;
      case InstructionKind::bind:
      case InstructionKind::rebind: bind(code); break;
      case InstructionKind::assert_:
        require(code.in.size() == 1 && code.out.empty() && is_scalar(code.in[0], DType::boolean),
                "expected one boolean");
    }
    require(code.flops == -1 || in_range(code.flops, program_.flops.outputs.size()),
            "flops outside their table");
    for (int32_t slot : code.release) {
      require(in_range(slot, program_.slots.size()), "a slot released outside the slots");
      require(states_[index(slot)] == State::alive, "a slot released that is not alive");
      states_[index(slot)] = State::released;
    }
  }

  void words(const Instruction& code) const {
    int32_t before = 0;
    for (int32_t offset : code.offsets) {
      require(offset >= before && index(offset) <= code.words.size(), "attributes out of order");
      before = offset;
    }
    if (!code.offsets.empty()) require(code.offsets[0] == 0, "attributes that do not begin at 0");
    for (auto [word, dim] : code.patches) {
      require(in_range(word, code.words.size()) && in_range(dim, dims_),
              "a size patched outside the words or the sizes");
    }
  }

  // Words of attribute k, as far as they are no sizes of the call.
  std::span<const int64_t> attribute(const Instruction& code, size_t k) const {
    require(k + 1 < code.offsets.size(), "a missing attribute");
    return std::span(code.words)
        .subspan(index(code.offsets[k]), index(code.offsets[k + 1] - code.offsets[k]));
  }

  void one_to_one(const Instruction& code, std::string_view what) const {
    require(code.in.size() == 1 && code.out.size() == 1,
            str(what, " with other than one operand and one result"));
    require(slot(code.in[0]).dtype == slot(code.out[0]).dtype, str(what, " of another dtype"));
    if (code.kind != InstructionKind::view) {
      require(alike(slot(code.in[0]), slot(code.out[0])), str(what, " of another rank"));
    }
  }

  void compiled(const Instruction& code) const {
    require(in_range(code.kernel, program_.kernels.size()), "a kernel that is not there");
    require(code.words.size() >= 3, "a compiled kernel without its cut");
    for (auto [in, out] : code.in_place) {
      require(in_range(in, code.in.size()) && in_range(out, code.out.size()),
              "memory shared with an operand that is not there");
    }
  }

  bool axes_of(std::span<const int64_t> axes, size_t rank) const {
    std::array<bool, 64> seen{};
    for (int64_t axis : axes) {
      if (!in_range(axis, rank) || seen[static_cast<size_t>(axis)]) return false;
      seen[static_cast<size_t>(axis)] = true;
    }
    return true;
  }

  void view(const Instruction& code) const {
    one_to_one(code, "a view");
    size_t from = slot(code.in[0]).dims.size(), to = slot(code.out[0]).dims.size();
    auto axes_are_numbers = [&](size_t k) {
      for (auto [word, dim] : code.patches) {
        require(word < code.offsets[k] || word >= code.offsets[k + 1], "axes that depend on sizes");
      }
    };
    switch (code.view) {
      case ViewKind::reshape: return;
      case ViewKind::transpose: {
        auto axes = attribute(code, 0);
        axes_are_numbers(0);
        return require(from == to && axes.size() == from && axes_of(axes, from),
                       "a transpose that is no permutation");
      }
      case ViewKind::broadcast: {
        auto axes = attribute(code, 1);
        axes_are_numbers(1);
        return require(axes.size() == from && axes_of(axes, to), "a broadcast to axes outside");
      }
      case ViewKind::slice:
        return require(
            from == to && attribute(code, 0).size() == from && attribute(code, 2).size() == from,
            "a slice of other axes than there are");
      case ViewKind::reverse:
        axes_are_numbers((static_cast<void>(attribute(code, 0)), 0));
        return require(from == to && axes_of(attribute(code, 0), from),
                       "a reversal of axes outside");
    }
    fail("an unknown view");
  }

  void nested(const Instruction& code, size_t count) const {
    require(code.programs.size() == count, "another number of programs than it runs");
    for (const auto& body : code.programs) {
      require(body != nullptr, "a program that is not there");
      require(body->terms.donated.empty(), "a program inside that takes its inputs' memory");
    }
  }

  // Inputs of a body are `operands`, with `skipped` inputs before them.
  void takes(const Program& body, std::span<const int32_t> operands, size_t skipped) const {
    require(body.inputs.size() == operands.size() + skipped,
            "a program inside that takes another number of operands");
    for (size_t i = 0; i < operands.size(); ++i) {
      require(alike(inner(body, body.inputs[i + skipped]), slot(operands[i])),
              "a program inside that takes another dtype or rank");
    }
  }
  void gives(const Program& body, size_t from, std::span<const int32_t> results) const {
    for (size_t i = 0; i < results.size(); ++i) {
      require(alike(inner(body, body.outputs[i + from]), slot(results[i])),
              "a program inside that gives another dtype or rank");
    }
  }
  const Slot& inner(const Program& body, int32_t i) const {
    require(in_range(i, body.slots.size()), "a program inside with slots outside");
    return body.slots[index(i)];
  }

  void branch(const Instruction& code) const {
    nested(code, 2);
    require(!code.in.empty() && is_scalar(code.in[0], DType::boolean),
            "a branch that no boolean decides");
    for (const auto& body : code.programs) {
      takes(*body, std::span(code.in).subspan(1), 0);
      require(body->outputs.size() == code.out.size(), "a branch of another number of results");
      gives(*body, 0, code.out);
    }
  }

  void loop(const Instruction& code) const {
    nested(code, 2);
    const Program &holds = *code.programs[0], &next = *code.programs[1];
    takes(holds, code.in, 0);
    takes(next, code.in, 0);
    require(holds.outputs.size() == 1, "a loop without one condition");
    const Slot& condition = inner(holds, holds.outputs[0]);
    require(condition.dtype == DType::boolean && condition.dims.empty(),
            "a loop that no boolean decides");
    // What only goes in stays as it is.
    require(code.out.size() <= code.in.size() && next.outputs.size() == code.out.size(),
            "a loop that changes the number of its values");
    gives(next, 0, std::span(code.in).first(code.out.size()));
    gives(next, 0, code.out);
  }

  void scan(const Instruction& code) const {
    nested(code, 1);
    const Program& body = *code.programs[0];
    require(code.carries >= 0 && code.scanned >= 0, "a scan of less than nothing");
    auto carries = static_cast<size_t>(code.carries), scanned = static_cast<size_t>(code.scanned);
    require(carries <= code.out.size() && carries + scanned <= code.in.size(),
            "a scan of more than it has");
    require(attribute(code, 0).size() == 1 && attribute(code, 1).size() == 1,
            "a scan without its length");
    require(body.inputs.size() == code.in.size() + 1,
            "a program inside that takes another number of operands");
    const Slot& step = inner(body, body.inputs[0]);
    require(step.dtype == DType::i64 && step.dims.empty(), "a scan without its step");
    for (size_t i = 0; i < code.in.size(); ++i) {
      bool sliced = i >= carries && i < carries + scanned;
      const Slot &given = slot(code.in[i]), &taken = inner(body, body.inputs[i + 1]);
      require(given.dtype == taken.dtype && given.dims.size() == taken.dims.size() + sliced,
              "a program inside that takes another dtype or rank");
    }
    require(body.outputs.size() == code.out.size(), "a scan of another number of results");
    for (size_t i = 0; i < code.out.size(); ++i) {
      const Slot &given = inner(body, body.outputs[i]), &made = slot(code.out[i]);
      require(given.dtype == made.dtype && given.dims.size() + (i >= carries) == made.dims.size(),
              "a program inside that gives another dtype or rank");
      if (i < carries) {
        require(alike(slot(code.in[i]), made), "a scan whose values change their form");
      }
    }
  }

  void bind(const Instruction& code) {
    one_to_one(code, "a size that is bound");
    require(is_scalar(code.in[0], DType::i64), "a size that is no int64");
    require(in_range(code.symbol, program_.symbols.size()), "a symbol that is not there");
    require(!program_.is_static, "a size is bound where all are known");
    require(code.low >= 0 && code.low <= code.high, "a size without bounds");
    if (code.kind == InstructionKind::bind) ++binds_;
  }

  void donations() const {
    std::vector<bool> given(program_.inputs.size()), taken(program_.outputs.size());
    for (auto [input, output] : program_.terms.donated) {
      require(in_range(input, given.size()) && in_range(output, taken.size()),
              "memory given away that is not there");
      require(!given[index(input)] && !taken[index(output)], "memory given away twice");
      given[index(input)] = taken[index(output)] = true;
      require(alike(slot(program_.inputs[index(input)]), slot(program_.outputs[index(output)])),
              "memory given to a result of another form");
    }
  }

  const Program& program_;
  std::string_view source_;
  std::vector<State> states_;
  size_t dims_ = 0;   // entries of the table of sizes
  size_t binds_ = 0;  // sizes bound so far
  size_t at_ = kNowhere;
};

}  // namespace

void verify(const Program& program, std::string_view source) {
  // A list, not calls of itself: what comes from a file decides how deep it goes.
  std::vector<std::pair<const Program*, int>> open{{&program, 0}};
  while (!open.empty()) {
    auto [now, depth] = open.back();
    open.pop_back();
    if (depth > kMostNested) {
      throw UserError(ErrorKind::io, str("cannot read ", source, ": programs are nested more than ",
                                         kMostNested, " deep"));
    }
    Verifier(*now, source).run();
    for (const Instruction& code : now->code) {
      for (const auto& body : code.programs) open.emplace_back(body.get(), depth + 1);
    }
  }
}

}  // namespace proa::program
