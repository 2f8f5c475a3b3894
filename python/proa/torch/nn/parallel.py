"""`torch.nn.parallel` on one device: the module itself."""

from __future__ import annotations

from typing import Any

from .module import Module


class DataParallel(Module):
    """Runs the module as it is: there is one device."""

    def __init__(
        self, module: Any, device_ids: Any = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)


class DistributedDataParallel(DataParallel):
    """Runs the module as it is: there is one process."""

    def __init__(self, module: Any, device_ids: Any = None, **settings: Any) -> None:
        super().__init__(module, device_ids)
