// Operations that name what they run: call, custom_vjp, custom_call.

#include <algorithm>

#include "proa/ir/dialect.h"
#include "proa/ir/module.h"
#include "proa/ops/control.h"
#include "proa/ops/prim/prim.h"

namespace proa::ops {

namespace {

using namespace prim;  // NOLINT: the words of the pages
using ir::Decompose;
using ir::Func;
using ir::Operation;
using ir::Type;
using ir::Value;

std::string list_text(std::span<const Type> types) {
  std::vector<std::string> texts;
  for (Type type : types) texts.push_back(to_string(type));
  return str("(", join(texts, ", "), ")");
}

// What a function takes, or gives, is `expected`.
void expect_types(const Operation& op, std::string_view argument, Func func, std::string_view what,
                  std::span<const Type> expected, std::span<const Type> got, ir::Facts& facts) {
  bool same = expected.size() == got.size();
  for (size_t i = 0; same && i < got.size(); ++i) same = same_type(expected[i], got[i], facts);
  if (same) return;
  throw UserError(ErrorKind::type, op.info().page->name, argument,
                  str("expected @", func.name(), " to ", what, " ", list_text(expected), ", it ",
                      what, "s ", list_text(got)));
}

std::vector<Type> types_of(std::span<const Value> values) {
  std::vector<Type> types;
  for (Value value : values) types.push_back(value.type());
  return types;
}

// Whether a chain of calls that starts in `from` comes to `to`.
bool reaches(Func from, Func to, std::vector<Operation*>& seen) {
  if (std::ranges::find(seen, from.op()) != seen.end()) return false;
  seen.push_back(from.op());
  bool found = false;
  from.op()->walk([&](Operation* op) {
    for (const ir::NamedAttr& item : op->attrs().items()) {
      if (found || !item.value().is(ir::AttrKind::symbol)) continue;
      Func next = find_function(*op, item.value().as_string());
      found = next && (next.op() == to.op() || reaches(next, to, seen));
    }
  });
  return found;
}

// The function that an attribute names. Functions cannot call themselves: a call is its body.
Func callee_of(const Operation& op, std::string_view attribute) {
  std::string_view name = op.attr(attribute).as_string();
  Func func = find_function(op, name);
  if (!func) {
    throw UserError(ErrorKind::key, op.info().page->name, attribute,
                    str("there is no function @", name));
  }
  const Operation* around = &op;
  while (around != nullptr && !around->is("builtin.func")) around = around->parent();
  if (around != nullptr) {
    Func caller(const_cast<Operation*>(around));
    std::vector<Operation*> seen;
    if (func.op() == caller.op() || reaches(func, caller, seen)) {
      throw UserError(ErrorKind::value, op.info().page->name, attribute,
                      str("@", name, " comes back to @", caller.name(),
                          ", which calls it; a recursion has no end"));
    }
  }
  return func;
}

Func callee_of(const ir::OperandView& op, std::string_view attribute) {
  std::string_view name = op.raw(attribute).as_string();
  Func func = op.builder().module().find(name);
  if (!func) op.fail(ErrorKind::key, attribute, str("there is no function @", name));
  return func;
}

std::vector<Value> values_of(const ir::OperandView& op) {
  std::vector<Value> values;
  for (int k = 0; k < op.count(0); ++k) values.push_back(op.in(0, k).value);
  return values;
}

// call

void call_inline(Decompose& d) {
  for (Value value : inline_function(d.builder(), callee_of(d, "callee"), values_of(d)))
    d.out({value, &d.builder()});
}

void call_verify(const Operation& op, ir::Facts& facts) {
  Func callee = callee_of(op, "callee");
  std::vector<Type> operands = types_of(op.operands()), results = types_of(op.results());
  expect_types(op, "callee", callee, "take", operands, callee.argument_types(), facts);
  expect_types(op, "callee", callee, "give", results, callee.result_types(), facts);
  if (!op.attr("origin")) return;
  Func origin = callee_of(op, "origin");
  expect_types(op, "origin", origin, "take", operands, origin.argument_types(), facts);
  results.resize(std::min(results.size(), origin.result_types().size()));
  expect_types(op, "origin", origin, "give", results, origin.result_types(), facts);
}

void call_samples(SampleList& s) {
  s.ok_text(R"(
func @main(%x: f64[3], %y: f64[3]) {
  %0 = prim.call(%x, %y) {callee = @f, results = !builtin.tuple<f64[3]>}
  %1 = prim.call(%0, %x) {callee = @f, results = !builtin.tuple<f64[3]>}
  return %1
}
func @f(%a: f64[3], %b: f64[3]) {
  %0 = prim.call(%b) {callee = @g, results = !builtin.tuple<f64[3]>}
  %1 = prim.mul(%a, %0)
  return %1
}
func @g(%a: f64[3]) {
  %0 = prim.sin(%a)
  return %0
})");
  s.ok_text(R"(
func @main(%p: bool[], %x: f64[n]) {
  %0 = prim.if(%p, %x) ({
    ^(%a: f64[n]):
    %1 = prim.call(%a) {callee = @g, results = !builtin.tuple<f64[n]>}
    return %1
  }, {
    ^(%a: f64[n]):
    return %a
  })
  return %0
}
func @g(%a: f64[n]) {
  %0 = prim.exp(%a)
  return %0
})");
  s.wrong_list({{T({2})}}, {}, ErrorKind::value, "required");
  // The cube keeps its square for somebody; its derivative is that of @plain.
  s.ok_text(R"(
func @main(%x: f64[3]) {
  %0, %1 = prim.call(%x)
    {callee = @kept, origin = @plain, results = !builtin.tuple<f64[3], f64[3]>}
  return %0
}
func @kept(%x: f64[3]) {
  %0 = prim.mul(%x, %x)
  %1 = prim.mul(%0, %x)
  return %1, %0
}
func @plain(%x: f64[3]) {
  %0 = prim.mul(%x, %x)
  %1 = prim.mul(%0, %x)
  return %1
})");
  s.wrong_text(R"(
func @main(%x: f64[3]) {
  %0 = prim.call(%x) {callee = @f, origin = @g, results = !builtin.tuple<f64[3]>}
  return %0
}
func @f(%x: f64[3]) {
  return %x
}
func @g(%x: f64[3]) {
  return %x, %x
})",
               ErrorKind::type, "expected @g to give");
  s.wrong_list({{T({2})}}, {{"callee", "f"}}, ErrorKind::type, "a function's name");
  s.wrong_list({{T({2})}}, {{"callee", 1}}, ErrorKind::type, "a function's name");
  s.wrong_list({{T({2})}}, {{"results", 1}}, ErrorKind::type, "a type");
  s.wrong_list({{T({2})}}, {{"results", "f32[2]"}}, ErrorKind::type, "a type");
  s.wrong_list({{}}, {{"function", "f"}}, ErrorKind::key, "no such argument");
  s.wrong_text(R"(
func @main(%x: f64[3]) {
  %0 = prim.call(%x) {callee = @g, results = !builtin.tuple<f64[3]>}
  return %0
})",
               ErrorKind::value, "there is no function @g");
  s.wrong_text(R"(
func @main(%x: f64[3]) {
  %0 = prim.call(%x, %x) {callee = @g, results = !builtin.tuple<f64[3]>}
  return %0
}
func @g(%a: f64[3]) { return %a })",
               ErrorKind::type, "expected @g to take (f64[3], f64[3]), it takes (f64[3])");
  s.wrong_text(R"(
func @main(%x: f64[3]) {
  %0 = prim.call(%x) {callee = @g, results = !builtin.tuple<f64[3]>}
  return %0
}
func @g(%a: f32[3]) { return %a })",
               ErrorKind::type, "it takes (f32[3])");
  s.wrong_text(R"(
func @main(%x: f64[n]) {
  %0 = prim.call(%x) {callee = @g, results = !builtin.tuple<f64[n]>}
  return %0
}
func @g(%a: f64[m]) { return %a })",
               ErrorKind::type, "it takes (f64[m])");
  s.wrong_text(R"(
func @main(%x: f64[3]) {
  %0 = prim.call(%x) {callee = @g, results = !builtin.tuple<f32[3]>}
  return %0
}
func @g(%a: f64[3]) { return %a })",
               ErrorKind::type, "expected @g to give (f32[3]), it gives (f64[3])");
  s.wrong_text(R"(
func @main(%x: f64[3]) {
  %0 = prim.call(%x) {callee = @g, results = f64[3]}
  return %0
}
func @g(%a: f64[3]) { return %a })",
               ErrorKind::type, "expected !builtin.tuple<types...>");
  s.wrong_text(R"(
func @main(%x: f64[3]) {
  %0 = prim.call(%x) {callee = @g, results = !builtin.tuple<f64[3]>}
  return %0
}
func @g(%a: f64[3]) {
  %0 = prim.call(%a) {callee = @main, results = !builtin.tuple<f64[3]>}
  return %0
})",
               ErrorKind::value, "comes back to @");
}

