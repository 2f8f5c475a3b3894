#include "proa/program/kernel.h"

#include <algorithm>
#include <bit>

#include "proa/base/error.h"
#include "proa/program/refusing.h"

namespace proa::program {

bool TensorRef::dense() const {
  int64_t expected = 1;
  for (int i = rank - 1; i >= 0; --i) {
    if (dims[i] == 0) return true;
    if (dims[i] != 1 && strides[i] != expected) return false;
    expected *= dims[i];
  }
  return true;
}

double AttrWords::real(int k) const { return std::bit_cast<double>(words[offsets[k]]); }

void KernelTable::add(std::span<const KernelEntry> entries) {
  for (const KernelEntry& entry : entries) {
    auto at = std::lower_bound(entries_.begin(), entries_.end(), entry.name,
                               [](const KernelEntry& e, std::string_view n) { return e.name < n; });
    PROA_CHECK(at == entries_.end() || at->name != entry.name, "a second kernel for ", entry.name);
    entries_.insert(at, entry);
  }
}

KernelFn KernelTable::find(std::string_view name) const {
  auto at = std::lower_bound(entries_.begin(), entries_.end(), name,
                             [](const KernelEntry& e, std::string_view n) { return e.name < n; });
  return at != entries_.end() && at->name == name ? at->run : nullptr;
}

std::vector<std::string_view> KernelTable::names() const {
  std::vector<std::string_view> names;
  for (const KernelEntry& entry : entries_) names.push_back(entry.name);
  return names;
}

namespace {

std::vector<std::string_view>& refusing() {
  static auto* names = new std::vector<std::string_view>();
  return *names;
}

}  // namespace

void add_refusing(std::span<const KernelEntry> entries) {
  for (const KernelEntry& entry : entries) refusing().push_back(entry.name);
}

bool may_refuse(std::string_view kernel) {
  return !kernel.starts_with("prim.") || std::ranges::find(refusing(), kernel) != refusing().end();
}

}  // namespace proa::program
