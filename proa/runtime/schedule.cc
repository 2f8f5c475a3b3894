#include "proa/runtime/schedule.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>

#include "proa/base/checked.h"
#include "proa/base/error.h"
#include "proa/program/plan.h"
#include "proa/program/refusing.h"
#include "proa/runtime/allocator.h"
#include "proa/runtime/inspect.h"
#include "proa/runtime/watch.h"

namespace proa::runtime {

using namespace program;

namespace {

constexpr int64_t kGrain = 32768;      // elements that are worth waking another thread
constexpr int64_t kGrainAwake = 8192;  // elements that are worth another thread that is awake

bool is_small(int64_t units, int64_t work) {
  return units < 2 * kGrain && work < 2 * kGrain && units * work < 2 * kGrain;
}

// Units to a piece, `work` elements each: as many pieces as are worth a thread, of equal length.
int64_t grain_of(int64_t units, int64_t work) {
  int64_t worth = is_small(units, work) ? kGrainAwake : kGrain;
  int64_t least = work >= worth ? 1 : worth / std::max<int64_t>(work, 1);
  int64_t pieces = std::max<int64_t>(units / least, 1);
  return std::max<int64_t>((units - 1) / pieces + 1, 1);
}

// Views are computed on arrays without memory: addresses count from a place where nothing is.
char* origin() { return reinterpret_cast<char*>(uintptr_t{1} << 46); }

class Scheduler {
 public:
  explicit Scheduler(const ScheduleRequest& request)
      : request_(request),
        program_(request.program),
        segment_(request.segment),
        inspected_(!request.contracts.empty()),
        made_(std::make_shared<Schedule>()),
        slots_(program_.slots.size()) {
    made_->key = request.key;
    flops_ = flops_of(program_, request.symbols);
  }

  std::shared_ptr<const Schedule> run() {
    for (size_t i = 0; i < segment_.inputs.size(); ++i) {
      const Array& input = *request_.inputs[i];
      int32_t root = add_root({.kind = Root::given, .input = static_cast<int32_t>(i)});
      if (inspected_) roots_.back().reach = given_reach(input, segment_.inputs[i]);
      slots_[index(segment_.inputs[i])] = {root, look_at(input)};
    }
    for (at_ = segment_.begin; at_ < segment_.end; ++at_) instruction(at_);
    for (int32_t slot : segment_.results) {
      results_.push_back(slots_[index(slot)]);
      if (inspected_) stay_inside(results_.back());
    }
    donate();
    escape();
    share();
    place();
    return made_;
  }

 private:
  // A piece of memory, and the steps that need it.
  struct Root {
    enum Kind : uint8_t { arena, result, given } kind = arena;
    int32_t input = -1;
    int64_t bytes = 0;
    Reach reach = {};  // of one that was given, where the program is inspected
    int32_t first = 0, last = 0;
    int32_t slot = -1;
    int32_t over = -1;  // the root that this one lies over, which is dead by then
    int32_t block = -1;
  };
  struct Slotted {
    int32_t root = -1;
    Array look;  // addresses count from origin()
  };

  static size_t index(int32_t i) { return static_cast<size_t>(i); }

  static Array look_at(const Array& array) {
    Array look;
    look.data = origin();
    look.dtype = array.dtype;
    look.dims = array.dims;
    look.strides = array.strides;
    return look;
  }

  // Counts only, of views too, whose elements may be more than any memory has.
  static int64_t bytes_of(const Array& look) {
    return checked_bytes(look.dims, look.dtype).value_or(INT64_MAX);
  }
  static int64_t sum_of(int64_t a, int64_t b) { return a > INT64_MAX - b ? INT64_MAX : a + b; }

  int32_t add_root(Root root) {
    roots_.push_back(root);
    return static_cast<int32_t>(roots_.size() - 1);
  }

  int32_t now() const { return static_cast<int32_t>(made_->steps.size()); }

  Slotted fresh(std::span<const int64_t> dims, DType dtype, int32_t slot) {
    Slotted made;
    made.root =
        add_root({.bytes = tensor_bytes(dims, dtype), .first = now(), .last = now(), .slot = slot});
    made.look.data = origin();
    made.look.dtype = dtype;
    made.look.dims = Extents(dims);
    made.look.strides = dense_strides(dims);
    return made;
  }

  Extents extents(int32_t slot) const {
    const Slot& info = program_.slots[index(slot)];
    Extents dims(info.dims.size());
    for (size_t i = 0; i < dims.size(); ++i) dims[i] = request_.dims[index(info.dims[i])];
    if (inspected_) inspector().extents(dims, info.dtype);
    return dims;
  }