// custom_vjp

size_t result_count(const ir::AttrView& op) {
  return op.raw("results").as_type().parameters().size();
}

void custom_vjp_inline(Decompose& d) {
  std::vector<Value> all = inline_function(d.builder(), callee_of(d, "forward"), values_of(d));
  for (size_t i = 0; i < d.result_count(); ++i) d.out({all[i], &d.builder()});
}

// The name under which residual i is kept: it lives as long as the context.
std::string_view residual_name(Builder& b, size_t i) {
  return b.context().name(str("residual ", i)).view();
}

// Where what the backward reads are inputs and results, the call stays one: a derivative of its
// gradient comes back to it, and takes its own rule again.
bool keeps_nothing_else(const Func& forward, size_t results) {
  std::vector<Value> given = forward.results(), own = forward.arguments();
  return std::all_of(given.begin() + static_cast<ptrdiff_t>(results), given.end(), [&](Value v) {
    auto end = given.begin() + static_cast<ptrdiff_t>(results);
    return std::find(given.begin(), end, v) != end || std::ranges::find(own, v) != own.end();
  });
}

void custom_vjp_augment(Augment& a) {
  Func forward = callee_of(a, "forward");
  if (size_t count = a.result_count(); keeps_nothing_else(forward, count)) {
    std::vector<Value> given = forward.results(), own = forward.arguments();
    std::vector<Expr> inputs;
    for (Value v : values_of(a)) inputs.push_back({v, &a.builder()});
    std::vector<Expr> made = custom_vjp(a.builder(), forward, callee_of(a, "backward"), count,
                                        inputs, a.ints("without"));
    for (const Expr& e : made) a.out(e);
    for (size_t i = count; i < given.size(); ++i) {
      auto end = given.begin() + static_cast<ptrdiff_t>(count);
      auto at = std::find(given.begin(), end, given[i]);
      auto place = static_cast<size_t>(std::ranges::find(own, given[i]) - own.begin());
      a.keep(residual_name(a.builder(), i - count),
             at != end ? made[static_cast<size_t>(at - given.begin())] : inputs[place]);
    }
    return;
  }
  std::vector<Value> all = inline_function(a.builder(), callee_of(a, "forward"), values_of(a));
  size_t results = a.result_count();
  for (size_t i = 0; i < results; ++i) a.out({all[i], &a.builder()});
  for (size_t i = results; i < all.size(); ++i)
    a.keep(residual_name(a.builder(), i - results), {all[i], &a.builder()});
}

