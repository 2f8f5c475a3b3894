"""New tensors under PyTorch's signatures: sizes may run on, and requires_grad is an argument.

Why wrappers: nothing that is made of numbers alone has an operand whose face it could take.
"""

from __future__ import annotations

from typing import Any

from .. import _proa
from ..check import refuse
from ..spelling import no_more
from .generator import drawing
from .tensor import Tensor, check_device, ints

ops: Any = _proa.ops


def _made(tensor: Any, device: Any, requires_grad: bool) -> Any:
    check_device(device)
    made = _proa._with_face(tensor)
    if requires_grad:
        made.requires_grad = True
    return made


def tensor(
    data: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Any:
    """A copy of data: numbers, nested lists, an array or a tensor."""
    if isinstance(data, _proa.Tensor):
        data = data.detach().clone()
    elif isinstance(data, (list, tuple)):
        data = _numbers(data)
    return _made(_proa.to_tensor(data, dtype=dtype), device, requires_grad)


def _numbers(data: Any) -> Any:
    """Nested sequences with their 0-d tensors as numbers."""
    if isinstance(data, (list, tuple)):
        return [_numbers(item) for item in data]
    return data.tolist() if isinstance(data, _proa.Tensor) else data


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Any:
    """The data itself where it is a tensor of this dtype, sharing memory with an array."""
    if isinstance(data, _proa.Tensor):
        kept = data if dtype is None or data.dtype == dtype else data.astype(dtype)
        return _made(kept, device, False)
    if hasattr(data, "__array__") and dtype is None:
        return from_numpy(data)
    return tensor(data, dtype=dtype, device=device)


def asarray(
    obj: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    copy: Any = None,
    requires_grad: bool = False,
) -> Any:
    """A tensor of any data; copy=True never shares memory."""
    made = as_tensor(obj, dtype, device)
    return _made(made.clone() if copy else made, device, requires_grad)


def from_numpy(ndarray: Any) -> Any:
    """A tensor in the memory of a NumPy array."""
    return _proa._with_face(_proa.from_numpy(ndarray))


def scalar_tensor(s: Any, *, dtype: Any = None, requires_grad: bool = False) -> Any:
    """A 0-d tensor, in the default dtype."""
    return tensor(s, dtype=dtype or _proa.get_default_dtype(), requires_grad=requires_grad)


def _sized(name: str, doc: str) -> Any:
    def make(
        *size: Any,
        out: Any = None,
        dtype: Any = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        pin_memory: bool = False,
        memory_format: Any = None,
        generator: Any = None,
        **named: Any,
    ) -> Any:
        if "size" in named:
            size = (named.pop("size"),)
        no_more(name, **named)
        with drawing(generator):
            made = getattr(ops, name)(ints(size), dtype=dtype)
        return _made(made, device, requires_grad) if out is None else out.copy_(made)

    make.__name__ = make.__qualname__ = name
    make.__doc__ = doc
    return make


zeros = _sized("zeros", "Zeros: `zeros(2, 3)` or `zeros((2, 3))`.")
ones = _sized("ones", "Ones.")
empty = _sized("zeros", "A tensor to be written: zeros.")
rand = _sized("rand", "Uniform numbers in [0, 1).")
randn = _sized("randn", "Standard normal numbers.")


def _like(name: str, doc: str) -> Any:
    def make(
        input: Any,
        *,
        dtype: Any = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        memory_format: Any = None,
        generator: Any = None,
    ) -> Any:
        kind = input.dtype if dtype is None else dtype
        with drawing(generator):
            made = getattr(ops, name)(list(input.shape), dtype=kind)
        return _made(made, device, requires_grad)

    make.__name__ = make.__qualname__ = f"{name}_like"
    make.__doc__ = doc
    return make


zeros_like = _like("zeros", "Zeros of the shape and dtype of another tensor.")
ones_like = _like("ones", "Ones of the shape and dtype of another tensor.")
empty_like = _like("zeros", "A tensor to be written, of the shape and dtype of another.")
rand_like = _like("rand", "Uniform numbers of the shape and dtype of another tensor.")
randn_like = _like("randn", "Normal numbers of the shape and dtype of another tensor.")


def full(
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """A tensor of one value; its dtype is the value's."""
    sizes = [size] if isinstance(size, int) else list(size)
    if dtype is None and isinstance(fill_value, bool):
        dtype = "bool"
    elif dtype is None and isinstance(fill_value, int):
        dtype = "int64"
    return _made(ops.full(sizes, fill_value, dtype), device, requires_grad)


def full_like(input: Any, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """A tensor of one value, of the shape and dtype of another."""
    return full(list(input.shape), fill_value, dtype=dtype or input.dtype, device=device)


def arange(
    start: Any,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """start, start + step, ... up to but without end."""
    if end is None:
        start, end = 0, start
    return _made(ops.arange(start, end, step, dtype), device, requires_grad)


def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """`steps` numbers at equal distances from start to end."""
    return _made(ops.linspace(start, end, steps, dtype), device, requires_grad)


def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Any:
    """base to the powers of linspace."""
    return _made(ops.logspace(start, end, steps, base, dtype), device, requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None) -> Any:
    """Ones on the diagonal, zeros elsewhere."""
    return _made(ops.eye(n, m, dtype), device, False)


def randint(
    low: int,
    high: Any = None,
    size: Any = None,
    *,
    generator: Any = None,
    dtype: Any = "int64",
    device: Any = None,
) -> Any:
    """Integers of [low, high): `randint(10, (2, 3))` or `randint(0, 10, (2, 3))`."""
    if size is None:
        low, high, size = 0, low, high
    if isinstance(size, int) or size is None:
        refuse("randint", "size", "a list of ints", size)
    with drawing(generator):
        return _made(ops.randint(low, high, list(size)).astype(dtype), device, False)


def randint_like(input: Any, low: int, high: int | None = None, *, dtype: Any = None) -> Any:
    """Integers of [low, high) in the shape of another tensor."""
    if high is None:
        low, high = 0, low
    return randint(low, high, list(input.shape), dtype=dtype or input.dtype)


def randperm(n: int, *, generator: Any = None, dtype: Any = "int64", device: Any = None) -> Any:
    """0 .. n - 1 in random order."""
    with drawing(generator):
        return _made(ops.randperm(n).astype(dtype), device, False)


def normal(
    mean: Any, std: Any = 1.0, size: Any = None, *, generator: Any = None, dtype: Any = None
) -> Any:
    """Normal numbers of these means and deviations."""
    if size is None:
        shape = list((mean if isinstance(mean, _proa.Tensor) else std).shape)
    else:
        shape = list(size)
    with drawing(generator):
        return _proa._with_face(ops.randn(shape, dtype=dtype) * std + mean)


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = "int64") -> Any:
    """The places of a lower triangle, [2, count]."""
    mask = ops.tril(ops.ones([row, col], "int64"), offset)
    return _proa._with_face(ops.transpose(ops.nonzero(mask), [1, 0]).astype(dtype))


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = "int64") -> Any:
    """The places of an upper triangle, [2, count]."""
    mask = ops.triu(ops.ones([row, col], "int64"), offset)
    return _proa._with_face(ops.transpose(ops.nonzero(mask), [1, 0]).astype(dtype))


def old_type(name: str, dtype: str) -> Any:
    """`FloatTensor(2, 3)` and its kin: sizes or data, of one dtype."""

    def make(*data: Any) -> Any:
        return Tensor(*data).to(dtype=dtype)

    make.__name__ = make.__qualname__ = name
    make.__doc__ = f"A tensor of {dtype}, by sizes or of data."
    return make
