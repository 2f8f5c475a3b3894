// Contractions over named axes: einsum, tensordot, kron.

#include <algorithm>
#include <string>

#include "proa/ir/need_extents.h"
#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;
using Labels =
    std::vector<int>;  // letters; the axes of an ellipsis are kEllipsis - 1, - 2, ... from the end

constexpr int kEllipsis = 0;

bool has(const Labels& labels, int label) {
  return std::ranges::find(labels, label) != labels.end();
}
int place(const Labels& labels, int label) {
  return static_cast<int>(std::ranges::find(labels, label) - labels.begin());
}

struct Equation {
  std::vector<Labels> operands;
  Labels result;
};

// One term with its ellipsis standing for `free` axes.
Labels expanded(const ir::AttrView& op, std::string_view term, int free) {
  Labels labels;
  for (size_t i = 0; i < term.size(); ++i) {
    char c = term[i];
    if (c == '.') {
      if (term.substr(i, 3) != "...")
        op.fail(ErrorKind::value, "equation",
                str("expected letters and at most one '...' in '", term, "'"));
      for (int k = free; k > 0; --k) labels.push_back(kEllipsis - k);
      i += 2;
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      labels.push_back(c);
    } else {
      op.fail(ErrorKind::value, "equation",
              str("expected letters, ',', '->' and '...', got '", std::string(1, c), "'"));
    }
  }
  return labels;
}

Equation parse(const ir::AttrView& op, const std::vector<int>& ranks) {
  std::string text;
  for (char c : op.text("equation")) {
    if (c != ' ') text += c;
  }
  size_t arrow = text.find("->");
  std::string_view left = std::string_view(text).substr(0, arrow), right;
  if (arrow != std::string::npos) right = std::string_view(text).substr(arrow + 2);
  std::vector<std::string_view> terms;
  for (size_t at = 0;;) {
    size_t comma = left.find(',', at);
    terms.push_back(left.substr(at, comma == std::string_view::npos ? comma : comma - at));
    if (comma == std::string_view::npos) break;
    at = comma + 1;
  }
  if (terms.size() != ranks.size())
    op.fail(ErrorKind::value, "equation",
            str("expected ", terms.size(), " operands, as it names, got ", ranks.size()));
  Equation eq;
  int widest = 0;
  for (size_t k = 0; k < terms.size(); ++k) {
    size_t dots = terms[k].find("...");
    int letters = static_cast<int>(terms[k].size()) - (dots == std::string_view::npos ? 0 : 3),
        free = ranks[k] - letters;
    if (free < 0 || (free > 0 && dots == std::string_view::npos)) {
      op.fail(ErrorKind::shape, "operands",
              str("'", terms[k], "' names ", letters, " axes, operand ", k, " has ", ranks[k],
                  " dims"));
    }
    widest = std::max(widest, dots == std::string_view::npos ? 0 : free);
    eq.operands.push_back(expanded(op, terms[k], free));
  }
  if (arrow != std::string::npos) {
    eq.result = expanded(op, right, right.find("...") == std::string_view::npos ? 0 : widest);
    for (size_t i = 0; i < eq.result.size(); ++i) {
      int label = eq.result[i];
      std::string shown = label > 0 ? std::string(1, static_cast<char>(label)) : "...";
      if (place(eq.result, label) != static_cast<int>(i))
        op.fail(ErrorKind::value, "equation", str("'", shown, "' stands twice in the result"));
      if (std::ranges::none_of(eq.operands, [&](const Labels& l) { return has(l, label); })) {
        op.fail(ErrorKind::value, "equation",
                str("'", shown, "' of the result stands in no operand"));
      }
    }
    return eq;
  }
  // Without a result: the axes of the ellipsis, then the letters that stand once, in their order.
  for (int k = widest; k > 0; --k) eq.result.push_back(kEllipsis - k);
  for (int letter = 'A'; letter <= 'z'; ++letter) {
    int64_t times = 0;
    for (const Labels& l : eq.operands) times += std::ranges::count(l, letter);
    if (times == 1) eq.result.push_back(letter);
  }
  return eq;
}