  Inspector inspector() const { return {program_, at_}; }

  Reach given_reach(const Array& input, int32_t slot) const {
    Inspector ends(program_, program_.code.size());
    ends.form(input, slot);
    ends.extents(input.dims, input.dtype);
    return ends.reach(input);
  }

  void stay_inside(const Slotted& used) const {
    const Root& root = roots_[index(used.root)];
    Reach memory = root.kind == Root::given ? root.reach : Reach{0, root.bytes};
    inspector().inside(used.look, used.look.data - origin(), memory);
  }

  // The step that is being made, as its kernel will see it.
  void ask_contract(const Instruction& code, ContractFn check) const {
    SmallVector<TensorRef, 8> refs;
    for (size_t i = step_.operand; i < operands_.size(); ++i) {
      const Schedule::Look& look = made_->looks[i];
      auto rank = operands_[i].root < 0 ? -1 : static_cast<int32_t>(look.dims.size());
      refs.push_back({nullptr, look.dims.data(), look.strides.data(), rank, look.dtype});
    }
    std::string place = inspector().place();
    std::span<const TensorRef> all(refs.data(), refs.size());
    check(Call(place, all.first(code.in.size()), all.subspan(code.in.size()),
               {made_->words.data() + step_.word, code.words.size()}, code.offsets));
  }

  // Attributes with the sizes patched in go behind the words of the schedule.
  uint32_t words(const Instruction& code) { return words(code.words, code.patches); }
  uint32_t words(std::span<const int64_t> plain,
                 std::span<const std::pair<int32_t, int32_t>> patches) {
    auto first = static_cast<uint32_t>(made_->words.size());
    made_->words.insert(made_->words.end(), plain.begin(), plain.end());
    for (auto [word, dim] : patches) made_->words[first + index(word)] = request_.dims[index(dim)];
    return first;
  }

  void operand(const Slotted& used) {
    if (inspected_) stay_inside(used);
    Root& root = roots_[index(used.root)];
    root.last = now();
    operands_.push_back({used.root, used.look.data - origin()});
    made_->looks.push_back({used.look.dims, used.look.strides, used.look.dtype});
    step_.bytes = sum_of(step_.bytes, bytes_of(used.look));
  }

  void absent() {
    operands_.push_back({-1, 0});
    made_->looks.emplace_back();
  }

  void begin_step(Schedule::Kind kind, size_t instruction) {
    step_ = {.kind = kind};
    int32_t flops = program_.code[instruction].flops;
    bool counted = kind != Schedule::Kind::copy && flops >= 0 && index(flops) < flops_.size();
    if (counted) step_.flops = flops_[index(flops)];
    step_.instruction = static_cast<int32_t>(instruction);
    step_.operand = static_cast<uint32_t>(operands_.size());
  }
  void end_step() { made_->steps.push_back(step_); }

  Slotted copied(const Slotted& from, size_t instruction) {
    begin_step(Schedule::Kind::copy, instruction);
    Slotted to = fresh(from.look.dims, from.look.dtype, -1);
    step_.inputs = step_.outputs = 1;
    operand(from);
    operand(to);
    end_step();
    return to;
  }

  // What compiled kernels read is dense; several of them share one copy.
  const Slotted& dense(int32_t slot, size_t instruction) {
    const Slotted& plain = slots_[index(slot)];
    if (plain.look.is_dense()) return plain;
    auto known = dense_.find(slot);
    if (known == dense_.end()) known = dense_.emplace(slot, copied(plain, instruction)).first;
    return known->second;
  }

  void instruction(size_t i) {
    const Instruction& code = program_.code[i];
    switch (code.kind) {
      case InstructionKind::compiled: return compiled(code, i);
      case InstructionKind::kernel: return kernel(code, i);
      case InstructionKind::view: slots_[index(code.out[0])] = view(code, i); return;
      case InstructionKind::alias:
        slots_[index(code.out[0])] = Slotted(slots_[index(code.in[0])]);
        return;
      case InstructionKind::assert_:
        begin_step(Schedule::Kind::check, i);
        step_.inputs = 1;
        operand(slots_[index(code.in[0])]);
        return end_step();
      default: throw InternalError("an instruction that decides something stands in a segment");
    }
  }

