#include "proa/ir/symbol/compile_dims.h"

#include <algorithm>
#include <unordered_map>

#include "proa/base/error.h"
#include "proa/base/str.h"

namespace proa::ir {
namespace {

class Compiler {
 public:
  explicit Compiler(std::span<const Dim> inputs) : inputs_(inputs), bound_(inputs.size()) {
    compiled_.program.inputs = static_cast<uint32_t>(inputs.size());
  }

  CompiledDims compile(std::span<const Dim> outputs, std::span<const Guard> guards) {
    bind_symbols();
    bind_linear();
    for (uint32_t i = 0; i < inputs_.size(); ++i) {
      if (bound_[i]) continue;
      Guard guard = {Guard::Kind::eq, inputs_[i], inputs_[i],
                     str("size ", i, " of the inputs is not ", to_string(inputs_[i]))};
      check(DimOp::check_eq, i, value(inputs_[i]), std::move(guard));
    }
    for (const Guard& guard : guards) {
      static constexpr DimOp kChecks[] = {DimOp::check_eq, DimOp::check_ge, DimOp::check_divisible};
      uint32_t a = value(guard.a), b = value(guard.b);
      check(kChecks[static_cast<size_t>(guard.kind)], a, b, guard);
    }
    for (Dim dim : outputs) compiled_.program.outputs.push_back(value(dim));
    number_registers();
    return std::move(compiled_);
  }

 private:
  // Until the number of constants is known, these stand for constants and results.
  static constexpr uint32_t kConstant = 1u << 30, kResult = 1u << 31;

  void bind_symbols() {
    for (uint32_t i = 0; i < inputs_.size(); ++i) {
      if (inputs_[i].is_symbol()) bound_[i] = registers_.emplace(inputs_[i], i).second;
    }
  }

  // size = k*s + rest, where s is the one symbol not known yet: s = (size - rest) / k, checked.
  void bind_linear() {
    for (bool again = true; again;) {
      again = false;
      for (uint32_t i = 0; i < inputs_.size(); ++i) {
        if (bound_[i] || inputs_[i].kind() != DimKind::sum) continue;
        std::optional<DimTerm> unknown = one_unknown(inputs_[i]);
        if (!unknown) continue;
        Dim rest = inputs_[i] - Dim(unknown->coefficient) * unknown->factor;
        uint32_t k = constant(unknown->coefficient);
        uint32_t difference = emit(DimOp::multiply_add, i, constant(-1), value(rest));
        Guard guard = {Guard::Kind::divisible, inputs_[i] - rest, unknown->coefficient,
                       str("size ", i, " of the inputs is not ", to_string(inputs_[i]))};
        check(DimOp::check_divisible, difference, k, std::move(guard));
        registers_.emplace(unknown->factor, emit(DimOp::floordiv, difference, k));
        bound_[i] = again = true;
      }
    }
  }

  std::optional<DimTerm> one_unknown(Dim sum) const {
    SmallVector<Dim, 6> symbols;
    collect_symbols(sum, symbols);
    auto known = [&](Dim symbol) { return registers_.contains(symbol); };
    if (std::count_if(symbols.begin(), symbols.end(), known) + 1 != std::ssize(symbols)) return {};
    std::optional<DimTerm> found;
    for (const DimTerm& term : sum.terms()) {
      symbols.clear();
      collect_symbols(term.factor, symbols);
      if (std::all_of(symbols.begin(), symbols.end(), known)) continue;
      if (found || !term.factor.is_symbol()) return {};
      found = term;
    }
    return found;
  }

  uint32_t constant(int64_t value) {
    auto [at, is_new] = constants_.emplace(value, constants_.size());
    if (is_new) compiled_.program.constants.push_back(value);
    return kConstant + at->second;
  }

  uint32_t emit(DimOp op, uint32_t a, uint32_t b, uint32_t c = 0) {
    compiled_.program.code.push_back({op, a, b, c});
    return kResult + results_++;
  }

  void check(DimOp op, uint32_t a, uint32_t b, Guard guard) {
    auto number = static_cast<uint32_t>(compiled_.checks.size());
    compiled_.program.code.push_back({op, a, b, number});
    compiled_.checks.push_back(std::move(guard));
  }

  uint32_t value(Dim dim) {
    if (auto number = dim.as_const()) return constant(*number);
    auto known = registers_.find(dim);
    if (known != registers_.end()) return known->second;
    uint32_t result = compute(dim);
    registers_.emplace(dim, result);
    return result;
  }

  uint32_t compute(Dim dim) {
    if (dim.is_symbol()) {
      throw UserError(ErrorKind::value, "dim", dim.name(), "no size of the inputs gives its value");
    }
    if (dim.kind() == DimKind::sum) {
      uint32_t total = constant(dim.offset());
      for (const DimTerm& term : dim.terms()) {
        uint32_t factor = value(term.factor);
        bool is_first = total == constant(0);
        if (term.coefficient == 1) {
          total = is_first ? factor : emit(DimOp::add, total, factor);
        } else if (is_first) {
          total = emit(DimOp::multiply, constant(term.coefficient), factor);
        } else {
          total = emit(DimOp::multiply_add, total, constant(term.coefficient), factor);
        }
      }
      return total;
    }
    DimOp op = dim.kind() == DimKind::floordiv ? DimOp::floordiv
               : dim.kind() == DimKind::mod    ? DimOp::mod
               : dim.kind() == DimKind::max    ? DimOp::max
               : dim.kind() == DimKind::min    ? DimOp::min
                                               : DimOp::multiply;
    std::span<const Dim> operands = dim.operands();
    uint32_t result = value(operands[0]);
    for (Dim operand : operands.subspan(1)) result = emit(op, result, value(operand));
    return result;
  }

  void number_registers() {
    DimProgram& program = compiled_.program;
    auto number = [&](uint32_t& r) {
      if (r >= kResult) {
        r = r - kResult + program.inputs + static_cast<uint32_t>(program.constants.size());
      } else if (r >= kConstant) {
        r = r - kConstant + program.inputs;
      }
    };
    for (DimInstruction& instruction : program.code) {
      number(instruction.a);
      number(instruction.b);
      if (instruction.op == DimOp::multiply_add) number(instruction.c);
    }
    for (uint32_t& output : program.outputs) number(output);
  }

  std::span<const Dim> inputs_;
  std::vector<bool> bound_;
  std::unordered_map<Dim, uint32_t> registers_;
  std::unordered_map<int64_t, uint32_t> constants_;
  uint32_t results_ = 0;
  CompiledDims compiled_;
};

}  // namespace

CompiledDims compile_dims(std::span<const Dim> outputs, std::span<const Dim> inputs,
                          std::span<const Guard> guards) {
  return Compiler(inputs).compile(outputs, guards);
}

}  // namespace proa::ir
