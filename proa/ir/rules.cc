#include "proa/ir/rules.h"

#include <algorithm>

#include "proa/ir/dialect.h"
#include "proa/ir/need_extents.h"

namespace proa::ir {

namespace {

const AttrSpec* find_spec(const Page& page, std::string_view name) {
  for (const AttrSpec& spec : page.attrs) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

const Literal& default_of(const Page& page, std::string_view name) {
  const AttrSpec* spec = find_spec(page, name);
  PROA_CHECK(spec, "the page of ", page.name, " has no attribute '", name, "'");
  return spec->value;
}

const Literal& needed_default(const Page& page, std::string_view name, Literal::Kind kind) {
  const Literal& value = default_of(page, name);
  if (value.kind == Literal::Kind::required) {
    throw UserError(ErrorKind::value, page.name, name, "this argument is required");
  }
  PROA_CHECK(value.kind == kind, "attribute '", name, "' of ", page.name, " is absent");
  return value;
}

}  // namespace

bool AttrView::has(std::string_view name) const {
  if (attrs_.get(name)) return true;
  auto kind = default_of(page_, name).kind;
  return kind != Literal::Kind::none && kind != Literal::Kind::required;
}

Attribute AttrView::raw(std::string_view name) const { return attrs_.get(name); }

bool AttrView::boolean(std::string_view name) const {
  if (Attribute a = attrs_.get(name)) return a.as_bool();
  return needed_default(page_, name, Literal::Kind::boolean).integer != 0;
}

int64_t AttrView::integer(std::string_view name) const {
  if (Attribute a = attrs_.get(name)) {
    if (!a.is(AttrKind::dim)) return a.as_int();
    throw NeedExtents(str(page_.name, ": ", name, " is needed as a number"), {a.as_dim()});
  }
  return needed_default(page_, name, Literal::Kind::integer).integer;
}

double AttrView::real(std::string_view name) const {
  if (Attribute a = attrs_.get(name)) {
    return a.is(AttrKind::boolean) ? static_cast<double>(a.as_bool()) : a.as_real();
  }
  const Literal& value = default_of(page_, name);
  if (value.kind == Literal::Kind::integer) return static_cast<double>(value.integer);
  return needed_default(page_, name, Literal::Kind::real).real;
}

std::string_view AttrView::text(std::string_view name) const {
  if (Attribute a = attrs_.get(name)) return a.as_string();
  return needed_default(page_, name, Literal::Kind::text).text;
}

DType AttrView::dtype_attr(std::string_view name) const {
  if (Attribute a = attrs_.get(name)) return a.as_dtype();
  return static_cast<DType>(needed_default(page_, name, Literal::Kind::dtype).integer);
}

std::vector<int64_t> AttrView::ints(std::string_view name) const {
  if (Attribute a = attrs_.get(name)) {
    if (a.is(AttrKind::integer)) return {a.as_int()};
    if (a.is(AttrKind::dim) || a.is(AttrKind::dims))
      throw NeedExtents(str(page_.name, ": ", name, " is needed as numbers"), dims_attr(name));
    return {a.as_ints().begin(), a.as_ints().end()};
  }
  const Literal& value = default_of(page_, name);
  if (value.kind == Literal::Kind::integer) return {value.integer};
  return needed_default(page_, name, Literal::Kind::ints).ints;
}

std::vector<double> AttrView::reals(std::string_view name) const {
  if (Attribute a = attrs_.get(name)) {
    if (a.is(AttrKind::integer) || a.is(AttrKind::real)) return {a.as_real()};
    if (a.is(AttrKind::ints)) return {a.as_ints().begin(), a.as_ints().end()};
    return {a.as_reals().begin(), a.as_reals().end()};
  }
  const Literal& value = default_of(page_, name);
  if (value.kind == Literal::Kind::real) return {value.real};
  return needed_default(page_, name, Literal::Kind::reals).reals;
}

std::vector<Dim> AttrView::dims_attr(std::string_view name) const {
  if (Attribute a = attrs_.get(name)) {
    if (a.is(AttrKind::integer) || a.is(AttrKind::dim)) return {a.as_dim()};
    return a.as_dims();
  }
  const Literal& value = needed_default(page_, name, Literal::Kind::ints);
  return {value.ints.begin(), value.ints.end()};
}

int AttrView::axis_of(std::string_view name, int64_t value, int rank) const {
  if (value < -rank || value >= rank) {
    fail(ErrorKind::index, name,
         rank == 0 ? str("axis ", value, " is out of range for a 0-d tensor, which has no axes")
                   : str("axis ", value, " is out of range for a tensor with ", rank,
                         " dims; expected ", -rank, "..", rank - 1));
  }
  return static_cast<int>(value < 0 ? value + rank : value);
}

int AttrView::axis(std::string_view name, int rank) const {
  return axis_of(name, integer(name), rank);
}

std::vector<int> AttrView::axes(std::string_view name, int rank) const {
  std::vector<int> axes;
  if (!has(name)) {
    for (int i = 0; i < rank; ++i) axes.push_back(i);
    return axes;
  }
  for (int64_t value : ints(name)) axes.push_back(axis_of(name, value, rank));
  std::ranges::sort(axes);
  if (auto twice = std::ranges::adjacent_find(axes); twice != axes.end()) {
    fail(ErrorKind::value, name, str("axis ", *twice, " is named twice"));
  }
  return axes;
}

std::vector<int64_t> AttrView::ints_n(std::string_view name, int n) const {
  std::vector<int64_t> values = ints(name);
  if (values.size() == 1 && n != 1) values.assign(static_cast<size_t>(n), values[0]);
  if (values.size() != static_cast<size_t>(n)) {
    fail(ErrorKind::value, name,
         str("expected one integer or ", n, " of them, got ", list_str(values)));
  }
  return values;
}

void AttrView::fail(ErrorKind kind, std::string_view argument, std::string_view message) const {
  throw UserError(kind, page_.name, argument, message);
}

std::vector<int64_t> segments_of(const Operation& op) {
  if (Attribute a = op.attr("segments")) return {a.as_ints().begin(), a.as_ints().end()};
  return std::vector<int64_t>(op.info().page->operands.size(), 1);
}

OperandView::OperandView(const Page& page, const AttrList& attrs, std::span<const Value> operands,
                         std::span<const int64_t> segments, Builder& builder)
    : AttrView(page, attrs),
      builder_(builder),
      operands_(operands.begin(), operands.end()),
      segments_(segments.begin(), segments.end()) {}

int OperandView::flat_index(int operand, int k) const {
  int flat = k;
  for (int i = 0; i < operand; ++i) flat += static_cast<int>(segments_[static_cast<size_t>(i)]);
  return flat;
}

Expr OperandView::in(int operand, int k) const {
  if (k >= count(operand)) return {};
  return {operands_[static_cast<size_t>(flat_index(operand, k))], &builder_};
}

std::vector<Expr> OperandView::ins(int operand) const {
  std::vector<Expr> all;
  for (int k = 0; k < count(operand); ++k) all.push_back(in(operand, k));
  return all;
}

Decompose::Decompose(const Page& page, const AttrList& attrs, std::span<const Value> operands,
                     std::span<const int64_t> segments, std::span<const Type> results,
                     Builder& builder)
    : OperandView(page, attrs, operands, segments, builder), result_types_(results) {}

void Augment::keep(std::string_view name, Expr value) { kept_.emplace_back(name, value.value); }

Vjp::Vjp(const Page& page, const AttrList& attrs, std::span<const Value> operands,
         std::span<const int64_t> segments, std::span<const Value> results,
         std::span<const Value> cotangents, std::span<const bool> needs,
         std::span<const std::pair<std::string_view, Value>> residuals, Builder& builder)
    : OperandView(page, attrs, operands, segments, builder),
      results_(results),
      cotangents_(cotangents),
      needs_(needs),
      residuals_(residuals),
      given_(operands.size()) {}

Expr Vjp::result(int k) const { return {results_[static_cast<size_t>(k)], &builder_}; }
Expr Vjp::cotangent(int k) const { return {cotangents_[static_cast<size_t>(k)], &builder_}; }

Expr Vjp::residual(std::string_view name) const {
  for (auto& [kept, value] : residuals_) {
    if (kept == name) return {value, &builder_};
  }
  throw InternalError(str("the forward of ", page().name, " kept no residual '", name, "'"));
}

bool Vjp::needs(int operand, int k) const {
  return k < count(operand) && needs_[static_cast<size_t>(flat_index(operand, k))];
}

void Vjp::set(int operand, int k, Expr cotangent) {
  if (k < count(operand)) given_[static_cast<size_t>(flat_index(operand, k))] = cotangent.value;
}

Dim Cost::elements(Type type) {
  Dim n = 1;
  for (Dim d : type.dims()) n = n * d;
  return n;
}

Dim Cost::bytes() const {
  Dim total = 0;
  for (auto types : {operands_, results_}) {
    for (Type type : types) {
      if (type.is_tensor()) {
        total = total + elements(type) * Dim(static_cast<int64_t>(size_of(type.dtype())));
      }
    }
  }
  return total;
}

}  // namespace proa::ir
