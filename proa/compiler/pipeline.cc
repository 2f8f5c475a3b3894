#include "proa/compiler/pipeline.h"

#include "proa/compiler/emit/batch.h"
#include "proa/compiler/emit/emit.h"
#include "proa/compiler/fuse/fuse.h"
#include "proa/compiler/fuse/layout.h"
#include "proa/compiler/fuse/windows.h"
#include "proa/compiler/loop/lower.h"
#include "proa/compiler/render/c/scalar.h"
#include "proa/ir/pass.h"
#include "proa/ir/stage.h"

namespace proa::compiler {

std::shared_ptr<program::Program> compile(ir::Module& module, ir::Func func,
                                          std::span<const ir::Dim> symbols,
                                          std::span<const int32_t> held,
                                          const render::Tilings& tilings) {
  ir::stage("windows", module, [&] { unroll_windows(module); });  // pooling is elementwise, too
  // Between convolutions channels lie innermost.
  ir::stage("layout", module, [&] { lay_out(module, render::c_renders); });
  // What shares an iteration space becomes one group.
  ir::stage("fuse", module, [&] { fuse(module, render::c_renders); });
  loop::lower(module);  // a group becomes loops over buffers
  ir::tell_stage("lower-loops", module);
  ir::stage("batch", module, [&] { batch(module); });  // the same kernel many times becomes one
  return emit(module, func, symbols, held, tilings);   // loops become text, the rest instructions
}

namespace {

const ir::PassRegistration kWindows(
    {"windows", "turns reductions over small windows into operations on strided slices",
     [](ir::Module& module, ir::PassContext& context) {
       context.count("windows", unroll_windows(module));
     }});

const ir::PassRegistration kLayout(
    {"layout", "keeps values between convolutions with their channels innermost",
     [](ir::Module& module, ir::PassContext& context) {
       context.count("values", lay_out(module, render::c_renders));
     }});

const ir::PassRegistration kFuse(
    {"fuse", "outlines primitives of one iteration space into loop.group operations",
     [](ir::Module& module, ir::PassContext& context) {
       context.count("groups", fuse(module, render::c_renders));
     }});

const ir::PassRegistration kLower({"lower-loops", "turns every loop.group into a function of loops",
                                   [](ir::Module& module, ir::PassContext& context) {
                                     context.count("kernels", loop::lower(module));
                                   }});

const ir::PassRegistration kBatch(
    {"batch", "brings launches of one text together that do not depend on each other",
     [](ir::Module& module, ir::PassContext& context) {
       context.count("batches", batch(module));
     }});

}  // namespace

}  // namespace proa::compiler
