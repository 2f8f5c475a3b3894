"""Captures operators at one size and calls them at another, where extents become 1 or cease to be.

Run in a process of its own: `check_ones.py SEED SHARE DTYPE...` takes a share of all variants of
the samples of all pages. For each, one function is captured at the sample's sizes and called at the
variant's, another the other way round; both, and eager, must have the bits of a graph whose sizes
are numbers: forward, backward, and the backward of that. Prints how many were compared, and what
differed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "ops"), str(HERE.parent / "compiler")]

import numpy as np  # noqa: E402
from dump_pages import bits  # noqa: E402
from samples import PAGES, call, legal_dtypes, operands_of  # noqa: E402

import proa  # noqa: E402


def changed(sample: dict[str, Any], new: Any) -> dict[str, Any] | None:
    """The sample with extent new(operand, argument, axis, extent) instead of each."""
    operands, differs = [], False
    for i, args in enumerate(sample["operands"]):
        made = []
        for k, arg in enumerate(args):
            if arg["number"] is not None:
                made.append(arg)
                continue
            dims = [new(i, k, axis, n) for axis, n in enumerate(arg["dims"])]
            if dims != list(arg["dims"]) and arg["fill"] == "values":
                return None
            differs |= dims != list(arg["dims"])
            made.append({**arg, "dims": dims})
        operands.append(made)
    return {**sample, "operands": operands} if differs else None


def variants(sample: dict[str, Any]) -> Iterator[dict[str, Any]]:
    places = [
        (i, k, axis, n)
        for i, args in enumerate(sample["operands"])
        for k, arg in enumerate(args)
        if arg["number"] is None
        for axis, n in enumerate(arg["dims"])
    ]
    found = []
    for extent in sorted({n for *_, n in places} - {0}):
        to = 3 if extent == 1 else 1
        found.append(changed(sample, lambda i, k, a, n, e=extent, to=to: to if n == e else n))
    for place in places:
        if place[3] != 0:
            to = 3 if place[3] == 1 else 1
            found.append(
                changed(sample, lambda i, k, a, n, p=place, to=to: to if (i, k, a, n) == p else n)
            )
    found.append(changed(sample, lambda i, k, a, n: min(n, 1)))
    seen = []
    for one in found:
        if one is not None and one not in seen:
            seen.append(one)
            yield one


def seeds_of(results: list[Any], rng: np.random.Generator) -> list[Any]:
    """Cotangents, many of them -0, whose sign a sum of one element would take away."""
    return [
        proa.to_tensor(np.where(rng.random(r.shape) < 0.4, -0.0, rng.normal(size=r.shape)))
        .cast(r.dtype)
        .reshape(r.shape)
        for r in results
    ]


def bits_of(grads: list[Any]) -> list[Any]:
    # A derivative of zero (sign) gives zeros in eager and no gradient in a graph.
    return [None if g is None or not g.any() else bits(g) for g in grads]


def results_of(function: Any, page: dict[str, Any], sample: dict[str, Any], dtype: str) -> Any:
    gradient = page["gradient"] in ("rule", "decomposition") and sample["gradient"]
    arguments = operands_of(page, sample, dtype)
    leaves = [
        t
        for t in tensors_of(arguments)
        if isinstance(t, proa.Tensor) and (t.dtype.is_floating_point or t.dtype.is_complex)
    ]
    for leaf in leaves:
        leaf.stop_gradient = not gradient
    proa.seed(7)
    outputs = function(**arguments)
    found = [bits(r) for r in outputs]
    differentiable = [r for r in outputs if not r.stop_gradient]
    if not gradient or not leaves or not differentiable:
        return found
    rng = np.random.default_rng(1)
    seeds = seeds_of(differentiable, rng)
    for seed in seeds:
        seed.stop_gradient = False
    grads = proa.grad(differentiable, leaves, seeds, create_graph=True, allow_unused=True)
    found += bits_of(grads)
    flowing = [g for g in grads if g is not None and g.any() and not g.stop_gradient]
    if not flowing:
        return found
    try:
        second = proa.grad(flowing, leaves + seeds, seeds_of(flowing, rng), allow_unused=True)
    except proa.NotSupportedError as error:  # the backward of some has none
        return [*found, str(error)]
    return found + bits_of(second)


def tensors_of(arguments: dict[str, Any]) -> list[Any]:
    return [t for v in arguments.values() for t in (v if isinstance(v, list) else [v])]


def fixed(plain: Any, page: dict[str, Any], sample: dict[str, Any], dtype: str) -> Any:
    """The function, captured with all sizes as numbers."""
    model = operands_of(page, sample, dtype)

    def rebuilt(tensors: tuple[Any, ...]) -> dict[str, Any]:
        rest = iter(tensors)

        def one(value: Any) -> Any:
            return next(rest) if isinstance(value, proa.Tensor) else value

        return {
            name: [one(v) for v in value] if isinstance(value, list) else one(value)
            for name, value in model.items()
        }

    def flat(*tensors: Any) -> Any:
        return plain(**rebuilt(tensors))

    given = [t for t in tensors_of(model) if isinstance(t, proa.Tensor)]
    specs = [proa.static.InputSpec(t.shape, t.dtype) for t in given]
    captured = proa.jit.to_static(flat, input_spec=specs)
    return lambda **a: captured(*[t for t in tensors_of(a) if isinstance(t, proa.Tensor)])


def check(page: dict[str, Any], first: Any, second: Any, dtype: str) -> tuple[int, str]:
    """How many results were compared, and what is wrong."""
    sample = first

    def plain(**arguments: Any) -> list[proa.Tensor]:
        return call(page, arguments, sample["attrs"])

    captured = proa.jit.to_static(plain)
    count = 0
    for one in (first, second, first):
        try:
            found = results_of(plain, page, one, dtype)
        except proa.ProaError:
            continue
        expected = results_of(fixed(plain, page, one, dtype), page, one, dtype)
        if found != expected:
            return count, "eager has other bits or shapes"
        try:
            found = results_of(captured, page, one, dtype)
        except proa.ProaError as error:
            return count, f"{type(error).__name__}: {error}"
        if found != expected:
            return count, "other bits or shapes\n" + captured.why()
        count += 1
    return count, ""


def main() -> None:
    seed, share, dtypes = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    rng = np.random.default_rng(seed)
    compared, wrong = 0, []
    for page in PAGES:
        for index, sample in enumerate(page["samples"]):
            for variant in variants(sample):
                if rng.random() >= share:
                    continue
                for dtype in dtypes:
                    if dtype not in legal_dtypes(page):
                        continue
                    for pair in ((sample, variant), (variant, sample)):
                        count, message = check(page, *pair, dtype)
                        compared += count
                        if message:
                            dims = [[[a["dims"] for a in o] for o in p["operands"]] for p in pair]
                            wrong.append([page["name"], index, dtype, str(dims), message])
    print(json.dumps({"compared": compared, "wrong": wrong}))


if __name__ == "__main__":
    main()
