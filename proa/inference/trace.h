// What the runs of predictors with Config::profile did, as a trace for Chrome's viewer.
// Why of the process and not of one predictor: threads of the pool work for all of them, and what
// one waits for is often another.
#pragma once

#include <string>

namespace proa::inference {

// Each call, kernel and part of one on another thread since the last time, with times, flops and
// bytes: the text of a JSON file for chrome://tracing or ui.perfetto.dev.
std::string take_trace();

}  // namespace proa::inference
