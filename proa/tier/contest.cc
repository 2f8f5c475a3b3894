#include "proa/tier/contest.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "proa/base/error.h"
#include "proa/compiler/jit/compile.h"
#include "proa/runtime/watch.h"
#include "proa/tier/compiled.h"
#include "proa/tier/prebuilt.h"
#include "proa/tier/workshop.h"

namespace proa::tier {

namespace {

constexpr int64_t kMatters = 2048;  // elements that a run reads if it is worth another kernel
constexpr int64_t kWorth =
    50'000'000;                   // nanoseconds of such runs, about what a kernel costs to make
constexpr int kTimed = 5;         // runs of each rival
constexpr double kBetter = 0.95;  // of the other's time

std::atomic<int64_t> programs{0}, timed{0}, won{0}, lost{0}, failed{0};

// What a contest knows, alive while a worker has it, whoever else is gone.
struct Contender : Job {
  enum class State : uint8_t { prebuilt, queued, timed, compiled, kept };
  std::atomic<State> state{State::prebuilt};
  std::atomic<int64_t> spent{0};  // nanoseconds on prebuilt kernels
  std::unique_ptr<ir::Module> module;
  std::vector<ir::Dim> symbols;
  program::Terms terms;
  std::string name;
  std::unique_ptr<runtime::Executable> compiled;  // from `timed` on
  std::mutex mutex;                               // of what follows
  int64_t best[2] = {INT64_MAX, INT64_MAX};       // nanoseconds, prebuilt and compiled
  int64_t elements[2] = {0, 0};                   // of the largest run so far
  int runs[2] = {0, 0};

  bool makes_program() const override { return true; }
  void work() override {
    // A compiler that is a process of its own takes too long to be worth a try.
    bool quick = compiler::jit::maker() == compiler::jit::Maker::clang;
    if (quick) try {
        compiled = compiled_only(*module, module->find(name), symbols, terms);
      } catch (const std::exception&) { compiled = nullptr; }
    module.reset();
    ++(compiled == nullptr ? failed : timed);
    state.store(compiled == nullptr ? State::kept : State::timed, std::memory_order_release);
  }
};

class Contest : public runtime::Understudy {
 public:
  explicit Contest(std::shared_ptr<Contender> contender) : contender_(std::move(contender)) {
    ++programs;
  }

  void run(const runtime::Executable& original, std::span<const runtime::Array> inputs,
           std::span<const int64_t> symbols, std::span<runtime::Array> outputs,
           std::span<const int32_t> kept) override {
    using State = Contender::State;
    switch (contender_->state.load(std::memory_order_acquire)) {
      case State::compiled: return contender_->compiled->run_itself(inputs, symbols, outputs, kept);
      case State::kept:
      case State::queued: return original.run_itself(inputs, symbols, outputs, kept);
      case State::timed: return race(original, inputs, symbols, outputs, kept);
      case State::prebuilt: break;
    }
    if (elements(inputs, {}) < kMatters) return original.run_itself(inputs, symbols, outputs, kept);
    int64_t begin = runtime::now_ns();
    original.run_itself(inputs, symbols, outputs, kept);
    // Whoever makes a kernel only after as much time as it costs never takes twice what was best.
    int64_t now = runtime::now_ns() - begin;
    int64_t before = contender_->spent.fetch_add(now, std::memory_order_relaxed);
    if (before >= kWorth || before + now < kWorth) return;
    contender_->state.store(State::queued, std::memory_order_release);
    do_later(contender_);
  }

 private:
  static int64_t elements(std::span<const runtime::Array> inputs,
                          std::span<const runtime::Array> outputs) {
    int64_t sum = 0;
    for (const runtime::Array& x : inputs) sum += x ? x.elements() : 0;
    for (const runtime::Array& x : outputs) sum += x ? x.elements() : 0;
    return sum;
  }

  // Runs the rival that was timed less often; both must have run the largest sizes seen.
  void race(const runtime::Executable& original, std::span<const runtime::Array> inputs,
            std::span<const int64_t> symbols, std::span<runtime::Array> outputs,
            std::span<const int32_t> kept) {
    Contender& c = *contender_;
    int64_t size = elements(inputs, {});
    int turn;
    {
      std::lock_guard lock(c.mutex);
      turn = c.runs[0] <= c.runs[1] ? 0 : 1;
    }
    int64_t begin = runtime::now_ns();
    (turn == 0 ? original : *c.compiled).run_itself(inputs, symbols, outputs, kept);
    int64_t spent = runtime::now_ns() - begin;
    std::lock_guard lock(c.mutex);
    if (c.state.load(std::memory_order_relaxed) != Contender::State::timed) return;
    if (2 * size < std::max(c.elements[0], c.elements[1])) return;  // a small one tells little
    if (2 * c.elements[turn] < size) c.best[turn] = INT64_MAX, c.runs[turn] = 0;
    if (2 * c.elements[1 - turn] < size) c.best[1 - turn] = INT64_MAX, c.runs[1 - turn] = 0;
    c.elements[0] = std::max(c.elements[0], size);
    c.elements[1] = std::max(c.elements[1], size);
    // The first run of each plans its memory and meets cold code.
    if (++c.runs[turn] > 1) c.best[turn] = std::min(c.best[turn], spent);
    if (c.runs[0] < kTimed || c.runs[1] < kTimed) return;
    bool faster = static_cast<double>(c.best[1]) < kBetter * static_cast<double>(c.best[0]);
    ++(faster ? won : lost);
    --timed;
    c.state.store(faster ? Contender::State::compiled : Contender::State::kept,
                  std::memory_order_release);
  }

  std::shared_ptr<Contender> contender_;
};

}  // namespace

std::unique_ptr<runtime::Executable> contested(const ir::Module& module, ir::Func func,
                                               std::span<const ir::Dim> symbols,
                                               const program::Terms& terms) {
  auto executable = prebuilt(module, func, symbols, terms);
  bool any = std::ranges::any_of(executable->program().code, [](const program::Instruction& code) {
    return code.kind == program::InstructionKind::kernel;
  });
  if (!any) return executable;  // views alone: there is nothing to win
  auto contender = std::make_shared<Contender>();
  contender->module = std::make_unique<ir::Module>(module.clone());
  contender->symbols.assign(symbols.begin(), symbols.end());
  contender->terms = terms;
  contender->name = func.name();
  executable->set_understudy(std::make_unique<Contest>(std::move(contender)));
  return executable;
}

ContestCounts contest_counts() {
  return {programs.load(), programs_waiting(), timed.load(),
          won.load(),      lost.load(),        failed.load()};
}

}  // namespace proa::tier
