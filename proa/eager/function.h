// Function: a pure PIR function ready to be called eagerly, and to be differentiated any number of
// times. Why: one operator call, one backward of it, and the backward of that are all the same
// thing — a small PIR function with cached programs — so derivatives of any order need no other
// code.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "proa/base/recent_table.h"
#include "proa/eager/tensor.h"
#include "proa/ir/module.h"
#include "proa/runtime/executor.h"
#include "proa/transform/autodiff.h"

namespace proa::ir {
class Facts;
}
namespace proa::tier {
enum class Tier : uint8_t;
}

namespace proa::eager {

enum class Ask : uint8_t;
using Mask = std::vector<bool>;

class Function;
class SingleCalls;
struct AtSizes;

// A forward that keeps residuals, and the backward for one set of given cotangents.
struct Derivative {
  std::shared_ptr<Function> backward;  // residuals, then cotangents
  std::shared_ptr<Function> whole;     // operands, then cotangents: Recorded::differentiable_extras
  Mask whole_reads;                    // the operands among its arguments that matter
  std::vector<transform::Residual> residuals;
  std::vector<int> cotangents, wanted, summed;
};

// The forward for one set of operands that want a gradient.
struct Recorded {
  std::unique_ptr<runtime::Executable> forward;
  int results = 0;
  std::vector<transform::Residual> residuals;  // for all cotangents given: what must be saved
  Mask wanted;
  // A residual beside operands and results has float values. Derivatives of the backward must flow
  // through it to the operands; so then these are saved too, and such a backward computes the
  // residuals again.
  bool differentiable_extras = false;
  bool flows = false;                // to some operand: not all derivatives are zero
  std::unique_ptr<ir::Facts> facts;  // what the forward's guards say
  // By the cotangents that are given, and the operands whose sums are.
  std::map<std::pair<Mask, Mask>, std::unique_ptr<Derivative>> derivatives;
};

// On the tape a function lives as long as its calls: a captured one, and one that nobody calls any
// more, may go before its results are differentiated. So it is made by std::make_shared.
class Function : public std::enable_shared_from_this<Function> {
 public:
  // `symbols`: the sizes that callers give, in order. The function is the module's first.
  Function(std::string name, ir::Module module, std::vector<ir::Dim> symbols);
  // `whole`: a captured function, a graph of many calls; see Node::serves_constants. `answered`: a
  // backward, for which its forward has asked what there is to ask about sizes; only its own
  // gradient may ask more.
  Function(std::string name, ir::Module module, std::vector<ir::Dim> symbols, tier::Tier tier,
           bool whole, bool answered = false);
  ~Function();

  const std::string& name() const { return name_; }
  size_t result_count() const { return result_count_; }
  bool has_inexact_result() const {
    return has_inexact_result_;
  }  // else there is nothing to record
  const runtime::Executable& executable();
  // Of calls that are not recorded. Before the first one.
  void set_terms(program::Terms terms) { terms_ = std::move(terms); }
  // `sizes`: of the call at hand, by symbols().
  Recorded& recorded(const Mask& wanted, std::span<const int64_t> sizes);
  Derivative& derivative(Recorded& recorded, const Mask& given, const Mask& summed);
  Function& whole(Recorded& recorded, Derivative& derivative, const Mask& given,
                  const Mask& summed);
  const ir::Module& module() const { return module_; }
  bool is_whole() const { return is_whole_; }
  std::span<const ir::Dim> symbols() const { return symbols_; }
  // How many calls it was captured from, where gradients of its gradients are those of these calls;
  // else 0.
  size_t call_count() const { return call_count_; }
  const SingleCalls& single_calls();  // of a function without symbols
  bool guarded();                     // sizes must satisfy something that only a call can check
  // The same function for these sizes alone: without symbols. Kept for calls to come, if they do.
  std::shared_ptr<Function> at(std::span<const int64_t> sizes);
  std::shared_ptr<Function> find_at(std::span<const int64_t> sizes);  // null where there is none

 private:
  Ask asks_when_recorded() const;
  // To be differentiated for another set of cotangents than at first.
  ir::Module again(const Recorded& recorded) const;
  std::shared_ptr<Function> backward(ir::Module module) const;

  std::string name_;
  ir::Module module_;
  std::vector<ir::Dim> symbols_;
  size_t result_count_ = 0;
  bool has_inexact_result_ = false;
  tier::Tier tier_;
  bool is_whole_ = false, answered_ = false;
  size_t call_count_ = 0;
  program::Terms terms_;
  int64_t budget_ = 0;  // see budget.h; the one of the thread that made the function
  std::mutex mutex_;
  std::unique_ptr<runtime::Executable> executable_;
  std::map<Mask, std::unique_ptr<Recorded>> recorded_;
  RecentTable<AtSizes> by_sizes_;
  std::unique_ptr<SingleCalls> single_calls_;
};

// Calls the function; records it on the tape if recording is on and an operand requires a gradient.
// `kept`: donated pairs of set_terms() whose operand is not given away.
void call(Function& function, std::span<const Tensor> operands, std::span<const int64_t> symbols,
          std::span<Tensor> results, std::span<const int32_t> kept = {});
// The same for sizes that satisfy what executable() needs. False, and nothing is done, where the
// call is recorded and they do not satisfy what its forward needs; NeedStatic where there is none.
bool try_call(Function& function, std::span<const Tensor> operands,
              std::span<const int64_t> symbols, std::span<Tensor> results);
// Whether a call with these operands would be recorded: then nothing is given away.
bool records(const Function& function, std::span<const Tensor> operands);
// Whether the sizes satisfy what this call's forward needs: with residuals, if it is recorded.
bool guards_hold(Function& function, std::span<const Tensor> operands,
                 std::span<const int64_t> symbols);

// From operands and cotangents, without residuals, to the wanted cotangents; added to the module of
// the gradient.
ir::Func add_whole(ir::Module& module, const transform::Gradient& gradient);

// Primitives only, optimised, as an Executable for the cpu. `learned`: what is known of the sizes
// then, with the guards that came.
std::unique_ptr<runtime::Executable> compile(const ir::Module& module, ir::Func func,
                                             std::span<const ir::Dim> symbols, tier::Tier tier,
                                             Ask ask, const program::Terms& terms = {},
                                             ir::Facts* learned = nullptr);

}  // namespace proa::eager
