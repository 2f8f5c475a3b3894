// Stages: the passes between a graph and its program, each of which can be left out or listened to.
// Why one door: whoever looks for the pass that broke a result, or wants to see what each made of
// the module, must not know where they are called.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proa/base/function_ref.h"
#include "proa/ir/module.h"

namespace proa::ir {

// Runs the pass unless it is off, and tells the listener what the module looks like afterwards.
void stage(std::string_view pass, Module& module, FunctionRef<void()> run);
void tell_stage(std::string_view name, const Module& module);  // of what is no pass

// Passes that are left out from now on; at first those of PROA_PASSES_OFF, separated by commas.
// Results keep their bits. A name that is no pass is a UserError(key).
std::vector<std::string> passes_off();
void set_passes_off(std::vector<std::string> names);

// A number for what is off and whether groups are limited: graphs that were made under another one
// were made by other passes. Whoever asks first learns of a PROA_PASSES_OFF that names no pass.
uint64_t stage_settings();

// At most so many groups become kernels of their own from now on, counted over everything that is
// compiled; negative: all do. What is left out runs on prebuilt kernels, with the same bits.
void set_group_limit(int64_t groups);
int64_t group_limit();       // what is left of it
bool take_group() noexcept;  // false where the limit is reached

class StageListener {
 public:
  virtual ~StageListener() = default;
  virtual void stage(std::string_view name, const Module& module) = 0;
};
// Of the calling thread; gives the one before. Null: nobody listens.
StageListener* set_stage_listener(StageListener* listener);

}  // namespace proa::ir
