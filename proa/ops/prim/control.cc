// Control flow with regions: if, while, scan_loop. Regions are isolated: what they read comes in as
// an operand and is an argument of theirs, so that a region is a function without a name.

#include "proa/ir/dialect.h"
#include "proa/ir/operation.h"
#include "proa/ops/prim/prim.h"

namespace proa::ops {

namespace {

using namespace prim;  // NOLINT: the words of the pages
using ir::Type;

std::vector<Type> types_of(const Infer& op, int operand) {
  std::vector<Type> types;
  for (int k = 0; k < op.count(operand); ++k) types.push_back(op.type(operand, k));
  return types;
}

void append(std::vector<Type>& to, const std::vector<Type>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// What region `r` takes, or gives, is `expected`; `of` says what that follows from.
void expect_types(Infer& op, int r, const std::vector<Type>& expected, std::span<const Type> got,
                  std::string_view what, std::string_view of) {
  std::string_view region = op.page().regions[static_cast<size_t>(r)];
  if (got.size() != expected.size()) {
    op.fail(ErrorKind::value, region,
            str("expected ", expected.size(), " ", what, "s as ", of, ", got ", got.size()));
  }
  for (size_t i = 0; i < got.size(); ++i) {
    if (same_type(expected[i], got[i], op.facts())) continue;
    op.fail(ErrorKind::type, region,
            str("expected ", what, " ", i, " to be ", to_string(expected[i]), " as ", of, ", got ",
                to_string(got[i])));
  }
}

void expect_truth(Infer& op, int r) {
  const auto& got = op.region(r).results;
  if (got.size() == 1 && got[0].is_tensor() && got[0].dtype() == DType::boolean &&
      got[0].rank() == 0) {
    return;
  }
  std::vector<std::string> texts;
  for (Type type : got) texts.push_back(to_string(type));
  op.fail(ErrorKind::type, op.page().regions[static_cast<size_t>(r)],
          str("expected one result bool[], got (", join(texts, ", "), ")"));
}

// A size that a region binds is not known outside, not even where the region has run.
void refuse_inner_sizes(const ir::Operation& op, ir::Facts&) {
  SmallVector<Dim, 6> bound;
  const_cast<ir::Operation&>(op).walk([&](ir::Operation* inner) {
    if (inner->is("prim.as_dim")) bound.push_back(inner->attr("symbol").as_dim());
  });
  if (bound.empty()) return;
  for (ir::Value result : op.results()) {
    if (!result.type().is_tensor()) continue;
    for (Dim d : result.dims()) {
      SmallVector<Dim, 6> used;
      collect_symbols(d, used);
      for (Dim symbol : used) {
        for (Dim inner : bound) {
          if (symbol != inner) continue;
          throw UserError(ErrorKind::shape, op.info().page->name, "regions",
                          str("the size ", to_string(symbol), " is bound inside; a result of type ",
                              to_string(result.type()), " cannot leave it"));
        }
      }
    }
  }
}

// if

void if_shape(Infer& op) {
  if (op.rank(0) != 0)
    op.fail(ErrorKind::shape, "condition",
            str("expected a 0-d tensor, got ", to_string(op.dims(0))));
  std::vector<Type> inputs = types_of(op, 1);
  for (int r : {0, 1})
    expect_types(op, r, inputs, op.region(r).arguments, "argument", "the inputs have it");
  expect_types(op, 1, op.region(0).results, op.region(1).results, "result", "'then' gives it");
  for (Type type : op.region(0).results) op.result(type);
}

void if_samples(SampleList& s) {
  s.ok_text(R"(
func @main(%p: bool[], %x: f64[3], %y: f64[3]) {
  %0, %1 = prim.if(%p, %x, %y) ({
    ^(%a: f64[3], %b: f64[3]):
    %2 = prim.mul(%a, %b)
    %3 = prim.sin(%2)
    return %3, %a
  }, {
    ^(%a: f64[3], %b: f64[3]):
    %4 = prim.mul(%a, %a)
    return %4, %b
  })
  %5 = prim.mul(%0, %1)
  return %5
})");
  s.ok_text(R"(
func @main(%x: f64[n, 2], %k: i64[n]) {
  %0 = prim.reduce(%x) {axes = [0, 1], kind = "sum"}
  %1 = prim.constant() {value = dense<f64[] 0.0>}
  %2 = prim.compare(%0, %1) {kind = "gt"}
  %3, %4 = prim.if(%2, %x, %k) ({
    ^(%a: f64[n, 2], %i: i64[n]):
    %5 = prim.exp(%a)
    return %5, %i
  }, {
    ^(%a: f64[n, 2], %i: i64[n]):
    %6 = prim.neg(%i)
    return %a, %6
  })
  return %3, %4
})");
  s.ok_text(R"(
func @main(%p: bool[], %q: bool[], %x: f64[]) {
  %0 = prim.if(%p, %q, %x) ({
    ^(%c: bool[], %a: f64[]):
    %1 = prim.if(%c, %a) ({
      ^(%b: f64[]):
      %2 = prim.sin(%b)
      return %2
    }, {
      ^(%b: f64[]):
      %3 = prim.mul(%b, %b)
      return %3
    })
    %4 = prim.mul(%1, %a)
    return %4
  }, {
    ^(%c: bool[], %a: f64[]):
    return %a
  })
  return %0
})");
  s.ok_text("func @main(%p: bool[]) { prim.if(%p) ({ return }, { return }) return }").gradient =
      false;
  s.wrong({T(DType::boolean, {}), absent()}, {}, ErrorKind::value, "expected 2 (then, else)");
  s.wrong({T(DType::f32, {}), absent()}, {}, ErrorKind::type, "dtype float32");
  s.wrong({absent(), T({2})}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::boolean, {}), T({2})}, {{"axis", 0}}, ErrorKind::key, "no such argument");
  s.wrong({T(DType::i64, {1}), absent()}, {}, ErrorKind::type, "dtype int64");
  s.wrong({T(DType::u8, {}), T({2})}, {}, ErrorKind::type, "dtype uint8");
  s.wrong_text("func @main(%p: bool[1]) { prim.if(%p) ({ return }, { return }) return }",
               ErrorKind::shape, "condition: expected a 0-d tensor, got [1]");
  s.wrong_text("func @main(%p: bool[]) { prim.if(%p) ({ return }) return }", ErrorKind::value,
               "expected 2 (then, else), got 1");
  s.wrong_text(
      "func @main(%p: bool[], %x: f64[2]) { prim.if(%p, %x) ({ return }, { return }) "
      "return }",
      ErrorKind::value, "then: expected 1 arguments as the inputs have it, got 0");
  s.wrong_text(R"(func @main(%p: bool[], %x: f64[2]) {
  prim.if(%p, %x) ({ ^(%a: f64[2]): return }, { ^(%a: f32[2]): return })
  return })",
               ErrorKind::type, "else: expected argument 0 to be f64[2]");
  s.wrong_text(R"(func @main(%p: bool[], %x: f64[2], %y: f64[3]) {
  %0 = prim.if(%p, %x, %y) ({ ^(%a: f64[2], %b: f64[3]): return %a },
                            { ^(%a: f64[2], %b: f64[3]): return %b }) : f64[2]
  return %0 })",
               ErrorKind::type, "else: expected result 0 to be f64[2] as 'then' gives it");
  s.wrong_text(R"(func @main(%p: bool[], %x: f64[n], %y: f64[m]) {
  %0 = prim.if(%p, %x, %y) ({ ^(%a: f64[n], %b: f64[m]): return %a },
                            { ^(%a: f64[n], %b: f64[m]): return %b }) : f64[n]
  return %0 })",
               ErrorKind::type, "got f64[m]");
  s.wrong_text(R"(func @main(%p: bool[], %x: f64[2]) {
  %0 = prim.if(%p, %x) ({ ^(%a: f64[2]): return %a }, { ^(%a: f64[2]): return %a }) : f64[3]
  return %0 })",
               ErrorKind::value, "result 0 should be f64[2]");
  s.wrong_text(R"(func @main(%p: bool[], %x: f64[2]) {
  %0 = prim.if(%p) ({ return %x }, { return %x }) : f64[2]
  return %0 })",
               ErrorKind::value, "isolated");
  s.wrong_text(R"(func @main(%p: bool[], %n: i64[]) {
  %0 = prim.if(%p, %n) ({
    ^(%k: i64[]):
    %1 = prim.as_dim(%k) {symbol = dim(inner)}
    %2 = prim.iota() {axis = 0, dtype = i64, shape = [inner]}
    return %2
  }, {
    ^(%k: i64[]):
    %1 = prim.iota() {axis = 0, dtype = i64, shape = [inner]}
    return %1
  }) : i64[inner]
  return %0 })",
               ErrorKind::shape, "inner is bound inside");
}

