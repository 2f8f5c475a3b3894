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

struct Inputs {
  Expr q, k, v, mask;  // heads first; the mask broadcast to [batch, heads, queries, keys]
  double scale;
  bool causal;
  int64_t keys;
};

Inputs inputs_of(const ir::OperandView& d) {
  Inputs in;
  auto wide = [](Expr x) { return heads_first(cast(x, accumulator_of(x.dtype()))); };
  in.q = wide(d.in(0));
  in.k = wide(d.in(1));
  in.v = wide(d.in(2));
  in.keys = static_dim(in.k, 2);
  int64_t width = static_dim(in.q, 3);
  in.scale = d.has("scale") ? d.real("scale") : 1.0 / __builtin_sqrt(static_cast<double>(width));
  in.causal = d.boolean("is_causal");
  if (d.present(3)) {
    std::vector<Dim> dims{in.q.dim(0), in.q.dim(1), in.q.dim(2), Dim(in.keys)};
    in.mask = broadcast_to(
        d.in(3).dtype() == DType::boolean ? d.in(3) : cast(d.in(3), in.q.dtype()), dims);
  }
  return in;
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

Expr finite_or_zero(Expr m) { return only_where(unary("is_finite", m), m); }

struct State {
  Expr m, l, o;  // running maximum, sum of exponentials, weighted values: [b, h, q, 1 or width]
};

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
  return {now.m, before->l * alpha + l, before->o * alpha + o};
}

State merged(const State& a, const State& b) {
  Expr m = maximum(a.m, b.m), base = finite_or_zero(m);
  Expr x = exp(a.m - base), y = exp(b.m - base);
  return {m, a.l * x + b.l * y, a.o * x + b.o * y};
}

State run(const Inputs& in) {
  State whole;
  for (int64_t group = 0; group < std::max<int64_t>(in.keys, 1); group += kGroup) {
    State state;
    int64_t end = std::min(in.keys, group + kGroup);
    for (int64_t at = group; at < end; at += kBlock) {
      state = one_block(in, at == group ? nullptr : &state, at, std::min(end, at + kBlock));
    }
    whole = group == 0 ? state : merged(whole, state);
  }
  return whole;
}

// A query that may look at nothing gives zeros.
Expr output_of(const State& state, DType dtype) {
  Expr empty = compare("eq", state.l, 0.0);
  Expr safe = select(empty, full_like(state.l, 1), state.l);
  return cast(heads_first(state.o / safe), dtype);
}

bool no_keys(const Inputs& in, Decompose& d) {
  if (in.keys > 0) return false;
  d.out(full(d.builder(), d.result_type().dims(), d.result_type().dtype(), 0));
  return true;
}

void attention_rule(Decompose& d) {
  Inputs in = inputs_of(d);
  if (no_keys(in, d)) return;
  d.out(output_of(run(in), d.result_type().dtype()));
}

void attention_augment(Augment& d) {
  Inputs in = inputs_of(d);
  if (no_keys(in, d)) return;
  State state = run(in);
  d.out(output_of(state, d.result_type().dtype()));
  d.keep("lse", finite_or_zero(state.m) + log(state.l));  // -inf where nothing is seen
}

// From the saved log-sum-exp: P = exp(S - lse), dS = P * (dP - sum(dO * O)).
void attention_backward(Vjp& v) {
  Inputs in = inputs_of(v);
  if (in.keys == 0) return;
  Expr lse = v.residual("lse"), g = heads_first(cast(v.cotangent(), in.q.dtype())),
       o = heads_first(cast(v.result(), in.q.dtype()));
  Expr drop = sum(g * o, 3, true), base = finite_or_zero(lse), seen = unary("is_finite", lse);
  Expr dq;
  std::vector<Expr> dk, dv, dmask;
  L batch{0, 1}, width{3}, rows{2};
  for (int64_t at = 0; at < in.keys; at += kBlock) {
    int64_t end = std::min(in.keys, at + kBlock);
    Expr s = scores_of(in, at, end);
    Expr p = only_where(broadcast_to(seen, s.dims()), exp(s - base));
    Expr dp = dot(g, slice_axis(in.v, 2, at, end), batch, batch, width, width);
    Expr ds = p * (dp - drop);
    dv.push_back(dot(p, g, batch, batch, rows, rows));
    dk.push_back(dot(ds, in.q, batch, batch, rows, rows) * in.scale);
    if (v.needs(3)) dmask.push_back(ds);
    Expr part = dot(ds, slice_axis(in.k, 2, at, end), batch, batch, width, rows) * in.scale;
    dq = dq ? dq + part : part;
  }
  if (v.needs(0)) v.set(0, heads_first(dq));
  if (v.needs(1)) v.set(1, heads_first(concat(dk, 2)));
  if (v.needs(2)) v.set(2, heads_first(concat(dv, 2)));
  if (v.needs(3)) v.set(3, concat(dmask, 3));
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

}  // namespace

std::vector<ir::Page> attention_pages() {
  auto operand = [](std::string_view name) {
    return OperandSpec{.name = name, .dtypes = kFloatSet};
  };
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
  };
}

}  // namespace proa::ops
