#include "proa/tier/tuning.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "proa/base/environment.h"
#include "proa/base/error.h"
#include "proa/base/hash.h"
#include "proa/base/thread_pool.h"
#include "proa/compiler/jit/compile.h"
#include "proa/tier/compiled.h"
#include "proa/tier/object_cache.h"
#include "proa/tier/tiling_cache.h"
#include "proa/tier/workshop.h"

namespace proa::tier {

namespace {

constexpr int64_t kWorth = 100'000'000;  // nanoseconds of runs: about what a kernel costs to make
constexpr size_t kTimed = 7;             // runs of each, behind one that meets cold code
constexpr double kBetter = 0.95;         // of the rule's time

std::atomic<int64_t> choices{0}, from_disk{0}, timed{0}, rule_stays{0}, rival_stays{0};

TilingCache& cache() {  // under shared_mutex()
  static auto* made = new TilingCache(object_cache().folder());
  return *made;
}

// Whoever measures on another model of processor, or on a virtual one, asks again.
std::string processor_name() {
  std::string name(compiler::jit::fingerprint(compiler::jit::processor()));
#if defined(__x86_64__)
  unsigned a, b, c, d;
  if (__get_cpuid(1, &a, &b, &c, &d) != 0) name += str("\n", a);
  for (unsigned leaf = 0x80000002; leaf <= 0x80000004; ++leaf) {
    if (__get_cpuid(leaf, &a, &b, &c, &d) == 0) break;
    for (unsigned word : {a, b, c, d}) name.append(reinterpret_cast<const char*>(&word), 4);
  }
#endif
  return name;
}

// Sizes are of one kind where each is between the same powers of two.
TilingCache::Key key_of(const program::KernelText& own, std::span<const program::Rival> rivals,
                        std::span<const int64_t> words) {
  static const std::string processor = processor_name();
  std::string key = str(processor, "\n", num_threads(), "\n", own.name, "\n", own.text.size());
  for (const program::Rival& rival : rivals) key += str("\n", rival.tiling, rival.kernel.name);
  for (int64_t word : words) {
    key += str(" ", word < 0 ? "-" : "", std::bit_width(static_cast<uint64_t>(std::abs(word))));
  }
  return {hash_bytes(key.data(), key.size()), hash_bytes(key.data(), key.size(), 1)};
}

// Writes what was learnt, once for all that comes together meanwhile.
class Store : public Job {
 public:
  void work() override { give_up(); }
  void give_up() override {
    std::vector<TilingCache::Entry> news;
    {
      std::lock_guard lock(shared_mutex());
      news = cache().take_news();
    }
    cache().store(news);
  }
};

class Tuning : public Job, public std::enable_shared_from_this<Tuning> {
 public:
  using Turn = program::Choice::Turn;

  Tuning(TilingCache::Key key, const program::KernelText& own, program::CompiledFn run,
         std::span<const program::Rival> rivals)
      : key_(key), candidates_(1 + rivals.size()) {
    candidates_[0].run = run;
    for (size_t i = 0; i < rivals.size(); ++i) {
      candidates_[i + 1].kernel = rivals[i].kernel;
      if (rivals[i].kernel.name == own.name) candidates_[i + 1].run = run;
    }
  }

  // What an earlier process chose. Its kernel may be gone from the disk by now; then it is made in
  // the background.
  void take(uint32_t chosen) {
    ++from_disk;
    Candidate& one = candidates_[chosen];
    try {
      if (one.run == nullptr) one.run = kernel_aside(one.kernel, false);
    } catch (const Error&) { one.run = nullptr; }
    State before = State::watched;
    if (one.run != nullptr) {
      chosen_ = chosen;
      state_.compare_exchange_strong(before, State::settled);
      return;
    }
    wanted_ = chosen;
    if (!state_.compare_exchange_strong(before, State::queued)) return;
    do_later(shared_from_this());
  }

  Turn turn() {
    switch (state_.load(std::memory_order_acquire)) {
      case State::settled: return {chosen_, candidates_[chosen_].run, false};
      case State::queued: return {0, candidates_[0].run, false};
      case State::watched: return {0, candidates_[0].run, true};
      case State::timed: break;
    }
    std::lock_guard lock(shared_mutex());
    size_t next = 0;
    for (size_t i = 1; i < candidates_.size(); ++i) {
      bool fewer = candidates_[i].runs < candidates_[next].runs;
      if (candidates_[i].run != nullptr && fewer) next = i;
    }
    return {next, candidates_[next].run, true};
  }