// while

void while_shape(Infer& op) {
  if (op.count(0) == 0) op.fail(ErrorKind::value, "carries", "expected at least one, got none");
  std::vector<Type> carries = types_of(op, 0), all = carries;
  append(all, types_of(op, 1));
  for (int r : {0, 1}) {
    expect_types(op, r, all, op.region(r).arguments, "argument", "carries and constants have it");
  }
  expect_truth(op, 0);
  expect_types(op, 1, carries, op.region(1).results, "result", "the carries have it");
  for (Type type : carries) op.result(type);
}

void while_samples(SampleList& s) {
  s.ok_text(R"(
func @main(%x: f64[3], %w: f64[3]) {
  %0 = prim.constant() {value = dense<f64[] 30.0>}
  %1 = prim.while([%x], [%w, %0]) ({
    ^(%a: f64[3], %b: f64[3], %limit: f64[]):
    %2 = prim.mul(%a, %a)
    %3 = prim.reduce(%2) {axes = [0], kind = "sum"}
    %4 = prim.compare(%3, %limit) {kind = "lt"}
    return %4
  }, {
    ^(%a: f64[3], %b: f64[3], %limit: f64[]):
    %5 = prim.sin(%b)
    %6 = prim.mul(%a, %5)
    %7 = prim.add(%a, %6)
    return %7
  })
  return %1
})");
  s.ok_text(R"(
func @main(%n: i64[], %x: f64[m, 2]) {
  %0 = prim.constant() {value = dense<i64[] 0>}
  %1, %2 = prim.while([%0, %x], [%n]) ({
    ^(%i: i64[], %a: f64[m, 2], %k: i64[]):
    %3 = prim.compare(%i, %k) {kind = "lt"}
    return %3
  }, {
    ^(%i: i64[], %a: f64[m, 2], %k: i64[]):
    %4 = prim.constant() {value = dense<i64[] 1>}
    %5 = prim.add(%i, %4)
    %6 = prim.cast(%5) {dtype = f64}
    %7 = prim.broadcast(%6) {axes = [], shape = [m, 2]}
    %8 = prim.mul(%a, %7)
    %9 = prim.tanh(%8)
    return %5, %9
  })
  return %1, %2
})");
  s.wrong_list({{}, {T({2})}}, {}, ErrorKind::value, "expected 2 (condition, body)");
  s.wrong_list({{T({2})}, {}}, {}, ErrorKind::value, "expected 2 (condition, body)");
  s.wrong_list({{T({2})}, {}}, {{"limit", 3}}, ErrorKind::key, "no such argument");
  s.wrong_list({{T({2})}, {}}, {{"length", 3}}, ErrorKind::key, "no such argument");
  s.wrong_list({{T({2})}, {T({3})}}, {{"reverse", true}}, ErrorKind::key, "no such argument");
  s.wrong_list({{T({2})}, {T({3})}}, {{"dtype", DType::f32}}, ErrorKind::key, "no such argument");
  s.wrong_text(R"(func @main(%p: bool[]) {
  prim.while([], [%p]) ({ ^(%a: bool[]): return %a }, { ^(%a: bool[]): return })
  return })",
               ErrorKind::value, "carries: expected at least one");
  s.wrong_text(R"(func @main(%x: f64[2]) {
  %0 = prim.while([%x], []) ({ ^(%a: f64[2]): return %a }, { ^(%a: f64[2]): return %a }) : f64[2]
  return %0 })",
               ErrorKind::type, "condition: expected one result bool[], got (f64[2])");
  s.wrong_text(R"(func @main(%p: bool[2]) {
  %0 = prim.while([%p], []) ({ ^(%a: bool[2]): return %a }, { ^(%a: bool[2]): return %a })
    : bool[2]
  return %0 })",
               ErrorKind::type, "got (bool[2])");
  s.wrong_text(R"(func @main(%p: bool[]) {
  %0 = prim.while([%p], []) ({ ^(%a: bool[]): return %a, %a }, { ^(%a: bool[]): return %a })
    : bool[]
  return %0 })",
               ErrorKind::type, "got (bool[], bool[])");
  s.wrong_text(R"(func @main(%p: bool[]) {
  %0 = prim.while([%p], []) ({ ^(%a: bool[]): return %a }, { ^(%a: bool[]): return }) : bool[]
  return %0 })",
               ErrorKind::value, "body: expected 1 results as the carries have it, got 0");
  s.wrong_text(R"(func @main(%p: bool[], %x: f64[n]) {
  %0, %1 = prim.while([%p, %x], []) ({
    ^(%a: bool[], %b: f64[n]):
    return %a
  }, {
    ^(%a: bool[], %b: f64[n]):
    %2 = prim.concat(%b, %b) {axis = 0}
    return %a, %2
  }) : bool[], f64[n]
  return %0 })",
               ErrorKind::type, "body: expected result 1 to be f64[n] as the carries have it");
  s.wrong_text(R"(func @main(%p: bool[], %x: f64[2]) {
  %0 = prim.while([%p], [%x]) ({ ^(%a: bool[]): return %a }, { ^(%a: bool[]): return %a }) : bool[]
  return %0 })",
               ErrorKind::value, "condition: expected 2 arguments");
  s.wrong_text(R"(func @main(%p: bool[]) {
  %0 = prim.while([%p], []) ({ ^(%a: bool[]): %1 = prim.not(%a) }, { ^(%a: bool[]): return %a })
    : bool[]
  return %0 })",
               ErrorKind::value, "one block that ends in return");
}

