"""The frameworks that are timed: how each captures a function, and how many threads it takes.

"proa", "torch" (PyTorch, eager), "torch.compile" (the same behind its compiler, which needs a C++
compiler) and "onnxruntime" (a model of PyTorch's, exported). Each runs in a process of its own.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

EAGER, COMPILED, ONNX = "torch", "torch.compile", "onnxruntime"
ALL = (EAGER, COMPILED, ONNX)
_threads = 1


def modules(framework: str) -> tuple[str, ...]:
    """What must be importable for it."""
    return {COMPILED: ("torch",), ONNX: ("torch", "onnx", "onnxruntime")}.get(
        framework, (framework,)
    )


def version(framework: str) -> str:
    return str(__import__(framework.partition(".")[0]).__version__)


def set_threads(framework: str, threads: int) -> None:
    """Of all that runs from now on; an ONNX session keeps what it was opened with."""
    global _threads
    _threads = threads
    if framework != ONNX:
        __import__(framework.partition(".")[0]).set_num_threads(threads)


def captured(framework: str) -> Callable[[Any], Any]:
    """What makes one program of a function; PyTorch's eager mode leaves it as it is."""
    if framework == "proa":
        from proa.jit import to_static

        return to_static  # type: ignore[no-any-return]
    if framework == COMPILED:
        import torch

        return torch.compile  # type: ignore[no-any-return]
    return lambda function: function


def session(model: Any, x: Any) -> Callable[[], object]:
    """A run of ONNX Runtime on a model of PyTorch's and its input."""
    import onnxruntime
    import torch

    exported = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the newer exporter brings two more packages
        torch.onnx.export(model, (x,), exported, dynamo=False, opset_version=20, input_names=["x"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _threads
    options.log_severity_level = 3
    opened = onnxruntime.InferenceSession(
        exported.getvalue(), options, providers=["CPUExecutionProvider"]
    )
    feed = {"x": x.numpy()}
    return lambda: opened.run(None, feed)
