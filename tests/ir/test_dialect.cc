#include "test_dialect.h"

#include "proa/ir/rules.h"

namespace proa::ir {

namespace {

void same_shape(Infer& r) { r.result(r.dims(0)); }
void binary_shape(Infer& r) { r.result(r.broadcast(r.dims(0), r.dims(1), "y")); }

void split_shape(Infer& r) {
  for (int64_t i = 0; i < r.integer("parts"); ++i) r.result(r.dims(0));
}

void join_shape(Infer& r) {
  Dim total = 0;
  for (int k = 0; k < r.count(0); ++k) total = total + r.dims(0, k)[0];
  std::vector<Dim> dims(r.dims(0).begin(), r.dims(0).end());
  dims[0] = total;
  r.result(dims);
}

void two_lists_shape(Infer& r) { r.result(r.type(1)); }

void full_shape(Infer& r) { r.result(r.dims_attr("shape")); }

Page page(std::string_view name, std::vector<OperandSpec> operands, void (*shape)(Infer&)) {
  Page page;
  page.name = name;
  page.operands = std::move(operands);
  page.shape = shape;
  return page;
}

OperandSpec one(std::string_view name) {
  OperandSpec spec;
  spec.name = name;
  return spec;
}

OperandSpec optional(std::string_view name) {
  OperandSpec spec = one(name);
  spec.optional = true;
  return spec;
}

OperandSpec variadic(std::string_view name) {
  OperandSpec spec = one(name);
  spec.variadic = true;
  return spec;
}

AttrSpec attr(std::string_view name, AttrForm form, Literal value = {}) {
  AttrSpec spec;
  spec.name = name;
  spec.form = form;
  spec.value = value;
  return spec;
}

void eps_as_it_is(AttrList& attrs, Context& context) {
  if (Attribute eps = attrs.get("eps")) {
    attrs.set(context.name("eps"), Attribute::real(context, eps.as_real() / 1000));
  }
}

void eps_is_epsilon(AttrList& attrs, Context& context) {
  if (Attribute eps = attrs.get("eps")) attrs.set(context.name("epsilon"), eps);
  attrs.set(context.name("eps"), {});
}

class TestDialect : public Dialect {
 public:
  explicit TestDialect(Context& context) : Dialect(context, "test") {
    constexpr auto kPure = static_cast<uint32_t>(Trait::pure);
    add(page("neg", {one("x")}, same_shape), kPure);
    Page sum = page("add", {one("x"), one("y")}, binary_shape);
    sum.dtypes = same();
    add(sum, kPure | Trait::commutative);
    Page norm = page("norm", {one("x"), optional("scale"), optional("bias")}, same_shape);
    norm.attrs = {attr("epsilon", AttrForm::real, 1e-5)};
    norm.dtypes = meets(DTypeRule::Meet::none, DTypeRule::Result::first);
    // Version 1 had eps in thousandths, version 2 as it is, version 3 calls it epsilon.
    norm.version = 3;
    norm.upgrades = {{1, eps_as_it_is}, {2, eps_is_epsilon}};
    add(norm, kPure);
    Page join = page("join", {variadic("xs")}, join_shape);
    join.dtypes = same();
    add(join, kPure);
    Page lists = page("two_lists", {variadic("xs"), one("y"), variadic("zs")}, two_lists_shape);
    lists.dtypes = by_shape_rule();
    add(lists, kPure);
    Page split = page("split", {one("x")}, split_shape);
    split.attrs = {attr("parts", AttrForm::integer)};
    split.results = -1;
    add(split, kPure);
    Page full = page("full", {}, full_shape);
    full.attrs = {attr("shape", AttrForm::shape), attr("value", AttrForm::number, 0)};
    add(full, kPure);
    add_op("source", kPure);
    add_op("sink", 0);
    add_op("region", static_cast<uint32_t>(Trait::structured));
    add_op("graph", static_cast<uint32_t>(Trait::graph_region));
    add_op("isolated", static_cast<uint32_t>(Trait::isolated));
    add_op("yield", static_cast<uint32_t>(Trait::terminator));
  }

 private:
  void add(Page page, uint32_t traits) {
    add_page(std::make_shared<const Page>(std::move(page)), traits);
  }
};

}  // namespace

std::unique_ptr<Dialect> test_dialect(Context& context) {
  return std::make_unique<TestDialect>(context);
}

}  // namespace proa::ir
