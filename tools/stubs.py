"""Writes python/proa/_proa/*.pyi, the types of the core, from the operator pages.

    PYTHONPATH=python .venv/bin/python tools/stubs.py [--check]

The stubs are golden text: they stand in the tree, a test compares them with what this writes, and a
review sees what a change of a page does to the public face. What is not an operator has its types
in the tables below; a name that is missing there, or is there in vain, is an error.
"""

from __future__ import annotations

import argparse
import inspect
import keyword
import pathlib
import re
import sys
import types
from collections.abc import Iterable
from typing import Any

from proa import _proa

OUT = pathlib.Path(__file__).parents[1] / "python/proa/_proa"
MODULES = {"top": 1, "functional": 4, "linalg": 16, "fft": 32, "ops": None}  # by bit of Page.faces
METHOD, INPLACE = 2, 8
HEAD = "# Written by tools/stubs.py from the operator pages.\n"
# Names like `bool` and `float` are dtypes and methods here, so builtins are called in full.
B = "builtins."
INT, BOOL, FLOAT, STR = B + "int", B + "bool", B + "float", B + "str"
FORMS = {
    "boolean": BOOL,
    "integer": INT,
    "axis": INT,
    "real": FLOAT,
    "number": B + "complex",
    "string": STR,
    "dtype": "DTypeLike",
    "axes": f"{INT} | Sequence[{INT}]",
    "ints": f"{INT} | Sequence[{INT}]",
    "reals": f"{FLOAT} | Sequence[{FLOAT}]",
    "padding": f"{INT} | Sequence[{INT}] | Sequence[Sequence[{INT}]] | {STR}",
    "shape": f"{INT} | Sequence[{INT} | Tensor] | Tensor",
}
ALIASES = f"""
TensorLike: TypeAlias = Tensor | {B}complex
DTypeLike: TypeAlias = DType | {STR} | {B}type[Any] | np.dtype[Any]
_Hook: TypeAlias = Callable[[Tensor], Tensor | None]
"""

