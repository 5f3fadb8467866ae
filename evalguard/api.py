"""What the commands do, as functions that take and return plain records.

Each command of the command line calls the function of its name. Loads only what a call needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from evalguard.errors import PrerequisiteError, UsageError, did_you_mean
from evalguard.prerequisites import prerequisites
from evalguard.quiet import quiet
from evalguard.records import (
    CheckResult,
    Comparison,
    Demanded,
    Gate,
    GateResult,
    Margin,
    Metric,
    SamplePair,
    ScoreKind,
)

if TYPE_CHECKING:
    import numpy as np
    from rich.console import Console

    from evalguard.config import Project
    from evalguard.demands import Demand
    from evalguard.engines.base import Engine
    from evalguard.gates.power_analysis import PowerAnalysis
    from evalguard.pipeline.loop import Outcome
    from evalguard.training.audit_findings import AuditReport
    from evalguard.training.config import TrainingConfig
    from evalguard.training.finetune import TrainedAdapter
    from evalguard.training.formats import Layout
    from evalguard.training.probing import Probe

StrPath: TypeAlias = "str | Path"

Values: TypeAlias = "Sequence[Any] | np.ndarray[Any, Any]"
"""A value for each question, shape (n,); a column of pandas, too."""


KINDS = ("binary", "bounded", "dense")
"""Kinds of scores that :func:`decide` takes."""

WEIGHTS = ("size", "equal")
"""Whether strata count by their size, or each the same."""


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
    progress: bool = True,
) -> CheckResult:
    """Gate the candidates of a project against its baseline.

    Measures what the store lacks, compares sample by sample, and decides. A verdict is never an
    exception: see ``result.verdict``, and :func:`evalguard.exit_code` for what it means in CI.

    Args:
        project: The project, or its file.
        overrides: ``KEY=VALUE`` each, in place of what the file says.
        candidates: Names of candidates; all by default.
        gates: Names of gates, of suites, or ids such as ``general::acc``; all by default.
        full: Measure every sample, even where a gate has decided.
        noise: Run the baseline against itself, too, to flag margins below its noise.
        fail_fast: Stop measuring at the first guard that FAILs.
        engine: Answers for every model, in place of the engines that the project names, such as a
            :class:`FakeEngine`. Nothing is taken from the store nor kept there.
        progress: Show progress on standard error.

    Raises:
        UsageError: If files of the project, the models or the data cannot be used, or a name is
            unknown.
        MeasurementError: If nothing could be measured.
    """
    from evalguard.config import Project
    from evalguard.runner.check import run_check
    from evalguard.runner.display import display
    from evalguard.runner.schedule import select

    if not isinstance(project, Project):
        project = load_project(project, overrides=overrides)
    elif overrides:
        raise UsageError("overrides belong to a project file; this project is loaded already")
    selected = select(
        project.thresholds.gates,
        list(project.config.candidates),
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
        )


def compare(*results: StrPath, **named: CheckResult) -> CheckResult:
    """Put the candidates of several checks side by side.

    Args:
        *results: Files that :func:`write_json` or ``evalguard check --json`` wrote.
        **named: Results under a name, which tells apart candidates of the same name.

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


