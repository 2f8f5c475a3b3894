#include "proa/transform/cse.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/rules.h"

namespace proa::transform {

using namespace ir;

namespace {

bool commutes(const Operation& op) {
  return op.info().has(Trait::commutative) && op.operand_count() == 2;
}

// A draw is a function of its key; one without a key in its operands is not the same twice.
bool is_keyed(const Operation& op) {
  const Page* page = op.info().page.get();
  if (page == nullptr || page->effects != Effects::rng) return true;
  std::vector<int64_t> segments = segments_of(op);
  for (size_t i = 0; i < page->operands.size(); ++i) {
    if (page->operands[i].rng_key && segments[i] == 0) return false;
  }
  return true;
}

bool may_merge(const Operation& op) {
  const OpInfo& info = op.info();
  return (info.has(Trait::pure) || info.has(Trait::constant_like)) &&
         !info.has(Trait::terminator) && !info.has(Trait::symbol) && op.region_count() == 0 &&
         op.result_count() > 0 && !op.is("prim.barrier") && is_keyed(op);
}

// By addresses, which is fine for finding: the order in which operations are kept is that of the
// block.
uint64_t hash_of(const Operation& op) {
  auto mix = [](uint64_t h, uint64_t word) {
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    return h ^ (h >> 32);
  };
  auto address = [](const void* p) {
    return static_cast<uint64_t>(reinterpret_cast<uintptr_t>(p));
  };
  uint64_t h = mix(address(&op.info()), op.attrs().hash());
  if (commutes(op)) {
    h = mix(h, mix(1, address(op.operand(0).impl())) + mix(1, address(op.operand(1).impl())));
  } else {
    for (size_t i = 0; i < op.operand_count(); ++i) h = mix(h, address(op.operand(i).impl()));
  }
  for (size_t i = 0; i < op.result_count(); ++i) h = mix(h, address(op.result(i).type().storage()));
  return h;
}

bool equal(const Operation& a, const Operation& b) {
  if (&a.info() != &b.info() || a.operand_count() != b.operand_count() ||
      a.result_count() != b.result_count() || !(a.attrs() == b.attrs())) {
    return false;
  }
  for (size_t i = 0; i < a.result_count(); ++i) {
    if (a.result(i).type() != b.result(i).type()) return false;
  }
  bool straight = true;
  for (size_t i = 0; i < a.operand_count(); ++i) straight &= a.operand(i) == b.operand(i);
  return straight || (commutes(a) && a.operand(0) == b.operand(1) && a.operand(1) == b.operand(0));
}

int64_t merge(Block& block) {
  int64_t merged = 0;
  std::unordered_map<uint64_t, std::vector<Operation*>> seen;
  for (Operation* op = block.front(); op != nullptr;) {
    Operation* next = op->next();
    for (size_t r = 0; r < op->region_count(); ++r) {
      for (size_t b = 0; b < op->region(r).block_count(); ++b)
        merged += merge(op->region(r).block(b));
    }
    if (may_merge(*op)) {
      std::vector<Operation*>& alike = seen[hash_of(*op)];
      auto first =
          std::ranges::find_if(alike, [&](Operation* other) { return equal(*other, *op); });
      if (first == alike.end()) {
        alike.push_back(op);
      } else {
        for (size_t i = 0; i < op->result_count(); ++i) {
          op->result(i).replace_uses((*first)->result(i));
        }
        op->erase();
        ++merged;
      }
    }
    op = next;
  }
  return merged;
}

}  // namespace

int64_t merge_equal(Module& module) { return merge(module.body()); }

}  // namespace proa::transform