// scan_loop

void scan_loop_shape(Infer& op) {
  Dim length = op.dims_attr("length")[0];
  require_extents(op, {&length, 1}, "length");
  std::vector<Type> carries = types_of(op, 0), all = {Type::tensor(op.context(), DType::i64, {})};
  append(all, carries);
  for (int k = 0; k < op.count(1); ++k) {
    if (op.rank(1, k) == 0)
      op.fail(ErrorKind::shape, "scanned",
              str("expected an axis to scan, got a 0-d tensor at ", k));
    auto dims = op.dims(1, k);
    expect_eq(op, dims[0], length, "scanned", [&] {
      return str("expected ", to_string(length), " slices, got ", to_string(dims), " at ", k);
    });
    all.push_back(Type::tensor(op.context(), op.dtype(1, k), dims.subspan(1)));
  }
  append(all, types_of(op, 2));
  expect_types(op, 0, all, op.region(0).arguments, "argument",
               "step, carries, slices and constants have it");
  std::span<const Type> given = op.region(0).results;
  if (given.size() < carries.size()) {
    op.fail(
        ErrorKind::value, "body",
        str("expected at least the ", carries.size(), " carries as results, got ", given.size()));
  }
  expect_types(op, 0, carries, given.first(carries.size()), "result", "the carries have it");
  for (Type type : carries) op.result(type);
  for (Type type : given.subspan(carries.size())) {
    if (!type.is_tensor()) op.fail(ErrorKind::type, "body", "expected tensors as outputs");
    std::vector<Dim> dims = {length};
    dims.insert(dims.end(), type.dims().begin(), type.dims().end());
    op.result(dims, type.dtype());
  }
}

