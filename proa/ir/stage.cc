#include "proa/ir/stage.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>

#include "proa/base/hash.h"
#include "proa/ir/pass.h"

namespace proa::ir {

namespace {

thread_local StageListener* listener = nullptr;
std::atomic<int64_t> groups_left{-1};

struct Off {
  std::mutex mutex;
  std::vector<std::string> names;
  std::atomic<uint64_t> number{0};  // of the names, in any order; 0: none

  Off() {
    const char* given = std::getenv("PROA_PASSES_OFF");
    std::string_view text = given != nullptr ? given : "";
    while (!text.empty()) {
      size_t end = std::min(text.find(','), text.size());
      if (end > 0) names.emplace_back(pass_named(text.substr(0, end)).name);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    count();
  }
  void count() {
    std::vector<std::string> sorted = names;
    std::ranges::sort(sorted);
    uint64_t sum = 0;
    for (const std::string& name : sorted) sum = hash_bytes(name.data(), name.size(), sum + 1);
    number.store(sum & ~uint64_t{1}, std::memory_order_relaxed);
  }
};

Off& off() {
  static Off all;
  return all;
}

bool is_off(std::string_view pass) {
  std::lock_guard lock(off().mutex);
  return std::ranges::find(off().names, pass) != off().names.end();
}

}  // namespace

std::vector<std::string> passes_off() {
  std::lock_guard lock(off().mutex);
  return off().names;
}

void set_passes_off(std::vector<std::string> names) {
  for (const std::string& name : names) pass_named(name);
  std::lock_guard lock(off().mutex);
  off().names = std::move(names);
  off().count();
}

uint64_t stage_settings() {
  return off().number.load(std::memory_order_relaxed) | (group_limit() >= 0 ? 1 : 0);
}

void set_group_limit(int64_t groups) { groups_left.store(groups, std::memory_order_relaxed); }
int64_t group_limit() { return groups_left.load(std::memory_order_relaxed); }

bool take_group() noexcept {
  int64_t left = groups_left.load(std::memory_order_relaxed);
  if (left < 0) return true;
  while (left > 0 && !groups_left.compare_exchange_weak(left, left - 1)) {}
  return left > 0;
}

StageListener* set_stage_listener(StageListener* next) { return std::exchange(listener, next); }

void tell_stage(std::string_view name, const Module& module) {
  if (listener != nullptr) listener->stage(name, module);
}

void stage(std::string_view pass, Module& module, FunctionRef<void()> run) {
  if (is_off(pass)) return;
  run();
  tell_stage(pass, module);
}

}  // namespace proa::ir
