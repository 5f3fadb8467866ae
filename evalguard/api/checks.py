"""A project: load it, check it, compare results, and read and write them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from evalguard.api.paths import StrPath
from evalguard.errors import UsageError
from evalguard.records import CheckResult

if TYPE_CHECKING:
    from evalguard.config import Project
    from evalguard.engines.base import Engine


def load_project(path: StrPath = "evalguard.yaml", *, overrides: Sequence[str] = ()) -> Project:
    """Load a project with its suites and thresholds.

    Args:
        path: The project file.
        overrides: ``KEY=VALUE`` each, such as ``engine.dtype=float32``.

    Raises:
        ConfigError: With every problem of every file.
    """
    from evalguard import config

    return config.load_project(Path(path), overrides=overrides)


def check(
    project: StrPath | Project = "evalguard.yaml",
    *,
    overrides: Sequence[str] = (),
    candidates: Sequence[str] | None = None,
    gates: Sequence[str] | None = None,
    full: bool = False,
    noise: bool = False,
    fail_fast: bool = False,
    engine: Engine | None = None,
    extend: int = 0,
    progress: bool = True,
    strict: bool = False,
    selection: Literal["each", "any"] | None = None,
) -> CheckResult:
    """Gate the candidates of a project against its baseline.

    Runs only what is not in the store yet, compares sample by sample, and decides. A verdict is
    never an exception: see ``result.verdict``, and :func:`evalguard.exit_code` for what it means in
    CI.

    Args:
        project: The project, or its file.
        overrides: ``KEY=VALUE`` each; they override the file.
        candidates: Names of candidates; all by default.
        gates: Names of gates, of suites, or ids such as ``general::acc``; all by default.
        full: Measure every sample, even where a gate has decided.
        noise: Also run the baseline against itself, to flag margins below the noise floor.
        fail_fast: Stop measuring at the first guard that FAILs.
        engine: Engine for every model, instead of those that the project names, such as a
            :class:`FakeEngine`. The store is neither read nor written.
        extend: Samples by which each suite that an earlier check left undecided is extended. The
            verdict then rests on the planned samples and on these, with the part of α that was
            kept for it.
        progress: Show progress on standard error.
        strict: Raise where a file is read that is not in the key of what is stored, instead of a
            warning.
        selection: ``"any"``: whichever of the project's candidates passes may be released, so the
            chance that a bad one does is held over all of them; ``"each"``: over each by itself.
            By default what the project file says.

    Raises:
        TrustError: If files of a model changed meanwhile, code of the project replaced EvalGuard's,
            or, with ``strict``, a file was read that is in no key.
        UsageError: If files of the project, the models or the data cannot be used, a name or a
            selection is unknown, or the extension is not possible.
        MeasurementError: If nothing could be measured.
    """
    from evalguard.config import Project
    from evalguard.runner.check import run_check
    from evalguard.runner.display import display
    from evalguard.runner.schedule import select

    if selection not in (None, "each", "any"):
        raise UsageError(f"selection must be 'each' or 'any', found '{selection}'")
    if not isinstance(project, Project):
        project = load_project(project, overrides=overrides)
    elif overrides:
        raise UsageError("overrides apply to a project file; this project is already loaded")
    selected = select(
        project.thresholds.gates,
        project.gated,
        recipes=project.recipes,
        only_gates=gates,
        only_models=candidates,
    )
    with display() if progress else nullcontext() as on_progress:
        return run_check(
            project,
            selected,
            full=full,
            noise=noise,
            fail_fast=fail_fast,
            on_progress=on_progress,
            engine=engine,
            extend=extend,
            strict=strict,
            selection=selection,
        )


def compare(*results: StrPath, **named: CheckResult) -> CheckResult:
    """Put the candidates of several checks side by side.

    Args:
        *results: Files that :func:`write_json` or ``evalguard check --json`` wrote.
        **named: Results under a name, which distinguishes candidates of the same name.

    Returns:
        One result with every candidate; its baseline is shared.

    Raises:
        DataError: If a file cannot be read, or the checks do not share one baseline.
        UsageError: If there is no result.

    Example:
        ``evalguard.compare(monday=first, tuesday=second)``
    """
    from evalguard.reports.merge import merge

    if not results and not named:
        raise UsageError("nothing to compare; give at least one result")
    found = {Path(path): read_result(path) for path in results}
    return merge(found | {Path(name): result for name, result in named.items()})


def read_result(path: StrPath) -> CheckResult:
    """Return a result that :func:`write_json` or ``evalguard check --json`` wrote.

    Raises:
        DataError: If the file is missing, is not JSON, or is not a result of this version.
    """
    from evalguard.reports.json_report import read_json

    return read_json(Path(path))


def write_json(result: CheckResult, path: StrPath) -> Path:
    """Write a result as JSON and return the file.

    Raises:
        UsageError: If the file cannot be written there.
    """
    from evalguard.reports import json_report

    return json_report.write_json(result, Path(path))


def write_html(result: CheckResult, path: StrPath) -> Path:
    """Write the HTML report of a result and return the file.

    Raises:
        UsageError: If the file cannot be written there.
    """
    from evalguard.reports import html

    return html.write_html(result, Path(path))
