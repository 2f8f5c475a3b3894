#include "proa/ir/contents.h"

#include "proa/ir/dialect.h"

namespace proa::ir {

namespace {

constexpr int kDeepest = 64;  // operations on the way to the sources

bool small_integers(Value value) {
  Type type = value.type();
  if (!type.is_tensor() || !is_int(type.dtype()) || !type.is_static()) return false;
  int64_t count = 1;
  for (Dim dim : type.dims()) {
    if (dim.constant() > kMostContents) return false;
    count *= dim.constant();
    if (count > kMostContents) return false;
  }
  return true;
}

// Each value once: graphs of shape arithmetic share their parts.
class Finder {
 public:
  Contents::Known find(Value value, int depth = 0) {
    if (!small_integers(value)) return std::nullopt;
    for (auto& [seen, known] : seen_) {
      if (seen == value) return known;
    }
    Contents::Known known = visit(value, depth);
    seen_.emplace_back(value, known);
    return known;
  }

 private:
  Contents::Known visit(Value value, int depth) {
    Operation* op = value.definer();
    if (op == nullptr || depth > kDeepest) return std::nullopt;
    const Page* page = op->info().page.get();
    if (page == nullptr || page->contents == nullptr) return std::nullopt;
    std::vector<Value> operands = op->operands(), results = op->results();
    std::vector<Contents::Known> known;
    for (Value operand : operands) known.push_back(find(operand, depth + 1));
    std::vector<int64_t> segments = segments_of(*op);
    Contents view(*page, op->attrs(), operands, segments, known, results);
    page->contents(view);
    return view.given(static_cast<int>(value.index()));
  }

  std::vector<std::pair<Value, Contents::Known>> seen_;
};

}  // namespace

Contents::Contents(const Page& page, const AttrList& attrs, std::span<const Value> operands,
                   std::span<const int64_t> segments, std::span<const Known> known,
                   std::span<const Value> results)
    : AttrView(page, attrs),
      operands_(operands),
      segments_(segments),
      known_(known),
      results_(results),
      given_(results.size()) {}

size_t Contents::flat(int operand, int k) const {
  int64_t flat = k;
  for (int i = 0; i < operand; ++i) flat += segments_[static_cast<size_t>(i)];
  return static_cast<size_t>(flat);
}

Type Contents::type(int operand, int k) const { return operands_[flat(operand, k)].type(); }

const std::vector<Dim>* Contents::of(int operand, int k) const {
  const Known& known = known_[flat(operand, k)];
  return known ? &*known : nullptr;
}

void Contents::result(int k, std::vector<Dim> dims) {
  given_[static_cast<size_t>(k)] = std::move(dims);
}

Contents::Known contents_of(Value value) { return Finder().find(value); }

}  // namespace proa::ir
