"""`proa.inference`: saved models as predictors, under the names of Paddle Inference.

Why apart from `jit.load`: a predictor takes and gives memory and knows no tape; the same code runs
without Python (`proa/inference`), with the same bits.
"""

from __future__ import annotations

import enum
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _proa
from ..refusal import index_error, state_error, type_error, value_error

__all__ = [
    "Config",
    "DataType",
    "PlaceType",
    "PrecisionType",
    "Predictor",
    "PredictorPool",
    "Tensor",
    "create_predictor",
    "get_num_bytes_of_data_type",
    "get_trace",
    "get_version",
]


class DataType(enum.Enum):
    """Element types of inputs and outputs."""

    BOOL = "bool"
    UINT8 = "uint8"
    INT8 = "int8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    COMPLEX64 = "complex64"
    COMPLEX128 = "complex128"


class PlaceType(enum.Enum):
    """Where memory lies. Only CPU is there."""

    UNK = -1
    CPU = 0


class PrecisionType(enum.Enum):
    """Precisions of Paddle; here a model keeps the one that it was saved with."""

    Float32 = 0
    Int8 = 1
    Half = 2
    Bfloat16 = 3


def get_version() -> str:
    """The version of the library that predicts."""
    from .. import __version__

    return __version__


def get_num_bytes_of_data_type(dtype: DataType) -> int:
    """Bytes of one element."""
    if not isinstance(dtype, DataType):
        raise type_error(
            f"[get_num_bytes_of_data_type] dtype: expected a DataType, got {type(dtype).__name__}"
        )
    return int(_proa.parse_dtype(dtype.value).itemsize)


def get_trace() -> str:
    """What all predictors with a profile did since the last time: JSON for Chrome's viewer."""
    return _proa._inference_trace()


class Config:
    """Which model is run, and with what means.

    Args:
        model: path of a `.proa` file, or its content as bytes.

    Machine code and C text in a file come from whoever wrote it. They run only after
    `allow_native_code()`; without it the library's own kernels give the same bits.
    """

    def __init__(self, model: str | os.PathLike[str] | bytes | None = None) -> None:
        self._model = model
        self._verify = True
        self._threads = 0
        self._memory_limit = 0
        self._native = False
        self._compiler: str | None = None
        self._warm_up: list[dict[str, int]] = []
        self._profile = False

    def set_model(self, model: str | os.PathLike[str] | bytes) -> None:
        """The path of a `.proa` file, or its content."""
        self._model = model

    set_prog_file = set_model

    def model_path(self) -> str | None:
        """The path that was set; None where bytes were."""
        return None if self._model is None or isinstance(self._model, bytes) else str(self._model)

    prog_file = model_path

    def set_cpu_math_library_num_threads(self, count: int) -> None:
        """Threads of a run, at most; 0: as many as the process has. Results do not depend on it."""
        self._threads = count

    def cpu_math_library_num_threads(self) -> int:
        return self._threads

    def set_memory_limit(self, limit: int) -> None:
        """Bytes that a run takes for what it computes; 0: no limit."""
        self._memory_limit = limit

    def memory_limit(self) -> int:
        return self._memory_limit

    def allow_native_code(self, on: bool = True) -> None:
        """Whether machine code that the file holds may run, or C text in it be compiled."""
        self._native = on

    def native_code_allowed(self) -> bool:
        return self._native

    def set_compiler(self, path: str | None) -> None:
        """None: the compiler of this process; a path: that of a plug-in; "": none."""
        self._compiler = path

    def set_verify(self, on: bool) -> None:
        """Whether the file is compared with its checksums when it is opened."""
        self._verify = on

    def add_warm_up(self, **sizes: int) -> None:
        """Run once with zeros of these sizes when the predictor is made."""
        self._warm_up.append(sizes)

    def enable_profile(self) -> None:
        """Record each run and kernel: see `get_trace`."""
        self._profile = True

    def profile_enabled(self) -> bool:
        return self._profile

    def enable_memory_optim(self, x: bool = True) -> None:
        """Memory is always planned ahead: there is nothing to turn on."""

    def disable_gpu(self) -> None:
        """The processor is all that is used: there is nothing to turn off."""

    def use_gpu(self) -> bool:
        return False

    def enable_use_gpu(self, *args: Any, **kwargs: Any) -> None:
        """Refused: predictors run on the processor."""
        raise NotImplementedError("[inference.Config] enable_use_gpu: there is no GPU device here")

    def summary(self) -> str:
        """What is set, a line each."""
        compiler = "of this process" if self._compiler is None else self._compiler or "none"
        lines = {
            "model": self.model_path() or ("bytes" if self._model else "not set"),
            "threads": self._threads or "as many as the process has",
            "memory limit": self._memory_limit or "none",
            "native code": "allowed" if self._native else "not allowed",
            "compiler": compiler,
            "checksums": "compared" if self._verify else "not compared",
            "warm-ups": len(self._warm_up),
            "profile": "on" if self._profile else "off",
        }
        return "".join(f"{name:<14}{value}\n" for name, value in lines.items())


