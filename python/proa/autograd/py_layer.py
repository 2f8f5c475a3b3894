"""Operators whose gradient is written in Python."""

from __future__ import annotations

from typing import Any

from .. import _proa
from ..refusal import state_error, type_error, value_error, with_head
from .mode import no_grad


class PyLayerContext:
    """What `forward` hands to `backward`: saved tensors and whatever attributes are set on it."""

    def __init__(self) -> None:
        self._saved: tuple[Any, ...] = ()
        self._versions: tuple[int, ...] = ()
        self._given: dict[int, _proa.Tensor] = {}  # saved results, while backward runs
        self._fixed: tuple[_proa.Tensor, ...] = ()
        self.materialize_grads = True
        self.needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *tensors: _proa.Tensor | None) -> None:
        """Keeps inputs, results and others for `backward`; once, and not written to in between.

        Raises:
            TypeError: something that is no tensor; set it as an attribute instead.
        """
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, _proa.Tensor):
                raise type_error(
                    f"[save_for_backward] tensors: expected tensors, got {type(tensor).__name__}; "
                    "anything else may be set as an attribute of ctx"
                )
        self._saved = tensors
        self._versions = tuple(0 if t is None else t._version for t in tensors)

    def saved_tensor(self) -> tuple[Any, ...]:
        """The tensors kept by `save_for_backward`.

        Raises:
            RuntimeError: one of them was modified in place since.
        """
        for tensor, version in zip(self._saved, self._versions, strict=True):
            if tensor is not None and tensor._version != version:
                raise state_error(
                    "[saved_tensor] a tensor saved for backward was modified in place: "
                    f"it was saved at version {version} and is at version {tensor._version} now"
                )
        return tuple(self._given.get(i, t) for i, t in enumerate(self._saved))

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        return self.saved_tensor()

    def mark_not_inplace(self, *args: _proa.Tensor) -> None:
        """Says that these inputs, if returned, are not written to.

        A result that is an input is always a new place on the tape over the same memory, so that
        nothing else follows from it.
        """

    def mark_non_differentiable(self, *args: _proa.Tensor) -> None:
        """These results have no gradient; `backward` gets zeros (or None) in their places."""
        self._fixed = args

    def set_materialize_grads(self, value: bool) -> None:
        """False: outputs without a gradient give None to `backward` instead of zeros."""
        self.materialize_grads = bool(value)


