// Canonical forms: small rewrites that leave every bit of every result as it was.
// Why only those: one answer in every mode is the promise, so a rewrite here carries its proof.
#pragma once

#include "proa/ir/pass.h"
#include "proa/ir/rewriter.h"

namespace proa::transform {

// The patterns. A NaN may change its payload and sign: NaNs compare as one class.
ir::PatternSet canonical_patterns();

ir::GreedyResult canonicalize(ir::Module& module, ir::PassContext& context);

}  // namespace proa::transform
