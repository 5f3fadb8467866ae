"""Run the matrix of lm-eval tasks and print its table; exits 1 if a task misses its target."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.lm_eval_tasks.comparison import Line
from benchmarks.lm_eval_tasks.manifest import read_manifests
from benchmarks.lm_eval_tasks.matrix import run_matrix
from benchmarks.lm_eval_tasks.table import HEADER, family, fold, markdown, summary

WORKERS = 2

PART = 60
"""Tasks that are measured before their results are kept."""


def main() -> int:
    """Run the benchmark."""
    options = _options()
    entries = [
        entry
        for entry in read_manifests()
        if (not options.only or entry.task in options.only)
        and (not options.family or family(entry.task) in options.family)
    ]
    if not entries:
        print("no task of the matrix has that name", file=sys.stderr)
        return 2
    started = time.perf_counter()
    found = _read(options.json) if options.resume else {}
    left = [entry for entry in entries if entry.task not in found]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(options.keep or name).resolve()
        for start in range(0, len(left), PART):
            part = left[start : start + PART]
            for line in run_matrix(
                part, folder / f"part-{start}", workers=options.workers, chat=options.chat
            ):
                found[line.task] = line
                if not line.reached:
                    print(f"MISSED {line.task}: {line.reason}", file=sys.stderr)
            if options.json:
                _write(options.json, found.values())
            done = f"{len(found)} of {len(entries)} tasks"
            print(f"{done}, {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    lines = [found[entry.task] for entry in entries]
    if options.markdown:
        print(markdown(lines))
    else:
        table = Table(*HEADER)
        for row in fold(lines):
            table.add_row(*row.cells())
        Console(width=options.width).print(table, markup=False)
    print(f"\n{summary(lines)} {time.perf_counter() - started:.0f} s")
    return 0 if all(line.reached for line in lines) else 1


def _read(path: Path) -> dict[str, Line]:
    """Return the tasks that an earlier run measured."""
    if not path.is_file():
        return {}
    rows = json.loads(path.read_text(encoding="utf-8"))
    names = {field.name for field in fields(Line)}
    lines = (
        Line(**{key: row[key] for key in names} | {"metrics": tuple(row["metrics"])})
        for row in rows
    )
    return {line.task: line for line in lines}


def _write(path: Path, lines: Iterable[Line]) -> None:
    rows = [asdict(line) | {"reached": line.reached} for line in lines]
    path.write_text(json.dumps(rows, indent=1), encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lm_eval_tasks")
    parser.add_argument("--only", action="append", metavar="NAME", help="one task; may be repeated")
    parser.add_argument("--family", action="append", metavar="NAME", help="such as mmlu or gpqa")
    parser.add_argument("--chat", action="store_true", help="apply the chat template")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every task's result")
    parser.add_argument(
        "--resume", action="store_true", help="leave out the tasks that --json FILE has already"
    )
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--keep", metavar="FOLDER", help="keep task files and stores there")
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes at a time")
    parser.add_argument("--width", type=int, default=200, help="of the table, in characters")
    options = parser.parse_args()
    if options.resume and not options.json:
        parser.error("--resume needs --json FILE")
    return options


if __name__ == "__main__":
    sys.exit(main())
