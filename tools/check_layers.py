"""Checks what the compiler cannot: the arrows between floors and the form of source files.

    tools/check_layers.py [ROOT]

Prints one line a fault, `file:line: what`, and ends with status 1 if there is any.
"""

import re
import subprocess
import sys
from pathlib import Path

MAX_LINES = 800
SOURCE = {".cc", ".h", ".py"}
FOREIGN = {"third_party", "golden", "stubs"}  # folders whose files are not written by hand
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
# A path that exists on one machine only.
MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/" + r"(?:work|root|home|Users)/[\w.]")


class Layers:
    """The content of layers.txt."""

    def __init__(self, path):
        self.arrows = {}
        self.vendors = []  # (prefixes, folders)
        for number, line in enumerate(path.read_text().splitlines(), 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            left, arrow, right = line.partition("->")
            if not arrow:
                raise SystemExit(f"{path}:{number}: expected 'A -> B, C'")
            targets = [name.strip() for name in right.split(",") if name.strip()]
            words = left.split()
            if words[0] == "vendor":
                self.vendors.append((tuple(words[1:]), targets))
            else:
                self.arrows[words[0]] = targets
        for floor, targets in self.arrows.items():
            for target in targets:
                if target not in self.arrows:
                    raise SystemExit(f"{path}: '{floor}' points to '{target}', which is no floor")


def tracked_files(root):
    """What git would commit; every file where there is no git."""
    command = ["git", "-C", str(root), "ls-files", "-co", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        names = done.stdout.splitlines()
    else:
        names = [str(path.relative_to(root)) for path in root.rglob("*")]
    return sorted(name for name in set(names) if (root / name).is_file())


def check_include(name, system, header, layers):
    """The reason why the file `name` may not include `header`, or None."""
    parts = Path(name).parts
    if parts[0] == "proa" and len(parts) > 2:
        floor = parts[1]
        target = header.split("/")
        if floor not in layers.arrows:
            return f"'{floor}' is no floor of tools/layers.txt"
        if target[0] in ("python", "tools", "tests", "examples"):
            return f"the library may not include '{header}'"
        if target[0] == "proa":
            if target[1] not in layers.arrows:
                return f"'{target[1]}' is no floor of tools/layers.txt"
            if target[1] != floor and target[1] not in layers.arrows[floor]:
                return f"floor '{floor}' may not include floor '{target[1]}'"
        elif not system and not header.startswith("third_party/"):
            return f"'{header}' is not named from the root; write \"proa/<floor>/<file>.h\""
    for prefixes, folders in layers.vendors:
        if header.startswith(prefixes):
            if not any(name.startswith(folder + "/") for folder in folders):
                return f"vendor header '{header}' belongs in {', '.join(folders)}"
    return None


def opening_comment(lines):
    comment = []
    for line in lines:
        if not line.startswith("//"):
            break
        comment.append(line.lstrip("/ "))
    return " ".join(comment)


def check_file(root, name, layers):
    """The faults of one file, as (line, text)."""
    path = root / name
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        return
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if MACHINE_PATH.search(line):
            yield number, f"names a path of one machine: {MACHINE_PATH.search(line).group()}..."
    if path.suffix not in SOURCE:
        return
    if len(lines) > MAX_LINES:
        yield MAX_LINES, f"has {len(lines)} lines; split it at {MAX_LINES} along families"
    if path.suffix == ".py":
        return
    for number, line in enumerate(lines, 1):
        include = INCLUDE.match(line)
        if include:
            reason = check_include(name, include[1] == "<", include[2], layers)
            if reason:
                yield number, reason
    if path.suffix == ".h":
        comment = opening_comment(lines)
        if not comment:
            yield 1, "a header opens with a comment: one sentence what, one sentence why"
        elif len(re.findall(r"[.:?](?:\s|$)", comment)) < 2:
            yield 1, "the opening comment says what or why, but not both"
        if not re.search(r"^#pragma once|^#ifndef (\w+_H_)\n#define \1$", text, re.MULTILINE):
            yield 1, "a header needs #pragma once or an include guard"


def check(root):
    layers = Layers(root / "tools" / "layers.txt")
    faults = []
    for name in tracked_files(root):
        if FOREIGN.isdisjoint(Path(name).parts[:-1]):
            faults += [f"{name}:{line}: {text}" for line, text in check_file(root, name, layers)]
    return faults


def main():
    if sys.argv[1:] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return 0
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    faults = check(root)
    for fault in faults:
        print(fault)
    print(f"layers: {len(faults)} faults" if faults else "layers: clean")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
