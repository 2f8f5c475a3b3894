// Attention by blocks of keys, with a running maximum and sum, so that no matrix of all scores is
// kept for the backward (Dao et al. 2022; Milakov and Gimelshein 2018).

#include <algorithm>

#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

constexpr int64_t kBlock = 64;    // keys, from absolute index 0
constexpr int64_t kGroup = 1024;  // keys that share one running state; groups merge ascending

using L = std::vector<int64_t>;

// Operands are [batch, length, heads, width]; the work is done on [batch, heads, length, width].
Expr heads_first(Expr x) { return swap_axes(x, 1, 2); }

void attention_shape(Infer& op) {
  for (int k : {0, 1, 2}) {
    if (op.rank(k) != 4) {
      op.fail(ErrorKind::shape, op.page().operands[static_cast<size_t>(k)].name,
              str("expected [batch, length, heads, head_dim], got shape ", to_string(op.dims(k))));
    }
  }
  auto same = [&](int a, int b, int axis, std::string_view what) {
    expect_eq(op, op.dim(b, axis), op.dim(a, axis), op.page().operands[static_cast<size_t>(b)].name,
              [&] {
                return str("expected the ", what, " ", to_string(op.dim(a, axis)), " of ",
                           op.page().operands[static_cast<size_t>(a)].name, ", got shape ",
                           to_string(op.dims(b)));
              });
  };
  same(0, 1, 0, "batch");
  same(0, 2, 0, "batch");
  same(0, 1, 2, "heads");
  same(0, 2, 2, "heads");
  same(0, 1, 3, "head_dim");
  same(1, 2, 1, "length");
  if (op.present(3)) {
    std::vector<Dim> scores{op.dim(0, 0), op.dim(0, 2), op.dim(0, 1), op.dim(1, 1)};
    std::vector<Dim> joined = op.broadcast(scores, op.dims(3), "attn_mask");
    if (joined.size() != 4)
      op.fail(ErrorKind::shape, "attn_mask",
              str("shape ", to_string(op.dims(3)), " does not fit scores of shape ",
                  to_string(scores)));
  }
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  dims[3] = op.dim(2, 3);
  op.result(dims, op.dtype(0));
}

// [batch, heads, length, width], all of one dtype; the mask is whole.
void heads_shape(Infer& op) {
  std::span<const OperandSpec> names = op.page().operands;
  auto refuse = [&](int k, std::string_view wanted) {
    op.fail(ErrorKind::shape, names[static_cast<size_t>(k)].name,
            str("expected ", wanted, ", got shape ", to_string(op.dims(k))));
  };
  for (int k : {0, 1, 2}) {
    if (op.rank(k) != 4) refuse(k, "[batch, heads, length, head_dim]");
  }
  for (int k = 0; k < static_cast<int>(names.size()); ++k) {
    if (!op.present(k) || op.dtype(k) == op.dtype(0) || (k == 3 && op.dtype(k) == DType::boolean))
      continue;
    op.fail(ErrorKind::type, names[static_cast<size_t>(k)].name,
            str("expected ", to_string(op.dtype(0)), ", the dtype of query, got ",
                to_string(op.dtype(k))));
  }
  auto expect = [&](int k, std::vector<Dim> wanted) {
    auto message = [&] {
      return str("expected shape ", to_string(wanted), ", got ", to_string(op.dims(k)));
    };
    std::string_view name = names[static_cast<size_t>(k)].name;
    if (op.rank(k) != static_cast<int>(wanted.size())) op.fail(ErrorKind::shape, name, message());
    for (size_t i = 0; i < wanted.size(); ++i)
      expect_eq(op, op.dim(k, static_cast<int>(i)), wanted[i], name, message);
  };
  Dim batch = op.dim(0, 0), heads = op.dim(0, 1), queries = op.dim(0, 2), keys = op.dim(1, 2);
  expect(1, {batch, heads, keys, op.dim(0, 3)});
  expect(2, {batch, heads, keys, op.dim(2, 3)});
  if (op.present(3)) expect(3, {batch, heads, queries, keys});
  std::vector<Dim> output{batch, heads, queries, op.dim(2, 3)}, row{batch, heads, queries, Dim(1)};
  if (names.size() == 4) {
    op.result(output, op.dtype(0));
    op.result(row, op.dtype(0));
    return;
  }
  expect(4, row);
  expect(5, row);
  expect(6, output);
  for (int k : {0, 1, 2}) op.result({op.dims(k).begin(), op.dims(k).end()}, op.dtype(0));
}

