"""Operators of detection, against loops over what their papers say."""

import math

import numpy
import pytest
from proa.vision import ops

import proa


def boxes_by_loops(rows, columns, height, width, smalls, larges, ratios, steps, offset, early):
    found = numpy.zeros([rows, columns, len(smalls) * len(ratios) + len(larges), 4])
    for y in range(rows):
        for x in range(columns):
            cx = (x + offset) * (steps[0] or width / columns)
            cy = (y + offset) * (steps[1] or height / rows)
            at = 0
            for i, small in enumerate(smalls):
                sides = [(small * math.sqrt(r), small / math.sqrt(r)) for r in ratios]
                if larges:
                    side = math.sqrt(small * larges[i])
                    sides.insert(1 if early else len(sides), (side, side))
                for w, h in sides:
                    found[y, x, at] = [
                        (cx - w / 2) / width, (cy - h / 2) / height,
                        (cx + w / 2) / width, (cy + h / 2) / height,
                    ]  # fmt: skip
                    at += 1
    return found


LARGE = [20.0, 40.0]


@pytest.mark.parametrize("larges, early", [([], False), (LARGE, False), (LARGE, True)])
@pytest.mark.parametrize("steps", [(0.0, 0.0), (8.0, 6.0)])
def test_prior_boxes(larges, early, steps):
    boxes, variances = ops.prior_box(
        proa.zeros([2, 3, 3, 5], "float64"), proa.zeros([2, 3, 24, 50], "float64"), [10.0, 15.0],
        larges or None, [1.0, 2.0], (0.1, 0.1, 0.2, 0.3), flip=True, steps=steps,
        min_max_aspect_ratios_order=early,
    )  # fmt: skip
    want = boxes_by_loops(3, 5, 24, 50, [10.0, 15.0], larges, [1.0, 2.0, 0.5], steps, 0.5, early)
    numpy.testing.assert_allclose(boxes.numpy(), want, rtol=1e-12)
    assert variances.shape == boxes.shape
    assert (variances.numpy() == [0.1, 0.1, 0.2, 0.3]).all()
    cut, _ = ops.prior_box(
        proa.zeros([1, 1, 3, 5]), proa.zeros([1, 3, 24, 50]), [40.0], clip=True
    )
    assert cut.numpy().min() == 0 and cut.numpy().max() == 1


def test_prior_boxes_of_symbolic_sizes_are_one_graph():
    @proa.jit.to_static
    def boxes(x, image):
        return ops.prior_box(x, image, [16.0, 24.0])[0]

    for rows in (3, 4, 7):
        x, image = proa.zeros([1, 2, rows, 5]), proa.zeros([1, 3, 8 * rows, 40])
        want = ops.prior_box(x, image, [16.0, 24.0])[0].numpy()
        assert (boxes(x, image).numpy() == want).all()
    assert len(boxes.captures()) == 1


@pytest.mark.parametrize(
    "arguments, word",
    [
        ({"max_sizes": [3.0, 4.0]}, "max_sizes"),
        ({"variance": [0.1]}, "variance"),
        ({"aspect_ratios": [-1.0]}, "aspect_ratios"),
    ],
)
def test_wrong_prior_boxes(arguments, word):
    with pytest.raises(ValueError, match=word):
        ops.prior_box(proa.zeros([1, 1, 2, 2]), proa.zeros([1, 3, 8, 8]), [4.0], **arguments)
    with pytest.raises(ValueError, match="4 dims"):
        ops.prior_box(proa.zeros([1, 2, 2]), proa.zeros([1, 3, 8, 8]), [4.0])


def overlap(a, b, more=0.0):
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]) + more)
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]) + more)
    common = width * height
    areas = sum((c[2] - c[0] + more) * (c[3] - c[1] + more) for c in (a, b))
    return common / (areas - common)


def kept_by_loops(boxes, order, threshold, groups=None, eta=1.0, more=0.0):
    kept = []
    for i in order:
        free = all(
            overlap(boxes[i], boxes[j], more) <= threshold
            for j in kept
            if groups is None or groups[i] == groups[j]
        )
        if free:
            kept.append(int(i))
            if eta < 1 and threshold > 0.5:
                threshold *= eta
    return kept


def some_boxes(rng, count, spread=50.0):
    boxes = rng.random((count, 4)) * spread
    boxes[:, 2:] += boxes[:, :2]
    return boxes


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.7])
def test_suppression(threshold):
    rng = numpy.random.default_rng(5)
    boxes, scores = some_boxes(rng, 200), rng.random(200)
    groups = rng.integers(0, 4, 200)
    order = numpy.argsort(-scores, kind="stable")
    x, chances, kinds = (proa.to_tensor(a) for a in (boxes, scores, groups))
    want = kept_by_loops(boxes, order, threshold)
    assert ops.nms(x, threshold, chances).tolist() == want
    assert ops.nms(x, threshold, chances, top_k=7).tolist() == want[:7]
    assert ops.nms(x, threshold).tolist() == kept_by_loops(boxes, range(200), threshold)
    apart = kept_by_loops(boxes, order, threshold, groups)
    assert len(apart) > len(want)
    assert ops.nms(x, threshold, chances, kinds).tolist() == apart
    some = [i for i in apart if groups[i] in (1, 3)]
    assert ops.nms(x, threshold, chances, kinds, [1, 3]).tolist() == some
    assert ops.nms(x[:0], threshold, chances[:0]).tolist() == []