  // `work`: how much was to be done, so that runs of several sizes can be compared.
  void ran(size_t tiling, int64_t nanoseconds, double work) {
    State now = state_.load(std::memory_order_acquire);
    if (now == State::watched) {
      int64_t before = spent_.fetch_add(nanoseconds, std::memory_order_relaxed);
      if (before >= kWorth || before + nanoseconds < kWorth) return;
      if (!state_.compare_exchange_strong(now, State::queued)) return;
      ++timed;
      do_later(shared_from_this());
    } else if (now == State::timed && count(tiling, static_cast<double>(nanoseconds) / work)) {
      do_later(std::make_shared<Store>());
    }
  }

  void work() override {
    bool any = false;
    for (size_t i = 1; i < candidates_.size(); ++i) {
      Candidate& rival = candidates_[i];
      if (wanted_ && i != *wanted_) continue;
      try {
        if (rival.run == nullptr) rival.run = kernel_aside(rival.kernel, true);
        any = true;
      } catch (const std::exception&) { rival.run = nullptr; }
      rival.kernel = {};
    }
    if (wanted_) return settle_on(any ? *wanted_ : 0);
    if (any) return state_.store(State::timed, std::memory_order_release);
    --timed;
    settle_on(0);
  }

 private:
  enum class State : uint8_t { watched, queued, timed, settled };
  struct Candidate {
    program::KernelText kernel;
    program::CompiledFn run = nullptr;
    size_t runs = 0;
    std::vector<double> times;
  };

  void settle_on(size_t tiling) {
    chosen_ = tiling;
    state_.store(State::settled, std::memory_order_release);
  }

  // Whether this run settled it.
  bool count(size_t tiling, double time) {
    std::lock_guard lock(shared_mutex());
    if (state_.load(std::memory_order_relaxed) != State::timed) return false;
    Candidate& one = candidates_[tiling];
    if (++one.runs > 1) one.times.push_back(time);
    size_t best = 0;
    double least = 0;
    for (size_t i = 0; i < candidates_.size(); ++i) {
      Candidate& c = candidates_[i];
      if (c.run == nullptr) continue;
      if (c.times.size() < kTimed) return false;
      auto middle = c.times.begin() + static_cast<std::ptrdiff_t>(c.times.size() / 2);
      std::nth_element(c.times.begin(), middle, c.times.end());
      if (i == 0) least = *middle * kBetter;
      else if (*middle < least) best = i, least = *middle;
    }
    --timed;
    ++(best == 0 ? rule_stays : rival_stays);
    cache().keep(key_, static_cast<uint32_t>(best));
    settle_on(best);
    return true;
  }

  TilingCache::Key key_;
  std::vector<Candidate> candidates_;  // the rule's first
  std::optional<size_t> wanted_;       // by an earlier process
  std::atomic<State> state_{State::watched};
  std::atomic<int64_t> spent_{0};  // nanoseconds
  size_t chosen_ = 0;
};

// At one set of sizes.
class Sized : public program::Choice {
 public:
  Sized(std::shared_ptr<Tuning> tuning, double work) : tuning_(std::move(tuning)), work_(work) {}
  Turn turn() override { return tuning_->turn(); }
  void ran(size_t tiling, int64_t nanoseconds) override {
    tuning_->ran(tiling, nanoseconds, work_);
  }

 private:
  std::shared_ptr<Tuning> tuning_;
  double work_;
};

}  // namespace

bool tunes() {
  static const bool wanted = environment_switch("PROA_TUNE", true);
  return wanted;
}

std::shared_ptr<program::Choice> tiling_choice(const program::KernelText& own,
                                               program::CompiledFn run,
                                               std::span<const program::Rival> rivals,
                                               std::span<const int64_t> words) {
  static auto* all = new std::unordered_map<uint64_t, std::shared_ptr<Tuning>>;
  TilingCache::Key key = key_of(own, rivals, words);
  std::shared_ptr<Tuning> tuning;
  std::optional<uint32_t> known;
  bool news = false;
  {
    std::lock_guard lock(shared_mutex());
    auto& slot = (*all)[key.name];
    if (!slot) {
      slot = std::make_shared<Tuning>(key, own, run, rivals);
      ++choices;
      known = cache().find(key);
      news = cache().has_news();
    }
    tuning = slot;
  }
  if (known && *known <= rivals.size()) tuning->take(*known);
  if (news) do_later(std::make_shared<Store>());
  double units = static_cast<double>(words[0]), work = static_cast<double>(words[1]);
  return std::make_shared<Sized>(std::move(tuning), std::max(units * work, 1.0));
}

TuningCounts tuning_counts() {
  TuningCounts now{choices.load(), from_disk.load(), timed.load(), rule_stays.load(),
                   rival_stays.load()};
  std::lock_guard lock(shared_mutex());
  now.damaged = cache().damaged();
  return now;
}

void clear_choices() {
  std::lock_guard lock(shared_mutex());
  cache().clear();
}

}  // namespace proa::tier