class Tensor:
    """The handle of an input or output."""

    def __init__(self, predictor: Predictor, index: int, is_input: bool) -> None:
        self._predictor = predictor
        self._index = index
        self._is_input = is_input
        self._port = predictor._ports[0 if is_input else 1][index]
        self._shape: list[int] | None = None

    def name(self) -> str:
        return str(self._port[0])

    def type(self) -> DataType:
        return DataType(str(self._port[1]).removeprefix("proa."))

    def shape(self) -> list[int]:
        """Of an input, what was set; of an output, that of the last run."""
        if not self._is_input:
            return list(self._result().shape)
        if self._shape is None:
            raise state_error(f"[predictor] {self.name()}: no input was set")
        return list(self._shape)

    def _set(self, data: Any, what: str, share: bool) -> None:
        if isinstance(data, np.generic):
            data = np.asarray(data)
        if not isinstance(data, np.ndarray | _proa.Tensor):
            raise type_error(
                f"[predictor] {self.name()}: expected a NumPy array or a tensor for {what}, "
                f"got {type(data).__name__}"
            )
        value: Any = data
        if isinstance(data, np.ndarray):
            value = _proa.from_numpy(data) if share else _proa.to_tensor(data)
        if self._is_input:
            # A tensor made here is nobody else's, so there is nothing to copy.
            copy = not share and value is data
            _proa._inference_set_input(self._predictor._capsule, self._index, value, copy)
            self._shape = list(value.shape)
        else:
            _proa._inference_set_output(self._predictor._capsule, self._index, value)

    def copy_from_cpu(self, data: Any) -> None:
        """An input's values, copied."""
        if not self._is_input:
            raise state_error(f"[predictor] {self.name()}: an output cannot be set")
        self._set(data, "copy_from_cpu", False)

    def share_external_data(self, data: Any) -> None:
        """The memory of the array itself: an input is read there by each run, an output written."""
        self._set(data, "share_external_data", True)

    def reshape(self, shape: Sequence[int]) -> None:
        """An input of this shape, full of zeros until values are copied into it."""
        if not self._is_input:
            raise state_error(f"[predictor] {self.name()}: an output's shape is the model's")
        zeros = _proa.top.zeros(list(shape), dtype=self._port[1])
        _proa._inference_set_input(self._predictor._capsule, self._index, zeros, False)
        self._shape = [int(extent) for extent in shape]

    def _result(self) -> Any:
        return _proa._inference_output(self._predictor._capsule, self._index)

    def copy_to_cpu(self) -> Any:
        """An output's values as a NumPy array of its own."""
        if self._is_input:
            raise state_error(f"[predictor] {self.name()}: an input has no result")
        return np.array(self._result().numpy())

    def to_tensor(self) -> Any:
        """An output as a tensor over the predictor's memory, without a copy."""
        return self._result()