void scan_loop_samples(SampleList& s) {
  s.ok_text(R"(
func @main(%h: f64[2], %x: f64[4, 2], %w: f64[2]) {
  %0, %1 = prim.scan_loop([%h], [%x], [%w]) {length = 4} ({
    ^(%i: i64[], %a: f64[2], %b: f64[2], %c: f64[2]):
    %2 = prim.mul(%a, %c)
    %3 = prim.add(%2, %b)
    %4 = prim.tanh(%3)
    %5 = prim.mul(%4, %b)
    return %4, %5
  })
  return %0, %1
})");
  s.ok_text(R"(
func @main(%h: f64[2, n], %x: f64[m, n], %w: f64[n]) {
  %0, %1, %2 = prim.scan_loop([%h], [%x], [%w]) {length = dim(m), reverse = true} ({
    ^(%i: i64[], %a: f64[2, n], %b: f64[n], %c: f64[n]):
    %3 = prim.cast(%i) {dtype = f64}
    %4 = prim.broadcast(%3) {axes = [], shape = [n]}
    %5 = prim.add(%4, %b)
    %6 = prim.mul(%5, %c)
    %7 = prim.broadcast(%6) {axes = [1], shape = [2, n]}
    %8 = prim.mul(%a, %7)
    %9 = prim.sin(%8)
    return %9, %8, %i
  })
  return %0, %1, %2
})");
  s.ok_text(R"(
func @main(%x: f64[2], %k: i64[]) {
  %0 = prim.scan_loop([%x], [], [%k]) {length = 3} ({
    ^(%i: i64[], %a: f64[2], %n: i64[]):
    %1 = prim.scan_loop([%a], [], []) {length = 2} ({
      ^(%j: i64[], %b: f64[2]):
      %2 = prim.sin(%b)
      %3 = prim.mul(%2, %b)
      return %3
    })
    %4 = prim.compare(%i, %n) {kind = "lt"}
    %5 = prim.if(%4, %1, %a) ({
      ^(%b: f64[2], %c: f64[2]):
      return %b
    }, {
      ^(%b: f64[2], %c: f64[2]):
      %6 = prim.mul(%b, %c)
      return %6
    })
    return %5
  })
  return %0
})");
  s.ok_text(R"(
func @main(%x: f64[2], %y: f64[2]) {
  %0 = prim.complex(%x, %y)
  %1 = prim.complex(%y, %x)
  %2, %3 = prim.scan_loop([%0], [], [%1]) {length = 3} ({
    ^(%i: i64[], %a: c128[2], %w: c128[2]):
    %4 = prim.mul(%a, %w)
    %5 = prim.conj(%a)
    %6 = prim.add(%4, %5)
    return %6, %5
  })
  %7 = prim.real(%2)
  %8 = prim.imag(%3)
  return %7, %8
})");
  // A while in a loop in a branch: a size of its own for each step.
  s.ok_text(R"(
func @main(%p: bool[], %x: f64[3, 2], %w: f64[2]) {
  %0 = prim.if(%p, %x, %w) ({
    ^(%b: f64[3, 2], %c: f64[2]):
    %1 = prim.scan_loop([%c], [%b], []) {length = 3} ({
      ^(%i: i64[], %a: f64[2], %row: f64[2]):
      %2, %3 = prim.while([%i, %a], [%row]) ({
        ^(%k: i64[], %y: f64[2], %z: f64[2]):
        %4 = prim.constant() {value = dense<i64[] 2>}
        %5 = prim.compare(%k, %4) {kind = "lt"}
        return %5
      }, {
        ^(%k: i64[], %y: f64[2], %z: f64[2]):
        %6 = prim.constant() {value = dense<i64[] 1>}
        %7 = prim.add(%k, %6)
        %8 = prim.mul(%y, %z)
        %9 = prim.sin(%8)
        return %7, %9
      })
      return %3
    })
    return %1
  }, {
    ^(%b: f64[3, 2], %c: f64[2]):
    return %c
  })
  return %0
})");
  s.ok_text(R"(
func @main(%x: f64[0, 3], %h: f64[3]) {
  %0, %1 = prim.scan_loop([%h], [%x], []) {length = 0} ({
    ^(%i: i64[], %a: f64[3], %b: f64[3]):
    %2 = prim.mul(%a, %b)
    return %2, %2
  })
  return %0, %1
})");
  s.wrong_list({{T({2})}, {}, {}}, {}, ErrorKind::value, "length: this argument is required");
  s.wrong_list({{T({2})}, {}, {}}, {{"length", 2}}, ErrorKind::value, "expected 1 (body)");
  s.wrong_list({{T({2})}, {}, {}}, {{"length", 0.5}}, ErrorKind::type, "an integer");
  s.wrong_list({{T({2})}, {}, {}}, {{"length", 2}, {"reverse", 1}}, ErrorKind::type,
               "True or False");
  s.wrong_list({{T({2})}, {}, {}}, {{"length", 2}, {"unroll", 1}}, ErrorKind::key,
               "no such argument");
  s.wrong_list({{T({2})}, {T({2})}, {}}, {{"length", true}}, ErrorKind::type, "an integer");
  s.wrong_text(R"(func @main(%x: f64[2]) {
  %0 = prim.scan_loop([%x], [], []) {length = -1} ({ ^(%i: i64[], %a: f64[2]): return %a }) : f64[2]
  return %0 })",
               ErrorKind::shape, "length: expected extents of at least 0");
  s.wrong_text(R"(func @main(%x: f64[]) {
  prim.scan_loop([], [%x], []) {length = 1} ({ ^(%i: i64[], %a: f64[]): return })
  return })",
               ErrorKind::shape, "scanned: expected an axis to scan");
  s.wrong_text(R"(func @main(%x: f64[3]) {
  prim.scan_loop([], [%x], []) {length = 4} ({ ^(%i: i64[], %a: f64[]): return })
  return })",
               ErrorKind::shape, "scanned: expected 4 slices, got [3]");
  s.wrong_text(R"(func @main(%x: f64[3]) {
  prim.scan_loop([], [%x], []) {length = 3} ({ ^(%i: i64[], %a: f64[3]): return })
  return })",
               ErrorKind::type, "body: expected argument 1 to be f64[]");
  s.wrong_text(R"(func @main(%x: f64[3]) {
  prim.scan_loop([], [%x], []) {length = 3} ({ ^(%i: i32[], %a: f64[]): return })
  return })",
               ErrorKind::type, "body: expected argument 0 to be i64[]");
  s.wrong_text(R"(func @main(%x: f64[3]) {
  prim.scan_loop([], [%x], []) {length = 3} ({ ^(%a: f64[]): return })
  return })",
               ErrorKind::value, "body: expected 2 arguments");
  s.wrong_text(R"(func @main(%x: f64[3]) {
  %0 = prim.scan_loop([%x], [], []) {length = 3} ({ ^(%i: i64[], %a: f64[3]): return }) : f64[3]
  return %0 })",
               ErrorKind::value, "body: expected at least the 1 carries as results, got 0");
  s.wrong_text(R"(func @main(%x: f64[3]) {
  %0 = prim.scan_loop([%x], [], []) {length = 3} ({ ^(%i: i64[], %a: f64[3]): return %i }) : f64[3]
  return %0 })",
               ErrorKind::type, "body: expected result 0 to be f64[3] as the carries have it");
  s.wrong_text(R"(func @main(%x: f64[3]) {
  %0, %1 = prim.scan_loop([%x], [], []) {length = 3} ({ ^(%i: i64[], %a: f64[3]): return %a, %i })
    : f64[3], i64[]
  return %0 })",
               ErrorKind::value, "result 1 should be i64[3]");
}

}  // namespace

