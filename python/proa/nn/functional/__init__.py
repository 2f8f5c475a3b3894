"""The functional face of neural networks, under Paddle's names.

Most are the operators of the C++ pages; those that are short compositions of others are written
here.
"""

from __future__ import annotations

from ..._proa.functional import *  # noqa: F403
from ..._proa.top import tanh as tanh
from .activations import (
    bilinear as bilinear,
)
from .activations import (
    gumbel_softmax as gumbel_softmax,
)
from .activations import (
    rrelu as rrelu,
)
from .dropouts import (
    alpha_dropout as alpha_dropout,
)
from .dropouts import (
    dropout2d as dropout2d,
)
from .dropouts import (
    dropout3d as dropout3d,
)
from .dropouts import (
    feature_alpha_dropout as feature_alpha_dropout,
)
from .layout import (
    channel_shuffle as channel_shuffle,
)
from .layout import (
    label_smooth as label_smooth,
)
from .layout import (
    pixel_shuffle as pixel_shuffle,
)
from .layout import (
    pixel_unshuffle as pixel_unshuffle,
)
from .layout import (
    sequence_mask as sequence_mask,
)
from .layout import (
    temporal_shift as temporal_shift,
)
from .layout import (
    zeropad2d as zeropad2d,
)
from .losses import (
    adaptive_log_softmax_with_loss as adaptive_log_softmax_with_loss,
)
from .losses import (
    cosine_embedding_loss as cosine_embedding_loss,
)
from .losses import (
    ctc_loss as ctc_loss,
)
from .losses import (
    dice_loss as dice_loss,
)
from .losses import (
    gaussian_nll_loss as gaussian_nll_loss,
)
from .losses import (
    hinge_embedding_loss as hinge_embedding_loss,
)
from .losses import (
    hsigmoid_loss as hsigmoid_loss,
)
from .losses import (
    log_loss as log_loss,
)
from .losses import (
    margin_ranking_loss as margin_ranking_loss,
)
from .losses import (
    multi_label_soft_margin_loss as multi_label_soft_margin_loss,
)
from .losses import (
    multi_margin_loss as multi_margin_loss,
)
from .losses import (
    npair_loss as npair_loss,
)
from .losses import (
    pairwise_distance as pairwise_distance,
)
from .losses import (
    poisson_nll_loss as poisson_nll_loss,
)
from .losses import (
    sigmoid_focal_loss as sigmoid_focal_loss,
)
from .losses import (
    soft_margin_loss as soft_margin_loss,
)
from .losses import (
    softmax_with_cross_entropy as softmax_with_cross_entropy,
)
from .losses import (
    square_error_cost as square_error_cost,
)
from .losses import (
    triplet_margin_loss as triplet_margin_loss,
)
from .losses import (
    triplet_margin_with_distance_loss as triplet_margin_with_distance_loss,
)
from .norms import batch_norm as batch_norm  # type: ignore[assignment]
from .resize import (
    interpolate as interpolate,
)
from .resize import (
    upsample as upsample,
)
from .sampling import (
    affine_grid as affine_grid,
)
from .sampling import (
    gather_tree as gather_tree,
)
from .sampling import (
    grid_sample as grid_sample,
)
from .windows import (
    fold as fold,
)
from .windows import (
    fractional_max_pool2d as fractional_max_pool2d,
)
from .windows import (
    fractional_max_pool3d as fractional_max_pool3d,
)
from .windows import (
    lp_pool1d as lp_pool1d,
)
from .windows import (
    lp_pool2d as lp_pool2d,
)
from .windows import (
    max_unpool1d as max_unpool1d,
)
from .windows import (
    max_unpool2d as max_unpool2d,
)
from .windows import (
    max_unpool3d as max_unpool3d,
)
from .windows import (
    unfold as unfold,
)