FUNCTIONS = {
    "_add_face": f"type: {B}type[Any], /) -> {B}type[Any]",
    "_add_hook": f"tensor: Tensor, hook: _Hook, /) -> {INT}",
    "_from_pickle": "*args: Any) -> Tensor",
    "_events": ") -> list[Any]",
    "_group_limit": f"limit: {INT}, /) -> {INT}",
    "_inference_clone": "predictor: Any, /) -> Any",
    "_inference_describe": f"predictor: Any, source: {STR}, sizes: dict[{STR}, {INT}], /) -> {STR}",
    "_inference_open": "*args: Any) -> Any",
    "_inference_output": f"predictor: Any, index: {INT}, /) -> Tensor",
    "_inference_ports": f"predictor: Any, /) -> {B}tuple[list[Any], list[Any]]",
    "_inference_run": "predictor: Any, /) -> None",
    "_inference_set_input": f"predictor: Any, index: {INT}, data: Tensor, copy: {BOOL}, /) -> None",
    "_inference_set_output": f"predictor: Any, index: {INT}, data: Tensor | None, /) -> None",
    "_inference_statistics": f"predictor: Any, /) -> dict[{STR}, Any]",
    "_inference_trace": f") -> {STR}",
    "_jit_cache": ") -> Any",
    "_write_file": f"path: {STR}, data: {B}bytes, /) -> None",
    "_publish_folder": f"source: {STR}, to: {STR}, /) -> None",
    "_checksum": f"data: {B}bytes, /) -> {INT}",
    "_file_checksum": f"path: {STR}, /) -> {B}tuple[{INT}, {INT}]",
    "_fail_file_calls": f"number: {INT}, error: {INT}, stays: {BOOL}, /) -> None",
    "_package_graph": "*args: Any) -> Any",
    "_package_identity": f"tensor: Tensor, /) -> {INT}",
    "_package_open": f"path: {STR}, /) -> {B}tuple[Any, dict[{STR}, {STR}], dict[{STR}, Tensor], "
    f"dict[{STR}, Any]]",
    "_package_parts": f"captured: Any, /) -> dict[{STR}, Any]",
    "_package_save": f"*args: Any) -> {STR}",
    "_clear_kernel_cache": f") -> {INT}",
    "_jit_call": "cache: Any, args: tuple[Any, ...], /) -> Any",
    "_jit_capture": "*args: Any) -> Any",
    "_jit_capturing": f") -> {BOOL}",
    "_jit_describe": f"tensor: Tensor, /) -> {INT}",
    "_jit_float_class": f"cls: {B}type[Any], /) -> None",
    "_jit_info": f"captured: Any, /) -> dict[{STR}, Any]",
    "_jit_is_captured": f"tensor: Any, /) -> {BOOL}",
    "_jit_remember": "*args: Any) -> None",
    "_jit_enter": "region: Any, /) -> None",
    "_jit_if": f"*args: Any) -> {B}list[Tensor]",
    "_jit_custom": "name: str, inputs: list[Tensor], forward: Callable[[list[Any]], list[Any]], "
    "backward: Callable[[list[Any]], list[Any]], /) -> list[Tensor]",
    "_jit_host_call": "number: builtins.int, inputs: list[Tensor], like: list[Tensor], /"
    ") -> list[Tensor]",
    "_jit_host_dispatch": "function: Callable[..., Any], /) -> None",
    "_jit_in_region": f") -> {BOOL}",
    "_jit_leave": ") -> None",
    "_jit_number": ") -> Tensor",
    "_jit_region": f"parameters: Sequence[Tensor], /) -> {B}tuple[Any, {B}list[Tensor]]",
    "_jit_while": f"*args: Any) -> {B}list[Tensor]",
    "_jit_only_where": "condition: Tensor, function: Callable[[], Any], /) -> None",
    "_jit_outside": "function: Callable[[], Any], /) -> Any",
    "_jit_run": "*args: Any) -> Any",
    "_jit_state": f") -> {INT} | {STR}",
    "_jit_tracing": f") -> {BOOL}",
    "_jit_where": f") -> {STR}",
    "_memory_budget": f"bytes: {INT}, /) -> {INT}",
    "_memory_plan": f") -> tuple[{INT}, {INT}, {INT}]",
    "_now": f") -> {INT}",
    "_passes_off": f"names: Any, /) -> list[{STR}]",
    "_plans": f") -> list[{STR}]",
    "_range": f"name: {STR}, begin: {INT}, /) -> None",
    "_record": "*args: Any) -> Any",
    "_remove_hook": f"tensor: Tensor, handle: {INT}, /) -> {BOOL}",
    "_settle_compiler": f"stop: {BOOL}, /) -> None",
    "_stages": f"on: {BOOL}, /) -> Any",
    "_watch": f"what: {STR}, on: {BOOL}, /) -> {BOOL}",
    "_set_grad_enabled": f"enabled: {BOOL}, /) -> {BOOL}",
    "_with_face": "tensor: Any, /) -> Any",
    "amp_state": "*args: Any) -> Any",
    "backward": "tensors: Tensor | Sequence[Tensor], "
    "grad_tensors: Tensor | Sequence[Tensor | None] | None = None, "
    f"retain_graph: {BOOL} = False) -> None",
    "compiler_report": f") -> dict[{STR}, Any]",
    "empty_cache": ") -> None",
    "find_operator": f"name: {STR}, /) -> Callable[..., Any]",
    "from_dlpack": "ext_tensor: Any, device: Any = None, "
    f"copy: {BOOL} | None = None) -> Tensor",
    "from_numpy": "array: np.ndarray[Any, Any], /) -> Tensor",
    "get_default_dtype": ") -> Any",
    "get_num_threads": f") -> {INT}",
    "get_rng_state": f") -> tuple[{INT}, {INT}]",
    "grad": "outputs: Tensor | Sequence[Tensor], inputs: Tensor | Sequence[Tensor], "
    "grad_outputs: Tensor | Sequence[Tensor | None] | None = None, "
    f"retain_graph: {BOOL} | None = None, create_graph: {BOOL} = False, "
    f"only_inputs: {BOOL} = True, allow_unused: {BOOL} = False, "
    "no_grad_vars: Sequence[Tensor] | None = None) -> list[Any]",
    "is_grad_enabled": f") -> {BOOL}",
    "load_safetensors": f"path: Any, /) -> tuple[dict[{STR}, Tensor], dict[{STR}, {STR}]]",
    "memory_stats": f") -> dict[{STR}, {INT}]",
    "pages": f") -> list[dict[{STR}, Any]]",
    "parse_dtype": "dtype: DTypeLike, /) -> DType",
    "reset_peak_memory": ") -> None",
    "save_safetensors": f"path: Any, tensors: Mapping[{STR}, Tensor], "
    f"metadata: Mapping[{STR}, {STR}] | None = None) -> None",
    "seed": f"value: {INT}, /) -> Any",
    "set_default_dtype": "dtype: DTypeLike, /) -> None",
    "set_memory_limit": f"limit: {INT} | None, /) -> None",
    "set_num_threads": f"count: {INT}, /) -> None",
    "set_rng_state": "state: Any, /) -> None",
    "to_tensor": "data: Any, dtype: DTypeLike | None = None, place: Any = None, "
    f"stop_gradient: {BOOL} = True) -> Tensor",
}