def decide(
    baseline: Values | None = None,
    candidate: Values | None = None,
    *,
    losses: int | None = None,
    gains: int | None = None,
    n: int | None = None,
    path: StrPath | None = None,
    max_drop: str | Margin | None = None,
    min_gain: str | Margin | None = None,
    min: float | None = None,  # noqa: A002 (the key of thresholds files)
    max: float | None = None,  # noqa: A002
    kind: ScoreKind | Literal["binary", "bounded", "dense"] = "binary",
    low: float = 0.0,
    high: float = 1.0,
    higher_is_better: bool = True,
    ids: Values | None = None,
    clusters: Values | None = None,
    strata: Values | None = None,
    weights: Literal["size", "equal"] = "size",
    confidence_level: float = 0.95,
    **demands: str | Demanded | None,
) -> GateResult:
    """Decide one gate: is the candidate shown not to be worse, or shown to be?

    The scores of the two models on the same questions are two sequences, a file, or, for scores of
    0 and 1, three counts.

    Args:
        baseline: The baseline's scores, shape (n,); ``None`` where one could not be measured.
        candidate: The candidate's, in the same order, shape (n,).
        losses: Questions that only the baseline got right.
        gains: Questions that only the candidate got right.
        n: Total number of questions.
        path: File of paired scores, one JSON object a line, as for ``evalguard decide --from``.
        max_drop: Tolerated drop: ``"5pp"`` of the score, or ``"5%"`` of the baseline's mean.
        min_gain: Required improvement (superiority margin).
        min: Minimum mean score of the candidate.
        max: Maximum mean score of the candidate.
        kind: What the scores are; ``dense`` where nearly every one differs.
        low: Minimum possible score.
        high: Maximum possible score.
        higher_is_better: Direction of the score.
        ids: Names of the questions, shape (n,).
        clusters: Questions of one cluster are not independent, shape (n,).
        strata: Which stratum each question belongs to, shape (n,).
        weights: Whether strata count by their size, or each the same.
        confidence_level: Confidence of each side.
        **demands: Demands of packages, by their keys in thresholds files.

    Raises:
        UsageError: If the demand or the arguments mean nothing.
        DataError: If scores do not fit.

    Example:
        >>> before, after = [1] * 300, [0] * 3 + [1] * 297
        >>> str(decide(before, after, max_drop="5pp").verdict)
        'PASS'
    """
    from evalguard.gates.decide import decide_counts
    from evalguard.gates.score_file import pair_scores, read_scores

    given = {"max_drop": max_drop, "min_gain": min_gain, "min": min, "max": max, **demands}
    demanded = {demand.key: demand.value for demand in _read(given)}
    _check_word("weights", weights, WEIGHTS)
    gate = Gate(name="gate", suite="scores", metric="score", demands=demanded, weights=weights)
    counts, scores = (losses, gains, n), (baseline, candidate)
    ways = [any(value is not None for value in way) for way in (counts, scores, (path,))]
    if sum(ways) != 1:
        raise UsageError(
            "give either losses, gains and n, or a file of paired scores, or, in Python, baseline "
            "and candidate"
        )
    metric = _metric(kind, low, high, higher_is_better)
    if losses is not None and gains is not None and n is not None:
        return decide_counts(
            gate, losses=losses, gains=gains, n=n, confidence_level=confidence_level
        )
    if path is not None:
        pairs = read_scores(Path(path), metric)
    elif baseline is not None and candidate is not None:
        pairs = pair_scores(baseline, candidate, metric, ids=ids, clusters=clusters, strata=strata)
    else:
        raise UsageError("give both baseline and candidate, or all of losses, gains and n")
    return _decide_pairs(gate, metric, pairs, confidence_level)


def power(
    n: int,
    *,
    max_drop: str | Margin | None = None,
    min_gain: str | Margin | None = None,
    discordance: float = 0.1,
    effect: float | None = None,
    looks: int = 1,
    confidence_level: float = 0.95,
    **demands: str | Demanded | None,
) -> PowerAnalysis:
    """Plan a gate on a binary metric: its power, detectable effect and the samples it needs.

    Args:
        n: Questions.
        max_drop: Tolerated drop, such as ``"5pp"``.
        min_gain: Required improvement (superiority margin); in place of ``max_drop``.
        discordance: Share of the questions on which the two models differ.
        effect: True difference; 0, or twice the gain that is demanded, by default.
        looks: Number of interim analyses (group-sequential); each costs some of the final level.
        confidence_level: Confidence of each side.
        **demands: Demands of packages, by their keys in thresholds files.

    Raises:
        UsageError: If an argument is out of its range.

    Example:
        >>> round(power(200, max_drop="5pp").power, 2)
        0.69
    """
    from evalguard.demands import Difference
    from evalguard.gates.power_analysis import analyse_power

    demand, *others = _read({"max_drop": max_drop, "min_gain": min_gain, **demands})
    if others or not isinstance(demand, Difference):
        raise UsageError("power plans one margin of the difference, such as max_drop=5pp")
    return analyse_power(
        demand,
        n=n,
        discordance=discordance,
        effect=effect,
        confidence_level=confidence_level,
        looks=looks,
    )


