"""Checks every behaviour and prints the table; exits 1 where a row misses its target."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.servers.checked import Checked, Job, run_checked, warm_up
from benchmarks.servers.expected import CASES, Case
from benchmarks.servers.judged import Line, judge
from benchmarks.targets import add_options, as_measured, finish, is_asked
from evalguard.errors import did_you_mean

WORKERS = 2

LONGEST_REASON = 160
"""Characters of what a row misses; all of it goes to ``--json``."""

HEADER = ("class", "behaviour", "target", "as good", "worse", "s", "reached", "why not")


def main() -> int:
    """Run the benchmark."""
    options = _options()
    if options.real:
        from benchmarks.servers.real.gated import run_real

        return run_real(options.real)
    cases = [case for case in CASES if is_asked(options, _names(case), case.behaviour.group)]
    if not cases:
        names = {case.behaviour.name for case in CASES}
        print(f"no such behaviour. {did_you_mean(' '.join(options.only or ()), names)}")
        return 2
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(options.keep or name).resolve()
        found = run_cases(cases, folder, workers=options.workers, seconds=options.seconds)
        lines = as_measured(found, _plain, options, doing="checking", total=len(cases))
    table = Table(*HEADER)
    for line in lines:
        table.add_row(*_cells(line))
    Console(width=options.width).print(table, markup=False)
    false = sum(line.false_pass for line in lines)
    rows = [_plain(line) for line in lines]
    return finish(options, rows, false=false, called="false PASS", started=started)


def run_cases(
    cases: Sequence[Case], folder: Path, *, workers: int, seconds: float | None = None
) -> Iterator[Line]:
    """Check both candidates of each case, and yield its row.

    Args:
        cases: What to check.
        folder: Where the projects go.
        workers: Checks at a time.
        seconds: Time that a check may take; the case's own when ``None``.
    """
    from benchmarks.random_adapters import save_adapter
    from evalguard.demo import model_path

    os.environ |= environment(folder)
    adapter = save_adapter(model_path(), folder / "adapter", scale=1e-2, seed=0)

    warm_up()

    def run(asked: tuple[Case, str]) -> Checked:
        case, candidate = asked
        name = f"{case.name}-{candidate}".replace(" ", "-")
        job = Job(
            behaviour=case.behaviour.name,
            setup=case.setup,
            candidate=candidate,
            folder=folder / name,
            adapter=adapter,
        )
        return run_checked(job, seconds=seconds or case.seconds)

    jobs = [(case, candidate) for case in cases for candidate in ("good", "bad")]
    with ThreadPoolExecutor(max_workers=workers) as pool:
        found = pool.map(run, jobs)
        for case in cases:
            yield judge(case, next(found), next(found))


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of the checks: nothing is fetched or left in the home folder."""
    path = os.environ.get("PYTHONPATH", "")
    return {
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "HF_HOME": str(folder / "cache"),
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": "1",
        "PYTHONWARNINGS": "ignore::UserWarning:multiprocessing.resource_tracker",
        "PYTHONPATH": os.pathsep.join(
            [str(Path(__file__).parents[2]), *filter(None, path.split(os.pathsep))]
        ),
    }


def _names(case: Case) -> tuple[str, ...]:
    return case.behaviour.name, case.name


def _cells(line: Line) -> tuple[str, ...]:
    case = line.case
    return (
        case.behaviour.group,
        case.name,
        " or ".join(case.targets),
        _cell(line.good),
        _cell(line.bad),
        f"{line.good.seconds:.0f}, {line.bad.seconds:.0f}",
        "NO" if line.misses else "yes",
        _reason(line),
    )


def _reason(line: Line) -> str:
    """Return the worst that a row misses."""
    first = sorted(line.misses, key=lambda miss: "FALSE PASS" not in miss)[:1]
    return "".join(first)[:LONGEST_REASON]


def _cell(checked: Checked) -> str:
    lost = f", {checked.missing} lost" if checked.missing else ""
    return checked.verdict + lost


def _plain(line: Line) -> dict[str, Any]:
    return {
        "name": line.case.name,
        "group": line.case.behaviour.group,
        "what": line.case.behaviour.what,
        "reference": line.case.behaviour.reference,
        "targets": list(line.case.targets),
        "misses": list(line.misses),
        "good": asdict(line.good),
        "bad": asdict(line.bad),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers")
    add_options(parser, row="row", group="S5")
    parser.add_argument(
        "--real", action="append", metavar="NAME",
        choices=("vllm", "transformers", "llama-cpp", "llama-server"),
        help="check this server in place of the scripted one; may be repeated",
    )  # fmt: skip
    parser.add_argument("--workers", type=int, default=WORKERS, help="checks at a time")
    parser.add_argument("--seconds", type=float, help="limit of each check; the row's own if unset")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