struct Inputs {
  Expr q, k, v, mask;  // heads first; the mask broadcast to [batch, heads, queries, keys]
  double scale;
  bool causal;
};

Inputs inputs_of(const ir::OperandView& d) {
  Inputs in;
  auto wide = [](Expr x) { return heads_first(cast(x, accumulator_of(x.dtype()))); };
  in.q = wide(d.in(0));
  in.k = wide(d.in(1));
  in.v = wide(d.in(2));
  in.causal = d.boolean("is_causal");
  in.scale = d.has("scale") ? d.real("scale")
                            : 1.0 / __builtin_sqrt(static_cast<double>(static_dim(in.q, 3)));
  if (d.present(3)) {
    std::vector<Dim> dims{in.q.dim(0), in.q.dim(1), in.q.dim(2), in.k.dim(2)};
    in.mask = broadcast_to(
        d.in(3).dtype() == DType::boolean ? d.in(3) : cast(d.in(3), in.q.dtype()), dims);
  }
  return in;
}

// What attention_forward and attention_backward are given.
Inputs heads_of(const ir::OperandView& d) {
  return {d.in(0),         d.in(1),
          d.in(2),         d.present(3) ? d.in(3) : Expr{},
          d.real("scale"), d.boolean("is_causal")};
}

std::vector<Expr> on_heads(std::string_view name, const Inputs& in,
                           std::initializer_list<Expr> more = {}) {
  std::vector<Expr> operands{in.q, in.k, in.v, in.mask};
  operands.insert(operands.end(), more);
  return call(*in.q.builder, name, operands, {{"is_causal", in.causal}, {"scale", in.scale}});
}

// Scaled scores of a block of keys, -inf where masked: bool masks select, float masks add.
Expr scores_of(const Inputs& in, int64_t begin, int64_t end) {
  L batch{0, 1}, width{3};
  Expr s = dot(in.q, slice_axis(in.k, 2, begin, end), batch, batch, width, width) * in.scale;
  Expr lowest = full_like(s, -__builtin_inf());
  if (in.mask) {
    Expr part = slice_axis(in.mask, 3, begin, end);
    s = part.dtype() == DType::boolean ? select(part, s, lowest) : s + part;
  }
  if (in.causal) {
    Expr query = iota(*s.builder, DType::i64, s.dims(), 2),
         key = iota(*s.builder, DType::i64, s.dims(), 3) + static_cast<double>(begin);
    s = select(compare("le", key, query), s, lowest);
  }
  return s;
}

// Queries before key `begin` see nothing of its block, which is skipped for them.
Expr sees(const Inputs& in, int64_t begin) {
  std::vector<Dim> dims{in.q.dim(0), in.q.dim(1), in.q.dim(2), Dim(1)};
  return compare("ge", iota(*in.q.builder, DType::i64, dims, 2), static_cast<double>(begin));
}

Expr finite_or_zero(Expr m) { return only_where(unary("is_finite", m), m); }

struct State {
  Expr m, l, o;  // running maximum, sum of exponentials, weighted values: [b, h, q, 1 or width]
};

State where(Expr condition, const State& a, const State& b) {
  return {select(condition, a.m, b.m), select(condition, a.l, b.l), select(condition, a.o, b.o)};
}

State one_block(const Inputs& in, const State* before, int64_t begin, int64_t end) {
  Expr s = scores_of(in, begin, end);
  Expr top = max(s, 3, true);
  State now;
  now.m = before ? maximum(before->m, top) : top;
  Expr base = finite_or_zero(now.m), p = exp(s - base);
  L batch{0, 1}, from{3}, to{2};
  Expr l = sum(p, 3, true), o = dot(p, slice_axis(in.v, 2, begin, end), batch, batch, from, to);
  if (!before) return {now.m, l, o};
  Expr alpha = exp(before->m - base);
  now.l = before->l * alpha + l;
  now.o = before->o * alpha + o;
  return in.causal ? where(sees(in, begin), now, *before) : now;
}