def test_suppression_whose_threshold_falls():
    rng = numpy.random.default_rng(6)
    boxes = numpy.floor(some_boxes(rng, 150))
    for eta in (0.9, 0.5):
        stays = proa._proa.ops.suppress_boxes(proa.to_tensor(boxes), None, 0.8, False, eta)
        want = kept_by_loops(boxes, range(150), 0.8, None, eta, 1.0)
        assert numpy.flatnonzero(stays.numpy()).tolist() == want


def test_suppression_of_any_number_of_boxes_is_one_graph():
    rng = numpy.random.default_rng(7)
    chosen = proa.jit.to_static(lambda boxes, scores: ops.nms(boxes, 0.4, scores))
    for count in (60, 31, 90, 2):
        x, scores = proa.to_tensor(some_boxes(rng, count)), proa.to_tensor(rng.random(count))
        assert chosen(x, scores).tolist() == ops.nms(x, 0.4, scores).tolist()
    assert len(chosen.captures()) == 1


def proposals_by_loops(scores, deltas, size, anchors, variances, before, after, threshold, least,
                       eta, pixels):  # fmt: skip
    more = 1.0 if pixels else 0.0
    found, chances = [], []
    order = numpy.argsort(-scores, kind="stable")[: before if before > 0 else None]
    for i in order:
        x1, y1, x2, y2 = anchors[i]
        width, height = x2 - x1 + more, y2 - y1 + more
        d, limit = variances[i] * deltas[i], math.log(1000 / 16)
        cx, cy = d[0] * width + x1 + width / 2, d[1] * height + y1 + height / 2
        w, h = math.exp(min(d[2], limit)) * width, math.exp(min(d[3], limit)) * height
        box = [cx - w / 2, cy - h / 2, cx + w / 2 - more, cy + h / 2 - more]
        box = [max(min(v, size[1 - k % 2] - more), 0.0) for k, v in enumerate(box)]
        sides = [box[2] - box[0] + more, box[3] - box[1] + more]
        inside = all(box[k] + sides[k] / 2 <= size[1 - k] for k in (0, 1))
        if min(sides) >= max(least, 1.0) and (inside or not pixels):
            found.append(box)
            chances.append(scores[i])
    if not found:
        return [[0.0] * 4], [0.0]
    if threshold > 0:
        kept = kept_by_loops(found, range(len(found)), threshold, None, eta, more)
        kept = kept[: after if after > 0 else None]
        found, chances = [found[i] for i in kept], [chances[i] for i in kept]
    return found, chances


@pytest.mark.parametrize("before, after", [(60, 20), (0, 0)])
@pytest.mark.parametrize("least, eta, pixels", [(0.1, 1.0, False), (9.0, 0.9, True)])
def test_proposals(before, after, least, eta, pixels):
    rng = numpy.random.default_rng(8)
    scores = rng.random((2, 3, 5, 6))
    deltas = rng.standard_normal((2, 12, 5, 6)) * 0.4
    size = numpy.array([[60.0, 80.0], [2.0, 90.0]])  # the second: nothing is high enough for 9
    anchors = some_boxes(rng, 90, 60.0).reshape(5, 6, 3, 4)
    variances = rng.random((5, 6, 3, 4))
    given = [proa.to_tensor(a) for a in (scores, deltas, size, anchors, variances)]
    boxes, chances, counts = ops.generate_proposals(
        *given, before, after, 0.6, least, eta, pixels, return_rois_num=True
    )
    wanted = [
        proposals_by_loops(
            scores[i].transpose(1, 2, 0).ravel(),
            deltas[i].transpose(1, 2, 0).reshape(-1, 4),
            size[i], anchors.reshape(-1, 4), variances.reshape(-1, 4),
            before, after, 0.6, least, eta, pixels,
        )
        for i in (0, 1)
    ]  # fmt: skip
    assert counts.tolist() == [len(found) for found, _ in wanted]
    numpy.testing.assert_allclose(boxes.numpy(), wanted[0][0] + wanted[1][0], rtol=1e-12)
    numpy.testing.assert_allclose(chances.numpy()[:, 0], wanted[0][1] + wanted[1][1])
    assert len(ops.generate_proposals(*given)) == 2


@pytest.mark.parametrize(
    "arguments, word",
    [
        ({"scores": [0.1, 0.2]}, "scores"),
        ({"categories": [1]}, "category_idxs"),
        ({"top_k": -1}, "top_k"),
    ],
)
def test_wrong_suppression(arguments, word):
    if "scores" in arguments:
        arguments = {"scores": proa.to_tensor(arguments["scores"])}
    with pytest.raises(ValueError, match=word):
        ops.nms(proa.zeros([3, 4]), **arguments)
    with pytest.raises(ValueError, match="img_size"):
        ops.generate_proposals(
            proa.zeros([1, 1, 2, 2]), proa.zeros([1, 4, 2, 2]), proa.zeros([1, 3]),
            proa.zeros([4, 4]), proa.zeros([4, 4]),
        )  # fmt: skip