PROPERTIES = {
    "shape": f"list[{INT}]", "strides": f"list[{INT}]", "ndim": INT, "size": INT, "dtype": "DType",
    "place": "Any", "device": "Any", "is_leaf": BOOL, "grad_fn": f"{STR} | None",
    "itemsize": INT, "nbytes": INT, "_base": "Tensor | None", "_version": INT,
    "T": "Tensor", "mT": "Tensor",
}  # fmt: skip
VARIABLES = {
    "stop_gradient": BOOL, "requires_grad": BOOL, "grad": "Tensor | None", "name": STR,
    "persistable": BOOL, "data": "Tensor",
}  # fmt: skip
METHODS = {
    "__array__": "dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]",
    "__contains__": f"value: object, /) -> {BOOL}",
    "__deepcopy__": "memo: Any, /) -> Tensor",
    "__delitem__": "key: Any, /) -> None",
    "__dlpack__": f"stream: Any = None, max_version: tuple[{INT}, {INT}] | None = None, "
    f"dl_device: tuple[{INT}, {INT}] | None = None, copy: {BOOL} | None = None) -> Any",
    "__dlpack_device__": f") -> tuple[{INT}, {INT}]",
    "__float__": f") -> {FLOAT}",
    "__getitem__": "key: Any, /) -> Tensor",
    "__hash__": f") -> {INT}",
    "__index__": f") -> {INT}",
    "__int__": f") -> {INT}",
    "__bool__": f") -> {BOOL}",
    "__iter__": ") -> Iterator[Tensor]",
    "__len__": f") -> {INT}",
    "__reduce_ex__": "protocol: Any, /) -> Any",
    "__repr__": f") -> {STR}",
    "__format__": f"spec: {STR}, /) -> {STR}",
    "__str__": f") -> {STR}",
    "__setitem__": "key: Any, value: Any, /) -> None",
    "_assign": "value: Tensor, /) -> None",
    "_bump": ") -> None",
    "_rebind": "value: Tensor, /) -> Tensor",
    "apply": "func: Callable[[Tensor], Tensor]) -> Tensor",
    "apply_": "func: Callable[[Tensor], Tensor]) -> Tensor",
    "backward": f"grad_tensor: Tensor | None = None, retain_graph: {BOOL} = False) -> None",
    "clear_grad": f"set_to_zero: {BOOL} = True) -> None",
    "clear_gradient": f"set_to_zero: {BOOL} = True) -> None",
    "copy_": "other: Tensor, *args: Any) -> Tensor",
    "data_ptr": f") -> {INT}",
    "dim": f") -> {INT}",
    "element_size": f") -> {INT}",
    "gradient": ") -> np.ndarray[Any, Any] | None",
    "is_complex": f") -> {BOOL}",
    "is_contiguous": f") -> {BOOL}",
    "is_floating_point": f") -> {BOOL}",
    "is_integer": f") -> {BOOL}",
    "item": f"*index: {INT}) -> Any",
    "ndimension": f") -> {INT}",
    "nelement": f") -> {INT}",
    "numpy": ") -> np.ndarray[Any, Any]",
    "register_hook": "hook: _Hook) -> Any",
    "requires_grad_": f"requires_grad: {BOOL} = True) -> Tensor",
    "retain_grad": ") -> None",
    "retain_grads": ") -> None",
    "set_value": "value: Any, /) -> None",
    "to": "*args: Any, **kwargs: Any) -> Tensor",
    "tolist": ") -> Any",
    "type": "dtype: DTypeLike | None = None) -> Any",
    "type_as": "other: Tensor) -> Tensor",
    **{
        name: ") -> Tensor"
        for name in (
            "bfloat16 bool contiguous cpu detach detach_ double float get_tensor half int long "
            "short value __neg__ __pos__ __abs__ __invert__"
        ).split()
    },
}
BINARY = "add and floordiv lshift matmul mod mul or pow rshift sub truediv xor".split()
for _name in BINARY:
    METHODS |= {f"__{kind}{_name}__": "other: TensorLike, /) -> Tensor" for kind in ("", "r", "i")}
COMPARE = {f"__{_name}__" for _name in "eq ne lt le gt ge".split()}
# Of every object, or data that has no type worth writing.
PLAIN = {"__doc__", "__module__", "__new__", "__init__", "__dict__", "__weakref__"}
PLAIN |= {"__array_priority__", "__array_ufunc__", "__annotations__", "__slots__"}


def union(text: str) -> str:
    return text if text.endswith("None") else text + " | None"


