"""What users write, in Paddle's names and in PyTorch's, under mypy --strict."""

from __future__ import annotations

from typing import assert_type

from proa._proa import Tensor, functional, top

from proa import _proa

x: Tensor = _proa.to_tensor([[1.0, 2.0], [3.0, 4.0]], stop_gradient=False)
assert_type(x + 1, Tensor)
assert_type(2.0 * x - x / 3, Tensor)
assert_type(x.shape, list[int])
assert_type(top.add(x, 1.5), Tensor)
assert_type(top.sum(x, axis=1, keepdim=True), Tensor)
assert_type(top.sum(x, dim=1), Tensor)
assert_type(x.sum([0, 1]), Tensor)
assert_type(x.reshape([4]), Tensor)
assert_type(x.reshape(2, 2), Tensor)
assert_type(top.concat([x, x], axis=0), Tensor)
assert_type(top.split(x, 2), list[Tensor])
assert_type(functional.softmax(x, axis=-1), Tensor)
assert_type(functional.softmax(x, dim=-1), Tensor)
assert_type(x > 0, Tensor)
assert_type(x == x, Tensor)
assert_type(_proa.get_num_threads(), int)
y = x.exp()
y.exp_()
y.sum().backward()
top.sum(x, axis="rows")  # type: ignore[arg-type]
top.exp(x, 1, 2, 3)  # type: ignore[call-overload]
x.shape = [4]  # type: ignore[misc]