std::vector<Page> control_pages() {
  return {
      {.name = "if",
       .doc =
           "One of two regions, chosen by a truth value; the other does not run. Both take the "
           "inputs as arguments (nothing else is seen inside) and give the same types.\n"
           "The gradient is an if over the same condition, in which each branch computes again "
           "what its own gradient needs: an input that only the other branch reads gets zeros.\n"
           "Args:\n  condition: bool, 0-d.\n  inputs: what the regions read, of any dtype.\n"
           "Returns:\n  what the region returns.\n"
           "Errors:\n  ShapeError for a condition with axes; ValueError for regions that take or "
           "give another number of values, DTypeError for other types; sizes must be equal by "
           "what is known of them.",
       .operands = {{.name = "condition", .dtypes = kBoolSet, .meets = false},
                    {.name = "inputs", .dtypes = kStoredSet, .variadic = true, .meets = false}},
       .regions = {"then", "else"},
       .results = -1,
       .dtypes = by_shape_rule(),
       .shape = if_shape,
       .verify = refuse_inner_sizes,
       .vjp = ir::by_regions(),
       .decompose = primitive(),
       .sharding = "none: that of the regions",
       .cost = no_flops,
       .samples = if_samples},
      {.name = "while",
       .doc =
           "As long as the condition holds of carries and constants, the carries become what the "
           "body gives. The condition is asked before the first step. Types of carries never "
           "change, sizes included.\n"
           "The gradient needs the number of steps: the loop runs once to count them, then as a "
           "scan_loop that keeps the carries of each step, which is reversed.\n"
           "Args:\n  carries: at least one, of any dtype.\n  constants: what both regions read "
           "beside them, of any dtype.\n"
           "Returns:\n  the carries for which the condition does not hold.\n"
           "Errors:\n  ValueError without carries; ValueError for regions that take or give "
           "another number of values, DTypeError for other types, and for a condition other than "
           "one bool, 0-d.",
       .operands = {{.name = "carries", .dtypes = kStoredSet, .variadic = true, .meets = false},
                    {.name = "constants", .dtypes = kStoredSet, .variadic = true, .meets = false}},
       .regions = {"condition", "body"},
       .results = -1,
       .dtypes = by_shape_rule(),
       .shape = while_shape,
       .verify = refuse_inner_sizes,
       .vjp = ir::by_regions(),
       .decompose = primitive(),
       .sharding = "none: that of the regions",
       .cost = no_flops,
       .samples = while_samples},
      {.name = "scan_loop",
       .doc =
           "A counted loop: in each step the body takes the step's number, the carries, slice "
           "number step of everything scanned, and the constants; it gives the next carries, then "
           "outputs, which are stacked along a new first axis.\n"
           "The gradient is a scan_loop in the opposite direction over the carries of each step; "
           "the step is computed again from them.\n"
           "Args:\n  carries: of any dtype, which no step changes.\n  scanned: of any dtype; its "
           "first axis "
           "has the extent length.\n  constants: what each step reads as it is, of any dtype.\n  "
           "length: the "
           "number of steps, a size.\n  reverse: from the last step to the first.\n"
           "Returns:\n  the last carries (the first ones for length 0), then the stacked "
           "outputs.\n"
           "Errors:\n  ShapeError for a negative length or another extent of what is scanned; "
           "ValueError for a body that takes or gives another number of values, DTypeError for "
           "other types.",
       .operands = {{.name = "carries", .dtypes = kStoredSet, .variadic = true, .meets = false},
                    {.name = "scanned", .dtypes = kStoredSet, .variadic = true, .meets = false},
                    {.name = "constants", .dtypes = kStoredSet, .variadic = true, .meets = false}},
       .attrs = {{.name = "length", .form = AttrForm::integer},
                 {.name = "reverse", .form = AttrForm::boolean, .value = false}},
       .regions = {"body"},
       .results = -1,
       .dtypes = by_shape_rule(),
       .shape = scan_loop_shape,
       .verify = refuse_inner_sizes,
       .vjp = ir::by_regions(),
       .decompose = primitive(),
       .sharding = "none: that of the body",
       .cost = no_flops,
       .samples = scan_loop_samples},
  };
}

}  // namespace proa::ops
