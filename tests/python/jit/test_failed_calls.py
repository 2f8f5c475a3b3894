"""A first call that fails: eager's error, and nothing of it in the calls that follow."""

import numpy as np
import proa.nn.functional as F
import pytest
from proa.jit import to_static

import proa


def ones(*shape):
    return proa.to_tensor(np.arange(1, 1 + np.prod(shape), dtype=np.float32).reshape(shape))


def outcome(function, *args):
    try:
        made = function(*args)
    except proa.ProaError as error:
        return type(error).__name__, str(error).split("\n")[0]
    made = made if isinstance(made, (list, tuple)) else (made,)
    return [(t.numpy().tobytes(), list(t.shape)) for t in made]


def position(x):
    last = x[3]
    return last, x * float(x.shape[0])


def product(x):
    return (x @ ones(3, 2)) * len(x) / x.shape[-1]


def comparison(x):
    last = x[3]
    return last, (x * 100 if x.shape[0] < 4 else x)


def steps(x):
    y = proa.concat([x, ones(3, *x.shape[1:])], 1) if x.ndim > 1 else x + ones(5)
    for _ in range(x.shape[0]):
        y = y + 1
    return y


def caught(x):
    try:
        return x + ones(5)
    except proa.ShapeError:
        return x * 2


def all_caught(x):
    try:
        return proa.stack(proa.unbind(x, 0)[:2]) + x.squeeze(0)
    except Exception:
        return x * 5


SIZES = {
    position: [(2,), (5,), (7,), (2,)],
    product: [(4, 2), (4, 3), (5, 3), (1, 3)],
    comparison: [(2,), (5,), (3,), (6,)],
    steps: [(2, 2), (3, 2), (3, 4), (7,), (5,)],
    caught: [(2,), (5,), (3,), (5,)],
    all_caught: [(1, 4), (3, 4), (1, 2), (2, 2)],
}


@pytest.mark.parametrize("function", SIZES, ids=lambda f: f.__name__)
def test_later_calls_are_eagers(function):
    captured = to_static(function)
    for size in SIZES[function] * 2:
        assert outcome(captured, ones(*size)) == outcome(function, ones(*size)), size


def test_a_graph_that_has_not_done_its_own_call_is_not_kept():
    captured = to_static(position)
    with pytest.raises(proa.OutOfRangeError):
        captured(ones(2))
    assert captured.captures() == []
    captured(ones(5))
    assert len(captured.captures()) == 1


def test_errors_have_the_sizes_of_the_call():
    def add(x, y):
        return (x * 2) @ y

    for shapes in [((3, 0), (3, 0)), ((2, 3, 4), (2, 5, 6)), ((7, 2), (3, 7))]:
        args = [ones(*shape) for shape in shapes]
        found = outcome(to_static(add), *args)
        assert found == outcome(add, *args)
        assert found[0] == "ShapeError"


def test_a_size_that_another_one_is_divided_by_may_be_0():
    def norm(x, weight):
        return F.instance_norm(x, weight=weight)

    captured = to_static(norm)
    for channels in (3, 0, 2):
        for given in (channels, 3):
            args = ones(2, channels, 4), ones(given)
            assert outcome(captured, *args) == outcome(norm, *args)


def test_a_value_that_is_read_by_its_place_is_refused():
    for read in (lambda x: x.item(0), lambda x: x.item(9), lambda x: x.sum().item()):
        with pytest.raises(proa.NotSupportedError, match="is read in Python"):
            to_static(read)(ones(6))


def test_channels_that_do_not_fit_are_a_shape_error():
    def call(x, w):
        return F.conv1d_transpose(x, w, groups=2, stride=2, output_padding=1)

    captured = to_static(call)
    for channels in (4, 5, 4):
        args = ones(2, channels, 3), ones(4, 2, 3)
        assert outcome(captured, *args) == outcome(call, *args)


POOLS = {
    "max_pool1d": lambda x, k, s: F.max_pool1d(x, k, s, ceil_mode=True),
    "max_pool2d": lambda x, k, s: F.max_pool2d(x.unsqueeze(-1), (k, 1), (s, 1), ceil_mode=True),
    "avg_pool2d": lambda x, k, s: F.avg_pool2d(x.unsqueeze(-1), (k, 1), (s, 1), ceil_mode=True),
    "lp_pool1d": lambda x, k, s: F.lp_pool1d(x, 2.0, k, s, ceil_mode=True),
}


