"""Run the matrix of lm-eval tasks and print its table; exits 1 if a task misses its target."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.lm_eval_tasks.manifest import read_manifests
from benchmarks.lm_eval_tasks.matrix import run_matrix
from benchmarks.lm_eval_tasks.table import HEADER, family, fold, markdown, summary

WORKERS = 2


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
    with tempfile.TemporaryDirectory() as name:
        folder = Path(options.keep or name).resolve()
        lines = run_matrix(entries, folder, workers=options.workers, chat=options.chat)
    if options.json:
        found = json.dumps([asdict(line) | {"reached": line.reached} for line in lines], indent=1)
        options.json.write_text(found, encoding="utf-8")
    if options.markdown:
        print(markdown(lines))
    else:
        table = Table(*HEADER)
        for row in fold(lines):
            table.add_row(*row.cells())
        Console(width=options.width).print(table, markup=False)
    print(f"\n{summary(lines)} {time.perf_counter() - started:.0f} s")
    return 0 if all(line.reached for line in lines) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lm_eval_tasks")
    parser.add_argument("--only", action="append", metavar="NAME", help="one task; may be repeated")
    parser.add_argument("--family", action="append", metavar="NAME", help="such as mmlu or gpqa")
    parser.add_argument("--chat", action="store_true", help="apply the chat template")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every task's result")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--keep", metavar="FOLDER", help="keep task files and stores there")
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes at a time")
    parser.add_argument("--width", type=int, default=200, help="of the table, in characters")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