void einsum_shape(Infer& op) {
  if (op.count(0) == 0)
    op.fail(ErrorKind::value, "operands", "expected at least one tensor, got none");
  std::vector<int> ranks;
  for (int k = 0; k < op.count(0); ++k) ranks.push_back(op.rank(0, k));
  Equation eq = parse(op, ranks);
  Labels known;
  std::vector<Dim> sizes;
  for (int k = 0; k < op.count(0); ++k) {
    const Labels& labels = eq.operands[static_cast<size_t>(k)];
    for (size_t i = 0; i < labels.size(); ++i) {
      Dim n = op.dims(0, k)[i];
      if (int twin = place(labels, labels[i]); twin < static_cast<int>(i)) {  // of the diagonal
        expect_eq(op, n, op.dims(0, k)[static_cast<size_t>(twin)], "operands", [&] {
          return str("expected equal sizes of axes ", twin, " and ", i, " of operand ", k,
                     ", which have one letter, got shape ", to_string(op.dims(0, k)));
        });
        continue;
      }
      auto at = static_cast<size_t>(place(known, labels[i]));
      if (at == known.size()) {
        known.push_back(labels[i]);
        sizes.push_back(n);
      } else if (sizes[at].is_const(1) || ir::is_widened(op.facts(), sizes[at], n, "einsum")) {
        sizes[at] = n;
      } else if (!n.is_const(1) && !ir::is_widened(op.facts(), n, sizes[at], "einsum")) {
        expect_eq(op, n, sizes[at], "operands", [&] {
          return str("axis ", i, " of operand ", k, " has size ", to_string(n), ", where ",
                     to_string(sizes[at]), " was seen before");
        });
        sizes[at] = known_of(sizes[at], n);
      }
    }
  }
  std::vector<Dim> dims;
  for (int label : eq.result) dims.push_back(sizes[static_cast<size_t>(place(known, label))]);
  op.result(dims);
}

struct Named {
  Expr x;
  Labels labels;
};

// A label twice in one operand names the diagonal.
void take_diagonals(Named& n) {
  for (size_t i = 0; i < n.labels.size(); ++i) {
    for (size_t j = i + 1; j < n.labels.size(); ++j) {
      if (n.labels[i] != n.labels[j]) continue;
      int label = n.labels[i];
      n.x = call1(
          "tensor.diagonal", {n.x},
          {{"offset", 0}, {"axis1", static_cast<int64_t>(i)}, {"axis2", static_cast<int64_t>(j)}});
      n.labels.erase(n.labels.begin() + static_cast<ptrdiff_t>(j));
      n.labels.erase(n.labels.begin() + static_cast<ptrdiff_t>(i));
      n.labels.push_back(label);
      return take_diagonals(n);
    }
  }
}

void sum_out(Named& n, const Labels& kept) {
  std::vector<int> axes;
  Labels left;
  for (size_t i = 0; i < n.labels.size(); ++i) {
    if (has(kept, n.labels[i])) left.push_back(n.labels[i]);
    else axes.push_back(static_cast<int>(i));
  }
  if (!axes.empty()) n.x = sum(n.x, axes);
  n.labels = left;
}

// Axes of size 1 that are wider in the other operand are dropped: the other one has them.
void drop_narrow(Named& n, const Named& other) {
  for (size_t i = n.labels.size(); i-- > 0;) {
    int j = place(other.labels, n.labels[i]);
    if (j == static_cast<int>(other.labels.size()) || !n.x.dim(static_cast<int>(i)).is_const(1) ||
        ir::is_one(n.x.builder->facts(), other.x.dim(j), "einsum"))
      continue;
    n.x = squeeze(n.x, static_cast<int>(i));
    n.labels.erase(n.labels.begin() + static_cast<ptrdiff_t>(i));
  }
}

