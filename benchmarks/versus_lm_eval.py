"""``python -m benchmarks.versus_lm_eval``: EvalGuard against ``lm_eval``, with the same scores.

Every row is one run of whole processes side by side, three times; the table gives the median and
the spread. ``--rows choices,answers,adapters,scale`` runs a part, ``--repeats 1`` is a quick look.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import many_adapters, one_task, scale

REPEATS = 3

_LARGEST, _MIDDLE, _SMALLEST = 50_000, 5_000, 500


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        name: What was measured.
        target: The bound, such as ``≥ 10``.
        reached: Whether the median keeps it.
        figures: One value a repeat.
        unit: Written behind a figure.
    """

    name: str
    target: str
    reached: bool
    figures: tuple[float, ...]
    unit: str = ""

    @property
    def text(self) -> str:
        """The median and the spread."""
        low, high = min(self.figures), max(self.figures)
        middle = f"{statistics.median(self.figures):.2f}{self.unit}"
        spread = f" ({low:.2f} to {high:.2f})" if len(self.figures) > 1 else ""
        return f"{middle}{spread}{'' if self.reached else '  MISSED'}"


def at_least(name: str, target: float, figures: Sequence[float]) -> Row:
    """Return a row of how many times faster something is."""
    reached = statistics.median(figures) >= target
    return Row(name, f"≥ {target:g}", reached, tuple(figures), "×")


def at_most(name: str, target: float, figures: Sequence[float], unit: str = "") -> Row:
    """Return a row of a cost."""
    reached = statistics.median(figures) <= target
    return Row(name, f"≤ {target:g}{unit}", reached, tuple(figures), unit)


def choices_rows(repeats: int) -> list[Row]:
    """Compare how choices are scored, in seconds of the engine."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one_task.write(folder)
        for engine, task, target in (
            ("vllm", one_task.SINGLE, 10.0),
            ("vllm", one_task.LONG, 4.0),
            ("hf", one_task.SINGLE, 2.0),  # lm-eval reads one row for all choices there
            ("hf", one_task.LONG, 4.0),
        ):
            faster, over, gaps = [], [], []
            for _ in range(repeats):
                ours, theirs = (
                    _child("benchmarks.one_task", side, engine, str(folder), task)
                    for side in ("evalguard", "lm_eval")
                )
                faster.append(theirs["seconds"] / ours["seconds"])
                over.append(ours["seconds"] / ours["floor_seconds"])
                gaps.append(max(abs(a - b) for a, b in _paired(ours, theirs)))
            label = f"{engine}, {task.replace('_', ' ')}"
            header = one_task.header_tokens(folder, task)
            rows += [
                at_least(f"{label}, {header} tokens of header", target, faster),
                at_most(f"{label}: time over the floor", 1.5, over, "×"),
                at_most(f"{label}: greatest difference of a log-likelihood", 1e-3, gaps),
            ]
    return rows


def answers_rows(repeats: int) -> list[Row]:
    """Compare how answers of mixed lengths are generated, in seconds of the engine."""
    faster, different = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one_task.write(folder)
        for _ in range(repeats):
            ours, theirs = (
                _child("benchmarks.one_task", side, "vllm", str(folder), one_task.ANSWERS)
                for side in ("evalguard", "lm_eval")
            )
            faster.append(theirs["seconds"] / ours["seconds"])
            pairs = _paired(ours, theirs)
            different.append(100 * sum(a != b for a, b in pairs) / len(pairs))
    label = f"vllm, {one_task.PROMPTS:,} {one_task.ANSWERS.replace('_', ' ')}"
    return [
        at_least(label, 1.0, faster),
        at_most(f"{label}: texts that differ", 1, different, " %"),
    ]


def adapter_rows(repeats: int) -> list[Row]:
    """Compare a base with four adapters against five runs of ``lm_eval``."""
    found = many_adapters.measure(repeats)
    rows = [at_least(label, target, ratios) for label, target, ratios in found.ratios()]
    rows.append(Row("scores equal those of lm_eval", "yes", found.equal, (float(found.equal),)))
    return rows


def scale_rows(repeats: int) -> list[Row]:
    """Measure what a check costs beside the engine, and how that grows."""
    flat, memory = [], []
    for _ in range(repeats):
        small, middle, large = (
            _child("benchmarks.scale", str(n)) for n in (_SMALLEST, _MIDDLE, _LARGEST)
        )
        flat.append(_cost(middle, large) / _cost(small, middle))
        grown = large["bytes"] - small["bytes"]
        memory.append(grown / (large["samples"] - small["samples"]) / 1000)
    outside = [_share_outside() for _ in range(repeats)]
    return [
        at_most("time outside the engine, 2,000 answers of 48 tokens, a model of 20 M", 10,
                outside, " %"),
        at_most(f"cost of a sample, {_MIDDLE:,} to {_LARGEST:,} against {_SMALLEST:,} to "
                f"{_MIDDLE:,}", 1.2, flat, "×"),
        at_most("memory a sample", 2, memory, " kB"),
    ]  # fmt: skip


def _cost(fewer: dict[str, Any], more: dict[str, Any]) -> float:
    """Return the seconds that each further sample takes; starting up falls out."""
    return float(more["seconds"] - fewer["seconds"]) / int(more["samples"] - fewer["samples"])


def _share_outside() -> float:
    """Return the per cent of a whole ``evalguard check`` that was not spent in the engine."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scale.write_project(folder, 1000, engine="hf")  # for each of two models
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "evalguard", "check", "--full", "--json", "result.json"],
            cwd=folder,
            env=many_adapters.ENVIRONMENT,
            capture_output=True,
            check=False,
        )
        seconds = time.perf_counter() - started
        timing = json.loads((folder / "result.json").read_text(encoding="utf-8"))["timing"]
    return 100 * (1 - float(timing["engine_seconds"]) / seconds)


def _child(module: str, *arguments: str) -> dict[str, Any]:
    """Run one side in a process of its own and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=many_adapters.ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:  # a process that has told its result may still break as vLLM is taken down
        raise RuntimeError(f"{module} {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(lines[-1].removeprefix("RESULT "))
    return found


def _paired(ours: dict[str, Any], theirs: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Return what both sides gave for each choice or prompt."""
    if ours["given"].keys() != theirs["given"].keys():
        raise RuntimeError("the two sides scored different samples")
    return [
        pair
        for key, own in ours["given"].items()
        for pair in zip(own, theirs["given"][key], strict=True)
    ]


PARTS = {
    "choices": choices_rows,
    "answers": answers_rows,
    "adapters": adapter_rows,
    "scale": scale_rows,
}


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.versus_lm_eval")
    parser.add_argument("--rows", default=",".join(PARTS), help="parts to run, with commas")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    options = parser.parse_args()
    table = Table("", "target", "median (least to greatest)")
    missed = 0
    for part in options.rows.split(","):
        for row in PARTS[part](options.repeats):
            table.add_row(row.name, row.target, row.text)
            missed += not row.reached
    Console(width=120).print(table)
    print(f"{missed} targets missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