  void outputs(const Instruction& code) {
    for (int32_t slot : code.out) {
      slots_[index(slot)] = fresh(extents(slot), program_.slots[index(slot)].dtype, slot);
      operand(slots_[index(slot)]);
    }
    step_.inputs = static_cast<uint16_t>(code.in.size());
    step_.outputs = static_cast<uint16_t>(code.out.size());
  }

  void compiled(const Instruction& code, size_t i) {
    for (int32_t slot : code.in) dense(slot, i);
    begin_step(Schedule::Kind::compiled, i);
    for (int32_t slot : code.in) operand(dense(slot, i));
    outputs(code);
    step_.compiled = request_.compiled[i];
    Schedule::Cut own = cut(code.words, code.patches);
    step_.word = own.word;
    step_.units = own.units;
    step_.grain = own.grain;
    step_.small = own.small;
    step_.scratch = own.scratch;
    if (!code.rivals.empty() && request_.provider != nullptr && own.units > 0) choose(code, own, i);
    end_step();
  }

  Schedule::Cut cut(std::span<const int64_t> plain,
                    std::span<const std::pair<int32_t, int32_t>> patches) {
    uint32_t word = words(plain, patches);
    const int64_t* first = &made_->words[word];
    return {word, first[0], grain_of(first[0], first[1]), first[2], is_small(first[0], first[1])};
  }

  void choose(const Instruction& code, const Schedule::Cut& own, size_t i) {
    std::span<const int64_t> of_own(&made_->words[own.word], code.words.size());
    auto choice = request_.provider->choose(program_.kernels[index(code.kernel)],
                                            request_.compiled[i], code.rivals, of_own);
    if (choice == nullptr) return;
    std::vector<Schedule::Cut> cuts{own};
    for (const Rival& rival : code.rivals) {
      cuts.push_back(cut(rival.words, rival.patches));
      step_.scratch = std::max(step_.scratch, cuts.back().scratch);
    }
    step_.choice = static_cast<int32_t>(made_->choices.size());
    made_->choices.push_back({std::move(choice), std::move(cuts)});
  }

  void kernel(const Instruction& code, size_t i) {
    begin_step(Schedule::Kind::kernel, i);
    for (int32_t slot : code.in) slot < 0 ? absent() : operand(slots_[index(slot)]);
    outputs(code);
    step_.kernel = request_.kernels[i];
    step_.word = words(code);
    if (inspected_ && request_.contracts[i] != nullptr) ask_contract(code, request_.contracts[i]);
    end_step();
  }

  Slotted view(const Instruction& code, size_t i) {
    Slotted x = slots_[index(code.in[0])];
    Extents dims = extents(code.out[0]);
    size_t kept = words(code);
    AttrWords attrs{made_->words.data() + kept, code.offsets.data()};
    if (inspected_) inspector().view(x.look, dims, attrs);
    Array y;
    switch (code.view) {
      case ViewKind::reshape: {
        auto same = reshape_view(x.look, dims);
        if (!same) {
          x = copied(x, i);
          same = reshape_view(x.look, dims);
        }
        y = std::move(*same);
        break;
      }
      case ViewKind::transpose: y = transpose(x.look, attrs.ints(0)); break;
      case ViewKind::broadcast: y = broadcast(x.look, dims, attrs.ints(1)); break;
      case ViewKind::slice: y = slice(x.look, attrs.ints(0), dims, attrs.ints(2)); break;
      case ViewKind::reverse: y = reverse(x.look, attrs.ints(0)); break;
    }
    made_->words.resize(kept);
    if (inspected_) {
      // Of an axis of one element the stride means nothing, and may be anything.
      for (size_t k = 0; k < y.dims.size(); ++k) {
        if (y.dims[k] <= 1) y.strides[k] = 1;
      }
    }
    return {x.root, std::move(y)};
  }

  bool whole(const Slotted& used) const {
    const Root& root = roots_[index(used.root)];
    return used.look.data == origin() && used.look.is_dense() && bytes_of(used.look) == root.bytes;
  }

  bool may_lie_over(int32_t step, int32_t input_root, int32_t output_root) const {
    const Schedule::Step& s = made_->steps[index(step)];
    if (s.kind != Schedule::Kind::compiled) return false;
    const Instruction& code = program_.code[index(s.instruction)];
    bool paired = false;
    for (int k = 0; k < s.inputs; ++k) {
      if (operands_[s.operand + index(k)].root != input_root) continue;
      bool pair = std::ranges::any_of(code.in_place, [&](const auto& p) {
        return p.first == k &&
               operands_[s.operand + s.inputs + index(p.second)].root == output_root;
      });
      if (!pair) return false;  // it is read in another way too
      paired = true;
    }
    return paired;
  }

