#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <vector>

#include "proa/ir/symbol/node.h"
#include "proa/ir/symbol/poly.h"

namespace proa::ir {
namespace {

// Recursion over dims (printing, evaluation, substitution) is bounded by this.
constexpr uint32_t kMaxDepth = 1000;
constexpr int kShards = 16;

uint64_t mix(uint64_t hash, uint64_t value) {
  hash ^= value + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
  hash *= 0xff51afd7ed558ccdu;
  return hash ^ (hash >> 32);
}

// FNV-1a.
uint64_t hash_text(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

uint64_t hash_node(const DimNode& node) {
  uint64_t hash = mix(static_cast<uint64_t>(node.kind), static_cast<uint64_t>(node.offset));
  if (node.kind == DimKind::symbol) return mix(hash, hash_text(node.name));
  for (Dim operand : node.operands) hash = mix(hash, operand.hash());
  for (const DimTerm& term : node.terms) {
    hash = mix(mix(hash, static_cast<uint64_t>(term.coefficient)), term.factor.hash());
  }
  return hash;
}

bool same(const DimNode& a, const DimNode& b) {
  if (a.hash != b.hash || a.kind != b.kind || a.offset != b.offset) return false;
  if (a.kind == DimKind::symbol) return a.name == b.name;
  return std::equal(a.operands.begin(), a.operands.end(), b.operands.begin(), b.operands.end()) &&
         std::equal(a.terms.begin(), a.terms.end(), b.terms.begin(), b.terms.end());
}

bool square(std::span<const Dim> factors) {  // sorted
  bool pairs = factors.size() % 2 == 0;
  for (size_t i = 0; i < factors.size() && pairs; i += 2) pairs = factors[i] == factors[i + 1];
  return pairs;
}

// Bounds, stride and depth of a node, from those of its parts.
void describe(DimNode& node) {
  auto deepen = [&](Dim part) {
    if (const DimNode* inner = DimNode::of(part))
      node.depth = std::max(node.depth, inner->depth + 1);
  };
  for (Dim operand : node.operands) deepen(operand);
  for (const DimTerm& term : node.terms) deepen(term.factor);
  if (node.depth > kMaxDepth) {
    throw UserError(ErrorKind::value, "dim", "",
                    str("a dim expression nested more than ", kMaxDepth, " deep"));
  }
  auto fold = [&](auto combine_bounds, auto combine_strides) {
    node.bounds = node.operands[0].bounds();
    node.stride = node.operands[0].stride();
    for (Dim operand : node.operands.subspan(1)) {
      node.bounds = combine_bounds(node.bounds, operand.bounds());
      node.stride = combine_strides(node.stride, operand.stride());
    }
  };
  using Bounds = Interval (*)(Interval, Interval);
  switch (node.kind) {
    case DimKind::constant:
      node.bounds = {node.offset, node.offset};
      node.stride = {0, node.offset};
      break;
    case DimKind::symbol:
      node.bounds = {node.info->lo, node.info->hi};
      node.stride = make_stride(node.info->divisor, node.info->residue);
      break;
    case DimKind::sum:
      node.bounds = bounds(node.offset, node.terms);
      node.stride = stride(node.offset, node.terms);
      break;
    case DimKind::product:
      fold([](Interval a, Interval b) { return a * b; }, [](Stride a, Stride b) { return a * b; });
      if (square(node.operands)) node.bounds.lo = std::max<int64_t>(node.bounds.lo, 0);
      break;
    case DimKind::floordiv: {
      Dim divisor = node.operands[1];
      node.bounds = floordiv(node.operands[0].bounds(), divisor.bounds());
      if (divisor.is_const()) {
        node.stride = floordiv(node.operands[0].stride(), divisor.constant());
      }
      break;
    }
    case DimKind::mod: {
      Dim divisor = node.operands[1];
      node.bounds = mod(node.operands[0].bounds(), divisor.bounds());
      if (divisor.is_const()) node.stride = mod(node.operands[0].stride(), divisor.constant());
      break;
    }
    case DimKind::max: fold(static_cast<Bounds>(max), join); break;
    case DimKind::min: fold(static_cast<Bounds>(min), join); break;
  }
}

// Nodes of one hash class: an open-addressing table and the memory of the nodes.
class Shard {
 public:
  const DimNode* intern(const DimNode& draft) {
    std::lock_guard lock(mutex_);
    if (2 * (count_ + 1) > slots_.size()) rehash();
    size_t at = home(draft.hash);
    for (; slots_[at].node != nullptr; at = next(at)) {
      if (slots_[at].hash == draft.hash && same(*slots_[at].node, draft)) return slots_[at].node;
    }
    DimNode node = draft;
    describe(node);
    node.operands = copy(draft.operands);
    node.terms = copy(draft.terms);
    node.name = {copy(std::span<const char>(draft.name)).data(), draft.name.size()};
    if (draft.info != nullptr) node.info = copy(std::span(draft.info, 1)).data();
    slots_[at] = {draft.hash, copy(std::span<const DimNode>(&node, 1)).data()};
    ++count_;
    return slots_[at].node;
  }
  size_t size() const {
    std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  struct Slot {
    uint64_t hash = 0;
    const DimNode* node = nullptr;
  };

  size_t home(uint64_t hash) const { return (hash >> 8) & (slots_.size() - 1); }
  size_t next(size_t at) const { return (at + 1) & (slots_.size() - 1); }
  void rehash() {
    std::vector<Slot> old = std::move(slots_);
    slots_.assign(old.empty() ? 64 : old.size() * 2, Slot());
    for (const Slot& slot : old) {
      if (slot.node == nullptr) continue;
      size_t at = home(slot.hash);
      while (slots_[at].node != nullptr) at = next(at);
      slots_[at] = slot;
    }
  }
  template <class T>
  std::span<const T> copy(std::span<const T> values) {
    if (values.empty()) return {};
    static_assert(std::is_trivially_destructible_v<T>);
    size_t bytes = (values.size_bytes() + 15) & ~size_t{15};
    if (bytes > left_) {
      left_ = std::max<size_t>(bytes, 4096);
      blocks_.emplace_back(new std::byte[left_]);
      top_ = blocks_.back().get();
    }
    T* to = reinterpret_cast<T*>(top_);
    for (size_t i = 0; i < values.size(); ++i) new (to + i) T(values[i]);
    top_ += bytes;
    left_ -= bytes;
    return {to, values.size()};
  }

  mutable std::mutex mutex_;
  std::vector<Slot> slots_;
  size_t count_ = 0;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::byte* top_ = nullptr;
  size_t left_ = 0;
};

void check_name(std::string_view name) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  bool good = !name.empty() && letter(name[0]);
  for (char c : name) good = good && (letter(c) || (c >= '0' && c <= '9') || c == '.');
  for (std::string_view word : {"floordiv", "ceildiv", "mod", "max", "min"})
    good = good && name != word;
  if (good) return;
  throw UserError(ErrorKind::value, "symbol", "name",
                  str("expected letters, digits, _ and ., not starting with a digit and none of "
                      "floordiv, ceildiv, mod, max, min; got '",
                      name, "'"));
}

// Moves finite ends inward to the nearest values of the residue class.
SymbolInfo tightened(SymbolInfo info) {
  int64_t end;
  if (info.lo != kMinusInfinity) {
    int64_t up = floor_remainder(
        floor_remainder(info.residue, info.divisor) - floor_remainder(info.lo, info.divisor),
        info.divisor);
    if (!__builtin_add_overflow(info.lo, up, &end)) info.lo = end;
  }
  if (info.hi != kInfinity) {
    int64_t down =
        floor_remainder(floor_remainder(info.hi, info.divisor) - info.residue, info.divisor);
    if (!__builtin_sub_overflow(info.hi, down, &end)) info.hi = end;
  }
  return info;
}

SymbolInfo checked_declaration(std::string_view name, SymbolInfo info) {
  check_name(name);
  if (info.divisor < 1) {
    throw UserError(ErrorKind::value, "symbol", name,
                    str("expected a divisor >= 1, got ", info.divisor));
  }
  info.residue = floor_remainder(info.residue, info.divisor);
  SymbolInfo tight = tightened(info);
  if (tight.lo <= tight.hi) return tight;
  throw UserError(ErrorKind::value, "symbol", name,
                  str("no value in ", to_string(Interval{info.lo, info.hi}), " is ", info.residue,
                      " modulo ", info.divisor));
}

}  // namespace

struct SymbolArena::Storage {
  std::array<Shard, kShards> shards;
  mutable std::mutex mutex;
  std::map<std::string, Dim, std::less<>> symbols;
  std::map<std::string, int64_t, std::less<>> next;  // number of each prefix
  std::atomic<int64_t> serial{0};

