"""The extension module is closed: it exports its entry only and takes no numerics from outside."""

import platform
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = list((ROOT / "python/proa").glob("_proa*.so"))
pytestmark = pytest.mark.skipif(not MODULES, reason="the plain build has no module here")


def lines(*command):
    return subprocess.check_output(command, text=True).splitlines()


def test_only_the_entry_is_exported():
    names = [line.split()[-1] for line in lines("nm", "-D", "--defined-only", str(MODULES[0]))]
    assert names == ["PyInit__proa"]


def test_nothing_numeric_comes_from_outside():
    """So that an OpenBLAS in the process, SciPy's for one, cannot change results."""
    names = [line.split()[-1] for line in lines("nm", "-D", "--undefined-only", str(MODULES[0]))]
    foreign = [n for n in names if n.startswith(("_gfortran", "cblas", "LAPACK"))]
    foreign += [n for n in names if n.endswith("_") and not n.startswith("_")]  # Fortran's form
    assert foreign == []


def test_it_needs_the_system_libraries_only():
    needed = {
        line.split("[")[1].rstrip("]").split(".so")[0]
        for line in lines("readelf", "-d", str(MODULES[0])) if "(NEEDED)" in line
    }
    assert needed <= {"libstdc++", "libm", "libgcc_s", "libc", "ld-linux-x86-64"}


def test_the_hardening_flags_took_effect():
    dynamic = "\n".join(lines("readelf", "-d", str(MODULES[0])))
    assert "BIND_NOW" in dynamic or "NOW" in dynamic
    assert "TEXTREL" not in dynamic
    segments = lines("readelf", "-lW", str(MODULES[0]))
    assert any("GNU_RELRO" in line for line in segments)
    stack = next(line for line in segments if "GNU_STACK" in line)
    assert "RWE" not in stack


@pytest.mark.skipif(platform.machine() != "x86_64", reason="one instruction set only")
def test_newer_instructions_stay_in_their_namespace():
    """A baseline machine never runs into AVX, nor one with AVX2 into AVX-512, not even by an inline
    function that several builds share."""
    function, strangers, found = "", set(), {"v3": 0, "v4": 0}
    newest = re.compile(r"%zmm|%[xy]mm(1[6-9]|2\d|3[01])\b|%k[0-7]\b")
    text = subprocess.Popen(
        ["objdump", "-d", "-C", "--no-show-raw-insn", str(MODULES[0])],
        text=True, stdout=subprocess.PIPE)
    with text:
        for line in text.stdout:
            if line.endswith(">:\n"):
                function = line.split("<", 1)[1]
            elif "\tv" in line and "mm" in line.split("\t", 1)[1]:
                least = "v4" if newest.search(line) else "v3"
                found[least] += 1
                # A clone of a shared inline function belongs to the object that made it.
                homes = ("::v4::",) if least == "v4" else ("::v3::", "::v4::")
                if not any(home in function for home in homes) and "[clone " not in function:
                    strangers.add(function)
    assert strangers == set()
    assert min(found.values()) > 1000, f"kernels of an instruction set are not there: {found}"
