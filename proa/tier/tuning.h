// Tuning: which tiling of a kernel is the fastest one here, measured on calls that happen anyway.
// Why measured: caches and clocks differ from processor to processor, and no rule knows them; all
// tilings have the same bits, so nobody can tell which one ran but by time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "proa/program/kernel_provider.h"

namespace proa::tier {

// PROA_TUNE=0 keeps to the rule.
bool tunes();

// The choice for a kernel at sizes like these, shared by all that have the same. What was chosen in
// an earlier process comes from the disk (tiling_cache.h). Else the rule's tiling runs until it has
// taken as long as it takes to make others, which are made in the background then; all are run in
// turn, and a rival stays only if its median is 5 % below the rule's.
std::shared_ptr<program::Choice> tiling_choice(const program::KernelText& own,
                                               program::CompiledFn run,
                                               std::span<const program::Rival> rivals,
                                               std::span<const int64_t> words);

struct TuningCounts {
  int64_t choices = 0;    // kernels, each at sizes of one kind, that have several tilings
  int64_t from_disk = 0;  // settled by an earlier process
  int64_t timed = 0;      // being timed, or waiting for rivals that are made
  int64_t rule = 0;       // settled here: the rule's is as fast
  int64_t rival = 0;      // settled here: another is faster
  int64_t damaged = 0;    // files of choices that could not be believed
};
TuningCounts tuning_counts();

// Forgets what the disk knows; choices of this process stay.
void clear_choices();

}  // namespace proa::tier
