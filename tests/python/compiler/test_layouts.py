"""Values between convolutions lie with their channels last: the bits stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from dumping import computed

DUMP = "dump_layouts.py"


@pytest.mark.timeout(1200)
def test_networks_with_channels_last_have_the_bits_of_the_prebuilt_kernels(tmp_path: Path) -> None:
    prebuilt, report = computed(DUMP, tmp_path, PROA_TIER="prebuilt")
    assert report["channels_last"] == 0
    off, report = computed(DUMP, tmp_path, PROA_TIER="compiled", PROA_PASSES_OFF="layout")
    assert report["channels_last"] == 0
    assert [key for key in prebuilt if prebuilt[key] != off[key]] == []
    for threads in ("2", "1", "3", "7"):
        compiled, report = computed(DUMP, tmp_path, PROA_TIER="compiled", PROA_NUM_THREADS=threads)
        assert report["fallbacks"] == 0, report["last_reason"]
        assert report["turned"]["mobile"] > 30 and report["turned"]["branches"] > 5
        assert report["turned"]["residual"] == 0  # windows of 3x3 alone gain nothing
        assert prebuilt.keys() == compiled.keys()
        assert [key for key in prebuilt if prebuilt[key] != compiled[key]] == []
    without, _ = computed(DUMP, tmp_path, PROA_TIER="compiled", PROA_PASSES_OFF="fuse")
    assert [key for key in prebuilt if prebuilt[key] != without[key]] == []