State merged(const State& a, const State& b) {
  Expr m = maximum(a.m, b.m), base = finite_or_zero(m);
  Expr x = exp(a.m - base), y = exp(b.m - base);
  return {m, a.l * x + b.l * y, a.o * x + b.o * y};
}

State run(const Inputs& in, int64_t keys) {
  State whole;
  for (int64_t group = 0; group < keys; group += kGroup) {
    State state;
    int64_t end = std::min(keys, group + kGroup);
    for (int64_t at = group; at < end; at += kBlock) {
      state = one_block(in, at == group ? nullptr : &state, at, std::min(end, at + kBlock));
    }
    if (group == 0) {
      whole = state;
    } else {
      State both = merged(whole, state);
      whole = in.causal ? where(sees(in, group), both, whole) : both;
    }
  }
  return whole;
}

// A query that may look at nothing gives zeros, and the log-sum-exp -inf.
void forward_rule(Decompose& d) {
  Inputs in = heads_of(d);
  int64_t keys = static_dim(in.k, 2);
  if (keys == 0) {
    d.out(full(d.builder(), d.result_type(0).dims(), in.q.dtype(), 0));
    d.out(full(d.builder(), d.result_type(1).dims(), in.q.dtype(), -__builtin_inf()));
    return;
  }
  State state = run(in, keys);
  Expr empty = compare("eq", state.l, 0.0);
  d.out(state.o / select(empty, full_like(state.l, 1), state.l));
  d.out(finite_or_zero(state.m) + log(state.l));
}

// P = exp(S - lse), dS = P * (dP - drop), where drop = sum(dO * O) for each query.
void backward_rule(Decompose& d) {
  Inputs in = heads_of(d);
  Expr lse = d.in(4), drop = d.in(5), g = d.in(6);
  Expr base = finite_or_zero(lse), finite = unary("is_finite", lse), dq = zeros_like(in.q);
  std::vector<Expr> dk, dv;
  L batch{0, 1}, width{3}, rows{2};
  for (int64_t at = 0, keys = static_dim(in.k, 2); at < keys; at += kBlock) {
    int64_t end = std::min(keys, at + kBlock);
    Expr s = scores_of(in, at, end), q = in.q, up = g;
    Expr p = only_where(broadcast_to(finite, s.dims()), exp(s - base));
    Expr dp = dot(g, slice_axis(in.v, 2, at, end), batch, batch, width, width);
    Expr ds = p * (dp - drop);
    Expr seen = in.causal && at > 0 ? sees(in, at) : Expr{};
    if (seen) {
      auto only = [&](Expr x) { return only_where(broadcast_to(seen, x.dims()), x); };
      p = only(p);
      ds = only(ds);
      q = only(q);
      up = only(up);
    }
    dv.push_back(dot(p, up, batch, batch, rows, rows));
    dk.push_back(dot(ds, q, batch, batch, rows, rows) * in.scale);
    Expr part = dot(ds, slice_axis(in.k, 2, at, end), batch, batch, width, rows) * in.scale;
    Expr more = at == 0 ? part : dq + part;
    dq = seen ? select(seen, more, dq) : more;
  }
  d.out(dq);
  d.out(dk.empty() ? zeros_like(in.k) : concat(dk, 2));
  d.out(dv.empty() ? zeros_like(in.v) : concat(dv, 2));
}

void attention_rule(Decompose& d) {
  Expr o = on_heads("tensor.attention_forward", inputs_of(d))[0];
  d.out(cast(heads_first(o), d.result_type().dtype()));
}

void attention_augment(Augment& d) {
  std::vector<Expr> made = on_heads("tensor.attention_forward", inputs_of(d));
  d.out(cast(heads_first(made[0]), d.result_type().dtype()));
  d.keep("lse", made[1]);
}

// The gradient of the scores as a whole, which only a mask that learns asks for.
Expr scores_gradient(const Inputs& in, Expr lse, Expr drop, Expr g) {
  L batch{0, 1}, width{3};
  int64_t keys = static_dim(in.k, 2);
  if (keys == 0) return zeros_like(in.mask);
  Expr s = scores_of(in, 0, keys);
  Expr p =
      only_where(broadcast_to(unary("is_finite", lse), s.dims()), exp(s - finite_or_zero(lse)));
  return p * (dot(g, in.v, batch, batch, width, width) - drop);
}

