"""Gates a candidate that is as good as the base of a real server, and one that is damaged."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.servers.real.abilities import abilities
from benchmarks.servers.real.launch import NotInstalledError
from benchmarks.servers.real.served import REAL, Served

MARGIN = "20pp"
NEW_TOKENS = 24


@dataclass(frozen=True, slots=True)
class Gated:
    """What a check made of a candidate.

    Attributes:
        candidate: ``good`` or ``bad``.
        verdict: The gate's.
        reason: Why.
        baseline: Score of the base; ``None`` where it was not measured.
        score: Score of the candidate.
        warnings: What the report warns of.
    """

    candidate: str
    verdict: str
    reason: str
    baseline: float | None
    score: float | None
    warnings: tuple[str, ...]


def run_real(names: Sequence[str]) -> int:
    """Check each of the servers and print what it did; return 1 where a verdict is wrong."""
    console = Console(width=120)
    wrong = 0
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            try:
                with REAL[name](Path(folder)) as served:
                    wrong += _show(console, name, served, Path(folder))
            except NotInstalledError as reason:
                console.print(f"{name}: skipped: {reason}", markup=False)
    return int(wrong > 0)


def _show(console: Console, name: str, served: Served, folder: Path) -> int:
    gated = gate(served, folder)
    table = Table("candidate", "verdict", "base", "candidate's", "why", title=served.version)
    for one in gated:
        scores = ("–" if value is None else f"{value:.0%}" for value in (one.baseline, one.score))
        table.add_row(one.candidate, one.verdict, *scores, one.reason)
    console.print(table, markup=False)
    for warning in dict.fromkeys(warning for one in gated for warning in one.warnings):
        console.print(f"  {warning}", markup=False)
    able = Table("asked for", "done", title=f"{name}: what it does")
    for what, done in abilities(served).items():
        able.add_row(what, done)
    console.print(able, markup=False)
    return [one.verdict for one in gated] != ["PASS", "FAIL"]


def gate(served: Served, folder: Path) -> list[Gated]:
    """Check both candidates of a server in one project.

    Args:
        served: The server.
        folder: Where the project goes.
    """
    from evalguard.config import load_project
    from evalguard.runner.check import run_check

    project = load_project(write_project(served, folder / "project"))
    found = []
    for candidate in project.config.candidates:
        result = run_check(project, [(one, candidate) for one in project.thresholds.gates])
        gate = result.gates[0]
        found.append(
            Gated(
                candidate=candidate,
                verdict=gate.verdict.value,
                reason=gate.reason,
                baseline=gate.baseline,
                score=gate.candidate,
                warnings=result.warnings,
            )
        )
    return found


def write_project(served: Served, folder: Path) -> Path:
    """Write a project whose models are names on a server, and return its file."""
    folder.mkdir()
    baseline: dict[str, Any] = {"model": served.names["base"]}
    if served.tokenizer:
        baseline["tokenizer"] = served.tokenizer
    if "base" in served.own:
        baseline["server"] = {"model": served.names["base"], **served.own["base"]}
    options = {"base_url": served.url, "api": served.api, **served.options}
    _write(folder / "evalguard.yaml", {
        "version": 1,
        "engine": {"name": "endpoint", "max_length": served.max_length, "options": options},
        "baseline": baseline,
        "candidates": {
            name: {"server": {"model": served.names[name], **served.own.get(name, {})}}
            for name in ("good", "bad")
        },
        "suites": ["facts"],
        "thresholds": "release",
        "early_stopping": False,
    })  # fmt: skip
    _write(folder / "suites" / "facts.yaml", {
        "version": 1,
        "ability": "task",
        "tasks": [{
            "kind": "test_set",
            "data": "facts.jsonl",
            "prompt": "{{ q }}",
            "target": "{{ a }}",
            "scorers": [served.scorer],
            "max_new_tokens": NEW_TOKENS,
        }],
    })  # fmt: skip
    gate = {"suite": "facts", "metric": served.scorer, "max_drop": MARGIN}
    _write(folder / "thresholds" / "release.yaml", {"version": 1, "gates": [gate]})
    rows = "".join(f"{json.dumps(dict(row))}\n" for row in served.rows)
    (folder / "suites" / "facts.jsonl").write_text(rows, encoding="utf-8")
    return folder / "evalguard.yaml"


def _write(file: Path, content: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