Named contracted(Named a, Named b, const Labels& kept) {
  drop_narrow(a, b);
  drop_narrow(b, a);
  Labels for_a = kept, for_b = kept;
  for_a.insert(for_a.end(), b.labels.begin(), b.labels.end());
  for_b.insert(for_b.end(), a.labels.begin(), a.labels.end());
  sum_out(a, for_a);
  sum_out(b, for_b);
  L batch_a, batch_b, contract_a, contract_b;
  Labels batch, free;
  for (size_t i = 0; i < a.labels.size(); ++i) {
    int label = a.labels[i], j = place(b.labels, label);
    if (j == static_cast<int>(b.labels.size())) {
      free.push_back(label);
    } else if (has(kept, label)) {
      batch.push_back(label);
      batch_a.push_back(static_cast<int64_t>(i));
      batch_b.push_back(j);
    } else {
      contract_a.push_back(static_cast<int64_t>(i));
      contract_b.push_back(j);
    }
  }
  for (int label : b.labels) {
    if (!has(a.labels, label)) free.push_back(label);
  }
  batch.insert(batch.end(), free.begin(), free.end());
  return {dot(a.x, b.x, batch_a, batch_b, contract_a, contract_b), batch};
}

void einsum_rule(Decompose& d) {
  std::vector<int> ranks;
  for (int k = 0; k < d.count(0); ++k) ranks.push_back(d.in(0, k).rank());
  Equation eq = parse(d, ranks);
  Named total{d.in(0), eq.operands[0]};
  take_diagonals(total);
  for (int k = 1; k < d.count(0); ++k) {
    Named next{d.in(0, k), eq.operands[static_cast<size_t>(k)]};
    take_diagonals(next);
    Labels kept = eq.result;
    for (int later = k + 1; later < d.count(0); ++later) {
      const Labels& l = eq.operands[static_cast<size_t>(later)];
      kept.insert(kept.end(), l.begin(), l.end());
    }
    total = contracted(total, next, kept);
  }
  sum_out(total, eq.result);
  std::vector<int> order;
  for (int label : eq.result) order.push_back(place(total.labels, label));
  d.out(transpose(total.x, order));
}

// tensordot

struct Contraction {
  L x, y;
};

Contraction contraction_of(const ir::AttrView& op, int rank_x, int rank_y) {
  Contraction c;
  L given = op.ints("axes");
  ir::Attribute raw = op.raw("axes");
  if (!raw || raw.is(ir::AttrKind::integer)) {
    int64_t n = given[0];
    if (n < 0 || n > std::min(rank_x, rank_y))
      op.fail(ErrorKind::value, "axes", str("expected 0..", std::min(rank_x, rank_y), ", got ", n));
    for (int64_t i = 0; i < n; ++i) {
      c.x.push_back(rank_x - n + i);
      c.y.push_back(i);
    }
    return c;
  }
  L second = op.has("axes_y") ? op.ints("axes_y") : given;
  if (second.size() != given.size())
    op.fail(ErrorKind::value, "axes_y",
            str("expected ", given.size(), " axes as of x, got ", second.size()));
  for (size_t i = 0; i < given.size(); ++i) {
    c.x.push_back(op.axis_of("axes", given[i], rank_x));
    c.y.push_back(op.axis_of("axes", second[i], rank_y));
    if (std::ranges::count(c.x, c.x.back()) > 1 || std::ranges::count(c.y, c.y.back()) > 1)
      op.fail(ErrorKind::value, "axes",
              str("expected different axes, got one that is named twice in ", list_str(given)));
  }
  return c;
}

void tensordot_shape(Infer& op) {
  Contraction c = contraction_of(op, op.rank(0), op.rank(1));
  for (size_t i = 0; i < c.x.size(); ++i) {
    Dim a = op.dims(0)[static_cast<size_t>(c.x[i])], b = op.dims(1)[static_cast<size_t>(c.y[i])];
    expect_eq(op, a, b, "y", [&] {
      return str("axis ", c.x[i], " of shape ", to_string(op.dims(0)), " and axis ", c.y[i],
                 " of shape ", to_string(op.dims(1)), " differ");
    });
  }
  std::vector<Dim> dims;
  for (int i = 0; i < op.rank(0); ++i) {
    if (std::ranges::find(c.x, i) == c.x.end()) dims.push_back(op.dim(0, i));
  }
  for (int i = 0; i < op.rank(1); ++i) {
    if (std::ranges::find(c.y, i) == c.y.end()) dims.push_back(op.dim(1, i));
  }
  op.result(dims);
}