class Predictor:
    """A saved model that answers. Each thread has a clone of its own."""

    def __init__(self, capsule: Any) -> None:
        self._capsule = capsule
        self._ports = _proa._inference_ports(capsule)
        self._inputs = [Tensor(self, i, True) for i in range(len(self._ports[0]))]
        self._outputs = [Tensor(self, i, False) for i in range(len(self._ports[1]))]

    def get_input_names(self) -> list[str]:
        return [port[0] for port in self._ports[0]]

    def get_output_names(self) -> list[str]:
        return [port[0] for port in self._ports[1]]

    def _handle(self, handles: list[Tensor], name: str, what: str) -> Tensor:
        for handle in handles:
            if handle.name() == name:
                return handle
        names = ", ".join(f"'{handle.name()}'" for handle in handles)
        raise _proa.NameNotFoundError(
            f"[predictor] {name}: there is no such {what}; the model has {names}"
        )

    def get_input_handle(self, name: str) -> Tensor:
        return self._handle(self._inputs, name, "input")

    def get_output_handle(self, name: str) -> Tensor:
        return self._handle(self._outputs, name, "output")

    get_input_tensor = get_input_handle
    get_output_tensor = get_output_handle

    def get_input_types(self) -> dict[str, DataType]:
        return {handle.name(): handle.type() for handle in self._inputs}

    def get_input_tensor_shape(self) -> dict[str, list[int]]:
        """The shapes that the model takes; -1 for an extent that each run chooses."""
        return {
            name: [extent if isinstance(extent, int) else -1 for extent in dims]
            for name, _, dims in self._ports[0]
        }

    def run(self, inputs: Sequence[Any] | None = None) -> Any:
        """Runs on what the handles hold, and gives True; or on a list of inputs, in the model's
        order, and gives the list of results as tensors."""
        if inputs is None:
            _proa._inference_run(self._capsule)
            return True
        if len(inputs) != len(self._inputs):
            raise value_error(
                f"[predictor] inputs: expected {len(self._inputs)}, got {len(inputs)}"
            )
        for handle, value in zip(self._inputs, inputs):
            handle._set(value, "run", True)
        _proa._inference_run(self._capsule)
        return [handle.to_tensor() for handle in self._outputs]

    def clone(self, stream: Any = None) -> Predictor:
        """For another thread: shares weights and kernels; nothing is set in it."""
        return Predictor(_proa._inference_clone(self._capsule))

    def statistics(self) -> dict[str, Any]:
        """Runs and failures, nanoseconds, bytes, and where the kernels come from."""
        return _proa._inference_statistics(self._capsule)

    def describe(self, **sizes: int) -> str:
        """What the model is: inputs, outputs, operations, memory of a run of these sizes."""
        return _proa._inference_describe(self._capsule, "model", sizes)

    def clear_intermediate_tensor(self) -> None:
        """Between runs a predictor keeps nothing but its results."""

    def try_shrink_memory(self) -> int:
        """Gives memory that the process keeps for later back to the system: how many bytes."""
        before = _proa.memory_stats()["cached"]
        _proa.empty_cache()
        return max(0, before - _proa.memory_stats()["cached"])


def create_predictor(config: Config) -> Predictor:
    """Opens the model of `config`.

    Example:
        >>> config = proa.inference.Config("digits.proa")
        >>> predictor = proa.inference.create_predictor(config)
        >>> predictor.get_input_handle("images").copy_from_cpu(images)
        >>> predictor.run()
        >>> logits = predictor.get_output_handle("output").copy_to_cpu()
    """
    if not isinstance(config, Config):
        raise type_error(
            f"[create_predictor] config: expected a Config, got {type(config).__name__}"
        )
    if config._model is None:
        raise value_error("[create_predictor] config: expected a model, got none: see set_model")
    return Predictor(
        _proa._inference_open(
            config._model,
            config._verify,
            config._threads,
            config._memory_limit,
            config._native,
            config._compiler,
            config._warm_up,
            config._profile,
        )
    )


class PredictorPool:
    """As many predictors of one model as there are threads."""

    def __init__(self, config: Config, size: int = 1) -> None:
        if not isinstance(size, int) or size < 1:
            raise value_error(f"[PredictorPool] size: expected at least 1, got {size}")
        first = create_predictor(config)
        self._predictors = [first, *(first.clone() for _ in range(size - 1))]

    def retrieve(self, index: int) -> Predictor:
        if not 0 <= index < len(self._predictors):
            raise index_error(
                f"[PredictorPool] index: expected 0..{len(self._predictors) - 1}, got {index}"
            )
        return self._predictors[index]

    retrive = retrieve  # Paddle's spelling
