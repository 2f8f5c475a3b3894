#include "proa/transform/recompute.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/rules.h"
#include "proa/ir/symbol/facts.h"

namespace proa::transform {

using namespace ir;

namespace {

constexpr size_t kMostCopies = 64;  // operations for one value

bool is_layout(const Operation& op) {
  return op.is("prim.reshape") || op.is("prim.transpose") || op.is("prim.broadcast") ||
         op.is("prim.slice") || op.is("prim.reverse");
}

class Recomputer {
 public:
  Recomputer(Module& module, Func func, int64_t budget)
      : facts_(module.facts()), func_(func), budget_(budget) {}

  Recomputation run() {
    Recomputation done;
    look();
    done.before = done.after = peak_;
    // Each round takes one life apart; the number of rounds has a bound whatever they win.
    size_t rounds = 2 * memory_.size();
    for (bool cheap : {true, false}) {
      for (; peak_ > budget_ && rounds > 0; --rounds) {
        std::vector<Operation*> cone;
        Value value = best(cheap, cone);
        if (!value) break;
        done.copies += static_cast<int64_t>(cone.size());
        again(value, cone);
        look();
      }
    }
    done.after = peak_;
    return done;
  }

 private:
  // Memory with one maker; layout operations look into that of their operand.
  struct Memory {
    Value made;
    int64_t bytes = 0;
    size_t first = 0, last = 0;
    bool counted = true;  // not an argument, a constant or a result
  };

  Value root(Value value) const {
    while (value.definer() != nullptr && is_layout(*value.definer()))
      value = value.definer()->operand(0);
    return value;
  }

  int64_t bytes_of(Value value) {
    int64_t bytes = static_cast<int64_t>(size_of(value.dtype()));
    for (Dim d : value.dims()) {
      int64_t extent = facts_.likely(d).value_or(64);
      if (__builtin_mul_overflow(bytes, std::max<int64_t>(extent, 0), &bytes)) return INT64_MAX / 4;
    }
    return bytes;
  }

  // Lives of all values, and where most of them are alive.
  void look() {
    memory_.clear();
    index_.clear();
    at_.clear();
    size_t count = 0;
    for (Operation& op : func_.body()) at_[&op] = count++;
    auto add = [&](Value value, size_t step, bool counted) {
      index_[value.impl()] = memory_.size();
      memory_.push_back({value, bytes_of(value), step, step, counted});
    };
    for (Value argument : func_.arguments()) add(argument, 0, false);
    for (Operation& op : func_.body()) {
      size_t step = at_[&op];
      bool ends = op.info().has(Trait::terminator);
      for (Value operand : op.operands()) {
        Memory& used = memory_[index_.at(root(operand).impl())];
        used.last = step;
        if (ends) used.counted = false;
      }
      if (is_layout(op)) continue;
      for (Value result : op.results()) add(result, step, !op.info().has(Trait::constant_like));
    }
    std::vector<int64_t> change(count + 1);
    for (const Memory& m : memory_) {
      if (!m.counted) continue;
      change[m.first] += m.bytes;
      change[m.last + 1] -= m.bytes;
    }
    int64_t alive = 0;
    peak_ = 0;
    for (size_t step = 0; step < count; ++step) {
      alive += change[step];
      if (alive > peak_) {
        peak_ = alive;
        fullest_ = step;
      }
    }
  }

  bool may_repeat(const Operation& op, bool cheap) const {
    const OpInfo& info = op.info();
    if (!info.has(Trait::pure) || info.has(Trait::terminator) || op.region_count() > 0 ||
        op.is("prim.barrier") || op.is("prim.custom_call"))
      return false;
    if (const Page* page = info.page.get(); page != nullptr && page->effects == Effects::rng) {
      std::vector<int64_t> segments = segments_of(op);
      for (size_t i = 0; i < page->operands.size(); ++i) {
        if (page->operands[i].rng_key && segments[i] == 0) return false;
      }
    }
    if (!cheap) return true;
    // As many flops as results, or a few more: not a product of matrices.
    if (info.page == nullptr || info.page->cost == nullptr) return true;
    std::vector<Type> operands, results;
    for (Value v : op.operands()) operands.push_back(v.type());
    for (Value v : op.results()) results.push_back(v.type());
    Cost cost(*info.page, op.attrs(), operands, results);
    info.page->cost(cost);
    int64_t elements = 1;
    for (Type type : results) {
      for (Dim d : type.dims()) {
        if (facts_.likely(d).value_or(64) > 0) elements *= facts_.likely(d).value_or(64);
      }
    }
    return facts_.likely(cost.flops()).value_or(INT64_MAX) / 32 <= elements;
  }

