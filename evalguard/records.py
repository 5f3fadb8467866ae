"""The frozen records that flow from one stage to the next.

plan → run (:class:`ScoredSample`) → :class:`Comparison` → :class:`GateResult` →
:class:`Finding` → :class:`CheckResult` → report. Each record goes to JSON and back through
:func:`to_json` and :func:`from_json`, so that any stage can restart from the file of the one
before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA_VERSION = 1
"""Version of every stored record; raised when a field changes its meaning."""


class Verdict(StrEnum):
    """Outcome of a gate or of a whole check, from best to worst."""

    PASS = "PASS"  # shown not to be worse by the margin
    INCONCLUSIVE = "INCONCLUSIVE"  # neither shown; more samples would decide
    ERROR = "ERROR"  # it could not be measured
    FAIL = "FAIL"  # a loss beyond the margin is shown


OnInconclusive = Literal["fail", "warn"]
"""Whether an undecided gate blocks the release."""


class Role(StrEnum):
    """What a gate may do to the overall verdict."""

    GUARD = "guard"  # must PASS
    TRIPWIRE = "tripwire"  # must only not FAIL


class Ability(StrEnum):
    """What a suite measures; the diagnosis reads its gates in this light."""

    TASK = "task"  # what the fine-tune was made for
    GENERAL = "general"  # knowledge and skills from before
    INSTRUCTION = "instruction"  # follows constraints on the answer
    FORMAT = "format"  # emits well-formed JSON, lists, code
    GROUNDING = "grounding"  # answers from the context
    ABSTENTION = "abstention"  # says so when the context lacks the answer
    SAFETY = "safety"  # refuses harmful requests
    OVER_REFUSAL = "over_refusal"  # answers benign look-alikes
    DIVERSITY = "diversity"  # different answers to different prompts
    DRIFT = "drift"  # stays close to the baseline
    OVERFITTING = "overfitting"  # learned its task, not its training rows
    OTHER = "other"


class ScoreKind(StrEnum):
    """Which statistical engine a metric goes to; declared by the scorer, never from the data."""

    BINARY = "binary"  # 0 or 1 for each question: exact unconditional test
    BOUNDED = "bounded"  # within a declared range: regularised unit t
    DENSE = "dense"  # nearly every unit differs: plain unit t
    CORPUS = "corpus"  # no value for each sample: delete-group jackknife


@dataclass(frozen=True, slots=True)
class DetectorRates:
    """How often rules that decide a metric are right, counted on labelled examples.

    Attributes:
        hits: Positive examples that they found.
        positives: Positive examples.
        rejections: Negative examples that they passed over.
        negatives: Negative examples.
        source: What the examples are, and whose labels.
    """

    hits: int
    positives: int
    rejections: int
    negatives: int
    source: str = ""

    @property
    def sensitivity(self) -> float:
        """Share of the positive examples that are found."""
        return self.hits / self.positives

    @property
    def specificity(self) -> float:
        """Share of the negative examples that are passed over."""
        return self.rejections / self.negatives


@dataclass(frozen=True, slots=True)
class Metric:
    """What a scorer measures.

    Attributes:
        name: Name used in thresholds files, such as ``exact_match``.
        kind: Which test its differences go to.
        low: Least possible score.
        high: Greatest possible score.
        higher_is_better: Direction; ``False`` flips the sign of every difference.
        clip: Difference beyond which a sample counts no further, for scores without natural limits
            such as log-likelihoods; differences are then tested within ±clip.
        detector: How often the score itself is right, where rules decide it and may err.
        span: Greatest difference that two models' scores can have, where that is less than the
            range.
        in_nats: Whether it is a log-likelihood or a divergence, so that margins may be in nats.
        ungated: Why no gate may stand on it, and what to write instead; empty where one may.
        determined: Metric of the same scorer that is 0 where an answer could not be determined,
            which then scores 0 here.
    """

    name: str
    kind: ScoreKind = ScoreKind.BINARY
    low: float = 0.0
    high: float = 1.0
    higher_is_better: bool = True
    clip: float | None = None
    detector: DetectorRates | None = None
    span: float | None = None
    in_nats: bool = False
    ungated: str = ""
    determined: str | None = None

    @property
    def percent(self) -> bool:
        """Whether the range is 0 to 1, so that scores read as percentages."""
        return (self.low, self.high) == (0.0, 1.0)

    @property
    def greatest_difference(self) -> float:
        """Up to where a difference of two scores goes or counts."""
        limits = (self.span, self.clip, self.high - self.low)
        return next(limit for limit in limits if limit is not None)

    def problem_of(self, margin: Margin) -> str | None:  # noqa: PLR0911 - one return a problem
        """Return why a margin means nothing for the metric, to be read after the margin."""
        points = f"{100 * margin.value:g} points" if margin.unit == "pp" else "points"
        fitting = "pp" if self.high - self.low <= 2 else "points"
        if margin.unit == "nats" and not self.in_nats:
            return f", but {self.name} is not in nats; give the margin in {fitting}"
        if margin.unit == "pp" and fitting == "points" and self.clip is None:
            scale = f"{self.low:g} to {self.high:g}"
            return f", but {self.name} ranges from {scale}; write {points}, on that scale"
        if margin.unit == "%" and self.low < 0:
            why = f"{self.name} may be negative, and a share of it means nothing"
            return f", but {why}; give the margin in {fitting}"
        if margin.unit == "%" and self.span is not None:
            return f", but the baseline's own {self.name} is fixed; give the margin in pp"
        limited = margin.unit in ("nats", "points") or self.span is not None
        if limited and margin.value >= self.greatest_difference:
            return f", but a difference of {self.name} counts only to {self.greatest_difference:g}"
        if not limited and not 0 < margin.value <= 1:
            return f"; a margin is above 0 and at most 100{margin.unit}"
        return None


@dataclass(frozen=True, slots=True)
class Margin:
    """A tolerated difference: absolute, in the score's own unit, or relative to the baseline.

    Attributes:
        value: As a fraction, ``0.05`` for ``5pp`` and for ``5%``; or the number of nats or points.
        unit: ``pp``, ``nats`` or ``points`` (absolute: of a score from 0 to 1, of a log-likelihood,
            of any other range), or ``%`` (of the baseline's mean).
    """

    value: float
    unit: Literal["pp", "%", "nats", "points"]

    def __str__(self) -> str:
        if self.unit in ("nats", "points"):
            return f"{self.value:g} {self.unit}"
        return f"{self.value * 100:g}{self.unit}"


Demanded: TypeAlias = Margin | float
"""What a demand is held to."""


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Gate:
    """One requirement on one metric of one suite.

    Demands are given as in a thresholds file, ``Gate(..., max_drop=Margin(0.05, "pp"), min=0.9)``;
    where several are, each must hold.

    Attributes:
        name: Name of the gate.
        suite: The suite that it is on.
        metric: The metric that it is on.
        task: One task of the suite; all together by default.
        demands: What must hold, by the keys of thresholds files.
        role: Whether it must PASS or only not FAIL.
        ability: What the suite measures.
        source: The thresholds file that it is in, as the user wrote its path.
        weights: Whether the suite's tasks count by their number of samples, or each task the same;
            by default as their lm-eval group says, or else by size.
        node: Its name among the gates of its suite, as pytest shows it; ``metric@task`` if empty.
    """

    name: str
    suite: str
    metric: str
    task: str | None = None
    demands: Mapping[str, Demanded] = field(default_factory=dict, hash=False)
    role: Role = Role.GUARD
    ability: Ability = Ability.OTHER
    source: str = ""
    weights: Literal["size", "equal"] | None = None
    node: str = ""

    def __init__(
        self,
        *,
        name: str,
        suite: str,
        metric: str,
        task: str | None = None,
        demands: Mapping[str, Demanded] | None = None,
        role: Role = Role.GUARD,
        ability: Ability = Ability.OTHER,
        source: str = "",
        weights: Literal["size", "equal"] | None = None,
        node: str = "",
        **demanded: Demanded | None,
    ) -> None:
        all_demands = {**(demands or {}), **demanded}
        given = {key: value for key, value in all_demands.items() if value is not None}
        values = (name, suite, metric, task, given, role, ability, source, weights, node)
        for attribute, value in zip(fields(self), values, strict=True):
            object.__setattr__(self, attribute.name, value)

    @property
    def node_name(self) -> str:
        """Name among the gates of its suite, as pytest shows it."""
        return self.node or node_name(self.metric, self.task)


def node_name(metric: str, task: str | None) -> str:
    """Return how pytest names a gate on a metric of a suite, or of one of its tasks."""
    return f"{metric}@{task}" if task else metric


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredSample:
    """One question, what one model answered, and how that was scored.

    Attributes:
        task: Name of the task within its suite.
        sample_id: Stable name of the question: equal for the baseline and every candidate.
        prompt: What the model was given.
        target: What was expected.
        outputs: What the model answered, one for each repeat; for multiple choice, the choice
            taken.
        scores: Value of each metric, averaged over the repeats. Never NaN.
        not_scored: Metrics that give this sample no value, such as one of other questions.
        corpus: What the sample adds to each corpus metric, as plain data.
        cluster: Questions of one cluster (a passage, say) are not independent.
        error: Why the sample could not be measured; its scores are then empty.
        prompt_tokens: Tokens prefilled; 0 where unknown.
        output_tokens: Tokens decoded.
        answers: What was scored of each output once the model's thinking was set aside; ``None``
            where that is all of it.
        unclosed: Outputs whose thinking never ended; they score the worst.
        thinking_tokens: Tokens of thinking, averaged over the outputs.
    """

    task: str
    sample_id: str
    prompt: str
    target: str
    outputs: tuple[str, ...]
    scores: Mapping[str, float]
    corpus: Mapping[str, Any] = field(default_factory=dict)
    cluster: str | None = None
    error: str | None = None
    prompt_tokens: int = 0
    output_tokens: int = 0
    not_scored: tuple[str, ...] = ()
    answers: tuple[str, ...] | None = None
    unclosed: int = 0
    thinking_tokens: float = 0.0

    @property
    def said(self) -> tuple[str, ...]:
        """The answers without the model's thinking."""
        return self.outputs if self.answers is None else self.answers


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePair:
    """One question answered by the baseline and by a candidate, under one metric.

    Attributes:
        task: Name of the task within its suite.
        sample_id: Name of the question.
        prompt: What both models were given.
        target: What was expected.
        baseline_output: The baseline's answer.
        candidate_output: The candidate's answer.
        baseline_score: The baseline's score; ``None`` if it could not be measured.
        candidate_score: The candidate's score; ``None`` if it could not be measured.
        cluster: Questions of one cluster are not independent.
        baseline_written: All that the baseline wrote, where its thinking was removed.
        candidate_written: All that the candidate wrote, where its thinking was removed.
    """

    task: str
    sample_id: str
    prompt: str
    target: str
    baseline_output: str
    candidate_output: str
    baseline_score: float | None
    candidate_score: float | None
    cluster: str | None = None
    baseline_written: str = ""
    candidate_written: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusValues:
    """A corpus metric of both models, on all samples and with each jackknife group left out.

    Attributes:
        baseline: The baseline's value on all samples.
        candidate: The candidate's value on all samples.
        baseline_without: The baseline's value without each group in turn.
        candidate_without: The candidate's value without each group in turn.
        missing: Samples that could not be measured on both sides, and so count in none of these.
    """

    baseline: float
    candidate: float
    baseline_without: tuple[float, ...]
    candidate_without: tuple[float, ...]
    missing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Baseline and candidate on the same samples, under one metric: the input of a decision.

    Attributes:
        gate: The requirement to decide.
        model: Name of the candidate.
        metric: What was measured.
        pairs: The measured samples, in the frozen random order of the run.
        n_planned: Samples that the full run has; greater than ``len(pairs)`` at an early look.
        corpus: Values of a corpus metric, which has none for a single pair.
        undetermined: For each pair the share of the baseline's and of the candidate's answers that
            could not be determined; empty where the metric has no such answers.
    """

    gate: Gate
    model: str
    metric: Metric
    pairs: tuple[SamplePair, ...]
    n_planned: int
    corpus: CorpusValues | None = None
    undetermined: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedRates:
    """What is true behind a rate that a detector saw, if it errs equally on both models.

    Attributes:
        sensitivity: Probability that the detector finds a positive.
        specificity: Probability that it passes over a negative.
        baseline: The baseline's rate.
        candidate: The candidate's rate.
        delta: Candidate − baseline, signed so that higher is better.
        ci: Interval of the difference, with the detector's own uncertainty.
        source: What sensitivity and specificity were measured on.
        undetermined: Share of the baseline's and of the candidate's answers that the detector could
            not determine; ``None`` where it determines all.
    """

    sensitivity: float
    specificity: float
    baseline: float
    candidate: float
    delta: float
    ci: tuple[float, float]
    source: str = ""
    undetermined: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """A gate's verdict with every figure that it rests on.

    Differences are candidate − baseline, signed so that higher is better. Fields that do not apply
    (no counts for bounded scores, nothing at all on ERROR) are ``None``.

    Attributes:
        name: Name of the gate.
        suite: Its suite.
        metric: The metric that it is on.
        model: Name of the candidate.
        verdict: What was decided.
        reason: Why, in one sentence with figures.
        task: The task, for a gate on one task of its suite.
        role: Whether it must PASS or only not FAIL.
        ability: What its suite measures.
        source: The thresholds file that it is in.
        node: Its name among the gates of its suite, as pytest shows it; ``metric@task`` if empty.
        baseline: The baseline's mean score.
        candidate: The candidate's mean score.
        delta: Estimated difference.
        ci: Lower and upper confidence limit of the difference, each at a level of ``1 - alpha``.
        confidence_level: Confidence of each side over all looks.
        margin: The tolerated drop δ as an absolute difference; negative for a required gain.
        requirement: The requirement in words, such as ``max_drop 5pp``.
        p_pass: P-value of "the candidate is worse by δ or more"; PASS if small.
        p_fail: P-value of "the candidate is not worse by more than δ"; FAIL if small.
        p_fail_adjusted: The same, with Holm's correction for the number of gates.
        method: The test.
        n: Samples compared, those that could not be measured included.
        n_planned: Samples of the full run.
        units: Independent units: clusters where there are any, else samples.
        missing: Samples that could not be measured on both sides.
        losses: Samples that only the baseline got right.
        gains: Samples that only the candidate got right.
        flip_rate: Share of the samples on which the two models differ.
        look: Which interim analysis this is, from 1.
        looks: Planned interim analyses, the final one included.
        fraction_used: Share of the planned samples that were used.
        shares: Share of the planned samples at each look so far, this one included.
        alpha: Level of each side at this look, to which the interval belongs.
        mde: Minimum detectable effect: the least true difference that passes in 80 % of runs.
        required_n: Samples that would decide, for INCONCLUSIVE.
        flags: What stood out: ``improved``, ``regressed_within_margin``, ``underpowered``,
            ``futile``, ``margin_below_noise``, ``unfinished_thinking``.
        noise: How much the baseline differs from itself: flip rate, or mean absolute difference.
        higher_is_better: Direction of the metric.
        percent: Whether the metric's range is 0 to 1, so that its scores read as percentages.
        worst: Samples that the candidate lost, the greatest loss first.
        corrected: Rates corrected for the errors of the rules that scored the answers, if they err.
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
    alpha: float = 0.05
    mde: float | None = None
    required_n: int | None = None
    flags: tuple[str, ...] = ()
    noise: float | None = None
    higher_is_better: bool = True
    percent: bool = True
    worst: tuple[SamplePair, ...] = ()
    corrected: CorrectedRates | None = None

    @property
    def id(self) -> str:
        """Name of the gate as pytest shows it: ``thresholds/release.yaml::general::acc``."""
        node = self.node or node_name(self.metric, self.task)
        return f"{self.source}::{self.suite}::{node}[{self.model}]"


class Severity(StrEnum):
    """How bad a finding is."""

    NONE = "none"
    MILD = "mild"
    MEDIUM = "medium"
    SEVERE = "severe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One named damage with its evidence and the proposed repair.

    Attributes:
        code: ``catastrophic_forgetting``, ``safety_loss``, ``format_corruption``,
            ``lost_abstention``, ``mode_collapse``, ``overfitting``, ``over_refusal``,
            ``lost_grounding``, ``task_not_learned``, ``likelihood_displacement``,
            ``unexplained`` or ``healthy``.
        title: Its name in words.
        model: Name of the candidate.
        severity: How bad it is.
        explanation: What was seen, in one or two sentences with figures.
        evidence: Names of the gates that it rests on.
        cause: The likely cause, from the training record where there is one.
        repair: What to change, in words.
        config_changes: The same as changes of the training config, by key path.
        samples: Samples that show it.
        explained_by: Code of the finding of the same model that accounts for this one;
            ``None`` for a finding that stands for itself.
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


@dataclass(frozen=True, slots=True)
class LossPoint:
    """One logged step of a training run; ``None`` where it was not logged at that step.

    The fields of preference methods are means over the rows of the step or, where ``eval_loss`` is
    set, over the held-out rows.

    Attributes:
        step: Steps done.
        epoch: Epochs done.
        loss: Training loss.
        eval_loss: Held-out loss.
        learning_rate: Learning rate of the step.
        grad_norm: Norm of the gradients before they were clipped.
        chosen_logps: Log-probability of the chosen (KTO: wanted) answers: of whole answers for DPO,
            KTO and CPO, of a token for ORPO, SimPO and the losses that average.
        rejected_logps: The same of the rejected (unwanted) answers.
        chosen_reward: β times the chosen answers' log-probability, less the reference's where the
            method has one (DPO, KTO).
        rejected_reward: The same of the rejected answers.
        margin: Chosen reward less rejected reward.
        accuracy: Share of the pairs whose chosen answer has the greater reward.
    """

    step: int
    epoch: float
    loss: float | None = None
    eval_loss: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    chosen_logps: float | None = None
    rejected_logps: float | None = None
    chosen_reward: float | None = None
    rejected_reward: float | None = None
    margin: float | None = None
    accuracy: float | None = None


@dataclass(frozen=True, slots=True)
class RowCounts:
    """What became of the rows that a stage was given; ``trained + dropped`` is ``read``.

    Attributes:
        read: Rows given: of a training set without those held out, replay included.
        trained: Rows that were trained on (or evaluated on).
        cut: Those of them that lost tokens to ``max_length``.
        dropped: Rows left out: nothing of their answer fits, or they are held out as well.
    """

    read: int
    trained: int
    cut: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRecord:
    """One stage of a training run.

    Attributes:
        method: ``sft``, ``dpo``, …
        train: Rows of its training set.
        validation: Rows of its held-out set; ``None`` where it has none.
        first_step: Its first step, counted over all stages.
        last_step: Its last step.
    """

    method: str
    train: RowCounts
    validation: RowCounts | None = None
    first_step: int = 1
    last_step: int = 0


@dataclass(frozen=True, slots=True)
class ProbePoint:
    """One look at a model while it trains.

    Attributes:
        step: Steps done.
        scores: Mean score on the probe set by gate.
        lost: Guards whose loss beyond the margin is shown at this look.
        learned: Mean score on the task itself, where the probe set holds some of it.
    """

    step: int
    scores: Mapping[str, float]
    lost: tuple[str, ...] = ()
    learned: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecord:
    """What made an adapter; written beside it as ``evalguard_training.json``.

    Attributes:
        method: ``sft``, ``dpo``, …
        config: The validated training config as plain data.
        base_model: Path or hub name of the base as configured.
        base_fingerprint: SHA-256 over the base's files.
        data_sha256: Hash of the training rows as the trainer saw them.
        rows: Number of rows that were trained on, replay included.
        replay_share: Share of them that is general data.
        curve: Logged steps.
        seconds: Wall time of the training.
        versions: Versions of the packages that took part.
        data_notes: What was made of each data file: its format, and what was not used.
        probes: Looks at the model while it trained.
        stopped: Why the run was stopped before its end; empty where it was not.
        kept_step: Step whose weights were kept, where they are not those of the end.
        stages: What each stage was given and trained on; empty in records of older versions.
        warnings: What stood out while it was trained.
        schema_version: Version of this record.
    """

    method: str
    config: Mapping[str, Any]
    base_model: str
    base_fingerprint: str
    data_sha256: str
    rows: int
    replay_share: float
    curve: tuple[LossPoint, ...]
    seconds: float
    versions: Mapping[str, str]
    data_notes: tuple[str, ...] = ()
    probes: tuple[ProbePoint, ...] = ()
    stopped: str = ""
    kept_step: int | None = None
    stages: tuple[StageRecord, ...] = ()
    warnings: tuple[str, ...] = ()
    schema_version: int = SCHEMA_VERSION

    def points_of(self, stage: StageRecord) -> list[LossPoint]:
        """Return the logged steps of a stage."""
        return [point for point in self.curve if stage.first_step <= point.step <= stage.last_step]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """A model that took part in a check.

    Attributes:
        name: ``baseline`` or the candidate's name.
        model: Path or hub name of the base.
        adapter: Path of the adapter; ``None`` for the plain model.
        fingerprint: SHA-256 over everything that makes its answers.
        adapter_sha256: Hash of the adapter's weights.
        adapter_effect: Mean absolute change of the logits by the adapter on the probe prompts.
        notes: Warnings of the trust checks, such as another precision than at training.
        training: What made the adapter, where its record was found.
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
        fingerprint: Hash of everything that made the scores; the key of the store.
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
        warnings: What stood out.
        on_inconclusive: Whether an undecided gate blocks the release, as the thresholds say.
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
    schema_version: int = SCHEMA_VERSION

    def _repr_html_(self) -> str:
        """Return the verdict and the gates as a notebook shows them."""
        from evalguard.reports.notebook import render_notebook

        return render_notebook(self)


_adapters: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(record_type: type[Any]) -> TypeAdapter[Any]:
    """Return pydantic's adapter for a record, made once (it takes milliseconds)."""
    from pydantic import TypeAdapter

    if record_type not in _adapters:
        _adapters[record_type] = TypeAdapter(record_type)
    return _adapters[record_type]


def to_json(record: object) -> dict[str, Any]:
    """Return a record as plain JSON data.

    Raises:
        ValueError: If a number is NaN or infinite; such a number is never written.
    """
    plain = _adapter(type(record)).dump_python(record, mode="json")
    json.dumps(plain, allow_nan=False)
    assert isinstance(plain, dict)
    return plain


RecordT = TypeVar("RecordT")


def from_json(record_type: type[RecordT], data: Mapping[str, Any]) -> RecordT:
    """Return the record that :func:`to_json` made ``data`` from.

    Raises:
        pydantic.ValidationError: If the data does not fit the record.
    """
    record: RecordT = _adapter(record_type).validate_python(dict(data))
    return record
