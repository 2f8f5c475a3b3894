// Boxes of detectors, (x1, y1, x2, y2).

#include "proa/ops/composite.h"
#include "proa/ops/control.h"

namespace proa::ops {

namespace {

void suppress_shape(Infer& op) {
  if (op.rank(0) != 2)
    op.fail(ErrorKind::shape, "boxes",
            str("expected [boxes, 4], got shape ", to_string(op.dims(0))));
  expect_eq(op, op.dim(0, 1), 4, "boxes",
            [&] { return str("expected [boxes, 4], got shape ", to_string(op.dims(0))); });
  if (op.present(1)) {
    auto message = [&] {
      return str("expected the group of each of the ", to_string(op.dim(0, 0)),
                 " boxes, got shape ", to_string(op.dims(1)));
    };
    if (op.rank(1) != 1) op.fail(ErrorKind::shape, "groups", message());
    expect_eq(op, op.dim(1, 0), op.dim(0, 0), "groups", message);
  }
  const Dim dims[] = {op.dim(0, 0)};
  op.result(dims, DType::boolean);
}

Expr edge(Expr boxes, int64_t i) {  // [n, 4] -> [n], or [4] -> []
  int axis = boxes.rank() - 1;
  return squeeze(slice_axis(boxes, axis, i, i + 1), axis);
}

Expr area(Expr boxes, double more) {
  Expr width = edge(boxes, 2) - edge(boxes, 0), height = edge(boxes, 3) - edge(boxes, 1);
  return (width + more) * (height + more);
}

// Intersection over union of one box with all.
Expr overlap(Expr box, Expr boxes, double more) {
  auto side = [&](int64_t low, int64_t high) {
    Expr begin = maximum(edge(boxes, low), edge(box, low));
    Expr end = minimum(edge(boxes, high), edge(box, high));
    return maximum(end - begin + more, 0.0);
  };
  Expr common = side(0, 2) * side(1, 3);
  return common / (area(boxes, more) + area(box, more) - common);
}

// Box i stays unless one that stays before it, of its own group, covers it.
void suppress_rule(Decompose& d) {
  Builder& b = d.builder();
  Expr boxes = d.in(0);
  Dim count = boxes.dim(0);
  const Dim dims[] = {count};
  double more = d.boolean("normalized") ? 0.0 : 1.0, eta = d.real("eta");
  std::vector<Expr> scanned{boxes}, constants{boxes};
  if (d.present(1)) {
    scanned.push_back(d.in(1));
    constants.push_back(d.in(1));
  }
  Expr kept = cast(full(b, dims, DType::i32, 0), DType::boolean);
  Expr threshold = constant(b, boxes.dtype(), d.real("iou_threshold"));
  auto body = [&](Builder& inner, std::span<const Expr> in) -> std::vector<Expr> {
    Expr step = in[0], stay = in[1], limit = in[2];
    std::span<const Expr> slices = in.subspan(3, scanned.size()),
                          all = in.subspan(3 + scanned.size());
    Expr covers = stay & compare("gt", overlap(slices[0], all[0], more), limit);
    if (all.size() > 1) covers = covers & compare("eq", all[1], slices[1]);
    const int first[] = {0};
    Expr stays = !reduce("or", covers, first);
    Expr here = compare("eq", iota(inner, DType::i64, dims, 0), step);
    if (eta < 1.0) {
      Expr falls = stays & compare("gt", limit, 0.5);
      limit = select(falls, limit * eta, limit);
    }
    return {stay | (here & stays), limit};
  };
  const Expr carries[] = {kept, threshold};
  d.out(scan_loop(b, count, carries, scanned, constants, body)[0]);
}

void suppress_samples(SampleList& s) {
  auto four = [] {
    return V(DType::f32, {4, 4}, {0, 0, 10, 10, 1, 1, 11, 11, 0, 0, 10, 10, 20, 20, 30, 30});
  };
  s.ok({four(), absent()});
  s.ok({four(), V(DType::i64, {4}, {0, 0, 1, 0})}, {{"iou_threshold", 0.1}});
  s.ok({four(), absent()}, {{"normalized", false}, {"eta", 0.9}, {"iou_threshold", 0.7}});
  s.ok({T({7, 4}, Fill::sorted), absent()}, {{"iou_threshold", 0.01}});
  s.ok({T({0, 4}), absent()});
  s.wrong({T({4}), absent()}, {}, ErrorKind::shape, "[boxes, 4]");
  s.wrong({T({3, 5}), absent()}, {}, ErrorKind::shape, "[boxes, 4]");
  s.wrong({T({3, 4}), I({2}, 0, 2)}, {}, ErrorKind::shape, "each of the 3 boxes");
  s.wrong({T({3, 4}), T({3})}, {}, ErrorKind::type, "groups");
  s.wrong({T(DType::i32, {3, 4}), absent()}, {}, ErrorKind::type, "boxes");
  s.wrong({T({3, 4}), absent()}, {{"iou_threshold", "high"}}, ErrorKind::type, "iou_threshold");
  s.wrong({T({3, 4}), absent()}, {{"eta", 1.5}}, ErrorKind::value, "eta");
}

}  // namespace

std::vector<ir::Page> boxes_pages() {
  constexpr DTypeSet kOne = bit(DType::f32) | bit(DType::f64);
  return {
      {.name = "suppress_boxes",
       .faces = ir::kHidden,
       .doc =
           "Which boxes non-maximum suppression leaves: a box stays unless its intersection over "
           "union with a box that stays before it is above the threshold. The boxes come in order "
           "of preference, best first. An overlap of NaN (boxes without area, coordinates that are "
           "no numbers) suppresses nothing.\n"
           "Args:\n"
           "  boxes: float32 or float64 [n, 4], (x1, y1, x2, y2) with x1 <= x2 and y1 <= y2.\n"
           "  groups: int32 or int64 [n]; boxes of different groups do not suppress each other.\n"
           "  iou_threshold: in 0..1.\n"
           "  normalized: False: coordinates count pixels, and a side has x2 - x1 + 1 of them.\n"
           "  eta: the threshold is multiplied by this with every box that stays, as long as it is "
           "above 0.5.\n"
           "Returns:\n"
           "  bool [n].\n"
           "Source:\n"
           "  Neubeck and Van Gool, \"Efficient non-maximum suppression\", 2006.",
       .operands = {{.name = "boxes", .dtypes = kOne},
                    {.name = "groups",
                     .dtypes = bit(DType::i32) | bit(DType::i64),
                     .optional = true,
                     .meets = false}},
       .attrs = {{.name = "iou_threshold", .form = AttrForm::real, .value = 0.3},
                 {.name = "normalized", .form = AttrForm::boolean, .value = true},
                 {.name = "eta", .form = AttrForm::real, .value = 1.0, .lowest = 0, .highest = 1}},
       .dtypes = by_shape_rule(),
       .shape = suppress_shape,
       .vjp = ir::not_differentiable("a decision has no derivative"),
       .decompose = suppress_rule,
       .sharding = "none: each decision depends on all before it",
       .samples = suppress_samples},
  };
}

}  // namespace proa::ops
