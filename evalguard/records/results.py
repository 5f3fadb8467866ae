"""What was decided: gates, findings, and the result of a whole check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from evalguard.records.gates import Ability, OnInconclusive, Role, Verdict, node_name
from evalguard.records.json_form import SCHEMA_VERSION
from evalguard.records.samples import SamplePair
from evalguard.records.training import TrainingRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedRates:
    """How a gate's scores were corrected for the errors of the judge or the rules behind them.

    The gate is decided on the corrected difference; what was seen is kept as well.

    Attributes:
        sensitivity: Probability that the detector finds a positive; ``None`` where labels of both
            models' answers correct it without.
        specificity: Probability that it rejects a negative; ``None`` likewise.
        baseline: The baseline's true rate, estimated.
        candidate: The candidate's true rate, estimated.
        delta: Their difference, signed so that higher is better; that of the gate.
        ci: Its interval, with the uncertainty of the labels; that of the gate.
        seen_delta: The difference of the scores as they are.
        seen_ci: Its interval.
        error_difference: Declared bound on how much the error rates differ between the two models'
            answers.
        holds_up_to: Greatest such difference at which the verdict would still be given; ``None``
            without a verdict, or where none needs to be assumed.
        labelled: Questions drawn at random whose answers by both models people labelled; 0 where
            the labels are of other answers.
        source: What sensitivity and specificity were measured on.
        undetermined: Share of the baseline's and of the candidate's answers that the detector could
            not determine; ``None`` where it determines all.
    """

    sensitivity: float | None
    specificity: float | None
    baseline: float
    candidate: float
    delta: float
    ci: tuple[float, float]
    source: str = ""
    undetermined: tuple[float, float] | None = None
    seen_delta: float | None = None
    seen_ci: tuple[float, float] | None = None
    error_difference: float = 0.0
    holds_up_to: float | None = None
    labelled: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """What one stage of an extended gate showed on its own samples.

    Attributes:
        n: Samples compared.
        n_planned: Samples of the whole stage.
        p_pass: P-value of "the candidate is worse by δ or more" on this stage alone.
        p_fail: P-value of "the candidate is not worse by more than δ" on this stage alone.
    """

    n: int
    n_planned: int
    p_pass: float
    p_fail: float


@dataclass(frozen=True, slots=True)
class PoolMember:
    """What one gate brings into the mean of a pooled gate.

    Attributes:
        name: Name of the gate.
        weight: Its share of the mean.
        n: Its samples, including those that could not be measured.
        delta: Its difference, candidate − baseline, signed so that higher is better; ``None``
            where nothing could be measured.
    """

    name: str
    weight: float
    n: int
    delta: float | None

    @property
    def pull(self) -> float:
        """What it adds to the pooled difference; below 0 where it pulls that down."""
        return self.weight * (self.delta or 0.0)


def in_reach(needed: int, planned: int) -> bool:
    """Return whether the advice to measure so many samples is practical.

    Example:
        >>> in_reach(900, 40), in_reach(5400, 300)
        (True, False)
    """
    return needed <= max(10 * planned, 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """A gate's verdict with every figure behind it.

    Differences are candidate − baseline, signed so that higher is better. Fields that do not apply
    (no counts for bounded scores, nothing at all on ERROR) are ``None``.

    Attributes:
        name: Name of the gate.
        suite: Its suite.
        metric: Its metric.
        model: Name of the candidate.
        verdict: What was decided.
        reason: The reason, in one sentence with figures.
        task: The task, for a gate on one task of its suite.
        role: Whether it must PASS or only not FAIL.
        ability: What its suite measures.
        source: The thresholds file that defines it.
        node: Its name among the gates of its suite, as pytest shows it; ``metric@task`` if empty.
        baseline: The baseline's mean score.
        candidate: The candidate's mean score.
        delta: Estimated difference; of a metric that a judge or rules score, the corrected one.
        ci: Lower and upper confidence limit of the difference, at levels of ``1 - alpha_pass`` and
            ``1 - alpha``.
        confidence_level: Confidence of each side over all looks and, of PASS, over all candidates
            that share its error.
        margin: The tolerated drop δ as an absolute difference; negative for a required gain.
        requirement: The requirement in words, such as ``max_drop 5pp``.
        p_pass: P-value of "the candidate is worse by δ or more"; PASS if small. Of several demands,
            that of the one that is hardest to show.
        p_fail: P-value of "the candidate is not worse by more than δ"; FAIL if small. Of several
            demands, that of the one that is shown best not to hold.
        p_fail_adjusted: The same, corrected for the number of demands (Bonferroni), looks and gates
            (Holm).
        method: The test.
        n: Samples compared, including those that could not be measured.
        n_planned: Samples of the full run.
        units: Independent units: clusters where there are any, else samples.
        missing: Samples that could not be measured on both sides.
        losses: Samples that only the baseline got right.
        gains: Samples that only the candidate got right.
        flip_rate: Share of the samples on which the two models differ.
        look: Which interim analysis this is, from 1.
        looks: Planned interim analyses, including the final one.
        fraction_used: Share of the planned samples that were used.
        shares: Share of the planned samples at each look so far, including this one; from 1 to 2
            through a first extension, from 2 to 3 through a second one.
        stages: The planned samples and each extension, for a gate that was extended; the last of
            them decided.
        alpha: Level of FAIL at this look, to which the upper limit of the interval belongs.
        alpha_pass: Level of PASS at this look, to which the lower limit belongs; less than
            ``alpha`` where several candidates share it. ``None`` where nothing was tested.
        sharing: Number of candidates that share the error of PASS; 1 where each has all of it.
        mde: Minimum detectable effect: the smallest true difference that passes in 80 % of runs;
            ``None`` for an extended gate.
        required_n: For INCONCLUSIVE, the samples that would decide in 80 % of runs if what was
            observed is true, those that are there included; ``None`` where no number would.
        flags: Notable properties: ``improved``, ``regressed_within_margin``, ``underpowered``,
            ``futile``, ``margin_below_noise``, ``unfinished_thinking``.
        noise: How much the baseline differs from itself: flip rate, or mean absolute difference.
        higher_is_better: Direction of the metric.
        percent: Whether the metric's range is 0 to 1, so that its scores read as percentages.
        worst: Samples that the candidate lost, largest loss first.
        corrected: How the difference was corrected, for metrics that a judge or rules score; the
            means, losses and gains are those of the scores as they are.
        recipe: Name of the recipe that the candidate is one training of; empty for others.
        seeds: For a recipe, the difference of each of its trainings.
        members: For a pooled gate, what each of its gates brings into it.
        clip: Difference beyond which a sample counts no further; ``None`` where all count in full.
    """

    name: str
    suite: str
    metric: str
    model: str
    verdict: Verdict
    reason: str
    task: str | None = None
    role: Role = Role.GUARD
    ability: Ability = Ability.OTHER
    source: str = ""
    node: str = ""
    baseline: float | None = None
    candidate: float | None = None
    delta: float | None = None
    ci: tuple[float, float] | None = None
    confidence_level: float = 0.95
    margin: float | None = None
    requirement: str = ""
    p_pass: float | None = None
    p_fail: float | None = None
    p_fail_adjusted: float | None = None
    method: str = ""
    n: int = 0
    n_planned: int = 0
    units: int = 0
    missing: int = 0
    losses: int | None = None
    gains: int | None = None
    flip_rate: float | None = None
    look: int = 1
    looks: int = 1
    fraction_used: float = 1.0
    shares: tuple[float, ...] = ()
    stages: tuple[Stage, ...] = ()
    alpha: float = 0.05
    alpha_pass: float | None = None
    sharing: int = 1
    mde: float | None = None
    required_n: int | None = None
    flags: tuple[str, ...] = ()
    noise: float | None = None
    higher_is_better: bool = True
    percent: bool = True
    worst: tuple[SamplePair, ...] = ()
    corrected: CorrectedRates | None = None
    recipe: str = ""
    seeds: tuple[float, ...] = ()
    members: tuple[PoolMember, ...] = ()
    clip: float | None = None

    @property
    def required_in_reach(self) -> int | None:
        """The samples that would decide, if that is not many times those planned."""
        needed = self.required_n
        return needed if needed and in_reach(needed, self.n_planned) else None

    @property
    def id(self) -> str:
        """Name of the gate as pytest shows it: ``thresholds/release.yaml::general::acc``."""
        node = self.node or node_name(self.metric, self.task)
        return f"{self.source}::{self.suite}::{node}[{self.model}]"


HEALTHY = "healthy"
"""Code of the finding that no damage is shown."""


class Severity(StrEnum):
    """Severity of a finding."""

    NONE = "none"
    MILD = "mild"
    MEDIUM = "medium"
    SEVERE = "severe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One diagnosed damage with its evidence and the proposed repair.

    Attributes:
        code: Code of a :class:`~evalguard.Damage`, such as ``catastrophic_forgetting``, or
            ``healthy``.
        title: Its name in words.
        model: Name of the candidate.
        severity: Its severity.
        explanation: What was seen, in one or two sentences with figures.
        evidence: Names of the gates that show it.
        cause: The likely cause, from the training record where there is one.
        repair: What to change, in words.
        config_changes: The same as changes of the training config, by key path.
        samples: Samples that show it.
        explained_by: Code of the finding of the same model that accounts for this one;
            ``None`` for a finding that no other explains.
    """

    code: str
    title: str
    model: str
    severity: Severity
    explanation: str
    evidence: tuple[str, ...]
    cause: str = ""
    repair: str = ""
    config_changes: Mapping[str, Any] = field(default_factory=dict)
    samples: tuple[SamplePair, ...] = ()
    explained_by: str | None = None

    @property
    def is_remark(self) -> bool:
        """Whether it is worth knowing, but neither a damage nor that there is none."""
        return self.severity is Severity.NONE and self.code != HEALTHY


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """A model that took part in a check.

    Attributes:
        name: ``baseline`` or the candidate's name.
        model: Path or hub name of the base.
        adapter: Path of the adapter; ``None`` for the plain model.
        fingerprint: SHA-256 over everything that determines its answers.
        adapter_sha256: Hash of the adapter's weights.
        adapter_effect: Mean absolute change of the logits by the adapter on the probe prompts.
        notes: Warnings of the trust checks, such as a precision other than in training.
        training: The adapter's training record, if one was found.
    """

    name: str
    model: str
    fingerprint: str
    adapter: str | None = None
    adapter_sha256: str | None = None
    adapter_effect: float | None = None
    notes: tuple[str, ...] = ()
    training: TrainingRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRun:
    """How much of one task was measured for one model, and where it came from.

    Attributes:
        suite: Name of the suite.
        task: Name of the task.
        model: Name of the model.
        fingerprint: Hash of everything that determines the scores; the key in the store.
        samples: Samples measured.
        reused: Those of them that came from the store.
        planned: Samples of the full run.
        scores: Mean of each metric.
        unclosed: Samples with an output whose thinking never ended.
        thinking_tokens: Tokens of thinking, averaged over the samples.
    """

    suite: str
    task: str
    model: str
    fingerprint: str
    samples: int
    reused: int
    planned: int
    scores: Mapping[str, float]
    unclosed: int = 0
    thinking_tokens: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """Everything that one ``evalguard check`` found; the input of every report.

    Attributes:
        verdict: Verdict over all gates.
        gates: Every gate's verdict, for every candidate.
        findings: What was diagnosed.
        models: The baseline, then the candidates.
        tasks: How much of each task was measured, and how much came from the store.
        environment: Versions, machine and engine.
        timing: Seconds by part of the check.
        title: Heading of the reports.
        created: UTC time in ISO 8601.
        decided_by: Id of the gate that decided the overall verdict; ``None`` when all passed.
        warnings: Warnings about the whole check.
        on_inconclusive: Whether an undecided gate blocks the release, as the thresholds say.
        left_out: Number of gates that were not selected, by candidate, those included of which no
            gate was; a candidate is released by all of its gates, a recipe by those of its seeds
            as well.
        schema_version: Version of this record.
    """

    verdict: Verdict
    gates: tuple[GateResult, ...]
    findings: tuple[Finding, ...]
    models: tuple[ModelInfo, ...]
    tasks: tuple[TaskRun, ...]
    environment: Mapping[str, str]
    timing: Mapping[str, float]
    title: str = "EvalGuard check"
    created: str = ""
    decided_by: str | None = None
    warnings: tuple[str, ...] = ()
    on_inconclusive: OnInconclusive = "fail"
    left_out: Mapping[str, int] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    def _repr_html_(self) -> str:
        """Return the verdict and the gates as a notebook shows them."""
        from evalguard.reports.notebook import render_notebook

        return render_notebook(self)
