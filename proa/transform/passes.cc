// The passes of this floor by name, for pipelines and proa-opt.

#include "proa/ir/pass.h"
#include "proa/transform/decompose.h"

namespace proa::transform {

namespace {

const ir::PassRegistration kDecompose(
    {"decompose", "replaces every composite by what its page decomposes it into",
     [](ir::Module& module, ir::PassContext&) { decompose(module); }});

}  // namespace

}  // namespace proa::transform
