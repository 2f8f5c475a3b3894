// Space: what the loops of a fused group run over, and which spaces one group can have at once.
// Why apart from the fuser: a few lines on extents alone, which all its choices rest on.
#pragma once

#include <algorithm>
#include <vector>

#include "proa/ir/symbol/dim.h"

namespace proa::compiler {

// What a group runs over: `dims` without extents of 1, of which `inner` are loops inside each of
// the others. Values of the group have all of these axes or all but the inner ones. The inner axes
// are the last ones, but where `blocked`: there `columns` axes follow them.
struct Space {
  std::vector<ir::Dim> dims;
  size_t inner = 0, columns = 0;
  bool blocked = false;

  size_t outer() const { return dims.size() - inner - columns; }
  std::vector<ir::Dim> kept() const {
    std::vector<ir::Dim> result(dims.begin(), dims.begin() + static_cast<ptrdiff_t>(outer()));
    result.insert(result.end(), dims.end() - static_cast<ptrdiff_t>(columns), dims.end());
    return result;
  }
  bool operator==(const Space&) const = default;
  bool has_outer(const std::vector<ir::Dim>& other) const {
    return other.size() == outer() && std::equal(other.begin(), other.end(), dims.begin());
  }
};

// The space of a group of both, or nothing where they do not go together.
inline bool unite(const Space& a, const Space& b, Space& both) {
  if (a.blocked || b.blocked) {  // what follows from its results may join a blocked reduction
    const Space &whole = a.blocked ? a : b, &other = &whole == &a ? b : a;
    both = whole;
    return other.blocked ? a == b : other.inner == 0 && other.dims == whole.kept();
  }
  const Space &more = a.dims.size() >= b.dims.size() ? a : b, &less = &more == &a ? b : a;
  if (more.dims == less.dims) {
    both = more;
    if (less.inner == 0 || more.inner == less.inner) return true;
    both.inner = less.inner;
    return more.inner == 0;
  }
  // The smaller one is the outer part of the larger one. An outer part without axes is one element,
  // whose loop nobody could share.
  if (less.inner != 0 || less.dims.empty()) return false;
  both = more;
  if (more.inner == 0) both.inner = more.dims.size() - less.dims.size();
  return both.has_outer(less.dims);
}

}  // namespace proa::compiler
