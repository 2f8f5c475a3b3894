// Pass: a named function from module to module, with its options, its context and the registry.
// Why a registry: pipelines are text, and a pass may come from any floor, a shared library or
// Python.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proa/ir/module.h"

namespace proa::ir {

class PassContext;

struct PassOption {
  std::string name;
  std::string value;  // the default, as text
  std::string doc;
};

struct Pass {
  std::string name;     // "cse"
  std::string purpose;  // one line
  std::function<void(Module&, PassContext&)> run = {};
  std::vector<PassOption> options = {};
};

// A name taken twice is a UserError(value).
void register_pass(Pass pass);
const Pass* find_pass(std::string_view name);   // null if there is none
const Pass& pass_named(std::string_view name);  // throws UserError(key) with a near name
std::vector<const Pass*> all_passes();          // by name

// Registers at start-up: static const PassRegistration kCse({"cse", "...", run_cse});
struct PassRegistration {
  explicit PassRegistration(Pass pass) { register_pass(std::move(pass)); }
};

// Computes one operation on constants: how folding gets values without knowing any arithmetic.
// Gives one tensor a result, or nothing where it cannot compute the operation.
using Evaluator = std::function<std::vector<TensorData>(const OpInfo& info, const AttrList& attrs,
                                                        std::span<const TensorData> operands,
                                                        std::span<const Type> results)>;

using OptionValues = std::vector<std::pair<std::string, std::string>>;

// What a pass is handed beside the module.
class PassContext {
 public:
  PassContext() = default;
  // Options the pass does not have, or given twice, are a UserError.
  PassContext(const Pass& pass, OptionValues options);

  // The value given, or the pass's default. Text that is not of the asked kind is a
  // UserError(value).
  std::string_view text(std::string_view option) const;
  int64_t integer(std::string_view option) const;
  double real(std::string_view option) const;
  bool flag(std::string_view option) const;

  const Evaluator& evaluator() const { return evaluator_; }  // may be empty
  void set_evaluator(Evaluator evaluator) { evaluator_ = std::move(evaluator); }
  bool strict() const { return strict_; }  // a report of something amiss is an error
  void set_strict(bool strict) { strict_ = strict; }

  void report(std::string line) { reports_.push_back(std::move(line)); }
  void count(std::string_view statistic, int64_t n = 1);
  const std::vector<std::string>& reports() const { return reports_; }
  const std::map<std::string, int64_t, std::less<>>& statistics() const { return statistics_; }

 private:
  const Pass* pass_ = nullptr;
  OptionValues options_;
  Evaluator evaluator_;
  bool strict_ = false;
  std::vector<std::string> reports_;
  std::map<std::string, int64_t, std::less<>> statistics_;
};

}  // namespace proa::ir