def parameter(page: dict[str, Any], name: str, optional: bool) -> tuple[str, str, list[str]]:
    """Type and default of an argument of the page, and its further names."""
    for spec in page["operands"]:
        if spec["name"] == name:
            kind = "TensorLike" if spec["number"] else "Tensor"
            if spec["variadic"]:
                kind = f"Sequence[{kind}] | Tensor"
            absent = spec["optional"] or optional
            return union(kind) if absent else kind, "None" if absent else "", spec["aliases"]
    (spec,) = (attr for attr in page["attrs"] if attr["name"] == name)
    kind = FORMS.get(spec["form"], "Any")
    if spec["choices"]:
        words = "Literal[" + ", ".join(f'"{choice}"' for choice in spec["choices"]) + "]"
        kind = words if spec["form"] == "string" else f"{kind} | {words}"
    if spec["required"] and not optional:
        return kind, "", spec["aliases"]
    value = None if spec["required"] else spec["default"]
    if spec["form"] == "string" and value is not None and str(value) not in spec["choices"]:
        kind = STR
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    shown = text if isinstance(value, (bool, int, str, type(None))) else "..."
    return union(kind) if value is None else kind, shown, spec["aliases"]


def overloads(page: dict[str, Any], method: bool) -> list[str]:
    """The ways to call an operator: Paddle's names; PyTorch's; integers that run on."""
    args: list[tuple[str, str, str, list[str]]] = []
    optional = False
    for name in page["parameters"]:
        kind, default, aliases = parameter(page, name, optional)
        optional |= default != ""
        args.append((name, kind, default, aliases))
    if page["results"] < 0:  # a list of like results, or as many of the named ones as are asked for
        result = "Any" if page["result_names"] else "list[Tensor]"
    else:
        many = ", ".join(["Tensor"] * page["results"])
        result = many if page["results"] == 1 else f"tuple[{many}]"
    own = "self" if method else ""
    if method:
        args = args[1:]

    def text(parts: Iterable[str]) -> str:
        return f"({', '.join(part for part in parts if part)}) -> {result}"

    def arg(name: str, kind: str, default: str) -> str:
        return f"{name}: {kind} = {default}" if default else f"{name}: {kind}"

    ways = [text([own, *(arg(n, k, d) for n, k, d, _ in args), f"name: {STR} | None = None"])]
    used = {name for name, *_ in args}
    other = []
    for name, kind, default, aliases in args:
        free = [a for a in aliases if a not in used and a != "self" and not keyword.iskeyword(a)]
        other.append((free[0] if free else name, kind, default))
        used.add(other[-1][0])
    if any(new != old[0] for new, old in zip((name for name, *_ in other), args)):
        attrs = {attr["name"] for attr in page["attrs"]}
        place = next((i for i, old in enumerate(args) if old[0] in attrs), len(args))
        parts = [arg(*part) for part in other]
        star = ["*"] if place < len(parts) else []
        ways.append(text([own, *parts[:place], *star, *parts[place:]]))
    forms = {attr["name"]: attr["form"] for attr in page["attrs"]}
    if method and args and forms.get(args[0][0]) in ("shape", "axes") and "Tensor" in result:
        ways.append(text([own, f"*{args[0][0]}: {INT}"]))
    return ways


def define(name: str, ways: list[str], indent: str = "") -> list[str]:
    if len(ways) == 1:
        return [f"{indent}def {name}{ways[0]}: ..."]
    lines = []
    for way in ways:
        lines += [f"{indent}@overload", f"{indent}def {name}{way}: ..."]
    return lines


def named_pages(bit: int | None) -> list[tuple[str, dict[str, Any]]]:
    """(name, page) of all operators that show in a module, in-place variants among them."""
    found = {}
    for page in _proa.pages():
        if not page["full_name"].startswith("tensor."):
            continue
        if bit is not None and not page["faces"] & bit:
            continue
        for name in (page["name"], *page["aliases"]):
            found[name] = page
            if page["faces"] & INPLACE:
                found[name + "_"] = page
    return sorted(found.items())


def written(name: str, function: types.FunctionType) -> list[str]:
    """A method that is written in Python, by its own annotations."""

    def shown(annotation: object) -> str:
        text = str(annotation)
        words = "bool|bytes|complex|dict|float|int|list|object|set|slice|str|tuple|type"
        return re.sub(rf"\b({words})\b", rf"{B}\1", text).replace(f"{B}{B}", B)

    parts = []
    for index, p in enumerate(inspect.signature(function).parameters.values()):
        stars = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        default = "" if p.default is p.empty else f" = {p.default!r}"
        parts.append("self" if index == 0 else f"{stars}{p.name}: {shown(p.annotation)}{default}")
    result = shown(inspect.signature(function).return_annotation)
    return [f"    def {name}({', '.join(parts)}) -> {result}: ..."]


