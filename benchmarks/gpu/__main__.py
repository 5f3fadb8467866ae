"""``python -m benchmarks.gpu``: EvalGuard on a GPU, within a time budget.

Each part runs in its own process, by priority, if it fits into the time left; its results are in
the JSON file as soon as it ends. It needs no network: models are initialised at random.
``--device cpu --tiny`` is a trial run without a GPU.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.gpu import wheels
from benchmarks.gpu.parts import PARTS
from benchmarks.gpu.process import run_process
from benchmarks.gpu.records import Context, Outcome, Part
from benchmarks.gpu.results import Results, ResultsError, markdown, summary
from benchmarks.gpu.schedule import run_parts
from evalguard.engines.machine import cuda_devices, installed

USAGE_ERROR = 2

_OWN_NEEDS = ("click", "jinja2", "pydantic", "pytest", "pyyaml", "rich", "sqlalchemy")


class UnfitMachineError(Exception):
    """This machine cannot run the benchmark."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark.

    Returns:
        0 if every part that could run met its targets; 1 if a target was missed, a part failed or
        nothing was measured; 2 for wrong options.
    """
    options = _options(arguments)
    code = wheels.run(options)
    if code is not None:
        return code
    try:
        parts = _chosen(options.parts)
        results = _results(options)
        _check_machine(options.device)
    except (ResultsError, UnfitMachineError) as error:
        print(error, file=sys.stderr)
        return USAGE_ERROR
    with tempfile.TemporaryDirectory(dir=options.work) as work:
        context = Context(options.device, options.tiny, Path(work))

        def keep(part: Part, outcome: Outcome) -> None:
            results.keep(part, outcome)
            print(f"{part.name}: {outcome.state}, {outcome.seconds:.0f} s", flush=True)

        run_parts(
            parts,
            seconds=60 * options.minutes,
            tiny=options.tiny,
            run=lambda part, limit: run_process(part, limit, context),
            keep=keep,
            finished=dict(results.outcomes),
        )
    _show(results, parts, options.markdown)
    return results.exit_code


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu", description=(__doc__ or "").partition("\n\n")[2]
    )
    parser.add_argument("--minutes", type=float, default=9, help="time budget (default: 9)")
    parser.add_argument("--parts", default="", help="comma-separated names (default: all)")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--tiny", action="store_true", help="shapes for a CPU")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    parser.add_argument("--resume", action="store_true", help="skip the parts finished in FILE")
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="tables as in docs/benchmarks.md"
    )
    parser.add_argument("--work", type=Path, help="folder for models (default: the system's)")
    wheels.add_options(parser)
    options = parser.parse_args(arguments)
    if options.resume and options.json is None:
        parser.error("--resume needs --json FILE")
    return options


def _check_machine(device: str) -> None:
    if missing := [name for name in _OWN_NEEDS if installed(name) is None]:
        raise UnfitMachineError(
            f"not installed: {', '.join(missing)}; --wheels lists what is needed"
        )
    if device == "cuda" and not cuda_devices():
        raise UnfitMachineError("no GPU found; try --device cpu --tiny")


def _chosen(names: str) -> list[Part]:
    """Return the named parts in the order of their priority; all of them without a name."""
    wanted = {name for name in names.split(",") if name}
    if unknown := wanted - {part.name for part in PARTS}:
        known = ", ".join(part.name for part in PARTS)
        raise ResultsError(f"--parts: unknown {', '.join(sorted(unknown))}; allowed: {known}")
    return [part for part in PARTS if not wanted or part.name in wanted]


def _results(options: argparse.Namespace) -> Results:
    settings = {"device": options.device, "tiny": options.tiny}
    if options.resume and options.json.exists():
        return Results.resume(options.json, settings)
    return Results(options.json, settings)


def _show(results: Results, parts: Sequence[Part], file: Path | None) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "target", "figure")
    for part in parts:
        outcome = results.outcomes.get(part.name)
        for row in outcome.rows if outcome else ():
            missed = "  MISSED" if row.reached is False else ""
            table.add_row(row.name, row.target, f"{row.figure}{missed}")
        table.add_section()
    Console(width=130).print(table)
    for line in summary(results):
        print(line)
    if file is not None:
        file.write_text(markdown(results, parts), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