void attention_backward(Vjp& v) {
  Inputs in = inputs_of(v);
  Expr lse = v.residual("lse"), g = heads_first(cast(v.cotangent(), in.q.dtype())),
       o = heads_first(cast(v.result(), in.q.dtype())), drop = sum(g * o, 3, true);
  std::vector<Expr> made = on_heads("tensor.attention_backward", in, {lse, drop, g});
  for (int i : {0, 1, 2}) {
    if (v.needs(i)) v.set(i, heads_first(made[static_cast<size_t>(i)]));
  }
  if (v.needs(3)) v.set(3, scores_gradient(in, lse, drop, g));
}

void attention_samples(SampleList& s) {
  s.ok({T({2, 3, 2, 4}), T({2, 5, 2, 4}), T({2, 5, 2, 4}), absent()});
  s.ok({T({1, 4, 2, 3}), T({1, 4, 2, 3}), T({1, 4, 2, 3}), absent()}, {{"is_causal", true}});
  s.ok({T({1, 3, 1, 2}), T({1, 70, 1, 2}), T({1, 70, 1, 2}), absent()}).note = "two blocks";
  s.ok({T({1, 2, 2, 3}), T({1, 3, 2, 3}), T({1, 3, 2, 3}), T({2, 3})});
  s.ok({T({1, 2, 2, 3}), T({1, 3, 2, 3}), T({1, 3, 2, 3}),
        V(DType::boolean, {2, 3}, {1, 0, 1, 0, 0, 0})});
  s.ok({T({0, 2, 2, 3}), T({0, 3, 2, 3}), T({0, 3, 2, 3}), absent()});
  s.wrong({T({2, 3, 4}), T({2, 5, 4}), T({2, 5, 4}), absent()}, {}, ErrorKind::shape,
          "[batch, length, heads, head_dim]");
  s.wrong({T({2, 3, 2, 4}), T({2, 5, 2, 3}), T({2, 5, 2, 4}), absent()}, {}, ErrorKind::shape,
          "head_dim");
  s.wrong({T({2, 3, 2, 4}), T({1, 5, 2, 4}), T({2, 5, 2, 4}), absent()}, {}, ErrorKind::shape,
          "batch");
  s.wrong({T({2, 3, 2, 4}), T({2, 5, 3, 4}), T({2, 5, 2, 4}), absent()}, {}, ErrorKind::shape,
          "heads");
  s.wrong({T({2, 3, 2, 4}), T({2, 5, 2, 4}), T({2, 6, 2, 4}), absent()}, {}, ErrorKind::shape,
          "length");
  s.wrong({T({2, 3, 2, 4}), T({2, 5, 2, 4}), T({2, 5, 2, 4}), T({4, 5})}, {}, ErrorKind::shape,
          "cannot be broadcast");
  s.wrong({T({2, 3, 2, 4}), T({2, 5, 2, 4}), absent(), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({2, 3, 2, 4}), T({2, 5, 2, 4}), T({2, 5, 2, 4}), absent()}, {{"is_causal", 3}},
          ErrorKind::type, "True or False");
}

const ir::SampleAttrs kPlain{{"is_causal", false}, {"scale", 0.5}},
    kCausal{{"is_causal", true}, {"scale", 0.5}};

