"""Which operators autocast runs in 16 bits, and which in float32.

White: products of matrices, whose sums are accumulated in float32 whatever the operands are. Black:
operators that overflow 16 bits, or lose by rounding before a sum or a logarithm. The rest takes
what comes (O1), or 16 bits too (O2). Names are those of the operator pages.
"""

from __future__ import annotations

from collections.abc import Iterable

from proa.refusal import type_error, value_error

WHITE = frozenset(
    """
    addmm baddbmm bilinear bmm conv1d conv1d_transpose conv2d conv2d_transpose conv3d
    conv3d_transpose einsum linear matmul mm multi_dot mv
    scaled_dot_product_attention
    """.split()
)

_LOSSES = """
    binary_cross_entropy binary_cross_entropy_with_logits cosine_embedding_loss cosine_similarity
    cross_entropy ctc_loss gaussian_nll_loss hinge_embedding_loss huber_loss kl_div
    l1_loss log_loss margin_ranking_loss mse_loss multi_label_soft_margin_loss multi_margin_loss
    nll_loss poisson_nll_loss sigmoid_focal_loss smooth_l1_loss soft_margin_loss
    softmax_with_cross_entropy square_error_cost triplet_margin_loss
    triplet_margin_with_distance_loss
"""
_FUNCTIONS = """
    acos acosh asin asinh atanh cosh erfinv exp expm1 log log10 log1p log2 logaddexp logcumsumexp
    logsumexp pow reciprocal rsqrt sinh square tan
"""
_SUMS = """
    batch_norm cumprod cumsum dist group_norm instance_norm layer_norm local_response_norm
    log_softmax mean nanmean nansum norm normalize p_norm prod rms_norm softmax std sum var
    vector_norm
"""
_STEPS = "adam_step adamw_step lamb_step momentum_step sgd_step"

BLACK = frozenset(f"{_LOSSES} {_FUNCTIONS} {_SUMS} {_STEPS}".split())


def chosen(
    custom_white: Iterable[str] | None, custom_black: Iterable[str] | None
) -> tuple[frozenset[str], frozenset[str]]:
    """The white and black lists with the user's wishes, which go before the defaults."""
    white = names_in("custom_white_list", custom_white)
    black = names_in("custom_black_list", custom_black)
    both = sorted(white & black)
    if both:
        raise value_error(f"[auto_cast] custom_white_list: {both} are in custom_black_list too")
    return (WHITE - black) | white, (BLACK - white) | black


def names_in(argument: str, names: Iterable[str] | None) -> frozenset[str]:
    if names is None:
        return frozenset()
    if isinstance(names, str):
        raise type_error(
            f"[auto_cast] {argument}: expected a set of names, got the string {names!r}"
        )
    result = frozenset(names)
    for name in result:
        if not isinstance(name, str):
            raise type_error(f"[auto_cast] {argument}: expected names, got {type(name).__name__}")
    return result
