#include "proa/program/contract.h"

#include <algorithm>
#include <vector>

#include "proa/base/checked.h"
#include "proa/base/error.h"

namespace proa::program {

namespace {

std::string name_of(const Call::Port& port) {
  return str(port.result ? "result " : "operand ", port.number);
}

std::vector<ContractEntry>& contracts() {  // by name
  static auto* entries = new std::vector<ContractEntry>();
  return *entries;
}

}  // namespace

void add_contracts(std::span<const ContractEntry> entries) {
  for (const ContractEntry& entry : entries) {
    auto at = std::ranges::lower_bound(contracts(), entry.name, {}, &ContractEntry::name);
    if (at == contracts().end() || at->name != entry.name) contracts().insert(at, entry);
  }
}

ContractFn contract_of(std::string_view kernel) {
  auto at = std::ranges::lower_bound(contracts(), kernel, {}, &ContractEntry::name);
  return at != contracts().end() && at->name == kernel ? at->check : nullptr;
}

void Call::fail(std::string_view what) const {
  throw UserError(ErrorKind::io, str("the program does not hold together: ", place_, ": ", what));
}

void Call::takes(size_t operands, size_t results, size_t attributes) const {
  require(in_.size() == operands, "expected ", operands, " operands, got ", in_.size());
  require(out_.size() == results, "expected ", results, " results, got ", out_.size());
  takes_some(operands, attributes);
}

void Call::takes_some(size_t operands, size_t attributes) const {
  require(in_.size() >= operands, "expected ", operands, " operands or more, got ", in_.size());
  size_t given = offsets_.empty() ? 0 : offsets_.size() - 1;
  require(given == attributes, "expected ", attributes, " attributes, got ", given);
}

Call::Port Call::in(size_t k) const {
  require(present(k), "operand ", k, " is absent");
  return {this, &in_[k], false, k};
}

std::span<const int64_t> Call::list(size_t k) const {
  return words_.subspan(static_cast<size_t>(offsets_[k]),
                        static_cast<size_t>(offsets_[k + 1] - offsets_[k]));
}

std::span<const int64_t> Call::list(size_t k, int count) const {
  auto words = list(k);
  require(words.size() == static_cast<size_t>(count), "attribute ", k, ": expected ", count,
          " words, got ", words.size());
  return words;
}

std::span<const int64_t> Call::list(size_t k, int count, int64_t low, int64_t high) const {
  auto words = list(k, count);
  for (int64_t word : words) {
    require(word >= low && word <= high, "attribute ", k, ": expected ", low, "..", high, ", got ",
            word);
  }
  return words;
}

int64_t Call::number(size_t k, int64_t low, int64_t high) const { return list(k, 1, low, high)[0]; }

bool Call::flag(size_t k) const { return number(k, 0, 1) != 0; }

int Call::axis(size_t k, int rank) const {
  auto axis = static_cast<int>(number(k, -rank, int64_t{rank} - 1));
  return axis < 0 ? axis + rank : axis;
}

Call::Axes Call::axes(size_t k, int rank) const {
  Axes axes;
  for (int64_t word : list(k)) {
    require(word >= -rank && word < rank, "attribute ", k, ": expected axes of ", -rank, "..",
            rank - 1, ", got ", word);
    auto axis = static_cast<int>(word < 0 ? word + rank : word);
    require(std::find(axes.begin(), axes.end(), axis) == axes.end(), "attribute ", k, ": axis ",
            axis, " twice");
    axes.push_back(axis);
  }
  return axes;
}

int64_t Call::add(int64_t a, int64_t b) const {
  auto sum = checked_add(a, b);
  require(sum.has_value(), a, " + ", b, " is no size");
  return *sum;
}

int64_t Call::multiply(int64_t a, int64_t b) const {
  auto product = checked_mul(a, b);
  require(product.has_value(), a, " * ", b, " is no size");
  return *product;
}

const Call::Port& Call::Port::of(DTypeSet dtypes) const {
  if (!contains(dtypes, dtype())) {
    call->fail(str(name_of(*this), " is ", to_string(dtype()), ", which is not legal there"));
  }
  return *this;
}

const Call::Port& Call::Port::with_rank(int expected) const {
  if (rank() != expected) {
    call->fail(str(name_of(*this), ": expected ", expected, " axes, got ", list_str(dims())));
  }
  return *this;
}

const Call::Port& Call::Port::with_rank_from(int least) const {
  if (rank() < least) {
    call->fail(str(name_of(*this), ": expected ", least, " axes or more, got ", list_str(dims())));
  }
  return *this;
}

const Call::Port& Call::Port::with_dims(std::span<const int64_t> expected) const {
  if (!std::ranges::equal(dims(), expected)) {
    call->fail(str(name_of(*this), ": expected the shape ", list_str(expected), ", got ",
                   list_str(dims())));
  }
  return *this;
}

const Call::Port& Call::Port::like(const Port& other) const {
  return of(other.dtype()).with_dims(other.dims());
}

}  // namespace proa::program
