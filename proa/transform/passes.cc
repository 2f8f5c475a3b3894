// The passes of this floor by name, for pipelines and proa-opt.

#include "proa/base/error.h"
#include "proa/ir/pass.h"
#include "proa/transform/autodiff.h"
#include "proa/transform/canonicalize.h"
#include "proa/transform/cse.h"
#include "proa/transform/dce.h"
#include "proa/transform/decompose.h"
#include "proa/transform/fold.h"
#include "proa/transform/optimize.h"
#include "proa/transform/recompute.h"

namespace proa::transform {

namespace {

// Every result to every argument, as far as they are floating point or complex.
void differentiate_named(ir::Module& module, ir::PassContext& context) {
  std::string_view name = context.text("func");
  ir::Func func = name.empty() ? module.main() : module.find(name);
  if (!func) throw UserError(ErrorKind::key, "autodiff", "func", str("there is no @", name));
  auto inexact = [](const std::vector<ir::Type>& types) {
    std::vector<int> list;
    for (size_t i = 0; i < types.size(); ++i) {
      if (types[i].is_tensor() && is_inexact(types[i].dtype())) list.push_back(static_cast<int>(i));
    }
    return list;
  };
  differentiate(module, func, inexact(func.argument_types()), inexact(func.result_types()));
}

const ir::PassRegistration kAutodiff({"autodiff",
                                      "adds the forward and the backward of a function",
                                      differentiate_named,
                                      {{"func", "", "the function's name; empty: the first"}}});

bool is_custom_vjp(const ir::Operation& op) { return op.is("prim.custom_vjp"); }

const ir::PassRegistration kCanonicalize(
    {"canonicalize", "rewrites operations to simpler ones of the same bits",
     [](ir::Module& module, ir::PassContext& context) { canonicalize(module, context); }});

const ir::PassRegistration kCse({"cse", "merges equal pure operations of a block",
                                 [](ir::Module& module, ir::PassContext& context) {
                                   context.count("merged operations", merge_equal(module));
                                 }});

const ir::PassRegistration kDce({"dce",
                                 "removes operations without effect whose results nobody reads",
                                 [](ir::Module& module, ir::PassContext& context) {
                                   context.count("dead operations", remove_dead(module));
                                 }});

const ir::PassRegistration kDecompose(
    {"decompose",
     "replaces every composite by what its page decomposes it into",
     [](ir::Module& module, ir::PassContext& context) {
       decompose(module, context.flag("keep_vjp") ? is_custom_vjp : nullptr);
     },
     {{"keep_vjp", "false", "custom_vjp stays, for a gradient that is taken later"}}});

const ir::PassRegistration kFold(
    {"fold",
     "computes primitives of constants, with the kernels that define them",
     [](ir::Module& module, ir::PassContext& context) {
       if (!context.evaluator()) context.report("nothing is folded: there is no evaluator");
       context.count("folded operations",
                     fold(module, context.evaluator(), context.integer("limit")));
     },
     {{"limit", std::to_string(kFoldLimit), "bytes that a folded result may have"}}});

const ir::PassRegistration kRecompute(
    {"recompute",
     "computes again what waits long for its readers, until a budget of memory holds",
     [](ir::Module& module, ir::PassContext& context) {
       for (ir::Func func : module.funcs()) {
         Recomputation done = recompute(module, func, context.integer("budget"));
         context.count("bytes before", done.before);
         context.count("bytes after", done.after);
         context.count("operations done again", done.copies);
       }
     },
     {{"budget", "0", "bytes that may be alive at once"}}});

const ir::PassRegistration kOptimize(
    {"optimize", "what every function goes through before it is emitted",
     [](ir::Module& module, ir::PassContext&) { optimize(module); }});

}  // namespace

}  // namespace proa::transform