  // The first reader of the memory behind the fullest step, and whether nobody reads it there.
  Operation* late_reader(Value value) const {
    Operation* first = nullptr;
    std::vector<Value> looks{value};
    for (size_t i = 0; i < looks.size(); ++i) {
      bool ends = false;
      looks[i].each_use([&](Use& use) {
        Operation* reader = use.owner;
        while (reader->block() != &func_.body()) reader = reader->parent();
        size_t step = at_.at(reader);
        ends |= step == fullest_;
        if (is_layout(*reader) && step < fullest_) looks.push_back(reader->result());
        else if (step > fullest_ && (first == nullptr || step < at_.at(first))) first = reader;
      });
      if (ends) return nullptr;
    }
    return first;
  }

  // What must be done again for `value` right before step `until`: all whose operands would not be
  // there otherwise. False where that is too much, or would keep other memory alive.
  bool collect(Value value, size_t until, bool cheap, std::vector<Operation*>& cone,
               std::unordered_set<Operation*>& seen) {
    Operation* op = value.definer();
    if (op == nullptr) return true;  // an argument
    if (!seen.insert(op).second) return true;
    if (op->info().has(Trait::constant_like)) return true;
    if (!may_repeat(*op, cheap) || seen.size() > kMostCopies) return false;
    for (Value operand : op->operands()) {
      const Memory& m = memory_[index_.at(root(operand).impl())];
      bool there = !m.counted || m.last >= until;
      if (there && (operand.definer() == nullptr || at_.at(operand.definer()) < until)) continue;
      if (!collect(operand, until, cheap, cone, seen)) return false;
    }
    cone.push_back(op);  // operands first
    return true;
  }

  Value best(bool cheap, std::vector<Operation*>& cone) {
    Value found;
    double most = 0;
    for (const Memory& m : memory_) {
      if (!m.counted || m.first >= fullest_ || m.last <= fullest_ || m.bytes == 0) continue;
      Operation* reader = late_reader(m.made);
      if (reader == nullptr) continue;
      std::vector<Operation*> needed;
      std::unordered_set<Operation*> seen;
      if (!collect(m.made, at_.at(reader), cheap, needed, seen) || needed.empty()) continue;
      double worth = static_cast<double>(m.bytes) / static_cast<double>(needed.size());
      if (worth > most) {
        most = worth;
        found = m.made;
        cone = needed;
      }
    }
    return found;
  }

  // Copies stand before the first late reader; late readers read them.
  void again(Value value, const std::vector<Operation*>& cone) {
    Operation* reader = late_reader(value);
    ValueMap map;
    for (Operation* op : cone) {
      Operation* copy = clone(*op, map);
      func_.body().insert(copy, reader);
      for (size_t i = 0; i < op->result_count(); ++i) map.set(op->result(i), copy->result(i));
    }
    replace_late(value, map.at(value), reader);
  }

  void replace_late(Value old, Value now, Operation* reader) {
    struct Late {
      Operation* owner;
      size_t operand;
    };
    std::vector<Late> late;
    std::vector<Operation*> early_looks;
    old.each_use([&](Use& use) {
      Operation* at = use.owner;
      while (at->block() != &func_.body()) at = at->parent();
      auto step = at_.find(at);
      if (step == at_.end()) return;  // one of the copies
      if (step->second > fullest_) {
        for (size_t i = 0; i < use.owner->operand_count(); ++i) {
          if (use.owner->operand(i) == old) late.push_back({use.owner, i});
        }
      } else if (is_layout(*at)) {
        early_looks.push_back(at);
      }
    });
    for (const Late& one : late) one.owner->set_operand(one.operand, now);
    for (Operation* look : early_looks) {
      bool wanted = false;
      look->result().each_use([&](Use& use) {
        Operation* at = use.owner;
        while (at->block() != &func_.body()) at = at->parent();
        auto step = at_.find(at);
        wanted |= step != at_.end() && (step->second > fullest_ || is_layout(*at));
      });
      if (!wanted) continue;
      ValueMap map;
      map.set(old, now);
      Operation* copy = clone(*look, map);
      func_.body().insert(copy, reader);
      replace_late(look->result(), copy->result(), reader);
    }
  }

  Facts& facts_;
  Func func_;
  int64_t budget_;
  std::vector<Memory> memory_;
  std::unordered_map<const ValueImpl*, size_t> index_;
  std::unordered_map<const Operation*, size_t> at_;
  int64_t peak_ = 0;
  size_t fullest_ = 0;
};

}  // namespace

Recomputation recompute(Module& module, Func func, int64_t budget) {
  return Recomputer(module, func, budget).run();
}

}  // namespace proa::transform