void custom_vjp_backward(Vjp& v) {
  size_t results = result_count(v);
  size_t residuals = callee_of(v, "forward").results().size() - results;
  std::vector<Value> arguments;
  for (size_t i = 0; i < residuals; ++i)
    arguments.push_back(v.residual(residual_name(v.builder(), i)).value);
  for (int k = 0; k < static_cast<int>(results); ++k) {
    if (!is_inexact(v.result(k).dtype())) continue;
    Expr given = v.has_cotangent(k) ? v.cotangent(k) : zeros_like(v.result(k));
    arguments.push_back(given.value);
  }
  std::vector<Value> given = inline_function(v.builder(), callee_of(v, "backward"), arguments);
  size_t next = 0;
  std::vector<int64_t> without = v.ints("without");
  for (int k = 0; k < v.count(0); ++k) {
    if (is_inexact(v.in(0, k).dtype()) && std::ranges::find(without, k) == without.end())
      v.set(0, k, {given[next++], &v.builder()});
  }
}

void custom_vjp_verify(const Operation& op, ir::Facts& facts) {
  Func forward = callee_of(op, "forward"), backward = callee_of(op, "backward");
  std::vector<Type> operands = types_of(op.operands()), results = types_of(op.results());
  expect_types(op, "forward", forward, "take", operands, forward.argument_types(), facts);
  std::vector<Type> given = forward.result_types();
  if (given.size() < results.size()) {
    throw UserError(ErrorKind::type, op.info().page->name, "forward",
                    str("expected @", forward.name(), " to give ", list_text(results),
                        " and then residuals, it gives ", list_text(given)));
  }
  std::vector<Type> residuals(given.begin() + static_cast<ptrdiff_t>(results.size()), given.end());
  given.resize(results.size());
  expect_types(op, "forward", forward, "give", results, given, facts);
  std::vector<Type> taken = residuals, back;
  for (Type type : results) {
    if (type.is_tensor() && is_inexact(type.dtype())) taken.push_back(type);
  }
  std::span<const int64_t> without;
  if (ir::Attribute listed = op.attr("without")) without = listed.as_ints();
  for (int64_t k : without) {
    if (k >= 0 && k < static_cast<int64_t>(operands.size())) continue;
    throw UserError(ErrorKind::value, op.info().page->name, "without",
                    str("there is no input ", k, " of ", operands.size()));
  }
  for (size_t i = 0; i < operands.size(); ++i) {
    Type type = operands[i];
    bool none = std::ranges::find(without, static_cast<int64_t>(i)) != without.end();
    if (type.is_tensor() && is_inexact(type.dtype()) && !none) back.push_back(type);
  }
  expect_types(op, "backward", backward, "take", taken, backward.argument_types(), facts);
  expect_types(op, "backward", backward, "give", back, backward.result_types(), facts);
}