void forward_samples(SampleList& s) {
  s.ok({T({2, 2, 3, 4}), T({2, 2, 5, 4}), T({2, 2, 5, 4}), absent()}, kPlain);
  s.ok({T({1, 2, 4, 3}), T({1, 2, 4, 3}), T({1, 2, 4, 2}), absent()}, kCausal);
  s.ok({T({1, 1, 3, 2}), T({1, 1, 70, 2}), T({1, 1, 70, 2}), T({1, 1, 3, 70})}, kPlain).note =
      "two blocks";
  s.ok({T({1, 1, 2, 3}), T({1, 1, 3, 3}), T({1, 1, 3, 3}),
        V(DType::boolean, {1, 1, 2, 3}, {1, 0, 1, 0, 1, 0})},
       kPlain);
  s.ok({T({0, 2, 2, 3}), T({0, 2, 3, 3}), T({0, 2, 3, 3}), absent()}, kPlain);
  s.wrong({T({2, 3, 4}), T({2, 5, 4}), T({2, 5, 4}), absent()}, kPlain, ErrorKind::shape,
          "[batch, heads, length, head_dim]");
  s.wrong({T({2, 2, 3, 4}), T({2, 2, 5, 3}), T({2, 2, 5, 4}), absent()}, kPlain, ErrorKind::shape,
          "expected shape");
  s.wrong({T({2, 2, 3, 4}), T({2, 1, 5, 4}), T({2, 2, 5, 4}), absent()}, kPlain, ErrorKind::shape,
          "expected shape");
  s.wrong({T({2, 2, 3, 4}), T({2, 2, 5, 4}), T({2, 2, 6, 4}), absent()}, kPlain, ErrorKind::shape,
          "expected shape");
  s.wrong({T({2, 2, 3, 4}), T({2, 2, 5, 4}), T({2, 2, 5, 4}), T({3, 5})}, kPlain, ErrorKind::shape,
          "[2, 2, 3, 5]");
  s.wrong({T({2, 2, 3, 4}), T({2, 2, 5, 4}), absent(), absent()}, kPlain, ErrorKind::value,
          "required");
  s.wrong({T({2, 2, 3, 4}), T({2, 2, 5, 4}), T({2, 2, 5, 4}), absent()}, {{"is_causal", true}},
          ErrorKind::value, "required");
}

void backward_samples(SampleList& s) {
  auto with = [&](std::vector<int64_t> q, std::vector<int64_t> k, std::vector<int64_t> v,
                  const ir::SampleAttrs& attrs) -> ir::Sample& {
    return s.ok({T(q), T(k), T(v), absent(), T({q[0], q[1], q[2], 1}), T({q[0], q[1], q[2], 1}),
                 T({q[0], q[1], q[2], v[3]})},
                attrs);
  };
  with({2, 2, 3, 4}, {2, 2, 5, 4}, {2, 2, 5, 4}, kPlain);
  with({1, 2, 4, 3}, {1, 2, 4, 3}, {1, 2, 4, 2}, kCausal);
  with({1, 1, 67, 2}, {1, 1, 66, 2}, {1, 1, 66, 2}, kCausal).note = "two blocks";
  with({0, 2, 2, 3}, {0, 2, 3, 3}, {0, 2, 3, 3}, kPlain);
  auto wrong = [&](ir::Arg lse, ir::Arg drop, ir::Arg g, const ir::SampleAttrs& attrs,
                   ErrorKind kind, std::string_view says) {
    s.wrong({T({2, 2, 3, 4}), T({2, 2, 5, 4}), T({2, 2, 5, 4}), absent(), std::move(lse),
             std::move(drop), std::move(g)},
            attrs, kind, says);
  };
  auto row = [] { return T({2, 2, 3, 1}); };
  wrong(T({2, 2, 3}), row(), T({2, 2, 3, 4}), kPlain, ErrorKind::shape, "[2, 2, 3, 1]");
  wrong(row(), T({2, 2, 3, 2}), T({2, 2, 3, 4}), kPlain, ErrorKind::shape, "[2, 2, 3, 1]");
  wrong(row(), row(), T({2, 2, 3, 5}), kPlain, ErrorKind::shape, "[2, 2, 3, 4]");
  wrong(row(), row(), T({2, 2, 5, 4}), kPlain, ErrorKind::shape, "[2, 2, 3, 4]");
  wrong(row(), row(), absent(), kPlain, ErrorKind::value, "required");
  wrong(row(), row(), T({2, 2, 3, 4}), {{"is_causal", 3}, {"scale", 0.5}}, ErrorKind::type,
        "True or False");
  wrong(row(), row(), T({2, 2, 3, 4}), {{"is_causal", true}}, ErrorKind::value, "required");
}

