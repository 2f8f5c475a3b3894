"""The functional face of neural networks, under Paddle's names.

Most are the operators of the C++ pages; those that are short compositions of others are written
here.
"""

from __future__ import annotations

from ..._proa.functional import *  # noqa: F403
from ..._proa.top import tanh as tanh
from .activations import *  # noqa: F403
from .attention import *  # noqa: F403
from .dropouts import *  # noqa: F403
from .flash_attention import *  # noqa: F403
from .layout import *  # noqa: F403
from .losses import *  # noqa: F403
from .margins import *  # noqa: F403
from .norms import *  # type: ignore[no-redef]  # noqa: F403
from .resize import *  # noqa: F403
from .sampling import *  # noqa: F403
from .tables import *  # type: ignore[no-redef]  # noqa: F403
from .windows import *  # noqa: F403