  Dim declare(SymbolArena& arena, std::string_view name, const SymbolInfo& info) {  // under `mutex`
    DimNode draft;
    draft.arena = &arena;
    draft.kind = DimKind::symbol;
    draft.name = name;
    draft.info = &info;
    return symbols.emplace(name, DimNode::intern(draft)).first->second;
  }
};

SymbolArena::SymbolArena() : storage_(std::make_unique<Storage>()) {}
SymbolArena::~SymbolArena() = default;

Dim SymbolArena::symbol(std::string_view name, const SymbolInfo& declared) {
  SymbolInfo info = checked_declaration(name, declared);
  std::lock_guard lock(storage_->mutex);
  auto found = storage_->symbols.find(name);
  if (found == storage_->symbols.end()) return storage_->declare(*this, name, info);
  if (found->second.info() == info) return found->second;
  throw UserError(ErrorKind::value, "symbol", name,
                  "already declared with another range or stride");
}

Dim SymbolArena::symbol(std::string_view name) {
  if (std::optional<Dim> known = find(name)) return *known;
  return symbol(name, SymbolInfo());
}

std::optional<Dim> SymbolArena::find(std::string_view name) const {
  std::lock_guard lock(storage_->mutex);
  auto found = storage_->symbols.find(name);
  if (found == storage_->symbols.end()) return std::nullopt;
  return found->second;
}

Dim SymbolArena::fresh(std::string_view prefix, const SymbolInfo& declared) {
  SymbolInfo info = checked_declaration(prefix, declared);
  std::lock_guard lock(storage_->mutex);
  int64_t& next = storage_->next.try_emplace(std::string(prefix), 0).first->second;
  for (;;) {
    std::string name = str(prefix, next++);
    if (!storage_->symbols.contains(name)) return storage_->declare(*this, name, info);
  }
}

size_t SymbolArena::size() const {
  size_t count = 0;
  for (const Shard& shard : storage_->shards) count += shard.size();
  return count;
}

Dim DimNode::nameless(SymbolArena& arena, std::string_view name, const SymbolInfo& info) {
  SymbolInfo tight = tightened(info);
  DimNode draft;
  draft.arena = &arena;
  draft.kind = DimKind::symbol;
  draft.offset = ++arena.storage_->serial;
  draft.name = name;
  draft.info = &tight;
  return intern(draft);
}

Dim DimNode::intern(const DimNode& draft) {
  DimNode node = draft;
  node.hash = hash_node(node);
  return wrap(draft.arena->storage_->shards[node.hash % kShards].intern(node));
}

Dim DimNode::intern(DimKind kind, std::span<const Dim> operands) {
  DimNode draft;
  draft.kind = kind;
  draft.operands = operands;
  for (Dim operand : operands) {
    if (operand.arena() == nullptr) continue;
    PROA_CHECK(draft.arena == nullptr || draft.arena == operand.arena(), "dims of two contexts");
    draft.arena = operand.arena();
  }
  return intern(draft);
}

Dim DimNode::intern_sum(int64_t offset, std::span<const DimTerm> terms) {
  DimNode draft;
  draft.kind = DimKind::sum;
  draft.offset = offset;
  draft.terms = terms;
  for (const DimTerm& term : terms) {
    PROA_CHECK(draft.arena == nullptr || draft.arena == term.factor.arena(),
               "dims of two contexts");
    draft.arena = term.factor.arena();
  }
  return intern(draft);
}

// Boxed constants belong to no context: there are few of them, and they live for ever.
Dim Dim::box(int64_t value) {
  static std::mutex mutex;
  static auto* boxes = new std::map<int64_t, DimNode>();
  std::lock_guard lock(mutex);
  auto [at, is_new] = boxes->try_emplace(value);
  if (is_new) {
    DimNode& node = at->second;
    node.offset = value;
    describe(node);
    node.hash = hash_node(node);
  }
  return DimNode::wrap(&at->second);
}

}  // namespace proa::ir
