"""Random operators: Philox against its paper's known answers, and distributions from its words.

Salmon, Moraes, Dror and Shaw 2011, Parallel random numbers: as easy as 1, 2, 3. The known answers
are those of the authors' Random123 library (tests/kat_vectors, philox4x32 10).
"""

from __future__ import annotations

import numpy as np
import pytest
from driving import numpy_of
from references.promotion import NUMPY
from scipy import stats

import proa
from proa import _proa

ops = _proa.ops
MASK = np.uint64(0xFFFFFFFF)
SEED = 20260


def philox(counter: np.ndarray, key: tuple[int, int]) -> np.ndarray:
    """Philox4x32-10 of counters [n, 4], by the paper's section 3.3."""
    c = [counter[:, i].astype(np.uint64) for i in range(4)]
    k = [np.uint64(key[0]), np.uint64(key[1])]
    for turn in range(10):
        if turn:
            k = [(k[0] + np.uint64(0x9E3779B9)) & MASK, (k[1] + np.uint64(0xBB67AE85)) & MASK]
        a, b = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [
            (b >> np.uint64(32)) ^ c[1] ^ k[0],
            b & MASK,
            (a >> np.uint64(32)) ^ c[3] ^ k[1],
            a & MASK,
        ]
    return np.stack(c, 1).astype(np.uint32)


KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_this_philox_gives_the_known_answers(counter, key, answer) -> None:
    assert tuple(philox(np.array([counter], np.uint32), key)[0]) == answer


def words(count: int, call: int = 0, bits: int = 32) -> np.ndarray:
    """Element i is word i mod 4 of counter i / 4 (docs/design/numerics.md); 64 bits take two."""
    need = count * bits // 32
    at = np.arange(-(-need // 4), dtype=np.uint64)
    counter = np.zeros((len(at), 4), np.uint32)
    counter[:, 0], counter[:, 1] = at & MASK, at >> np.uint64(32)
    counter[:, 2], counter[:, 3] = call & 0xFFFFFFFF, call >> 32
    flat = philox(counter, (SEED & 0xFFFFFFFF, SEED >> 32)).reshape(-1)[:need]
    if bits == 32:
        return flat
    pairs = flat.reshape(-1, 2).astype(np.uint64)
    return pairs[:, 0] | (pairs[:, 1] << np.uint64(32))


@pytest.fixture(autouse=True)
def _seeded():
    kept = _proa.get_rng_state()
    proa.seed(SEED)
    yield
    _proa.set_rng_state(kept)


def unit(count: int, dtype: str, call: int = 0) -> np.ndarray:
    """Uniform on [0, 1): as many bits as the significand holds."""
    if dtype == "float64":
        return (words(count, call, 64) >> np.uint64(11)) * 2.0**-53
    kept = {"float32": 24, "float16": 11, "bfloat16": 8}[dtype]
    return (words(count, call) >> np.uint32(32 - kept)) * 2.0**-kept


FLOATS = ("float32", "float64", "float16", "bfloat16")


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [[], [5], [3, 67], [0, 2], [10000]])
def test_uniform_numbers_are_the_words_of_philox(dtype, shape) -> None:
    n = int(np.prod(shape))
    np.testing.assert_array_equal(
        numpy_of(ops.rand(shape, dtype)).astype(float).reshape(-1), unit(n, dtype)
    )
    got = numpy_of(ops.uniform(shape, dtype, min=0.0, max=4.0)).astype(float).reshape(-1)
    np.testing.assert_array_equal(got, unit(n, dtype, 1) * 4)


@pytest.mark.parametrize("dtype", FLOATS)
def test_uniform_numbers_never_reach_the_end(dtype) -> None:
    assert float(numpy_of(ops.rand([200000], dtype)).astype(float).max()) < 1
    got = numpy_of(ops.uniform([200000], dtype, min=1.0, max=1.5)).astype(float)
    assert got.min() >= 1 and got.max() < 1.5
    assert numpy_of(ops.bernoulli(ops.ones([200000], dtype))).all()
    assert not numpy_of(ops.bernoulli(ops.zeros([200000], dtype))).any()


@pytest.mark.parametrize("name", ["randn", "standard_normal", "gaussian", "normal"])
@pytest.mark.parametrize("dtype", FLOATS)
def test_normal_numbers_are_those_of_box_and_muller(name, dtype) -> None:
    n = 3 * 67
    work = "float64" if dtype == "float64" else "float32"
    pair = unit(2 * n, work)
    u, v = 1 - pair[0::2], pair[1::2]  # the pair of an element stands together
    wanted = np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)
    how = {} if name in ("randn", "standard_normal") else {"mean": 2.0, "std": 0.5}
    got = numpy_of(getattr(ops, name)(shape=[3, 67], dtype=dtype, **how)).astype(float).reshape(-1)
    if how:
        wanted = 2 + 0.5 * wanted
    eps = float(np.finfo(np.float32).eps) if work == "float32" else 4e-16
    result = {"float16": 2.0**-10, "bfloat16": 2.0**-7}.get(dtype, eps)
    # The cosine's argument is rounded: an error of 2 pi eps of the radius.
    np.testing.assert_allclose(got, wanted, rtol=result, atol=40 * eps)