void tensordot_rule(Decompose& d) {
  Contraction c = contraction_of(d, d.in(0).rank(), d.in(1).rank());
  d.out(dot(d.in(0), d.in(1), {}, {}, c.x, c.y));
}

// kron

void kron_shape(Infer& op) {
  int rank = std::max(op.rank(0), op.rank(1));
  std::vector<Dim> dims(static_cast<size_t>(rank), Dim(1));
  for (int k : {0, 1}) {
    for (int i = 1; i <= op.rank(k); ++i)
      dims[static_cast<size_t>(rank - i)] = dims[static_cast<size_t>(rank - i)] * op.dim(k, -i);
  }
  op.result(dims);
}

void kron_rule(Decompose& d) {
  int rank = std::max(d.in(0).rank(), d.in(1).rank());
  Expr sides[2];
  for (int k : {0, 1}) {
    Expr x = d.in(k);
    std::vector<Dim> dims(static_cast<size_t>(2 * rank), Dim(1));
    for (int i = 1; i <= x.rank(); ++i) dims[static_cast<size_t>(2 * (rank - i) + k)] = x.dim(-i);
    sides[k] = reshape(x, dims);
  }
  d.out(reshape(sides[0] * sides[1], d.result_type().dims()));
}

void einsum_samples(SampleList& s) {
  s.ok_list({{T({2, 3}), T({3, 4})}}, {{"equation", "ij,jk->ik"}});
  s.ok_list({{T({2, 3}), T({3, 4})}}, {{"equation", "ij, jk"}});
  s.ok_list({{T({3, 3})}}, {{"equation", "ii"}});
  s.ok_list({{T({3, 3})}}, {{"equation", "ii->i"}});
  s.ok_list({{T({2, 3})}}, {{"equation", "ij->ji"}});
  s.ok_list({{T({2, 3}), T({4})}}, {{"equation", "ij,k->k"}});
  s.ok_list({{T({2, 3, 4}), T({2, 4, 5})}}, {{"equation", "...ij,...jk->...ik"}});
  s.ok_list({{T({5, 1, 3, 4}), T({2, 4, 2})}}, {{"equation", "...ij,...jk"}});
  s.ok_list({{T({2, 3}), T({3, 4}), T({4, 2})}}, {{"equation", "ij,jk,ki->"}});
  s.ok_list({{T({}), T({3})}}, {{"equation", ",i->i"}});
  s.wrong_list({{}}, {{"equation", "i"}}, ErrorKind::value, "at least one");
  s.wrong_list({{T({2})}}, {}, ErrorKind::value, "required");
  s.wrong_list({{T({2}), T({2})}}, {{"equation", "i"}}, ErrorKind::value, "expected 1 operands");
  s.wrong_list({{T({2, 3})}}, {{"equation", "i->i"}}, ErrorKind::shape, "has 2 dims");
  s.wrong_list({{T({2}), T({3})}}, {{"equation", "i,i"}}, ErrorKind::shape, "was seen before");
  s.wrong_list({{T({1, 3})}}, {{"equation", "ii->i"}}, ErrorKind::shape, "one letter");
  s.wrong_list({{T({2})}}, {{"equation", "i->j"}}, ErrorKind::value, "in no operand");
  s.wrong_list({{T({2})}}, {{"equation", "i->ii"}}, ErrorKind::value, "twice");
  s.wrong_list({{T({2})}}, {{"equation", "1->"}}, ErrorKind::value, "expected letters");
  s.wrong_list({{T({2})}}, {{"equation", "i.->i"}}, ErrorKind::shape, "names 2 axes");
}

