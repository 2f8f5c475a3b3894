"""`save` and `load`: nested training state in one plain safetensors file.

The format is one that other programs read and that cannot carry code; the file appears under its
name only when it is complete (a temporary file, flushed to the disk, then renamed).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import proa
from proa import _proa
from proa.refusal import type_error

from .nest import Decoder, Encoder, NestError, is_complex

_KEY = "proa_nest"


def save(obj: Any, path: str | os.PathLike[str], protocol: int = 4, **configs: Any) -> None:
    """Write `obj` to `path`, whole or not at all; directories on the way are made.

    Args:
        obj: tensors, arrays, numbers, strings, None and bytes in dicts, lists and tuples, as
            `state_dict()` of layers, optimizers, schedulers and loaders and `get_rng_state()` give
            them. A flat dict of tensors becomes a plain safetensors file without metadata.
        path: the file; Paddle's endings `.pdparams` and `.pdopt` are as good as `.safetensors`.
        protocol, configs: Paddle's settings of pickle, which is not used.
    """
    path = checked_path("save", path)
    if os.path.isdir(path) or path.endswith(os.sep):
        raise IsADirectoryError(f"[save] path: expected a file, got the directory {path!r}")
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    if is_flat(obj):
        _proa.save_safetensors(path, {key: value.detach() for key, value in obj.items()}, {})
        return
    encoder = Encoder()
    text = encoder.encode(obj)
    _proa.save_safetensors(path, encoder.tensors, {_KEY: text})


def load(
    path: str | os.PathLike[str],
    return_numpy: bool = False,
    map_location: Any = None,
    **configs: Any,
) -> Any:
    """Read what `save` wrote, or any safetensors file as a dict of tensors.

    Args:
        return_numpy: give arrays in the place of tensors.
        map_location, configs: kept for the sake of PyTorch and Paddle.

    A file that is cut off, damaged or made to mislead is refused with the reason.
    """
    path = checked_path("load", path)
    tensors, metadata = _proa.load_safetensors(path)
    if _KEY in metadata:
        try:
            return Decoder(tensors, return_numpy).decode(metadata[_KEY])
        except NestError as error:
            raise NestError(f"[load] {path!r}: {error}") from None
    if return_numpy:
        return {name: tensor.numpy() for name, tensor in tensors.items()}
    return dict(tensors)


def is_flat(obj: Any) -> bool:
    """Whether `obj` is a dict of named tensors, which needs no description."""
    return (
        isinstance(obj, Mapping)
        and len(obj) > 0
        and all(
            isinstance(key, str)
            and key != "__metadata__"
            and isinstance(value, proa.Tensor)
            and not is_complex(value)
            for key, value in obj.items()
        )
    )


def checked_path(owner: str, path: Any) -> str:
    try:
        return os.fsdecode(path)
    except TypeError:
        raise type_error(f"[{owner}] path: expected a path, got {type(path).__name__}") from None
