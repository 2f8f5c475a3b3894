"""PyTorch's spellings of layers whose arguments or defaults differ from Paddle's.

Why classes and not aliases: `AvgPool2d` counts padding and `BatchNorm2d`'s momentum is the share of
the new, so the same call must mean what it means in PyTorch. Where a spelling means the same, nn
has a plain alias.
"""

from __future__ import annotations

from typing import Any

from .. import spelling
from . import conv, norm, pooling

__all__: list[str] = []

_TABLE = """
AvgPool{d}d(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
  divisor_override=None) = AvgPool{d}D
MaxPool{d}d(kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False)
  = MaxPool{d}D
BatchNorm{d}d(num_features, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True,
  device=None, dtype=None) = BatchNorm{d}D : momentum=1.0 - momentum
InstanceNorm{d}d(num_features, eps=1e-05, momentum=0.1, affine=False, track_running_stats=False,
  device=None, dtype=None) = InstanceNorm{d}D : momentum=1.0 - momentum
Conv{d}d(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1,
  bias=True, padding_mode='zeros', device=None, dtype=None, *, weight_attr=None, bias_attr=None,
  data_format='{format}') = Conv{d}D : bias=None if bias is True else bias
ConvTranspose{d}d(in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0,
  groups=1, bias=True, dilation=1, padding_mode='zeros', device=None, dtype=None)
  = Conv{d}DTranspose
"""


def _build() -> None:
    for dims, formats in ((1, "NCL"), (2, "NCHW"), (3, "NCDHW")):
        table = _TABLE.replace("{d}", str(dims)).replace("{format}", formats)
        if dims == 1:
            table = table.replace(",\n  divisor_override=None", "")
        for name, parameters, target, given in spelling.rows(table):
            home = next(m for m in (conv, norm, pooling) if hasattr(m, target))
            bases = (getattr(home, target),)
            globals()[name] = spelling.layer(name, parameters, bases, given, "proa.nn")
            __all__.append(name)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'proa.nn.torch_names' has no attribute {name!r}")


_build()
