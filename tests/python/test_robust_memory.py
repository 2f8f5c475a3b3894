"""Hostile use of memory from Python: overlaps, absurd sizes, the borders to NumPy and DLPack."""

import os

import numpy as np
import pytest

import proa

F = proa.nn.functional


def test_elements_in_one_place_are_not_written():
    windows = np.lib.stride_tricks.as_strided(np.arange(6.0, dtype=np.float32), (4, 3), (4, 4))
    for x in (
        proa.ones([1]).expand([4]),
        proa.ones([3, 1]).expand([3, 5]),
        proa.from_numpy(windows),
    ):
        before = x.numpy().copy()
        for write in (
            lambda x=x: x.add_(proa.to_tensor(1.0)),
            lambda x=x: x.__setitem__(slice(None), 2.0),
            lambda x=x: x.copy_(proa.zeros(x.shape)),
            lambda x=x: x.fill_(0.0),
        ):
            with pytest.raises(RuntimeError, match="one place of memory"):
                write()
        np.testing.assert_array_equal(x.numpy(), before)
    memory = np.zeros(8, np.float32)
    apart = proa.from_numpy(np.lib.stride_tricks.as_strided(memory, (3, 2), (8, 12)))
    apart.add_(proa.to_tensor(1.0))
    assert memory.tolist() == [1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    "call",
    [
        lambda: proa.zeros([2**62, 4]),
        lambda: proa.zeros([2**62]),
        lambda: proa.ones([2**31, 2**31, 2**31]),
        lambda: proa.zeros([-1, 4]),
        lambda: proa.full([2**70], 1.0),
        lambda: proa.ones([1]).expand([2**62]) + 1.0,
        lambda: proa.ones([1]).expand([2**62, 4]),
        lambda: proa.ones([2]).tile([2**62]),
        lambda: proa.arange(0, 2**62),
        lambda: proa.arange(0.0, 1.0, 1e-300),
        lambda: proa.linspace(0, 1, 2**62),
        lambda: proa.eye(2**40),
        lambda: proa.randn([2**40, 2**10]),
        lambda: proa.one_hot(proa.to_tensor([1]), 2**62),
        lambda: F.pad(proa.ones([2]), [2**62, 2**62]),
        lambda: proa.rand([2**50]),
    ],
)
def test_absurd_sizes(call):
    kinds = [MemoryError, ValueError, OverflowError]
    if os.environ.get("PROA_INSPECT") == "1":  # what no tensor can have is refused before that
        kinds.append(proa.FileError)
    with pytest.raises(tuple(kinds)) as caught:
        call()
    assert isinstance(caught.value, proa.ProaError), repr(caught.value)


def test_prints_of_great_tensors_are_short():
    for dtype in ("float32", "bfloat16", "int64"):
        x = proa.ones([1, 1], dtype=dtype).expand([2**20, 2**20])
        text = repr(x)
        assert "..." in text
        assert len(text) < 1000
    small = proa.to_tensor([1.5, -2.0], dtype="bfloat16")
    assert "1.5" in repr(small)
    assert repr(proa.arange(2000.0).astype("bfloat16")).count("...") == 1


@pytest.mark.parametrize(
    "data",
    [[[1, 2], [3]], [1, [2]], ["a"], object(), {1, 2}, {"a": 1}, None, [None], [[1], {}], b"ab"],
)
def test_data_that_is_no_array(data):
    with pytest.raises((TypeError, ValueError)) as caught:
        proa.to_tensor(data)
    assert isinstance(caught.value, proa.ProaError)


# DLPack.


def test_dlpack_versioned_both_ways():
    x = proa.arange(6.0).reshape([2, 3])
    assert "dltensor_versioned" in repr(x.__dlpack__(max_version=(1, 0)))
    assert '"dltensor"' in repr(x.__dlpack__())
    assert '"dltensor"' in repr(x.__dlpack__(max_version=(0, 8)))
    theirs = np.from_dlpack(x)
    theirs[0, 0] = 9.0
    assert float(x[0, 0]) == 9.0
    for capsule in (x.__dlpack__(), x.__dlpack__(max_version=(1, 2), copy=True)):
        back = proa.from_dlpack(capsule)
        np.testing.assert_array_equal(back.numpy(), x.numpy())
        with pytest.raises(ValueError, match="nobody has taken"):
            proa.from_dlpack(capsule)
    copied = proa.from_dlpack(x, copy=True)
    copied[0, 0] = 1.0
    assert float(x[0, 0]) == 9.0
    strided = proa.from_dlpack(np.arange(10.0)[::-2])
    assert strided.tolist() == [9.0, 7.0, 5.0, 3.0, 1.0]


def test_dlpack_keeps_read_only_memory_so():
    array = np.arange(3.0)
    array.flags.writeable = False
    x = proa.from_numpy(array)
    with pytest.raises(BufferError, match="read-only"):
        x.__dlpack__()
    y = proa.from_dlpack(x)  # asks for version 1
    with pytest.raises(RuntimeError, match="read-only"):
        y.add_(proa.to_tensor(1.0, dtype="float64"))
    z = proa.from_dlpack(x.__dlpack__(copy=True))
    z.add_(proa.to_tensor(1.0, dtype="float64"))
    assert array.tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("source", [3, None, "abc", [1, 2], object()])
def test_dlpack_of_what_has_none(source):
    with pytest.raises(TypeError) as caught:
        proa.from_dlpack(source)
    assert isinstance(caught.value, proa.ProaError)


@pytest.mark.parametrize(
    "kwargs", [{"dl_device": (2, 0)}, {"stream": 1}, {"max_version": 3}, {"max_version": (1,)}]
)
def test_dlpack_arguments(kwargs):
    with pytest.raises((BufferError, ValueError, TypeError)) as caught:
        proa.ones([2]).__dlpack__(**kwargs)
    assert isinstance(caught.value, proa.ProaError)


@pytest.mark.parametrize("copy", [None, True, False])
def test_array_protocol(copy):
    x = proa.ones([3])
    array = x.__array__(copy=copy)
    assert np.shares_memory(array, x.numpy()) == (copy is not True)
    if copy is False:
        with pytest.raises(ValueError):
            x.__array__("float64", copy=False)
    else:
        assert x.__array__("float64", copy=copy).dtype == np.float64
