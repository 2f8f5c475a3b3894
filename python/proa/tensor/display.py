"""How a Tensor is printed."""

from __future__ import annotations

from typing import Any

from .. import _proa
from ..check import refuse

_options: dict[str, Any] = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 88}


def set_printoptions(
    precision: int | None = None,
    threshold: int | None = None,
    edgeitems: int | None = None,
    sci_mode: bool | None = None,
    linewidth: int | None = None,
) -> None:
    """Sets how tensors are printed.

    Args:
        precision: digits after the decimal point.
        threshold: tensors with more elements are shortened.
        edgeitems: elements shown at each end of a shortened axis.
        sci_mode: True for scientific notation always; False or None leaves it to the values.
        linewidth: characters in a line.
    """
    for name, value in (
        ("precision", precision),
        ("edgeitems", edgeitems),
        ("linewidth", linewidth),
    ):
        if value is not None and (not isinstance(value, int) or value < 0):
            refuse("set_printoptions", name, "an int of at least 0", value)
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "sci_mode": sci_mode,
        "linewidth": linewidth,
    }
    _options.update({key: value for key, value in given.items() if value is not None})


def get_printoptions() -> dict[str, Any]:
    """The options in force."""
    return dict(_options)


def _edges(array: Any, np: Any) -> Any:
    """What a shortened print shows of an array, with one element more in each axis that is cut."""
    edge = max(_options["edgeitems"], 1)
    kept = [
        np.r_[0 : edge + 1, n - edge : n] if n > 2 * edge + 1 else np.arange(n)
        for n in array.shape
    ]
    return array[np.ix_(*kept)]


def to_text(tensor: _proa.Tensor) -> str:
    """`Tensor(shape=[2], dtype=float32, stop_gradient=True, [1., 2.])`."""
    import numpy as np

    shown = tensor.detach()
    values: Any = None
    if tensor.dtype == "bfloat16":  # its bits are the upper half of a float32's
        bits = shown.numpy()
        if bits.size > _options["threshold"]:
            bits = _edges(bits, np)
        values = (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)
    elif tensor.dtype in ("float8_e4m3fn", "float8_e5m2"):
        values = _proa.ops.cast(shown, "float32").numpy()
    else:
        values = shown.numpy()
    formatter: Any = None
    if _options.get("sci_mode"):
        formatter = {"float_kind": lambda v: f"{v:.{_options['precision']}e}"}
    body = np.array2string(
        values,
        separator=", ",
        precision=_options["precision"],
        threshold=_options["threshold"] if values.size == tensor.size else 0,
        edgeitems=_options["edgeitems"],
        max_line_width=_options["linewidth"],
        prefix="       ",
        formatter=formatter,
    )
    kind = "Parameter" if type(tensor).__name__ == "Parameter" else "Tensor"
    head = (
        f"{kind}(shape={tensor.shape}, dtype={tensor.dtype.name}, "
        f"stop_gradient={tensor.stop_gradient},"
    )
    return f"{head}\n       {body})"
