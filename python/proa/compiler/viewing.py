"""One page on how a function was compiled: its IR after each pass, kernels, memory, time."""

from __future__ import annotations

import difflib
import html
import json
from collections.abc import Callable
from typing import Any

from .. import _proa

_STYLE = """
body{font:14px/1.45 system-ui,sans-serif;margin:0;color:#1b1f24;background:#fbfbfa}
header{padding:14px 24px;border-bottom:1px solid #ddd;background:#fff}
h1{font-size:18px;margin:0 0 4px}h2{font-size:16px;margin:28px 24px 8px}
h3{font-size:13px;margin:14px 0 4px;font-weight:600}
nav a{margin-right:16px;color:#0b57a4;text-decoration:none}
section{padding:0 24px}pre{background:#fff;border:1px solid #e2e2e0;padding:8px 10px;overflow:auto;
font:12px/1.4 ui-monospace,monospace;max-height:520px;margin:4px 0 12px}
.new{background:#e3f4e3}.gone{background:#fae5e5;color:#8a4040}
details{margin:4px 0}summary{cursor:pointer}.dim{color:#6a737d}
table{border-collapse:collapse;font-size:13px}td,th{padding:3px 12px 3px 0;text-align:left;
border-bottom:1px solid #eee}td.n{text-align:right;font-variant-numeric:tabular-nums}
svg{background:#fff;border:1px solid #e2e2e0;max-width:100%}
svg text{font:11px ui-monospace,monospace}
rect:hover{stroke:#000;stroke-width:1.5}
"""


def _size(count: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.2f} {unit}"
        count /= 1024
    return ""


def _changes(before: str, after: str) -> tuple[str, bool]:
    lines, changed = [], False
    for line in difflib.ndiff(before.splitlines(), after.splitlines()):
        mark, text = line[:2], html.escape(line[2:])
        if mark == "? ":
            continue
        changed |= mark != "  "
        kind = {"+ ": "new", "- ": "gone"}.get(mark, "")
        lines.append(f'<span class="{kind}">{text}</span>' if kind else text)
    return "\n".join(lines), changed


def _stages(stages: list[tuple[str, str]]) -> str:
    parts, before = [], ""
    for number, (name, text) in enumerate(stages):
        first = name == "captured"
        body, changed = (html.escape(text), True) if first else _changes(before, text)
        note = "" if changed else ' <span class="dim">changed nothing</span>'
        opened = " open" if first else ""
        parts.append(
            f'<details{opened} id="stage{number}"><summary><b>{html.escape(name)}</b>{note}'
            f"</summary><pre>{body}</pre></details>"
        )
        before = text
    return "".join(parts)


def _color(name: str) -> str:
    return f"hsl({sum(ord(c) * (i + 7) for i, c in enumerate(name)) % 360} 55% 72%)"


def _memory(plan: dict[str, Any]) -> str:
    steps, arena = plan["steps"], max(plan["arena"], 1)
    width, height = 900.0, 300.0
    across, up = width / max(len(steps), 1), height / arena
    boxes = []
    for b in plan["buffers"]:
        made = steps[b["first"]]["name"] if b["first"] < len(steps) else ""
        x, w = b["first"] * across, (b["last"] - b["first"] + 1) * across
        h = max(b["bytes"] * up, 0.5)
        y = height - b["offset"] * up - h
        tip = f"{made}: {_size(b['bytes'])} at {b['offset']}, steps {b['first']}..{b['last']}"
        boxes.append(
            f'<rect x="{x:.2f}" y="{y:.2f}" width="{w:.2f}" height="{h:.2f}" '
            f'fill="{_color(made)}"><title>{html.escape(tip)}</title></rect>'
        )
    bound = height - plan["lower_bound"] * up
    boxes.append(
        f'<line x1="0" x2="{width}" y1="{bound:.2f}" y2="{bound:.2f}" stroke="#b00" '
        'stroke-dasharray="5 4"/>'
    )
    summary = (
        f"arena {_size(plan['arena'])}, lower bound by liveness {_size(plan['lower_bound'])}, "
        f"results {_size(sum(plan['results']))}, {plan['in_place']} kernels write over an input"
    )
    return (
        f"<p>{summary}</p>"
        f'<svg viewBox="0 0 {width} {height}" width="{width}">{"".join(boxes)}</svg>'
    )