@pytest.mark.parametrize("name", POOLS)
@pytest.mark.parametrize("kernel,stride", [(2, 2), (3, 3), (5, 3), (3, 1), (4, 2)])
def test_a_partial_window_is_one_where_it_lacks_less_than_a_stride(name, kernel, stride):
    """PyTorch 2.13 gives max(0, ceil((size - kernel) / stride)) + 1 windows, the last of them
    beginning inside of x, and refuses where the quotient is below 0."""

    def pool(x):
        return POOLS[name](x, kernel, stride)

    captured = to_static(pool)
    for size in (4, 1, 2, 3, 9, 1):
        x = ones(1, 2, size)
        found = outcome(captured, x)
        assert found == outcome(pool, x)
        assert found == outcome(to_static(pool), x)
        quotient = -(-(size - kernel) // stride)
        if quotient < 0:
            assert found[0] == "ShapeError"
            continue
        windows = quotient + 1 - (quotient * stride >= size)
        assert found[0][1][2] == windows
        if name == "max_pool1d":
            at = [min(i * stride + kernel, size) - 1 for i in range(windows)]
            assert found[0][0] == np.ascontiguousarray(x.numpy()[..., at]).tobytes()


@pytest.mark.parametrize("made", [lambda f: f, to_static], ids=["eager", "captured"])
def test_a_size_that_a_rule_names_is_asked_for_in_every_call(made):
    cross = made(lambda x, y: proa.cross(x, y, axis=1))
    for size in (3, 5, 1, 3):
        x, y = ones(2, size), ones(2, size) + 1
        if size == 3:
            expected = np.cross(x.numpy(), y.numpy(), axis=1)
            assert cross(x, y).numpy().tobytes() == expected.astype(np.float32).tobytes()
        else:
            with pytest.raises(proa.ShapeError, match=f"size 3, got size {size}"):
                cross(x, y)


# Each: a function of tensors, shapes it takes, shapes it refuses, and words of the refusal.
SIZES_THAT_DO_NOT_FIT = {
    "cut into equal pieces": (
        lambda x: proa.concat(proa.split(x, 3), axis=1),
        [(6, 2), (9, 2), (3, 1)],
        [(7, 2), (4, 2), (2, 1)],
        "does not divide into 3 equal pieces",
    ),
    "cut into pieces of sizes": (
        lambda x: proa.split(x, [2, -1])[1],
        [(6, 2), (2, 2), (3, 1)],
        [(1, 2), (0, 2)],
        "that fit into axis 0",
    ),
    "cut at what sizes leave": (
        lambda x: proa.split(x, [x.shape[0] - 3, 3])[0],
        [(6, 2), (3, 2)],
        [(2, 2), (1, 2)],
        "expected sizes",
    ),
    "reshape": (
        lambda x: proa.reshape(x, [-1, 4]),
        [(6, 2), (2, 2), (4, 1)],
        [(3, 2), (5, 1)],
        "does not divide into",
    ),
    "reshape to what sizes leave": (
        lambda x: proa.reshape(x, [x.shape[0] - 3, x.shape[1] - 6, -1]),
        [(4, 8), (5, 8)],
        [(1, 4)],
        "expected sizes of at least 0, or -1",
    ),
    "convolution": (
        proa.nn.functional.conv1d,
        [((1, 2, 5), (4, 2, 3)), ((1, 2, 3), (4, 2, 3)), ((1, 2, 9), (4, 2, 3))],
        [((1, 2, 2), (4, 2, 3)), ((1, 2, 1), (4, 2, 3))],
        "a kernel that reaches over 3 elements does not fit",
    ),
    "groups of output channels": (
        lambda x, w: proa.nn.functional.conv1d(x, w, groups=2),
        [((1, 4, 5), (4, 2, 3)), ((1, 4, 5), (6, 2, 3))],
        [((1, 4, 5), (3, 2, 3)), ((1, 4, 5), (5, 2, 3))],
        "do not divide into 2 groups",
    ),
    "groups of channels": (
        lambda x, w: proa.nn.functional.conv1d_transpose(x, w, groups=2),
        [((1, 4, 5), (4, 2, 3)), ((1, 6, 5), (6, 2, 3))],
        [((1, 3, 5), (3, 2, 3)), ((1, 5, 5), (5, 2, 3))],
        "do not divide into 2 groups",
    ),
    "size of a transposed convolution": (
        lambda x, w: proa.nn.functional.conv1d_transpose(x, w, stride=2, output_size=[10]),
        [((1, 2, 4), (2, 2, 3))],
        [((1, 2, 5), (2, 2, 3)), ((1, 2, 3), (2, 2, 3))],
        "expected a size from",
    ),
    "adaptive pooling": (
        lambda x: proa.nn.functional.adaptive_avg_pool1d(x, x.shape[0] - 1),
        [(2, 2, 4), (3, 2, 4)],
        [(1, 2, 4)],
        "expected sizes of at least 1",
    ),
}


@pytest.mark.parametrize("made", [lambda f: f, to_static], ids=["eager", "captured"])
@pytest.mark.parametrize("case", SIZES_THAT_DO_NOT_FIT)
def test_a_wrong_size_is_refused_after_right_ones(case, made):
    function, right, wrong, words = SIZES_THAT_DO_NOT_FIT[case]
    call = made(lambda *x: function(*x))

    def tensors(shapes):
        return [ones(*s) for s in ([shapes] if isinstance(shapes[0], int) else shapes)]

    for shapes in (*right, right[0]):
        expected = function(*tensors(shapes)).numpy()
        assert call(*tensors(shapes)).numpy().tobytes() == expected.tobytes()
        for other in wrong:
            with pytest.raises(proa.ProaError, match=words):
                call(*tensors(other))
