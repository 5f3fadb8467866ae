"""The project's own gates as a small probe set for a model in training."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from evalguard.config import BASELINE, Project
from evalguard.demands import demands_of
from evalguard.errors import MeasurementError
from evalguard.gates.compare import compare
from evalguard.gates.decide import decide
from evalguard.quiet import quiet
from evalguard.records import (
    Ability,
    Comparison,
    Demanded,
    Gate,
    GateResult,
    ProbePoint,
    Role,
    ScoredSample,
    ScoreKind,
    Verdict,
    one_sided_error,
)
from evalguard.runner.answers import AnswerReader, as_compared, whole_answers
from evalguard.runner.models import ModelPool
from evalguard.runner.plan import make_plan
from evalguard.runner.planned_task import PlannedTask
from evalguard.store import SampleStore

SAMPLES = 32
"""Samples of each gate; a loss of a third of them shows at the level of one look in ten."""

_BATCH = 64

Samples = dict[tuple[str, str], dict[str, ScoredSample]]
"""By suite and task, then by id."""


@dataclass(frozen=True, slots=True)
class _Watched:
    """A gate with the samples that probe it."""

    gate: Gate
    tasks: tuple[tuple[PlannedTask, tuple[str, ...]], ...]


class GateProbe:
    """Probes the model in training with questions of each guard and compares it with the base.

    Both arms run on the weights being trained, quantised as they are, so that a difference comes
    from the training alone. The false-alarm rate is split over all looks (Bonferroni) and over the
    guards (Holm, by :func:`~evalguard.gates.decide.decide`).

    Args:
        project: Its guards with a tolerated drop are watched; its task's gates are followed.
        model: Name of the candidate.
        samples: Samples of each gate.
        on_look: Called after every look.

    Raises:
        UsageError: If files of the project cannot be used.
    """

    def __init__(
        self,
        project: Project,
        *,
        model: str,
        samples: int = SAMPLES,
        on_look: Callable[[ProbePoint], None] | None = None,
    ) -> None:
        self.model = model
        self.results: tuple[GateResult, ...] = ()
        self._error = one_sided_error(project.thresholds.confidence_level)
        self._on_look = on_look or (lambda _: None)
        self._baseline: Samples = {}
        self._tokenizer: Any = None
        with (
            quiet(),
            SampleStore(project.store) as store,
            ModelPool(project, [BASELINE], store) as pool,
        ):
            gates = [gate for gate in project.thresholds.gates if _is_probed(gate)]
            plan = make_plan(
                project,
                gates,
                render=pool.prompts.render,
                rendering=pool.prompts.rendering,
                count_tokens=lambda text: pool.prompts.tokenizer(BASELINE).count(text),
                store=store,
                default_limit=pool.default_limit(BASELINE),
            )
            self._reader = AnswerReader(
                pool.prompts.thinking(BASELINE),
                lambda text: len(self._tokenizer(text)["input_ids"]),
                pool.default_limit(BASELINE),
            )
            self._metrics = {gate: plan.metric(gate) for gate in gates}
            self._watched = [
                _Watched(_drop_alone(gate), _first(plan.of_gate(gate), samples))
                for gate in gates
                if plan.metric(gate).kind is not ScoreKind.CORPUS
                and not any(task.follows_baseline or task.judged for task in plan.of_gate(gate))
            ]
            self._metrics = {_drop_alone(g): metric for g, metric in self._metrics.items()}
            for watched in self._watched:
                for task, ids in watched.tasks:
                    task.prepared(ids[0])  # while the tokenizer's pool is open

    def start(self, model: Any, tokenizer: Any) -> None:
        """Measure the base, once."""
        self._tokenizer = deepcopy(tokenizer)  # lm-eval pads on the left, training on the right
        if not self._baseline:
            self._baseline = self._measure(model, untrained=True)

    def look(self, model: Any, *, step: int, looks: int) -> ProbePoint:
        """Measure the model in training and decide which guards are lost."""
        measured = self._measure(model, untrained=False)
        comparisons = [self._compare(watched, measured) for watched in self._watched]
        guards = [one for one in comparisons if one.gate.ability is not Ability.TASK]
        self.results = decide(guards, confidence_level=1 - self._error / looks, final=True)
        scores = {one.gate.name: _mean(one) for one in comparisons}
        learned = [scores[o.gate.name] for o in comparisons if o.gate.ability is Ability.TASK]
        point = ProbePoint(
            step=step,
            scores=scores,
            lost=tuple(r.name for r in self.results if r.verdict is Verdict.FAIL),
            learned=math.fsum(learned) / len(learned) if learned else None,
        )
        self._on_look(point)
        return point

    def _compare(self, watched: _Watched, measured: Samples) -> Comparison:
        before: list[ScoredSample] = []
        after: list[ScoredSample] = []
        for task, ids in watched.tasks:
            key = (task.suite, task.name)
            try:
                arms = task.compared(self._baseline[key], measured[key])
            except MeasurementError as error:
                raise MeasurementError(f"probe of “{watched.gate.name}”: {error}") from error
            metric = self._metrics[watched.gate]
            before += [as_compared(arms[0][id_], metric, reference=True) for id_ in ids]
            after += [as_compared(arms[1][id_], metric, reference=False) for id_ in ids]
        return compare(
            watched.gate,
            self._metrics[watched.gate],
            before,
            after,
            model=self.model,
            n_planned=len(before),
        )

    def _measure(self, model: Any, *, untrained: bool) -> Samples:
        from evalguard.engines.base import BASE
        from evalguard.engines.in_training import TRAINED, InTrainingEngine

        wanted: dict[tuple[str, str], tuple[PlannedTask, set[str]]] = {}
        for watched in self._watched:
            for task, ids in watched.tasks:
                wanted.setdefault((task.suite, task.name), (task, set()))[1].update(ids)
        pending = [
            (key, task, task.prepared(id_))
            for key, (task, ids) in wanted.items()
            for id_ in sorted(ids)
        ]
        engine = InTrainingEngine(model, self._tokenizer, batch_size=_BATCH)
        asked = [(task.task, sample) for _, task, sample in pending]
        answers = whole_answers(engine, BASE if untrained else TRAINED, asked, self._reader)
        found: Samples = defaultdict(dict)
        for (key, task, prepared), responses in zip(pending, answers, strict=True):
            scored = self._reader.score(task.task, prepared, responses)
            found[key][prepared.sample_id] = scored
        return found


def _is_probed(gate: Gate) -> bool:
    if gate.pool:
        return False
    return gate.role is Role.GUARD and (bool(_tolerances(gate)) or gate.ability is Ability.TASK)


def _drop_alone(gate: Gate) -> Gate:
    """Leave a gate its tolerated drop: bounds are for many samples, and for the end."""
    return replace(gate, demands=_tolerances(gate) or gate.demands)


def _tolerances(gate: Gate) -> dict[str, Demanded]:
    """Return what a gate demands as a tolerated loss against the baseline."""
    return {one.key: one.value for one in demands_of(gate) if one.tolerates_loss}


def _first(
    tasks: Sequence[PlannedTask], samples: int
) -> tuple[tuple[PlannedTask, tuple[str, ...]], ...]:
    each = max(1, samples // len(tasks))
    return tuple((task, task.sample_ids[:each]) for task in tasks)


def _mean(comparison: Comparison) -> float:
    scores = [pair.candidate_score for pair in comparison.pairs if pair.candidate_score is not None]
    if not scores:
        raise MeasurementError(f"probe of “{comparison.gate.name}”: no sample was scored")
    return math.fsum(scores) / len(scores)