def _kernels(plan: dict[str, Any]) -> str:
    rows = [
        "<tr><th>step</th><th>kind</th><th>operations</th><th>flops</th><th>bytes</th>"
        "<th>lines</th></tr>"
    ]
    for number, step in enumerate(plan["steps"]):
        rows.append(
            f'<tr><td class="n">{number}</td><td>{step["kind"]}</td>'
            f'<td>{html.escape(step["operations"])} <span class="dim">'
            f'{html.escape(step["name"])}</span></td><td class="n">{step["flops"]:,}</td>'
            f'<td class="n">{step["bytes"]:,}</td><td>{html.escape(step["location"])}</td></tr>'
        )
    texts = [
        f"<details><summary>{html.escape(kernel['name'])}</summary>"
        f"<pre>{html.escape(kernel['text'])}</pre></details>"
        for kernel in plan["kernels"]
    ]
    return f"<table>{''.join(rows)}</table><h3>C texts</h3>{''.join(texts)}"


def _trace(events: list[Any]) -> str:
    if not events:
        return "<p>nothing was recorded</p>"
    begin = min(e.begin for e in events)
    span = max(max(e.end for e in events) - begin, 1)
    lanes = sorted({(e.thread, e.kind) for e in events})
    width, row = 900.0, 22
    boxes = []
    for lane, (thread, kind) in enumerate(lanes):
        boxes.append(f'<text x="4" y="{lane * row + 15}">{kind} {thread}</text>')
        for e in events:
            if (e.thread, e.kind) != (thread, kind):
                continue
            x = 90 + (e.begin - begin) / span * (width - 95)
            w = max(e.nanoseconds / span * (width - 95), 0.7)
            tip = f"{e.name}: {e.nanoseconds / 1000:.1f} us, {e.flops:,} flops, {e.bytes:,} bytes"
            tip += f" ({e.location})" if e.location else ""
            boxes.append(
                f'<rect x="{x:.2f}" y="{lane * row + 3}" width="{w:.2f}" height="{row - 6}" '
                f'fill="{_color(e.name)}"><title>{html.escape(tip)}</title></rect>'
            )
    height = len(lanes) * row + 4
    return (
        f"<p>{span / 1000:.1f} microseconds</p>"
        f'<svg viewBox="0 0 {width} {height}" width="{width}">{"".join(boxes)}</svg>'
    )


def view(
    function: Callable[..., Any], args: tuple[Any, ...] | list[Any], path: str
) -> None:
    """Writes a page on how `function` is compiled and runs: open it in a browser.

    It holds the IR as captured and after each pass with what changed, the kernels with their C
    text, flops and bytes, the plan of memory over time beside its lower bound, and the trace of a
    run. The page needs no network.

    Args:
        function: what to_static takes.
        args: of the call.
        path: of the page.

    Example:
        >>> proa.compiler.view(lambda x: proa.tanh(x + 1), [proa.ones([8])], "/tmp/page.html")
    """
    from ..jit.function import CapturedFunction
    from ..profiler import Profiler

    captured = CapturedFunction(function)
    told = _proa._watch("plans", True)
    _proa._plans()
    _proa._stages(True)
    try:
        captured(*args)
        stages = _proa._stages(False)
        plans = [json.loads(text) for text in _proa._plans()]
    finally:
        _proa._stages(False)
        _proa._watch("plans", told)
    captured(*args)
    with Profiler() as profiler:
        captured(*args)
    name = getattr(function, "__qualname__", type(function).__name__)
    sections = [("IR after each pass", _stages(stages))]
    for number, plan in enumerate(plans):
        label = f" of program {number + 1}" if len(plans) > 1 else ""
        sections.append(("Kernels" + label, _kernels(plan)))
        sections.append(("Memory over time" + label, _memory(plan)))
    sections.append(("Trace of a run", _trace(profiler.events)))
    links = "".join(f'<a href="#s{i}">{html.escape(t)}</a>' for i, (t, _) in enumerate(sections))
    bodies = "".join(
        f'<h2 id="s{i}">{html.escape(t)}</h2><section>{b}</section>'
        for i, (t, b) in enumerate(sections)
    )
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'>"
            f"<title>{html.escape(name)}</title><style>{_STYLE}</style></head><body>"
            f"<header><h1>{html.escape(name)}</h1><nav>{links}</nav></header>{bodies}"
            "</body></html>"
        )