void custom_vjp_samples(SampleList& s) {
  // log(1 + exp(x)), whose own derivative would overflow.
  s.ok_text(R"(
func @main(%x: f64[3]) {
  %0 = prim.custom_vjp(%x) {backward = @b, forward = @f, results = !builtin.tuple<f64[3]>}
  return %0
}
func @f(%x: f64[3]) {
  %0 = prim.exp(%x)
  %1 = prim.log1p(%0)
  return %1, %x
}
func @b(%x: f64[3], %g: f64[3]) {
  %0 = prim.constant() {value = dense<f64[] 1.0>}
  %1 = prim.broadcast(%0) {axes = [], shape = [3]}
  %2 = prim.neg(%x)
  %3 = prim.exp(%2)
  %4 = prim.add(%1, %3)
  %5 = prim.div(%g, %4)
  return %5
})");
  s.ok_text(R"(
func @main(%x: f64[n], %k: i64[n], %w: f64[]) {
  %0, %1 = prim.custom_vjp(%x, %k, %w)
    {backward = @b, forward = @f, results = !builtin.tuple<f64[n], i64[n]>}
  return %0, %1
}
func @f(%x: f64[n], %k: i64[n], %w: f64[]) {
  %0 = prim.broadcast(%w) {axes = [], shape = [n]}
  %1 = prim.mul(%x, %0)
  return %1, %k, %x, %w
}
func @b(%x: f64[n], %w: f64[], %g: f64[n]) {
  %0 = prim.broadcast(%w) {axes = [], shape = [n]}
  %1 = prim.mul(%g, %0)
  %2 = prim.mul(%g, %x)
  %3 = prim.reduce(%2) {axes = [0], kind = "sum"}
  return %1, %3
})");
  s.wrong_list({{T({2})}}, {}, ErrorKind::value, "required");
  s.wrong_list({{T({2})}}, {{"forward", "f"}}, ErrorKind::type, "a function's name");
  s.wrong_list({{T({2})}}, {{"forward", 2}}, ErrorKind::type, "a function's name");
  s.wrong_list({{T({2})}}, {{"backward", "b"}}, ErrorKind::type, "a function's name");
  s.wrong_list({{T({2})}}, {{"results", 2}}, ErrorKind::type, "a type");
  s.wrong_list({{T({2})}}, {{"vjp", 2}}, ErrorKind::key, "no such argument");
  s.wrong_text(R"(
func @main(%x: f64[3]) {
  %0 = prim.custom_vjp(%x) {backward = @c, forward = @f, results = !builtin.tuple<f64[3]>}
  return %0
}
func @f(%x: f64[3]) { return %x })",
               ErrorKind::value, "there is no function @c");
  s.wrong_text(R"(
func @main(%x: f64[3]) {
  %0 = prim.custom_vjp(%x) {backward = @f, forward = @f, results = !builtin.tuple<f64[3]>}
  return %0
}
func @f(%x: f64[]) { return %x })",
               ErrorKind::type, "forward: expected @f to take (f64[3])");
  s.wrong_text(R"(
func @main(%x: f64[3]) {
  %0 = prim.custom_vjp(%x) {backward = @f, forward = @f, results = !builtin.tuple<f32[3]>}
  return %0
}
func @f(%x: f64[3]) { return %x })",
               ErrorKind::type, "forward: expected @f to give (f32[3])");
  s.wrong_text(R"(
func @main(%x: f64[3]) {
  %0, %1 = prim.custom_vjp(%x)
    {backward = @f, forward = @f, results = !builtin.tuple<f64[3], f64[3]>}
  return %0
}
func @f(%x: f64[3]) { return %x })",
               ErrorKind::type, "and then residuals, it gives (f64[3])");
  s.wrong_text(R"(
func @main(%x: f64[3]) {
  %0 = prim.custom_vjp(%x) {backward = @b, forward = @f, results = !builtin.tuple<f64[3]>}
  return %0
}
func @f(%x: f64[3]) { return %x, %x }
func @b(%g: f64[3]) { return %g })",
               ErrorKind::type, "backward: expected @b to take (f64[3], f64[3])");
  s.wrong_text(R"(
func @main(%x: f64[3]) {
  %0 = prim.custom_vjp(%x) {backward = @b, forward = @f, results = !builtin.tuple<f64[3]>}
  return %0
}
func @f(%x: f64[3]) { return %x }
func @b(%g: f64[3]) { return })",
               ErrorKind::type, "backward: expected @b to give (f64[3]), it gives ()");
  s.wrong_text(R"(func @main(%x: f64[3]) {
  %0 = prim.custom_vjp(%x)
    {backward = @b, forward = @f, results = !builtin.tuple<f64[3]>, without = [1]}
  return %0
}
func @f(%x: f64[3]) { return %x }
func @b(%g: f64[3]) { return })",
               ErrorKind::value, "without: there is no input 1 of 1");
}