class PyLayer:
    """An operator with its own `forward(ctx, *args)` and `backward(ctx, *grads)`.

    Call it as `MyLayer.apply(*args)`. `backward` returns one gradient (or None) for each tensor
    argument of `forward`, in order. With `create_graph=True` what `backward` computes is recorded:
    it is differentiated through the inputs and results that `save_for_backward` keeps.

    In a function that `jit.to_static` captures both run once, on tensors without values, and become
    part of its graph; so what they print or count, they print or count once.
    """

    @staticmethod
    def forward(ctx: PyLayerContext, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("a PyLayer must define forward(ctx, ...)")

    @staticmethod
    def backward(ctx: PyLayerContext, *args: Any) -> Any:
        raise NotImplementedError("a PyLayer must define backward(ctx, ...)")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        inputs = [a for a in (*args, *kwargs.values()) if isinstance(a, _proa.Tensor)]
        recorded = _proa.is_grad_enabled() and any(not t.stop_gradient for t in inputs)
        if recorded and _proa._jit_capturing():
            return _captured(cls, args, kwargs, inputs)
        ctx = PyLayerContext()
        ctx.needs_input_grad = tuple(
            isinstance(a, _proa.Tensor) and not a.stop_gradient for a in args
        )
        with no_grad():
            result = cls.forward(ctx, *args, **kwargs)
        made = _listed(cls, result)
        if not recorded:
            return result
        # A forward that gives back one of its inputs still makes a new place on the tape.
        outputs = [o.detach() if isinstance(o, _proa.Tensor) else o for o in made]
        tensors = [o for o in outputs if isinstance(o, _proa.Tensor)]
        fixed = {id(t) for t in ctx._fixed}
        order = [o for o in made if isinstance(o, _proa.Tensor)]
        outs = [None if id(o) in fixed else t for o, t in zip(order, tensors, strict=True)]
        # Results among what was saved: backward gets them with their place on the tape. The node
        # keeps their memory only, as the tensors themselves would hold the node for ever.
        own = {id(t) for t in inputs}
        places = {id(o): i for i, o in enumerate(order) if id(o) not in own | fixed}
        saved = [(k, places[id(t)]) for k, t in enumerate(ctx._saved) if id(t) in places]
        shapes = [t.detach() for t in tensors]

        def run(
            grads: list[_proa.Tensor | None], results: list[_proa.Tensor]
        ) -> list[_proa.Tensor | None]:
            if ctx.materialize_grads:
                grads = [
                    _proa.ops.zeros_like(o) if g is None else g
                    for g, o in zip(grads, shapes, strict=True)
                ]
            ctx._given = {k: t for (k, _), t in zip(saved, results, strict=True)}
            try:
                found = cls.backward(ctx, *grads)
            finally:
                ctx._given = {}
            return [found] if found is None or isinstance(found, _proa.Tensor) else list(found)

        _proa._record(cls.__name__, inputs, outs, run, [place for _, place in saved])
        return _like(result, outputs)


def _listed(cls: type, result: Any) -> list[Any]:
    if not isinstance(result, (_proa.Tensor, tuple, list)):
        raise type_error(
            f"[{cls.__name__}] forward: expected a tensor or a tuple or list, got "
            f"{type(result).__name__}"
        )
    made = [result] if isinstance(result, _proa.Tensor) else list(result)
    if not any(isinstance(o, _proa.Tensor) for o in made):
        raise value_error(f"[{cls.__name__}] forward: expected at least one tensor, got none")
    return made


def _like(result: Any, outputs: list[Any]) -> Any:
    if isinstance(result, _proa.Tensor):
        return outputs[0]
    kind: Any = type(result)  # a named tuple takes its fields one by one
    return kind(*outputs) if hasattr(result, "_fields") else kind(outputs)


def _captured(
    cls: type[PyLayer], args: tuple[Any, ...], kwargs: dict[str, Any], inputs: list[Any]
) -> Any:
    """In a captured function: both rules run once, here, and are part of its graph."""
    if not _proa._jit_tracing():
        raise with_head(
            _proa.NotSupportedError(
                f"[{cls.__name__}] a gradient written in Python is not traced in an operator; give "
                f"the operator a vjp{_proa._jit_where()}"
            )
        )
    ctx = PyLayerContext()
    ctx.needs_input_grad = tuple(
        isinstance(a, _proa.Tensor) and not a.stop_gradient for a in args
    )
    result: Any = None
    order: list[Any] = []

    def forward(given: list[Any]) -> list[Any]:
        nonlocal result
        stand_ins = iter(given)

        def put(value: Any) -> Any:
            return next(stand_ins) if isinstance(value, _proa.Tensor) else value

        taken = [put(a) for a in args], {name: put(a) for name, a in kwargs.items()}
        with no_grad():
            result = cls.forward(ctx, *taken[0], **taken[1])
        order.extend(o for o in _listed(cls, result) if isinstance(o, _proa.Tensor))
        if not ctx.materialize_grads and sum(map(flows, order)) > 1:
            raise with_head(
                _proa.NotSupportedError(
                    f"[{cls.__name__}] set_materialize_grads(False) with more than one result is "
                    "not captured: which of them get a gradient is not known yet; leave it True, "
                    f"and absent gradients arrive as zeros{_proa._jit_where()}"
                )
            )
        return order

    def flows(tensor: _proa.Tensor) -> bool:
        inexact = tensor.dtype.is_floating_point or tensor.dtype.is_complex
        return inexact and all(tensor is not other for other in ctx._fixed)

    def backward(cotangents: list[Any]) -> list[Any]:
        arriving = iter(cotangents)
        grads: list[Any] = []
        for o in order:
            inexact = o.dtype.is_floating_point or o.dtype.is_complex
            g = next(arriving) if inexact else _proa.ops.zeros_like(o)
            grads.append(g if flows(o) or ctx.materialize_grads else None)
        found = cls.backward(ctx, *grads)
        listed = list(found) if isinstance(found, (list, tuple)) else [found]
        for g in listed:
            if g is not None and not isinstance(g, _proa.Tensor):
                raise type_error(
                    f"[{cls.__name__}] backward: expected tensors and None, got "
                    f"{type(g).__name__}{_proa._jit_where()}"
                )
        if len(listed) != len(inputs):
            raise value_error(
                f"[{cls.__name__}] backward: expected a gradient for each of {len(inputs)} tensor "
                f"inputs, got {len(listed)}{_proa._jit_where()}"
            )
        return listed

    made = _proa._jit_custom(cls.__name__, inputs, forward, backward)
    results = iter(t if flows(o) else t.detach() for o, t in zip(order, made, strict=True))
    every = _listed(cls, result)
    return _like(result, [next(results) if isinstance(o, _proa.Tensor) else o for o in every])
