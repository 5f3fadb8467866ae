"""What benchmarks share whose rows have a target: options, findings as JSON, and the last line."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import track

LineT = TypeVar("LineT")


def add_options(parser: argparse.ArgumentParser, *, row: str, group: str) -> None:
    """Add the options that choose rows and say where findings go.

    Args:
        parser: The benchmark's.
        row: What a row is, such as "form".
        group: A group of rows, as an example.
    """
    parser.add_argument("--only", action="append", metavar="NAME", help=f"one {row}; repeatable")
    parser.add_argument("--group", action="append", metavar="GROUP", help=f"such as {group}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every row's findings")
    parser.add_argument("--keep", metavar="FOLDER", help="keep what is written there")
    parser.add_argument("--width", type=int, default=200, help="of the table, in characters")


def is_asked(options: argparse.Namespace, names: Collection[str], group: str) -> bool:
    """Return whether the options choose a row, by one of its names and its group."""
    named = not options.only or any(name in options.only for name in names)
    return named and (not options.group or group in options.group)


def as_measured(
    lines: Iterable[LineT],
    plain: Callable[[LineT], dict[str, Any]],
    options: argparse.Namespace,
    *,
    doing: str,
    total: int,
) -> list[LineT]:
    """Measure every row; show and keep each as it comes, since a long run may be cut off.

    Args:
        lines: Measures a row each time it is asked.
        plain: Returns a row as plain data, with its ``name`` and what it ``misses``.
        options: Of the benchmark.
        doing: What the progress bar says.
        total: Number of rows.
    """
    console = Console(file=sys.stderr, width=options.width)  # this one, not what a row redirects
    measured: list[LineT] = []
    rows: list[dict[str, Any]] = []
    for line in track(lines, doing, total=total, console=console):
        measured.append(line)
        rows.append(plain(line))
        missed = "; ".join(rows[-1]["misses"])
        said = f"missed: {missed}" if missed else "reached"
        console.print(f"{rows[-1]['name']}: {said}", markup=False, highlight=False)
        _keep(options, rows)
    return measured


def finish(
    options: argparse.Namespace,
    rows: Sequence[dict[str, Any]],
    *,
    false: int,
    called: str,
    started: float,
) -> int:
    """Write the findings, print the last line, and return the exit code: 1 where a row misses.

    Args:
        options: Of the benchmark.
        rows: Every row as plain data, with what it misses under ``misses``.
        false: Rows that a user would have believed wrongly.
        called: What those are called.
        started: When the benchmark began, by :func:`time.perf_counter`.
    """
    _keep(options, rows)
    hit = sum(not row["misses"] for row in rows)
    print(
        f"\n{hit} of {len(rows)} rows reach their target (all wanted); {false} {called} (none "
        f"wanted); {time.perf_counter() - started:.0f} s"
    )
    return 0 if hit == len(rows) else 1


def _keep(options: argparse.Namespace, rows: Sequence[dict[str, Any]]) -> None:
    if options.json:
        found = json.dumps(rows, indent=1, ensure_ascii=False)
        options.json.write_text(found, encoding="utf-8")