// custom_call

void custom_call_checks(Infer& op) {
  std::string_view target = op.text("target");
  if (target.empty() || target.starts_with("prim."))
    op.fail(ErrorKind::value, "target",
            str("expected the name of a kernel that is no primitive's, got '", target, "'"));
}

void custom_call_samples(SampleList& s) {
  s.ok_text(R"(
func @main(%x: f64[3, 2]) {
  %0, %1 = prim.custom_call(%x)
    {numbers = [2, -1], results = !builtin.tuple<f64[3, 2], i64[]>, target = "test.shift"}
  return %0, %1
})")
      .gradient = false;
  s.ok_text(R"(
func @main(%x: f64[n, 2]) {
  %0, %1 = prim.custom_call(%x)
    {numbers = [0, 1], results = !builtin.tuple<f64[n, 2], i64[]>, target = "test.shift"}
  return %0
})")
      .gradient = false;
  s.wrong_list({{T({2})}}, {}, ErrorKind::value, "required");
  s.wrong_list({{T({2})}}, {{"target", 2}}, ErrorKind::type, "a string");
  s.wrong_list({{T({2})}}, {{"target", "f"}}, ErrorKind::value, "results: this argument");
  s.wrong_list({{T({2})}}, {{"target", "f"}, {"results", 2}}, ErrorKind::type, "a type");
  s.wrong_list({{T({2})}}, {{"numbers", 0.5}, {"target", "f"}}, ErrorKind::type, "integers");
  s.wrong_list({{T({2})}}, {{"kernel", "f"}}, ErrorKind::key, "no such argument");
  s.wrong_text(R"(func @main(%x: f64[3]) {
  %0 = prim.custom_call(%x) {results = !builtin.tuple<f64[3]>, target = "prim.exp"} : f64[3]
  return %0 })",
               ErrorKind::value, "a kernel that is no primitive's, got 'prim.exp'");
  s.wrong_text(R"(func @main(%x: f64[3]) {
  %0 = prim.custom_call(%x) {results = !builtin.tuple<f64[3]>, target = ""} : f64[3]
  return %0 })",
               ErrorKind::value, "a kernel that is no primitive's, got ''");
  s.wrong_text(R"(func @main(%x: f64[3]) {
  %0 = prim.custom_call(%x) {results = f64[3], target = "f"} : f64[3]
  return %0 })",
               ErrorKind::type, "expected !builtin.tuple<types...>");
  s.wrong_text(R"(func @main(%x: f64[3]) {
  %0 = prim.custom_call(%x) {results = !builtin.tuple<f64[3], i64[]>, target = "f"} : f64[3]
  return %0 })",
               ErrorKind::value, "expected 2 results, got 1");
}

}  // namespace