void tensordot_samples(SampleList& s) {
  s.ok({T({2, 3, 4}), T({3, 4, 5})});
  s.ok({T({2, 3}), T({3, 4})}, {{"axes", 1}});
  s.ok({T({2}), T({3})}, {{"axes", 0}});
  s.ok({T({2, 3}), T({4, 3})}, {{"axes", L{1}}});
  s.ok({T({2, 3, 4}), T({4, 2, 5})}, {{"axes", L{0, 2}}, {"axes_y", L{1, 0}}});
  s.wrong({T({2, 3}), T({2, 4})}, {{"axes", 1}}, ErrorKind::shape, "differ");
  s.wrong({T({2, 3}), T({3})}, {}, ErrorKind::value, "expected 0..1");
  s.wrong({T({2, 3}), T({3})}, {{"axes", -1}}, ErrorKind::value, "expected 0..1");
  s.wrong({T({2, 3}), T({3, 2})}, {{"axes", L{2}}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 2}), T({2, 2})}, {{"axes", L{0, 0}}}, ErrorKind::value, "twice");
  s.wrong({T({2, 2}), T({2, 2})}, {{"axes", L{0}}, {"axes_y", L{0, 1}}}, ErrorKind::value,
          "as of x");
  s.wrong({T({2, 2}), absent()}, {{"axes", 1}}, ErrorKind::value, "required");
}

void kron_samples(SampleList& s) {
  s.ok({T({2, 3}), T({3, 2})});
  s.ok({T({2}), T({3, 4})});
  s.ok({T({}), T({3})});
  s.ok({T({2, 1, 2}), T({2})});
  s.ok({T({0}), T({3})});
  s.wrong({T({2}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({absent(), T({2})}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::boolean, {2}), T(DType::boolean, {2})}, {}, ErrorKind::type, "dtype");
  s.wrong({T({2}), T({2})}, {{"axis", 0}}, ErrorKind::key, "no such argument");
  s.wrong({T({2}), T({2})}, {{"axes", 0}}, ErrorKind::key, "no such argument");
  s.wrong({T(DType::f8e4m3, {2}, Fill::zeros), T(DType::f8e4m3, {2}, Fill::zeros)}, {},
          ErrorKind::type, "dtype");
}

}  // namespace

std::vector<ir::Page> einstein_pages() {
  return {
      {.name = "einsum",
       .faces = ir::kTop,
       .doc = "Sums of products over named axes: 'ij,jk->ik' is a matrix product. A letter twice "
              "in one operand names its diagonal; letters that the result lacks are summed; '...' "
              "stands for axes "
              "that are broadcast. Without '->' the result has the letters that stand once, in "
              "alphabetical order. Operands are contracted from left to right.",
       .operands = {{.name = "operands", .dtypes = kNumberSet, .variadic = true}},
       .attrs = {{.name = "equation", .form = AttrForm::string}},
       .signature = "equation, operands",
       .shape = einsum_shape,
       .vjp = by_decomposition(),
       .decompose = einsum_rule,
       .sharding = "none: the equation names the axes",
       .samples = einsum_samples},
      {.name = "tensordot",
       .faces = kOperator,
       .doc = "Sums of products over axes: over the last `axes` of x and the first of y, or over "
              "the listed axes of both (of x, those of y being axes_y).",
       .operands = {operand_x(kNumberSet), operand_y(kNumberSet, false)},
       .attrs = {{.name = "axes", .aliases = {"dims"}, .form = AttrForm::shape, .value = 2},
                 {.name = "axes_y", .form = AttrForm::ints, .value = kNone}},
       .shape = tensordot_shape,
       .vjp = by_decomposition(),
       .decompose = tensordot_rule,
       .sharding = "none: axes are contracted as named",
       .samples = tensordot_samples},
      {.name = "kron",
       .faces = kOperator,
       .doc = "The Kronecker product: every element of x times the whole of y, axes multiplied in "
              "size; missing axes count as size 1.",
       .operands = {operand_x(kNumberSet), operand_y(kNumberSet, false)},
       .shape = kron_shape,
       .vjp = by_decomposition(),
       .decompose = kron_rule,
       .sharding = "none: axes are merged",
       .samples = kron_samples},
  };
}

}  // namespace proa::ops
