"""Writes tests/data/graphs_torch.json: what PyTorch computes in f64 for tests/data/graphs.jsonl.

    .peers/bin/python tests/data/make_graphs.py
"""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "benchmarks"))

from recorded import samples  # noqa: E402
from recorded.worker_torch import draws, imported, tensors  # noqa: E402

found = {}
for graph in samples.load(HERE / "graphs.jsonl"):
    if draws(graph):
        continue
    made = imported(graph, True)
    results = [r.numpy().astype("float64") for r in made.function(*tensors(made.values(), True))]
    found[graph["name"]] = [
        {"shape": list(r.shape), "sum": float(r.sum()), "first": r.reshape(-1)[:16].tolist()}
        for r in results
    ]
(HERE / "graphs_torch.json").write_text(json.dumps(found, indent=1) + "\n")
