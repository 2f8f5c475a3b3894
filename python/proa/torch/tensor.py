"""The Tensor of proa.torch: the same memory and tape, with PyTorch's methods.

Why a class of its own: `x.size`, `x.split(2)` or `x.max(1)` mean one thing in Paddle and another in
PyTorch. The core makes every result of a tensor with this face another one, so a script never meets
the other kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, SupportsIndex, overload

import numpy

from .. import _proa
from ..check import refuse


class Size(tuple[int, ...]):
    """A shape: a tuple of ints that also equals, and adds to, a list."""

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements."""
        count = 1
        for extent in self:
            count *= extent
        return count

    def __eq__(self, other: object) -> bool:
        return tuple.__eq__(self, tuple(other) if isinstance(other, list) else other) is True

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__

    def __add__(self, other: Any) -> Size:  # type: ignore[override]
        return Size(tuple(self) + tuple(other))

    def __radd__(self, other: Any) -> Size:
        return Size(tuple(other) + tuple(self))

    @overload
    def __getitem__(self, key: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> Size: ...
    def __getitem__(self, key: SupportsIndex | slice) -> int | Size:
        found = tuple.__getitem__(self, key)
        return Size(found) if isinstance(key, slice) else found

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"


class Extents(int):
    """What `x.size` gives: called, the shape or one extent of it; as a number, that of elements."""

    shape: Size

    @overload
    def __call__(self, dim: None = None) -> Size: ...
    @overload
    def __call__(self, dim: int) -> int: ...
    def __call__(self, dim: int | None = None) -> Size | int:
        return self.shape if dim is None else self.shape[dim]


class device:
    """A place for tensors, by name or by type and index: `device("cpu")`."""

    def __init__(self, type: str | device = "cpu", index: int | None = None) -> None:
        if isinstance(type, device):
            type, index = type.type, type.index
        name, _, number = str(type).partition(":")
        self.type = name
        self.index = int(number) if number else index

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            other = device(other)
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __enter__(self) -> device:
        check_device(self)
        return self

    def __exit__(self, *ignored: object) -> None:
        return None


def check_device(place: Any) -> None:
    """Refuse a device that this build does not have."""
    if place is not None and device(place).type != "cpu":
        raise _proa.NotSupportedError(
            f"[proa.torch] device: '{place}' is not available in this build; expected 'cpu'"
        )


_OLD_TYPES = {
    "FloatTensor": "float32", "DoubleTensor": "float64", "HalfTensor": "float16",
    "BFloat16Tensor": "bfloat16", "LongTensor": "int64", "IntTensor": "int32",
    "ShortTensor": "int16", "CharTensor": "int8", "ByteTensor": "uint8", "BoolTensor": "bool",
}  # fmt: skip


class Tensor(_proa.Tensor):
    """A tensor with PyTorch's methods.

    `Tensor(2, 3)` has that shape, `Tensor(data)` takes the data, both in the default dtype.
    """

    def __new__(cls, *data: Any) -> Tensor:
        if all(isinstance(item, int) and not isinstance(item, bool) for item in data):
            made = _proa.ops.zeros(list(data) if data else [0])
        elif len(data) == 1 and isinstance(data[0], Size):
            made = _proa.ops.zeros(list(data[0]))
        elif len(data) == 1 and isinstance(data[0], _proa.Tensor):
            made = data[0]
        elif len(data) == 1:
            made = _proa.to_tensor(data[0], dtype=_proa.get_default_dtype())
        else:
            refuse("Tensor", "data", "sizes, or one tensor, array or list", data)
        return super().__new__(cls, made)  # type: ignore[call-arg]

    # ---- what it is ----

    @property
    def shape(self) -> Size:  # type: ignore[override]
        """The extents."""
        return Size(_shape(self))

    @property
    def size(self) -> Extents:  # type: ignore[override]
        """`x.size()` is the shape, `x.size(dim)` one extent."""
        found = Extents(_elements(self))
        found.shape = Size(_shape(self))
        return found

    @property
    def device(self) -> device:  # type: ignore[override]
        """Where the memory is."""
        return device("cpu")

    @property
    def is_cuda(self) -> bool:
        """False: the memory is the host's."""
        return False

    def numel(self) -> int:
        """The number of elements."""
        return _elements(self)

    def stride(self, dim: int | None = None) -> Any:
        """Strides in elements, or that of one dim."""
        return tuple(self.strides) if dim is None else self.strides[dim]

    def get_device(self) -> int:
        """-1: the memory is the host's."""
        return -1

    def __repr__(self) -> str:  # type: ignore[override]
        values = self.detach()
        if values.dtype == "bfloat16":
            values = values.float()
        text = numpy.array2string(
            values.numpy(), separator=", ", precision=4, prefix="tensor(", threshold=1000
        )
        notes = []
        if self.dtype not in (_proa.get_default_dtype(), "int64", "bool"):
            notes.append(f", dtype={repr(self.dtype).replace('proa', 'torch')}")
        if self.grad_fn is not None:
            notes.append(f", grad_fn=<{self.grad_fn}>")
        elif self.requires_grad:
            notes.append(", requires_grad=True")
        return f"tensor({text}{''.join(notes)})"

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self.ndim == 0 and spec else repr(self)

    # ---- dtype and place ----

    def to(self, *wanted: Any, **named: Any) -> Tensor:  # type: ignore[override]
        """Another dtype or device: `x.to(torch.float64)`, `x.to("cpu")`, `x.to(other)`."""
        dtype = named.get("dtype")
        place = named.get("device")
        for value in wanted:
            if isinstance(value, _proa.Tensor):
                dtype = value.dtype
            elif isinstance(value, (str, device)):
                place = value
            elif not isinstance(value, bool) and value is not None:
                dtype = value
        check_device(place)
        if dtype is not None and dtype != self.dtype:
            return _proa.ops.cast(self, dtype)  # type: ignore[return-value]
        return self.clone() if named.get("copy") else self  # type: ignore[return-value]

    def cuda(self, *ignored: Any, **named: Any) -> Tensor:  # type: ignore[override]
        """Refused: this build has no such device."""
        check_device("cuda")
        return self

    def share_memory_(self) -> Tensor:
        """Itself: memory is shared with workers by copy."""
        return self

    def pin_memory(self) -> Tensor:  # type: ignore[override]
        """Itself."""
        return self

    def numpy(self, *, force: bool = False) -> Any:  # type: ignore[override]
        """A NumPy array of the same memory; force takes it off the tape first."""
        return _proa.Tensor.numpy(self.detach() if force else self)

    # ---- gradients ----

    def backward(  # type: ignore[override]
        self,
        gradient: _proa.Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Sequence[_proa.Tensor] | None = None,
    ) -> None:
        """Gradients of this tensor into the leaves it was made from (or only into `inputs`)."""
        if not create_graph and inputs is None:
            _proa.Tensor.backward(self, gradient, bool(retain_graph))
            return
        from .autograd import grad_into

        grad_into(self, gradient, retain_graph, create_graph, inputs)

    def register_hook(self, hook: Any) -> Any:  # type: ignore[override]
        """Call `hook(gradient)`; what it returns, unless None, takes the gradient's place."""
        from ..tensor.methods import register_hook

        return register_hook(self, lambda gradient: hook(_proa._with_face(gradient)))

    # ---- shapes ----

    def view(self, *shape: Any) -> Tensor:  # type: ignore[override]
        """The elements in another shape, in the same memory; a dtype casts the bits."""
        if len(shape) == 1 and not isinstance(shape[0], (int, list, tuple)):
            return _proa.ops.bitcast(self, shape[0])  # type: ignore[return-value, attr-defined]
        return _proa.ops.reshape(self, ints(shape))  # type: ignore[return-value]

    def reshape(self, *shape: Any) -> Tensor:  # type: ignore[override]
        """The elements in another shape."""
        return _proa.ops.reshape(self, ints(shape))  # type: ignore[return-value]

    def view_as(self, other: _proa.Tensor) -> Tensor:  # type: ignore[override]
        """The elements in the shape of another tensor."""
        return self.view(list(other.shape))

    reshape_as = view_as

    def permute(self, *dims: Any) -> Tensor:  # type: ignore[override]
        """The dims in another order."""
        return _proa.ops.transpose(self, ints(dims))  # type: ignore[return-value]

    def expand(self, *sizes: Any) -> Tensor:  # type: ignore[override]
        """Dims of extent 1 repeated without copies; -1 keeps an extent."""
        return _proa.ops.expand(self, ints(sizes))  # type: ignore[return-value]

    def expand_as(self, other: _proa.Tensor) -> Tensor:  # type: ignore[override]
        """Expanded to the shape of another tensor."""
        return self.expand(list(other.shape))

    def repeat(self, *repeats: Any) -> Tensor:  # type: ignore[override]
        """The tensor laid side by side along each dim."""
        return _proa.ops.tile(self, ints(repeats))  # type: ignore[return-value]

    def tile(self, *dims: Any) -> Tensor:  # type: ignore[override]
        """As repeat; missing dims in front are 1."""
        return _proa.ops.tile(self, ints(dims))  # type: ignore[return-value]

    def flip(self, *dims: Any) -> Tensor:  # type: ignore[override]
        """The order along dims turned round."""
        return _proa.ops.flip(self, ints(dims))  # type: ignore[return-value]

    # ---- filled like this one ----

    def new_tensor(self, data: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
        """A tensor of `data`, of this dtype unless told otherwise."""
        made = _proa._with_face(_proa.to_tensor(data, dtype=self.dtype if dtype is None else dtype))
        made.requires_grad = requires_grad
        return made  # type: ignore[no-any-return]

    def new_full(
        self, size: Iterable[Any], fill_value: Any, *, dtype: Any = None, device: Any = None
    ) -> Tensor:
        """A tensor of one value, of this dtype unless told otherwise."""
        check_device(device)
        kind = self.dtype if dtype is None else dtype
        return _proa._with_face(_proa.ops.full(list(size), fill_value, kind))  # type: ignore[no-any-return]

    def new_zeros(self, *size: Any, dtype: Any = None, device: Any = None) -> Tensor:
        """Zeros of this dtype."""
        return self.new_full(ints(size), 0, dtype=dtype, device=device)

    def new_ones(self, *size: Any, dtype: Any = None, device: Any = None) -> Tensor:
        """Ones of this dtype."""
        return self.new_full(ints(size), 1, dtype=dtype, device=device)

    new_empty = new_zeros

    # ---- random numbers in place ----

    def uniform_(self, a: float = 0.0, b: float = 1.0, **ignored: Any) -> Tensor:  # type: ignore[override]
        """Uniform numbers in [a, b)."""
        return self.copy_(_proa.ops.uniform(list(self.shape), self.dtype, a, b))  # type: ignore[return-value]

    def normal_(self, mean: float = 0.0, std: float = 1.0, **ignored: Any) -> Tensor:  # type: ignore[override]
        """Normal numbers."""
        drawn = _proa.ops.randn(list(self.shape), dtype=self.dtype)
        return self.copy_(drawn * std + mean)  # type: ignore[return-value]

    def random_(self, low: int = 0, high: int | None = None) -> Tensor:  # type: ignore[override, valid-type]
        """Integers of [low, high), or of [0, low) where high is None."""
        if high is None:
            low, high = 0, low or 2**24
        return self.copy_(_proa.ops.randint(low, high, list(self.shape)).astype(self.dtype))  # type: ignore[return-value]

    def bernoulli_(self, p: float = 0.5) -> Tensor:  # type: ignore[override]
        """1 with probability p, else 0."""
        drawn = _proa.ops.uniform(list(self.shape), "float32", 0.0, 1.0) < p
        return self.copy_(drawn.astype(self.dtype))  # type: ignore[return-value]

    def __deepcopy__(self, memo: dict[Any, Any]) -> Tensor:
        return _proa.Tensor.__deepcopy__(self, memo)  # type: ignore[no-any-return, attr-defined]


_shape = _proa.Tensor.shape.__get__  # type: ignore[attr-defined]
_elements = _proa.Tensor.size.__get__  # type: ignore[attr-defined]


def ints(values: tuple[Any, ...]) -> list[Any]:
    """`(2, 3)` and `([2, 3],)` are both [2, 3]."""
    if len(values) == 1 and isinstance(values[0], (list, tuple)):
        return list(values[0])
    return list(values)


def _type(self: Tensor, dtype: Any = None) -> Any:
    """The name of the old tensor type, or a tensor of another dtype."""
    if dtype is None:
        names = {value: name for name, value in _OLD_TYPES.items()}
        return f"torch.{names[self.dtype.name]}"
    if isinstance(dtype, str):
        dtype = _OLD_TYPES.get(dtype.rpartition(".")[2], dtype)
    return self.to(dtype=dtype)


def _cast(dtype: str) -> Any:
    def method(self: Tensor) -> Tensor:
        return self.to(dtype=dtype)

    method.__doc__ = f"Cast to {dtype}."
    return method


# By name, since methods called `int` and `float` would hide the types from the annotations above.
_CASTS = {
    "long": "int64", "int": "int32", "short": "int16", "char": "int8", "byte": "uint8",
    "bool": "bool", "half": "float16", "float": "float32", "double": "float64",
    "bfloat16": "bfloat16", "cfloat": "complex64", "cdouble": "complex128",
}  # fmt: skip
for _name, _dtype in _CASTS.items():
    setattr(Tensor, _name, _cast(_dtype))
setattr(Tensor, "type", _type)  # noqa: B010

_proa._add_face(Tensor)
