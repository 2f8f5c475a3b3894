"""The layer checker finds every kind of fault that it is there for, and passes the tree itself."""

import importlib.util
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("check_layers", ROOT / "tools/check_layers.py")
check_layers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check_layers)

HEADER = "// Words for pages. Why here: all floors read them.\n#pragma once\n"


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/layers.txt", tmp_path / "tools")

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return check_layers.check(tmp_path)

    return write


def test_the_tree_is_clean():
    assert check_layers.check(ROOT) == []


def test_a_good_file_passes(tree):
    assert tree("proa/ops/add.cc", '#include <vector>\n#include "proa/ir/type.h"\n') == []
    assert tree("proa/ops/add.h", HEADER) == []


@pytest.mark.parametrize(
    "name, text, fault",
    [
        ("proa/runtime/a.cc", '#include "proa/ir/type.h"', "'runtime' may not include floor 'ir'"),
        ("proa/ops/a.cc", '\n#include "proa/eager/x.h"', "a.cc:2: floor 'ops' may not include"),
        ("proa/compiler/a.cc", '#include "proa/runtime/x.h"', "floor 'compiler' may not include"),
        ("proa/ir/a.cc", '#  include "proa/utils/x.h"', "'utils' is no floor"),
        ("proa/utils/a.cc", "#include <vector>", "'utils' is no floor"),
        ("proa/ir/a.cc", '#include "type.h"', "is not named from the root"),
        ("proa/eager/a.cc", '#include "python/bindings/x.h"', "the library may not include"),
        ("proa/compiler/a.cc", "#include <llvm/IR/Module.h>", "vendor header 'llvm/IR/Module.h'"),
        ("proa/runtime/a.cc", "#include <cuda_runtime.h>", "vendor header 'cuda_runtime.h'"),
        ("proa/eager/a.cc", "#include <Python.h>", "vendor header 'Python.h'"),
        ("proa/ir/a.h", "#pragma once\n", "a header opens with a comment"),
        ("proa/ir/a.h", "// Types.\n#pragma once\n", "not both"),
        ("proa/ir/a.h", "// Types. Why: they are many.\n", "needs #pragma once or"),
        ("proa/ir/a.cc", "int x;\n" * 801, "has 801 lines"),
        ("python/proa/a.py", "x = 1\n" * 801, "has 801 lines"),
        ("docs/a.md", "see /ho" + "me/anna/proa", "a path of one machine"),
    ],
)
def test_a_fault_is_found(tree, name, text, fault):
    faults = tree(name, text)
    assert len(faults) == 1 and fault in faults[0], faults


def test_foreign_files_are_left_alone(tree):
    assert tree("third_party/x/a.h", "int x;\n" * 900) == []
    assert tree("tests/golden/a.py", "x = 1\n" * 900) == []


def test_vendor_headers_pass_where_they_belong(tree):
    assert tree("proa/compiler/jit/clang/a.cc", "#include <llvm/IR/Module.h>") == []
    assert tree("proa/kernels/cuda/a.cc", "#include <cuda_runtime.h>") == []


def test_the_floors_link_as_the_arrows_say():
    """CMakeLists.txt repeats the arrows as link lines; both must say the same."""
    arrows = check_layers.Layers(ROOT / "tools/layers.txt").arrows
    linked = {}
    for line in (ROOT / "CMakeLists.txt").read_text().splitlines():
        if line.startswith("proa_floor("):
            floor, *targets = line[len("proa_floor(") : -1].split()
            linked[floor] = sorted(targets)
    assert linked == {floor: sorted(targets) for floor, targets in arrows.items()}