  // Results that take the memory of an input that is given away: where the input is dead by then,
  // and where nothing can fail any more. What a kernel or a check refuses, it refuses before
  // anything is overwritten.
  void donate() {
    int32_t fallible = -1;
    for (int32_t step = 0; step < now(); ++step) {
      const Schedule::Step& s = made_->steps[index(step)];
      bool refuses =
          s.kind == Schedule::Kind::kernel && may_refuse(program_.code[index(s.instruction)].name);
      if (refuses || s.kind == Schedule::Kind::check) fallible = step;
    }
    made_->commit = made_->steps.size();
    std::vector<int32_t> results_of(roots_.size());
    for (const Slotted& result : results_) ++results_of[index(result.root)];
    for (auto [input, result, number] : segment_.donated) {
      if (std::ranges::find(request_.kept, number) != request_.kept.end()) continue;
      const Array& target = *request_.inputs[index(input)];
      const Slotted& value = results_[index(result)];
      bool same_look = value.look.dims == target.dims && value.look.dtype == target.dtype;
      PROA_CHECK(same_look, "a result of another form than the input that it replaces");
      bool wanted = results_of[index(input)] > 0, alone = results_of[index(value.root)] == 1;
      Root& root = roots_[index(value.root)];
      const Root& old = roots_[index(input)];  // roots of inputs come first
      if (root.kind != Root::arena || root.over >= 0 || root.first <= fallible || !alone ||
          wanted || !whole(value) || !target.is_dense())
        continue;
      bool dead = old.last < root.first ||
                  (old.last == root.first && may_lie_over(root.first, input, value.root));
      if (!dead) continue;
      root.over = input;
      ++made_->donated;
      made_->commit = std::min(made_->commit, index(root.first));
    }
  }

  // What leaves the segment gets memory of its own.
  void escape() {
    for (const Slotted& result : results_) {
      Root& root = roots_[index(result.root)];
      if (root.kind == Root::arena && root.over < 0) root.kind = Root::result;
    }
  }

  // A kernel that allows it writes over an input that nobody reads afterwards.
  void share() {
    std::vector<std::vector<uint32_t>> used(roots_.size());  // operands by root
    for (size_t k = 0; k < operands_.size(); ++k) {
      if (operands_[k].root >= 0)
        used[index(operands_[k].root)].push_back(static_cast<uint32_t>(k));
    }
    for (int32_t step = 0; step < now(); ++step) {
      const Schedule::Step& s = made_->steps[index(step)];
      if (s.kind != Schedule::Kind::compiled) continue;
      std::vector<int32_t> taken;  // roots that have met in this step
      for (auto [in, out] : program_.code[index(s.instruction)].in_place) {
        const Used& read = operands_[s.operand + index(in)];
        int32_t from = read.root, to = operands_[s.operand + s.inputs + index(out)].root;
        Root& old = roots_[index(from)];
        Root& root = roots_[index(to)];
        bool met = std::ranges::any_of(taken, [&](int32_t r) { return r == from || r == to; });
        bool dying = old.kind == Root::arena && old.over < 0 && old.last == step;
        bool fits = root.kind != Root::given && root.over < 0 && root.bytes == old.bytes;
        if (met || !dying || !fits || read.offset != 0 || !may_lie_over(step, from, to)) continue;
        ++made_->in_place;
        taken.push_back(from);
        taken.push_back(to);
        if (root.kind == Root::result) {
          old.over = to;  // the older one moves into the result's memory
          continue;
        }
        root.over = from;
        old.last = root.last;
        for (uint32_t k : used[index(to)]) operands_[k].root = from;  // which stands for both now
        used[index(from)].insert(used[index(from)].end(), used[index(to)].begin(),
                                 used[index(to)].end());
        used[index(to)].clear();
      }
    }
  }

  int32_t settled(int32_t root) const {
    while (roots_[index(root)].over >= 0) root = roots_[index(root)].over;
    return root;
  }

