"""Compiled convolutions give the bits of the prebuilt kernel, for any size, window and threads."""

from __future__ import annotations

from pathlib import Path

import pytest
from dumping import computed

DUMP = "dump_convolutions.py"


@pytest.mark.timeout(1200)
def test_compiled_convolutions_have_the_bits_of_the_prebuilt_kernel(tmp_path: Path) -> None:
    prebuilt, report = computed(DUMP, tmp_path, PROA_TIER="prebuilt")
    assert report["compiled"] == 0
    for threads in ("2", "1", "3", "7"):
        compiled, report = computed(DUMP, tmp_path, PROA_TIER="compiled", PROA_NUM_THREADS=threads)
        assert report["fallbacks"] == 0, report["last_reason"]
        assert prebuilt.keys() == compiled.keys()
        assert [key for key in prebuilt if prebuilt[key] != compiled[key]] == []
    assert report["compiled"] == 0 and report["from_disk"] > 20
