"""Operators whose gradient is written in Python."""

from __future__ import annotations

from typing import Any

from .. import _proa
from .mode import no_grad


class PyLayerContext:
    """What `forward` hands to `backward`: saved tensors and whatever attributes are set on it."""

    def __init__(self) -> None:
        self._saved: tuple[_proa.Tensor, ...] = ()
        self._versions: tuple[int, ...] = ()
        self.materialize_grads = True

    def save_for_backward(self, *tensors: _proa.Tensor) -> None:
        """Keeps tensors for `backward`; writing to one of them in between is an error."""
        self._saved = tensors
        self._versions = tuple(t._version for t in tensors)

    def saved_tensor(self) -> tuple[_proa.Tensor, ...]:
        """The tensors kept by `save_for_backward`.

        Raises:
            RuntimeError: one of them was modified in place since.
        """
        for tensor, version in zip(self._saved, self._versions, strict=True):
            if tensor._version != version:
                raise _proa.StateError(
                    "a tensor saved for backward was modified in place: "
                    f"it was saved at version {version} and is at version {tensor._version} now"
                )
        return self._saved

    @property
    def saved_tensors(self) -> tuple[_proa.Tensor, ...]:
        return self.saved_tensor()

    def set_materialize_grads(self, value: bool) -> None:
        """False: outputs without a gradient give None to `backward` instead of zeros."""
        self.materialize_grads = value


class PyLayer:
    """An operator with its own `forward(ctx, *args)` and `backward(ctx, *grads)`.

    Call it as `MyLayer.apply(*args)`. `backward` returns one gradient (or None) for each tensor
    argument of `forward`, in order.
    """

    @staticmethod
    def forward(ctx: PyLayerContext, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("a PyLayer must define forward(ctx, ...)")

    @staticmethod
    def backward(ctx: PyLayerContext, *args: Any) -> Any:
        raise NotImplementedError("a PyLayer must define backward(ctx, ...)")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        ctx = PyLayerContext()
        inputs = [a for a in (*args, *kwargs.values()) if isinstance(a, _proa.Tensor)]
        with no_grad():
            result = cls.forward(ctx, *args, **kwargs)
        outputs = [result] if isinstance(result, _proa.Tensor) else list(result)
        if not _proa.is_grad_enabled() or all(t.stop_gradient for t in inputs):
            return result
        # A forward that gives back one of its inputs still makes a new place on the tape.
        outputs = [o.detach() if isinstance(o, _proa.Tensor) else o for o in outputs]
        tensors = [o for o in outputs if isinstance(o, _proa.Tensor)]

        def run(grads: list[_proa.Tensor | None]) -> list[_proa.Tensor | None]:
            if ctx.materialize_grads:
                grads = [
                    _proa.ops.zeros_like(o) if g is None else g
                    for g, o in zip(grads, shapes, strict=True)
                ]
            found = cls.backward(ctx, *grads)
            return [found] if found is None or isinstance(found, _proa.Tensor) else list(found)

        shapes = [t.detach() for t in tensors]
        _proa._record(cls.__name__, inputs, tensors, run)
        return outputs[0] if isinstance(result, _proa.Tensor) else type(result)(outputs)