  void place() {
    std::vector<PlannedBuffer> planned;
    std::vector<int32_t> of;
    for (size_t r = 0; r < roots_.size(); ++r) {
      Root& root = roots_[r];
      if (root.kind == Root::arena && root.over < 0) {
        root.block = static_cast<int32_t>(planned.size());
        planned.push_back({root.bytes, root.first, root.last});
        of.push_back(static_cast<int32_t>(r));
      } else if (root.kind == Root::result) {
        root.block = static_cast<int32_t>(made_->made.size());
        made_->made.push_back({root.bytes, -1});
      }
    }
    MemoryPlan plan = plan_memory(planned);
    made_->arena = plan.bytes;
    made_->lower_bound = plan.lower_bound;
    for (size_t i = 0; i < planned.size(); ++i) {
      made_->buffers.push_back({planned[i].bytes, plan.offsets[i], planned[i].first,
                                planned[i].last, roots_[index(of[i])].slot});
    }
    auto blocks = static_cast<int32_t>(1 + segment_.inputs.size());
    auto at = [&](int32_t number, int64_t offset) -> Schedule::Place {
      const Root& root = roots_[index(settled(number))];
      switch (root.kind) {
        case Root::arena: return {0, plan.offsets[index(root.block)] + offset};
        case Root::given: return {1 + root.input, offset};
        case Root::result: return {blocks + root.block, offset};
      }
      return {};
    };
    for (const Used& used : operands_)
      made_->places.push_back(used.root < 0 ? Schedule::Place{-1, 0} : at(used.root, used.offset));
    for (size_t i = 0; i < operands_.size(); ++i) {
      Schedule::Look& look = made_->looks[i];
      auto rank = static_cast<int32_t>(operands_[i].root < 0 ? -1 : int64_t(look.dims.size()));
      made_->refs.push_back({nullptr, look.dims.data(), look.strides.data(), rank, look.dtype});
    }
    for (size_t r = 0; r < results_.size(); ++r) {
      const Slotted& result = results_[r];
      const Root& root = roots_[index(settled(result.root))];
      Schedule::Result made;
      made.place = at(result.root, result.look.data - origin());
      made.look = {result.look.dims, result.look.strides, result.look.dtype};
      if (root.kind == Root::result) {
        made.made = root.block;
        int32_t& owner = made_->made[index(root.block)].owner;
        if (owner < 0) owner = static_cast<int32_t>(r);
      }
      made_->results.push_back(std::move(made));
    }
  }

  struct Used {
    int32_t root;
    int64_t offset;
  };

  const ScheduleRequest& request_;
  const Program& program_;
  const Segment& segment_;
  const bool inspected_;
  size_t at_ = 0;  // the instruction that is being looked at
  std::shared_ptr<Schedule> made_;
  std::vector<Slotted> slots_;
  std::vector<Root> roots_;
  std::vector<Used> operands_;
  std::vector<Slotted> results_;
  std::vector<int64_t> flops_;
  std::unordered_map<int32_t, Slotted> dense_;
  Schedule::Step step_{};
};

}  // namespace

std::shared_ptr<const Schedule> make_schedule(const ScheduleRequest& request) {
  return Scheduler(request).run();
}

std::string to_json(const Schedule& schedule, const Program& program) {
  constexpr std::string_view kKinds[] = {"compiled", "kernel", "copy", "check"};
  std::string text =
      str("{\"arena\": ", schedule.arena, ", \"lower_bound\": ", schedule.lower_bound,
          ", \"in_place\": ", schedule.in_place, ", \"donated\": ", schedule.donated,
          ", \"results\": [");
  std::string_view between;
  auto next = [&] {
    text += between;
    between = ", ";
  };
  for (const Schedule::Made& made : schedule.made) next(), text += str(made.bytes);
  text += "], \"steps\": [";
  between = "";
  for (const Schedule::Step& step : schedule.steps) {
    const Instruction& code = program.code[static_cast<size_t>(step.instruction)];
    next();
    text += str("{\"kind\": \"", kKinds[static_cast<size_t>(step.kind)],
                "\", \"name\": ", json_text(code.name), ", \"operations\": ",
                json_text(code.kind == InstructionKind::compiled ? code.operations : std::string()),
                ", \"location\": ", json_text(code.location), ", \"flops\": ", step.flops,
                ", \"bytes\": ", step.bytes, ", \"kernel\": ", code.kernel, "}");
  }
  text += "], \"buffers\": [";
  between = "";
  for (const Schedule::Buffer& b : schedule.buffers) {
    next();
    text += str("{\"bytes\": ", b.bytes, ", \"offset\": ", b.offset, ", \"first\": ", b.first,
                ", \"last\": ", b.last, ", \"slot\": ", b.slot, "}");
  }
  text += "], \"kernels\": [";
  between = "";
  for (const KernelText& kernel : program.kernels) {
    next();
    text += str("{\"name\": ", json_text(kernel.name), ", \"text\": ", json_text(kernel.text), "}");
  }
  return text + "]}";
}

}  // namespace proa::runtime
