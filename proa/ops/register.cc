#include "proa/ops/register.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "proa/base/str.h"
#include "proa/ir/context.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"

// A family is one line here: NAME stands for `std::vector<ir::Page> proa::ops::NAME_pages()`.
// clang-format off
#define PROA_PRIMITIVE_FAMILIES(family) \
  family(unary)                         \
  family(binary)                        \
  family(select_complex)                \
  family(create)                        \
  family(layout)                        \
  family(reduce)                        \
  family(scan)                          \
  family(index)                         \
  family(sort)                          \
  family(contraction)                   \
  family(fft)                           \
  family(factorization)                 \
  family(decomposition)                 \
  family(structure)                     \
  family(control)                       \
  family(calling)

#define PROA_TENSOR_FAMILIES(family) \
  family(arithmetic)                 \
  family(comparison)                 \
  family(elementary)                 \
  family(creation)                   \
  family(reshaping)                  \
  family(joining)                    \
  family(product)                    \
  family(convolution)                \
  family(attention)                  \
  family(random)                     \
  family(loss)                       \
  family(indexing)                   \
  family(selection)                  \
  family(sorting)                    \
  family(cumulative)                 \
  family(diagonals)                  \
  family(mixing)                     \
  family(placement)                  \
  family(einstein)                   \
  family(linear_algebra)             \
  family(fourier)                    \
  family(normalization)              \
  family(pooling)                    \
  family(activation)                 \
  family(reduction)                  \
  family(optimizer)                  \
  family(complex)                    \
  family(special)                    \
  family(arrangement)                \
  family(region)                     \
  family(statistics)                 \
  family(matrices)                   \
  family(factors)                    \
  family(draws)                      \
  family(distinct)                   \
  family(image)                      \
  family(boxes)
// clang-format on

namespace proa::ops {

#define PROA_DECLARE(name) std::vector<ir::Page> name##_pages();
PROA_PRIMITIVE_FAMILIES(PROA_DECLARE)
PROA_TENSOR_FAMILIES(PROA_DECLARE)
#undef PROA_DECLARE

namespace {

struct Family {
  std::string_view name;
  std::vector<ir::Page> (*pages)();
};

#define PROA_ENTRY(name) {#name, name##_pages},
constexpr Family kPrimitives[] = {PROA_PRIMITIVE_FAMILIES(PROA_ENTRY)};
constexpr Family kTensors[] = {PROA_TENSOR_FAMILIES(PROA_ENTRY)};
#undef PROA_ENTRY

// f(a, b) and f(b, a) have the same bits. max and min do not: NaNs and zeros may differ in sign.
constexpr std::string_view kCommutative[] = {"add", "mul", "and", "or", "xor"};

uint32_t traits_of(const ir::Page& page, bool primitive) {
  uint32_t traits = 0;
  if (page.effects != ir::Effects::token) traits = traits | ir::Trait::pure;
  if (primitive) traits = traits | ir::Trait::primitive;
  if (page.decompose != nullptr) traits = traits | ir::Trait::composite;
  if (primitive && std::ranges::find(kCommutative, page.name) != std::end(kCommutative)) {
    traits = traits | ir::Trait::commutative;
  }
  if (!page.regions.empty()) traits = traits | ir::Trait::structured | ir::Trait::isolated;
  if (primitive && page.name == "constant") traits = traits | ir::Trait::constant_like;
  return traits;
}

void add(ir::Context& context, std::string_view name, std::span<const Family> families) {
  auto dialect = std::make_unique<ir::Dialect>(context, name);
  for (const Family& family : families) {
    for (ir::Page& page : family.pages()) {
      uint32_t traits = traits_of(page, name == "prim");
      dialect->add_page(std::make_shared<const ir::Page>(std::move(page)), traits);
    }
  }
  context.add_dialect(std::move(dialect));
}

}  // namespace

void load(ir::Context& context) {
  if (context.find_dialect("prim") != nullptr) return;
  add(context, "prim", kPrimitives);
  add(context, "tensor", kTensors);
}

std::string_view family_of(std::string_view full_name) {
  using Table = std::map<std::string, std::string_view, std::less<>>;
  static const Table* table = [] {
    auto made = new Table();
    auto enter = [&](std::string_view dialect, std::span<const Family> families) {
      for (const Family& family : families) {
        for (const ir::Page& page : family.pages()) {
          made->emplace(str(dialect, ".", page.name), family.name);
        }
      }
    };
    enter("prim", kPrimitives);
    enter("tensor", kTensors);
    return made;
  }();
  auto found = table->find(full_name);
  return found == table->end() ? std::string_view() : found->second;
}

}  // namespace proa::ops