std::vector<Page> calling_pages() {
  return {
      {.name = "call",
       .doc = "The results of a function of the same module. Its decomposition is the function's "
              "body, which is also how it is differentiated.\n"
              "Args:\n  inputs: what the function takes, of any dtype.\n  callee: the function.\n  "
              "results: the "
              "types of its results, as !builtin.tuple<types...>.\n"
              "  origin: a function of the same inputs and first results that is differentiated "
              "instead; the other results have no derivative then. So a call that also keeps what "
              "a backward needs has the derivative of one that does not.\n"
              "Returns:\n  what the function returns.\n"
              "Errors:\n  KeyError where there is no such function, DTypeError where it takes or "
              "gives other types, ValueError for one that comes back to its caller.",
       .operands = {{.name = "inputs", .dtypes = kStoredSet, .variadic = true}},
       .attrs = {{.name = "callee", .form = AttrForm::symbol},
                 {.name = "results", .form = AttrForm::type},
                 {.name = "origin", .form = AttrForm::symbol, .value = ir::kNone}},
       .results = -1,
       .dtypes = by_shape_rule(),
       .shape = results_by_attribute,
       .verify = call_verify,
       .vjp = ir::by_decomposition(),
       .decompose = call_inline,
       .sharding = "none: that of the body",
       .samples = call_samples},
      {.name = "custom_vjp",
       .doc = "The first results of a function whose gradient another function of the module "
              "gives, instead of the derivatives of what it is made of. It decomposes into the "
              "first function; whatever decomposes before the gradient is taken must keep it.\n"
              "Args:\n  inputs: what forward takes, of any dtype.\n  forward: from the inputs to "
              "the results, "
              "then residuals.\n  backward: from the residuals, then a cotangent for each "
              "floating-point or complex result, to one for each floating-point or complex input. "
              "Cotangents that are absent arrive as zeros. It is differentiated itself for "
              "gradients of higher order.\n  results: the types of the results, as "
              "!builtin.tuple<types...>.\n  without: numbers of inputs that get no cotangent, and "
              "that backward gives none for.\n"
              "Returns:\n  the results of forward, without the residuals.\n"
              "Errors:\n  KeyError where there is no such function, DTypeError where one takes or "
              "gives other types, ValueError for one that comes back to its caller.",
       .operands = {{.name = "inputs", .dtypes = kStoredSet, .variadic = true}},
       .attrs = {{.name = "forward", .form = AttrForm::symbol},
                 {.name = "backward", .form = AttrForm::symbol},
                 {.name = "results", .form = AttrForm::type},
                 {.name = "without", .form = AttrForm::ints, .value = std::vector<int64_t>{}}},
       .results = -1,
       .dtypes = by_shape_rule(),
       .shape = results_by_attribute,
       .verify = custom_vjp_verify,
       .vjp = {.augment = custom_vjp_augment, .backward = custom_vjp_backward},
       .decompose = custom_vjp_inline,
       .sharding = "none: that of the body",
       .samples = custom_vjp_samples},
      {.name = "custom_call",
       .doc = "Whatever a kernel computes that somebody registered under a name. Nothing is known "
              "of it: it stays where it is, is never merged with another, and runs as often as "
              "the text says.\n"
              "Args:\n  inputs: what the kernel takes, of any dtype.\n  numbers: attribute 0 of "
              "the kernel.\n"
              "  target: the kernel's name.\n  results: the types of what it writes, as "
              "!builtin.tuple<types...>; dense.\n"
              "Returns:\n  what the kernel writes.\n"
              "Errors:\n  ValueError for a target that is empty or a primitive's kernel; KeyError "
              "when the program is loaded and there is no such kernel.",
       .operands = {{.name = "inputs", .dtypes = kStoredSet, .variadic = true}},
       .attrs = {{.name = "numbers", .form = AttrForm::ints, .value = std::vector<int64_t>{}},
                 {.name = "target", .form = AttrForm::string},
                 {.name = "results", .form = AttrForm::type}},
       .results = -1,
       .dtypes = by_shape_rule(),
       .shape = results_by_attribute,
       .checks = custom_call_checks,
       .vjp = not_differentiable("what a foreign kernel computes is not known; a custom_vjp around "
                                 "it says"),
       .decompose = primitive(),
       .sharding = "none: nothing is known of it",
       .effects = Effects::token,
       .samples = custom_call_samples},
  };
}

}  // namespace proa::ops