def tensor_class() -> list[str]:
    lines = ["class Tensor:"]
    lines += ["    def __init__(self, data: Any = None, dtype: Any = None) -> None: ..."]
    operators = dict(named_pages(METHOD))
    missing = []
    for name in sorted(set(vars(_proa.Tensor)) - PLAIN - {"__iter__"}) + ["__iter__"]:
        if name in operators:
            lines += define(name, overloads(operators[name], True), "    ")
        elif name in PROPERTIES:
            lines += ["    @property", f"    def {name}(self) -> {PROPERTIES[name]}: ..."]
        elif name in VARIABLES:
            lines.append(f"    {name}: {VARIABLES[name]}")
        elif name in COMPARE:
            mark = "  # type: ignore[override]" if name in ("__eq__", "__ne__") else ""
            kind = "Any" if mark else "TensorLike"
            lines.append(f"    def {name}(self, other: {kind}, /) -> Tensor: ...{mark}")
        elif name in METHODS:
            rest = METHODS[name]
            comma = "" if rest.startswith(")") else ", "
            lines.append(f"    def {name}(self{comma}{rest}: ...")
        elif isinstance(vars(_proa.Tensor)[name], types.FunctionType):
            lines += written(name, vars(_proa.Tensor)[name])
        else:
            missing.append(name)
    if missing:
        raise SystemExit(f"tools/stubs.py has no types for Tensor.{', Tensor.'.join(missing)}")
    return lines


def core() -> str:
    lines = [
        HEAD,
        "import builtins",
        "from collections.abc import Callable, Iterator, Mapping, Sequence",
        "from typing import Any, Literal, TypeAlias, overload",
        "",
        "import numpy as np",
        "",
        *(f"from . import {name} as {name}" for name in sorted(MODULES)),
        "",
    ]
    errors, dtypes, functions, missing = [], [], [], []
    for name in sorted(vars(_proa)):
        value = getattr(_proa, name)
        if isinstance(value, type) and issubclass(value, BaseException):
            errors.append(name)
        elif type(value).__name__ == "DType":
            dtypes.append(f"{name}: DType")
        elif name in FUNCTIONS:
            functions.append(f"def {name}({FUNCTIONS[name]}: ...")
        elif isinstance(value, types.BuiltinFunctionType):
            missing.append(name)
    if missing:
        raise SystemExit(f"tools/stubs.py has no types for {', '.join(missing)}")

    def base(kind: type) -> str:
        return kind.__name__ if kind.__module__.startswith("proa") else B + kind.__name__

    # A dtype compares with its name too, which a strict checker would call impossible.
    lines += ["class DType:", f"    def __eq__(self, other: object) -> {B}bool: ..."]
    lines += [f"    def __hash__(self) -> {B}int: ..."]
    for name in sorted(name for name in vars(_proa.DType) if not name.startswith("__")):
        kind = type(getattr(_proa.float32, name)).__name__
        lines += ["    @property", f"    def {name}(self) -> {B}{kind}: ..."]
    order = sorted(errors, key=lambda name: (name != "ProaError", name))
    for name in order:
        parents = ", ".join(map(base, getattr(_proa, name).__bases__))
        lines.append(f"class {name}({parents}): ...")
    lines += ["", *tensor_class(), ALIASES.strip(), "", *functions, "", *dtypes]
    return "\n".join(lines) + "\n"


def module(name: str) -> str:
    pages = named_pages(MODULES[name])
    lines = [
        HEAD,
        "import builtins",
        "from collections.abc import Sequence",
        "from typing import Any, Literal, overload",
        "",
        "from . import DTypeLike, Tensor, TensorLike",
        "",
    ]
    for operator, page in pages:
        lines += define(operator, overloads(page, False))
    names = ", ".join(f'"{operator}"' for operator, _ in pages)
    return "\n".join([*lines, "", f"__all__ = [{names}]"]) + "\n"


def stubs() -> dict[str, str]:
    """All texts by file name."""
    return {"__init__.pyi": core(), **{f"{name}.pyi": module(name) for name in MODULES}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say what is not current")
    args = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    stale = 0
    for name, text in stubs().items():
        path = OUT / name
        if path.exists() and path.read_text() == text:
            continue
        stale += 1
        if args.check:
            print(f"{path.name} is not what the pages say; run tools/stubs.py")
        else:
            path.write_text(text)
            print(f"wrote {path.name}: {len(text.splitlines())} lines")
    return 1 if args.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