@prerequisites("The audit")
def audit(
    *data: StrPath,
    against: Sequence[StrPath] = (),
    validation: StrPath | None = None,
    model: str | None = None,
    format: str | None = None,  # noqa: A002 (the key of training configs)
    max_length: int | None = None,
) -> AuditReport:
    """Look for what would spoil a training in its data.

    Args:
        *data: Data files, or one training config (``.yaml``), which names them itself.
        against: Suites, folders of suites, projects or data files whose questions must not be
            trained on.
        validation: File of held-out rows.
        model: Base whose tokenizer counts lengths.
        format: Format of the rows, in place of a guess.
        max_length: Tokens of a sequence that training keeps.

    Raises:
        DataError: If a file as a whole is missing, unreadable or empty.
        UsageError: If the arguments do not fit each other.
    """
    with quiet():
        from evalguard.training import audit as auditing
        from evalguard.training.load import load_training_config
    if not data:
        raise UsageError("nothing to audit; give data files or a training config")
    files = [Path(path) for path in data]
    suites = [file for path in against for file in _suite_files(Path(path))]
    if files[0].suffix in (".yaml", ".yml"):
        if len(files) > 1 or validation or model or format or max_length:
            raise UsageError("a training config names its own data, model, format and lengths")
        settings = load_training_config(files[0])
        return auditing.audit_config(settings, base_dir=files[0].parent, against=suites)
    held_out = None if validation is None else Path(validation)
    return auditing.audit(
        files,
        validation=held_out,
        against=suites,
        tokenizer=_tokenizer(model),
        max_length=max_length,
        layouts=_layouts([*files, *([held_out] if held_out else [])], format),
    )


def train(
    config: StrPath | TrainingConfig,
    *,
    overrides: Sequence[str] = (),
    base_dir: StrPath | None = None,
    output: StrPath | None = None,
    audit: bool = True,
    resume: bool = False,
    probe: Probe | None = None,
    probe_every: int | None = None,
    progress: bool | Console = True,
    on_note: Callable[[str], None] | None = None,
) -> TrainedAdapter:
    """Audit the data, fine-tune, and write the adapter with its training record.

    Args:
        config: Training config, or its file.
        overrides: ``KEY=VALUE`` each, in place of what the file says.
        base_dir: Folder that the config's relative paths refer to; the file's own by default.
        output: Folder for the adapter, in place of the config's.
        audit: Look at the data first, and stop at errors.
        resume: Continue an interrupted run that kept checkpoints.
        probe: Looks at the model while it trains, such as
            :class:`evalguard.pipeline.probes.GateProbe`, and stops a run that has lost a guard.
        probe_every: Steps between two looks; a tenth of the stage by default.
        progress: Show progress on standard error, or on this console.
        on_note: Called with each line on the rows, and with each warning, which begins with
            an exclamation mark.

    Raises:
        DataError: If the audit finds errors, or the data cannot be used.
        ModelError: If the base cannot be used.
        TrainingError: If the loss is not finite or diverges.
        UsageError: If the output cannot be written, or there is nothing to resume or to train.
    """
    try:
        with quiet():
            from rich.console import Console

            from evalguard.training import TrainingConfig, finetune, load_training_config
            from evalguard.training.audit import check_data
            from evalguard.training.display import training_display
    except ImportError as error:
        raise PrerequisiteError("Training", extra="train") from error
    if isinstance(config, TrainingConfig):
        if overrides:
            raise UsageError("overrides belong to a config file; this config is loaded already")
        folder = Path(base_dir or ".")
    else:
        folder = Path(base_dir) if base_dir is not None else Path(config).parent
        config = load_training_config(Path(config), overrides)
    if output is not None:
        config = config.model_copy(update={"output": str(Path(output).resolve())})
    if audit:
        check_data(config, base_dir=folder, on_note=on_note)
    console = progress if isinstance(progress, Console) else Console(stderr=True)
    with training_display(console) if progress else nullcontext() as on_progress:
        return finetune.train(
            config,
            base_dir=folder,
            on_progress=on_progress,
            resume=resume,
            probe=probe,
            probe_every=probe_every,
            on_note=on_note,
        )


