"""Functions that move elements: pixel and channel shuffles, shifts, masks of lengths.

Why in Python: reshapes and transposes alone.
"""

from __future__ import annotations

import proa

from ... import _proa
from ..._proa import functional as ops
from ...check import divisible, one_of, positive, refuse
from ..annotations import DTypeLike

__all__ = [
    "channel_shuffle",
    "label_smooth",
    "pixel_shuffle",
    "pixel_unshuffle",
    "sequence_mask",
    "temporal_shift",
    "zeropad2d",
]


def _image(where: str, x: _proa.Tensor, data_format: str) -> tuple[_proa.Tensor, bool]:
    """(x with channels first, whether they were last)."""
    one_of(where, "data_format", data_format, ["NCHW", "NHWC"])
    if len(x.shape) != 4:
        refuse(where, "x", "a tensor with 4 dims", x)
    last = data_format == "NHWC"
    return (proa.transpose(x, [0, 3, 1, 2]) if last else x), last


def _back(x: _proa.Tensor, last: bool) -> _proa.Tensor:
    return proa.transpose(x, [0, 2, 3, 1]) if last else x


def pixel_shuffle(
    x: _proa.Tensor, upscale_factor: int, data_format: str = "NCHW", name: str | None = None
) -> _proa.Tensor:
    """[n, c r^2, h, w] -> [n, c, h r, w r] with r = upscale_factor (Shi et al. 2016)."""
    r = positive("pixel_shuffle", "upscale_factor", upscale_factor)
    x, last = _image("pixel_shuffle", x, data_format)
    n, c, h, w = x.shape
    divisible("pixel_shuffle", "the number of channels", c, "upscale_factor^2", r * r)
    y = x.reshape([n, c // (r * r), r, r, h, w])
    y = proa.transpose(y, [0, 1, 4, 2, 5, 3]).reshape([n, c // (r * r), h * r, w * r])
    return _back(y, last)


def pixel_unshuffle(
    x: _proa.Tensor, downscale_factor: int, data_format: str = "NCHW", name: str | None = None
) -> _proa.Tensor:
    """[n, c, h, w] -> [n, c r^2, h / r, w / r] with r = downscale_factor."""
    r = positive("pixel_unshuffle", "downscale_factor", downscale_factor)
    x, last = _image("pixel_unshuffle", x, data_format)
    n, c, h, w = x.shape
    divisible("pixel_unshuffle", "the height", h, "downscale_factor", r)
    divisible("pixel_unshuffle", "the width", w, "downscale_factor", r)
    y = x.reshape([n, c, h // r, r, w // r, r])
    y = proa.transpose(y, [0, 1, 3, 5, 2, 4]).reshape([n, c * r * r, h // r, w // r])
    return _back(y, last)


def channel_shuffle(
    x: _proa.Tensor, groups: int, data_format: str = "NCHW", name: str | None = None
) -> _proa.Tensor:
    """Deals the channels of `groups` groups out in turn (Zhang et al. 2017)."""
    positive("channel_shuffle", "groups", groups)
    x, last = _image("channel_shuffle", x, data_format)
    n, c, h, w = x.shape
    divisible("channel_shuffle", "the number of channels", c, "groups", groups)
    y = proa.transpose(x.reshape([n, groups, c // groups, h, w]), [0, 2, 1, 3, 4])
    return _back(y.reshape([n, c, h, w]), last)


def temporal_shift(
    x: _proa.Tensor,
    seg_num: int,
    shift_ratio: float = 0.25,
    name: str | None = None,
    data_format: str = "NCHW",
) -> _proa.Tensor:
    """Moves one share of the channels a frame back and another a frame on (Lin et al. 2019).

    x: [batch * seg_num, c, h, w]; the first c * shift_ratio channels come from the frame before, as
        many
    after them from the frame behind; zeros enter at the ends.
    """
    x, last = _image("temporal_shift", x, data_format)
    n, c, h, w = x.shape
    divisible(
        "temporal_shift",
        "the first dim",
        n,
        "seg_num",
        positive("temporal_shift", "seg_num", seg_num),
    )
    first = int(c * shift_ratio)
    second = int(c * 2 * shift_ratio)
    y = x.reshape([n // seg_num, seg_num, c, h, w])
    zero = proa.zeros([n // seg_num, 1, c, h, w], x.dtype)
    before = proa.concat([zero, y[:, :-1]], 1)[:, :, :first]
    behind = proa.concat([y[:, 1:], zero], 1)[:, :, first:second]
    y = proa.concat([before, behind, y[:, :, second:]], 2).reshape([n, c, h, w])
    return _back(y, last)


def sequence_mask(
    x: _proa.Tensor,
    maxlen: int | None = None,
    dtype: DTypeLike = "int64",
    name: str | None = None,
) -> _proa.Tensor:
    """[..., maxlen] with 1 where the place is below the length in x [...]; maxlen None takes the
    longest.
    """
    longest = int(proa.max(x).item()) if maxlen is None else int(maxlen)
    places = proa.arange(longest, dtype="int64")
    return (places < proa.unsqueeze(x.astype("int64"), -1)).astype(dtype)


def zeropad2d(
    x: _proa.Tensor,
    padding: int | list[int],
    data_format: str = "NCHW",
    name: str | None = None,
) -> _proa.Tensor:
    """Pads images with zeros: [left, right, top, bottom]."""
    sides = [padding] * 4 if isinstance(padding, int) else padding
    layout = one_of("zeropad2d", "data_format", data_format, ["NCHW", "NHWC"])
    return ops.pad(x, sides, mode="constant", value=0.0, data_format=layout)


def label_smooth(
    label: _proa.Tensor,
    prior_dist: _proa.Tensor | None = None,
    epsilon: float = 0.1,
    name: str | None = None,
) -> _proa.Tensor:
    """(1 - epsilon) * label + epsilon * prior; the prior is even over the last dim unless given."""
    if not 0 <= epsilon <= 1:
        refuse("label_smooth", "epsilon", "a number in [0, 1]", epsilon)
    if prior_dist is None:
        return label * (1.0 - epsilon) + epsilon / label.shape[-1]
    return label * (1.0 - epsilon) + prior_dist * epsilon