def test_normal_numbers_are_normal() -> None:
    values = numpy_of(ops.randn([100000], "float64"))
    assert stats.kstest(values, "norm").pvalue > 1e-3
    assert abs(values.mean()) < 0.02 and abs(values.std() - 1) < 0.02


@pytest.mark.parametrize("dtype", ["int64", "int32", "int16", "int8", "uint8"])
def test_integers_are_words_modulo_the_range(dtype) -> None:
    low, high = (0, 11) if dtype == "uint8" else (-7, 11)
    got = numpy_of(ops.randint(low, high, [1000], dtype))
    wanted = (words(1000, 0, 64) >> np.uint64(1)) % np.uint64(high - low)
    np.testing.assert_array_equal(got, wanted.astype(np.int64) + low)
    assert stats.chisquare(np.bincount(got.astype(int) - low)).pvalue > 1e-3


@pytest.mark.parametrize("n", [0, 1, 7, 1000])
def test_permutations_sort_the_words(n) -> None:
    got = numpy_of(ops.randperm(n))
    np.testing.assert_array_equal(got, np.argsort(words(n, 0, 64).view(np.int64), kind="stable"))


@pytest.mark.parametrize("dtype", FLOATS)
def test_bernoulli_compares_with_uniform_numbers(dtype) -> None:
    p = np.linspace(0, 1, 501).astype(NUMPY[dtype])
    x = proa.to_tensor(p.astype(np.float64)).cast(dtype)
    got = numpy_of(ops.bernoulli(x))
    work = "float64" if dtype == "float64" else "float32"
    np.testing.assert_array_equal(got.astype(float), unit(501, work) < p.astype(float))


@pytest.mark.parametrize("dtype", [*FLOATS, "complex64", "complex128"])
@pytest.mark.parametrize(
    "how", [{}, {"p": 0.25}, {"axis": [0]}, {"mode": "downscale_in_infer"}, {"p": 0.0}, {"p": 1.0}]
)
def test_dropout_keeps_where_the_words_say(dtype, how) -> None:
    x = np.arange(1, 1 + 8 * 6).reshape(8, 6).astype(np.float64)
    p = how.get("p", 0.5)
    mask = unit(8 if "axis" in how else 48, "float32").reshape(8, -1) >= np.float32(p)
    kept = x / (1 - p) if p < 1 and how.get("mode") is None else x
    got = numpy_of(ops.dropout(proa.to_tensor(x).cast(dtype), **how))
    wanted = np.where(mask, kept, 0) if p > 0 else x
    tolerance = 2.0**-7 if dtype == "bfloat16" else 2.0**-10 if dtype == "float16" else 1e-6
    np.testing.assert_allclose(got.astype(np.complex128), wanted, rtol=tolerance)
    still = numpy_of(ops.dropout(proa.to_tensor(x).cast(dtype), training=False, **how))
    factor = 1 - p if how.get("mode") else 1.0
    np.testing.assert_allclose(still.astype(np.complex128), x * factor, rtol=tolerance)


def test_what_a_dtype_cannot_hold_is_refused() -> None:
    for call in (
        lambda: ops.randint(0, 300, [2], "uint8"),
        lambda: ops.randint(-129, 2, [2], "int8"),
        lambda: ops.randint(-(2**63), 2**63 - 1, [2]),
        lambda: ops.randperm(300, "int8"),
        lambda: ops.randperm(4, "bool"),
    ):
        with pytest.raises(proa.ProaError, match="expected"):
            call()
