"""Programs in Paddle's style: `import proa as paddle`, results against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from proa.nn import functional as F

import proa as paddle
from proa import nn

RNG = np.random.default_rng(11)


def near(got: object, wanted: object, tol: float = 1e-5) -> None:
    got = got.numpy() if isinstance(got, paddle.Tensor) else got
    np.testing.assert_allclose(np.asarray(got), np.asarray(wanted), rtol=tol, atol=tol)


def test_create_and_look() -> None:
    x = paddle.to_tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], dtype="float32", stop_gradient=False)
    assert x.shape == [2, 3] and x.dtype == paddle.float32 and not x.stop_gradient
    assert x.ndim == 2 and x.size == 6 and x.numel() == 6 and paddle.rank(x) == 2
    near(paddle.shape(x), [2, 3])
    near(paddle.full([2, 2], 7, dtype="int64"), [[7, 7], [7, 7]])
    near(paddle.arange(0, 10, 3), np.arange(0, 10, 3))
    near(paddle.linspace(0, 1, 5), np.linspace(0, 1, 5))
    near(paddle.eye(3, 2), np.eye(3, 2))


def test_axis_and_keepdim() -> None:
    a = RNG.standard_normal((3, 4, 5)).astype("float32")
    x = paddle.to_tensor(a)
    near(paddle.mean(x, axis=[0, 2], keepdim=True), a.mean((0, 2), keepdims=True))
    near(x.sum(axis=-1), a.sum(-1))
    near(x.max(axis=1), a.max(1))
    near(paddle.std(x, axis=0), a.std(0, ddof=1))
    near(paddle.logsumexp(x, axis=1), np.log(np.exp(a).sum(1)), 1e-4)


def test_shapes() -> None:
    a = np.arange(24, dtype="float32").reshape(2, 3, 4)
    x = paddle.to_tensor(a)
    near(paddle.reshape(x, [0, -1]), a.reshape(2, -1))
    near(paddle.transpose(x, perm=[2, 0, 1]), a.transpose(2, 0, 1))
    near(paddle.squeeze(paddle.unsqueeze(x, axis=[0, 2]), axis=2), a[None])
    near(paddle.flatten(x, start_axis=1), a.reshape(2, -1))
    near(paddle.tile(x, repeat_times=[2, 1, 1]), np.tile(a, (2, 1, 1)))
    near(paddle.expand(x[:1], shape=[3, 3, 4]), np.repeat(a[:1], 3, 0))
    near(paddle.roll(x, shifts=1, axis=-1), np.roll(a, 1, -1))
    near(paddle.flip(x, axis=[0, 2]), a[::-1, :, ::-1])
    near(paddle.rot90(x, k=1, axes=[0, 1]), np.rot90(a, 1, (0, 1)))


def test_join_and_cut() -> None:
    a, b = RNG.random((2, 3)).astype("float32"), RNG.random((2, 3)).astype("float32")
    x, y = paddle.to_tensor(a), paddle.to_tensor(b)
    near(paddle.concat(x=[x, y], axis=0), np.concatenate([a, b]))
    near(paddle.stack([x, y], axis=1), np.stack([a, b], 1))
    both = paddle.concat([x, y], 1)
    first, second, third = paddle.split(both, num_or_sections=[2, -1, 1], axis=1)
    whole = np.concatenate([a, b], 1)
    near(first, whole[:, :2])
    near(second, whole[:, 2:5])
    near(third, whole[:, 5:])
    near(paddle.vstack([x, y]), np.vstack([a, b]))
    near(paddle.chunk(x, chunks=3, axis=1)[2], a[:, 2:])
    assert [p.shape for p in paddle.tensor_split(paddle.arange(7), 3)] == [[3], [2], [2]]
    assert len(paddle.unbind(x, axis=1)) == 3


def test_choose_elements() -> None:
    a = RNG.standard_normal((4, 5)).astype("float32")
    x = paddle.to_tensor(a)
    near(paddle.gather(x, paddle.to_tensor([3, 0]), axis=0), a[[3, 0]])
    near(paddle.gather_nd(x, paddle.to_tensor([[1, 2], [3, 4]])), a[[1, 3], [2, 4]])
    near(paddle.index_select(x, paddle.to_tensor([0, 2]), axis=1), a[:, [0, 2]])
    near(paddle.masked_select(x, x > 0), a[a > 0])
    near(paddle.where(x > 0, x, paddle.zeros_like(x)), np.where(a > 0, a, 0))
    near(paddle.take_along_axis(x, paddle.argsort(x, axis=1), axis=1), np.sort(a, 1))
    near(paddle.slice(x, axes=[0, 1], starts=[1, 0], ends=[3, -1]), a[1:3, :-1])
    near(paddle.strided_slice(x, axes=[1], starts=[4], ends=[0], strides=[-2]), a[:, 4:0:-2])
    near(x[1:3, [0, 2]], a[1:3, [0, 2]])
    near(paddle.nonzero(x > 1), np.argwhere(a > 1))


def test_write_elements() -> None:
    x = paddle.zeros([3, 4])
    x[1] = 5.0
    x[:, 2] = paddle.to_tensor([1.0, 2.0, 3.0])
    wanted = np.zeros((3, 4))
    wanted[1] = 5
    wanted[:, 2] = [1, 2, 3]
    near(x, wanted)
    near(paddle.scatter(x, paddle.to_tensor([0]), paddle.ones([1, 4])),
         np.r_[[[1] * 4], wanted[1:]])
    rows, columns = paddle.to_tensor([0, 2]), paddle.to_tensor([1, 3])
    near(paddle.index_put(paddle.zeros([3, 4]), (rows, columns), paddle.to_tensor([7.0, 8.0])),
         [[0, 7, 0, 0], [0] * 4, [0, 0, 0, 8]])
    near(paddle.masked_fill(x, x == 5, -1.0), np.where(wanted == 5, -1, wanted))
    near(paddle.put_along_axis(paddle.zeros([2, 2]), paddle.to_tensor([[1], [0]]), 3.0, 1),
         [[0, 3], [3, 0]])


def test_index_put_takes_masks_and_adds() -> None:
    x = paddle.ones([2, 3])
    mask = paddle.to_tensor([[True, False, True], [False, True, False]])
    near(x.index_put((mask,), paddle.to_tensor(5.0)), [[5, 1, 5], [1, 5, 1]])
    twice = paddle.to_tensor([0, 0])
    near(x.index_put((twice,), paddle.ones([2, 3]), accumulate=True), [[3, 3, 3], [1, 1, 1]])
    with pytest.raises(paddle.ProaError, match="indices"):
        x.index_put((twice, twice, twice), paddle.to_tensor(1.0))


def test_sort_and_order() -> None:
    a = RNG.permutation(12).reshape(3, 4).astype("float32")
    x = paddle.to_tensor(a)
    values, indices = paddle.topk(x, k=2, axis=-1)
    near(values, -np.sort(-a, -1)[:, :2])
    near(indices, np.argsort(-a, -1)[:, :2])
    near(paddle.median(x), np.median(a))
    near(paddle.quantile(x, q=[0.25, 0.5], axis=1), np.quantile(a, [0.25, 0.5], 1))
    near(paddle.kthvalue(x, 2, axis=0)[0], np.sort(a, 0)[1])
    near(paddle.searchsorted(paddle.to_tensor([1.0, 3.0, 5.0]), x), np.searchsorted([1, 3, 5], a))
    near(paddle.mode(paddle.to_tensor([[2, 2, 3], [1, 1, 1]]))[0], [2, 1])


def test_counts_and_distinct() -> None:
    a = RNG.integers(0, 5, 40)
    x = paddle.to_tensor(a)
    out, index, inverse, counts = paddle.unique(
        x, return_index=True, return_inverse=True, return_counts=True)
    for got, wanted in zip((out, index, inverse, counts), np.unique(a, True, True, True)):
        near(got, wanted)
    near(paddle.bincount(x), np.bincount(a))
    near(paddle.histogram(x.astype("float32"), bins=4, min=0, max=4), np.histogram(a, 4, (0, 4))[0])
    near(paddle.isin(x, paddle.to_tensor([1, 3])), np.isin(a, [1, 3]))
    near(paddle.unique_consecutive(paddle.to_tensor([1, 1, 2, 2, 2, 1])), [1, 2, 1])
    rows = RNG.integers(0, 2, (6, 2))
    near(paddle.unique(paddle.to_tensor(rows), axis=0), np.unique(rows, axis=0))


def test_compare() -> None:
    x, y = paddle.to_tensor([1.0, 2.0]), paddle.to_tensor([1.0, 2.0 + 1e-9])
    assert paddle.equal_all(x, x) and not paddle.equal_all(x, paddle.to_tensor([1.0]))
    assert paddle.allclose(x, y)
    near(paddle.greater_than(x, paddle.to_tensor([1.0, 1.0])), [False, True])
    assert bool(paddle.any(x > 1)) and not bool(paddle.all(x > 1))
    near(paddle.logical_and(x > 0, x < 2), [True, False])


def test_linalg() -> None:
    a = RNG.standard_normal((4, 4))
    spd = a @ a.T + 4 * np.eye(4)
    x, y = paddle.to_tensor(spd), paddle.to_tensor(RNG.standard_normal((4, 2)))
    near(paddle.linalg.inv(x) @ x, np.eye(4))
    near(paddle.linalg.solve(x, y), np.linalg.solve(spd, y.numpy()))
    near(paddle.linalg.cholesky(x), np.linalg.cholesky(spd))
    near(paddle.linalg.det(x), np.linalg.det(spd), 1e-4)
    near(paddle.linalg.matrix_power(x, 3), np.linalg.matrix_power(spd, 3), 1e-6)
    near(paddle.linalg.cond(x, p="fro"), np.linalg.cond(spd, "fro"))
    assert paddle.linalg.matrix_rank(x) == 4
    lu, pivots = paddle.linalg.lu(x)
    p, low, up = paddle.linalg.lu_unpack(lu, pivots)
    near(p @ low @ up, spd)
    near(paddle.linalg.multi_dot([x, x, y]), spd @ spd @ y.numpy())
    near(paddle.linalg.lstsq(paddle.to_tensor(a[:, :2]), y)[0],
         np.linalg.lstsq(a[:, :2], y.numpy(), None)[0])


@pytest.mark.parametrize(("p", "axis"), [
    (None, None), (2, -1), ("fro", [0, 1]), (float("inf"), 0), ("nuc", [0, 1]), (1, [0, 1])])
def test_norm(p: object, axis: object) -> None:
    a = RNG.standard_normal((3, 4))
    right = np.linalg.norm(a if axis is not None else a.ravel(), p,
                           tuple(axis) if isinstance(axis, list) else axis)
    near(paddle.linalg.norm(paddle.to_tensor(a), p=p, axis=axis), right)
    near(paddle.norm(paddle.to_tensor(a), p, axis), right)


def test_low_rank() -> None:
    a = RNG.standard_normal((6, 2)) @ RNG.standard_normal((2, 5))
    u, s, v = paddle.linalg.svd_lowrank(paddle.to_tensor(a), q=2)
    near(u.numpy() * s.numpy() @ v.numpy().T, a)
    u, s, v = paddle.linalg.pca_lowrank(paddle.to_tensor(a), q=2)
    near(u.numpy() * s.numpy() @ v.numpy().T, a - a.mean(0))


def test_products() -> None:
    a, b = RNG.standard_normal((2, 3, 4)), RNG.standard_normal((2, 4, 5))
    x, y = paddle.to_tensor(a), paddle.to_tensor(b)
    near(paddle.matmul(x, y), a @ b)
    near(paddle.matmul(x, x, transpose_y=True), a @ a.transpose(0, 2, 1))
    near(paddle.bmm(x, y), a @ b)
    near(paddle.einsum("bij,bjk->bik", x, y), a @ b)
    near(paddle.outer(x[0, 0], y[0, 0]), np.outer(a[0, 0], b[0, 0]))
    near(paddle.addmm(paddle.ones([3, 5]), x[0], y[0], beta=0.5, alpha=2.0), 0.5 + 2 * a[0] @ b[0])
    near(paddle.cdist(x[0], x[1]), np.linalg.norm(a[0][:, None] - a[1][None], axis=-1))


def test_fft_and_signal() -> None:
    a = RNG.standard_normal(16)
    near(paddle.fft.fft(paddle.to_tensor(a)), np.fft.fft(a))
    near(paddle.fft.irfft(paddle.fft.rfft(paddle.to_tensor(a))), a)
    near(paddle.fft.fftshift(paddle.fft.fftfreq(8, d=0.5)), np.fft.fftshift(np.fft.fftfreq(8, 0.5)))
    spectrum = paddle.signal.stft(paddle.to_tensor(a), n_fft=8, hop_length=2)
    near(paddle.signal.istft(spectrum, n_fft=8, hop_length=2), a)


def test_complex_numbers() -> None:
    z = paddle.complex(paddle.to_tensor([3.0]), paddle.to_tensor([4.0]))
    near(paddle.abs(z), [5.0])
    near(paddle.as_real(z), [[3.0, 4.0]])
    near(paddle.polar(paddle.to_tensor([2.0]), paddle.to_tensor([np.pi / 2])), [2j])
    near(paddle.angle(paddle.conj(z)), [-np.arctan2(4, 3)])


def test_gradients() -> None:
    x = paddle.to_tensor([1.0, 2.0, 3.0], stop_gradient=False)
    y = (x**2).sum()
    y.backward()
    near(x.grad, [2.0, 4.0, 6.0])
    x.clear_gradient()
    (dx,) = paddle.grad(outputs=(x**3).sum(), inputs=x, create_graph=True)
    near(paddle.grad(dx.sum(), x)[0], 6 * x.numpy())
    with paddle.no_grad():
        assert (x * 2).stop_gradient


def test_in_place_methods_keep_the_object() -> None:
    x = paddle.to_tensor([[4.0, 9.0]])
    same = x
    x.sqrt_()
    x.add_(paddle.to_tensor(1.0))
    x.scale_(2.0)
    near(same, [[6.0, 8.0]])
    x.clip_(min=7)
    x.zero_()
    x.fill_(3.0)
    near(same, [[3.0, 3.0]])


def test_in_place_changes_of_shape() -> None:
    x = paddle.arange(6).astype("float32")
    same = x
    assert x.reshape_([2, 3]) is same and same.shape == [2, 3]
    x.unsqueeze_(0)
    assert same.shape == [1, 2, 3]
    x.squeeze_(0)
    x.flatten_()
    near(same, np.arange(6))
    x.cast_("int32")
    assert same.dtype == paddle.int32
    y = paddle.to_tensor([1.0, 2.0, 3.0, 4.0], stop_gradient=False)
    z = y * 2
    z.reshape_([2, 2])
    (z * z).sum().backward()
    near(y.grad, 8 * y.numpy())
    with pytest.raises(paddle.ProaError, match="leaf"):
        y.reshape_([2, 2])


def test_a_reshaped_tensor_shares_its_memory() -> None:
    x = paddle.zeros([4])
    view = x[:2]
    x.reshape_([2, 2])
    x[0, 1] = 7.0
    near(view, [0.0, 7.0])


def test_resize_and_set() -> None:
    x = paddle.arange(4)
    x.resize_([2])
    near(x, [0, 1])
    with pytest.raises(paddle.ProaError, match="fill_zero"):
        x.resize_([3])
    x.resize_([2, 2], fill_zero=True)
    near(x, [[0, 1], [0, 0]])
    x.set_(paddle.arange(10), shape=[2, 2], stride=[1, 3], offset=1)
    near(x, [[1, 4], [2, 5]])


def test_random_numbers_have_their_moments() -> None:
    paddle.seed(7)
    n = 40000
    rate = paddle.full([n], 3.5)
    for got, mean, var in (
        (paddle.poisson(rate), 3.5, 3.5),
        (paddle.poisson(rate * 10), 35.0, 35.0),
        (paddle.binomial(paddle.full([n], 12), paddle.full([n], 0.25)), 3.0, 2.25),
        (paddle.binomial(paddle.full([n], 100), paddle.full([n], 0.7)), 70.0, 21.0),
        (paddle.standard_gamma(paddle.full([n], 2.5)), 2.5, 2.5),
        (paddle.standard_gamma(paddle.full([n], 0.4)), 0.4, 0.4),
        (paddle.empty([n]).exponential_(2.0), 0.5, 0.25),
        (paddle.empty([n]).geometric_(0.25), 4.0, 12.0),
        (paddle.empty([n]).bernoulli_(0.3), 0.3, 0.21),
        (paddle.log_normal(0.1, 0.5, [n]), np.exp(0.225), (np.exp(0.25) - 1) * np.exp(0.45)),
        (paddle.randint_like(rate, 2, 5), 3.0, 2 / 3),
    ):
        a = got.numpy().astype(float)
        assert abs(a.mean() - mean) < 5 * np.sqrt(var / n)
        assert abs(a.var() / var - 1) < 0.15


def test_multinomial_follows_the_weights() -> None:
    paddle.seed(3)
    weights = paddle.to_tensor([1.0, 0.0, 3.0])
    drawn = paddle.multinomial(weights, num_samples=20000, replacement=True).numpy()
    near(np.bincount(drawn, minlength=3) / 20000, [0.25, 0, 0.75], 0.02)
    once = paddle.multinomial(weights, num_samples=2).numpy()
    assert sorted(once) == [0, 2]


def test_poisson_is_the_distribution_and_not_only_its_moments() -> None:
    import scipy.stats

    paddle.seed(1)
    for rate in (0.7, 6.0, 14.0):
        drawn = paddle.poisson(paddle.full([50000], rate)).numpy().astype(int)
        seen = np.bincount(drawn, minlength=60)[:60]
        wanted = scipy.stats.poisson.pmf(np.arange(60), rate) * 50000
        likely = wanted > 20
        chi = ((seen - wanted) ** 2 / wanted)[likely].sum()
        assert chi < scipy.stats.chi2.ppf(1 - 1e-6, likely.sum())


def test_limits_and_dtypes() -> None:
    for name in ("float16", "float32", "float64"):
        mine, theirs = paddle.finfo(name), np.finfo(name)
        assert (mine.max, mine.min, mine.eps, mine.bits) == (
            theirs.max, theirs.min, theirs.eps, theirs.bits)
        assert (mine.tiny, mine.resolution) == (theirs.tiny, pytest.approx(theirs.resolution))
    for name in ("uint8", "int16", "int64"):
        assert paddle.iinfo(name).max == np.iinfo(name).max
    before = paddle.get_default_dtype()
    paddle.set_default_dtype("float64")
    assert paddle.ones([1]).dtype == paddle.float64
    paddle.set_default_dtype(before)
    bits = paddle.to_tensor([1.0, -2.0])
    near(bits.view("int32"), bits.numpy().view("int32"))
    near(bits.view("uint8"), bits.numpy().view("uint8"))
    with pytest.raises(TypeError):
        paddle.finfo("int32")


def test_lists_of_tensors() -> None:
    x, y = paddle.broadcast_tensors([paddle.ones([2, 1]), paddle.zeros([3])])
    assert x.shape == y.shape == [2, 3]
    grid = paddle.meshgrid(paddle.arange(2), paddle.arange(3))
    near(grid[1], [[0, 1, 2], [0, 1, 2]])
    near(paddle.add_n([paddle.ones([2]), paddle.ones([2])]), [2, 2])
    assert [t.shape for t in paddle.atleast_2d(paddle.to_tensor(1.0), paddle.ones([3]))] == [
        [1, 1], [1, 3]]
    near(paddle.block_diag([paddle.ones([1, 2]), paddle.ones([1, 1])]), [[1, 1, 0], [0, 0, 1]])


def test_histogramdd() -> None:
    a = RNG.random((50, 3))
    got, edges = paddle.histogramdd(paddle.to_tensor(a), bins=[2, 3, 4], ranges=[0, 1] * 3)
    wanted, right = np.histogramdd(a, [2, 3, 4], [(0, 1)] * 3)
    near(got, wanted)
    for e, r in zip(edges, right, strict=True):
        near(e, r)
    weights = RNG.random(50)
    got, _ = paddle.histogramdd(
        paddle.to_tensor(a), 2, [0, 1] * 3, density=True, weights=paddle.to_tensor(weights))
    near(got, np.histogramdd(a, 2, [(0, 1)] * 3, density=True, weights=weights)[0])


def test_running_results() -> None:
    a = RNG.standard_normal((3, 4))
    x = paddle.to_tensor(a)
    near(paddle.cumsum(x, axis=1), a.cumsum(1))
    near(paddle.cumprod(x, dim=0), a.cumprod(0))
    near(paddle.diff(x, axis=1), np.diff(a, axis=1))
    near(paddle.trapezoid(x, dx=0.5), np.trapezoid(a, dx=0.5))
    near(paddle.cov(x), np.cov(a))
    near(paddle.corrcoef(x), np.corrcoef(a))
    near(paddle.vander(x[0], 3), np.vander(a[0], 3))


def test_numbers_of_a_tensor() -> None:
    x = paddle.to_tensor([[1, 2], [3, 4]])
    assert x.tolist() == [[1, 2], [3, 4]] and paddle.tolist(x) == x.tolist()
    assert x[0, 1].item() == 2 and int(x.sum()) == 10 and len(x) == 2
    assert paddle.is_tensor(x) and not paddle.is_empty(x) and paddle.is_integer(x)
    count = paddle.zeros([1])
    paddle.increment(count, 2.0)
    near(count, [2.0])
    assert paddle.zeros([0, 3]).is_empty()


def test_a_layer_learns() -> None:
    paddle.seed(0)
    a = RNG.standard_normal((64, 3)).astype("float32")
    target = paddle.to_tensor(a @ np.array([[1.0], [-2.0], [0.5]], "float32") + 0.25)
    net = nn.Linear(3, 1)
    opt = paddle.optimizer.Adam(learning_rate=0.1, parameters=net.parameters())
    for _ in range(200):
        loss = F.mse_loss(net(paddle.to_tensor(a)), target)
        loss.backward()
        opt.step()
        opt.clear_grad()
    near(net.weight.numpy().ravel(), [1.0, -2.0, 0.5], 1e-2)
    near(net.bias, [0.25], 1e-2)


def test_a_network_is_a_state_of_tensors() -> None:
    net = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
    other = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
    other.set_state_dict(net.state_dict())
    x = paddle.rand([5, 2])
    near(net(x), other(x))
    with paddle.LazyGuard():
        assert nn.Linear(2, 2).weight.shape == [2, 2]


def test_modes_and_places() -> None:
    assert paddle.in_dynamic_mode() and paddle.CPUPlace() == paddle.CPUPlace()
    paddle.disable_static()
    for refused in (paddle.enable_static, lambda: paddle.CUDAPlace(0)):
        with pytest.raises(NotImplementedError):
            refused()
    state = paddle.get_rng_state()
    first = paddle.rand([3])
    paddle.set_rng_state(state)
    near(paddle.rand([3]), first.numpy())
