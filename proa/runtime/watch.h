// Watch: what runs tell while somebody asks: events with their times, plans of memory, and results
// that are not finite. Why one word of bits: a run that nobody watches reads it once and is done.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proa/runtime/array.h"

namespace proa::runtime {

enum Watch : uint32_t { kWatchTime = 1, kWatchFinite = 2, kWatchPlans = 4 };

inline std::atomic<uint32_t> watch_bits{0};
inline uint32_t watched() { return watch_bits.load(std::memory_order_relaxed); }
void set_watch(Watch what, bool on);

struct Event {
  enum class Kind : uint8_t { call, kernel, part, user } kind = Kind::call;
  int32_t thread = 0;          // numbered as they speak up
  int64_t begin = 0, end = 0;  // nanoseconds of a clock that only rises
  int64_t flops = 0, bytes = 0;
  std::string name, location;  // the user's line, where it is known
};

int64_t now_ns();
void tell(Event event);            // while kWatchTime is on
std::vector<Event> take_events();  // all that were told since the last time, by begin

void tell_plan(std::string json);  // while kWatchPlans is on
std::vector<std::string> take_plans();

// Where the user's code stands on this thread: "train.py:12", or empty. The Python face gives it.
void set_locator(std::string (*locate)());
std::string user_place();

bool all_finite(const Array& array);  // true of what holds no floats

std::string json_text(std::string_view text);  // in quotes

}  // namespace proa::runtime
