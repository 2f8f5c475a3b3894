#include "proa/runtime/watch.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <mutex>

#include "proa/base/str.h"

namespace proa::runtime {

namespace {

// The events of one thread. It lives as long as the process, for threads may end in between.
struct Told {
  std::mutex mutex;  // of its thread nearly always, so that nobody waits
  int32_t thread;
  std::vector<Event> events;
};

struct All {
  std::mutex mutex;
  std::vector<std::unique_ptr<Told>> threads;
  std::vector<std::string> plans;
};

All& all() {
  static All* made = new All;
  return *made;
}

Told& told_here() {
  thread_local Told* mine = nullptr;
  if (mine == nullptr) {
    std::lock_guard lock(all().mutex);
    all().threads.push_back(std::make_unique<Told>());
    mine = all().threads.back().get();
    mine->thread = static_cast<int32_t>(all().threads.size() - 1);
  }
  return *mine;
}

std::atomic<std::string (*)()> locator{nullptr};

// Whether an element has all bits of `mask`, the exponent of one that is not finite.
template <class Word>
bool any_with(const Array& array, Word mask, int64_t count) {
  const auto* words = reinterpret_cast<const Word*>(array.data);
  bool found = false;
  for (int64_t i = 0; i < count; ++i) found |= static_cast<Word>(words[i] & mask) == mask;
  return found;
}

}  // namespace

void set_watch(Watch what, bool on) {
  if (on) {
    watch_bits.fetch_or(what, std::memory_order_relaxed);
  } else {
    watch_bits.fetch_and(~static_cast<uint32_t>(what), std::memory_order_relaxed);
  }
}

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void tell(Event event) {
  Told& told = told_here();
  std::lock_guard lock(told.mutex);
  event.thread = told.thread;
  told.events.push_back(std::move(event));
}

std::vector<Event> take_events() {
  std::vector<Event> events;
  std::lock_guard lock(all().mutex);
  for (const auto& told : all().threads) {
    std::lock_guard own(told->mutex);
    std::ranges::move(told->events, std::back_inserter(events));
    told->events.clear();
  }
  // Of two that begin at once, the longer one holds the other.
  std::ranges::stable_sort(events, [](const Event& a, const Event& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  return events;
}

void tell_plan(std::string json) {
  std::lock_guard lock(all().mutex);
  all().plans.push_back(std::move(json));
}

std::vector<std::string> take_plans() {
  std::lock_guard lock(all().mutex);
  return std::exchange(all().plans, {});
}

void set_locator(std::string (*locate)()) { locator.store(locate); }

std::string user_place() {
  auto locate = locator.load();
  return locate != nullptr ? locate() : std::string();
}

bool all_finite(const Array& array) {
  if (!is_inexact(array.dtype) || !array) return true;
  Array dense = to_dense(array);
  int64_t count = dense.elements();
  switch (dense.dtype) {
    case DType::f32: return !any_with<uint32_t>(dense, 0x7f800000u, count);
    case DType::f64: return !any_with<uint64_t>(dense, 0x7ff0000000000000u, count);
    case DType::f16: return !any_with<uint16_t>(dense, 0x7c00u, count);
    case DType::bf16: return !any_with<uint16_t>(dense, 0x7f80u, count);
    case DType::c64: return !any_with<uint32_t>(dense, 0x7f800000u, 2 * count);
    case DType::c128: return !any_with<uint64_t>(dense, 0x7ff0000000000000u, 2 * count);
    case DType::f8e5m2: return !any_with<uint8_t>(dense, 0x7cu, count);
    default: return !any_with<uint8_t>(dense, 0x7fu, count);  // e4m3: NaN alone
  }
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  constexpr char kHex[] = "0123456789abcdef";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 32 || byte == 127) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

}  // namespace proa::runtime
