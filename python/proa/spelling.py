"""Functions and layers under PyTorch's signatures, made from a table of them.

Why a table: hundreds of names differ only in the order and the spelling of their arguments, and a
line of text says that better than a function does.

A row is `name(parameters) = target : ours=expression; ...`; an indented line goes on with it. Each
parameter goes to the target's parameter of the same meaning: of the same name, of one of the names
in `_MEANINGS`, or as the expression says. Parameters in `_SILENT` choose what there is no choice of
here and are dropped.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .check import refuse

# PyTorch's name -> ours, where a target has no parameter of PyTorch's name.
_MEANINGS = {
    "input": ("x", "logit", "arr"),
    "self": ("x",),
    "target": ("label", "labels"),
    "dim": ("axis",),
    "dims": ("axis", "perm"),
    "eps": ("epsilon",),
    "other": ("y",),
    "input1": ("x1", "input", "input1"),
    "input2": ("x2", "other", "input2"),
    "x1": ("x",),
    "x2": ("y",),
    "anchor": ("input",),
    "return_indices": ("return_mask",),
    "kernel_size": ("kernel_sizes",),
    "output_size": ("output_sizes",),
    "dilation": ("dilations",),
    "padding": ("paddings",),
    "stride": ("strides",),
    "lambd": ("threshold",),
    "min_val": ("min",),
    "max_val": ("max",),
    "var": ("variance",),
    "size": ("out_shape",),
    "start_dim": ("start_axis",),
    "end_dim": ("stop_axis",),
    "unflattened_size": ("shape",),
    "values": ("parameters", "y"),
    "vec2": ("y",),
    "tensor": ("y", "x"),
    "exponent": ("y",),
    "modules": ("sublayers",),
    "elementwise_affine": ("elementwise_affine",),
}
_SILENT = {
    "device": None,
    "dtype": None,
    "inplace": None,
    "out": None,
    "size_average": "reduction",
    "reduce": "reduction",
    "_stacklevel": None,
    "process_group": None,
    "sparse_grad": None,
    "recompute_scale_factor": None,
    "antialias": None,
    "enable_nested_tensor": None,
    "mask_check": None,
    "_weight": None,
    "_freeze": None,
    "_random_samples": None,
}
_ROW = re.compile(r"(\w+)\((.*?)\)\s*(?:=\s*(\w+))?\s*(?::\s*(.*))?$")


def rows(table: str) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """(name, parameters, target, {our parameter: expression}) of each line of a table."""
    for line in re.sub(r"\n +", " ", table.strip()).splitlines():
        found = _ROW.match(line.strip())
        if found is None:
            refuse("proa.torch", "table", "name(parameters) = target : ours=expression", line)
        name, parameters, target, given = found.groups()
        pairs = [pair.split("=", 1) for pair in given.split(";")] if given else []
        yield name, parameters, target or name, {k.strip(): v.strip() for k, v in pairs}


def no_more(where: str, **given: object) -> None:
    """Refuse settings that nothing here can follow; None and False ask for nothing."""
    for name, value in given.items():
        if value is not None and value is not False:
            refuse(where, name, "nothing: this setting is not known here", value)


def only(where: str, name: str, value: Any, default: object) -> None:
    """Refuse a setting that has no counterpart here, unless it is (all) PyTorch's default."""
    items = value if isinstance(value, (list, tuple)) else [value]
    if any(item is not default and item != default for item in items):
        refuse(where, name, f"{default!r}: other values have no counterpart here", value)


def _argument(name: str, target: Mapping[str, inspect.Parameter]) -> str | None:
    return next((ours for ours in (name, *_MEANINGS.get(name, ())) if ours in target), None)


def arguments(where: str, parameters: str, target: Any, given: dict[str, str]) -> tuple[str, str]:
    """(statements, arguments of the call) that hand the parameters on to the target.

    A parameter that the target does not know may have its default only.
    """
    ours = inspect.signature(target).parameters
    theirs = inspect.signature(eval(f"lambda {parameters}: 0")).parameters  # noqa: S307 - our table
    used = set(re.findall(r"\w+", " ".join(given.values())))
    call = [f"{name}={value}" for name, value in given.items()]
    unknown, checks = [], []
    for name, parameter in theirs.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            call.append(f"*{name}")
        elif parameter.kind is parameter.VAR_KEYWORD:
            call.append(f"**{name}")
        elif name in used:
            continue
        elif (own := _argument(name, ours)) is not None and own not in given:
            call.append(f"{own}={name}")
        elif name in _SILENT:
            if name in ("size_average", "reduce", "out"):
                unknown.append(f"{name}={name}")
        elif own is None:
            if parameter.default is parameter.empty:
                refuse("spelling", where, "a parameter of the target for each of its own", name)
            checks.append(f"only({where!r}, {name!r}, {name}, {parameter.default!r})")
    if unknown:
        checks.append(f"no_more({where!r}, {', '.join(unknown)})")
    return "; ".join(checks) or "pass", ", ".join(call)


def function(name: str, parameters: str, target: Any, given: dict[str, str]) -> Callable[..., Any]:
    """A function of PyTorch's signature that calls the target."""
    check, call = arguments(name, parameters, target, given)
    space: dict[str, Any] = {"_target": target, "no_more": no_more, "only": only}
    exec(f"def {name}({parameters}):\n    {check}\n    return _target({call})", space)  # noqa: S102
    made: Callable[..., Any] = space[name]
    made.__doc__ = f"{target.__doc__ or ''}\n\nThe arguments are PyTorch's."
    return made


def layer(
    name: str, parameters: str, bases: tuple[type, ...], given: dict[str, str], module: str
) -> Any:
    """A class of PyTorch's signature; the last base, whose parameters they become, builds it."""
    target = bases[-1]
    check, call = arguments(name, parameters, target, given)
    space: dict[str, Any] = {"_target": target, "no_more": no_more, "only": only}
    code = f"def __init__(self, {parameters}):\n    {check}\n    _target.__init__(self, {call})"
    exec(code, space)  # noqa: S102 - text from the table above the call
    doc = f"{target.__doc__ or ''}\n\nThe arguments are PyTorch's."
    return type(name, bases, {"__init__": space["__init__"], "__doc__": doc, "__module__": module})
