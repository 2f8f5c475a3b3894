// The passes of this floor by name, for pipelines and proa-opt.

#include "proa/ir/pass.h"
#include "proa/transform/canonicalize.h"
#include "proa/transform/cse.h"
#include "proa/transform/dce.h"
#include "proa/transform/decompose.h"
#include "proa/transform/fold.h"
#include "proa/transform/optimize.h"

namespace proa::transform {

namespace {

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
    {"decompose", "replaces every composite by what its page decomposes it into",
     [](ir::Module& module, ir::PassContext&) { decompose(module); }});

const ir::PassRegistration kFold(
    {"fold",
     "computes primitives of constants, with the kernels that define them",
     [](ir::Module& module, ir::PassContext& context) {
       if (!context.evaluator()) context.report("nothing is folded: there is no evaluator");
       context.count("folded operations",
                     fold(module, context.evaluator(), context.integer("limit")));
     },
     {{"limit", std::to_string(kFoldLimit), "bytes that a folded result may have"}}});

const ir::PassRegistration kOptimize(
    {"optimize", "what every function goes through before it is emitted",
     [](ir::Module& module, ir::PassContext&) { optimize(module); }});

}  // namespace

}  // namespace proa::transform
