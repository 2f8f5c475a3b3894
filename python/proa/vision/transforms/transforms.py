"""Transforms as objects: made once with their settings, called for each image.

Why beside the functions: a data set takes one callable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy

import proa

from ... import _proa
from ...check import refuse
from . import functional as F

__all__ = [
    "BaseTransform",
    "CenterCrop",
    "Compose",
    "Grayscale",
    "Normalize",
    "Pad",
    "Resize",
    "ToTensor",
    "Transpose",
]


class Compose:
    """Several transforms, one after the other."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        for transform in transforms:
            if not callable(transform):
                refuse("Compose", "transforms", "callables", transform)
        self.transforms = list(transforms)

    def __call__(self, data: Any) -> Any:
        for transform in self.transforms:
            data = transform(data)
        return data

    def __repr__(self) -> str:
        inner = "".join(f"\n    {transform}" for transform in self.transforms)
        return f"Compose({inner}\n)"


class BaseTransform:
    """A transform of images; of a tuple it changes what `keys` names as an image.

    Args:
        keys: for each entry of a tuple "image" or another word; an image alone by default.
    """

    def __init__(self, keys: Sequence[str] | None = None) -> None:
        if keys is not None and (isinstance(keys, str) or "image" not in keys):
            refuse(type(self).__name__, "keys", "names with 'image' among them", keys)
        self.keys = ("image",) if keys is None else tuple(keys)

    def _apply_image(self, image: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} says nothing about images")

    def __call__(self, inputs: Any) -> Any:
        if not isinstance(inputs, tuple):
            return self._apply_image(inputs)
        changed = [
            self._apply_image(part) if key == "image" else part
            for key, part in zip(self.keys, inputs, strict=False)
        ]
        return (*changed, *inputs[len(changed) :])

    def __repr__(self) -> str:
        shown = ", ".join(f"{k}={v!r}" for k, v in vars(self).items() if k != "keys")
        return f"{type(self).__name__}({shown})"


class ToTensor(BaseTransform):
    """See functional.to_tensor."""

    def __init__(
        self, data_format: Literal["CHW", "HWC"] = "CHW", keys: Sequence[str] | None = None
    ) -> None:
        super().__init__(keys)
        self.data_format = data_format

    def _apply_image(self, image: Any) -> _proa.Tensor:
        return F.to_tensor(image, self.data_format)


class Resize(BaseTransform):
    """See functional.resize."""

    def __init__(
        self,
        size: int | Sequence[int],
        interpolation: F.Interpolation = "bilinear",
        keys: Sequence[str] | None = None,
    ) -> None:
        super().__init__(keys)
        self.size = size
        self.interpolation = interpolation

    def _apply_image(self, image: Any) -> Any:
        return F.resize(image, self.size, self.interpolation)


class CenterCrop(BaseTransform):
    """See functional.center_crop."""

    def __init__(self, size: int | Sequence[int], keys: Sequence[str] | None = None) -> None:
        super().__init__(keys)
        self.size = size

    def _apply_image(self, image: Any) -> Any:
        return F.center_crop(image, self.size)


class Normalize(BaseTransform):
    """See functional.normalize."""

    def __init__(
        self,
        mean: float | Sequence[float] = 0.0,
        std: float | Sequence[float] = 1.0,
        data_format: Literal["CHW", "HWC"] = "CHW",
        to_rgb: bool = False,
        keys: Sequence[str] | None = None,
    ) -> None:
        super().__init__(keys)
        self.mean = mean
        self.std = std
        self.data_format = data_format
        self.to_rgb = to_rgb

    def _apply_image(self, image: Any) -> Any:
        return F.normalize(image, self.mean, self.std, self.data_format, self.to_rgb)


class Transpose(BaseTransform):
    """The axes of an array or tensor (a Pillow image counts as [height, width, channels]) in
    another order.
    """

    def __init__(
        self, order: Sequence[int] = (2, 0, 1), keys: Sequence[str] | None = None
    ) -> None:
        super().__init__(keys)
        self.order = tuple(order)

    def _apply_image(self, image: Any) -> Any:
        if isinstance(image, _proa.Tensor):
            return proa.transpose(image, list(self.order))
        array = numpy.asarray(image)
        return (array[:, :, None] if array.ndim == 2 else array).transpose(self.order)


class Pad(BaseTransform):
    """See functional.pad."""

    def __init__(
        self,
        padding: int | Sequence[int],
        fill: float | Sequence[float] = 0,
        padding_mode: Literal["constant", "edge", "reflect", "symmetric"] = "constant",
        keys: Sequence[str] | None = None,
    ) -> None:
        super().__init__(keys)
        self.padding = padding
        self.fill = fill
        self.padding_mode: Literal["constant", "edge", "reflect", "symmetric"] = padding_mode

    def _apply_image(self, image: Any) -> Any:
        return F.pad(image, self.padding, self.fill, self.padding_mode)


class Grayscale(BaseTransform):
    """See functional.to_grayscale."""

    def __init__(self, num_output_channels: int = 1, keys: Sequence[str] | None = None) -> None:
        super().__init__(keys)
        self.num_output_channels = num_output_channels

    def _apply_image(self, image: Any) -> Any:
        return F.to_grayscale(image, self.num_output_channels)
