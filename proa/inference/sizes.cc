#include "proa/inference/sizes.h"

#include <algorithm>

#include "proa/base/error.h"

namespace proa::inference {

std::vector<int64_t> values_of(const program::Package& package, const Sizes& sizes,
                               std::string_view argument) {
  const auto& symbols = package.symbols();
  std::vector<int64_t> values;
  for (const auto& symbol : symbols) values.push_back(std::max<int64_t>(symbol.low, 1));
  for (const auto& [name, size] : sizes) {
    auto at = std::ranges::find(symbols, name, &program::PackageSymbol::name);
    if (at == symbols.end()) {
      std::vector<std::string> names;
      for (const auto& symbol : symbols) names.push_back(str("'", symbol.name, "'"));
      throw UserError(ErrorKind::key, "predictor", argument,
                      str("the model has no size '", name, "'; it has ",
                          names.empty() ? std::string("none") : join(names, ", ")));
    }
    if (size < at->low || size > at->high) {
      throw UserError(ErrorKind::shape, "predictor", argument,
                      str("expected ", name, " in ", at->low, "..",
                          at->high == INT64_MAX ? std::string() : str(at->high), ", got ", size));
    }
    values[static_cast<size_t>(at - symbols.begin())] = size;
  }
  return values;
}

std::vector<int64_t> dims_of(const program::PackageTensor& tensor,
                             std::span<const int64_t> values) {
  std::vector<int64_t> dims;
  for (const auto& dim : tensor.dims)
    dims.push_back(dim.symbol >= 0 ? values[static_cast<size_t>(dim.symbol)] : dim.extent);
  return dims;
}

}  // namespace proa::inference