def run_pipeline(training: StrPath, project: StrPath = "evalguard.yaml", **options: Any) -> Outcome:
    """Train, gate, diagnose, repair and train again, until an adapter may be released.

    Args:
        training: Training config of the first attempt.
        project: The project whose baseline and gates decide.
        **options: As for :func:`evalguard.pipeline.loop.run_pipeline`.

    Raises:
        UsageError: If a file cannot be used, or the audit of the data finds an error.
    """
    try:
        with quiet():
            from evalguard.pipeline import loop
    except ImportError as error:
        raise PrerequisiteError("The pipeline", extra="train") from error
    return loop.run_pipeline(Path(training), Path(project), **options)


def read_result(path: StrPath) -> CheckResult:
    """Return a result that :func:`write_json` or ``evalguard check --json`` wrote.

    Raises:
        DataError: If the file is missing, is no JSON, or is not a result of this version.
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


def _read(given: Mapping[str, Any]) -> list[Demand[Any]]:
    """Return what is demanded, read as thresholds files are; at least one demand."""
    from evalguard.demands import find_demand
    from evalguard.demands.registry import conflict

    demands = []
    for key, value in given.items():
        kind = find_demand(key)
        if value is None:
            continue
        try:
            demands.append(kind(kind.parse(value)))
        except ValueError as error:
            raise UsageError(str(error)) from error
    if not demands:
        raise UsageError("no requirement; give a tolerated drop such as 5pp, for example")
    if problem := conflict(demands):
        raise UsageError(problem)
    return demands


def _metric(kind: str, low: float, high: float, higher_is_better: bool) -> Metric:
    """Return the metric that the options describe."""
    _check_word("kind", kind, KINDS)
    if not low < high:
        raise UsageError(f"low={low:g} must be below high={high:g}")
    return Metric("score", ScoreKind(kind), low, high, higher_is_better)


def _check_word(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise UsageError(f"{name} '{value}'? {did_you_mean(value, allowed)}")


def _decide_pairs(
    gate: Gate, metric: Metric, pairs: tuple[SamplePair, ...], confidence_level: float
) -> GateResult:
    from evalguard.gates import decide as deciding

    comparison = Comparison(
        gate=gate, model="candidate", metric=metric, pairs=pairs, n_planned=len(pairs)
    )
    return deciding.decide([comparison], confidence_level=confidence_level)[0]


def _suite_files(path: Path) -> list[Path]:
    """Return a file, or the suites of a folder."""
    if not path.is_dir():
        return [path]
    found = sorted(path.glob("*.yaml"))
    if not found:
        raise UsageError(f"{path}: no suites (*.yaml) in this folder")
    return found


def _layouts(files: Sequence[Path], name: str | None) -> Mapping[Path, Layout]:
    """Return the format of every file, where one is named."""
    from evalguard.training.formats import FORMATS, Layout

    if name is None:
        return {}
    if name not in FORMATS:
        raise UsageError(f"format '{name}'? {did_you_mean(name, FORMATS)}")
    return dict.fromkeys(files, Layout(format=name))


def _tokenizer(model: str | None) -> Any:
    if model is None:
        return None
    from transformers import AutoTokenizer

    from evalguard.training.base import open_pretrained

    with quiet():
        return open_pretrained(AutoTokenizer, model)
