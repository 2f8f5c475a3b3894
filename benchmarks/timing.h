// What the timing programs share: the best of some runs, and one JSON line a figure.
// Why the best and not the mean: what a busy machine adds is never negative.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace proa::benchmark {

inline double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Best of `repeats` runs, each on what `prepare` makes.
template <class Prepare, class Run>
double best(int repeats, Prepare prepare, Run run) {
  double least = 1e9;
  for (int i = 0; i < repeats; ++i) {
    auto state = prepare();
    double start = seconds();
    run(state);
    least = std::min(least, seconds() - start);
  }
  return least;
}

// Nanoseconds of one of `count` calls, the best of `repeats` runs.
template <class Call>
double nanoseconds(int repeats, long count, Call call) {
  auto none = [] { return 0; };
  auto loop = [&](int) {
    for (long i = 0; i < count; ++i) call();
  };
  return best(repeats, none, loop) * 1e9 / static_cast<double>(count);
}

// "program/name": what it took, and how many there were.
inline void report(const char* name, const char* unit, double value, long count) {
  std::printf("{\"case\": \"%s\", \"unit\": \"%s\", \"value\": %.4g, \"count\": %ld}\n", name, unit,
              value, count);
  std::fflush(stdout);
}

}  // namespace proa::benchmark
