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

    def __add__(self, other: Any) -> Size:
        return Size(tuple(self) + tuple(other))

    def __radd__(self, other: Any) -> Size:
        return Size(tuple(other) + tuple(self))

    @overload
    def __getitem__(self, key: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> Size: ...
    def __getitem__(self, key: SupportsIndex | slice) -> int | Size:
        if isinstance(key, slice):
            return Size(tuple.__getitem__(self, key))
        return tuple.__getitem__(self, key)

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


# Any to type checkers: the methods of this class mean to differ from those of its base.
_Base: Any = _proa.Tensor
ops: Any = _proa.ops


class Tensor(_Base):  # type: ignore[misc]
    """A tensor with PyTorch's methods.

    `Tensor(2, 3)` has that shape, `Tensor(data)` takes the data, both in the default dtype.
    """

    def __new__(cls, *data: Any) -> Any:
        if all(isinstance(item, int) and not isinstance(item, bool) for item in data):
            made = ops.zeros(list(data) if data else [0])
        elif len(data) == 1 and isinstance(data[0], Size):
            made = ops.zeros(list(data[0]))
        elif len(data) == 1 and isinstance(data[0], _proa.Tensor):
            made = data[0]
        elif len(data) == 1:
            made = _proa.to_tensor(data[0], dtype=_proa.get_default_dtype())
        else:
            refuse("Tensor", "data", "sizes, or one tensor, array or list", data)
        return super().__new__(cls, made)

    # ---- what it is ----

    @property
    def shape(self) -> Size:
        """The extents."""
        return Size(_shape(self))

    @property
    def size(self) -> Extents:
        """`x.size()` is the shape, `x.size(dim)` one extent."""
        found = Extents(_elements(self))
        found.shape = Size(_shape(self))
        return found

    @property
    def device(self) -> device:
        """Where the memory is."""
        return device("cpu")

    @property
    def is_cuda(self) -> bool:
        """False: the memory is the host's."""
        return False

    def numel(self) -> int:
        """The number of elements."""
        return int(_elements(self))

    def stride(self, dim: int | None = None) -> Any:
        """Strides in elements, or that of one dim."""
        return tuple(self.strides) if dim is None else self.strides[dim]

    def get_device(self) -> int:
        """-1: the memory is the host's."""
        return -1

    def __repr__(self) -> str:
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

    def to(self, *wanted: Any, **named: Any) -> Any:
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
            return ops.cast(self, dtype)
        return self.clone() if named.get("copy") else self

    def cuda(self, *ignored: Any, **named: Any) -> Any:
        """Refused: this build has no such device."""
        check_device("cuda")
        return self

    def share_memory_(self) -> Any:
        """Itself: memory is shared with workers by copy."""
        return self

    def pin_memory(self) -> Any:
        """Itself."""
        return self

    def numpy(self, *, force: bool = False) -> Any:
        """A NumPy array of the same memory; force takes it off the tape first."""
        return _Base.numpy(self.detach() if force else self)

    # ---- gradients ----

    def backward(
        self,
        gradient: _proa.Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Sequence[_proa.Tensor] | None = None,
    ) -> None:
        """Gradients of this tensor into the leaves it was made from (or only into `inputs`)."""
        if not create_graph and inputs is None:
            _Base.backward(self, gradient, bool(retain_graph))
            return
        from .autograd import grad_into

        grad_into(self, gradient, retain_graph, create_graph, inputs)

    def register_hook(self, hook: Any) -> Any:
        """Call `hook(gradient)`; what it returns, unless None, takes the gradient's place."""
        from ..tensor.methods import register_hook

        return register_hook(self, lambda gradient: hook(_proa._with_face(gradient)))

    # ---- shapes ----

    def view(self, *shape: Any) -> Any:
        """The elements in another shape, in the same memory; a dtype casts the bits."""
        if len(shape) == 1 and not isinstance(shape[0], (int, list, tuple)):
            return ops.bitcast(self, shape[0])
        return ops.reshape(self, ints(shape))

    def reshape(self, *shape: Any) -> Any:
        """The elements in another shape."""
        return ops.reshape(self, ints(shape))

    def view_as(self, other: _proa.Tensor) -> Any:
        """The elements in the shape of another tensor."""
        return self.view(list(other.shape))

    reshape_as = view_as

    def permute(self, *dims: Any) -> Any:
        """The dims in another order."""
        return ops.transpose(self, ints(dims))

    def expand(self, *sizes: Any) -> Any:
        """Dims of extent 1 repeated without copies; -1 keeps an extent."""
        return ops.expand(self, ints(sizes))

    def expand_as(self, other: _proa.Tensor) -> Any:
        """Expanded to the shape of another tensor."""
        return self.expand(list(other.shape))

    def repeat(self, *repeats: Any) -> Any:
        """The tensor laid side by side along each dim."""
        return ops.tile(self, ints(repeats))

    def tile(self, *dims: Any) -> Any:
        """As repeat; missing dims in front are 1."""
        return ops.tile(self, ints(dims))

    def flip(self, *dims: Any) -> Any:
        """The order along dims turned round."""
        return ops.flip(self, ints(dims))

    # ---- filled like this one ----

    def new_tensor(self, data: Any, *, dtype: Any = None, requires_grad: bool = False) -> Any:
        """A tensor of `data`, of this dtype unless told otherwise."""
        made = _proa._with_face(_proa.to_tensor(data, dtype=self.dtype if dtype is None else dtype))
        made.requires_grad = requires_grad
        return made

    def new_full(
        self, size: Iterable[Any], fill_value: Any, *, dtype: Any = None, device: Any = None
    ) -> Any:
        """A tensor of one value, of this dtype unless told otherwise."""
        check_device(device)
        kind = self.dtype if dtype is None else dtype
        return _proa._with_face(ops.full(list(size), fill_value, kind))

    def new_zeros(self, *size: Any, dtype: Any = None, device: Any = None) -> Any:
        """Zeros of this dtype."""
        return self.new_full(ints(size), 0, dtype=dtype, device=device)

    def new_ones(self, *size: Any, dtype: Any = None, device: Any = None) -> Any:
        """Ones of this dtype."""
        return self.new_full(ints(size), 1, dtype=dtype, device=device)

    new_empty = new_zeros

    # ---- random numbers in place ----

    def uniform_(self, a: float = 0.0, b: float = 1.0, *, generator: Any = None) -> Any:
        """Uniform numbers in [a, b)."""
        if generator is not None:
            from .generator import drawing

            with drawing(generator):
                return self.uniform_(a, b)
        return self.copy_(ops.uniform(list(self.shape), self.dtype, a, b))

    def normal_(self, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Any:
        """Normal numbers."""
        if generator is not None:
            from .generator import drawing

            with drawing(generator):
                return self.normal_(mean, std)
        drawn = ops.randn(list(self.shape), dtype=self.dtype)
        return self.copy_(drawn * std + mean)

    def random_(self, low: int = 0, high: int | None = None) -> Any:
        """Integers of [low, high), or of [0, low) where high is None."""
        if high is None:
            low, high = 0, low or 2**24
        return self.copy_(ops.randint(low, high, list(self.shape)).astype(self.dtype))

    def bernoulli_(self, p: float = 0.5) -> Any:
        """1 with probability p, else 0."""
        drawn = ops.uniform(list(self.shape), "float32", 0.0, 1.0) < p
        return self.copy_(drawn.astype(self.dtype))

    def __deepcopy__(self, memo: dict[Any, Any]) -> Any:
        return _Base.__deepcopy__(self, memo)


_shape = _Base.shape.__get__
_elements = _Base.size.__get__


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
    def method(self: Tensor) -> Any:
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