// For each score: multiply-adds of its products, `of_width` as long as a query and `of_depth` as a
// value, and about 24 operations for an exponential and what goes with it.
void count_scores(Cost& c, int of_width, int of_depth) {
  std::span<const Dim> query = c.operand(0).dims(), value = c.operand(2).dims();
  Dim scores = query[0] * query[1] * query[2] * value[2];
  Dim all = scores * (query[3] * Dim(2 * of_width) + value[3] * Dim(2 * of_depth) + Dim(24));
  c.flops(c.boolean("is_causal") ? floordiv(all, Dim(2)) : all);
}

}  // namespace

std::vector<ir::Page> attention_pages() {
  auto operand = [](std::string_view name) {
    return OperandSpec{.name = name, .dtypes = kFloatSet};
  };
  constexpr DTypeSet kOne = bit(DType::f32) | bit(DType::f64);
  auto one = [](std::string_view name) { return OperandSpec{.name = name, .dtypes = kOne}; };
  OperandSpec mask{
      .name = "attn_mask", .dtypes = kOne | kBoolSet, .optional = true, .meets = false};
  std::vector<ir::AttrSpec> on_heads_attrs{{.name = "is_causal", .form = AttrForm::boolean},
                                           {.name = "scale", .form = AttrForm::real}};
  return {
      {.name = "attention",
       .faces = ir::kHidden,
       .doc = "softmax(query key^T * scale + mask) value for each head, over [batch, length, "
              "heads, head_dim]. attn_mask: bool (True may be seen) or float (added), broadcast to "
              "[batch, heads, queries, keys]; is_causal hides later keys. A query that sees "
              "nothing gives zeros. Keys go in blocks of 64, joined in groups of 1024 "
              "(docs/design/numerics.md); the backward starts from the saved log-sum-exp (Dao et "
              "al. 2022).",
       .operands = {operand("query"),
                    operand("key"),
                    operand("value"),
                    {.name = "attn_mask",
                     .dtypes = kFloatSet | kBoolSet,
                     .optional = true,
                     .meets = false}},
       .attrs = {{.name = "is_causal", .form = AttrForm::boolean, .value = false},
                 {.name = "scale", .form = AttrForm::real, .value = kNone}},
       .dtypes = by_shape_rule(Meet::promote),
       .shape = attention_shape,
       .vjp = {.augment = attention_augment, .backward = attention_backward},
       .decompose = attention_rule,
       .sharding = "b q h d, b k h d, b k h e, b h q k -> b q h e; k: whole, d: whole",
       .samples = attention_samples},
      {.name = "attention_forward",
       .faces = ir::kHidden,
       .doc =
           "attention over [batch, heads, length, head_dim], and the log-sum-exp of each query's "
           "scores. Causal, a query skips the blocks of 64 keys that begin after it.",
       .operands = {one("query"), one("key"), one("value"), mask},
       .attrs = on_heads_attrs,
       .results = 2,
       .result_names = {"output", "lse"},
       .dtypes = by_shape_rule(),
       .shape = heads_shape,
       .vjp = by_decomposition(),
       .decompose = forward_rule,
       .sharding = "b h q d, b h k d, b h k e, b h q k -> b h q e, b h q 1; k: whole, d: whole",
       .cost = [](Cost& c) { count_scores(c, 1, 1); },
       .samples = forward_samples},
      {.name = "attention_backward",
       .faces = ir::kHidden,
       .doc = "The gradients of attention_forward's output by query, key and value, from the "
              "log-sum-exp and `drop`, the sum of output times gradient for each query.",
       .operands = {one("query"), one("key"), one("value"), mask, one("lse"), one("drop"),
                    one("gradient")},
       .attrs = on_heads_attrs,
       .results = 3,
       .result_names = {"query_gradient", "key_gradient", "value_gradient"},
       .dtypes = by_shape_rule(),
       .shape = heads_shape,
       .vjp = by_decomposition(),
       .decompose = backward_rule,
       .sharding = "b h q d, b h k d, b h k e, b h q k, b h q 1, b h q 1, b h q e -> b h q d, "
                   "b h k d, b h k e; q: whole, k: whole, d: whole, e: whole",
       .cost = [](Cost& c) { count_scores(c, 3, 2); },
       .samples = backward_samples},
  };
}

}  // namespace proa::ops
