"""Write the projects that the benchmarks check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml


def write_project(
    folder: Path,
    *,
    engine: Mapping[str, Any],
    baseline: Mapping[str, Any],
    candidates: Mapping[str, Mapping[str, Any]],
    suites: Mapping[str, Mapping[str, Any]],
    gates: Iterable[Mapping[str, Any]],
    **settings: Any,
) -> Path:
    """Write ``evalguard.yaml`` with its suites and thresholds; return its path.

    Args:
        folder: The project.
        engine: Under ``engine:``.
        baseline: Under ``baseline:``.
        candidates: By name.
        suites: By name, without their version.
        gates: The thresholds.
        **settings: Further keys of the project.
    """
    project = {
        "version": 1,
        "engine": dict(engine),
        "baseline": dict(baseline),
        "candidates": {name: dict(one) for name, one in candidates.items()},
        "suites": list(suites),
        "thresholds": "release",
        **settings,
    }
    files: dict[str, Mapping[str, Any]] = {
        **{f"suites/{name}.yaml": {"version": 1, **suite} for name, suite in suites.items()},
        "thresholds/release.yaml": {"version": 1, "gates": [dict(gate) for gate in gates]},
        "evalguard.yaml": project,
    }
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return folder / "evalguard.yaml"


def write_test_set(
    folder: Path, name: str, rows: Iterable[Mapping[str, str]], *, max_new_tokens: int
) -> dict[str, Any]:
    """Write rows of ``question`` and ``answer``; return a suite that scores exact matches on them.

    Args:
        folder: The project.
        name: Name of the suite.
        rows: Its rows.
        max_new_tokens: Limit of an answer.
    """
    from evalguard.demo.suites import write_jsonl

    write_jsonl(folder / "suites" / f"{name}.jsonl", rows)
    task = {
        "kind": "test_set",
        "data": f"{name}.jsonl",
        "prompt": "{{ question }}",
        "target": "{{ answer }}",
        "scorers": ["exact_match"],
        "max_new_tokens": max_new_tokens,
    }
    return {"ability": "task", "tasks": [task]}
