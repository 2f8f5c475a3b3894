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
